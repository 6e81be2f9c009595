"""What a command prints: results, progress and error messages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


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
        message = f"{error.filename}: {error.strerror}" if error.strerror else str(error)
    else:
        return
    typer.echo(f"skcnn: {' '.join(message.split())}", err=True)
    raise typer.Exit(2)


def console() -> Console:
    """Return a console that prints text unchanged.

    Labels are data: a label such as "[red]" or ":key:" is not markup.
    """
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


@contextmanager
def progress(message: str) -> Iterator[None]:
    """Show `message` on stderr while the block runs."""
    from rich.console import Console

    with Console(stderr=True).status(message):
        yield


def new_table(title: str, *columns: str) -> Table:
    """Return an empty table: names in the first column, numbers in the other columns."""
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place == 0 else "right")
    return table
