"""What different word vectors, subwords and the n-gram model are worth.

80/20 splits of the different texts; missing the rare class costs 5, a false alarm costs 1. The cost
is the normalized cost: 1 is the cost of the cheapest constant prediction, and lower is better.
Every model decides by expected cost with the same cost matrix.
"""

from __future__ import annotations

import random
import string
import time
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import numpy as np
from _common import COST_RATIO, load_binary, parser, tfidf_logistic_regression
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, recall_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skcnn import CostSensitiveTextCNN, decide, normalized_cost
from skcnn.text import tokenize

Split = tuple[list[str], list[str], np.ndarray, np.ndarray]
VECTORS = {
    "random": {"embedding_init": "uniform"},
    "co-occurrence": {},
    "GloVe": {"word_vectors": "glove", "embedding_dim": 0},
    "GloVe and co-occurrence": {"word_vectors": "glove"},
}


def split(data: Path | None, name: str, seed: int) -> tuple[Split, str]:
    """Return texts and labels of one split, and the rare class."""
    texts, labels, rare = load_binary(data, name)
    parts = train_test_split(texts, labels, test_size=0.2, stratify=labels, random_state=seed)
    return tuple(parts), rare


def tfidf_words() -> object:
    """Return TF-IDF of words and word pairs with logistic regression."""
    features = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    return make_pipeline(features, LogisticRegression(C=4, max_iter=1000))


def tfidf_characters() -> object:
    """Return TF-IDF of 1 to 3 characters with logistic regression."""
    features = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2)
    return make_pipeline(features, LogisticRegression(C=4, max_iter=1000))


def figures(model: object, texts: Sequence[str], y: np.ndarray, rare: str) -> list[float]:
    """Return average precision, cost and recall of a fitted model."""
    probabilities, costs = model.predict_proba(texts), {rare: COST_RATIO}
    y_pred = decide(probabilities, costs, model.classes_)
    positive = probabilities[:, list(model.classes_).index(rare)]
    return [
        average_precision_score(y == rare, positive),
        normalized_cost(y, y_pred, cost_matrix=costs),
        recall_score(y, y_pred, pos_label=rare),
    ]


def row(name: str, runs: list[list[float]]) -> None:
    """Print the mean of each figure, and the spread (standard deviation) of the cost."""
    mean = np.mean(runs, axis=0)
    spread = np.std([run[1] for run in runs])
    seconds = f" {mean[3]:.1f} |" if len(mean) > 3 else ""
    print(
        f"| {name} | {mean[0]:.3f} | {mean[1]:.3f} ± {spread:.3f} | {mean[2]:.3f} |{seconds}",
        flush=True,
    )


def measured(
    make: Callable[[int], object], data: Path | None, name: str, seeds: int
) -> list[list[float]]:
    """Return the figures and the seconds of a fit, for each seed."""
    runs = []
    for seed in range(seeds):
        (train, test, y_train, y_test), rare = split(data, name, seed)
        model = make(seed)
        begin = time.perf_counter()
        model.fit(train, y_train)
        elapsed = time.perf_counter() - begin
        runs.append([*figures(model, test, y_test, rare), elapsed])
    return runs


def skcnn(rare: str, **parameters: object) -> Callable[[int], object]:
    """Return a function from a seed to an estimator."""
    return lambda seed: CostSensitiveTextCNN({rare: COST_RATIO}, random_state=seed, **parameters)


def ablation(data: Path | None, seeds: int) -> None:
    """Print start vectors, without and with subwords, without and with the n-gram model."""
    print("\nade_sentences\n| vectors | average precision | cost | recall | seconds |")
    row("TF-IDF", measured(lambda _: tfidf_logistic_regression(), data, "ade_sentences", seeds))
    for name, vectors in VECTORS.items():
        for subwords, linear_model in product((False, True), repeat=2):
            model = skcnn("ade", subwords=subwords, linear_model=linear_model, **vectors)
            label = f"{name}, subwords={subwords}, linear_model={linear_model}"
            row(label, measured(model, data, "ade_sentences", seeds))


def other_texts(data: Path | None, seeds: int) -> None:
    """Print figures on StackOverflow titles and on Chinese reviews."""
    for name, rare, tfidf in (
        ("so_web_5k_15k", "web", tfidf_logistic_regression),
        ("zh_waimai", "pos", tfidf_characters),
    ):
        print(f"\n{name}\n| model | average precision | cost | recall | seconds |")
        row("TF-IDF", measured(lambda _, tfidf=tfidf: tfidf(), data, name, seeds))
        row("skcnn", measured(skcnn(rare), data, name, seeds))


def misspelled(text: str, generator: random.Random) -> str:
    """Return the text with a random edit in about a third of its words."""

    def edited(word: str) -> str:
        if len(word) < 2 or generator.random() >= 1 / 3:
            return word
        place = generator.randrange(len(word))
        letter = generator.choice(string.ascii_lowercase)
        return generator.choice(
            (
                word[:place] + word[place + 1 :],
                word[:place] + letter + word[place:],
                word[:place] + letter + word[place + 1 :],
                word[: max(0, place - 1)]
                + word[max(0, place - 1) : place + 1][::-1]
                + word[place + 1 :],
            )
        )

    return " ".join(edited(word) for word in text.split())


def typing_errors(data: Path | None, seeds: int) -> None:
    """Print figures on the original test texts, and with a third of their words misspelled."""
    print("\nade_sentences\n| model, test texts | average precision | cost | recall |")
    models = {
        "TF-IDF, words": lambda _: tfidf_words(),
        "TF-IDF, words and characters": lambda _: tfidf_logistic_regression(),
        "skcnn without subwords": skcnn("ade", subwords=False),
        "network alone": skcnn("ade", linear_model=False),
        "skcnn": skcnn("ade"),
    }
    for name, make in models.items():
        original, wrong = [], []
        for seed in range(seeds):
            (train, test, y_train, y_test), rare = split(data, "ade_sentences", seed)
            generator = random.Random(seed)
            model = make(seed).fit(train, y_train)
            original.append(figures(model, test, y_test, rare))
            misspelled_test = [misspelled(text, generator) for text in test]
            wrong.append(figures(model, misspelled_test, y_test, rare))
        row(f"{name}, original", original)
        row(f"{name}, misspelled", wrong)


def unseen_words(data: Path | None, seeds: int) -> None:
    """Print figures for few training texts, on the test texts with the most unseen words."""
    print("\nade_sentences, 1,000 training texts\n| model | average precision | cost | recall |")
    models = {
        "TF-IDF": lambda _: tfidf_logistic_regression(),
        "skcnn": skcnn("ade"),
        "skcnn, unlabeled texts": skcnn("ade"),
        "skcnn, GloVe": skcnn("ade", word_vectors="glove"),
    }
    for name, make in models.items():
        runs = []
        for seed in range(seeds):
            (train, test, y_train, y_test), rare = split(data, "ade_sentences", seed)
            known = {word for text in train[:1000] for word in tokenize(text)}
            shares = [np.mean([w not in known for w in tokenize(t)] or [0]) for t in test]
            hard = np.argsort(shares)[len(test) // 2 :]
            more = {"unlabeled": train[1000:]} if name == "skcnn, unlabeled texts" else {}
            model = make(seed).fit(train[:1000], y_train[:1000], **more)
            runs.append(figures(model, [test[i] for i in hard], y_test[hard], rare))
        row(name, runs)


def together(data: Path | None, seeds: int) -> None:
    """Print figures of TF-IDF, of the network alone, and of both models of skcnn together."""
    for name, tfidf, parameters in (
        ("ade_sentences", tfidf_logistic_regression, {}),
        ("ade_sentences", tfidf_logistic_regression, {"word_vectors": "glove"}),
        ("so_web_5k_15k", tfidf_logistic_regression, {}),
        ("clothing_reviews", tfidf_logistic_regression, {}),
        ("hate_offensive", tfidf_logistic_regression, {}),
        ("sms_spam", tfidf_logistic_regression, {}),
        ("zh_waimai", tfidf_characters, {}),
    ):
        _, _, rare = load_binary(data, name)
        print(f"\n{name}, {parameters}\n| model | average precision | cost | recall | seconds |")
        row("TF-IDF", measured(lambda _, tfidf=tfidf: tfidf(), data, name, seeds))
        alone = skcnn(rare, linear_model=False, **parameters)
        row("network alone", measured(alone, data, name, seeds))
        row("skcnn", measured(skcnn(rare, **parameters), data, name, seeds))


PARTS = {
    "ablation": ablation,
    "other_texts": other_texts,
    "typing_errors": typing_errors,
    "unseen_words": unseen_words,
    "together": together,
}


def main() -> None:
    """Print the tables named in --parts."""
    command_line = parser(__doc__)
    command_line.add_argument("--parts", nargs="+", default=list(PARTS), choices=PARTS)
    command_line.add_argument("--seeds", type=int, default=3)
    arguments = command_line.parse_args()
    for part in arguments.parts:
        PARTS[part](arguments.data, arguments.seeds)


if __name__ == "__main__":
    main()
