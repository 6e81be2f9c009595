"""The models of the main table, by name. To add one, add a line to RIVALS."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from _common import plain_keras
from _rivals_learners import Joined, Raw, Tuned
from _rivals_task import Task
from sklearn.model_selection import train_test_split

from skcnn import CostSensitiveTextCNN
from skcnn.text._tokenizer import tokenize_all
from skcnn.text._vocabulary import FIRST_WORD, build_vocabulary, encode


class Fitted(Protocol):
    """A fitted model."""

    def predict_proba(self, texts: list[str]) -> np.ndarray:
        """Return P(class | text), shape (n_texts, 2), the rare class last."""


Fit = Callable[[Task], tuple[Fitted, float]]


def n_none(task: Task) -> int:
    """Return 0: nothing is turned into sentence vectors."""
    return 0


def n_labeled(task: Task) -> int:
    """Return the number of labeled texts."""
    return len(task.train)


def n_labeled_and_unlabeled(task: Task) -> int:
    """Return the number of texts that are not for the test."""
    return len(task.train) + len(task.unlabeled)


@dataclass(frozen=True)
class Rival:
    """How to fit a model, and what else counts for its figures.

    Attributes
    ----------
    fit : from a task to the fitted model and the seconds without those of sentence vectors
    fit_with_costs : the same, for a cost ratio; the model is fitted for each ratio
    argmax : whether it predicts the most probable class, whatever the costs are
    sentence_vectors : whether it needs them to predict
    encodes : number of texts that are turned into sentence vectors by a fit
    unlabeled : whether it needs unlabeled texts
    """

    fit: Fit | None = None
    fit_with_costs: Callable[[Task, float], tuple[Fitted, float]] | None = None
    argmax: bool = False
    sentence_vectors: bool = False
    encodes: Callable[[Task], int] = n_none
    unlabeled: bool = False


# ---------------------------------------------------------------------------------------------
# Linear models
# ---------------------------------------------------------------------------------------------


def tfidf(task: Task) -> tuple[Fitted, float]:
    """Fit TF-IDF + logistic regression."""
    model, seconds = task.tfidf.fitted(task.tfidf.best(calibrated=False))
    return Raw(model), task.tfidf.seconds + seconds


def glove_mean(task: Task) -> tuple[Fitted, float]:
    """Fit logistic regression on the mean GloVe vector."""
    model, seconds = task.glove.fitted(task.glove.best(calibrated=False))
    return Raw(model), task.glove.seconds + seconds


def joined(*names: str) -> Fit:
    """Return how to join tuned models: calibration for one, a stack for more."""

    def fit(task: Task) -> tuple[Fitted, float]:
        columns, models, total = [], [], 0.0
        for name in names:
            tuned: Tuned = getattr(task, name)
            best = tuned.best(calibrated=True)
            model, seconds = tuned.fitted(best)
            columns.append(tuned.log_odds[:, best])
            models.append(model)
            total += tuned.seconds + seconds
        begin = time.perf_counter()
        result = Joined(models, np.column_stack(columns), task.y)
        return result, total + time.perf_counter() - begin

    return fit


# ---------------------------------------------------------------------------------------------
# Keras
# ---------------------------------------------------------------------------------------------


class KerasTextCNN:
    """A trained network over token ids. Its outputs are divided by weights of the classes."""

    def __init__(self, model: object, vocabulary: dict[str, int], weights: np.ndarray) -> None:
        self.model, self.vocabulary, self.weights = model, vocabulary, weights

    def predict_proba(self, texts: list[str]) -> np.ndarray:
        P = self.model.predict(padded(texts, self.vocabulary), batch_size=50, verbose=0)
        P = P.astype(np.float64) / self.weights
        return P / P.sum(axis=1, keepdims=True)


def padded(texts: list[str], vocabulary: dict[str, int]) -> np.ndarray:
    """Return token ids, shape (n_texts, length). The widest filter sees five words."""
    return encode(tokenize_all(texts), vocabulary).to_padded(min_length=5)


def keras_text_cnn(task: Task) -> tuple[Fitted, float]:
    """Train a TextCNN as Keras users write it, with balanced class weights."""
    model, vocabulary, _, seconds = trained(task)
    return KerasTextCNN(model, vocabulary, np.ones(2)), seconds


def corrected_keras_text_cnn(task: Task) -> tuple[Fitted, float]:
    """Train the same network; its probabilities are those of the data, not of the weighted data.

    See section 3 of C. Elkan, "The Foundations of Cost-Sensitive Learning", IJCAI 2001.
    """
    model, vocabulary, weights, seconds = trained(task)
    return KerasTextCNN(model, vocabulary, weights), seconds


@lru_cache(maxsize=1)
def trained(task: Task) -> tuple[object, dict[str, int], np.ndarray, float]:
    """Train until the loss of a held-out tenth has not improved for two epochs.

    Returns the network, the vocabulary, the weights of the classes, and the seconds.
    """
    import keras

    begin = time.perf_counter()
    keras.utils.set_random_seed(task.seed)
    vocabulary = build_vocabulary(tokenize_all(task.train))
    ids, y = padded(task.train, vocabulary), task.y
    weights = len(y) / (2 * np.bincount(y))
    train, held = train_test_split(
        np.arange(len(y)), test_size=0.1, stratify=y, random_state=task.seed
    )
    model = plain_keras(len(vocabulary) + FIRST_WORD, 100)
    model.fit(
        ids[train],
        y[train],
        validation_data=(ids[held], y[held], weights[y[held]]),
        class_weight=dict(enumerate(weights)),
        batch_size=50,
        epochs=20,
        callbacks=[keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)],
        verbose=0,
    )
    return model, vocabulary, weights, time.perf_counter() - begin


# ---------------------------------------------------------------------------------------------
# skcnn
# ---------------------------------------------------------------------------------------------


def skcnn(
    *, glove: bool = False, minilm: bool = False, unlabeled: bool = False, distill: bool = False
) -> Rival:
    """Return a row of skcnn. The default loss learns the costs, cross-entropy does not."""

    def fit_with(task: Task, **more: object) -> tuple[Fitted, float]:
        parameters = dict(more, random_state=task.seed)
        if glove:
            parameters["word_vectors"] = task.word_vectors
        if minilm:
            parameters["sentence_vectors"] = task.corpus.vectors
        if distill:
            parameters["distill"] = True
        begin = time.perf_counter()
        model = CostSensitiveTextCNN(**parameters)
        model.fit(task.train, task.y, unlabeled=task.unlabeled if unlabeled else None)
        return model, time.perf_counter() - begin

    return Rival(
        fit=lambda task: fit_with(task, loss="cross_entropy"),
        fit_with_costs=lambda task, ratio: fit_with(task, cost_matrix={1: ratio}),
        sentence_vectors=minilm and not distill,
        encodes=(n_labeled_and_unlabeled if unlabeled else n_labeled) if minilm else n_none,
        unlabeled=unlabeled,
    )


RIVALS = {
    "tf-idf": Rival(tfidf),
    "tf-idf, calibrated": Rival(joined("tfidf")),
    "stack": Rival(joined("tfidf", "minilm"), sentence_vectors=True, encodes=n_labeled),
    "minilm": Rival(joined("minilm"), sentence_vectors=True, encodes=n_labeled),
    "nb-lr": Rival(joined("nb_lr")),
    "fasttext": Rival(joined("fasttext")),
    "glove mean": Rival(glove_mean),
    "keras": Rival(keras_text_cnn, argmax=True),
    "keras, cost rule": Rival(corrected_keras_text_cnn),
    "skcnn": skcnn(),
    "skcnn, glove": skcnn(glove=True),
    "skcnn, minilm": skcnn(minilm=True),
    "skcnn, minilm + unlabeled": skcnn(minilm=True, unlabeled=True),
    "skcnn, student": skcnn(minilm=True, unlabeled=True, distill=True),
}
