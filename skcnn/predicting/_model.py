"""A fitted model: everything that predicting needs, in one object that is set once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float64
from skcnn.predicting._keras_network import KerasNetwork
from skcnn.predicting._members import Member
from skcnn.predicting._pool import LogarithmicPool
from skcnn.predicting._text_cnn import FittedTextCNN
from skcnn.text._containers import column_names, n_columns
from skcnn.text._coverage import EmbeddingCoverage
from skcnn.text._long_text import token_blocks
from skcnn.text._tokenizer import Tokenization

NETWORKS = (FittedTextCNN, KerasNetwork)


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutCost:
    """What the decisions on held-out texts cost.

    Attributes
    ----------
    n_texts : number of texts that were held out from the network
    average_cost : of the decisions
    constant_cost : average cost of the cheapest constant prediction
    """

    n_texts: int
    average_cost: float
    constant_cost: float


@dataclass(frozen=True, slots=True, eq=False)
class FitRecord:
    """What a fit records and predicting does not need.

    Attributes
    ----------
    history : values of each epoch, as Keras recorded them
    best_iter : the epoch whose weights were kept, counted from 1
    coverage : of the training texts by the pretrained vectors; None without such vectors
    n_texts : number of labeled texts, the held-out ones included; None if a file does not say it
    held_out : what decisions of all members together cost; None if it was not computed
    """

    history: dict[str, list[float]]
    best_iter: int
    coverage: EmbeddingCoverage | None
    n_texts: int | None = None
    held_out: HeldOutCost | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FitSummary:
    """What a fit keeps for a later call of `partial_fit`.

    Attributes
    ----------
    n_texts : number of training texts
    class_totals : (K,), total weight of each class, in units of the mean weight
    log_unit : logarithm of the mean weight of the texts, as given
    filter_widths : of the TextCNN, in the order of Keras' layers
    seed : int
    """

    n_texts: int
    class_totals: Float64
    log_unit: float
    filter_widths: tuple[int, ...]
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class FittedModel:
    """The fitted state of an estimator.

    Attributes
    ----------
    classes : (K,) sorted labels
    cost_matrix : (K, K) costs in the order of `classes`
    tokenize : function from n texts to their tokens
    members : models that estimate P(class | text), the network first
    pool : how their probabilities are joined; None if there is only one member
    record : what the fit recorded
    n_features_in : 1 where the texts were two-dimensional, else None
    feature_name : name of the DataFrame column that held the texts, or None
    given_costs : the parameter `cost_matrix` that led to `cost_matrix`
    progress : what `partial_fit` continues from: a `Progress` of the room fitting after
        `partial_fit`, a `FitSummary` after `fit`, None after `load`
    """

    classes: NDArray[Any]
    cost_matrix: Float64
    tokenize: Tokenization
    members: tuple[Member, ...]
    pool: LogarithmicPool | None
    record: FitRecord
    n_features_in: int | None = None
    feature_name: str | None = None
    given_costs: Any = None
    progress: Any = None

    @property
    def network(self) -> FittedTextCNN | KerasNetwork:
        """The network among the members."""
        return next(member for member in self.members if isinstance(member, NETWORKS))

    def with_columns_of(self, X: Any) -> FittedModel:
        """Return the model with the number and the name of the columns of what `fit` got."""
        names = column_names(X)
        feature_name = None if names is None else names[0]
        return replace(self, n_features_in=n_columns(X), feature_name=feature_name)

    def members_that_count(self) -> tuple[tuple[Member, ...], LogarithmicPool | None]:
        """Return the members on which probabilities depend, and how they are joined."""
        if self.pool is None:
            return self.members[:1], None
        pool, numbers = self.pool.without_ignored()
        return tuple(self.members[number] for number in numbers), pool

    def predict_proba(self, texts: Sequence[str]) -> Float64:
        """Estimate P(class | text), (n, K)."""
        members, pool = self.members_that_count()
        found = self._predict_members(texts, members)
        return found[0] if pool is None else pool(found)

    def _predict_members(self, texts: Sequence[str], members: Sequence[Member]) -> list[Float64]:
        """Estimate P(class | text) by each of some members, (n, K) each."""
        found = [
            np.empty((len(texts), len(self.classes)))
            if member.reads_tokens
            else member.predict_proba(texts, [])
            for member in members
        ]
        if any(member.reads_tokens for member in members):
            for rows, tokens in token_blocks(texts, self.tokenize):
                for member, P in zip(members, found, strict=True):
                    if member.reads_tokens:
                        P[rows] = member.predict_proba(texts[rows], tokens)
        return found
