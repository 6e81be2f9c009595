"""Solve the equations that lead from softmax outputs to the posterior, as nodes of a graph.

The same equations as in `skcnn/costs/_equations.py`, with the same names: one system of K equations
for each text, for any number of classes. ONNX has no operator that solves systems, so a loop
eliminates one column after the other (Gauss-Jordan elimination with pivots).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float64
from skcnn.exporting._graph import Graph, Value


def solve_equations(q: Value, h: Value, g: Value, C: Float64, free: NDArray[np.bool_]) -> Value:
    """Return the posterior up to a factor, (n, K).

    Parameters
    ----------
    q, h, g : (n, K) float64
    C : (K, K)
    free : (K,), classes that are in no equation
    """
    graph, n_classes = q.graph, len(C)
    diagonal = np.eye(n_classes)
    highest = graph.where(graph.constant(free), -1.0, q).argmax(1)  # (n, 1)
    is_highest = highest.equals(np.arange(n_classes))  # (n, K)
    scaled = h.new_axis(2) * (C * (1 - diagonal)) - g.new_axis(2) * diagonal  # (n, K, K)
    chosen = is_highest.astype(np.float64)
    slopes = scaled - scaled @ chosen.new_axis(2)
    target = -(chosen.new_axis(1) @ slopes).without_axis(1)  # (n, K)
    slopes = graph.where(is_highest.new_axis(1), 0.0, slopes)
    size = slopes.node("Abs").max(2)  # (n, K)
    dropped = is_highest | size.equals(0.0)
    size = graph.where(dropped, 1.0, size)
    is_out = dropped.new_axis(2) | dropped.new_axis(1)
    slopes = graph.where(is_out, 0.0, slopes / size.new_axis(2))
    slopes = slopes + dropped.astype(np.float64).new_axis(2) * diagonal
    target = graph.where(dropped, 0.0, target)
    ratio = _solved(slopes.transpose(0, 2, 1), target, n_classes)
    return graph.where(is_highest, q, q * ratio / size)


def _solved(A: Value, b: Value, n_classes: int) -> Value:
    """Return x with A x = b for each text, (n, K, K) and (n, K) -> (n, K)."""
    graph = A.graph
    b = b.new_axis(2)
    # Columns: those of A; b; 1 where a row has no pivot yet, else 0; which column the row solves.
    state = graph.concat([A, b, b * 0.0 + 1.0, b * 0.0 - 1.0], 2)

    def eliminated(number: Value, state: Value) -> Value:
        return _eliminated(number, state, n_classes)

    state = graph.loop(n_classes, state, eliminated)
    values, solves = (state.node("Gather", np.array(n_classes + i), axis=2) for i in (0, 2))
    # x_k is the value of the row that solves column k.
    is_solved_by = solves.new_axis(1).equals(np.arange(n_classes, dtype=np.float64)[:, None])
    return (is_solved_by.astype(np.float64) @ values.new_axis(2)).without_axis(2)


def _eliminated(number: Value, state: Value, n_classes: int) -> Value:
    """Eliminate one column from all rows but one that has no pivot yet; (n, K, K + 3)."""
    graph: Graph = number.graph
    column = graph.take(state, number, axis=2)  # (n, K)
    is_free = graph.take(state, graph.constant(np.array(n_classes + 1)), axis=2) > 0.0
    pivot = graph.where(is_free, column.node("Abs"), -1.0).argmax(1)  # (n, 1)
    is_pivot = pivot.equals(np.arange(n_classes))  # (n, K)
    chosen = is_pivot.astype(np.float64)
    numbers = graph.take(state, graph.constant(np.arange(n_classes + 1)), axis=2)
    divisor = (column * chosen).sum(1, keepdims=True)  # (n, 1)
    divisor = graph.where(divisor.equals(0.0), 1.0, divisor)
    row = chosen.new_axis(1) @ numbers / divisor.new_axis(2)  # (n, 1, K + 1)
    numbers = numbers - (column - chosen).new_axis(2) * row
    solves = graph.take(state, graph.constant(np.array(n_classes + 2)), axis=2)
    solves = graph.where(is_pivot, number.astype(np.float64), solves)
    left = (is_free & ~is_pivot).astype(np.float64)
    return graph.concat([numbers, left.new_axis(2), solves.new_axis(2)], 2)
