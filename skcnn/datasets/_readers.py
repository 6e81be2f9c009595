"""From the files of a corpus, as their source has them, to rows: label, text, part."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

# A title of these words is no title.
_NO_TITLE = {"", "n/a", "na", "nan", "none", "null"}
_WEB_TAGS = {1, 14, 15, 17, 20}  # wordpress, sharepoint, ajax, drupal, magento


class Row(NamedTuple):
    """One text. `part` is the source's own part, such as "train", or "" if it has none."""

    label: str
    text: str
    part: str = ""


# From the contents of the files to rows.
Reader = Callable[[Sequence[bytes]], Iterator[Row]]


def digest_of(rows: Iterable[Row]) -> str:
    """Return the SHA-256 of labels and texts, in order.

    Spaces do not count, as copies of a corpus differ in them.
    """
    result = hashlib.sha256()
    for row in rows:
        result.update(f"{row.label}\t{''.join(row.text.split())}\n".encode())
    return result.hexdigest()


def read_sms_spam(files: Sequence[bytes]) -> Iterator[Row]:
    """Read lines of label, tab, text from the file SMSSpamCollection in an archive."""
    archive = zipfile.ZipFile(io.BytesIO(files[0]))
    with archive, archive.open("SMSSpamCollection") as file:
        for line in io.TextIOWrapper(file, "utf-8", newline="\n"):
            label, text = line.split("\t", 1)
            yield Row(label, _on_one_line(text))


def read_hate_offensive(files: Sequence[bytes]) -> Iterator[Row]:
    """Read tweets with the class that most people gave them."""
    for cells in _csv_rows(files[0]):
        yield Row(
            ("hate", "offensive", "neither")[int(cells["class"])], _on_one_line(cells["tweet"])
        )


def read_clinc150(files: Sequence[bytes]) -> Iterator[Row]:
    """Read an object of lists of (text, intent): train, val, test, and oos_train and so on."""
    for key, pairs in json.loads(files[0].decode()).items():
        for text, intent in pairs:
            yield Row(intent, _on_one_line(text), key.removeprefix("oos_"))


def read_ade_sentences(files: Sequence[bytes]) -> Iterator[Row]:
    """Read sentences with an adverse event, one row for each drug and event, then all others."""
    for line in _lines(files[0]):  # number of the article | sentence | event | ...
        yield Row("ade", _on_one_line(line.split("|")[1]))
    for line in _lines(files[1]):  # number of the article, NEG, sentence
        yield Row("not_ade", _on_one_line(line.split(maxsplit=2)[2]))


def read_clothing_reviews(files: Sequence[bytes]) -> Iterator[Row]:
    """Read reviews, title first. Rows without a review are left out."""
    for cells in _csv_rows(files[0]):
        title, review = _on_one_line(cells["Title"]), _on_one_line(cells["Review Text"])
        if review:
            label = "recommended" if cells["Recommended IND"] == "1" else "not_recommended"
            yield Row(label, review if title.lower() in _NO_TITLE else f"{title}. {review}")


def read_stackoverflow_titles(files: Sequence[bytes]) -> Iterator[Row]:
    """Read titles and the numbers of their tags, line by line."""
    for title, number in zip(_lines(files[0]), _lines(files[1]), strict=True):
        yield Row("web" if int(number) in _WEB_TAGS else "other", _on_one_line(title))


def read_waimai_reviews(files: Sequence[bytes]) -> Iterator[Row]:
    """Read reviews with 1 for a positive one."""
    for cells in _csv_rows(files[0]):
        yield Row("pos" if cells["label"] == "1" else "neg", _on_one_line(cells["review"]))


def lines_reader(encoding: str, parts: Sequence[str] = ("",)) -> Reader:
    """Return a reader of lines of label, space, text; one part in each file."""

    def read(files: Sequence[bytes]) -> Iterator[Row]:
        for content, part in zip(files, parts, strict=True):
            for line in _lines(content, encoding):
                label, _, text = line.partition(" ")
                yield Row(label, text.strip(), part)

    return read


def _lines(content: bytes, encoding: str = "utf-8") -> Iterator[str]:
    # A carriage return inside a text does not end its line.
    yield from io.StringIO(content.decode(encoding), newline="\n")


def _csv_rows(content: bytes) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
