"""The scorer class behind ``make_cost_scorer``; apart, because it imports ``sklearn.metrics``."""

from __future__ import annotations

from typing import Any

# make_scorer hands its function y_true and y_pred but not the estimator, which knows the classes.
from sklearn.metrics._scorer import _Scorer
from sklearn.utils.multiclass import unique_labels


class ClassScorer(_Scorer):
    """A scikit-learn scorer that passes the estimator's ``classes_`` on as ``labels``."""

    def _score(
        self, method_caller: Any, estimator: Any, X: Any, y_true: Any, **kwargs: Any
    ) -> float:
        if "labels" not in self._kwargs and hasattr(estimator, "classes_"):
            # A class may also be missing from the training part, and so from classes_.
            kwargs = {"labels": unique_labels(estimator.classes_, y_true), **kwargs}
        score: float = super()._score(method_caller, estimator, X, y_true, **kwargs)
        return score
