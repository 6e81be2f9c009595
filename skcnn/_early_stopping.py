"""What early stopping watches besides the loss: any scorer of scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import get_scorer

from skcnn.costs import average_cost, decide, make_cost_scorer
from skcnn.costs._decision import decision_costs


class FixedProbabilities(ClassifierMixin, BaseEstimator):
    """A classifier that has its probabilities already: what a scorer asks, whatever X it passes."""

    def __init__(
        self,
        classes: NDArray[Any],
        probabilities: NDArray[np.float64],
        cost_matrix: NDArray[np.float64],
        sample_costs: NDArray[np.float64] | None = None,
    ) -> None:
        self.classes = classes
        self.probabilities = probabilities
        self.cost_matrix = cost_matrix
        self.sample_costs = sample_costs
        self.classes_ = classes

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities, (n, K)."""
        return self.probabilities

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the labels with the lowest expected cost, (n,)."""
        if self.sample_costs is None:
            return decide(self.probabilities, self.cost_matrix, self.classes)
        return decide(self.probabilities, None, self.classes, sample_costs=self.sample_costs)


def make_validation_score(
    scoring: str | Callable[..., float],
    y: NDArray[Any],
    sample_weight: NDArray[np.float64] | None,
    *,
    classes: NDArray[Any],
    decision: str,
    cost_matrix: NDArray[np.float64],
    sample_costs: NDArray[np.float64] | None = None,
    to_posterior: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> Callable[[NDArray[np.float64]], float]:
    """Return a function from the network's outputs on the validation texts to a score.

    Parameters
    ----------
    scoring : str or callable
        "average_cost", or a scorer of scikit-learn, or its name.
    y : (n,) true labels of the validation texts
    decision : as in the estimator
    cost_matrix : (K, K), by which labels are paid for, and chosen unless `decision` is "argmax"
    sample_costs : (n, K), in its place
    to_posterior : outputs (n, K) to probabilities (n, K)
    """
    own_costs = isinstance(scoring, str) and scoring == "average_cost"
    scorer = make_cost_scorer(cost_matrix, labels=classes) if own_costs else get_scorer(scoring)
    weights: dict[str, Any] = {} if sample_weight is None else {"sample_weight": sample_weight}
    by_row = None if decision == "argmax" else sample_costs
    matrix = decision_costs(decision, cost_matrix)

    def score(outputs: NDArray[np.float64]) -> float:
        classifier = FixedProbabilities(classes, to_posterior(outputs), matrix, by_row)
        if own_costs and sample_costs is not None:
            answers = classifier.predict(None)
            return -average_cost(y, answers, sample_costs=sample_costs, labels=classes, **weights)
        return float(scorer(classifier, np.zeros((len(y), 1)), y, **weights))

    return score
