"""Rows of CSV and TSV files."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any, TextIO

from skcnn.cli.tables._formats import (
    OWN_SEPARATORS,
    SEPARATOR_NAMES,
    Dialect,
    Place,
    Quoting,
    Reading,
    checked_separator,
)

_OTHER_SEPARATORS = (",", ";", "\t", "|")
# A quotation mark without its pair would take the rest of a file as one cell.
_MAX_CELL = 2**24
_NO_QUOTING = "If quotation marks are plain characters in this file, add --quoting none."

Row = tuple[int, list[str]]


@contextmanager
def cell_limit() -> Iterator[None]:
    """Let Python's csv module, while the block runs, read longer cells than it does by default."""
    limit = csv.field_size_limit(_MAX_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


class DelimitedRows:
    """The header of a CSV or TSV file, and an iterator of its rows with their lines.

    Attributes
    ----------
    columns : the cells of the first row
    dialect : how the rows are split
    """

    def __init__(self, file: TextIO, place: Place, reading: Reading) -> None:
        lines = iter(file)
        head: list[str] = []
        for line in lines:
            head.append(line if head else line.removeprefix("\ufeff"))
            if line.strip("\r\n\ufeff"):
                break
        else:
            raise ValueError(f"{place.name} is empty; expected a table with a header.")
        self._place = place
        self.dialect = _dialect(head[-1], place, reading)
        self._reader: Any = csv.reader(
            chain(head, lines), **format_parameters(self.dialect), strict=True
        )
        self._line = 1
        self.columns = self._next_row()[1]

    def __iter__(self) -> Iterator[Row]:
        """Return itself."""
        return self

    def __next__(self) -> Row:
        """Return the line where the next row begins, and its cells."""
        line, row = self._next_row()
        if len(row) != len(self.columns):
            raise ValueError(
                f"{self._place.name}: line {line} has {len(row)} cells; expected "
                f"{len(self.columns)}, as in the header. The separator is "
                f"{name_of(self.dialect.separator)}; another one is named with --separator."
            )
        return line, row

    def _next_row(self) -> Row:
        """Return the next row that is not an empty line."""
        row: list[str] = []
        while not row:
            line = self._line
            try:
                row = next(self._reader)
            except csv.Error as error:
                raise ValueError(
                    f"{self._place.name}: line {line} cannot be read: {self._complaint(error)}"
                ) from error
            self._line = self._reader.line_num + 1
        if self.dialect.separator == "\t" and self._line - line > 1:
            raise ValueError(
                f"{self._place.name}: a cell that begins on line {line} ends on line "
                f"{self._line - 1}. {_NO_QUOTING} If a cell may have line breaks, save the table "
                "as .csv or .jsonl."
            )
        return line, row

    def _complaint(self, error: csv.Error) -> str:
        message = str(error)
        if "unexpected end" in message:
            return f"a quotation mark that begins a cell has no pair. {_NO_QUOTING}"
        if "expected after" in message:
            separator = name_of(self.dialect.separator)
            return (
                "after the quotation mark that ends a cell, expected "
                f"{separator} or the end of the line. {_NO_QUOTING}"
            )
        if "field limit" in message:
            return (
                f"a cell has more than {_MAX_CELL:,} characters; a quotation mark may have no "
                f"pair. {_NO_QUOTING}"
            )
        return f"{message}."


def format_parameters(dialect: Dialect) -> dict[str, Any]:
    """Return the parameters of Python's csv module."""
    if dialect.quoted:
        return {"delimiter": dialect.separator}
    return {"delimiter": dialect.separator, "quoting": csv.QUOTE_NONE, "quotechar": None}


def name_of(separator: str) -> str:
    """Return what a message calls a separator."""
    return SEPARATOR_NAMES.get(separator, repr(separator))


def _dialect(header: str, place: Place, reading: Reading) -> Dialect:
    quoted = reading.quoting is Quoting.STANDARD
    if reading.separator is not None:
        return Dialect(checked_separator(reading.separator), quoted)

    def n_columns(separator: str) -> int:
        parameters = format_parameters(Dialect(separator, quoted))
        return len(next(csv.reader([header], **parameters)))

    own = OWN_SEPARATORS[place.format]
    if n_columns(own) == 1:  # Excel writes semicolons in countries with a decimal comma
        own = max((own, *_OTHER_SEPARATORS), key=n_columns)
    return Dialect(own, quoted)
