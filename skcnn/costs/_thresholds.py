"""Thresholds that keep a promise: a precision, or a share of flagged rows."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skcnn.costs._checks import check_finite_scores
from skcnn.costs._curves import _counts


def threshold_at_precision(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    min_precision: float,
    *,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Threshold with the highest recall among those with a precision of `min_precision` or more.

    Choose it on rows that the classifier was not trained on, such as the probabilities of
    :func:`sklearn.model_selection.cross_val_predict`.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, two different ones.
    y_prob : array-like of shape (n_samples,)
        Probability of the positive class, or any score that grows with it.
    min_precision : float
        In (0, 1].
    pos_label : label, default=None
        The positive class; None: the second of the sorted labels.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.

    Returns
    -------
    float
        A row is positive where ``y_prob >= threshold``, as in
        :class:`sklearn.model_selection.FixedThresholdClassifier`.

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
    counts, _ = _counts(y_true, y_prob, pos_label, sample_weight)
    found = counts.hits[:-1]  # at infinity nothing is flagged
    precision = found / (found + counts.false_alarms[:-1])
    # Sums of weights such as .1 are a little off.
    good = np.flatnonzero(precision >= min_precision * (1 - 1e-12))
    if len(good) == 0:
        best = int(precision.argmax())
        raise ValueError(
            f"No threshold has a precision of {min_precision}; the highest is "
            f"{precision[best]:.3g}, at {counts.thresholds[best]:.3g}."
        )
    return float(counts.thresholds[good[found[good] == found[good[0]]][-1]])


def threshold_at_rate(y_prob: ArrayLike, max_rate: float) -> float:
    """Lowest threshold at which no more than the share `max_rate` of the rows is flagged.

    For when somebody has to look at what is flagged, and has time for so many. Rows with the same
    probability are flagged together or not at all.

    Parameters
    ----------
    y_prob : array-like of shape (n_samples,)
        Probability of the positive class, or any score that grows with it.
    max_rate : float
        In [0, 1].

    Returns
    -------
    float
        A row is flagged where ``y_prob >= threshold``; infinity where that must be none.

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
    scores = np.asarray(y_prob, dtype=np.float64)
    if not (isinstance(max_rate, Real) and 0 <= max_rate <= 1):
        raise ValueError(f"max_rate is {max_rate!r}; expected a number in [0, 1].")
    if scores.ndim != 1 or len(scores) == 0:
        raise ValueError(
            f"y_prob has shape {scores.shape}; expected one number for each of one row or more, "
            "such as predict_proba(X)[:, 1]."
        )
    check_finite_scores(scores)
    scores = np.sort(scores)
    # The products of shares such as .29 * 100 come out a little too low.
    n_flagged = int(np.floor(max_rate * len(scores) + 1e-9))
    values, first = np.unique(scores, return_index=True)
    allowed = len(scores) - first <= n_flagged
    return float(values[allowed][0]) if allowed.any() else float("inf")
