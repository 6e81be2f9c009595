"""The labels of a loss of skcnn as one weight for each class, checked inside a training step."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from keras import ops

# The sum of a row of probabilities may differ so much from 1: bfloat16 has three digits.
_SUM_TOLERANCE = 1e-2


def label_weights(y_true: Any, n_classes: int, y_pred: Any, dtype: str, loss_name: str) -> Any:
    """Return labels as rows (..., K): a one for the class, or the probability of each class.

    The forms of `y_true`, for outputs of shape (..., K) or, of one sigmoid, (..., 1):

    - (..., K): one-hot rows or rows of probabilities
    - (...) or (..., 1): class indices; for one sigmoid, the probability of class 1

    Raises
    ------
    ValueError
        While the step is built, if the shape is another one.
    tf.errors.InvalidArgumentError
        In the step, if a label is no class. Where TensorFlow cannot raise errors, as in steps that
        XLA compiles, the loss of such a row is NaN.
    """
    rank, n_columns = len(y_pred.shape), y_pred.shape[-1]
    label_rank, last = len(y_true.shape), y_true.shape[-1] if len(y_true.shape) else None
    if label_rank == rank and last == n_classes:
        rows = ops.cast(y_true, dtype)
        wanted = "rows of numbers >= 0 that sum to 1: several labels in one row are not possible"
        return _checked(rows, _are_distributions(rows), y_true, wanted, loss_name)
    if label_rank != rank - 1 and not (label_rank == rank and last in (1, None)):
        raise _wrong_shape(y_true, y_pred, n_classes, loss_name)
    # A wrong number of labels is an error here.
    labels = ops.reshape(ops.cast(y_true, dtype), ops.shape(y_pred)[:-1])  # (...)
    if n_columns == 1:
        rows = ops.stack([1 - labels, labels], axis=-1)  # (..., 2)
        wanted = "0 or 1, or the probability of class 1, for one sigmoid output"
        return _checked(rows, (labels >= 0) & (labels <= 1), y_true, wanted, loss_name)
    rows = ops.one_hot(ops.cast(labels, "int32"), n_classes, dtype=dtype)  # (..., K)
    is_class = (labels >= 0) & (labels < n_classes) & (labels == ops.floor(labels))
    wanted = f"class indices from 0 to {n_classes - 1}. Number the labels from 0 on"
    return _checked(rows, is_class, y_true, wanted, loss_name)


def _are_distributions(rows: Any) -> Any:
    """Whether each row (..., K) is a probability distribution; NaN is none."""
    sums_to_one = ops.abs(ops.sum(rows, axis=-1) - 1) <= _SUM_TOLERANCE
    return sums_to_one & ops.all(rows >= 0, axis=-1)


def _checked(rows: Any, valid: Any, y_true: Any, wanted: str, loss_name: str) -> Any:
    """Return rows (..., K), NaN where `valid` (...) is false; raise an error if TensorFlow can."""
    numbers = ops.cast(y_true, rows.dtype)
    message = f"{loss_name} got labels from"
    expected = f"(nan: a label is missing); expected {wanted}."
    lowest, highest = ops.min(numbers), ops.max(numbers)
    # XLA leaves this out.
    tf.debugging.Assert(ops.all(valid), [message, lowest, "to", highest, expected])
    return ops.where(valid[..., None], rows, float("nan"))


def _wrong_shape(y_true: Any, y_pred: Any, n_classes: int, loss_name: str) -> ValueError:
    return ValueError(
        f"y_true has shape {tuple(y_true.shape)}, the network's output has {tuple(y_pred.shape)}; "
        f"{loss_name} with {n_classes} classes expected one class index for each row of outputs, "
        f"or a row of {n_classes} numbers: one-hot, or the probability of each class. For several "
        "labels in one row, give each label its own output and its own loss."
    )
