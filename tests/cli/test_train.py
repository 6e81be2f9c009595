from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import skcnn
from skcnn.cli import app
from tests.cli.tables import ROWS, run_process, written


def test_train_prints_what_it_measured_and_what_it_saved(
    training: subprocess.CompletedProcess[str], model: Path
) -> None:
    assert "Held out 32 rows" in training.stdout
    assert "of 8 'spam' (recall " in training.stdout
    assert "average cost" in training.stdout
    assert "(1 = the cheapest constant prediction)" in training.stdout
    assert "epochs" in training.stdout
    assert f"Saved {model}" in training.stdout
    assert "Traceback" not in training.stderr


def test_train_prints_the_costs_as_a_confusion_matrix_is_printed(
    training: subprocess.CompletedProcess[str],
) -> None:
    assert "┃ true class \\ prediction ┃ rows ┃ ham ┃ spam ┃" in training.stdout
    matrix = [line.split("│")[1:-1] for line in training.stdout.splitlines() if "│" in line]
    assert [[cell.strip() for cell in row] for row in matrix] == [
        ["ham", "120", "0", "1"],
        ["spam", "40", "5", "0"],
    ]


def test_the_saved_model_is_the_one_that_python_loads(model: Path) -> None:
    estimator = skcnn.CostSensitiveTextCNN.load(model)
    assert estimator.classes_.tolist() == ["ham", "spam"]
    assert estimator.cost_matrix_.tolist() == [[0, 1], [5, 0]]
    assert estimator.predict(["win free cash now", "see you at home"]).tolist() == ["spam", "ham"]


def test_another_backend_of_keras_is_an_error_in_one_line(folder: Path) -> None:
    data = written(folder / "few.csv", ROWS[:3] + ROWS[-3:], ("text", "label"))
    options = ["--positive", "spam", "-o", str(folder / "unborn.skcnn")]
    result = run_process("train", data, *options, KERAS_BACKEND="numpy")
    assert result.returncode == 2
    assert result.stderr.startswith("skcnn: ")  # Keras may lack what that backend needs
    assert result.stderr.count("\n") == 1
    assert not (folder / "unborn.skcnn").exists()


def test_with_too_few_rows_to_hold_out_train_says_so_and_goes_on(tmp_path: Path) -> None:
    rows = [*ROWS[:4], ("", "ham"), *ROWS[-20:]]
    data = written(tmp_path / "few.tsv.gz", rows, ("text", "label"))
    output = tmp_path / "few.skcnn"
    result = CliRunner().invoke(app, ["train", str(data), "--positive", "spam", "-o", str(output)])
    assert result.exit_code == 0, result.output
    assert "Not measured on held-out rows" in result.stdout
    assert "Read 24 rows. Left out 1 without a text: line 6." in result.stdout
    assert output.exists()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--text", "body"], "has no column 'body'; it has 'text', 'label'"),
        (["--label", "class"], "has no column 'class'; it has 'text', 'label'"),
        (["--positive", "offer"], "--positive offer: data.csv has no such label; it has 'ham'"),
        (["--cost", "offer=5"], "--cost offer=5: data.csv has no such label; it has 'ham', 'spam'"),
        (["--cost", "spam"], "--cost spam: expected LABEL=COST"),
        (["--cost", "spam=high"], "--cost spam=high: 'high' is not a number"),
        (["--cost", "spam=2", "--cost", "spam=3"], "'spam' already has a cost"),
        (["--cost", "spam=-1"], "spam"),
        (["--cost", "spam=nan"], "spam"),
        (["-o", "nowhere/model.skcnn"], "cannot write nowhere/model.skcnn"),
        (["-o", "."], "cannot write ."),
        (["-o", "-"], "cannot be written to standard output"),
        (["-o", "data.csv"], "cannot write data.csv: it is read too"),
    ],
)
def test_a_wrong_option_of_train_is_named(
    fails: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    complaint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "data.csv", ROWS, ("text", "label"))
    assert complaint in fails("train", "data.csv", "-o", "model.skcnn", *options)
    assert os.listdir(tmp_path) == ["data.csv"]
