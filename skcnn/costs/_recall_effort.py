"""How much of the positive class is found by reading part of the rows."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from skcnn._arrays import Float64
from skcnn.costs._curves import count_errors


def recall_effort_curve(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    *,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
) -> tuple[Float64, Float64, Float64]:
    """Recall against the share of the rows that are read, the most probable ones first.

    A person reads every row that is predicted positive. Lowering the threshold costs more reading
    and finds more. (In marketing this is called the cumulative gains curve.)

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
    effort : ndarray of shape (n_thresholds,), dtype float64
        Share of the rows that is predicted positive, increasing from 0 to 1.
    recall : ndarray of shape (n_thresholds,), dtype float64
        Share of the positive rows among them, from 0 to 1.
    thresholds : ndarray of shape (n_thresholds,), dtype float64
        Infinity, then the different values of `y_prob`, decreasing. Rows with equal values are read
        together.

    Raises
    ------
    ValueError
        If there are not two classes, or `y_prob` is not finite.

    Examples
    --------
    >>> from skcnn.costs import recall_effort_curve
    >>> effort, recall, thresholds = recall_effort_curve([0, 1, 0, 1], [0.1, 0.3, 0.4, 0.9])
    >>> effort, recall
    (array([0.  , 0.25, 0.5 , 0.75, 1.  ]), array([0. , 0.5, 0.5, 1. , 1. ]))
    """
    counts, _ = count_errors(y_true, y_prob, pos_label, sample_weight)
    read = counts.hits + counts.false_alarms
    effort = read / (counts.positives + counts.negatives)
    return effort[::-1], (counts.hits / counts.positives)[::-1], counts.thresholds[::-1]
