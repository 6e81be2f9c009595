from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skcnn
from skcnn.cli._figures import figures_of
from skcnn.inspection import worst_errors
from tests.cli.tables import run_process, succeeds, written

ROWS = [
    ("win cash now", "spam"),
    ("free prize, call now", "spam"),
    ("see you at eight", "spam"),
    ("lunch tomorrow?", "ham"),
    ("claim your free cash", "ham"),
    ("I am on my way home", "ham"),
]


@pytest.fixture
def labeled(tmp_path: Path) -> Path:
    return written(tmp_path / "labeled.csv", ROWS, ("text", "label"))


def test_evaluate_prints_what_the_metrics_say(model: Path, labeled: Path) -> None:
    estimator = skcnn.CostSensitiveTextCNN.load(model)
    texts, y = zip(*ROWS, strict=True)
    y_pred = estimator.predict(list(texts))
    options: dict[str, Any] = {"cost_matrix": {"spam": 5}, "labels": ["ham", "spam"]}
    found = json.loads(succeeds("evaluate", model, labeled, "--json"))
    assert found["average_cost"] == pytest.approx(skcnn.average_cost(y, y_pred, **options))
    assert found["normalized_cost"] == pytest.approx(skcnn.normalized_cost(y, y_pred, **options))
    assert found["constant_predictions"] == {"ham": 2.5, "spam": 0.5}
    assert found["rows"] == np.sum(found["confusion_matrix"]) == 6
    errors = worst_errors(estimator, list(texts), list(y))
    assert [each["text"] for each in found["errors"]] == errors["text"].tolist()
    assert [each["because_of"] for each in found["errors"]] == errors["because_of"].tolist()
    assert [each["cost"] for each in found["errors"]] == errors["cost"].tolist()


def test_evaluate_prints_tables(model: Path, labeled: Path) -> None:
    printed = succeeds("evaluate", model, labeled, "--errors", "1")
    assert "Read 6 rows." in printed
    assert "Confusion matrix" in printed
    assert "precision" in printed
    assert "The cheapest constant prediction, 'spam' for every text, costs 0.5000" in printed
    assert "see you" in printed
    assert "claim" not in printed  # the second error


def test_a_threshold_and_abstentions_change_the_figures(model: Path, labeled: Path) -> None:
    never = json.loads(succeeds("evaluate", model, labeled, "--json", "--threshold", "1"))
    assert never["confusion_matrix"] == [[3, 0], [3, 0]]
    always = json.loads(succeeds("evaluate", model, labeled, "--json", "--threshold", "0"))
    assert always["confusion_matrix"] == [[0, 3], [0, 3]]
    ham = ["--threshold", "0", "--positive", "ham"]
    assert json.loads(succeeds("evaluate", model, labeled, "--json", *ham))["confusion_matrix"] == [
        [3, 0],
        [3, 0],
    ]
    none = json.loads(succeeds("evaluate", model, labeled, "--json", "--abstain-cost", "0"))
    assert none["confusion_matrix"] == [[0, 0, 3], [0, 0, 3]]
    assert none["average_cost"] == 0
    assert none["errors"] == []


def test_evaluate_works_without_the_extras(model: Path, labeled: Path) -> None:
    code = """
import sys
from importlib.abc import MetaPathFinder

class Missing(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name in ("tensorflow", "keras", "pandas", "matplotlib", "pyarrow", "polars"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
from skcnn.cli._app import app
app()
"""
    result = run_process("evaluate", model, labeled, code=code)
    assert result.returncode == 0, result.stderr
    assert "The most expensive errors" in result.stdout


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--threshold", "0.5", "--abstain-cost", "1"], "Leave one of them out"),
        (["--threshold", "0.5", "--positive", "offer"], "--positive offer: the model has no such"),
        (["--text", "body"], "has no column 'body'"),
        (["--label", "class"], "has no column 'class'"),
    ],
)
def test_a_wrong_option_of_evaluate_is_named(
    fails: Callable[..., str], model: Path, labeled: Path, options: list[str], complaint: str
) -> None:
    assert complaint in fails("evaluate", model, labeled, *options)


def test_a_label_that_the_model_does_not_know_is_named_before_predicting(
    fails: Callable[..., str], model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("skcnn.CostSensitiveTextCNN.predict_proba")
    data = written(tmp_path / "a.csv", [("see you", "offer")], ("text", "label"))
    line = fails("evaluate", model, data)
    assert "has the labels 'offer', which the model does not know; it knows 'ham', 'spam'" in line


def test_figures_of_a_label_without_rows_are_absent() -> None:
    figures = figures_of(np.array([0, 0]), np.array([0, 1]), ["a", "b", "c"], 1 - np.eye(3))
    assert figures.as_json()["classes"] == {
        "a": {"rows": 2, "precision": 1.0, "recall": 0.5},
        "b": {"rows": 0, "precision": 0.0, "recall": None},
        "c": {"rows": 0, "precision": None, "recall": None},
    }
    assert figures.as_json()["normalized_cost"] is None
    assert "normalized" not in figures.costs_in_a_sentence()


def test_a_confusion_matrix_of_many_labels_is_not_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = [f"label {i}" for i in range(50)]
    figures_of(np.arange(50), np.arange(50), names, 1 - np.eye(50)).print()
    printed = capsys.readouterr().out
    assert "The confusion matrix of 50 labels is too wide" in printed
    assert max(map(len, printed.splitlines())) < 120
