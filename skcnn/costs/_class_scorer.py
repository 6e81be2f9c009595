"""The scorer class behind ``make_cost_scorer``; apart, because it imports ``sklearn.metrics``."""

from __future__ import annotations

from inspect import signature
from typing import Any

# make_scorer hands its function y_true and y_pred but not the estimator, which knows the classes.
from sklearn.metrics._scorer import _Scorer
from sklearn.utils.multiclass import unique_labels

from skcnn.costs._inside import abstention_inside, innermost, predict_by_sample_costs
from skcnn.costs._sample_costs import check_sample_costs, matched_rows


class ClassScorer(_Scorer):
    """A scikit-learn scorer that knows what the estimator knows.

    Its classes become ``labels``, and what its abstentions cost is charged. Costs of single rows
    are passed on to ``predict`` too, if that takes them: what is decided by other costs is not what
    would be decided.
    """

    def _score(
        self, method_caller: Any, estimator: Any, X: Any, y_true: Any, **kwargs: Any
    ) -> float:
        inner = innermost(estimator)
        if "labels" not in self._kwargs and hasattr(estimator, "classes_"):
            # A class may also be missing from the training part, and so from classes_.
            kwargs = {"labels": unique_labels(estimator.classes_, y_true), **kwargs}
        kwargs |= abstention_inside(estimator)
        if kwargs.get("sample_costs") is None:
            return float(super()._score(method_caller, estimator, X, y_true, **kwargs))
        costs = matched_rows(kwargs["sample_costs"], X)
        answers = _answers(estimator, inner, X, costs)
        labels = self._kwargs.get("labels", kwargs.get("labels"))
        kwargs["sample_costs"] = check_sample_costs(costs, len(answers), labels)
        return float(self._sign * self._score_func(y_true, answers, **self._kwargs, **kwargs))


def _answers(estimator: Any, inner: Any, X: Any, sample_costs: Any) -> Any:
    """Answers by costs of single rows, where the estimator decides by costs at all."""
    decides = getattr(inner, "decision", "min_cost") == "min_cost"
    if not decides or "sample_costs" not in signature(inner.predict).parameters:
        return estimator.predict(X)
    return predict_by_sample_costs(estimator, X, sample_costs)
