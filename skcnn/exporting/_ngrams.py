"""The n-gram model as nodes of a graph."""

from __future__ import annotations

import numpy as np

from skcnn.exporting._graph import Value
from skcnn.exporting._inputs import NewWords, Texts, times, times_large, with_zero
from skcnn.predicting._ngram_model import MAX_LOG_ODDS, NgramModel
from skcnn.text._ngrams import CHARACTER_SIZES, MAX_WORDS, SPREAD, hashes_of
from skcnn.text._subwords import FNV_PRIME
from skcnn.text._vocabulary import FIRST_WORD

_MASK = 2**32 - 1


def ngram_probabilities(model: NgramModel, texts: Texts, new: NewWords, words: list[str]) -> Value:
    """Add the n-gram model to a graph; P(class | text), (n, K) float64.

    Parameters
    ----------
    model : NgramModel
    texts, new : the inputs
    words : those of the ids from `FIRST_WORD` on that training saw
    """
    log_odds = _of_words(model, texts, new, words) + _of_characters(model, texts, new, words)
    log_odds = log_odds + model.intercept.astype(np.float64)
    limited = log_odds.maximum(-MAX_LOG_ODDS).minimum(MAX_LOG_ODDS)
    p = limited.node("Sigmoid")
    if len(model.intercept) == 1:
        return texts.graph.concat([1 - p, p], axis=1)
    return p / p.sum(1, keepdims=True)


def _of_words(model: NgramModel, texts: Texts, new: NewWords, words: list[str]) -> Value:
    """Return the log-odds from n-grams of words, (n, columns)."""
    features, graph = model.features, texts.graph
    of_seen = np.concatenate([np.zeros(FIRST_WORD, np.int64), hashes_of(words).astype(np.int64)])
    hashes = texts.look_up(of_seen, new.hashes)  # (n, L)
    n_keys = len(features.word_keys)
    keys, is_inside = (
        graph.concat(parts, axis=1) for parts in _keys_by_size(hashes, texts.is_word)
    )
    found = graph.where(is_inside, graph.place_of(keys, features.word_keys), n_keys)
    places, counts = _counted(found)  # (n, 3 L)
    idf = graph.take(with_zero(features.word_idf), places).astype(np.float64)
    weights = (counts.log() + 1) * idf
    square = (weights * weights / counts).sum(1, keepdims=True)  # (n, 1)
    coef = graph.take(with_zero(model.word_coef), places).astype(np.float64)  # (n, 3 L, columns)
    return _dot(weights / counts, coef) / _length(square)


def _keys_by_size(hashes: Value, is_word: Value) -> tuple[list[Value], list[Value]]:
    """Return the keys of 1, 2 and 3 words in a row, and whether they are inside of the text."""
    hashes = hashes.padded((0, 0), (0, MAX_WORDS - 1))
    is_word = is_word.astype(np.int64).padded((0, 0), (0, MAX_WORDS - 1)) > 0
    prefix, found, is_inside = hashes.columns(0, 1 - MAX_WORDS), [], []
    for n in range(1, MAX_WORDS + 1):
        end = n - MAX_WORDS or None
        keys = prefix
        if n > 1:
            prefix = times(prefix, int(FNV_PRIME)) ^ hashes.columns(n - 1, end)
            keys = (times_large(prefix, int(SPREAD)) + n).node("BitwiseAnd", _MASK)
        found.append(keys)
        is_inside.append(is_word.columns(n - 1, end))
    return found, is_inside


def _of_characters(model: NgramModel, texts: Texts, new: NewWords, words: list[str]) -> Value:
    """Return the log-odds from n-grams of characters, (n, columns).

    Two numbers and more are all that a word adds to a text: see `WordSums`. For words that
    training saw they are constants.
    """
    sums = model.features.character_sums(words, model.character_coef)
    of_seen = np.column_stack([sums.squares, sums.log_odds]).astype(np.float32)
    no_word = np.zeros((FIRST_WORD, of_seen.shape[1]), np.float32)
    of_seen = np.concatenate([no_word, of_seen])  # (n_seen, 1 + columns)
    ids, counts = _counted(texts.ids)  # in another order, (n, L)
    sorted_texts = Texts.from_ids(ids, texts.n_seen)
    terms = sorted_texts.look_up(of_seen, _sums_of_new(model, new))
    terms = terms.astype(np.float64)  # (n, L, 1 + columns)
    log_counts = counts.log() + 1
    squares = terms.node("Gather", np.array([0]), axis=2)  # (n, L, 1)
    square = _dot(log_counts * log_counts / counts, squares)  # (n, 1)
    places = np.arange(1, of_seen.shape[1])
    log_odds = _dot(log_counts / counts, terms.node("Gather", places, axis=2))
    return log_odds / _length(square)


def _sums_of_new(model: NgramModel, new: NewWords) -> Value:
    """Return what `WordSums` has of new words, (U + 1, 1 + columns)."""
    features = model.features
    idf = features.character_idf[:, np.newaxis]
    table = np.concatenate([idf**2, idf * model.character_coef], axis=1)
    return new.sums_over_ngrams(features.character_keys, table, CHARACTER_SIZES)


def _counted(places: Value) -> tuple[Value, Value]:
    """Return the numbers of each row in ascending order, and how often the row has each."""
    ordered, _, run = places.ascending()  # (n, M)
    ones = run * 0 + 1
    counts = (run * 0).node("ScatterElements", run, ones, axis=1, reduction="add")
    return ordered, ordered.graph.take_along(counts, run, axis=1).astype(np.float64)


def _dot(weights: Value, terms: Value) -> Value:
    """Sum up weights (n, M) times terms (n, M, columns), -> (n, columns)."""
    return (weights.new_axis(1) @ terms).without_axis(1)


def _length(square: Value) -> Value:
    """Return the root of a sum of squares; 1 instead of 0."""
    return square.graph.where(square > 0, square, 1.0).node("Sqrt")
