"""What ``skcnn demo`` prints about its two classifiers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from skcnn.cli._output import new_table

if TYPE_CHECKING:
    from rich.console import Console

    from skcnn._arrays import Int64

CNN, BASELINE = "skcnn", "TF-IDF + LR"
CLASSES = ["other", "tech"]


@dataclass(frozen=True)
class Outcome:
    """What one classifier does on the test headlines, at one cost of a missed tech headline.

    Parameters
    ----------
    classifier : str
        `CNN` or `BASELINE`.
    cost : float
        Cost of missing a tech headline; a false alarm costs 1.
    confusion : ndarray of shape (2, 2), dtype int64
        Number of headlines: rows are the true class, columns the prediction, both in the order
        of `CLASSES`.
    average, normalized : float
        Average cost per headline, and normalized cost, at `cost`.
    seconds : float
        Time to train and predict.
    """

    classifier: str
    cost: float
    confusion: Int64
    average: float
    normalized: float
    seconds: float

    @property
    def recall(self) -> float:
        """Share of the tech headlines that are found."""
        return float(self.confusion[1, 1] / self.confusion[1].sum())

    @property
    def false_alarms(self) -> int:
        """Number of other headlines predicted as tech."""
        return int(self.confusion[0, 1])


def print_report(console: Console, outcomes: list[Outcome], *, seconds_to_start: float) -> None:
    """Print the confusion matrices, the figures, how to read them, and a summary in sentences."""
    _print_confusions(console, outcomes)
    _print_figures(console, outcomes)
    console.print(
        f"{CNN}: with the pretrained word vectors of GloVe. "
        f"{BASELINE}: logistic regression on words, word pairs and character n-grams; it is "
        "trained once and decides by the same rule at every cost. "
        "Normalized cost 1 = the cheapest constant prediction: one label for all headlines. "
        f"Seconds: training and predicting. Starting TensorFlow took {seconds_to_start:.1f} s more."
    )
    # Of the splits 0 to 4, the first differs most: normalized cost 0.30 at equal costs, mean 0.22.
    console.print(
        "These figures are from one split into training and test headlines. The table in the "
        "README is the mean of five splits (--random-state 0 to 4). The normalized cost of a "
        "single split can differ from that mean by a third."
    )
    for line in verdict(outcomes):
        console.print(line)


def verdict(outcomes: list[Outcome]) -> list[str]:
    """Describe the figures in sentences.

    Parameters
    ----------
    outcomes : list of Outcome
        Of both classifiers at the same costs, equal costs first.

    Returns
    -------
    list of str
        What unequal costs change for skcnn, and what each classifier does better.
    """
    cnn, baseline = ([o for o in outcomes if o.classifier == name] for name in (CNN, BASELINE))
    better: dict[str, list[str]] = {CNN: [], BASELINE: []}
    for ours, theirs in zip(cnn, baseline, strict=True):
        for figure, a, b in [
            ("average cost", ours.average, theirs.average),
            ("missed headlines", 1 - ours.recall, 1 - theirs.recall),
            ("false alarms", ours.false_alarms, theirs.false_alarms),
            ("seconds", ours.seconds, theirs.seconds),
        ]:
            if a != b:
                better[CNN if a < b else BASELINE].append(f"{figure} at {_ratio(ours.cost)}")
    lines = [_what_costs_change(*cnn)] if len(cnn) > 1 else []
    return lines + [
        f"{name} is better in: {', '.join(figures) or 'nothing'}."
        for name, figures in better.items()
    ]


def _what_costs_change(equal: Outcome, unequal: Outcome) -> str:
    wrong = equal.confusion
    average_of_equal = float((wrong[0, 1] + unequal.cost * wrong[1, 0]) / wrong.sum())
    return (
        f"With cost {unequal.cost:g} for a miss, {CNN} finds {unequal.recall:.0%} of the tech "
        f"headlines; with equal costs it finds {equal.recall:.0%}. If a miss costs "
        f"{unequal.cost:g}, the average cost per headline is {unequal.average:.3f} for the first "
        f"model and {average_of_equal:.3f} for the second."
    )


def _ratio(cost: float) -> str:
    return "equal costs" if cost == 1 else f"{cost:g}:1"


def _print_confusions(console: Console, outcomes: list[Outcome]) -> None:
    from rich.columns import Columns

    tables = []
    for outcome in outcomes:
        title = f"{outcome.classifier}, {_ratio(outcome.cost)}"
        table = new_table(title, "true class \\ prediction", *CLASSES)
        for name, row in zip(CLASSES, outcome.confusion, strict=True):
            table.add_row(name, *map(str, row))
        tables.append(table)
    console.print(Columns(tables))


def _print_figures(console: Console, outcomes: list[Outcome]) -> None:
    table = new_table(
        "On the test headlines",
        "classifier",
        "cost of\na miss",
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
