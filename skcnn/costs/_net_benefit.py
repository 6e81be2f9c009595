"""Net benefit at every threshold: the decision curve."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skcnn._arrays import Float64
from skcnn.costs._checks import check_positive_probabilities
from skcnn.costs._curves import count_errors


def net_benefit_curve(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    *,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
) -> tuple[Float64, Float64]:
    """Net benefit of predicting by the Bayes threshold, for every ratio of the two costs.

    The decision curve of Vickers & Elkin (2006, "Decision curve analysis: a novel method for
    evaluating prediction models"). At the threshold t a false alarm counts ``t / (1 - t)`` as much
    as a hit, because t is the Bayes threshold for a miss that costs ``(1 - t) / t`` false alarms.
    The net benefit is ``(hits - false alarms * t / (1 - t)) / n``. It says how many hits per row
    the predictions are worth, all false alarms subtracted. Never predicting positive has the net
    benefit 0.

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
    thresholds : ndarray of shape (n_points,), dtype float64
        The thresholds t, increasing, from 0 to below 1. Between a pair of points the predictions
        are the same.
    net_benefit : ndarray of shape (n_points,), dtype float64
        The curve there, at most the share of the positive rows.

    Raises
    ------
    ValueError
        If there are not two classes, or a probability is not in [0, 1].

    Examples
    --------
    >>> from skcnn.costs import net_benefit_curve
    >>> thresholds, benefit = net_benefit_curve([0, 1, 0, 1], [0.2, 0.5, 0.5, 0.8])
    >>> for t, b in zip(thresholds, benefit.round(3)):
    ...     print(t, b)
    0.0 0.5
    0.2 0.375
    0.2 0.438
    0.5 0.25
    0.5 0.25
    0.8 0.25
    """
    counts, _ = count_errors(y_true, y_prob, pos_label, sample_weight)
    probabilities = counts.thresholds[:-1]
    check_positive_probabilities(probabilities)
    total = counts.negatives + counts.positives
    # Between two neighboring probabilities the predictions are those at the upper one. At t = 1 a
    # false alarm counts infinitely much: the curve ends at the highest probability below 1.
    edges = np.concatenate([[0.0], probabilities])
    pairs = np.stack([edges[:-1], edges[1:]], axis=1)  # (T - 1, 2)
    pairs[pairs == 1] = np.nan
    hits, false_alarms = counts.hits[:-1, None], counts.false_alarms[:-1, None]
    benefit = (hits - false_alarms * pairs / (1 - pairs)) / total
    inside = ~np.isnan(pairs)
    return pairs[inside], benefit[inside]
