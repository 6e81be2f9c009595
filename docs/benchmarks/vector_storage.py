"""Size of a model with GloVe by the way in which it is stored, and what its predictions cost.

A model learns from 500 or 4,000 texts of each corpus and is written with each value of
`word_vectors`. Each file is loaded and predicts 1,000 other texts, where a miss costs 5. The words
of the training texts are the same in all files. So the costs differ only by words that the training
texts do not have. For the first model, the sizes of a pickle, of joblib and of skops are measured
too.
"""

from __future__ import annotations

import itertools
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
    "joblib, compress=3": lambda cnn, path: joblib.dump(cnn, path, compress=3),
    "skops": skops.io.dump,
}
Row = dict[str, tuple[float, float, float]]


def fitted(
    data: Path | None, corpus: str, size: int, seed: int
) -> tuple[CostSensitiveTextCNN, list[str], np.ndarray]:
    """Return a model, and texts and labels to test it."""
    texts, labels, rare = load_binary(data, corpus)
    X, X_test, y, y_test = train_test_split(
        texts, labels, train_size=size, test_size=N_TEST, stratify=labels, random_state=seed
    )
    cnn = CostSensitiveTextCNN({rare: COST_RATIO}, word_vectors="glove", random_state=seed)
    return cnn.fit(X, y), X_test, y_test


def compare(cnn: CostSensitiveTextCNN, X: list[str], y: np.ndarray, path: Path) -> Row:
    """Return for each storage: megabytes, average cost, and the share of changed predictions."""
    whole, row = cnn.predict(X), {}
    for name, storage in STORAGES.items():
        cnn.save(path, word_vectors=storage)
        predicted = CostSensitiveTextCNN.load(path).predict(X)
        cost = average_cost(y, predicted, cost_matrix=cnn.cost_matrix)
        row[name] = (path.stat().st_size / 1e6, cost, float((predicted != whole).mean()))
    return row


def print_sizes(cnn: CostSensitiveTextCNN, path: Path) -> None:
    """Print the megabytes of other kinds of files, with GloVe and without."""
    cnn.save(path, word_vectors=False)
    without = CostSensitiveTextCNN.load(path)
    for name, write in OTHERS.items():
        sizes = []
        for model in (cnn, without):
            write(model, path)
            sizes.append(path.stat().st_size / 1e6)
        print(f"{name}: {sizes[0]:.1f} MB, without GloVe {sizes[1]:.1f} MB", flush=True)


def print_means(rows: list[Row]) -> None:
    """Print the means over all models, and the largest ratio of costs."""
    print(f"\n{'':20} {'MB':>6} {'cost':>8} {'largest':>8} {'changed':>8}")
    for name in STORAGES:
        megabytes, costs, changed = np.array([row[name] for row in rows]).T
        ratios = costs / [row["float32"][1] for row in rows]
        print(
            f"{name:20} {megabytes.mean():6.1f} {ratios.mean():8.4f} {ratios.max():8.4f} "
            f"{changed.mean():8.2%}"
        )


def main() -> None:
    """Print the figures of each model, and the means."""
    command = parser(__doc__ or "")
    command.set_defaults(repeats=2)
    args = command.parse_args()
    rows: list[Row] = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        for seed, size, corpus in itertools.product(range(args.repeats), SIZES, CORPORA):
            cnn, X, y = fitted(args.data, corpus, size, seed)
            if not rows:
                print_sizes(cnn, path)
            rows.append(compare(cnn, X, y, path))
            figures = (f"{k} {v[0]:.1f} MB {v[1]:.4f}" for k, v in rows[-1].items())
            print(f"{corpus} {size} {seed}: {', '.join(figures)}", flush=True)
    print_means(rows)


if __name__ == "__main__":
    main()
