"""Thresholds that keep a precision, a recall or a share of the rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skcnn._arrays import Float64


@dataclass(frozen=True)
class Wanted:
    """What a threshold shall keep; None: not asked for.

    Attributes
    ----------
    min_precision, min_recall, max_rate : shares
    confidence : with which precision and recall hold for other rows too; None: for these rows
    """

    min_precision: float | None
    min_recall: float | None
    max_rate: float | None
    confidence: float | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether no threshold is asked for."""
        return self.min_precision is None and self.min_recall is None and self.max_rate is None

    def check(self) -> None:
        """Raise an error about a confidence in nothing."""
        if self.confidence is not None and not (self.min_precision or self.min_recall):
            raise ValueError(
                "--confidence is for --min-precision and --min-recall. Add one of them, or leave "
                "it out."
            )

    def found(self, p: Float64, is_positive: Sequence[bool]) -> list[dict[str, Any]]:
        """Return the threshold of each wish with its figures, or why there is none.

        Parameters
        ----------
        p : (n,), probability of the positive label
        is_positive : n
        """
        import numpy as np

        from skcnn.costs._thresholds import (
            threshold_at_precision,
            threshold_at_rate,
            threshold_at_recall,
        )

        y = np.array(is_positive)
        at_precision = partial(threshold_at_precision, y, p, confidence=self.confidence)
        at_recall = partial(threshold_at_recall, y, p, confidence=self.confidence)
        ways: list[tuple[str, float | None, Callable[[float], float]]] = [
            (
                "precision",
                self.min_precision,
                at_precision,
            ),
            ("recall", self.min_recall, at_recall),
            ("rate", self.max_rate, partial(threshold_at_rate, p)),
        ]
        return [
            {"wanted": what, "value": value} | self._promised(what) | _found(way, value, p, y)
            for what, value, way in ways
            if value is not None
        ]

    def _promised(self, what: str) -> dict[str, float]:
        """Return the confidence; a rate needs no labels, and has none."""
        if self.confidence is None or what == "rate":
            return {}
        return {"confidence": self.confidence}


def _found(
    way: Callable[[float], float], value: float, p: Float64, y: NDArray[Any]
) -> dict[str, Any]:
    try:
        threshold = way(value)
    except ValueError as error:  # no threshold does it: all other figures are still shown
        return {"threshold": None, "why": str(error)}
    if not math.isfinite(threshold):
        return {"threshold": None, "why": "no row may be predicted positive."}
    predicted = p >= threshold
    n_right, n_predicted = int((predicted & y).sum()), int(predicted.sum())
    return {
        "threshold": threshold,
        "recall": n_right / int(y.sum()),
        "precision": n_right / n_predicted,
        "rate": n_predicted / len(y),
    }


def threshold_in_words(found: dict[str, Any], name: str) -> str:
    """Say what was found for one wish; `name` is the positive label."""
    promised = f", with {found['confidence']:g} confidence" if "confidence" in found else ""
    begin = f"For a {found['wanted']} of {found['value']:g}{promised}: "
    if found["threshold"] is None:
        return f"{begin}{found['why']}"
    return (
        f"{begin}--threshold {found['threshold']:.6g} (recall {found['recall']:.3f}, precision "
        f"{found['precision']:.3f}, {found['rate']:.1%} of the rows predicted {name!r})."
    )
