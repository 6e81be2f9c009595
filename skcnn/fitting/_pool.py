"""How much each member of a fitted model counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skcnn._arrays import Float32, Float64, Int32
from skcnn.predicting._pool import (
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
# The network: only a tenth of the rows is held out from it. If these are few, it counts as little
# as this says, unless it helps much. It has less to add to models that know more than the texts.
_SHARE_OF_NETWORK, _PENALTY_OF_NETWORK = 0.3, 100.0
_PENALTY_OF_NETWORK_WITH_TEACHERS = 30.0
# After a fit with unlabeled texts: the network next to the n-gram model; and how much of its
# exponent a kept teacher still has.
_SHARE_OF_STUDENT_NETWORK, _KEPT_OF_TEACHERS = 0.3, 0.7
# An n-gram model whose exponent is lower says next to nothing.
_LOWEST_EXPONENT = 0.1
# Penalty of the log factors for each unit of the penalty of the exponents.
_FACTORS_TO_EXPONENTS = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What M models predict for n rows that they did not learn from.

    Attributes
    ----------
    probabilities : M times (n, K), of each model
    targets : (n,) positions of the true classes, or (n, K) probabilities that a teacher gives
    sample_weight : (n,) or None
    """

    probabilities: Sequence[Float64]
    targets: Int32 | Float32
    sample_weight: Float64 | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TeacherOpinion:
    """What a teacher that is kept predicts for n unlabeled texts.

    Attributes
    ----------
    probabilities : (n, K)
    exponent : in the pool of all models that gave the texts their targets
    """

    probabilities: Float64
    exponent: float


def pool_models(predictions: Predictions) -> LogarithmicPool:
    """Fit the pool of models that all predict the same rows, the network not among them."""
    n_models = len(predictions.probabilities)
    start = np.full(n_models, 1 / n_models)
    return fit_pool(predictions, start, _PENALTY_OF_MODELS)


def calibrated_log_loss(predictions: Predictions) -> float:
    """Return the mean log loss of models that are pooled as `pool_models` does it."""
    P = pool_models(predictions)(predictions.probabilities)
    of_truth = log_probabilities(P)[np.arange(len(P)), predictions.targets]
    return float(-np.average(of_truth, weights=predictions.sample_weight))


def add_network(
    pool: LogarithmicPool, held_out: Predictions | None, *, has_teachers: bool
) -> LogarithmicPool:
    """Return the pool of the network and of the models that are pooled already.

    Parameters
    ----------
    pool : LogarithmicPool of M models
    held_out : Predictions of the network and of `pool` for the rows that the network did not learn
        from, or None without such rows
    has_teachers : whether the pool has models that know more than the training texts

    Returns
    -------
    LogarithmicPool of M + 1 models, the network first
    """
    share = np.array([_SHARE_OF_NETWORK, 1 - _SHARE_OF_NETWORK])
    network = LogarithmicPool.even(1, len(pool.log_factors))
    if held_out is None:
        return combine([network, pool], share)
    if has_teachers:
        both = fit_pool(held_out, np.array([0.0, 1.0]), _PENALTY_OF_NETWORK_WITH_TEACHERS)
    else:
        both = fit_pool(held_out, share, _PENALTY_OF_NETWORK)
    joined = combine([network, pool], both.exponents)
    return LogarithmicPool(joined.exponents, joined.log_factors + both.log_factors)


def pool_students(students: Predictions, teachers: Sequence[TeacherOpinion]) -> LogarithmicPool:
    """Return the pool of the network, the n-gram model and the teachers that are kept, in order.

    The labeled texts cannot say how much the students count: the teachers know the labels, and
    have taught them. So the n-gram model's exponent and the factors come from unlabeled texts that
    it has not seen: with the teachers' exponents given, all models together should be as sure as
    the teachers were. The network has 0.3 of the students' part.

    Parameters
    ----------
    students : what the n-gram model predicts for unlabeled texts that it has not seen, and what the
        teachers together gave these texts
    teachers : those that are kept, and what each predicts for the same texts
    """
    one, share = np.ones(1), _SHARE_OF_STUDENT_NETWORK
    alone = fit_pool(students, one, _PENALTY_OF_MODELS)
    if not teachers:
        network = LogarithmicPool.even(1, len(alone.log_factors))
        return combine([network, alone], np.array([share, 1 - share]))
    exponents = np.array([_KEPT_OF_TEACHERS * each.exponent for each in teachers])
    of_teachers = sum(
        a * log_probabilities(each.probabilities)
        for a, each in zip(exponents, teachers, strict=True)
    )
    beside = fit_pool(students, one, _PENALTY_OF_MODELS, np.asarray(of_teachers))
    of_ngrams = beside.exponents[0]
    of_network = share * of_ngrams / max(alone.exponents[0], _LOWEST_EXPONENT)
    return LogarithmicPool(
        np.concatenate([[of_network, (1 - share) * of_ngrams], exponents]), beside.log_factors
    )


def pool_without_ngrams(teachers: LogarithmicPool) -> LogarithmicPool:
    """Return the pool of the network and of a calibrated pool of the teachers that are kept."""
    network = LogarithmicPool.even(1, len(teachers.log_factors))
    return combine([network, teachers], np.array([1 - _KEPT_OF_TEACHERS, _KEPT_OF_TEACHERS]))


def combine(pools: Sequence[LogarithmicPool], exponents: Float64) -> LogarithmicPool:
    """Return a pool of pools as one pool of all their models."""
    return LogarithmicPool(
        np.concatenate([a * pool.exponents for a, pool in zip(exponents, pools, strict=True)]),
        np.sum([a * pool.log_factors for a, pool in zip(exponents, pools, strict=True)], axis=0),
    )


def fit_pool(
    predictions: Predictions, start: Float64, penalty: float, offset: Float64 | float = 0.0
) -> LogarithmicPool:
    """Fit exponents and factors by the log loss of the pooled probabilities.

    The objective, with P the pooled probabilities, a the exponents, s their start, f the factors, t
    the targets (1 for the true class and 0 for the others, or probabilities) and c the penalty:

        -sum_ik w_i t_ik log P_i(k) + c sum_m (a_m - s_m)^2 + 0.2 c sum_k (log f_k)^2

    Its gradient:

        d / d a_m     = sum_ik w_i (P_i(k) - t_ik) log P_im(k) + 2 c (a_m - s_m)
        d / d log f_k = sum_i w_i (P_i(k) - t_ik) + 0.4 c log f_k

    The weights w are scaled to add up to Kish's effective number of rows, (sum w)^2 / sum w^2, so
    that a few heavy rows count as few.

    Parameters
    ----------
    predictions : Predictions of M models
    start : (M,), to which the penalty draws the exponents
    penalty : float, 0 or more
    offset : (n, K), default=0.0
        Is added to the logarithms of the pooled models: what other models say, whose exponents are
        given.
    """
    from scipy.optimize import minimize

    targets = predictions.targets
    logs = [log_probabilities(P) for P in predictions.probabilities]
    weight = _effective_weights(predictions.sample_weight, len(targets))
    n_models, n_classes = len(logs), logs[0].shape[1]
    truth = np.eye(n_classes)[targets] if targets.ndim == 1 else targets  # (n, K)

    def objective(parameters: Float64) -> tuple[float, Float64]:
        exponents, factors = parameters[:n_models], parameters[n_models:]
        P = pool_logs(logs, exponents, factors + offset)  # (n, K)
        apart = exponents - start
        loss = -weight @ (truth * log_probabilities(P)).sum(axis=1)
        loss += penalty * (apart @ apart + _FACTORS_TO_EXPONENTS * factors @ factors)
        slope = (P - truth) * weight[:, np.newaxis]
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
