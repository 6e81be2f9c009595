"""One threshold for several promises at once."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from skcnn._arrays import Float64
from skcnn.costs._binomial import check_confidence, check_promise
from skcnn.costs._certified import certify_precision, why_none_is_certified
from skcnn.costs._curves import count_errors
from skcnn.costs._thresholds import (
    false_alarm_threshold,
    is_positive_and_score,
    recall_threshold,
)


def threshold_at_limits(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    *,
    min_recall: float | None = None,
    min_precision: float | None = None,
    max_false_alarm_rate: float | None = None,
    confidence: float = 0.95,
    pos_label: Any = None,
) -> float:
    """Threshold that keeps several promises at once, with one confidence for all of them.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, two different ones, of rows that are independent draws from the population and
        that the classifier was not trained on.
    y_prob : array-like of shape (n_samples,)
        Probability of the positive class. Without `min_precision`, any score that increases with
        it.
    min_recall : float, default=None
        Lowest recall, between 0 and 1. None: no promise about it.
    min_precision : float, default=None
        Lowest precision, between 0 and 1. None: no promise about it.
    max_false_alarm_rate : float, default=None
        Highest share of the negative rows that may be predicted positive, between 0 and 1. None: no
        promise about it.
    confidence : float, default=0.95
        Probability that all promises are kept together, on all rows of the population. Between 0
        and 1.
    pos_label : label, default=None
        The positive class; None: the second of the sorted labels.

    Returns
    -------
    float
        A row is predicted positive where ``y_prob >= threshold``. With `min_recall` it is the
        highest threshold that can make the promises, so that the fewest rows are flagged; without,
        it is the lowest, so that the recall is highest.

    Raises
    ------
    ValueError
        If no promise is given, a promise alone cannot be made with these rows, or no threshold can
        make all of them.

    Notes
    -----
    Learn then Test (Angelopoulos, Bates, Candès, Jordan & Lei, 2021): the probability that one of
    the promises is broken is at most ``1 - confidence``. Each of m promises gets ``1 / m`` of it
    (Bonferroni). Its share covers every threshold that it accepts: for recall and false-alarm rate
    all thresholds on one side, see :func:`threshold_at_recall`, for precision a list of thresholds,
    see :func:`threshold_at_precision`.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnn.costs import threshold_at_limits
    >>> rng = np.random.default_rng(0)
    >>> y_prob = rng.beta(0.5, 1, size=2000)
    >>> y_true = rng.uniform(size=2000) < y_prob
    >>> threshold = threshold_at_limits(y_true, y_prob, min_recall=0.9, min_precision=0.5)
    >>> print(round(threshold, 2))
    0.2
    """
    limits = {
        name: value
        for name, value in (
            ("min_recall", min_recall),
            ("min_precision", min_precision),
            ("max_false_alarm_rate", max_false_alarm_rate),
        )
        if value is not None
    }
    if not limits:
        raise ValueError(
            "No limit is given; expected at least one of min_recall, min_precision and "
            "max_false_alarm_rate."
        )
    for name, value in limits.items():
        check_promise(name, value)
    each = 1 - (1 - check_confidence(confidence)) / len(limits)
    accepted = _accepted(y_true, y_prob, limits, each, pos_label)
    inside = accepted.candidates[
        (accepted.candidates >= accepted.low) & (accepted.candidates <= accepted.high)
    ]
    if not len(inside):
        raise ValueError(_why_none(accepted, limits, confidence))
    return float(inside.max() if "min_recall" in limits else inside.min())


class _Accepted(NamedTuple):
    """Thresholds that each promise accepts."""

    low: float  # the lowest one for the false-alarm rate
    high: float  # the highest one for recall
    candidates: Float64  # those for precision, or any


def _accepted(
    y_true: ArrayLike, y_prob: ArrayLike, limits: dict[str, float], each: float, pos_label: Any
) -> _Accepted:
    counts, _ = count_errors(y_true, y_prob, pos_label, None)
    low, high, candidates = -np.inf, np.inf, counts.thresholds
    if "min_recall" in limits:
        high = recall_threshold(counts, limits["min_recall"], each)
    if "max_false_alarm_rate" in limits:
        low = false_alarm_threshold(counts, limits["max_false_alarm_rate"], each)
    if "min_precision" in limits:
        is_positive, y_score = is_positive_and_score(y_true, y_prob, counts.pos_label)
        tested = certify_precision(is_positive, y_score, limits["min_precision"], each)
        if not tested.accepted.any():
            raise ValueError(
                why_none_is_certified(tested, len(y_score), limits["min_precision"], each)
            )
        candidates = tested.useful
    return _Accepted(low, high, candidates)


def _why_none(accepted: _Accepted, limits: dict[str, float], confidence: float) -> str:
    parts = []
    if "min_recall" in limits:
        parts.append(f"min_recall={limits['min_recall']} needs one of at most {accepted.high:.3g}")
    if "max_false_alarm_rate" in limits:
        rate = limits["max_false_alarm_rate"]
        parts.append(f"max_false_alarm_rate={rate} needs one of at least {accepted.low:.3g}")
    if "min_precision" in limits:
        lowest = accepted.candidates.min(initial=np.inf)
        parts.append(f"min_precision={limits['min_precision']} needs one from {lowest:.3g} on")
    return (
        f"No threshold makes all promises with confidence {confidence}: {', '.join(parts)}. "
        "Expected limits that one threshold can keep. Lower one of them, or take more rows or a "
        "better classifier."
    )
