"""Labeled texts and predictions for a report, checked before any work."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_consistent_length, column_or_1d

from skcnn.costs._checks import check_has_probabilities, check_labels
from skcnn.costs._inside import abstention_inside
from skcnn.costs._labels import plain_label, plain_labels
from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix
from skcnn.inspection._report_figures import Checked, positive_label
from skcnn.inspection._response import costs_of
from skcnn.text._containers import as_texts


def checked(
    estimator: Any, X: Any, y: ArrayLike, cost_matrix: CostMatrixLike, pos_label: Any
) -> Checked:
    """Check labeled texts, and predict them.

    Raises
    ------
    TypeError
        If the estimator has no ``predict_proba``, or X does not hold texts.
    ValueError
        If y does not fit X, has labels that are not among the classes, or the costs are invalid.
    """
    check_has_probabilities(estimator)
    texts, labels = as_texts(X), column_or_1d(plain_labels(y))
    check_labels("y", labels)
    check_consistent_length(texts, labels)
    classes = np.asarray(estimator.classes_)
    unknown = sorted(set(labels.tolist()) - set(classes.tolist()), key=str)
    if unknown:
        raise ValueError(
            f"y has the labels {unknown[:10]}, which are not in classes_ = "
            f"{classes.tolist()[:10]}; expected labels that the estimator was fitted on. Rename "
            "these labels in y, or leave out these rows."
        )
    costs = check_cost_matrix(costs_of(estimator, cost_matrix), classes)
    label = positive_label(classes, costs, plain_label(pos_label))
    return Checked(
        texts=texts,
        y=labels,
        y_pred=np.asarray(estimator.predict(X)),
        P=np.asarray(estimator.predict_proba(X), dtype=np.float64),
        classes=classes,
        cost_matrix=costs,
        abstention=abstention_inside(estimator),
        pos_label=label,
    )
