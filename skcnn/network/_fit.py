"""From labeled texts and settings to the arrays of a trained TextCNN.

SciKeras builds, compiles and fits the Keras model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from scikeras.wrappers import BaseWrapper, KerasClassifier

from skcnn._arrays import Float32, Float64, softmax
from skcnn._settings import NetworkSettings
from skcnn.text._sequences import TokenSequences

from ._callbacks import BestEpoch, ValidationScore, Watch, watching
from ._divergence import FiniteLoss, check_finite, warn_if_high
from ._environment import forget_kernels, initialize_devices
from ._labeled_texts import LabeledTexts
from ._model import build_with_word_parts
from ._training import predict_logits
from ._weights import convolutions, read_weights, to_numpy
from .losses import make_loss


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Texts that training does not learn from, and how they choose the best epoch.

    Attributes
    ----------
    texts : LabeledTexts
    score : callable or None
        From the softmax outputs for these texts, (n, K) float64, to a score; greater is better.
        None: the lowest loss on these texts is the best.
    n_iter_no_change : int
        Training stops after this many epochs without a better one.
    """

    texts: LabeledTexts
    score: Callable[[Float64], float] | None
    n_iter_no_change: int


@dataclass(frozen=True, slots=True, eq=False)
class TrainedTextCNN:
    """The result of training: arrays and a record, no objects of TensorFlow.

    Attributes
    ----------
    embedding : (n_rows, d) float32
        Rows of words and, in a network with subwords, of subwords.
    kernels : one (width, d, n_filters) float32 for each filter width
    filter_bias : (n_widths * n_filters,) float32
    dense_kernel : (n_widths * n_filters, K) float32
    dense_bias : (K,) float32
    history : dict
        What Keras recorded: for each name, one value for each epoch.
    best_epoch : int
        The epoch whose weights these are, from 0.
    """

    embedding: Float32
    kernels: tuple[Float32, ...]
    filter_bias: Float32
    dense_kernel: Float32
    dense_bias: Float32
    history: dict[str, list[float]]
    best_epoch: int


def fit_text_cnn(
    texts: LabeledTexts,
    embeddings: Float32,
    *,
    word_parts: TokenSequences | None,
    word_dropout: float | Float32,
    loss_costs: Float64,
    settings: NetworkSettings,
    held_out: HeldOut | None,
    seed: int,
    start: Sequence[Float32] | None = None,
    watch: Watch | None = None,
) -> TrainedTextCNN:
    """Train a TextCNN.

    Parameters
    ----------
    texts : LabeledTexts
    embeddings : (n_rows, d)
        Vectors that training starts from; row 0 is padding.
    word_parts : TokenSequences or None
        The rows of `embeddings` that each token id is made of; None: id i is row i.
    word_dropout : float or (n_ids,)
        The chance of each token id to be replaced by its subwords, see `TextCNN.fit`.
    loss_costs : (K, K)
        The cost matrix of the loss: zero diagonal, scaled.
    settings : NetworkSettings
    held_out : HeldOut or None
        None: all epochs are trained, and the weights of the last one are kept.
    seed : int
        Seeds the initial weights, the order of the batches and dropout.
    start : arrays or None
        The weights that all layers but the embedding start from, in Keras' order; None: new ones.
    watch : Watch or None
        It gets a `TrainedTextCNN` as the result of training.

    Raises
    ------
    ValueError
        If the loss or the weights become infinite or NaN.

    Warns
    -----
    ConvergenceWarning
        If the loss is much higher than that of a network that knows nothing.
    """
    initialize_devices()
    stopping = early_stopping(held_out, text_cnn_softmax)
    loss = make_loss(settings.loss, loss_costs)
    classifier = _SequenceClassifier(
        model=partial(
            build_with_word_parts,
            len(embeddings),
            embeddings.shape[1],
            len(loss_costs),
            filter_widths=settings.widths,
            n_filters=settings.n_filters,
            dropout=settings.dropout,
            embeddings=embeddings,
            word_parts=word_parts,
            start=start,
            random_state=seed,
        ),
        loss=loss,
        optimizer=copy_of_optimizer(settings.optimizer),
        **{f"optimizer__{name}": value for name, value in settings.all_optimizer_params.items()},
        batch_size=settings.batch_size,
        epochs=settings.epochs,
        verbose=0,  # `watch` shows the progress
        callbacks=[*stopping, *(settings.callbacks or ()), *watching(watch, _last_epoch)],
        fit__validation_data=_validation_data(held_out),
        fit__average_weights=settings.average_weights,
        fit__word_dropout=word_dropout,
        fit__random_state=seed,
    )
    classifier._sequences = texts.sequences
    rows = np.arange(len(texts))[:, np.newaxis]  # (n, 1)
    try:
        classifier.fit(rows, texts.targets, sample_weight=texts.sample_weight)
    finally:
        forget_model(settings.callbacks or ())
        forget_kernels()
    trained = _trained(classifier)
    losses = trained.history["loss"][: trained.best_epoch + 1]
    warn_if_high(losses, loss, texts, len(loss_costs), settings.batch_size)
    return trained


class _SequenceClassifier(KerasClassifier):
    """A SciKeras classifier whose X holds the row numbers of texts.

    SciKeras expects an array of numbers with rows of equal length, and texts differ in length. So X
    has one column, the row number, and the feature encoder of SciKeras looks up the texts. The
    targets are positions or probabilities of classes already, so that they are not encoded.
    """

    _sequences: TokenSequences
    target_encoder = BaseWrapper.target_encoder

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


def copy_of_optimizer(optimizer: Any) -> Any:
    """Copy a Keras optimizer, because it can only be used with the first model it trained."""
    if isinstance(optimizer, keras.optimizers.Optimizer):
        return type(optimizer).from_config(optimizer.get_config())
    return optimizer


def early_stopping(
    held_out: HeldOut | None, softmax_of: Callable[[keras.Model, TokenSequences], Float64]
) -> list[keras.callbacks.Callback]:
    """Return the callbacks that check the losses, and choose the best epoch by held-out texts."""
    if held_out is None:
        return [FiniteLoss()]
    if held_out.score is None:
        return [FiniteLoss(), BestEpoch("val_loss", "min", held_out.n_iter_no_change)]
    sequences = held_out.texts.sequences
    return [
        FiniteLoss(),
        ValidationScore(lambda model: softmax_of(model, sequences), held_out.score),
        BestEpoch("val_score", "max", held_out.n_iter_no_change),
    ]


def text_cnn_softmax(model: keras.Model, sequences: TokenSequences) -> Float64:
    """Return the softmax outputs of a TextCNN, (n, K)."""
    return softmax(predict_logits(model, sequences).astype(np.float64))


def _validation_data(held_out: HeldOut | None) -> tuple[Any, ...] | None:
    """The held-out texts as Keras takes them: (x, y, sample_weight)."""
    if held_out is None:
        return None
    return held_out.texts.sequences, held_out.texts.targets, held_out.texts.sample_weight


def forget_model(callbacks: Iterable[Any]) -> None:
    """Remove the Keras model from a user's callbacks, which the estimator keeps as a parameter."""
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.Callback):
            # Not set_model: callbacks override it, and expect a model there.
            callback._model = None


def _trained(classifier: KerasClassifier) -> TrainedTextCNN:
    history = {name: [float(v) for v in values] for name, values in classifier.history_.items()}
    best = [c.best_epoch for c in classifier._fit_callbacks if isinstance(c, BestEpoch)]
    trained = _last_epoch(classifier.model_, history)
    return replace(trained, best_epoch=best[0]) if best else trained


def _last_epoch(model: keras.Model, history: dict[str, list[float]]) -> TrainedTextCNN:
    """Return the result of training, if the weights are those of the last epoch."""
    weights = read_weights(model)
    check_finite(weights.arrays)
    return TrainedTextCNN(
        embedding=weights.embedding,
        kernels=tuple(to_numpy(layer.kernel) for layer in convolutions(model)),
        filter_bias=weights.filter_bias,
        dense_kernel=weights.dense_kernel,
        dense_bias=weights.dense_bias,
        history={name: list(values) for name, values in history.items()},
        best_epoch=len(history["loss"]) - 1,
    )
