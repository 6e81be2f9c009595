"""From checked texts to a trained network: split, words, vectors, training."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skcnn._checks import TrainingSet
from skcnn._early_stopping import make_validation_score
from skcnn._inference import TextCNNWeights
from skcnn._posterior import PosteriorRule
from skcnn._split import validation_split
from skcnn.costs import loss_cost_matrix
from skcnn.text import (
    SubwordVectors,
    TokenSequences,
    WordVectors,
    add_other_words,
    add_unseen_words,
    add_words_with_vectors,
    build_vocabulary,
    encode,
    frequent_ngrams,
    initial_embeddings,
    resolve_word_vectors,
    tokenize_all,
    word_parts,
)

if TYPE_CHECKING:
    from skcnn._estimator import CostSensitiveTextCNN
    from skcnn.network import TrainedTextCNN

# An n-gram of a single word says no more than the word itself.
_MIN_WORDS_OF_NGRAM = 2

Validation = tuple[TokenSequences, NDArray[np.int32], NDArray[np.float64] | None]


@dataclass(frozen=True, slots=True, eq=False)
class FittedNetwork:
    """What `fit_network` returns: everything that predicting needs, and the record."""

    vocabulary: dict[str, int]
    weights: TextCNNWeights
    posterior_rule: PosteriorRule
    history: dict[str, list[float]]
    best_iter: int


@dataclass(frozen=True, slots=True, eq=False)
class _Words:
    """Texts in ids, and where their words' vectors start."""

    vocabulary: dict[str, int]
    train: TokenSequences
    validation: TokenSequences | None
    embeddings: NDArray[np.float32]  # rows of the words, then of the subwords
    word_parts: TokenSequences | None
    subword_keys: NDArray[np.uint32]
    word_vectors: WordVectors | None


def fit_network(
    estimator: CostSensitiveTextCNN, data: TrainingSet, cost_matrix: NDArray[np.float64]
) -> FittedNetwork:
    """Train the network of an estimator whose parameters and training set are checked.

    Parameters
    ----------
    estimator : CostSensitiveTextCNN
        Only its parameters are read.
    data : TrainingSet
    cost_matrix : (K, K), checked

    Returns
    -------
    FittedNetwork
    """
    loss_costs = loss_cost_matrix(cost_matrix, data.class_weights)
    posterior_rule = _posterior_rule(estimator.loss, loss_costs)
    random_state = _random_state(estimator.random_state)
    train_rows, validation_rows = _split(estimator, data, random_state)
    words = _prepare_words(estimator, data, train_rows, validation_rows, random_state)
    validation: Validation | None = None
    if words.validation is not None:
        validation = (words.validation, *_rows_of(data, validation_rows))
    trained = _train(
        estimator,
        words,
        *_rows_of(data, train_rows),
        n_classes=len(data.classes),
        loss_costs=loss_costs,
        validation=validation,
        validation_score=_validation_score(
            estimator, data.classes, validation, cost_matrix, posterior_rule
        ),
        random_state=random_state,
    )
    vocabulary, weights = _served(words, trained)
    return FittedNetwork(
        vocabulary=vocabulary,
        weights=weights,
        posterior_rule=posterior_rule,
        history=trained.history,
        best_iter=trained.best_epoch + 1,
    )


def _served(words: _Words, trained: TrainedTextCNN) -> tuple[dict[str, int], TextCNNWeights]:
    """What predicting needs: the vector of each word in one piece, and vectors of unseen ones."""
    n_words = len(words.vocabulary) + 2
    embedding, vectors = np.split(trained.embedding, [n_words])
    subwords = SubwordVectors(words.subword_keys, vectors)
    if len(words.subword_keys):
        embedding[2:] += subwords.means(list(words.vocabulary))
    vocabulary, frozen = words.vocabulary, None
    if words.word_vectors is not None:
        vocabulary, frozen = add_unseen_words(vocabulary, words.word_vectors)
    weights = TextCNNWeights.from_layers(
        embedding,
        trained.kernels,
        trained.filter_bias,
        trained.dense_kernel,
        trained.dense_bias,
        frozen,
        subwords,
    )
    return vocabulary, weights


def decision_costs(decision: str, cost_matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix that `predict` minimises; equal costs mean the most probable class."""
    return cost_matrix if decision == "min_cost" else 1 - np.eye(len(cost_matrix))


def _posterior_rule(loss: Any, loss_costs: NDArray[np.float64]) -> PosteriorRule:
    """How outputs become probabilities; those of a foreign loss are taken as they are."""
    from skcnn import network

    identity = network.identify_loss(network.make_loss(loss, loss_costs))
    if identity is not None and identity[1].shape != loss_costs.shape:
        msg = (
            f"loss has a cost_matrix of shape {identity[1].shape}; expected {loss_costs.shape}: "
            "one row and one column per class. Give the loss by name to have it use cost_matrix."
        )
        raise ValueError(msg)
    return PosteriorRule(*(identity or ("cross_entropy", loss_costs)))


def _random_state(seed: Any) -> np.random.RandomState:
    """Unlike scikit-learn's `check_random_state`, None does not draw from the global state."""
    return seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)


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


def _prepare_words(
    estimator: CostSensitiveTextCNN,
    data: TrainingSet,
    train_rows: NDArray[np.int64],
    validation_rows: NDArray[np.int64],
    random_state: np.random.RandomState,
) -> _Words:
    word_vectors = resolve_word_vectors(estimator.word_vectors, lowercase=estimator.lowercase)
    tokens = tokenize_all(data.texts, estimator.tokenizer, lowercase=estimator.lowercase)
    train_tokens = [tokens[row] for row in train_rows]
    vocabulary = build_vocabulary(
        train_tokens, min_count=estimator.min_count, max_vocabulary=estimator.max_vocabulary
    )
    if word_vectors is not None:
        # Words too rare for the vocabulary, and those of the validation texts, are known by their
        # vectors: as they will be when predicting.
        add_words_with_vectors(vocabulary, tokens, word_vectors)
    embeddings = initial_embeddings(
        encode(train_tokens, vocabulary, max_length=estimator.max_length),
        vocabulary,
        word_vectors,
        embedding_dim=estimator.embedding_dim,
        embedding_init=estimator.embedding_init,
        random_state=random_state,
    )
    ids, parts, keys = vocabulary, None, np.empty(0, np.uint32)
    if estimator.subwords:
        ids = add_other_words(vocabulary, tokens)
        keys = frequent_ngrams(list(vocabulary), _MIN_WORDS_OF_NGRAM)
        parts = word_parts(list(ids), len(embeddings), keys)
        embeddings = np.pad(embeddings, ((0, len(keys)), (0, 0)))  # subwords begin at zero
    train = encode(train_tokens, ids, max_length=estimator.max_length)
    validation = None
    if len(validation_rows):
        validation_tokens = [tokens[row] for row in validation_rows]
        validation = encode(validation_tokens, ids, max_length=estimator.max_length)
    return _Words(vocabulary, train, validation, embeddings, parts, keys, word_vectors)


def _rows_of(
    data: TrainingSet, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.float64] | None]:
    weight = data.sample_weight
    return data.labels[rows], None if weight is None else weight[rows]


def _validation_score(
    estimator: CostSensitiveTextCNN,
    classes: NDArray[Any],
    validation: Validation | None,
    cost_matrix: NDArray[np.float64],
    posterior_rule: PosteriorRule,
) -> Callable[[NDArray[np.float64]], float] | None:
    if validation is None or estimator.validation_scoring == "loss":
        return None
    _, labels, sample_weight = validation
    return make_validation_score(
        estimator.validation_scoring,
        classes[labels],
        sample_weight,
        classes=classes,
        decision_costs=decision_costs(estimator.decision, cost_matrix),
        cost_matrix=cost_matrix,
        to_posterior=posterior_rule,
    )


def _train(
    estimator: CostSensitiveTextCNN,
    words: _Words,
    labels: NDArray[np.int32],
    sample_weight: NDArray[np.float64] | None,
    *,
    n_classes: int,
    loss_costs: NDArray[np.float64],
    validation: Validation | None,
    validation_score: Callable[[NDArray[np.float64]], float] | None,
    random_state: np.random.RandomState,
) -> Any:
    from skcnn import network

    optimizer_params = dict(estimator.optimizer_params or {})
    if estimator.learning_rate is not None:
        optimizer_params["learning_rate"] = estimator.learning_rate
    return network.fit_text_cnn(
        words.train,
        labels,
        words.embeddings,
        word_parts=words.word_parts,
        n_classes=n_classes,
        cost_matrix=loss_costs,
        loss=estimator.loss,
        filter_widths=tuple(int(width) for width in estimator.filter_widths),
        n_filters=estimator.n_filters,
        dropout=estimator.dropout,
        optimizer=estimator.optimizer,
        optimizer_params=optimizer_params,
        batch_size=estimator.batch_size,
        epochs=estimator.epochs,
        callbacks=list(estimator.callbacks or ()),
        sample_weight=sample_weight,
        validation_data=validation,
        validation_score=validation_score,
        n_iter_no_change=estimator.n_iter_no_change,
        average_weights=estimator.average_weights,
        random_state=int(random_state.randint(2**31 - 1)),
        verbose=int(estimator.verbose),
    )
