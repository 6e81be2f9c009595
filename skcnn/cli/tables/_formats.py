"""Which format a table has, and what the options of a command say about it."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Format(StrEnum):
    """The formats of tables."""

    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    TXT = "txt"


class Quoting(StrEnum):
    """What a quotation mark means in a CSV or TSV file."""

    STANDARD = "standard"
    NONE = "none"


@dataclass(frozen=True)
class Dialect:
    """How the rows of a CSV or TSV file are split into cells.

    Attributes
    ----------
    separator : one character
    quoted : whether a cell may be put between quotation marks
    """

    separator: str
    quoted: bool = True


@dataclass(frozen=True)
class Reading:
    """The options that say how to read a table; None: what the file itself tells."""

    format: Format | None = None
    encoding: str | None = None
    separator: str | None = None
    quoting: Quoting = Quoting.STANDARD


@dataclass(frozen=True)
class Place:
    """Where a table is: a file, or standard input or output, for which `path` is None."""

    path: Path | None
    format: Format
    gzipped: bool
    name: str


_ENDINGS = {f".{each}": each for each in Format} | {".ndjson": Format.JSONL}
_TABLES = ".csv, .tsv, .jsonl or .parquet"
_TABLES_AND_LINES = ".csv, .tsv, .jsonl, .parquet or .txt"
_SPREADSHEETS = {".xls", ".xlsx", ".xlsm", ".xlsb", ".ods"}
_STANDARD = Path("-")
_SEPARATORS = {"tab": "\t", "\\t": "\t"}
OWN_SEPARATORS = {Format.CSV: ",", Format.TSV: "\t"}
SEPARATOR_NAMES = {"\t": "a tab", ",": "a comma", ";": "a semicolon"}


def place_to_read(path: Path, reading: Reading, *, labeled: bool = False) -> Place:
    """Return where and in which format to read; check the options against it.

    Parameters
    ----------
    path : a file, or ``-`` for standard input
    reading : the options
    labeled : whether the table must have labels, so that it cannot be plain lines

    Raises
    ------
    ValueError
        If the format is unknown, or an option is wrong or does not belong to the format.
    """
    if path == _STANDARD:
        place = Place(None, reading.format or Format.CSV, False, "standard input")
    else:
        if reading.format is None:
            _check_no_spreadsheet(path)
        endings = _TABLES if labeled else _TABLES_AND_LINES
        place = _place_of_file(path, reading.format, endings, "Or name the format with --format.")
    if labeled and place.format is Format.TXT:
        raise ValueError(
            f"{place.name}: plain lines have no labels; expected a table with a column of labels: "
            f"{_TABLES}. If it is one, name its format, such as --format tsv."
        )
    _check_reading(reading, place)
    return place


def reading_of_another(path: Path, reading: Reading) -> Reading:
    """Return the options of a command for another one of its tables.

    The format is that of its name, if it has one; options that its format does not have are left
    out. A training table in Parquet and a second one in CSV can so be read by one command.
    """
    own = _format_of_name(path)
    found = own or reading.format
    is_delimited = found in OWN_SEPARATORS
    return Reading(
        format=None if own else reading.format,
        encoding=None if found is Format.PARQUET else reading.encoding,
        separator=reading.separator if is_delimited else None,
        quoting=reading.quoting if is_delimited else Quoting.STANDARD,
    )


def place_to_write(path: Path | None, source: Format) -> Place:
    """Return where and in which format to write what comes from a table of the format `source`.

    Raises
    ------
    ValueError
        If the ending of the name is unknown, or names a format that is only read.
    """
    if path is None or path == _STANDARD:
        as_source = source is Format.JSONL
        return Place(None, source if as_source else Format.CSV, False, "standard output")
    place = _place_of_file(path, None, _TABLES, "Choose another name for the output.")
    if place.format is Format.TXT:
        raise ValueError(
            f"cannot write {path}: a .txt file has no columns; expected {_TABLES}. Choose another "
            "name for the output."
        )
    return place


def _check_no_spreadsheet(path: Path) -> None:
    if path.suffix.lower() in _SPREADSHEETS:
        raise ValueError(
            f"{path} is a spreadsheet; expected a table whose name ends in {_TABLES}. Save it as "
            "CSV (UTF-8) or Parquet."
        )


def _place_of_file(path: Path, given: Format | None, endings: str, cure: str) -> Place:
    gzipped = path.name.lower().endswith(".gz")
    found = given or _format_of_name(path)
    if found is None:
        raise ValueError(
            f"{path}: expected a table whose name ends in {endings} (except .parquet, also with "
            f".gz). {cure}"
        )
    if gzipped and found is Format.PARQUET:
        raise ValueError(
            f"{path}: a Parquet file is compressed inside; expected a name that ends in .parquet, "
            "without .gz."
        )
    return Place(path, found, gzipped, str(path))


def _format_of_name(path: Path) -> Format | None:
    return _ENDINGS.get(Path(path.name.lower().removesuffix(".gz")).suffix)


def _check_reading(reading: Reading, place: Place) -> None:
    if place.path is None and place.format is Format.PARQUET:
        raise ValueError("Parquet cannot be read from standard input; give the name of a file.")
    if place.format not in OWN_SEPARATORS:
        for option, wanted in (
            ("--separator", reading.separator is not None),
            ("--quoting none", reading.quoting is Quoting.NONE),
        ):
            if wanted:
                raise ValueError(
                    f"{option} is for CSV and TSV; {place.name} is read as {place.format}. Leave "
                    "it out."
                )
    if reading.separator is not None:
        checked_separator(reading.separator)
    if reading.encoding is not None:
        _check_encoding(reading.encoding, place)


def checked_separator(option: str) -> str:
    """Return the character that `--separator` names."""
    separator = _SEPARATORS.get(option.lower(), option)
    if len(separator) != 1 or separator in '"\r\n\0':
        raise ValueError(
            f"--separator {option!r}: expected one character, such as ';', or the word tab."
        )
    return separator


def _check_encoding(encoding: str, place: Place) -> None:
    if place.format is Format.PARQUET:
        raise ValueError("--encoding is for text files; Parquet has its own. Leave it out.")
    try:
        codecs.lookup(encoding)
        "".encode(encoding)  # "base64" is a codec, but not of texts
    except (LookupError, ValueError) as error:
        raise ValueError(
            f"--encoding {encoding}: no such encoding; expected a name such as utf-8, cp1252, "
            "latin-1 or utf-16."
        ) from error
