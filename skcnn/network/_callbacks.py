"""Keras callbacks for early stopping, and for those who watch the training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """Functions that are called while a network is trained.

    Attributes
    ----------
    on_epoch_begin : gets nothing
    on_epoch_end : gets the values of all epochs so far, and a function that returns the result of
        training as if it had stopped here; returns whether it should
    on_batch_end : gets the number of steps of this epoch so far, and their mean loss; or None
    """

    on_epoch_begin: Callable[[], None]
    on_epoch_end: Callable[[dict[str, list[float]], Callable[[], Any]], bool]
    on_batch_end: Callable[[int, float], None] | None


_BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")


def acts_on_batches(callback: Any) -> bool:
    """Return whether a callback is called between two batches, where it may change anything."""
    if not isinstance(callback, keras.callbacks.Callback):
        return True  # it only has the methods that Keras calls
    return any(
        name in vars(callback)  # as in LambdaCallback
        or getattr(type(callback), name) is not getattr(keras.callbacks.Callback, name)
        for name in _BATCH_HOOKS
    )


ResultOf = Callable[[keras.Model, dict[str, list[float]]], Any]


def watching(watch: Watch | None, result_of: ResultOf) -> list[keras.callbacks.Callback]:
    """Return the callbacks that call the functions of a `Watch`, if there is one.

    They must be the last callbacks, so that the logs are complete.

    Parameters
    ----------
    watch : Watch or None
    result_of : from the model and the values of all epochs so far to the result of training
    """
    if watch is None:
        return []
    show = watch.on_batch_end
    if show is None:  # a callback for batches would make Keras wait for the loss of each
        return [_WatchedEpochs(watch, result_of)]
    of_batch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: show(batch + 1, float(logs["loss"]))
    )
    return [of_batch, _WatchedEpochs(watch, result_of)]


class _WatchedEpochs(keras.callbacks.Callback):
    def __init__(self, watch: Watch, result_of: ResultOf) -> None:
        super().__init__()
        self._watch = watch
        self._result_of = result_of
        self._history: dict[str, list[float]] = {}

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._watch.on_epoch_begin()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        for name, value in (logs or {}).items():
            self._history.setdefault(name, []).append(float(value))
        result = partial(self._result_of, self.model, self._history)
        if self._watch.on_epoch_end(self._history, result):
            self.model.stop_training = True
