"""Model files that hold a rule too: a `MinCostClassifier` around a network."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest
from sklearn.frozen import FrozenEstimator

import skcnn
from tests.cli.tables import HAM, SPAM, succeeds, written

TEXTS = [*HAM, *SPAM, "call home now", "win lunch"]
RULES: dict[str, dict[str, Any]] = {
    "costs": {"cost_matrix": {"ham": 50}},
    "threshold": {"threshold": 0.7, "pos_label": "ham"},
    "abstentions": {"abstain_cost": 0.05, "abstain_label": "unsure"},
    "class shares": {"prior": {"ham": 0.99, "spam": 0.01}, "train_prior": [0.5, 0.5]},
}


@pytest.fixture(scope="module", params=RULES)
def rule(request: pytest.FixtureRequest) -> dict[str, Any]:
    return RULES[request.param]


@pytest.fixture(scope="module")
def path(model: Path, rule: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    network = skcnn.load(model)
    with_rule = skcnn.MinCostClassifier(FrozenEstimator(network), **rule)
    target = tmp_path_factory.mktemp("rule") / "rule.skcnn"
    skcnn.save(with_rule.fit(["a", "b"], ["ham", "spam"]), target)
    return target


def test_predict_decides_by_the_rule(path: Path, tmp_path: Path) -> None:
    data = written(tmp_path / "new.csv", [(text,) for text in TEXTS], ("text",))
    rows = list(csv.DictReader(succeeds("predict", path, data, "--explain").splitlines()))
    assert [row["predicted"] for row in rows] == skcnn.load(path).predict(TEXTS).tolist()


def test_evaluate_measures_the_rule(path: Path, tmp_path: Path, rule: dict[str, Any]) -> None:
    y = ["ham"] * len(HAM) + ["spam"] * (len(TEXTS) - len(HAM))
    data = written(tmp_path / "new.csv", list(zip(TEXTS, y, strict=True)), ("text", "label"))
    model = skcnn.load(path)
    abstention = {name: rule[name] for name in rule if name.startswith("abstain")}
    expected = skcnn.average_cost(
        y,
        model.predict(TEXTS),
        cost_matrix=model.cost_matrix_,
        labels=["ham", "spam"],
        **abstention,
    )
    found = json.loads(succeeds("evaluate", path, data, "--json"))
    assert found["average_cost"] == pytest.approx(expected)


def test_explain_is_about_what_predict_says(path: Path, tmp_path: Path) -> None:
    data = written(tmp_path / "new.csv", [(text,) for text in TEXTS], ("text",))
    found = [json.loads(line) for line in succeeds("explain", path, data, "--json").splitlines()]
    expected = skcnn.load(path).predict(TEXTS).tolist()
    assert [each["predicted"] for each in found] == expected
    *printed, _ = succeeds("explain", path, data).split("\n\n")
    for each, label, lines in zip(found, expected, printed, strict=True):
        assert each["explained"] == label or label == "unsure"
        p = each["probabilities"][each["explained"]]
        log_odds = each["base_log_odds"] + sum(row["log_odds"] for row in each["ngrams"])
        assert log_odds == pytest.approx(math.log(p / (1 - p)), abs=1e-4)
        assert f"  '{each['explained']}': probability" in lines
        cheapest = min(each["expected_costs"], key=each["expected_costs"].get)
        assert ("The model leaves this text to a person" in lines) == (label == "unsure")
        assert ("of the model led to" in lines) == (label not in {cheapest, "unsure"})


def test_explain_and_info_know_the_rule(path: Path, rule: dict[str, Any]) -> None:
    explanation = json.loads(succeeds("explain", path, "--text", TEXTS[0], "--json"))
    network = explanation["probabilities"]
    costs = skcnn.load(path).cost_matrix_
    expected = [costs[1, 0] * network["spam"], costs[0, 1] * network["ham"]]
    assert list(explanation["expected_costs"].values()) == pytest.approx(expected)
    facts = json.loads(succeeds("info", path, "--json"))
    assert set(facts["rule"]) == set(rule) - {"cost_matrix"}
    assert facts["cost_matrix"] == costs.tolist()
    assert facts["models"] == ["TextCNN", "n-gram model"]
    printed = succeeds("info", path)
    assert ("Decides by: " in printed) == bool(facts["rule"])
