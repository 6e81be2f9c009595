"""A confusion matrix with costs in its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn._arrays import Float64
from skcnn.costs._abstention import check_abstention
from skcnn.costs._inside import abstention_inside
from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix
from skcnn.costs._metrics import count_predictions
from skcnn.inspection._cells import draw_cells, write_cells
from skcnn.inspection._response import costs_of
from skcnn.inspection._style import axes_for, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage


class CostConfusionMatrixDisplay:
    """A confusion matrix that shows which errors cost the most.

    Each cell shows its count, the cost of one such prediction, and their product. The color of a
    cell is its total cost: the most expensive errors stand out, not the most frequent predictions.
    Any number of classes.

    Make one with :meth:`from_estimator` or :meth:`from_predictions`.

    Parameters
    ----------
    confusion_matrix : array-like of shape (K, K), or (K, K + 1) with `abstain_cost`
        Counts, or sums of weights, as from :func:`sklearn.metrics.confusion_matrix`: rows are the
        true class, columns the prediction. The last column counts abstentions.
    cost_matrix : array-like of shape (K, K), DataFrame or dict, default=None
        Any form of :func:`skcnn.costs.check_cost_matrix` for `display_labels`, except "balanced".
        None: every error costs 1.
    display_labels : array-like of shape (K,), default=None
        The classes, in the order of the rows. None: 0 .. K-1.
    unit : str, default=""
        Unit of the costs, such as "€", written after each cost.
    abstain_cost : float, default=None
        Cost of each abstention. None: there are no abstentions.
    abstain_label : label, default=-1
        The prediction that means an abstention, as in :func:`skcnn.costs.decide`.

    Attributes
    ----------
    cell_costs : ndarray of the shape of `confusion_matrix`, dtype float64
        Total cost of each cell: count times cost.
    total_cost, average_cost : float
        Cost of all rows together, and per row.
    ax_ : matplotlib Axes
        The axes with the drawing.
    figure_ : matplotlib Figure
        The figure that holds `ax_`.
    im_ : matplotlib AxesImage
        The colored cells.
    text_ : ndarray of the shape of `confusion_matrix` of matplotlib Text, or None
        The texts in the cells. None if they are not drawn.

    Raises
    ------
    TypeError, ValueError
        If `confusion_matrix` has the wrong shape or counts no rows, or the costs are invalid, see
        :func:`skcnn.costs.check_cost_matrix`.

    See Also
    --------
    sklearn.metrics.ConfusionMatrixDisplay : Counts without costs.
    skcnn.costs.average_cost : The average cost as a number.

    Examples
    --------
    Two classifiers make one error each. The costs decide which classifier is better:

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
        classes = np.arange(n_classes) if display_labels is None else np.asarray(display_labels)
        self.cost_matrix = check_cost_matrix(cost_matrix, classes)
        self.abstain_cost = check_abstention(abstain_cost, abstain_label, classes)
        self.abstain_label = abstain_label
        _check_counts(self.confusion_matrix, len(classes), abstain_cost is not None)
        self.display_labels = classes
        self.unit = unit
        self.cell_costs = self.confusion_matrix * self._unit_costs()
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
        """Draw the costs of a fitted classifier's predictions for the rows `X`.

        If the classifier abstains, its abstentions have a column of their own.

        Parameters
        ----------
        estimator : classifier
            A fitted classifier with ``predict``.
        X : array-like of shape (n_samples, ...)
            Rows, in any form that the estimator takes.
        y : array-like of shape (n_samples,)
            True labels.
        cost_matrix : array-like of shape (K, K), DataFrame or dict, default=None
            Any form of :func:`skcnn.costs.check_cost_matrix` for ``estimator.classes_``, except
            "balanced". None: the ``cost_matrix_`` of the estimator, or of the classifiers in a
            pipeline, a search, a calibration or an ensemble. If there is none, every error costs 1.
        unit : str, default=""
            Unit of the costs, such as "€".
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        ax : matplotlib Axes, default=None
            Axes to draw on. None: a new figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        CostConfusionMatrixDisplay

        Raises
        ------
        TypeError, ValueError
            If labels, costs or weights are invalid, see :func:`skcnn.costs.average_cost`.
        ImportError
            If matplotlib is not installed.
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
        """Draw the costs of given predictions.

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
            The class labels, in the order of the rows of `cost_matrix`. None: the labels that
            appear in `y_true` or `y_pred`, sorted.
        unit : str, default=""
            Unit of the costs, such as "€".
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        abstain_cost : float, default=None
            Cost of each prediction `abstain_label`. None: there are no abstentions, and
            `abstain_label` is an ordinary class.
        abstain_label : label, default=-1
            The prediction that means an abstention, as in :func:`skcnn.costs.decide`.
        ax : matplotlib Axes, default=None
            Axes to draw on. None: a new figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        CostConfusionMatrixDisplay

        Raises
        ------
        TypeError, ValueError
            If labels, costs or weights are invalid, see :func:`skcnn.costs.average_cost`.
        ImportError
            If matplotlib is not installed.
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
        """Draw the cells, with the total cost above them.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None: a new figure.
        cmap : str or matplotlib Colormap, default="Blues"
            Colors from the cheapest to the most expensive cell.
        include_values : bool, default=True
            Whether to write counts and costs into the cells.
        colorbar : bool, default=True
            Whether to draw a color bar.
        xticks_rotation : {"vertical", "horizontal"} or float, default="horizontal"
            Rotation of the class labels below the cells; a float is in degrees.
        im_kw, text_kw : dict, default=None
            Passed to matplotlib's ``Axes.imshow`` and ``Axes.text``.

        Returns
        -------
        CostConfusionMatrixDisplay
            This display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        n_rows, n_columns = self.cell_costs.shape
        side = max(4.8 / n_columns, 1.3)
        ax = axes_for(self, ax, (side * n_columns + 1.6, side * n_rows))
        self.im_: AxesImage = draw_cells(ax, self.cell_costs, cmap, im_kw)
        texts = self._texts()
        self.text_ = write_cells(ax, self.im_, texts, text_kw) if include_values else None
        if colorbar:
            label = f"total cost ({shown(self.unit)})" if self.unit else "total cost"
            ax.figure.colorbar(self.im_, ax=ax, label=label)
        columns: list[Any] = self.display_labels.tolist()
        if self.abstain_cost is not None:
            columns.append(self.abstain_label)
        names = [shown(label) for label in columns]
        ax.set_xticks(range(n_columns), names, rotation=xticks_rotation)
        ax.set_yticks(range(n_rows), names[:n_rows])
        ax.set(xlabel="Predicted label", ylabel="True label")
        total, average = _number(self.total_cost, self.unit), _number(self.average_cost, self.unit)
        ax.set_title(f"total cost {total}, average cost {average} per row")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _unit_costs(self) -> Float64:
        """Cost of one prediction in each cell, of the shape of `confusion_matrix`."""
        if self.abstain_cost is None:
            return self.cost_matrix
        abstention = np.full(len(self.cost_matrix), self.abstain_cost)  # (K,)
        return np.column_stack([self.cost_matrix, abstention])  # (K, K + 1)

    def _texts(self) -> list[list[str]]:
        counts, costs, products = (
            [[_number(value, unit) for value in row] for row in table.tolist()]
            for table, unit in (
                (self.confusion_matrix, ""),
                (self._unit_costs(), self.unit),
                (self.cell_costs, self.unit),
            )
        )
        gap = " " if len(counts[0]) == 2 else "\n"  # three columns or more: narrow cells
        return [
            [f"{n}\n{n} × {each}{gap}= {total}" for n, each, total in zip(*row, strict=True)]
            for row in zip(counts, costs, products, strict=True)
        ]


def _number(value: float, unit: str = "") -> str:
    """Write a number with at most two decimals, a number below 1 with two significant digits."""
    digits = f"{value:,.2f}" if abs(value) >= 1 or value == 0 else f"{value:.2g}"
    if "." in digits and "e" not in digits:
        digits = digits.rstrip("0").rstrip(".")
    return f"{digits} {shown(unit)}".rstrip()


def _check_counts(counts: NDArray[Any], n_classes: int, abstains: bool) -> None:
    expected = (n_classes, n_classes + abstains)
    if counts.shape != expected:
        last = ", and a last column for abstentions, as abstain_cost is given" if abstains else ""
        raise ValueError(
            f"confusion_matrix has shape {counts.shape}; expected {expected}: one row and one "
            f"column for each class in display_labels{last}."
        )
    if not counts.sum() > 0:
        raise ValueError("confusion_matrix counts no rows; expected at least one.")
