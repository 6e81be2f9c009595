"""Scorers for cross-validation and search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from numpy.typing import ArrayLike

from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix
from skcnn.costs._metrics import average_cost, savings_score

# Each metric with its sign: for scikit-learn, a higher score is better.
_METRICS: dict[str, tuple[Callable[..., float], int]] = {
    "average_cost": (average_cost, -1),
    "savings": (savings_score, 1),
}


def make_cost_scorer(
    cost_matrix: CostMatrixLike = None,
    *,
    metric: Literal["average_cost", "savings"] = "average_cost",
    labels: ArrayLike | None = None,
) -> Any:
    """Make a scorer that scores an estimator by the cost of its predictions.

    Parameters
    ----------
    cost_matrix : None, array-like, DataFrame or dict, default=None
        Any form of :func:`check_cost_matrix` except "balanced", which would give other costs in
        every fold. None means that every error costs 1.
    metric : {"average_cost", "savings"}, default="average_cost"
        "average_cost" gives *minus* the average cost, because search tools maximize;
        "savings" gives :func:`savings_score`.
    labels : array-like of shape (K,), default=None
        All class labels, in the order of the rows of `cost_matrix`. None means the estimator's
        ``classes_``, so that a fold without one of the classes is scored with the same costs.

    Returns
    -------
    scorer
        A scikit-learn scorer ``scorer(estimator, X, y, sample_weight=..., sample_costs=...)``, like
        those of :func:`sklearn.metrics.make_scorer`: for ``scoring=`` of every scikit-learn tool,
        with ``set_score_request`` for metadata routing, which `sample_costs` needs. If you route
        `sample_costs`, the cost of missing each class in each row, leave `cost_matrix` out. The
        estimator then also predicts by them, if its ``predict`` takes them. Abstentions cost the
        estimator's `abstain_cost`.

    Raises
    ------
    ValueError
        If `metric` is unknown, `cost_matrix` is "balanced", or `labels` are given and
        `cost_matrix` does not fit them.

    Examples
    --------
    The same predictions, scored with equal costs and with a miss five times as expensive as a false
    alarm:

    >>> from sklearn.dummy import DummyClassifier
    >>> from skcnn.costs import make_cost_scorer
    >>> X, y = [["a"], ["b"], ["c"], ["d"]], ["ham", "ham", "ham", "spam"]
    >>> always_ham = DummyClassifier().fit(X, y)
    >>> make_cost_scorer()(always_ham, X, y)
    -0.25
    >>> make_cost_scorer({"spam": 5})(always_ham, X, y)
    -1.25
    """
    from skcnn.costs._class_scorer import ClassScorer

    if metric not in _METRICS:
        raise ValueError(f"metric is {metric!r}; expected one of {list(_METRICS)}.")
    if isinstance(cost_matrix, str):
        raise ValueError(
            f"cost_matrix is {cost_matrix!r}; expected costs that are the same in every fold. "
            "Pass the matrix itself, such as a fitted estimator's cost_matrix_."
        )
    score_function, sign = _METRICS[metric]
    settings: dict[str, Any] = {"cost_matrix": cost_matrix}
    if labels is not None:
        check_cost_matrix(cost_matrix, labels)
        settings["labels"] = labels
    return ClassScorer(score_function, sign, settings)
