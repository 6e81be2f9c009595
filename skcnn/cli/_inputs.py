"""Files that a command reads, and one text on the command line instead of a table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skcnn.cli.tables._blocks import Block, Table
from skcnn.cli.tables._formats import Format, Reading
from skcnn.cli.tables._read import open_table

_COLUMN = "text"


def check_can_read(*paths: Path | None) -> None:
    """Raise an error about a file that does not exist, before anything else is done.

    None is an option that was left out, and ``-`` is standard input.

    Raises
    ------
    OSError
    """
    for path in paths:
        if path is not None and path != Path("-"):
            path.stat()


def check_texts(data: Path | None, text: str | None, command: str) -> None:
    """Raise an error if there are no texts, or a text where a table is expected."""
    if data is None and text is None:
        raise ValueError(
            f'expected a table, or one text: skcnn {command} model.skcnn --text "see you at eight"'
        )
    if data is not None and " " in data.name and not data.suffix and not data.exists():
        raise ValueError(
            f"{data}: there is no such file. For one text: skcnn {command} model.skcnn --text "
            f'"{data}"'
        )


@contextmanager
def open_texts(
    data: Path | None, reading: Reading, text: str | None
) -> Iterator[tuple[Table, str]]:
    """Open a table, or the one text that is given; yield it and the name of the column of texts."""
    if data is None:
        block = Block([_COLUMN], [[text]], [1])
        yield Table("--text", Format.CSV, None, None, [_COLUMN], iter([block])), _COLUMN
        return
    column = text or _COLUMN
    with open_table(data, reading, text=column) as table:
        table.check_column(column, "--text")
        yield table, column
