"""The n-gram model that learns from one part of the texts after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32, Float64, Int32, Int64
from skcnn.fitting._log_count_ratios import presence, ratios_of_counts
from skcnn.fitting._online_logistic_regression import fit_next_part
from skcnn.predicting._ngram_model import NgramModel
from skcnn.text._ngrams import (
    NgramFeatures,
    TextsByWord,
    count_ngrams,
    inverse_document_frequency,
    ngram_matrix,
)

# The mean variance of a coefficient before any text. The pool corrects probabilities that are too
# close to 0 and 1. docs/design.md compares values of all three numbers.
_VARIANCE = 16.0
# How much of the variance depends on the log-count ratio of the n-gram.
_SHARE_OF_RATIOS = 0.6
# What texts say about an n-gram counts so many times. N-grams occur together, so their coefficients
# are correlated, and the precision of each alone is too low.
_FACTOR_OF_PRECISION = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class NgramProgress:
    """What the texts so far say about each n-gram; the texts are not kept.

    There are m n-grams of words and c of characters, and one column for each class against the
    rest, a single one for two classes.

    Attributes
    ----------
    word_keys, character_keys : (m,) and (c,), hashes of the n-grams, ascending
    n_texts : number of texts so far
    n_texts_with : (m + c,), number of texts with the n-gram
    weight, class_weight : total weight of the texts, and (n_columns,) of those of each class
    weight_with, class_weight_with : (m + c,) and (m + c, n_columns), the same of texts with the
        n-gram
    squares, n_squares : (n_columns,), sum of the squared lengths of texts, if their n-grams are
        multiplied by log-count ratios; and the number of these texts
    precision : (m + c + 1, n_columns), what the texts add to the precision of each coefficient;
        the last row is that of the intercept
    pull : (m + c + 1, n_columns), the whole precision of each coefficient times its mean
    """

    word_keys: NDArray[np.uint32]
    character_keys: NDArray[np.uint32]
    n_texts: int
    n_texts_with: Int64
    weight: float
    class_weight: Float64
    weight_with: Float32
    class_weight_with: Float32
    squares: Float64
    n_squares: int
    precision: Float32
    pull: Float32

    @classmethod
    def empty(cls, n_classes: int) -> NgramProgress:
        """Return the state before any text."""
        n_columns = 1 if n_classes == 2 else n_classes
        no_keys, of_intercept = np.empty(0, np.uint32), np.zeros((1, n_columns), np.float32)
        return cls(
            word_keys=no_keys,
            character_keys=no_keys,
            n_texts=0,
            n_texts_with=np.empty(0, np.int64),
            weight=0.0,
            class_weight=np.zeros(n_columns),
            weight_with=np.empty(0, np.float32),
            class_weight_with=np.empty((0, n_columns), np.float32),
            squares=np.zeros(n_columns),
            n_squares=0,
            precision=of_intercept,
            pull=of_intercept,
        )

    @classmethod
    def from_model(cls, model: NgramModel, n_texts: int, class_shares: Float64) -> NgramProgress:
        """Return a state whose model predicts as a fitted model does.

        The fitted model has no counts of classes and no precisions. So each n-gram is taken to
        occur in all classes alike, and precisions are estimated from document frequencies: with
        the share s of a class, the mean of p (1 - p) is taken to be s (1 - s) / 2.

        Parameters
        ----------
        model : NgramModel
        n_texts : number of its training texts
        class_shares : (K,)
        """
        features = model.features
        shares = class_shares[1:] if len(class_shares) == 2 else class_shares
        by_kind = [
            _occurrences(idf, n_texts) for idf in (features.word_idf, features.character_idf)
        ]
        n_texts_with, squares = (np.concatenate(parts) for parts in zip(*by_kind, strict=True))
        curvature = _FACTOR_OF_PRECISION * shares * (1 - shares) / 2
        state = cls(
            word_keys=features.word_keys,
            character_keys=features.character_keys,
            n_texts=n_texts,
            n_texts_with=n_texts_with.astype(np.int64),
            weight=float(n_texts),
            class_weight=n_texts * shares,
            weight_with=n_texts_with.astype(np.float32),
            class_weight_with=np.outer(n_texts_with, shares).astype(np.float32),
            squares=np.zeros(len(shares)),
            n_squares=0,
            precision=np.outer([*squares, n_texts], curvature).astype(np.float32),
            pull=np.empty(0, np.float32),
        )
        coef = np.concatenate([model.word_coef, model.character_coef, model.intercept[np.newaxis]])
        whole = 1 / state._variance(np.arange(len(n_texts_with))) + state.precision
        return replace(state, pull=(coef * whole).astype(np.float32))

    def learn(
        self, tokens: Sequence[Sequence[str]], targets: Int32, weight: Float64
    ) -> NgramProgress:
        """Return the state after some more texts.

        Parameters
        ----------
        tokens : the tokens of n texts
        targets : (n,) positions of the classes
        weight : (n,) positive
        """
        texts = TextsByWord.from_tokens(tokens)
        counts = count_ngrams(texts)
        known = self._with_keys(counts.word_keys, counts.character_keys)
        places = known._places(counts.word_keys, counts.character_keys)
        n_texts_with = known.n_texts_with.copy()
        n_texts_with[places] += counts.n_texts_with
        counted = replace(known, n_texts=self.n_texts + len(tokens), n_texts_with=n_texts_with)
        matrix = ngram_matrix(counted.features, texts, counts)
        # Only the n-grams of these texts change.
        matrix = type(matrix)(matrix[:, places])  # (n, n_found)
        positives = self._positives(targets)  # (n, n_columns)
        return counted._weigh(matrix, places, positives, weight)._solve(
            matrix, places, positives, weight
        )

    @property
    def features(self) -> NgramFeatures:
        """The n-grams and their inverse document frequencies so far."""
        idf = inverse_document_frequency(self.n_texts_with, self.n_texts)
        word_idf, character_idf = np.split(idf, [len(self.word_keys)])
        return NgramFeatures(self.word_keys, word_idf, self.character_keys, character_idf)

    def model(self) -> NgramModel:
        """Return the model that predicts."""
        everything = np.arange(len(self.n_texts_with))
        mean = self.pull / (1 / self._variance(everything) + self.precision)
        word_coef, character_coef, intercept = np.split(
            mean.astype(np.float32), [len(self.word_keys), len(mean) - 1]
        )
        return NgramModel(self.features, word_coef, character_coef, intercept[0])

    def _positives(self, targets: Int32) -> NDArray[np.bool_]:
        n_columns = len(self.class_weight)
        columns = np.array([1]) if n_columns == 1 else np.arange(n_columns)
        found: NDArray[np.bool_] = targets[:, np.newaxis] == columns
        return found

    def _places(self, word_keys: NDArray[np.uint32], character_keys: NDArray[np.uint32]) -> Int64:
        """Return the rows of n-grams that are all known."""
        of_words = np.searchsorted(self.word_keys, word_keys)
        of_characters = np.searchsorted(self.character_keys, character_keys)
        return np.concatenate([of_words, len(self.word_keys) + of_characters])

    def _with_keys(
        self, word_keys: NDArray[np.uint32], character_keys: NDArray[np.uint32]
    ) -> NgramProgress:
        """Return the same state with more n-grams, of which no text is known yet."""
        all_keys = replace(
            self,
            word_keys=np.union1d(self.word_keys, word_keys),
            character_keys=np.union1d(self.character_keys, character_keys),
        )
        places = all_keys._places(self.word_keys, self.character_keys)
        n = len(all_keys.word_keys) + len(all_keys.character_keys)
        with_intercept = np.append(places, n)
        return replace(
            all_keys,
            n_texts_with=_spread(self.n_texts_with, places, n),
            weight_with=_spread(self.weight_with, places, n),
            class_weight_with=_spread(self.class_weight_with, places, n),
            precision=_spread(self.precision, with_intercept, n + 1),
            pull=_spread(self.pull, with_intercept, n + 1),
        )

    def _weigh(
        self, matrix: Any, places: Int64, positives: NDArray[np.bool_], weight: Float64
    ) -> NgramProgress:
        """Add the weights of the texts that contain each n-gram."""
        contains = presence(matrix).T  # (n_found, n)
        of_class = weight[:, np.newaxis] * positives  # (n, n_columns)
        weight_with, class_weight_with = self.weight_with.copy(), self.class_weight_with.copy()
        weight_with[places] += contains @ weight
        class_weight_with[places] += contains @ of_class
        weighed = replace(
            self,
            weight=self.weight + weight.sum(),
            class_weight=self.class_weight + of_class.sum(axis=0),
            weight_with=weight_with,
            class_weight_with=class_weight_with,
        )
        squares = matrix.power(2).sum(axis=0) @ weighed._ratios(places) ** 2
        return replace(
            weighed, squares=self.squares + squares, n_squares=self.n_squares + len(weight)
        )

    def _solve(
        self, matrix: Any, places: Int64, positives: NDArray[np.bool_], weight: Float64
    ) -> NgramProgress:
        """Update the coefficients of the n-grams that the texts contain."""
        rows = np.append(places, len(self.precision) - 1)
        precision, pull = self.precision.copy(), self.pull.copy()
        before = 1 / self._variance(places)  # (n_found + 1, n_columns)
        for k in range(positives.shape[1]):
            whole = before[:, k] + precision[rows, k]
            coef, added = fit_next_part(
                matrix, positives[:, k], weight, pull[rows, k] / whole, whole
            )
            precision[rows, k] += _FACTOR_OF_PRECISION * added
            pull[rows, k] = coef * (whole + _FACTOR_OF_PRECISION * added)
        return replace(self, precision=precision, pull=pull)

    def _variance(self, places: Int64) -> Float64:
        """Return the variance of coefficients before any text, (n_places + 1, n_columns).

        `fit` fits two models: one on the n-grams as they are, and one in which each n-gram is
        multiplied by its log-count ratio. Its coefficients are the means of both. Here, the
        variance is a mean of the variances in both. The last row is that of the intercept.
        """
        mean_square = self.squares / max(self.n_squares, 1)
        scaled = self._ratios(places) ** 2 / np.where(mean_square > 0, mean_square, 1)
        shares = 1 - _SHARE_OF_RATIOS + _SHARE_OF_RATIOS * scaled
        return _VARIANCE * np.concatenate([shares, np.ones((1, len(self.squares)))])

    def _ratios(self, places: Int64) -> Float64:
        of_class = self.class_weight_with[places].astype(np.float64)
        of_others = self.weight_with[places, np.newaxis] - of_class
        return ratios_of_counts(
            of_class, np.maximum(of_others, 0), self.class_weight, self.weight - self.class_weight
        )


def _spread(values: NDArray[Any], places: Int64, n: int) -> NDArray[Any]:
    """Put values at their places among n rows; the others are 0."""
    spread = np.zeros((n, *values.shape[1:]), values.dtype)
    spread[places] = values
    return spread


def _occurrences(idf: Float32, n_texts: int) -> tuple[Float64, Float64]:
    """Return for n-grams of one kind in how many texts they are, and their sums of squares there.

    The first follows from the inverse document frequency. For the second, all texts are taken to be
    equally long before they are scaled to the length 1.
    """
    n_texts_with = np.round((1 + n_texts) / np.exp(idf.astype(np.float64) - 1) - 1)
    squares = n_texts_with * idf.astype(np.float64) ** 2
    mean_square = squares.sum() / n_texts
    return n_texts_with, squares / (mean_square or 1)
