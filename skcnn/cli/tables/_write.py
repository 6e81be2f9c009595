"""Blocks of rows to a table of any format."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from skcnn._printable import printable_rows
from skcnn.cli.tables._blocks import ABSENT, Block, Table, as_cell
from skcnn.cli.tables._delimited import format_parameters, name_of
from skcnn.cli.tables._formats import OWN_SEPARATORS, Dialect, Format, Place, place_to_write
from skcnn.cli.tables._parquet import ParquetRows, import_pyarrow
from skcnn.disk._atomic import check_can_write, replacing

# A spreadsheet takes a cell that begins so for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


class _Rows(Protocol):
    def write(self, block: Block) -> None: ...
    def close(self) -> None: ...


class _Text(Protocol):
    def write(self, text: str, /) -> Any: ...


def check_output(path: Path | None, *inputs: Path, source: Format) -> None:
    """Raise an error if a table cannot be written to a path; nothing is written.

    Parameters
    ----------
    path : Path or None
        None and ``-``: standard output.
    *inputs : Path
        Files that are read, and must not be replaced by the table.
    source : Format
        Of the table that the rows come from.

    Raises
    ------
    ValueError
        If the ending of the name is unknown, or the file is one of `inputs`.
    OSError
        If the path is a folder, its folder does not exist, or either must not be written.
    ImportError
        If the format needs a library that is not installed.
    """
    place = place_to_write(path, source)
    if place.path is not None:
        check_can_write(place.path)
        check_not_input(place.path, *inputs)
    if place.format is Format.PARQUET:
        import_pyarrow()


def check_not_input(path: Path, *inputs: Path) -> None:
    """Raise an error if a file to write is one of those that are read."""
    for one in inputs:
        if path.exists() and one.exists() and path.samefile(one):
            raise ValueError(f"cannot write {path}: it is read too. Choose another name.")


@contextmanager
def writing(
    path: Path | None, like: Table, *, escape_formulas: bool = False
) -> Iterator[Callable[[Block], None]]:
    """Open a table for writing; yield the function that writes one block.

    A file appears, or replaces an older one, when the ``with`` statement ends without an error. It
    may be the file that is read.

    Parameters
    ----------
    path : Path or None
        A name that ends in .csv, .tsv, .jsonl, .ndjson or .parquet, in any case; all except
        .parquet also with .gz. None and ``-``: standard output.
    like : Table
        The table that the rows come from. A table of the same format has its separator and
        quoting.
    escape_formulas : bool, default=False
        Put an apostrophe before each cell of a CSV or TSV file that a spreadsheet would take for a
        formula.

    Raises
    ------
    ValueError
        If the format cannot hold the rows.
    OSError
        If the table cannot be written.
    """
    place = place_to_write(path, like.format)
    with _destination(place) as (file, text):
        rows = _rows(place, like, file, text, escape_formulas=escape_formulas)
        try:
            with closing(rows):
                yield rows.write
        except UnicodeEncodeError as error:
            raise ValueError(
                f"{place.name}: a text has half of a surrogate pair, "
                f"{error.object[error.start : error.end]!a}, which UTF-8 cannot hold. Write a "
                ".jsonl file."
            ) from error


def _rows(
    place: Place, like: Table, file: BinaryIO | None, text: _Text, *, escape_formulas: bool
) -> _Rows:
    if place.format is Format.JSONL:
        return _JsonLines(text)
    if place.format is Format.PARQUET:
        assert file is not None
        return _InColumns(ParquetRows(file, place.name, like.metadata), place)
    dialect = like.dialect
    if dialect is None or like.format is not place.format:
        dialect = Dialect(OWN_SEPARATORS[place.format])
    return _InColumns(_Delimited(text, place, dialect, escape_formulas=escape_formulas), place)


# ---------------------------------------------------------------------------------------------
# Where the rows go
# ---------------------------------------------------------------------------------------------


@contextmanager
def _destination(place: Place) -> Iterator[tuple[BinaryIO | None, _Text]]:
    """Open a file or standard output: as bytes, unless it is a terminal, and as text."""
    if place.path is None:
        binary = None if sys.stdout.isatty() else getattr(sys.stdout, "buffer", None)
        if binary is None:
            yield None, _Terminal()
            return
        sys.stdout.flush()
        with _as_text(binary) as text:
            yield binary, text
        return
    with replacing(place.path) as file:
        if not place.gzipped:
            with _as_text(file) as text:
                yield file, text
            return
        # Without a name and a time, so that equal tables give equal bytes.
        with (
            gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as zipped,
            _as_text(zipped) as text,
        ):
            yield None, text


@contextmanager
def _as_text(file: Any) -> Iterator[io.TextIOWrapper]:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        yield text
        text.flush()
    finally:
        text.detach()  # `file` is closed by whoever opened it


class _Terminal:
    """Standard output if a person reads it: texts may not command the terminal."""

    def write(self, text: str, /) -> None:
        sys.stdout.write(printable_rows(text))


# ---------------------------------------------------------------------------------------------
# Formats
# ---------------------------------------------------------------------------------------------


class _InColumns:
    """Gives each block the columns of the first one, as all formats but JSON Lines need it."""

    def __init__(self, rows: _Rows, place: Place) -> None:
        self._rows, self._place = rows, place
        self._columns: list[str] | None = None

    def write(self, block: Block) -> None:
        if self._columns is None:
            self._columns = block.columns
        if block.columns != self._columns:
            block = self._in_order(block, self._columns)
        self._rows.write(block)

    def _in_order(self, block: Block, columns: list[str]) -> Block:
        unknown = [name for name in block.columns if name not in columns]
        if unknown:
            raise ValueError(
                f"{self._place.name} cannot hold a row from line {block.places[0]} on: it has the "
                f"key {unknown[0]!r}, which the first rows do not have. Write a .jsonl file."
            )
        return Block(columns, [block.values(name) for name in columns], block.places)

    def close(self) -> None:
        self._rows.close()


class _JsonLines:
    def __init__(self, text: _Text) -> None:
        self._text = text

    def write(self, block: Block) -> None:
        for row in block.rows():
            pairs = zip(block.columns, row, strict=True)
            present = {name: value for name, value in pairs if value is not ABSENT}
            line = json.dumps(present, ensure_ascii=False, default=str)
            if not _has_utf_8(line):
                line = json.dumps(present, default=str)
            self._text.write(f"{line}\n")

    def close(self) -> None:
        pass


def _has_utf_8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Lines:
    """Ends rows in a line feed alone."""

    def __init__(self, text: _Text) -> None:
        self._text = text

    def write(self, row: str, /) -> None:
        self._text.write(row.removesuffix("\r\n") + "\n")


class _Delimited:
    def __init__(
        self, text: _Text, place: Place, dialect: Dialect, *, escape_formulas: bool
    ) -> None:
        self._place, self._dialect, self._escape = place, dialect, escape_formulas
        # With "\n" alone, Python up to 3.12 would not put quotation marks around a text with "\r".
        lines = _Lines(text)
        self._writer = csv.writer(lines, **format_parameters(dialect), lineterminator="\r\n")
        self._has_header = False

    def write(self, block: Block) -> None:
        if not self._has_header:
            self._write_row(block.columns, "in its header")
            self._has_header = True
        for place, row in zip(block.places, block.rows(), strict=True):
            self._write_row(row, f"in the row from line {place}")

    def _write_row(self, row: Any, where: str) -> None:
        cells = [as_cell(value) for value in row]
        if self._escape:
            cells = [_without_formula(cell) for cell in cells]
        if self._dialect.separator == "\t" and any("\n" in c or "\r" in c for c in cells):
            raise ValueError(
                f"{self._place.name} cannot hold a line break, which is {where}: many programs "
                "read each line of such a file as one row. Write a .csv or .jsonl file."
            )
        try:
            self._writer.writerow(cells)
        except csv.Error as error:
            raise ValueError(
                f"{self._place.name} has no quotation marks around cells, so it cannot hold "
                f"{name_of(self._dialect.separator)} or a line break inside a cell, {where}. "
                "Write a .jsonl file."
            ) from error

    def close(self) -> None:
        pass


def _without_formula(cell: str) -> str:
    if not cell.startswith(_FORMULA_STARTS):
        return cell
    try:
        float(cell)  # -5 is a number
    except ValueError:
        return f"'{cell}"
    return cell
