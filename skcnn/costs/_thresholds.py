"""Thresholds with a given precision, or with a given share of positive predictions."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skcnn.costs._checks import check_finite_scores
from skcnn.costs._curves import count_errors

# Rounding in float64, where one operation has a relative error of at most 1.1e-16.
# Sums of weights such as 0.1, relative: a sum of n numbers is off by at most n * 1.1e-16.
_ROUNDING_OF_SUMS = 1e-12
# Products such as 0.29 * 100 = 28.999999999999996, in rows: enough for 4 million rows.
_ROUNDING_OF_COUNTS = 1e-9


def threshold_at_precision(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    min_precision: float,
    *,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Threshold with the highest recall among those with at least the precision `min_precision`.

    Choose it on rows that the classifier was not trained on, for example with the probabilities
    from :func:`sklearn.model_selection.cross_val_predict`.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, two different ones.
    y_prob : array-like of shape (n_samples,)
        Probability of the positive class, or any score that increases with it.
    min_precision : float
        Lowest precision that is good enough, in (0, 1].
    pos_label : label, default=None
        The positive class; None: the second of the sorted labels.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows. None: every row has the weight 1.

    Returns
    -------
    float
        A row is predicted positive where ``y_prob >= threshold``, as in
        :class:`sklearn.model_selection.FixedThresholdClassifier`. If several thresholds have the
        highest recall, the highest of them.

    Raises
    ------
    ValueError
        If no threshold has that precision, there are not two classes, or `min_precision` is not in
        (0, 1].

    Examples
    --------
    >>> from skcnn.costs import threshold_at_precision
    >>> threshold_at_precision([0, 1, 0, 1], [0.1, 0.3, 0.4, 0.9], min_precision=0.6)
    0.3
    >>> threshold_at_precision([0, 1, 0, 1], [0.1, 0.3, 0.4, 0.9], min_precision=0.8)
    0.9
    """
    if not (isinstance(min_precision, Real) and 0 < min_precision <= 1):
        raise ValueError(f"min_precision is {min_precision!r}; expected a number in (0, 1].")
    counts, _ = count_errors(y_true, y_prob, pos_label, sample_weight)
    found = counts.hits[:-1]  # at infinity no row is predicted positive
    precision = found / (found + counts.false_alarms[:-1])
    good = np.flatnonzero(precision >= min_precision * (1 - _ROUNDING_OF_SUMS))
    if len(good) == 0:
        best = int(precision.argmax())
        raise ValueError(
            f"min_precision is {min_precision}, which no threshold reaches; expected at most "
            f"{precision[best]:.3g}, the highest precision, at the threshold "
            f"{counts.thresholds[best]:.3g}."
        )
    return float(counts.thresholds[good[found[good] == found[good[0]]][-1]])


def threshold_at_rate(y_prob: ArrayLike, max_rate: float) -> float:
    """Lowest threshold at which at most the share `max_rate` of the rows is predicted positive.

    Use it if a person checks each positive prediction and has time for a limited number. Rows with
    the same probability get the same prediction.

    Parameters
    ----------
    y_prob : array-like of shape (n_samples,)
        Probability of the positive class, or any score that increases with it.
    max_rate : float
        Highest share of positive predictions, in [0, 1].

    Returns
    -------
    float
        A row is predicted positive where ``y_prob >= threshold``. Infinity if no row may be
        predicted positive.

    Raises
    ------
    ValueError
        If `max_rate` is not in [0, 1], or `y_prob` is empty or not finite.

    Examples
    --------
    >>> from skcnn.costs import threshold_at_rate
    >>> threshold_at_rate([0.1, 0.3, 0.4, 0.9], max_rate=0.5)
    0.4
    >>> threshold_at_rate([0.1, 0.9, 0.9, 0.9], max_rate=0.5)
    inf
    """
    y_score = np.asarray(y_prob, dtype=np.float64)
    if not (isinstance(max_rate, Real) and 0 <= max_rate <= 1):
        raise ValueError(f"max_rate is {max_rate!r}; expected a number in [0, 1].")
    if y_score.ndim != 1 or len(y_score) == 0:
        raise ValueError(
            f"y_prob has shape {y_score.shape}; expected one number for each row, and at least "
            "one row, such as predict_proba(X)[:, 1]."
        )
    check_finite_scores(y_score)
    y_score = np.sort(y_score)
    n_positive = int(np.floor(max_rate * len(y_score) + _ROUNDING_OF_COUNTS))
    values, first = np.unique(y_score, return_index=True)
    allowed = len(y_score) - first <= n_positive
    return float(values[allowed][0]) if allowed.any() else float("inf")
