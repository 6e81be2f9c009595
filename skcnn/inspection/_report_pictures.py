"""The pictures of a report, as SVG."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skcnn.inspection._cost_confusion_matrix import CostConfusionMatrixDisplay
from skcnn.inspection._cost_curve import CostCurveDisplay
from skcnn.inspection._cost_threshold import CostThresholdDisplay
from skcnn.inspection._recall_effort import RecallEffortDisplay
from skcnn.inspection._report_figures import Checked
from skcnn.inspection._style import BLUE, REFERENCE, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Bins of the reliability diagram, each with equally many texts.
_BINS = 10
# Number of characters of all labels that fit side by side below a picture.
_FITS = 30
# Smallest distance of two points that both get their counts.
_GAP = 0.08


class Picture(NamedTuple):
    """A picture, and how to read it."""

    title: str
    reading: str
    svg: str


def pictures(data: Checked, unit: str) -> Iterator[Picture]:
    """Yield the pictures of a report: one for any number of classes, and more for two."""
    rows = {"cost_matrix": data.cost_matrix, "labels": data.classes, **data.abstention}
    names = max(len(str(label)) for label in data.classes.tolist()) * len(data.classes)
    rotation = 0 if names <= _FITS else 45
    yield _picture(
        "Which errors cost the most",
        "Rows are the true classes, columns the predictions. Each cell shows how many texts it has "
        "and what they cost.",
        lambda ax: CostConfusionMatrixDisplay.from_predictions(
            data.y, data.y_pred, unit=unit, ax=ax, xticks_rotation=rotation, **rows
        ),
        len(data.classes),
    )
    if data.pos_label is not None:
        yield from _binary_pictures(data)


def _binary_pictures(data: Checked) -> Iterator[Picture]:
    p, label = data.p, data.pos_label
    positive = {"pos_label": label, "name": "this classifier"}
    yield _picture(
        "How much has to be read",
        f"Texts with the highest probability of {label} are read first. The marks are where a "
        "ratio of the two costs says to stop.",
        lambda ax: RecallEffortDisplay.from_predictions(data.y, p, ax=ax, **positive),
    )
    yield _picture(
        "What another threshold would cost",
        f"A text is called {label} if its probability is at least the threshold.",
        lambda ax: CostThresholdDisplay.from_predictions(
            data.y, p, cost_matrix=_in_order(data), ax=ax, **positive
        ),
    )
    yield _picture(
        "What other costs would mean",
        "The expected cost over all ratios of the two costs. The dashed line is the cheapest "
        "constant prediction.",
        lambda ax: CostCurveDisplay.from_predictions(data.y, p, kind="brier", ax=ax, **positive),
    )
    yield _picture(
        "Can the probabilities be trusted",
        "Each point is a tenth of the texts. Where the point is on the diagonal, the share of "
        f"{label} is as large as the probabilities say. The numbers are counts: {label} / all.",
        lambda ax: _draw_reliability(ax, data),
    )


def _in_order(data: Checked) -> Any:
    """Return the cost matrix as a dict, since displays sort the classes by `pos_label`."""
    labels = data.classes.tolist()
    return {
        (true, predicted): data.cost_matrix[i, j]
        for i, true in enumerate(labels)
        for j, predicted in enumerate(labels)
    }


def _draw_reliability(ax: Axes, data: Checked) -> None:
    """Draw the share of the positive class against the mean probability, in bins of equal size."""
    order = np.argsort(data.p, kind="stable")
    bins = [rows for rows in np.array_split(order, _BINS) if len(rows)]
    is_positive = data.y == data.pos_label
    means = [data.p[rows].mean() for rows in bins]
    shares = [is_positive[rows].mean() for rows in bins]
    ax.plot([0, 1], [0, 1], color=REFERENCE.color, linestyle=REFERENCE.linestyle)
    ax.plot(means, shares, color=BLUE.color, marker=BLUE.marker)
    last = 2.0
    for mean, share, rows in reversed(list(zip(means, shares, bins, strict=True))):
        if last - mean < _GAP:
            continue
        last = mean
        count = f"{int(is_positive[rows].sum())}/{len(rows)}"
        ax.annotate(count, (mean, share), xytext=(4, -10), textcoords="offset points", fontsize=7)
    label = shown(data.pos_label)
    ax.set(xlabel=f"Mean probability of {label}", ylabel=f"Share of {label}")


def _picture(title: str, reading: str, draw: Callable[[Axes], object], n_cells: int = 2) -> Picture:
    """Draw on new axes, and return the picture as SVG that can be put into a page."""
    import matplotlib.pyplot as plt

    options: Any = {"svg.hashsalt": title, "svg.fonttype": "none"}
    with plt.rc_context(options), warnings.catch_warnings():
        # Texts stay texts: the browser has the letters that matplotlib's font lacks.
        warnings.filterwarnings("ignore", "Glyph .* missing")
        figure, ax = plt.subplots(
            figsize=(1.1 * n_cells + 3.4, 0.9 * n_cells + 2.2), layout="constrained"
        )
        try:
            draw(ax)
            buffer = io.StringIO()
            figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        finally:
            plt.close(figure)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    # Names in SVG are names of the whole page: those of two pictures must differ.
    prefix = re.sub(r"\W", "", title)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    return Picture(title, reading, svg)
