"""The TextCNN as nodes of a graph."""

from __future__ import annotations

import numpy as np

from skcnn._arrays import Float32
from skcnn.exporting._graph import Value
from skcnn.exporting._inputs import NewWords, Texts
from skcnn.predicting._text_cnn_weights import TextCNNWeights
from skcnn.text._sequences import PADDING, UNKNOWN
from skcnn.text._subwords import SIZES

_LOW = float(np.finfo(np.float32).min) / 2


def network_softmax(weights: TextCNNWeights, texts: Texts, new: NewWords) -> Value:
    """Add the network to a graph; its softmax outputs, (n, K) float64."""
    embedding = weights.embedding.copy()
    embedding[PADDING] = 0
    vectors = texts.look_up(embedding, _vectors_of_new(weights, new))  # (n, L, d)
    vectors = vectors.transpose(0, 2, 1)  # (n, d, L)
    pooled = [_pooled(vectors, kernel, texts) for kernel in _kernels(weights)]
    joined = texts.graph.concat(pooled, axis=1)  # (n, W F)
    features = (joined + weights.filter_bias).node("Relu")
    logits = features @ weights.dense_kernel + weights.dense_bias
    return logits.astype(np.float64).node("Softmax", axis=1)


def _vectors_of_new(weights: TextCNNWeights, new: NewWords) -> Value:
    """Do what `TextCNNWeights.unseen_vectors` does, (U + 1, d)."""
    graph, n_seen = new.ids.graph, weights.n_seen
    place = new.ids - n_seen
    has_vector = (place >= 0).new_axis(1)  # (U + 1, 1)
    vectors = graph.take(weights.embedding, new.ids.minimum(n_seen - 1))
    n_frozen, n_dimensions = weights.frozen.shape
    if n_frozen:
        missing = weights.embedding.shape[1] - n_dimensions
        frozen = graph.take(weights.frozen, place.maximum(0)).astype(np.float32)
        vectors = graph.where(has_vector, frozen.padded((0, 0), (0, missing)), vectors)
    if len(weights.subword_keys):
        is_other_spelling = (new.ids > UNKNOWN).new_axis(1) & ~has_vector
        vectors = vectors + graph.where(is_other_spelling, 0.0, _means_of_subwords(weights, new))
    return vectors


def _means_of_subwords(weights: TextCNNWeights, new: NewWords) -> Value:
    """Return the mean vector of the n-grams of characters of new words, (U + 1, d)."""
    # The last column counts the n-grams.
    ones = np.ones((len(weights.subword_keys), 1), np.float32)
    table = np.concatenate([weights.subword_vectors, ones], axis=1)
    sums = new.sums_over_ngrams(weights.subword_keys, table, SIZES)
    return sums.columns(0, -1) / sums.columns(-1).maximum(1.0)


def _kernels(weights: TextCNNWeights) -> list[Float32]:
    """Return the filters of each width, (F, d, width)."""
    offsets = [weights.taps_by_offset[:, columns] for columns in weights.offset_columns]
    n_filters = weights.n_filters
    return [
        np.stack([taps[:, i * n_filters : (i + 1) * n_filters].T for taps in offsets[:width]], 2)
        for i, width in enumerate(weights.filter_widths)
    ]


def _pooled(vectors: Value, kernel: Float32, texts: Texts) -> Value:
    """Return the largest window of each filter that touches a word, (n, F)."""
    graph, reach = texts.graph, kernel.shape[2] - 1
    windows = vectors.node("Conv", kernel, pads=(reach, reach))  # (n, F, L + reach)
    # Window s begins `reach` tokens before token s. It touches a word if it begins before the last
    # word ends.
    length = texts.is_word.astype(np.int64).sum(1, keepdims=True)  # (n, 1)
    end = graph.where(length > 0, length + reach, 0)
    touches = graph.arange(windows.size(2)).new_axis(0) < end  # (n, L + reach)
    return graph.where(touches.new_axis(1), windows, _LOW).max(2)
