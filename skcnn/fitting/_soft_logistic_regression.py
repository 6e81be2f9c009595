"""Logistic regression on soft targets: each row has a probability instead of a class."""

from __future__ import annotations

from typing import Any

import numpy as np

from skcnn._arrays import Float32, Float64

# The fit stops if a step lowers the objective by less than this share of it. Measured on 8,000
# sentences on adverse drug events: the probabilities of 2,000 others are 0.0006 from those of an
# exact solution on average. It is 0.0007 for the tolerance of liblinear in `_ngram_model.py`.
_TOLERANCE = 1e-6


def fit_soft_logistic_regression(
    matrix: Any,
    targets: Float32 | Float64,
    weight: Float64,
    inverse_penalty: float,
    tolerance: float = _TOLERANCE,
) -> tuple[Float64, Float64]:
    """Fit one logistic regression for each column of `targets`.

    With z the log-odds, t the targets, w the weights, and v the coefficients and the intercept
    together, the objective of a column is

        sum_i w_i (t_i log(1 + exp(-z_i)) + (1 - t_i) log(1 + exp(z_i))) + |v|^2 / (2 C).

    liblinear minimizes the same for targets of 0 and 1. Its penalty too includes the intercept.

    Parameters
    ----------
    matrix : sparse array of shape (n, m)
        Products with it are computed in its dtype.
    targets : (n, n_columns), from 0 to 1
    weight : (n,)
    inverse_penalty : C
    tolerance : share of the objective

    Returns
    -------
    coef (m, n_columns), intercept (n_columns,)
    """
    solutions = [
        _fit_column(matrix, column.astype(np.float64), weight, inverse_penalty, tolerance)
        for column in targets.T
    ]
    coef_and_intercept = np.stack(solutions, axis=1)  # (m + 1, n_columns)
    return coef_and_intercept[:-1], coef_and_intercept[-1]


def _fit_column(
    matrix: Any, targets: Float64, weight: Float64, inverse_penalty: float, tolerance: float
) -> Float64:
    """Coefficients and intercept of one column, (m + 1,)."""
    from scipy.optimize import minimize
    from scipy.special import expit

    def objective(parameters: Float64) -> tuple[float, Float64]:
        z = matrix @ parameters[:-1].astype(matrix.dtype) + parameters[-1]  # (n,)
        # t log(1 + exp(-z)) + (1 - t) log(1 + exp(z)) = log(1 + exp(z)) - t z
        loss = weight @ (np.logaddexp(0, z) - targets * z)
        slope = weight * (expit(z) - targets)  # (n,)
        by_coef = matrix.T @ slope.astype(matrix.dtype)  # (m,)
        gradient = np.append(by_coef, slope.sum()) + parameters / inverse_penalty
        return loss + parameters @ parameters / (2 * inverse_penalty), gradient

    start = np.zeros(matrix.shape[1] + 1)
    # gtol is an absolute limit, which would depend on the number of rows.
    options = {"ftol": tolerance, "gtol": 0}
    found: Float64 = minimize(objective, start, jac=True, method="L-BFGS-B", options=options).x
    return found
