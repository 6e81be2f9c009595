"""Recall, precision and cost as the ratio of the two costs grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from skcnn._arrays import Float64
from skcnn.costs._checks import check_ratios
from skcnn.inspection._style import (
    BLUE,
    GREEN,
    VERMILION,
    axes_for,
    legend_above_data,
    line_options,
    start_at_zero,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Band = Literal["range", "std"]
_STYLES = {
    "recall": BLUE,
    "precision": VERMILION,
    "normalized cost\n(1 = cheapest constant prediction)": GREEN,  # two lines: a narrow legend
}
_BANDS = ("range", "std", None)


class CostPathDisplay:
    """Recall, precision and normalized cost as a miss becomes more expensive.

    The horizontal axis is the cost of a miss divided by the cost of a false alarm. Each line is the
    mean over the folds of a cross-validation; the band around it shows how the folds differ. A fold
    without a value, such as a precision without positive predictions, is left out of the mean.

    Parameters
    ----------
    ratios : array-like of shape (n_ratios,)
        Cost of a miss divided by the cost of a false alarm, above 0.
    recall, precision : array-like of shape (n_ratios, n_folds)
        Recall and precision of the positive class.
    cost : array-like of shape (n_ratios, n_folds)
        Normalized cost, as from :func:`skcnn.costs.normalized_cost`: 1 is the cost of the cheapest
        constant prediction, which is one class for all rows.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the drawing.
    figure_ : matplotlib Figure
        The figure that holds `ax_`.
    lines_ : list of matplotlib Line2D
        The lines of recall, precision and normalized cost.
    bands_ : list of matplotlib PolyCollection
        Their bands. Empty if they are not drawn.

    Raises
    ------
    ValueError
        If the shapes do not match, or a ratio is not above 0.

    See Also
    --------
    skcnn.costs.cost_path : Computes ratios, recall, precision and cost by cross-validation.
    CostCurveDisplay : The cost of one fitted classifier at every ratio.

    Examples
    --------
    >>> from skcnn.inspection import CostPathDisplay
    >>> display = CostPathDisplay(
    ...     ratios=[1, 5],
    ...     recall=[[0.5, 0.6], [0.8, 0.9]],
    ...     precision=[[0.9, 0.8], [0.6, 0.7]],
    ...     cost=[[0.6, 0.7], [0.4, 0.4]],
    ... ).plot()
    >>> display.lines_[0].get_label(), display.lines_[0].get_ydata().round(2).tolist()
    ('recall', [0.55, 0.85])
    """

    def __init__(
        self, *, ratios: ArrayLike, recall: ArrayLike, precision: ArrayLike, cost: ArrayLike
    ) -> None:
        self.ratios = check_ratios(ratios)
        self.recall = _check_folds("recall", recall, len(self.ratios))
        self.precision = _check_folds("precision", precision, len(self.ratios))
        self.cost = _check_folds("cost", cost, len(self.ratios))

    @classmethod
    def from_cost_path(cls, path: Any, *, ax: Axes | None = None, **kwargs: Any) -> Self:
        """Draw the result of :func:`skcnn.costs.cost_path`.

        Parameters
        ----------
        path : CostPath
            Or any object with the attributes ``ratios``, ``recall``, ``precision`` and ``cost``.
        ax : matplotlib Axes, default=None
            Axes to draw on. None: a new figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        CostPathDisplay

        Raises
        ------
        TypeError
            If an attribute is missing.
        ValueError
            If the shapes do not match, or a ratio is not above 0.
        ImportError
            If matplotlib is not installed.
        """
        names = ("ratios", "recall", "precision", "cost")
        missing = [name for name in names if not hasattr(path, name)]
        if missing:
            raise TypeError(
                f"path is a {type(path).__name__} without {missing}; expected the result of "
                f"cost_path, with {list(names)}. To draw arrays, use CostPathDisplay(ratios=...)."
            )
        return cls(**{name: getattr(path, name) for name in names}).plot(ax, **kwargs)

    def plot(self, ax: Axes | None = None, *, band: Band | None = "range", **kwargs: Any) -> Self:
        """Draw the three lines and their bands.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None: a new figure.
        band : {"range", "std"} or None, optional
            "range", the default: from the lowest to the highest fold. "std": one standard
            deviation of the folds above and below the mean. None: no bands.
        **kwargs : dict
            Passed to matplotlib's ``Axes.plot`` for the three lines.

        Returns
        -------
        CostPathDisplay
            This display.

        Raises
        ------
        ValueError
            If `band` has another value.
        ImportError
            If matplotlib is not installed.
        """
        if band not in _BANDS:
            raise ValueError(f"band is {band!r}; expected one of {list(_BANDS)}.")
        ax = axes_for(self, ax)
        values = (self.recall, self.precision, self.cost)
        order = self.ratios.argsort()
        ratios = self.ratios[order]
        self.lines_, self.bands_ = [], []
        for (label, style), folds in zip(_STYLES.items(), values, strict=True):
            options = line_options(kwargs, **style._asdict(), label=label)
            mean, low, high = _summary(folds[order], band)
            self.lines_ += ax.plot(ratios, mean, **options)
            if band is not None:
                color = self.lines_[-1].get_color()
                filled = ax.fill_between(ratios, low, high, color=color, alpha=0.15, linewidth=0)
                self.bands_.append(filled)
        _name_axes(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _name_axes(ax: Axes) -> None:
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set(xlabel="cost of a miss / cost of a false alarm", ylabel="mean over folds")
    start_at_zero(ax)
    legend_above_data(ax)


def _summary(folds: Float64, band: Band | None) -> tuple[Float64, Float64, Float64]:
    """Return the mean of the folds and both edges of the band, each of shape (n_ratios,).

    NaN where no fold has a value.
    """
    known = np.ma.masked_invalid(folds)
    mean, spread = known.mean(axis=1), known.std(axis=1)
    low, high = known.min(axis=1), known.max(axis=1)
    if band == "std":
        low, high = mean - spread, mean + spread
    mean, low, high = (np.ma.filled(values, np.nan) for values in (mean, low, high))
    return mean, low, high


def _check_folds(name: str, values: ArrayLike, n_ratios: int) -> Float64:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or len(array) != n_ratios or not array.size:
        raise ValueError(
            f"{name} has shape {array.shape}; expected ({n_ratios}, n_folds): one row for each "
            "ratio and one column for each fold. A single fold is one column."
        )
    return array
