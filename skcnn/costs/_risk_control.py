"""A promise about the expected cost: when to leave a row to a person."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skcnn._arrays import Float64
from skcnn.costs._decision import decide, expected_costs
from skcnn.costs._labels import match_columns
from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix
from skcnn.costs._row_costs import cost_of_rows
from skcnn.costs._sample_costs import check_sample_costs

# Rounding of expected costs in float64, relative: equal rows must fall on one side.
_ROUNDING = 1e-12


def abstain_cost_at_average_cost(
    y_true: ArrayLike,
    probabilities: ArrayLike,
    max_average_cost: float,
    cost_matrix: CostMatrixLike = None,
    labels: ArrayLike | None = None,
    *,
    sample_costs: Any = None,
    max_cost: float | None = None,
) -> float:
    """Highest `abstain_cost` at which the predictions that are made cost little enough per row.

    A row where every prediction has a higher expected cost than `abstain_cost` gets no prediction:
    a person reads it. The lower `abstain_cost` is, the more rows are left to a person, and the less
    the errors of the other rows cost. This function chooses it such that on new rows the errors
    cost at most `max_average_cost` per row, in expectation. The time of the person is not counted,
    and an abstention costs nothing here.

    The promise holds on average: over the draws of the given rows and of a new row. It is not a
    statement with a confidence, as those of :func:`threshold_at_recall` are. It needs no calibrated
    probabilities. Poor ones leave more rows to the person.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels of rows that are drawn as new rows will be, and that the classifier was not
        trained on.
    probabilities : array-like of shape (n_samples, K)
        Probability of each class, as from ``predict_proba``.
    max_average_cost : float
        Highest expected cost per row, above 0, in the unit of the costs.
    cost_matrix : None, array-like, DataFrame or dict, default=None
        Any form of :func:`check_cost_matrix` except "balanced", without negative costs. None: every
        error costs 1.
    labels : array-like of shape (K,), default=None
        The class labels, in the order of the columns. None means 0 .. K-1.
    sample_costs : array-like of shape (n_samples, K) or DataFrame, default=None
        Instead of `cost_matrix`: the cost of missing each class in each row.
    max_cost : float, default=None
        The most that one row can cost. Needed with `sample_costs`, because a new row can cost more
        than the given ones. With `cost_matrix` it is its largest number; leave it out.

    Returns
    -------
    float
        For :func:`decide` and for `abstain_cost` of :class:`MinCostClassifier`.

    Raises
    ------
    ValueError
        If there are too few rows for the promise (the error says how many are needed), the costs
        are negative or do not fit, or a label is not in `labels`.

    Notes
    -----
    Conformal risk control (Angelopoulos, Bates, Fisch, Lei & Schuster, 2022, "Conformal risk
    control"): the cost of a row rises with `abstain_cost` and is at most B. The largest value is
    taken at which ``n / (n + 1) * average + B / (n + 1) <= max_average_cost``, where n is the
    number of rows and `average` what the predictions cost on them. The cost of all predictions of a
    classifier without abstentions does not rise or fall with its threshold, so no such promise can
    be made for it.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnn.costs import abstain_cost_at_average_cost
    >>> rng = np.random.default_rng(0)
    >>> P = rng.dirichlet([0.5, 0.5], size=1000)
    >>> y_true = (rng.uniform(size=1000) < P[:, 1]).astype(int)
    >>> print(round(abstain_cost_at_average_cost(y_true, P, 0.1, {1: 5}), 2))
    0.42
    """
    if not (isinstance(max_average_cost, Real) and 0 < max_average_cost < math.inf):
        raise ValueError(
            f"max_average_cost is {max_average_cost!r}; expected a finite number above 0."
        )
    given: dict[str, Any] = {"cost_matrix": cost_matrix, "sample_costs": sample_costs}
    P, names = match_columns(probabilities, labels, "probabilities")
    classes = np.arange(np.shape(P)[-1]) if names is None else names
    least = expected_costs(P, labels=classes, **given).min(axis=1)
    predicted = decide(P, labels=classes, **given)
    costs, _ = cost_of_rows(y_true, predicted, labels=classes, **given)
    if sample_costs is None:
        bound = _bound_of_matrix(check_cost_matrix(cost_matrix, classes), max_cost)
    else:
        bound = _bound_of_rows(check_sample_costs(sample_costs, len(least), classes), max_cost)
    return _highest_allowed(least, costs, bound, float(max_average_cost))


def _highest_allowed(least: Float64, costs: Float64, bound: float, limit: float) -> float:
    """The highest value of `least` up to which the rows cost little enough, or 0."""
    n = len(least)
    values = np.unique(np.append(least, 0.0))  # 0: only rows that certainly cost nothing
    order = least.argsort()
    total = np.append(0.0, costs[order].cumsum())
    # Rows within rounding of a value are predicted where it is the limit.
    predicted = np.searchsorted(least[order], values * (1 + _ROUNDING), side="right")
    allowed = (total[predicted] + bound) / (n + 1) <= limit
    if not allowed[0]:
        needed = math.ceil((bound + total[predicted[0]]) / limit - 1)
        raise ValueError(
            f"max_average_cost is {limit:g}, which {n} rows cannot promise where one row can cost "
            f"{bound:g}; expected at least {needed} rows. Take more rows, or a higher "
            "max_average_cost."
        )
    return float(values[allowed][-1])


def _bound_of_matrix(matrix: Float64, max_cost: float | None) -> float:
    if max_cost is not None:
        raise ValueError(
            f"max_cost is {max_cost!r}, but cost_matrix says what a row can cost; expected None."
        )
    if matrix.min() < 0:
        raise ValueError(
            f"cost_matrix has the negative cost {matrix.min():g}; expected costs >= 0. Add a "
            "constant to each row of the matrix: no decision changes."
        )
    return float(matrix.max())


def _bound_of_rows(sample_costs: Float64, max_cost: float | None) -> float:
    if sample_costs.min() < 0:
        raise ValueError(
            f"sample_costs has the negative cost {sample_costs.min():g}; expected costs >= 0."
        )
    highest = float(sample_costs.max())
    if not (isinstance(max_cost, Real) and highest <= float(max_cost) < math.inf):
        raise ValueError(
            f"max_cost is {max_cost!r}; expected the most that a row can cost, a finite number of "
            f"at least {highest:g}, the highest of sample_costs."
        )
    return float(max_cost)
