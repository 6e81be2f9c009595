"""From a cost matrix in any of its forms to one checked (K, K) array.

``C[i, j]`` is the cost of predicting class ``j`` when the true class is ``i``: rows are the true
classes, columns the predictions, both in the order of ``labels``, as in
:func:`sklearn.metrics.confusion_matrix`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from skcnn._arrays import Float64, from_unit, in_unit
from skcnn._compat import renamed_arguments
from skcnn.costs._labels import costs_as_dict, label_array

CostMatrixLike: TypeAlias = ArrayLike | Mapping[Any, float] | None
"""None, ``"balanced"``, a (K, K) array-like, a labeled DataFrame, or a dict (see
:func:`check_cost_matrix`)."""

_FORMS = (
    "None, 'balanced', a (K, K) array, a DataFrame with the labels as index and columns, "
    "{label: cost of missing it} or {(true label, predicted label): cost}"
)
_MAX_LABELS_SHOWN = 10
_FIX_OF_ARRAY = (
    "Rows are the true classes and columns the predictions; transpose the matrix if yours is the "
    "other way round."
)
_FIX_OF_DICT = (
    "The keys are pairs (true label, predicted label). Give the error a higher cost, or the "
    "correct prediction a lower one."
)


@renamed_arguments(classes="labels", class_weights="class_totals")
def check_cost_matrix(
    cost_matrix: CostMatrixLike,
    labels: ArrayLike,
    *,
    class_totals: ArrayLike | None = None,
) -> Float64:
    """Check a cost matrix and bring it into the order of `labels`.

    Parameters
    ----------
    cost_matrix : None, "balanced", array-like, DataFrame or dict
        The cost of each prediction for each true class, in any unit.

        - None: every error costs 1, every correct prediction 0.
        - "balanced": missing class i costs ``n / (K * n_i)``, where ``n_i`` is its entry in
          `class_totals` and ``n`` their sum, as in `class_weight="balanced"` of scikit-learn.
        - array-like of shape (K, K): rows are the true classes, columns the predictions, in the
          order of `labels`. A negative cost on the diagonal is the gain of a correct prediction.
        - DataFrame whose index (true class) and columns (prediction) are `labels`, in any order.
        - ``{label: cost}``, or a pandas Series of costs by label: the cost of missing that class,
          whatever class is predicted instead. Missing another class costs 1.
        - ``{(true label, predicted label): cost}``: one entry each. Other errors cost 1, other
          correct predictions cost 0.
    labels : array-like of shape (K,)
        The class labels, as in ``classes_``.
    class_totals : array-like of shape (K,), default=None
        Number of training rows of each class, or the sum of their weights. Needed for "balanced"
        only.

    Returns
    -------
    ndarray of shape (K, K), dtype float64
        A new array. ``C[i, j]`` is the cost of predicting ``labels[j]`` when ``labels[i]`` is
        the true class.

    Raises
    ------
    TypeError
        If `cost_matrix` has none of these forms, or a cost is not a number.
    ValueError
        If the shape is wrong, a label is unknown, an entry is NaN or infinite, an error is
        cheaper than the correct prediction of its row, or every error costs as much as the correct
        prediction.

    Examples
    --------
    >>> from skcnn.costs import check_cost_matrix, decide
    >>> probabilities = [[0.7, 0.3]]
    >>> decide(probabilities, None, labels=["ham", "spam"])
    array(['ham'], dtype='<U4')
    >>> decide(probabilities, {"spam": 5}, labels=["ham", "spam"])
    array(['spam'], dtype='<U4')
    >>> check_cost_matrix({"spam": 5}, ["ham", "spam"])
    array([[0., 1.],
           [5., 0.]])
    """
    classes: list[Any] = label_array(labels).tolist()
    if len(classes) < 2:
        raise ValueError(f"A cost matrix needs at least two classes; got {_named(classes)}.")
    if len(set(classes)) < len(classes):
        twice = next(label for label in classes if classes.count(label) > 1)
        raise ValueError(f"{_named(classes)} names {twice!r} twice; expected each class once.")
    matrix = _as_matrix(cost_matrix, classes, class_totals)
    is_dict = isinstance(costs_as_dict(cost_matrix), Mapping)
    check_entries(matrix, classes, _FIX_OF_DICT if is_dict else _FIX_OF_ARRAY)
    if not scaled_excess(matrix)[0].any():
        raise ValueError(
            "cost_matrix makes every error as cheap as the correct prediction; expected at least "
            f"one error among {_named(classes)} to cost more. cost_matrix=None makes every error "
            "cost 1."
        )
    return matrix


def class_costs(cost_matrix: ArrayLike) -> Float64:
    """Mean cost of an error on each class, above the cost of its correct prediction.

    The losses ``"weighted"`` and ``"focal"`` multiply the loss of a row by the value of its class.

    Parameters
    ----------
    cost_matrix : array-like of shape (K, K)
        Rows are the true classes, columns the predictions.

    Returns
    -------
    ndarray of shape (K,), dtype float64
        ``sum_j (C[i, j] - C[i, i]) / (K - 1)``.

    Raises
    ------
    TypeError
        If `cost_matrix` is not a (K, K) array.
    ValueError
        If a mean is too large for float64.

    Examples
    --------
    >>> from skcnn.costs import class_costs
    >>> class_costs([[0, 1, 1], [5, 0, 5], [1, 3, 0]])
    array([1., 5., 2.])
    """
    excess, unit = scaled_excess(cost_matrix)
    return from_unit(excess.sum(axis=1) / (len(excess) - 1), unit)  # (K,)


@renamed_arguments(class_weights="class_totals")
def loss_cost_matrix(cost_matrix: ArrayLike, class_totals: ArrayLike) -> Float64:
    """Shift and scale a cost matrix for use inside a loss.

    First the cost of the correct prediction is subtracted from each row, which changes no decision.
    Then the matrix is divided by the mean of :func:`class_costs` over the training rows. So the
    loss has the same size in any unit of the costs, and the learning rate fits all of them.

    Parameters
    ----------
    cost_matrix : array-like of shape (K, K)
        A matrix from :func:`check_cost_matrix`.
    class_totals : array-like of shape (K,)
        Number of training rows of each class, or the sum of their weights.

    Returns
    -------
    ndarray of shape (K, K), dtype float64
        Equal up to rounding for all multiples of a matrix. Where all errors cost the same, in any
        unit, exactly what ``cost_matrix=None`` gives.

    Raises
    ------
    TypeError
        If `cost_matrix` is not a (K, K) array.
    ValueError
        If every training row belongs to a class whose errors cost nothing.

    Examples
    --------
    >>> from skcnn.costs import loss_cost_matrix
    >>> loss_cost_matrix([[0, 1], [5, 0]], class_totals=[75, 25])
    array([[0. , 0.5],
           [2.5, 0. ]])
    """
    excess, _ = scaled_excess(cost_matrix)
    totals = np.asarray(class_totals, dtype=np.float64)
    # Dividing by the largest first makes equal costs, in any unit, exactly 1.
    relative = excess / (excess.max() or 1.0)
    mean_cost = totals @ class_costs(relative) / totals.sum()
    if not mean_cost > 0:
        means = class_costs(cost_matrix).tolist()
        raise ValueError(
            f"The errors on every training row cost nothing: class_totals = {totals.tolist()}, "
            f"mean cost of an error on each class = {means}. Give a cost to a class that has "
            "training rows."
        )
    scaled: Float64 = relative / mean_cost
    return scaled


def excess_costs(cost_matrix: ArrayLike) -> Float64:
    """Costs above those of the correct prediction: ``C[i, j] - C[i, i]``, 0 on the diagonal.

    Raises
    ------
    ValueError
        If a difference is too large for float64.
    """
    return from_unit(*scaled_excess(cost_matrix))


def scaled_excess(cost_matrix: ArrayLike) -> tuple[Float64, float]:
    """Return the excess costs divided by a unit, and the unit; they are finite for all costs."""
    raw = np.asarray(cost_matrix)
    if raw.ndim != 2 or raw.shape[0] != raw.shape[1]:
        raise TypeError(
            f"cost_matrix is {cost_matrix!r}; expected a (K, K) array. check_cost_matrix makes one "
            "of every other form."
        )
    matrix, unit = in_unit(raw.astype(np.float64))
    return matrix - np.diagonal(matrix)[:, None], unit


def check_entries(matrix: Float64, classes: list[Any], fix: str = _FIX_OF_ARRAY) -> None:
    """Check the entries of a cost matrix (K, K); `classes` are the labels that errors name.

    `fix` is what to do about an error that is cheaper than the correct prediction.

    Raises
    ------
    ValueError
        If an entry is NaN or infinite, or an error is cheaper than the correct prediction of its
        row.
    """
    not_finite = np.argwhere(~np.isfinite(matrix))
    if len(not_finite):
        i, j = not_finite[0]
        raise ValueError(
            f"cost_matrix has the cost {matrix[i, j]} for predicting {classes[j]!r} when the true "
            f"class is {classes[i]!r}; expected a finite number. To prevent a prediction, give it "
            "a large cost."
        )
    cheaper = np.argwhere(matrix < np.diagonal(matrix)[:, None])
    if len(cheaper):
        i, j = cheaper[0]
        raise ValueError(
            "cost_matrix makes a wrong prediction cheaper than the correct one: when the true "
            f"class is {classes[i]!r}, predicting {classes[j]!r} costs {matrix[i, j]:g} and "
            f"predicting {classes[i]!r} costs {matrix[i, i]:g}. {fix}"
        )


def check_keys(keys: Iterable[Any]) -> bool:
    """Check the keys of a dict of costs; return whether they are pairs (true, predicted).

    Raises
    ------
    ValueError
        If the keys are a mixture of both, or a tuple is not a pair.
    """
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
    cost_matrix: CostMatrixLike, classes: list[Any], class_totals: ArrayLike | None
) -> Float64:
    if cost_matrix is None:
        return _equal_costs(len(classes))
    if isinstance(cost_matrix, str):
        if cost_matrix != "balanced":
            raise ValueError(f"cost_matrix is {cost_matrix!r}; expected {_FORMS}.")
        return _balanced(classes, class_totals)
    cost_matrix = costs_as_dict(cost_matrix)
    if isinstance(cost_matrix, Mapping):
        return _from_dict(cost_matrix, classes)
    if hasattr(cost_matrix, "columns"):
        return _from_frame(cost_matrix, classes)
    return _from_array(cost_matrix, classes)


def _equal_costs(n_classes: int) -> Float64:
    return 1.0 - np.eye(n_classes)


def _balanced(classes: list[Any], class_totals: ArrayLike | None) -> Float64:
    if class_totals is None:
        raise ValueError(
            "cost_matrix='balanced' is computed from training rows, and there are none here. "
            "Pass the matrix itself, such as the fitted estimator's cost_matrix_."
        )
    totals = np.asarray(class_totals, dtype=np.float64)
    for label, total in zip(classes, totals, strict=True):
        if not total > 0:
            raise ValueError(
                f"cost_matrix='balanced' needs training rows of every class; those of {label!r} "
                f"have the total weight {total:g}. Give the costs as numbers instead."
            )
    miss_costs = totals.sum() / (len(classes) * totals)  # (K,)
    balanced: Float64 = miss_costs[:, None] * _equal_costs(len(classes))
    return balanced


def _from_dict(costs: Mapping[Any, float], classes: list[Any]) -> Float64:
    matrix = _equal_costs(len(classes))
    positions = {label: index for index, label in enumerate(classes)}
    are_pairs = check_keys(costs)
    for key, cost in costs.items():
        _check_cost(key, cost, are_pairs)
        labels: tuple[Any, ...] = key if are_pairs else (key,)
        for label in labels:
            if label not in positions:
                raise ValueError(
                    f"cost_matrix names {label!r}, which is not in {_named(classes)}. "
                    f"{_how_to_fix(label, classes)}"
                )
        row = positions[labels[0]]
        columns: Any = positions[labels[1]] if are_pairs else np.arange(len(classes)) != row
        matrix[row, columns] = cost
    return matrix


def _check_cost(key: Any, cost: Any, is_of_pair: bool) -> None:
    if not isinstance(cost, Real):
        raise TypeError(
            f"cost_matrix[{key!r}] is {cost!r} of type {type(cost).__name__}; expected a number."
        )
    if not is_of_pair and float(cost) < 0:
        raise ValueError(
            f"cost_matrix[{key!r}] is {cost!r}, the cost of missing {key!r}; expected a number >= "
            "0. A gain of a correct prediction is a negative cost on the diagonal: "
            f"{{({key!r}, {key!r}): -1}}."
        )


def _from_frame(frame: Any, classes: list[Any]) -> Float64:
    if not hasattr(frame, "index"):
        raise TypeError(
            f"cost_matrix is a {type(frame).__name__} without row labels; expected a DataFrame "
            "with an index. Pass frame.to_numpy() with rows and columns in the order of "
            f"{_named(classes)}."
        )
    orders = []
    for axis, name in ((frame.index, "index"), (frame.columns, "columns")):
        found = list(axis)
        missing = [label for label in classes if label not in found]
        unexpected = [label for label in found if label not in classes]
        if missing or unexpected or len(found) != len(classes):
            raise ValueError(
                f"cost_matrix has the {name} {_shown(found)}; expected each label of "
                f"{_named(classes)} once. Missing: {_shown(missing)}; unexpected: "
                f"{_shown(unexpected)}. Rename them, or pass frame.to_numpy() if rows and columns "
                "have the order of classes_."
            )
        orders.append([found.index(label) for label in classes])
    return _from_array(frame.to_numpy()[np.ix_(*orders)], classes)


def _from_array(cost_matrix: ArrayLike, classes: list[Any]) -> Float64:
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
    expected = (len(classes), len(classes))
    if matrix.shape != expected:
        raise ValueError(
            f"cost_matrix has shape {matrix.shape}; expected {expected}: one row and one column "
            f"per class in {_named(classes)}."
        )
    return matrix


def _how_to_fix(label: Any, classes: list[Any]) -> str:
    """What to do about a label in the costs that is not a class."""
    n_classes = len(classes)
    numbers = [str(position) for position in range(n_classes)]
    if [repr(known) for known in classes] == numbers and not str(label).isdecimal():
        array = np.ones((n_classes, n_classes), dtype=int) - np.eye(n_classes, dtype=int)
        array[-1, :-1] = 5
        example = f", such as {array.tolist()} if missing the last of them costs 5"
        return (
            "If the function takes labels=, pass the class labels. Some tools number the sorted "
            "labels before they pass them on, as VotingClassifier and cross_val_predict with "
            "method='predict_proba' do: there, name every class, as in {'ham': 1, 'spam': 5}, or "
            "give the costs as an array in the order of the sorted labels"
            f"{example if n_classes <= 4 else ''}."
        )
    return (
        "Labels are compared by ==: 1 and '1' differ. If the class is missing from the training "
        "part of a split, use a stratified split."
    )


def _named(classes: list[Any]) -> str:
    return f"classes_ = {_shown(classes)}"


def _shown(labels: list[Any]) -> str:
    if len(labels) <= _MAX_LABELS_SHOWN:
        return repr(labels)
    return f"{repr(labels[:_MAX_LABELS_SHOWN])[:-1]}, ...] ({len(labels)} labels)"
