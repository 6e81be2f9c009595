"""What holds for the command as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

import skcnn
from tests.cli.tables import run_process, run_without_importing


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
    for command in ("demo", "train", "predict"):
        assert f"│ {command} " in result.stdout


def test_an_error_in_a_real_process_is_one_line_without_a_traceback(tmp_path: Path) -> None:
    result = run_process("train", tmp_path / "absent.csv", "-o", tmp_path / "model.skcnn")
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr == f"skcnn: {tmp_path / 'absent.csv'}: No such file or directory\n"
