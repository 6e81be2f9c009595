"""The figures of predictions for labeled texts: computed, printed, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skcnn.cli._output import console, new_table, say

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from skcnn._arrays import Float64

# A confusion matrix with more labels is too wide for a terminal.
_MAX_COLUMNS = 12
_NOTHING = "(none)"


@dataclass(frozen=True, eq=False)
class Figures:
    """What predictions for n labeled texts come to.

    Attributes
    ----------
    names : K labels
    confusion : (K, K), rows are the true label; one more column if there are abstentions
    average : average cost of a text
    normalized : average cost, divided by that of the cheapest constant prediction; NaN if that is 0
    constants : (K,) average cost of predicting one label for every text
    """

    names: list[str]
    confusion: NDArray[np.int64]
    average: float
    normalized: float
    constants: Float64

    @property
    def recall(self) -> list[float]:
        """Of each label; NaN without a row of it."""
        return _shares(self._right, self.confusion.sum(axis=1))

    @property
    def precision(self) -> list[float]:
        """Of each label; NaN without a prediction of it."""
        return _shares(self._right, self.confusion[:, : len(self.names)].sum(axis=0))

    @property
    def _right(self) -> NDArray[np.int64]:
        return self.confusion.diagonal()

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        classes = {
            name: {"rows": int(rows.sum()), "precision": finite(p), "recall": finite(r)}
            for name, rows, p, r in zip(
                self.names, self.confusion, self.precision, self.recall, strict=True
            )
        }
        return {
            "rows": int(self.confusion.sum()),
            "labels": self.names,
            "confusion_matrix": self.confusion.tolist(),
            "classes": classes,
            "average_cost": self.average,
            "normalized_cost": finite(self.normalized),
            "constant_predictions": dict(zip(self.names, self.constants.tolist(), strict=True)),
        }

    def print(self) -> None:
        """Print tables and a sentence about costs."""
        self._print_confusion()
        table = new_table("Each label", "label", "rows", "precision", "recall")
        for name, rows, *shares in zip(
            self.names, self.confusion, self.precision, self.recall, strict=True
        ):
            table.add_row(name, f"{rows.sum():,}", *(share(value) for value in shares))
        console().print(table)
        say(self.costs_in_a_sentence())

    def costs_in_a_sentence(self) -> str:
        """Say what the predictions cost, against one label for every text."""
        cheapest = int(self.constants.argmin())
        said = (
            f"Average cost {self.average:.4f}. The cheapest constant prediction, "
            f"{self.names[cheapest]!r} for every text, costs {self.constants[cheapest]:.4f}"
        )
        normalized = finite(self.normalized)
        return f"{said}." if normalized is None else f"{said}: normalized cost {normalized:.3f}."

    def _print_confusion(self) -> None:
        if len(self.names) > _MAX_COLUMNS:
            say(f"The confusion matrix of {len(self.names)} labels is too wide; --json has it.")
            return
        columns = list(self.names)
        if self.confusion.shape[1] > len(columns):
            columns.append(_NOTHING)
        table = new_table("Confusion matrix", "true label \\ prediction", *columns)
        for name, row in zip(self.names, self.confusion, strict=True):
            table.add_row(name, *(f"{count:,}" for count in row))
        console().print(table)


def figures_of(
    y: NDArray[np.int64],
    y_pred: NDArray[np.int64],
    names: Sequence[str],
    cost_matrix: Float64,
    abstain_cost: float | None = None,
) -> Figures:
    """Compare predictions with true labels, both as positions in `names`."""
    import warnings

    import numpy as np
    from sklearn.exceptions import UndefinedMetricWarning

    from skcnn.costs._metrics import average_cost, count_predictions, normalized_cost

    labels = np.arange(len(names))
    options: dict[str, Any] = {
        "cost_matrix": cost_matrix,
        "labels": labels,
        "abstain_cost": abstain_cost,
        "abstain_label": -1,
    }
    counts, _ = count_predictions(y, y_pred, sample_weight=None, **options)
    shares = np.bincount(y, minlength=len(names)) / len(y)
    with warnings.catch_warnings():
        # NaN is shown as "-".
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        normalized = normalized_cost(y, y_pred, **options)
    return Figures(
        list(names), counts, average_cost(y, y_pred, **options), normalized, shares @ cost_matrix
    )


def finite(value: float) -> float | None:
    """Return a number, or None for NaN, which JSON does not have."""
    return None if value != value else float(value)  # noqa: PLR0124


def _shares(part: NDArray[Any], whole: NDArray[Any]) -> list[float]:
    return [
        p / n if n else float("nan") for p, n in zip(part.tolist(), whole.tolist(), strict=True)
    ]


def share(value: float) -> str:
    """Write a share, or "-" for NaN."""
    return "-" if finite(value) is None else f"{value:.3f}"
