"""A Keras loss that takes class indices, made into one that takes rows of probabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops


def expected_loss(loss: Any) -> Any:
    """Return the loss of rows of probabilities p (n, K): ``sum_k p_k loss(k)``.

    Parameters
    ----------
    loss : keras.losses.Loss or callable
        Takes class indices (n, 1), and returns one number for each row before its reduction.

    Returns
    -------
    keras.losses.Loss or callable
        With the same reduction.
    """
    if isinstance(loss, keras.losses.Loss):
        return _ExpectedLoss(loss)
    return lambda y_true, y_pred: _expectation(loss, y_true, y_pred, "int32")


class _ExpectedLoss(keras.losses.Loss):
    def __init__(self, loss: keras.losses.Loss) -> None:
        super().__init__(reduction=loss.reduction, dtype=loss.dtype)
        self._loss = loss

    def call(self, y_true: Any, y_pred: Any) -> Any:
        # Keras gives a loss the class indices in the dtype of the loss.
        return _expectation(self._loss.call, y_true, y_pred, self.dtype)


def _expectation(
    losses: Callable[[Any, Any], Any], y_true: Any, y_pred: Any, index_dtype: str
) -> Any:
    """Loss of each row, (n,): the losses of all K classes, weighted by `y_true` (n, K)."""
    of_classes = [
        losses(ops.full_like(y_pred[:, :1], k, dtype=index_dtype), y_pred)
        for k in range(y_pred.shape[-1])
    ]  # K times (n,)
    if any(len(values.shape) != 1 for values in of_classes):
        shapes = sorted({tuple(values.shape) for values in of_classes})
        raise ValueError(
            f"The loss {losses!r} returns values of shape {shapes[0]}; with soft targets, one "
            "number for each text is expected, shape (n,). Remove the mean over the batch, or "
            "give each text one class."
        )
    return ops.sum(y_true * ops.stack(of_classes, axis=1), axis=1)
