"""The way from the estimator to Keras: SciKeras builds, compiles and fits the TextCNN."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scikeras.wrappers import KerasClassifier

from skcnn.text import TokenSequences

from ._callbacks import BestEpoch, ValidationScore
from ._environment import meet_devices
from ._model import build_text_cnn
from ._parameters import read_parameters, to_numpy
from .losses import make_loss

Labelled = tuple[TokenSequences, NDArray[np.int32], ArrayLike | None]


class _SequenceClassifier(KerasClassifier):
    """A SciKeras classifier whose rows are numbers of texts.

    SciKeras wants a rectangle of numbers; texts differ in length. So X holds row numbers, and what
    SciKeras calls the feature encoder looks the texts up.
    """

    _sequences: TokenSequences

    @property
    def feature_encoder(self) -> _RowsToSequences:
        return _RowsToSequences(self._sequences)


class _RowsToSequences:
    def __init__(self, sequences: TokenSequences) -> None:
        self._sequences = sequences

    def fit(self, rows: NDArray[Any]) -> _RowsToSequences:
        return self

    def transform(self, rows: NDArray[Any]) -> TokenSequences:
        return self._sequences.take(rows[:, 0].astype(np.int64))


@dataclass(frozen=True, slots=True)
class TrainedTextCNN:
    """What training leaves: arrays and a record, nothing of TensorFlow.

    Attributes
    ----------
    embedding : (n_words, d) float32
    kernels : one (width, d, n_filters) float32 for each filter width
    filter_bias : (n_widths * n_filters,) float32
    dense_kernel : (n_widths * n_filters, n_classes) float32
    dense_bias : (n_classes,) float32
    history : what Keras recorded, one value an epoch
    best_epoch : the epoch whose weights these are, from 0
    """

    embedding: NDArray[np.float32]
    kernels: tuple[NDArray[np.float32], ...]
    filter_bias: NDArray[np.float32]
    dense_kernel: NDArray[np.float32]
    dense_bias: NDArray[np.float32]
    history: dict[str, list[float]]
    best_epoch: int


def fit_text_cnn(
    sequences: TokenSequences,
    labels: NDArray[np.int32],
    embeddings: NDArray[np.float32],
    *,
    word_parts: TokenSequences | None,
    n_classes: int,
    cost_matrix: NDArray[np.float64],
    loss: Any,
    filter_widths: Sequence[int],
    n_filters: int,
    dropout: float,
    optimizer: Any,
    optimizer_params: dict[str, Any],
    batch_size: int,
    epochs: int,
    callbacks: Sequence[Any],
    sample_weight: NDArray[np.float64] | None,
    validation_data: Labelled | None,
    validation_score: Callable[[NDArray[np.float64]], float] | None,
    n_iter_no_change: int | None,
    average_weights: bool,
    word_dropout: float | NDArray[np.float32],
    random_state: int,
    verbose: int,
) -> TrainedTextCNN:
    """Train a TextCNN; the arguments are checked by the estimator.

    Parameters
    ----------
    word_parts : TokenSequences or None
        Rows of `embeddings` that each token id is made of; None: its own.
    cost_matrix : (n_classes, n_classes)
        As the loss shall see it: zero diagonal, scaled.
    loss : str or keras.losses.Loss
        A key of `LOSSES`, or any loss of Keras.
    validation_score : callable, optional
        From softmax outputs (n, n_classes) on the validation texts to a score, greater is better;
        None watches the validation loss.
    n_iter_no_change : int or None
        None trains all epochs and keeps the last weights.
    """
    meet_devices()
    classifier = _SequenceClassifier(
        model=partial(
            build_text_cnn,
            len(embeddings),
            embeddings.shape[1],
            n_classes,
            filter_widths=filter_widths,
            n_filters=n_filters,
            dropout=dropout,
            embeddings=embeddings,
            word_parts=word_parts,
            random_state=random_state,
        ),
        loss=make_loss(loss, cost_matrix),
        optimizer=_fresh_optimizer(optimizer),
        **{f"optimizer__{name}": value for name, value in optimizer_params.items()},
        batch_size=batch_size,
        epochs=epochs,
        verbose=verbose,
        callbacks=[*_watchers(validation_data, validation_score, n_iter_no_change), *callbacks],
        fit__validation_data=validation_data,
        fit__average_weights=average_weights,
        fit__word_dropout=word_dropout,
        fit__random_state=random_state,
    )
    classifier._sequences = sequences
    rows = np.arange(len(sequences))[:, np.newaxis]
    try:
        classifier.fit(rows, labels, sample_weight=sample_weight)
    finally:
        for callback in callbacks:
            _forget_model(callback)
    return _trained(classifier)


def _fresh_optimizer(optimizer: Any) -> Any:
    """A Keras optimizer belongs to the variables that it was first used with; take a copy."""
    if isinstance(optimizer, keras.optimizers.Optimizer):
        return type(optimizer).from_config(optimizer.get_config())
    return optimizer


def _watchers(
    validation_data: Labelled | None,
    validation_score: Callable[[NDArray[np.float64]], float] | None,
    n_iter_no_change: int | None,
) -> list[keras.callbacks.Callback]:
    if validation_data is None or n_iter_no_change is None:
        return []
    if validation_score is None:
        return [BestEpoch("val_loss", "min", n_iter_no_change)]
    return [
        ValidationScore(validation_data[0], validation_score),
        BestEpoch("val_score", "max", n_iter_no_change),
    ]


def _forget_model(callback: Any) -> None:
    """A callback is the estimator's parameter; it must not keep a Keras model alive there."""
    if isinstance(callback, keras.callbacks.Callback):
        callback._model = None  # not set_model: that is the hook in which it looks at a model


def _trained(classifier: KerasClassifier) -> TrainedTextCNN:
    model = classifier.model_
    parameters = read_parameters(model)
    if not all(np.isfinite(array).all() for array in (parameters.embedding, *parameters.dense)):
        msg = (
            "Training diverged: the network's weights are not finite numbers. Lower learning_rate, "
            "or set optimizer_params={'clipnorm': 1.0}."
        )
        raise ValueError(msg)
    history = {name: [float(v) for v in values] for name, values in classifier.history_.items()}
    best = [c.best_epoch for c in classifier._fit_callbacks if isinstance(c, BestEpoch)]
    return TrainedTextCNN(
        embedding=parameters.embedding,
        kernels=tuple(
            to_numpy(layer.kernel)
            for layer in model.layers
            if isinstance(layer, keras.layers.Conv1D)
        ),
        filter_bias=parameters.filter_bias,
        dense_kernel=parameters.dense_kernel,
        dense_bias=parameters.dense_bias,
        history=history,
        best_epoch=best[0] if best else len(history["loss"]) - 1,
    )
