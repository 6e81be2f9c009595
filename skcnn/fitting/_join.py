"""From single models to members and the pool that joins them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from skcnn._arrays import Float64, Int64
from skcnn.fitting._pool import Predictions, add_network, calibrated_log_loss, pool_models
from skcnn.fitting._splits import Splits
from skcnn.fitting._training_set import TrainingSet
from skcnn.predicting._members import Member, Network
from skcnn.predicting._pool import LogarithmicPool
from skcnn.text._tokenizer import Tokenization

# If the log loss of the teachers is so many times that of the n-gram model, or less, its words say
# too little to learn from them. docs/design.md has measurements.
_MUCH_LOWER = 0.8


class Trainer(Protocol):
    """Training texts in the form that one kind of model learns from."""

    def fit_predict_proba(self, train_rows: Int64, test_rows: Int64) -> Float64:
        """Learn from some rows and return probabilities of others, (len(test_rows), K)."""

    def fit(self) -> Member:
        """Learn from all rows."""


@dataclass(frozen=True, slots=True, eq=False)
class CrossFitted:
    """A model that learned from all rows, and what it predicts for rows that were left out.

    Attributes
    ----------
    member : Member
    probabilities : (n_predicted, K); see `Splits.predicted_rows`
    """

    member: Member
    probabilities: Float64


def cross_fit(trainer: Trainer, splits: Splits, n_classes: int) -> CrossFitted:
    """Let a model learn from the rows of each split, and from all rows."""
    predicted = [trainer.fit_predict_proba(train, test) for train, test in splits.pairs]
    # The fit on all rows comes last: the solver's random numbers go on from fit to fit.
    return CrossFitted(trainer.fit(), np.concatenate([np.empty((0, n_classes)), *predicted]))


def join(
    network: Network,
    ngrams: Sequence[CrossFitted],
    teachers: Sequence[CrossFitted],
    data: TrainingSet,
    splits: Splits,
    held_out_rows: Int64,
    tokenize: Tokenization,
) -> tuple[list[Member], LogarithmicPool | None]:
    """Return all members, the network first, and their pool.

    A model counts as much as its predictions deserve for rows that it did not learn from.

    Parameters
    ----------
    network : Network
    ngrams : the n-gram model, or none
    teachers : the models that know more than the training texts, or none
    data : TrainingSet
    splits : Splits
    held_out_rows : rows that the network did not learn from
    tokenize : function from texts to tokens
    """
    others = [*ngrams, *teachers]
    members: list[Member] = [network, *(other.member for other in others)]
    if not others:
        return members, None
    rows = splits.predicted_rows
    if len(rows) == 0:  # the texts are too few to compare models
        return members, LogarithmicPool.even(len(members), len(data.classes))
    pool = pool_cross_fitted(others, data, splits)
    is_held_out = np.isin(rows, held_out_rows)
    if not is_held_out.any():
        return members, add_network(pool, None, has_teachers=bool(teachers))
    held_out = rows[is_held_out]
    texts = [data.texts[row] for row in held_out]
    both = [
        network.predict_proba(texts, tokenize(texts)),
        pool([other.probabilities[is_held_out] for other in others]),
    ]
    compared = Predictions(both, *data.targets_and_weight(held_out))
    return members, add_network(pool, compared, has_teachers=bool(teachers))


def teach_little(
    teachers: Sequence[CrossFitted],
    ngrams: Sequence[CrossFitted],
    data: TrainingSet,
    splits: Splits,
) -> bool:
    """Whether the teachers know so much more than words that these could not learn it from them.

    Then students make the teachers' predictions worse. They are compared by the log loss of the
    rows that were left out, each side calibrated.
    """
    rows = splits.predicted_rows
    if len(rows) == 0 or not ngrams:
        return False
    of_teachers, of_ngrams = (
        calibrated_log_loss(
            Predictions([each.probabilities for each in models], *data.targets_and_weight(rows))
        )
        for models in (teachers, ngrams)
    )
    return of_teachers < _MUCH_LOWER * of_ngrams


def pool_cross_fitted(
    models: Sequence[CrossFitted], data: TrainingSet, splits: Splits
) -> LogarithmicPool:
    """Fit the pool of cross-fitted models; the geometric mean if no row was left out."""
    rows = splits.predicted_rows
    if len(rows) == 0:
        return LogarithmicPool.even(len(models), len(data.classes))
    probabilities = [model.probabilities for model in models]
    return pool_models(Predictions(probabilities, *data.targets_and_weight(rows)))
