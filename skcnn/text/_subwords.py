"""Pieces of words: character n-grams, by which related and misspelt words know each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skcnn.text._sequences import UNKNOWN, TokenSequences

_SIZES = (3, 4, 5)
# Of longer words (nearly all of them URLs) the beginning counts.
_MAX_CHARACTERS = 40
_WORDS_AT_ONCE = 4096
_RIDGE, _RIDGE_STEPS = 0.01, 10
_TINY = np.float32(1e-30)
# Fowler, Noll and Vo's hash, over code points.
_OFFSET_BASIS, _PRIME = np.uint32(2166136261), np.uint32(16777619)


def hashed_ngrams(
    words: Sequence[str], sizes: tuple[int, ...] = _SIZES
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Hash the character n-grams of "<word>", as fastText takes them [1]_.

    Parameters
    ----------
    words : sequence of str
        A word of one character has no n-grams: they would say no more than the word.
    sizes : tuple of int, default=(3, 4, 5)
        How many characters they have, ascending.

    Returns
    -------
    hashes : ndarray of uint32, shape (n_ngrams,)
        Those of all words, end to end.
    offsets : ndarray of int64, shape (n_words + 1,)
        Word i owns `hashes[offsets[i]:offsets[i + 1]]`.

    References
    ----------
    .. [1] P. Bojanowski, E. Grave, A. Joulin and T. Mikolov (2017). Enriching word vectors with
       subword information. Transactions of the ACL 5, 135-146.

    Examples
    --------
    >>> hashes, offsets = hashed_ngrams(["as", "a", "ash"])
    >>> offsets  # <as as> <as>; none; <as ash sh> <ash ash> <ash>
    array([0, 3, 3, 9])
    >>> bool(hashes[0] == hashes[3])
    True
    """
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    text = "".join([f"<{word[:_MAX_CHARACTERS]}>" for word in words])
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    word_of = np.repeat(np.arange(len(words)), np.minimum(lengths, _MAX_CHARACTERS) + 2)
    is_long = lengths > 1
    hashes, owners = [], []
    prefix = np.full(len(codes), _OFFSET_BASIS)
    for i in range(sizes[-1]):
        n = max(len(codes) - i, 0)
        prefix = (prefix[:n] ^ codes[i:]) * _PRIME  # (n,) hash of the i + 1 characters from here
        if i + 1 in sizes:
            inside = (word_of[:n] == word_of[i:]) & is_long[word_of[i:]]
            hashes.append(prefix[inside])
            owners.append(word_of[i:][inside])
    owner = np.concatenate(owners)
    by_word = np.argsort(owner, kind="stable")
    counts = np.bincount(owner, minlength=len(words))
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    return np.concatenate(hashes)[by_word], offsets


def frequent_ngrams(words: Sequence[str], min_words: int) -> NDArray[np.uint32]:
    """Hashes of the n-grams that so many of the words have, sorted."""
    hashes, offsets = hashed_ngrams(words)
    owner = np.repeat(np.arange(len(words), dtype=np.uint64), np.diff(offsets))
    pairs = np.unique((hashes.astype(np.uint64) << np.uint64(32)) | owner)
    keys, counts = np.unique((pairs >> np.uint64(32)).astype(np.uint32), return_counts=True)
    return keys[counts >= min_words]


def find_keys(
    keys: NDArray[np.uint32], hashes: NDArray[np.uint32]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Places of hashes among ascending keys, and which of them are there."""
    places = np.searchsorted(keys, hashes)
    known = places < len(keys)
    known[known] = keys[places[known]] == hashes[known]
    return places, known


def word_ngrams(
    words: Sequence[str], keys: NDArray[np.uint32], sizes: tuple[int, ...] = _SIZES
) -> TokenSequences:
    """Places in `keys` of each word's n-grams; those that are not there are left out."""
    hashes, offsets = hashed_ngrams(words, sizes)
    places, known = find_keys(keys, hashes)
    kept = np.concatenate([np.zeros(1, np.int64), np.cumsum(known)])
    return TokenSequences(places[known].astype(np.int32), kept[offsets])


def word_parts(words: Sequence[str], n_known: int, keys: NDArray[np.uint32]) -> TokenSequences:
    """Rows of an embedding that each token id is made of: its own, then those of its subwords.

    Parameters
    ----------
    words : sequence of str
        The words of the ids from 2 on.
    n_known : int
        Ids below it have a row of their own; the others take that of the unknown word.
    keys : ndarray of uint32
        Hashes of the n-grams that have a row; their rows begin at `n_known`.
    """
    ngrams = word_ngrams(["", "", *words], keys)  # (n_ids,) padding and the unknown word have none
    own = np.arange(len(ngrams))
    own[n_known:] = UNKNOWN
    rows = np.insert(ngrams.ids + np.int32(n_known), ngrams.offsets[:-1], own)
    return TokenSequences(rows.astype(np.int32), ngrams.offsets + np.arange(len(ngrams) + 1))


def explain_by_subwords(
    vectors: NDArray[np.float32], ngrams: TokenSequences, n_ngrams: int
) -> NDArray[np.float32]:
    """Find vectors of n-grams whose means come close to the vectors of words [1]_.

    So a word that nobody has met yet begins with what its n-grams say about it. Ridge regression,
    by some steps of the method of conjugate gradients.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n_words, d)
    ngrams : TokenSequences
        The n-grams of each word, numbers below `n_ngrams`.
    n_ngrams : int

    Returns
    -------
    ndarray of float32, shape (n_ngrams, d)

    References
    ----------
    .. [1] J. Zhao, S. Mudgal and Y. Liang (2018). Generalizing word embeddings using bag of
       subwords. EMNLP.
    """
    from scipy.sparse import csr_array

    lengths = ngrams.lengths
    shares = np.repeat(1 / np.maximum(lengths, 1), lengths).astype(np.float32)
    means = csr_array((shares, ngrams.ids, ngrams.offsets), shape=(len(ngrams), n_ngrams))
    solution = np.zeros((n_ngrams, vectors.shape[1]), np.float32)
    residual = means.T @ vectors  # (n_ngrams, d)
    direction, square = residual.copy(), (residual**2).sum(axis=0)  # each column is a problem
    for _ in range(_RIDGE_STEPS):
        image = means.T @ (means @ direction) + np.float32(_RIDGE) * direction
        step = square / np.maximum((direction * image).sum(axis=0), _TINY)
        solution += step * direction
        residual -= step * image
        last, square = square, (residual**2).sum(axis=0)
        direction = residual + square / np.maximum(last, _TINY) * direction
    return solution


def ngram_means(vectors: NDArray[np.float32], ngrams: TokenSequences) -> NDArray[np.float32]:
    """Mean of the vectors of each word's n-grams, (n, d); zero for a word without."""
    means = np.zeros((len(ngrams), vectors.shape[1]), np.float32)
    lengths = ngrams.lengths
    some = np.flatnonzero(lengths)
    for begin in range(0, len(some), _WORDS_AT_ONCE):
        rows = some[begin : begin + _WORDS_AT_ONCE]
        first, end = ngrams.offsets[rows[0]], ngrams.offsets[rows[-1] + 1]
        found = vectors[ngrams.ids[first:end]]  # (n-grams, d)
        sums = np.add.reduceat(found, ngrams.offsets[rows] - first)
        means[rows] = sums / lengths[rows, np.newaxis].astype(np.float32)
    return means


@dataclass(frozen=True, slots=True, eq=False)
class SubwordVectors:
    """Vectors of character n-grams.

    Parameters
    ----------
    keys : ndarray of uint32, shape (n_ngrams,)
        Their hashes, ascending.
    vectors : ndarray of float32, shape (n_ngrams, d)
    """

    keys: NDArray[np.uint32]
    vectors: NDArray[np.float32]

    def means(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Mean vector of each word's n-grams, (n, d); zero where none is known."""
        return ngram_means(self.vectors, word_ngrams(words, self.keys))
