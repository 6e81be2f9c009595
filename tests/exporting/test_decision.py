"""Labels and expected costs of given probabilities, as a graph and in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from skcnn._arrays import Float64
from skcnn.costs._decision import decide, expected_costs
from skcnn.costs._fixed_threshold import FixedThreshold
from skcnn.exporting import _decision
from skcnn.exporting._decision import Rule, label_of
from skcnn.exporting._graph import Graph

COSTS: dict[str, Any] = {
    "equal": 1 - np.eye(3),
    "thirds": np.array([[0, 1, 1], [1, 0, 1], [2, 2, 0]]) / 3,
    "gains": np.array([[-1.0, 2, 3], [0, -2, 4], [7, 1, 0]]),
    "huge": (1 - np.eye(3)) * 1.7e308,
    "tiny": (1 - np.eye(3)) * 1e-300,
}


def probabilities() -> Float64:
    """Return random ones, and some for which two or three predictions cost the same."""
    random = np.random.RandomState(0)
    tied = [[i, j, n - i - j] for n in (7, 30) for i in range(n) for j in range(n - i)]
    several = np.concatenate([tied, random.dirichlet(np.ones(3), 300), np.eye(3)])
    return several / several.sum(axis=1, keepdims=True)


def labels_by_graph(P: Float64, rule: Rule) -> NDArray[Any]:
    graph = Graph()
    given = graph.input("P", np.float64, ("n", P.shape[1]))
    graph.output("label", label_of(given, rule), ("n",))
    session = onnxruntime.InferenceSession(graph.to_model().SerializeToString())
    labels: NDArray[Any] = session.run(None, {"P": P})[0]
    return labels


@pytest.mark.parametrize("abstain_cost", [None, 0.3])
@pytest.mark.parametrize("name", COSTS)
def test_the_graph_decides_as_decide_does(name: str, abstain_cost: float | None) -> None:
    P, costs, labels = probabilities(), COSTS[name], np.array([4, 5, 6, -1])
    if abstain_cost is not None:
        abstain_cost *= float(np.abs(costs).max())
    rule = Rule(labels, costs, costs, abstain_cost)
    expected = decide(P, costs, labels[:3], abstain_cost=abstain_cost)
    assert labels_by_graph(P, rule).tolist() == expected.tolist()


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 1.0, np.inf])
def test_a_threshold_decides_also_where_it_is_reached_exactly(
    threshold: float, position: int
) -> None:
    p = np.array([0, 0.25, 0.3, 0.5, 0.7, 1])
    P, fixed = np.column_stack([1 - p, p]), FixedThreshold(threshold, position)
    rule = Rule(np.array(["a", "b"], object), 1 - np.eye(2), 1 - np.eye(2), threshold=fixed)
    expected = fixed.decide(P, np.array(["a", "b"]), None)
    assert labels_by_graph(P, rule).tolist() == expected.tolist()


@pytest.mark.parametrize("name", [name for name in COSTS if name != "huge"])
def test_expected_costs_are_those_of_skcnn(name: str) -> None:
    P, graph = probabilities(), Graph()
    given = graph.input("P", np.float64, ("n", 3))
    graph.output("costs", _decision.expected_costs(given, COSTS[name]), ("n", 3))
    session = onnxruntime.InferenceSession(graph.to_model().SerializeToString())
    found = session.run(None, {"P": P})[0]
    np.testing.assert_allclose(found, expected_costs(P, COSTS[name]), rtol=1e-12)
