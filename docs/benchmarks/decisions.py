"""The cost of every loss with every decision rule, on six corpora.

Missing the rare class costs 1, 2, 5, 10 or 20 times as much as another error. The cost is the
normalized cost: 1 is the cost of the cheapest constant prediction, and lower is better. A model
that learns without costs is trained once for all ratios. Results are appended to a file of JSON
lines, and results that are in the file are not measured again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
from _common import load, parser, tfidf_logistic_regression
from imblearn.over_sampling import RandomOverSampler
from keras import ops
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, recall_score
from sklearn.model_selection import train_test_split

from skcnn import CostSensitiveTextCNN, check_cost_matrix, decide, normalized_cost
from skcnn.costs import loss_cost_matrix, posterior
from skcnn.costs._loss_formulas import LOSS_NAMES
from skcnn.network.losses import make_loss

RATIOS = (1, 2, 5, 10, 20)
RARE = {
    "ade_sentences": "ade",
    "hate_offensive": "hate",
    "so_web_5k_15k": "web",
    "clothing_reviews": "not_recommended",
    "sms_spam": "spam",
    "clinc150_imbalanced": "oos",
}


class Split:
    """Texts and labels of one split."""

    def __init__(self, data: Path | None, name: str, seed: int, n_train: int) -> None:
        texts, labels = load(data, name)
        self.rare, self.seed = RARE[name], seed
        if name == "clinc150_imbalanced":
            labels = np.where(labels == "oos", "oos", "intent")
        self.train, self.test, self.y_train, self.y_test = train_test_split(
            texts, labels, test_size=0.2, stratify=labels, random_state=seed
        )
        if len(self.train) > n_train:
            self.train, _, self.y_train, _ = train_test_split(
                self.train,
                self.y_train,
                train_size=n_train,
                stratify=self.y_train,
                random_state=seed,
            )
        self.classes, counts = np.unique(self.y_train, return_counts=True)
        self.position = self.classes.tolist().index(self.rare)
        self._counts = counts.astype(float)

    def matrix(self, ratio: float) -> np.ndarray:
        """Return the cost matrix of a ratio."""
        return check_cost_matrix({self.rare: ratio}, self.classes)

    def matrix_in_loss(self, ratio: float) -> np.ndarray:
        """Return the cost matrix of a ratio as a loss uses it: shifted and scaled."""
        return loss_cost_matrix(self.matrix(ratio), self._counts)

    def outputs(self, loss: object = "cross_entropy", **parameters: object) -> np.ndarray:
        """Return the outputs of the network alone for the test texts."""
        model = self.network(loss=loss, **parameters)
        return model.fit(self.train, self.y_train).predict_proba(self.test)

    def network(self, **parameters: object) -> CostSensitiveTextCNN:
        """Return an estimator without the n-gram model."""
        return CostSensitiveTextCNN(random_state=self.seed, linear_model=False, **parameters)


class OutputsUnchanged(keras.losses.Loss):
    """Another loss, which skcnn does not recognize: `predict_proba` then returns the outputs."""

    def __init__(self, loss: object) -> None:
        super().__init__()
        self.loss = loss

    def call(self, y_true: object, y_pred: object) -> object:
        return self.loss.call(y_true, y_pred)

    def get_config(self) -> dict:
        return {"loss": self.loss}


class CopiedSnippet(keras.losses.Loss):
    """The loss that has been copied since Keras issue 2115."""

    def __init__(self, costs: np.ndarray) -> None:
        super().__init__()
        self.costs = costs

    def call(self, y_true: object, y_pred: object) -> object:
        true = ops.one_hot(ops.cast(ops.reshape(y_true, (-1,)), "int32"), len(self.costs))
        largest = ops.equal(y_pred, ops.max(y_pred, axis=1, keepdims=True))
        weight = ops.matmul(ops.cast(largest, "float32"), np.float32(self.costs.T))
        return ops.categorical_crossentropy(y_pred, true) * ops.sum(weight * true, axis=1)

    def get_config(self) -> dict:
        return {"costs": self.costs}


# training, rule, ratio, P, y_pred
Predictions = Iterator[tuple[str, str, float, np.ndarray, np.ndarray]]


def plain(split: Split) -> Predictions:
    """Yield three decisions by the probabilities of a network with cross-entropy."""
    P = split.outputs()
    threshold_of = tuned_thresholds(split)
    for ratio in RATIOS:
        yield "cross-entropy", "most probable", ratio, P, split.classes[P.argmax(axis=1)]
        yield "cross-entropy", "Bayes", ratio, P, decide(P, split.matrix(ratio), split.classes)
        yield "cross-entropy", "tuned threshold", ratio, P, flagged(P, split, threshold_of[ratio])


def flagged(P: np.ndarray, split: Split, threshold: float) -> np.ndarray:
    """Return the rare class from a threshold on, else the most probable other class."""
    others = P.copy()
    others[:, split.position] = -1
    rest = split.classes[others.argmax(axis=1)]
    return np.where(P[:, split.position] >= threshold, split.rare, rest)


def tuned_thresholds(split: Split) -> dict[float, float]:
    """Return the cheapest threshold of each ratio on a held-out fifth of the training texts."""
    part, held, y_part, y_held = train_test_split(
        split.train,
        split.y_train,
        test_size=0.2,
        stratify=split.y_train,
        random_state=split.seed,
    )
    model = split.network(loss="cross_entropy").fit(part, y_part)
    P = model.predict_proba(held)
    candidates = np.unique(P[:, split.position])
    candidates = candidates[:: max(1, len(candidates) // 500)]

    def cost(threshold: float, ratio: float) -> float:
        y_pred = flagged(P, split, threshold)
        return normalized_cost(
            y_held, y_pred, cost_matrix={split.rare: ratio}, labels=split.classes
        )

    return {r: min(candidates, key=lambda threshold: cost(threshold, r)) for r in RATIOS}


def cost_losses(split: Split) -> Predictions:
    """Train a network for each loss and ratio; yield decisions by its posterior and outputs."""
    for name in LOSS_NAMES:
        if name == "cross_entropy":
            continue
        for ratio in RATIOS:
            costs = split.matrix_in_loss(ratio)
            softmax = split.outputs(OutputsUnchanged(make_loss(name, costs)))
            P = posterior(softmax, name, costs)
            matrix, classes = split.matrix(ratio), split.classes
            yield name, "Bayes", ratio, P, decide(P, matrix, classes)
            yield name, "largest output", ratio, softmax, classes[softmax.argmax(axis=1)]
            yield name, "costs twice", ratio, softmax, decide(softmax, matrix, classes)


def usual(split: Split) -> Predictions:
    """Yield common practice: class weights, the copied snippet, oversampling."""
    for ratio in RATIOS:
        weights = {label: ratio if label == split.rare else 1 for label in split.classes.tolist()}
        P = split.outputs(class_weight=weights)
        yield "class_weight", "most probable", ratio, P, split.classes[P.argmax(axis=1)]
        P = split.outputs(CopiedSnippet(split.matrix(ratio)))
        yield "copied snippet", "largest output", ratio, P, split.classes[P.argmax(axis=1)]
    sampler = RandomOverSampler(random_state=split.seed)
    texts, labels = sampler.fit_resample(np.array(split.train, object)[:, None], split.y_train)
    model = split.network(loss="cross_entropy").fit(texts, labels)
    P = model.predict_proba(split.test)
    for ratio in RATIOS:
        matrix, classes = split.matrix(ratio), split.classes
        yield "oversampling", "most probable", ratio, P, classes[P.argmax(axis=1)]
        yield "oversampling", "costs twice", ratio, P, decide(P, matrix, classes)


def whole(split: Split) -> Predictions:
    """Yield TF-IDF + logistic regression, and skcnn with both models together."""
    tfidf = tfidf_logistic_regression().fit(split.train, split.y_train)
    of_tfidf = tfidf.predict_proba(split.test)
    one = CostSensitiveTextCNN(loss="cross_entropy", random_state=split.seed)
    of_one = one.fit(split.train, split.y_train).predict_proba(split.test)
    for ratio in RATIOS:
        matrix, classes = split.matrix(ratio), split.classes
        yield "TF-IDF + LR", "Bayes", ratio, of_tfidf, decide(of_tfidf, matrix, classes)
        yield "skcnn, cross-entropy", "Bayes", ratio, of_one, decide(of_one, matrix, classes)
        model = CostSensitiveTextCNN(matrix, random_state=split.seed)
        P = model.fit(split.train, split.y_train).predict_proba(split.test)
        yield "skcnn, default", "Bayes", ratio, P, decide(P, matrix, classes)


PARTS = {"whole": whole, "plain": plain, "usual": usual, "cost_losses": cost_losses}


def measure(arguments: object) -> None:
    """Append the figures of every part that is not in the file."""
    lines = arguments.results.read_text().splitlines() if arguments.results.exists() else []
    known = {tuple(json.loads(line)["key"]) for line in lines}
    for seed in range(arguments.seeds):
        for part in arguments.parts:
            for name in arguments.sets:
                if (name, seed, part) in known:
                    continue
                split = Split(arguments.data, name, seed, arguments.train)
                rows = [figures(split, *found) for found in PARTS[part](split)]
                with arguments.results.open("a") as file:
                    file.write(json.dumps({"key": [name, seed, part], "rows": rows}) + "\n")


def figures(
    split: Split, training: str, rule: str, ratio: float, P: np.ndarray, y_pred: np.ndarray
) -> dict[str, object]:
    """Return cost and recall of the predictions, and how good the probabilities are."""
    is_rare, p = split.y_test == split.rare, P[:, split.position]
    return {
        "training": training,
        "rule": rule,
        "ratio": ratio,
        "cost": normalized_cost(
            split.y_test, y_pred, cost_matrix={split.rare: ratio}, labels=split.classes
        ),
        "recall": recall_score(is_rare, y_pred == split.rare),
        "average precision": average_precision_score(is_rare, p),
        "log loss": log_loss(is_rare, p),
        "Brier score": brier_score_loss(is_rare, p),
    }


def table(results: Path) -> None:
    """Print means and spreads of the cost over the splits, for each corpus and ratio."""
    found: dict[tuple, list[dict]] = defaultdict(list)
    for line in results.read_text().splitlines():
        part = json.loads(line)
        for row in part["rows"]:
            found[part["key"][0], row["training"], row["rule"], row["ratio"]].append(row)
    rows = sorted({key[1:3] for key in found}, key=lambda pair: (pair[1], pair[0]))
    for name in dict.fromkeys(key[0] for key in found):
        print(f"\n{name}\n| training | decision | {' | '.join(map(str, RATIOS))} | recall, 5:1 |")
        print("|" + "---|" * (len(RATIOS) + 3))
        for training, rule in rows:
            cells = []
            for ratio in RATIOS:
                costs = [row["cost"] for row in found[name, training, rule, ratio]]
                cells.append(f"{np.mean(costs):.3f} ± {np.std(costs):.3f}" if costs else "")
            recalls = [row["recall"] for row in found[name, training, rule, 5]]
            print(f"| {training} | {rule} | {' | '.join(cells)} | {np.mean(recalls):.3f} |")
    summary(found, rows)


def summary(found: dict[tuple, list[dict]], rows: list[tuple]) -> None:
    """Print costs relative to cross-entropy with the Bayes rule, log losses and Brier scores."""
    print("\n| training | decision | cost / cross-entropy + Bayes | log loss | Brier score |")
    names = dict.fromkeys(key[0] for key in found)
    for training, rule in rows:
        ratios, losses, briers = [], [], []
        for name in names:
            for ratio in RATIOS:
                runs = found[name, training, rule, ratio]
                reference = found[name, "cross-entropy", "Bayes", ratio]
                if len(runs) != len(reference) or not runs:
                    continue
                costs, best = ([row["cost"] for row in some] for some in (runs, reference))
                ratios.append(np.mean(costs) / np.mean(best))
                losses.append(np.mean([row["log loss"] for row in runs]))
                briers.append(np.mean([row["Brier score"] for row in runs]))
        if ratios:
            print(
                f"| {training} | {rule} | {np.exp(np.mean(np.log(ratios))):.3f} "
                f"| {np.mean(losses):.3f} | {np.mean(briers):.3f} |"
            )


def main() -> None:
    """Measure the parts that are not in the file, then print the tables."""
    command_line = parser(__doc__)
    command_line.add_argument("--sets", nargs="+", default=list(RARE), choices=RARE)
    command_line.add_argument("--parts", nargs="+", default=list(PARTS), choices=PARTS)
    command_line.add_argument("--seeds", type=int, default=3)
    command_line.add_argument("--train", type=int, default=5000, help="most training texts")
    command_line.add_argument("--results", type=Path, required=True, help="file of JSON lines")
    arguments = command_line.parse_args()
    measure(arguments)
    table(arguments.results)


if __name__ == "__main__":
    main()
