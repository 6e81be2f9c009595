"""The table of questions and commands on the page about the command line."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from skcnn.cli._app import app

PAGE = Path(__file__).parents[2] / "docs" / "command_line.md"
TEXT = PAGE.read_text("utf-8")
COMMANDS = re.findall(r"^\|[^|]+\| `(skcnn [^`]+)` \| \d+ \|$", TEXT, re.MULTILINE)


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_of_the_table_parse(line: str) -> None:
    group: Any = typer.main.get_command(app)
    _, name, *arguments = shlex.split(line)
    group.commands[name].make_context(name, arguments)


def test_the_table_names_every_command() -> None:
    group: Any = typer.main.get_command(app)
    assert {line.split()[1] for line in COMMANDS} == set(group.commands)


def test_every_option_is_on_the_page() -> None:
    group: Any = typer.main.get_command(app)
    options = {
        option
        for command in group.commands.values()
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--")
    }
    assert {option for option in options if option not in TEXT} == set()


@pytest.mark.slow
def test_the_commands_of_the_table_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    exec(block, {})
    for line in COMMANDS:
        result = CliRunner().invoke(app, shlex.split(line)[1:])
        assert result.exit_code == 0, result.output
