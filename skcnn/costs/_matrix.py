"""A cost matrix in any of its forms -> one checked (K, K) array.

``C[i, j]`` is the cost of answering ``j`` when the truth is ``i``: rows are the truth, columns
the answer, both in the order of ``classes``, as in :func:`sklearn.metrics.confusion_matrix`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

CostMatrixLike: TypeAlias = ArrayLike | Mapping[Any, float] | None
"""None, ``"balanced"``, a (K, K) array-like, a labelled DataFrame, or a dict (see
:func:`check_cost_matrix`)."""

_FORMS = (
    "None, 'balanced', a (K, K) array, a DataFrame with the labels as index and columns, "
    "{label: cost of missing it} or {(true label, predicted label): cost}"
)
_MAX_LABELS_SHOWN = 10


def check_cost_matrix(
    cost_matrix: CostMatrixLike,
    classes: ArrayLike,
    *,
    class_weights: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Check a cost matrix and bring it into the order of `classes`.

    Parameters
    ----------
    cost_matrix : None, "balanced", array-like, DataFrame or dict
        What each answer costs, in any unit.

        - None: every error costs 1, every correct answer 0.
        - "balanced": missing class i costs ``n / (K * n_i)``, with ``n_i`` from `class_weights`.
        - array-like of shape (K, K): rows are the truth, columns the answer, in the order of
          `classes`. The diagonal may be negative: a correct answer that earns something.
        - DataFrame whose index (truth) and columns (answer) are the classes, in any order.
        - ``{label: cost}``: what it costs to miss that label, whatever is answered instead.
          Labels that are not named cost 1.
        - ``{(true label, predicted label): cost}``: one entry each. Errors that are not named
          cost 1, correct answers that are not named cost 0.
    classes : array-like of shape (K,)
        The class labels, as in ``classes_``.
    class_weights : array-like of shape (K,), default=None
        Total weight of the training rows of each class. Needed for "balanced" only.

    Returns
    -------
    ndarray of shape (K, K), dtype float64
        A new array; ``C[i, j]`` is the cost of answering ``classes[j]`` when ``classes[i]`` is
        the truth.

    Raises
    ------
    TypeError
        If `cost_matrix` has none of these forms, or a cost is not a number.
    ValueError
        If the shape is wrong, a label is unknown, an entry is NaN or infinite, an error is
        cheaper than the correct answer of its row, or no error costs anything.

    Examples
    --------
    >>> from skcnn.costs import check_cost_matrix, decide
    >>> probabilities = [[0.7, 0.3]]
    >>> decide(probabilities, None, classes=["ham", "spam"])
    array(['ham'], dtype='<U4')
    >>> decide(probabilities, {"spam": 5}, classes=["ham", "spam"])
    array(['spam'], dtype='<U4')
    >>> check_cost_matrix({"spam": 5}, ["ham", "spam"])
    array([[0., 1.],
           [5., 0.]])
    """
    labels: list[Any] = np.asarray(classes).tolist()
    if len(labels) < 2:
        raise ValueError(f"A cost matrix needs at least two classes; got {_classes(labels)}.")
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise ValueError(f"{_classes(labels)} names {twice!r} twice; expected each class once.")
    matrix = _as_matrix(cost_matrix, labels, class_weights)
    _check_entries(matrix, labels)
    return matrix


def class_costs(cost_matrix: ArrayLike) -> NDArray[np.float64]:
    """Mean cost of an error on each class, above the cost of its correct answer.

    This is the weight of a class in the losses ``"weighted"`` and ``"focal"``.

    Parameters
    ----------
    cost_matrix : array-like of shape (K, K)
        Rows are the truth, columns the answer.

    Returns
    -------
    ndarray of shape (K,), dtype float64
        ``sum_j (C[i, j] - C[i, i]) / (K - 1)``.

    Examples
    --------
    >>> from skcnn.costs import class_costs
    >>> class_costs([[0, 1, 1], [5, 0, 5], [1, 3, 0]])
    array([1., 5., 2.])
    """
    excess = excess_costs(cost_matrix)
    row_weights: NDArray[np.float64] = excess.sum(axis=1) / (len(excess) - 1)  # (K,)
    return row_weights


def loss_cost_matrix(cost_matrix: ArrayLike, class_weights: ArrayLike) -> NDArray[np.float64]:
    """Shift and scale a cost matrix for use inside a loss.

    Correct answers are made to cost 0, which changes no decision, and the mean of
    :func:`class_costs` over the training rows is made 1, so that the unit of the costs does not
    act as a learning rate.

    Parameters
    ----------
    cost_matrix : array-like of shape (K, K)
        A matrix from :func:`check_cost_matrix`.
    class_weights : array-like of shape (K,)
        Total weight of the training rows of each class.

    Returns
    -------
    ndarray of shape (K, K), dtype float64
        Multiples of one matrix give the same up to rounding, and equal costs in any unit give
        exactly what ``cost_matrix=None`` gives.

    Raises
    ------
    ValueError
        If every training row belongs to a class whose errors cost nothing.

    Examples
    --------
    >>> from skcnn.costs import loss_cost_matrix
    >>> loss_cost_matrix([[0, 1], [5, 0]], class_weights=[75, 25])
    array([[0. , 0.5],
           [2.5, 0. ]])
    """
    excess = excess_costs(cost_matrix)
    weights = np.asarray(class_weights, dtype=np.float64)
    # Dividing by the largest first makes equal costs, in any unit, exactly 1.
    relative = excess / (excess.max() or 1.0)
    mean_weight = weights @ class_costs(relative) / weights.sum()
    if not mean_weight > 0:
        raise ValueError(
            f"The errors on every training row cost nothing: class_weights = {weights.tolist()}, "
            f"mean cost of an error on each class = {class_costs(excess).tolist()}. Give a cost "
            "to a class that has training rows."
        )
    scaled: NDArray[np.float64] = relative / mean_weight
    return scaled


def excess_costs(cost_matrix: ArrayLike) -> NDArray[np.float64]:
    """Costs above the correct answer's: ``C[i, j] - C[i, i]``, zero on the diagonal."""
    raw = np.asarray(cost_matrix)
    if raw.ndim != 2 or raw.shape[0] != raw.shape[1]:
        raise TypeError(
            f"cost_matrix is {cost_matrix!r}; expected a (K, K) array; check_cost_matrix makes one "
            "of every other form."
        )
    matrix = raw.astype(np.float64)
    excess: NDArray[np.float64] = matrix - np.diagonal(matrix)[:, None]
    return excess


def names_pairs(keys: Iterable[Any]) -> bool:
    """Tell ``{(true, predicted): cost}`` from ``{label: cost}`` by the keys; refuse a mixture."""
    keys = list(keys)
    pairs = [key for key in keys if isinstance(key, tuple)]
    malformed = next((pair for pair in pairs if len(pair) != 2), None)
    if malformed is not None:
        raise ValueError(
            f"cost_matrix has the key {malformed!r}; expected a label or a pair "
            "(true label, predicted label)."
        )
    if pairs and len(pairs) < len(keys):
        label = next(key for key in keys if not isinstance(key, tuple))
        raise ValueError(
            f"cost_matrix mixes labels such as {label!r} with pairs such as {pairs[0]!r}; "
            "expected one or the other. Write every entry as (true label, predicted label)."
        )
    return bool(pairs)


def _as_matrix(
    cost_matrix: CostMatrixLike, labels: list[Any], class_weights: ArrayLike | None
) -> NDArray[np.float64]:
    if cost_matrix is None:
        return _equal_costs(len(labels))
    if isinstance(cost_matrix, str):
        if cost_matrix != "balanced":
            raise ValueError(f"cost_matrix is {cost_matrix!r}; expected {_FORMS}.")
        return _balanced(labels, class_weights)
    if isinstance(cost_matrix, Mapping):
        return _from_dict(cost_matrix, labels)
    if hasattr(cost_matrix, "columns"):
        return _from_frame(cost_matrix, labels)
    return _from_array(cost_matrix, labels)


def _equal_costs(n_classes: int) -> NDArray[np.float64]:
    return 1.0 - np.eye(n_classes)


def _balanced(labels: list[Any], class_weights: ArrayLike | None) -> NDArray[np.float64]:
    if class_weights is None:
        raise ValueError(
            "cost_matrix='balanced' is computed from training rows, and there are none here. "
            "Pass the matrix itself, such as the fitted estimator's cost_matrix_."
        )
    weights = np.asarray(class_weights, dtype=np.float64)
    for label, weight in zip(labels, weights, strict=True):
        if not weight > 0:
            raise ValueError(
                f"cost_matrix='balanced' needs training rows of every class; those of {label!r} "
                f"weigh {weight:g} in total. Give the costs as numbers instead."
            )
    miss_costs = weights.sum() / (len(labels) * weights)  # (K,)
    balanced: NDArray[np.float64] = miss_costs[:, None] * _equal_costs(len(labels))
    return balanced


def _from_dict(costs: Mapping[Any, float], labels: list[Any]) -> NDArray[np.float64]:
    matrix = _equal_costs(len(labels))
    positions = {label: index for index, label in enumerate(labels)}
    pairs = names_pairs(costs)
    for key, cost in costs.items():
        if not isinstance(cost, Real):
            raise TypeError(
                f"cost_matrix[{key!r}] is {cost!r} of type {type(cost).__name__}; "
                "expected a number."
            )
        for label in key if pairs else (key,):
            if label not in positions:
                raise ValueError(
                    f"cost_matrix names {label!r}, which is not in {_classes(labels)}. "
                    f"{_cure(label, labels)}"
                )
        if pairs:
            matrix[positions[key[0]], positions[key[1]]] = cost
        else:
            row = positions[key]
            matrix[row, np.arange(len(labels)) != row] = cost
    return matrix


def _from_frame(frame: Any, labels: list[Any]) -> NDArray[np.float64]:
    if not hasattr(frame, "index"):
        raise TypeError(
            f"cost_matrix is a {type(frame).__name__} without row labels; expected a DataFrame "
            "with an index. Pass frame.to_numpy() with rows and columns in the order of "
            f"{_classes(labels)}."
        )
    orders = []
    for axis, name in ((frame.index, "index"), (frame.columns, "columns")):
        found = list(axis)
        missing = [label for label in labels if label not in found]
        unexpected = [label for label in found if label not in labels]
        if missing or unexpected or len(found) != len(labels):
            raise ValueError(
                f"cost_matrix has the {name} {_show(found)}; expected each label of "
                f"{_classes(labels)} once. Missing: {_show(missing)}; unexpected: "
                f"{_show(unexpected)}. Rename them, or pass frame.to_numpy() if rows and columns "
                "have the order of classes_."
            )
        orders.append([found.index(label) for label in labels])
    return _from_array(frame.to_numpy()[np.ix_(*orders)], labels)


def _from_array(cost_matrix: ArrayLike, labels: list[Any]) -> NDArray[np.float64]:
    try:
        raw = np.asarray(cost_matrix)
        if raw.ndim == 0 or raw.dtype.kind not in "biufO":
            raise TypeError
        matrix = np.array(raw, dtype=np.float64)
    except (TypeError, ValueError):
        shown = repr(cost_matrix)
        raise TypeError(
            f"cost_matrix is {shown if len(shown) <= 80 else shown[:77] + '...'} of type "
            f"{type(cost_matrix).__name__}; expected {_FORMS}, with numbers as costs."
        ) from None
    expected = (len(labels), len(labels))
    if matrix.shape != expected:
        raise ValueError(
            f"cost_matrix has shape {matrix.shape}; expected {expected}: one row and one column "
            f"per class in {_classes(labels)}."
        )
    return matrix


def _check_entries(matrix: NDArray[np.float64], labels: list[Any]) -> None:
    not_finite = np.argwhere(~np.isfinite(matrix))
    if len(not_finite):
        i, j = not_finite[0]
        raise ValueError(
            f"cost_matrix gives {matrix[i, j]} as the cost of answering {labels[j]!r} when the "
            f"truth is {labels[i]!r}; expected a finite number. To rule an answer out, give it a "
            "large cost."
        )
    excess = excess_costs(matrix)
    cheaper = np.argwhere(excess < 0)
    if len(cheaper):
        i, j = cheaper[0]
        raise ValueError(
            "cost_matrix makes a wrong answer cheaper than the right one: when the truth is "
            f"{labels[i]!r}, answering {labels[j]!r} costs {matrix[i, j]:g} and answering "
            f"{labels[i]!r} costs {matrix[i, i]:g}. Rows are the truth and columns the answer; "
            "transpose the matrix if yours is the other way round."
        )
    if not excess.any():
        raise ValueError(
            "cost_matrix makes every error as cheap as the right answer; expected at least one "
            f"error among {_classes(labels)} to cost more. cost_matrix=None makes each cost 1."
        )


def _cure(label: Any, labels: list[Any]) -> str:
    """Why a label that a user named is none of the classes."""
    numbers = [str(place) for place in range(len(labels))]
    if [repr(known) for known in labels] == numbers and not str(label).isdecimal():
        return (
            "Where a function takes classes or labels, give them. "
            "Some tools number the labels before they pass them on, as cross_val_predict with "
            "method='predict_proba' and VotingClassifier do: there, give the costs as an array, in "
            "the order of the sorted labels."
        )
    return "Labels are compared by ==: 1 and '1' differ."


def _classes(labels: list[Any]) -> str:
    return f"classes_ = {_show(labels)}"


def _show(labels: list[Any]) -> str:
    if len(labels) <= _MAX_LABELS_SHOWN:
        return repr(labels)
    return f"{repr(labels[:_MAX_LABELS_SHOWN])[:-1]}, ...] ({len(labels)} labels)"
