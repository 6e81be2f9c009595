"""How much each member of a fitted model counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skcnn._arrays import Float64, Int32
from skcnn.predicting._pool import (
    LOWEST_PROBABILITY,
    LogarithmicPool,
    log_probabilities,
    pool_logs,
)

# The objective of `fit_pool` is a sum over rows, so a penalty can be compared with a number of
# rows. All constants here were chosen by the normalized cost: see docs/design.md.
#
# The other models: their predictions are for many rows, so the penalty only keeps the solution
# finite where the models separate the classes.
_PENALTY_OF_MODELS = 0.1
# The network: only a tenth of the rows is held out from it. If these are few, the exponents stay
# near these, of the network and of the other models together. So it counts only if it helps.
_START_OF_NETWORK = 0.1
_PENALTY_OF_NETWORK = 30.0
# Penalty of the log factors for each unit of the penalty of the exponents.
_FACTORS_TO_EXPONENTS = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What M models predict for n rows that they did not learn from.

    Attributes
    ----------
    probabilities : M times (n, K), of each model
    targets : (n,) positions of the true classes
    sample_weight : (n,) or None
    """

    probabilities: Sequence[Float64]
    targets: Int32
    sample_weight: Float64 | None = None


def pool_models(predictions: Predictions) -> LogarithmicPool:
    """Fit the pool of models that all predict the same rows, the network not among them."""
    n_models = len(predictions.probabilities)
    start = np.full(n_models, 1 / n_models)
    return fit_pool(predictions, start, _PENALTY_OF_MODELS)


def add_network(pool: LogarithmicPool, held_out: Predictions | None) -> LogarithmicPool:
    """Return the pool of the network and of the models that are pooled already.

    Parameters
    ----------
    pool : LogarithmicPool of M models
    held_out : Predictions of the network and of `pool` for the rows that the network did not learn
        from, or None without such rows

    Returns
    -------
    LogarithmicPool of M + 1 models, the network first
    """
    start = np.array([_START_OF_NETWORK, 1 - _START_OF_NETWORK])
    both = LogarithmicPool(start, np.zeros(len(pool.log_factors)))
    if held_out is not None:
        both = fit_pool(held_out, start, _PENALTY_OF_NETWORK)
    of_network, of_pool = both.exponents
    return LogarithmicPool(
        np.concatenate([[of_network], of_pool * pool.exponents]),
        of_pool * pool.log_factors + both.log_factors,
    )


def fit_pool(predictions: Predictions, start: Float64, penalty: float) -> LogarithmicPool:
    """Fit exponents and factors by the log loss of the pooled probabilities.

    The objective, with P the pooled probabilities, a the exponents, s their start, f the factors, t
    the true class and c the penalty:

        -sum_i w_i log P_i(t_i) + c sum_m (a_m - s_m)^2 + 0.2 c sum_k (log f_k)^2

    Its gradient, with 1_ik = 1 where k = t_i:

        d / d a_m     = sum_ik w_i (P_i(k) - 1_ik) log P_im(k) + 2 c (a_m - s_m)
        d / d log f_k = sum_i w_i (P_i(k) - 1_ik) + 0.4 c log f_k

    The weights w are scaled to add up to Kish's effective number of rows, (sum w)^2 / sum w^2, so
    that a few heavy rows count as few.

    Parameters
    ----------
    predictions : Predictions of M models
    start : (M,), to which the penalty draws the exponents
    penalty : float, 0 or more
    """
    from scipy.optimize import minimize

    targets = predictions.targets
    logs = [log_probabilities(P) for P in predictions.probabilities]
    weight = _effective_weights(predictions.sample_weight, len(targets))
    rows = np.arange(len(targets))
    n_models, n_classes = len(logs), logs[0].shape[1]

    def objective(parameters: Float64) -> tuple[float, Float64]:
        exponents, factors = parameters[:n_models], parameters[n_models:]
        P = pool_logs(logs, exponents, factors)  # (n, K)
        apart = exponents - start
        loss = -weight @ np.log(np.maximum(P[rows, targets], LOWEST_PROBABILITY))
        loss += penalty * (apart @ apart + _FACTORS_TO_EXPONENTS * factors @ factors)
        P[rows, targets] -= 1
        slope = P * weight[:, np.newaxis]
        by_exponent = np.array([(log * slope).sum() for log in logs]) + 2 * penalty * apart
        by_factor = slope.sum(axis=0) + 2 * penalty * _FACTORS_TO_EXPONENTS * factors
        return float(loss), np.concatenate([by_exponent, by_factor])

    # An exponent of 0 ignores a model. A negative exponent would reverse its probabilities.
    bounds = [(0, None)] * n_models + [(None, None)] * n_classes
    first = np.concatenate([start, np.zeros(n_classes)])
    found = minimize(objective, first, jac=True, method="L-BFGS-B", bounds=bounds).x
    return LogarithmicPool(found[:n_models], found[n_models:])


def _effective_weights(sample_weight: Float64 | None, n: int) -> Float64:
    weight = np.ones(n) if sample_weight is None else sample_weight
    weight = weight / weight.max()  # else the squares could overflow or vanish
    scaled: Float64 = weight * weight.sum() / (weight @ weight)
    return scaled
