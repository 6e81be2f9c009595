"""Logistic regression on one part of the rows after the other, without keeping any rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float64

# The fit stops if a step lowers the objective by less than this share of it.
_TOLERANCE = 1e-6


def fit_next_part(
    matrix: Any, is_positive: NDArray[Any], weight: Float64, mean: Float64, precision: Float64
) -> tuple[Float64, Float64]:
    """Update the coefficients of a logistic regression by new rows.

    What earlier rows say about each coefficient is kept as a normal distribution: its mean, and
    its precision, the inverse of the variance. With z the log-odds, t the targets, w the weights,
    m the means and q the precisions, the new coefficients v minimize

        sum_i w_i (log(1 + exp(z_i)) - t_i z_i) + sum_j q_j (v_j - m_j)^2 / 2.

    With p the new probabilities, the new rows add sum_i w_i x_ij^2 p_i (1 - p_i) to the precision
    of coefficient j. This is the Laplace approximation with a diagonal matrix [1]_. Coefficients
    of n-grams that the rows lack do not change.

    .. [1] O. Chapelle and L. Li (2011). An empirical evaluation of Thompson sampling. NIPS,
       algorithm 3.

    Parameters
    ----------
    matrix : csr_array of shape (n, m)
    is_positive : (n,)
    weight : (n,)
    mean, precision : (m + 1,), the last ones of the intercept

    Returns
    -------
    coefficients (m + 1,), and what is added to the precisions (m + 1,)
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    z_before = matrix @ mean[:-1] + mean[-1]
    scale = 1 / np.sqrt(precision)

    def log_odds(step: Float64) -> Float64:
        change = step * scale
        z: Float64 = z_before + (matrix @ change[:-1] + change[-1])
        return z

    def objective(step: Float64) -> tuple[float, Float64]:
        z = log_odds(step)
        loss = weight @ (np.logaddexp(0, z) - is_positive * z)
        slope = weight * (expit(z) - is_positive)
        gradient = np.append(matrix.T @ slope, slope.sum()) * scale + step
        return float(loss + step @ step / 2), gradient

    options = {"ftol": _TOLERANCE, "gtol": 0}
    start = np.zeros(len(mean))
    step = minimize(objective, start, jac=True, method="L-BFGS-B", options=options).x
    P = expit(log_odds(step))
    curvature = weight * P * (1 - P)
    added = np.append(matrix.power(2).T @ curvature, curvature.sum())
    return mean + step * scale, added
