"""Texts as weighted n-grams of words and of characters: the input of the n-gram model."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32, Float64, Int64
from skcnn.text._long_text import windows
from skcnn.text._subwords import FNV_PRIME, find_keys, hashed_ngrams, word_ngrams

# Measured, see docs/design.md, "The n-gram model":
MAX_WORDS = 3  # words in a row; a little cheaper than 2
CHARACTER_SIZES = (1, 2, 3, 4)  # characters in a row; as cheap as 2 to 5
# With many texts, leaving out n-grams of a single text does not raise the cost, and saves memory.
# With few texts, their n-grams are worth keeping.
_MIN_TEXTS, _KEEP_ALL_BELOW = 2, 20_000
# 2^32 divided by the golden ratio, from Knuth's multiplicative hashing (The Art of Computer
# Programming, volume 3, section 6.4).
SPREAD = np.uint32(2654435761)
# Limits memory: the n-grams of characters of so many words take at most 60 MB at once.
_WORDS_AT_ONCE = 2048


@dataclass(frozen=True, slots=True, eq=False)
class TextsByWord:
    """Tokenized texts as counts of their distinct words.

    Attributes
    ----------
    n_texts : int
    words : list of str
        The U distinct words.
    ids, rows : ndarray of int64, shape (n_tokens,)
        Of each token: the position of its word in `words`, and the row of its text.
    pair_rows, pair_ids : ndarray of int64, shape (n_pairs,)
        Each word of each text once: the row of the text, and the position of the word in `words`.
    log_counts : ndarray of float64, shape (n_pairs,)
        1 + log(how often the word occurs in the text).
    """

    n_texts: int
    words: list[str]
    ids: Int64
    rows: Int64
    pair_rows: Int64
    pair_ids: Int64
    log_counts: Float64

    @classmethod
    def from_tokens(cls, tokens: Sequence[Sequence[str]]) -> TextsByWord:
        """Count the words of tokenized texts."""
        positions: defaultdict[str, int] = defaultdict()
        positions.default_factory = positions.__len__  # a new word gets the next position
        lengths = np.fromiter(map(len, tokens), np.int64, len(tokens))
        found = map(positions.__getitem__, chain.from_iterable(tokens))
        ids = np.fromiter(found, np.int64, int(lengths.sum()))
        positions.default_factory = None  # it refers to `positions`: a cycle would free it late
        rows = np.repeat(np.arange(len(tokens)), lengths)
        n_distinct = max(len(positions), 1)
        pairs, counts = np.unique(rows * n_distinct + ids, return_counts=True)
        pair_rows, pair_ids = np.divmod(pairs, n_distinct)
        log_counts = 1 + np.log(counts)
        return cls(len(tokens), list(positions), ids, rows, pair_rows, pair_ids, log_counts)


@dataclass(frozen=True, slots=True, eq=False)
class WordSums:
    """What the character n-grams of each of U words contribute to a text that contains the word.

    Attributes
    ----------
    squares : ndarray of float64, shape (U,)
        Sums of the squared weights of the word's n-grams.
    log_odds : ndarray of float64, shape (U, n_columns)
        Sums of weight times coefficient.
    """

    squares: Float64
    log_odds: Float64

    def take(self, rows: Int64) -> WordSums:
        """Return the sums of the chosen words, in new arrays."""
        return WordSums(self.squares[rows], self.log_odds[rows])


@dataclass(frozen=True, slots=True, eq=False)
class NgramFeatures:
    """The n-grams that were chosen from training texts, as hashes, and their weights.

    *N-grams of words* are one to three words in a row. If there are 20,000 training texts or more,
    only those that occur in at least two of them are chosen, here and below. Their weights in a
    text are TF-IDF with logarithmic counts, and the vector of a text has length one, as from
    scikit-learn's `TfidfVectorizer(sublinear_tf=True)`.

    *N-grams of characters* are one to four characters of "<word>", see `hashed_ngrams`. For the
    choice of n-grams, the distinct words of each text are counted once. Let n(w) be how often the
    text contains the word w, and n(g, w) how often w contains the n-gram g. Then the weight of g
    in the text is ::

        sum over w of (1 + log n(w)) n(g, w) idf(g) / length
        length^2 = sum over w of (1 + log n(w))^2 (sum over g of n(g, w) idf(g)^2)

    So the contribution of a word, apart from the length, is the same in every text, and is
    computed only once (see `WordSums`).

    Attributes
    ----------
    word_keys : ndarray of uint32, shape (m,)
        Hashes of the n-grams of words, ascending.
    word_idf : ndarray of float32, shape (m,)
        Their inverse document frequencies.
    character_keys : ndarray of uint32, shape (c,)
        Hashes of the n-grams of characters, ascending.
    character_idf : ndarray of float32, shape (c,)
        Their inverse document frequencies.
    """

    word_keys: NDArray[np.uint32]
    word_idf: Float32
    character_keys: NDArray[np.uint32]
    character_idf: Float32

    def log_odds(self, texts: TextsByWord, word_coef: Float32, sums: WordSums) -> Float64:
        """Sum up weight times coefficient over the n-grams of each text.

        Parameters
        ----------
        texts : TextsByWord
        word_coef : ndarray of float32, shape (m, n_columns)
            The coefficients of the n-grams of words.
        sums : WordSums
            The sums of `texts.words`, from `character_sums`.

        Returns
        -------
        ndarray of float64, shape (n_texts, n_columns)
        """
        rows, places, weights = _word_weights(self, texts)
        shares = texts.log_counts / _lengths(texts, sums.squares)[texts.pair_rows]
        columns = [
            np.bincount(rows, weights * of_ngram[places], texts.n_texts)
            + np.bincount(texts.pair_rows, shares * of_word[texts.pair_ids], texts.n_texts)
            for of_ngram, of_word in zip(word_coef.T, sums.log_odds.T, strict=True)
        ]
        return np.stack(columns, axis=1)  # (n_texts, n_columns)

    def contributions(
        self, text: TextsByWord, word_coef: Float32, sums: WordSums
    ) -> tuple[list[Int64], list[Float64]]:
        """Return the terms of `log_odds` for one text.

        Parameters
        ----------
        text : TextsByWord
            One text.
        word_coef, sums : as for `log_odds`

        Returns
        -------
        starts : list of ndarray of int64, shape (m,)
            For n = 1, 2, 3: the tokens at which a known n-gram begins.
        contributions : list of ndarray of float64, shape (m, n_columns)
            What it contributes there. An n-gram that occurs several times has equal parts. For
            n = 1, every token is listed, and the n-grams of its characters count too.
        """
        keys, _ = _hashed_word_ngrams(text)
        places, known = find_keys(self.word_keys, keys)
        _, kept, weights = _word_weights(self, text)
        of_place = dict(zip(kept.tolist(), weights.tolist(), strict=True))
        n_times = np.unique(places[known], return_counts=True)
        shares = np.zeros(len(keys))
        each = [of_place[place] for place in n_times[0].tolist()] / n_times[1]
        shares[known] = each[np.searchsorted(n_times[0], places[known])]
        coef = np.zeros((len(keys), word_coef.shape[1]))
        coef[known] = word_coef[places[known]]
        terms = shares[:, np.newaxis] * coef  # (n-grams of the text, n_columns)
        of_words = self._of_words(text, sums)  # (n_tokens, n_columns)
        n_tokens = len(text.ids)
        counts = [max(n_tokens - n, 0) for n in range(MAX_WORDS)]
        parts = np.split(terms, np.cumsum(counts)[:-1])
        parts[0] = parts[0] + of_words
        return [np.arange(count) for count in counts], parts

    def _of_words(self, text: TextsByWord, sums: WordSums) -> Float64:
        """Return what the characters of each token of one text contribute, (L, n_columns)."""
        n_times = np.bincount(text.ids, minlength=len(text.words))  # (U,)
        of_pairs = text.log_counts / _lengths(text, sums.squares)[text.pair_rows]
        shares = np.zeros(len(text.words))
        shares[text.pair_ids] = of_pairs
        of_word = (shares / np.maximum(n_times, 1))[:, np.newaxis] * sums.log_odds
        return np.asarray(of_word[text.ids])

    def character_sums(self, words: Sequence[str], coef: Float32) -> WordSums:
        """Sum up the character n-grams of each word, with coefficients `coef`, (c, n_columns)."""
        sums = WordSums(np.empty(len(words)), np.empty((len(words), coef.shape[1])))
        for begin in range(0, len(words), _WORDS_AT_ONCE):
            rows = slice(begin, begin + _WORDS_AT_ONCE)
            sums.squares[rows], sums.log_odds[rows] = self._character_sums(words[rows], coef)
        return sums

    def _character_sums(self, words: Sequence[str], coef: Float32) -> tuple[Float64, Float64]:
        ngrams = word_ngrams(words, self.character_keys, CHARACTER_SIZES)
        idf = self.character_idf[ngrams.ids].astype(np.float64)  # (n-grams of all words,)
        log_odds = np.empty((len(ngrams), coef.shape[1]))
        for k, of_ngram in enumerate(coef.T):
            log_odds[:, k] = _sums(idf * of_ngram[ngrams.ids], ngrams.offsets)
        return _sums(idf**2, ngrams.offsets), log_odds

    def log_odds_of_long_text(
        self,
        tokens: Iterable[str],
        word_coef: Float32,
        character_sums: Callable[[list[str]], WordSums],
        n_tokens: int,
    ) -> Float64:
        """Do the same as `log_odds` for one text, with `n_tokens` of its tokens at once.

        Parameters
        ----------
        tokens : iterable of str
        word_coef : ndarray of float32, shape (m, n_columns)
        character_sums : function from words to their sums
        n_tokens : int

        Returns
        -------
        ndarray of float64, shape (n_columns,)
        """
        n_times = np.zeros(len(self.word_keys), np.int32)  # (m,)
        words: Counter[str] = Counter()
        for window, is_last in windows(tokens, n_tokens, MAX_WORDS - 1):
            n_begins = len(window) if is_last else n_tokens
            words.update(window[:n_begins])
            for keys in _keys_by_size(hashes_of(window)):
                places, known = find_keys(self.word_keys, keys[:n_begins])
                np.add.at(n_times, places[known], 1)
        places = np.flatnonzero(n_times)
        weights = (1 + np.log(n_times[places])) * self.word_idf[places]
        weights /= np.linalg.norm(weights) or 1
        of_words = np.array([weights @ of_ngram[places] for of_ngram in word_coef.T])
        return of_words + _character_log_odds(words, word_coef.shape[1], character_sums)


def _character_log_odds(
    words: Counter[str], n_columns: int, character_sums: Callable[[list[str]], WordSums]
) -> Float64:
    """Log-odds from the n-grams of characters of one text with these words, (n_columns,)."""
    square, log_odds = 0.0, np.zeros(n_columns)
    rest = iter(words.items())
    while some := dict(islice(rest, _WORDS_AT_ONCE)):
        sums = character_sums(list(some))
        log_counts = 1 + np.log(np.fromiter(some.values(), np.int64, len(some)))
        square += float(log_counts**2 @ sums.squares)
        log_odds += log_counts @ sums.log_odds
    return log_odds / (np.sqrt(square) or 1)


def fit_ngrams(tokens: Sequence[Sequence[str]]) -> tuple[NgramFeatures, Any]:
    """Choose and weigh the n-grams of training texts.

    Parameters
    ----------
    tokens : sequence of sequences of str, length n_texts
        The tokens of each text.

    Returns
    -------
    features : NgramFeatures
    matrix : csr_array of float32, shape (n_texts, m + c)
        The weights in each text: first the n-grams of words, then those of characters.
    """
    texts = TextsByWord.from_tokens(tokens)
    counts = count_ngrams(texts, _MIN_TEXTS if texts.n_texts >= _KEEP_ALL_BELOW else 1)
    idf = inverse_document_frequency(counts.n_texts_with, texts.n_texts)
    word_idf, character_idf = np.split(idf, [len(counts.word_keys)])
    features = NgramFeatures(counts.word_keys, word_idf, counts.character_keys, character_idf)
    return features, ngram_matrix(features, texts, counts)


@dataclass(frozen=True, slots=True, eq=False)
class NgramCounts:
    """The n-grams of some texts.

    Attributes
    ----------
    word_keys, character_keys : ndarray of uint32, shapes (m,) and (c,)
        Hashes of the n-grams, ascending.
    n_texts_with : ndarray of int64, shape (m + c,)
        In how many of the texts each n-gram occurs.
    of_characters : csr_array of shape (n_texts, c)
        Counts of the n-grams of characters: the sum of (1 + log n(w)) n(g, w) over the words.
    """

    word_keys: NDArray[np.uint32]
    character_keys: NDArray[np.uint32]
    n_texts_with: Int64
    of_characters: Any


def count_ngrams(texts: TextsByWord, at_least: int = 1) -> NgramCounts:
    """Find the n-grams that occur in at least so many of the texts."""
    word_keys, n_with_words = _choose_word_ngrams(texts, at_least)
    character_keys, of_characters = _count_character_ngrams(texts, at_least)
    n_with_characters = np.bincount(of_characters.indices, minlength=len(character_keys))
    n_texts_with = np.concatenate([n_with_words, n_with_characters])
    return NgramCounts(word_keys, character_keys, n_texts_with, of_characters)


def ngram_matrix(features: NgramFeatures, texts: TextsByWord, counts: NgramCounts) -> Any:
    """Return the weights of n-grams in texts, a csr_array of float32, (n_texts, m + c).

    Parameters
    ----------
    features : NgramFeatures
        It has all n-grams of `counts`, and may have more.
    texts : TextsByWord
    counts : NgramCounts
        The n-grams of these texts.
    """
    from scipy.sparse import csr_array, hstack

    no_coef = np.empty((len(features.character_keys), 0), np.float32)
    squares = features.character_sums(texts.words, no_coef).squares
    lengths = _lengths(texts, squares).astype(np.float32)
    found = counts.of_characters
    places = np.searchsorted(features.character_keys, counts.character_keys).astype(np.int32)
    columns = places[found.indices]
    weights = found.data * features.character_idf[columns]
    weights /= np.repeat(lengths, np.diff(found.indptr))
    shape = (texts.n_texts, len(features.character_keys))
    of_characters = csr_array((weights, columns, found.indptr), shape)
    rows, columns, weights = _word_weights(features, texts)
    of_words = _csr(weights, rows, columns, (texts.n_texts, len(features.word_keys)))
    return csr_array(hstack([of_words, of_characters]))


def _choose_word_ngrams(texts: TextsByWord, at_least: int) -> tuple[NDArray[np.uint32], Int64]:
    """Return the keys of the n-grams of words, ascending, and in how many texts each occurs."""
    keys, rows = _hashed_word_ngrams(texts)
    pairs = np.sort((keys.astype(np.uint64) << np.uint64(32)) | rows.astype(np.uint64))
    # The distinct pairs. Without counts to return, np.unique would take five times as long.
    pairs = pairs[np.diff(pairs, prepend=~pairs[:1]) != 0]
    keys, n_texts_with = np.unique((pairs >> np.uint64(32)).astype(np.uint32), return_counts=True)
    frequent = n_texts_with >= at_least
    return keys[frequent], n_texts_with[frequent]


def _hashed_word_ngrams(texts: TextsByWord) -> tuple[NDArray[np.uint32], Int64]:
    """Return the hash of each n-gram of words, and the row of the text it is in."""
    found, rows = [], []
    for n, keys in enumerate(_keys_by_size(hashes_of(texts.words)[texts.ids]), 1):
        is_inside = texts.rows[: len(keys)] == texts.rows[n - 1 :]
        found.append(keys[is_inside])
        rows.append(texts.rows[: len(keys)][is_inside])
    return np.concatenate(found), np.concatenate(rows)


def hashes_of(words: Sequence[str]) -> NDArray[np.uint32]:
    return np.array([crc32(word.encode("utf-8", "surrogatepass")) for word in words], np.uint32)


def _keys_by_size(hashes: NDArray[np.uint32]) -> list[NDArray[np.uint32]]:
    """Return the keys of all 1, 2, ... words in a row, from the hashes of the words."""
    prefix, keys = hashes, [hashes]
    for n in range(2, MAX_WORDS + 1):
        prefix = (prefix[:-1] * FNV_PRIME) ^ hashes[n - 1 :]
        keys.append(prefix * SPREAD + np.uint32(n))
    return keys


def inverse_document_frequency(n_texts_with: Int64, n_texts: int) -> Float32:
    """Inverse document frequency, by the formula of scikit-learn's TfidfTransformer."""
    idf: Float32 = (np.log((1 + n_texts) / (1 + n_texts_with)) + 1).astype(np.float32)
    return idf


def _word_weights(features: NgramFeatures, texts: TextsByWord) -> tuple[Int64, Int64, Float64]:
    """Return text row, position in `word_keys`, and weight of each n-gram of words."""
    keys, rows = _hashed_word_ngrams(texts)
    places, known = find_keys(features.word_keys, keys)
    n_keys = max(len(features.word_keys), 1)
    pairs, counts = np.unique(rows[known] * n_keys + places[known], return_counts=True)
    rows, places = np.divmod(pairs, n_keys)
    weights = (1 + np.log(counts)) * features.word_idf[places]
    lengths = np.sqrt(np.bincount(rows, weights**2))
    return rows, places, weights / lengths[rows]


def _count_character_ngrams(texts: TextsByWord, at_least: int) -> tuple[NDArray[np.uint32], Any]:
    """Return the keys of the n-grams of characters, and their counts as csr (n_texts, c)."""
    from scipy.sparse import csr_array

    hashes, offsets = hashed_ngrams(texts.words, CHARACTER_SIZES)
    n_texts_with = np.bincount(texts.pair_ids, minlength=len(texts.words))  # (U,)
    keys, places = np.unique(hashes, return_inverse=True)
    n_times = np.bincount(places, np.repeat(n_texts_with, np.diff(offsets)), len(keys))
    keys = keys[n_times >= at_least]
    ngrams = word_ngrams(texts.words, keys, CHARACTER_SIZES)
    ones, offsets = np.ones(len(ngrams.ids), np.float32), ngrams.offsets.astype(np.int32)
    of_words = csr_array((ones, ngrams.ids, offsets), (len(ngrams), len(keys)))
    shape = (texts.n_texts, len(ngrams))
    of_texts = _csr(texts.log_counts, texts.pair_rows, texts.pair_ids, shape)
    found = csr_array(of_texts @ of_words)  # (n_texts, U) @ (U, c)
    found.sort_indices()  # liblinear takes two thirds of the time with neighbors side by side
    return keys, found


def _csr(values: Float64, rows: Int64, columns: Int64, shape: tuple[int, int]) -> Any:
    """Return a csr_array of float32, with the indices of 32 bits that scikit-learn requires."""
    from scipy.sparse import csr_array

    places = (rows.astype(np.int32), columns.astype(np.int32))
    return csr_array((values.astype(np.float32), places), shape)


def _lengths(texts: TextsByWord, squares: Float64) -> Float64:
    """Return the length of each text's character n-grams, (n_texts,). A length of 0 becomes 1."""
    of_pairs = texts.log_counts**2 * squares[texts.pair_ids]
    lengths = np.sqrt(np.bincount(texts.pair_rows, of_pairs, texts.n_texts))
    return np.where(lengths > 0, lengths, 1)


def _sums(values: Float64, offsets: Int64) -> Float64:
    """Return the sum of the values between neighboring offsets. Where there are none, it is 0."""
    sums = np.zeros(len(offsets) - 1)
    filled = np.flatnonzero(np.diff(offsets))
    if len(filled):
        sums[filled] = np.add.reduceat(values, offsets[filled])
    return sums
