"""The n-gram model: logistic regression on n-grams of words and characters, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32, Float64
from skcnn.predicting._parts import ExpectedArray, check_arrays, check_names
from skcnn.text._long_text import Tokens, blocks_of_tokens
from skcnn.text._ngrams import NgramFeatures, TextsByWord, WordSums

# Number of tokens that are counted at once, at about 250 bytes a token.
_TOKENS_PER_BLOCK = 2**16
# The largest number of entries of a table with one row for each word and one column for each class.
_ENTRIES = 2**22
_FEATURES = ("word_keys", "word_idf", "character_keys", "character_idf")
# Beyond it a probability is within 1e-13 of 0 or 1. For several classes, one of them must not be 0.
MAX_LOG_ODDS = 30
_COEFFICIENTS = ("word_coef", "character_coef", "intercept")
_ARRAYS = {
    "word_keys": ExpectedArray(("n_word_ngrams",), ("uint32",), "ascending"),
    "word_idf": ExpectedArray(("n_word_ngrams",), values="positive"),
    "word_coef": ExpectedArray(("n_word_ngrams", "n_columns")),
    "character_keys": ExpectedArray(("n_character_ngrams",), ("uint32",), "ascending"),
    "character_idf": ExpectedArray(("n_character_ngrams",), values="positive"),
    "character_coef": ExpectedArray(("n_character_ngrams", "n_columns")),
    "intercept": ExpectedArray(("n_columns",)),
}
# Words whose character n-grams are summed up at once when the sums are cached: limits memory.
_WORDS_AT_ONCE = 4096
# The largest number of bytes of cached sums. Without them, predicting is slower.
_BYTES_OF_CACHE = 2**28


@dataclass(frozen=True, slots=True, eq=False)
class NgramModel:
    """A fitted n-gram model.

    Attributes
    ----------
    features : NgramFeatures with m n-grams of words and c of characters
    word_coef, character_coef : (m, n_columns) and (c, n_columns) float32; n_columns is 1 for two
        classes, else n_classes: each class against the rest
    intercept : (n_columns,) float32
    cached_words : words whose character n-grams are summed up already, and their rows in
        `cached_sums`
    cached_sums : of the U cached words, see `NgramFeatures.character_sums`
    """

    kind: ClassVar[str] = "ngrams"
    reads_tokens: ClassVar[bool] = True
    features: NgramFeatures
    word_coef: Float32
    character_coef: Float32
    intercept: Float32
    cached_words: dict[str, int] = field(default_factory=dict)
    cached_sums: WordSums | None = None

    def with_cached_words(self, words: Sequence[str]) -> NgramModel:
        """Return the same model, faster for texts that consist of these words."""
        if 8 * len(words) * (len(self.intercept) + 1) > _BYTES_OF_CACHE:
            return replace(self, cached_words={}, cached_sums=None)
        parts = [
            self.features.character_sums(words[begin : begin + _WORDS_AT_ONCE], self.character_coef)
            for begin in range(0, max(len(words), 1), _WORDS_AT_ONCE)
        ]
        sums = WordSums(
            np.concatenate([part.squares for part in parts]),
            np.concatenate([part.log_odds for part in parts]),
        )
        rows = {word: row for row, word in enumerate(words)}
        return replace(self, cached_words=rows, cached_sums=sums)

    def predict_proba(self, texts: Sequence[str], tokens: Sequence[Tokens]) -> Float64:
        """Estimate P(class | text) for n texts, (n, K)."""
        log_odds = np.empty((len(tokens), len(self.intercept)))
        n_tokens = min(_TOKENS_PER_BLOCK, max(1024, _ENTRIES // len(self.intercept)))
        for rows, is_long in blocks_of_tokens(tokens, n_tokens):
            if is_long:
                log_odds[rows] = self.features.log_odds_of_long_text(
                    tokens[rows.start], self.word_coef, self.character_sums, n_tokens
                )
            else:
                by_word = TextsByWord.from_tokens(tokens[rows])  # type: ignore[arg-type]
                sums = self.character_sums(by_word.words)
                log_odds[rows] = self.features.log_odds(by_word, self.word_coef, sums)
        return to_probabilities(log_odds + self.intercept)

    def character_sums(self, words: list[str]) -> WordSums:
        """Return what the n-grams of characters of each word contribute."""
        if self.cached_sums is None or not self.cached_words:
            return self.features.character_sums(words, self.character_coef)
        rows = np.fromiter((self.cached_words.get(w, -1) for w in words), np.int64, len(words))
        is_new = rows < 0
        sums = self.cached_sums.take(rows)  # for a new word wrong ones, which are replaced below
        if is_new.any():
            new = self.features.character_sums(list(compress(words, is_new)), self.character_coef)
            sums.squares[is_new], sums.log_odds[is_new] = new.squares, new.log_odds
        return sums

    def without_unseen_words(self) -> NgramModel:
        """Return the same model: it has no vectors of words."""
        return self

    def header(self) -> dict[str, Any]:
        """Return what a model file keeps as JSON."""
        return {}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a model file keeps as arrays."""
        features = {name: getattr(self.features, name) for name in _FEATURES}
        return features | {name: getattr(self, name) for name in _COEFFICIENTS}

    @classmethod
    def from_parts(
        cls, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], n_classes: int
    ) -> NgramModel:
        """Build the model from the parts of a model file, see `Member`."""
        check_names(header, ("kind",), cls.kind)
        check_arrays(arrays, _ARRAYS, {"n_columns": 1 if n_classes == 2 else n_classes}, cls.kind)
        features = NgramFeatures(**{name: arrays[name] for name in _FEATURES})
        word_coef, character_coef, intercept = (arrays[name] for name in _COEFFICIENTS)
        return cls(features, word_coef, character_coef, intercept)


def to_probabilities(log_odds: NDArray[np.floating[Any]]) -> Float64:
    """Turn log-odds (n, n_columns) into probabilities (n, K)."""
    limited = np.clip(log_odds.astype(np.float64), -MAX_LOG_ODDS, MAX_LOG_ODDS)
    p = 1 / (1 + np.exp(-limited))
    if p.shape[1] == 1:
        return np.concatenate([1 - p, p], axis=1)
    probabilities: Float64 = p / p.sum(axis=1, keepdims=True)
    return probabilities
