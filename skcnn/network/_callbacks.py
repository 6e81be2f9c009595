"""Keras callbacks for early stopping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from skcnn.text import TokenSequences

from ._training import predict_logits


class ValidationScore(keras.callbacks.Callback):
    """Adds `val_score`, a score of the softmax outputs on the validation texts, to the logs."""

    def __init__(
        self, sequences: TokenSequences, score: Callable[[NDArray[np.float64]], float]
    ) -> None:
        super().__init__()
        self._sequences = sequences
        self._score = score

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logits = predict_logits(self.model, self._sequences).astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        outputs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)  # (n, K)
        if logs is not None:
            logs["val_score"] = self._score(outputs)


class BestEpoch(keras.callbacks.EarlyStopping):
    """Stops after `n_iter_no_change` epochs without a better one and restores the best weights."""

    def __init__(self, monitor: str, mode: str, n_iter_no_change: int) -> None:
        super().__init__(
            monitor=monitor, mode=mode, patience=n_iter_no_change, restore_best_weights=True
        )
