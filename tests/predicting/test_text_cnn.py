from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from skcnn.costs._posterior import PosteriorRule
from skcnn.predicting import _text_cnn
from skcnn.predicting._text_cnn import FittedTextCNN, forward, word_projections
from skcnn.predicting._text_cnn_weights import TextCNNWeights
from skcnn.text._sequences import UNKNOWN, TokenSequences
from skcnn.text._subwords import SubwordVectors, frequent_ngrams, hashed_ngrams

SEEN = ["win", "winning", "lunch", "see", "cash", "x", "meeting"]
PRETRAINED = ["winner", "jackpot", "y"]
N_WORDS, N_UNSEEN, DIMENSION = len(SEEN) + 2, 4, 5
KEYS = frequent_ngrams([*SEEN, "winners"], 1)


class Layers:
    """Random weights as Keras' layers hold them."""

    def __init__(self, widths: list[int], n_filters: int, n_classes: int, seed: int) -> None:
        normal = np.random.default_rng(seed).standard_normal
        n_features = len(widths) * n_filters
        self.widths = widths
        self.embedding = normal((N_WORDS, DIMENSION)).astype(np.float32)
        self.kernels = [normal((w, DIMENSION, n_filters)).astype(np.float32) for w in widths]
        self.filter_bias = normal(n_features).astype(np.float32)
        self.dense_kernel = normal((n_features, n_classes)).astype(np.float32)
        self.dense_bias = normal(n_classes).astype(np.float32)
        self.frozen = normal((len(PRETRAINED), DIMENSION - 2)).astype(np.float32)
        self.subwords = SubwordVectors(KEYS, normal((len(KEYS), DIMENSION)).astype(np.float32))
        self.unseen = normal((N_UNSEEN, DIMENSION)).astype(np.float32)

    def weights(self, *, with_subwords: bool = False) -> TextCNNWeights:
        return TextCNNWeights.from_layers(
            self.embedding,
            self.kernels,
            self.filter_bias,
            self.dense_kernel,
            self.dense_bias,
            self.frozen,
            self.subwords if with_subwords else None,
        )

    def mean_subword(self, word: str) -> NDArray[np.float32]:
        vectors = dict(zip(KEYS.tolist(), self.subwords.vectors, strict=True))
        hashes = hashed_ngrams([word])[0].tolist()
        known = [vectors[ngram] for ngram in hashes if ngram in vectors]
        return np.mean(known, axis=0) if known else np.zeros(DIMENSION, np.float32)


def naive_forward(layers: Layers, texts: list[list[int]]) -> NDArray[np.float64]:
    """Run a convolution as it is written in books: windows that touch a word, one by one."""
    rows, vectors = [], np.vstack([layers.embedding, layers.unseen])
    for text in texts:
        features: list[Any] = []
        for width, kernel in zip(layers.widths, layers.kernels, strict=True):
            margin = np.zeros((width - 1, DIMENSION))
            padded = np.vstack([margin, vectors[text], margin])
            windows = [
                np.einsum("wd,wdf->f", padded[s : s + width], kernel)
                for s in range(len(text) + width - 1)
                if text
            ]
            features.append(np.max(windows, axis=0) if windows else np.full(kernel.shape[2], -1e9))
        pooled = np.maximum(np.concatenate(features) + layers.filter_bias, 0)
        logits = pooled @ layers.dense_kernel + layers.dense_bias
        rows.append(np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum())
    return np.array(rows)


shapes = {
    "widths": st.lists(st.integers(1, 5), min_size=1, max_size=4),
    "n_filters": st.integers(1, 4),
    "n_classes": st.integers(2, 4),
    "texts": st.lists(st.lists(st.integers(1, N_WORDS + N_UNSEEN - 1), max_size=12), min_size=1),
    "seed": st.integers(0, 1000),
}


@settings(deadline=None, max_examples=60)
@given(**shapes)
def test_the_forward_pass_equals_a_naive_convolution(
    widths: list[int], n_filters: int, n_classes: int, texts: list[list[int]], seed: int
) -> None:
    layers = Layers(widths, n_filters, n_classes, seed)
    outputs = forward(layers.weights(), TokenSequences.from_lists(texts), layers.unseen.__getitem__)
    assert outputs.dtype == np.float64
    np.testing.assert_allclose(outputs, naive_forward(layers, texts), atol=1e-4)
    np.testing.assert_allclose(outputs.sum(axis=1), 1, rtol=1e-12)


@settings(deadline=None, max_examples=60)
@given(with_subwords=st.booleans(), **{name: shapes[name] for name in list(shapes)[:3]})
def test_layers_survive_the_way_there_and_back(
    with_subwords: bool, widths: list[int], n_filters: int, n_classes: int
) -> None:
    layers = Layers(widths, n_filters, n_classes, seed=0)
    weights = layers.weights(with_subwords=with_subwords)
    embedding, *convolutions, dense_kernel, dense_bias = weights.to_layers(
        [*SEEN, *PRETRAINED], widths
    )
    np.testing.assert_array_equal(embedding[:N_WORDS], layers.embedding)
    expected = np.pad(layers.frozen, ((0, 0), (0, 2)))
    if with_subwords:
        expected += [layers.mean_subword(word) for word in PRETRAINED]
    np.testing.assert_allclose(embedding[N_WORDS:], expected, rtol=1e-6, atol=1e-6)
    for kernel, given_kernel in zip(convolutions[::2], layers.kernels, strict=True):
        np.testing.assert_array_equal(kernel, given_kernel)
    np.testing.assert_array_equal(np.concatenate(convolutions[1::2]), layers.filter_bias)
    np.testing.assert_array_equal(dense_kernel, layers.dense_kernel)
    np.testing.assert_array_equal(dense_bias, layers.dense_bias)


@pytest.mark.parametrize("with_vectors", [False, True])
@pytest.mark.parametrize("with_subwords", [False, True])
def test_a_network_survives_the_parts_of_a_file(with_subwords: bool, with_vectors: bool) -> None:
    layers = Layers([1, 3], 2, 3, seed=0)
    weights = TextCNNWeights.from_layers(
        layers.embedding,
        layers.kernels,
        layers.filter_bias,
        layers.dense_kernel,
        layers.dense_bias,
        layers.frozen if with_vectors else None,
        layers.subwords if with_subwords else None,
    )
    words = [*SEEN, *(PRETRAINED if with_vectors else [])]
    rule = PosteriorRule("cross_entropy", 1 - np.eye(3))
    network = FittedTextCNN({word: i for i, word in enumerate(words, 2)}, weights, rule)
    header = {"kind": network.kind, **network.header()}
    loaded = FittedTextCNN.from_parts(header, network.arrays(), 3)
    tokens = [["win", "cash"], ["winners", "jackpot"], ["unheard"], []]
    np.testing.assert_array_equal(
        loaded.predict_proba([""] * 4, tokens), network.predict_proba([""] * 4, tokens)
    )


@pytest.mark.parametrize("limit", [1, 7, 10**6])
def test_what_comes_out_for_a_text_does_not_depend_on_its_neighbours(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    lengths = [0, 1, 1, 2, 3, 3, 5, 9, 9, 30, 200]
    texts = [
        random.integers(1, N_WORDS + N_UNSEEN, length).tolist()
        for length in random.permutation(lengths)
    ]
    layers = Layers([3, 1, 3], 6, 3, seed=1)
    weights, unseen = layers.weights(), layers.unseen
    alone = [
        forward(weights, TokenSequences.from_lists([text]), unseen.__getitem__)[0] for text in texts
    ]
    monkeypatch.setattr(_text_cnn, "_TOKENS_PER_PROJECTION", limit)
    monkeypatch.setattr(_text_cnn, "_TOKENS_PER_BLOCK", limit)
    together = forward(weights, TokenSequences.from_lists(texts), unseen.__getitem__)
    np.testing.assert_allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize(("n_words", "expected"), [(0.5, 1), (1, 1), (10, 10), (10.5, 10)])
def test_so_many_tokens_are_taken_at_once_that_their_products_fit(
    n_words: float, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = Layers([3, 1], 6, 3, seed=0).weights()
    assert _text_cnn._most_tokens(weights) == _text_cnn._TOKENS_PER_PROJECTION
    of_a_word = sum(p.nbytes for p in word_projections(weights, np.array([1]), None))
    monkeypatch.setattr(_text_cnn, "_BYTES_PER_PROJECTION", n_words * of_a_word)
    assert _text_cnn._most_tokens(weights) == expected


@pytest.mark.parametrize("n_tokens", [1, 2, 5, 8, 20, 100])
def test_texts_are_cut_into_pieces_of_so_many_tokens(n_tokens: int) -> None:
    lengths = np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5])
    rows = np.array([10, 2, 7, 0, 1, 9, 4, 5, 8])
    pieces = _text_cnn._cut(rows, lengths, n_tokens)
    np.testing.assert_array_equal(np.concatenate(pieces), rows)
    assert len(pieces) <= lengths[rows].sum() // n_tokens + 1
    for piece in pieces:
        assert len(piece) > 0
        assert lengths[piece[1:]].sum() < n_tokens  # the first text may begin in the piece before


def test_no_texts_give_no_rows() -> None:
    weights = Layers([3, 1], 2, 3, seed=0).weights()
    assert forward(weights, TokenSequences.from_lists([])).shape == (0, 3)


@pytest.mark.parametrize("unseen", [None, np.empty((0, DIMENSION), np.float32).__getitem__])
def test_texts_of_seen_words_need_no_other_vectors(unseen: Any) -> None:
    layers, texts = Layers([3, 1], 2, 3, seed=0), TokenSequences.from_lists([[2, 3, 1], [], [4]])
    expected = forward(layers.weights(), texts, layers.unseen.__getitem__)
    np.testing.assert_array_equal(forward(layers.weights(), texts, unseen), expected)


@pytest.mark.parametrize("with_subwords", [False, True])
def test_what_is_known_of_an_unseen_word_makes_its_vector(with_subwords: bool) -> None:
    layers = Layers([2], 3, 2, seed=0)
    weights = layers.weights(with_subwords=with_subwords)
    assert (weights.n_seen, weights.n_ids) == (N_WORDS, N_WORDS + len(PRETRAINED))
    words = ["jackpot", "winners", "WINNING", "z", "winner"]
    ids = np.array([N_WORDS + 1, UNKNOWN, 3, UNKNOWN, N_WORDS])
    jackpot, unknown, other_spelling, one_letter, winner = weights.unseen_vectors(words, ids)
    means = [layers.mean_subword(word) * with_subwords for word in words]
    frozen = np.pad(layers.frozen, ((0, 0), (0, 2)))
    np.testing.assert_allclose(jackpot, frozen[1] + means[0], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(winner, frozen[0] + means[4], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(unknown, layers.embedding[1] + means[1], rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(one_letter, layers.embedding[1])
    # The vector of a word that training met has its subwords in it already.
    np.testing.assert_array_equal(other_spelling, layers.embedding[3])
    assert np.any(means[1]) == np.any(means[4]) == with_subwords


def test_an_unseen_word_leaves_the_trained_vectors_as_they_are() -> None:
    layers = Layers([2], 3, 2, seed=0)
    before = layers.embedding.copy()
    vectors = layers.weights(with_subwords=True).unseen_vectors(["winners"], np.array([UNKNOWN]))
    vectors += 1
    np.testing.assert_array_equal(layers.embedding, before)
