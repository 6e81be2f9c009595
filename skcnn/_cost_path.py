"""Recall, precision and cost as missing one class grows dearer, by cross-validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import precision_score, recall_score
from sklearn.model_selection import check_cv, cross_validate
from sklearn.utils import column_or_1d

from skcnn.costs import check_cost_matrix, decide, normalized_cost
from skcnn.costs._checks import check_has_probabilities, check_labels, check_ratios


@dataclass(frozen=True, slots=True, eq=False)
class CostPath:
    """What `cost_path` found.

    Parameters
    ----------
    ratios : ndarray of shape (n_ratios,)
        What missing the positive class costs, in units of another error.
    recall, precision : ndarray of shape (n_ratios, n_folds)
        Of the positive class; a precision is NaN where no row was called positive.
    cost : ndarray of shape (n_ratios, n_folds)
        Normalised: 1 is the cheapest constant answer's, at the same ratio.
    pos_label : label
        The positive class.
    """

    ratios: NDArray[np.float64]
    recall: NDArray[np.float64]
    precision: NDArray[np.float64]
    cost: NDArray[np.float64]
    pos_label: Any

    def __str__(self) -> str:
        """Show means over the folds and their standard deviations."""
        lines = [
            f"Missing {self.pos_label!r} costs the ratio, another error 1.",
            f"{'ratio':>7}  {'recall':>13}  {'precision':>13}  {'cost':>13}",
        ]
        for row, ratio in enumerate(self.ratios):
            cells = [
                f"{np.nanmean(values[row]):.3f} ± {np.nanstd(values[row]):.3f}"
                if np.isfinite(values[row]).any()
                else f"{'-':>13}"
                for values in (self.recall, self.precision, self.cost)
            ]
            lines.append(f"{ratio:7g}  {'  '.join(cells)}")
        return "\n".join(lines)


def cost_path(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    ratios: Sequence[float] = (1, 2, 5, 10, 20),
    *,
    pos_label: Any = None,
    cv: Any = None,
    groups: ArrayLike | None = None,
    n_jobs: int | None = None,
    params: dict[str, Any] | None = None,
) -> CostPath:
    """Cross-validate a classifier at several prices of missing the positive class.

    Each held-out row gets the answer with the lowest expected cost, where missing the positive
    class costs the ratio and every other error 1. A classifier that learns without costs is fitted
    once for each fold, whatever the number of ratios; a `CostSensitiveTextCNN`, unless its loss is
    "cross_entropy" and its `validation_scoring` "loss", is fitted once for each ratio, with that
    cost matrix. One in a `sklearn.frozen.FrozenEstimator` is not fitted at all. How the classifier
    itself decides, by a threshold, costs or abstentions, has no part in the path.

    Parameters
    ----------
    estimator : classifier with `predict_proba`
        Or what has one inside, as a pipeline or a search.
    X : as the classifier takes it
    y : array-like of shape (n_samples,)
        Labels.
    ratios : sequence of float, default=(1, 2, 5, 10, 20)
        Above 0.
    pos_label : label, default=None
        The positive class; None: of two, the second of the sorted labels.
    cv : int, cross-validation generator or iterable, default=None
        As in `sklearn.model_selection.cross_validate`: None is 5 stratified folds.
    groups : array-like of shape (n_samples,), default=None
        Rows of one group stay on one side, with such a `cv` as `GroupKFold`.
    n_jobs : int, default=None
        Folds at once. A TextCNN uses several threads for one.
    params : dict, default=None
        Passed to `fit`, as by `sklearn.model_selection.cross_validate`.

    Returns
    -------
    CostPath

    Raises
    ------
    TypeError
        If the classifier has no `predict_proba`.
    ValueError
        If a ratio is not above 0, `pos_label` is not among the labels or missing for three
        classes or more, a fold's training part is without the positive class, or a search inside
        tunes the costs that a network learns by.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skcnn import cost_path
    >>> X, y = make_classification(1000, weights=[0.8], flip_y=0.1, random_state=0)
    >>> print(cost_path(LogisticRegression(), X, y, [1, 5]))
    Missing 1 costs the ratio, another error 1.
      ratio         recall      precision           cost
          1  0.714 ± 0.073  0.900 ± 0.067  0.373 ± 0.060
          5  0.843 ± 0.054  0.630 ± 0.036  0.409 ± 0.082
    """
    prices = list(dict.fromkeys(check_ratios(ratios).tolist()))
    target: NDArray[Any] = column_or_1d(y)
    check_labels("y", target)
    labels = np.unique(target)
    positive = _check_pos_label(pos_label, labels)
    check_has_probabilities(estimator)
    splits = list(
        check_cv(cv, y, classifier=True).split(X, y, groups)
    )  # the same ones for each fit
    learners = _learners(estimator)
    at_once = [[price] for price in prices] if learners else [prices]
    # An array also means something to what numbers the labels, but needs all of them.
    as_array = all(np.isin(labels, target[train]).all() for train, _ in splits)
    columns: dict[str, NDArray[np.float64]] = {}
    for some in at_once:
        costs = {positive: some[0]}
        given = check_cost_matrix(costs, labels) if as_array else costs
        of_learners = {f"{name}cost_matrix": given for name in learners}
        columns |= cross_validate(
            clone(estimator).set_params(**of_learners) if learners else estimator,
            X,
            y,
            cv=splits,
            n_jobs=n_jobs,
            params=params,
            scoring=_PathScorer(some, positive, labels),
            error_score="raise",
        )
    recall, precision, cost = (
        np.array([columns[f"test_{name}_{price!r}"] for price in prices]) for name in _NAMES
    )
    return CostPath(np.array(prices), recall, precision, cost, positive)


_NAMES = ("recall", "precision", "cost")


class _PathScorer:
    """Figures of one fitted classifier at several ratios, by names such as recall_5.0."""

    def __init__(self, ratios: list[float], pos_label: Any, labels: NDArray[Any]) -> None:
        self.ratios = ratios
        self.pos_label = pos_label
        self.labels = labels

    def __call__(self, estimator: Any, X: Any, y: Any) -> dict[str, float]:
        if self.pos_label not in estimator.classes_.tolist():
            msg = (
                f"The training part of a fold has the labels {estimator.classes_.tolist()[:10]}, "
                f"without pos_label {self.pos_label!r}; expected some of each. Give a stratified "
                "cv, or fewer folds."
            )
            raise ValueError(msg)
        P = estimator.predict_proba(X)
        is_positive = np.asarray(y) == self.pos_label
        figures: dict[str, float] = {}
        for ratio in self.ratios:
            costs = {self.pos_label: ratio}
            answers = decide(P, costs, estimator.classes_)
            called = answers == self.pos_label
            values = (
                recall_score(is_positive, called, zero_division=np.nan),
                precision_score(is_positive, called, zero_division=np.nan),
                normalized_cost(y, answers, cost_matrix=costs, labels=self.labels),
            )
            figures |= {f"{n}_{ratio!r}": v for n, v in zip(_NAMES, values, strict=True)}
        return figures


def _check_pos_label(pos_label: Any, labels: NDArray[Any]) -> Any:
    known = labels.tolist()
    if pos_label is None and len(known) == 2:
        return known[1]
    if pos_label not in known:
        raise ValueError(f"pos_label is {pos_label!r}; expected one of the labels {known[:10]}.")
    return pos_label


# Parameters of a `CostSensitiveTextCNN` that say whether it learns by costs.
_LEARNING = ("loss", "validation_scoring")


def _learners(estimator: Any) -> list[str]:
    """Prefixes of the parameters of what learns by costs: the estimator itself, or inside it."""
    inside = {"": estimator}
    if hasattr(estimator, "get_params"):
        inside |= {f"{name}__": value for name, value in estimator.get_params(deep=True).items()}
    frozen = tuple(name for name, value in inside.items() if isinstance(value, FrozenEstimator))
    inside = {name: value for name, value in inside.items() if not name.startswith(frozen)}
    tuned = _tuned(inside)
    learners = [
        name
        for name, value in inside.items()
        if getattr(value, "_learns_costs", False)
        or (hasattr(value, "_learns_costs") and tuned.keys() & {name + key for key in _LEARNING})
    ]
    _refuse_tuned_costs(tuned, {f"{name}cost_matrix" for name in learners})
    return learners


def _tuned(inside: dict[str, Any]) -> dict[str, tuple[str, Sequence[Any]]]:
    """What searches inside choose: full names of parameters to those in the search, and choices."""
    tuned = {}
    for prefix, search in inside.items():
        grids = getattr(search, "param_grid", getattr(search, "param_distributions", {}))
        for grid in [grids] if isinstance(grids, Mapping) else grids:
            for key, choices in grid.items():
                listed = choices if isinstance(choices, Sequence) else ()  # or a distribution
                tuned[f"{prefix}estimator__{key}"] = key, listed
    return tuned


def _refuse_tuned_costs(tuned: dict[str, tuple[str, Sequence[Any]]], costs: set[str]) -> None:
    for name, (key, choices) in tuned.items():
        if name in costs or any(getattr(choice, "_learns_costs", False) for choice in choices):
            msg = (
                f"estimator has a search inside that tunes {key!r}, and would put costs of its own "
                "in the place of the ratios; expected costs that are fixed. Take it out of the "
                "search, and leave the costs to cost_path, or give cost_path the best estimator."
            )
            raise ValueError(msg)
