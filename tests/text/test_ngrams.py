from __future__ import annotations

import gc
import weakref
from math import log, sqrt
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from skcnn.text import _ngrams
from skcnn.text._ngrams import NgramFeatures, TextsByWord, WordSums, fit_ngrams
from skcnn.text._tokenizer import tokenize

TEXTS = [
    "win cash now , win cash",
    "see you at lunch",
    "cash prize now",
    "lunch at home ? lunch at two",
    "winning cash now",
    "",
    "you win",
    "好 吃 好",
    "好 吃",
    "aaa aaaa a",
]
TOKENS = [text.split() for text in TEXTS]
words = st.sampled_from(["a", "ab", "abc", "abab", "win", "winner", "好", "\ud800x", "x" * 60])
corpora = st.lists(st.lists(words, max_size=8), min_size=1, max_size=12)


def split(
    tokens: list[list[str]], min_texts: int = 1
) -> tuple[NgramFeatures, NDArray[np.float64], NDArray[np.float64]]:
    """Features, and the dense weights of words and of characters.

    An n-gram needs two texts if there are many texts, here from the first one on.
    """
    with patch.object(_ngrams, "_KEEP_ALL_BELOW", 1e9 if min_texts == 1 else 0):
        features, matrix = fit_ngrams(tokens)
    of_words, of_characters = np.split(matrix.toarray(), [len(features.word_keys)], axis=1)
    return features, of_words, of_characters


def naive_characters(tokens: list[list[str]], min_texts: int) -> NDArray[np.float64]:
    """Weights of the n-grams of characters as the documentation has them, by loops."""

    def ngrams(word: str) -> list[str]:
        marked = f"<{word[:40]}>"
        sizes = (1, 2, 3, 4) if len(word) > 1 else ()
        return [marked[i : i + n] for n in sizes for i in range(len(marked) - n + 1)]

    sets = [{gram for word in text for gram in ngrams(word)} for text in tokens]
    in_texts = {gram: sum(gram in found for found in sets) for gram in set().union(*sets)}
    # If an n-gram needs two texts, two words of texts are enough: a word counts in each text.
    in_words = dict.fromkeys(in_texts, 0)
    for text in tokens:
        for word in set(text):
            for gram in ngrams(word):
                in_words[gram] += 1
    kept = sorted(gram for gram, n in in_words.items() if n >= min_texts)
    idf = {gram: log((1 + len(tokens)) / (1 + in_texts[gram])) + 1 for gram in kept}
    table = np.zeros((len(tokens), len(kept)))
    for row, text in enumerate(tokens):
        square = 0.0
        for word in set(text):
            share = 1 + log(text.count(word))
            for gram in ngrams(word):
                if gram in idf:
                    table[row, kept.index(gram)] += share * idf[gram]
                    square += (share * idf[gram]) ** 2
        table[row] /= sqrt(square) or 1
    return table


@pytest.mark.parametrize("min_texts", [1, 2])
def test_ngrams_of_words_are_weighted_as_by_scikit_learn(min_texts: int) -> None:
    _, of_words, _ = split(TOKENS, min_texts)
    vectorizer = TfidfVectorizer(
        analyzer=lambda text: [
            " ".join(text[i : i + n]) for n in (1, 2, 3) for i in range(len(text) - n + 1)
        ],
        min_df=min_texts,
        sublinear_tf=True,
    )
    expected = vectorizer.fit_transform(TOKENS).toarray()
    assert of_words.shape == expected.shape
    # The columns stand in another order: compare the texts with each other.
    np.testing.assert_allclose(of_words @ of_words.T, expected @ expected.T, atol=1e-6)


@settings(deadline=None, max_examples=60)
@given(corpora, st.integers(1, 2))
def test_ngrams_of_characters_count_through_their_words(
    tokens: list[list[str]], min_texts: int
) -> None:
    _, _, of_characters = split(tokens, min_texts)
    expected = naive_characters(tokens, min_texts)
    assert of_characters.shape == expected.shape
    np.testing.assert_allclose(of_characters @ of_characters.T, expected @ expected.T, atol=1e-4)


@settings(deadline=None, max_examples=60)
@given(corpora, corpora, st.integers(1, 3), st.integers(0, 100))
def test_log_odds_are_weights_times_coefficients_whatever_the_other_texts(
    tokens: list[list[str]], others: list[list[str]], n_columns: int, seed: int
) -> None:
    features, matrix = fit_ngrams(tokens)
    normal = np.random.default_rng(seed).standard_normal
    of_words = normal((len(features.word_keys), n_columns)).astype(np.float32)
    of_characters = normal((len(features.character_keys), n_columns)).astype(np.float32)

    def log_odds_of(tokens: list[list[str]]) -> NDArray[np.float64]:
        texts = TextsByWord.from_tokens(tokens)
        sums = features.character_sums(texts.words, of_characters)
        return features.log_odds(texts, of_words, sums)

    log_odds = log_odds_of(tokens)
    expected = matrix @ np.concatenate([of_words, of_characters])
    np.testing.assert_allclose(log_odds, expected, atol=1e-4)
    together = log_odds_of([*others, *tokens, []])
    np.testing.assert_allclose(together[len(others) : -1], log_odds, atol=1e-9)
    assert not together[-1].any()


@settings(deadline=None, max_examples=60)
@given(corpora, st.lists(words, max_size=6), st.integers(0, 2), st.integers(0, 100))
def test_the_sums_of_a_word_do_not_depend_on_the_other_words(
    tokens: list[list[str]], some: list[str], n_columns: int, seed: int
) -> None:
    features, _ = fit_ngrams(tokens)
    shape = (len(features.character_keys), n_columns)
    coef = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    sums = features.character_sums(some, coef)
    assert isinstance(sums, WordSums)
    assert (sums.squares.shape, sums.log_odds.shape) == ((len(some),), (len(some), n_columns))
    assert (sums.squares >= 0).all()
    for row, word in enumerate(some):
        chosen, alone = sums.take(np.array([row])), features.character_sums([word], coef)
        np.testing.assert_array_equal(chosen.squares, alone.squares)
        np.testing.assert_array_equal(chosen.log_odds, alone.log_odds)


def test_ngrams_need_two_texts_if_there_are_20000() -> None:
    few, many = (fit_ngrams([["once"], *[["often"]] * n])[0].word_keys for n in (19_998, 19_999))
    assert (len(few), len(many)) == (2, 1)


def test_ngrams_of_words_do_not_cross_from_one_text_to_the_next() -> None:
    together, _, _ = split([["a", "b"], ["a", "b"]])
    apart, _, _ = split([["a"], ["b"], ["a"], ["b"]])
    assert (len(together.word_keys), len(apart.word_keys)) == (3, 2)


@pytest.mark.parametrize("tokens", [[[]], [[], []], [["once"], ["only"]], [["a"]]])
def test_where_nothing_is_shared_few_or_no_ngrams_are_left(tokens: list[list[str]]) -> None:
    features, of_words, of_characters = split(tokens, 2)
    assert len(features.word_keys) == 0
    assert of_words.shape == (len(tokens), 0)
    assert of_characters.shape == (len(tokens), len(features.character_keys))
    n_words = len({word for text in tokens for word in text})
    assert len(split(tokens)[0].word_keys) == n_words  # of few texts all n-grams are kept


def test_rows_have_short_indices_as_scikit_learn_needs_them() -> None:
    _, matrix = fit_ngrams([tokenize(text) for text in TEXTS])
    assert matrix.indices.dtype == matrix.indptr.dtype == np.int32
    assert matrix.dtype == np.float32


def test_the_words_of_texts_are_freed_without_the_garbage_collector() -> None:
    class Word(str):
        pass

    word = Word("word")
    freed = weakref.ref(word)
    gc.disable()
    try:
        TextsByWord.from_tokens([[word]])
        del word
        assert freed() is None
    finally:
        gc.enable()
