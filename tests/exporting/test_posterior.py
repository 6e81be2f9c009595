"""The correction for each loss, as a graph and in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import onnxruntime
import pytest

from skcnn._arrays import Float64
from skcnn.costs._posterior import PosteriorRule
from skcnn.exporting._graph import Graph
from skcnn.exporting._posterior import posterior_of, reweighted

PARAMETERS: dict[str, list[dict[str, float]]] = {
    "cross_entropy": [{}],
    "weighted": [{}],
    "misclassification": [{}],
    "hard_misclassification": [{}],
    "expected_cost": [{}, {"cost_weight": 30.0}, {"cost_weight": 0.0}],
    "focal": [{}, {"gamma": 0.0}, {"gamma": 0.5}],
}
CASES = [(loss, each) for loss, parameters in PARAMETERS.items() for each in parameters]

# The classes whose errors cost nothing, by kind of costs.
FREE: dict[str, Callable[[int], Iterable[int]]] = {
    "of classes": lambda n_classes: [],
    "uneven": lambda n_classes: [],
    "the first class is free": lambda n_classes: [0],
    "the last class is free": lambda n_classes: [n_classes - 1],
    "all but the first are free": lambda n_classes: range(1, n_classes),
    "all but the last are free": lambda n_classes: range(n_classes - 1),
    "all are free": range,
}


def outputs_of_networks(n_classes: int) -> Float64:
    """Draw softmax outputs: usual ones, and some that are nearly or exactly 0 or 1."""
    random = np.random.RandomState(n_classes)
    usual = random.dirichlet(np.ones(n_classes), 200)
    sharp = random.dirichlet(np.full(n_classes, 0.02), 200)
    certain = np.eye(n_classes)
    equal = np.full((1, n_classes), 1 / n_classes)
    some = usual * (random.random_sample(usual.shape) < 0.5)
    some = some[some.any(axis=1)]  # some outputs are exactly 0
    some /= some.sum(axis=1, keepdims=True)
    return np.concatenate([usual, sharp, certain, equal, some])


def costs_of(kind: str, n_classes: int) -> Float64:
    random = np.random.RandomState(7)
    if kind == "of classes":
        costs = np.repeat(random.uniform(1, 9, (n_classes, 1)), n_classes, axis=1)
    else:
        costs = random.uniform(0.5, 9, (n_classes, n_classes))
    np.fill_diagonal(costs, 0)
    for position in FREE[kind](n_classes):
        costs[position] = 0
    return costs


def run(graph: Graph, q: Float64) -> Float64:
    model = graph.to_model().SerializeToString()
    result: Float64 = onnxruntime.InferenceSession(model).run(None, {"q": q})[0]
    return result


@pytest.mark.parametrize(("loss", "parameters"), CASES, ids=str)
@pytest.mark.parametrize("n_classes", [2, 3, 7, 30])
@pytest.mark.parametrize("kind", FREE)
def test_the_graph_does_what_the_rule_does(
    loss: str, parameters: dict[str, float], n_classes: int, kind: str
) -> None:
    rule = PosteriorRule(loss, costs_of(kind, n_classes), parameters)
    q, graph = outputs_of_networks(n_classes), Graph()
    given = graph.input("q", np.float64, ("n", n_classes))
    graph.output("P", posterior_of(rule, given), ("n", n_classes))
    P = run(graph, q)
    np.testing.assert_allclose(P, rule(q), rtol=0, atol=1e-9)
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=0, atol=1e-9)


def test_other_shares_of_the_classes() -> None:
    q, graph = outputs_of_networks(3), Graph()
    given: Any = graph.input("q", np.float64, ("n", 3))
    old, new = np.array([0.2, 0.3, 0.5]), np.array([0.6, 0.3, 0.1])
    graph.output("P", reweighted(given, old, new), ("n", 3))
    expected = q * new / old
    np.testing.assert_allclose(
        run(graph, q), expected / expected.sum(axis=1, keepdims=True), rtol=0, atol=1e-12
    )
