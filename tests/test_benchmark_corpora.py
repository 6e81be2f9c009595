"""The corpora of the benchmarks are the same from a folder and from their sources."""

from __future__ import annotations

import csv
import gzip
import importlib
import runpy
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from sklearn.model_selection import train_test_split
from sklearn.utils import Bunch

from skcnn.datasets._catalog import CORPORA
from tests.datasets.samples import ROWS, of_samples, serving

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture
def corpora(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(DOCS / "benchmarks"))
    return importlib.import_module("_corpora")


@pytest.fixture
def common(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(DOCS / "benchmarks"))
    return importlib.import_module("_common")


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The samples, in the formats of their sources, from a server on this machine."""
    for name in CORPORA:
        monkeypatch.setitem(CORPORA, name, of_samples(name))
    monkeypatch.setenv("SKCNN_DATA", str(tmp_path / "downloads"))
    with serving() as server:
        monkeypatch.setenv("SKCNN_DATA_URL", server.address)
        yield


def write(folder: Path, name: str, rows: list[tuple[str, ...]], header: str) -> None:
    with gzip.open(folder / f"{name}.csv.gz", "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split())
        writer.writerows(rows)


@pytest.mark.usefixtures("sources")
@pytest.mark.parametrize(
    "name",
    [
        "ade_sentences",
        "clinc150_imbalanced",
        "clothing_reviews",
        "hate_offensive",
        "kim_mpqa",
        "kim_mr",
        "kim_sst2_test",
        "kim_sst2_train",
        "kim_trec_test",
        "kim_trec_train",
        "sms_spam",
        "so_web_5k_15k",
        "zh_waimai",
    ],
)
def test_without_a_folder_texts_labels_and_parts_are_those_of_a_folder(
    name: str, corpora: ModuleType, common: ModuleType, tmp_path: Path
) -> None:
    source, part = corpora.DOWNLOADS.get(name, (name, None))
    rows = [tuple(row) for row in ROWS[source] if part is None or row.part == part]
    assert rows
    write(tmp_path, name, rows, "label text split")
    for of_folder, fetched in zip(
        corpora.columns(tmp_path, name), corpora.columns(None, name), strict=True
    ):
        assert list(of_folder) == list(fetched)
    texts, labels = common.load(None, name)
    assert (texts, labels.tolist()) == (
        common.load(tmp_path, name)[0],
        common.load(tmp_path, name)[1].tolist(),
    )
    assert len(set(texts)) == len(texts)


@pytest.mark.usefixtures("sources")
def test_the_rare_class_of_a_corpus_is_the_one_of_its_source(
    corpora: ModuleType, common: ModuleType
) -> None:
    for name, rare in {**common.DATA_SETS, "clinc150_imbalanced": "oos"}.items():
        assert CORPORA[corpora.DOWNLOADS.get(name, (name, None))[0]].positive == rare
        assert rare in common.load(None, name)[1]


@pytest.mark.usefixtures("sources")
def test_of_equal_texts_one_is_kept(common: ModuleType) -> None:
    texts, labels, rare = common.load_binary(None, "sms_spam")
    assert sorted(zip(labels.tolist(), texts, strict=True)) == [
        ("other", "see you at 5 ok?"),
        ("spam", "WIN £5 now"),
    ]
    assert rare == "spam"


def test_the_published_split_keeps_each_sentence_once_and_its_test_texts_apart(
    corpora: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"event {i // 2}" for i in range(60)] + [f"other {i}" for i in range(140)]
    labels = np.repeat(["ade", "not_ade"], [60, 140])
    source = Bunch(data=texts, target=labels, split=None)
    monkeypatch.setattr(corpora, "fetch_corpus", lambda name: source)
    data, found, parts = corpora.columns(None, "ade_published_split")
    assert sorted(data) == sorted(set(texts))
    assert [label == "ade" for label in found] == [text.startswith("event") for text in data]
    # The run's own split: its labels were 0 and 1.
    train, _ = train_test_split(texts, test_size=0.3, stratify=labels == "ade", random_state=42)
    n_first = len(set(train))
    assert data[:n_first] == list(dict.fromkeys(train))
    assert (
        parts.tolist() == ["train"] * (parts == "train").sum() + ["test"] * (parts == "test").sum()
    )
    assert 10 <= (parts == "test").sum() <= 30


def test_the_page_on_choosing_has_the_table_of_the_measured_costs() -> None:
    script = runpy.run_path(str(DOCS / "images" / "make_learning_curves.py"))
    page = (DOCS / "choosing.md").read_text("utf-8")
    assert script["table"](script["mean_costs"](script["FILES"])) in page
