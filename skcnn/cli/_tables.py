"""Tables of texts: read from a file, written to a file or to standard output."""

from __future__ import annotations

import csv
import gzip
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO


@dataclass(frozen=True)
class Table:
    """The cells of a table as strings, and where they come from.

    `lines` holds the line of the file where each row begins, for error messages.
    """

    path: Path
    columns: list[str]
    rows: list[list[str]]
    lines: list[int]

    def column(self, name: str) -> list[str]:
        """Return the cells of one column. An empty cell raises an error."""
        if self.columns.count(name) != 1:
            found = ", ".join(map(repr, self.columns))
            problem = "two columns" if name in self.columns else "no column"
            raise ValueError(f"{self.path} has {problem} {name!r}; it has {found}")
        position = self.columns.index(name)
        cells = [row[position] for row in self.rows]
        empty = [line for line, cell in zip(self.lines, cells, strict=True) if not cell.strip()]
        if empty:
            more = f" and {len(empty) - 5} more" if len(empty) > 5 else ""
            shown = ", ".join(map(str, empty[:5])) + more
            raise ValueError(
                f"{self.path}: the column {name!r} is empty on line{'s' * (len(empty) > 1)} "
                f"{shown}; fill these cells or remove the rows"
            )
        return cells


def read_table(path: Path) -> Table:
    """Read a table whose first row names the columns. Empty lines are skipped."""
    dialect = _dialect(path)
    limit = csv.field_size_limit(sys.maxsize >> 32)  # a text may be longer than csv's limit
    try:
        with _open_text(path, "rt") as file:
            reader = csv.reader(file, dialect, strict=True)
            columns = next(reader, None)
            if columns is None:
                raise ValueError(f"{path} is empty; expected a table with a header")
            return Table(path, columns, *_read_rows(reader, path, len(columns)))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 ({error.reason}); save it as UTF-8") from error
    except (csv.Error, EOFError, zlib.error) as error:
        raise ValueError(f"{path} cannot be read as a table: {error}") from error
    except gzip.BadGzipFile as error:
        raise ValueError(f"{path} is not a gzip file; remove .gz from its name") from error
    finally:
        csv.field_size_limit(limit)


def write_table(path: Path | None, rows: Sequence[Sequence[str]]) -> None:
    """Write rows, the header first, to a file, or as CSV to standard output if `path` is None."""
    if path is None:
        csv.writer(sys.stdout, lineterminator="\n").writerows(rows)
        return
    dialect = _dialect(path)
    with _open_text(path, "wt") as file:
        csv.writer(file, dialect, lineterminator="\n").writerows(rows)


def _dialect(path: Path) -> type[csv.Dialect]:
    match Path(path.name.removesuffix(".gz")).suffix:
        case ".csv":
            return csv.excel
        case ".tsv":
            return csv.excel_tab
    raise ValueError(f"{path}: expected a table whose name ends in .csv, .tsv, .csv.gz or .tsv.gz")


def _open_text(path: Path, mode: str) -> TextIO:
    encoding = "utf-8-sig" if mode == "rt" else "utf-8"  # reading skips a byte order mark
    opener: Any = gzip.open if path.name.endswith(".gz") else open
    file: TextIO = opener(path, mode, encoding=encoding, newline="")
    return file


def _read_rows(reader: Any, path: Path, n_columns: int) -> tuple[list[list[str]], list[int]]:
    """Return the rows, and the line where each row begins."""
    rows, lines = [], []
    line = reader.line_num + 1
    try:
        for row in reader:
            if len(row) not in (0, n_columns):
                raise ValueError(
                    f"{path}: line {line} has {len(row)} cells; expected {n_columns}, as in the "
                    "header"
                )
            if row:
                rows.append(row)
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"{path}: line {line} cannot be read: {error}") from error
    if not rows:
        raise ValueError(f"{path} has a header and no rows; expected at least one row")
    return rows, lines
