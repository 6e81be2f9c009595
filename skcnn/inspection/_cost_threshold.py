"""The average cost at every threshold on the probability of the positive class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skcnn._arrays import Float64
from skcnn.costs._checks import check_positive_probabilities
from skcnn.costs._curves import cost_threshold_curve
from skcnn.costs._decision import bayes_threshold
from skcnn.costs._labels import label_array, plain_label
from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix
from skcnn.inspection._response import costs_of, name_of, positive_probabilities
from skcnn.inspection._style import (
    BAYES_MARK,
    TUNED_MARK,
    axes_for,
    legend_above_data,
    line_options,
    shown,
    start_at_zero,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D


class CostThresholdDisplay:
    """The average cost at every threshold, with the Bayes threshold and the cheapest threshold.

    A row is predicted positive if its probability is at or above the threshold. The Bayes
    threshold follows from the costs alone; it is the cheapest one if the probabilities are well
    calibrated. The other mark is the cheapest threshold on the given rows. If both have about the
    same cost, tuning the threshold gains nothing. Use rows that the classifier was not trained on.
    With few rows, the cheapest threshold depends partly on chance.

    Make one with :meth:`from_estimator` or :meth:`from_predictions`.

    Parameters
    ----------
    average_costs, thresholds : array-like of shape (n_thresholds,)
        Points of the curve, as from :func:`skcnn.costs.cost_threshold_curve`.
    bayes_threshold : float, default=None
        As from :func:`skcnn.costs.bayes_threshold`. None: no mark.
    pos_label : label, default=None
        The positive class, for the axis label.
    name : str, default=None
        Name of the curve in the legend.

    Attributes
    ----------
    tuned_threshold : float
        The threshold with the lowest cost; if there are several, the lowest one. Infinity if never
        predicting positive is the cheapest.
    ax_ : matplotlib Axes
        The axes with the drawing.
    figure_ : matplotlib Figure
        The figure that holds `ax_`.
    line_ : matplotlib Line2D
        The curve.
    bayes_line_, tuned_line_ : matplotlib Line2D or None
        The marks. None if they are not drawn.

    See Also
    --------
    CostCurveDisplay : The cost at every ratio of the two costs.
    sklearn.model_selection.TunedThresholdClassifierCV : Tunes the threshold by cross-validation.

    Examples
    --------
    The more a miss costs, the lower the Bayes threshold:

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
        """Draw the costs of a fitted classifier on the rows `X`.

        Parameters
        ----------
        estimator : classifier
            A fitted classifier for two classes with ``predict_proba``.
        X : array-like of shape (n_samples, ...)
            Rows, in any form that the estimator takes.
        y : array-like of shape (n_samples,)
            True labels.
        cost_matrix : array-like of shape (2, 2), DataFrame or dict, default=None
            Any form of :func:`skcnn.costs.check_cost_matrix` for ``estimator.classes_``, except
            "balanced". None: the ``cost_matrix_`` of the estimator, or of the classifiers in a
            pipeline, a search, a calibration or an ensemble. If there is none, every error costs 1.
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
        CostThresholdDisplay

        Raises
        ------
        TypeError
            If the estimator has no ``predict_proba``.
        ValueError
            If there are not two classes, or labels or costs are invalid.
        ImportError
            If matplotlib is not installed.
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
            True labels of two classes.
        y_prob : array-like of shape (n_samples,)
            Probability of the positive class.
        cost_matrix : array-like of shape (2, 2), DataFrame or dict, default=None
            Any form of :func:`skcnn.costs.check_cost_matrix` for the sorted labels, except
            "balanced". None: every error costs 1.
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
        CostThresholdDisplay

        Raises
        ------
        ValueError
            If there are not two classes, a probability is not in [0, 1], or the costs are invalid.
        ImportError
            If matplotlib is not installed.
        """
        average_costs, thresholds = cost_threshold_curve(
            y_true, y_prob, cost_matrix, pos_label=pos_label, sample_weight=sample_weight
        )
        check_positive_probabilities(thresholds[:-1])
        classes = np.unique(label_array(y_true))
        C = check_cost_matrix(cost_matrix, classes)
        pos_label = classes[1] if pos_label is None else plain_label(pos_label)
        if pos_label == classes[0]:
            C = C[::-1, ::-1]  # bayes_threshold takes the second class for the positive one
        display = cls(
            average_costs,
            thresholds,
            bayes_threshold=bayes_threshold(C),
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
            Axes to draw on. None: a new figure.
        name : str, default=None
            Name of the curve in the legend. None: the `name` of the display.
        marks : bool, default=True
            Whether to mark the Bayes threshold and the cheapest threshold. Several curves on the
            same axes are easier to read without marks.
        **kwargs : dict
            Passed to matplotlib's ``Axes.plot`` for the curve.

        Returns
        -------
        CostThresholdDisplay
            This display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = axes_for(self, ax)
        label = self.name if name is None else name
        x, costs = self._steps()
        options = line_options(kwargs, drawstyle="steps-pre", label=label)
        (self.line_,) = ax.plot(x, costs, **options)
        self.bayes_line_ = self._mark_bayes(ax) if marks else None
        self.tuned_line_ = self._mark_tuned(ax) if marks else None
        positive = "positive" if self.pos_label is None else shown(self.pos_label)
        ax.set(xlabel=f"threshold on P({positive})", ylabel="average cost per row")
        ax.set_xlim(-0.01, 1.01)
        start_at_zero(ax)
        if label is not None or marks:
            legend_above_data(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _steps(self) -> tuple[Float64, Float64]:
        """Return the corners of the curve from 0 to 1, which is flat up to the next threshold."""
        x = np.concatenate([[0.0], np.minimum(self.thresholds, 1.0)])
        return x, np.concatenate([self.average_costs[:1], self.average_costs])

    def _mark_bayes(self, ax: Axes) -> Line2D | None:
        if self.bayes_threshold is None:
            return None
        # Predictions change only at probabilities of rows: the cost is that of the next one.
        cost = self.average_costs[np.searchsorted(self.thresholds, self.bayes_threshold)]
        return ax.axvline(
            self.bayes_threshold,
            color=BAYES_MARK.color,
            linestyle=BAYES_MARK.linestyle,
            label=f"Bayes threshold {self.bayes_threshold:.3g}, cost {cost:.3g}",
        )

    def _mark_tuned(self, ax: Axes) -> Line2D:
        is_never = np.isinf(self.tuned_threshold)
        rule = ": never positive" if is_never else f" threshold {self.tuned_threshold:.3g}"
        return ax.axvline(
            min(self.tuned_threshold, 1.0),
            color=TUNED_MARK.color,
            linestyle=TUNED_MARK.linestyle,
            label=f"cheapest{rule}, cost {self.average_costs.min():.3g}",
        )
