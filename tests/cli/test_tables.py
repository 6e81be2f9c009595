from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from skcnn.cli._app import app
from tests.cli.tables import written


def test_a_table_of_tabs_with_a_byte_order_mark_is_read(model: Path, tmp_path: Path) -> None:
    data = tmp_path / "new.tsv"
    data.write_bytes("\ufefftext\tid\r\nwin cash\t1\r\n\r\nsee you\t2\r\n".encode())
    result = CliRunner().invoke(app, ["predict", str(model), str(data)])
    assert result.exit_code == 0, result.output
    assert result.stdout == "text,id,predicted\nwin cash,1,spam\nsee you,2,ham\n"


def test_a_very_long_text_is_one_cell(model: Path, tmp_path: Path) -> None:
    limit = 131_072
    csv.field_size_limit(limit)
    data = written(tmp_path / "long.csv", [("see you at home " * 10_000,)], ("text",))
    result = CliRunner().invoke(app, ["predict", str(model), str(data)])
    assert result.exit_code == 0, result.output
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "data.csv is empty"),
        (b"text,label\n", "has a header and no rows"),
        (b"text,label\na,x\nb\n", "line 3 has 1 cells; expected 2, as in the header"),
        (b'text,label\n"a\nb",x\nc,y,z\n', "line 4 has 3 cells"),
        (b'text,label\na,x\n"b,y\n', "line 3 cannot be read"),
        (b"text,label\na,x\nb,x\n", "every row has the label 'x'"),
        (b"text,label\na,x\nb,x\nc,y\n", "the label 'y' has one row"),
        (b"text,label\n,x\n ,x\nc,y\nc,y", "Left out 2 without a text: lines 2, 3."),
        (b"text,label\na,\nc,y\nc,y", "the column 'label' is empty on line 2. Fill these"),
        (b"text,label\n" + b",x\n" * 7, "has no row with a text and a label"),
        (b"text,label\n" + b"a,\n" * 7, "on lines 2, 3, 4, 5, 6 and 2 more"),
        (b"text,text,label\na,b,x\n", "has two columns 'text'"),
        (b"text,label\n\xa3,x\n", "is not UTF-8"),
    ],
)
def test_an_error_in_a_table_names_the_place(
    fails: Callable[..., str], tmp_path: Path, content: bytes, complaint: str
) -> None:
    data = tmp_path / "data.csv"
    data.write_bytes(content)
    assert complaint in fails("train", data, "-o", tmp_path / "model.skcnn")


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("data.xlsx", b"", "is a spreadsheet"),
        ("data.dat", b"", "ends in .csv, .tsv"),
        ("data.csv.gz", b"text,label\n", "is not a gzip file"),
        ("data.csv.gz", gzip.compress(b"text,label\na,x\n" * 99, mtime=0)[:-9], "cannot be read"),
        ("absent.csv", None, "No such file"),
    ],
)
def test_a_file_without_a_table_is_an_error(
    fails: Callable[..., str], tmp_path: Path, name: str, content: bytes | None, complaint: str
) -> None:
    data = tmp_path / name
    if content is not None:
        data.write_bytes(content)
    assert complaint in fails("train", data, "-o", tmp_path / "model.skcnn")
