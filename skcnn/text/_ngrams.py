"""Texts as weighted n-grams of words and of characters: what a linear model reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from skcnn.text._subwords import find_keys, hashed_ngrams, word_ngrams

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_MAX_WORDS = 3
_CHARACTERS = (1, 2, 3, 4)
_MIN_TEXTS = 2
# Knuth's multiplicative hash, to spread what the hash of words in a row leaves together.
_PRIME, _SPREAD = np.uint32(16777619), np.uint32(2654435761)


@dataclass(frozen=True, slots=True, eq=False)
class NgramFeatures:
    """N-grams that training texts share, found by their hashes, and their weights.

    Those of words stand in two texts or more; those of characters in two words of texts or more.

    One to three words in a row are weighted by TF-IDF, with logarithmic counts and rows of length
    one. Characters, one to four within a word, are weighted alike, but count through their words:
    a text is the sum of its words' n-grams, and its length is that of words which share none. So
    a word counts the same wherever it stands, and needs to be looked up once.

    Attributes
    ----------
    word_keys : (m,) uint32, ascending
    word_idf : (m,) float32
    character_keys : (c,) uint32, ascending
    character_idf : (c,) float32
    """

    word_keys: NDArray[np.uint32]
    word_idf: NDArray[np.float32]
    character_keys: NDArray[np.uint32]
    character_idf: NDArray[np.float32]

    def scores(
        self,
        tokens: Sequence[Sequence[str]],
        word_coef: NDArray[np.float32],
        sums_of: Callable[[list[str]], Floats],
    ) -> Floats:
        """Sum up weights times coefficients, (n_texts, C).

        Parameters
        ----------
        tokens : n_texts
        word_coef : (m, C) coefficients of the n-grams of words
        sums_of : from U words to what their characters come to, (U, 1 + C); see `character_sums`
        """
        table = _Words.of(tokens)
        rows, places, values = _weighted_ngrams(self, table)
        sums = sums_of(table.words)
        shares = table.log_counts / _lengths(table, sums[:, 0])[table.pair_rows]
        columns = [
            np.bincount(rows, values * of_ngram[places], table.n_texts)
            + np.bincount(table.pair_rows, shares * by_word[table.pair_words], table.n_texts)
            for of_ngram, by_word in zip(word_coef.T, sums.T[1:], strict=True)
        ]
        return np.stack(columns, axis=1)

    def character_sums(self, words: Sequence[str], coef: NDArray[np.float32]) -> Floats:
        """What the n-grams of characters come to in each word, (U, 1 + C).

        The sum of the squared weights, then the sums of weights times coefficients (c, C).
        """
        ngrams = word_ngrams(words, self.character_keys, _CHARACTERS)
        idf = self.character_idf[ngrams.ids].astype(np.float64)
        columns = [idf**2, *(idf * column[ngrams.ids] for column in coef.T)]
        return np.stack([_sums(column, ngrams.offsets) for column in columns], axis=1)


def fit_ngrams(tokens: Sequence[Sequence[str]]) -> tuple[NgramFeatures, Any]:
    """Choose and weigh the n-grams of training texts.

    Parameters
    ----------
    tokens : sequence of sequences of str, n_texts

    Returns
    -------
    features : NgramFeatures
    matrix : csr_array of float32, shape (n_texts, m + c)
        The weights in each text, those of words first.
    """
    from scipy.sparse import csr_array, hstack

    table = _Words.of(tokens)
    keys, rows = _hashed_word_ngrams(table)
    pairs = np.sort((keys.astype(np.uint64) << np.uint64(32)) | rows.astype(np.uint64))
    # As np.unique, which takes five times as long where it has nothing to count.
    pairs = pairs[np.diff(pairs, prepend=~pairs[:1]) != 0]
    word_keys, n_texts = np.unique((pairs >> np.uint64(32)).astype(np.uint32), return_counts=True)
    frequent = n_texts >= _MIN_TEXTS
    word_keys, word_idf = word_keys[frequent], _idf(n_texts[frequent], len(tokens))

    character_keys, of_characters = _count_characters(table)
    n_texts = np.bincount(of_characters.indices, minlength=len(character_keys))
    features = NgramFeatures(word_keys, word_idf, character_keys, _idf(n_texts, len(tokens)))

    no_coef = np.empty((len(character_keys), 0), np.float32)
    squares = features.character_sums(table.words, no_coef)[:, 0]
    lengths = _lengths(table, squares).astype(np.float32)
    of_characters.data *= features.character_idf[of_characters.indices]
    of_characters.data /= np.repeat(lengths, np.diff(of_characters.indptr))
    rows, places, values = _weighted_ngrams(features, table)
    of_words = _table(values, rows, places, (len(tokens), len(word_keys)))
    return features, csr_array(hstack([of_words, of_characters]))


@dataclass(frozen=True, slots=True, eq=False)
class _Words:
    """Texts by their distinct words.

    Attributes
    ----------
    n_texts : how many texts
    words : U distinct ones
    ids : (n_tokens,) which word each token is
    rows : (n_tokens,) which text it stands in
    pair_rows, pair_words, log_counts : (n_pairs,) each word of each text once, and 1 + log of how
        often it stands there
    """

    n_texts: int
    words: list[str]
    ids: Integers
    rows: Integers
    pair_rows: Integers
    pair_words: Integers
    log_counts: Floats

    @classmethod
    def of(cls, tokens: Sequence[Sequence[str]]) -> _Words:
        numbers: dict[str, int] = {}
        lengths = np.fromiter(map(len, tokens), np.int64, len(tokens))
        numbered = (numbers.setdefault(word, len(numbers)) for text in tokens for word in text)
        ids = np.fromiter(numbered, np.int64, int(lengths.sum()))
        rows = np.repeat(np.arange(len(tokens)), lengths)
        pairs, counts = np.unique(rows * max(len(numbers), 1) + ids, return_counts=True)
        pair_rows, pair_words = np.divmod(pairs, max(len(numbers), 1))
        return cls(len(tokens), list(numbers), ids, rows, pair_rows, pair_words, 1 + np.log(counts))


def _hashed_word_ngrams(table: _Words) -> tuple[NDArray[np.uint32], Integers]:
    """Hash the n-grams of words, and say which text each stands in."""
    of_words = [crc32(word.encode("utf-8", "surrogatepass")) for word in table.words]
    hashes = np.array(of_words, np.uint32)[table.ids]
    prefix, keys, rows = hashes, [hashes], [table.rows]
    for n in range(2, _MAX_WORDS + 1):
        prefix = (prefix[:-1] * _PRIME) ^ hashes[n - 1 :]
        inside = table.rows[: len(prefix)] == table.rows[n - 1 :]
        keys.append((prefix * _SPREAD + np.uint32(n))[inside])
        rows.append(table.rows[: len(prefix)][inside])
    return np.concatenate(keys), np.concatenate(rows)


def _idf(n_texts: Integers, n: int) -> NDArray[np.float32]:
    """Inverse document frequency, as of scikit-learn's TfidfTransformer."""
    idf: NDArray[np.float32] = (np.log((1 + n) / (1 + n_texts)) + 1).astype(np.float32)
    return idf


def _weighted_ngrams(features: NgramFeatures, table: _Words) -> tuple[Integers, Integers, Floats]:
    """Row, place in `word_keys`, and weight of each n-gram of words in each text."""
    keys, rows = _hashed_word_ngrams(table)
    places, known = find_keys(features.word_keys, keys)
    n_keys = max(len(features.word_keys), 1)
    pairs, counts = np.unique(rows[known] * n_keys + places[known], return_counts=True)
    rows, places = np.divmod(pairs, n_keys)
    values = (1 + np.log(counts)) * features.word_idf[places]
    lengths = np.sqrt(np.bincount(rows, values**2))
    return rows, places, values / lengths[rows]


def _count_characters(table: _Words) -> tuple[NDArray[np.uint32], Any]:
    """The n-grams of characters that count, and how often each text has them, csr (n_texts, c)."""
    from scipy.sparse import csr_array

    hashes, offsets = hashed_ngrams(table.words, _CHARACTERS)
    n_texts = np.bincount(table.pair_words, minlength=len(table.words))  # (U,)
    keys, places = np.unique(hashes, return_inverse=True)
    frequent = np.bincount(places, np.repeat(n_texts, np.diff(offsets)), len(keys)) >= _MIN_TEXTS
    keys = keys[frequent]
    words = word_ngrams(table.words, keys, _CHARACTERS)
    ones, offsets = np.ones(len(words.ids), np.float32), words.offsets.astype(np.int32)
    of_words = csr_array((ones, words.ids, offsets), (len(words), len(keys)))
    shape = (table.n_texts, len(words))
    of_texts = _table(table.log_counts, table.pair_rows, table.pair_words, shape)
    return keys, csr_array(of_texts @ of_words)


def _table(values: Floats, rows: Integers, columns: Integers, shape: tuple[int, int]) -> Any:
    """Return a csr_array of float32 with the short indices that scikit-learn wants."""
    from scipy.sparse import csr_array

    places = (rows.astype(np.int32), columns.astype(np.int32))
    return csr_array((values.astype(np.float32), places), shape)


def _lengths(table: _Words, squares: Floats) -> Floats:
    """Length of each text, (n_texts,), from those of its words, squared; 1 instead of 0."""
    of_pairs = table.log_counts**2 * squares[table.pair_words]
    lengths = np.sqrt(np.bincount(table.pair_rows, of_pairs, table.n_texts))
    return np.where(lengths > 0, lengths, 1)


def _sums(values: Floats, offsets: Integers) -> Floats:
    """Sum of the values between neighbouring offsets, zero where there are none."""
    sums = np.zeros(len(offsets) - 1)
    some = np.flatnonzero(np.diff(offsets))
    if len(some):
        sums[some] = np.add.reduceat(values, offsets[some])
    return sums
