"""Tables to try the commands on, and a way to run a command in a process of its own."""

from __future__ import annotations

import csv
import gzip
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from typer.testing import CliRunner

import skcnn
from skcnn.cli._app import app

SPAM = ["win cash now", "free prize, call now", "claim your free cash", "urgent: win a prize"]
HAM = ["see you at eight", "lunch tomorrow?", "I am on my way home", "call me when you are home"]
ROWS = [(f"{text} {i}", "spam") for i in range(10) for text in SPAM]
ROWS += [(f"{text} {i}", "ham") for i in range(30) for text in HAM]


def run_process(
    *arguments: str | Path, code: str | None = None, stdin: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    program = ["-m", "skcnn.cli"] if code is None else ["-c", code]
    root = Path(skcnn.__file__).parents[1]
    return subprocess.run(
        [sys.executable, *program, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env=os.environ | {"PYTHONPATH": str(root), "PYTHONUTF8": "1"} | environment,
    )


def run_without_importing(
    *arguments: str | Path, modules: tuple[str, ...]
) -> subprocess.CompletedProcess[str]:
    """Run a command that must not import `modules`: if it does, the exit code is 1."""
    code = (
        "import sys; from skcnn.cli._app import app; app(standalone_mode=False);"
        f"sys.exit(any(name in sys.modules for name in {modules}))"
    )
    return run_process(*arguments, code=code)


def written(path: Path, rows: Sequence[tuple[str, ...]], header: tuple[str, ...]) -> Path:
    opener = gzip.open if path.suffix == ".gz" else open
    delimiter = "\t" if ".tsv" in path.name else ","
    with opener(path, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([header, *rows])
    return path


def succeeds(*arguments: object) -> str:
    """Run a command that must end with exit code 0; return its standard output."""
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    return result.stdout
