"""What the answers cost: on average, and against the best constant answer."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn.costs._abstention import check_abstention, is_abstention
from skcnn.costs._checks import check_labels, check_weights
from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix
from skcnn.costs._sample_costs import BOTH_COSTS, check_sample_costs, matched_rows


def average_cost(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    cost_matrix: CostMatrixLike = None,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    sample_costs: Any = None,
    abstain_cost: float | None = None,
    abstain_label: Any = -1,
) -> float:
    """Mean cost of the answers `y_pred` when the truth is `y_true`.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    cost_matrix : None, array-like, DataFrame or dict, default=None
        Any form of :func:`check_cost_matrix` except "balanced". None gives the error rate.
    labels : array-like of shape (K,), default=None
        All class labels, in the order of the rows of `cost_matrix`. None means those that
        appear in `y_true` or `y_pred`, sorted, as in :func:`sklearn.metrics.confusion_matrix`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.
    sample_costs : array-like of shape (n_samples, K) or DataFrame, default=None
        Instead of `cost_matrix`: what it costs to miss each class in each row, see
        :func:`check_sample_costs`. Rows are matched by the index where `y_true` has one too.
    abstain_cost : float, default=None
        What each answer `abstain_label` costs; None: there are none, and `abstain_label` is a
        class like any other.
    abstain_label : label, default=-1
        As in :func:`decide`.

    Returns
    -------
    float
        In the unit of `cost_matrix`.

    Raises
    ------
    ValueError
        If a row has a label that is not in `labels`, the costs are refused by
        :func:`check_cost_matrix` or :func:`check_sample_costs`, a weight is negative or not
        finite, or the rows weigh nothing.

    Examples
    --------
    >>> from skcnn.costs import average_cost
    >>> y_true, y_pred = ["ham", "ham", "spam", "spam"], ["ham", "spam", "spam", "ham"]
    >>> average_cost(y_true, y_pred, cost_matrix=None)
    0.5
    >>> average_cost(y_true, y_pred, cost_matrix={"spam": 5})
    1.5
    """
    answers = _check(y_true, y_pred, labels, sample_weight, abstain_cost, abstain_label)
    paid, _ = _bill(answers, cost_matrix, matched_rows(sample_costs, y_true))
    return paid / float(answers.weight.sum())


def normalized_cost(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    cost_matrix: CostMatrixLike = None,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    sample_costs: Any = None,
    abstain_cost: float | None = None,
    abstain_label: Any = -1,
) -> float:
    """Average cost in units of the cheapest constant answer: ``1 - savings_score(...)``.

    1.0 is what giving every row the same answer can reach, lower is better.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    cost_matrix : None, array-like, DataFrame or dict, default=None
        As in :func:`average_cost`.
    labels : array-like of shape (K,), default=None
        As in :func:`average_cost`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.
    sample_costs, abstain_cost, abstain_label
        As in :func:`average_cost`.

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
        y_true,
        y_pred,
        cost_matrix=cost_matrix,
        labels=labels,
        sample_weight=sample_weight,
        sample_costs=sample_costs,
        abstain_cost=abstain_cost,
        abstain_label=abstain_label,
    )


def savings_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    cost_matrix: CostMatrixLike = None,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    sample_costs: Any = None,
    abstain_cost: float | None = None,
    abstain_label: Any = -1,
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
    cost_matrix : None, array-like, DataFrame or dict, default=None
        As in :func:`average_cost`.
    labels : array-like of shape (K,), default=None
        As in :func:`average_cost`; each is one constant answer.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.
    sample_costs, abstain_cost, abstain_label
        As in :func:`average_cost`.

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
    answers = _check(y_true, y_pred, labels, sample_weight, abstain_cost, abstain_label)
    paid, constant = _bill(answers, cost_matrix, matched_rows(sample_costs, y_true))
    best_constant = float(constant.min())
    if best_constant == 0:
        from sklearn.exceptions import UndefinedMetricWarning

        warnings.warn(
            "Savings are undefined and set to nan: the cheapest constant answer costs 0, so "
            "there is nothing to save. Is there more than one class in y_true?",
            UndefinedMetricWarning,
            stacklevel=2,
        )
        return float("nan")
    return (best_constant - paid) / abs(best_constant)


def count_answers(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None,
    sample_weight: ArrayLike | None,
    abstain_cost: float | None,
    abstain_label: Any,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Counts, or weights, of each answer by the truth, (K, K), and the classes, (K,).

    Abstentions have one column more.
    """
    answers = _check(y_true, y_pred, labels, sample_weight, abstain_cost, abstain_label)
    n_classes = len(answers.classes)
    counts = np.zeros((n_classes, n_classes + (abstain_cost is not None)))
    columns = np.where(answers.answered, answers.predicted, n_classes)
    np.add.at(counts, (answers.true, columns), answers.weight)
    return counts if sample_weight is not None else counts.astype(np.int64), answers.classes


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """Rows in class indices; `answered` is False where there was an abstention, at its cost."""

    true: NDArray[np.int64]  # (n,)
    predicted: NDArray[np.int64]  # (n,), anything where not answered
    answered: NDArray[np.bool_]  # (n,)
    weight: NDArray[np.float64]  # (n,)
    abstain_cost: float
    classes: NDArray[Any]  # (K,)
    classes_are_given: bool


def _check(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    labels: ArrayLike | None,
    sample_weight: ArrayLike | None,
    abstain_cost: float | None,
    abstain_label: Any,
) -> _Answers:
    from sklearn.utils import check_consistent_length, column_or_1d
    from sklearn.utils.multiclass import unique_labels

    true, predicted = column_or_1d(y_true), column_or_1d(y_pred)
    check_labels("y_true", true)
    check_labels("y_pred", predicted)
    check_consistent_length(true, predicted, sample_weight)
    answered = np.ones(len(true), dtype=bool)
    if abstain_cost is not None:
        answered = ~is_abstention(predicted, abstain_label)
    seen = unique_labels(true, predicted[answered]) if answered.any() else unique_labels(true)
    classes = seen if labels is None else np.asarray(labels)
    if classes.ndim != 1:
        raise ValueError(
            f"labels has shape {classes.shape}; expected (K,): one label for each class, in a list."
        )
    known: list[Any] = classes.tolist()
    unknown = [label for label in seen.tolist() if label not in known]
    if unknown:
        raise ValueError(
            f"y_true or y_pred holds {unknown}, which labels = {known} lacks; expected every "
            "label in labels."
        )
    cost = check_abstention(abstain_cost, abstain_label, classes)
    weight = check_weights(sample_weight, len(true))
    if not weight.sum() > 0:
        raise ValueError(
            f"The rows weigh {weight.sum():g} in total; expected at least one row, and a positive "
            "sum of sample_weight."
        )
    places = {label: place for place, label in enumerate(known)}
    return _Answers(
        true=np.array([places[label] for label in true.tolist()]),
        predicted=np.array([places.get(label, -1) for label in predicted.tolist()]),
        answered=answered,
        weight=weight,
        abstain_cost=cost or 0.0,
        classes=classes,
        classes_are_given=labels is not None,
    )


def _bill(
    answers: _Answers, cost_matrix: CostMatrixLike, sample_costs: Any
) -> tuple[float, NDArray[np.float64]]:
    """What the answers cost in total, and what each constant answer would have cost, (K,)."""
    weight, true, n_classes = answers.weight, answers.true, len(answers.classes)
    if sample_costs is not None and cost_matrix is not None:
        raise ValueError(BOTH_COSTS)
    try:
        if sample_costs is None:
            matrix = check_cost_matrix(cost_matrix, answers.classes)
            costs = matrix[true]  # (n, K), of each answer
        else:
            own = check_sample_costs(sample_costs, len(true), answers.classes)
            is_wrong = np.arange(n_classes) != true[:, np.newaxis]  # (n, K)
            costs = own[np.arange(len(true)), true][:, np.newaxis] * is_wrong
    except ValueError as error:
        if not answers.classes_are_given:
            error.add_note(
                "labels=None means the labels that appear in y_true or y_pred. If a class does "
                "not appear there, pass labels= with all classes."
            )
        raise
    paid = np.where(
        answers.answered, costs[np.arange(len(true)), answers.predicted], answers.abstain_cost
    )
    return float(weight @ paid), np.asarray(weight @ costs, dtype=np.float64)
