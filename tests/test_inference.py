from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from skcnn import _inference
from skcnn._inference import TextCNNWeights, forward
from skcnn.text import TokenSequences

N_WORDS, N_FROZEN, DIMENSION = 9, 3, 5


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
        self.frozen = normal((N_FROZEN, DIMENSION - 2)).astype(np.float32)

    @property
    def weights(self) -> TextCNNWeights:
        return TextCNNWeights.from_layers(
            self.embedding,
            self.kernels,
            self.filter_bias,
            self.dense_kernel,
            self.dense_bias,
            self.frozen,
        )

    @property
    def all_vectors(self) -> NDArray[np.float32]:
        return np.vstack([self.embedding, np.pad(self.frozen, ((0, 0), (0, 2)))])


def naive_forward(layers: Layers, texts: list[list[int]]) -> NDArray[np.float64]:
    """Run a convolution as it is written in books: windows that touch a word, one by one."""
    rows = []
    for text in texts:
        features: list[Any] = []
        for width, kernel in zip(layers.widths, layers.kernels, strict=True):
            margin = np.zeros((width - 1, DIMENSION))
            padded = np.vstack([margin, layers.all_vectors[text], margin])
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
    "texts": st.lists(st.lists(st.integers(1, N_WORDS + N_FROZEN - 1), max_size=12), min_size=1),
    "seed": st.integers(0, 1000),
}


@settings(deadline=None, max_examples=60)
@given(**shapes)
def test_the_forward_pass_equals_a_naive_convolution(
    widths: list[int], n_filters: int, n_classes: int, texts: list[list[int]], seed: int
) -> None:
    layers = Layers(widths, n_filters, n_classes, seed)
    outputs = forward(layers.weights, TokenSequences.from_lists(texts))
    assert outputs.dtype == np.float64
    np.testing.assert_allclose(outputs, naive_forward(layers, texts), atol=1e-4)
    np.testing.assert_allclose(outputs.sum(axis=1), 1, rtol=1e-12)


@settings(deadline=None, max_examples=60)
@given(**shapes)
def test_layers_survive_the_way_there_and_back(
    widths: list[int], n_filters: int, n_classes: int, texts: list[list[int]], seed: int
) -> None:
    layers = Layers(widths, n_filters, n_classes, seed)
    embedding, *convolutions, dense_kernel, dense_bias = layers.weights.to_layers(widths)
    np.testing.assert_array_equal(embedding, layers.all_vectors)
    for kernel, expected in zip(convolutions[::2], layers.kernels, strict=True):
        np.testing.assert_array_equal(kernel, expected)
    np.testing.assert_array_equal(np.concatenate(convolutions[1::2]), layers.filter_bias)
    np.testing.assert_array_equal(dense_kernel, layers.dense_kernel)
    np.testing.assert_array_equal(dense_bias, layers.dense_bias)


@pytest.mark.parametrize("limit", [1, 7, 10**6])
def test_what_comes_out_for_a_text_does_not_depend_on_its_neighbours(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    lengths = [0, 1, 1, 2, 3, 3, 5, 9, 9, 30, 200]
    texts = [random.integers(1, N_WORDS, length).tolist() for length in random.permutation(lengths)]
    weights = Layers([3, 1, 3], 6, 3, seed=1).weights
    alone = [forward(weights, TokenSequences.from_lists([text]))[0] for text in texts]
    monkeypatch.setattr(_inference, "_TOKENS_PER_PROJECTION", limit)
    monkeypatch.setattr(_inference, "_TOKENS_PER_BLOCK", limit)
    together = forward(weights, TokenSequences.from_lists(texts))
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_no_texts_give_no_rows() -> None:
    weights = Layers([3, 1], 2, 3, seed=0).weights
    assert forward(weights, TokenSequences.from_lists([])).shape == (0, 3)


def test_words_behind_the_trained_ones_are_read_from_the_frozen_vectors() -> None:
    layers = Layers([2], 3, 2, seed=0)
    weights = layers.weights
    assert weights.n_words == N_WORDS + N_FROZEN
    vectors = weights.vectors(np.array([N_WORDS, 2, N_WORDS + 1]))
    np.testing.assert_array_equal(vectors, layers.all_vectors[[N_WORDS, 2, N_WORDS + 1]])
