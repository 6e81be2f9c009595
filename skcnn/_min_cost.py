"""Decisions by expected cost, for every classifier that has probabilities and a cost matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.metaestimators import available_if

from skcnn.costs import bayes_threshold, decide, expected_costs
from skcnn.costs._sample_costs import matched_rows


def is_binary(classifier: Any) -> bool:
    """Whether a classifier distinguishes two classes; an unfitted one may come to."""
    n_classes = len(getattr(classifier, "classes_", (0, 1)))
    if n_classes != 2:
        msg = (
            f"decision_function is for two classes; this {type(classifier).__name__} was fitted "
            f"with {n_classes}. Use predict_proba or expected_cost."
        )
        raise AttributeError(msg)
    return True


class MinCostMixin:
    """What follows from `predict_proba`, `classes_` and `cost_matrix_`."""

    classes_: NDArray[Any]
    cost_matrix_: NDArray[np.float64]

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Estimate P(class | x); every class with this mixin has its own."""
        raise NotImplementedError

    def predict(self, X: Any, *, sample_costs: Any = None) -> NDArray[Any]:
        """Answer each row with the label whose expected cost is lowest.

        Parameters
        ----------
        X : as in `fit`
        sample_costs : array-like of shape (n_samples, n_classes) or DataFrame, default=None
            What it costs to miss each class in each row, see `skcnn.costs.check_sample_costs`;
            None: what `cost_matrix_` says. Rows are matched by the index where X has one too.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.

        Raises
        ------
        ValueError
            If `sample_costs` does not fit X and the classes.
        """
        P = self.predict_proba(X)
        if sample_costs is None:
            return decide(P, self._decision_costs(), self.classes_)
        if getattr(self, "decision", "min_cost") != "min_cost":
            msg = "decision is 'argmax', which no costs have a part in; set decision='min_cost'."
            raise ValueError(msg)
        return decide(P, None, self.classes_, sample_costs=matched_rows(sample_costs, X))

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Logarithm of `predict_proba`.

        Parameters
        ----------
        X : as in `fit`

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.predict_proba(X)))

    @available_if(is_binary)
    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """How far each row lies on the positive side, for two classes.

        Parameters
        ----------
        X : as in `fit`

        Returns
        -------
        ndarray of shape (n_samples,)
            Log-odds of ``classes_[1]``, less the log-odds at which the decision turns: above 0
            that is the cheaper answer, below 0 ``classes_[0]``.
        """
        negative, positive = self.predict_proba(X).T
        threshold = bayes_threshold(self._decision_costs())
        tiny = np.finfo(np.float64).tiny
        turn = np.log(max(threshold, tiny)) - np.log(max(1 - threshold, tiny))
        log_odds = np.log(np.maximum(positive, tiny)) - np.log(np.maximum(negative, tiny))
        return np.asarray(log_odds - turn)

    def expected_cost(self, X: Any, *, sample_costs: Any = None) -> NDArray[np.float64]:
        """What each answer would cost on average, by the estimated probabilities.

        Parameters
        ----------
        X : as in `fit`
        sample_costs : as in `predict`, default=None

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Column j: the expected cost of answering ``classes_[j]``.
        """
        P = self.predict_proba(X)
        if sample_costs is None:
            return expected_costs(P, self.cost_matrix_)
        costs = matched_rows(sample_costs, X)
        return expected_costs(P, None, self.classes_, sample_costs=costs)

    def _decision_costs(self) -> NDArray[np.float64]:
        """The matrix that `predict` minimises."""
        return self.cost_matrix_
