"""What decides inside a search, a pipeline or what is frozen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def innermost(estimator: Any) -> Any:
    """The fitted classifier in a search, or at the end of a pipeline, however deep.

    What is frozen has the attributes of what it holds, and needs no step of its own.
    """
    inner = _one_level_in(estimator)
    return estimator if inner is None else innermost(inner)


def costs_inside(estimator: Any) -> NDArray[np.float64] | None:
    """Cost matrix of the fitted classifier itself, or of the one inside it; None where none is."""
    costs: NDArray[np.float64] | None = getattr(innermost(estimator), "cost_matrix_", None)
    return costs


def abstention_inside(estimator: Any) -> dict[str, Any]:
    """Cost and label of the abstentions of the classifier inside, {} where it has none."""
    inner = innermost(estimator)
    if getattr(inner, "abstain_cost", None) is None:
        return {}
    return {"abstain_cost": inner.abstain_cost, "abstain_label": inner.abstain_label}


def predict_by_sample_costs(estimator: Any, X: Any, sample_costs: Any) -> Any:
    """Answers by costs of single rows, which searches do not pass on to what they hold."""
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
