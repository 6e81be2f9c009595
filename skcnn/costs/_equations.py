"""Solve the equations that lead from softmax outputs to the posterior, for many classes too.

Symbols, as in `_posterior.py` and `_loss_formulas.py`: q (n, K) softmax outputs, C (K, K) costs
with a zero diagonal, S[t, k] = q_t d l(t, q) / d q_k the scaled slopes, r_t = eta_t / q_t the
unknown numbers, a the class with the highest output. The equations are ::

    sum_t r_t (S[t, k] - S[t, a]) = 0  for all k other than a,      r_a = 1.

With few classes they are solved one text after the other. That takes K^3 steps for each text. With
many classes, use that the slopes have the form S[t, k] = h_t C[t, k], S[t, t] = -g_t. Let w_t be
the mean cost of missing class t, and E[t, k] = C[t, k] - w_t for k other than t. Let
d = g + h w. Then the equations are ::

    d_k r_k = d_a + y_k - y_a,      y_k = sum_t r_t h_t E[t, k].

If all errors on a class cost the same, y is 0, and the equations are solved. If few classes have
errors of different costs, E has few rows, and y has few degrees of freedom. GMRES [1]_ solves such
equations in a few steps, for all texts at once. The result is checked: texts where it does not
solve the equations up to rounding are solved one after the other.

References
----------
.. [1] Y. Saad and M. H. Schultz (1986). GMRES: a generalized minimal residual algorithm for solving
   nonsymmetric linear systems. SIAM Journal on Scientific and Statistical Computing 7, 856-869.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float64, Int64
from skcnn._compat import one_blas_thread

# With fewer classes, solving one text after the other is as fast.
_FEW_CLASSES = 24
# Costs of one row are equal if their relative difference is below this. A mean of K costs has a
# relative error of at most K * 1.1e-16 (rounding in float64).
_ROUNDING = 1e-12
# Steps of GMRES before it starts again from its result, and how often it does. Starting again also
# removes rounding errors.
_STEPS, _STARTS = 12, 5
# The equations are solved if the two sides differ by at most this, relative to their size.
_TOLERANCE = 1e-13
# Where a number r_k is larger, the equations are nearly singular: rounding changes the solution
# more than the check of it shows. Measured on random costs, half of them 0: up to 1e7, the
# solutions of both ways differ by less than 1e-8.
_LARGEST = 1e6
# The same where a singular value is smaller than this share of the largest one.
_SMALLEST = 1e-6
_BLOCK = 2**20  # numbers in one (rows, K, K) or (rows, steps, K) array: 8 MB


def solve_equations(
    q: Float64, h: Float64, g: Float64, C: Float64, free: NDArray[np.bool_]
) -> Float64:
    """Solve the equations for n texts; the posterior up to a factor, (n, K).

    Parameters
    ----------
    q, h, g : (n, K), see above
    C : (K, K)
    free : (n, K), classes that are in no equation
    """
    if len(C) < _FEW_CLASSES:
        return _one_by_one(q, h, g, C, free)
    eta, solved = np.empty_like(q), np.zeros(len(q), bool)
    costs = _Costs.of(C)
    with np.errstate(all="ignore"):  # what is not finite is not solved
        for rows in _blocks(len(q), len(C) * (_STEPS + 1)):
            eta[rows], solved[rows] = _all_at_once(q[rows], h[rows], g[rows], costs, free[rows])
    if not solved.all():
        rest = ~solved
        eta[rest] = _one_by_one(q[rest], h[rest], g[rest], C, free[rest])
    return eta


def scaled_slopes(h: Float64, g: Float64, C: Float64) -> Float64:
    """Return S, (n, K, K)."""
    slopes = h[:, :, None] * C
    diagonal = np.arange(len(C))
    slopes[:, diagonal, diagonal] = -g
    return slopes


def is_cost_of_class(C: Float64, mean_costs: Float64) -> NDArray[np.bool_]:
    """Return whether the cost of missing each class is the same for all predictions, (K,)."""
    of_rows = mean_costs[:, None] * (1.0 - np.eye(len(C)))
    return np.asarray((np.abs(C - of_rows) <= _ROUNDING * of_rows).all(axis=1))


def _blocks(n: int, numbers_per_row: int) -> list[slice]:
    size = max(1, _BLOCK // numbers_per_row)
    return [slice(begin, begin + size) for begin in range(0, n, size)]


def _one_by_one(q: Float64, h: Float64, g: Float64, C: Float64, free: NDArray[np.bool_]) -> Float64:
    """Solve a K x K system for each text, (n, K)."""
    with one_blas_thread:  # with more threads, small systems take longer
        parts = [
            _solve(q[rows], scaled_slopes(h[rows], g[rows], C), free[rows])
            for rows in _blocks(len(q), len(C) ** 2)
        ]
    return np.concatenate(parts) if parts else q


@dataclass(frozen=True, slots=True, eq=False)
class _Costs:
    """What the equations need of C, see above.

    Attributes
    ----------
    means : (K,), w
    uneven : (p,), classes with errors of different costs
    E : (p, K), their rows of E
    """

    means: Float64
    uneven: Int64
    E: Float64

    @classmethod
    def of(cls, C: Float64) -> _Costs:
        means = C.sum(axis=1) / (len(C) - 1)
        uneven = np.flatnonzero(~is_cost_of_class(C, means))
        E = C[uneven] - means[uneven, None]
        E[np.arange(len(uneven)), uneven] = 0.0
        return cls(means, uneven, E)


@dataclass(frozen=True, slots=True, eq=False)
class _Equations:
    """The equations as r = G r + b, with r_a = 0 in r and its part in b.

    Attributes
    ----------
    inverse : (n, K), 1 / d; 0 for a and for classes that are in no equation
    h : (n, K)
    highest : (n,), the class a
    costs : _Costs
    """

    inverse: Float64
    h: Float64
    highest: Int64
    costs: _Costs

    def image(self, r: Float64) -> Float64:
        """Return G r, (n, K)."""
        y = (r * self.h)[:, self.costs.uneven] @ self.costs.E  # (n, p) @ (p, K)
        rows = np.arange(len(y))
        return self.inverse * (y - y[rows, self.highest][:, None])

    def residual(self, r: Float64, b: Float64) -> Float64:
        """Return b - (r - G r), (n, K)."""
        return b - r + self.image(r)


def _all_at_once(
    q: Float64, h: Float64, g: Float64, costs: _Costs, free: NDArray[np.bool_]
) -> tuple[Float64, NDArray[np.bool_]]:
    """Solve by GMRES; the solution (n, K) and which texts are solved (n,)."""
    rows = np.arange(len(q))
    highest = np.where(free, -1.0, q).argmax(axis=1)  # (n,)
    d = g + h * costs.means  # (n, K); 0 where a class is in no equation
    inverse = np.where(d > 0, 1 / np.where(d > 0, d, 1.0), 0.0)
    inverse[rows, highest] = 0.0
    only_a = np.zeros_like(q)
    only_a[rows, highest] = 1.0
    equations = _Equations(inverse, h, highest, costs)
    b = inverse * d[rows, highest][:, None] + equations.image(only_a)
    r, solved = _gmres(equations, b)
    solved &= np.maximum(np.abs(b), np.abs(r)).max(axis=1) <= _LARGEST
    r[rows, highest] = 1.0
    return q * r, solved


def _gmres(equations: _Equations, b: Float64) -> tuple[Float64, NDArray[np.bool_]]:
    """Solve r = G r + b for each of n texts; r (n, K) and which texts are solved (n,)."""
    r, regular = b.copy(), np.ones(len(b), bool)
    for _ in range(_STARTS):
        residual = equations.residual(r, b)
        size = np.abs(b).max(axis=1) + np.abs(r).max(axis=1)
        solved = regular & (np.abs(residual).max(axis=1) <= _TOLERANCE * size)
        if (solved | ~regular).all():
            break
        correction, is_regular = _correction(equations, residual)
        r, regular = r + correction, regular & is_regular
    return r, solved


def _correction(equations: _Equations, residual: Float64) -> tuple[Float64, NDArray[np.bool_]]:
    """Return the vectors of the Krylov space that leave the smallest residuals, (n, K).

    Also return for which texts the equations are far from singular in this space, (n,).
    """
    n = len(residual)
    basis = np.zeros((_STEPS + 1, *residual.shape))
    H = np.zeros((n, _STEPS + 1, _STEPS))
    length = np.linalg.norm(residual, axis=1)  # (n,)
    basis[0] = residual / np.where(length > 0, length, 1.0)[:, None]
    for j in range(_STEPS):
        new = basis[j] - equations.image(basis[j])
        before = np.linalg.norm(new, axis=1)
        for _ in range(2):  # the second time removes what rounding left
            shares = np.einsum("jnk,nk->nj", basis[: j + 1], new)
            new -= np.einsum("nj,jnk->nk", shares, basis[: j + 1])
            H[:, : j + 1, j] += shares
        left = np.linalg.norm(new, axis=1)
        left[left <= 1e-14 * before] = 0.0  # the space is complete
        H[:, j + 1, j] = left
        if not left.any():
            break
        basis[j + 1] = new / np.where(left > 0, left, 1.0)[:, None]
        basis[j + 1, left == 0] = 0.0
    finite = np.isfinite(H).all(axis=(1, 2))
    H[~finite] = 0.0
    weights, regular = _least_squares(H)
    correction: Float64 = np.einsum("nj,jnk->nk", weights * length[:, None], basis[:-1])
    return correction, regular & finite


def _least_squares(H: Float64) -> tuple[Float64, NDArray[np.bool_]]:
    """Minimize |H y - (1, 0, ..., 0)|; y (n, steps), and whether H is far from singular (n,).

    Columns of zeros, at the end, get a zero in y.
    """
    U, s, Vt = np.linalg.svd(H, full_matrices=False)  # (n, steps + 1, steps), (n, steps), ...
    rank = np.abs(H).any(axis=1).sum(axis=1)  # (n,)
    used = np.arange(s.shape[1]) < rank[:, None]
    regular = (~used | (s >= _SMALLEST * s[:, :1])).all(axis=1)
    inverse = np.where(used & (s > 0), 1 / np.where(s > 0, s, 1.0), 0.0)
    return np.einsum("nij,ni->nj", Vt, U[:, 0] * inverse), regular


def _solve(q: Float64, scaled: Float64, free: NDArray[np.bool_]) -> Float64:
    """Solve sum_t eta_t (J[t, k] - J[t, a]) = 0 for all k, up to a factor, (n, K).

    a is the class with the highest output. Its eta is fixed at q_a, which leaves one equation for
    each other class. (Solving J^T eta = 1 instead fails where the common slope is 0, as for
    three classes with equal costs and equal outputs.)
    """
    n, n_classes = q.shape
    rows, diagonal = np.arange(n), np.arange(n_classes)
    highest = np.where(free, -1.0, q).argmax(axis=1)  # (n,)
    slopes = scaled - scaled[rows, :, highest][:, :, None]  # (n, K, K)
    target = -slopes[rows, highest]  # (n, K)
    is_highest = diagonal == highest[:, None]  # (n, K)
    slopes[np.broadcast_to(is_highest[:, None, :], slopes.shape)] = 0.0
    size = np.abs(slopes).max(axis=2)  # (n, K)
    # Without slopes a class is in no equation: it is free, or its output is 0 and so is its eta.
    dropped = is_highest | (size == 0)  # (n, K)
    size[dropped] = 1.0
    slopes /= size[:, :, None]
    slopes[dropped[:, :, None] | dropped[:, None, :]] = 0.0
    slopes[:, diagonal, diagonal] += dropped
    target[dropped] = 0.0
    ratio = _solve_each(slopes.swapaxes(1, 2), target)  # (n, K): eta_t / q_t * size_t
    eta: Float64 = q * ratio / size
    eta[rows, highest] = q[rows, highest]
    return eta


def _solve_each(A: Float64, b: Float64) -> Float64:
    """Solve A[i] x[i] = b[i]; where A[i] is singular, by least squares with the shortest x."""
    try:
        return np.asarray(np.linalg.solve(A, b[:, :, None])[:, :, 0], dtype=np.float64)
    except np.linalg.LinAlgError:
        if len(A) == 1:
            return np.asarray((np.linalg.pinv(A) @ b[:, :, None])[:, :, 0], dtype=np.float64)
    # The result for a text must not depend on the other texts.
    return np.concatenate([_solve_each(A[i : i + 1], b[i : i + 1]) for i in range(len(A))])
