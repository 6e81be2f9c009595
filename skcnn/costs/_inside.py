"""The fitted classifier inside a search, a pipeline or a `FrozenEstimator`."""

from __future__ import annotations

from typing import Any

from skcnn._arrays import Float64


def innermost(estimator: Any) -> Any:
    """The fitted classifier in a search, or at the end of a pipeline, however deep.

    A `FrozenEstimator` has the attributes of the estimator in it, so it needs no step here.
    """
    inner = _one_level_in(estimator)
    return estimator if inner is None else innermost(inner)


def costs_inside(estimator: Any) -> Float64 | None:
    """Cost matrix of the fitted classifier, or of the one inside it; None if there is none."""
    costs: Float64 | None = getattr(innermost(estimator), "cost_matrix_", None)
    return costs


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
