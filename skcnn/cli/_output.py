"""What a command prints: results, progress and error messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from skcnn.cli._printable import printable, printable_rows

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text


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
    """Show `message` on stderr while the block runs; yield a function that shows another one."""
    from rich.text import Text

    def shown(message: str) -> Text:
        return Text(printable(message))  # a plain string would be taken for markup

    with console(stderr=True).status(shown(message)) as status:
        yield lambda message: status.update(shown(message))


def new_table(title: str, *columns: str) -> Table:
    """Return an empty table: names in the first column, numbers in the other columns."""
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place == 0 else "right")
    return table
