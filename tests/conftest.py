"""Small corpora whose labels depend on words, and an estimator that learns them in no time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from skcnn import CostSensitiveTextCNN

FILLERS = ("the", "a", "to", "of", "and", "now", "is", "it", "on", "we")
WORDS = {
    "ham": ("lunch", "see", "home", "later", "meeting", "sister"),
    "offer": ("trial", "newsletter", "subscribe", "discount", "webinar", "coupon"),
    "spam": ("win", "cash", "prize", "claim", "lottery", "winner"),
}


@dataclass(frozen=True)
class Corpus:
    texts: list[str]
    labels: NDArray[np.str_]


def make_corpus(
    shares: Mapping[str, float], n_texts: int, *, seed: int = 0, noise: float = 0.0
) -> Corpus:
    """Draw texts of a class's own words among fillers; `noise` is the share with others' words."""
    random = np.random.RandomState(seed)
    labels = random.choice(list(shares), n_texts, p=list(shares.values()))
    texts = []
    for label in labels:
        topic = random.choice(list(shares)) if random.uniform() < noise else label
        words = [*random.choice(WORDS[topic], 3), *random.choice(FILLERS, random.randint(2, 6))]
        texts.append(" ".join(random.permutation(words)))
    return Corpus(texts, labels)


@pytest.fixture(scope="session")
def two_classes() -> Corpus:
    """160 texts, a third of them spam, all told apart by their words."""
    return make_corpus({"ham": 0.65, "spam": 0.35}, 160)


@pytest.fixture(scope="session")
def three_classes() -> Corpus:
    return make_corpus({"ham": 0.5, "offer": 0.25, "spam": 0.25}, 200, seed=1)


@pytest.fixture(scope="session")
def noisy() -> Corpus:
    """400 texts, a fifth of them spam, that cannot all be told apart."""
    return make_corpus({"ham": 0.8, "spam": 0.2}, 400, seed=2, noise=0.5)


@pytest.fixture(scope="session")
def new_texts() -> list[str]:
    """Texts that no corpus holds: of each class, of two at once, of none, and an empty one."""
    others = make_corpus({"ham": 0.4, "offer": 0.3, "spam": 0.3}, 40, seed=3, noise=0.3).texts
    return [*others, "see win", "the of and", "unheard syllables", "", "cash"]


@pytest.fixture(scope="session")
def small_cnn() -> Callable[..., CostSensitiveTextCNN]:
    """Make a tiny, seeded network; arguments are the estimator's."""

    def make(cost_matrix: Any = None, **parameters: Any) -> CostSensitiveTextCNN:
        tiny = {
            "embedding_dim": 8,
            "n_filters": 4,
            "filter_widths": (1, 2),
            "epochs": 4,
            "learning_rate": 0.02,
            "batch_size": 32,
            "early_stopping": False,
            "random_state": 0,
        }
        return CostSensitiveTextCNN(cost_matrix, **{**tiny, **parameters})

    return make


@pytest.fixture(scope="session")
def fitted(
    small_cnn: Callable[..., CostSensitiveTextCNN], two_classes: Corpus
) -> CostSensitiveTextCNN:
    """Trained on `two_classes` where missing spam costs 5; not to be fitted again."""
    return small_cnn({"spam": 5}).fit(two_classes.texts, two_classes.labels)
