"""The losses in NumPy: value, slopes, and the way from the softmax outputs to the posterior.

Symbols, as in `_posterior.py`: q (n, K) softmax outputs, t the true class, l(t, q) the loss, C the
cost matrix with a zero diagonal, J[t, k] = d l(t, q) / d q_k, eta the posterior. The losses have
formulas for the scaled q_t J[t, k], and the equations are solved for eta_t / q_t: these numbers
stay finite as q goes to 0 and 1.

The same losses for Keras are in `skcnn/network/losses.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import TINY, Float64, finite_log
from skcnn.costs._checks import check_not_negative
from skcnn.costs._equations import is_cost_of_class, scaled_slopes, solve_equations
from skcnn.costs._matrix import class_costs

LOSS_NAMES = (
    "cross_entropy",
    "weighted",
    "misclassification",
    "hard_misclassification",
    "expected_cost",
    "focal",
)
"""Every loss by name; the formulas here and the losses for Keras are tested against this list."""


class LossFormula(ABC):
    """One loss on softmax outputs ``q`` (n, K) with costs ``C`` (K, K), whose diagonal is 0."""

    @abstractmethod
    def value(self, q: Float64, C: Float64) -> Float64:
        """Loss for each possible true class t: ``l(t, q)``, (n, K)."""

    @abstractmethod
    def scaled_jacobian(self, q: Float64, C: Float64) -> Float64:
        """``q_t * d l(t, q) / d q_k`` at [t, k], (n, K, K); finite for all q, also 0 and 1."""

    def jacobian(self, q: Float64, C: Float64) -> Float64:
        """Slopes ``d l(t, q) / d q_k`` at [t, k], for q above 0, (n, K, K)."""
        return self.scaled_jacobian(q, C) / q[:, :, None]

    @abstractmethod
    def invert(self, q: Float64, C: Float64, unit: float = 1.0) -> Float64:
        """The posterior for which training with the costs `unit * C` leads to `q`, (n, K)."""


class DiagonalFormula(LossFormula):
    """A loss that depends on q_t of the true class alone: J is diagonal, eta_t ~ 1 / J[t, t]."""

    @abstractmethod
    def slopes(self, q: Float64, C: Float64) -> Float64:
        """Steepness ``-q_t * d l(t, q) / d q_t``, (n, K)."""

    def scaled_jacobian(self, q: Float64, C: Float64) -> Float64:
        """Minus the slopes on the diagonal, 0 elsewhere, (n, K, K)."""
        return -self.slopes(q, C)[:, :, None] * np.eye(q.shape[1])

    def invert(self, q: Float64, C: Float64, unit: float = 1.0) -> Float64:
        """The posterior for which training leads to `q`, (n, K)."""
        slopes = self.slopes(q, C)
        free = self.weights(q, C) == 0
        return _share_out(q / np.maximum(slopes, TINY), q, free)

    def weights(self, q: Float64, C: Float64) -> Float64:
        """Weight of each true class, (n, K)."""
        return np.broadcast_to(class_costs(C), q.shape)


class LogFormula(DiagonalFormula):
    """A weight times ``-log q_t``."""

    def value(self, q: Float64, C: Float64) -> Float64:
        """Loss for each possible true class, (n, K)."""
        return -self.weights(q, C) * finite_log(q)

    def slopes(self, q: Float64, C: Float64) -> Float64:
        """Steepness ``-q_t * d l(t, q) / d q_t``, (n, K)."""
        return self.weights(q, C)


@dataclass(frozen=True)
class CrossEntropyFormula(LogFormula):
    """``-log q_t``; it is smallest where q is the posterior."""

    def weights(self, q: Float64, C: Float64) -> Float64:
        """One for every class, (n, K)."""
        return np.ones_like(q)


@dataclass(frozen=True)
class WeightedFormula(LogFormula):
    """``w_t * (-log q_t)``, with w from :func:`class_costs`."""


@dataclass(frozen=True)
class HardMisclassificationFormula(LogFormula):
    """``C[t, argmax q] * (-log q_t)``.

    Its slope jumps where two outputs are equal, and the expected loss is smallest exactly there.
    So very different posteriors lead to the same q, and no formula can distinguish them.
    :func:`posterior` solves the equations as if the weight C[t, argmax q] were constant. The class
    with the highest output has the weight 0 and keeps its output.
    """

    def weights(self, q: Float64, C: Float64) -> Float64:
        """Cost of the most probable class for each possible true class, (n, K)."""
        return np.asarray(C.T[q.argmax(axis=1)])


@dataclass(frozen=True)
class FocalFormula(DiagonalFormula):
    """``w_t * (1 - q_t)**gamma * (-log q_t)`` (Lin et al., 2017), w from :func:`class_costs`."""

    gamma: float = 2.0

    def __post_init__(self) -> None:
        check_not_negative("gamma", self.gamma)

    def value(self, q: Float64, C: Float64) -> Float64:
        """Loss for each possible true class, (n, K)."""
        return -self.weights(q, C) * (1.0 - q) ** self.gamma * finite_log(q)

    def slopes(self, q: Float64, C: Float64) -> Float64:
        """Steepness ``-q_t * d l(t, q) / d q_t``, (n, K)."""
        rest = np.maximum(_complement(q), TINY)  # (n, K)
        steepness: Float64 = rest - self.gamma * q * _log_on_simplex(q)
        # In this order: for gamma below 1 the power alone may overflow.
        return np.asarray(self.weights(q, C) * (rest ** (self.gamma - 1.0) * steepness))


@dataclass(frozen=True)
class MisclassificationFormula(LossFormula):
    """``(sum_j C[t, j] q_j) * (-log q_t)``."""

    def value(self, q: Float64, C: Float64) -> Float64:
        """Loss for each possible true class, (n, K)."""
        return -(q @ C.T) * finite_log(q)

    def scaled_jacobian(self, q: Float64, C: Float64) -> Float64:
        """``q_t * d l(t, q) / d q_k`` at [t, k], (n, K, K)."""
        return scaled_slopes(-q * _log_on_simplex(q), q @ C.T, C)

    def invert(self, q: Float64, C: Float64, unit: float = 1.0) -> Float64:
        """The posterior for which training leads to `q`, (n, K)."""
        if len(C) > 2:
            return self.solve(q, C)
        # The solution as a formula, as two classes are the most frequent case:
        # eta_0 / eta_1 = C_10 (q_0 / q_1 - log q_1) / (C_01 (q_1 / q_0 - log q_0))
        miss_cost = C.sum(axis=1)  # (2,)
        swapped = q - (q * _log_on_simplex(q))[:, ::-1]  # (n, 2)
        free = np.broadcast_to(miss_cost == 0, q.shape)
        return _share_out(miss_cost[::-1] * q * swapped, q, free)

    def solve(self, q: Float64, C: Float64) -> Float64:
        """The posterior by solving the equations, for any number of classes, (n, K)."""
        free = np.broadcast_to(C.sum(axis=1) == 0, q.shape)  # (n, K)
        eta = solve_equations(q, -q * _log_on_simplex(q), q @ C.T, C, free)
        return _share_out(eta, q, free)


@dataclass(frozen=True)
class ExpectedCostFormula(LossFormula):
    """``-log q_t + cost_weight * sum_j C[t, j] q_j`` (Galdran et al., 2020)."""

    cost_weight: float = 1.0

    def __post_init__(self) -> None:
        check_not_negative("cost_weight", self.cost_weight)

    def value(self, q: Float64, C: Float64) -> Float64:
        """Loss for each possible true class, (n, K)."""
        return -finite_log(q) + self.cost_weight * (q @ C.T)

    def scaled_jacobian(self, q: Float64, C: Float64) -> Float64:
        """``q_t * d l(t, q) / d q_k`` at [t, k], (n, K, K)."""
        return scaled_slopes(self.cost_weight * q, np.ones_like(q), C)

    def invert(self, q: Float64, C: Float64, unit: float = 1.0) -> Float64:
        """The posterior for which training leads to `q`, (n, K)."""
        # The costs count as unit * cost_weight * C, beside a 1. The equations are divided by this
        # factor if it is large, so that they stay finite.
        factor = unit * self.cost_weight
        own, factor = (1.0, factor) if factor <= 1 else (1.0 / factor, 1.0)
        miss_costs = class_costs(C)
        if is_cost_of_class(C, miss_costs).all():
            # Missing a class costs the same whatever is predicted instead, as for two classes:
            # sum_t eta_t C[t, k] is a constant minus eta_k w_k, so each equation has one unknown.
            parts = q / np.maximum(own + factor * miss_costs * q, TINY)
            return np.asarray(
                parts / parts.sum(axis=1, keepdims=True) * q.sum(axis=1, keepdims=True)
            )
        # No class is free: -log q_t makes the network learn classes whose errors cost nothing too.
        free = np.zeros(q.shape, dtype=bool)
        eta = solve_equations(q, factor * q, np.full_like(q, own), C, free)
        return _share_out(eta, q, free)


LOSS_FORMULAS: dict[str, type[LossFormula]] = {
    "cross_entropy": CrossEntropyFormula,
    "weighted": WeightedFormula,
    "misclassification": MisclassificationFormula,
    "hard_misclassification": HardMisclassificationFormula,
    "expected_cost": ExpectedCostFormula,
    "focal": FocalFormula,
}


def _share_out(parts: Float64, q: Float64, free: NDArray[np.bool_]) -> Float64:
    """Free classes keep their outputs; the others share the rest in proportion to `parts`.

    A class is free if its errors cost nothing, (n, K).
    """
    outputs = np.where(free, 0.0, q)  # (n, K)
    rest = outputs.sum(axis=1, keepdims=True)  # (n, 1)
    parts = np.where(free, 0.0, np.maximum(parts, 0.0))  # (n, K)
    # Where errors of all others cost nothing, the equations say nothing of a class.
    parts = np.where(parts.any(axis=1, keepdims=True), parts, outputs)
    total = parts.sum(axis=1, keepdims=True)  # (n, 1), 0 only where rest is 0
    shared = parts / np.where(total > 0, total, 1.0) * rest  # (n, K)
    return np.where(free, q, shared)


def _complement(q: Float64) -> Float64:
    """1 - q_t, for the highest output as the sum of the others: exact where q_t is nearly 1."""
    rows, highest = np.arange(len(q)), q.argmax(axis=1)
    others = q.copy()
    others[rows, highest] = 0.0
    complement = np.asarray(1.0 - q)
    complement[rows, highest] = others.sum(axis=1)
    return complement


def _log_on_simplex(q: Float64) -> Float64:
    """Logarithm of outputs that sum to 1, exact where one of them is nearly 1."""
    # log1p is used above 1/2 only: 1 - q_t has lost the digits of a small q_t.
    logarithm: Float64 = np.where(
        q > 0.5, np.log1p(-np.minimum(_complement(q), 0.5)), finite_log(q)
    )
    return logarithm
