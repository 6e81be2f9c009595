"""Costs without labels: what decisions will cost, and where a look at a row saves most."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skcnn._arrays import Float64, Int64
from skcnn.costs._checks import check_weights
from skcnn.costs._decision import expected_costs
from skcnn.costs._matrix import CostMatrixLike
from skcnn.costs._thresholds import check_count


def estimate_average_cost(
    probabilities: ArrayLike,
    cost_matrix: CostMatrixLike = None,
    labels: ArrayLike | None = None,
    *,
    sample_costs: Any = None,
    abstain_cost: float | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Estimate, without labels, what the predictions of :func:`decide` will cost per row.

    It is the mean of the least expected cost of each row. It is right on average if the
    probabilities are well calibrated on these rows; probabilities that are too sure give too low an
    estimate. If the classes have other shares here than in training, use :func:`change_prior`
    first.

    Parameters
    ----------
    probabilities : array-like of shape (n_samples, K) or DataFrame
        Probability of each class, as from ``predict_proba``.
    cost_matrix : None, array-like, DataFrame or dict, default=None
        Any form of :func:`check_cost_matrix` except "balanced". None: every error costs 1, and the
        estimate is the error rate.
    labels : array-like of shape (K,), default=None
        The class labels, in the order of the columns. Needed if the costs name labels.
    sample_costs : array-like of shape (n_samples, K) or DataFrame, default=None
        Instead of `cost_matrix`: the cost of missing each class in each row, see
        :func:`check_sample_costs`.
    abstain_cost : float, default=None
        Cost of making no prediction for a row, as in :func:`decide`. None: there are no
        abstentions.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows. None: every row has the weight 1.

    Returns
    -------
    float
        Estimate of :func:`average_cost`, in the unit of the costs.

    Raises
    ------
    ValueError
        As in :func:`expected_costs`, if there are no rows, or if `abstain_cost` is not a finite
        number >= 0.

    Examples
    --------
    >>> from skcnn.costs import estimate_average_cost
    >>> P = [[0.9, 0.1], [0.4, 0.6]]
    >>> print(round(estimate_average_cost(P), 3))
    0.25
    >>> print(round(estimate_average_cost(P, {1: 5}, abstain_cost=0.3), 3))
    0.3
    """
    least = _least_expected_costs(probabilities, cost_matrix, labels, sample_costs)
    if abstain_cost is not None:
        least = np.minimum(least, _looks(abstain_cost, 1))
    weight = check_weights(sample_weight, len(least))
    if not weight.sum() > 0:
        raise ValueError(
            f"The total weight of the rows is {weight.sum():g}; expected at least one row, and a "
            "positive sum of sample_weight."
        )
    return float(np.average(least, weights=weight))


def choose_abstentions(
    probabilities: ArrayLike,
    max_abstentions: int,
    cost_matrix: CostMatrixLike = None,
    labels: ArrayLike | None = None,
    *,
    sample_costs: Any = None,
    abstain_cost: ArrayLike = 0.0,
) -> Int64:
    """Choose the rows where a person's look saves most, at most `max_abstentions` of them.

    A look at a row saves the least expected cost of its predictions, less the cost of the look. No
    other choice of at most so many rows saves more in expectation. A row where a look saves nothing
    is not chosen. With enough abstentions the rows are those that :func:`decide` leaves out.

    Parameters
    ----------
    probabilities : array-like of shape (n_samples, K) or DataFrame
        Probability of each class, as from ``predict_proba``.
    max_abstentions : int
        Highest number of rows, at least 0.
    cost_matrix : None, array-like, DataFrame or dict, default=None
        Any form of :func:`check_cost_matrix` except "balanced". None: every error costs 1.
    labels : array-like of shape (K,), default=None
        The class labels, in the order of the columns. Needed if the costs name labels.
    sample_costs : array-like of shape (n_samples, K) or DataFrame, default=None
        Instead of `cost_matrix`: the cost of missing each class in each row, see
        :func:`check_sample_costs`.
    abstain_cost : float or array-like of shape (n_samples,), default=0.0
        Cost of a look at a row, for all rows or for each row, for example by the length of its
        text.

    Returns
    -------
    ndarray of shape (n_chosen,), dtype int64
        Positions of the rows, the one where a look saves most first. Rows that save the same are in
        the order in which they are given.

    Raises
    ------
    ValueError
        As in :func:`expected_costs`, if `max_abstentions` is not a whole number >= 0, or if
        `abstain_cost` is not finite numbers >= 0.

    Examples
    --------
    The second text is less certain, but an error on it costs less:

    >>> from skcnn.costs import choose_abstentions
    >>> P = [[0.8, 0.2], [0.3, 0.7], [1.0, 0.0]]
    >>> choose_abstentions(P, 1)
    array([1])
    >>> choose_abstentions(P, 1, {1: 5})
    array([0])
    """
    check_count("max_abstentions", max_abstentions)
    least = _least_expected_costs(probabilities, cost_matrix, labels, sample_costs)
    saved = least - _looks(abstain_cost, len(least))  # (n,)
    order = np.argsort(-saved, kind="stable")[:max_abstentions]
    return np.asarray(order[saved[order] > 0], dtype=np.int64)


def _least_expected_costs(
    probabilities: ArrayLike,
    cost_matrix: CostMatrixLike,
    labels: ArrayLike | None,
    sample_costs: Any,
) -> Float64:
    """Expected cost of the cheapest prediction of each row, (n, K) -> (n,)."""
    costs = expected_costs(probabilities, cost_matrix, labels, sample_costs=sample_costs)
    return np.asarray(costs.min(axis=1))


def _looks(abstain_cost: ArrayLike, n_samples: int) -> Float64:
    """Cost of a look at each row: one number, or (n,)."""
    looks = np.asarray(abstain_cost, dtype=np.float64)
    if looks.shape not in ((), (n_samples,)):
        raise ValueError(
            f"abstain_cost has shape {looks.shape}; expected one number, or ({n_samples},): one "
            "for each row."
        )
    if not (np.isfinite(looks) & (looks >= 0)).all():
        raise ValueError(f"abstain_cost is {abstain_cost!r}; expected finite numbers >= 0.")
    return looks
