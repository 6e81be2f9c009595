"""Costs that differ from one example to the next.

``sample_costs[i, t]`` is what it costs to miss class t in row i, whatever is answered instead, were
t the truth of that row: the columns stand for classes as those of ``predict_proba`` do. A row's
true class need not be known, so the same table serves training, decisions and evaluation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

BOTH_COSTS = (
    "cost_matrix and sample_costs are both given, and a mistake has one price; expected one of "
    "them. Costs of single rows belong into sample_costs, with cost_matrix=None."
)

_FORM = "one cost >= 0 for each row and class, of missing that class in that row"


def check_sample_costs(
    sample_costs: Any, n_samples: int, classes: ArrayLike
) -> NDArray[np.float64]:
    """Check costs of examples and bring them into the order of `classes`.

    Parameters
    ----------
    sample_costs : array-like of shape (n_samples, K), or DataFrame
        Columns in the order of `classes`; those of a DataFrame name the classes, in any order, and
        may name more: a class can be missing from the training part of a split.
    n_samples : int
        Number of rows that they are for.
    classes : array-like of shape (K,)
        The class labels.

    Returns
    -------
    ndarray of shape (n_samples, K), dtype float64

    Raises
    ------
    TypeError
        If an entry is not a number.
    ValueError
        If the shape is wrong, columns have other names, or an entry is negative or not finite.

    Examples
    --------
    Missing the second text's spam costs five times as much as missing the first one's:

    >>> from skcnn.costs import check_sample_costs, decide
    >>> costs = check_sample_costs([[1, 2], [1, 10]], 2, ["ham", "spam"])
    >>> decide([[0.8, 0.2], [0.8, 0.2]], sample_costs=costs, classes=["ham", "spam"])
    array(['ham', 'spam'], dtype='<U4')
    """
    labels: list[Any] = np.asarray(classes).tolist()
    table = _numbers(_columns_of(sample_costs, labels))
    if table.shape != (n_samples, len(labels)):
        raise ValueError(
            f"sample_costs has shape {table.shape}; expected {(n_samples, len(labels))}: {_FORM}, "
            f"the classes being {labels[:10]}. Did a sampler change the rows, or is a class "
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
    sample_costs: NDArray[np.float64],
    labels: NDArray[np.integer[Any]],
    sample_weight: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Mean cost of missing each class over the rows of that class, (n, K) and (n,) -> (K,).

    Every class must have rows.
    """
    own = sample_costs[np.arange(len(labels)), labels]  # (n,)
    weight = np.ones(len(labels)) if sample_weight is None else sample_weight
    n_classes = sample_costs.shape[1]
    total = np.bincount(labels, weight * own, n_classes)
    return np.asarray(total / np.bincount(labels, weight, n_classes), dtype=np.float64)


def expected_sample_costs(
    probabilities: NDArray[np.float64], sample_costs: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Expected cost of each answer, (n, K): that of missing any class but the one answered."""
    risk = probabilities * sample_costs  # (n, K)
    n_classes = risk.shape[1]
    # A sum over the others, not a difference: it must not lose the digits of a small risk.
    others = 1.0 - np.eye(n_classes)
    return np.asarray(risk @ others, dtype=np.float64)


def matched_rows(sample_costs: Any, X: Any) -> Any:
    """Rows of costs that belong to X: by their index where both have one, else as they stand.

    A sampler of imbalanced-learn that leaves rows out keeps the index of a DataFrame.
    """
    index: Any = getattr(X, "index", None)
    own: Any = getattr(sample_costs, "index", None)
    if not (hasattr(index, "equals") and hasattr(own, "is_unique")) or own.equals(index):
        return sample_costs
    numbered_anew = hasattr(index, "start") and index.start == 0 and len(index) != len(own)
    if own.is_unique and not numbered_anew and index.isin(own).all():
        return sample_costs.loc[index]
    msg = (
        f"sample_costs has {len(own)} rows, X has {len(index)}, and their indices do not match. "
        "RandomUnderSampler keeps the index of DataFrames, other samplers number the rows anew: "
        "resample sample_costs with the sampler's sample_indices_ beforehand, outside the "
        "pipeline, or leave the sampler out, as costs do its work."
    )
    raise ValueError(msg)


def _numbers(sample_costs: Any) -> NDArray[np.float64]:
    """A new array of numbers; strings that spell some are none."""
    try:
        raw = np.asarray(sample_costs)
        spelt = raw.dtype.kind == "O" and any(isinstance(value, str) for value in raw.flat)
        if raw.dtype.kind in "biufO" and not spelt:
            return np.array(raw, dtype=np.float64)
    except (TypeError, ValueError):
        pass
    shown = repr(sample_costs)
    raise TypeError(
        f"sample_costs holds something else than numbers: "
        f"{shown if len(shown) <= 80 else shown[:77] + '...'}; expected {_FORM}."
    )


def _columns_of(sample_costs: Any, labels: list[Any]) -> Any:
    """Of a DataFrame the columns of `labels`, in their order; anything else as it is."""
    if not hasattr(sample_costs, "columns"):
        return sample_costs
    columns = list(sample_costs.columns)
    if any(columns.count(label) != 1 for label in labels):
        raise ValueError(
            f"sample_costs has the columns {columns[:10]}; expected one for each class: "
            f"{labels[:10]}."
        )
    return sample_costs.to_numpy()[:, [columns.index(label) for label in labels]]
