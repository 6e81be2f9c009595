"""From the outputs of a trained network to checked softmax columns, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from skcnn._arrays import Float64, softmax
from skcnn.costs._checks import are_distributions


def softmax_columns(outputs: Any, n_classes: int, *, from_logits: bool, loss_name: str) -> Float64:
    """Return outputs of shape (n,), (n, 1) or (n, K) as softmax columns of shape (n, K).

    One column is the sigmoid of class 1 of two classes; with `from_logits`, its logit.
    """
    given = _as_columns(outputs)  # (n, 1) or (n, K)
    columns = given
    if given.shape[1] == 1:
        other = np.zeros_like(given) if from_logits else 1.0 - given
        columns = np.hstack([other, given])  # (n, 1) -> (n, 2)
    if columns.shape[1] != n_classes:
        raise wrong_number_of_columns(given.shape[1], n_classes, loss_name)
    _check_finite(given)
    if from_logits:
        return softmax(columns)
    _check_probabilities(given, columns, loss_name)
    return columns


def wrong_number_of_columns(n_columns: int, n_classes: int, loss_name: str) -> ValueError:
    """Return the error for a network whose outputs do not fit the cost matrix of its loss."""
    or_one = " or one sigmoid output" if n_classes == 2 else ""
    return ValueError(
        f"The network's output has {n_columns} columns; the cost matrix of {loss_name} has "
        f"{n_classes} classes. Give the network {n_classes} softmax outputs{or_one}, or give the "
        "loss a cost matrix with one row and one column per class."
    )


def _as_columns(outputs: Any) -> Float64:
    try:
        numbers = np.asarray(outputs, dtype=np.float64)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise TypeError(
            f"outputs is a {type(outputs).__name__} that cannot be read as numbers; expected an "
            "array or a tensor of shape (n, K), (n, 1) or (n,). Pass what model.predict(x) returns."
        ) from error
    if numbers.ndim not in (1, 2):
        raise ValueError(
            f"outputs has shape {numbers.shape}; expected (n, K), (n, 1) or (n,): one row per "
            "example. Pass what model.predict(x) returns."
        )
    return numbers[:, np.newaxis] if numbers.ndim == 1 else numbers


def _check_finite(given: Float64) -> None:
    wrong = ~np.isfinite(given).all(axis=1)  # (n,)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"outputs[{row}] is {given[row].tolist()}; expected finite numbers. Look for NaN and "
            "infinity in the network's inputs. If there are none, the training diverged: train "
            "again with a lower learning rate."
        )


def _check_probabilities(given: Float64, columns: Float64, loss_name: str) -> None:
    # Rounding in float32 and float16 passes. Logits and K independent sigmoids do not.
    good = are_distributions(columns)  # (n,)
    if good.all():
        return
    row = int(np.argmin(good))
    expected, layer = "numbers >= 0 that sum to 1", "softmax"
    if given.shape[1] == 1:
        expected, layer = "one probability, from 0 to 1", "sigmoid"
    raise ValueError(
        f"outputs[{row}] is {given[row].tolist()}; expected {expected}, as {loss_name} has "
        f"from_logits=False. Give the network's last layer activation={layer!r}, or, if it returns "
        "logits, create the loss with from_logits=True. Then train again."
    )
