"""A confusion matrix whose cells say how many answers there are, and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn.costs import CostMatrixLike, check_cost_matrix
from skcnn.costs._abstention import check_abstention
from skcnn.costs._inside import abstention_inside
from skcnn.costs._metrics import count_predictions
from skcnn.inspection._cells import draw_cells, write_cells
from skcnn.inspection._response import costs_of
from skcnn.inspection._style import axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage


class CostConfusionMatrixDisplay:
    """Where the money goes: counts, costs of one answer and their products, cell by cell.

    Cells are coloured by what they cost in total, so that the dear errors are seen, not the
    frequent answers. Any number of classes.

    Make one with :meth:`from_estimator` or :meth:`from_predictions`.

    Parameters
    ----------
    confusion_matrix : array-like of shape (K, K), or (K, K + 1) with `abstain_cost`
        Counts or weights, rows the truth, as from :func:`sklearn.metrics.confusion_matrix`; those
        of abstentions in the last column.
    cost_matrix : array-like of shape (K, K), DataFrame or dict, default=None
        Any form of :func:`skcnn.costs.check_cost_matrix` for `display_labels`, except "balanced".
        None: every error costs 1.
    display_labels : array-like of shape (K,), default=None
        The classes, in the order of the rows; None: 0 .. K-1.
    unit : str, default=""
        Of the costs, such as "€"; stands behind them.
    abstain_cost : float, default=None
        What each abstention costs; None: there are none.
    abstain_label : label, default=-1
        What a row that is not answered is given, as in :func:`skcnn.costs.decide`.

    Attributes
    ----------
    cell_costs : ndarray of the shape of `confusion_matrix`
        What the answers in each cell cost together.
    total_cost, average_cost : float
        Of all rows, and of a row.
    ax_ : matplotlib Axes
        Where it is drawn.
    figure_ : matplotlib Figure
        The figure that holds `ax_`.
    im_ : matplotlib AxesImage
        The coloured cells.
    text_ : ndarray of the same shape of matplotlib Text, or None
        What stands in the cells.

    See Also
    --------
    sklearn.metrics.ConfusionMatrixDisplay : Counts alone.
    skcnn.costs.average_cost : The average cost as a number.

    Examples
    --------
    Two sets of answers with one error each; which is the better one is a matter of costs:

    >>> from skcnn.inspection import CostConfusionMatrixDisplay
    >>> y_true, never, careful = [0, 0, 0, 0, 1], [0, 0, 0, 0, 0], [0, 0, 0, 1, 1]
    >>> for y_pred in (never, careful):
    ...     costs = {1: 5}
    ...     display = CostConfusionMatrixDisplay.from_predictions(
    ...         y_true, y_pred, cost_matrix=costs
    ...     )
    ...     print(display.total_cost, display.text_[1, 0].get_text().splitlines())
    5.0 ['1', '1 × 5 = 5']
    1.0 ['0', '0 × 5 = 0']
    """

    def __init__(
        self,
        confusion_matrix: ArrayLike,
        cost_matrix: CostMatrixLike = None,
        *,
        display_labels: ArrayLike | None = None,
        unit: str = "",
        abstain_cost: float | None = None,
        abstain_label: Any = -1,
    ) -> None:
        self.confusion_matrix = np.asarray(confusion_matrix)
        n_classes = len(self.confusion_matrix)
        labels = np.arange(n_classes) if display_labels is None else np.asarray(display_labels)
        self.cost_matrix = check_cost_matrix(cost_matrix, labels)
        self.abstain_cost = check_abstention(abstain_cost, abstain_label, labels)
        self.abstain_label = abstain_label
        _check_counts(self.confusion_matrix, len(labels), abstain_cost is not None)
        self.display_labels = labels
        self.unit = unit
        self.cell_costs = self.confusion_matrix * self._answer_costs()
        self.total_cost = float(self.cell_costs.sum())
        self.average_cost = self.total_cost / float(self.confusion_matrix.sum())

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        cost_matrix: CostMatrixLike = None,
        unit: str = "",
        sample_weight: ArrayLike | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw what a fitted classifier's answers for the rows `X` cost, abstentions among them.

        Parameters
        ----------
        estimator : classifier
            Fitted, with ``predict``.
        X : array-like
            Rows, as the estimator takes them.
        y : array-like of shape (n_samples,)
            Their true labels.
        cost_matrix : array-like of shape (K, K), DataFrame or dict, default=None
            Any form of :func:`skcnn.costs.check_cost_matrix` for ``estimator.classes_``, except
            "balanced". None: the ``cost_matrix_`` of the estimator, or of the one inside a
            pipeline or a search; without any, every error costs 1.
        unit : str, default=""
            Of the costs, such as "€".
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        ax : matplotlib Axes, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            To :meth:`plot`.

        Returns
        -------
        CostConfusionMatrixDisplay

        Raises
        ------
        ValueError
            If the labels or costs are refused, as by :func:`skcnn.costs.average_cost`.
        ImportError
            If matplotlib is missing.
        """
        return cls.from_predictions(
            y,
            estimator.predict(X),
            cost_matrix=costs_of(estimator, cost_matrix),
            labels=estimator.classes_,
            unit=unit,
            sample_weight=sample_weight,
            ax=ax,
            **abstention_inside(estimator),
            **kwargs,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        cost_matrix: CostMatrixLike = None,
        labels: ArrayLike | None = None,
        unit: str = "",
        sample_weight: ArrayLike | None = None,
        abstain_cost: float | None = None,
        abstain_label: Any = -1,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw what given answers cost.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            True labels.
        y_pred : array-like of shape (n_samples,)
            Predicted labels.
        cost_matrix : array-like of shape (K, K), DataFrame or dict, default=None
            Any form of :func:`skcnn.costs.check_cost_matrix` for `labels`, except "balanced".
            None: every error costs 1.
        labels : array-like of shape (K,), default=None
            All class labels, in the order of the rows of `cost_matrix`; None: those that appear in
            `y_true` or `y_pred`, sorted.
        unit : str, default=""
            Of the costs, such as "€".
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        abstain_cost : float, default=None
            What each answer `abstain_label` costs; None: there are none, and `abstain_label` is a
            class like any other.
        abstain_label : label, default=-1
            As in :func:`skcnn.costs.decide`.
        ax : matplotlib Axes, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            To :meth:`plot`.

        Returns
        -------
        CostConfusionMatrixDisplay

        Raises
        ------
        ValueError
            If the labels or costs are refused, as by :func:`skcnn.costs.average_cost`.
        ImportError
            If matplotlib is missing.
        """
        abstention = {"abstain_cost": abstain_cost, "abstain_label": abstain_label}
        rows = {"labels": labels, "sample_weight": sample_weight, **abstention}
        counts, classes = count_predictions(y_true, y_pred, cost_matrix=cost_matrix, **rows)
        display = cls(counts, cost_matrix, display_labels=classes, unit=unit, **abstention)
        return display.plot(ax, **kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        cmap: Any = "Blues",
        include_values: bool = True,
        colorbar: bool = True,
        xticks_rotation: Any = "horizontal",
        im_kw: dict[str, Any] | None = None,
        text_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the cells, and the total above them.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None: a new figure.
        cmap : str or matplotlib Colormap, default="Blues"
            Colours from the cheapest to the dearest cell.
        include_values : bool, default=True
            Whether to write into the cells.
        colorbar : bool, default=True
            Whether to draw what the colours mean.
        xticks_rotation : {"vertical", "horizontal"} or float, default="horizontal"
            Of the labels below the cells.
        im_kw, text_kw : dict, default=None
            To matplotlib's ``Axes.imshow`` and ``Axes.text``.

        Returns
        -------
        CostConfusionMatrixDisplay
            This one.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        """
        n_rows, n_columns = self.cell_costs.shape
        side = max(4.8 / n_columns, 1.3)
        ax = axes_for(self, ax, (side * n_columns + 1.6, side * n_rows))
        self.im_: AxesImage = draw_cells(ax, self.cell_costs, cmap, im_kw)
        texts = self._texts()
        self.text_ = write_cells(ax, self.im_, texts, text_kw) if include_values else None
        if colorbar:
            label = f"total cost ({self.unit})" if self.unit else "total cost"
            ax.figure.colorbar(self.im_, ax=ax, label=label)
        answers: list[Any] = self.display_labels.tolist()
        if self.abstain_cost is not None:
            answers.append(self.abstain_label)
        ax.set_xticks(range(n_columns), answers, rotation=xticks_rotation)
        ax.set_yticks(range(n_rows), self.display_labels)
        ax.set(xlabel="Predicted label", ylabel="True label")
        total, average = _number(self.total_cost, self.unit), _number(self.average_cost, self.unit)
        ax.set_title(f"total cost {total}, on average {average} per row")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _answer_costs(self) -> NDArray[np.float64]:
        """Cost of each answer where the row is the truth, with the abstention as the last one."""
        if self.abstain_cost is None:
            return self.cost_matrix
        abstention = np.full(len(self.cost_matrix), self.abstain_cost)
        return np.column_stack([self.cost_matrix, abstention])

    def _texts(self) -> list[list[str]]:
        counts, costs, products = (
            [[_number(value, unit) for value in row] for row in table.tolist()]
            for table, unit in (
                (self.confusion_matrix, ""),
                (self._answer_costs(), self.unit),
                (self.cell_costs, self.unit),
            )
        )
        gap = " " if len(counts[0]) == 2 else "\n"  # smaller cells have room for shorter lines
        return [
            [f"{n}\n{n} × {each}{gap}= {total}" for n, each, total in zip(*row, strict=True)]
            for row in zip(counts, costs, products, strict=True)
        ]


def _number(value: float, unit: str = "") -> str:
    """At most two decimals, but two digits where the value is small."""
    digits = f"{value:,.2f}" if abs(value) >= 1 or value == 0 else f"{value:.2g}"
    if "." in digits and "e" not in digits:
        digits = digits.rstrip("0").rstrip(".")
    return f"{digits} {unit}".rstrip()


def _check_counts(counts: NDArray[Any], n_classes: int, abstains: bool) -> None:
    expected = (n_classes, n_classes + abstains)
    if counts.shape != expected:
        last = ", and a last column for abstentions, as abstain_cost is given" if abstains else ""
        raise ValueError(
            f"confusion_matrix has shape {counts.shape}; expected {expected}: one row and one "
            f"column per class in display_labels{last}."
        )
    if not counts.sum() > 0:
        raise ValueError("confusion_matrix counts no rows; expected at least one.")
