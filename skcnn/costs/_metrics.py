"""The cost of predictions: on average, and relative to the cheapest constant prediction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn._arrays import Float64, Int64, from_unit, in_unit
from skcnn._compat import warn_user
from skcnn.costs._abstention import check_abstention, is_abstention
from skcnn.costs._checks import check_labels, check_weights
from skcnn.costs._labels import label_array, plain_labels
from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix
from skcnn.costs._sample_costs import (
    BOTH_COSTS,
    check_sample_costs,
    matched_rows,
    sample_costs_by_prediction,
)


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
    """Mean cost of the predictions `y_pred` when the true labels are `y_true`.

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
        Weights of the rows. None: every row has the weight 1.
    sample_costs : array-like of shape (n_samples, K) or (n_samples, K, K), or DataFrame, \
default=None
        Instead of `cost_matrix`: the cost of missing each class in each row, or a cost matrix for
        each row, see :func:`check_sample_costs`. Rows are matched by the index if `y_true` has one
        too.
    abstain_cost : float, default=None
        Cost of each prediction `abstain_label`. None: there are no abstentions, and `abstain_label`
        is a class like any other.
    abstain_label : label, default=-1
        As in :func:`decide`.

    Returns
    -------
    float
        In the unit of the costs.

    Raises
    ------
    ValueError
        If a row has a label that is not in `labels`, the costs are invalid (see
        :func:`check_cost_matrix` and :func:`check_sample_costs`), a weight is negative or not
        finite, or the sum of the weights is 0.

    Examples
    --------
    >>> from skcnn.costs import average_cost
    >>> y_true, y_pred = ["ham", "ham", "spam", "spam"], ["ham", "spam", "spam", "ham"]
    >>> average_cost(y_true, y_pred, cost_matrix=None)
    0.5
    >>> average_cost(y_true, y_pred, cost_matrix={"spam": 5})
    1.5
    """
    rows = check_rows(y_true, y_pred, labels, sample_weight, abstain_cost, abstain_label)
    total, _, unit = _total_costs(rows, cost_matrix, matched_rows(sample_costs, y_true))
    return float(from_unit(np.asarray(total / float(rows.weight.sum())), unit))


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
    """Normalized cost: the average cost, divided by that of the cheapest constant prediction.

    A constant prediction predicts the same class for every row. The cheapest one has the lowest
    average cost:

        ``average_cost(y_true, y_pred) / min_j average_cost(y_true, [label_j] * n)``

    0 means that the predictions cost nothing, 1 that they cost as much as the cheapest constant
    prediction; above 1 they cost more. The normalized cost is ``1 - savings_score``. If the
    cheapest constant prediction has a negative average cost ``b``, a gain, then it is
    ``1 + (average_cost - b) / |b|``, and lower is still better.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    cost_matrix : None, array-like, DataFrame or dict, default=None
        As in :func:`average_cost`.
    labels : array-like of shape (K,), default=None
        As in :func:`average_cost`. Each label is one constant prediction.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows. None: every row has the weight 1.
    sample_costs : array-like or DataFrame, default=None
        As in :func:`average_cost`.
    abstain_cost : float, default=None
        As in :func:`average_cost`.
    abstain_label : label, default=-1
        As in :func:`average_cost`.

    Returns
    -------
    float
        Without a unit. NaN, with a warning, if the cheapest constant prediction costs exactly 0.

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
    """Share of the cost of the cheapest constant prediction that is saved; higher is better.

    ``1 - normalized_cost`` (Bahnsen, Aouada & Ottersten, 2014, "Example-dependent cost-sensitive
    logistic regression for credit scoring"); see :func:`normalized_cost` for the cheapest constant
    prediction. 1 means that the predictions cost nothing, 0 that they cost as much as the cheapest
    constant prediction; below 0 they cost more.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    cost_matrix : None, array-like, DataFrame or dict, default=None
        As in :func:`average_cost`.
    labels : array-like of shape (K,), default=None
        As in :func:`average_cost`. Each label is one constant prediction.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows. None: every row has the weight 1.
    sample_costs : array-like or DataFrame, default=None
        As in :func:`average_cost`.
    abstain_cost : float, default=None
        As in :func:`average_cost`.
    abstain_label : label, default=-1
        As in :func:`average_cost`.

    Returns
    -------
    float
        NaN, with an :class:`~sklearn.exceptions.UndefinedMetricWarning`, if the cheapest constant
        prediction costs exactly 0, for example because `y_true` has one class only.

    Raises
    ------
    ValueError
        As in :func:`average_cost`.

    Examples
    --------
    Both lists of predictions have one error. The costs say which list is better:

    >>> from skcnn.costs import savings_score
    >>> y_true, never, careful = [0, 0, 0, 0, 1], [0, 0, 0, 0, 0], [0, 0, 0, 1, 1]
    >>> for cost in (1, 5):
    ...     savings = [savings_score(y_true, y, cost_matrix={1: cost}) for y in (never, careful)]
    ...     print(cost, savings)
    1 [0.0, 0.0]
    5 [-0.25, 0.75]
    """
    rows = check_rows(y_true, y_pred, labels, sample_weight, abstain_cost, abstain_label)
    total, of_constants, _ = _total_costs(rows, cost_matrix, matched_rows(sample_costs, y_true))
    cheapest_constant = float(of_constants.min())
    if cheapest_constant == 0:
        from sklearn.exceptions import UndefinedMetricWarning

        warn_user(
            "Savings and the normalized cost are undefined and set to nan: the cheapest "
            "constant prediction costs 0, so nothing can be saved. Is there more than one class in "
            "y_true?",
            UndefinedMetricWarning,
        )
        return float("nan")
    return (cheapest_constant - total) / abs(cheapest_constant)


def count_predictions(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    cost_matrix: CostMatrixLike,
    labels: ArrayLike | None,
    sample_weight: ArrayLike | None,
    abstain_cost: float | None,
    abstain_label: Any,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Number, or total weight, of the rows by true and predicted class, (K, K), and the labels.

    With `abstain_cost` there is one more column, of the abstentions. `cost_matrix` is only
    checked.

    Raises
    ------
    ValueError
        As in :func:`average_cost`.
    """
    rows = check_rows(y_true, y_pred, labels, sample_weight, abstain_cost, abstain_label)
    _matrix(cost_matrix, rows)
    n_classes = len(rows.classes)
    counts = np.zeros((n_classes, n_classes + (abstain_cost is not None)))
    columns = np.where(rows.abstained, n_classes, rows.predicted)
    np.add.at(counts, (rows.targets, columns), rows.weight)
    return counts if sample_weight is not None else counts.astype(np.int64), rows.classes


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Checked labels as positions in `classes`, with the weights of the rows."""

    targets: Int64  # (n,)
    predicted: Int64  # (n,), -1 where there is an abstention
    abstained: NDArray[np.bool_]  # (n,)
    weight: Float64  # (n,)
    abstain_cost: float
    classes: NDArray[Any]  # (K,)
    labels_are_given: bool


def check_rows(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    labels: ArrayLike | None,
    sample_weight: ArrayLike | None,
    abstain_cost: float | None,
    abstain_label: Any,
) -> Rows:
    """Check the labels of some rows, and find them in the classes.

    Raises
    ------
    ValueError
        As in :func:`average_cost`, but for the costs.
    """
    true, predicted = _check_columns(y_true, y_pred, sample_weight)
    abstained = np.zeros(len(true), dtype=bool)
    if abstain_cost is not None:
        abstained = is_abstention(predicted, abstain_label)
    classes = _classes_of(true, predicted[~abstained], labels)
    cost = check_abstention(abstain_cost, abstain_label, classes)
    return Rows(
        targets=_positions(true, classes),
        predicted=_positions(predicted, classes),
        abstained=abstained,
        weight=_check_total_weight(sample_weight, len(true)),
        abstain_cost=cost or 0.0,
        classes=classes,
        labels_are_given=labels is not None,
    )


def _check_columns(
    y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both columns of labels as arrays (n,), of equal length and without missing labels."""
    from sklearn.utils import check_consistent_length, column_or_1d

    true, predicted = column_or_1d(plain_labels(y_true)), column_or_1d(plain_labels(y_pred))
    check_labels("y_true", true)
    check_labels("y_pred", predicted)
    check_consistent_length(true, predicted, sample_weight)
    return true, predicted


def _classes_of(
    true: NDArray[Any], predicted: NDArray[Any], labels: ArrayLike | None
) -> NDArray[Any]:
    """The class labels (K,): those of `labels`, or those in the rows, sorted."""
    from sklearn.utils.multiclass import unique_labels

    in_rows = unique_labels(true, predicted) if len(predicted) else unique_labels(true)
    classes = in_rows if labels is None else label_array(labels)
    if classes.ndim != 1:
        raise ValueError(
            f"labels has shape {classes.shape}; expected (K,): one label for each class, in a list."
        )
    known: list[Any] = classes.tolist()
    unknown = [label for label in in_rows.tolist() if label not in known]
    if unknown:
        raise ValueError(
            f"y_true or y_pred holds {unknown}, which are not in labels = {known}; expected every "
            "label in labels. Add them to labels."
        )
    return classes


def _positions(y: NDArray[Any], classes: NDArray[Any]) -> Int64:
    """Position of each label in `classes`, (n,); -1 for the label of an abstention."""
    position_of = {label: position for position, label in enumerate(classes.tolist())}
    return np.array([position_of.get(label, -1) for label in y.tolist()])


def _check_total_weight(sample_weight: ArrayLike | None, n_samples: int) -> Float64:
    weight = check_weights(sample_weight, n_samples)
    if not weight.sum() > 0:
        raise ValueError(
            f"The total weight of the rows is {weight.sum():g}; expected at least one row, and a "
            "positive sum of sample_weight."
        )
    return weight


def _total_costs(
    rows: Rows, cost_matrix: CostMatrixLike, sample_costs: Any
) -> tuple[float, Float64, float]:
    """Total cost of the predictions, and of each constant prediction, (K,); their unit."""
    own_costs = costs_by_prediction(rows, cost_matrix, sample_costs)  # (n, K)
    abstained = np.full((len(own_costs), 1), rows.abstain_cost)
    costs, unit = in_unit(np.concatenate([own_costs, abstained], axis=1))  # (n, K + 1)
    # The position of an abstention is -1: the last column.
    of_rows = costs[np.arange(len(costs)), rows.predicted]  # (n,)
    return float(rows.weight @ of_rows), np.asarray(rows.weight @ costs[:, :-1]), unit


def costs_by_prediction(rows: Rows, cost_matrix: CostMatrixLike, sample_costs: Any) -> Float64:
    """Cost of predicting each class in each row, (n, K)."""
    if sample_costs is None:
        costs: Float64 = _matrix(cost_matrix, rows)[rows.targets]
        return costs
    if cost_matrix is not None:
        raise ValueError(BOTH_COSTS)
    with _note_about_labels(rows):
        checked = check_sample_costs(sample_costs, len(rows.targets), rows.classes)
    return sample_costs_by_prediction(checked, rows.targets)


def _matrix(cost_matrix: CostMatrixLike, rows: Rows) -> Float64:
    """The checked cost matrix, (K, K)."""
    if cost_matrix is None and len(rows.classes) == 1:
        return np.zeros((1, 1))  # one class in all rows, which is predicted everywhere
    with _note_about_labels(rows):
        return check_cost_matrix(cost_matrix, rows.classes)


@contextmanager
def _note_about_labels(rows: Rows) -> Iterator[None]:
    """Add a note on `labels` to an error about costs, where `labels` was left out."""
    try:
        yield
    except ValueError as error:
        if not rows.labels_are_given:
            error.add_note(
                "labels=None means the labels that appear in y_true or y_pred. If a class does "
                "not appear there, pass labels= with all classes."
            )
        raise
