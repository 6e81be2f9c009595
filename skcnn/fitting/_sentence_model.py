"""Fitting the sentence model, and what it predicts for rows that it did not learn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32, Float64, Int32, Int64
from skcnn.fitting._soft_softmax_regression import fit_soft_softmax_regression
from skcnn.predicting._pool import LOWEST_PROBABILITY
from skcnn.predicting._sentence_model import PROBE, SentenceModel, sentence_probabilities
from skcnn.text._sentence_vectors import SentenceEncoder

# The inverse of the penalty's strength, C in scikit-learn, for vectors of length 1.
_INVERSE_PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0)
# So many rows are enough to choose one of them. Without any row, the middle one is taken.
_ROWS_TO_CHOOSE_BY = 2000
_MIDDLE = 3.0


class SentenceTrainer:
    """Training texts as sentence vectors, to fit models on all of them or on some.

    Parameters
    ----------
    texts : n texts
    encoder : from texts to vectors of d numbers; each text is embedded once, here
    targets : (n,) positions of the classes, or (n, K) rows of probabilities
    n_classes : int
    sample_weight : (n,) positive, or None
    folds : (n,) numbers of the folds by which the strength of the penalty is chosen; equal texts
        must be in one fold
    """

    def __init__(
        self,
        texts: Sequence[str],
        encoder: SentenceEncoder,
        targets: Int32 | Float32,
        n_classes: int,
        sample_weight: Float64 | None,
        folds: Int64,
    ) -> None:
        self._encoder = encoder
        # Not together with the texts: errors count the texts that the user gave.
        self._probe: Float32 = encoder.encode([PROBE])[0]
        vectors = encoder.encode(texts)  # (n, d)
        # The penalty must not depend on the unit of the vectors.
        self._length = np.sqrt((vectors.astype(np.float64) ** 2).sum(axis=1).mean()) or 1.0
        self._vectors = (vectors / self._length).astype(np.float32)  # (n, d)
        self._targets = targets
        self._n_classes = n_classes
        # The strength of the penalty must not depend on the unit of the weights.
        weight = np.ones(len(targets)) if sample_weight is None else sample_weight
        self._weight = weight / weight.mean()
        self._folds = folds
        self._inverse_penalty = self._choose_inverse_penalty()

    def fit_predict_proba(self, train_rows: Int64, test_rows: Int64) -> Float64:
        """Learn from some rows and return probabilities of others, (len(test_rows), K)."""
        coef, intercept = self._fit(train_rows, self._inverse_penalty)
        return sentence_probabilities(self._vectors[test_rows], coef, intercept)

    def fit(self) -> SentenceModel:
        """Learn from all rows."""
        coef, intercept = self._fit(np.arange(len(self._targets)), self._inverse_penalty)
        return SentenceModel(
            self._encoder, (coef / self._length).astype(np.float32), intercept, self._probe
        )

    def _choose_inverse_penalty(self) -> float:
        """Return the value with the lowest log loss on rows of folds that were left out."""
        splits = list(self._splits())
        if not splits:
            return _MIDDLE
        losses = [
            sum(self._log_loss(train, test, each) for train, test in splits)
            for each in _INVERSE_PENALTIES
        ]
        return _INVERSE_PENALTIES[int(np.argmin(losses))]

    def _splits(self) -> Iterator[tuple[Int64, Int64]]:
        """Yield training rows and rows left out, fold by fold, until there are enough of these."""
        n_left_out = 0
        for fold in np.unique(self._folds):
            train, test = np.flatnonzero(self._folds != fold), np.flatnonzero(self._folds == fold)
            if n_left_out < _ROWS_TO_CHOOSE_BY and _n_present(self._targets[train]) > 1:
                n_left_out += len(test)
                yield train, test

    def _log_loss(self, train: Int64, test: Int64, inverse_penalty: float) -> float:
        """Total weighted log loss on the rows left out."""
        coef, intercept = self._fit(train, inverse_penalty)
        P = sentence_probabilities(self._vectors[test], coef, intercept)
        logs = np.log(np.maximum(P, LOWEST_PROBABILITY))  # (m, K)
        targets = self._targets[test]
        if targets.ndim == 2:
            of_target = (targets * logs).sum(axis=1)
        else:
            of_target = logs[np.arange(len(test)), targets]
        return float(-self._weight[test] @ of_target)

    def _fit(self, rows: Int64, inverse_penalty: float) -> tuple[Float32, Float32]:
        """Fit on some rows, -> (d, n_columns) and (n_columns,)."""
        from sklearn.linear_model import LogisticRegression

        vectors, weight = self._vectors[rows], self._weight[rows]
        targets: NDArray[Any] = self._targets[rows]
        if targets.ndim == 2:
            coef, intercept = fit_soft_softmax_regression(vectors, targets, weight, inverse_penalty)
            return coef.astype(np.float32), intercept.astype(np.float32)
        model = LogisticRegression(C=inverse_penalty, max_iter=1000)
        return _columns(model.fit(vectors, targets, weight), self._n_classes)


def _n_present(targets: NDArray[Any]) -> int:
    """Count the classes of hard targets (m,) or of soft targets (m, K)."""
    if targets.ndim == 2:
        return int(targets.any(axis=0).sum())
    return len(np.unique(targets))


def _columns(model: Any, n_classes: int) -> tuple[Float32, Float32]:
    """Return coefficients (d, n_columns) and intercepts (n_columns,) for all K classes.

    A class that the rows lack gets a log-odds so low that its probability is about 1e-9.
    """
    coef, intercept = model.coef_.T, model.intercept_
    if n_classes == 2:
        return coef.astype(np.float32), intercept.astype(np.float32)
    if coef.shape[1] == 1:  # two of several classes
        coef, intercept = np.hstack([-coef / 2, coef / 2]), np.append(-intercept / 2, intercept / 2)
    all_coef = np.zeros((len(coef), n_classes), np.float32)
    all_intercept = np.full(n_classes, intercept.min() + np.log(LOWEST_PROBABILITY), np.float32)
    all_coef[:, model.classes_], all_intercept[model.classes_] = coef, intercept
    return all_coef, all_intercept
