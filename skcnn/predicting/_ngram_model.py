"""The n-gram model: logistic regression on n-grams of words and characters, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32, Float64
from skcnn.predicting._members import PartsError, check_numbers, check_shapes, part
from skcnn.text._ngrams import NgramFeatures, TextsByWord, WordSums

_KEYS = ("word_keys", "character_keys")
_FEATURES = ("word_keys", "word_idf", "character_keys", "character_idf")
# Beyond it a probability is within 1e-13 of 0 or 1. For several classes, one of them must not be 0.
_MAX_LOG_ODDS = 30
_COEFFICIENTS = ("word_coef", "character_coef", "intercept")


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
    features: NgramFeatures
    word_coef: Float32
    character_coef: Float32
    intercept: Float32
    cached_words: dict[str, int] = field(default_factory=dict)
    cached_sums: WordSums | None = None

    def with_cached_words(self, words: Sequence[str]) -> NgramModel:
        """Return the same model, faster for texts that consist of these words."""
        sums = self.features.character_sums(words, self.character_coef)
        rows = {word: row for row, word in enumerate(words)}
        return replace(self, cached_words=rows, cached_sums=sums)

    def predict_proba(self, texts: Sequence[str], tokens: Sequence[Sequence[str]]) -> Float64:
        """Estimate P(class | text) for n texts, (n, K)."""
        by_word = TextsByWord.from_tokens(tokens)
        sums = self.character_sums(by_word.words)
        log_odds = self.features.log_odds(by_word, self.word_coef, sums)
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
        features = NgramFeatures(**{name: part(arrays, name) for name in _FEATURES})
        model = cls(features, *(part(arrays, name) for name in _COEFFICIENTS))
        _check(model, n_classes)
        return model


def _check(model: NgramModel, n_classes: int) -> None:
    """Raise an error if arrays do not fit together: now, and not when predicting."""
    features = model.features
    n_columns = 1 if n_classes == 2 else n_classes
    n_word_ngrams, n_character_ngrams = features.word_keys.size, features.character_keys.size
    check_shapes(
        {
            "word_keys": (features.word_keys.shape, (n_word_ngrams,)),
            "character_keys": (features.character_keys.shape, (n_character_ngrams,)),
            "word_idf": (features.word_idf.shape, (n_word_ngrams,)),
            "character_idf": (features.character_idf.shape, (n_character_ngrams,)),
            "word_coef": (model.word_coef.shape, (n_word_ngrams, n_columns)),
            "character_coef": (model.character_coef.shape, (n_character_ngrams, n_columns)),
            "intercept": (model.intercept.shape, (n_columns,)),
        }
    )
    check_numbers(model.arrays(), dict.fromkeys(_KEYS, "u"))
    for keys in (features.word_keys, features.character_keys):
        if keys.dtype != np.uint32 or (keys[1:] <= keys[:-1]).any():
            raise PartsError(f"word_keys or character_keys has dtype {keys.dtype}, or descends")


def to_probabilities(log_odds: NDArray[np.floating[Any]]) -> Float64:
    """Turn log-odds (n, n_columns) into probabilities (n, K)."""
    limited = np.clip(log_odds.astype(np.float64), -_MAX_LOG_ODDS, _MAX_LOG_ODDS)
    p = 1 / (1 + np.exp(-limited))
    if p.shape[1] == 1:
        return np.concatenate([1 - p, p], axis=1)
    probabilities: Float64 = p / p.sum(axis=1, keepdims=True)
    return probabilities
