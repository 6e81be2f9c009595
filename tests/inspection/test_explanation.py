"""`explain`, `top_ngrams` and `worst_errors`: what they return and how they look."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skcnn import CostSensitiveTextCNN, MinCostClassifier
from skcnn.inspection import Explanations, worst_errors
from skcnn.inspection._explanation_html import highlighted
from tests.browser import needs_browser, opened

TEXTS = ["win cash now", "cash prize", "free cash", "see you at lunch", "lunch today?", "at noon"]
LABELS = ["<b>spam</b>"] * 3 + ["ham"] * 3
HOSTILE = [
    "cash <script>document.title = 'run'</script>",
    "<img src=x onerror=\"document.title = 'run'\"> cash",
    'cash & "prize" \' </p></div> <b>bold</b>',
    "\x1b[31mred\x1b[0m cash \u202e desrever \x00",
    "{{ 7 * 7 }} {% for x in y %} cash",
]


@pytest.fixture(scope="module")
def cnn() -> CostSensitiveTextCNN:
    parameters: dict[str, Any] = {"epochs": 2, "early_stopping": False, "random_state": 0}
    return CostSensitiveTextCNN({"<b>spam</b>": 5}, **parameters).fit(TEXTS, LABELS)


def test_explanations_are_a_sequence_with_one_for_each_text(cnn: CostSensitiveTextCNN) -> None:
    explanations = cnn.explain(TEXTS)
    assert [each.text for each in explanations] == TEXTS
    assert isinstance(explanations[1:3], Explanations)
    assert [each.text for each in explanations[1:3]] == TEXTS[1:3]
    assert explanations[:0].to_frame().columns.tolist() == explanations.to_frame().columns.tolist()


def test_no_texts_are_refused_as_by_predict(cnn: CostSensitiveTextCNN) -> None:
    with pytest.raises(ValueError, match="X has no texts"):
        cnn.explain([])


def test_the_table_adds_up_for_every_text_and_class(cnn: CostSensitiveTextCNN) -> None:
    frame = cnn.explain(TEXTS).to_frame()
    sums = frame.groupby(["row", "class"])[["log_odds", "cost"]].sum()
    P = cnn.predict_proba(TEXTS)
    for k, label in enumerate(cnn.classes_):
        of_class = sums.xs(label, level="class")
        np.testing.assert_allclose(of_class["log_odds"], np.log(P[:, k] / P[:, 1 - k]), atol=1e-6)
        np.testing.assert_allclose(of_class["cost"], (P @ cnn.cost_matrix_)[:, k], atol=1e-6)


def test_the_first_ngram_is_the_one_with_the_largest_contribution(
    cnn: CostSensitiveTextCNN,
) -> None:
    for each in cnn.explain(TEXTS):
        sizes = np.abs(each.log_odds[:, each.column])
        assert (np.diff(sizes) <= 0).all()
        assert len(set(each.ngrams)) == len(each.ngrams)


def test_savings_are_positive_for_what_speaks_for_the_prediction(
    cnn: CostSensitiveTextCNN,
) -> None:
    for each in cnn.explain(TEXTS):
        np.testing.assert_array_equal(each.savings > 0, each.log_odds[:, each.column] > 0)
        margin = each.expected_costs[each.runner_up] - each.expected_costs[each.column]
        base = each.base_costs[each.runner_up] - each.base_costs[each.column]
        assert base + each.savings.sum() == pytest.approx(margin, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "ngram", "expected"),
    [
        ("Win CASH, now cash", "cash", "Win , now "),
        ("free cash free cash", "free cash", " "),
        ("a 免费 b", "免费", "a  b"),
        ("don’t cash", "don't", " cash"),
    ],
)
def test_without_deletes_an_ngram_wherever_it_is(
    cnn: CostSensitiveTextCNN, text: str, ngram: str, expected: str
) -> None:
    assert cnn.explain([text])[0].without(ngram) == expected


def test_without_refuses_what_is_not_in_the_text(cnn: CostSensitiveTextCNN) -> None:
    with pytest.raises(ValueError, match="ngram is 'dinner'; expected an n-gram of the text"):
        cnn.explain(["cash"])[0].without("dinner")


def test_print_shows_prediction_base_and_ngrams(cnn: CostSensitiveTextCNN) -> None:
    shown = repr(cnn.explain(["win cash now", ""]))
    assert "'win cash now'" in shown
    assert "'(base)'" in shown
    assert "'cash'" in shown
    assert "\x1b" not in repr(cnn.explain(HOSTILE))


@pytest.mark.parametrize(
    ("p", "shown"), [(0.99996, "above 0.999"), (0.9994, "0.999"), (1.0, "above 0.999")]
)
def test_no_probability_is_shown_as_a_certainty(
    cnn: CostSensitiveTextCNN, p: float, shown: str
) -> None:
    explanation = cnn.explain(["win cash now"])[0]
    probabilities = np.full(len(explanation.classes), 1 - p)
    probabilities[explanation.column] = p
    sure = dataclasses.replace(explanation, probabilities=probabilities)
    for text in (repr(sure), sure._repr_html_()):
        assert f"probability {shown}," in text


def test_words_in_html_are_the_text_piece_by_piece(cnn: CostSensitiveTextCNN) -> None:
    for each in cnn.explain(HOSTILE):
        pieces = list(highlighted(each.text, each.spans, each.token_log_odds[:, each.column]))
        assert "".join(piece for piece, _ in pieces) == each.text
        assert max(abs(strength) for _, strength in pieces) == 1


def test_html_shows_control_characters_by_their_names(cnn: CostSensitiveTextCNN) -> None:
    shown = cnn.explain(HOSTILE)._repr_html_()
    assert not {"\x1b", "\u202e", "\x00"} & set(shown)
    for name in (r"\x1b[", r"\u202e", r"\x00"):
        assert name in shown


@needs_browser
def test_a_browser_shows_hostile_texts_and_runs_nothing(
    cnn: CostSensitiveTextCNN, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    body = cnn.explain(HOSTILE)._repr_html_()
    title = "<!doctype html><meta charset=utf-8><title>quiet</title>"
    page.write_text(title + body, encoding="utf-8", errors="replace")
    shown = opened(page)
    assert "<title>quiet</title>" in shown
    assert "<script" not in shown
    assert "<img" not in shown
    assert "<b>&lt;b&gt;spam&lt;/b&gt;</b>" in shown
    assert "49" not in shown


def test_top_ngrams_are_sorted_and_come_from_the_texts(cnn: CostSensitiveTextCNN) -> None:
    top = cnn.top_ngrams(TEXTS, n=3)
    assert set(top["class"]) == set(cnn.classes_)
    for _, of_class in top.groupby("class"):
        assert len(of_class) <= 3
        assert (np.diff(of_class["total"]) <= 0).all()
    cash = cnn.top_ngrams(TEXTS).set_index("ngram").loc["cash"]
    assert cash["class"] == "<b>spam</b>"
    assert cash["n_texts"] == 3
    sums = cnn.explain(TEXTS).to_frame()
    of_cash = sums[(sums["ngram"] == "cash") & (sums["class"] == "<b>spam</b>")]["log_odds"]
    assert cash["total"] == pytest.approx(of_cash.sum())
    assert cash["log_odds"] == pytest.approx(of_cash.mean())


@pytest.mark.parametrize(("n", "error"), [(0, ValueError), (-3, ValueError), (2.5, TypeError)])
def test_a_bad_number_of_rows_is_refused(cnn: CostSensitiveTextCNN, n: Any, error: Any) -> None:
    with pytest.raises(error, match="expected an integer >= 1"):
        cnn.top_ngrams(TEXTS, n=n)
    with pytest.raises(error, match="expected an integer >= 1"):
        cnn.worst_errors(TEXTS, LABELS, n=n)


def test_worst_errors_are_sorted_by_cost_then_by_how_sure_the_model_was(
    cnn: CostSensitiveTextCNN,
) -> None:
    wrong = [LABELS[(i + 3) % 6] for i in range(6)]
    table = cnn.worst_errors(TEXTS, wrong)
    assert table["cost"].tolist() == sorted(table["cost"], reverse=True)
    assert set(table["cost"]) <= {1.0, 5.0}
    for _, equal in table.groupby("cost"):
        assert (np.diff(equal["probability"]) >= 0).all()
    assert [TEXTS[row] for row in table["row"]] == table["text"].tolist()
    assert table["predicted"].tolist() == cnn.predict(table["text"].tolist()).tolist()
    assert (table["true"] != table["predicted"]).all()
    assert cnn.worst_errors(TEXTS, wrong, n=2)["row"].tolist() == table["row"].tolist()[:2]


def test_without_errors_the_table_is_empty(cnn: CostSensitiveTextCNN) -> None:
    table = cnn.worst_errors(TEXTS, cnn.predict(TEXTS))
    assert len(table) == 0
    assert "because_of" in table.columns


def test_worst_errors_count_costs_of_single_texts(cnn: CostSensitiveTextCNN) -> None:
    costs = np.arange(1, 13).reshape(6, 2)
    wrong = [LABELS[(i + 3) % 6] for i in range(6)]
    table = cnn.worst_errors(TEXTS, wrong, sample_costs=costs)
    columns = [cnn.classes_.tolist().index(label) for label in table["true"]]
    assert table["cost"].tolist() == costs[table["row"], columns].tolist()


def test_worst_errors_take_any_classifier_of_texts() -> None:
    linear = make_pipeline(TfidfVectorizer(), LogisticRegression())
    model = MinCostClassifier(linear, {"<b>spam</b>": 5}).fit(TEXTS, LABELS)
    table = worst_errors(model, TEXTS, ["ham"] * 6)
    assert set(table["true"]) == {"ham"}
    assert "because_of" not in table.columns


def test_labels_that_the_estimator_does_not_know_are_refused(cnn: CostSensitiveTextCNN) -> None:
    with pytest.raises(ValueError, match="'egg'"):
        cnn.worst_errors(["cash"], ["egg"])
