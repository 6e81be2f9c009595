"""Thresholds whose precision is certain enough: exact tests of a fixed list of thresholds.

Recall and false-alarm rate only rise as the threshold falls, so an order statistic gives their
bounds. Precision has no such order. So a list of thresholds is written down before any row is seen,
and each is tested: the chance that the list has one wrong acceptance is at most 1 - confidence
(Learn then Test: Angelopoulos, Bates, Candès, Jordan & Lei, 2021, "Learn then Test: Calibrating
predictive algorithms to achieve risk control").
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float64
from skcnn.costs._binomial import at_least, lower_bound
from skcnn.costs._checks import check_positive_probabilities

# The list: log-odds from those of the promised precision, 8 above to 8 below. If the probabilities
# are calibrated, the threshold that equals the promised precision keeps it with room to spare. So
# half of the error probability starts there, and the rest at whole distances from it.
_LOG_ODDS = np.round(np.arange(8.0, -8.05, -0.1), 1)  # (L,), from the highest threshold
_STARTS = np.flatnonzero(np.round(_LOG_ODDS) == _LOG_ODDS)
_MAX_ROWS = 1_000_000  # more rows than this are not suggested in an error


class Certified(NamedTuple):
    """Tested thresholds, from the highest, (L,) each."""

    thresholds: Float64
    accepted: NDArray[np.bool_]
    flagged: NDArray[np.int64]  # rows at or above the threshold
    hits: NDArray[np.int64]  # positive rows among them

    @property
    def useful(self) -> Float64:
        """Accepted thresholds, each with more hits than the next higher one, from the highest."""
        _, first = np.unique(self.hits[self.accepted], return_index=True)
        return np.asarray(self.thresholds[self.accepted][first])


def certify_precision(
    is_positive: NDArray[np.bool_], y_prob: Float64, min_precision: float, confidence: float
) -> Certified:
    """Test for each threshold of the list whether its precision is at least `min_precision`.

    Each test is exact: of n flagged rows, independent of each other, k positive ones have the tail
    ``P(Binomial(n, min_precision) >= k)``. The tests share the error probability by the fallback
    procedure (Wiens, 2003, "A fixed sequence Bonferroni procedure for testing multiple endpoints"):
    each threshold has a share, and what an accepted threshold used goes on to the next lower one.
    """
    check_positive_probabilities(np.sort(y_prob))
    at_promise = math.log(min_precision / (1 - min_precision))
    thresholds = 1 / (1 + np.exp(-(at_promise + _LOG_ODDS)))
    flagged = _at_or_above(y_prob, thresholds)
    hits = _at_or_above(y_prob[is_positive], thresholds)
    p_values = at_least(flagged, hits, min_precision)
    accepted, level = np.zeros(len(thresholds), dtype=bool), 0.0
    for place, share in enumerate(_shares() * (1 - confidence)):
        level += share
        accepted[place] = p_values[place] <= level
        if not accepted[place]:
            level = 0.0
    return Certified(thresholds, accepted, flagged, hits)


def why_none_is_certified(
    tested: Certified, n_rows: int, min_precision: float, confidence: float
) -> str:
    """The message where no threshold is accepted: what is promised, and how many rows would do."""
    levels = _shares()[_STARTS] * (1 - confidence)
    counts = zip(tested.flagged[_STARTS], tested.hits[_STARTS], levels, strict=True)
    bounds = [lower_bound(int(n), int(k), 1 - level) for n, k, level in counts]
    best = int(np.argmax(bounds))
    place = _STARTS[best]
    n, k = int(tested.flagged[place]), int(tested.hits[place])
    begin = (
        f"min_precision is {min_precision} with confidence {confidence:g}, which no threshold can "
        f"promise with these {n_rows} rows: at the best one, {tested.thresholds[place]:.3g}, {k} "
        f"of {n} flagged rows are positive, which promises {bounds[best]:.3g}. "
    )
    sizes = np.geomspace(n + 1, max(_MAX_ROWS, n + 1), 300).round()
    found = np.floor(sizes * (k / max(n, 1)))
    enough = at_least(sizes, found, min_precision) <= levels[best]
    if not enough.any():
        return begin + "Expected a lower min_precision, or a better classifier."
    needed = int(sizes[enough.argmax()])
    return begin + (
        f"Expected about {needed} flagged rows with such a precision, which is about "
        f"{math.ceil(needed * n_rows / n)} rows in all. Take more rows, or lower min_precision or "
        "confidence."
    )


def _shares() -> Float64:
    """Share of the error probability that each threshold of the list starts with, sum 1, (L,)."""
    shares = np.zeros(len(_LOG_ODDS))
    shares[_STARTS] = 0.5 / (len(_STARTS) - 1)
    shares[_LOG_ODDS == 0] = 0.5
    return shares


def _at_or_above(scores: Float64, thresholds: Float64) -> NDArray[np.int64]:
    return len(scores) - np.searchsorted(np.sort(scores), thresholds, side="left")
