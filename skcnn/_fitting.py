"""From checked texts to what predicts: split, words, vectors, the network, the linear model."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skcnn._checks import TrainingSet
from skcnn._compat import own_random_state
from skcnn._early_stopping import make_validation_score
from skcnn._given_vectors import tokens_of
from skcnn._inference import TextCNNWeights
from skcnn._linear_model import LinearModelBeside, choose_texts, fit_beside
from skcnn._posterior import PosteriorRule
from skcnn._settings import NetworkSettings
from skcnn._split import validation_split
from skcnn._words import Words, outputs, prepare_words
from skcnn.costs import loss_cost_matrix
from skcnn.text import EmbeddingCoverage, TokenSequences

if TYPE_CHECKING:
    from skcnn._estimator import CostSensitiveTextCNN

# Teaches the subwords to stand alone: see docs/design.md.
_WORD_DROPOUT = 0.3

Validation = tuple[TokenSequences, NDArray[np.int32], NDArray[np.float64] | None]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What `fit_all` returns: everything that predicting needs, and the record."""

    vocabulary: dict[str, int]
    weights: TextCNNWeights
    posterior_rule: PosteriorRule
    beside: LinearModelBeside | None
    history: dict[str, list[float]]
    best_iter: int
    coverage: EmbeddingCoverage | None


def fit_all(
    estimator: CostSensitiveTextCNN, data: TrainingSet, cost_matrix: NDArray[np.float64]
) -> Fitted:
    """Train the models of an estimator whose parameters and training set are checked.

    Parameters
    ----------
    estimator : CostSensitiveTextCNN
        Only its parameters are read.
    data : TrainingSet
    cost_matrix : (K, K), checked

    Returns
    -------
    Fitted
    """
    loss_costs = loss_cost_matrix(cost_matrix, data.class_weights)
    posterior_rule = _posterior_rule(estimator.loss, loss_costs)
    random_state = own_random_state(estimator.random_state)
    train_rows, validation_rows = _split(estimator, data, random_state)
    tokens = tokens_of(estimator, data.texts)
    words = prepare_words(estimator, tokens, train_rows, validation_rows, random_state)
    for_linear_model = None
    if estimator.linear_model:
        for_linear_model = choose_texts(tokens, data.labels, train_rows, random_state)
    del tokens  # of very many texts, larger than all that training needs
    trained = _train(
        estimator,
        words,
        *_rows_of(data, train_rows),
        loss_costs=loss_costs,
        validation=_validation(words, data, validation_rows),
        validation_score=_validation_score(
            estimator, data, validation_rows, cost_matrix, posterior_rule
        ),
        random_state=random_state,
    )
    vocabulary, weights = words.served(trained)

    def probabilities(tokens: list[list[str]]) -> NDArray[np.float64]:
        return posterior_rule(outputs(tokens, vocabulary, weights))

    beside = None
    if for_linear_model is not None:
        seed = int(random_state.randint(2**31 - 1))
        beside = fit_beside(data, *for_linear_model, validation_rows, probabilities, seed)
        beside = beside and beside.knowing(list(vocabulary)[: weights.n_seen - 2])
    return Fitted(
        vocabulary=vocabulary,
        weights=weights,
        posterior_rule=posterior_rule,
        beside=beside,
        history=trained.history,
        best_iter=trained.best_epoch + 1,
        coverage=words.coverage,
    )


def _validation(words: Words, data: TrainingSet, rows: NDArray[np.int64]) -> Validation | None:
    if words.validation is None:
        return None
    return (words.validation, *_rows_of(data, rows))


def _posterior_rule(loss: Any, loss_costs: NDArray[np.float64]) -> PosteriorRule:
    """How outputs become probabilities; those of a foreign loss are taken as they are."""
    from skcnn.network.losses import identify_loss, make_loss

    identity = identify_loss(make_loss(loss, loss_costs))
    if identity is not None and identity[1].shape != loss_costs.shape:
        msg = (
            f"loss has a cost_matrix of shape {identity[1].shape}; expected {loss_costs.shape}: "
            "one row and one column per class. Give the loss by name to have it use cost_matrix."
        )
        raise ValueError(msg)
    return PosteriorRule(*(identity or ("cross_entropy", loss_costs)))


def _split(
    estimator: CostSensitiveTextCNN, data: TrainingSet, random_state: np.random.RandomState
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    everything = np.arange(len(data.texts)), np.arange(0)
    if not estimator.early_stopping:
        return everything
    split = validation_split(
        data.texts,
        data.labels,
        validation_fraction=estimator.validation_fraction,
        random_state=random_state,
    )
    if split is None:
        warnings.warn(
            f"Too few different texts to hold some of each class out: early stopping is off, all "
            f"{estimator.epochs} epochs are run. Give more texts, or set early_stopping=False.",
            UserWarning,
            stacklevel=5,
        )
        return everything
    return split


def _word_dropout(words: Words) -> NDArray[np.float32]:
    """Chance of each token id to be dropped.

    Where a pretrained vector is lost with it, a frequent word is seldom dropped: a / (a + count)
    with a = 1, after Kiperwasser & Goldberg (2016, "Simple and accurate dependency parsing").
    """
    if words.word_parts is None:
        return np.zeros(len(words.embeddings), np.float32)
    chances = np.full(len(words.word_parts), _WORD_DROPOUT, np.float32)
    counts = np.bincount(words.train.ids, minlength=len(chances))
    pretrained = np.flatnonzero(words.is_pretrained)
    chances[pretrained] = 1 / (1 + counts[pretrained])
    return chances


def _rows_of(
    data: TrainingSet, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.float64] | None]:
    weight = data.sample_weight
    return data.labels[rows], None if weight is None else weight[rows]


def _validation_score(
    estimator: CostSensitiveTextCNN,
    data: TrainingSet,
    rows: NDArray[np.int64],
    cost_matrix: NDArray[np.float64],
    posterior_rule: PosteriorRule,
) -> Callable[[NDArray[np.float64]], float] | None:
    if len(rows) == 0 or estimator.validation_scoring == "loss":
        return None
    labels, sample_weight = _rows_of(data, rows)
    return make_validation_score(
        estimator.validation_scoring,
        data.classes[labels],
        sample_weight,
        classes=data.classes,
        decision=estimator.decision,
        cost_matrix=cost_matrix,
        sample_costs=None if data.sample_costs is None else data.sample_costs[rows],
        to_posterior=posterior_rule,
    )


def _train(
    estimator: CostSensitiveTextCNN,
    words: Words,
    labels: NDArray[np.int32],
    sample_weight: NDArray[np.float64] | None,
    *,
    loss_costs: NDArray[np.float64],
    validation: Validation | None,
    validation_score: Callable[[NDArray[np.float64]], float] | None,
    random_state: np.random.RandomState,
) -> Any:
    from skcnn.network._fit import HeldOut, fit_text_cnn
    from skcnn.network._labeled_texts import LabeledTexts

    held_out = None
    if validation is not None:
        held_out = HeldOut(LabeledTexts(*validation), validation_score, estimator.n_iter_no_change)
    return fit_text_cnn(
        LabeledTexts(words.train, labels, sample_weight),
        words.embeddings,
        word_parts=words.word_parts,
        word_dropout=_word_dropout(words),
        loss_costs=loss_costs,
        settings=NetworkSettings.from_params(estimator.get_params(deep=False)),
        held_out=held_out,
        seed=int(random_state.randint(2**31 - 1)),
    )
