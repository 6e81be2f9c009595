"""Keras losses that take class indices: what shape these have, and soft targets for such losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from ._label_form import keras_name


def shaped_for(loss: Any, indices: Any) -> Any:
    """Return class indices (n,) in the shape that a loss takes: (n,) or (n, 1).

    The losses of Keras, and those that derive from them, get (n,).
    With indices (n, 1), `CategoricalGeneralizedCrossEntropy` of Keras pairs every text with the
    classes of all texts, and returns (n, n) values.
    """
    return indices if keras_name(loss) is not None else indices[:, None]


def expected_loss(loss: Any) -> Any:
    """Return the loss of rows of probabilities p (n, K): ``sum_k p_k loss(k)``.

    Parameters
    ----------
    loss : keras.losses.Loss or callable
        Takes class indices, and returns one number for each row before its reduction.

    Returns
    -------
    keras.losses.Loss or callable
        With the same reduction.
    """
    if isinstance(loss, keras.losses.Loss):
        return _ExpectedLoss(loss)
    return lambda y_true, y_pred: _expectation(loss, loss, y_true, y_pred, "int32")


class _ExpectedLoss(keras.losses.Loss):
    def __init__(self, loss: keras.losses.Loss) -> None:
        super().__init__(name=loss.name, reduction=loss.reduction, dtype=loss.dtype)
        self._loss = loss

    def call(self, y_true: Any, y_pred: Any) -> Any:
        # Keras gives a loss the class indices in the dtype of the loss.
        return _expectation(self._loss, self._loss.call, y_true, y_pred, self.dtype)


def _expectation(
    loss: Any, of_rows: Callable[[Any, Any], Any], y_true: Any, y_pred: Any, index_dtype: str
) -> Any:
    """Loss of each row, (n,): the losses of all K classes, weighted by `y_true` (n, K)."""
    of_classes = []
    for k in range(y_pred.shape[-1]):
        indices = ops.full_like(y_pred[:, 0], k, dtype=index_dtype)  # (n,)
        values = of_rows(shaped_for(loss, indices), y_pred)
        if len(values.shape) != 1:
            raise ValueError(
                f"The loss {loss!r} returns values of shape {tuple(values.shape)}; with soft "
                "targets, one number for each text is expected, shape (n,). Remove the mean over "
                "the batch, or give each text one class."
            )
        of_classes.append(values)
    return ops.sum(y_true * ops.stack(of_classes, axis=1), axis=1)
