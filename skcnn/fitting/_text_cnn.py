"""From prepared texts to a trained network, and from there to the member that predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skcnn._arrays import Float32, Float64
from skcnn._settings import NetworkSettings
from skcnn.costs._posterior import PosteriorRule
from skcnn.fitting._network_start import layers_without_embedding
from skcnn.predicting._keras_network import KerasNetwork
from skcnn.predicting._text_cnn import FittedTextCNN
from skcnn.predicting._text_cnn_weights import TextCNNWeights
from skcnn.text._prepare import PreparedTexts, join_subwords
from skcnn.text._vocabulary import add_all_words_with_vectors

if TYPE_CHECKING:
    from skcnn.network._fit import HeldOut, TrainedTextCNN
    from skcnn.network._labeled_texts import LabeledTexts

# With dropped words, the subwords learn to represent a word alone: see docs/design.md.
WORD_DROPOUT = 0.3


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
    texts: LabeledTexts,
    held_out: HeldOut | None,
    *,
    loss_costs: Float64,
    settings: NetworkSettings,
    seed: int,
    start: FittedTextCNN | None = None,
) -> TrainedTextCNN:
    """Train the TextCNN on prepared texts with their classes; imports TensorFlow."""
    from skcnn.network._fit import fit_text_cnn

    return fit_text_cnn(
        texts,
        prepared.embeddings,
        word_parts=prepared.word_parts,
        word_dropout=word_dropout(prepared),
        loss_costs=loss_costs,
        settings=settings,
        held_out=held_out,
        seed=seed,
        start=None if start is None else layers_without_embedding(start, settings.widths),
    )


def word_dropout(prepared: PreparedTexts) -> Float32:
    """Return the chance of each token id to be dropped from a batch, (n_ids,).

    A dropped word loses its pretrained vector too, so a frequent word with such a vector is
    dropped rarely: a / (a + count) with a = 1 (Kiperwasser & Goldberg 2016, "Simple and accurate
    dependency parsing using bidirectional LSTM feature representations").
    """
    if prepared.word_parts is None:
        return np.zeros(len(prepared.embeddings), np.float32)
    chances = np.full(len(prepared.word_parts), WORD_DROPOUT, np.float32)
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
    embedding, subwords = join_subwords(
        trained.embedding, prepared.vocabulary, prepared.subword_keys
    )
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


def to_keras_model(network: FittedTextCNN | KerasNetwork, dropout: float) -> Any:
    """Return a network as a new Keras model over padded token ids; imports TensorFlow."""
    from skcnn.network._model import make_keras_model

    if isinstance(network, KerasNetwork):
        return network.saved.read()
    widths = network.weights.filter_widths
    layers = network.weights.to_layers(list(network.vocabulary), widths)
    return make_keras_model(layers, widths, dropout)
