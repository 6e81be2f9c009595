"""The cost of a classifier at every ratio of the two costs: cost curve and Brier curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from skcnn.costs._curves import brier_curve, cost_curve
from skcnn.costs._labels import label_array, plain_label
from skcnn.costs._net_benefit import net_benefit_curve
from skcnn.inspection._response import name_of, positive_probabilities
from skcnn.inspection._style import (
    REFERENCE,
    axes_for,
    legend_above_data,
    line_options,
    shown,
    start_at_zero,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

Kind = Literal["cost", "brier", "net_benefit"]
_CURVES = {"cost": cost_curve, "brier": brier_curve, "net_benefit": net_benefit_curve}
# How far the axis of the net benefit goes below 0, in shares of positive rows: far below, it falls
# without end.
_BELOW_ZERO = 0.25


class CostCurveDisplay:
    """Cost, Brier or decision curve of one classifier, and the best constant prediction.

    The curves show what the classifier costs when the costs of the two errors are not known yet:

    - ``kind="cost"``: the cost curve of Drummond & Holte (2006). Each point has the threshold with
      the lowest cost. The horizontal axis is the probability cost: it combines the costs and the
      share of positive rows in the data that the classifier will predict.
    - ``kind="brier"``: the Brier curve of Hernández-Orallo, Flach & Ferri (2011). Each point has
      the Bayes threshold for its costs. The horizontal axis is the costs alone; the share of
      positive rows is that of the given data. The area under the curve is the Brier score.
    - ``kind="net_benefit"``: the decision curve of Vickers & Elkin (2006). The same decisions as in
      the Brier curve, as a gain: hits per row, less false alarms in units of hits. Higher is
      better.

    The kinds have different axes, so draw them in different pictures. A constant prediction is one
    class for all rows. The classifier is useful where its curve is better than the best constant
    prediction.

    Make one with :meth:`from_estimator` or :meth:`from_predictions`.

    Parameters
    ----------
    x, costs : array-like of shape (n_points,)
        Points of the curve, as from :func:`skcnn.costs.cost_curve`,
        :func:`skcnn.costs.brier_curve` or :func:`skcnn.costs.net_benefit_curve`.
    kind : {"cost", "brier", "net_benefit"}, optional
        Which of the curves; "cost" if not given.
    positive_share : float, default=0.5
        Share of positive rows in the data. All kinds but "cost" need it for the best constant
        prediction.
    pos_label : label, default=None
        The positive class, for the axis label.
    name : str, default=None
        Name of the curve in the legend.

    Attributes
    ----------
    area : float
        Area under the curve. For ``kind="brier"`` the Brier score; for ``kind="cost"`` the mean
        of the normalized expected cost over all probability costs; for ``kind="net_benefit"`` NaN.
    ax_ : matplotlib Axes
        The axes with the drawing.
    figure_ : matplotlib Figure
        The figure that holds `ax_`.
    line_ : matplotlib Line2D
        The curve.
    reference_line_ : matplotlib Line2D or None
        The best constant prediction. None if it is not drawn.

    Raises
    ------
    ValueError
        If `kind` has another value.

    See Also
    --------
    CostThresholdDisplay : The cost at every threshold, for known costs.

    References
    ----------
    C. Drummond and R. C. Holte, "Cost curves: An improved method for visualizing classifier
    performance", Machine Learning 65, 2006.

    J. Hernández-Orallo, P. Flach and C. Ferri, "Brier curves: a new cost-based visualisation of
    classifier performance", ICML 2011.

    A. J. Vickers and E. B. Elkin, "Decision curve analysis: A novel method for evaluating
    prediction models", Medical Decision Making 26, 2006.

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
        is_area = kind != "net_benefit"
        self.area = float(np.trapezoid(self.costs, self.x)) if is_area else float("nan")

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
        """Draw the curve of a fitted classifier on the rows `X`.

        Parameters
        ----------
        estimator : classifier
            A fitted classifier for two classes with ``predict_proba``.
        X : array-like of shape (n_samples, ...)
            Rows, in any form that the estimator takes.
        y : array-like of shape (n_samples,)
            True labels.
        kind : {"cost", "brier", "net_benefit"}, optional
            Which of the curves; "cost" if not given.
        pos_label : label, default=None
            The positive class. None: ``estimator.classes_[1]``.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        name : str, default=None
            Name of the curve in the legend. None: the name of the estimator's class.
        ax : matplotlib Axes, default=None
            Axes to draw on. None: a new figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        CostCurveDisplay

        Raises
        ------
        TypeError
            If the estimator has no ``predict_proba``.
        ValueError
            If there are not two classes, or `kind` or a label is invalid.
        ImportError
            If matplotlib is not installed.
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
            True labels of two classes.
        y_prob : array-like of shape (n_samples,)
            Probability of the positive class. For ``kind="cost"`` any score works that is higher
            for a more probable positive class.
        kind : {"cost", "brier", "net_benefit"}, optional
            Which of the curves; "cost" if not given.
        pos_label : label, default=None
            The positive class. None: the second of the sorted labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        name : str, default=None
            Name of the curve in the legend.
        ax : matplotlib Axes, default=None
            Axes to draw on. None: a new figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        CostCurveDisplay

        Raises
        ------
        ValueError
            If there are not two classes, or `kind`, a label or a probability is invalid.
        ImportError
            If matplotlib is not installed.
        """
        _check_kind(kind)
        x, costs = _CURVES[kind](y_true, y_prob, pos_label=pos_label, sample_weight=sample_weight)
        y = label_array(y_true).ravel()
        pos_label = np.unique(y)[1] if pos_label is None else plain_label(pos_label)
        weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        share = float(np.average(y == pos_label, weights=weight))
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
        """Draw the curve and the best constant prediction.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None: a new figure.
        name : str, default=None
            Name of the curve in the legend. None: the `name` of the display.
        reference : bool, default=True
            Whether to draw the best constant prediction. It is the same for all classifiers.
        **kwargs : dict
            Passed to matplotlib's ``Axes.plot`` for the curve.

        Returns
        -------
        CostCurveDisplay
            This display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = axes_for(self, ax)
        options = line_options(kwargs, label=self._label(self.name if name is None else name))
        (self.line_,) = ax.plot(self.x, self.costs, **options)
        self.reference_line_ = self._draw_reference(ax) if reference else None
        self._name_axes(ax)
        ax.set_xlim(-0.01, 1.01)
        start_at_zero(ax)
        if ax.dataLim.y0 < 0:
            ax.set_ylim(bottom=max(ax.dataLim.y0, -_BELOW_ZERO * self.positive_share), auto=None)
        legend_above_data(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _label(self, name: str | None) -> str:
        if self.kind == "net_benefit":
            return "net benefit" if name is None else name
        area = f"{'Brier score' if self.kind == 'brier' else 'area'} = {self.area:.3f}"
        return area if name is None else f"{name} ({area})"

    def _draw_reference(self, ax: Axes) -> Line2D:
        """Draw the better of always and of never predicting positive.

        They are equally good at the share of positive rows, in the cost curve at 0.5.
        """
        share = 0.5 if self.kind == "cost" else self.positive_share
        if self.kind == "net_benefit":
            always = np.linspace(0, share, 101)
            x = np.append(always, 1)
            y = np.append(share - (1 - share) * always / (1 - always), 0)
        else:
            x, y = np.array([0, share, 1]), np.array([0, 2 * share * (1 - share), 0])
        (line,) = ax.plot(
            x,
            y,
            color=REFERENCE.color,
            linestyle=REFERENCE.linestyle,
            linewidth=1,
            label=f"{'best' if self.kind == 'net_benefit' else 'cheapest'} constant prediction",
        )
        return line

    def _name_axes(self, ax: Axes) -> None:
        positive = "" if self.pos_label is None else f" (positive class: {shown(self.pos_label)})"
        if self.kind == "brier":
            x = r"cost proportion $c = C_{fp} / (C_{fp} + C_{fn})$"
            y = r"average cost at threshold $c$, with $C_{fp} + C_{fn} = 2$"
        elif self.kind == "net_benefit":
            x = r"threshold $t = C_{fp} / (C_{fp} + C_{fn})$"
            y = r"net benefit: hits $-$ false alarms $\cdot\, t / (1 - t)$, per row"
        else:
            x = r"probability cost $p\,C_{fn} / (p\,C_{fn} + (1-p)\,C_{fp})$"
            y = "normalized expected cost at the best threshold"
        ax.set(xlabel=x + positive, ylabel=y)


def _check_kind(kind: str) -> None:
    if kind not in _CURVES:
        raise ValueError(f"kind is {kind!r}; expected one of {list(_CURVES)}.")
