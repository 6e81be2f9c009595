"""Checks on a table of class probabilities, shared by the posterior and the decision."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Lets float32 softmax outputs and numbers rounded to three digits pass, not logits or percents.
_SUM_TOLERANCE = 1e-3


def check_probabilities(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return `values` as a new (n, K) float64 array, or say which row is no distribution."""
    table = np.array(values, dtype=np.float64)  # (n, K)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ValueError(
            f"{name} has shape {table.shape}; expected (n_samples, n_classes) with one column "
            "per class, as from predict_proba. For a single column p, pass "
            "np.column_stack([1 - p, p])."
        )
    total = table.sum(axis=1)  # (n,)
    # NaN and infinity fail these comparisons too.
    good = (table.min(axis=1) >= 0) & (np.abs(total - 1) <= _SUM_TOLERANCE)
    if not good.all():
        row = int(np.argmin(good))
        raise ValueError(
            f"{name}[{row}] is {table[row].tolist()}; expected numbers >= 0 that sum to 1. Pass "
            "the output of predict_proba; logits need a softmax first."
        )
    return table
