from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from skcnn.cli import app
from tests.cli.tables import run_process, run_without_importing, written


def test_predict_prints_the_columns_of_the_table_and_one_more(model: Path, new: Path) -> None:
    result = run_process("predict", model, new)
    assert result.returncode == 0, result.stderr
    assert list(csv.reader(result.stdout.splitlines(keepends=True))) == [
        ["id", "text", "predicted"],
        ["1", "free cash, win now", "spam"],
        ["2", 'see you, "home" at\neight', "ham"],
    ]


def test_predict_writes_probabilities_that_sum_to_1(model: Path, new: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    arguments = ["predict", str(model), str(new), "--proba", "-o", str(output)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    with open(output, encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["id", "text", "predicted", "probability_ham", "probability_spam"]
    for row in rows:
        assert float(row[3]) + float(row[4]) == pytest.approx(1, abs=1e-5)
    assert float(rows[0][4]) > float(rows[1][4])


def test_predict_never_imports_tensorflow(model: Path, new: Path) -> None:
    result = run_without_importing("predict", model, new, modules=("tensorflow", "keras"))
    assert result.returncode == 0, result.stderr
    assert "predicted" in result.stdout


def test_an_incomplete_model_file_is_an_error(
    fails: Callable[..., str], model: Path, new: Path
) -> None:
    broken = new.with_name("broken.skcnn")
    broken.write_bytes(model.read_bytes()[:-100])
    assert "broken.skcnn is not a complete skcnn model file" in fails("predict", broken, new)


def test_an_absent_model_file_is_named(fails: Callable[..., str], new: Path) -> None:
    assert "absent.skcnn: No such file" in fails("predict", "absent.skcnn", new)


def test_predict_names_the_columns_of_the_table(
    fails: Callable[..., str], model: Path, new: Path
) -> None:
    line = fails("predict", model, new, "--text", "body")
    assert "has no column 'body'; it has 'id', 'text'" in line


def test_predict_does_not_write_over_a_column(
    fails: Callable[..., str], model: Path, tmp_path: Path
) -> None:
    data = written(tmp_path / "new.csv", [("see you", "ham")], ("text", "predicted"))
    assert "already has a column 'predicted'" in fails("predict", model, data)
