from __future__ import annotations

import csv
import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import skcnn
from skcnn._demo import CNN, RIVAL, Outcome, verdict
from skcnn.cli import app

SPAM = ["win cash now", "free prize, call now", "claim your free cash", "urgent: win a prize"]
HAM = ["see you at eight", "lunch tomorrow?", "I am on my way home", "call me when you are home"]
ROWS = [(f"{text} {i}", "spam") for i in range(10) for text in SPAM]
ROWS += [(f"{text} {i}", "ham") for i in range(30) for text in HAM]


def run_process(
    *arguments: str | Path, code: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    program = ["-m", "skcnn.cli"] if code is None else ["-c", code]
    root = Path(skcnn.__file__).parents[1]
    return subprocess.run(
        [sys.executable, *program, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        env=os.environ | {"PYTHONPATH": str(root), "PYTHONUTF8": "1"} | environment,
    )


def written(path: Path, rows: list[tuple[str, ...]], header: tuple[str, ...]) -> Path:
    opener = gzip.open if path.suffix == ".gz" else open
    delimiter = "\t" if ".tsv" in path.name else ","
    with opener(path, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([header, *rows])
    return path


def table(path: Path) -> list[list[str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="module")
def training(folder: Path) -> subprocess.CompletedProcess[str]:
    data = written(folder / "data.csv", ROWS, ("text", "label"))
    options = ["--positive", "spam", "--cost", "spam=5", "-o", folder / "model.skcnn"]
    return run_process("train", data, "--text", "text", "--label", "label", *options)


@pytest.fixture(scope="module")
def model(training: subprocess.CompletedProcess[str], folder: Path) -> Path:
    assert training.returncode == 0, training.stderr
    return folder / "model.skcnn"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    rows = [("1", "free cash, win now"), ("2", 'see you, "home" at\neight')]
    return written(tmp_path / "new.csv", rows, ("id", "text"))


Fails = Callable[..., str]


@pytest.fixture
def fails() -> Fails:
    """Run a command that must end with exit code 2 and one line on stderr; return the line."""

    def run(*arguments: str | Path) -> str:
        result = CliRunner().invoke(app, list(map(str, arguments)))
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1
        assert result.stderr.startswith("skcnn: ")
        return result.stderr

    return run


# Training


def test_train_prints_what_it_learnt_from_and_what_came_out(
    training: subprocess.CompletedProcess[str], model: Path
) -> None:
    assert "Held out 32 rows" in training.stdout
    assert "of 8 'spam' (recall " in training.stdout
    assert "average cost" in training.stdout
    matrix = [line.split("│")[1:-1] for line in training.stdout.splitlines() if "│" in line]
    assert [[cell.strip() for cell in row] for row in matrix] == [
        ["ham", "120", "0", "1"],
        ["spam", "40", "5", "0"],
    ]
    assert "epochs" in training.stdout
    assert f"Saved {model}" in training.stdout
    assert "Traceback" not in training.stderr


def test_the_saved_model_is_the_one_that_python_loads(model: Path) -> None:
    estimator = skcnn.CostSensitiveTextCNN.load(model)
    assert estimator.classes_.tolist() == ["ham", "spam"]
    assert estimator.cost_matrix_.tolist() == [[0, 1], [5, 0]]
    assert estimator.predict(["win free cash now", "see you at home"]).tolist() == ["spam", "ham"]


def test_another_backend_of_keras_is_refused_in_one_line(folder: Path) -> None:
    data = written(folder / "few.csv", ROWS[:3] + ROWS[-3:], ("text", "label"))
    options = ["--positive", "spam", "-o", folder / "unborn.skcnn"]
    result = run_process("train", data, *options, KERAS_BACKEND="numpy")
    assert result.returncode == 2
    assert result.stderr.startswith("skcnn: ")  # Keras may lack what that backend needs
    assert result.stderr.count("\n") == 1
    assert not (folder / "unborn.skcnn").exists()


def test_too_few_rows_to_hold_out_are_said_and_training_goes_on(tmp_path: Path) -> None:
    data = written(tmp_path / "few.tsv.gz", [*ROWS[:4], *ROWS[-20:]], ("text", "label"))
    output = tmp_path / "few.skcnn"
    result = CliRunner().invoke(app, ["train", str(data), "--positive", "spam", "-o", str(output)])
    assert result.exit_code == 0, result.output
    assert "Not measured on held-out rows" in result.stdout
    assert output.exists()


# Prediction


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
    header, *rows = table(output)
    assert header == ["id", "text", "predicted", "probability_ham", "probability_spam"]
    for row in rows:
        assert float(row[3]) + float(row[4]) == pytest.approx(1, abs=1e-5)
    assert float(rows[0][4]) > float(rows[1][4])


def test_predict_never_imports_tensorflow(model: Path, new: Path) -> None:
    code = (
        "import sys; from skcnn.cli import app; app(standalone_mode=False);"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras')))"
    )
    result = run_process("predict", model, new, code=code)
    assert result.returncode == 0, result.stderr
    assert "predicted" in result.stdout


def test_a_table_of_tabs_with_a_byte_order_mark_is_read(model: Path, tmp_path: Path) -> None:
    data = tmp_path / "new.tsv"
    data.write_bytes("\ufefftext\tid\r\nwin cash\t1\r\n\r\nsee you\t2\r\n".encode())
    result = CliRunner().invoke(app, ["predict", str(model), str(data)])
    assert result.exit_code == 0, result.output
    assert result.stdout == "text,id,predicted\nwin cash,1,spam\nsee you,2,ham\n"


def test_a_very_long_text_is_one_cell(model: Path, tmp_path: Path) -> None:
    limit = 131_072
    csv.field_size_limit(limit)
    data = written(tmp_path / "long.csv", [("see you at home " * 10_000,)], ("text",))
    result = CliRunner().invoke(app, ["predict", str(model), str(data)])
    assert result.exit_code == 0, result.output
    assert csv.field_size_limit() == limit


# The outside


def test_help_and_version_never_start_tensorflow() -> None:
    code = (
        "import sys; from skcnn.cli import app; app(standalone_mode=False);"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras')))"
    )
    for option in ("--help", "--version"):
        result = run_process(option, code=code)
        assert result.returncode == 0, result.stderr


def test_the_version_is_the_version_of_the_package() -> None:
    result = run_process("--version")
    assert result.stdout == f"skcnn {skcnn.__version__}\n"


def test_an_error_in_a_real_process_is_one_line_without_a_traceback(tmp_path: Path) -> None:
    result = run_process("train", tmp_path / "absent.csv", "-o", tmp_path / "model.skcnn")
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr == f"skcnn: {tmp_path / 'absent.csv'}: No such file or directory\n"


# What the user can cure


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--text", "body"], "has no column 'body'; it has 'text', 'label'"),
        (["--label", "class"], "has no column 'class'; it has 'text', 'label'"),
        (["--positive", "offer"], "--positive offer: data.csv has no such label; it has 'ham'"),
        (["--cost", "offer=5"], "--cost offer=5: data.csv has no such label; it has 'ham', 'spam'"),
        (["--cost", "spam"], "--cost spam: expected LABEL=COST"),
        (["--cost", "spam=dear"], "--cost spam=dear: 'dear' is not a number"),
        (["--cost", "spam=2", "--cost", "spam=3"], "'spam' has a cost already"),
        (["--cost", "spam=-1"], "spam"),
        (["--cost", "spam=nan"], "spam"),
        (["-o", "nowhere/model.skcnn"], "cannot write nowhere/model.skcnn"),
        (["-o", "."], "cannot write ."),
    ],
)
def test_a_wrong_option_of_train_is_named(
    fails: Fails,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    complaint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "data.csv", ROWS, ("text", "label"))
    assert complaint in fails("train", "data.csv", "-o", "model.skcnn", *options)
    assert os.listdir(tmp_path) == ["data.csv"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "data.csv is empty"),
        (b"text,label\n", "has a header and no rows"),
        (b"text,label\na,x\nb\n", "line 3 has 1 cells; the header has 2"),
        (b'text,label\n"a\nb",x\nc,y,z\n', "line 4 has 3 cells"),
        (b'text,label\na,x\n"b,y\n', "line 3 cannot be read"),
        (b"text,label\na,x\nb,x\n", "every row has the label 'x'"),
        (b"text,label\na,x\nb,x\nc,y\n", "the label 'y' has one row"),
        (b"text,label\n,x\n ,x\nc,y\nc,y", "the column 'text' is empty on lines 2, 3;"),
        (b"text,label\na,\nc,y\nc,y", "the column 'label' is empty on line 2;"),
        (b"text,label\n" + b",x\n" * 7, "on lines 2, 3, 4, 5, 6 and 2 more"),
        (b"text,text,label\na,b,x\n", "has two columns 'text'"),
        (b"text,label\n\xa3,x\n", "is not UTF-8"),
    ],
)
def test_a_wrong_table_is_refused_with_the_place(
    fails: Fails, tmp_path: Path, content: bytes, complaint: str
) -> None:
    data = tmp_path / "data.csv"
    data.write_bytes(content)
    assert complaint in fails("train", data, "-o", tmp_path / "model.skcnn")


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("data.xlsx", b"", "ends in .csv, .tsv"),
        ("data.csv.gz", b"text,label\n", "is no gzip file"),
        ("data.csv.gz", gzip.compress(b"text,label\na,x\n" * 99)[:-9], "cannot be read"),
        ("absent.csv", None, "No such file"),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    fails: Fails, tmp_path: Path, name: str, content: bytes | None, complaint: str
) -> None:
    data = tmp_path / name
    if content is not None:
        data.write_bytes(content)
    assert complaint in fails("train", data, "-o", tmp_path / "model.skcnn")


def test_a_broken_model_file_is_refused(fails: Fails, model: Path, new: Path) -> None:
    broken = new.with_name("broken.skcnn")
    broken.write_bytes(model.read_bytes()[:-100])
    assert "broken.skcnn is not a whole skcnn model file" in fails("predict", broken, new)


def test_a_model_file_that_is_not_there_is_named(fails: Fails, new: Path) -> None:
    assert "absent.skcnn: No such file" in fails("predict", "absent.skcnn", new)


def test_predict_names_the_columns_that_there_are(fails: Fails, model: Path, new: Path) -> None:
    line = fails("predict", model, new, "--text", "body")
    assert "has no column 'body'; it has 'id', 'text'" in line


def test_predict_does_not_write_over_a_column(fails: Fails, model: Path, tmp_path: Path) -> None:
    data = written(tmp_path / "new.csv", [("see you", "ham")], ("text", "predicted"))
    assert "already has a column 'predicted'" in fails("predict", model, data)


def test_the_demo_without_its_texts_names_the_cure(
    fails: Fails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skcnn.datasets.find_spec", lambda name: None)
    assert 'pip install "skcnn[demo]"' in fails("demo")


# The demonstration


def outcome(classifier: str, cost: float, confusion: list[list[int]], seconds: float) -> Outcome:
    counts = np.array(confusion)
    average = float((counts[0, 1] + cost * counts[1, 0]) / counts.sum())
    return Outcome(classifier, cost, counts, average, average, seconds)


def test_the_verdict_says_what_the_costs_changed_and_who_wins_what() -> None:
    lines = verdict(
        [
            outcome(CNN, 1, [[80, 0], [10, 10]], 9),
            outcome(CNN, 5, [[70, 10], [1, 19]], 9),
            outcome(RIVAL, 1, [[80, 0], [8, 12]], 1),
            outcome(RIVAL, 5, [[65, 15], [2, 18]], 1),
        ]
    )
    assert lines == [
        "Told that a miss costs 5, skcnn finds 95% of the tech headlines instead of 50%; at these "
        "prices its answers cost 0.150 a headline instead of 0.500.",
        "skcnn is better in: average cost at 5:1, missed headlines at 5:1, false alarms at 5:1.",
        "TF-IDF + LR is better in: average cost at equal costs, missed headlines at equal costs, "
        "seconds at equal costs, seconds at 5:1.",
    ]


def test_a_verdict_without_a_win_says_so() -> None:
    same = [[80, 0], [10, 10]]
    lines = verdict([outcome(CNN, 1, same, 9), outcome(RIVAL, 1, same, 9)])
    assert lines[0] == "skcnn is better in: nothing."


@pytest.mark.slow
def test_the_demo_shows_cheaper_decisions_on_real_texts() -> None:
    result = run_process("demo")
    assert result.returncode == 0, result.stderr
    for text in ("1,572 headlines to learn from, 524 to test on, 83", "recall", CNN, RIVAL, "5:1"):
        assert text in result.stdout
