"""Tables of every format, read in blocks."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skcnn.cli.tables import _blocks
from skcnn.cli.tables._blocks import ABSENT
from skcnn.cli.tables._formats import Format, Quoting, Reading
from skcnn.cli.tables._read import open_table

COLUMNS = ["id", "text", "label"]
# A quotation mark, a separator of each kind, letters beyond ASCII that cp1252 has, an empty text.
ROWS = [
    ("1", 'he said "hi", then left', "ham"),
    ("2", "a; b | c, d", "späm"),
    ("3", "", "ham"),
    ("4", "café – 5 €", "späm"),
]


def delimited(separator: str, **options: Any) -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=separator, **options).writerows([COLUMNS, *ROWS])
    return file.getvalue()


def json_lines() -> str:
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def parquet() -> bytes:
    file = io.BytesIO()
    columns = list(map(list, zip(*ROWS, strict=True)))
    pq.write_table(pa.table(columns, names=COLUMNS), file)
    return file.getvalue()


UNQUOTED = delimited("\t", quoting=csv.QUOTE_NONE, quotechar=None)
FILES: dict[str, tuple[str, bytes, Reading]] = {
    "plain": ("a.csv", delimited(",").encode(), Reading()),
    "tabs": ("a.tsv", delimited("\t").encode(), Reading()),
    "objects": ("a.jsonl", json_lines().encode(), Reading()),
    "objects by another name": ("a.ndjson", json_lines().encode(), Reading()),
    "Parquet": ("a.parquet", parquet(), Reading()),
    "capitals": ("A.CSV", delimited(",").encode(), Reading()),
    "capitals, Parquet": ("A.PARQUET", parquet(), Reading()),
    "capitals, gzip": ("A.Tsv.GZ", gzip.compress(delimited("\t").encode()), Reading()),
    "gzip, objects": ("a.jsonl.gz", gzip.compress(json_lines().encode()), Reading()),
    "semicolons": ("a.csv", delimited(";").encode(), Reading()),
    "tabs in a .csv": ("a.csv", delimited("\t").encode(), Reading()),
    "bars": ("a.csv", delimited("|").encode(), Reading()),
    "commas in a .tsv": ("a.tsv", delimited(",").encode(), Reading()),
    "named semicolon": ("a.csv", delimited(";").encode(), Reading(separator=";")),
    "named tab": ("a.csv", delimited("\t").encode(), Reading(separator="tab")),
    "rare separator": ("a.csv", delimited("~").encode(), Reading(separator="~")),
    "no quoting": ("a.tsv", UNQUOTED.encode(), Reading(quoting=Quoting.NONE)),
    "line feeds": ("a.csv", delimited(",", lineterminator="\n").encode(), Reading()),
    "carriage returns": ("a.csv", delimited(",", lineterminator="\r").encode(), Reading()),
    "mark of UTF-8": ("a.csv", delimited(",").encode("utf-8-sig"), Reading()),
    "mark of UTF-8, objects": ("a.jsonl", json_lines().encode("utf-8-sig"), Reading()),
    "mark of UTF-16": ("a.csv", delimited("\t").encode("utf-16"), Reading()),
    "mark of UTF-32": ("a.csv", delimited(",").encode("utf-32"), Reading()),
    "UTF-16 without a mark": (
        "a.csv",
        delimited(",").encode("utf-16-le"),
        Reading(encoding="utf-16-le"),
    ),
    "a mark that the name does not expect": (
        "a.csv",
        b"\xff\xfe" + delimited(",").encode("utf-16-le"),
        Reading(encoding="utf-16-le"),
    ),
    "cp1252": ("a.csv", delimited(",").encode("cp1252"), Reading(encoding="cp1252")),
    "another ending": ("a.dat", delimited(",").encode(), Reading(format=Format.CSV)),
    "text named as a spreadsheet": (
        "a.xls",
        delimited("\t").encode(),
        Reading(format=Format.TSV),
    ),
    "an ending that is wrong": ("a.csv", json_lines().encode(), Reading(format=Format.JSONL)),
    "empty lines first": ("a.csv", b"\r\n\n" + delimited(",").encode(), Reading()),
}


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def read(path: Path, reading: Reading | None = None) -> tuple[list[str], list[tuple[Any, ...]]]:
    with open_table(path, reading or Reading()) as table:
        rows = [row for block in table.blocks for row in block.rows()]
        return table.columns, rows


def complaint_about(path: Path, reading: Reading | None = None) -> str:
    with pytest.raises(ValueError, match=re.escape(str(path))) as caught:
        read(path, reading)
    return str(caught.value)


@pytest.mark.parametrize("which", FILES)
def test_every_kind_of_file_gives_the_same_rows(tmp_path: Path, which: str) -> None:
    name, content, reading = FILES[which]
    columns, rows = read(written(tmp_path, name, content), reading)
    assert columns == COLUMNS
    assert rows == ROWS


@pytest.mark.parametrize("which", FILES)
def test_blocks_are_short_and_lose_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    name, content, reading = FILES[which]
    for module in ("_read", "_parquet"):
        monkeypatch.setattr(f"skcnn.cli.tables.{module}.MAX_ROWS", 3)
    with open_table(written(tmp_path, name, content), reading) as table:
        blocks = list(table.blocks)
    assert [len(block.places) for block in blocks] == [3, 1]
    assert [row for block in blocks for row in block.rows()] == ROWS
    places = [place for block in blocks for place in block.places]
    first = {"row": 1, "line": 2}[table.place] if "jsonl" not in name else 1
    if "objects" not in which and which not in ("an ending that is wrong", "empty lines first"):
        assert places == list(range(first, first + 4))


def test_long_texts_make_short_blocks(tmp_path: Path) -> None:
    text = "x" * (_blocks.MAX_CHARACTERS // 2)
    for name, line in (("a.csv", text), ("a.txt", text), ("a.jsonl", json.dumps({"text": text}))):
        header = "text\n" * (name == "a.csv")
        path = written(tmp_path, name, f"{header}{f'{line}{chr(10)}' * 5}".encode())
        with open_table(path) as table:
            assert [len(block.places) for block in table.blocks] == [2, 2, 1]


def test_each_line_of_plain_text_is_a_text_also_an_empty_one(tmp_path: Path) -> None:
    path = written(tmp_path, "a.TXT", b'\xef\xbb\xbfone, "two"\r\n\r\n  three\t4\nlast')
    with open_table(path, text="body") as table:
        assert table.columns == ["body"]
        (block,) = table.blocks
    assert block.values("body") == ['one, "two"', "", "  three\t4", "last"]
    assert block.places == [1, 2, 3, 4]


def test_objects_may_have_different_keys_and_values_of_any_kind(tmp_path: Path) -> None:
    content = b'{"text": "a", "n": 1}\n\n{"n": [1.5, null], "more": {"x": true}}\n'
    columns, rows = read(written(tmp_path, "a.jsonl", content))
    assert columns == ["text", "n", "more"]
    assert rows == [("a", 1, ABSENT), (ABSENT, [1.5, None], {"x": True})]


# ---------------------------------------------------------------------------------------------
# Errors that name the place and the cure
# ---------------------------------------------------------------------------------------------

SWALLOW = b'label\ttext\nham\t"I said hi to you\nspam\tWIN a prize now"\nham\tsee you\n'


def test_a_line_break_inside_a_cell_of_a_tsv_is_refused(tmp_path: Path) -> None:
    for name in ("a.tsv", "a.csv"):  # the separator counts, and not the name
        path = written(tmp_path, name, SWALLOW)
        message = complaint_about(path)
        assert "a cell that begins on line 2 ends on line 3" in message
        assert "add --quoting none" in message
        rows = read(path, Reading(quoting=Quoting.NONE))[1]
        assert rows[:2] == [("ham", '"I said hi to you'), ("spam", 'WIN a prize now"')]
        assert len(rows) == 3


@pytest.mark.parametrize(
    ("name", "content", "complaints"),
    [
        ("a.tsv", b'label\ttext\na\t"hm" said he\n', ["line 2", "a tab", "--quoting none"]),
        ("a.csv", b'label,text\na,"hm" said he\n', ["line 2", "a comma", "--quoting none"]),
        ("a.csv", b'label;text\na;"hm" said he\n', ["line 2", "a semicolon", "--quoting none"]),
        ("a.csv", b'label,text\na,b\na,"hm\n', ["line 3", "no pair", "--quoting none"]),
        ("a.csv", b"text,label\na;b;c,d\ne;f\n", ["line 3 has 1 cells", "a comma", "--separator"]),
        ("a.csv", b"text,label\n\xa35,x\n", ["not UTF-8", "0xa3", "--encoding cp1252"]),
        ("a.jsonl", b'{"text": "a"}\n{"text": \n', ["line 2 is not JSON", "one object"]),
        ("a.jsonl", b'[{"text": "a"}]\n', ["line 1 is not a JSON object", "one object"]),
        ("a.jsonl", b'{"text": 1, "text": 2}\n', ["line 1", "the key 'text' is there twice"]),
        ("a.jsonl", b"[" * 100_000, ["line 1 is not JSON"]),
        ("a.jsonl", b"\n\n", ["has no rows"]),
        ("a.txt", b"", ["has no rows"]),
        ("a.tsv", b"text\n", ["a header and no rows"]),
        ("a.csv", b"\n\n", ["is empty"]),
        ("a.parquet", b"text\na\n", ["cannot be read as Parquet"]),
        ("a.parquet", b"PAR1" + bytes(99) + b"PAR1", ["cannot be read as Parquet"]),
        ("a.jsonl.gz", b'{"text": "a"}\n', ["not a gzip file", "remove .gz"]),
        ("a.csv.gz", gzip.compress(b"text\na\n" * 99, mtime=0)[:-9], ["cannot be read as a table"]),
        ("a.parquet.gz", b"", ["without .gz"]),
        ("a.dat", b"", [".csv, .tsv, .jsonl, .parquet or .txt", "--format"]),
        ("a.xlsx", b"", ["is a spreadsheet", "Save it as CSV (UTF-8) or Parquet"]),
        ("A.XLS", b"", ["is a spreadsheet", "Save it as CSV (UTF-8) or Parquet"]),
        ("a.ods", b"", ["is a spreadsheet", "Save it as CSV (UTF-8) or Parquet"]),
    ],
)
def test_a_table_that_cannot_be_read_is_named_with_the_cure(
    tmp_path: Path, name: str, content: bytes, complaints: list[str]
) -> None:
    message = complaint_about(written(tmp_path, name, content))
    assert [each for each in complaints if each not in message] == [], message


def test_a_quotation_mark_without_its_pair_does_not_take_a_long_file_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skcnn.cli.tables._delimited._MAX_CELL", 1000)
    path = written(tmp_path, "a.csv", b'text,label\n"a,x\n' + b"b,x\n" * 10_000)
    message = complaint_about(path)
    assert "line 2 cannot be read: a cell has more than 1,000 characters" in message


@pytest.mark.parametrize(
    ("content", "cures"),
    [
        ("Text,label\na,b\n", ["it has 'Text', 'label'", "Add --text 'Text'?"]),
        (" TEXT ,label\na,b\n", ["Add --text ' TEXT '?"]),
        ("texts,label\na,b\n", ["Add --text 'texts'?"]),
        ("text;label,notes\na;b,c\n", ["Is the separator a semicolon? Add --separator ';'"]),
        ("win now,spam\na,b\n", ["The first row must be the names of the columns"]),
        (f"{'long ' * 50},spam\na,b\n", ["long ...', 'spam'", "The first row"]),
        ("t\0e\0x\0t\0,\0l\0\na,b\n", ["Is it UTF-16? Add --encoding utf-16-le."]),
        ("text,text\na,b\n", ["has two columns 'text'", "Rename one of them"]),
    ],
)
def test_a_missing_column_comes_with_the_cure(
    tmp_path: Path, content: str, cures: list[str]
) -> None:
    with open_table(written(tmp_path, "a.csv", content.encode())) as table:
        with pytest.raises(ValueError, match=r"columns? 'text'; it has") as caught:
            table.check_column("text", "--text")
        assert [each for each in cures if each not in str(caught.value)] == [], caught.value


def test_a_missing_text_is_empty_and_a_number_is_no_text(tmp_path: Path) -> None:
    content = b'{"text": null}\n{"other": 1}\n{"text": "a"}\n{"text": 5}\n'
    with open_table(written(tmp_path, "a.jsonl", content)) as table:
        (block,) = table.blocks
        with pytest.raises(ValueError, match=r"on line 4 the column 'text' holds 5 of type int"):
            table.texts(block, "text")
    content = content[: content.rindex(b"{")]
    with open_table(written(tmp_path, "a.jsonl", content)) as table:
        assert [table.texts(block, "text") for block in table.blocks] == [["", "", "a"]]


@pytest.mark.parametrize(
    ("name", "reading", "complaint"),
    [
        ("a.csv", Reading(encoding="utf8000"), "--encoding utf8000: no such encoding"),
        ("a.csv", Reading(encoding="base64"), "--encoding base64: no such encoding"),
        ("a.csv", Reading(encoding="a\0"), "no such encoding"),
        ("a.csv", Reading(separator="ab"), "--separator 'ab': expected one character"),
        ("a.csv", Reading(separator=""), "--separator '': expected one character"),
        ("a.csv", Reading(separator='"'), "expected one character"),
        ("a.jsonl", Reading(separator=";"), "--separator is for CSV and TSV"),
        ("a.txt", Reading(quoting=Quoting.NONE), "--quoting none is for CSV and TSV"),
        ("a.parquet", Reading(encoding="utf-8"), "--encoding is for text files"),
        ("-", Reading(format=Format.PARQUET), "Parquet cannot be read from standard input"),
    ],
)
def test_a_wrong_option_is_named_before_the_file_is_opened(
    name: str, reading: Reading, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint), open_table(Path(name), reading):
        pass


def test_without_pyarrow_one_line_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with (
        pytest.raises(ImportError, match=r'pip install "skcnn\[parquet\]"') as caught,
        open_table(written(tmp_path, "a.parquet", parquet())),
    ):
        pass
    assert "\n" not in str(caught.value)


def test_an_error_of_the_caller_is_not_taken_for_one_of_the_table(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", b"text\na\n")

    def work(error: Callable[[], Exception]) -> None:
        with open_table(path):
            raise error()

    for error in (EOFError, lambda: OSError(28, "No space left on device"), csv.Error):
        with pytest.raises(Exception, match=r"^(?!.*a\.csv)") as caught:
            work(error)
        assert type(caught.value) is type(error())
        assert getattr(caught.value, "filename", None) is None


def test_the_settings_of_pythons_csv_module_stay_as_they_were(tmp_path: Path) -> None:
    limit = csv.field_size_limit()
    with open_table(written(tmp_path, "a.csv", b"text\n" + b"a" * 200_000 + b"\n")) as table:
        assert csv.field_size_limit() == limit
        for _ in table.blocks:
            assert csv.field_size_limit() == limit
