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
        Columns in the order of `classes`; those of a DataFrame name the classes, in any order.
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
    if hasattr(sample_costs, "columns") and set(sample_costs.columns) == set(labels):
        sample_costs = sample_costs[labels]
    elif hasattr(sample_costs, "columns"):
        raise ValueError(
            f"sample_costs has the columns {list(sample_costs.columns)}; expected {labels}: "
            "one for each class."
        )
    try:
        raw = np.asarray(sample_costs)
        texts = raw.dtype.kind == "O" and any(isinstance(value, str) for value in raw.flat)
        if raw.dtype.kind not in "biufO" or texts:
            raise TypeError(f"values of dtype {raw.dtype}")
        table = np.array(raw, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"sample_costs holds something else than numbers; expected {_FORM}.") from (
            error
        )
    if table.shape != (n_samples, len(labels)):
        raise ValueError(
            f"sample_costs has shape {table.shape}; expected {(n_samples, len(labels))}: {_FORM}. "
            "Did a sampler change the rows? See docs/cost_matrices.md, Costs of single texts."
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
