"""Costs of two classes at every threshold, and at every ratio of the two costs.

The positive class is predicted where its probability is at least the threshold. A miss is a
positive row that is predicted negative, a false alarm a negative row that is predicted positive.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn._arrays import Float64
from skcnn.costs._checks import (
    check_finite_scores,
    check_labels,
    check_positive_probabilities,
    check_weights,
)
from skcnn.costs._labels import plain_label, plain_labels
from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix


def cost_threshold_curve(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    cost_matrix: CostMatrixLike = None,
    *,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
) -> tuple[Float64, Float64]:
    """Average cost at every threshold on the probability of the positive class.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, two different ones.
    y_prob : array-like of shape (n_samples,)
        Probability of the positive class, or any score that increases with it.
    cost_matrix : None, array-like of shape (2, 2), DataFrame or dict, default=None
        Any form of :func:`check_cost_matrix` for the sorted labels, except "balanced". None: every
        error costs 1.
    pos_label : label, default=None
        The positive class; None: the second of the sorted labels.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows. None: every row has the weight 1.

    Returns
    -------
    average_costs : ndarray of shape (n_thresholds,), dtype float64
        In the unit of `cost_matrix`.
    thresholds : ndarray of shape (n_thresholds,), dtype float64
        The different values of `y_prob`, increasing, and infinity, where no row is predicted
        positive.

    Raises
    ------
    ValueError
        If there are not two classes, `y_prob` is not finite, or the cost matrix is invalid.

    Examples
    --------
    >>> from skcnn.costs import cost_threshold_curve
    >>> costs, thresholds = cost_threshold_curve([0, 1, 0, 1], [0.1, 0.3, 0.4, 0.9], {1: 3})
    >>> costs, thresholds
    (array([0.5 , 0.25, 1.  , 0.75, 1.5 ]), array([0.1, 0.3, 0.4, 0.9, inf]))
    """
    counts, labels = count_errors(y_true, y_prob, pos_label, sample_weight)
    matrix = check_cost_matrix(cost_matrix, labels)
    positive = labels.tolist().index(counts.pos_label)
    (tn, fp), (fn, tp) = matrix if positive == 1 else matrix[::-1, ::-1]
    costs = (
        counts.false_alarms * fp
        + (counts.negatives - counts.false_alarms) * tn
        + counts.misses * fn
        + (counts.positives - counts.misses) * tp
    )
    return costs / (counts.negatives + counts.positives), counts.thresholds


def cost_curve(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    *,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
) -> tuple[Float64, Float64]:
    """Lowest expected cost that any threshold reaches, for every ratio of the costs.

    The cost curve of Drummond & Holte (2006, "Cost curves: an improved method for visualizing
    classifier performance"). A threshold with the miss rate FNR and the false-alarm rate FPR is the
    line ``FNR * PC + FPR * (1 - PC)``, and the curve is the lower envelope of these lines. The
    probability cost is ``PC = p C_fn / (p C_fn + (1 - p) C_fp)``, where p is the share of positive
    rows among those that the classifier will be used on. Always predicting the same class gives
    ``min(PC, 1 - PC)``.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, two different ones.
    y_prob : array-like of shape (n_samples,)
        Probability of the positive class, or any score that increases with it.
    pos_label : label, default=None
        The positive class; None: the second of the sorted labels.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows. None: every row has the weight 1.

    Returns
    -------
    probability_cost : ndarray of shape (n_corners,), dtype float64
        PC at the corners of the curve, increasing from 0 to 1. The curve is straight between them.
    expected_cost : ndarray of shape (n_corners,), dtype float64
        The curve there, from 0 to 0.5: 1 is the cost of an error in every row. Drummond & Holte
        call it the normalized expected cost; it is not :func:`normalized_cost`.

    Raises
    ------
    ValueError
        If there are not two classes, or `y_prob` is not finite.

    Examples
    --------
    >>> from skcnn.costs import cost_curve
    >>> cost_curve([0, 1, 0, 1], [0.1, 0.3, 0.4, 0.9])
    (array([0. , 0.5, 1. ]), array([0.  , 0.25, 0.  ]))
    """
    counts, _ = count_errors(y_true, y_prob, pos_label, sample_weight)
    misses = counts.misses / counts.positives
    false_alarms = counts.false_alarms / counts.negatives
    corners = _hull(false_alarms[::-1], misses[::-1])  # from never to always positive
    x, y = false_alarms[::-1][corners], misses[::-1][corners]
    # Neighboring lines cross where y1 PC + x1 (1 - PC) = y2 PC + x2 (1 - PC).
    crossing = np.diff(x) / (np.diff(x) - np.diff(y))
    probability_cost = np.unique(np.concatenate([[0.0], crossing, [1.0]]))
    lines = np.outer(y, probability_cost) + np.outer(x, 1 - probability_cost)
    return probability_cost, lines.min(axis=0)


def brier_curve(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    *,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
) -> tuple[Float64, Float64]:
    """Average cost of predicting by the Bayes threshold, for every ratio of the two costs.

    The Brier curve of Hernández-Orallo, Flach & Ferri (2011, "Brier curves: a new cost-based
    visualisation of classifier performance"). The cost proportion is ``c = C_fp / (C_fp + C_fn)``,
    with ``C_fp + C_fn = 2``. A row is predicted positive where its probability is above c, and the
    curve is the average cost. The area under it is the Brier score. The difference to the curve of
    the best thresholds is the cost of badly calibrated probabilities.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, two different ones.
    y_prob : array-like of shape (n_samples,)
        Probability of the positive class, from 0 to 1.
    pos_label : label, default=None
        The positive class; None: the second of the sorted labels.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows. None: every row has the weight 1.

    Returns
    -------
    cost_proportion : ndarray of shape (n_points,), dtype float64
        The cost proportion c, from 0 to 1. The curve is straight between different values, and
        jumps where a value appears twice.
    average_cost : ndarray of shape (n_points,), dtype float64
        The curve there.

    Raises
    ------
    ValueError
        If there are not two classes, or a probability is not in [0, 1].

    Examples
    --------
    >>> from skcnn.costs import brier_curve
    >>> c, costs = brier_curve([0, 1, 0, 1], [0.1, 0.3, 0.4, 0.9])
    >>> print(round(np.trapezoid(costs, c), 4))  # ((0.1)**2 + (0.7)**2 + (0.4)**2 + (0.1)**2) / 4
    0.1675
    """
    counts, _ = count_errors(y_true, y_prob, pos_label, sample_weight)
    probabilities = counts.thresholds[:-1]
    check_positive_probabilities(probabilities)
    total = counts.negatives + counts.positives
    # Between two neighboring probabilities the predictions are those at the upper one.
    edges = np.concatenate([[0.0], probabilities, [1.0]])
    begin, end = edges[:-1], edges[1:]
    misses, false_alarms = counts.misses / total, counts.false_alarms / total
    proportion = np.stack([begin, end], axis=1)  # (n_thresholds, 2)
    costs = 2 * (proportion * false_alarms[:, None] + (1 - proportion) * misses[:, None])
    return proportion.ravel(), costs.ravel()


def cost_over_ratios(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    ratios: tuple[float, float] = (1.0, 20.0),
    *,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Mean cost of predicting by the Bayes threshold, over a range of ratios of the two costs.

    Use it if a miss costs more than a false alarm, but nobody can say exactly how much more. It is
    the mean of :func:`brier_curve` over the cost proportions c = 1 / (1 + ratio) in the range. This
    is a proper score: no probabilities have a lower expected score than the true ones. Over all
    ratios, (0, infinity), it is the Brier score.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, two different ones.
    y_prob : array-like of shape (n_samples,)
        Probability of the positive class, from 0 to 1.
    ratios : pair of float, default=(1, 20)
        Lowest and highest cost of a miss, divided by the cost of a false alarm.
    pos_label : label, default=None
        The positive class; None: the second of the sorted labels.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows. None: every row has the weight 1.

    Returns
    -------
    float
        With C_fp + C_fn = 2; lower is better.

    Raises
    ------
    ValueError
        If the ratios are not two increasing numbers >= 0, there are not two classes, or a
        probability is not in [0, 1].

    Examples
    --------
    >>> from skcnn.costs import cost_over_ratios
    >>> y_true, y_prob = [0, 1, 0, 1], [0.1, 0.3, 0.4, 0.9]
    >>> print(round(cost_over_ratios(y_true, y_prob), 3))
    0.224
    >>> print(round(cost_over_ratios(y_true, y_prob, (0, float("inf"))), 4))
    0.1675
    """
    left, right = _proportions(ratios)
    proportion, costs = brier_curve(
        y_true, y_prob, pos_label=pos_label, sample_weight=sample_weight
    )
    begin, end = proportion[::2], proportion[1::2]
    at_begin, at_end = costs[::2], costs[1::2]
    slope = (at_end - at_begin) / np.where(end > begin, end - begin, 1.0)
    # Each piece is straight: the mean over its part inside the range is the height in the middle.
    inside_begin, inside_end = np.clip(begin, left, right), np.clip(end, left, right)
    middle = (inside_begin + inside_end) / 2
    area = (inside_end - inside_begin) * (at_begin + slope * (middle - begin))
    return float(area.sum() / (right - left))


def _proportions(ratios: tuple[float, float]) -> tuple[float, float]:
    """Range of the cost proportions, c = 1 / (1 + ratio), of a range of ratios."""
    try:
        low, high = map(float, ratios)
        increasing = 0 <= low < high
    except (TypeError, ValueError):
        increasing = False
    left, right = (1 / (1 + high), 1 / (1 + low)) if increasing else (0.0, 0.0)
    if not left < right:
        raise ValueError(
            f"ratios is {ratios!r}; expected two increasing numbers >= 0, such as (1, 20)."
        )
    return left, right


class ErrorCounts:
    """Total weight of the wrong predictions at each threshold.

    Attributes
    ----------
    pos_label : the positive class
    thresholds : (T,), the different scores, increasing, and infinity
    positives, negatives : total weight of the rows of each class
    misses, hits : (T,), positive rows that are predicted negative, or positive
    false_alarms : (T,), negative rows that are predicted positive
    """

    def __init__(
        self, is_positive: NDArray[np.bool_], y_score: Float64, weight: Float64, pos_label: Any
    ) -> None:
        values, place = np.unique(y_score, return_inverse=True)
        positive = np.bincount(place, weight * is_positive, len(values))
        negative = np.bincount(place, weight * ~is_positive, len(values))
        self.pos_label = pos_label
        self.thresholds = np.append(values, np.inf)  # (T,)
        self.positives, self.negatives = positive.sum(), negative.sum()
        # Each sum starts at the end where it is 0: a difference would not be exactly 0 there.
        self.misses = np.append(0.0, positive.cumsum())  # (T,)
        self.hits = np.append(positive[::-1].cumsum()[::-1], 0.0)  # (T,)
        self.false_alarms = np.append(negative[::-1].cumsum()[::-1], 0.0)  # (T,)


def count_errors(
    y_true: ArrayLike, y_prob: ArrayLike, pos_label: Any, sample_weight: ArrayLike | None
) -> tuple[ErrorCounts, NDArray[Any]]:
    """Check the rows and count the errors at each threshold; also return both labels, sorted."""
    true, y_score = _check_columns(y_true, y_prob, sample_weight)
    labels = np.unique(true)
    if len(labels) != 2:
        raise ValueError(
            f"y_true has {len(labels)} different labels, {labels.tolist()[:10]}; expected two. "
            "For more classes compare one with the rest: y_true == label."
        )
    pos_label = labels[1] if pos_label is None else plain_label(pos_label)
    if pos_label not in labels.tolist():
        raise ValueError(f"pos_label is {pos_label!r}; expected one of {labels.tolist()}.")
    check_finite_scores(y_score)
    weight = check_weights(sample_weight, len(true))
    is_positive = true == pos_label
    if not (weight[is_positive].any() and weight[~is_positive].any()):
        raise ValueError(
            "All rows of one class have the weight 0; expected rows of both classes with a "
            "positive sample_weight."
        )
    counts = weight > 0
    return ErrorCounts(is_positive[counts], y_score[counts], weight[counts], pos_label), labels


def _check_columns(
    y_true: ArrayLike, y_prob: ArrayLike, sample_weight: ArrayLike | None
) -> tuple[NDArray[Any], Float64]:
    """True labels and scores as arrays (n,) of equal length."""
    from sklearn.utils import check_consistent_length, column_or_1d

    true = column_or_1d(plain_labels(y_true))
    check_labels("y_true", true)
    y_score = np.asarray(y_prob, dtype=np.float64)
    if y_score.ndim == 2 and y_score.shape[1] > 1:
        raise ValueError(
            f"y_prob has shape {y_score.shape}; expected one number for each row. Pass the column "
            "of the positive class, such as predict_proba(X)[:, 1]."
        )
    y_score = column_or_1d(y_score)
    check_consistent_length(true, y_score, sample_weight)
    return true, y_score


def _hull(x: Float64, y: Float64) -> list[int]:
    """Corners of the lower convex hull of points whose x increases and y decreases."""
    corners: list[int] = []
    for i in range(len(x)):
        while len(corners) >= 2:
            a, b = corners[-2:]
            turn = (x[b] - x[a]) * (y[i] - y[a]) - (y[b] - y[a]) * (x[i] - x[a])
            if turn > 0:
                break
            corners.pop()
        corners.append(i)
    return corners
