from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skcnn.text._coverage import EmbeddingCoverage, embedding_coverage
from skcnn.text._pretrained import WordVectors

VECTORS = WordVectors({"win": 0, "cash": 1, "Oslo": 0}, np.ones((2, 3), np.float32))


def test_different_words_and_running_words_are_counted_apart():
    coverage = embedding_coverage([["win", "win", "win"], [], ["zyrtec", "cash"]], VECTORS)
    assert coverage == (pytest.approx(2 / 3), pytest.approx(4 / 5), ("zyrtec",))
    assert isinstance(coverage, EmbeddingCoverage)
    assert coverage.types == coverage[0]


def test_a_word_counts_as_it_is_found_by_its_spelling_or_its_small_one():
    coverage = embedding_coverage([["Win", "Oslo", "oslo"]], VECTORS)
    assert coverage.missing == ("oslo",)


def test_the_most_frequent_missing_words_are_named_equals_by_the_alphabet():
    words = [f"w{i:02}" for i in range(30)]
    coverage = embedding_coverage([[*reversed(words), "w29", "w28", "w28"]], VECTORS)
    assert coverage.missing == ("w28", "w29", *words[:18])
    assert coverage.types == coverage.tokens == 0


@pytest.mark.parametrize("tokens", [[], [[]], [[], []]])
def test_no_words_lack_nothing(tokens):
    assert embedding_coverage(tokens, VECTORS) == (1, 1, ())


def test_a_generator_will_do():
    assert embedding_coverage((row for row in [["win"]]), VECTORS) == (1, 1, ())


@given(st.lists(st.lists(st.sampled_from(["win", "cash", "a", "b"]), max_size=5), max_size=5))
def test_shares_are_those_of_the_slow_way(tokens):
    words = [word for row in tokens for word in row]
    coverage = embedding_coverage(tokens, VECTORS)
    known = [word for word in words if word in VECTORS.index]
    if words:
        assert coverage.tokens == pytest.approx(len(known) / len(words))
        assert coverage.types == pytest.approx(len(set(known)) / len(set(words)))
    assert set(coverage.missing) == set(words) - set(known)
