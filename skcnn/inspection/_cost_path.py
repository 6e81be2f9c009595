"""Recall, precision and cost as the ratio of the two costs grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn.costs._checks import check_ratios
from skcnn.inspection._style import BLUE, GREEN, VERMILION, axes_for, begin_at_zero, line_options

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
Band = Literal["range", "std"]
_STYLES = {
    "recall": BLUE,
    "precision": VERMILION,
    "normalized cost (1 = best constant answer)": GREEN,
}
_BANDS = ("range", "std", None)


class CostPathDisplay:
    """What a dearer miss buys: recall, precision and normalized cost at every ratio of the costs.

    Each line is the mean over the folds of a cross-validation, and the band around it is where the
    folds lie. A fold without a value, as a precision where nothing is flagged, is left out of the
    mean.

    Parameters
    ----------
    ratios : array-like of shape (n_ratios,)
        Cost of a miss in units of a false alarm's, above 0.
    recall, precision : array-like of shape (n_ratios, n_folds)
        Of the positive class.
    cost : array-like of shape (n_ratios, n_folds)
        As from :func:`skcnn.costs.normalized_cost`: 1 is the best constant answer.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is drawn.
    figure_ : matplotlib Figure
        The figure that holds `ax_`.
    lines_ : list of matplotlib Line2D
        Recall, precision and normalized cost.
    bands_ : list of matplotlib PolyCollection
        The bands of the same; empty where they are not drawn.

    Raises
    ------
    ValueError
        If the shapes do not fit, or a ratio is not above 0.

    See Also
    --------
    CostCurveDisplay : One classifier's cost at every ratio, without training it again.

    Examples
    --------
    >>> from skcnn.inspection import CostPathDisplay
    >>> display = CostPathDisplay(
    ...     ratios=[1, 5],
    ...     recall=[[0.5, 0.6], [0.8, 0.9]],
    ...     precision=[[0.9, 0.8], [0.6, 0.7]],
    ...     cost=[[0.6, 0.7], [0.4, 0.4]],
    ... ).plot()
    >>> [line.get_label() for line in display.lines_]
    ['recall', 'precision', 'normalized cost (1 = best constant answer)']
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
        """Draw the result of a cost path.

        Parameters
        ----------
        path : object
            Its attributes ``ratios``, ``recall``, ``precision`` and ``cost`` are drawn.
        ax : matplotlib Axes, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            To :meth:`plot`.

        Returns
        -------
        CostPathDisplay

        Raises
        ------
        TypeError
            If an attribute is missing.
        ValueError
            If the shapes do not fit, or a ratio is not above 0.
        ImportError
            If matplotlib is missing.
        """
        names = ("ratios", "recall", "precision", "cost")
        missing = [name for name in names if not hasattr(path, name)]
        if missing:
            raise TypeError(
                f"path is a {type(path).__name__} without {missing}; expected the result of a "
                f"cost path, with {list(names)}. Arrays go to CostPathDisplay(ratios=...)."
            )
        return cls(**{name: getattr(path, name) for name in names}).plot(ax, **kwargs)

    def plot(self, ax: Axes | None = None, *, band: Band | None = "range", **kwargs: Any) -> Self:
        """Draw the three lines and their bands.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None: a new figure.
        band : {"range", "std"} or None, optional
            From the lowest to the highest fold, one standard deviation of the folds to each side,
            or none.
        **kwargs : dict
            To matplotlib's ``Axes.plot``, for the three lines.

        Returns
        -------
        CostPathDisplay
            This one.

        Raises
        ------
        ValueError
            If `band` is none of these.
        ImportError
            If matplotlib is missing.
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
                colour = self.lines_[-1].get_color()
                filled = ax.fill_between(ratios, low, high, color=colour, alpha=0.15, linewidth=0)
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
    begin_at_zero(ax)
    ax.legend()


def _summary(folds: Floats, band: Band | None) -> tuple[Floats, Floats, Floats]:
    """Mean of the folds, and both edges of the band, each (n_ratios,); NaN where no fold is."""
    known = np.ma.masked_invalid(folds)
    mean, spread = known.mean(axis=1), known.std(axis=1)
    low, high = known.min(axis=1), known.max(axis=1)
    if band == "std":
        low, high = mean - spread, mean + spread
    mean, low, high = (np.ma.filled(values, np.nan) for values in (mean, low, high))
    return mean, low, high


def _check_folds(name: str, values: ArrayLike, n_ratios: int) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or len(array) != n_ratios or not array.size:
        raise ValueError(
            f"{name} has shape {array.shape}; expected ({n_ratios}, n_folds): one row per ratio "
            "and one column per fold. A single fold is one column."
        )
    return array
