"""Blocks of rows, written as every format and read again."""

from __future__ import annotations

import csv
import datetime
import gzip
import json
import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skcnn.cli.tables._formats import Format, Quoting, Reading
from skcnn.cli.tables._read import open_table
from skcnn.cli.tables._write import check_output, writing
from tests.cli.tables import run_process

COLUMNS = ["text", "n"]
ROWS = [('he said "hi", then; left', "1"), ("", "2"), ("café 🙂 | \\", "3"), ("\x1b[31m'=1+1", "")]
OUTPUTS = ["b.csv", "b.tsv", "b.jsonl", "b.ndjson", "b.parquet", "B.CSV", "b.csv.gz", "b.JSONL.GZ"]


def source(folder: Path, rows: Sequence[Sequence[str]] = ROWS, name: str = "a.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="\t" if name == "a.tsv" else ",").writerows([COLUMNS, *rows])
    return path


def copy(path: Path, output: Path | None, reading: Reading | None = None, **options: Any) -> None:
    with (
        open_table(path, reading or Reading()) as table,
        writing(output, table, **options) as write,
    ):
        for block in table.blocks:
            write(block)


def rows_of(path: Path, reading: Reading | None = None) -> list[tuple[Any, ...]]:
    with open_table(path, reading or Reading()) as table:
        return [row for block in table.blocks for row in block.rows()]


@pytest.mark.parametrize("name", OUTPUTS)
def test_what_is_written_is_read_again(tmp_path: Path, name: str) -> None:
    copy(source(tmp_path), tmp_path / name)
    assert rows_of(tmp_path / name) == ROWS
    before = (tmp_path / name).read_bytes()
    copy(source(tmp_path), tmp_path / name)
    assert (tmp_path / name).read_bytes() == before, "equal rows give equal bytes"
    if name.lower().endswith(".gz"):
        assert gzip.decompress(before).count(b"\n") >= len(ROWS)


@pytest.mark.parametrize("name", OUTPUTS)
def test_several_blocks_have_one_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("skcnn.cli.tables._read.MAX_ROWS", 1)
    copy(source(tmp_path), tmp_path / name)
    assert rows_of(tmp_path / name) == ROWS


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_table_may_be_written_over_itself_and_a_failure_leaves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / name
    monkeypatch.setattr("skcnn.cli.tables._read.MAX_ROWS", 1)
    monkeypatch.setattr("skcnn.cli.tables._parquet.MAX_ROWS", 1)
    copy(source(tmp_path), path)
    copy(path, path)
    assert rows_of(path) == ROWS
    before = path.read_bytes()

    def fail() -> None:
        with open_table(path) as table, writing(path, table) as write:
            write(next(table.blocks))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == sorted(["a.csv", name])


def test_a_table_of_the_same_format_keeps_its_separator_and_quoting(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('text;n\n"a;b";1\n')
    copy(path, tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text() == path.read_text()
    copy(path, tmp_path / "b.tsv")
    assert (tmp_path / "b.tsv").read_text() == "text\tn\na;b\t1\n"
    path = tmp_path / "a.tsv"
    path.write_text('text\tn\n"a\t1\nb"\t2\n')
    copy(path, tmp_path / "c.tsv", Reading(quoting=Quoting.NONE))
    assert (tmp_path / "c.tsv").read_text() == path.read_text()


def test_values_keep_their_types_from_objects_to_objects(tmp_path: Path) -> None:
    lines = ['{"text": "a", "n": 1, "x": null}', '{"text": "\\ud800", "y": [1.5, true, {"z": ""}]}']
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(lines))
    copy(path, tmp_path / "b.jsonl")
    assert [json.loads(line) for line in (tmp_path / "b.jsonl").read_text().splitlines()] == [
        json.loads(line) for line in lines
    ]


def test_columns_keep_their_types_from_parquet_to_parquet(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "text": pd.Categorical(["a", "b", None]),
            "time": pd.to_datetime(
                ["2020-01-01T00:00:00.123456789", None, "2021-01-01T00:00:00.5"]
            ),
            "n": pd.array([1, None, 3], dtype="Int64"),
            "list": [[1.0], [], None],
        },
        index=pd.Index(["r", "s", "t"], name="row"),
    )
    frame.to_parquet(tmp_path / "a.parquet")
    copy(tmp_path / "a.parquet", tmp_path / "b.parquet")
    first, second = (pq.read_table(tmp_path / f"{name}.parquet") for name in "ab")
    assert second.schema.equals(first.schema)
    assert second.equals(first)
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "b.parquet"), pd.read_parquet(tmp_path / "a.parquet")
    )


def test_values_of_all_kinds_become_cells(tmp_path: Path) -> None:
    day = datetime.date(2020, 1, 2)
    table = pa.table({"text": ["a"], "n": [1.5], "day": [day], "list": [[1]], "none": [None]})
    pq.write_table(table, tmp_path / "a.parquet")
    copy(tmp_path / "a.parquet", tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text() == "text,n,day,list,none\na,1.5,2020-01-02,[1],\n"
    copy(tmp_path / "a.parquet", tmp_path / "b.jsonl")
    line = json.loads((tmp_path / "b.jsonl").read_text())
    assert line == {"text": "a", "n": 1.5, "day": "2020-01-02", "list": [1], "none": None}


def test_objects_with_a_new_key_fit_objects_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skcnn.cli.tables._read.MAX_ROWS", 1)
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a", "n": 1}\n{"n": 2}\n{"text": "c", "new": 3}\n')
    for name in ("b.csv", "b.parquet"):
        with pytest.raises(ValueError, match=r"line 3 on: it has the key 'new'.*Write a \.jsonl"):
            copy(path, tmp_path / name)
    assert os.listdir(tmp_path) == ["a.jsonl"]
    copy(path, tmp_path / "b.jsonl")
    assert rows_of(tmp_path / "b.jsonl")[2] == ("c", 3)
    assert rows_of(tmp_path / "b.jsonl")[1] == (2,)


def test_a_value_of_another_type_than_the_first_rows_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skcnn.cli.tables._read.MAX_ROWS", 1)
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": null, "n": 1}\n{"text": "b", "n": "two"}\n')
    with pytest.raises(ValueError, match=r"the column 'n' is of type int64 .*Write a \.jsonl"):
        copy(path, tmp_path / "b.parquet")
    path.write_text('{"text": null, "n": 1}\n{"text": "b"}\n')
    copy(path, tmp_path / "b.parquet")
    assert rows_of(tmp_path / "b.parquet") == [(None, 1), ("b", None)]


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\r\nb"])
def test_a_tsv_holds_no_line_break(tmp_path: Path, text: str) -> None:
    path = source(tmp_path, [("fine", "1"), (text, "2")])
    with pytest.raises(ValueError, match=r"a line break, which is in the row from line 3: .*\.csv"):
        copy(path, tmp_path / "b.tsv")
    copy(path, tmp_path / "b.csv")
    assert rows_of(tmp_path / "b.csv")[1] == (text, "2")
    assert sorted(os.listdir(tmp_path)) == ["a.csv", "b.csv"]


@pytest.mark.parametrize("name", ["b.csv", "b.csv.gz", "b.parquet"])
def test_half_a_surrogate_pair_is_an_error_with_a_cure(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "\\ud800"}\n')
    with pytest.raises(ValueError, match=r"half of a surrogate pair, '\\ud800'.*\.jsonl"):
        copy(path, tmp_path / name)
    assert os.listdir(tmp_path) == ["a.jsonl"]


FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "-cmd"]
NO_FORMULAS = ["a=1", "'=1", "-5", "+5.5", "-1e3", "", "1-1"]


def test_formulas_are_escaped_on_request_only(tmp_path: Path) -> None:
    path = source(tmp_path, [(cell, "1") for cell in FORMULAS + NO_FORMULAS])
    copy(path, tmp_path / "plain.csv")
    assert rows_of(tmp_path / "plain.csv") == rows_of(path)
    copy(path, tmp_path / "safe.csv", escape_formulas=True)
    cells = [cell for cell, _ in rows_of(tmp_path / "safe.csv")]
    assert cells == [f"'{cell}" for cell in FORMULAS] + NO_FORMULAS


def test_a_header_is_escaped_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,=1\na,b\n")
    copy(tmp_path / "a.csv", tmp_path / "b.csv", escape_formulas=True)
    assert (tmp_path / "b.csv").read_text() == "text,'=1\na,b\n"


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("b.xlsx", r"ends in \.csv, \.tsv, \.jsonl or \.parquet \(.*Choose another name"),
        ("b.txt", r"a \.txt file has no columns"),
        ("b.parquet.gz", r"without \.gz"),
        ("folder.csv", "it is a folder"),
        ("absent/b.csv", "absent is not a folder"),
        ("a.csv", "it is read too"),
        (f"{'n' * 255}.csv", "too long"),
    ],
)
def test_what_cannot_be_written_is_known_before_the_work(
    tmp_path: Path, name: str, complaint: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    path = source(tmp_path)
    with pytest.raises((ValueError, OSError), match=complaint):
        check_output(tmp_path / name, path, source=Format.CSV)
    check_output(path, source=Format.CSV)


@pytest.mark.parametrize("name", OUTPUTS)
def test_on_a_full_disk_the_error_names_the_table_and_the_old_one_stays(
    tmp_path: Path, name: str
) -> None:
    path, output = tmp_path / "a.csv", tmp_path / name
    lines = [f"{random.random()},{i}\n" for i in range(20_000)]
    path.write_text("".join(["text,n\n", *lines]))
    output.write_bytes(b"old")
    code = """
import resource, signal, sys
from pathlib import Path
from skcnn.cli.tables._read import open_table
from skcnn.cli.tables._write import writing
from skcnn.cli._output import one_line_errors
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10**5, 10**5))
with one_line_errors(), open_table(Path(sys.argv[1])) as table:
    with writing(Path(sys.argv[2]), table) as write:
        for block in table.blocks:
            write(block)
"""
    result = run_process(path, output, code=code)
    line, *others = result.stderr.splitlines()
    assert line == f"skcnn: {output}: File too large"
    assert not [each for each in others if "Exception ignored" in each]
    assert output.read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == sorted(["a.csv", name])
