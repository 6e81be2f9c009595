"""skcnn where other people published figures: one part for each table.

- ade: adverse drug events on a published split, against fine-tuned transformers
- clinc: out-of-scope questions of CLINC150, against networks with 150 intents
- intents: the same with 150 intents
- kim: accuracy on four of the data sets of Kim (2014)
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from _common import DATA_HELP
from _corpora import columns
from sklearn.metrics import accuracy_score
from sklearn.model_selection import StratifiedKFold

from skcnn import CostSensitiveTextCNN, decide

COST_RATIO, PREVALENCE = 5, 0.204  # of adverse drug events in all distinct sentences
KIM_2014 = {  # accuracy of CNN-non-static and of CNN-multichannel, table 2
    "kim_mr": (0.815, 0.811),
    "kim_mpqa": (0.895, 0.894),
    "kim_sst2": (0.872, 0.881),
    "kim_trec": (0.936, 0.922),
}
Make = Callable[..., CostSensitiveTextCNN]


def read(data: Path | None, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return texts, labels and parts as arrays."""
    texts, labels, parts = columns(data, name)
    return np.array(texts, dtype=object), labels, parts


# ---------------------------------------------------------------------------------------------
# Adverse drug events
# ---------------------------------------------------------------------------------------------


def cost_at_prevalence(
    recall: float, false_alarms: float, prevalence: float, ratio: float
) -> float:
    """Return the normalized cost in a population with another share of the rare class.

    With the prevalence p, the cost ratio r, the recall R and the share F of the other texts that
    are predicted rare, the cost is ``(p r (1 - R) + (1 - p) F) / min(p r, 1 - p)``. R and F are
    those of the test texts; they do not depend on their prevalence.
    """
    missed, alarms = prevalence * ratio * (1 - recall), (1 - prevalence) * false_alarms
    return (missed + alarms) / min(prevalence * ratio, 1 - prevalence)


def at_prevalence(P: np.ndarray, old: float, new: float) -> np.ndarray:
    """Return P(class | text) for another prevalence, the rare class last, by Bayes' theorem."""
    moved = P * [(1 - new) / (1 - old), new / old]
    return moved / moved.sum(axis=1, keepdims=True)


def ade(data: Path | None, make: Make, seeds: Sequence[int]) -> None:
    """Print the cost at 5:1, moved to the prevalence of 20.4 % in all distinct sentences.

    The published predictions are those of a fine-tuning run with this split: BioBERT, which decides
    at 0.5, costs 0.144 on the distinct test sentences, BERT-base 0.269, and TF-IDF with balanced
    logistic regression 0.41.
    """
    texts, labels, parts = read(data, "ade_published_split")
    y, train, test = (labels == "ade").astype(int), parts == "train", parts == "test"
    print("\n| | cost at 5:1 | recall | false alarms | seconds |\n|---|---|---|---|---|")
    print("| BioBERT | 0.144 | 0.918 | | |\n| BERT-base | 0.269 | | | |")
    print("| TF-IDF, balanced logistic regression | 0.41 | | | |")
    for seed in seeds:
        begin = time.perf_counter()
        model = make({1: COST_RATIO}, random_state=seed).fit(texts[train], y[train])
        seconds = time.perf_counter() - begin
        P = at_prevalence(model.predict_proba(texts[test]), y[train].mean(), PREVALENCE)
        y_pred = decide(P, {1: COST_RATIO}, [0, 1])
        recall, false_alarms = (y_pred[y[test] == k].mean() for k in (1, 0))
        cost = cost_at_prevalence(recall, false_alarms, PREVALENCE, COST_RATIO)
        print(
            f"| skcnn, seed {seed} | {cost:.3f} | {recall:.3f} | {false_alarms:.3f} "
            f"| {seconds:.1f} |",
            flush=True,
        )


# ---------------------------------------------------------------------------------------------
# Questions out of scope
# ---------------------------------------------------------------------------------------------


def clinc(data: Path | None, make: Make, seeds: Sequence[int]) -> None:
    """Print the recall of out-of-scope questions, if most questions in scope are kept.

    Two classes: out of scope, and in scope. The published recalls are 19 % (CNN), 44 % (BERT) and
    65 % (SBERT with a multilayer perceptron). They can be compared, but the published accuracy in
    scope cannot: it also counts which of 150 intents is predicted, and here it is the share of
    questions in scope that are kept. `intents` has 150 intents.
    """
    texts, labels, parts = read(data, "clinc150_imbalanced")
    y, train, test = (labels == "oos").astype(int), parts == "train", parts == "test"
    print("\n| skcnn | cost ratio | out-of-scope recall | in scope kept |\n|---|---|---|---|")
    for seed in seeds:
        model = make(loss="cross_entropy", random_state=seed).fit(texts[train], y[train])
        P = model.predict_proba(texts[test])
        for ratio in (1, 2, 5, 10, 20, 50):
            y_pred = decide(P, {1: ratio}, [0, 1])
            recall, lost = (y_pred[y[test] == k].mean() for k in (1, 0))
            print(f"| seed {seed} | {ratio}:1 | {recall:.3f} | {1 - lost:.3f} |", flush=True)


def intents(data: Path | None, make: Make, seeds: Sequence[int]) -> None:
    """Print accuracy in scope and recall out of scope, with all intents as classes.

    Both figures can be compared with S. Larson et al., "An Evaluation Dataset for Intent
    Classification and Out-of-Scope Prediction", EMNLP-IJCNLP 2019, where out of scope is one more
    class. "5:1" means that missing this class costs 5 times as much as another error.
    """
    texts, labels, parts = read(data, "clinc150_imbalanced")
    train, test = parts == "train", parts == "test"
    is_out = labels[test] == "oos"
    print("\n| skcnn, 150 intents | cost ratio | out-of-scope recall | accuracy in scope |")
    print("|---|---|---|---|")
    for seed in seeds:
        model = make(loss="cross_entropy", random_state=seed).fit(texts[train], labels[train])
        P = model.predict_proba(texts[test])
        for ratio in (1, 2, 5, 10, 20, 50):
            right = decide(P, {"oos": ratio}, model.classes_) == labels[test]
            print(
                f"| seed {seed} | {ratio}:1 | {right[is_out].mean():.3f} "
                f"| {right[~is_out].mean():.3f} |",
                flush=True,
            )


# ---------------------------------------------------------------------------------------------
# Kim (2014)
# ---------------------------------------------------------------------------------------------


def kim(data: Path | None, make: Make, seeds: Sequence[int]) -> None:
    """Print mean accuracies: of ten folds for MR and MPQA, of the test texts for SST-2 and TREC.

    Those of others are from Y. Kim, "Convolutional Neural Networks for Sentence Classification",
    EMNLP 2014.
    """
    print("\n| | skcnn | Kim, non-static | Kim, multichannel |\n|---|---|---|---|")
    for name, (non_static, multichannel) in KIM_2014.items():
        of_folds = name in {"kim_mr", "kim_mpqa"}
        accuracies = [(folds if of_folds else fixed)(data, name, make, seed) for seed in seeds]
        print(
            f"| {name} | {np.mean(accuracies):.3f} | {non_static:.3f} | {multichannel:.3f} |",
            flush=True,
        )


def folds(data: Path | None, name: str, make: Make, seed: int) -> float:
    """Return the mean accuracy over ten folds."""
    texts, y, _ = read(data, name)
    accuracies = []
    for train, test in StratifiedKFold(10, shuffle=True, random_state=seed).split(texts, y):
        model = make(random_state=seed).fit(texts[train], y[train])
        accuracies.append(accuracy_score(y[test], model.predict(texts[test])))
    return float(np.mean(accuracies))


def fixed(data: Path | None, name: str, make: Make, seed: int) -> float:
    """Return the accuracy on the published test texts."""
    texts, y, _ = read(data, f"{name}_train")
    texts_test, y_test, _ = read(data, f"{name}_test")
    model = make(random_state=seed).fit(texts, y)
    return float(accuracy_score(y_test, model.predict(texts_test)))


PARTS = {"ade": ade, "clinc": clinc, "intents": intents, "kim": kim}


def main() -> None:
    """Print the tables named in --parts."""
    command_line = argparse.ArgumentParser(description=__doc__)
    command_line.add_argument("--data", type=Path, help=DATA_HELP)
    command_line.add_argument("--parts", nargs="+", required=True, choices=PARTS)
    command_line.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    command_line.add_argument("--vectors", help="word vectors (a file or glove)")
    command_line.add_argument("--sentence-vectors", choices=["minilm"])
    arguments = command_line.parse_args()
    parameters = {"word_vectors": arguments.vectors}
    if arguments.sentence_vectors:
        parameters["sentence_vectors"] = arguments.sentence_vectors

    def make(*costs: object, **more: object) -> CostSensitiveTextCNN:
        return CostSensitiveTextCNN(*costs, **parameters, **more)

    for part in arguments.parts:
        PARTS[part](arguments.data, make, arguments.seeds)


if __name__ == "__main__":
    main()
