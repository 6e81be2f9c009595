"""Average cost against the threshold on the probability of the positive class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn.costs import (
    CostMatrixLike,
    bayes_threshold,
    check_cost_matrix,
    cost_threshold_curve,
)
from skcnn.costs._checks import check_positive_probabilities
from skcnn.inspection._response import costs_of, name_of, positive_probabilities
from skcnn.inspection._style import BAYES_MARK, TUNED_MARK, axes_for, begin_at_zero, line_options

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D


class CostThresholdDisplay:
    """What the answers cost on average at every threshold, and where two rules put it.

    The Bayes threshold follows from the costs alone, and is the cheapest one where the
    probabilities are right; the other mark is the cheapest threshold on the rows that are drawn.
    If they cost about the same, nothing is to be won by tuning. Draw rows that the classifier was
    not trained on: the cheapest threshold on a few rows is partly luck.

    Make one with :meth:`from_estimator` or :meth:`from_predictions`.

    Parameters
    ----------
    average_costs, thresholds : array-like of shape (n_thresholds,)
        As from :func:`skcnn.costs.cost_threshold_curve`.
    bayes_threshold : float, default=None
        As from :func:`skcnn.costs.bayes_threshold`; None: no mark.
    pos_label : label, default=None
        The positive class, for the label of the axis.
    name : str, default=None
        The curve's name in the legend.

    Attributes
    ----------
    tuned_threshold : float
        The lowest of the cheapest thresholds; infinity where never answering positive is cheapest.
    ax_ : matplotlib Axes
        Where it is drawn.
    figure_ : matplotlib Figure
        The figure that holds `ax_`.
    line_ : matplotlib Line2D
        The curve.
    bayes_line_, tuned_line_ : matplotlib Line2D or None
        The marks; None where they are not drawn.

    See Also
    --------
    CostCurveDisplay : The cost at every ratio of the two costs.
    sklearn.model_selection.TunedThresholdClassifierCV : Tunes the threshold by cross-validation.

    Examples
    --------
    The dearer a miss, the lower the threshold:

    >>> from skcnn.inspection import CostThresholdDisplay
    >>> y_true, y_prob = [0, 1, 0, 1], [0.1, 0.3, 0.4, 0.9]
    >>> for cost in (1, 4):
    ...     costs = {1: cost}
    ...     display = CostThresholdDisplay.from_predictions(y_true, y_prob, cost_matrix=costs)
    ...     print(display.bayes_threshold, display.tuned_threshold)
    0.5 0.3
    0.2 0.3
    """

    def __init__(
        self,
        average_costs: ArrayLike,
        thresholds: ArrayLike,
        *,
        bayes_threshold: float | None = None,
        pos_label: Any = None,
        name: str | None = None,
    ) -> None:
        self.average_costs = np.asarray(average_costs, dtype=np.float64)
        self.thresholds = np.asarray(thresholds, dtype=np.float64)
        self.bayes_threshold = bayes_threshold
        self.pos_label = pos_label
        self.name = name
        self.tuned_threshold = float(self.thresholds[self.average_costs.argmin()])

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        cost_matrix: CostMatrixLike = None,
        pos_label: Any = None,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw a fitted classifier's costs on the rows `X`.

        Parameters
        ----------
        estimator : classifier
            Fitted, for two classes, with ``predict_proba``.
        X : array-like
            Rows, as the estimator takes them.
        y : array-like of shape (n_samples,)
            Their true labels.
        cost_matrix : array-like of shape (2, 2), DataFrame or dict, default=None
            Any form of :func:`skcnn.costs.check_cost_matrix` for ``estimator.classes_``, except
            "balanced". None: the ``cost_matrix_`` of the estimator, or of the one inside a
            pipeline or a search; without any, every error costs 1.
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
        CostThresholdDisplay

        Raises
        ------
        TypeError
            If the estimator has no ``predict_proba``.
        ValueError
            If there are not two classes, or the labels or costs are refused.
        ImportError
            If matplotlib is missing.
        """
        probabilities, pos_label = positive_probabilities(estimator, X, y, pos_label)
        return cls.from_predictions(
            y,
            probabilities,
            cost_matrix=costs_of(estimator, cost_matrix),
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
        cost_matrix: CostMatrixLike = None,
        pos_label: Any = None,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the costs of given probabilities.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            True labels, two different ones.
        y_prob : array-like of shape (n_samples,)
            Probability of the positive class.
        cost_matrix : array-like of shape (2, 2), DataFrame or dict, default=None
            Any form of :func:`skcnn.costs.check_cost_matrix` for the sorted labels, except
            "balanced". None: every error costs 1.
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
        CostThresholdDisplay

        Raises
        ------
        ValueError
            If there are not two classes, a probability is not in [0, 1], or the costs are refused.
        ImportError
            If matplotlib is missing.
        """
        average_costs, thresholds = cost_threshold_curve(
            y_true, y_prob, cost_matrix, pos_label=pos_label, sample_weight=sample_weight
        )
        check_positive_probabilities(thresholds[:-1])
        labels = np.unique(np.asarray(y_true))
        matrix = check_cost_matrix(cost_matrix, labels)
        pos_label = labels[1] if pos_label is None else pos_label
        if pos_label == labels[0]:
            matrix = matrix[::-1, ::-1]
        display = cls(
            average_costs,
            thresholds,
            bayes_threshold=bayes_threshold(matrix),
            pos_label=pos_label,
            name=name,
        )
        return display.plot(ax, **kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        name: str | None = None,
        marks: bool = True,
        **kwargs: Any,
    ) -> Self:
        """Draw the curve and the two marks.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None: a new figure.
        name : str, default=None
            The curve's name in the legend; None: `name` of the display.
        marks : bool, default=True
            Whether to mark the Bayes threshold and the cheapest one. Several curves on the same
            axes are easier to read without.
        **kwargs : dict
            To matplotlib's ``Axes.plot``, for the curve.

        Returns
        -------
        CostThresholdDisplay
            This one.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        """
        ax = axes_for(self, ax)
        label = self.name if name is None else name
        x, costs = self._steps()
        options = line_options(kwargs, drawstyle="steps-pre", label=label)
        (self.line_,) = ax.plot(x, costs, **options)
        self.bayes_line_ = self._mark_bayes(ax) if marks else None
        self.tuned_line_ = self._mark_tuned(ax) if marks else None
        positive = "positive" if self.pos_label is None else self.pos_label
        ax.set(xlabel=f"threshold on P({positive})", ylabel="average cost per row")
        ax.set_xlim(-0.01, 1.01)
        begin_at_zero(ax)
        if label is not None or marks:
            ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _steps(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Corners from 0 to 1 of a curve that keeps its height up to the next threshold."""
        x = np.concatenate([[0.0], np.minimum(self.thresholds, 1.0)])
        return x, np.concatenate([self.average_costs[:1], self.average_costs])

    def _mark_bayes(self, ax: Axes) -> Line2D | None:
        if self.bayes_threshold is None:
            return None
        # The answers at a threshold are those at the next probability that a row has.
        cost = self.average_costs[np.searchsorted(self.thresholds, self.bayes_threshold)]
        return ax.axvline(
            self.bayes_threshold,
            color=BAYES_MARK.color,
            linestyle=BAYES_MARK.linestyle,
            label=f"Bayes: threshold {self.bayes_threshold:.3g}, cost {cost:.3g}",
        )

    def _mark_tuned(self, ax: Axes) -> Line2D:
        is_never = np.isinf(self.tuned_threshold)
        place = "never positive" if is_never else f"threshold {self.tuned_threshold:.3g}"
        return ax.axvline(
            min(self.tuned_threshold, 1.0),
            color=TUNED_MARK.color,
            linestyle=TUNED_MARK.linestyle,
            label=f"cheapest here: {place}, cost {self.average_costs.min():.3g}",
        )
