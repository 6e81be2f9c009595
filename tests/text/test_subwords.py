from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from skcnn.text import _subwords
from skcnn.text._sequences import PADDING, UNKNOWN, TokenSequences
from skcnn.text._subwords import (
    SubwordVectors,
    explain_by_subwords,
    frequent_ngrams,
    hashed_ngrams,
    word_ngrams,
    word_parts,
)
from skcnn.text._vocabulary import FIRST_WORD

WORDS = ["win", "winner", "", "a", "x" * 41, "\ud800é", "winner", "日本語", "lost", "wi"]

some_words = st.lists(
    st.text(st.characters(exclude_categories=()), max_size=6)
    | st.text("ab<>", max_size=3)
    | st.text("ab", min_size=35, max_size=50),
    max_size=8,
)


def slow_ngrams(word):
    marked = f"<{word[:40]}>"
    sizes = (3, 4, 5) if len(word) > 1 else ()
    return [marked[i : i + n] for n in sizes for i in range(len(marked) - n + 1)]


def slow_hash(ngram):
    value = 2166136261
    for character in ngram:
        value = (value ^ ord(character)) * 16777619 % 2**32
    return value


def slow_keys(words, min_words=1):
    having = {}
    for number, word in enumerate(words):
        for ngram in slow_ngrams(word):
            having.setdefault(slow_hash(ngram), set()).add(number)
    return sorted(key for key, numbers in having.items() if len(numbers) >= min_words)


def rows_of(sequences):
    return [sequences.take([i]).ids.tolist() for i in range(len(sequences))]


@given(some_words)
@example([])
@example([""])
@example(["a"])
@example(["\ud800", ""])
@example(WORDS)
def test_hashes_are_those_of_the_slow_way(words):
    hashes, offsets = hashed_ngrams(words)
    assert hashes.dtype == np.uint32
    assert offsets.dtype == np.int64
    assert len(offsets) == len(words) + 1
    for i, word in enumerate(words):
        found = hashes[offsets[i] : offsets[i + 1]].tolist()
        assert sorted(found) == sorted(map(slow_hash, slow_ngrams(word)))


@given(some_words)
@example(["a"])
def test_a_word_has_the_same_hashes_alone_as_among_others(words):
    hashes, offsets = hashed_ngrams(words)
    for i, word in enumerate(words):
        assert hashed_ngrams([word])[0].tolist() == hashes[offsets[i] : offsets[i + 1]].tolist()


def test_of_a_long_word_only_the_beginning_counts():
    hashes, offsets = hashed_ngrams(["x" * 39 + "yz", "x" * 39 + "y", "x" * 39 + "z"])
    first, same, other = (set(hashes[offsets[i] : offsets[i + 1]].tolist()) for i in range(3))
    assert first == same != other


def test_beginning_and_end_of_a_word_have_other_ngrams_than_its_middle():
    hashes, offsets = hashed_ngrams(["cash", "ashes"])
    shared = set(hashes[: offsets[1]].tolist()) & set(hashes[offsets[1] :].tolist())
    assert shared == {slow_hash("ash")}


@given(some_words, st.integers(1, 3))
@example(["aaaaaaaa", "b"], 2)
@example(["winner", "winning", "win"], 3)
@example([], 1)
def test_frequent_ngrams_are_those_of_many_words_however_often_in_each(words, min_words):
    keys = frequent_ngrams(words, min_words)
    assert keys.dtype == np.uint32
    assert keys.tolist() == slow_keys(words, min_words)


@given(some_words, some_words)
@example(["a"], WORDS)
@example(WORDS, ["a"])
@example(["zzz"], ["\x00"])
def test_ngrams_of_a_word_are_found_among_the_keys_or_left_out(words, known):
    keys = frequent_ngrams(known, 1)
    ngrams = word_ngrams(words, keys)
    assert ngrams.ids.dtype == np.int32
    assert len(ngrams) == len(words)
    for word, places in zip(words, rows_of(ngrams), strict=True):
        expected = [h for h in map(slow_hash, slow_ngrams(word)) if h in set(keys.tolist())]
        assert sorted(keys[places].tolist()) == sorted(expected)


@given(some_words, st.integers(0, 9))
@example(["a"], 1)
def test_an_id_is_made_of_its_own_row_and_those_of_its_subwords(words, n_own):
    n_known = FIRST_WORD + min(n_own, len(words))
    keys = frequent_ngrams(words[::2], 1)
    parts = word_parts(words, n_known, keys)
    assert isinstance(parts, TokenSequences)
    assert parts.ids.dtype == np.int32
    rows = rows_of(parts)
    assert rows[:FIRST_WORD] == [[PADDING], [UNKNOWN]]
    subwords = rows_of(word_ngrams(words, keys))
    of_words = zip(rows[FIRST_WORD:], subwords, strict=True)
    for number, (row, places) in enumerate(of_words, FIRST_WORD):
        assert row[0] == (number if number < n_known else UNKNOWN)
        assert row[1:] == [n_known + place for place in places]


def slow_mean(word, keys, vectors):
    rows = [vectors[keys.index(h)] for h in map(slow_hash, slow_ngrams(word)) if h in keys]
    return np.mean(rows, axis=0) if rows else np.zeros(vectors.shape[1])


@given(words=some_words, known=some_words, at_once=st.integers(1, 3))
@example(words=WORDS, known=WORDS, at_once=2)
@example(words=WORDS, known=[], at_once=4096)
@example(words=["", "", "a"], known=WORDS, at_once=1)
def test_means_are_those_of_a_plain_loop_whatever_is_taken_at_once(words, known, at_once):
    keys = frequent_ngrams(known, 1)
    vectors = np.random.default_rng(0).normal(size=(len(keys), 3)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_subwords, "_WORDS_AT_ONCE", at_once)
        means = SubwordVectors(keys, vectors).means(words)
    assert means.dtype == np.float32
    assert means.shape == (len(words), 3)
    for word, mean in zip(words, means, strict=True):
        np.testing.assert_allclose(mean, slow_mean(word, keys.tolist(), vectors), 0, 1e-5)


def test_the_mean_of_a_word_does_not_depend_on_the_other_words():
    keys = frequent_ngrams(WORDS, 1)
    vectors = np.random.default_rng(0).normal(size=(len(keys), 3)).astype(np.float32)
    subwords = SubwordVectors(keys, vectors)
    alone = np.concatenate([subwords.means([word]) for word in WORDS])
    np.testing.assert_array_equal(subwords.means(WORDS), alone)


@pytest.mark.parametrize("seed", range(3))
def test_ngrams_explain_vectors_as_a_ridge_regression_does(seed):
    rng = np.random.default_rng(seed)
    words = ["".join(rng.choice(list("ab"), size=rng.integers(1, 5))) for _ in range(30)]
    keys = frequent_ngrams(words, 2)
    ngrams = word_ngrams(words, keys)
    vectors = rng.normal(size=(len(words), 3)).astype(np.float32)
    means = np.zeros((len(words), len(keys)))
    for word, (begin, end) in enumerate(pairwise(ngrams.offsets)):
        np.add.at(means[word], ngrams.ids[begin:end], 1 / max(1, end - begin))
    expected = np.linalg.solve(means.T @ means + 0.01 * np.eye(len(keys)), means.T @ vectors)
    found = explain_by_subwords(vectors, ngrams, len(keys))
    np.testing.assert_allclose(means @ found, means @ expected, atol=0.05)
    assert explain_by_subwords(vectors[:0], word_ngrams([], keys[:0]), 0).shape == (0, 3)
