"""One probability from those of two models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_TINY = 1e-9
# How far the exponents go from one half each, and the factors of the classes from one, is held
# back as if by a few texts: what to go by is a tenth of the training texts.
_PENALTY_OF_EXPONENTS, _PENALTY_OF_FACTORS = 3.0, 0.6


@dataclass(frozen=True, slots=True, eq=False)
class LogarithmicPool:
    """The logarithmic opinion pool of two models, P(k) ~ f_k A(k)^a B(k)^b [1]_.

    Attributes
    ----------
    exponents : (2,), a and b
    log_factors : (K,), log f_k

    References
    ----------
    .. [1] C. Genest and J. V. Zidek (1986). Combining probability distributions: a critique and
       an annotated bibliography. Statistical Science 1, 114-135.
    """

    exponents: Floats
    log_factors: Floats

    @classmethod
    def even(cls, n_classes: int) -> LogarithmicPool:
        """Their geometric mean."""
        return cls(np.full(2, 0.5), np.zeros(n_classes))

    @classmethod
    def fit(
        cls,
        first: Floats,
        second: Floats,
        labels: NDArray[np.int32],
        sample_weight: Floats | None = None,
    ) -> LogarithmicPool:
        """Choose exponents and factors by the log loss of rows that no model learnt from.

        Parameters
        ----------
        first, second : (n, K) probabilities
        labels : (n,) positions of the true classes
        sample_weight : (n,), default=None
            A few heavy rows count as few: the weights add up to (sum w)^2 / sum w^2, Kish's
            effective number of rows.
        """
        from scipy.optimize import minimize

        logs = _log(first), _log(second)
        weight = np.ones(len(labels)) if sample_weight is None else sample_weight
        weight = weight / weight.max()  # their squares would overflow or vanish otherwise
        weight = weight * weight.sum() / (weight @ weight)
        rows = np.arange(len(labels))

        def objective(parameters: Floats) -> tuple[float, Floats]:
            exponents, factors = parameters[:2], parameters[2:]
            P = _softmax(exponents[0] * logs[0] + exponents[1] * logs[1] + factors)  # (n, K)
            apart = exponents - 0.5
            loss = -weight @ np.log(np.maximum(P[rows, labels], _TINY))
            loss += _PENALTY_OF_EXPONENTS * apart @ apart
            loss += _PENALTY_OF_FACTORS * factors @ factors
            P[rows, labels] -= 1
            slope = P * weight[:, np.newaxis]
            by_exponent = np.array([(log * slope).sum() for log in logs])
            by_exponent += 2 * _PENALTY_OF_EXPONENTS * apart
            by_factor = slope.sum(axis=0) + 2 * _PENALTY_OF_FACTORS * factors
            return float(loss), np.concatenate([by_exponent, by_factor])

        n_classes = first.shape[1]
        start = np.concatenate([np.full(2, 0.5), np.zeros(n_classes)])
        # A model may be ignored, but never believed the other way round.
        bounds = [(0, None)] * 2 + [(None, None)] * n_classes
        found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds).x
        return cls(found[:2], found[2:])

    def __call__(self, first: Floats, second: Floats) -> Floats:
        """Pool probabilities, (n, K) and (n, K) -> (n, K)."""
        a, b = self.exponents
        return _softmax(a * _log(first) + b * _log(second) + self.log_factors)


def _log(probabilities: Floats) -> Floats:
    logs: Floats = np.log(np.maximum(probabilities, _TINY))
    return logs


def _softmax(logits: Floats) -> Floats:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    softmax: Floats = exponentials / exponentials.sum(axis=1, keepdims=True)
    return softmax
