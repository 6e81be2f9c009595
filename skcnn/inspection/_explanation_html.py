"""Explanations as HTML: words in color, and a table of n-grams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from skcnn._arrays import Float64
from skcnn.inspection._templates import template

# Below this share of the largest contribution a word stays white.
_VISIBLE = 0.05

Piece = tuple[str, float]


def to_html(views: Sequence[dict[str, Any]]) -> str:
    """Return HTML for some explanations, see `Explanation.view`. Texts and labels are escaped."""
    return template("explanations.html").render(explanations=views)


def highlighted(
    text: str, spans: Sequence[tuple[int, int] | None], log_odds: Float64
) -> Iterator[Piece]:
    """Cut a text into pieces, each with its strength: from -1, against, to 1, for.

    `log_odds` has the contribution of each token, (n_tokens,).
    """
    at = np.zeros(len(text))
    for span, strength in zip(spans, _strengths(log_odds), strict=True):
        if span is not None:
            at[span[0] : span[1]] = strength
    borders = [0, *(np.flatnonzero(np.diff(at)) + 1).tolist(), len(at)]
    for begin, end in pairwise(borders):
        if end > begin:
            yield text[begin:end], float(at[begin])


def _strengths(log_odds: Float64) -> Float64:
    largest = np.abs(log_odds).max(initial=0)
    strengths = log_odds / largest if largest > 0 else log_odds
    return np.where(np.abs(strengths) < _VISIBLE, 0, strengths)
