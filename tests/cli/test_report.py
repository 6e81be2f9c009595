from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.tables import ROWS, succeeds, written


@pytest.fixture
def labeled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "labeled.csv", ROWS[:20] + ROWS[-20:], ("text", "label"))
    return "labeled.csv"


def test_report_writes_a_page_with_a_comparison(model: Path, labeled: str) -> None:
    options = ["--baseline", labeled, "--unit", "€", "--title", "Offers", "-o", "report.html"]
    printed = succeeds("report", model, labeled, *options)
    assert "Saved report.html" in printed
    assert "(0.0 MB)" not in printed
    page = Path("report.html").read_text("utf-8")
    for expected in ("Offers", "€", "TF-IDF + logistic regression", "on 1,000 texts"):
        assert expected in page


def test_without_a_title_the_page_names_both_files(model: Path, labeled: str) -> None:
    data = Path("folder") / "new & old.csv"
    data.parent.mkdir()
    Path(labeled).rename(data)
    succeeds("report", model, data, "-o", "report.html")
    heading = "Report of model.skcnn on new &amp; old.csv"
    page = Path("report.html").read_text("utf-8")
    assert f"<title>{heading}</title>" in page
    assert f"<h1>{heading}</h1>" in page


def test_options_for_reading_are_for_the_comparison_too(model: Path, labeled: str) -> None:
    for name in ("labeled.csv", "train.csv"):
        rows = [f"für {text.replace(',', '')}~{y}" for text, y in ROWS[:20] + ROWS[-20:]]
        Path(name).write_text("\n".join(["text~label", *rows]), "cp1252")
    options = ["--encoding", "cp1252", "--separator", "~", "--baseline", "train.csv"]
    assert "Saved" in succeeds("report", model, labeled, *options, "-o", "report.html")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["-o", "nowhere/report.html"], "nowhere is not a folder"),
        (["-o", "labeled.csv"], "it is read too"),
        (["--positive", "offer"], "--positive offer: the model has no such label"),
        (["--baseline", "absent.csv"], "absent.csv: No such file"),
        (["--text", "body"], "has no column 'body'"),
    ],
)
def test_a_wrong_option_of_report_is_named(
    fails: Callable[..., str], model: Path, labeled: str, options: list[str], complaint: str
) -> None:
    assert complaint in fails("report", model, labeled, "-o", "report.html", *options)
    assert os.listdir() == ["labeled.csv"]


def test_a_comparison_needs_every_label(
    fails: Callable[..., str], model: Path, labeled: str
) -> None:
    written(Path("one.csv"), ROWS[-3:], ("text", "label"))
    options = ["--baseline", "one.csv", "-o", "report.html"]
    assert "one.csv lacks labels of the model" in fails("report", model, labeled, *options)


def test_a_missing_library_is_named_first(
    fails: Callable[..., str], model: Path, labeled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    line = fails("report", model, labeled, "-o", "report.html")
    assert (
        "A report needs matplotlib, which is not installed. Install with: pip install matplotlib"
        in line
    )
