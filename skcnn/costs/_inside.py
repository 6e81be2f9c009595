"""The fitted classifiers inside a search, a pipeline, a calibration or an ensemble."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from skcnn._arrays import Float64


def innermost(estimator: Any) -> Any:
    """The fitted classifier in a search, or at the end of a pipeline, however deep.

    A `FrozenEstimator` has the attributes of the estimator in it, so it needs no step here.
    """
    inner = _one_level_in(estimator)
    return estimator if inner is None else innermost(inner)


def costs_inside(estimator: Any) -> Float64 | None:
    """Cost matrix of a fitted classifier, or of those inside it; None if there is none.

    Searched are pipelines, searches, calibrated classifiers, ensembles and what else keeps its
    fitted classifiers in attributes of scikit-learn's names.

    Raises
    ------
    ValueError
        If the classifiers inside have different costs, or costs of other classes.
    """
    found = list(_cost_matrices(estimator))
    if not found:
        return None
    n_classes = len(estimator.classes_)
    same = all(np.array_equal(matrix, found[0]) for matrix in found)
    if same and len(found[0]) == n_classes:
        return found[0]
    different = {repr(matrix.tolist()): None for matrix in found}
    raise ValueError(
        f"The classifiers inside {type(estimator).__name__} have {len(different)} cost matrices, "
        f"{', '.join(list(different)[:3])}; expected one for the {n_classes} classes. Pass "
        "cost_matrix=, the costs that count here. Costs that are computed from the training rows, "
        "as cost_matrix='balanced' is, differ from fold to fold."
    )


def _cost_matrices(estimator: Any) -> Iterator[Float64]:
    """Cost matrix of each outermost classifier that has one."""
    own = getattr(estimator, "cost_matrix_", None)
    if own is not None:
        yield np.asarray(own)
        return
    for inner in _classifiers_in(estimator):
        yield from _cost_matrices(inner)


def _classifiers_in(estimator: Any) -> list[Any]:
    """The fitted classifiers one level in."""
    inner = _one_level_in(estimator)
    if inner is not None:
        return [inner]
    if hasattr(estimator, "calibrated_classifiers_"):
        return [calibrated.estimator for calibrated in estimator.calibrated_classifiers_]
    if hasattr(estimator, "estimators_"):
        last = [estimator.final_estimator_] if hasattr(estimator, "final_estimator_") else []
        several = estimator.estimators_  # a list, or in gradient boosting an array of trees
        return [*(several.ravel() if isinstance(several, np.ndarray) else several), *last]
    return [estimator.estimator_] if hasattr(estimator, "estimator_") else []


def abstention_inside(estimator: Any) -> dict[str, Any]:
    """Cost and label of the abstentions of the classifier inside, {} if it never abstains."""
    inner = innermost(estimator)
    if getattr(inner, "abstain_cost", None) is None:
        return {}
    return {"abstain_cost": inner.abstain_cost, "abstain_label": inner.abstain_label}


def predict_by_sample_costs(estimator: Any, X: Any, sample_costs: Any) -> Any:
    """Predict by costs of single rows, also where a search does not pass these to `predict`."""
    inner = _one_level_in(estimator)
    if inner is None:
        return estimator.predict(X, sample_costs=sample_costs)
    for _, step in getattr(estimator, "steps", [])[:-1]:
        is_skipped = step is None or step == "passthrough" or hasattr(step, "fit_resample")
        X = X if is_skipped else step.transform(X)
    return predict_by_sample_costs(inner, X, sample_costs)


def _one_level_in(estimator: Any) -> Any:
    if hasattr(estimator, "best_estimator_"):
        return estimator.best_estimator_
    return estimator.steps[-1][1] if getattr(estimator, "steps", None) else None
