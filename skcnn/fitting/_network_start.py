"""The weights of a trained network in the form that training starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32
from skcnn._settings import NetworkSettings, TextSettings
from skcnn.predicting._keras_network import KerasNetwork
from skcnn.predicting._model import FittedModel
from skcnn.predicting._text_cnn import FittedTextCNN
from skcnn.text._prepare import PreparedTexts
from skcnn.text._sequences import UNKNOWN
from skcnn.text._subwords import SubwordVectors, find_keys
from skcnn.text._vocabulary import FIRST_WORD


def layers_without_embedding(network: FittedTextCNN, filter_widths: Sequence[int]) -> list[Float32]:
    """Return the weights of all layers but the embedding, in the order of Keras."""
    words = network.seen_words
    return network.weights.to_layers(words, filter_widths)[1:]


def own_rows(network: FittedTextCNN) -> Float32:
    """Return the vectors of the seen ids without the part that their subwords add, (n_seen, d).

    A fitted network has the sum of both. This is the opposite of `join_subwords`.
    """
    weights = network.weights
    rows = weights.embedding.copy()
    if len(weights.subword_keys):
        subwords = SubwordVectors(weights.subword_keys, weights.subword_vectors)
        rows[FIRST_WORD:] -= subwords.means(network.seen_words)
    return rows


def start_from(prepared: PreparedTexts, network: FittedTextCNN) -> PreparedTexts:
    """Return prepared texts whose words start with the vectors that a network gives them.

    A word that the network did not see starts as the network represents it when predicting.
    """
    words = list(prepared.vocabulary)
    vectors = np.concatenate(
        [network.weights.embedding[:FIRST_WORD], _vectors(network, words)]
    )  # (n_vocabulary + FIRST_WORD, d)
    old_keys = network.weights.subword_keys
    places, known = find_keys(old_keys, prepared.subword_keys)
    of_subwords = np.zeros((len(known), vectors.shape[1]), np.float32)
    of_subwords[known] = network.weights.subword_vectors[places[known]]
    if len(prepared.subword_keys):
        vectors[FIRST_WORD:] -= SubwordVectors(prepared.subword_keys, of_subwords).means(words)
    return replace(prepared, embeddings=np.concatenate([vectors, of_subwords]))


def _vectors(network: FittedTextCNN, words: list[str]) -> Float32:
    """Return the vectors of words as the network predicts with them, (n, d)."""
    ids = np.array([network.vocabulary.get(word, UNKNOWN) for word in words], np.int64)
    is_seen = (ids != UNKNOWN) & (ids < network.weights.n_seen)
    vectors: Float32 = network.weights.embedding[np.where(is_seen, ids, UNKNOWN)]
    others = [word for word, seen in zip(words, is_seen, strict=True) if not seen]
    vectors[~is_seen] = network.weights.unseen_vectors(others, ids[~is_seen])
    return vectors


def check_start(
    model: FittedModel | None,
    classes: NDArray[Any],
    text: TextSettings,
    settings: NetworkSettings,
) -> FittedTextCNN | None:
    """Return the network of a fitted model, if training can start from its weights.

    None, if there is no model.

    Raises
    ------
    ValueError
        If the classes or the shape of the network differ, or it is a network of the user.
    """
    if model is None:
        return None
    if not np.array_equal(model.classes, classes):
        raise ValueError(
            "warm_start can only be used where classes_ is the same as in the previous call to "
            f"fit. Previously {model.classes.tolist()}, now {classes.tolist()}. Set "
            "warm_start=False, or clone the estimator."
        )
    network = model.network
    if settings.network is not None or isinstance(network, KerasNetwork):
        raise ValueError(
            "warm_start is True with a network of your own; expected the TextCNN. Set "
            "warm_start=False, or network=None."
        )
    weights = network.weights
    found = sorted(settings.widths), settings.n_filters
    expected = sorted(weights.filter_widths), weights.n_filters
    if found != expected:
        raise ValueError(
            f"filter_widths and n_filters are {found[0]} and {found[1]}; warm_start expects those "
            f"of the previous fit, {expected[0]} and {expected[1]}. Set warm_start=False, or clone "
            "the estimator."
        )
    if text.word_vectors is None and weights.embedding.shape[1] != text.embedding_dim:
        raise ValueError(
            f"embedding_dim is {text.embedding_dim}; warm_start expects that of the previous fit, "
            f"{weights.embedding.shape[1]}. Set warm_start=False, or clone the estimator."
        )
    return network
