"""The rule of a `MinCostClassifier` in a model file: what it decides by, beside the model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator

from skcnn._arrays import Float64
from skcnn.costs._abstention import check_abstention
from skcnn.costs._fixed_threshold import check_fixed_threshold, check_no_contradiction
from skcnn.costs._matrix import check_cost_matrix
from skcnn.costs._min_cost import MinCostClassifier
from skcnn.files._budget import Budget
from skcnn.files._values import decode_value, encode_value
from skcnn.predicting._parts import PartsError, check_names, part, shown

_PARTS = ("parameters", "cost_matrix", "priors")
_PARAMETERS = sorted(set(MinCostClassifier(None).get_params(deep=False)) - {"estimator"})
# How far shares of classes may be from the sum 1.
_ROUNDING = 1e-9


def encode_rule(classifier: MinCostClassifier) -> dict[str, Any]:
    """Turn the parameters and costs of a fitted `MinCostClassifier` into JSON."""
    params = classifier.get_params(deep=False)
    priors = classifier.priors_
    return {
        "parameters": {name: encode_value(params[name], name) for name in _PARAMETERS},
        "cost_matrix": classifier.cost_matrix_.tolist(),
        "priors": None if priors is None else [np.asarray(each).tolist() for each in priors],
    }


def read_rule(rule: Any, network: Any, budget: Budget) -> MinCostClassifier:
    """Return the fitted `MinCostClassifier` around a fitted classifier.

    Raises
    ------
    PartsError
        If the parts of the rule are not those that `encode_rule` writes.
    """
    check_names(rule, _PARTS, "rule")
    given = part(rule, "parameters", dict)
    check_names(given, _PARAMETERS, "the parameters of rule")
    params = {name: _decode(value, name, budget) for name, value in given.items()}
    frozen, classes = FrozenEstimator(network), np.asarray(network.classes_)
    classifier = MinCostClassifier(frozen, **params)
    try:
        check_no_contradiction(classifier.get_params(deep=False), ())
        check_abstention(classifier.abstain_cost, classifier.abstain_label, classes)
        check_fixed_threshold(classifier.threshold, classifier.pos_label, classes)
        costs = check_cost_matrix(_numbers(rule["cost_matrix"], "cost_matrix"), classes)
    except (TypeError, ValueError, OverflowError) as error:
        raise PartsError(f"rule is not valid: {str(error).rstrip('.')}") from error
    classifier.__dict__.update(
        estimator_=frozen,
        classes_=classes,
        cost_matrix_=costs,
        priors_=_read_priors(rule["priors"], len(classes)),
        _given_costs=classifier.cost_matrix,
    )
    return classifier


def _read_priors(priors: Any, n_classes: int) -> tuple[Float64, Float64] | None:
    if priors is None:
        return None
    shares = _numbers(priors, "priors")
    if shares.shape != (2, n_classes) or (shares < 0).any() or not shares[0].all():
        raise PartsError(f"priors is {shown(priors)}, expected shares of {n_classes} classes twice")
    if (np.abs(shares.sum(axis=1) - 1) > _ROUNDING).any():
        raise PartsError("priors has shares that do not sum to 1")
    return shares[0], shares[1]


def _numbers(value: Any, name: str) -> Float64:
    """Return lists of finite numbers as an array."""
    try:
        array: NDArray[Any] = np.array(value)
    except ValueError as error:
        raise PartsError(f"{name} is {shown(value)}, expected rows of numbers") from error
    if array.dtype.kind not in "if" or not np.isfinite(array).all():
        raise PartsError(f"{name} is {shown(value)}, expected finite numbers")
    return array.astype(np.float64)


def _decode(value: Any, name: str, budget: Budget) -> Any:
    try:
        return decode_value(value, budget)
    except PartsError as error:
        raise PartsError(f"{name}: {error}") from error


def inner_network(classifier: MinCostClassifier) -> Any:
    """Return the fitted classifier inside, without a `FrozenEstimator` around it."""
    inner = classifier.estimator_
    while isinstance(inner, FrozenEstimator):
        inner = inner.estimator
    return inner
