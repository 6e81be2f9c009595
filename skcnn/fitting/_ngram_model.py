"""Fitting the n-gram model, and what it predicts for rows that it did not learn from."""

from __future__ import annotations

import threading
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32, Float64, Int32, Int64
from skcnn.fitting._log_count_ratios import log_count_ratios
from skcnn.fitting._pool import Predictions, calibrated_log_loss
from skcnn.fitting._soft_logistic_regression import fit_soft_logistic_regression
from skcnn.predicting._ngram_model import NgramModel, to_probabilities
from skcnn.text._ngrams import NgramFeatures

# The inverse of the penalty's strength, C in scikit-learn, for the n-grams as they are. With many
# rows, one of the values is chosen; with few rows, it is the first. With many classes it is the
# first too: the n-gram model takes most of the time there. docs/design.md compares values.
_INVERSE_PENALTIES = (4.0, 16.0, 64.0)
_CHOOSE_FROM, _CHOOSE_TO_CLASSES = 5000, 10
# So many rows to learn from are enough for the choice, which else would take a quarter of the time.
_ROWS_TO_CHOOSE_BY = 8000
# C is so many times as large for the n-grams that are multiplied by their log-count ratio.
_OF_SCALED = 2.0
# Measured: half the time that the default tolerance takes, at the same cost.
_TOLERANCE = 0.1
# During the fit, the table of n-grams takes a hundred bytes for each character.
_MAX_CHARACTERS = 6_000_000
# If not all texts fit into the table, a text that would take more of it than this is left out.
_MAX_SHARE_OF_ONE_TEXT = 0.01
# liblinear has one random generator for the whole process, which threads would share.
_LIBLINEAR = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class NgramTexts:
    """The texts that the n-gram model learns from.

    Attributes
    ----------
    rows : (m,) their positions in the training set, ascending
    features : their n-grams
    matrix : sparse (m, n_ngrams), the weight of each n-gram in each text
    """

    rows: Int64
    features: NgramFeatures
    matrix: Any


def choose_texts(
    tokens: list[list[str]],
    targets: Int32,
    train_rows: Int64,
    random_state: np.random.RandomState,
) -> Int64:
    """Choose texts for the n-gram model: all, or a random part with at most 6,000,000 characters.

    If a part is chosen, labeled texts come first, and texts with a hundredth of that number of
    characters or more are left out, so that a few very long texts do not replace many others.

    Parameters
    ----------
    tokens : the tokens of n texts
    targets : (n_labeled,) positions of the classes of the first texts; the others have no label
    train_rows : labeled texts that the network learns from
    random_state : RandomState
        A copy is used, so that the network is the same with and without the n-gram model.

    Returns
    -------
    (m,) positions of the texts, ascending
    """
    lengths = np.fromiter((sum(map(len, text)) for text in tokens), np.int64, len(tokens))
    if lengths.sum() <= _MAX_CHARACTERS:
        return np.arange(len(tokens))
    random_state, n_labeled = deepcopy(random_state), len(targets)
    order = np.concatenate(
        [
            random_state.permutation(n_labeled),
            n_labeled + random_state.permutation(len(tokens) - n_labeled),
        ]
    )
    order = order[lengths[order] < _MAX_SHARE_OF_ONE_TEXT * _MAX_CHARACTERS]
    fitting = np.cumsum(lengths[order]) <= _MAX_CHARACTERS
    # Every class needs a text to learn from. Its shortest text is always chosen.
    by_length = train_rows[np.argsort(lengths[train_rows], kind="stable")]
    of_each_class = by_length[np.unique(targets[by_length], return_index=True)[1]]
    return np.union1d(order[fitting], of_each_class)


class NgramTable:
    """Training texts as a table of n-grams, to fit models on all of its rows or on some.

    Parameters
    ----------
    texts : NgramTexts
        Its `rows` are the names of the rows, for `fit_predict_proba`.
    targets : (n,) positions of the classes, or (n, K) rows of probabilities
    n_classes : int
    sample_weight : (n,) positive, or None
    random_state : seed of the solver
    """

    def __init__(
        self,
        texts: NgramTexts,
        targets: Int32 | Float32,
        n_classes: int,
        sample_weight: Float64 | None,
        random_state: int,
    ) -> None:
        self._rows, self.features, self._matrix = texts.rows, texts.features, texts.matrix
        self._targets = targets
        self._n_classes = n_classes
        # The strength of the penalty must not depend on the unit of the weights.
        weight = np.ones(len(targets)) if sample_weight is None else sample_weight
        self._weight = weight / weight.mean()
        self._random_state = random_state
        self._inverse_penalty = _INVERSE_PENALTIES[0]

    @property
    def is_empty(self) -> bool:
        """Whether the texts share no n-gram, so that there is nothing to learn from."""
        return self.n_ngrams == 0

    @property
    def n_ngrams(self) -> int:
        """Number of different n-grams of words and of characters."""
        return int(self._matrix.shape[1])

    def fit_predict_proba(self, train_rows: Int64, test_rows: Int64) -> Float64:
        """Learn from some rows and return probabilities of others, (len(test_rows), K)."""
        train_rows, test_rows = (np.searchsorted(self._rows, r) for r in (train_rows, test_rows))
        coef, intercept = self._fit(
            self._matrix[train_rows], self._targets[train_rows], self._weight[train_rows]
        )
        return to_probabilities(self._matrix[test_rows] @ coef + intercept)

    def choose_inverse_penalty(self, train_rows: Int64, test_rows: Int64) -> None:
        """Choose C by the log loss of rows that are not learned from, once it is calibrated.

        Only the first half of the model is fitted for this, on at most 8,000 rows. Larger values
        are tried as long as the loss falls.
        """
        if len(self._rows) < _CHOOSE_FROM or self._n_classes > _CHOOSE_TO_CLASSES:
            return
        train, test = (np.searchsorted(self._rows, rows) for rows in (train_rows, test_rows))
        some = np.arange(0, len(train), -(-len(train) // _ROWS_TO_CHOOSE_BY))
        # A rare class may not be among them, and liblinear refuses a column without it.
        classes, first = np.unique(self._targets[train], return_index=True)
        is_left_out = ~np.isin(classes, self._targets[train[some]])
        train = train[np.union1d(some, first[is_left_out])]
        columns, weight = self._columns(self._targets[train]), self._weight[train]
        matrix, left_out, lowest = self._matrix[train], self._matrix[test], np.inf
        for each in _INVERSE_PENALTIES:
            halves = [self._solve(matrix, column, weight, each) for column in columns]
            log_odds = np.stack([left_out @ coef + intercept for coef, intercept in halves], axis=1)
            predicted = Predictions(
                [to_probabilities(log_odds)], self._targets[test], self._weight[test]
            )
            loss = calibrated_log_loss(predicted)
            if loss >= lowest:
                return
            self._inverse_penalty, lowest = each, loss

    def fit(self) -> NgramModel:
        """Learn from all rows."""
        coef, intercept = self._fit(self._matrix, self._targets, self._weight)
        word_coef, character_coef = np.split(coef, [len(self.features.word_keys)])
        return NgramModel(self.features, word_coef, character_coef, intercept)

    def _fit(self, matrix: Any, targets: NDArray[Any], weight: Float64) -> tuple[Float32, Float32]:
        """Return coefficients (m, n_columns) and intercepts (n_columns,).

        They are the means of two models: one on the n-grams as they are, and one in which each
        n-gram is multiplied by its log-count ratio [1]_. Both are linear in the n-grams, so
        predicting takes no longer than with one.

        .. [1] S. Wang and C. D. Manning (2012). Baselines and bigrams: simple, good sentiment and
           topic classification. ACL, 90-94.
        """
        models = [self._fit_column(matrix, column, weight) for column in self._columns(targets)]
        coef = np.stack([coef for coef, _ in models], axis=1)
        return coef.astype(np.float32), np.array([b for _, b in models], np.float32)

    def _columns(self, targets: NDArray[Any]) -> NDArray[Any]:
        """Return for each regression whether a row is of its class, or with which probability."""
        positives = [1] if self._n_classes == 2 else list(range(self._n_classes))
        if targets.ndim == 2:
            return targets.T[positives].astype(np.float64)
        found: NDArray[np.bool_] = targets == np.array(positives)[:, np.newaxis]
        return found  # (n_columns, n)

    def _fit_column(
        self, matrix: Any, column: NDArray[Any], weight: Float64
    ) -> tuple[Float64, float]:
        """Return coefficients (m,) and intercept of one class against the rest."""
        coef, intercept = self._solve(matrix, column, weight, self._inverse_penalty)
        ratios = log_count_ratios(matrix, column, weight)
        values = matrix.data * ratios[matrix.indices]
        # The penalty must not depend on the size of the ratios: the mean squared length becomes 1.
        ratios /= np.sqrt(values @ values / matrix.shape[0]) or 1.0
        values = (matrix.data * ratios[matrix.indices]).astype(np.float32)
        scaled = type(matrix)((values, matrix.indices, matrix.indptr), matrix.shape)
        scaled_coef, scaled_intercept = self._solve(
            scaled, column, weight, _OF_SCALED * self._inverse_penalty
        )
        return (coef + scaled_coef * ratios) / 2, (intercept + scaled_intercept) / 2

    def _solve(
        self, matrix: Any, column: NDArray[Any], weight: Float64, inverse_penalty: float
    ) -> tuple[Float64, float]:
        """Fit a logistic regression for one column of True and False, or of probabilities."""
        if column.dtype != bool:
            coef, intercept = fit_soft_logistic_regression(
                matrix, column[:, np.newaxis], weight, inverse_penalty
            )
            return coef[:, 0], float(intercept[0])
        from sklearn.linear_model import LogisticRegression

        solver = LogisticRegression(
            C=inverse_penalty,
            solver="liblinear",
            dual=True,
            tol=_TOLERANCE,
            max_iter=1000,
            random_state=self._random_state,
        )
        with _LIBLINEAR:
            model = solver.fit(matrix, column, weight)
        return model.coef_[0], float(model.intercept_[0])
