"""Keras callbacks for early stopping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from skcnn._arrays import Float64, softmax
from skcnn.text._sequences import TokenSequences

from ._training import predict_logits


class ValidationScore(keras.callbacks.Callback):
    """Adds `val_score`, a score of the softmax outputs for the held-out texts, to the logs."""

    def __init__(self, sequences: TokenSequences, score: Callable[[Float64], float]) -> None:
        super().__init__()
        self._sequences = sequences
        self._score = score

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logits = predict_logits(self.model, self._sequences).astype(np.float64)  # (n, K)
        if logs is not None:
            logs["val_score"] = self._score(softmax(logits))


class BestEpoch(keras.callbacks.EarlyStopping):
    """Stops after `n_iter_no_change` epochs without a better one and restores the best weights."""

    def __init__(self, monitor: str, mode: str, n_iter_no_change: int) -> None:
        super().__init__(
            monitor=monitor, mode=mode, patience=n_iter_no_change, restore_best_weights=True
        )
