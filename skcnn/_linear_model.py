"""The linear model beside the network: logistic regression on n-grams of words and characters."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skcnn.costs._pool import LogarithmicPool
from skcnn.text._ngrams import NgramFeatures, TextsByWord, WordSums, fit_ngrams

if TYPE_CHECKING:
    from skcnn._checks import TrainingSet

# The inverse of the penalty's strength, as in scikit-learn.
_C = 4
# Measured: half the time that the default's tolerance takes, and as good.
_TOLERANCE = 0.1
# The table of n-grams takes a hundred bytes a character while it is learnt from.
_MAX_CHARACTERS = 6_000_000
# It has one generator of random numbers for the whole process: threads would disturb each other.
_LIBLINEAR = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """A fitted one, read by NumPy alone.

    Attributes
    ----------
    features : NgramFeatures with m n-grams of words and c of characters
    word_coef, character_coef : (m, C) and (c, C) float32; C is 1 for two classes, else n_classes,
        one class against the rest each
    intercept : (C,) float32
    known : words whose characters are summed up already, and their places
    known_sums : of the U known words, see `NgramFeatures.character_sums`
    """

    features: NgramFeatures
    word_coef: NDArray[np.float32]
    character_coef: NDArray[np.float32]
    intercept: NDArray[np.float32]
    known: dict[str, int] = field(default_factory=dict)
    known_sums: WordSums | None = None

    def knowing(self, words: Sequence[str]) -> LinearModel:
        """Return the same model, faster where texts consist of these words."""
        sums = self.features.character_sums(words, self.character_coef)
        places = {word: place for place, word in enumerate(words)}
        return replace(self, known=places, known_sums=sums)

    def predict_proba(self, tokens: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """Probabilities of texts in tokens, (n, n_classes)."""
        texts = TextsByWord.from_tokens(tokens)
        sums = self._character_sums(texts.words)
        return _probabilities(self.features.log_odds(texts, self.word_coef, sums) + self.intercept)

    def _character_sums(self, words: list[str]) -> WordSums:
        if self.known_sums is None or not self.known:
            return self.features.character_sums(words, self.character_coef)
        places = np.fromiter((self.known.get(word, -1) for word in words), np.int64, len(words))
        is_new = places < 0
        sums = self.known_sums.take(places)  # of any word where it is new: replaced below
        if is_new.any():
            new = self.features.character_sums(list(compress(words, is_new)), self.character_coef)
            sums.squares[is_new], sums.log_odds[is_new] = new.squares, new.log_odds
        return sums


@dataclass(frozen=True, slots=True, eq=False)
class LinearModelBeside:
    """A linear model, and how its probabilities are joined with the network's.

    Attributes
    ----------
    model : LinearModel
    pool : LogarithmicPool
    """

    model: LinearModel
    pool: LogarithmicPool

    def knowing(self, words: Sequence[str]) -> LinearModelBeside:
        """Return the same, faster where texts consist of these words."""
        return replace(self, model=self.model.knowing(words))

    def joined(
        self, of_network: NDArray[np.float64], tokens: Sequence[Sequence[str]]
    ) -> NDArray[np.float64]:
        """Probabilities of both together, (n, K), for the network's and the texts in tokens."""
        return self.pool(of_network, self.model.predict_proba(tokens))


def choose_texts(
    tokens: list[list[str]],
    labels: NDArray[np.int32],
    train_rows: NDArray[np.int64],
    random_state: np.random.RandomState,
) -> tuple[NDArray[np.int64], list[list[str]]]:
    """Texts for the linear model: all, or as many at random as its table has room for.

    Where not all have room, those that would take a hundredth of it are left out, so that a few
    very long ones do not stand for the rest.

    Parameters
    ----------
    tokens : n texts in tokens
    labels : (n,) positions of their classes
    train_rows : those that the network learns from
    random_state : RandomState
        Left as it is: the network does not depend on what stands beside it.

    Returns
    -------
    rows : ndarray of int64, ascending
    tokens : the texts of these rows
    """
    lengths = np.fromiter((sum(map(len, text)) for text in tokens), np.int64, len(tokens))
    if lengths.sum() <= _MAX_CHARACTERS:
        return np.arange(len(tokens)), tokens
    order = deepcopy(random_state).permutation(len(tokens))
    order = order[lengths[order] < _MAX_CHARACTERS / 100]
    fitting = np.cumsum(lengths[order]) <= _MAX_CHARACTERS
    # Every class needs a text to be learnt from: the shortest.
    by_length = train_rows[np.argsort(lengths[train_rows], kind="stable")]
    of_each_class = by_length[np.unique(labels[by_length], return_index=True)[1]]
    rows = np.union1d(order[fitting], of_each_class)
    return rows, [tokens[row] for row in rows]


def fit_beside(
    data: TrainingSet,
    rows: NDArray[np.int64],
    tokens: list[list[str]],
    validation_rows: NDArray[np.int64],
    probabilities: Callable[[list[list[str]]], NDArray[np.float64]],
    seed: int,
) -> LinearModelBeside | None:
    """Fit a linear model beside a trained network.

    How much each counts is told by the validation rows, from which the network did not learn, and
    by a linear model that did not either; the one that is kept learns from them too.

    Parameters
    ----------
    data : TrainingSet
    rows, tokens : what `choose_texts` returned
    validation_rows : positions; without them both models count the same
    probabilities : from m texts in tokens to what the network says of them, (m, K)
    seed : of the solver

    Returns
    -------
    LinearModelBeside or None
        None where no n-gram is shared.
    """
    labels = data.labels[rows]
    weight = None if data.sample_weight is None else data.sample_weight[rows]
    table = NgramTable(tokens, labels, len(data.classes), weight, seed)
    if table.is_empty:
        return None
    pool = LogarithmicPool.even(len(data.classes))
    is_held_out = np.isin(rows, validation_rows)
    if is_held_out.any():
        pool = LogarithmicPool.fit(
            probabilities(list(compress(tokens, is_held_out))),
            table.held_out(np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)),
            labels[is_held_out],
            None if weight is None else weight[is_held_out],
        )
    return LinearModelBeside(table.fit(), pool)


class NgramTable:
    """Training texts as a table of n-grams, to fit models on all of its rows or on some.

    Parameters
    ----------
    tokens : n texts in tokens
    labels : (n,) positions of the classes
    n_classes : int
    sample_weight : (n,) positive, or None
    random_state : seed of the solver
    """

    def __init__(
        self,
        tokens: Sequence[Sequence[str]],
        labels: NDArray[np.int32],
        n_classes: int,
        sample_weight: NDArray[np.float64] | None,
        random_state: int,
    ) -> None:
        self.features, self._matrix = fit_ngrams(tokens)
        self._labels = labels
        self._n_classes = n_classes
        # The penalty must not depend on the unit of the weights.
        weight = np.ones(len(labels)) if sample_weight is None else sample_weight
        self._weight = weight / weight.mean()
        self._random_state = random_state

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to learn from."""
        return bool(self._matrix.shape[1] == 0)

    def held_out(self, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float64]:
        """Probabilities of `others`, (len(others), n_classes), learnt from `rows`."""
        coef, intercept = self._fit(self._matrix[rows], self._labels[rows], self._weight[rows])
        return _probabilities(self._matrix[others] @ coef + intercept)

    def fit(self) -> LinearModel:
        """Learn from all texts."""
        coef, intercept = self._fit(self._matrix, self._labels, self._weight)
        word_coef, character_coef = np.split(coef, [len(self.features.word_keys)])
        return LinearModel(self.features, word_coef, character_coef, intercept)

    def _fit(
        self, matrix: Any, labels: NDArray[np.int32], weight: NDArray[np.float64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        from sklearn.linear_model import LogisticRegression

        positives: Sequence[Any] = [1] if self._n_classes == 2 else range(self._n_classes)
        solver = LogisticRegression(
            C=_C,
            solver="liblinear",
            dual=True,
            tol=_TOLERANCE,
            max_iter=1000,
            random_state=self._random_state,
        )
        with _LIBLINEAR:
            models = [clone(solver).fit(matrix, labels == each, weight) for each in positives]
        coef = np.concatenate([model.coef_.astype(np.float32) for model in models]).T
        return coef, np.concatenate([model.intercept_ for model in models]).astype(np.float32)


def _probabilities(scores: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """From log-odds (n, C) to probabilities (n, K)."""
    p = 1 / (1 + np.exp(-np.clip(scores.astype(np.float64), -30, 30)))
    if p.shape[1] == 1:
        return np.concatenate([1 - p, p], axis=1)
    probabilities: NDArray[np.float64] = p / p.sum(axis=1, keepdims=True)
    return probabilities
