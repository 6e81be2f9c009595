"""Explanations: does deleting the strongest n-gram lower the class, and how long does it take."""

from __future__ import annotations

import time

import numpy as np
from _common import load_binary, parser
from sklearn.model_selection import train_test_split

from skcnn import CostSensitiveTextCNN

CORPORA = ("ade_sentences", "hate_offensive", "clothing_reviews")
N_TEXTS = 1000


def main() -> None:
    """Print a row for each corpus: mean over the splits."""
    arguments = parser(__doc__).parse_args()
    for name in CORPORA:
        texts, labels, rare = load_binary(arguments.data, name)
        rows = [measured(texts, labels, rare, seed) for seed in range(arguments.repeats)]
        falls, falls_rare, error, milliseconds = np.mean(rows, axis=0)
        print(
            f"{name:18s} falls {falls:6.1%}, of the rare class {falls_rare:6.1%}, "
            f"largest difference of the sum {error:.1e}, {milliseconds:.1f} ms a text",
            flush=True,
        )


def measured(
    texts: list[str], labels: np.ndarray, rare: str, seed: int
) -> tuple[float, float, float, float]:
    """Return the shares of texts whose class falls, the error of the sum, and milliseconds."""
    X, X_test, y, _ = train_test_split(
        texts, labels, test_size=N_TEXTS, stratify=labels, random_state=seed
    )
    cnn = CostSensitiveTextCNN({rare: 5}, random_state=seed).fit(X, y)
    begin = time.perf_counter()
    explanations = cnn.explain(X_test)
    milliseconds = 1000 * (time.perf_counter() - begin) / len(X_test)
    found = [each for each in explanations if (each.log_odds[:, each.column] > 0).any()]
    shorter = [each.without(strongest(each)) for each in found]
    columns = np.array([each.column for each in found])
    before = np.array([each.probabilities[each.column] for each in found])
    after = cnn.predict_proba(shorter)[np.arange(len(found)), columns]
    falls, is_rare = after < before, cnn.classes_[columns] == rare
    P = cnn.predict_proba(X_test)
    sums = np.array([each.base_log_odds + each.log_odds.sum(axis=0) for each in explanations])
    error = np.abs(sums[:, 1] - np.log(P[:, 1] / P[:, 0])).max()
    return falls.mean(), falls[is_rare].mean(), error, milliseconds


def strongest(explanation: object) -> str:
    """Return the n-gram that speaks most for the prediction."""
    return explanation.ngrams[explanation.log_odds[:, explanation.column].argmax()]


if __name__ == "__main__":
    main()
