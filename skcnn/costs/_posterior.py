"""From a network's scores back to the posterior, whatever loss trained it.

Let q be the scores of one text (they sum to 1), t the true class, l(t, q) the loss, and eta the
true posterior. Training moves q to where the expected loss sum_t eta_t l(t, q) is smallest with
the scores summing to 1, that is (Lagrange) to where its slope is the same in every q_k:

    sum_t eta_t J[t, k] = constant over k,      J[t, k] = d l(t, q) / d q_k.

This is linear in eta: one K x K solve for each text gives the posterior back.

For numbers that stay finite as scores go to 0 and 1, the losses below supply the scaled
q_t J[t, k], and the unknowns are eta_t / q_t.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn.costs._checks import check_not_negative, check_probabilities
from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix, class_costs, excess_costs

_TINY = np.finfo(np.float64).tiny
_BLOCK = 2**21  # numbers in one (rows, K, K) array: 16 MB


def posterior(
    scores: ArrayLike, loss: str, cost_matrix: CostMatrixLike, **params: float
) -> NDArray[np.float64]:
    """Estimate P(class | text) from the softmax outputs of a network trained with `loss`.

    Parameters
    ----------
    scores : array-like of shape (n_samples, K)
        Softmax outputs. A single sigmoid output s is ``[1 - s, s]``.
    loss : str
        A name in :data:`LOSSES`.
    cost_matrix : array-like of shape (K, K), None or dict
        The matrix that the loss used, from :func:`loss_cost_matrix`; or any form of
        :func:`check_cost_matrix` for the classes 0 .. K-1, except "balanced". Its scale matters for
        "expected_cost" only.
    **params : float
        Parameters of the loss: ``cost_weight`` of "expected_cost", ``gamma`` of "focal".

    Returns
    -------
    ndarray of shape (n_samples, K), dtype float64
        Rows sum to 1. For "cross_entropy" the scores themselves, bit for bit. Scores that no
        posterior can lead to (possible before training has converged, for three classes or
        more) give the solution with its negative entries set to 0. A class whose errors cost
        nothing leaves no trace in the scores: it keeps its score, and the others share the rest.

    Raises
    ------
    TypeError
        If the loss has no such parameter.
    ValueError
        If `loss` is unknown, a row of `scores` is no distribution, a parameter is negative or not
        finite, or the costs are refused.

    Examples
    --------
    Trained with a miss of class 1 at five times a false alarm, a network says 0.5 where class 1
    has a probability of 1/6; decisions by expected cost need the latter:

    >>> from skcnn.costs import decide, posterior
    >>> costs = [[0, 1], [5, 0]]
    >>> posterior([[0.5, 0.5]], "weighted", costs).round(3)
    array([[0.833, 0.167]])
    >>> decide([[0.6, 0.4]], costs), decide(posterior([[0.6, 0.4]], "weighted", costs), costs)
    (array([1]), array([0]))
    """
    if loss not in LOSSES:
        raise ValueError(f"loss is {loss!r}; expected one of {sorted(LOSSES)}.")
    rule = LOSSES[loss](**params)
    q = check_probabilities(scores, "scores")  # (n, K)
    return turned_back(q, rule, check_cost_matrix(cost_matrix, range(q.shape[1])))


def turned_back(
    q: NDArray[np.float64], rule: CostLoss, cost_matrix: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Turn scores into the posterior, (n, K) -> (n, K), where all has been checked."""
    if isinstance(rule, CrossEntropy):
        return q
    costs = excess_costs(cost_matrix)
    rows = max(1, _BLOCK // q.shape[1] ** 2)
    blocks = [q[start : start + rows] for start in range(0, len(q), rows)]
    parts = [rule.invert(block / block.sum(axis=1, keepdims=True), costs) for block in blocks]
    return np.concatenate(parts) if parts else q


class CostLoss(ABC):
    """One loss on softmax scores ``q`` (n, K) under costs ``C`` (K, K) with a zero diagonal."""

    @abstractmethod
    def value(self, q: NDArray[np.float64], C: NDArray[np.float64]) -> NDArray[np.float64]:
        """Loss for each possible truth t: ``l(t, q)``, (n, K)."""

    @abstractmethod
    def scaled_jacobian(
        self, q: NDArray[np.float64], C: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Finite for all scores, 0 and 1 too: ``q_t * d l(t, q) / d q_k`` at [t, k], (n, K, K)."""

    def jacobian(self, q: NDArray[np.float64], C: NDArray[np.float64]) -> NDArray[np.float64]:
        """Slopes ``d l(t, q) / d q_k`` at [t, k], for scores above 0, (n, K, K)."""
        return self.scaled_jacobian(q, C) / q[:, :, None]

    def invert(self, q: NDArray[np.float64], C: NDArray[np.float64]) -> NDArray[np.float64]:
        """Posterior under which training leads to the scores `q`, (n, K)."""
        free = np.broadcast_to(C.sum(axis=1) == 0, q.shape)  # (n, K)
        return _share(_solve(q, self.scaled_jacobian(q, C), free), q, free)


class DiagonalLoss(CostLoss):
    """A loss that depends on the true class's score alone: J is diagonal, eta_t ~ 1 / J[t, t]."""

    @abstractmethod
    def slopes(self, q: NDArray[np.float64], C: NDArray[np.float64]) -> NDArray[np.float64]:
        """Steepness ``-q_t * d l(t, q) / d q_t``, (n, K)."""

    def scaled_jacobian(
        self, q: NDArray[np.float64], C: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Minus the slopes on the diagonal, 0 elsewhere, (n, K, K)."""
        return -self.slopes(q, C)[:, :, None] * np.eye(q.shape[1])

    def invert(self, q: NDArray[np.float64], C: NDArray[np.float64]) -> NDArray[np.float64]:
        """Posterior under which training leads to the scores `q`, (n, K)."""
        slopes = self.slopes(q, C)
        free = self.weights(q, C) == 0
        return _share(q / np.maximum(slopes, _TINY), q, free)

    def weights(self, q: NDArray[np.float64], C: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weight of each true class, (n, K)."""
        return np.broadcast_to(class_costs(C), q.shape)


class LogLoss(DiagonalLoss):
    """A weight times ``-log q_t``."""

    def value(self, q: NDArray[np.float64], C: NDArray[np.float64]) -> NDArray[np.float64]:
        """Loss for each possible truth, (n, K)."""
        return -self.weights(q, C) * _log(q)

    def slopes(self, q: NDArray[np.float64], C: NDArray[np.float64]) -> NDArray[np.float64]:
        """Steepness ``-q_t * d l(t, q) / d q_t``, (n, K)."""
        return self.weights(q, C)


@dataclass(frozen=True)
class CrossEntropy(LogLoss):
    """``-log q_t``; its minimiser is the posterior itself."""

    def weights(self, q: NDArray[np.float64], C: NDArray[np.float64]) -> NDArray[np.float64]:
        """One for every class, (n, K)."""
        return np.ones_like(q)


@dataclass(frozen=True)
class Weighted(LogLoss):
    """``w_t * (-log q_t)``, with w from :func:`class_costs`."""


@dataclass(frozen=True)
class HardMisclassification(LogLoss):
    """``C[t, argmax q] * (-log q_t)``.

    Its slope jumps where two scores tie, and that is where its minimisers lie: texts with very
    different posteriors end at the same scores, and no formula tells them apart again. What
    :func:`posterior` gives is the solution within the piece in which q lies, where C[t, argmax q]
    is a constant weight: the winner, of weight 0, keeps its score.
    """

    def weights(self, q: NDArray[np.float64], C: NDArray[np.float64]) -> NDArray[np.float64]:
        """Cost of the present answer for each possible truth, (n, K)."""
        return np.asarray(C.T[q.argmax(axis=1)])


@dataclass(frozen=True)
class Focal(DiagonalLoss):
    """``w_t * (1 - q_t)**gamma * (-log q_t)`` (Lin et al., 2017), w from :func:`class_costs`."""

    gamma: float = 2.0

    def __post_init__(self) -> None:
        check_not_negative("gamma", self.gamma)

    def value(self, q: NDArray[np.float64], C: NDArray[np.float64]) -> NDArray[np.float64]:
        """Loss for each possible truth, (n, K)."""
        return -self.weights(q, C) * (1.0 - q) ** self.gamma * _log(q)

    def slopes(self, q: NDArray[np.float64], C: NDArray[np.float64]) -> NDArray[np.float64]:
        """Steepness ``-q_t * d l(t, q) / d q_t``, (n, K)."""
        rest = np.maximum(_complement(q), _TINY)  # (n, K)
        steepness: NDArray[np.float64] = rest - self.gamma * q * _log_on_simplex(q)
        return np.asarray(self.weights(q, C) * rest ** (self.gamma - 1.0) * steepness)


@dataclass(frozen=True)
class Misclassification(CostLoss):
    """``(sum_j C[t, j] q_j) * (-log q_t)``."""

    def value(self, q: NDArray[np.float64], C: NDArray[np.float64]) -> NDArray[np.float64]:
        """Loss for each possible truth, (n, K)."""
        return -(q @ C.T) * _log(q)

    def scaled_jacobian(
        self, q: NDArray[np.float64], C: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Finite ``q_t * d l(t, q) / d q_k`` at [t, k], (n, K, K)."""
        entropy = -q * _log_on_simplex(q)  # (n, K)
        scaled = entropy[:, :, None] * C  # (n, K, K)
        diagonal = np.arange(len(C))
        scaled[:, diagonal, diagonal] = -(q @ C.T)
        return scaled

    def invert(self, q: NDArray[np.float64], C: NDArray[np.float64]) -> NDArray[np.float64]:
        """Posterior under which training leads to the scores `q`, (n, K)."""
        if len(C) > 2:
            return super().invert(q, C)
        # The same solution written out, as two classes are the common case:
        # eta_0 / eta_1 = C_10 (q_0 / q_1 - log q_1) / (C_01 (q_1 / q_0 - log q_0))
        miss_cost = C.sum(axis=1)  # (2,)
        swapped = q - (q * _log_on_simplex(q))[:, ::-1]  # (n, 2)
        free = np.broadcast_to(miss_cost == 0, q.shape)
        return _share(miss_cost[::-1] * q * swapped, q, free)


@dataclass(frozen=True)
class ExpectedCost(CostLoss):
    """``-log q_t + cost_weight * sum_j C[t, j] q_j`` (Galdran et al., 2020)."""

    cost_weight: float = 1.0

    def __post_init__(self) -> None:
        check_not_negative("cost_weight", self.cost_weight)

    def value(self, q: NDArray[np.float64], C: NDArray[np.float64]) -> NDArray[np.float64]:
        """Loss for each possible truth, (n, K)."""
        return -_log(q) + self.cost_weight * (q @ C.T)

    def scaled_jacobian(
        self, q: NDArray[np.float64], C: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Finite ``q_t * d l(t, q) / d q_k`` at [t, k], (n, K, K)."""
        return self.cost_weight * q[:, :, None] * C - np.eye(len(C))

    def invert(self, q: NDArray[np.float64], C: NDArray[np.float64]) -> NDArray[np.float64]:
        """Posterior under which training leads to the scores `q`, (n, K)."""
        miss_costs = class_costs(C)
        of_rows = miss_costs[:, None] * (1.0 - np.eye(len(C)))
        if (np.abs(C - of_rows) <= 1e-12 * of_rows).all():
            # Two classes, or a class costs the same whatever is answered in its place: then
            # sum_t eta_t C[t, k] is a constant less eta_k w_k, and the equations come apart.
            parts = q / (1.0 + self.cost_weight * miss_costs * q)
            return np.asarray(
                parts / parts.sum(axis=1, keepdims=True) * q.sum(axis=1, keepdims=True)
            )
        free = np.zeros(q.shape, dtype=bool)  # the log term teaches classes without costs too
        return _share(_solve(q, self.scaled_jacobian(q, C), free), q, free)


LOSSES: dict[str, type[CostLoss]] = {
    "cross_entropy": CrossEntropy,
    "weighted": Weighted,
    "misclassification": Misclassification,
    "hard_misclassification": HardMisclassification,
    "expected_cost": ExpectedCost,
    "focal": Focal,
}
"""The losses by name, each with its value, its slopes and the way back to the posterior."""


def _share(
    parts: NDArray[np.float64], q: NDArray[np.float64], free: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Free classes keep their scores; the others share the rest in proportion to `parts`."""
    parts = np.where(free, 0.0, np.maximum(parts, 0.0))  # (n, K)
    rest = np.where(free, 0.0, q).sum(axis=1, keepdims=True)  # (n, 1)
    total = parts.sum(axis=1, keepdims=True)  # (n, 1), 0 only where rest is
    shared = parts / np.where(total > 0, total, 1.0) * rest  # (n, K)
    return np.where(free, q, shared)


def _solve(
    q: NDArray[np.float64], scaled: NDArray[np.float64], free: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Solve sum_t eta_t (J[t, k] - J[t, a]) = 0 for all k, up to a factor, (n, K).

    a is the class with the highest score; its eta is held at q_a, which leaves one equation for
    each other class. (Solving J^T eta = 1 instead breaks down where the common slope is 0, as
    for three classes between equal costs and equal scores.)
    """
    n, n_classes = q.shape
    rows, diagonal = np.arange(n), np.arange(n_classes)
    winner = np.where(free, -1.0, q).argmax(axis=1)  # (n,)
    slopes = scaled - scaled[rows, :, winner][:, :, None]  # (n, K, K)
    target = -slopes[rows, winner]  # (n, K)
    is_winner = diagonal == winner[:, None]  # (n, K)
    slopes[np.broadcast_to(is_winner[:, None, :], slopes.shape)] = 0.0
    size = np.abs(slopes).max(axis=2)  # (n, K)
    # A class without slopes has no say: it is free, or its score is 0 and so is its eta.
    dropped = is_winner | (size == 0)  # (n, K)
    size[dropped] = 1.0
    slopes /= size[:, :, None]
    slopes[dropped[:, :, None] | dropped[:, None, :]] = 0.0
    slopes[:, diagonal, diagonal] += dropped
    target[dropped] = 0.0
    ratio = _solve_each(slopes.swapaxes(1, 2), target)  # (n, K): eta_t / q_t * size_t
    eta: NDArray[np.float64] = q * ratio / size
    eta[rows, winner] = q[rows, winner]
    return eta


def _solve_each(A: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve A[i] x[i] = b[i]; where some A[i] is singular, take the shortest best solution."""
    columns = b[:, :, None]  # (n, K, 1)
    try:
        return np.asarray(np.linalg.solve(A, columns)[:, :, 0], dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.asarray((np.linalg.pinv(A) @ columns)[:, :, 0], dtype=np.float64)


def _log(q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm that stays finite at 0."""
    logarithm: NDArray[np.float64] = np.log(np.maximum(q, _TINY))
    return logarithm


def _complement(q: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 - q_t, for the highest score as the sum of the others: exact where q_t is nearly 1."""
    rows, winner = np.arange(len(q)), q.argmax(axis=1)
    others = q.copy()
    others[rows, winner] = 0.0
    complement = np.asarray(1.0 - q)
    complement[rows, winner] = others.sum(axis=1)
    return complement


def _log_on_simplex(q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of scores that sum to 1, exact where one of them is nearly 1."""
    # log1p is for numbers above 1/2 only: 1 - q_t has lost the digits of a small q_t.
    logarithm: NDArray[np.float64] = np.where(
        q > 0.5, np.log1p(-np.minimum(_complement(q), 0.5)), _log(q)
    )
    return logarithm
