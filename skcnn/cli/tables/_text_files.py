"""Text files and standard input: opened, decompressed and decoded."""

from __future__ import annotations

import codecs
import csv
import errno
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from skcnn.cli.tables._formats import Place

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@contextmanager
def opened_text(place: Place, encoding: str | None) -> Iterator[io.TextIOWrapper]:
    """Open a text file, or standard input.

    Parameters
    ----------
    place : where it is
    encoding : None means UTF-8, or what a byte order mark at the beginning says
    """
    with opened_bytes(place) as raw:
        buffered: Any = gzip.GzipFile(fileobj=raw) if place.gzipped else raw
        text = io.TextIOWrapper(
            buffered, encoding=encoding or _encoding_by_mark(buffered), newline=""
        )
        try:
            yield text
        finally:
            text.detach()  # standard input stays open


def opened_bytes(place: Place) -> Any:
    """Open a file or standard input, which stays open later."""
    if place.path is None:
        return nullcontext(sys.stdin.buffer)
    return open(place.path, "rb")


def _encoding_by_mark(file: Any) -> str:
    start: bytes = file.peek(4)[:4]
    found = [name for mark, name in _BYTE_ORDER_MARKS.items() if start.startswith(mark)]
    return found[0] if found else "utf-8"


@contextmanager
def reading_errors(place: Place, encoding: str | None) -> Iterator[None]:
    """Turn errors of reading into errors that name the table and the cure."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise ValueError(_wrong_encoding(place, encoding, error)) from error
    except gzip.BadGzipFile as error:
        raise ValueError(f"{place.name} is not a gzip file; remove .gz from its name.") from error
    except (csv.Error, EOFError, zlib.error) as error:
        raise ValueError(f"{place.name} cannot be read as a table: {error}.") from error
    except OSError as error:
        if error.filename is not None or error.errno in (None, errno.EPIPE):
            raise
        raise OSError(error.errno, error.strerror, place.name) from error


def _wrong_encoding(place: Place, encoding: str | None, error: UnicodeDecodeError) -> str:
    found = bytes(error.object[error.start : error.start + 1])
    if encoding is not None:
        return (
            f"{place.name} is not {encoding} ({error.reason}). Name another encoding with "
            "--encoding."
        )
    return (
        f"{place.name} is not UTF-8 ({error.reason}: 0x{found.hex()}). Save it as UTF-8, or name "
        "its encoding: --encoding cp1252 for most files of older Windows programs."
    )
