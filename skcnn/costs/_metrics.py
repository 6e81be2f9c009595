"""What the answers cost: on average, and against the best constant answer."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix


def average_cost(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    cost_matrix: CostMatrixLike,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Mean cost of the answers `y_pred` when the truth is `y_true`.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    cost_matrix : None, array-like, DataFrame or dict
        Any form of :func:`check_cost_matrix` except "balanced". None gives the error rate.
    labels : array-like of shape (K,), default=None
        All class labels, in the order of the rows of `cost_matrix`. None means those that
        appear in `y_true` or `y_pred`, sorted, as in :func:`sklearn.metrics.confusion_matrix`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.

    Returns
    -------
    float
        In the unit of `cost_matrix`.

    Raises
    ------
    ValueError
        If a row has a label that is not in `labels`, `cost_matrix` is refused by
        :func:`check_cost_matrix`, or the rows weigh nothing.

    Examples
    --------
    >>> from skcnn.costs import average_cost
    >>> y_true, y_pred = ["ham", "ham", "spam", "spam"], ["ham", "spam", "spam", "ham"]
    >>> average_cost(y_true, y_pred, cost_matrix=None)
    0.5
    >>> average_cost(y_true, y_pred, cost_matrix={"spam": 5})
    1.5
    """
    counts, matrix = _check(y_true, y_pred, cost_matrix, labels, sample_weight)
    return float((counts * matrix).sum() / counts.sum())


def normalized_cost(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    cost_matrix: CostMatrixLike,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Average cost in units of the cheapest constant answer: ``1 - savings_score(...)``.

    1.0 is what giving every row the same answer can reach, lower is better.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    cost_matrix : None, array-like, DataFrame or dict
        As in :func:`average_cost`.
    labels : array-like of shape (K,), default=None
        As in :func:`average_cost`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.

    Returns
    -------
    float
        NaN, with a warning, where the cheapest constant answer costs nothing.

    Raises
    ------
    ValueError
        As in :func:`average_cost`.

    Examples
    --------
    >>> from skcnn.costs import normalized_cost
    >>> y_true, never, careful = [0, 0, 0, 0, 1], [0, 0, 0, 0, 0], [0, 0, 0, 1, 1]
    >>> normalized_cost(y_true, never, cost_matrix={1: 5})
    1.25
    >>> normalized_cost(y_true, careful, cost_matrix={1: 5})
    0.25
    """
    return 1.0 - savings_score(
        y_true, y_pred, cost_matrix=cost_matrix, labels=labels, sample_weight=sample_weight
    )


def savings_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    cost_matrix: CostMatrixLike,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Share of the cheapest constant answer's cost that is saved; higher is better.

    ``1 - cost / cost of the cheapest constant answer`` (Bahnsen, Aouada & Ottersten, 2014,
    "Example-dependent cost-sensitive logistic regression for credit scoring"). 0 is as good as
    giving every row the same answer, negative is worse. 1 is perfect if correct answers cost 0.
    If they cost or earn something, a perfect classifier scores below or above 1; and where even
    the cheapest constant answer earns something, the share is of what it earns, so that higher
    stays better.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    cost_matrix : None, array-like, DataFrame or dict
        As in :func:`average_cost`.
    labels : array-like of shape (K,), default=None
        As in :func:`average_cost`; each is one constant answer.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.

    Returns
    -------
    float
        NaN, with an :class:`~sklearn.exceptions.UndefinedMetricWarning`, where the cheapest
        constant answer costs exactly 0, as when `y_true` holds one class only.

    Raises
    ------
    ValueError
        As in :func:`average_cost`.

    Examples
    --------
    Two answers, each with one error; which is the better one is a matter of costs:

    >>> from skcnn.costs import savings_score
    >>> y_true, never, careful = [0, 0, 0, 0, 1], [0, 0, 0, 0, 0], [0, 0, 0, 1, 1]
    >>> for cost in (1, 5):
    ...     savings = [savings_score(y_true, y, cost_matrix={1: cost}) for y in (never, careful)]
    ...     print(cost, savings)
    1 [0.0, 0.0]
    5 [-0.25, 0.75]
    """
    counts, matrix = _check(y_true, y_pred, cost_matrix, labels, sample_weight)
    # Total cost of each constant answer: (K,) @ (K, K) -> (K,)
    best_constant = float((counts.sum(axis=1) @ matrix).min())
    if best_constant == 0:
        from sklearn.exceptions import UndefinedMetricWarning

        warnings.warn(
            "Savings are undefined and set to nan: the cheapest constant answer costs 0, so "
            "there is nothing to save. Is there more than one class in y_true?",
            UndefinedMetricWarning,
            stacklevel=2,
        )
        return float("nan")
    return (best_constant - float((counts * matrix).sum())) / abs(best_constant)


def _check(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    cost_matrix: CostMatrixLike,
    labels: ArrayLike | None,
    sample_weight: ArrayLike | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weight of the rows of each (truth, answer), and the cost matrix in the same order."""
    from sklearn.metrics import confusion_matrix
    from sklearn.utils.multiclass import unique_labels

    seen = unique_labels(y_true, y_pred)
    classes = seen if labels is None else np.asarray(labels)
    known: list[Any] = classes.tolist()
    unknown = [label for label in seen.tolist() if label not in known]
    if unknown:
        raise ValueError(
            f"y_true or y_pred holds {unknown}, which labels = {known} lacks; expected every "
            "label in labels."
        )
    try:
        matrix = check_cost_matrix(cost_matrix, classes)
    except ValueError as error:
        if labels is None:
            error.add_note(
                "labels=None means the labels that appear in y_true or y_pred. If a class does "
                "not appear there, pass labels= with all classes."
            )
        raise
    weight = len(np.asarray(y_true)) if sample_weight is None else np.sum(sample_weight)
    if not weight > 0:
        raise ValueError(
            f"The rows weigh {weight:g} in total; expected at least one row, and a positive sum "
            "of sample_weight."
        )
    counts = confusion_matrix(y_true, y_pred, labels=classes, sample_weight=sample_weight)
    return counts.astype(np.float64), matrix
