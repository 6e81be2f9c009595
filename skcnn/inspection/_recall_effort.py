"""Recall against the share of the rows that a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from skcnn._arrays import Float64
from skcnn._compat import _safe_indexing
from skcnn.costs._checks import check_positive_probabilities, check_ratios
from skcnn.costs._curves import count_errors
from skcnn.costs._recall_effort import recall_effort_curve
from skcnn.inspection._response import name_of, positive_probabilities
from skcnn.inspection._style import BAYES_MARK, REFERENCE, axes_for, line_options, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RATIOS = (1.0, 5.0, 20.0)
# Curves of several splits have different corners: they are compared at these shares.
_GRID = np.linspace(0, 1, 501)


class _Curve(NamedTuple):
    """One curve, and where the Bayes thresholds of the ratios are on it, (n_ratios, 2)."""

    effort: Float64
    recall: Float64
    marks: Float64
    n_rows: float
    n_positive: float
    pos_label: Any


class RecallEffortDisplay:
    """Recall against the share of the rows that is read, the most probable rows first.

    A person reads each row that is predicted positive. The picture shows what more reading finds,
    and where a ratio of the two costs puts the threshold. Reading in a random order gives the
    diagonal. Use rows that the classifier was not trained on.

    Make one with :meth:`from_estimator`, :meth:`from_predictions` or, for several splits,
    :meth:`from_cv_results`.

    Parameters
    ----------
    effort : array-like of shape (n_points,)
        Shares of the rows that are read, increasing from 0 to 1, as from
        :func:`skcnn.costs.recall_effort_curve`.
    recall : array-like of shape (n_points,) or (n_points, n_splits)
        Recall at each share. Of several splits the line is the mean, and the band goes from the
        lowest to the highest.
    ratios : array-like of shape (n_ratios,), optional
        Cost of a miss divided by the cost of a false alarm, for each mark; none if not given.
    marks : array-like of shape (n_ratios, 2), optional
        Effort and recall at the Bayes threshold of each ratio.
    n_rows, n_positive : float, default=None
        Number, or total weight, of all rows and of the positive rows, for the legend and the best
        possible order. None: both are left out.
    pos_label : label, default=None
        The positive class, for the axis label.
    name : str, default=None
        Name of the curve in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the drawing.
    figure_ : matplotlib Figure
        The figure that holds `ax_`.
    line_ : matplotlib Line2D
        The curve.
    band_ : matplotlib PolyCollection or None
        The range of the splits. None for one split.
    reference_lines_ : list of matplotlib Line2D
        The random order and the best possible order. Empty if they are not drawn.
    marks_ : matplotlib PathCollection or None
        The marks of the ratios.

    Raises
    ------
    ValueError
        If the shapes do not match.

    See Also
    --------
    skcnn.costs.threshold_at_rate : The threshold for a given share.
    CostPathDisplay : Recall, precision and cost at several ratios.

    Examples
    --------
    >>> from skcnn.inspection import RecallEffortDisplay
    >>> y_true, y_prob = [0, 1, 0, 0, 1], [0.1, 0.3, 0.2, 0.4, 0.9]
    >>> display = RecallEffortDisplay.from_predictions(y_true, y_prob, ratios=[1, 5])
    >>> display.marks.tolist()  # at 1 to 1 a fifth of the rows is read, at 5 to 1 four fifths
    [[0.2, 0.5], [0.8, 1.0]]
    """

    def __init__(
        self,
        effort: ArrayLike,
        recall: ArrayLike,
        *,
        ratios: ArrayLike = (),
        marks: ArrayLike = (),
        n_rows: float | None = None,
        n_positive: float | None = None,
        pos_label: Any = None,
        name: str | None = None,
    ) -> None:
        self.effort = np.asarray(effort, dtype=np.float64)
        self.recall = np.asarray(recall, dtype=np.float64)
        self.ratios = np.asarray(ratios, dtype=np.float64)
        self.marks = np.asarray(marks, dtype=np.float64).reshape(-1, 2)
        if self.recall.ndim not in (1, 2) or self.effort.shape != self.recall.shape[:1]:
            raise ValueError(
                f"effort has shape {self.effort.shape}, recall {self.recall.shape}; expected "
                "(n_points,), and (n_points,) or (n_points, n_splits)."
            )
        if len(self.ratios) != len(self.marks):
            raise ValueError(
                f"There are {len(self.ratios)} ratios and {len(self.marks)} marks; expected a "
                "mark, (effort, recall), for each ratio."
            )
        self.n_rows, self.n_positive = n_rows, n_positive
        self.pos_label = pos_label
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        ratios: Sequence[float] | None = RATIOS,
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
        ratios : sequence of float, optional
            As in :meth:`from_predictions`.
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
        RecallEffortDisplay

        Raises
        ------
        TypeError
            If the estimator has no ``predict_proba``.
        ValueError
            If there are not two classes, or a label or a ratio is invalid.
        ImportError
            If matplotlib is not installed.
        """
        probabilities, pos_label = positive_probabilities(estimator, X, y, pos_label)
        return cls.from_predictions(
            y,
            probabilities,
            ratios=ratios,
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
        ratios: Sequence[float] | None = RATIOS,
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
            Probability of the positive class. With ``ratios=None`` any score works that is higher
            for a more probable positive class.
        ratios : sequence of float, optional
            Cost of a miss divided by the cost of a false alarm, above 0: the Bayes threshold of
            each is marked on the curve. 1, 5 and 20 if not given. None: no marks.
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
        RecallEffortDisplay

        Raises
        ------
        ValueError
            If there are not two classes, a label or a ratio is invalid, or a probability is not in
            [0, 1] although ratios are marked.
        ImportError
            If matplotlib is not installed.
        """
        at = check_ratios(ratios) if ratios is not None else np.empty(0)
        curve = _curve(y_true, y_prob, at, pos_label, sample_weight)
        display = cls(
            curve.effort,
            curve.recall,
            ratios=at,
            marks=curve.marks,
            n_rows=curve.n_rows,
            n_positive=curve.n_positive,
            pos_label=curve.pos_label,
            name=name,
        )
        return display.plot(ax, **kwargs)

    @classmethod
    def from_cv_results(
        cls,
        cv_results: dict[str, Any],
        X: Any,
        y: ArrayLike,
        *,
        ratios: Sequence[float] | None = RATIOS,
        pos_label: Any = None,
        name: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the mean curve of the splits of a cross-validation, with their range as a band.

        Parameters
        ----------
        cv_results : dict
            From :func:`sklearn.model_selection.cross_validate` with ``return_estimator=True`` and
            ``return_indices=True``.
        X : array-like of shape (n_samples, ...)
            The rows that were given to it.
        y : array-like of shape (n_samples,)
            True labels.
        ratios : sequence of float, optional
            As in :meth:`from_predictions`. A mark is at the means of effort and recall.
        pos_label : label, default=None
            The positive class. None: ``classes_[1]`` of the estimators.
        name : str, default=None
            Name of the curve in the legend. None: the name of the estimators' class.
        ax : matplotlib Axes, default=None
            Axes to draw on. None: a new figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        RecallEffortDisplay

        Raises
        ------
        TypeError
            If an estimator has no ``predict_proba``.
        ValueError
            If `cv_results` has no estimators or indices, there are not two classes, or a label or a
            ratio is invalid.
        ImportError
            If matplotlib is not installed.
        """
        missing = [key for key in ("estimator", "indices") if key not in cv_results]
        if missing:
            raise ValueError(
                f"cv_results has no {missing}; expected the result of cross_validate with "
                "return_estimator=True and return_indices=True."
            )
        at = check_ratios(ratios) if ratios is not None else np.empty(0)
        curves = []
        for estimator, rows in zip(
            cv_results["estimator"], cv_results["indices"]["test"], strict=True
        ):
            held_out = np.asarray(y)[rows]
            p, pos_label = positive_probabilities(
                estimator, _safe_indexing(X, rows), held_out, pos_label
            )
            curves.append(_curve(held_out, p, at, pos_label, None))
        display = cls(
            _GRID,
            np.stack([np.interp(_GRID, curve.effort, curve.recall) for curve in curves], axis=1),
            ratios=at,
            marks=np.mean([curve.marks for curve in curves], axis=0),
            n_rows=sum(curve.n_rows for curve in curves),
            n_positive=sum(curve.n_positive for curve in curves),
            pos_label=pos_label,
            name=name_of(cv_results["estimator"][0], name),
        )
        return display.plot(ax, **kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        name: str | None = None,
        reference: bool = True,
        **kwargs: Any,
    ) -> Self:
        """Draw the curve, its band, the marks and the two reference lines.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None: a new figure.
        name : str, default=None
            Name of the curve in the legend. None: the `name` of the display.
        reference : bool, default=True
            Whether to draw the random order and the best possible order. They are the same for all
            classifiers.
        **kwargs : dict
            Passed to matplotlib's ``Axes.plot`` for the curve.

        Returns
        -------
        RecallEffortDisplay
            This display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = axes_for(self, ax)
        folds = self.recall.reshape(len(self.effort), -1)  # (n_points, n_splits)
        label = self._label(self.name if name is None else name, folds.shape[1])
        (self.line_,) = ax.plot(
            self.effort, folds.mean(axis=1), **line_options(kwargs, label=label)
        )
        color: Any = self.line_.get_color()
        self.band_ = None
        if folds.shape[1] > 1:
            low, high = folds.min(axis=1), folds.max(axis=1)
            self.band_ = ax.fill_between(
                self.effort, low, high, color=color, alpha=0.15, linewidth=0
            )
        self.marks_ = self._draw_marks(ax, color) if len(self.marks) else None
        self.reference_lines_ = self._draw_references(ax) if reference else []
        self._name_axes(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _label(self, name: str | None, n_splits: int) -> str:
        """Name and numbers of rows of the curve: curves of different rows may share the axes."""
        notes = []
        if self.n_rows is not None and self.n_positive is not None:
            notes.append(f"{self.n_positive:g} of {self.n_rows:g} rows positive")
        if n_splits > 1:
            notes.append(f"range of {n_splits} splits")
        return "\n".join([name or "classifier", *notes])

    def _draw_marks(self, ax: Axes, color: Any) -> Any:
        for ratio, point in zip(self.ratios, self.marks, strict=True):
            ax.annotate(
                f"{ratio:g}:1",
                tuple(point),
                xytext=(5, -4),
                textcoords="offset points",
                va="top",
                fontsize="small",
            )
        label = "cost of a miss : false alarm"
        drawn = ax.get_legend_handles_labels()[1]
        return ax.scatter(
            *self.marks.T, color=color, zorder=3, label=None if label in drawn else label
        )

    def _draw_references(self, ax: Axes) -> list[Any]:
        options: dict[str, Any] = {
            "color": REFERENCE.color,
            "linestyle": REFERENCE.linestyle,
            "linewidth": 1,
        }
        lines = ax.plot([0, 1], [0, 1], **options, label="random order")
        if self.n_rows and self.n_positive:
            options |= {"color": BAYES_MARK.color, "linestyle": BAYES_MARK.linestyle}
            share = self.n_positive / self.n_rows
            lines += ax.plot([0, share, 1], [0, 1, 1], **options, label="best possible order")
        return lines

    def _name_axes(self, ax: Axes) -> None:
        positive = "" if self.pos_label is None else f" (positive class: {shown(self.pos_label)})"
        ax.set(xlabel=f"share of the rows that is read{positive}", ylabel="recall")
        ax.set(xlim=(-0.01, 1.01), ylim=(0, 1.02))
        # Curves of useful classifiers are above the diagonal, so this corner is free.
        ax.legend(loc="lower right", fontsize="small")


def _curve(
    y_true: ArrayLike, y_prob: ArrayLike, ratios: Float64, pos_label: Any, sample_weight: Any
) -> _Curve:
    effort, recall, thresholds = recall_effort_curve(
        y_true, y_prob, pos_label=pos_label, sample_weight=sample_weight
    )
    if len(ratios):
        check_positive_probabilities(thresholds[:0:-1])
    # The last point whose threshold is at or above the Bayes threshold 1 / (1 + ratio).
    last = np.searchsorted(-thresholds, -1 / (1 + ratios), side="right") - 1
    counts, _ = count_errors(y_true, y_prob, pos_label, sample_weight)
    n_positive = float(counts.positives)
    n_rows = n_positive + float(counts.negatives)
    marks = np.stack([effort[last], recall[last]], axis=1)
    return _Curve(effort, recall, marks, n_rows, n_positive, counts.pos_label)
