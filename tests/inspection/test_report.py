"""The HTML report and the model card, read as a person and a browser would."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skcnn import CostSensitiveTextCNN, MinCostClassifier, average_cost
from skcnn.inspection import model_card, report
from tests.browser import needs_browser, opened

HOSTILE = ["<script>document.title = 'run'</script>", "$x_{", "免费 |`*_", 'a"b&c\n\x1b[31m']
WORDS = {0: "cash prize win", 1: "lunch noon dinner", 2: "match goal team"}


def corpus(labels: list[Any], n: int = 60) -> tuple[list[str], np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, len(labels), n)
    y[: 2 * len(labels)] = np.tile(np.arange(len(labels)), 2)
    texts = [
        f"{rng.choice(WORDS[k].split())} {rng.choice(WORDS[k].split())} {i}"
        for i, k in enumerate(y)
    ]
    flipped = np.where(rng.random(n) < 0.1, (y + 1) % len(labels), y)
    return texts, np.array(labels)[flipped]


def linear() -> Any:
    return make_pipeline(TfidfVectorizer(), LogisticRegression())


SMALL: dict[str, Any] = {"epochs": 1, "n_filters": 8, "embedding_dim": 8, "random_state": 0}
CASES: dict[str, tuple[list[Any], Any]] = {
    "network, two classes": (["ham", "spam"], CostSensitiveTextCNN({"spam": 5}, **SMALL)),
    "network, three classes": ([3, 1, 2], CostSensitiveTextCNN({3: 5}, **SMALL)),
    "hostile labels": (HOSTILE[:2], CostSensitiveTextCNN({HOSTILE[0]: 7}, **SMALL)),
    "hostile labels, three": (HOSTILE[1:], MinCostClassifier(linear(), {HOSTILE[1]: 7})),
    "linear model": ([False, True], MinCostClassifier(linear(), {True: 9})),
    "abstentions": (
        ["ham", "spam"],
        MinCostClassifier(linear(), {"spam": 9}, abstain_cost=0.1, abstain_label="?"),
    ),
    "no costs": (["ham", "spam"], linear()),
}


@pytest.fixture(scope="module", params=CASES, ids=str)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    labels, estimator = CASES[request.param]
    texts, y = corpus(labels)
    X, rest = texts[:40], zip(texts[40:], HOSTILE * 5, strict=True)
    X_test = [f"{text} {hostile}" for text, hostile in rest]
    fitted = estimator.fit(X, y[:40])
    folder = tmp_path_factory.mktemp("report")
    path = report(fitted, X_test, y[40:], folder / "page.html", unit="$", title=HOSTILE[0])
    return fitted, X_test, y[40:], path


def test_the_page_is_one_file_that_asks_for_nothing_else(case: Any) -> None:
    page = case[3].read_text(encoding="utf-8")
    page = re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)
    assert not re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', page)
    assert "@import" not in page
    assert not re.findall(r"url\((?!#)", page)


def test_the_page_has_the_cost_of_the_predictions(case: Any) -> None:
    estimator, X, y, path = case
    rows: dict[str, Any] = {"cost_matrix": getattr(estimator, "cost_matrix_", None)}
    if getattr(estimator, "abstain_cost", None) is not None:
        rows |= {"abstain_cost": 0.1, "abstain_label": "?"}
    cost = average_cost(y, estimator.predict(X), labels=estimator.classes_, **rows)
    own = re.findall(r'<tr class="own">.*?([\d.,]+) ±', path.read_text(encoding="utf-8"))
    assert float(own[0].replace(",", "")) == pytest.approx(1000 * cost, rel=0.01, abs=0.5)


@needs_browser
def test_a_browser_shows_the_page_and_runs_nothing(case: Any) -> None:
    estimator, _, _, path = case
    shown = opened(path)
    assert "<script" not in shown.lower()
    assert "onerror=" not in shown.lower()
    assert "<title>&lt;script&gt;" in shown
    n_pictures = 5 if len(estimator.classes_) == 2 else 1
    assert shown.count("<figure") == shown.count("<svg") == n_pictures
    ids = re.findall(r'\bid="([^"]+)"', shown)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', shown)) <= set(ids)
    assert set(re.findall(r"url\((?:&quot;)?#([^)&]+)", shown)) <= set(ids)


@needs_browser
def test_the_page_prints_on_paper(case: Any, tmp_path: Path) -> None:
    pdf = tmp_path / "page.pdf"
    opened(case[3], f"--print-to-pdf={pdf}")
    assert pdf.read_bytes().startswith(b"%PDF")


def test_every_error_of_the_page_is_an_error(case: Any) -> None:
    estimator, X, y, path = case
    n_errors = int((np.asarray(estimator.predict(X)) != y).sum())
    rows = path.read_text(encoding="utf-8").count('<tr><td class="text">')
    assert rows <= min(n_errors, 20)
    assert rows > 0 or n_errors == 0


def test_the_model_card_is_markdown_that_shows_labels_as_they_are(case: Any) -> None:
    estimator, X, y, _ = case
    card = model_card(estimator, X, y, unit="$")
    assert card.startswith(f"# Model card: {type(estimator).__name__}\n")
    assert "<script" not in card.split("## Parameters")[0]
    rows = [line for line in card.splitlines() if re.match(r"\| .* \| \d+ \| [\d.]+ % \|$", line)]
    assert len(rows) == len(estimator.classes_)
    assert f"{len(X)} labeled texts" in card


@pytest.mark.parametrize("model", [linear(), CostSensitiveTextCNN(**SMALL)], ids=["linear", "cnn"])
def test_control_characters_are_shown_by_their_names(model: Any, tmp_path: Path) -> None:
    labels = ["ham\x1b[2J", "spam\x9b\u202e"]
    texts, y = corpus(labels)
    model.fit(texts, y)
    X = [f"{text} \x00\x07 one\r\ntwo" for text in texts]
    wrong = np.where(model.predict(X) == labels[0], labels[1], labels[0])
    wrong[-1] = model.predict(X)[-1]  # both labels are there, whatever the model predicts
    names: dict[str, Any] = {"title": "\x1b]0;title\x07", "baselines": {"\x7fother": model}}
    page = report(model, X, wrong, tmp_path / "a.html", unit="\x85€", **names).read_text("utf-8")
    card = model_card(model, X, wrong, unit="\x0e€")
    assert not re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", page + card)
    for shown in (
        r"ham\x1b[2J",
        r"spam\x9b\u202e",
        r"\x00\x07 ",
        r"\x1b]0;title\x07",
        r"\x7fother",
    ):
        assert shown in page
    assert r"\x85€" in page
    assert r"\r" not in page  # a line break of Windows is one
    assert r"ham\x1b\[2J" in card
    assert r"\x0e€" in card


def test_texts_without_a_prediction_are_counted(tmp_path: Path) -> None:
    texts, y = corpus(["ham", "spam"], 2400)
    options: dict[str, Any] = {"abstain_cost": 0.3, "abstain_label": "?"}
    model = MinCostClassifier(linear(), {"spam": 9}, **options).fit(texts[:40], y[:40])
    X, y_test = texts[40:], y[40:]
    left = 1000 * np.mean(model.predict(X) == "?")
    assert 0 < left < 1000
    page = report(model, X, y_test, tmp_path / "r.html", unit="€").read_text("utf-8")
    row = re.search(r"<tr class=\"own\">(.*?)</tr>", page)
    assert row is not None
    cells = re.findall(r"<td>(.*?)</td>", row[1])
    found, missed, alarms, _, without = (float(cell.replace(",", "")) for cell in cells[1:6])
    assert without == pytest.approx(left, abs=0.5)
    is_found = 1000 * np.mean((model.predict(X) == "spam") & (y_test == "spam"))
    assert found == pytest.approx(is_found, abs=0.5)
    assert found + missed + alarms + without <= 1000.5 + 2
    card = model_card(model, X, y_test, unit="€")
    assert f"| left to a person | {left:.0f} |" in card
    for text in (page, card):
        assert "left to a person, which costs 0.3 €." in text
    assert not re.search(r"[0-9]e[+-][0-9]", card)
    plain = MinCostClassifier(linear(), {"spam": 9}).fit(texts[:40], y[:40])
    assert "left to a person" not in model_card(plain, X, y_test)


def test_a_large_margin_has_no_exponent() -> None:
    texts, y = corpus(["ham", "spam"])
    model = MinCostClassifier(linear(), {"spam": 900}).fit(texts[:40], y[:40])
    assert not re.search(r"[0-9]e[+-][0-9]", model_card(model, texts, y))


def test_baselines_are_compared_by_name(tmp_path: Path) -> None:
    texts, y = corpus(["ham", "spam"])
    cnn = CostSensitiveTextCNN({"spam": 5}, **SMALL).fit(texts, y)
    baselines = {"TF-IDF + LR": linear().fit(texts, y)}
    page = report(cnn, texts, y, tmp_path / "a.html", baselines=baselines).read_text("utf-8")
    assert "<td>TF-IDF + LR</td>" in page
    assert "ham for every text (do nothing)" in page
    assert "spam for every text (read all)" in page


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"pos_label": "egg"}, ValueError, "pos_label is 'egg'"),
        ({"n_errors": 0}, ValueError, "n is 0"),
        (
            {"y": ["egg"] * 60},
            ValueError,
            r"labels \['egg'\].* = \['ham', 'spam'\]; expected .*Rename these labels in y",
        ),
        (
            {"y": ["ham"] * 60},
            ValueError,
            r"60 texts .* 'ham' in y; expected .* 'ham' and 'spam'.*Add texts .* 'spam'\.",
        ),
        ({"y": ["ham"] * 3}, ValueError, "inconsistent numbers"),
        ({"X": "a text"}, TypeError, "one bare string"),
        ({"cost_matrix": {"egg": 2}}, ValueError, "'egg'"),
        ({"path": "/nonexistent/folder/a.html"}, OSError, "/nonexistent/folder"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(
    tmp_path: Path, changes: dict[str, Any], error: Any, message: str
) -> None:
    texts, y = corpus(["ham", "spam"])
    model = linear().fit(texts, y)
    arguments: dict[str, Any] = {"X": texts, "y": y, "path": tmp_path / "a.html"} | changes
    with pytest.raises(error, match=message):
        report(model, **arguments)
    assert not list(tmp_path.iterdir())


def test_a_page_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    texts, y = corpus(["ham", "spam"])
    with pytest.raises(IsADirectoryError, match="it is a folder"):
        report("no estimator", texts, y, tmp_path)


def test_the_old_page_stays_if_the_new_one_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, y = corpus(["ham", "spam"])
    page = tmp_path / "a.html"
    page.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: .*a\.html"):
        report(linear().fit(texts, y), texts, y, page)
    assert page.read_text() == "old"
    assert list(tmp_path.iterdir()) == [page]
