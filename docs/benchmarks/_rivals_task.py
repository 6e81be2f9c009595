"""One corpus, one number of labels, one seed: what every model of the table learns from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from _common import DATA_SETS, load
from _rivals_learners import (
    FastTextLearner,
    MeanWordVector,
    NaiveBayesWeights,
    NgramLearner,
    Ngrams,
    Tuned,
    VectorLearner,
    tfidf,
)
from _rivals_sentences import SentenceVectors
from sklearn.model_selection import StratifiedKFold, train_test_split

RARE = {**DATA_SETS, "clinc150_imbalanced": "oos"}
WITHOUT_SPACES = {"zh_waimai"}
SIZES = ("500", "1000", "2000", "8000", "all")
N_TEST, N_UNLABELED, N_FOLDS = 4000, 7000, 5


@dataclass(eq=False)
class Corpus:
    """The different texts of a file, and whether each one is of the rare class."""

    name: str
    texts: list[str]
    y: np.ndarray
    cache: Path

    @cached_property
    def vectors(self) -> SentenceVectors:
        return SentenceVectors(self.texts, self.cache)


def corpus(data: Path | None, name: str, cache: Path) -> Corpus:
    """Read a corpus."""
    texts, labels = load(data, name)
    return Corpus(name, texts, (labels == RARE[name]).astype(int), cache)


@dataclass(eq=False)
class Task:
    """The texts of one split, and the models that several rows of the table share.

    The labels are 1 for the rare class and 0 for all others.
    """

    corpus: Corpus
    seed: int
    word_vectors: object
    train: list[str]
    y: np.ndarray
    test: list[str]
    y_test: np.ndarray
    unlabeled: list[str]

    @cached_property
    def folds(self) -> list[tuple[np.ndarray, np.ndarray]]:
        folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=self.seed)
        return list(folds.split(self.train, self.y))

    @cached_property
    def tfidf(self) -> Tuned:
        return Tuned(lambda: NgramLearner(self._ngrams(), tfidf()), self.y, self.folds)

    @cached_property
    def nb_lr(self) -> Tuned:
        return Tuned(lambda: NgramLearner(self._ngrams(), NaiveBayesWeights()), self.y, self.folds)

    @cached_property
    def minilm(self) -> Tuned:
        return Tuned(lambda: VectorLearner(self.corpus.vectors, self.train), self.y, self.folds)

    @cached_property
    def glove(self) -> Tuned:
        encode = MeanWordVector(self.word_vectors)
        return Tuned(lambda: VectorLearner(encode, self.train), self.y, self.folds)

    @cached_property
    def fasttext(self) -> Tuned:
        return Tuned(lambda: FastTextLearner(self.train), self.y, self.folds)

    def _ngrams(self) -> Ngrams:
        return Ngrams(self.train, has_spaces=self.corpus.name not in WITHOUT_SPACES)


def task(corpus: Corpus, size: str, seed: int, word_vectors: object) -> Task | None:
    """Split a corpus: test, labeled, and unlabeled texts. None: there are fewer texts than asked.

    Every size of a seed has the same test texts.
    """
    y, rows = corpus.y, np.arange(len(corpus.texts))
    n_test = min(N_TEST, len(rows) // 5)
    rest, test = train_test_split(rows, test_size=n_test, stratify=y, random_state=seed)
    labeled, unlabeled = rest, rest[:0]
    if size != "all":
        if int(size) >= len(rest):
            return None
        labeled, unlabeled = train_test_split(
            rest, train_size=int(size), stratify=y[rest], random_state=seed
        )

    def texts(some: np.ndarray) -> list[str]:
        return [corpus.texts[row] for row in some]

    return Task(
        corpus,
        seed,
        word_vectors,
        texts(labeled),
        y[labeled],
        texts(test),
        y[test],
        texts(unlabeled[:N_UNLABELED]),
    )
