"""The figures of the table that compares skcnn with other classifiers, and its cheapest models."""

from __future__ import annotations

import csv
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy.stats import wilcoxon
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline, make_union

from tests.conftest import Corpus

FOLDER = Path(__file__).parents[1] / "docs" / "benchmarks"


def imported(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module(name)


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return imported("_rivals_tables", monkeypatch)


@pytest.fixture
def learners(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return imported("_rivals_learners", monkeypatch)


@pytest.fixture
def anchors(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return imported("anchors", monkeypatch)


def row(corpus: str, seed: int, model: str, cost: float) -> dict[str, str]:
    """A row of the CSV whose main figure is `cost`: the mean of the ratios 2, 5 and 10."""
    figures = {"cost_1": 9, "cost_2": cost - 0.1, "cost_5": cost, "cost_10": cost + 0.1}
    others = {"cost_20": 9, "average_precision": 0.5, "log_loss": 0.25, "seconds": 1000 * cost}
    rest = {"ms_single": 1, "ms_bulk": 0.5, "megabytes": 2}
    keys = {"corpus": corpus, "size": "500", "seed": seed, "model": model}
    return {key: str(value) for key, value in (keys | figures | others | rest).items()}


ROWS = [
    row(corpus, seed, model, cost * (1 + seed / 10))
    for seed in range(3)
    for corpus, model, cost in (
        ("a", "stack", 0.4),
        ("a", "tf-idf, calibrated", 0.8),
        ("a", "skcnn", 0.2),
        ("b", "stack", 0.4),
        ("b", "tf-idf, calibrated", 0.8),
        ("b", "skcnn", 0.8),
    )
]
ORDER = ("tf-idf, calibrated", "stack", "skcnn")


def test_the_relative_cost_is_the_geometric_mean_of_the_ratios_of_the_corpora(
    tables: ModuleType,
) -> None:
    costs = tables.costs_of(ROWS, ORDER)
    assert tables.ratio(costs["skcnn"], costs["stack"]) == pytest.approx(1)  # 1/2 and 2
    assert tables.ratio(costs["skcnn"], costs["tf-idf, calibrated"]) == pytest.approx(0.5)


def test_only_splits_that_both_models_have_are_compared(tables: ModuleType) -> None:
    costs = {("a", "0"): 0.2, ("a", "1"): 9.0, ("b", "0"): 9.0}
    reference = {("a", "0"): 0.4, ("a", "2"): 0.1}
    assert tables.ratio(costs, reference) == pytest.approx(0.5)
    assert tables.paired(costs, reference)[:2] == (1, 0)


def test_wins_losses_and_p_are_those_of_the_log_ratios(tables: ModuleType) -> None:
    random = np.random.RandomState(0)
    splits = [("a", str(seed)) for seed in range(12)]
    costs = dict(zip(splits, random.uniform(0.2, 0.8, 12), strict=True))
    reference = dict(zip(splits, random.uniform(0.2, 0.8, 12), strict=True))
    logarithms = [np.log(costs[split] / reference[split]) for split in splits]
    wins = sum(logarithm < 0 for logarithm in logarithms)
    expected = (wins, 12 - wins, wilcoxon(logarithms).pvalue)
    assert tables.paired(costs, reference) == pytest.approx(expected)
    assert tables.paired(costs, costs) == (0, 0, 1.0)


def test_a_model_that_lacks_a_corpus_has_no_rank(tables: ModuleType) -> None:
    rows = [*ROWS, row("a", 0, "keras", 0.1)]
    ranks, p = tables.average_ranks(tables.costs_of(rows, [*ORDER, "keras"]))
    # Corpus a: skcnn, stack, tf-idf. Corpus b: stack, then the other two with equal costs.
    assert ranks == pytest.approx({"tf-idf, calibrated": 2.75, "stack": 1.5, "skcnn": 1.75})
    assert 0 < p < 1


def test_the_tables_of_a_small_file_are_these(tables: ModuleType) -> None:
    printed = tables.tables(ROWS, ORDER)
    lines = printed.splitlines()
    assert lines[0] == "## 500 labels"
    assert "| stack | 0.440 ± 0.040 | **0.440** ± 0.040 |" in lines
    assert "| skcnn | **0.220** ± 0.020 | 0.880 ± 0.080 |" in lines
    assert "| tf-idf, calibrated | 1 |  |  | 2.000 | 0 – 6 | 0.031 | 2.8 |" in lines
    assert "| skcnn | 0.500 | 3 – 0 | 0.250 | 1.000 | 3 – 3 | 1.000 | 1.8 |" in lines
    assert "| stack | 0.500 | 0.250 | 440.0 | 1.00 | 0.500 | 2.0 |" in lines


def test_the_page_has_the_tables_of_its_file(tables: ModuleType, monkeypatch: Any) -> None:
    rivals = imported("rivals", monkeypatch)
    page = (FOLDER / "rivals.md").read_text("utf-8")
    rows = rivals.read(FOLDER / "rivals.csv")
    assert tables.page(page, tables.tables(rows, rivals.names_of_rows())) == page


def test_a_page_without_the_marker_of_the_tables_is_left_alone(tables: ModuleType) -> None:
    with pytest.raises(ValueError, match="Add it above the tables"):
        tables.page("# A page\n", "new")


def test_rows_that_are_in_the_file_are_not_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rivals = imported("rivals", monkeypatch)
    results = tmp_path / "rivals.csv"
    known = dict.fromkeys(rivals.COLUMNS, 0.123456789) | {"corpus": "a", "size": "500", "seed": 3}
    rivals.append(results, known | {"model": "tf-idf, calibrated"})
    rivals.append(results, known | {"model": "stack"})
    assert rivals.known_models(results, "a", "500", 3) == {"tf-idf, calibrated", "stack"}
    assert rivals.known_models(results, "a", "500", 4) == set()
    with results.open(encoding="utf-8", newline="") as file:
        assert {line["cost_5"] for line in csv.DictReader(file)} == {"0.12346"}


def test_ngrams_that_are_counted_once_give_the_model_of_each_fold(
    learners: ModuleType, two_classes: Corpus
) -> None:
    texts, y = two_classes.texts, (two_classes.labels == "spam").astype(int)
    train, others = np.arange(0, 120), np.arange(120, 160)
    learner = learners.NgramLearner(learners.Ngrams(texts), learners.tfidf())
    pipeline = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2),
        ),
        learners.linear_regression(learner.values[0]),
    )
    pipeline.fit([texts[i] for i in train], y[train])
    expected = pipeline.decision_function([texts[i] for i in others])
    found = learner.of_fold(train, others, y)[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-9)
    whole = learner.fitted(y, learner.values[0]).log_odds(texts)
    np.testing.assert_allclose(whole, pipeline.fit(texts, y).decision_function(texts), atol=1e-9)


def test_a_tuned_model_takes_the_value_with_the_lowest_log_loss(learners: ModuleType) -> None:
    y = np.tile([0, 1], 50)

    class Given:
        values = ("noise", "too sure", "right")

        def of_fold(self, train: Any, others: Any, y: Any) -> Any:
            sure = np.where(np.arange(100) < 90, 2 * y - 1, 1 - 2 * y)  # one in ten is wrong
            return np.column_stack([np.sin(np.arange(100)), 50.0 * sure, 2.0 * sure])[others]

    folds = [(np.arange(50), np.arange(50, 100)), (np.arange(50, 100), np.arange(50))]
    tuned = learners.Tuned(Given, y, folds)
    assert tuned.best(calibrated=False) == 2
    assert tuned.best(calibrated=True) in {1, 2}  # calibrated, both are the same


def test_sentence_vectors_of_a_corpus_are_computed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentences = imported("_rivals_sentences", monkeypatch)
    asked: list[str] = []

    def lengths(texts: list[str]) -> Any:
        asked.extend(texts)
        return np.array([[len(text)] for text in texts], dtype=np.float32)

    monkeypatch.setattr(sentences, "encoder", lambda: lengths)
    texts = ["a", "bb", "ccc"]
    sentences.SentenceVectors(texts, tmp_path)
    asked.clear()
    vectors = sentences.SentenceVectors(texts, tmp_path)(["ccc", "none of the corpus", "a"])
    assert vectors.tolist() == [[3], [18], [1]]
    assert asked == ["none of the corpus"]


def test_the_cost_at_another_prevalence_is_that_of_the_published_predictions(
    anchors: ModuleType,
) -> None:
    # BioBERT: recall 0.918 and precision 0.816 at a prevalence of 463 in 2,947.
    false_alarms = 0.918 * 463 * (1 / 0.816 - 1) / 2484
    cost = anchors.cost_at_prevalence(0.918, false_alarms, 0.204, 5)
    assert cost == pytest.approx(0.144, abs=0.0005)
    assert anchors.cost_at_prevalence(0, 0, 0.1, 5) == 1  # the cheapest constant prediction


def test_probabilities_move_with_the_prevalence(anchors: ModuleType) -> None:
    P = np.array([[0.8, 0.2], [0.5, 0.5]])
    np.testing.assert_allclose(anchors.at_prevalence(P, 0.2, 0.2), P)
    # A text with P = prevalence says nothing of the class: it moves with the prevalence.
    np.testing.assert_allclose(anchors.at_prevalence(P, 0.2, 0.5)[0], [0.5, 0.5])
