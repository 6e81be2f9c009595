"""From softmax outputs to P(class | text) as nodes of a graph.

The same formulas as in `skcnn/costs/_loss_formulas.py`, with the same names: q (n, K) softmax
outputs, C (K, K) costs with a zero diagonal. All numbers are float64.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import TINY, Float64
from skcnn.costs._equations import is_cost_of_class
from skcnn.costs._loss_formulas import LOSS_FORMULAS
from skcnn.costs._matrix import class_costs, scaled_excess
from skcnn.costs._posterior import PosteriorRule
from skcnn.exporting._equations import solve_equations
from skcnn.exporting._graph import Value


def posterior_of(rule: PosteriorRule, softmax: Value) -> Value:
    """Add the rule to a graph; P(class | text), (n, K)."""
    if rule.loss == "cross_entropy":
        return softmax
    C, unit = scaled_excess(rule.costs)
    q = softmax / softmax.sum(1, keepdims=True)
    if rule.loss == "expected_cost":
        return _of_expected_cost(q, C, unit * _parameter(rule, "cost_weight"))
    if rule.loss == "misclassification":
        return _of_misclassification(q, C)
    if rule.loss == "hard_misclassification":
        return _of_hard_misclassification(q, C)
    weights = class_costs(C)
    free = weights == 0  # (K,)
    if rule.loss == "weighted":
        return _share_out(q / np.maximum(weights, TINY), q, free)
    return _share_out(q / _focal_slopes(q, weights, _parameter(rule, "gamma")), q, free)


def _parameter(rule: PosteriorRule, name: str) -> float:
    parameters: Mapping[str, float] = vars(LOSS_FORMULAS[rule.loss](**rule.parameters))
    return float(parameters[name])


def _of_expected_cost(q: Value, C: Float64, factor: float) -> Value:
    own, factor = (1.0, factor) if factor <= 1 else (1.0 / factor, 1.0)
    miss_costs = class_costs(C)
    if is_cost_of_class(C, miss_costs).all():
        parts = q / (q * (factor * miss_costs) + own).maximum(TINY)
        return parts / parts.sum(1, keepdims=True)
    free = np.zeros(len(C), bool)
    return _share_out(solve_equations(q, q * factor, q * 0.0 + own, C, free), q, free)


def _of_misclassification(q: Value, C: Float64) -> Value:
    log_q = q.maximum(TINY).log()
    miss_cost = C.sum(axis=1)  # (K,)
    free = miss_cost == 0
    if len(C) == 2:
        swapped = q - (q * log_q).node("Gather", np.array([1, 0]), axis=1)
        return _share_out(swapped * q * miss_cost[::-1].copy(), q, free)
    eta = solve_equations(q, -q * log_q, q @ C.T.copy(), C, free)
    return _share_out(eta, q, free)


def _of_hard_misclassification(q: Value, C: Float64) -> Value:
    weights = q.graph.take(C.T.copy(), q.argmax(1).without_axis(1))  # (n, K)
    return _share_out(q / weights.maximum(TINY), q, weights <= 0.0)


def _focal_slopes(q: Value, weights: Float64, gamma: float) -> Value:
    rest = _complement(q).maximum(TINY)  # (n, K)
    steepness = rest - q * q.maximum(TINY).log() * gamma
    return (rest ** (gamma - 1.0) * steepness * weights).maximum(TINY)


def _share_out(parts: Value, q: Value, free: Value | NDArray[np.bool_]) -> Value:
    """Free classes, (n, K) or (K,), keep their outputs; the others share the rest."""
    graph = q.graph
    is_free = graph.constant(free)
    outputs = graph.where(is_free, 0.0, q)  # (n, K)
    rest = outputs.sum(1, keepdims=True)  # (n, 1)
    parts = graph.where(is_free, 0.0, parts.maximum(0.0))
    # Where errors of all others cost nothing, the equations say nothing of a class.
    parts = graph.where(parts.max(1, keepdims=True) > 0.0, parts, outputs)
    total = parts.sum(1, keepdims=True)  # (n, 1), 0 only where rest is 0
    shared = parts / graph.where(total > 0.0, total, 1.0) * rest
    return graph.where(is_free, q, shared)


def _complement(q: Value) -> Value:
    """1 - q_t, for the highest output as the sum of the others."""
    n_classes = q.size(1)
    is_highest = q.graph.arange(n_classes).equals(q.argmax(1))  # (K,), (n, 1) -> (n, K)
    others = q.graph.where(is_highest, 0.0, q).sum(1, keepdims=True)
    return q.graph.where(is_highest, others, 1.0 - q)


def reweighted(P: Value, old: Float64, new: Float64) -> Value:
    """Do what `skcnn.costs.change_prior` does with old and new shares, (n, K)."""
    weighted = P * (new / old)
    return weighted / weighted.sum(1, keepdims=True)
