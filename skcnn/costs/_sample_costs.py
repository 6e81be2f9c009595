"""Costs that differ from row to row.

``sample_costs[i, t]`` is the cost of missing class t in row i, that is the cost of any other
prediction if t is the true class of that row. With a third axis, ``sample_costs[i, t, j]`` is the
cost of predicting class j in row i if t is the true class: a cost matrix for each row. The classes
are in the order of ``predict_proba``. The true class of a row need not be known, so the same costs
serve training, decisions and evaluation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn._arrays import Float64, from_unit, in_unit
from skcnn._compat import renamed_arguments
from skcnn.costs._labels import label_array

BOTH_COSTS = (
    "cost_matrix and sample_costs are both given, but an error has one cost; expected one of "
    "them. Put the costs of single rows into sample_costs, with cost_matrix=None."
)

_FORM = "one cost >= 0 for each row and class, of missing that class in that row"


@renamed_arguments(classes="labels")
def check_sample_costs(sample_costs: Any, n_samples: int, labels: ArrayLike) -> Float64:
    """Check costs of single rows and bring them into the order of `labels`.

    Parameters
    ----------
    sample_costs : array-like of shape (n_samples, K) or (n_samples, K, K), or DataFrame
        Two axes: the cost of missing each class in each row; a correct prediction costs 0. Three
        axes: a cost matrix for each row, ``[row, true class, prediction]``. Correct predictions may
        then have costs too, and an error may be cheaper than the correct prediction. Classes in the
        order of `labels`. The columns of a DataFrame (two axes) are found by their names, so they
        may have any order, and there may be more: a class can be missing from the training part of
        a split.
    n_samples : int
        Number of rows that the costs belong to.
    labels : array-like of shape (K,)
        The class labels.

    Returns
    -------
    ndarray of shape (n_samples, K) or (n_samples, K, K), dtype float64
        The same costs, in the order of `labels`.

    Raises
    ------
    TypeError
        If an entry is not a number.
    ValueError
        If the shape is wrong, a class has no column, an entry is not finite, or the cost of missing
        a class is negative.

    Examples
    --------
    If both texts are spam, missing the second one costs five times as much:

    >>> from skcnn.costs import check_sample_costs, decide
    >>> costs = check_sample_costs([[1, 2], [1, 10]], 2, ["ham", "spam"])
    >>> decide([[0.8, 0.2], [0.8, 0.2]], sample_costs=costs, labels=["ham", "spam"])
    array(['ham', 'spam'], dtype='<U4')

    To stop a payment costs 5, whether it is a fraud or not. It is not worth it for a fraud of 2:

    >>> costs = [[[0, 5], [amount, 5]] for amount in (2, 100)]  # rows: honest, fraud
    >>> decide([[0.1, 0.9], [0.1, 0.9]], sample_costs=costs, labels=["honest", "fraud"])
    array(['honest', 'fraud'], dtype='<U6')
    """
    classes: list[Any] = label_array(labels).tolist()
    table = _numbers(_columns_of(sample_costs, classes))
    n_classes = len(classes)
    if table.shape not in ((n_samples, n_classes), (n_samples, n_classes, n_classes)):
        raise ValueError(
            f"sample_costs has shape {table.shape}; expected {(n_samples, n_classes)}: {_FORM}, or "
            f"{(n_samples, n_classes, n_classes)}: a cost matrix for each row, "
            f"with the classes {classes[:10]}. Did a sampler change the rows, or is a class "
            "missing from the training rows? Then give DataFrames, whose index and columns are "
            "matched."
        )
    wrong = ~np.isfinite(table)
    if table.ndim == 2:
        wrong |= table < 0
    if wrong.any():
        place = tuple(np.argwhere(wrong)[0].tolist())
        form = _FORM if table.ndim == 2 else "a cost matrix for each row"
        fix = ""
        if np.isfinite(table[place]):
            fix = (
                " If finding the class costs something too, give a cost matrix for each row, of "
                f"shape {(n_samples, n_classes, n_classes)}."
            )
        raise ValueError(
            f"sample_costs{list(place)} is {table[place]}; expected {form}, finite.{fix}"
        )
    return table


def mean_cost_matrix(
    sample_costs: Float64,
    targets: NDArray[np.integer[Any]],
    sample_weight: Float64 | None = None,
) -> Float64:
    """Mean costs over the rows of each class, (n, K) or (n, K, K) and (n,) -> (K, K).

    `targets` are the positions of the true classes. Every class must have rows.
    """
    costs, unit = in_unit(sample_costs_by_prediction(sample_costs, targets))  # (n, K)
    weight = np.ones(len(targets)) if sample_weight is None else sample_weight
    n_classes = costs.shape[1]
    totals = [np.bincount(targets, weight * column, n_classes) for column in costs.T]
    means = np.transpose(totals) / np.bincount(targets, weight, n_classes)[:, np.newaxis]
    return from_unit(np.asarray(means), unit)


def sample_costs_by_prediction(sample_costs: Float64, targets: NDArray[np.integer[Any]]) -> Float64:
    """Cost of predicting each class in each row, whose true class is known, (n, K)."""
    of_truth = sample_costs[np.arange(len(targets)), targets]  # (n,) or (n, K)
    if sample_costs.ndim == 3:
        return np.asarray(of_truth)
    is_error = np.arange(sample_costs.shape[1]) != targets[:, np.newaxis]  # (n, K)
    return np.asarray(of_truth[:, np.newaxis] * is_error)


def expected_sample_costs(probabilities: Float64, sample_costs: Float64) -> Float64:
    """Expected cost of predicting each class, (n, K)."""
    if sample_costs.ndim == 3:
        of_rows = probabilities[:, np.newaxis] @ sample_costs  # (n, 1, K) @ (n, K, K)
        return np.asarray(of_rows[:, 0], dtype=np.float64)
    risk = probabilities * sample_costs  # (n, K)
    n_classes = risk.shape[1]
    # A class's own risk is left out of its sum. Subtracting it from the total would lose the digits
    # of small risks.
    others = 1.0 - np.eye(n_classes)
    return np.asarray(risk @ others, dtype=np.float64)


def matched_rows(sample_costs: Any, X: Any) -> Any:
    """Rows of costs that belong to X: by the index if both have one, otherwise by position.

    A sampler of imbalanced-learn that leaves rows out keeps the index of a DataFrame.

    Raises
    ------
    ValueError
        If rows of X are not in the index of the costs.
    """
    index: Any = getattr(X, "index", None)
    own: Any = getattr(sample_costs, "index", None)
    if not (hasattr(index, "equals") and hasattr(own, "is_unique")) or own.equals(index):
        return sample_costs
    numbered_anew = hasattr(index, "start") and index.start == 0 and len(index) != len(own)
    if own.is_unique and not numbered_anew and index.isin(own).all():
        return sample_costs.loc[index]
    raise ValueError(
        f"sample_costs has {len(own)} rows, X has {len(index)}, and their indices do not match. "
        "RandomUnderSampler keeps the index of DataFrames; other samplers renumber the rows. "
        "Resample sample_costs with the sampler's sample_indices_ outside the pipeline, or leave "
        "the sampler out: unequal costs have the same effect."
    )


def _numbers(sample_costs: Any) -> Float64:
    """Return a new array of numbers; a string such as '5' is not a number."""
    try:
        raw = np.asarray(sample_costs)
        has_strings = raw.dtype.kind == "O" and any(isinstance(value, str) for value in raw.flat)
        if raw.dtype.kind in "biufO" and not has_strings:
            return np.array(raw, dtype=np.float64)
    except (TypeError, ValueError):
        pass
    shown = repr(sample_costs)
    raise TypeError(
        f"sample_costs holds something other than numbers: "
        f"{shown if len(shown) <= 80 else shown[:77] + '...'}; expected {_FORM}."
    )


def _columns_of(sample_costs: Any, classes: list[Any]) -> Any:
    """Of a DataFrame the columns of `classes`, in their order; anything else unchanged."""
    if not hasattr(sample_costs, "columns"):
        return sample_costs
    columns = list(sample_costs.columns)
    if any(columns.count(label) != 1 for label in classes):
        raise ValueError(
            f"sample_costs has the columns {columns[:10]}; expected one for each class: "
            f"{classes[:10]}."
        )
    return sample_costs.to_numpy()[:, [columns.index(label) for label in classes]]
