"""From probabilities to the prediction with the lowest expected cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn._arrays import Float64, Int64, from_unit, in_unit
from skcnn._compat import renamed_arguments
from skcnn.costs._abstention import check_abstention, with_abstentions
from skcnn.costs._checks import check_probabilities
from skcnn.costs._labels import costs_as_dict, match_columns
from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix
from skcnn.costs._sample_costs import BOTH_COSTS, check_sample_costs, expected_sample_costs


@renamed_arguments(classes="labels")
def expected_costs(
    probabilities: ArrayLike,
    cost_matrix: CostMatrixLike = None,
    labels: ArrayLike | None = None,
    *,
    sample_costs: Any = None,
) -> Float64:
    """Expected cost of each possible prediction: ``probabilities @ C``.

    Parameters
    ----------
    probabilities : array-like of shape (n_samples, K) or DataFrame
        Probability of each class, as from ``predict_proba``. The columns of a DataFrame are matched
        with `labels` by their names; names that only count the columns from 0 do not matter.
    cost_matrix : None, array-like, DataFrame or dict, default=None
        Any form of :func:`check_cost_matrix` except "balanced". None: every error costs 1.
    labels : array-like of shape (K,), default=None
        The class labels, in the order of the columns. Needed if the costs name labels. None means
        the names of a DataFrame's columns, otherwise 0 .. K-1.
    sample_costs : array-like of shape (n_samples, K) or (n_samples, K, K), or DataFrame, \
default=None
        Instead of `cost_matrix`: the cost of missing each class in each row, or a cost matrix for
        each row, see :func:`check_sample_costs`.

    Returns
    -------
    ndarray of shape (n_samples, K), dtype float64
        ``[i, j]`` is the expected cost of predicting class j for row i, in the unit of the costs.

    Raises
    ------
    ValueError
        If a row of `probabilities` is not a probability distribution, the columns of a DataFrame
        have other names than `labels`, the shapes differ, the costs are invalid, or an expected
        cost is too large for float64.

    Examples
    --------
    "spam" (column 1) is the cheaper prediction, although "ham" is more probable:

    >>> from skcnn.costs import expected_costs
    >>> expected_costs([[0.7, 0.3]], {1: 5})
    array([[1.5, 0.7]])
    """
    P, classes = _check_columns(probabilities, labels)
    costs, _, unit = _costs_and_tolerance(P, classes, cost_matrix, sample_costs)
    return from_unit(costs, unit)


@renamed_arguments(classes="labels")
def decide(
    probabilities: ArrayLike,
    cost_matrix: CostMatrixLike = None,
    labels: ArrayLike | None = None,
    *,
    sample_costs: Any = None,
    abstain_cost: float | None = None,
    abstain_label: Any = -1,
) -> NDArray[Any]:
    """Predict the class with the lowest expected cost.

    A tie goes to the more probable class, then to the class with the lower index. Expected costs
    are tied if they differ by no more than floating-point rounding can explain. So with equal
    costs the most probable class is always predicted.

    Parameters
    ----------
    probabilities : array-like of shape (n_samples, K) or DataFrame
        Probability of each class, as from ``predict_proba``. The columns of a DataFrame are matched
        with `labels` by their names; names that only count the columns from 0 do not matter.
    cost_matrix : None, array-like, DataFrame or dict, default=None
        Any form of :func:`check_cost_matrix` except "balanced". None: every error costs 1.
    labels : array-like of shape (K,), default=None
        The class labels, in the order of the columns. Needed if the costs name labels. None means
        the names of a DataFrame's columns, otherwise 0 .. K-1.
    sample_costs : array-like of shape (n_samples, K) or (n_samples, K, K), or DataFrame, \
default=None
        Instead of `cost_matrix`: the cost of missing each class in each row, or a cost matrix for
        each row, see :func:`check_sample_costs`.
    abstain_cost : float, default=None
        Cost of making no prediction for a row, for example because a person then reads the text.
        Rows where every prediction has a higher expected cost get `abstain_label` (Chow, 1970, "On
        optimum recognition error and reject tradeoff"). None: every row gets a prediction.
    abstain_label : label, default=-1
        Not one of the class labels, but of their type: a string if they are strings.

    Returns
    -------
    ndarray of shape (n_samples,)
        Labels, with the dtype of `labels`. Without `labels` and names, class indices (int64).

    Raises
    ------
    TypeError
        If `abstain_label` has another type than the class labels.
    ValueError
        If a row of `probabilities` is not a probability distribution, the columns of a DataFrame
        have other names than `labels`, the shapes differ, or
        the costs are invalid.

    Examples
    --------
    >>> from skcnn.costs import decide
    >>> text = [[0.7, 0.3]]
    >>> decide(text, {"spam": 2}, labels=["ham", "spam"])
    array(['ham'], dtype='<U4')
    >>> decide(text, {"spam": 3}, labels=["ham", "spam"])
    array(['spam'], dtype='<U4')

    At 3 to 1 the expected cost of "ham" is 0.9, that of "spam" 0.7. An abstention costs less, 0.5:

    >>> decide(text, {1: 3}, abstain_cost=0.5)
    array([-1])
    """
    P, classes = _check_columns(probabilities, labels)
    abstain_cost = check_abstention(abstain_cost, abstain_label, classes)
    costs, tolerance, unit = _costs_and_tolerance(P, classes, cost_matrix, sample_costs)
    positions = _cheapest(P, costs, tolerance)
    y_pred = classes[positions]
    if abstain_cost is None:
        return y_pred
    too_expensive = np.all(costs > abstain_cost / unit + tolerance, axis=1)  # (n, K) -> (n,)
    return with_abstentions(y_pred, too_expensive, abstain_label)


def bayes_threshold(cost_matrix: CostMatrixLike) -> float:
    """Probability of the positive class above which the positive prediction is cheaper.

    ``(C_fp - C_tn) / (C_fp - C_tn + C_fn - C_tp)`` (Elkan, 2001, "The foundations of
    cost-sensitive learning"). Above the threshold :func:`decide` predicts the positive class,
    below it the negative class. At the threshold both predictions have the same expected cost:
    ``decide`` predicts the more probable class, the rule ``p >= threshold`` the positive class.

    Parameters
    ----------
    cost_matrix : None, array-like of shape (2, 2) or dict
        Any form of :func:`check_cost_matrix` for the classes 0 (negative) and 1 (positive),
        except "balanced".

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If `cost_matrix` is not a valid matrix for two classes.

    Examples
    --------
    >>> from skcnn.costs import bayes_threshold
    >>> bayes_threshold([[0, 1], [1, 0]])
    0.5
    >>> bayes_threshold([[0, 1], [4, 0]])
    0.2
    """
    costs = costs_as_dict(cost_matrix)
    keys = costs if isinstance(costs, Mapping) else {}
    names = [key for key in keys if not isinstance(key, tuple) and key not in (0, 1)]
    if names:
        raise ValueError(
            f"cost_matrix names {names[0]!r}; bayes_threshold speaks of the classes 0 (negative) "
            f"and 1 (positive). If {names[0]!r} is the positive class, write "
            f"{{1: {keys[names[0]]!r}}}."
        )
    (tn, fp), (fn, tp) = in_unit(check_cost_matrix(cost_matrix, [0, 1]))[0]
    false_alarm, miss = fp - tn, fn - tp
    return float(false_alarm / (false_alarm + miss))


def decision_costs(decision: str, cost_matrix: Float64) -> Float64:
    """The matrix whose expected cost a classifier's predictions minimize, (K, K) -> (K, K).

    `decision` is "min_cost", or "argmax": the most probable class, which equal costs lead to.
    """
    return cost_matrix if decision == "min_cost" else 1 - np.eye(len(cost_matrix))


def _check_columns(
    probabilities: ArrayLike, labels: ArrayLike | None
) -> tuple[Float64, NDArray[Any]]:
    """Return checked probabilities (n, K) and the label of each column (K,)."""
    table, classes = match_columns(probabilities, labels, "probabilities")
    P = check_probabilities(table, "probabilities")
    n_classes = P.shape[1]
    if classes is None:
        return P, np.arange(n_classes)
    if classes.shape != (n_classes,):
        raise ValueError(
            f"probabilities has {n_classes} columns, labels has shape {classes.shape}; expected "
            f"({n_classes},): one label per column."
        )
    return P, classes


def _costs_and_tolerance(
    P: Float64, classes: NDArray[Any], cost_matrix: CostMatrixLike, sample_costs: Any
) -> tuple[Float64, Float64, float]:
    """Expected costs of predictions, how much rounding can change them, (n, K) each; their unit."""
    if sample_costs is None:
        matrix, unit = in_unit(check_cost_matrix(cost_matrix, classes))
        costs = P @ matrix  # (n, K) @ (K, K) -> (n, K)
        size = P @ np.abs(matrix)
    elif cost_matrix is not None:
        raise ValueError(BOTH_COSTS)
    else:
        costs_of_rows, unit = in_unit(check_sample_costs(sample_costs, len(P), classes))
        costs = expected_sample_costs(P, costs_of_rows)
        size = expected_sample_costs(P, np.abs(costs_of_rows))
    # Rounding changes a sum of K products by at most about K eps times its size. The factor 4 makes
    # this bound safe.
    return costs, 4 * len(classes) * np.finfo(np.float64).eps * size, unit


def _cheapest(P: Float64, costs: Float64, tolerance: Float64) -> Int64:
    """Position of the cheapest class of each row, (n, K) -> (n,); ties as `decide` says."""
    rows, cheapest = np.arange(len(costs)), costs.argmin(axis=1)
    least, margin = costs[rows, cheapest], tolerance[rows, cheapest]
    tied = costs - tolerance <= (least + margin)[:, np.newaxis]  # (n, K)
    positions: Int64 = np.where(tied, P, -1.0).argmax(axis=1)  # (n, K) -> (n,)
    return positions
