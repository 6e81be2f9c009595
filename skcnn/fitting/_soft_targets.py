"""Labeled texts together with unlabeled texts and the probabilities that a teacher gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skcnn._arrays import Float32, Float64, Int64
from skcnn.fitting._training_set import TrainingSet

# How much a labeled text counts, compared with an unlabeled one. docs/design.md compares values.
_WEIGHT_OF_LABELED = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class TaughtTexts:
    """n labeled texts, then m unlabeled ones, all with rows of probabilities as targets.

    Attributes
    ----------
    texts : n + m texts
    targets : (n + m, K) float32; of a labeled text, 1 for its class and 0 for the others
    sample_weight : (n + m,)
    n_labeled : n
    """

    texts: list[str]
    targets: Float32
    sample_weight: Float64
    n_labeled: int

    def targets_and_weight(self, rows: Int64) -> tuple[Float32, Float64]:
        """Return targets (r, K) and weights (r,) of some rows."""
        return self.targets[rows], self.sample_weight[rows]

    @property
    def unlabeled_rows(self) -> Int64:
        """Positions of the unlabeled texts, (m,)."""
        return np.arange(self.n_labeled, len(self.texts))


def join_soft_targets(
    data: TrainingSet, unlabeled: Sequence[str], probabilities: Float64
) -> TaughtTexts:
    """Add unlabeled texts with a teacher's probabilities, (m, K), to a training set.

    The student learns from the probabilities, not from the most probable class: they say how sure
    the teacher is, and which other classes are possible [1]_.

    .. [1] G. Hinton, O. Vinyals and J. Dean (2015). Distilling the knowledge in a neural network.
       arXiv:1503.02531.
    """
    n, m = len(data.texts), len(unlabeled)
    weight = (
        np.ones(n)
        if data.sample_weight is None
        else data.sample_weight / (data.sample_weight.mean())
    )
    one_hot = np.eye(len(data.classes), dtype=np.float32)[data.targets]
    return TaughtTexts(
        texts=[*data.texts, *unlabeled],
        targets=np.concatenate([one_hot, probabilities.astype(np.float32)]),
        sample_weight=np.concatenate([_WEIGHT_OF_LABELED * weight, np.ones(m)]),
        n_labeled=n,
    )
