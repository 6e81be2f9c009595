"""From single models to members and the pool that joins them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

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


class Joined(NamedTuple):
    """All members of a model.

    Attributes
    ----------
    members : the network first
    pool : how their probabilities are joined; None if there is only one member
    held_out : rows that the network did not learn from, (m,), and P(class | text) of all members
        together, (m, K), none of which learned from the text. None if there are no such rows.
    """

    members: list[Member]
    pool: LogarithmicPool | None
    held_out: tuple[Int64, Float64] | None


def cross_fit(
    trainer: Trainer,
    splits: Splits,
    n_classes: int,
    on_fit: Callable[[int, int], None] = lambda n_done, n: None,
) -> CrossFitted:
    """Let a model learn from the rows of each split, and from all rows.

    `on_fit` is called after each fit, with the numbers of fits that are done and of all.
    """
    predicted, n_fits = [np.empty((0, n_classes))], len(splits.pairs) + 1
    for number, (train, test) in enumerate(splits.pairs, 1):
        predicted.append(trainer.fit_predict_proba(train, test))
        on_fit(number, n_fits)
    # The fit on all rows comes last: the solver's random numbers go on from fit to fit.
    member = trainer.fit()
    on_fit(n_fits, n_fits)
    return CrossFitted(member, np.concatenate(predicted))


def join(
    network: Network,
    ngrams: Sequence[CrossFitted],
    teachers: Sequence[CrossFitted],
    data: TrainingSet,
    splits: Splits,
    held_out_rows: Int64,
    tokenize: Tokenization,
) -> Joined:
    """Return all members, the network first, their pool, and what they say of held-out texts.

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

    def by_network(rows: Int64) -> Float64:
        texts = [data.texts[row] for row in rows]
        return network.predict_proba(texts, tokenize(texts))

    if not others:
        held_out = (held_out_rows, by_network(held_out_rows)) if len(held_out_rows) else None
        return Joined(members, None, held_out)
    rows = splits.predicted_rows
    if len(rows) == 0:  # the texts are too few to compare models
        return Joined(members, LogarithmicPool.even(len(members), len(data.classes)), None)
    pool = pool_cross_fitted(others, data, splits)
    is_held_out = np.isin(rows, held_out_rows)
    if not is_held_out.any():
        return Joined(members, add_network(pool, None, has_teachers=bool(teachers)), None)
    compared_rows = rows[is_held_out]
    of_others = [other.probabilities[is_held_out] for other in others]
    of_network = by_network(compared_rows)
    both = [of_network, pool(of_others)]
    compared = Predictions(both, *data.targets_and_weight(compared_rows))
    joined = add_network(pool, compared, has_teachers=bool(teachers))
    return Joined(members, joined, (compared_rows, joined([of_network, *of_others])))


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
