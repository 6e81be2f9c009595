"""What holds for the command as a whole."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import skcnn
from skcnn.cli._app import app
from tests.cli.tables import ROWS, run_process, run_without_importing, succeeds, written

COMMANDS = ["train", "evaluate", "explain", "predict", "tune", "report", "info", "demo"]
WITH_JSON = {"train", "evaluate", "explain", "tune", "info"}


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_neither_tensorflow_nor_scikit_learn(option: str) -> None:
    modules = ("tensorflow", "keras", "sklearn", "numpy")
    result = run_without_importing(option, modules=modules)
    assert result.returncode == 0, result.stderr


def test_the_version_is_the_version_of_the_package() -> None:
    result = run_process("--version")
    assert result.stdout == f"skcnn {skcnn.__version__}\n"


def test_the_help_lists_every_command() -> None:
    result = run_process("--help")
    listed = re.findall(r"^│ (\w+) ", result.stdout, re.MULTILINE)
    assert [name for name in listed if name in COMMANDS] == COMMANDS
    group: Any = typer.main.get_command(app)
    assert list(group.commands) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_h_is_help_and_ends_with_two_examples_that_parse(command: str) -> None:
    printed = CliRunner().invoke(app, [command, "-h"], env={"COLUMNS": "200"}).stdout
    assert printed == CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).stdout
    assert ("--json" in printed) == (command in WITH_JSON)
    _, _, end = printed.partition("Examples:")
    examples = [line.strip() for line in end.splitlines() if line.strip()]
    assert len(examples) == 2
    group: Any = typer.main.get_command(app)
    for example in examples:
        program, name, *arguments = shlex.split(example)
        assert (program, name) == ("skcnn", command)
        group.commands[name].make_context(name, arguments)


@pytest.mark.parametrize("command", COMMANDS)
def test_plain_lines_are_offered_where_no_labels_are_needed(command: str) -> None:
    printed = CliRunner().invoke(app, [command, "-h"], env={"COLUMNS": "200"}).stdout
    assert ("|txt" in printed) == (command in {"explain", "predict"})
    assert ("csv|tsv|jsonl|parquet" in printed) == (command not in {"info", "demo"})


def test_an_error_in_a_real_process_is_one_line_without_a_traceback(tmp_path: Path) -> None:
    result = run_process("train", tmp_path / "absent.csv", "-o", tmp_path / "model.skcnn")
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr == f"skcnn: {tmp_path / 'absent.csv'}: No such file or directory\n"


def test_a_missing_file_is_named_before_a_library_is_imported(tmp_path: Path) -> None:
    for command, *arguments in (
        ("train", "absent.csv", "-o", "m.skcnn"),
        ("evaluate", "absent.skcnn", "absent.csv"),
        ("predict", "absent.skcnn", "absent.csv"),
        ("explain", "absent.skcnn", "--text", "x"),
        ("tune", "absent.csv"),
        ("report", "absent.skcnn", "absent.csv", "-o", "report.html"),
        ("info", "absent.skcnn"),
    ):
        code = (
            "import sys; from skcnn.cli._app import app\n"
            "try: app()\n"
            "except SystemExit: print('sklearn' in sys.modules, 'numpy' in sys.modules)"
        )
        result = run_process(command, *arguments, code=code)
        assert result.stderr.startswith("skcnn: absent."), command
        assert result.stdout == "False False\n", command


def test_the_shell_completes_commands() -> None:
    result = run_process(
        _SKCNN_COMPLETE="complete_bash",
        COMP_WORDS="skcnn ev",
        COMP_CWORD="1",
        code="import sys; sys.argv[0] = 'skcnn'; from skcnn.cli import main; main()",
    )
    assert "evaluate" in result.stdout


def test_an_interrupt_ends_with_130_and_leaves_no_file(tmp_path: Path) -> None:
    data = written(tmp_path / "data.csv", ROWS * 50, ("text", "label"))
    arguments = ["train", str(data), "--epochs", "500", "-o", str(tmp_path / "model.skcnn")]
    environment = os.environ | {"PYTHONPATH": str(Path(skcnn.__file__).parents[1])}
    command = [sys.executable, "-m", "skcnn.cli", *arguments]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline()  # the first sign of life
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=60)
    assert process.returncode == 130, rest
    assert os.listdir(tmp_path) == ["data.csv"]


@pytest.mark.parametrize("command", ["evaluate", "explain", "info"])
def test_json_is_json_whatever_the_labels_are(command: str, model: Path, tmp_path: Path) -> None:
    data = written(tmp_path / "a.csv", [("\x1b[2Jwin 🙂", "spam")], ("text", "label"))
    printed = succeeds(command, model, *([] if command == "info" else [data]), "--json")
    assert "\x1b" not in printed
    assert isinstance(json.loads(printed), dict)
