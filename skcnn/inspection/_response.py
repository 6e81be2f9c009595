"""What a display asks of a fitted estimator: probabilities of one class, and its cost matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn.costs import CostMatrixLike
from skcnn.costs._checks import check_has_probabilities
from skcnn.costs._inside import costs_inside


def positive_probabilities(
    estimator: Any, X: Any, y: ArrayLike, pos_label: Any
) -> tuple[NDArray[np.float64], Any]:
    """Give the probability of the positive class in each row, and the name of that class."""
    check_has_probabilities(estimator)
    probabilities = np.asarray(estimator.predict_proba(X), dtype=np.float64)  # (n, K)
    classes: list[Any] = np.asarray(estimator.classes_).tolist()
    if len(classes) != 2:
        raise ValueError(
            f"estimator has {len(classes)} classes, {classes[:10]}; expected two. Fit it to one "
            "class against the rest, y == label; CostConfusionMatrixDisplay takes any number."
        )
    pos_label = classes[1] if pos_label is None else pos_label
    if pos_label not in classes:
        raise ValueError(f"pos_label is {pos_label!r}; expected one of {classes}.")
    unknown = [label for label in np.unique(np.asarray(y)).tolist() if label not in classes]
    if unknown:
        raise ValueError(
            f"y holds {unknown[:10]}, which estimator.classes_ = {classes} lacks; expected the "
            "labels that the estimator was fitted to. Labels are compared by ==: 1 and '1' differ."
        )
    return probabilities[:, classes.index(pos_label)], pos_label


def costs_of(estimator: Any, cost_matrix: CostMatrixLike) -> CostMatrixLike:
    """Give `cost_matrix`, or where it is None that of the estimator or of the one inside it."""
    return costs_inside(estimator) if cost_matrix is None else cost_matrix


def name_of(estimator: Any, name: str | None) -> str:
    """Give `name`, or where it is None that of the estimator's class."""
    return type(estimator).__name__ if name is None else name
