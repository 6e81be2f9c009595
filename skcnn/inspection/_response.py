"""What a display needs from a fitted estimator: probabilities, cost matrix, name."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skcnn._arrays import Float64
from skcnn.costs._checks import check_has_probabilities
from skcnn.costs._inside import costs_inside
from skcnn.costs._labels import label_array, plain_label
from skcnn.costs._matrix import CostMatrixLike


def positive_probabilities(
    estimator: Any, X: Any, y: ArrayLike, pos_label: Any
) -> tuple[Float64, Any]:
    """Return the probability of the positive class for each row, (n,), and the label of that class.

    Raises
    ------
    TypeError
        If the estimator has no ``predict_proba``.
    ValueError
        If the estimator does not have two classes, or a label is not one of them.
    """
    check_has_probabilities(estimator)
    probabilities = np.asarray(estimator.predict_proba(X), dtype=np.float64)  # (n, K)
    classes: list[Any] = np.asarray(estimator.classes_).tolist()
    if len(classes) != 2:
        raise ValueError(
            f"estimator has {len(classes)} classes, {classes[:10]}; expected two. Fit it on "
            "y == label, one class against all others; CostConfusionMatrixDisplay takes any "
            "number of classes."
        )
    pos_label = classes[1] if pos_label is None else plain_label(pos_label)
    if pos_label not in classes:
        raise ValueError(f"pos_label is {pos_label!r}; expected one of {classes}.")
    unknown = [label for label in np.unique(label_array(y)).tolist() if label not in classes]
    if unknown:
        raise ValueError(
            f"y has the labels {unknown[:10]}, which are not in estimator.classes_ = {classes}; "
            "expected labels that the estimator was fitted on. Labels are compared by ==: 1 and "
            "'1' differ."
        )
    return probabilities[:, classes.index(pos_label)], pos_label


def costs_of(estimator: Any, cost_matrix: CostMatrixLike) -> CostMatrixLike:
    """Return `cost_matrix`, or if it is None that of the fitted classifier in `estimator`."""
    return costs_inside(estimator) if cost_matrix is None else cost_matrix


def name_of(estimator: Any, name: str | None) -> str:
    """Return `name`, or if it is None the name of the estimator's class."""
    return type(estimator).__name__ if name is None else name
