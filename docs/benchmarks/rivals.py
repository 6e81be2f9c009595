"""skcnn and other text classifiers on seven corpora, with 500 labels up to all.

Every model decides by expected cost, if missing the rare class costs 1, 2, 5, 10 or 20 times as
much as a false alarm. Rows of rivals.csv are never measured again, so a run can be interrupted.
`--table` writes the tables of rivals.md.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import joblib
import numpy as np
from _common import DATA_HELP
from _rivals import RIVALS, Fitted, Rival
from _rivals_tables import RATIOS, page, tables
from _rivals_task import RARE, SIZES, Corpus, Task, corpus, task
from sklearn.metrics import average_precision_score, log_loss

from skcnn import CostSensitiveTextCNN, decide, normalized_cost

HERE = Path(__file__).parent
DEFAULT_LOSS = ", default loss"
N_SINGLE = 20  # texts predicted one by one
COLUMNS = (
    "corpus",
    "size",
    "seed",
    "model",
    "n_train",
    "n_test",
    *(f"cost_{ratio}" for ratio in RATIOS),
    "average_precision",
    "log_loss",
    "seconds",
    "ms_single",
    "ms_bulk",
    "megabytes",
)


def measured(task: Task, rival: Rival, *, learns_costs: bool) -> dict[str, float]:
    """Fit a model and return its figures; with a cost-sensitive loss, fit it for each ratio."""
    if not learns_costs:
        model, seconds = rival.fit(task)
        return figures(task, rival, model, seconds, dict.fromkeys(RATIOS, model))
    fits = {ratio: rival.fit_with_costs(task, ratio) for ratio in RATIOS}
    models = {ratio: model for ratio, (model, _) in fits.items()}
    seconds = np.mean([seconds for _, seconds in fits.values()])
    return figures(task, rival, models[5], seconds, models)


def figures(
    task: Task, rival: Rival, model: Fitted, seconds: float, models: dict[float, Fitted]
) -> dict[str, float]:
    """Return costs by the model of each ratio, and the other figures of one of them."""
    vectors = task.corpus.vectors if rival.sentence_vectors or rival.encodes(task) else None
    P, bulk = timed_prediction(model, task.test)
    single = np.median([timed_prediction(model, [text])[1] for text in task.test[:N_SINGLE]])
    if rival.sentence_vectors:
        bulk += len(task.test) * vectors.seconds_a_text
        single += vectors.seconds_one_text
    if vectors is not None:
        seconds += rival.encodes(task) * vectors.seconds_a_text
    costs = {}
    for ratio, other in models.items():
        P_other = P if other is model else other.predict_proba(task.test)
        costs[f"cost_{ratio}"] = cost(task.y_test, P_other, ratio, argmax=rival.argmax)
    return costs | {
        "average_precision": average_precision_score(task.y_test, P[:, 1]),
        "log_loss": log_loss(task.y_test, P),
        "seconds": seconds,
        "ms_single": 1000 * single,
        "ms_bulk": 1000 * bulk / len(task.test),
        "megabytes": megabytes(model),
    }


def cost(y: np.ndarray, P: np.ndarray, ratio: float, *, argmax: bool) -> float:
    """Return the normalized cost of decisions by expected cost, or of the most probable class."""
    costs = {1: ratio}
    y_pred = P.argmax(axis=1) if argmax else decide(P, costs, [0, 1])
    return normalized_cost(y, y_pred, cost_matrix=costs)


def timed_prediction(model: Fitted, texts: list[str]) -> tuple[np.ndarray, float]:
    """Return probabilities of texts, and the seconds that they took."""
    begin = time.perf_counter()
    P = model.predict_proba(texts)
    return P, time.perf_counter() - begin


def megabytes(model: Fitted) -> float:
    """Return the size of the model's file: by its own `save`, or by joblib without compression."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        if hasattr(model, "save"):
            model.save(path)
        else:
            joblib.dump(model, path)
        return path.stat().st_size / 1e6


def warm_up() -> None:
    """Compile what the first fit of a process compiles, so that no model's seconds include it."""
    model = CostSensitiveTextCNN(early_stopping=False, epochs=1, random_state=0)
    model.fit(["a rare text", "an other text"] * 20, [1, 0] * 20).predict_proba(["a text"])


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of the results."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def append(path: Path, row: dict[str, object]) -> None:
    """Write one more row, and the header of a new file."""
    is_new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerow({k: f"{v:.5g}" if isinstance(v, float) else v for k, v in row.items()})


def known_models(path: Path, corpus: str, size: str, seed: int) -> set[str]:
    """Return the models whose row of a split is in the file."""
    split = (corpus, size, str(seed))
    return {
        row["model"] for row in read(path) if (row["corpus"], row["size"], row["seed"]) == split
    }


def names_of_rows() -> list[str]:
    """Return the names of all models that a row may have, in the order of the tables."""
    return [name + end for name in RIVALS for end in ("", DEFAULT_LOSS)]


def models_of(arguments: object) -> Iterator[tuple[str, Rival, bool]]:
    """Yield each row's name, its model, and whether it learns the costs of each ratio."""
    for name in arguments.models:
        yield name, RIVALS[name], False
        if arguments.default_loss and RIVALS[name].fit_with_costs is not None:
            yield name + DEFAULT_LOSS, RIVALS[name], True


def measure(arguments: object, read_corpus: Corpus, size: str, seed: int) -> None:
    """Append the rows of one split that are missing."""
    known = known_models(arguments.results, read_corpus.name, size, seed)
    missing = [entry for entry in models_of(arguments) if entry[0] not in known]
    split = task(read_corpus, size, seed, arguments.vectors) if missing else None
    if split is None:
        return
    for name, rival, learns_costs in missing:
        if rival.unlabeled and not split.unlabeled:
            continue
        row = {
            "corpus": read_corpus.name,
            "size": size,
            "seed": seed,
            "model": name,
            "n_train": len(split.train),
            "n_test": len(split.test),
            **measured(split, rival, learns_costs=learns_costs),
        }
        append(arguments.results, row)
        main_figure = np.mean([row[f"cost_{ratio}"] for ratio in (2, 5, 10)])
        print(
            f"{read_corpus.name:20s} {size:>5s} {seed:3d} {name:32s} {main_figure:.3f} "
            f"{row['seconds']:7.1f} s",
            flush=True,
        )


def main() -> None:
    """Measure what is missing, or write the tables."""
    command_line = argparse.ArgumentParser(description=__doc__)
    command_line.add_argument("--data", type=Path, help=DATA_HELP)
    command_line.add_argument("--corpora", nargs="+", default=list(RARE), choices=RARE)
    command_line.add_argument("--sizes", nargs="+", default=list(SIZES), choices=SIZES)
    command_line.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    command_line.add_argument("--models", nargs="+", default=list(RIVALS), choices=RIVALS)
    command_line.add_argument(
        "--default-loss", action="store_true", help="also fit skcnn's default loss for each ratio"
    )
    command_line.add_argument("--vectors", default="glove", help="word vectors (a file or glove)")
    command_line.add_argument("--cache", type=Path, help="folder for sentence vectors")
    command_line.add_argument("--results", type=Path, default=HERE / "rivals.csv")
    command_line.add_argument("--table", action="store_true", help="write the tables and stop")
    arguments = command_line.parse_args()
    if arguments.table:
        text = tables(read(arguments.results), names_of_rows())
        print(text)
        path = HERE / "rivals.md"
        path.write_text(page(path.read_text("utf-8"), text), "utf-8")
        return
    warm_up()
    for name in arguments.corpora:
        read_corpus = corpus(arguments.data, name, arguments.cache)
        for size in arguments.sizes:
            for seed in arguments.seeds:
                measure(arguments, read_corpus, size, seed)


if __name__ == "__main__":
    main()
