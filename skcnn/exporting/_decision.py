"""Expected costs and labels as nodes of a graph: the same rules as in the room `costs`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float64, in_unit
from skcnn.costs._fixed_threshold import FixedThreshold
from skcnn.exporting._graph import Value


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """How probabilities become labels.

    Attributes
    ----------
    labels : (K,), and one more for abstentions if `abstain_cost` is given
    cost_matrix : (K, K), of the expected costs
    decision_costs : (K, K), of the decisions
    abstain_cost : in the unit of the costs, or None
    threshold : decides instead of the costs; None: the costs decide
    priors : shares (K,) of the classes in training and from now on; None: both are the same
    """

    labels: NDArray[np.generic]
    cost_matrix: Float64
    decision_costs: Float64
    abstain_cost: float | None = None
    threshold: FixedThreshold | None = None
    priors: tuple[Float64, Float64] | None = None


def expected_costs(P: Value, cost_matrix: Float64) -> Value:
    """Return the expected cost of each prediction, (n, K)."""
    matrix, unit = in_unit(cost_matrix)
    return P @ matrix * unit


def label_of(P: Value, rule: Rule) -> Value:
    """Return the label of each text, (n,)."""
    if rule.threshold is not None:
        position = _by_threshold(P, rule.threshold)
    else:
        position = _by_costs(P, rule.decision_costs, rule.abstain_cost)
    return P.graph.take(rule.labels, position)


def _by_threshold(P: Value, fixed: FixedThreshold) -> Value:
    """Do what `FixedThreshold.decide` does; positions (n,)."""
    p = P.node("Gather", np.array(fixed.position), axis=1)
    graph, position = P.graph, np.array(fixed.position)
    return graph.where(p >= fixed.threshold, position, 1 - position)


def _by_costs(P: Value, cost_matrix: Float64, abstain_cost: float | None) -> Value:
    """Do what `skcnn.decide` does; positions (n,), K where it abstains."""
    graph, n_classes = P.graph, len(cost_matrix)
    matrix, unit = in_unit(cost_matrix)
    costs = P @ matrix  # (n, K)
    tolerance = P @ np.abs(matrix) * (4 * n_classes * np.finfo(np.float64).eps)
    cheapest = costs.argmin(1)  # (n, 1)
    limit = graph.take_along(costs + tolerance, cheapest, axis=1)
    tied = costs - tolerance <= limit
    position = graph.where(tied, P, -1.0).argmax(1).without_axis(1)
    if abstain_cost is None:
        return position
    over = (costs - (tolerance + abstain_cost / unit)).min(1)  # (n,)
    return graph.where(over > 0.0, np.array(n_classes), position)
