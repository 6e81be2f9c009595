"""``skcnn predict`` with the options that choose rows and decide otherwise than by the costs."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import skcnn
from skcnn.cli._highest import Highest
from skcnn.cli.tables._blocks import ABSENT, Block, as_list
from skcnn.cli.tables._read import open_table
from tests.cli.tables import HAM, SPAM, run_process, succeeds, written

TEXTS = [f"{text} {i}" for i in range(20) for text in (*HAM, *SPAM)]


@pytest.fixture
def new(tmp_path: Path) -> Path:
    rows = [(str(i), text) for i, text in enumerate(TEXTS)]
    return written(tmp_path / "new.csv", rows, ("id", "text"))


def ids(printed: str) -> list[int]:
    return [int(row["id"]) for row in csv.DictReader(printed.splitlines(keepends=True))]


def in_order(model: Path, label: str) -> list[int]:
    estimator = skcnn.CostSensitiveTextCNN.load(model)
    p = estimator.predict_proba(TEXTS)[:, estimator.classes_.tolist().index(label)]
    return np.argsort(-p, kind="stable").tolist()


@given(
    st.lists(st.lists(st.sampled_from([0.1, 0.5, 0.9]), min_size=1, max_size=9)),
    st.none() | st.integers(1, 12),
    st.integers(1, 5),
)
def test_the_rows_kept_are_the_first_of_all_rows_sorted(
    parts: list[list[float]], n: int | None, max_rows: int
) -> None:
    highest = Highest(n, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("skcnn.cli._highest.MAX_ROWS", max_rows)
        number = 0
        for part in parts:
            names = [f"row {number + i}" for i in range(len(part))]
            P = np.column_stack([1 - np.array(part), part])
            highest.add(Block(["name"], [names], list(range(number, number + len(part)))), P)
            number += len(part)
        found = [name for block in highest.blocks() for name in as_list(block.cells[0])]
    p = np.array([value for part in parts for value in part])
    assert found == [f"row {i}" for i in np.argsort(-p, kind="stable")[:n]]


def test_rows_with_other_columns_keep_their_cells() -> None:
    highest = Highest(None, 0)
    highest.add(Block(["a"], [[1]], [1]), np.array([[0.1]]))
    highest.add(Block(["a", "b"], [[2], [3]], [2]), np.array([[0.2]]))
    (block,) = highest.blocks()
    assert (block.columns, list(block.rows())) == (["a", "b"], [(2, 3), (1, ABSENT)])


@pytest.mark.parametrize(
    ("options", "n", "label"),
    [
        (["--top", "7"], 7, "spam"),
        (["--top", "1000"], 160, "spam"),
        (["--top", "5%"], 8, "spam"),
        (["--top", "0.1%"], 1, "spam"),
        (["--top", "7%", "--positive", "ham"], 12, "ham"),  # 11.2 rows
        (["--sort"], 160, "spam"),
        (["--sort", "--positive", "ham"], 160, "ham"),
    ],
)
def test_the_most_probable_rows_are_written_first(
    model: Path, new: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], n: int, label: str
) -> None:
    monkeypatch.setattr("skcnn.cli.tables._read.MAX_ROWS", 13)
    found = ids(succeeds("predict", model, new, *options))
    expected = in_order(model, label)[:n]
    assert len(found) == n
    estimator = skcnn.CostSensitiveTextCNN.load(model)
    k = estimator.classes_.tolist().index(label)
    p = estimator.predict_proba(TEXTS)[:, k]
    # Sums of float32 depend on the number of rows in their last digits.
    assert p[found] == pytest.approx(p[expected], abs=1e-6)


@pytest.mark.parametrize("ending", ["jsonl", "parquet", "tsv.gz"])
def test_the_most_probable_rows_keep_their_types(
    model: Path, new: Path, tmp_path: Path, ending: str
) -> None:
    whole, best = tmp_path / f"whole.{ending}", tmp_path / f"best.{ending}"
    succeeds("predict", model, new, "-o", whole)
    options = ["--top", "3", "--proba", "--overwrite", "-o", best]
    succeeds("predict", model, whole, *options)
    with open_table(whole) as before, open_table(best) as after:
        (kept,) = after.blocks
        by_id = {row[0]: row for block in before.blocks for row in block.rows()}
        assert len(kept.places) == 3
        for row in kept.rows():
            assert row[:3] == by_id[row[0]]


def test_a_number_of_rows_is_taken_from_a_pipe_too(
    model: Path,
) -> None:
    options = ["predict", str(model), "-", "--format", "txt", "--top", "1"]
    result = run_process(*options, stdin="lunch tomorrow?\nwin free cash\n")
    assert result.stdout == "text,predicted\nwin free cash,spam\n"


def test_a_threshold_decides(model: Path, new: Path) -> None:
    printed = succeeds("predict", model, new, "--threshold", "0.9", "--proba")
    rows = list(csv.DictReader(printed.splitlines()))
    assert {row["predicted"] for row in rows} == {"ham", "spam"}
    for row in rows:
        assert (row["predicted"] == "spam") == (float(row["probability_spam"]) >= 0.9)
    printed = succeeds("predict", model, new, "--threshold", "0", "--positive", "ham")
    assert {row["predicted"] for row in csv.DictReader(printed.splitlines())} == {"ham"}


def test_no_prediction_is_an_empty_cell(model: Path, new: Path) -> None:
    printed = succeeds("predict", model, new, "--abstain-cost", "0.01", "--proba")
    for row in csv.DictReader(printed.splitlines()):
        ham, spam = float(row["probability_ham"]), float(row["probability_spam"])
        cheapest = min(5 * spam, ham)
        if abs(cheapest - 0.01) > 1e-4:
            assert (row["predicted"] == "") == (cheapest > 0.01)


def test_the_ngrams_that_decided_are_a_column(model: Path, new: Path) -> None:
    explanation = skcnn.CostSensitiveTextCNN.load(model).explain([TEXTS[0]])[0]
    row = next(csv.DictReader(succeeds("predict", model, new, "--explain").splitlines()))
    first = explanation.ngrams[int(explanation.log_odds[:, explanation.column].argmax())]
    assert row["because_of"].split(" · ")[0] == first


def test_the_texts_are_not_overwritten(
    fails: Callable[..., str], model: Path, tmp_path: Path
) -> None:
    data = written(tmp_path / "a.csv", [("win cash", "1")], ("predicted", "id"))
    output = tmp_path / "out.csv"
    error = fails("predict", model, data, "--text", "predicted", "--overwrite", "-o", output)
    assert "texts in the column 'predicted'" in error
    assert not output.exists()


@pytest.mark.parametrize("option", [("--top", "2"), ("--sort",)])
def test_reasons_are_those_of_the_rows_that_are_written(
    model: Path, new: Path, monkeypatch: pytest.MonkeyPatch, option: tuple[str, ...]
) -> None:
    explained: list[str] = []
    original = skcnn.CostSensitiveTextCNN.explain

    def explain(self: skcnn.CostSensitiveTextCNN, X: list[str], **parameters: object) -> object:
        explained.extend(X)
        return original(self, X, **parameters)

    everything = csv.DictReader(succeeds("predict", model, new, "--explain").splitlines())
    reasons = {row["text"]: row["because_of"] for row in everything}
    monkeypatch.setattr(skcnn.CostSensitiveTextCNN, "explain", explain)
    printed = succeeds("predict", model, new, "--explain", *option)
    rows = list(csv.DictReader(printed.splitlines()))
    assert [row["text"] for row in rows] == explained
    assert all(row["because_of"] == reasons[row["text"]] for row in rows)


def test_the_probabilities_are_computed_once(
    model: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    original = skcnn.CostSensitiveTextCNN.predict_proba

    def predict_proba(self: skcnn.CostSensitiveTextCNN, X: list[str]) -> object:
        counted.append(len(X))
        return original(self, X)

    monkeypatch.setattr(skcnn.CostSensitiveTextCNN, "predict_proba", predict_proba)
    succeeds("predict", model, new, "--proba", "--top", "5%")
    assert counted == [len(TEXTS)]


def test_numbers_as_labels_stay_numbers(tmp_path: Path) -> None:
    y = [0] * 6 + [1] * 6
    cnn = skcnn.CostSensitiveTextCNN({1: 3}, epochs=1, early_stopping=False, random_state=0)
    cnn.fit([*HAM, *HAM[:2], *SPAM, *SPAM[:2]], y).save(tmp_path / "numbers.skcnn")
    data = written(tmp_path / "a.csv", [("win cash", "1"), ("see you", "0")], ("text", "label"))
    output = tmp_path / "out.jsonl"
    succeeds("predict", tmp_path / "numbers.skcnn", data, "-o", output)
    for line in output.read_text().splitlines():
        assert json.loads(line)["predicted"] in (0, 1)
    found = json.loads(succeeds("evaluate", tmp_path / "numbers.skcnn", data, "--json"))
    assert found["labels"] == ["0", "1"]
    assert found["rows"] == 2


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--top", "0"], "--top 0: expected a number of rows, such as 200, or 5%"),
        (["--top", "-3"], "--top -3: expected a number of rows"),
        (["--top", "2.5"], "--top 2.5: expected a number of rows"),
        (["--top", "0%"], "--top 0%: expected a percentage above 0%"),
        (["--top", "101%"], "--top 101%: expected a percentage above 0%"),
        (["--top", "x%"], "--top x%: expected a percentage above 0%"),
        (["--top", "3", "--sort"], "Leave --sort out"),
        (["--threshold", "0.5", "--abstain-cost", "1"], "Leave one of them out"),
        (["--threshold", "0.5", "--positive", "offer"], "the model has no such label"),
        (["--sort", "--positive", "offer"], "the model has no such label"),
    ],
)
def test_a_wrong_choice_of_rows_is_named(
    fails: Callable[..., str], model: Path, new: Path, options: list[str], complaint: str
) -> None:
    assert complaint in fails("predict", model, new, *options)


def test_a_percentage_of_a_pipe_is_refused(fails: Callable[..., str], model: Path) -> None:
    assert "a percentage is taken of a file" in fails("predict", model, "-", "--top", "5%")
