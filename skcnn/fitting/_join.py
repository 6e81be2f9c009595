"""From single models to members and the pool that joins them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from skcnn._arrays import Float64, Int64
from skcnn.fitting._pool import Predictions, add_network, pool_models
from skcnn.fitting._splits import Splits
from skcnn.fitting._training_set import TrainingSet
from skcnn.predicting._members import Member, Network
from skcnn.predicting._pool import LogarithmicPool
from skcnn.text._tokenizer import Tokenization


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
    others: Sequence[CrossFitted],
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
    others : the other models
    data : TrainingSet
    splits : Splits
    held_out_rows : rows that the network did not learn from
    tokenize : function from texts to tokens
    """
    members: list[Member] = [network, *(other.member for other in others)]
    if not others:
        return members, None
    rows = splits.predicted_rows
    if len(rows) == 0:  # the texts are too few to compare models
        return members, LogarithmicPool.even(len(members), len(data.classes))
    probabilities = [other.probabilities for other in others]
    pool = pool_models(Predictions(probabilities, *data.targets_and_weight(rows)))
    is_held_out = np.isin(rows, held_out_rows)
    if not is_held_out.any():
        return members, add_network(pool, None)
    held_out = rows[is_held_out]
    texts = [data.texts[row] for row in held_out]
    both = [
        network.predict_proba(texts, tokenize(texts)),
        pool([P[is_held_out] for P in probabilities]),
    ]
    return members, add_network(pool, Predictions(both, *data.targets_and_weight(held_out)))
