"""What members predicted for texts before they learned from them: the data of the pool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skcnn._arrays import Float32, Float64, Int32
from skcnn.fitting._pool import Predictions, add_network, pool_models
from skcnn.predicting._pool import LogarithmicPool

# Enough rows for the few numbers of a pool. Older predictions come from weaker models.
_MAX_ROWS = 2000


@dataclass(frozen=True, slots=True, eq=False)
class RecentPredictions:
    """The last predictions of M members for texts that they had not learned from, n rows.

    Attributes
    ----------
    probabilities : (M, n, K), the network first; NaN where the network had learned from the text
    targets : (n,) positions of the true classes
    weight : (n,)
    """

    probabilities: Float32
    targets: Int32
    weight: Float64

    def add(
        self, probabilities: Sequence[Float64], targets: Int32, weight: Float64
    ) -> RecentPredictions:
        """Return at most 2,000 rows, the latest ones."""
        both = np.concatenate([self.probabilities, np.array(probabilities, np.float32)], axis=1)
        return RecentPredictions(
            both[:, -_MAX_ROWS:],
            np.concatenate([self.targets, targets])[-_MAX_ROWS:],
            np.concatenate([self.weight, weight])[-_MAX_ROWS:],
        )

    def pool(self, *, has_teachers: bool) -> LogarithmicPool | None:
        """Fit the pool as `fit` does; None if there is only one member."""
        n_members, n_rows, n_classes = self.probabilities.shape
        if n_members == 1:
            return None
        if n_rows == 0:
            return LogarithmicPool.even(n_members, n_classes)
        network, *others = self.probabilities.astype(np.float64)
        pool = pool_models(Predictions(others, self.targets, self.weight))
        rows = np.isfinite(network[:, 0])
        if not rows.any():
            return add_network(pool, None, has_teachers=has_teachers)
        both = [network[rows], pool([each[rows] for each in others])]
        compared = Predictions(both, self.targets[rows], self.weight[rows])
        return add_network(pool, compared, has_teachers=has_teachers)
