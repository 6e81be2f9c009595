"""Labeled texts together with unlabeled texts and the probabilities that a teacher gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skcnn._arrays import Float32, Float64, Int64
from skcnn.fitting._ngram_model import NgramTable
from skcnn.fitting._training_set import TrainingSet

# How much a labeled text counts, compared with an unlabeled one. docs/design.md compares values.
_WEIGHT_OF_LABELED = 3.0
# One of so many parts of the unlabeled texts is left out to compare student and teacher.
_PARTS = 5


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


def without_labeled(unlabeled: Sequence[str], labeled: Sequence[str]) -> list[str]:
    """Return the unlabeled texts that are not among the labeled ones.

    A text that is held out for early stopping has a label. If a student learned from the same text
    without its label, but with the probabilities of a teacher that knows the label, the held-out
    texts would no longer be new to the student.
    """
    known = set(labeled)
    return [text for text in unlabeled if text not in known]


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
    weight = np.ones(n) if data.sample_weight is None else data.sample_weight
    one_hot = np.eye(len(data.classes), dtype=np.float32)[data.targets]
    return TaughtTexts(
        texts=[*data.texts, *unlabeled],
        targets=np.concatenate([one_hot, probabilities.astype(np.float32)]),
        sample_weight=np.concatenate([_WEIGHT_OF_LABELED * weight, np.ones(m)]),
        n_labeled=n,
    )


def predict_left_out(
    table: NgramTable, taught: TaughtTexts, rows: Int64, random_state: np.random.RandomState
) -> tuple[Int64, Float64]:
    """Return unlabeled texts that the n-gram model has not seen, and what it predicts for them.

    A fifth of the unlabeled texts is left out. Texts equal to these are not learned from either.
    The labeled texts would not do: the teacher knows their labels.

    Parameters
    ----------
    table : the texts of `rows`
    taught : TaughtTexts
    rows : ascending positions of the texts that the n-gram model learns from
    random_state : RandomState

    Returns
    -------
    positions in `taught`, (r,), and probabilities, (r, K); r is 0 if there are too few texts
    """
    is_unlabeled = rows >= taught.n_labeled
    different = list(dict.fromkeys(taught.texts[row] for row in rows[is_unlabeled]))
    chosen = random_state.permutation(len(different))[: len(different) // _PARTS]
    left_out = {different[number] for number in chosen}
    is_left_out = np.array([taught.texts[row] in left_out for row in rows])
    train, test = rows[~is_left_out], rows[is_left_out & is_unlabeled]
    if len(test) == 0 or len(train) == 0:
        return test[:0], np.empty((0, taught.targets.shape[1]))
    return test, table.fit_predict_proba(train, test)
