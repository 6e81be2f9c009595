"""Some rows of a table, column by column, and the table that they come from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final

from skcnn.cli.tables._formats import Dialect, Format

MAX_ROWS = 4096
MAX_CHARACTERS = 2**22  # long texts make shorter blocks


class _Absent:
    """What a JSON object has for a key that other objects have."""


ABSENT: Final = _Absent()


@dataclass(frozen=True)
class Block:
    """Some rows of a table.

    Attributes
    ----------
    columns : names, n_columns
    cells : for each column, a list or an Arrow array of n_rows values
    places : the line where each row begins or, in a Parquet file, its number, n_rows
    """

    columns: list[str]
    cells: list[Any]
    places: Sequence[int]

    def values(self, name: str) -> list[Any]:
        """Return the values of one column as Python objects. `ABSENT` where there is none."""
        if name not in self.columns:
            return [ABSENT] * len(self.places)
        return as_list(self.cells[self.columns.index(name)])

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows as Python objects."""
        return zip(*map(as_list, self.cells), strict=True)

    def take(self, rows: Sequence[int]) -> Block:
        """Return some rows, in the order in which they are named."""
        cells = [
            [values[row] for row in rows] if isinstance(values, list) else values.take(list(rows))
            for values in self.cells
        ]
        return Block(self.columns, cells, [self.places[row] for row in rows])

    def with_columns(self, new: dict[str, list[Any]]) -> Block:
        """Return the block with more columns; a column of the same name is replaced."""
        columns, cells = list(self.columns), list(self.cells)
        for name, values in new.items():
            if name in columns:
                cells[columns.index(name)] = values
            else:
                columns.append(name)
                cells.append(values)
        return Block(columns, cells, self.places)


@dataclass(frozen=True)
class Table:
    """A table that is being read.

    Attributes
    ----------
    name : for messages
    format : of the table
    dialect : of a CSV or TSV file
    metadata : of a Parquet file: what pandas needs to read its index
    columns : of the first block; the rows of JSON Lines may have others later
    blocks : can be read once
    """

    name: str
    format: Format
    dialect: Dialect | None
    metadata: dict[bytes, bytes] | None
    columns: list[str]
    blocks: Iterator[Block] = field(repr=False)

    @property
    def place(self) -> str:
        """What the numbers of the rows are called."""
        return "row" if self.format is Format.PARQUET else "line"

    def check_column(self, name: str, option: str) -> None:
        """Raise an error if the table does not have exactly one column of that name.

        Parameters
        ----------
        name : of a column
        option : that names it, such as "--text"
        """
        if self.columns.count(name) == 1:
            return
        problem = "two columns" if name in self.columns else "no column"
        raise ValueError(
            f"{self.name} has {problem} {name!r}; it has {_shown(self.columns)}. "
            f"{self._cure(name, option)}"
        )

    def _cure(self, name: str, option: str) -> str:
        if name in self.columns:
            return "Rename one of them."
        if any("\0" in column for column in self.columns):
            return "Is it UTF-16? Add --encoding utf-16-le."
        by_lower = {column.strip().lower(): column for column in reversed(self.columns)}
        close = get_close_matches(name.strip().lower(), by_lower, n=1)
        if close:
            return f"Add {option} {by_lower[close[0]]!r}?"
        if self.dialect is not None and any(";" in column for column in self.columns):
            return "Is the separator a semicolon? Add --separator ';'."
        if self.format in (Format.JSONL, Format.PARQUET):
            return f"Name the column with {option}."
        return f"The first row must be the names of the columns. Name the column with {option}."

    def texts(self, block: Block, name: str) -> list[str]:
        """Return the cells of a column as strings; a missing one is an empty text."""
        values = block.values(name)
        for place, value in zip(block.places, values, strict=True):
            if not (value is None or value is ABSENT or isinstance(value, str)):
                raise ValueError(
                    f"{self.name}: on {self.place} {place} the column {name!r} holds {value!r:.50}"
                    f" of type {type(value).__name__}; expected a text. Convert this column to "
                    "texts."
                )
        return [value if isinstance(value, str) else "" for value in values]


def joined_blocks(blocks: Sequence[Block]) -> Block:
    """Return the rows of some blocks of one table as one block, with the columns of all of them."""
    columns = list(dict.fromkeys(name for block in blocks for name in block.columns))
    places = [place for block in blocks for place in block.places]
    if any(block.columns != columns for block in blocks):
        values = [[value for each in blocks for value in each.values(name)] for name in columns]
        return Block(columns, values, places)
    by_column = zip(*(each.cells for each in blocks), strict=True)
    return Block(columns, [_joined(parts) for parts in by_column], places)


def _joined(parts: Sequence[Any]) -> Any:
    """Return the cells of a column: a list, or an Arrow array of the same type."""
    if all(isinstance(part, list) for part in parts):
        return [value for part in parts for value in part]
    import pyarrow as pa

    return pa.concat_arrays(parts)


def _shown(columns: Sequence[str]) -> str:
    names = [repr(name if len(name) <= 40 else f"{name[:40]}...") for name in columns[:20]]
    return ", ".join(names) + (", ..." if len(columns) > 20 else "")


def as_list(values: Any) -> list[Any]:
    """Return the values of a list or an Arrow array as Python objects."""
    return values if isinstance(values, list) else list(values.to_pylist())


def as_cell(value: Any) -> str:
    """Return a value of any format as the string that a CSV file holds."""
    if isinstance(value, str):
        return value
    if value is None or value is ABSENT:
        return ""
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
