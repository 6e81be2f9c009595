"""What a command prints: results, progress and error messages."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import typer

from skcnn.cli._printable import printable, printable_rows

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

# Seconds until a log gets its first line, and between lines. A short command prints none.
FIRST_LINE_AFTER = 1.0
NEXT_LINE_AFTER = 10.0


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn an error that the user can fix into one line on stderr and exit code 2."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (ValueError, ImportError) as error:
        message = str(error)
    except OSError as error:
        message = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    else:
        return
    one_line = re.sub(r"\s*\n\s*", " ", message.strip())
    say(f"skcnn: {one_line}", err=True)
    raise typer.Exit(2)


def say(text: str, *, err: bool = False) -> None:
    """Print one line of text. Texts, labels and names of files in it do not command a terminal."""
    typer.echo(printable(text), err=err)


def console(*, stderr: bool = False) -> Console:
    """Return a console that prints text unchanged, and harmlessly.

    Labels are data: a label such as "[red]" or ":key:" is not markup, and one with control
    characters does not command the terminal.
    """
    from rich.console import Console

    class HarmlessConsole(Console):
        def render_str(self, text: str, **options: Any) -> Text:
            return super().render_str(printable_rows(text), **options)

    return HarmlessConsole(stderr=stderr, highlight=False, markup=False, emoji=False)


@contextmanager
def progress(message: str) -> Iterator[Callable[[str], None]]:
    """Show `message` on stderr while the block runs; yield a function that shows another one.

    A terminal shows one line that changes. A log gets lines: one after a second, then one in ten
    seconds, if there is something new to say.
    """
    err = console(stderr=True)
    if not err.is_terminal:
        with _log_lines(message) as show:
            yield show
        return

    from rich.text import Text

    def shown(message: str) -> Text:
        return Text(printable(message))  # a plain string would be taken for markup

    with err.status(shown(message)) as status:
        yield lambda message: status.update(shown(message))


@contextmanager
def _log_lines(message: str) -> Iterator[Callable[[str], None]]:
    latest, printed, done = message, "", Event()

    def run() -> None:
        nonlocal printed
        wait = FIRST_LINE_AFTER
        while not done.wait(wait):
            if latest != printed:
                printed = latest
                say(printed, err=True)
            wait = NEXT_LINE_AFTER

    def show(message: str) -> None:
        nonlocal latest
        latest = message

    thread = Thread(target=run, daemon=True)
    thread.start()
    try:
        yield show
    finally:
        done.set()
        thread.join()


def stdout_is_a_terminal() -> bool:
    """Whether a person sees what is printed."""
    return sys.stdout.isatty()


def say_lines(text: str) -> None:
    """Print lines of text, harmlessly."""
    typer.echo(printable_rows(text))


def say_json(value: Any) -> None:
    """Print one JSON value in one line, control characters escaped."""
    typer.echo(json.dumps(value, ensure_ascii=True))


def new_table(title: str, *columns: str) -> Table:
    """Return an empty table: names in the first column, numbers in the other columns."""
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place == 0 else "right")
    return table
