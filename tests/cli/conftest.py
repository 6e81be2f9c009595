"""A model trained by the command, a table to predict on, and a way to run a command that fails."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from skcnn.cli._app import app
from tests.cli.tables import ROWS, run_process, written


@pytest.fixture(autouse=True)
def no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow computer adds no lines to what is compared; commands in another process do print."""
    monkeypatch.setattr("skcnn.cli._output.FIRST_LINE_AFTER", 600)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="session")
def training(folder: Path) -> subprocess.CompletedProcess[str]:
    data = written(folder / "data.csv", ROWS, ("text", "label"))
    columns = ["--text", "text", "--label", "label"]
    options = ["--positive", "spam", "--cost", "spam=5", "-o", str(folder / "model.skcnn")]
    return run_process("train", data, *columns, *options)


@pytest.fixture(scope="session")
def model(training: subprocess.CompletedProcess[str], folder: Path) -> Path:
    assert training.returncode == 0, training.stderr
    return folder / "model.skcnn"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    rows = [("1", "free cash, win now"), ("2", 'see you, "home" at\neight')]
    return written(tmp_path / "new.csv", rows, ("id", "text"))


@pytest.fixture
def fails() -> Callable[..., str]:
    """Run a command that must end with exit code 2 and one line on stderr; return the line."""

    def run(*arguments: str | Path) -> str:
        result = CliRunner().invoke(app, list(map(str, arguments)))
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1
        assert result.stderr.startswith("skcnn: ")
        return result.stderr

    return run
