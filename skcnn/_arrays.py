"""Types of arrays, and the arithmetic that several rooms share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

# The smallest positive float64 with full precision. Numbers are raised to it before they are a
# divisor or the argument of a logarithm.
TINY = float(np.finfo(np.float64).tiny)


def finite_log(numbers: Float64) -> Float64:
    """Logarithm of numbers >= 0, finite at 0 too: numbers below `TINY` count as `TINY`."""
    logarithm: Float64 = np.log(np.maximum(numbers, TINY))
    return logarithm


def softmax(logits: Float64) -> Float64:
    """Turn logits into probabilities, (n, K) -> (n, K).

    The largest logit of each row is subtracted first, so that no exponential overflows.
    """
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Float64 = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def in_unit(costs: Float64) -> tuple[Float64, float]:
    """Costs divided by a unit so that the largest is between 1 and 2, and that unit.

    Sums and differences of costs close to the largest float64 then stay finite, and products of
    tiny costs keep their digits. The unit is a power of two, so nothing is rounded.
    """
    largest = float(np.abs(costs).max(initial=0.0))
    if not 0 < largest < np.inf:
        return costs, 1.0
    unit = float(np.ldexp(1.0, np.frexp(largest)[1] - 1))
    return costs / unit, unit


def from_unit(costs: Float64, unit: float) -> Float64:
    """Costs in their own unit again, see `in_unit`.

    Raises
    ------
    ValueError
        If a cost is too large for float64.
    """
    with np.errstate(over="ignore"):
        found: Float64 = np.asarray(costs) * unit
    if np.isinf(found).any():
        raise ValueError(
            f"A resulting cost is {float(np.abs(costs).max())!r} times {unit!r}, but float64 holds "
            "numbers up to 1.8e308; expected smaller costs. Give the costs in a larger unit, for "
            "example all divided by 1e6: decisions stay the same."
        )
    return found


def is_missing(value: Any) -> bool:
    """Return whether a value is None, NaN, or pandas' NA or NaT."""
    # NA and NaT are recognized by their type's name: comparing NA with anything gives NA again.
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    # Only NaN differs from itself; an array would give an array here.
    differs = value != value  # noqa: PLR0124
    return isinstance(differs, (bool, np.bool_)) and bool(differs)
