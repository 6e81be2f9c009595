"""Keras callbacks for early stopping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from skcnn._arrays import Float64


class ValidationScore(keras.callbacks.Callback):
    """Adds `val_score`, a score of the softmax outputs for the held-out texts, to the logs.

    Parameters
    ----------
    softmax_of : from the model to its softmax outputs for these texts, (n, K)
    score : from the softmax outputs to a number
    """

    def __init__(
        self,
        softmax_of: Callable[[keras.Model], Float64],
        score: Callable[[Float64], float],
    ) -> None:
        super().__init__()
        self._softmax_of = softmax_of
        self._score = score

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is not None:
            logs["val_score"] = self._score(self._softmax_of(self.model))


class BestEpoch(keras.callbacks.EarlyStopping):
    """Stops after `n_iter_no_change` epochs without a better one and restores the best weights."""

    def __init__(self, monitor: str, mode: str, n_iter_no_change: int) -> None:
        super().__init__(
            monitor=monitor, mode=mode, patience=n_iter_no_change, restore_best_weights=True
        )


def epoch_callback(
    on_epoch_end: Callable[[int, dict[str, float]], None],
) -> keras.callbacks.Callback:
    """Return a callback that passes on the number of each epoch, from 0, and its losses."""
    return keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs=None: on_epoch_end(epoch, logs or {})
    )
