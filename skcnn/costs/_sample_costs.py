"""Costs that differ from row to row.

``sample_costs[i, t]`` is the cost of missing class t in row i, that is the cost of any other
prediction if t is the true class of that row. The columns are the classes, as in
``predict_proba``. The true class of a row need not be known, so the same table serves training,
decisions and evaluation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn._arrays import Float64, from_unit, in_unit
from skcnn._compat import renamed_arguments

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
    sample_costs : array-like of shape (n_samples, K), or DataFrame
        The cost of missing each class in each row. Columns in the order of `labels`. The columns of
        a DataFrame are found by their names, so they may have any order, and there may be more: a
        class can be missing from the training part of a split.
    n_samples : int
        Number of rows that the costs belong to.
    labels : array-like of shape (K,)
        The class labels.

    Returns
    -------
    ndarray of shape (n_samples, K), dtype float64

    Raises
    ------
    TypeError
        If an entry is not a number.
    ValueError
        If the shape is wrong, a class has no column, or an entry is negative or not finite.

    Examples
    --------
    If both texts are spam, missing the second one costs five times as much:

    >>> from skcnn.costs import check_sample_costs, decide
    >>> costs = check_sample_costs([[1, 2], [1, 10]], 2, ["ham", "spam"])
    >>> decide([[0.8, 0.2], [0.8, 0.2]], sample_costs=costs, labels=["ham", "spam"])
    array(['ham', 'spam'], dtype='<U4')
    """
    classes: list[Any] = np.asarray(labels).tolist()
    table = _numbers(_columns_of(sample_costs, classes))
    if table.shape != (n_samples, len(classes)):
        raise ValueError(
            f"sample_costs has shape {table.shape}; expected {(n_samples, len(classes))}: {_FORM}, "
            f"with the classes {classes[:10]}. Did a sampler change the rows, or is a class "
            "missing from the training rows? Then give DataFrames, whose index and columns are "
            "matched."
        )
    wrong = ~(np.isfinite(table) & (table >= 0))
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise ValueError(
            f"sample_costs[{row}, {column}] is {table[row, column]}; expected {_FORM}, finite."
        )
    return table


def mean_class_costs(
    sample_costs: Float64,
    targets: NDArray[np.integer[Any]],
    sample_weight: Float64 | None = None,
) -> Float64:
    """Mean cost of missing each class over the rows of that class, (n, K) and (n,) -> (K,).

    `targets` are the positions of the true classes. Every class must have rows.
    """
    miss_costs, unit = in_unit(sample_costs[np.arange(len(targets)), targets])  # (n,)
    weight = np.ones(len(targets)) if sample_weight is None else sample_weight
    n_classes = sample_costs.shape[1]
    total = np.bincount(targets, weight * miss_costs, n_classes)
    return from_unit(total / np.bincount(targets, weight, n_classes), unit)


def expected_sample_costs(probabilities: Float64, sample_costs: Float64) -> Float64:
    """Expected cost of predicting each class, (n, K): the risks of all other classes, summed."""
    risk = probabilities * sample_costs  # (n, K)
    n_classes = risk.shape[1]
    # Subtracting the class's own risk from the total would lose the digits of small risks.
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
