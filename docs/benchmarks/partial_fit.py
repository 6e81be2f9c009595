"""Cost after calls of `partial_fit` over parts of the training texts, compared with one `fit`.

8,000 texts to learn from and 4,000 others to test on; missing the rare class costs 5, a false alarm
costs 1. The cost is the normalized cost: 1 is the cost of the cheapest constant prediction.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from _common import COST_RATIO, load_binary, parser
from sklearn.model_selection import train_test_split

from skcnn import CostSensitiveTextCNN, normalized_cost

SETS = ("ade_sentences", "so_web_5k_15k", "clothing_reviews")
SEEDS = (100, 101, 102)
N_TRAIN, N_TEST = 8000, 4000


def measure(
    data: Path | None, name: str, seed: int, numbers_of_parts: list[int]
) -> list[list[float]]:
    """Return cost and seconds of one `fit`, then of each number of parts."""
    texts, labels, rare = load_binary(data, name)
    train, test, y_train, y_test = train_test_split(
        texts, labels, train_size=N_TRAIN, test_size=N_TEST, stratify=labels, random_state=seed
    )
    results = []
    for n_parts in (0, *numbers_of_parts):
        cnn = CostSensitiveTextCNN({rare: COST_RATIO}, random_state=seed)
        begin = time.perf_counter()
        if n_parts == 0:
            cnn.fit(train, y_train)
        for rows in np.array_split(np.arange(N_TRAIN), n_parts) if n_parts else ():
            part = [train[row] for row in rows]
            cnn.partial_fit(part, y_train[rows], classes=np.unique(labels))
        elapsed = time.perf_counter() - begin
        costs = {rare: COST_RATIO}
        results.append([normalized_cost(y_test, cnn.predict(test), cost_matrix=costs), elapsed])
    return results


def main() -> None:
    """Print a line for each split, and the mean for each data set."""
    command_line = parser(__doc__)
    command_line.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    command_line.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    command_line.add_argument("--parts", nargs="+", type=int, default=[10])
    arguments = command_line.parse_args()
    names = ["one fit", *(f"{n} parts" for n in arguments.parts)]
    print("| data | seed | " + " | ".join(names) + " |\n|" + "---|" * (len(names) + 2))
    for name in arguments.sets:
        runs = []
        for seed in arguments.seeds:
            runs.append(measure(arguments.data, name, seed, arguments.parts))
            print_row(name, str(seed), np.array(runs[-1]))
        print_row(name, "mean", np.mean(runs, axis=0))


def print_row(name: str, seed: str, results: np.ndarray) -> None:
    """Print cost, cost divided by that of `fit`, and seconds."""
    cells = [f"{cost:.4f} ({cost / results[0, 0]:.3f}), {s:.1f} s" for cost, s in results]
    print(f"| {name} | {seed} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
