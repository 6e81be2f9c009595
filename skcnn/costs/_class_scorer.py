"""The scorer class of ``make_cost_scorer``, in a file of its own as it imports scikit-learn."""

from __future__ import annotations

from inspect import signature
from typing import Any

import numpy as np

# make_scorer would not pass the estimator, which has the classes, to its function.
from sklearn.metrics._scorer import _Scorer
from sklearn.utils.multiclass import unique_labels

from skcnn._compat import warn_user
from skcnn.costs._inside import abstention_inside, innermost, predict_by_sample_costs
from skcnn.costs._labels import plain_labels
from skcnn.costs._matrix import scaled_excess
from skcnn.costs._sample_costs import check_sample_costs, matched_rows


class ClassScorer(_Scorer):
    """A scikit-learn scorer that reads classes and abstentions from the estimator.

    The estimator's classes become ``labels``, and its abstentions cost its `abstain_cost`. Costs of
    single rows are also passed to ``predict``, if it takes them: predictions should be scored by
    the costs that they were made for.
    """

    def _score(
        self, method_caller: Any, estimator: Any, X: Any, y_true: Any, **kwargs: Any
    ) -> float:
        inner = innermost(estimator)
        if "labels" not in self._kwargs and hasattr(estimator, "classes_"):
            # A class of y_true may be missing from the training rows, and so from classes_.
            classes = unique_labels(estimator.classes_, plain_labels(y_true))
            kwargs = {"labels": classes, **kwargs}
        kwargs |= abstention_inside(estimator)
        if kwargs.get("sample_costs") is None:
            if self._kwargs["cost_matrix"] is None:
                _warn_if_fitted_with_sample_costs(inner)
            return float(super()._score(method_caller, estimator, X, y_true, **kwargs))
        costs = matched_rows(kwargs["sample_costs"], X)
        y_pred = _predict(estimator, inner, X, costs)
        labels = self._kwargs.get("labels", kwargs.get("labels"))
        kwargs["sample_costs"] = check_sample_costs(costs, len(y_pred), labels)
        return float(self._sign * self._score_func(y_true, y_pred, **self._kwargs, **kwargs))


def _warn_if_fitted_with_sample_costs(classifier: Any) -> None:
    """Warn where the costs of single rows reached `fit` alone, and not the scorer."""
    # Without a cost matrix, only costs of single rows lead to unequal costs.
    takes_costs = "sample_costs" in signature(getattr(classifier, "fit", len)).parameters
    if not takes_costs or classifier.cost_matrix is not None:
        return
    costs, _ = scaled_excess(classifier.cost_matrix_)
    if (costs != costs.max() * (1 - np.eye(len(costs)))).any():
        warn_user(
            f"The {type(classifier).__name__} was fitted with sample_costs, but the scorer has no "
            "costs, so every error costs 1. To score by the same costs, write "
            "make_cost_scorer().set_score_request(sample_costs=True) within "
            "sklearn.config_context(enable_metadata_routing=True), and request them in "
            "set_fit_request too."
        )


def _predict(estimator: Any, inner: Any, X: Any, sample_costs: Any) -> Any:
    """Predict by costs of single rows, if the estimator's predictions depend on costs."""
    uses_costs = getattr(inner, "decision", "min_cost") == "min_cost"
    if not uses_costs or "sample_costs" not in signature(inner.predict).parameters:
        return estimator.predict(X)
    return predict_by_sample_costs(estimator, X, sample_costs)
