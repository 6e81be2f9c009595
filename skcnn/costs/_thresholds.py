"""Thresholds with a given recall, precision, false-alarm rate or number of positive predictions.

With `confidence` a limit is a promise about all rows of the population, and not about the given
rows alone: see `_binomial.py` and `_certified.py`.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn._arrays import Float64
from skcnn.costs._binomial import (
    check_confidence,
    check_no_weights,
    check_promise,
    order_of_quantile,
    rows_needed,
)
from skcnn.costs._certified import certify_precision, why_none_is_certified
from skcnn.costs._checks import check_finite_scores
from skcnn.costs._curves import ErrorCounts, count_errors
from skcnn.costs._labels import label_array

# Rounding in float64, where one operation has a relative error of at most 1.1e-16.
# Sums of weights such as 0.1, relative: a sum of n numbers is off by at most n * 1.1e-16.
_ROUNDING_OF_SUMS = 1e-12
# Products such as 0.29 * 100 = 28.999999999999996, in rows: enough for 4 million rows.
_ROUNDING_OF_COUNTS = 1e-9


def threshold_at_recall(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    min_recall: float,
    *,
    confidence: float | None = None,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Highest threshold with at least the recall `min_recall`: it flags the fewest rows.

    Recall is the share of the positive rows that is predicted positive. Choose the threshold on
    rows that the classifier was not trained on.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, two different ones.
    y_prob : array-like of shape (n_samples,)
        Probability of the positive class, or any score that increases with it.
    min_recall : float
        Lowest recall that is good enough, in (0, 1].
    confidence : float, default=None
        Probability that the promise is kept: that the recall on all rows of the population is at
        least `min_recall`. Between 0 and 1. The rows must be independent draws from the population.
        None: the recall on the given rows is enough, so that on new rows it is lower half of the
        time.
    pos_label : label, default=None
        The positive class; None: the second of the sorted labels.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows. None: every row has the weight 1. Not with `confidence`.

    Returns
    -------
    float
        A row is predicted positive where ``y_prob >= threshold``.

    Raises
    ------
    ValueError
        If there are not two classes, `min_recall` is not in (0, 1], or there are too few positive
        rows for the promise; the error says how many are needed.

    Notes
    -----
    With `confidence` the threshold is a score of a positive row, that with the highest rank k from
    below for which ``P(Binomial(m, 1 - min_recall) >= k) >= confidence``; m is the number of
    positive rows. This order statistic has the exact bound for scores without ties, and with ties
    the recall is only higher (Wilks, 1941, "Determination of sample sizes for setting tolerance
    limits"). The choice of the threshold is covered: nothing else is chosen. The smallest m that is
    enough is ``log(1 - confidence) / log(min_recall)``, rounded up.

    Examples
    --------
    >>> from skcnn.costs import threshold_at_recall
    >>> threshold_at_recall([0, 1, 0, 1], [0.1, 0.3, 0.4, 0.9], min_recall=0.5)
    0.9
    >>> threshold_at_recall([0, 1, 0, 1], [0.1, 0.3, 0.4, 0.9], min_recall=0.5, confidence=0.7)
    0.3
    """
    _check_share("min_recall", min_recall)
    level = _check_promise("min_recall", min_recall, confidence, sample_weight)
    counts, _ = count_errors(y_true, y_prob, pos_label, sample_weight)
    if level is None:
        enough = counts.hits >= min_recall * counts.positives * (1 - _ROUNDING_OF_SUMS)
        return float(counts.thresholds[enough][-1])
    return recall_threshold(counts, min_recall, level)


def recall_threshold(counts: ErrorCounts, min_recall: float, confidence: float) -> float:
    """The highest threshold that promises the recall."""
    order = order_of_quantile(int(counts.positives), 1 - min_recall, confidence)
    if not order:
        needed = rows_needed(1 - min_recall, confidence)
        raise ValueError(_too_few("min_recall", min_recall, confidence, counts.positives, needed))
    return float(counts.thresholds[counts.misses <= order - 1][-1])


def threshold_at_false_alarm_rate(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    max_rate: float,
    *,
    confidence: float | None = None,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Lowest threshold with at most the false-alarm rate `max_rate`: it has the highest recall.

    The false-alarm rate is the share of the negative rows that is predicted positive. (In other
    places it is the false positive rate, or 1 minus the specificity.)

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, two different ones.
    y_prob : array-like of shape (n_samples,)
        Probability of the positive class, or any score that increases with it.
    max_rate : float
        Highest false-alarm rate that is good enough, in [0, 1).
    confidence : float, default=None
        Probability that the promise is kept, as in :func:`threshold_at_recall`.
    pos_label : label, default=None
        The positive class; None: the second of the sorted labels.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows. None: every row has the weight 1. Not with `confidence`.

    Returns
    -------
    float
        A row is predicted positive where ``y_prob >= threshold``. Infinity if no row may be
        predicted positive.

    Raises
    ------
    ValueError
        If there are not two classes, `max_rate` is not in [0, 1), or there are too few negative
        rows for the promise; the error says how many are needed.

    Notes
    -----
    With `confidence` the bound is that of :func:`threshold_at_recall`, for the negative rows from
    above. The threshold is the next higher score of any row.

    Examples
    --------
    >>> from skcnn.costs import threshold_at_false_alarm_rate
    >>> threshold_at_false_alarm_rate([0, 1, 0, 1], [0.1, 0.3, 0.4, 0.9], max_rate=0.5)
    0.3
    >>> y_true, y_prob = [0, 1, 0, 1], [0.1, 0.3, 0.4, 0.9]
    >>> threshold_at_false_alarm_rate(y_true, y_prob, max_rate=0.5, confidence=0.7)
    0.9
    """
    if not (isinstance(max_rate, Real) and 0 <= max_rate < 1):
        raise ValueError(f"max_rate is {max_rate!r}; expected a number in [0, 1).")
    level = _check_promise("max_rate", max_rate, confidence, sample_weight)
    counts, _ = count_errors(y_true, y_prob, pos_label, sample_weight)
    if level is None:
        few = counts.false_alarms <= max_rate * counts.negatives * (1 + _ROUNDING_OF_SUMS)
        return float(counts.thresholds[few][0])
    return false_alarm_threshold(counts, max_rate, level)


def false_alarm_threshold(counts: ErrorCounts, max_rate: float, confidence: float) -> float:
    """The lowest threshold that promises the false-alarm rate."""
    order = order_of_quantile(int(counts.negatives), max_rate, confidence)
    if not order:
        needed = rows_needed(max_rate, confidence)
        raise ValueError(_too_few("max_rate", max_rate, confidence, counts.negatives, needed))
    return float(counts.thresholds[counts.false_alarms <= order - 1][0])


def threshold_at_precision(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    min_precision: float,
    *,
    confidence: float | None = None,
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
    confidence : float, default=None
        Probability that the promise is kept: that the precision on all rows of the population is at
        least `min_precision`. Between 0 and 1. The rows must be independent draws from the
        population, and `y_prob` must be probabilities. None: the precision on the given rows is
        enough, so that on new rows it is lower about half of the time.
    pos_label : label, default=None
        The positive class; None: the second of the sorted labels.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows. None: every row has the weight 1. Not with `confidence`.

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
        (0, 1]. With `confidence`: if no threshold can promise it with these rows; the error says
        about how many rows are needed.

    Notes
    -----
    With `confidence` the candidates are a list of thresholds around `min_precision` that does not
    depend on the rows. Each is tested by the exact binomial test of Clopper & Pearson, and the
    tests together are wrong with a probability of at most ``1 - confidence`` (the fallback
    procedure of Wiens, 2003, in the framework Learn then Test of Angelopoulos, Bates, Candès,
    Jordan & Lei, 2021). So the choice of the threshold is covered. Probabilities that are badly
    calibrated make the threshold worse; they do not break the promise.

    Examples
    --------
    >>> from skcnn.costs import threshold_at_precision
    >>> threshold_at_precision([0, 1, 0, 1], [0.1, 0.3, 0.4, 0.9], min_precision=0.6)
    0.3
    >>> threshold_at_precision([0, 1, 0, 1], [0.1, 0.3, 0.4, 0.9], min_precision=0.8)
    0.9
    """
    _check_share("min_precision", min_precision)
    level = _check_promise("min_precision", min_precision, confidence, sample_weight)
    counts, _ = count_errors(y_true, y_prob, pos_label, sample_weight)
    if level is not None:
        is_positive, y_score = is_positive_and_score(y_true, y_prob, counts.pos_label)
        tested = certify_precision(is_positive, y_score, min_precision, level)
        if not tested.accepted.any():
            raise ValueError(why_none_is_certified(tested, len(y_score), min_precision, level))
        return float(tested.useful[-1])
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
    if not (isinstance(max_rate, Real) and 0 <= max_rate <= 1):
        raise ValueError(f"max_rate is {max_rate!r}; expected a number in [0, 1].")
    y_score = _check_scores(y_prob)
    return _threshold_of(y_score, int(np.floor(max_rate * len(y_score) + _ROUNDING_OF_COUNTS)))


def threshold_at_count(y_prob: ArrayLike, max_count: int) -> float:
    """Lowest threshold at which at most `max_count` of the rows are predicted positive.

    Use it if a person has time for a fixed number of the given rows. Rows with the same probability
    get the same prediction, so there can be fewer. :func:`choose_abstentions` chooses rows by what
    a look at them saves.

    Parameters
    ----------
    y_prob : array-like of shape (n_samples,)
        Probability of the positive class, or any score that increases with it.
    max_count : int
        Highest number of positive predictions, at least 0.

    Returns
    -------
    float
        A row is predicted positive where ``y_prob >= threshold``. Infinity if no row may be
        predicted positive.

    Raises
    ------
    ValueError
        If `max_count` is not a whole number >= 0, or `y_prob` is empty or not finite.

    Examples
    --------
    >>> from skcnn.costs import threshold_at_count
    >>> threshold_at_count([0.1, 0.3, 0.4, 0.9], max_count=2)
    0.4
    >>> threshold_at_count([0.1, 0.4, 0.4, 0.9], max_count=2)
    0.9
    """
    check_count("max_count", max_count)
    return _threshold_of(_check_scores(y_prob), int(max_count))


def check_count(name: str, value: int) -> None:
    """Raise ValueError where a number of rows is not a whole number >= 0."""
    if not (isinstance(value, Integral) and value >= 0):
        raise ValueError(f"{name} is {value!r}; expected a whole number of rows, at least 0.")


def is_positive_and_score(
    y_true: ArrayLike, y_prob: ArrayLike, pos_label: Any
) -> tuple[NDArray[np.bool_], Float64]:
    """Where rows that `count_errors` has checked are positive, and their scores, (n,) each."""
    y_score = np.asarray(y_prob, dtype=np.float64).ravel()
    return np.asarray(label_array(y_true).ravel() == pos_label), y_score


def _threshold_of(y_score: Float64, n_positive: int) -> float:
    """Lowest score that at most `n_positive` rows reach, or infinity."""
    values, first = np.unique(np.sort(y_score), return_index=True)
    allowed = len(y_score) - first <= n_positive
    return float(values[allowed][0]) if allowed.any() else float("inf")


def _check_scores(y_prob: ArrayLike) -> Float64:
    y_score = np.asarray(y_prob, dtype=np.float64)
    if y_score.ndim != 1 or len(y_score) == 0:
        raise ValueError(
            f"y_prob has shape {y_score.shape}; expected one number for each row, and at least "
            "one row, such as predict_proba(X)[:, 1]."
        )
    check_finite_scores(y_score)
    return y_score


def _check_share(name: str, share: float) -> None:
    if not (isinstance(share, Real) and 0 < share <= 1):
        raise ValueError(f"{name} is {share!r}; expected a number in (0, 1].")


def _check_promise(
    name: str, rate: float, confidence: float | None, sample_weight: Any
) -> float | None:
    """Return the confidence, or None where nothing is promised."""
    if confidence is None:
        return None
    level = check_confidence(confidence)
    check_promise(name, rate)
    check_no_weights(sample_weight)
    return level


def _too_few(name: str, rate: float, confidence: float, n_rows: float, needed: int) -> str:
    kind = "positive" if name == "min_recall" else "negative"
    return (
        f"{name} is {rate} with confidence {confidence}, which {int(n_rows)} {kind} rows cannot "
        f"promise at any threshold; expected at least {needed} {kind} rows. Take more rows, or "
        f"change {name} or confidence."
    )
