"""Draw cost_curve.png: the normalized cost of predictions, from cheap to expensive misses.

Each point is the mean over five random splits of the BBC headlines, 75 % for training and 25 % for
testing. Run it with ``python docs/images/make_cost_curve.py``. It needs the extras demo and plot
and takes about five minutes. Another processor's arithmetic changes the figures by up to 0.02: with
``OPENBLAS_CORETYPE=SkylakeX`` they are those of the README.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline, make_union

from skcnn import CostSensitiveTextCNN, decide, normalized_cost
from skcnn.datasets import load_bbc_headlines

RATIOS = (1, 2, 5, 10, 20)
N_SPLITS = 5
CLASSES = ["other", "tech"]
ARGMAX = "skcnn with GloVe, most probable class"
RIVAL = "TF-IDF + logistic regression"
PLAIN = "skcnn, no pretrained vectors"
UNLABELED = "skcnn, unlabeled articles"
GLOVE = "skcnn with GloVe"
# Color and line style.
STYLES = {
    ARGMAX: ("#999999", "--"),
    PLAIN: ("#56b4e9", "-"),
    RIVAL: ("#d55e00", "-"),
    UNLABELED: ("#009e73", "-"),
    GLOVE: ("#0072b2", "-"),
}


def main() -> None:
    curves: dict[str, list[list[float]]] = {name: [] for name in STYLES}
    for seed in range(N_SPLITS):
        costs: dict[str, list[float]] = {name: [] for name in STYLES}
        for name, cost in costs_of_one_split(seed):
            costs[name].append(cost)
        for name, curve in costs.items():
            curves[name].append(curve)
    means = {name: np.mean(values, axis=0) for name, values in curves.items()}
    for name, mean in means.items():
        print(f"{name:40}", *(f"{value:.3f}" for value in mean))
    draw(means, Path(__file__).with_name("cost_curve.png"))


def costs_of_one_split(seed: int) -> Iterator[tuple[str, float]]:
    """Yield (curve, normalized cost on the test headlines), the ratios in order."""
    bbc = load_bbc_headlines()
    y = np.where(bbc.target == "tech", "tech", "other")
    X_train, X_test, y_train, y_test, bodies, _ = train_test_split(
        bbc.data, y, bbc.bodies, test_size=0.25, stratify=y, random_state=seed
    )
    linear = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2)),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)),
        ),
        LogisticRegression(C=4, max_iter=1000),
    ).fit(X_train, y_train)
    for ratio in RATIOS:
        costs = {"tech": ratio}
        predictions = {RIVAL: decide(linear.predict_proba(X_test), costs, CLASSES)}
        for name, word_vectors, unlabeled in (
            (PLAIN, None, None),
            (UNLABELED, None, bodies),
            (GLOVE, "glove", None),
        ):
            cnn = CostSensitiveTextCNN(costs, word_vectors=word_vectors, random_state=seed)
            predictions[name] = cnn.fit(X_train, y_train, unlabeled=unlabeled).predict(X_test)
        if ratio == 1:
            most_probable = predictions[GLOVE]
        predictions[ARGMAX] = most_probable
        for name, y_pred in predictions.items():
            yield name, normalized_cost(y_test, y_pred, cost_matrix=costs, labels=CLASSES)


def draw(means: dict[str, NDArray[np.float64]], path: Path) -> None:
    figure, axes = plt.subplots(figsize=(8, 4.2), layout="constrained")
    for name, (color, style) in STYLES.items():
        axes.plot(RATIOS, means[name], style, color=color, marker="o", markersize=4)
        axes.annotate(
            name,
            (RATIOS[-1], means[name][-1]),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=color,
        )
    axes.axhline(1, color="black", linewidth=0.8)
    axes.annotate(
        "the cheapest constant prediction",
        (1, 1),
        xytext=(0, 4),
        textcoords="offset points",
        fontsize=9,
    )
    axes.set_xscale("log")
    axes.set_xticks(RATIOS, [f"{ratio}:1" for ratio in RATIOS])
    axes.minorticks_off()
    axes.set_xlim(0.95, RATIOS[-1] * 1.03)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("cost of missing a tech headline : cost of a false alarm")
    axes.set_ylabel("normalized cost (lower is better)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=130)


if __name__ == "__main__":
    main()
