"""From probabilities to the answer that is expected to cost least."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn.costs._abstention import check_abstention, with_abstentions
from skcnn.costs._checks import check_probabilities
from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix
from skcnn.costs._sample_costs import BOTH_COSTS, check_sample_costs, expected_sample_costs


def expected_costs(
    probabilities: ArrayLike,
    cost_matrix: CostMatrixLike = None,
    classes: ArrayLike | None = None,
    *,
    sample_costs: Any = None,
) -> NDArray[np.float64]:
    """Expected cost of each possible answer: ``probabilities @ C``.

    Parameters
    ----------
    probabilities : array-like of shape (n_samples, K)
        Probability of each class, as from ``predict_proba``.
    cost_matrix : None, array-like, DataFrame or dict, default=None
        Any form of :func:`check_cost_matrix` except "balanced". None: every error costs 1.
    classes : array-like of shape (K,), default=None
        The labels of the columns; needed where costs name labels. None means 0 .. K-1.
    sample_costs : array-like of shape (n_samples, K) or DataFrame, default=None
        Instead of `cost_matrix`: what it costs to miss each class in each row, see
        :func:`check_sample_costs`.

    Returns
    -------
    ndarray of shape (n_samples, K), dtype float64
        ``[i, j]`` is the expected cost of answering class j for row i.

    Raises
    ------
    ValueError
        If a row of `probabilities` is no distribution, or the costs are refused.

    Examples
    --------
    Saying "spam" (column 1) is the cheaper answer, although it is the less likely one:

    >>> from skcnn.costs import expected_costs
    >>> expected_costs([[0.7, 0.3]], {1: 5})
    array([[1.5, 0.7]])
    """
    table, labels = _check_table(probabilities, classes)
    return _expected(table, labels, cost_matrix, sample_costs)[0]


def decide(
    probabilities: ArrayLike,
    cost_matrix: CostMatrixLike = None,
    classes: ArrayLike | None = None,
    *,
    sample_costs: Any = None,
    abstain_cost: float | None = None,
    abstain_label: Any = -1,
) -> NDArray[Any]:
    """Give the answer with the lowest expected cost.

    Where answers are expected to cost the same, the more probable one is given, then the one
    with the lower index. So equal costs always mean "the most probable class", even where
    rounding makes two expected costs equal that are not; costs closer together than rounding
    can tell apart count as the same.

    Parameters
    ----------
    probabilities : array-like of shape (n_samples, K)
        Probability of each class, as from ``predict_proba``.
    cost_matrix : None, array-like, DataFrame or dict, default=None
        Any form of :func:`check_cost_matrix` except "balanced". None: every error costs 1.
    classes : array-like of shape (K,), default=None
        The labels of the columns; needed where costs name labels.
    sample_costs : array-like of shape (n_samples, K) or DataFrame, default=None
        Instead of `cost_matrix`: what it costs to miss each class in each row, see
        :func:`check_sample_costs`.
    abstain_cost : float, default=None
        What it costs to leave a row unanswered, say to have a person look at it. Rows whose
        cheapest answer is expected to cost more get `abstain_label` (Chow, 1970, "On optimum
        recognition error and reject tradeoff"). None: every row is answered.
    abstain_label : label, default=-1
        Not one of the classes, but of their type: a string if they are strings.

    Returns
    -------
    ndarray of shape (n_samples,)
        Labels of the dtype of `classes` if they are given, else class indices (int64).

    Raises
    ------
    TypeError
        If `abstain_label` is of another type than the classes.
    ValueError
        If a row of `probabilities` is no distribution, or the costs are refused.

    Examples
    --------
    >>> from skcnn.costs import decide
    >>> text = [[0.7, 0.3]]
    >>> decide(text, {"spam": 2}, classes=["ham", "spam"])
    array(['ham'], dtype='<U4')
    >>> decide(text, {"spam": 3}, classes=["ham", "spam"])
    array(['spam'], dtype='<U4')

    At 3 to 1 "ham" is expected to cost .9 and "spam" .7; having a person look costs .5:

    >>> decide(text, {1: 3}, abstain_cost=0.5)
    array([-1])
    """
    table, labels = _check_table(probabilities, classes)
    abstain_cost = check_abstention(abstain_cost, abstain_label, labels)
    costs, tolerance = _expected(table, labels, cost_matrix, sample_costs)
    answers = _cheapest(table, costs, tolerance)
    given = answers if classes is None else labels[answers]
    if abstain_cost is None:
        return given
    too_dear = np.all(costs > abstain_cost + tolerance, axis=1)
    return with_abstentions(given, too_dear, abstain_label)


def bayes_threshold(cost_matrix: CostMatrixLike) -> float:
    """Probability of the positive class above which the positive answer is the cheaper one.

    ``(C_fp - C_tn) / (C_fp - C_tn + C_fn - C_tp)`` (Elkan, 2001, "The foundations of
    cost-sensitive learning"). Above it :func:`decide` answers positive, below it negative. At
    exactly the threshold both answers are expected to cost the same: ``decide`` gives the more
    probable one, a rule ``p >= threshold`` the positive one, and neither is dearer.

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
        If `cost_matrix` is no valid matrix for two classes.

    Examples
    --------
    >>> from skcnn.costs import bayes_threshold
    >>> bayes_threshold([[0, 1], [1, 0]])
    0.5
    >>> bayes_threshold([[0, 1], [4, 0]])
    0.2
    """
    (tn, fp), (fn, tp) = check_cost_matrix(cost_matrix, [0, 1])
    false_alarm, miss = fp - tn, fn - tp
    return float(false_alarm / (false_alarm + miss))


def _check_table(
    probabilities: ArrayLike, classes: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    table = check_probabilities(probabilities, "probabilities")
    n_classes = table.shape[1]
    labels = np.arange(n_classes) if classes is None else np.asarray(classes)
    if labels.shape != (n_classes,):
        raise ValueError(
            f"probabilities has {n_classes} columns, classes has shape {labels.shape}; expected "
            f"({n_classes},): one label per column."
        )
    return table, labels


def _expected(
    table: NDArray[np.float64],
    labels: NDArray[Any],
    cost_matrix: CostMatrixLike,
    sample_costs: Any,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Expected cost of each answer, and what rounding in it may amount to, (n, K) each."""
    if sample_costs is None:
        matrix = check_cost_matrix(cost_matrix, labels)
        costs = table @ matrix  # (n, K) @ (K, K) -> (n, K)
        size = table @ np.abs(matrix)
    elif cost_matrix is not None:
        raise ValueError(BOTH_COSTS)
    else:
        costs_of_rows = check_sample_costs(sample_costs, len(table), labels)
        costs = size = expected_sample_costs(table, costs_of_rows)
    # The most that rounding in the sum of K products can amount to, with room.
    return costs, 4 * len(labels) * np.finfo(np.float64).eps * size


def _cheapest(
    table: NDArray[np.float64], costs: NDArray[np.float64], tolerance: NDArray[np.float64]
) -> NDArray[np.int64]:
    rows, cheapest = np.arange(len(costs)), costs.argmin(axis=1)
    least, slack = costs[rows, cheapest], tolerance[rows, cheapest]
    tied = costs - tolerance <= (least + slack)[:, np.newaxis]  # (n, K)
    answers: NDArray[np.int64] = np.where(tied, table, -1.0).argmax(axis=1)  # (n,)
    return answers
