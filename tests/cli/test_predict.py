from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import skcnn
from skcnn.cli._app import app
from skcnn.cli.tables._read import open_table
from tests.cli.tables import HAM, SPAM, run_process, run_without_importing, succeeds, written


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
    assert "already has a column 'predicted'; add --overwrite" in fails("predict", model, data)


def test_predict_replaces_its_columns_when_it_is_told_to(model: Path, tmp_path: Path) -> None:
    rows = [("?", "see you at home", "1", "0.5")]
    header = ("predicted", "text", "id", "probability_spam")
    data = written(tmp_path / "new.csv", rows, header)
    for _ in range(2):
        succeeds("predict", model, data, "--proba", "--overwrite", "-o", data)
        with open(data, encoding="utf-8", newline="") as file:
            columns, (label, text, number, *probabilities) = csv.reader(file)
        assert columns == [*header, "probability_ham"]
        assert (label, text, number) == ("ham", "see you at home", "1")
        assert sum(map(float, probabilities)) == pytest.approx(1, abs=1e-5)
    assert os.listdir(tmp_path) == ["new.csv"]


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet", "CSV", "csv.gz"])
def test_predict_reads_and_writes_every_format(model: Path, tmp_path: Path, ending: str) -> None:
    texts = ["free cash, win now", "", "see you at home"]
    lines = tmp_path / "new.txt"
    lines.write_text("".join(f"{text}\n" for text in texts))
    first, second = tmp_path / f"first.{ending}", tmp_path / f"second.{ending}"
    succeeds("predict", model, lines, "--text", "body", "-o", first)
    succeeds("predict", model, first, "--text", "body", "--overwrite", "-o", second)
    assert second.read_bytes() == first.read_bytes()
    expected = skcnn.CostSensitiveTextCNN.load(model).predict(texts).tolist()
    with open_table(second) as table:
        (block,) = table.blocks
        assert table.columns == ["body", "predicted"]
        assert block.values("body") == texts
        assert block.values("predicted") == expected
    assert expected[0] == "spam"


def test_blocks_change_no_prediction(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [(f"{text} {i}",) for i in range(7) for text in (*SPAM, *HAM, "", "win a home")]
    data = written(tmp_path / "new.csv", rows, ("text",))
    whole = succeeds("predict", model, data, "--proba").splitlines()
    monkeypatch.setattr("skcnn.cli.tables._read.MAX_ROWS", 5)
    parts = succeeds("predict", model, data, "--proba").splitlines()
    assert parts[0] == whole[0]
    for (*cells, a, b), (*expected, c, d) in zip(
        csv.reader(parts[1:]), csv.reader(whole[1:]), strict=True
    ):
        assert cells == expected
        # Sums of float32 depend on the number of rows in their last digits.
        assert [float(a), float(b)] == pytest.approx([float(c), float(d)], abs=1e-6)


def test_predict_answers_a_pipe_before_it_ends(model: Path) -> None:
    """So the memory does not grow with the table."""
    command = [sys.executable, "-m", "skcnn.cli", "predict", str(model), "-", "--format", "jsonl"]
    environment = os.environ | {"PYTHONPATH": str(Path(skcnn.__file__).parents[1])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write('{"text": "win free cash", "id": 7}\n' * 5000)
        process.stdin.flush()
        row = json.loads(process.stdout.readline())
        assert row == {"text": "win free cash", "id": 7, "predicted": "spam"}
        process.stdin.close()
        assert len(process.stdout.readlines()) == 4999
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["-o", "out.xlsx"], "out.xlsx: expected a table whose name ends in"),
        (["-o", "out.txt"], "a .txt file has no columns"),
        (["-o", "absent/out.csv"], "absent is not a folder"),
        (["-o", "."], "ends in"),
        (["-o", "folder.csv"], "it is a folder"),
        (["-o", "model.csv"], "it is read too"),
        (["--text", "body"], "has no column 'body'"),
        (["--separator", "ab"], "--separator 'ab'"),
        (["--encoding", "none"], "--encoding none"),
        (["--format", "jsonl"], "line 1 is not JSON"),
    ],
)
def test_what_can_be_refused_is_refused_before_the_model_is_read(
    fails: Callable[..., str],
    new: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    complaint: str,
) -> None:
    monkeypatch.chdir(new.parent)
    (new.parent / "folder.csv").mkdir()
    (new.parent / "model.csv").write_bytes(b"no model")
    assert complaint in fails("predict", "model.csv", new, *options)
    assert sorted(os.listdir()) == ["folder.csv", "model.csv", "new.csv"]


def test_formulas_are_escaped_on_request(model: Path, tmp_path: Path) -> None:
    data = written(tmp_path / "new.csv", [("=1+1",)], ("text",))
    assert "\n=1+1," in succeeds("predict", model, data)
    assert "\n'=1+1," in succeeds("predict", model, data, "--escape-formulas")


def test_a_closed_pipe_is_no_traceback(model: Path, tmp_path: Path) -> None:
    rows = [("see you at home",)] * 9000
    data = written(tmp_path / "new.csv", rows, ("text",))
    command = f"{sys.executable} -m skcnn.cli predict {model} {data} | head -1"
    environment = os.environ | {"PYTHONPATH": str(Path(skcnn.__file__).parents[1])}
    result = subprocess.run(
        command, shell=True, capture_output=True, text=True, check=False, env=environment
    )
    assert result.stdout == "text,predicted\n"
    assert "Traceback" not in result.stderr
