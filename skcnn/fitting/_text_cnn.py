"""From prepared texts to a trained network, and from there to the member that predicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from skcnn._arrays import Float32, Float64, Int64
from skcnn._settings import NetworkSettings
from skcnn.costs._posterior import PosteriorRule
from skcnn.fitting._training_set import TrainingSet
from skcnn.predicting._text_cnn import FittedTextCNN, TextCNNWeights
from skcnn.text._prepare import PreparedTexts
from skcnn.text._subwords import SubwordVectors
from skcnn.text._vocabulary import FIRST_WORD, add_all_words_with_vectors

if TYPE_CHECKING:
    from skcnn.network._fit import TrainedTextCNN

# With dropped words, the subwords learn to represent a word alone: see docs/design.md.
_WORD_DROPOUT = 0.3


def make_posterior_rule(loss: Any, loss_costs: Float64) -> PosteriorRule:
    """Return the rule that turns outputs into probabilities, for a loss.

    The outputs of a network that was trained with a loss of another library are taken as
    probabilities.
    """
    from skcnn.network.losses import identify_loss, make_loss

    identity = identify_loss(make_loss(loss, loss_costs))
    if identity is not None and identity[1].shape != loss_costs.shape:
        msg = (
            f"loss has a cost_matrix of shape {identity[1].shape}; expected {loss_costs.shape}: "
            "one row and one column per class. If the loss is given by name, it uses cost_matrix."
        )
        raise ValueError(msg)
    return PosteriorRule(*(identity or ("cross_entropy", loss_costs)))


def train_text_cnn(
    prepared: PreparedTexts,
    data: TrainingSet,
    train_rows: Int64,
    held_out_rows: Int64,
    *,
    loss_costs: Float64,
    settings: NetworkSettings,
    held_out_score: Callable[[Float64], float] | None,
    n_iter_no_change: int,
    seed: int,
) -> TrainedTextCNN:
    """Train the network on the training rows; imports TensorFlow."""
    from skcnn.network._fit import HeldOut, fit_text_cnn
    from skcnn.network._labeled_texts import LabeledTexts

    held_out = None
    if prepared.held_out is not None:
        texts = LabeledTexts(prepared.held_out, *data.targets_and_weight(held_out_rows))
        held_out = HeldOut(texts, held_out_score, n_iter_no_change)
    return fit_text_cnn(
        LabeledTexts(prepared.train, *data.targets_and_weight(train_rows)),
        prepared.embeddings,
        word_parts=prepared.word_parts,
        word_dropout=word_dropout(prepared),
        loss_costs=loss_costs,
        settings=settings,
        held_out=held_out,
        seed=seed,
    )


def word_dropout(prepared: PreparedTexts) -> Float32:
    """Return the chance of each token id to be dropped from a batch, (n_ids,).

    A dropped word loses its pretrained vector too, so a frequent word with such a vector is
    dropped rarely: a / (a + count) with a = 1 (Kiperwasser & Goldberg 2016, "Simple and accurate
    dependency parsing using bidirectional LSTM feature representations").
    """
    if prepared.word_parts is None:
        return np.zeros(len(prepared.embeddings), np.float32)
    chances = np.full(len(prepared.word_parts), _WORD_DROPOUT, np.float32)
    counts = np.bincount(prepared.train.ids, minlength=len(chances))
    pretrained = np.flatnonzero(prepared.is_pretrained)
    chances[pretrained] = 1 / (1 + counts[pretrained])
    return chances


def to_text_cnn(
    prepared: PreparedTexts, trained: TrainedTextCNN, posterior_rule: PosteriorRule
) -> FittedTextCNN:
    """Return the member that predicts, in which each known word has a single vector.

    Its own row and the mean of its subwords are added up once, here. The pretrained vectors of
    words that training did not see are kept.
    """
    embedding, vectors = np.split(trained.embedding, [len(prepared.vocabulary) + FIRST_WORD])
    subwords = SubwordVectors(prepared.subword_keys, vectors)
    if len(prepared.subword_keys):
        embedding[FIRST_WORD:] += subwords.means(list(prepared.vocabulary))
    vocabulary, frozen = prepared.vocabulary, None
    if prepared.word_vectors is not None:
        vocabulary = add_all_words_with_vectors(vocabulary, prepared.word_vectors)
        frozen = prepared.word_vectors.rows(list(vocabulary)[len(prepared.vocabulary) :])[0]
    weights = TextCNNWeights.from_layers(
        embedding,
        trained.kernels,
        trained.filter_bias,
        trained.dense_kernel,
        trained.dense_bias,
        frozen,
        subwords,
    )
    return FittedTextCNN(vocabulary, weights, posterior_rule)


def to_keras_model(text_cnn: FittedTextCNN, dropout: float) -> Any:
    """Return the network as a Keras model over padded token ids; imports TensorFlow."""
    from skcnn.network._model import make_keras_model

    widths = text_cnn.weights.filter_widths
    layers = text_cnn.weights.to_layers(list(text_cnn.vocabulary), widths)
    return make_keras_model(layers, widths, dropout)
