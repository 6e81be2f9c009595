"""The TextCNN as nodes of a graph."""

from __future__ import annotations

from functools import reduce
from operator import add

import numpy as np

from skcnn.exporting._graph import Value
from skcnn.exporting._inputs import NewWords, Texts
from skcnn.predicting._text_cnn_weights import TextCNNWeights
from skcnn.text._sequences import PADDING, UNKNOWN
from skcnn.text._subwords import SIZES

_LOW = float(np.finfo(np.float32).min) / 2


def network_softmax(weights: TextCNNWeights, texts: Texts, new: NewWords) -> Value:
    """Add the network to a graph; its softmax outputs, (n, K) float64.

    As in `skcnn/predicting/_text_cnn.py`, each distinct word is multiplied by the filters once.
    """
    embedding = weights.embedding.copy()
    embedding[PADDING] = 0
    words, places = texts.distinct()
    vectors = words.look_up(embedding, _vectors_of_new(weights, new))  # (U', d)
    pooled = _pooled(weights, vectors @ weights.taps_by_offset, places, texts)
    features = (pooled + weights.filter_bias).node("Relu")
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


def _pooled(weights: TextCNNWeights, products: Value, places: Value, texts: Texts) -> Value:
    """Return the largest window of every filter, (n, W F).

    Parameters
    ----------
    products : (U', sum of widths * F), of the distinct words and the taps at each offset
    places : (n, L), rows of `products`
    """
    graph, reach = texts.graph, weights.filter_widths[0] - 1
    nothing = products.size(0)  # the place of a row of zeros, for what is not inside of a text
    terms = []
    for j, columns in enumerate(weights.offset_columns):
        missing = len(weights.filter_bias) - (columns.stop - columns.start)
        taps = products.columns(columns.start, columns.stop).padded((0, 0), (1, missing))
        terms.append(graph.take(taps, places.padded((0, reach - j), (0, j), nothing)))
    windows = reduce(add, terms)  # (n, L + reach, W F); window s begins at token s - reach
    length = texts.is_word.astype(np.int64).sum(1, keepdims=True)  # (n, 1)
    end = graph.where(length > 0, length + reach, 0)
    touches = graph.arange(windows.size(1)).new_axis(0) < end  # (n, L + reach)
    pooled = []
    for i, width in enumerate(weights.filter_widths):
        # Narrower filters begin later: a window that touches no word does not count.
        first, filters = reach - width + 1, (i * weights.n_filters, (i + 1) * weights.n_filters)
        found = windows.cut([first, filters[0]], [None, filters[1]], [1, 2])
        counts = touches.columns(first).new_axis(2)
        pooled.append(graph.where(counts, found, _LOW).max(1))
    return graph.concat(pooled, axis=1)
