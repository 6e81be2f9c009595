"""Size of a model with GloVe by the way in which it is stored, and what its predictions cost.

A model learns from 500 or 4,000 texts of each corpus and is written with each value of
`word_vectors`, as a pickle, by joblib and by skops. Each model file is loaded and predicts 1,000
other texts, where a miss costs 5. The words of the training texts are the same in all files. So the
costs differ only by words that the training texts do not have.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import joblib
import numpy as np
import skops.io
from _common import COST_RATIO, load_binary, parser
from sklearn.model_selection import train_test_split

from skcnn import CostSensitiveTextCNN, average_cost

CORPORA = ("ade_sentences", "clothing_reviews", "hate_offensive", "sms_spam", "so_web_5k_15k")
SIZES = (500, 4000)
N_TEST = 1000
STORAGES = {"float32": True, "float16": "float16", "int8": "int8", "int4": "int4", "none": False}
OTHERS: dict[str, Callable[[CostSensitiveTextCNN, Path], object]] = {
    "pickle": lambda cnn, path: path.write_bytes(pickle.dumps(cnn)),
    "joblib": joblib.dump,
    "joblib, compressed": lambda cnn, path: joblib.dump(cnn, path, compress=3),
    "skops": skops.io.dump,
}


def compare(
    data: Path | None, corpus: str, size: int, seed: int
) -> dict[str, tuple[float, float, int]]:
    """Return for each way: megabytes, average cost, and how many predictions changed."""
    texts, labels, rare = load_binary(data, corpus)
    costs = {rare: COST_RATIO}
    X, X_test, y, y_test = train_test_split(
        texts, labels, train_size=size, test_size=N_TEST, stratify=labels, random_state=seed
    )
    cnn = CostSensitiveTextCNN(costs, word_vectors="glove", random_state=seed).fit(X, y)
    whole, found = cnn.predict(X_test), {}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        for name, storage in STORAGES.items():
            cnn.save(path, word_vectors=storage)
            predicted = CostSensitiveTextCNN.load(path).predict(X_test)
            cost = average_cost(y_test, predicted, cost_matrix=costs)
            found[name] = (path.stat().st_size / 1e6, cost, int((predicted != whole).sum()))
        for name, write in OTHERS.items():
            write(cnn, path)
            found[name] = (path.stat().st_size / 1e6, found["float32"][1], 0)
    return found


def main() -> None:
    """Print each model's figures, and the means."""
    command = parser(__doc__ or "")
    command.set_defaults(repeats=2)
    args = command.parse_args()
    rows = []
    for corpus in CORPORA:
        for size in SIZES:
            for seed in range(args.repeats):
                rows.append(compare(args.data, corpus, size, seed))
                figures = (f"{k} {v[0]:.1f} MB {v[1]:.4f} ({v[2]})" for k, v in rows[-1].items())
                print(f"{corpus} {size} {seed}: {', '.join(figures)}", flush=True)
    print(f"\n{'':20} {'MB':>6} {'cost':>8} {'worst':>8} {'changed':>8}")
    for name in (*STORAGES, *OTHERS):
        megabytes = np.mean([row[name][0] for row in rows])
        ratios = np.array([row[name][1] / row["float32"][1] for row in rows])
        changed = np.mean([row[name][2] for row in rows]) / N_TEST
        print(f"{name:20} {megabytes:6.1f} {ratios.mean():8.4f} {ratios.max():8.4f} {changed:8.2%}")


if __name__ == "__main__":
    main()
