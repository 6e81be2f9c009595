"""From probabilities to the answer that is expected to cost least."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix
from skcnn.costs._probabilities import check_probabilities


def expected_costs(
    probabilities: ArrayLike,
    cost_matrix: CostMatrixLike,
    classes: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Expected cost of each possible answer: ``probabilities @ C``.

    Parameters
    ----------
    probabilities : array-like of shape (n_samples, K)
        Probability of each class, as from ``predict_proba``.
    cost_matrix : None, array-like, DataFrame or dict
        Any form of :func:`check_cost_matrix` except "balanced".
    classes : array-like of shape (K,), default=None
        The labels of the columns; needed where `cost_matrix` names labels. None means 0 .. K-1.

    Returns
    -------
    ndarray of shape (n_samples, K), dtype float64
        ``[i, j]`` is the expected cost of answering class j for row i.

    Raises
    ------
    ValueError
        If a row of `probabilities` is no distribution, or `cost_matrix` is refused by
        :func:`check_cost_matrix`.

    Examples
    --------
    Saying "spam" (column 1) is the cheaper answer, although it is the less likely one:

    >>> from skcnn.costs import expected_costs
    >>> expected_costs([[0.7, 0.3]], {1: 5})
    array([[1.5, 0.7]])
    """
    table, _, matrix = _check(probabilities, cost_matrix, classes)
    costs: NDArray[np.float64] = table @ matrix  # (n, K) @ (K, K) -> (n, K)
    return costs


def decide(
    probabilities: ArrayLike,
    cost_matrix: CostMatrixLike,
    classes: ArrayLike | None = None,
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
    cost_matrix : None, array-like, DataFrame or dict
        Any form of :func:`check_cost_matrix` except "balanced".
    classes : array-like of shape (K,), default=None
        The labels of the columns; needed where `cost_matrix` names labels.

    Returns
    -------
    ndarray of shape (n_samples,)
        Labels of the dtype of `classes` if they are given, else class indices (int64).

    Raises
    ------
    ValueError
        If a row of `probabilities` is no distribution, or `cost_matrix` is refused by
        :func:`check_cost_matrix`.

    Examples
    --------
    >>> from skcnn.costs import decide
    >>> text = [[0.7, 0.3]]
    >>> decide(text, {"spam": 2}, classes=["ham", "spam"])
    array(['ham'], dtype='<U4')
    >>> decide(text, {"spam": 3}, classes=["ham", "spam"])
    array(['spam'], dtype='<U4')
    """
    table, labels, matrix = _check(probabilities, cost_matrix, classes)
    answers = _cheapest(table, matrix)
    return answers if classes is None else labels[answers]


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


def _check(
    probabilities: ArrayLike, cost_matrix: CostMatrixLike, classes: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[Any], NDArray[np.float64]]:
    table = check_probabilities(probabilities, "probabilities")
    n_classes = table.shape[1]
    labels = np.arange(n_classes) if classes is None else np.asarray(classes)
    if labels.shape != (n_classes,):
        raise ValueError(
            f"probabilities has {n_classes} columns, classes has shape {labels.shape}; expected "
            f"({n_classes},): one label per column."
        )
    return table, labels, check_cost_matrix(cost_matrix, labels)


def _cheapest(table: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.int64]:
    costs = table @ matrix  # (n, K)
    # The most that rounding in the sum of K products can amount to, with room.
    tolerance = 4 * len(matrix) * np.finfo(np.float64).eps * np.abs(matrix).max()
    tied = costs <= costs.min(axis=1, keepdims=True) + tolerance  # (n, K)
    answers: NDArray[np.int64] = np.where(tied, table, -1.0).argmax(axis=1)  # (n,)
    return answers
