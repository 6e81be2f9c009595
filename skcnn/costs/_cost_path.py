"""Recall, precision and cost as missing one class becomes more expensive, by cross-validation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import precision_score, recall_score
from sklearn.model_selection import check_cv, cross_validate
from sklearn.utils import column_or_1d
from sklearn.utils.parallel import Parallel, delayed

from skcnn._arrays import Float64
from skcnn.costs._checks import check_has_probabilities, check_labels, check_ratios
from skcnn.costs._decision import decide
from skcnn.costs._labels import plain_label, plain_labels
from skcnn.costs._matrix import check_cost_matrix
from skcnn.costs._metrics import normalized_cost
from skcnn.costs._min_cost import MinCostMixin

_FIGURES = ("recall", "precision", "cost")


@dataclass(frozen=True, slots=True, eq=False)
class CostPath:
    """The result of `cost_path`.

    Parameters
    ----------
    ratios : ndarray of shape (n_ratios,), dtype float64
        Cost of missing the positive class, divided by the cost of another error.
    recall, precision : ndarray of shape (n_ratios, n_folds), dtype float64
        Of the positive class. The precision is NaN where no row is predicted positive.
    cost : ndarray of shape (n_ratios, n_folds), dtype float64
        The normalized cost at that ratio, see `skcnn.costs.normalized_cost`.
    pos_label : label
        The positive class.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skcnn.costs import cost_path
    >>> X, y = make_classification(1000, weights=[0.8], flip_y=0.1, random_state=0)
    >>> path = cost_path(LogisticRegression(), X, y, [1, 5])
    >>> path.recall.mean(axis=1).round(2)
    array([0.71, 0.84])
    """

    ratios: Float64
    recall: Float64
    precision: Float64
    cost: Float64
    pos_label: Any

    def __str__(self) -> str:
        """Show means over the folds and their standard deviations."""
        lines = [self._caption, "  ".join([f"{'ratio':>7}", *(f"{name:>13}" for name in _FIGURES)])]
        for ratio, *cells in self._rows():
            lines.append("  ".join([f"{ratio:>7}", *(f"{cell:>13}" for cell in cells)]))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Show the same table in a notebook."""
        head = _html_row("th", ["ratio", *_FIGURES])
        rows = "".join(_html_row("td", row) for row in self._rows())
        caption = f"<caption>{escape(self._caption)}</caption>"
        return f"<table>{caption}<thead>{head}</thead><tbody>{rows}</tbody></table>"

    @property
    def _caption(self) -> str:
        return f"Missing {self.pos_label!r} costs the ratio, another error 1."

    def _rows(self) -> Iterator[list[str]]:
        """Yield the cells of each row: the ratio, then a mean and a deviation for each figure."""
        for row, ratio in enumerate(self.ratios):
            yield [
                f"{ratio:g}",
                *(
                    f"{np.nanmean(values[row]):.3f} ± {np.nanstd(values[row]):.3f}"
                    if np.isfinite(values[row]).any()
                    else "-"
                    for values in (self.recall, self.precision, self.cost)
                ),
            ]


def _html_row(tag: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"


def cost_path(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    ratios: Iterable[float] = (1, 2, 5, 10, 20),
    *,
    pos_label: Any = None,
    cv: Any = None,
    groups: ArrayLike | None = None,
    n_jobs: int | None = None,
    params: dict[str, Any] | None = None,
    verbose: int = 0,
) -> CostPath:
    """Cross-validate a classifier with several costs of missing the positive class.

    For each ratio, missing the positive class costs the ratio and every other error 1, and each
    held-out row gets the prediction with the lowest expected cost. The classifier's own decisions,
    by a threshold, costs or abstentions, are not used.

    A classifier that is trained without costs is fitted once for each fold. A
    `CostSensitiveTextCNN` is fitted for each fold and ratio, with that cost matrix. One fit for
    each fold is enough if the cost matrix does not change the training: `validation_scoring` is
    "loss", and `loss` is "cross_entropy" or an object. A classifier in a
    `sklearn.frozen.FrozenEstimator` is not fitted at all.

    Parameters
    ----------
    estimator : classifier with `predict_proba`
        Or a pipeline or a search that contains one.
    X : array-like
        Rows, in any form that the classifier takes.
    y : array-like of shape (n_samples,)
        Labels.
    ratios : iterable of float, default=(1, 2, 5, 10, 20)
        Cost of missing the positive class, divided by the cost of another error. Above 0.
    pos_label : label, default=None
        The positive class; None: the second of two sorted labels.
    cv : int, cross-validation generator or iterable, default=None
        As in `sklearn.model_selection.cross_validate`: None is 5 stratified folds.
    groups : array-like of shape (n_samples,), default=None
        Groups for a `cv` such as `GroupKFold`, which keeps the rows of a group in one part.
    n_jobs : int, default=None
        Number of fits that run at the same time. A single fit of a TextCNN uses two threads.
    params : dict, default=None
        Passed to `fit`, as by `sklearn.model_selection.cross_validate`.
    verbose : int, default=0
        0: silent. 1 or more: one line for each fit that is done.

    Returns
    -------
    CostPath
        Recall, precision and cost at each ratio, in each fold.

    Raises
    ------
    TypeError
        If the classifier has no `predict_proba`.
    ValueError
        If a ratio is not above 0, `pos_label` is not among the labels, or is missing for three
        or more classes, the training part of a fold has no row of the positive class, or a search
        inside the estimator tunes the costs that a network is trained with.

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
    different = list(dict.fromkeys(check_ratios(ratios).tolist()))
    y = plain_labels(y)
    target: NDArray[Any] = column_or_1d(y)
    check_labels("y", target)
    classes = np.unique(target)
    positive = _check_pos_label(pos_label, classes)
    check_has_probabilities(estimator)
    splits = list(check_cv(cv, y, classifier=True).split(X, y, groups))  # the same for each fit
    cost_parameters = _parameters_to_set(estimator)
    # A dict of costs also works if training rows lack one of the other classes. An array needs all
    # classes, but also works for a tool that numbers the labels, such as VotingClassifier.
    is_array = all(np.isin(classes, target[train]).all() for train, _ in splits)
    fits = []
    for of_one_fit in [[ratio] for ratio in different] if cost_parameters else [different]:
        costs = {positive: of_one_fit[0]}
        matrix = check_cost_matrix(costs, classes) if is_array else costs
        settings = dict.fromkeys(cost_parameters, matrix)
        adapted = clone(estimator).set_params(**settings) if settings else estimator
        scorer = _PathScorer(of_one_fit, positive, classes)
        fits += [(adapted, scorer, number) for number in range(len(splits))]
    columns = _cross_validate_each(fits, X, y, splits, n_jobs, params, verbose)
    recall, precision, cost = (
        np.array([columns[f"test_{figure}_{ratio!r}"] for ratio in different])
        for figure in _FIGURES
    )
    return CostPath(np.array(different), recall, precision, cost, positive)


def _cross_validate_each(
    fits: Sequence[tuple[Any, _PathScorer, int]],
    X: Any,
    y: ArrayLike,
    splits: Sequence[Any],
    n_jobs: int | None,
    params: dict[str, Any] | None,
    verbose: int,
) -> dict[str, list[float]]:
    """Fit and score estimators, each on one split; return the scores by their names.

    Parameters
    ----------
    fits : for each fit, the estimator, its scorer, and the number of its split
    X, y, n_jobs, params, verbose : as `cost_path` got them
    splits : rows to fit on and rows to score
    """
    begin = perf_counter()
    results = _parallel(n_jobs)(
        delayed(cross_validate)(
            adapted,
            X,
            y,
            cv=[splits[number]],
            params=params,
            scoring=scorer,
            error_score="raise",
        )
        for adapted, scorer, number in fits
    )
    columns: dict[str, list[float]] = defaultdict(list)
    for n_done, ((_, scorer, number), scores) in enumerate(zip(fits, results, strict=True), 1):
        for name, values in scores.items():
            columns[name].extend(values)
        if verbose:
            ratios = ", ".join(f"{ratio:g}" for ratio in scorer.ratios)
            print(
                f"[{perf_counter() - begin:7.1f} s] Fit {n_done} of {len(fits)}: "
                f"fold {number + 1} of {len(splits)}, ratio {ratios}",
                flush=True,
            )
    return columns


def _parallel(n_jobs: int | None) -> Parallel:
    """Return what yields each result when it is there; with some backends, all at the end."""
    try:
        return Parallel(n_jobs=n_jobs, return_as="generator")
    except ValueError:  # the backends "multiprocessing" and Ray's, and dask's before joblib 1.4
        return Parallel(n_jobs=n_jobs)


class _PathScorer:
    """Computes figures of one fitted classifier at several ratios; a name is such as recall_5.0."""

    def __init__(self, ratios: list[float], pos_label: Any, labels: NDArray[Any]) -> None:
        self.ratios = ratios
        self.pos_label = pos_label
        self.labels = labels

    def __call__(self, estimator: Any, X: Any, y: Any) -> dict[str, float]:
        if self.pos_label not in estimator.classes_.tolist():
            raise ValueError(
                f"The training part of a fold has the labels {estimator.classes_.tolist()[:10]}, "
                f"without pos_label {self.pos_label!r}; expected rows of every class. Use a "
                "stratified cv, or fewer folds."
            )
        return self.of_probabilities(estimator.predict_proba(X), y, estimator.classes_)

    def of_probabilities(self, P: Any, y: Any, classes: NDArray[Any]) -> dict[str, float]:
        """Compute the figures of probabilities (n, K) whose columns are `classes`."""
        is_positive = np.asarray(y) == self.pos_label
        figures: dict[str, float] = {}
        for ratio in self.ratios:
            costs = {self.pos_label: ratio}
            y_pred = decide(P, costs, classes)
            predicted_positive = y_pred == self.pos_label
            values = (
                recall_score(is_positive, predicted_positive, zero_division=np.nan),
                precision_score(is_positive, predicted_positive, zero_division=np.nan),
                normalized_cost(y, y_pred, cost_matrix=costs, labels=self.labels),
            )
            figures |= {f"{n}_{ratio!r}": v for n, v in zip(_FIGURES, values, strict=True)}
        return figures


def path_of_probabilities(
    folds: Iterable[tuple[NDArray[Any], Float64]],
    classes: NDArray[Any],
    ratios: Sequence[float],
    pos_label: Any,
) -> CostPath:
    """Return the figures of held-out probabilities, without any fit.

    Parameters
    ----------
    folds : labels (n,) and probabilities (n, K) of each fold
    classes : (K,), the labels of the columns
    ratios : different ratios above 0
    pos_label : label
    """
    scorer = _PathScorer(list(ratios), pos_label, classes)
    columns = [scorer.of_probabilities(P, y, classes) for y, P in folds]
    recall, precision, cost = (
        np.array([[fold[f"{figure}_{ratio!r}"] for fold in columns] for ratio in ratios])
        for figure in _FIGURES
    )
    return CostPath(np.array(ratios), recall, precision, cost, pos_label)


def _check_pos_label(pos_label: Any, labels: NDArray[Any]) -> Any:
    known, pos_label = labels.tolist(), plain_label(pos_label)
    if pos_label is None and len(known) == 2:
        return known[1]
    if pos_label not in known:
        raise ValueError(f"pos_label is {pos_label!r}; expected one of the labels {known[:10]}.")
    return pos_label


# Which `cost_matrix` parameters of an estimator are set to the costs of each ratio?
# CNN is a `CostSensitiveTextCNN`; if no loss is given here, it is the default, which uses costs.
#
# estimator                                                   parameters that are set
# ----------------------------------------------------------  --------------------------------
# LogisticRegression()                                        none: one fit serves all ratios
# CNN(loss="cross_entropy")                                   none
# CNN()                                                       cost_matrix
# Pipeline([..., ("cnn", CNN())])                             cnn__cost_matrix
# MinCostClassifier(CNN())                                    estimator__cost_matrix
# FrozenEstimator(CNN())                                      none: it is not fitted again
# GridSearchCV(CNN(), {"epochs": [...]})                      estimator__cost_matrix
# GridSearchCV(CNN(loss="cross_entropy"), {"loss": [...]})    estimator__cost_matrix
# GridSearchCV(MinCostClassifier(...), {"cost_matrix": ...})  none: its costs only decide
# GridSearchCV(CNN(), {"cost_matrix": [...]})                 error: the search sets them too
# GridSearchCV(Pipeline(...), {"cnn": [CNN(), ...]})          error: the search sets them too


def _parameters_to_set(estimator: Any) -> list[str]:
    """Names for `set_params`, as in the table above; none if no fit depends on costs.

    Raises
    ------
    ValueError
        If a search inside tunes one of them, or chooses a classifier that learns costs.
    """
    parts = _fitted_parts(estimator)
    tuned = _tuned_parameters(parts)
    names = [
        _full_name(name, "cost_matrix")
        for name, part in parts.items()
        if _may_learn_costs(name, part, tuned)
    ]
    for name, (short_name, choices) in tuned.items():
        if name in names or any(_learns_costs(choice) for choice in choices):
            raise ValueError(
                f"estimator has a search inside that tunes {short_name!r}, which would replace the "
                "costs of each ratio; expected a search that leaves the costs alone. Take "
                f"{short_name!r} out of the search, or give cost_path the best estimator."
            )
    return names


class _Tuned(NamedTuple):
    """A parameter that a search chooses: its name in the search, and the listed choices."""

    short_name: str
    choices: Sequence[Any]


# The parameters of a `CostSensitiveTextCNN` on which it depends whether it learns costs.
_WHETHER_COSTS_ARE_LEARNED = ("loss", "validation_scoring")


def _learns_costs(part: Any) -> bool:
    """Whether the fit depends on the cost matrix."""
    return isinstance(part, MinCostMixin) and part._learns_costs


def _may_learn_costs(name: str, part: Any, tuned: Mapping[str, _Tuned]) -> bool:
    """Whether the fit depends on the cost matrix, now or with a value that a search may choose."""
    settings = {_full_name(name, parameter) for parameter in _WHETHER_COSTS_ARE_LEARNED}
    return isinstance(part, MinCostMixin) and (part._learns_costs or bool(settings & tuned.keys()))


def _tuned_parameters(parts: Mapping[str, Any]) -> dict[str, _Tuned]:
    """Which parameters the searches inside choose, by the names that `set_params` takes.

    A distribution in place of a list has no listed choices.
    """
    tuned = {}
    for name, search in parts.items():
        grids = getattr(search, "param_grid", getattr(search, "param_distributions", {}))
        for grid in [grids] if isinstance(grids, Mapping) else grids:
            for key, choices in grid.items():
                listed = choices if isinstance(choices, Sequence) else ()
                tuned[_full_name(name, "estimator", key)] = _Tuned(key, listed)
    return tuned


def _fitted_parts(estimator: Any) -> dict[str, Any]:
    """The estimator, named "", and all that `get_params` names inside it, but nothing frozen."""
    parts = {"": estimator}
    if hasattr(estimator, "get_params"):
        parts |= estimator.get_params(deep=True)
    frozen = [name for name, part in parts.items() if isinstance(part, FrozenEstimator)]
    return {
        name: part
        for name, part in parts.items()
        if not any(_full_name(name, "").startswith(_full_name(whole, "")) for whole in frozen)
    }


def _full_name(*names: str) -> str:
    """Name of a parameter of a part, for `set_params`: estimator__loss. "" names the estimator."""
    first, *others = names
    return "__".join([first, *others] if first else others)
