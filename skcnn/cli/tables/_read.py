"""A table of any format as blocks of rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, TextIO, TypeVar

from skcnn.cli.tables._blocks import ABSENT, MAX_CHARACTERS, MAX_ROWS, Block, Table
from skcnn.cli.tables._delimited import DelimitedRows, Row, cell_limit
from skcnn.cli.tables._formats import Dialect, Format, Place, Reading, place_to_read
from skcnn.cli.tables._parquet import opened_parquet
from skcnn.cli.tables._text_files import opened_text, reading_errors

R = TypeVar("R")
_DEFAULT = Reading()


@contextmanager
def open_table(path: Path, reading: Reading = _DEFAULT, *, text: str = "text") -> Iterator[Table]:
    """Open a table of any format.

    Its rows are read in blocks, so that the memory does not grow with the table.

    Parameters
    ----------
    path : Path
        A name that ends in .csv, .tsv, .jsonl, .ndjson, .parquet or .txt, in any case; all except
        .parquet also with .gz. ``-`` is standard input.
    reading : Reading
        The options of the command.
    text : str, default="text"
        The name of the only column of a .txt file, where each line is a text.

    Yields
    ------
    Table
        Its columns, and its blocks of at least one row.

    Raises
    ------
    ValueError
        If the table cannot be read, or has no row. Blocks raise it too, when they are read.
    OSError
        If the file cannot be read.
    """
    place = place_to_read(path, reading)
    with ExitStack() as stack:
        with reading_errors(place, reading.encoding):
            if place.format is Format.PARQUET:
                dialect, (metadata, blocks) = None, opened_parquet(place, stack)
            else:
                metadata = None
                dialect, blocks = _text_blocks(place, reading, text, stack)
            first = next(blocks, None)
        if first is None:
            kept = "no rows" if dialect is None else "a header and no rows"
            raise ValueError(f"{place.name} has {kept}; expected at least one row.")
        later = _until_the_end(blocks, place, reading.encoding, stack)
        yield Table(
            place.name, place.format, dialect, metadata, first.columns, chain([first], later)
        )


def _until_the_end(
    blocks: Iterator[Block], place: Place, encoding: str | None, stack: ExitStack
) -> Iterator[Block]:
    """Yield all blocks, then close the file: only then may Windows let it be replaced."""
    while True:
        with reading_errors(place, encoding):
            block = next(blocks, None)
        if block is None:
            stack.close()
            return
        yield block


def _text_blocks(
    place: Place, reading: Reading, text: str, stack: ExitStack
) -> tuple[Dialect | None, Iterator[Block]]:
    """Open a text file until `stack` is closed; return how its rows are split, and its blocks."""
    file = stack.enter_context(opened_text(place, reading.encoding))
    if place.format is Format.JSONL:
        return None, map(_block_of_objects, _batches(_objects(file, place), _size_of_object))
    if place.format is Format.TXT:
        batches = _batches(_lines(file), lambda row: len(row[1][0]))
        return None, (_block_of_rows([text], batch) for batch in batches)
    with cell_limit():
        rows = DelimitedRows(file, place, reading)
    batches = _batches(rows, lambda row: sum(map(len, row[1])))
    return rows.dialect, (_block_of_rows(rows.columns, batch) for batch in batches)


def _batches(rows: Iterator[R], size: Callable[[R], int]) -> Iterator[list[R]]:
    """Yield lists of at most `MAX_ROWS` rows and, if they are long, fewer."""
    while True:
        batch: list[R] = []
        characters = 0
        with cell_limit():
            for row in rows:
                batch.append(row)
                characters += size(row)
                if len(batch) == MAX_ROWS or characters >= MAX_CHARACTERS:
                    break
        if not batch:
            return
        yield batch


def _block_of_rows(columns: list[str], batch: list[Row]) -> Block:
    cells = [list(column) for column in zip(*(row for _, row in batch), strict=True)]
    return Block(columns, cells, [line for line, _ in batch])


def _lines(file: TextIO) -> Iterator[Row]:
    """Yield the lines of a file as rows of one cell. An empty line is an empty text."""
    for number, line in enumerate(file, start=1):
        yield number, [(line if number > 1 else line.removeprefix("\ufeff")).rstrip("\r\n")]


# ---------------------------------------------------------------------------------------------
# JSON Lines
# ---------------------------------------------------------------------------------------------

Object = tuple[int, int, dict[str, Any]]


def _size_of_object(row: Object) -> int:
    return row[1]


def _objects(file: TextIO, place: Place) -> Iterator[Object]:
    """Yield the line of each object, its number of characters, and the object."""
    for number, line in enumerate(file, start=1):
        if not line.strip("\ufeff \t\r\n"):
            continue
        where = f"{place.name}: line {number}"
        try:
            row = json.loads(line.removeprefix("\ufeff"), object_pairs_hook=_without_equal_keys)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{where} is not JSON: {error}. {_JSON_LINES}") from error
        if not isinstance(row, dict):
            raise ValueError(f"{where} is not a JSON object. {_JSON_LINES}")
        yield number, len(line), row


_JSON_LINES = 'Each line must be one object, such as {"text": "see you"}.'


def _without_equal_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} is there twice")
    return row


def _block_of_objects(batch: list[Object]) -> Block:
    rows = [row for _, _, row in batch]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [[row.get(column, ABSENT) for row in rows] for column in columns]
    return Block(columns, cells, [number for number, _, _ in batch])
