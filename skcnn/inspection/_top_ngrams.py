"""Which n-grams speak for each class in some texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from skcnn._arrays import Float64
from skcnn._compat import check_installed
from skcnn.predicting._model import FittedModel
from skcnn.predicting._pooled_evidence import pooled_evidence
from skcnn.text._spans import joined

if TYPE_CHECKING:
    from pandas import DataFrame

# Texts that are explained at once, to keep memory small.
_TEXTS_AT_ONCE = 256


def top_ngrams(model: FittedModel, texts: Sequence[str], n: int) -> DataFrame:
    """List the n n-grams with the largest sum of contributions for each class.

    Returns
    -------
    DataFrame
        Columns "class", "ngram", "n_texts", "log_odds", "total".
    """
    check_installed("A table of n-grams", "pandas")
    import pandas as pd

    totals, n_texts = _totals(model, texts)
    names = list(totals)
    sums = np.array([totals[name] for name in names]).reshape(len(names), len(model.classes))
    counts = np.array([n_texts[name] for name in names], np.int64)
    frames = []
    for k, label in enumerate(model.classes.tolist()):
        order = np.argsort(-sums[:, k], kind="stable")[:n]
        order = order[sums[order, k] > 0]
        frame = pd.DataFrame(
            {
                "class": [label] * len(order),
                "ngram": [joined(names[i]) for i in order],
                "n_texts": counts[order],
                "log_odds": sums[order, k] / counts[order],
                "total": sums[order, k],
            }
        )
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _totals(
    model: FittedModel, texts: Sequence[str]
) -> tuple[dict[tuple[str, ...], Float64], dict[tuple[str, ...], int]]:
    """Sum up the contributions of each n-gram, and count the texts that contain it."""
    totals: dict[tuple[str, ...], Float64] = {}
    n_texts: dict[tuple[str, ...], int] = {}
    # From the distance to the mean of all classes to the distance to the mean of the others.
    scale = len(model.classes) / (len(model.classes) - 1)
    for begin in range(0, len(texts), _TEXTS_AT_ONCE):
        block = texts[begin : begin + _TEXTS_AT_ONCE]
        for evidence in pooled_evidence(model, block, model.tokenize(block)):
            for ngram, contribution in evidence.ngrams.items():
                totals[ngram] = totals.get(ngram, 0) + contribution * scale
                n_texts[ngram] = n_texts.get(ngram, 0) + 1
    return totals, n_texts
