"""The scorer class behind ``make_cost_scorer``; apart, because it imports ``sklearn.metrics``."""

from __future__ import annotations

from inspect import signature
from typing import Any

# make_scorer hands its function y_true and y_pred but not the estimator, which knows the classes.
from sklearn.metrics._scorer import _Scorer
from sklearn.utils.multiclass import unique_labels


class ClassScorer(_Scorer):
    """A scikit-learn scorer that passes the estimator's ``classes_`` on as ``labels``.

    Costs of single rows are passed on to the estimator's ``predict`` too, if it takes them: what is
    decided by other costs is not what would be decided.
    """

    def _score(
        self, method_caller: Any, estimator: Any, X: Any, y_true: Any, **kwargs: Any
    ) -> float:
        if "labels" not in self._kwargs and hasattr(estimator, "classes_"):
            # A class may also be missing from the training part, and so from classes_.
            kwargs = {"labels": unique_labels(estimator.classes_, y_true), **kwargs}
        if kwargs.get("sample_costs") is not None and takes_sample_costs(estimator):
            answers = estimator.predict(X, sample_costs=kwargs["sample_costs"])
            return float(self._sign * self._score_func(y_true, answers, **self._kwargs, **kwargs))
        score: float = super()._score(method_caller, estimator, X, y_true, **kwargs)
        return score


def takes_sample_costs(estimator: Any) -> bool:
    """Whether ``predict`` has a parameter for them, in a pipeline that of its last step."""
    steps = getattr(estimator, "steps", None)
    last = steps[-1][1] if steps else estimator
    return "sample_costs" in signature(last.predict).parameters
