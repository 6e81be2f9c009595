"""What a command prints: results, progress and error messages."""

from __future__ import annotations

import json
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import typer

from skcnn._printable import printable, printable_rows

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

# Seconds until a log gets its first line, the next one, and the same one again. A short command
# prints none.
FIRST_LINE_AFTER = 1.0
NEXT_LINE_AFTER = 10.0
SAME_LINE_AFTER = 60.0


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn an error that the user can fix into one line on stderr and exit code 2.

    A warning becomes a line too: its place in the source says nothing to who runs a command.
    """
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            yield
    except BrokenPipeError:
        raise
    except (ValueError, ImportError) as error:
        message = str(error)
    except OSError as error:
        message = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    else:
        return
    say(f"skcnn: {_in_one_line(message)}", err=True)
    raise typer.Exit(2)


def _show_warning(message: Warning | str, *place: Any, **more: Any) -> None:
    say(f"skcnn: warning: {_in_one_line(str(message))}", err=True)


def _in_one_line(message: str) -> str:
    return re.sub(r"\s*\n\s*", " ", message.strip())


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

    A terminal shows one line that changes. A log gets lines: one after a second, then at most one
    in ten seconds if there is something new to say, and one a minute if there is not.
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
    latest, done = message, Event()

    def run() -> None:
        printed, n_silent = "", 0
        wait = FIRST_LINE_AFTER
        while not done.wait(wait):
            n_silent += 1
            if latest != printed or n_silent * NEXT_LINE_AFTER >= SAME_LINE_AFTER:
                say(latest if latest != printed else f"{latest} (still)", err=True)
                printed, n_silent = latest, 0
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


def size_in_words(path: Path) -> str:
    """Return the size of a file, such as "2.7 MB" or "40 kB"."""
    n_bytes = path.stat().st_size
    return f"{n_bytes / 1e6:,.1f} MB" if n_bytes >= 1e5 else f"{n_bytes / 1e3:.0f} kB"
