"""Small corpora whose labels depend on words, and an estimator that learns them in no time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from skcnn import CostSensitiveTextCNN

Make = Callable[..., CostSensitiveTextCNN]

FILLERS = ("the", "a", "to", "of", "and", "now", "is", "it", "on", "we")
WORDS = {
    "ham": ("lunch", "see", "home", "later", "meeting", "sister"),
    "offer": ("trial", "newsletter", "subscribe", "discount", "webinar", "coupon"),
    "spam": ("win", "cash", "prize", "claim", "lottery", "winner"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cases", type=int, help="run at most so many cases of each test")


@pytest.hookimpl(trylast=True)  # after -k and -m
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the first case of each test, and others at equal distances."""
    at_most = config.getoption("--cases")
    if at_most is None:
        return
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    kept = {id(some[i]) for some in cases.values() for i in places_of(at_most, len(some))}
    left_out = [item for item in items if id(item) not in kept]
    items[:] = [item for item in items if id(item) in kept]
    config.hook.pytest_deselected(items=left_out)


def places_of(at_most: int, n: int) -> set[int]:
    """Return up to so many positions among n."""
    n_kept = min(at_most, n)
    return {n * i // n_kept for i in range(n_kept)}


def without_addresses(value: object) -> str:
    """Name a parameter of a test alike in every process: pytest-xdist compares the names."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))


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
def known_words() -> Corpus:
    """Sixty texts, without half of each class's words."""
    corpus = make_corpus({"ham": 0.5, "spam": 0.5}, 600, seed=6)
    unseen = {word for label in ("ham", "spam") for word in WORDS[label][3:]}
    rows = [i for i, text in enumerate(corpus.texts) if not unseen & set(text.split())][:60]
    assert len(rows) == 60
    return Corpus([corpus.texts[row] for row in rows], corpus.labels[rows])


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
def fitted(small_cnn: Make, two_classes: Corpus) -> CostSensitiveTextCNN:
    """Trained on `two_classes` where missing spam costs 5; not to be fitted again."""
    return small_cnn({"spam": 5}).fit(two_classes.texts, two_classes.labels)


@pytest.fixture(scope="session")
def tech_cnn(small_cnn: Make, two_classes: Corpus) -> CostSensitiveTextCNN:
    """Has the classes of the page about scaling; not to be fitted again."""
    labels = np.where(two_classes.labels == "spam", "tech", "other")
    return small_cnn({"tech": 5}).fit(two_classes.texts, labels)


# Words that training does not meet: one for each class, with the vectors of words that it meets.
NEW = {"jackpot": "prize", "dinner": "lunch", "ж": "cash"}
ENDINGS = ("y", "ies", "ing", "ed", "er", "ers", "ish", "able", "al", "ian", "o", "um", "ette")
STEMS = {"spam": "lotter", "ham": "meetin"}
UNKNOWN_WORDS = ["qqqq", "q", "日", "\ud800"]


@pytest.fixture(scope="module")
def mapping() -> dict[str, NDArray[np.float32]]:
    """Vectors that tell the two classes' words apart; those of `NEW` too.

    Every column is of the same size: parts of the vectors are scaled as the whole is.
    """
    rng = np.random.default_rng(0)
    signs = np.array([1, -1, 1, 1], np.float32)
    vectors = {
        word: signs * np.float32(rng.normal() + (2 if label == "spam" else -2))
        for label in ("ham", "spam")
        for word in WORDS[label]
    }
    return vectors | {new: vectors[known] for new, known in NEW.items()}


@pytest.fixture(scope="module")
def vector_file(
    mapping: dict[str, NDArray[np.float32]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("vectors") / "vectors.vec"
    lines = [f"{len(mapping)} 4"]
    lines += [f"{word} {' '.join(map(repr, row.tolist()))}" for word, row in mapping.items()]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def stems() -> Corpus:
    """Each class has many words of one stem: its n-grams are frequent."""
    random = np.random.RandomState(0)
    labels = random.choice(["ham", "spam"], 200)
    texts = [
        " ".join([STEMS[label] + random.choice(ENDINGS), *random.choice(FILLERS, 3)])
        for label in labels
    ]
    return Corpus(texts, labels)


@pytest.fixture(scope="module")
def by_stem(small_cnn: Make, stems: Corpus) -> CostSensitiveTextCNN:
    return small_cnn(epochs=8).fit(stems.texts, stems.labels)


@pytest.fixture(scope="module")
def with_all(
    small_cnn: Callable[..., CostSensitiveTextCNN],
    stems: Corpus,
    mapping: dict[str, NDArray[np.float32]],
) -> CostSensitiveTextCNN:
    """Subwords, pretrained vectors, capital letters and unlabeled texts at once."""
    vectors = mapping | {"lottering": np.ones(4, np.float32), "lottery": -np.ones(4, np.float32)}
    cnn = small_cnn(word_vectors=vectors, lowercase=False)
    return cnn.fit(stems.texts, stems.labels, unlabeled=["a Gratis lottery"])


def spam(cnn: CostSensitiveTextCNN, *texts: str) -> list[float]:
    """P(spam) of each text."""
    return cnn.predict_proba(list(texts))[:, list(cnn.classes_).index("spam")].tolist()


class KeyedVectors:
    """As gensim's."""

    def __init__(self, mapping: dict[str, NDArray[np.float32]]) -> None:
        self.index_to_key = list(mapping)
        self.vectors = np.stack(list(mapping.values()))


KINDS: dict[str, Callable[[dict[str, NDArray[np.float32]], Path], Any]] = {
    "mapping": lambda mapping, path: mapping,
    "path": lambda mapping, path: path,
    "string": lambda mapping, path: str(path),
    "object": lambda mapping, path: KeyedVectors(mapping),
    "list": lambda mapping, path: [path],
    "list of parts": lambda mapping, path: [
        {word: row[:1] for word, row in mapping.items()},
        KeyedVectors({word: row[1:] for word, row in mapping.items()}),
    ],
}
SOME_TEXTS = ["jackpot dinner", "win lunch now", "ж", "qqqq home", "Jackpot", ""]


@pytest.fixture(scope="module")
def by_mapping(
    small_cnn: Callable[..., CostSensitiveTextCNN],
    two_classes: Corpus,
    mapping: dict[str, NDArray[np.float32]],
) -> CostSensitiveTextCNN:
    cnn = small_cnn(word_vectors=mapping, epochs=8)
    return cnn.fit(two_classes.texts, two_classes.labels)
