"""Evidence of the network: the windows that its filters respond to most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from skcnn._arrays import Float32, Float64, Int64
from skcnn.predicting._evidence import Evidence, ngram_of
from skcnn.predicting._text_cnn import FittedTextCNN, word_projections
from skcnn.predicting._text_cnn_weights import TextCNNWeights

# Windows that are computed at once. More would need more memory, and not be faster.
_WINDOWS_AT_ONCE = 4096


def network_evidence(network: FittedTextCNN, tokens: Sequence[str]) -> Evidence:
    """Return what each window contributes to the logits of one text.

    A filter takes the largest value over all windows of the text, so its part of a logit comes
    from one window: the value there times the weight of the filter in the dense layer. Within the
    window, each token gets a share of it in proportion to the positive part of what its vector
    adds to the filter's value (the rule z+ of layer-wise relevance propagation [1]_). If no token
    adds anything positive, they get equal shares.

    References
    ----------
    .. [1] G. Montavon, S. Lapuschkin, A. Binder, W. Samek and K.-R. Müller (2017). Explaining
       nonlinear classification decisions with deep Taylor decomposition. Pattern Recognition 65,
       211-222.
    """
    weights = network.weights
    evidence = Evidence.none(len(tokens), weights.dense_kernel.shape[1])
    if not tokens:
        return evidence
    sequences, unseen = network.encode([tokens])
    words, ids = np.unique(sequences.ids, return_inverse=True)
    projections = word_projections(weights, words, unseen)
    for filters, width in _filters_by_width(weights):
        offsets = [p[:, filters] for p in projections[:width]]  # width times (U, F)
        starts, values = _best_windows(offsets, ids)
        active = values + weights.filter_bias[filters]
        contributions = np.maximum(active, 0)[:, np.newaxis] * weights.dense_kernel[filters]
        _add_windows(evidence, tokens, starts, width, contributions.astype(np.float64))
        _add_tokens(evidence, offsets, ids, starts, contributions.astype(np.float64))
    return evidence


def _filters_by_width(weights: TextCNNWeights) -> Iterator[tuple[slice, int]]:
    for i, width in enumerate(weights.filter_widths):
        yield slice(i * weights.n_filters, (i + 1) * weights.n_filters), width


def _best_windows(offsets: list[Float32], ids: Int64) -> tuple[Int64, Float32]:
    """Return the start and the value of the best window of each filter, (F,) and (F,).

    A window may begin before the text and end after it, but touches at least one token.
    """
    width, length, n_filters = len(offsets), len(ids), offsets[0].shape[1]
    best = np.full(n_filters, -np.inf, np.float32)
    starts = np.zeros(n_filters, np.int64)
    for first in range(1 - width, length, _WINDOWS_AT_ONCE):
        n = min(_WINDOWS_AT_ONCE, length - first)
        values = np.zeros((n, n_filters), np.float32)
        for j, product in enumerate(offsets):
            begin = max(first + j, 0)
            end = max(min(first + j + n, length), begin)
            values[begin - first - j : end - first - j] += product[ids[begin:end]]
        winners = values.argmax(axis=0)
        largest = values[winners, np.arange(n_filters)]
        starts = np.where(largest > best, winners + first, starts)
        best = np.maximum(largest, best)
    return starts, best


def _add_windows(
    evidence: Evidence, tokens: Sequence[str], starts: Int64, width: int, contributions: Float64
) -> None:
    """Add the contributions (F, K) of windows to their n-grams."""
    places, group = np.unique(starts, return_inverse=True)
    sums = np.zeros((len(places), contributions.shape[1]))
    np.add.at(sums, group, contributions)
    for start, contribution in zip(places.tolist(), sums, strict=True):
        if contribution.any():
            evidence.add(ngram_of(tokens, start, width), contribution)


def _add_tokens(
    evidence: Evidence,
    offsets: list[Float32],
    ids: Int64,
    starts: Int64,
    contributions: Float64,
) -> None:
    """Share out the contributions (F, K) of windows over their tokens."""
    places = starts[:, np.newaxis] + np.arange(len(offsets))  # (F, width)
    inside = (places >= 0) & (places < len(ids))
    places = np.where(inside, places, 0)
    added = np.stack([p[ids[places[:, j]], np.arange(len(starts))] for j, p in enumerate(offsets)])
    shares = np.where(inside, np.maximum(added.T, 0), 0).astype(np.float64)  # (F, width)
    shares = np.where(shares.sum(axis=1, keepdims=True) > 0, shares, inside)
    shares /= shares.sum(axis=1, keepdims=True)
    of_tokens = shares[:, :, np.newaxis] * contributions[:, np.newaxis]  # (F, width, K)
    np.add.at(evidence.tokens, places, of_tokens)
