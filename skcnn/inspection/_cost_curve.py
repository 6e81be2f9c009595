"""What a classifier costs at every ratio of the two costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from skcnn.costs import brier_curve, cost_curve
from skcnn.inspection._response import name_of, positive_probabilities
from skcnn.inspection._style import REFERENCE, axes_for, begin_at_zero, line_options

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

Kind = Literal["cost", "brier"]
_CURVES = {"cost": cost_curve, "brier": brier_curve}


class CostCurveDisplay:
    """The cost curve or the Brier curve of one classifier, beside the best constant answer.

    Each answers what the classifier costs where the two costs are not known yet:

    - ``kind="cost"``, the cost curve of Drummond & Holte (2006): with the best threshold for each
      mixture of costs and classes. The horizontal axis is the probability cost, which mixes the
      costs with the share of positive rows where the classifier is to be used.
    - ``kind="brier"``, the Brier curve of Hernández-Orallo, Flach & Ferri (2011): with the
      threshold that the costs and the probabilities ask for. The horizontal axis is the costs
      alone; the share of positive rows is that of the data. The area under it is the Brier score.

    So the curves of the two kinds do not belong on the same axes. Below the best constant answer,
    which is the same for every row, the classifier is of use.

    Make one with :meth:`from_estimator` or :meth:`from_predictions`.

    Parameters
    ----------
    x, costs : array-like of shape (n_points,)
        As from :func:`skcnn.costs.cost_curve` or :func:`skcnn.costs.brier_curve`.
    kind : {"cost", "brier"}, optional
        What they are.
    positive_share : float, default=0.5
        Share of positive rows in the data, for the best constant answer of ``kind="brier"``.
    pos_label : label, default=None
        The positive class, for the label of the axis.
    name : str, default=None
        The curve's name in the legend.

    Attributes
    ----------
    area : float
        Under the curve. For ``kind="brier"`` the Brier score; for ``kind="cost"`` the mean cost
        over all mixtures.
    ax_ : matplotlib Axes
        Where it is drawn.
    figure_ : matplotlib Figure
        The figure that holds `ax_`.
    line_ : matplotlib Line2D
        The curve.
    reference_line_ : matplotlib Line2D or None
        The best constant answer; None where it is not drawn.

    See Also
    --------
    CostThresholdDisplay : The cost at every threshold, for costs that are known.

    Examples
    --------
    >>> from skcnn.inspection import CostCurveDisplay
    >>> y_true, y_prob = [0, 1, 0, 1], [0.1, 0.3, 0.4, 0.9]
    >>> for kind in ("cost", "brier"):
    ...     display = CostCurveDisplay.from_predictions(y_true, y_prob, kind=kind)
    ...     print(kind, round(display.area, 4))
    cost 0.125
    brier 0.1675
    """

    def __init__(
        self,
        x: ArrayLike,
        costs: ArrayLike,
        *,
        kind: Kind = "cost",
        positive_share: float = 0.5,
        pos_label: Any = None,
        name: str | None = None,
    ) -> None:
        _check_kind(kind)
        self.x = np.asarray(x, dtype=np.float64)
        self.costs = np.asarray(costs, dtype=np.float64)
        self.kind = kind
        self.positive_share = positive_share
        self.pos_label = pos_label
        self.name = name
        self.area = float(np.trapezoid(self.costs, self.x))

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        kind: Kind = "cost",
        pos_label: Any = None,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw a fitted classifier's curve on the rows `X`.

        Parameters
        ----------
        estimator : classifier
            Fitted, for two classes, with ``predict_proba``.
        X : array-like
            Rows, as the estimator takes them.
        y : array-like of shape (n_samples,)
            Their true labels.
        kind : {"cost", "brier"}, optional
            Which curve.
        pos_label : label, default=None
            The positive class; None: ``estimator.classes_[1]``.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        name : str, default=None
            The curve's name in the legend; None: that of the estimator's class.
        ax : matplotlib Axes, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            To :meth:`plot`.

        Returns
        -------
        CostCurveDisplay

        Raises
        ------
        TypeError
            If the estimator has no ``predict_proba``.
        ValueError
            If there are not two classes, or `kind` or the labels are refused.
        ImportError
            If matplotlib is missing.
        """
        probabilities, pos_label = positive_probabilities(estimator, X, y, pos_label)
        return cls.from_predictions(
            y,
            probabilities,
            kind=kind,
            pos_label=pos_label,
            sample_weight=sample_weight,
            name=name_of(estimator, name),
            ax=ax,
            **kwargs,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_prob: ArrayLike,
        *,
        kind: Kind = "cost",
        pos_label: Any = None,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the curve of given probabilities.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            True labels, two different ones.
        y_prob : array-like of shape (n_samples,)
            Probability of the positive class; for ``kind="cost"`` any score that grows with it.
        kind : {"cost", "brier"}, optional
            Which curve.
        pos_label : label, default=None
            The positive class; None: the second of the sorted labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        name : str, default=None
            The curve's name in the legend.
        ax : matplotlib Axes, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            To :meth:`plot`.

        Returns
        -------
        CostCurveDisplay

        Raises
        ------
        ValueError
            If there are not two classes, or `kind` or the probabilities are refused.
        ImportError
            If matplotlib is missing.
        """
        _check_kind(kind)
        x, costs = _CURVES[kind](y_true, y_prob, pos_label=pos_label, sample_weight=sample_weight)
        true = np.asarray(y_true)
        pos_label = np.unique(true)[1] if pos_label is None else pos_label
        weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        share = float(np.average(true.ravel() == pos_label, weights=weight))
        display = cls(x, costs, kind=kind, positive_share=share, pos_label=pos_label, name=name)
        return display.plot(ax, **kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        name: str | None = None,
        reference: bool = True,
        **kwargs: Any,
    ) -> Self:
        """Draw the curve and the best constant answer.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None: a new figure.
        name : str, default=None
            The curve's name in the legend; None: `name` of the display.
        reference : bool, default=True
            Whether to draw the best constant answer. It is the same for all classifiers.
        **kwargs : dict
            To matplotlib's ``Axes.plot``, for the curve.

        Returns
        -------
        CostCurveDisplay
            This one.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        """
        ax = axes_for(self, ax)
        options = line_options(kwargs, label=self._label(self.name if name is None else name))
        (self.line_,) = ax.plot(self.x, self.costs, **options)
        self.reference_line_ = self._draw_reference(ax) if reference else None
        self._name_axes(ax)
        ax.set_xlim(-0.01, 1.01)
        begin_at_zero(ax)
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _label(self, name: str | None) -> str:
        area = f"{'Brier score' if self.kind == 'brier' else 'area'} = {self.area:.3f}"
        return area if name is None else f"{name} ({area})"

    def _draw_reference(self, ax: Axes) -> Line2D:
        """Draw the cheaper of always and never answering positive; it turns where they meet."""
        share = self.positive_share if self.kind == "brier" else 0.5
        height = 2 * share * (1 - share)
        (line,) = ax.plot(
            [0, share, 1],
            [0, height, 0],
            color=REFERENCE.color,
            linestyle=REFERENCE.linestyle,
            linewidth=1,
            label="best constant answer",
        )
        return line

    def _name_axes(self, ax: Axes) -> None:
        whose = "" if self.pos_label is None else f" (positive class: {self.pos_label})"
        if self.kind == "brier":
            x = r"cost proportion $c = C_{fp} / (C_{fp} + C_{fn})$"
            y = r"average cost where $C_{fp} + C_{fn} = 2$, threshold $c$"
        else:
            x = r"probability cost $p\,C_{fn} / (p\,C_{fn} + (1-p)\,C_{fp})$"
            y = "normalized expected cost, best threshold"
        ax.set(xlabel=x + whose, ylabel=y)


def _check_kind(kind: str) -> None:
    if kind not in _CURVES:
        raise ValueError(f"kind is {kind!r}; expected one of {list(_CURVES)}.")
