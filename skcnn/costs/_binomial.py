"""Exact binomial bounds: what a number of rows can promise.

An event has the unknown probability q. In n independent rows it was seen k times. The bounds of
Clopper & Pearson (1934, "The use of confidence or fiducial limits illustrated in the case of the
binomial") follow from the tail of the binomial distribution, which the regularized incomplete beta
function I gives: ``P(Binomial(n, q) >= k) = I_q(k, n - k + 1)``.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skcnn._arrays import Float64

# Rounding of the incomplete beta function: what is exactly enough must not fail by one bit.
_ROUNDING = 1e-12


def check_confidence(confidence: float) -> float:
    """Return the confidence of a promise as a float in (0, 1)."""
    if not (isinstance(confidence, Real) and 0 < confidence < 1):
        raise ValueError(
            f"confidence is {confidence!r}; expected a number between 0 and 1, such as 0.95: the "
            "probability that the promise is kept."
        )
    return float(confidence)


def check_promise(name: str, rate: float) -> None:
    """Refuse a rate of 0 or 1: no number of rows can promise that."""
    if not (isinstance(rate, Real) and 0 < rate < 1):
        raise ValueError(
            f"{name} is {rate!r}; expected a number between 0 and 1, without 0 and 1, where "
            "confidence is given. No number of rows can promise 0 or 1."
        )


def check_no_weights(sample_weight: Any) -> None:
    """Refuse weights: the bounds count rows."""
    if sample_weight is not None:
        raise ValueError(
            "sample_weight is given together with confidence; expected one of them. The exact "
            "bound counts rows of one population, and weights are no counts. Leave sample_weight "
            "out, or leave confidence out and do without the promise."
        )


def at_least(n: ArrayLike, k: ArrayLike, rate: float) -> Float64:
    """P(Binomial(n, rate) >= k), for k >= 0; arrays of equal shape."""
    from scipy.special import betainc

    n, k = np.asarray(n, dtype=np.float64), np.asarray(k, dtype=np.float64)
    tail = betainc(np.maximum(k, 1), np.maximum(n - k + 1, 1), rate)
    return np.where(k <= 0, 1.0, np.where(k > n, 0.0, tail))


def lower_bound(n: int, k: int, confidence: float) -> float:
    """Lowest rate that k events in n rows do not rule out (Clopper & Pearson, one-sided)."""
    from scipy.special import betaincinv

    return float(betaincinv(k, n - k + 1, 1 - confidence)) if k else 0.0


def order_of_quantile(n: int, rate: float, confidence: float) -> int:
    """The highest order k with ``P(Binomial(n, rate) >= k) >= confidence``; 0 if there is none.

    Of n independent scores let s be the one with the rank k from below. At most the share `rate` of
    all scores is below s, with at least this confidence (a tolerance limit: Wilks, 1941,
    "Determination of sample sizes for setting tolerance limits"). For scores without ties the share
    below s has the distribution Beta(k, n - k + 1). Ties can only make it smaller.
    """
    orders = np.arange(1, n + 1)
    enough = at_least(np.full(n, n), orders, rate) >= confidence - _ROUNDING
    return int(np.count_nonzero(enough))


def rows_needed(rate: float, confidence: float) -> int:
    """The smallest n with ``1 - (1 - rate) ** n >= confidence``: then the order 1 is enough."""
    return max(1, math.ceil(math.log1p(-confidence) / math.log1p(-rate) - _ROUNDING))
