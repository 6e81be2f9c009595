from __future__ import annotations

import numpy as np
import pytest

from skcnn import CostSensitiveTextCNN
from skcnn._fitting import _word_dropout
from skcnn._words import _shared_out, prepare_words
from skcnn.text import SubwordVectors, frequent_ngrams, tokenize_all


def test_words_and_subwords_together_begin_with_the_vectors_that_were_given() -> None:
    words = ["nausea", "nauseous", "cat", "catnap", "a"]
    given = np.random.default_rng(0).normal(size=(len(words) + 2, 4)).astype(np.float32)
    keys = frequent_ngrams(words, 2)
    rest, vectors = np.split(_shared_out(given, words, keys), [len(given)])
    subwords = SubwordVectors(keys, vectors)
    np.testing.assert_allclose(rest[2:] + subwords.means(words), given[2:], atol=1e-6)
    np.testing.assert_array_equal(rest[:2], given[:2])
    # What they explain is not nothing: a new word of the same pieces is near the known ones.
    new, known = subwords.means(["nauseated"])[0], given[2:4].mean(axis=0)
    assert np.linalg.norm(new - known) < 0.6 * np.linalg.norm(known)


def test_a_pretrained_vector_is_seldom_lost_where_its_word_is_frequent() -> None:
    estimator = CostSensitiveTextCNN(word_vectors={"win": [1.0, 2.0], "rare": [2.0, 1.0]})
    texts = ["win a prize", "win cash", "win win", "a rare prize", "wins"] * 3
    tokens = tokenize_all(texts)
    rows = np.arange(len(texts))
    words = prepare_words(estimator, tokens, rows, rows[:0], np.random.RandomState(0))
    chances = _word_dropout(words)
    n_times = {"win": 12, "rare": 3}
    for word, times in n_times.items():
        assert chances[words.vocabulary[word]] == pytest.approx(1 / (1 + times))
    assert chances[words.vocabulary["prize"]] == chances[words.vocabulary["wins"]]
    assert 0 < chances[words.vocabulary["prize"]] < 1
    estimator.set_params(subwords=False)
    words = prepare_words(estimator, tokens, rows, rows[:0], np.random.RandomState(0))
    assert not _word_dropout(words).any()
