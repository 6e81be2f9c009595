"""Subwords: character n-grams, which related and misspelled words have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32, Int64
from skcnn.text._sequences import UNKNOWN, TokenSequences
from skcnn.text._vocabulary import FIRST_WORD

# Characters in a row. 2 to 4 instead of 3 to 5 changes costs less than the spread between splits
# of the data, see docs/design.md, "How the defaults were chosen".
SIZES = (3, 4, 5)
# Of a longer word only this many characters count. Among the 99,000 distinct words of seven corpora
# (six English, one Chinese), 36 are longer, and 33 of these are URLs.
MAX_CHARACTERS = 40
# Limits memory: at 30 n-grams a word and 100 dimensions, this many words need 50 MB.
_WORDS_AT_ONCE = 4096
# Penalty of the ridge regression, and number of steps of conjugate gradients. Measured on GloVe's
# 20,000 most frequent words, a fifth of them held out: 10 steps explain 0.51 of the variance of the
# other words and 0.14 of the held-out ones; 40 steps explain 0.67 and 0.09.
_RIDGE, _RIDGE_STEPS = 0.01, 10
_TINY = np.float32(1e-30)  # instead of 0 in a denominator
# The hash of Fowler, Noll and Vo in 32 bits, FNV-1a, over code points instead of bytes.
FNV_OFFSET_BASIS = np.uint32(2166136261)
FNV_PRIME: Final = np.uint32(16777619)


def hashed_ngrams(
    words: Sequence[str], sizes: tuple[int, ...] = SIZES
) -> tuple[NDArray[np.uint32], Int64]:
    """Hash the character n-grams of "<word>", for each word, as fastText does [1]_.

    Parameters
    ----------
    words : sequence of str
        A word of one character has no n-grams, because they would add nothing to the word.
    sizes : tuple of int, default=(3, 4, 5)
        Numbers of characters of an n-gram, ascending.

    Returns
    -------
    hashes : ndarray of uint32, shape (n_ngrams,)
        The hashes of all words, one word after the other.
    offsets : ndarray of int64, shape (n_words + 1,)
        The hashes of word i are `hashes[offsets[i]:offsets[i + 1]]`.

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
    text = "".join([f"<{word[:MAX_CHARACTERS]}>" for word in words])
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    owner_of = np.repeat(np.arange(len(words)), np.minimum(lengths, MAX_CHARACTERS) + 2)
    is_long = lengths > 1
    hashes, owners = [], []
    prefix = np.full(len(codes), FNV_OFFSET_BASIS)
    for i in range(sizes[-1]):
        n = max(len(codes) - i, 0)
        prefix = (prefix[:n] ^ codes[i:]) * FNV_PRIME  # (n,) hash of the next i + 1 characters
        if i + 1 in sizes:
            is_inside = (owner_of[:n] == owner_of[i:]) & is_long[owner_of[i:]]
            hashes.append(prefix[is_inside])
            owners.append(owner_of[i:][is_inside])
    owner = np.concatenate(owners)
    by_word = np.argsort(owner, kind="stable")
    counts = np.bincount(owner, minlength=len(words))
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    return np.concatenate(hashes)[by_word], offsets


def frequent_ngrams(words: Sequence[str], min_words: int) -> NDArray[np.uint32]:
    """Return the hashes, ascending, of the n-grams that at least `min_words` of the words have."""
    hashes, offsets = hashed_ngrams(words)
    owner = np.repeat(np.arange(len(words), dtype=np.uint64), np.diff(offsets))
    pairs = np.unique((hashes.astype(np.uint64) << np.uint64(32)) | owner)
    keys, counts = np.unique((pairs >> np.uint64(32)).astype(np.uint32), return_counts=True)
    return keys[counts >= min_words]


def find_keys(
    keys: NDArray[np.uint32], hashes: NDArray[np.uint32]
) -> tuple[Int64, NDArray[np.bool_]]:
    """Return the positions of hashes among ascending keys, and whether they are there at all."""
    places = np.searchsorted(keys, hashes)
    known = places < len(keys)
    known[known] = keys[places[known]] == hashes[known]
    return places, known


def word_ngrams(
    words: Sequence[str], keys: NDArray[np.uint32], sizes: tuple[int, ...] = SIZES
) -> TokenSequences:
    """Return the positions in `keys` of each word's n-grams, without those that are not there."""
    hashes, offsets = hashed_ngrams(words, sizes)
    places, known = find_keys(keys, hashes)
    kept = np.concatenate([np.zeros(1, np.int64), np.cumsum(known)])
    return TokenSequences(places[known].astype(np.int32), kept[offsets])


def word_parts(words: Sequence[str], n_known: int, keys: NDArray[np.uint32]) -> TokenSequences:
    """Return the rows of an embedding that make up each id: its own, then those of its n-grams.

    Parameters
    ----------
    words : sequence of str
        The words of the ids from `FIRST_WORD` on.
    n_known : int
        Ids below it have a row of their own. The others have the row of the unknown word instead.
    keys : ndarray of uint32
        Hashes of the n-grams that have a row. Their rows begin at `n_known`.

    Returns
    -------
    TokenSequences
        The rows of each of the n_ids ids.
    """
    no_words = [""] * FIRST_WORD  # padding and the unknown word have no n-grams
    ngrams = word_ngrams([*no_words, *words], keys)  # (n_ids,)
    own = np.arange(len(ngrams))
    own[n_known:] = UNKNOWN
    rows = np.insert(ngrams.ids + np.int32(n_known), ngrams.offsets[:-1], own)
    return TokenSequences(rows.astype(np.int32), ngrams.offsets + np.arange(len(ngrams) + 1))


def explain_by_subwords(vectors: Float32, ngrams: TokenSequences, n_ngrams: int) -> Float32:
    """Find vectors of n-grams so that the mean over a word's n-grams is close to its vector [1]_.

    A word that training did not see then starts with what its n-grams have in common with known
    words. This is a ridge regression: with A (n_words, n_ngrams), whose row i has 1 / count at
    each n-gram of word i, minimize over X ::

        |A X - vectors|^2 + ridge |X|^2

    by a few steps of conjugate gradients [2]_ from X = 0.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n_words, d)
        The vectors of words.
    ngrams : TokenSequences
        The n-grams of each word, as numbers below `n_ngrams`.
    n_ngrams : int
        Number of different n-grams.

    Returns
    -------
    ndarray of float32, shape (n_ngrams, d)

    References
    ----------
    .. [1] J. Zhao, S. Mudgal and Y. Liang (2018). Generalizing word embeddings using bag of
       subwords. EMNLP.
    .. [2] M. R. Hestenes and E. Stiefel (1952). Methods of conjugate gradients for solving linear
       systems. Journal of Research of the National Bureau of Standards 49(6), 409-436.
    """
    from scipy.sparse import csr_array

    lengths = ngrams.lengths
    shares = np.repeat(1 / np.maximum(lengths, 1), lengths).astype(np.float32)
    means = csr_array((shares, ngrams.ids, ngrams.offsets), shape=(len(ngrams), n_ngrams))
    solution = np.zeros((n_ngrams, vectors.shape[1]), np.float32)
    residual = means.T @ vectors  # (n_ngrams, d)
    direction, square = residual.copy(), (residual**2).sum(axis=0)  # each column on its own
    for _ in range(_RIDGE_STEPS):
        image = means.T @ (means @ direction) + np.float32(_RIDGE) * direction
        step = square / np.maximum((direction * image).sum(axis=0), _TINY)
        solution += step * direction
        residual -= step * image
        last, square = square, (residual**2).sum(axis=0)
        direction = residual + square / np.maximum(last, _TINY) * direction
    return solution


def ngram_means(vectors: Float32, ngrams: TokenSequences) -> Float32:
    """Return the mean of the vectors of each word's n-grams, (n_words, d); 0 for no n-grams."""
    means = np.zeros((len(ngrams), vectors.shape[1]), np.float32)
    lengths = ngrams.lengths
    filled = np.flatnonzero(lengths)
    for begin in range(0, len(filled), _WORDS_AT_ONCE):
        rows = filled[begin : begin + _WORDS_AT_ONCE]
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
        The hashes of the n-grams, ascending.
    vectors : ndarray of float32, shape (n_ngrams, d)
        Their vectors.
    """

    keys: NDArray[np.uint32]
    vectors: Float32

    def means(self, words: Sequence[str]) -> Float32:
        """Return the mean vector of each word's n-grams, (n_words, d); 0 if none has a vector."""
        return ngram_means(self.vectors, word_ngrams(words, self.keys))
