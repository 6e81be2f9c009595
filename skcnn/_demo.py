"""``skcnn demo``: the tech headlines of BBC News, found at equal and at unequal costs."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skcnn.costs import CostMatrixLike, average_cost, decide, normalized_cost
from skcnn.datasets import load_bbc_headlines

if TYPE_CHECKING:
    from rich.console import Console

CNN, RIVAL = "skcnn", "TF-IDF + LR"
_CLASSES = np.array(["other", "tech"])


@dataclass(frozen=True)
class Outcome:
    """What one classifier, deciding at one cost of a missed headline, did on the test texts.

    `confusion` has the shape (2, 2), rows truth and columns answer, in the order other, tech.
    """

    classifier: str
    cost: float
    confusion: NDArray[np.int64]
    average: float
    normalized: float
    seconds: float

    @property
    def recall(self) -> float:
        """Share of the tech headlines that were found."""
        return float(self.confusion[1, 1] / self.confusion[1].sum())

    @property
    def false_alarms(self) -> int:
        """Number of other headlines taken for tech."""
        return int(self.confusion[0, 1])


def run(console: Console, *, cost: float, random_state: int) -> None:
    """Train, decide, compare and print.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    cost : float
        Cost of missing a tech headline; a false alarm costs 1.
    random_state : int
        Seed of the split and of the training.
    """
    from sklearn.model_selection import train_test_split

    headlines, sections = load_bbc_headlines(return_X_y=True)
    y = np.where(sections == "tech", "tech", "other")
    split = train_test_split(headlines, y, test_size=0.25, stratify=y, random_state=random_state)
    y_train, y_test = split[2], split[3]
    console.print(
        f"Find the tech headlines: {len(y_train):,} headlines to learn from, {len(y_test):,} to "
        f"test on, {np.count_nonzero(y_test == 'tech')} of these are tech."
    )
    costs = list(dict.fromkeys((1.0, cost)))
    with console.status("Training"):
        start = _seconds_to_start()
        outcomes = _cnn_outcomes(split, costs, random_state) + _rival_outcomes(split, costs)
    _print_confusions(console, outcomes)
    _print_summary(console, outcomes)
    console.print(
        f"{CNN}: with the pretrained vectors of GloVe. "
        f"{RIVAL}: logistic regression on words, word pairs and character n-grams, trained once "
        "and deciding by the same rule at every cost. The normalized cost is 1 for the best "
        "constant answer. Seconds are for training and predicting, after "
        f"{start:.1f} s to start TensorFlow."
    )
    for line in verdict(outcomes):
        console.print(line)


def verdict(outcomes: list[Outcome]) -> list[str]:
    """Say in sentences what the numbers say, whoever wins.

    Parameters
    ----------
    outcomes : list of Outcome
        Of both classifiers at the same costs, equal costs first.

    Returns
    -------
    list of str
        What the costs changed for skcnn, and what each of the two does better.
    """
    cnn, rival = ([o for o in outcomes if o.classifier == name] for name in (CNN, RIVAL))
    won: dict[str, list[str]] = {CNN: [], RIVAL: []}
    for ours, theirs in zip(cnn, rival, strict=True):
        for what, a, b in [
            ("average cost", ours.average, theirs.average),
            ("missed headlines", 1 - ours.recall, 1 - theirs.recall),
            ("false alarms", ours.false_alarms, theirs.false_alarms),
            ("seconds", ours.seconds, theirs.seconds),
        ]:
            if a != b:
                won[CNN if a < b else RIVAL].append(f"{what} at {_ratio(ours.cost)}")
    lines = [
        f"{name} is better in: {', '.join(better) or 'nothing'}." for name, better in won.items()
    ]
    if len(cnn) > 1:
        equal, unequal = cnn
        before = _average(equal.confusion, unequal.cost)
        lines.insert(
            0,
            f"Told that a miss costs {unequal.cost:g}, skcnn finds {unequal.recall:.0%} of the "
            f"tech headlines instead of {equal.recall:.0%}; at these prices its answers cost "
            f"{unequal.average:.3f} a headline instead of {before:.3f}.",
        )
    return lines


# ---------------------------------------------------------------------------------------------
# Training
# ---------------------------------------------------------------------------------------------


def _seconds_to_start() -> float:
    from importlib import import_module

    begin = perf_counter()
    import_module("skcnn.network")
    return perf_counter() - begin


def _cost_matrix(cost: float) -> CostMatrixLike:
    return None if cost == 1 else {"tech": cost}


def _cnn_outcomes(split: list[Any], costs: list[float], random_state: int) -> list[Outcome]:
    from skcnn import CostSensitiveTextCNN

    X_train, X_test, y_train, y_test = split
    outcomes = []
    for cost in costs:
        begin = perf_counter()
        model = CostSensitiveTextCNN(
            cost_matrix=_cost_matrix(cost), word_vectors="glove", random_state=random_state
        )
        predicted = model.fit(X_train, y_train).predict(X_test)
        outcomes.append(_outcome(CNN, cost, y_test, predicted, perf_counter() - begin))
    return outcomes


def _rival_outcomes(split: list[Any], costs: list[float]) -> list[Outcome]:
    X_train, X_test, y_train, y_test = split
    begin = perf_counter()
    probabilities = _rival().fit(X_train, y_train).predict_proba(X_test)
    seconds = perf_counter() - begin
    return [
        _outcome(RIVAL, cost, y_test, decide(probabilities, _cost_matrix(cost), _CLASSES), seconds)
        for cost in costs
    ]


def _rival() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    return make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2)),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)),
        ),
        LogisticRegression(C=4, max_iter=1000),
    )


def _outcome(
    classifier: str,
    cost: float,
    y_true: NDArray[np.str_],
    y_pred: NDArray[np.str_],
    seconds: float,
) -> Outcome:
    from sklearn.metrics import confusion_matrix

    prices: dict[str, Any] = {"cost_matrix": _cost_matrix(cost), "labels": _CLASSES}
    return Outcome(
        classifier=classifier,
        cost=cost,
        confusion=confusion_matrix(y_true, y_pred, labels=_CLASSES),
        average=average_cost(y_true, y_pred, **prices),
        normalized=normalized_cost(y_true, y_pred, **prices),
        seconds=seconds,
    )


def _average(confusion: NDArray[np.int64], cost: float) -> float:
    return float((confusion[0, 1] + cost * confusion[1, 0]) / confusion.sum())


# ---------------------------------------------------------------------------------------------
# Printing
# ---------------------------------------------------------------------------------------------


def _ratio(cost: float) -> str:
    return "equal costs" if cost == 1 else f"{cost:g}:1"


def _table(title: str, *columns: str) -> Any:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="left" if column == columns[0] else "right")
    return table


def _print_confusions(console: Console, outcomes: list[Outcome]) -> None:
    from rich.columns import Columns

    tables = []
    for outcome in outcomes:
        title = f"{outcome.classifier}, {_ratio(outcome.cost)}"
        table = _table(title, "truth \\ answer", *_CLASSES)
        for name, row in zip(_CLASSES, outcome.confusion, strict=True):
            table.add_row(name, *map(str, row))
        tables.append(table)
    console.print(Columns(tables))


def _print_summary(console: Console, outcomes: list[Outcome]) -> None:
    table = _table(
        "On the test headlines",
        "classifier",
        "miss\ncosts",
        "recall",
        "false\nalarms",
        "average\ncost",
        "normalized\ncost",
        "seconds",
    )
    for outcome in outcomes:
        table.add_row(
            outcome.classifier,
            f"{outcome.cost:g}",
            f"{outcome.recall:.3f}",
            str(outcome.false_alarms),
            f"{outcome.average:.4f}",
            f"{outcome.normalized:.3f}",
            f"{outcome.seconds:.1f}",
        )
    console.print(table)
