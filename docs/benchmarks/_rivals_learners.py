"""Models with a tuned parameter that give the log-odds of the rare class for each text.

A learner prepares the training texts once. The folds of the cross-validation and the values of the
parameter then share what it prepared.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, normalize

from skcnn.text import tokenize
from skcnn.text._pretrained import resolve_word_vectors

C_VALUES = (1.0, 4.0, 16.0, 64.0)
FASTTEXT_VALUES = ((5, 1.0), (25, 0.5))  # epochs and learning rate
Folds = Sequence[tuple[np.ndarray, np.ndarray]]


class Model(Protocol):
    """A fitted model."""

    def log_odds(self, texts: list[str]) -> np.ndarray:
        """Return the log-odds of the rare class, shape (n_texts,)."""


class Learner(Protocol):
    """Training texts, and how to learn from them with each value of a parameter."""

    values: Sequence[object]

    def of_fold(self, train: np.ndarray, others: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Learn from some rows; return log-odds of other rows, shape (n_others, n_values)."""

    def fitted(self, y: np.ndarray, value: object) -> Model:
        """Learn from all rows with one value."""


class Tuned:
    """A learner with its out-of-fold log-odds for every value of its parameter.

    Attributes
    ----------
    log_odds : (n, n_values), each row predicted by a model that did not learn from it
    seconds : what preparing and the cross-validation took
    """

    def __init__(self, make: Callable[[], Learner], y: np.ndarray, folds: Folds) -> None:
        begin = time.perf_counter()
        self.learner, self.y = make(), y
        self.log_odds = np.empty((len(y), len(self.learner.values)))
        for train, others in folds:
            self.log_odds[others] = self.learner.of_fold(train, others, y)
        self.seconds = time.perf_counter() - begin
        self._fitted: dict[int, tuple[Model, float]] = {}

    def best(self, *, calibrated: bool) -> int:
        """Return the position of the value with the lowest log loss, calibrated first or not."""
        losses = []
        for column in self.log_odds.T:
            log_odds = column[:, None]
            if calibrated:
                P = joining_model().fit(log_odds, self.y).predict_proba(log_odds)
            else:
                P = to_probabilities(column)
            losses.append(log_loss(self.y, P))
        return int(np.argmin(losses))

    def fitted(self, position: int) -> tuple[Model, float]:
        """Return the model of all training texts, and the seconds of its fit."""
        if position not in self._fitted:
            begin = time.perf_counter()
            model = self.learner.fitted(self.y, self.learner.values[position])
            self._fitted[position] = model, time.perf_counter() - begin
        return self._fitted[position]


def to_probabilities(log_odds: np.ndarray) -> np.ndarray:
    """Return P(class | text), the rare class last."""
    odds = np.exp(-np.logaddexp(0, -log_odds))
    return np.column_stack([1 - odds, odds])


def joining_model() -> object:
    """Return the logistic regression on log-odds: calibration for one column, a stack for more."""
    return make_pipeline(StandardScaler(), LogisticRegression())


class Raw:
    """A model whose probabilities are used unchanged."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict_proba(self, texts: list[str]) -> np.ndarray:
        return to_probabilities(self.model.log_odds(texts))


class Joined:
    """Models joined by a logistic regression on their out-of-fold log-odds."""

    def __init__(self, models: list[Model], log_odds: np.ndarray, y: np.ndarray) -> None:
        self.models = models
        self.joining = joining_model().fit(log_odds, y)

    def predict_proba(self, texts: list[str]) -> np.ndarray:
        columns = [model.log_odds(texts) for model in self.models]
        return self.joining.predict_proba(np.column_stack(columns))


# ---------------------------------------------------------------------------------------------
# n-grams
# ---------------------------------------------------------------------------------------------


def linear_regression(C: float) -> LogisticRegression:
    """Return logistic regression for sparse features; this solver is the fastest for them."""
    return LogisticRegression(
        C=C, solver="liblinear", dual=True, tol=0.1, max_iter=1000, random_state=0
    )


class NaiveBayesWeights(TransformerMixin, BaseEstimator):
    """Presence of each n-gram times its log ratio in naive Bayes, at length 1 for each text.

    From Wang and Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic Classification",
    ACL 2012, equation 3, with their smoothing of 1.
    """

    def fit(self, counts: sp.csr_matrix, y: np.ndarray) -> NaiveBayesWeights:
        present = counts > 0
        rare, rest = (1 + np.asarray(present[y == k].sum(axis=0)).ravel() for k in (1, 0))
        self.ratios_ = np.log(rare / rare.sum()) - np.log(rest / rest.sum())
        return self

    def transform(self, counts: sp.csr_matrix) -> sp.csr_matrix:
        return normalize((counts > 0).multiply(self.ratios_).tocsr())


class Ngrams:
    """Counts of n-grams: words 1-2 and characters 2-5 inside words.

    The texts are read once. The model of a fold uses only the n-grams of its own texts, as if it
    had read only these.
    """

    smallest_counts = (1, 2)  # number of texts that must have an n-gram: of words, of characters

    def __init__(self, texts: list[str], *, has_spaces: bool = True) -> None:
        characters = (
            CountVectorizer(analyzer="char_wb", ngram_range=(2, 5))
            if has_spaces
            else CountVectorizer(analyzer="char", ngram_range=(1, 3))
        )
        self.vectorizers = [CountVectorizer(ngram_range=(1, 2)), characters]
        self.counts = [vectorizer.fit_transform(texts) for vectorizer in self.vectorizers]

    def known(self, rows: np.ndarray) -> list[np.ndarray]:
        """Return the columns of each kind that the texts of some rows contain often enough."""
        return [
            np.flatnonzero(np.bincount(counts[rows].indices, minlength=counts.shape[1]) >= smallest)
            for counts, smallest in zip(self.counts, self.smallest_counts, strict=True)
        ]


class NgramLearner:
    """Logistic regression on weighted n-grams."""

    values = C_VALUES

    def __init__(self, ngrams: Ngrams, weights: TransformerMixin) -> None:
        self.ngrams, self.weights = ngrams, weights

    def of_fold(self, train: np.ndarray, others: np.ndarray, y: np.ndarray) -> np.ndarray:
        known = self.ngrams.known(train)
        X, weights = self._weighted(train, known, y[train])
        X_others = sp.hstack(
            [
                weight.transform(counts[others][:, columns])
                for weight, counts, columns in zip(weights, self.ngrams.counts, known, strict=True)
            ]
        )
        models = [linear_regression(C).fit(X, y[train]) for C in self.values]
        return np.column_stack([model.decision_function(X_others) for model in models])

    def fitted(self, y: np.ndarray, value: float) -> NgramModel:
        rows = np.arange(len(y))
        known = self.ngrams.known(rows)
        X, weights = self._weighted(rows, known, y)
        vectorizers = []
        for vectorizer, columns in zip(self.ngrams.vectorizers, known, strict=True):
            names = vectorizer.get_feature_names_out()[columns].tolist()
            vectorizers.append(clone(vectorizer).set_params(vocabulary=names))
        return NgramModel(vectorizers, weights, linear_regression(value).fit(X, y))

    def _weighted(
        self, rows: np.ndarray, known: list[np.ndarray], y: np.ndarray
    ) -> tuple[sp.csr_matrix, list[TransformerMixin]]:
        blocks = [
            counts[rows][:, columns]
            for counts, columns in zip(self.ngrams.counts, known, strict=True)
        ]
        weights = [clone(self.weights).fit(block, y) for block in blocks]
        weighted = [w.transform(block) for w, block in zip(weights, blocks, strict=True)]
        return sp.hstack(weighted, format="csr"), weights


class NgramModel:
    """A fitted logistic regression on weighted n-grams."""

    def __init__(self, vectorizers: list, weights: list, regression: LogisticRegression) -> None:
        self.vectorizers, self.weights, self.regression = vectorizers, weights, regression

    def log_odds(self, texts: list[str]) -> np.ndarray:
        blocks = [
            weight.transform(vectorizer.transform(texts))
            for vectorizer, weight in zip(self.vectorizers, self.weights, strict=True)
        ]
        return self.regression.decision_function(sp.hstack(blocks, format="csr"))


def tfidf() -> TfidfTransformer:
    """Return the weights of TF-IDF with sublinear counts."""
    return TfidfTransformer(sublinear_tf=True)


# ---------------------------------------------------------------------------------------------
# Vectors of texts
# ---------------------------------------------------------------------------------------------


class MeanWordVector:
    """The mean of the pretrained vectors of a text's words."""

    def __init__(self, word_vectors: object) -> None:
        self.word_vectors = resolve_word_vectors(word_vectors)

    def __call__(self, texts: list[str]) -> np.ndarray:
        means = np.zeros((len(texts), self.word_vectors.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors, found = self.word_vectors.rows(tokenize(text))
            if found.any():
                means[row] = vectors[found].mean(axis=0)
        return means


class VectorLearner:
    """Logistic regression on one vector for each text."""

    values = C_VALUES

    def __init__(self, encode: Callable[[list[str]], np.ndarray], texts: list[str]) -> None:
        self.encode, self.X = encode, encode(texts).astype(np.float64)

    def of_fold(self, train: np.ndarray, others: np.ndarray, y: np.ndarray) -> np.ndarray:
        models = [_dense_regression(C).fit(self.X[train], y[train]) for C in self.values]
        return np.column_stack([model.decision_function(self.X[others]) for model in models])

    def fitted(self, y: np.ndarray, value: float) -> VectorModel:
        return VectorModel(self.encode, _dense_regression(value).fit(self.X, y))


class VectorModel:
    """A fitted logistic regression on one vector for each text."""

    def __init__(self, encode: Callable, regression: LogisticRegression) -> None:
        self.encode, self.regression = encode, regression

    def log_odds(self, texts: list[str]) -> np.ndarray:
        return self.regression.decision_function(self.encode(texts))


def _dense_regression(C: float) -> LogisticRegression:
    # For many more rows than columns, this solver is the fastest.
    return LogisticRegression(C=C, solver="newton-cholesky", max_iter=1000)


# ---------------------------------------------------------------------------------------------
# fastText
# ---------------------------------------------------------------------------------------------


class FastTextLearner:
    """Joulin et al., "Bag of Tricks for Efficient Text Classification", EACL 2017."""

    values = FASTTEXT_VALUES

    def __init__(self, texts: list[str]) -> None:
        self.lines = _lines(texts)

    def of_fold(self, train: np.ndarray, others: np.ndarray, y: np.ndarray) -> np.ndarray:
        models = [self._trained(train, y, value) for value in self.values]
        lines = [self.lines[row] for row in others]
        return np.column_stack([model.log_odds_of_lines(lines) for model in models])

    def fitted(self, y: np.ndarray, value: tuple[int, float]) -> FastTextModel:
        return self._trained(np.arange(len(y)), y, value)

    def _trained(self, rows: np.ndarray, y: np.ndarray, value: tuple[int, float]) -> FastTextModel:
        import fasttext

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "texts"
            path.write_text(
                "".join(f"__label__{y[row]} {self.lines[row]}" for row in rows), encoding="utf-8"
            )
            epochs, learning_rate = value
            return FastTextModel(
                fasttext.train_supervised(
                    str(path),
                    epoch=epochs,
                    lr=learning_rate,
                    dim=50,
                    wordNgrams=2,
                    minn=3,
                    maxn=5,
                    bucket=100_000,
                    thread=1,  # with more threads, every run is different
                    verbose=0,
                )
            )


class FastTextModel:
    """A fitted fastText classifier."""

    def __init__(self, model: object) -> None:
        self.model = model

    def log_odds(self, texts: list[str]) -> np.ndarray:
        return self.log_odds_of_lines(_lines(texts))

    def log_odds_of_lines(self, lines: list[str]) -> np.ndarray:
        # `model.predict` itself fails with NumPy 2, until fastText's wheel is newer than 0.9.2.
        labels, probabilities = self.model.f.multilinePredict(lines, 1, 0.0, "strict")
        is_rare = np.array([label[0] == "__label__1" for label in labels])
        p = np.clip(np.array(probabilities, dtype=float)[:, 0], 0.5, 1 - 1e-6)
        return np.where(is_rare, 1, -1) * np.log(p / (1 - p))

    def __getstate__(self) -> dict[str, bytes]:
        """Return the content of the model's file, which is what its size is measured by."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model"
            self.model.save_model(str(path))
            return {"file": path.read_bytes()}


def _lines(texts: list[str]) -> list[str]:
    return [" ".join(tokenize(text)) + "\n" for text in texts]
