"""What undersampling does to probabilities, and what decisions cost, estimated without labels.

Each corpus is split 80/20 three times; at most 5,000 texts are learned from. A classifier learns
from all of them, from undersampled ones (equal shares of both classes), and from as many texts as
are left by the sampler, at their own shares. The log loss says what the sampler did, what the
correction by `train_prior` gives back, and what the lost texts cost.

Then the estimate of the average cost without labels is compared with the real average cost, where a
miss costs 5: on the test texts, and on test texts of which four in five of the rare class are left
out, with and without estimating their shares.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from _common import load_binary, parser, tfidf_logistic_regression
from imblearn.pipeline import Pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skcnn import (
    CostSensitiveTextCNN,
    MinCostClassifier,
    average_cost,
    change_prior,
    decide,
    estimate_average_cost,
    estimate_prior,
)

CORPORA = ("ade_sentences", "clothing_reviews", "sms_spam")
SEEDS = range(3)
MAX_TRAIN = 5000
COSTS = {"rare": 5}
KEPT_OF_RARE = 0.2
Rows = tuple[np.ndarray, np.ndarray]


def learner(name: str, seed: int) -> object:
    """Return a classifier of one column of texts."""
    if name == "skcnn":
        return CostSensitiveTextCNN(loss="cross_entropy", random_state=seed)
    return make_pipeline(FunctionTransformer(np.ravel), tfidf_logistic_regression())


def split(data: Path | None, corpus: str, seed: int) -> tuple[Rows, Rows]:
    """Return training and test texts, (n, 1), with their labels "other" and "rare"."""
    texts, labels, rare = load_binary(data, corpus)
    y = np.where(labels == rare, "rare", "other")
    X = np.array(texts, dtype=object)[:, np.newaxis]
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, stratify=y, random_state=seed)
    return part((X, y), MAX_TRAIN, seed), (X_test, y_test)


def part(rows: Rows, n: int, seed: int) -> Rows:
    """Return at most n of the rows, with the same shares of both classes."""
    X, y = rows
    if len(y) <= n:
        return rows
    X, _, y, _ = train_test_split(X, y, train_size=n, stratify=y, random_state=seed)
    return X, y


def log_losses(
    name: str, train: Rows, test: Rows, seed: int
) -> tuple[dict[str, float], np.ndarray]:
    """Return the log loss of each way of training, and the probabilities of the plain one."""
    (X, y), (X_test, y_test) = train, test
    sampler = RandomUnderSampler(random_state=seed)
    pipeline = Pipeline([("sampler", sampler), ("model", learner(name, seed))])
    corrected = MinCostClassifier(pipeline, train_prior=[0.5, 0.5]).fit(X, y)
    P = learner(name, seed).fit(X, y).predict_proba(X_test)
    fewer = part(train, 2 * np.count_nonzero(y == "rare"), seed)
    of = {
        "all": P,
        "fewer": learner(name, seed).fit(*fewer).predict_proba(X_test),
        "undersampled": corrected.estimator_.predict_proba(X_test),
        "corrected": corrected.predict_proba(X_test),
    }
    return {way: float(log_loss(y_test, table)) for way, table in of.items()}, P


def costs(P: np.ndarray, y: np.ndarray, train_share: float, seed: int) -> dict[str, float]:
    """Return real and estimated average costs, on all rows and on rows with other shares."""
    classes = np.array(["other", "rare"])
    rng = np.random.default_rng(seed)
    kept = (y == "other") | (rng.uniform(size=len(y)) < KEPT_OF_RARE)
    old = [1 - train_share, train_share]
    new = estimate_prior(P[kept], old)
    changed = change_prior(P[kept], old, new)
    result = {"true share": float(np.mean(y[kept] == "rare")), "estimated share": float(new[1])}
    for name, table, labels in (
        ("same", P, y),
        ("other", P[kept], y[kept]),
        ("other, changed", changed, y[kept]),
    ):
        y_pred = decide(table, COSTS, classes)
        result[f"{name}, real"] = average_cost(labels, y_pred, cost_matrix=COSTS, labels=classes)
        result[f"{name}, estimate"] = estimate_average_cost(table, COSTS, classes)
    return result


def main() -> None:
    """Measure what is not in the file yet, then print the tables."""
    command_line = parser(__doc__)
    command_line.add_argument("--results", type=Path, required=True, help="file of JSON lines")
    arguments = command_line.parse_args()
    arguments.results.touch()
    records = [json.loads(line) for line in arguments.results.read_text("utf-8").splitlines()]
    done = {(r["corpus"], r["model"], r["seed"]) for r in records}
    for seed in SEEDS:
        for corpus in CORPORA:
            for name in ("TF-IDF + LR", "skcnn"):
                if (corpus, name, seed) in done:
                    continue
                train, test = split(arguments.data, corpus, seed)
                losses, P = log_losses(name, train, test, seed)
                share = float(np.mean(train[1] == "rare"))
                record = {"corpus": corpus, "model": name, "seed": seed, "n": len(test[1])}
                record |= {"losses": losses, "costs": costs(P, test[1], share, seed)}
                records.append(record)
                with arguments.results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record) + "\n")
    print_tables(records)


def print_tables(records: list[dict]) -> None:
    """Print means over the splits for each corpus and model."""
    print("| corpus | model | all | undersampled | corrected | fewer texts |\n|" + "---|" * 6)
    for corpus, name, rows in groups(records):
        plain = np.array([r["losses"]["all"] for r in rows])
        cells = [f"{plain.mean():.3f}"]
        for way in ("undersampled", "corrected", "fewer"):
            ratio = np.array([r["losses"][way] for r in rows]) / plain
            cells.append(f"{ratio.mean():.2f} ± {ratio.std():.2f}")
        print(f"| {corpus} | {name} | {' | '.join(cells)} |")
    columns = ("corpus", "model", "real", "estimate", "other shares: real", "estimate")
    columns += ("changed: real", "estimate", "share of the rare class", "estimate")
    print(f"\n| {' | '.join(columns)} |\n|" + "---|" * len(columns))
    keys = [f"{n}, {k}" for n in ("same", "other", "other, changed") for k in ("real", "estimate")]
    for corpus, name, rows in groups(records):
        means = [np.mean([r["costs"][k] for r in rows]) for k in keys]
        shares = [np.mean([r["costs"][k] for r in rows]) for k in ("true share", "estimated share")]
        print(f"| {corpus} | {name} | {' | '.join(f'{m:.3f}' for m in means + shares)} |")


def groups(records: list[dict]) -> list[tuple[str, str, list[dict]]]:
    """Return the records of each corpus and model."""
    keys = dict.fromkeys((r["corpus"], r["model"]) for r in records)
    return [
        (corpus, name, [r for r in records if (r["corpus"], r["model"]) == (corpus, name)])
        for corpus, name in sorted(keys)
    ]


if __name__ == "__main__":
    main()
