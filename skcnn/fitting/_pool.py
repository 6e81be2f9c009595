"""How much each member of a fitted model counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skcnn._arrays import Float64, Int32
from skcnn.predicting._pool import (
    LOWEST_PROBABILITY,
    LogarithmicPool,
    log_probabilities,
    pool_logs,
)

# The objective is a sum over rows, so a penalty can be compared with a number of rows. Only a tenth
# of the training texts is held out. If these are few, the penalties keep the exponents near 1/M and
# the log factors near 0. Chosen by the normalized cost on the splits that docs/design.md names.
_PENALTY_OF_EXPONENTS, _PENALTY_OF_FACTORS = 3.0, 0.6


def fit_pool(
    probabilities: Sequence[Float64], targets: Int32, sample_weight: Float64 | None = None
) -> LogarithmicPool:
    """Fit exponents and factors to rows that no model learned from, by their log loss.

    The objective, with P the pooled probabilities, a the exponents, f the factors, t the true
    class and M the number of models:

        -sum_i w_i log P_i(t_i) + 3 sum_m (a_m - 1/M)^2 + 0.6 sum_k (log f_k)^2

    Its gradient, with 1_ik = 1 where k = t_i:

        d / d a_m     = sum_ik w_i (P_i(k) - 1_ik) log P_im(k) + 6 (a_m - 1/M)
        d / d log f_k = sum_i w_i (P_i(k) - 1_ik) + 1.2 log f_k

    Parameters
    ----------
    probabilities : M times (n, K), of each model
    targets : (n,) positions of the true classes
    sample_weight : (n,), default=None
        The weights are scaled to add up to Kish's effective number of rows,
        (sum w)^2 / sum w^2, so that a few heavy rows count as few.
    """
    from scipy.optimize import minimize

    logs = [log_probabilities(P) for P in probabilities]
    weight = _effective_weights(sample_weight, len(targets))
    rows = np.arange(len(targets))
    n_models, n_classes = len(logs), logs[0].shape[1]
    even = np.full(n_models, 1 / n_models)

    def objective(parameters: Float64) -> tuple[float, Float64]:
        exponents, factors = parameters[:n_models], parameters[n_models:]
        P = pool_logs(logs, exponents, factors)  # (n, K)
        apart = exponents - even
        loss = -weight @ np.log(np.maximum(P[rows, targets], LOWEST_PROBABILITY))
        loss += _PENALTY_OF_EXPONENTS * apart @ apart
        loss += _PENALTY_OF_FACTORS * factors @ factors
        P[rows, targets] -= 1
        slope = P * weight[:, np.newaxis]
        by_exponent = np.array([(log * slope).sum() for log in logs])
        by_exponent += 2 * _PENALTY_OF_EXPONENTS * apart
        by_factor = slope.sum(axis=0) + 2 * _PENALTY_OF_FACTORS * factors
        return float(loss), np.concatenate([by_exponent, by_factor])

    start = np.concatenate([even, np.zeros(n_classes)])
    # An exponent of 0 ignores a model. A negative exponent would reverse its probabilities.
    bounds = [(0, None)] * n_models + [(None, None)] * n_classes
    found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return LogarithmicPool(found[:n_models], found[n_models:])


def _effective_weights(sample_weight: Float64 | None, n: int) -> Float64:
    weight = np.ones(n) if sample_weight is None else sample_weight
    weight = weight / weight.max()  # else the squares could overflow or vanish
    scaled: Float64 = weight * weight.sum() / (weight @ weight)
    return scaled
