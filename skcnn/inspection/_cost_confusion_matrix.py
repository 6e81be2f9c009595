"""A confusion matrix whose cells say how many answers there are, and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skcnn.costs import CostMatrixLike, average_cost, check_cost_matrix
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
    confusion_matrix : array-like of shape (K, K)
        Counts or weights, rows the truth, as from :func:`sklearn.metrics.confusion_matrix`.
    cost_matrix : array-like of shape (K, K), DataFrame or dict, default=None
        Any form of :func:`skcnn.costs.check_cost_matrix` for `display_labels`, except "balanced".
        None: every error costs 1.
    display_labels : array-like of shape (K,), default=None
        The classes, in the order of the rows; None: 0 .. K-1.
    unit : str, default=""
        Of the costs, such as "€"; stands behind them.

    Attributes
    ----------
    cell_costs : ndarray of shape (K, K)
        What the answers in each cell cost together.
    total_cost, average_cost : float
        Of all rows, and of a row.
    ax_ : matplotlib Axes
        Where it is drawn.
    figure_ : matplotlib Figure
        The figure that holds `ax_`.
    im_ : matplotlib AxesImage
        The coloured cells.
    text_ : ndarray of shape (K, K) of matplotlib Text, or None
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
    ) -> None:
        self.confusion_matrix = np.asarray(confusion_matrix)
        n_classes = len(self.confusion_matrix)
        labels = np.arange(n_classes) if display_labels is None else np.asarray(display_labels)
        self.cost_matrix = check_cost_matrix(cost_matrix, labels)
        _check_shape(self.confusion_matrix.shape, len(labels))
        self.display_labels = labels
        self.unit = unit
        self.cell_costs = self.confusion_matrix * self.cost_matrix
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
        """Draw what a fitted classifier's answers for the rows `X` cost.

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
        from sklearn.metrics import confusion_matrix
        from sklearn.utils.multiclass import unique_labels

        # confusion_matrix leaves rows out whose label is not in labels; this refuses them.
        average_cost(
            y_true, y_pred, cost_matrix=cost_matrix, labels=labels, sample_weight=sample_weight
        )
        labels = unique_labels(y_true, y_pred) if labels is None else labels
        counts = confusion_matrix(y_true, y_pred, labels=labels, sample_weight=sample_weight)
        display = cls(counts, cost_matrix, display_labels=labels, unit=unit)
        return display.plot(ax, **kwargs)

    def plot(self, ax: Axes | None = None, *, cmap: Any = "Blues", **kwargs: Any) -> Self:
        """Draw the cells, and the total above them.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None: a new figure.
        cmap : str or matplotlib Colormap, default="Blues"
            Colours from the cheapest to the dearest cell.
        **kwargs : dict
            To :meth:`sklearn.metrics.ConfusionMatrixDisplay.plot`: ``colorbar``, ``im_kw``,
            ``include_values``, ``text_kw``, ``xticks_rotation``.

        Returns
        -------
        CostConfusionMatrixDisplay
            This one.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        """
        height = max(4.8, 1.3 * len(self.cell_costs))
        ax = axes_for(self, ax, (height + 1.6, height))
        from matplotlib.cbook import normalize_kwargs
        from matplotlib.text import Text
        from sklearn.metrics import ConfusionMatrixDisplay

        texts = self._texts()
        text_kw = normalize_kwargs(kwargs.pop("text_kw", None), Text)
        # Colours begin where nothing is paid, and are those of nothing where no cell costs.
        dearest, least = self.cell_costs.max(), min(0.0, self.cell_costs.min())
        ends = {"vmin": least, "vmax": dearest if dearest > least else least + 1}
        drawn = ConfusionMatrixDisplay(self.cell_costs, display_labels=self.display_labels).plot(
            ax=ax,
            cmap=cmap,
            im_kw=ends | (kwargs.pop("im_kw", None) or {}),
            text_kw={"fontsize": _font_size(texts, ax)} | text_kw,
            **kwargs,
        )
        self.im_: AxesImage = drawn.im_
        self.text_: Any = drawn.text_
        if self.text_ is not None:
            self._write_cells(texts, "color" not in text_kw)
        if self.im_.colorbar is not None:
            self.im_.colorbar.set_label(f"total cost ({self.unit})" if self.unit else "total cost")
        total, average = _number(self.total_cost, self.unit), _number(self.average_cost, self.unit)
        ax.set_title(f"total cost {total}, on average {average} per row")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _texts(self) -> list[list[str]]:
        counts, costs, products = (
            [[_number(value, unit) for value in row] for row in table.tolist()]
            for table, unit in (
                (self.confusion_matrix, ""),
                (self.cost_matrix, self.unit),
                (self.cell_costs, self.unit),
            )
        )
        gap = " " if len(counts) == 2 else "\n"  # smaller cells have room for shorter lines
        return [
            [f"{n}\n{n} × {each}{gap}= {total}" for n, each, total in zip(*row, strict=True)]
            for row in zip(counts, costs, products, strict=True)
        ]

    def _write_cells(self, texts: list[list[str]], set_colour: bool) -> None:
        for (i, j), text in np.ndenumerate(self.text_):
            text.set_text(texts[i][j])
            if set_colour:
                background = self.im_.to_rgba(self.cell_costs[i, j])
                text.set_color("black" if luminance(background) > 0.5 else "white")


def luminance(rgba: Any) -> float:
    """How light a colour is in grey: 0 is black, 1 is white."""
    red, green, blue = rgba[:3]
    return float(0.299 * red + 0.587 * green + 0.114 * blue)


def _font_size(texts: list[list[str]], ax: Axes) -> float:
    """Points that fit the longest text into its cell; a letter is about 0.6 of them wide."""
    box = ax.get_window_extent()
    cell = 72 / ax.figure.dpi * min(box.width, box.height) / len(texts)
    letters = max(len(line) for row in texts for text in row for line in text.splitlines())
    return min(10.0, 0.95 * cell / (0.6 * letters))


def _number(value: float, unit: str = "") -> str:
    """At most two decimals, but two digits where the value is small."""
    digits = f"{value:,.2f}" if abs(value) >= 1 or value == 0 else f"{value:.2g}"
    if "." in digits and "e" not in digits:
        digits = digits.rstrip("0").rstrip(".")
    return f"{digits} {unit}".rstrip()


def _check_shape(shape: tuple[int, ...], n_classes: int) -> None:
    if shape != (n_classes, n_classes):
        raise ValueError(
            f"confusion_matrix has shape {shape}; expected {(n_classes, n_classes)}: one row and "
            "one column per class in display_labels."
        )
