"""Cost, recall and average precision of skcnn and of TF-IDF on real texts.

80/20 splits of the different texts; missing the rare class costs 5, a false alarm costs 1. The cost
is the normalized cost: 1 is the cost of the cheapest constant prediction, and lower is better.
Every model decides by expected cost with the same cost matrix.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from _common import COST_RATIO, DATA_SETS, load_binary, parser, tfidf_logistic_regression
from sklearn.metrics import average_precision_score, recall_score
from sklearn.model_selection import train_test_split

from skcnn import CostSensitiveTextCNN, decide, normalized_cost


def measure(model: object, data: Path | None, name: str, seed: int) -> dict[str, float]:
    """Fit on one split and return the figures."""
    texts, labels, rare = load_binary(data, name)
    train, test, y_train, y_test = train_test_split(
        texts, labels, test_size=0.2, stratify=labels, random_state=seed
    )
    begin = time.perf_counter()
    model.fit(train, y_train)
    elapsed = time.perf_counter() - begin
    probabilities, costs = model.predict_proba(test), {rare: COST_RATIO}
    y_pred = decide(probabilities, costs, model.classes_)
    positive = probabilities[:, list(model.classes_).index(rare)]
    return {
        "average precision": average_precision_score(y_test == rare, positive),
        "cost": normalized_cost(y_test, y_pred, cost_matrix=costs),
        "recall": recall_score(y_test, y_pred, pos_label=rare),
        "seconds": elapsed,
    }


def candidates(rare: str, seed: int) -> dict[str, Callable[[], object]]:
    """Return the models of the table by their names."""
    costs = {rare: COST_RATIO}
    return {
        "tf-idf + logistic regression": tfidf_logistic_regression,
        "skcnn": lambda: CostSensitiveTextCNN(costs, random_state=seed),
        "skcnn, uniform vectors": lambda: CostSensitiveTextCNN(
            costs, embedding_init="uniform", random_state=seed
        ),
        "skcnn, glove": lambda: CostSensitiveTextCNN(
            costs, word_vectors="glove", random_state=seed
        ),
    }


def main() -> None:
    """Print a table: means over the seeds, and the spread (standard deviation) of the cost."""
    command_line = parser(__doc__)
    command_line.add_argument("--sets", nargs="+", default=list(DATA_SETS), choices=DATA_SETS)
    command_line.add_argument("--seeds", type=int, default=3)
    arguments = command_line.parse_args()
    print(
        "| data | model | average precision | cost | recall | seconds |\n|---|---|---|---|---|---|"
    )
    for name in arguments.sets:
        for model in candidates("", 0):
            runs = [
                measure(candidates(DATA_SETS[name], seed)[model](), arguments.data, name, seed)
                for seed in range(arguments.seeds)
            ]
            mean = {key: np.mean([run[key] for run in runs]) for key in runs[0]}
            spread = np.std([run["cost"] for run in runs])
            print(
                f"| {name} | {model} | {mean['average precision']:.3f} | {mean['cost']:.3f} "
                f"± {spread:.3f} | {mean['recall']:.3f} | {mean['seconds']:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
