"""The training set: texts, labels, weights and costs, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets

from skcnn._arrays import Float64, Int32, Int64
from skcnn._compat import _check_sample_weight, warn_renamed
from skcnn._settings import MemberSettings, TextSettings
from skcnn.costs._checks import check_labels
from skcnn.costs._labels import (
    matrix_by_number,
    plain_labels,
    sample_costs_by_number,
)
from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix, check_entries
from skcnn.costs._sample_costs import (
    BOTH_COSTS,
    check_sample_costs,
    matched_rows,
    mean_cost_matrix,
)
from skcnn.text._containers import as_texts

_FIX_OF_MEANS = (
    "These are the means of sample_costs over the texts of each class. Fit without sample_costs, "
    "and give them to predict."
)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """Checked texts and labels.

    Attributes
    ----------
    texts : n texts
    targets : (n,) positions of the labels in `classes`, int32
    classes : (K,) sorted labels
    sample_weight : (n,) positive with the mean 1, or None where all texts count the same
    sample_costs : (n, K) cost of missing each class in each text, or (n, K, K) a cost matrix for
        each text, or None
    log_unit : logarithm of the mean weight as given, by which the weights were divided
    """

    texts: list[str]
    targets: Int32
    classes: NDArray[Any]
    sample_weight: Float64 | None
    sample_costs: Float64 | None
    log_unit: float = 0.0

    @property
    def class_totals(self) -> Float64:
        """Total weight of each class, (K,)."""
        totals = np.bincount(self.targets, self.sample_weight, len(self.classes))
        return totals.astype(np.float64)

    def mean_costs(self, cost_matrix: CostMatrixLike) -> Float64:
        """Return the cost matrix, or the means of the costs of single texts, (K, K)."""
        if self.sample_costs is not None:
            if cost_matrix is not None:
                raise ValueError(BOTH_COSTS)
            means = mean_cost_matrix(self.sample_costs, self.targets, self.sample_weight)
            check_entries(means, self.classes.tolist(), _FIX_OF_MEANS)
            return check_cost_matrix(means, self.classes)
        costs = matrix_by_number(cost_matrix, self.classes)
        return check_cost_matrix(costs, self.classes, class_totals=self.class_totals)

    def targets_and_weight(self, rows: Int64) -> tuple[Int32, Float64 | None]:
        """Return targets (m,) and weights (m,) or None of some rows."""
        weight = self.sample_weight
        return self.targets[rows], None if weight is None else weight[rows]


def check_training_set(
    X: Any,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
    class_weight: Any,
    sample_costs: Any = None,
    classes: NDArray[Any] | None = None,
) -> TrainingSet:
    """Check texts, labels and weights, and leave out texts of weight zero.

    `classes` are sorted labels, some of which y may lack. None: they are the labels of y.

    Raises
    ------
    TypeError or ValueError
        As `CostSensitiveTextCNN.fit` says.
    """
    texts = as_texts(X)
    if y is None:
        raise ValueError("fit requires y to be passed, but y is None: one label for each text.")
    labels: NDArray[Any] = column_or_1d(plain_labels(y), warn=True)
    check_consistent_length(texts, labels)
    check_labels("y", labels)
    check_classification_targets(labels)
    weight = _check_weight(sample_weight, texts)
    rows = np.arange(len(texts)) if weight is None else np.flatnonzero(weight)
    n_given, texts, labels = len(texts), [texts[row] for row in rows], labels[rows]
    classes, targets = _find_classes(labels, classes)
    weight = None if weight is None else weight[rows]
    weight, log_unit = _mean_one(weight, _check_class_weight(class_weight, labels))
    costs = None
    if sample_costs is not None:
        of_rows = sample_costs_by_number(matched_rows(sample_costs, X), classes)
        costs = check_sample_costs(of_rows, n_given, classes)[rows]
    return TrainingSet(texts, targets, classes, weight, costs, log_unit)


def check_classes(classes: ArrayLike | None, known: NDArray[Any] | None) -> NDArray[Any]:
    """Return the sorted labels for a call of `partial_fit`.

    Parameters
    ----------
    classes : array-like of shape (K,) or None, as given
    known : (K,), those of earlier calls, or None

    Raises
    ------
    ValueError
        If they are missing in the first call, differ in a later call, or are fewer than two.
    """
    if classes is None:
        if known is None:
            raise ValueError(
                "classes must be passed on the first call to partial_fit; expected all labels that "
                "y may ever have. Write partial_fit(X, y, classes=[...])."
            )
        return known
    labels: NDArray[Any] = column_or_1d(plain_labels(classes))
    check_labels("classes", labels)
    labels = np.unique(labels)
    if known is not None and not np.array_equal(labels, known):
        raise ValueError(
            f"classes is {labels.tolist()}, which is not the same as on the last call to "
            f"partial_fit, was: {known.tolist()}. Leave classes out, or call fit to start anew."
        )
    if len(labels) < 2:
        raise ValueError(
            f"classes is {labels.tolist()}; expected 2 classes or more. Pass all labels that y may "
            "ever have."
        )
    return labels


def unlabeled_texts(parameter: Any, argument: Any) -> Any:
    """Return what `fit` was given, or the deprecated parameter that it replaces."""
    if isinstance(parameter, str) and parameter == "deprecated":
        return argument
    warn_renamed("The parameter unlabeled", "fit(X, y, unlabeled=...)")
    if argument is not None:
        raise TypeError("unlabeled is given to fit and as a parameter; expected only in fit.")
    return parameter


def check_unlabeled(
    unlabeled: Any, text: TextSettings, members: MemberSettings
) -> list[str] | None:
    """Check texts without labels; None stays None.

    Raises
    ------
    TypeError or ValueError
        If they are no texts, or nothing would be learned from them. Also if there are none, and
        `distill` needs some.
    """
    if unlabeled is None:
        if members.distill:
            raise ValueError(
                "distill is True, but there are no unlabeled texts for the teachers to label; "
                "expected texts. Write fit(X, y, unlabeled=texts), or set distill=False."
            )
        return None
    if not members.has_teachers:
        text.check_learns_from_unlabeled()
    try:
        return as_texts(unlabeled)
    except (TypeError, ValueError) as error:
        raise type(error)(f"unlabeled must be texts, in a form that X may have: {error}") from error


def _find_classes(labels: NDArray[Any], classes: NDArray[Any] | None) -> tuple[NDArray[Any], Int32]:
    """Return the sorted labels, and the position of each label among them."""
    if classes is None:
        classes, targets = np.unique(labels, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(
                f"y has {len(classes)} class, {classes.tolist()}, among the texts that count; "
                "expected 2 classes or more. A classifier can't be trained on one class."
            )
        return classes, targets.astype(np.int32)
    unknown = set(labels.tolist()) - set(classes.tolist())
    if unknown:
        raise ValueError(
            f"y has the labels {sorted(unknown, key=str)}, which are not among the classes "
            f"{classes.tolist()}; expected labels of the first call of partial_fit. Pass all "
            "classes in the first call, or call fit to start anew."
        )
    return classes, np.searchsorted(classes, labels).astype(np.int32)


def _check_weight(sample_weight: ArrayLike | None, texts: list[str]) -> Float64 | None:
    if sample_weight is None:
        return None
    weight: Float64 = _check_sample_weight(
        sample_weight, texts, dtype=np.float64, ensure_non_negative=True
    )
    if not weight.any():
        raise ValueError("sample_weight is zero for every text; expected some positive weights.")
    return weight


def _check_class_weight(class_weight: Any, labels: NDArray[Any]) -> Float64 | None:
    if class_weight is None:
        return None
    factor: Float64 = compute_sample_weight(class_weight, labels)
    if not (np.isfinite(factor) & (factor > 0)).all():
        raise ValueError(f"class_weight is {class_weight!r}; expected finite weights > 0.")
    return factor


def _mean_one(*factors: Float64 | None) -> tuple[Float64 | None, float]:
    """Return the product of positive factors, divided by its mean, and the logarithm of that mean.

    Only the ratios of weights mean something. A training step of the network does not: with tiny
    weights it is lost in rounding, and with huge ones it overflows.
    """
    product, log_unit = None, 0.0
    for factor in factors:
        if factor is None:
            continue
        # Dividing by the largest first keeps sums and products of all finite weights finite.
        largest = factor.max()
        product = factor / largest if product is None else product * (factor / largest)
        mean = product.mean()
        product, log_unit = product / mean, log_unit + float(np.log(largest) + np.log(mean))
    return product, log_unit
