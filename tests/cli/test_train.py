from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import skcnn
from skcnn.cli._app import app
from tests.cli.tables import ROWS, run_process, written


def test_train_prints_what_it_measured_and_what_it_saved(
    training: subprocess.CompletedProcess[str], model: Path
) -> None:
    assert "Measured on 32 held-out rows, trained on 128." in training.stdout
    assert "of 8 'spam' (recall " in training.stdout
    assert "Average cost" in training.stdout
    assert "True class spam: predicting ham costs 5." in training.stdout
    assert "epochs" in training.stdout
    assert f"Saved {model}" in training.stdout
    assert "Traceback" not in training.stderr


def test_train_prints_the_confusion_matrix_precision_and_recall(
    training: subprocess.CompletedProcess[str],
) -> None:
    assert "┃ true label \\ prediction ┃ ham ┃ spam ┃" in training.stdout
    lines = [line.split("│")[1:-1] for line in training.stdout.splitlines() if "│" in line]
    confusion, shares = lines[:2], lines[2:]
    counts = np.array([[int(cell) for cell in row[1:]] for row in confusion])
    assert counts.sum(axis=1).tolist() == [24, 8]
    assert [row[0].strip() for row in shares] == ["ham", "spam"]
    printed = np.array([[float(cell) for cell in row[1:]] for row in shares])
    expected = np.column_stack(
        [counts.sum(axis=1), counts.diagonal() / counts.sum(axis=0), counts.diagonal() / [24, 8]]
    )
    assert printed == pytest.approx(expected, abs=5e-4)


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
    assert result.stderr.splitlines()[-1].startswith("skcnn: ")
    assert "Traceback" not in result.stderr  # Keras may lack what that backend needs
    assert not (folder / "unborn.skcnn").exists()


def test_with_too_few_rows_to_hold_out_train_says_so_and_goes_on(tmp_path: Path) -> None:
    rows = [*ROWS[:4], ("", "ham"), *ROWS[-20:]]
    data = written(tmp_path / "few.tsv.gz", rows, ("text", "label"))
    output = tmp_path / "few.skcnn"
    result = CliRunner().invoke(app, ["train", str(data), "--positive", "spam", "-o", str(output)])
    assert result.exit_code == 0, result.output
    assert "Not measured on held-out rows" in result.stdout
    assert "Add --measure" not in result.stdout
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
        (["--cost", "spam=-1"], "--cost spam=-1: costs are numbers >= 0; received -1\n"),
        (["--cost", "spam=nan"], "costs are numbers >= 0; received nan\n"),
        (["--cost", "spam=5,ham=1"], "repeat --cost: --cost spam=5 --cost ham=1"),
        (["--cost", "spam=5,ham=x"], "repeat --cost: --cost spam=5 --cost ham=x"),
        (["--cost", "spam:offer=3"], "data.csv has no such label; it has 'ham', 'spam'"),
        (["--cost", "spam:spam=3"], "another label that is predicted"),
        (["--cost", "spam=0", "--cost", "ham=0"], "every error costs 0"),
        (["--cost", "balanced", "--cost", "spam=3"], "--cost balanced cannot be combined"),
        (["--measure", "--validation-file", "data.csv"], "Leave one of them out"),
        (["--validation-file", "absent.csv"], "absent.csv: No such file"),
        (["--unlabeled", "absent.txt"], "absent.txt: No such file"),
        (["--config", "absent.toml"], "absent.toml: No such file"),
        (["--config", "data.csv"], "data.csv cannot be read"),
        (["--word-vectors", "absent.vec"], "absent.vec"),
        (["--sentence-vectors", "other"], "sentence_vectors is 'other'"),
        (["--loss", "other"], "Got 'other' instead"),
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
