"""From prepared texts to a trained network, and from there to the member that predicts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32, Float64
from skcnn._compat import warn_user
from skcnn._settings import NetworkSettings
from skcnn.costs._matrix import class_costs, loss_cost_matrix
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

# Losses in which the texts of each class count, whatever the costs are.
_COUNT_EVERY_CLASS = ("cross_entropy", "expected_cost")
# A class hardly counts if costs lower its share of all weights to a tenth, and below a hundredth.
# Measured on 1,048 headlines, the network alone: the ranking is worse from a share of 0.06 on, and
# at 0.0015 it is no better than chance.
_LOW_SHARE, _LOW_RATIO = 0.01, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Loss:
    """The loss of a network, for some costs and classes.

    Attributes
    ----------
    settings : NetworkSettings, with a loss whose costs do not depend on their unit
    costs : (K, K), the cost matrix of a loss that is given by name: zero diagonal, scaled
    posterior_rule : from softmax outputs to P(class | text). The outputs of a network that was
        trained with a loss of another library are taken as probabilities.
    """

    settings: NetworkSettings
    costs: Float64
    posterior_rule: PosteriorRule


def make_loss(
    settings: NetworkSettings, costs: Float64, class_totals: Float64, classes: NDArray[Any]
) -> Loss:
    """Scale the costs of a loss, and find the way back from its outputs; imports TensorFlow.

    Parameters
    ----------
    settings : NetworkSettings
    costs : (K, K), for a loss that is given by name
    class_totals : (K,), total weight of each class
    classes : (K,) labels

    Warns
    -----
    UserWarning
        If the costs are such that the network hardly learns a class.
    """
    from skcnn.network.losses import identify_loss, scale_costs
    from skcnn.network.losses import make_loss as loss_of_name

    if settings.ignores_costs:
        costs = 1 - np.eye(len(costs))
    costs = loss_cost_matrix(costs, class_totals)
    loss = scale_costs(settings.loss, class_totals)
    identity = identify_loss(loss_of_name(loss, costs))
    rule = PosteriorRule(*(identity or ("cross_entropy", costs)))
    _warn_of_light_classes(rule, class_totals, classes)
    return Loss(replace(settings, loss=loss), costs, rule)


def _warn_of_light_classes(
    rule: PosteriorRule, class_totals: Float64, classes: NDArray[Any]
) -> None:
    """Warn if a loss multiplies the texts of a class by such low costs that they hardly count."""
    if rule.loss in _COUNT_EVERY_CLASS:
        return
    weights = class_totals * class_costs(rule.costs)
    shares = weights / weights.sum()
    low = np.minimum(_LOW_SHARE, _LOW_RATIO * class_totals / class_totals.sum())
    for label, share in zip(classes[shares < low].tolist(), shares[shares < low], strict=True):
        warn_user(
            f"At these costs the loss {rule.loss!r} gives the texts of class {label!r} "
            f"{share:.2g} of the weight of all texts, so the network hardly learns this class, and "
            "its probabilities are poor. Use loss='expected_cost' or loss='cross_entropy', which "
            "learn every class; the costs then count in the decision."
        )


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
