"""What a command prints cannot command a terminal."""

from __future__ import annotations

import ast
import os
import pty
import re
import subprocess
import sys
import unicodedata
import warnings
from pathlib import Path
from time import sleep

import pytest
import typer

from skcnn._printable import printable, printable_rows
from skcnn.cli._output import console, new_table, one_line_errors, progress, say
from tests.cli.tables import run_process

CLI = Path(__file__).parents[2] / "skcnn" / "cli"
NASTY = {
    "\x1b[2Jgone": r"\x1b[2Jgone",
    "\x1b]0;title\x07": r"\x1b]0;title\x07",
    "over\rwritten": r"over\rwritten",
    "back\x08\x7f": r"back\x08\x7f",
    "\x9b31mred": r"\x9b31mred",
    "txt.\u202egpj": r"txt.\u202egpj",
    "half \ud800": r"half \ud800",
    "[red]no markup[/red] :key:": "[red]no markup[/red] :key:",
    "naïve 🙂👩\u200d💻 日本 עברית": "naïve 🙂👩\u200d💻 日本 עברית",
}


def is_harmless(printed: str) -> bool:
    return not any(unicodedata.category(c) in ("Cc", "Cs") for c in printed if c not in "\n\t")


@pytest.mark.parametrize("text", NASTY)
def test_commands_to_a_terminal_are_shown_and_all_else_is_unchanged(text: str) -> None:
    assert printable(text) == NASTY[text]
    assert printable_rows(f"a\t{text}\n") == f"a\t{NASTY[text]}\n"
    assert printable("a\tb\nc") == r"a\tb\nc"


def test_every_control_character_is_shown() -> None:
    for number in [*range(0x20), *range(0x7F, 0xA0), 0xD800, 0xDFFF]:
        assert is_harmless(printable(chr(number)))


@pytest.mark.parametrize("text", NASTY)
def test_lines_tables_and_errors_show_it(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(text)
    table = new_table(text, text, "n")
    table.add_row(text, text)
    console().print(table, width=200)
    with pytest.raises(typer.Exit), one_line_errors():
        raise ValueError(text)
    printed = capsys.readouterr()
    assert is_harmless(printed.out + printed.err)
    assert printed.out.count(NASTY[text]) == 5
    assert NASTY[text] in printed.err


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.filterwarnings("always")
def test_a_warning_is_one_harmless_line(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = warnings.showwarning
    with one_line_errors():
        warnings.warn(f"{text}\n more", UserWarning, stacklevel=1)
    assert capsys.readouterr().err == f"skcnn: warning: {NASTY[text]} more\n"
    assert warnings.showwarning is before


def test_progress_shows_it_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress("first \x1b[2J [red]"):
        pass
    with progress("first") as show:
        show("then \x1b[2J [red]")
    printed = capsys.readouterr().err
    assert printed.count(r"\x1b[2J [red]") >= 1
    assert "\x1b[2J" not in printed


def test_a_log_gets_a_line_after_a_while_and_later_what_is_new(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("skcnn.cli._output.FIRST_LINE_AFTER", 0.05)
    monkeypatch.setattr("skcnn.cli._output.NEXT_LINE_AFTER", 0.05)
    monkeypatch.setattr("skcnn.cli._output.SAME_LINE_AFTER", 600)
    seen = ""

    def wait_for(line: str) -> None:
        nonlocal seen
        for _ in range(1000):
            seen += capsys.readouterr().err
            if line in seen:
                return
            sleep(0.01)
        raise AssertionError(seen)

    with progress("first \x1b[2J") as show:
        wait_for("first \\x1b[2J\n")
        for number in range(1000):
            show(f"row {number}")
        wait_for("row 999\n")
        sleep(0.2)
    assert "\x1b" not in seen + capsys.readouterr().err
    assert seen.count("\n") < 20
    assert seen.count("row 999") == 1


def test_a_log_shows_that_a_long_step_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("FIRST_LINE_AFTER", "NEXT_LINE_AFTER"):
        monkeypatch.setattr(f"skcnn.cli._output.{name}", 0.01)
    monkeypatch.setattr("skcnn.cli._output.SAME_LINE_AFTER", 0.05)
    seen = ""
    with progress("first"):
        while "(still)" not in seen:
            seen += capsys.readouterr().err
            sleep(0.01)
    assert seen.startswith("first\nfirst (still)\n")


def test_a_short_command_adds_no_line_to_a_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("skcnn.cli._output.FIRST_LINE_AFTER", 600)
    with progress("first") as show:
        show("second")
    with pytest.raises(ValueError, match="wrong"), progress("first"):
        raise ValueError("wrong")
    assert capsys.readouterr().err == ""


def test_every_command_prints_through_these_functions() -> None:
    """Otherwise a new command could print a label as it is."""
    # __init__.py names missing packages, where Typer and Rich may be among them.
    allowed = {"__init__.py", "_output.py", "tables/_write.py"}
    for path in CLI.rglob("*.py"):
        if path.relative_to(CLI).as_posix() in allowed:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                constant = "__version__" in ast.unparse(node)
                assert called not in ("print", "typer.secho", "Console") or constant, path
                assert called != "typer.echo" or constant, path


def output_in_a_terminal(*arguments: object) -> str:
    """Run a process whose standard output is a terminal; return what the terminal gets."""
    leader, follower = pty.openpty()
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        stdout=follower,
        env=os.environ | {"PYTHONPATH": str(root), "PYTHONUTF8": "1"},
    )
    os.close(follower)
    received = b""
    while True:
        try:
            part = os.read(leader, 10_000)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        received += part
    process.wait()
    os.close(leader)
    return received.decode()


def test_rows_on_a_terminal_are_harmless_and_in_a_pipe_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,n\n\x1b[2Jgone,\x9b1\n", encoding="utf-8")
    code = """
import sys
from pathlib import Path
from skcnn.cli.tables._read import open_table
from skcnn.cli.tables._write import writing
with open_table(Path(sys.argv[1])) as table, writing(None, table) as write:
    for block in table.blocks:
        write(block)
"""
    seen = output_in_a_terminal("-c", code, path)
    assert re.split(r"\r?\n", seen) == ["text,n", r"\x1b[2Jgone,\x9b1", ""]
    assert run_process(path, code=code).stdout == path.read_text(encoding="utf-8")
