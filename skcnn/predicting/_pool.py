"""One probability from those of several models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skcnn._arrays import Float64, softmax

# Lower probabilities are raised to this. With a probability of 0, one model would decide alone.
LOWEST_PROBABILITY = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class LogarithmicPool:
    """The logarithmic opinion pool of M models, P(k) ~ f_k * prod_m P_m(k) ** a_m [1]_.

    Attributes
    ----------
    exponents : (M,), a_m
    log_factors : (K,), log f_k

    References
    ----------
    .. [1] C. Genest and J. V. Zidek (1986). Combining probability distributions: a critique and
       an annotated bibliography. Statistical Science 1, 114-135.
    """

    exponents: Float64
    log_factors: Float64

    @classmethod
    def even(cls, n_models: int, n_classes: int) -> LogarithmicPool:
        """Return the pool that is the geometric mean of the probabilities."""
        return cls(np.full(n_models, 1 / n_models), np.zeros(n_classes))

    def without_ignored(self) -> tuple[LogarithmicPool, list[int]]:
        """Return the pool of the models whose exponent is not 0, and their numbers.

        It gives the same probabilities. If all exponents are 0, one model remains.
        """
        numbers = np.flatnonzero(self.exponents).tolist() or [0]
        return LogarithmicPool(self.exponents[numbers], self.log_factors), numbers

    def __call__(self, probabilities: Sequence[Float64]) -> Float64:
        """Pool the probabilities of each model, M times (n, K) -> (n, K)."""
        logs = [log_probabilities(P) for P in probabilities]
        return pool_logs(logs, self.exponents, self.log_factors)


def log_probabilities(probabilities: Float64) -> Float64:
    """Logarithm that stays finite at 0, (n, K) -> (n, K)."""
    logs: Float64 = np.log(np.maximum(probabilities, LOWEST_PROBABILITY))
    return logs


def pool_logs(logs: Sequence[Float64], exponents: Float64, log_factors: Float64) -> Float64:
    """Pool logarithms of probabilities, M times (n, K) -> (n, K)."""
    weighted = sum(a * log for a, log in zip(exponents, logs, strict=True))
    return softmax(weighted + log_factors)
