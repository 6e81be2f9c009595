from __future__ import annotations

from pathlib import Path

import pytest

from skcnn.cli._labeled import read_labeled
from skcnn.cli.tables._formats import Format, Quoting, Reading


def table(folder: Path, content: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def test_rows_without_a_text_are_left_out_and_counted(tmp_path: Path) -> None:
    path = table(tmp_path, "text,label\na,x\n,x\n  ,\nb,y\n")
    labeled = read_labeled(path, Reading(), "text", "label", skip_empty=False)
    assert labeled.texts == ["a", "b"]
    assert labeled.labels == ["x", "y"]
    assert labeled.report() == "Read 2 rows. Left out 2 without a text: lines 3, 4."


def test_a_row_without_a_label_is_an_error_unless_it_is_to_be_left_out(tmp_path: Path) -> None:
    path = table(tmp_path, "text,label\na,x\nb,\nc, \nd,y\n")
    with pytest.raises(ValueError, match=r"'label' is empty on lines 3, 4\. .*--skip-empty"):
        read_labeled(path, Reading(), "text", "label", skip_empty=False)
    labeled = read_labeled(path, Reading(), "text", "label", skip_empty=True)
    assert labeled.texts == ["a", "d"]
    assert labeled.report() == "Read 2 rows. Left out 2 without a label: lines 3, 4."


def test_rows_that_a_quotation_mark_put_together_show_in_the_report(tmp_path: Path) -> None:
    content = 'label,text\nham,"I said hi\nspam,win now"\nham,see you\nspam,cash\n'
    path = table(tmp_path, content)
    labeled = read_labeled(path, Reading(), "text", "label", skip_empty=False)
    assert labeled.report() == "Read 3 rows, 1 of them with a line break in the text."
    labeled = read_labeled(path, Reading(quoting=Quoting.NONE), "text", "label", skip_empty=False)
    assert labeled.labels == ["ham", "spam", "ham", "spam"]


def test_labels_of_any_kind_are_the_strings_that_a_csv_file_holds(tmp_path: Path) -> None:
    lines = ['{"text": "a", "label": 1}', '{"text": "b", "label": true}']
    path = table(tmp_path, "\n".join(lines), "a.jsonl")
    labeled = read_labeled(path, Reading(), "text", "label", skip_empty=False)
    assert labeled.labels == ["1", "True"]


def test_plain_lines_have_no_labels(tmp_path: Path) -> None:
    for name, reading in (("a.txt", Reading()), ("-", Reading(format=Format.TXT))):
        with pytest.raises(
            ValueError,
            match=r"plain lines have no labels; expected a table with a column of labels",
        ):
            read_labeled(Path(name), reading, "text", "label", skip_empty=False)


def test_a_table_with_labels_may_have_a_name_that_ends_in_txt(tmp_path: Path) -> None:
    path = table(tmp_path, "text\tlabel\na\tx\nb\ty\n", "a.txt")
    with pytest.raises(ValueError, match="If it is one, name its format, such as --format tsv"):
        read_labeled(path, Reading(), "text", "label", skip_empty=False)
    labeled = read_labeled(path, Reading(format=Format.TSV), "text", "label", skip_empty=False)
    assert labeled.labels == ["x", "y"]


def test_plain_lines_are_not_offered_where_labels_are_needed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ends in \.csv, \.tsv, \.jsonl or \.parquet \("):
        read_labeled(table(tmp_path, "", "a.dat"), Reading(), "a", "b", skip_empty=False)
