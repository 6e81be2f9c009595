"""Decisions at other costs, without a new fit; and a warning where costs were changed in vain."""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skcnn import CostSensitiveTextCNN, MinCostClassifier, decide, save

TEXTS = [
    "win cash now",
    "cash prize",
    "free cash",
    "see you at lunch",
    "lunch today",
    "at noon",
] * 5
LABELS = ["spam", "spam", "spam", "ham", "ham", "ham"] * 5
NEW = ["cash at lunch", "see you", "win", "noon cash", "today"]
SMALL: dict[str, Any] = {"epochs": 1, "n_filters": 4, "embedding_dim": 4, "random_state": 0}


def linear() -> Any:
    return make_pipeline(TfidfVectorizer(), LogisticRegression())


MODELS: dict[str, Any] = {
    "network": CostSensitiveTextCNN({"spam": 5}, **SMALL),
    "network, no costs": CostSensitiveTextCNN(**SMALL),
    "network, balanced": CostSensitiveTextCNN("balanced", **SMALL),
    "any classifier": MinCostClassifier(linear(), {"spam": 5}),
    "abstentions": MinCostClassifier(linear(), abstain_cost=0.3, abstain_label="?"),
    "array": MinCostClassifier(linear(), np.array([[0, 1], [5, 0]])),
    "frame": MinCostClassifier(
        linear(), pd.DataFrame([[0, 1], [5, 0]], ["ham", "spam"], ["ham", "spam"])
    ),
}
COSTS: list[Any] = [None, {"spam": 50}, {"ham": 50}, [[0, 3], [2, 0]], {("spam", "ham"): 1000}]


@pytest.fixture(scope="module", params=MODELS, ids=str)
def fitted(request: pytest.FixtureRequest) -> Any:
    return clone(MODELS[request.param]).fit(TEXTS, LABELS)


@pytest.mark.parametrize("costs", COSTS, ids=str)
def test_a_copy_decides_at_other_costs_with_the_same_probabilities(fitted: Any, costs: Any) -> None:
    before = fitted.predict(NEW)
    other = fitted.with_costs(costs)
    P = fitted.predict_proba(NEW)
    np.testing.assert_array_equal(other.predict_proba(NEW), P)
    abstention = other._abstention()
    np.testing.assert_array_equal(
        other.predict(NEW), decide(P, costs, fitted.classes_, **abstention)
    )
    np.testing.assert_array_equal(other.expected_costs(NEW), P @ other.cost_matrix_)
    assert other.get_params(deep=False)["cost_matrix"] is costs
    np.testing.assert_array_equal(fitted.predict(NEW), before)


def test_costs_that_do_not_fit_are_refused_and_change_nothing(fitted: Any) -> None:
    before = fitted.cost_matrix_
    for costs, message in [
        ({"egg": 2}, "'egg'"),
        ([[0, 1, 1]] * 3, "shape"),
        ([[0, -1], [5, 0]], "-1"),
        ("balanced", "no labels to count"),
    ]:
        with pytest.raises(ValueError, match=message):
            fitted.with_costs(costs)
    assert fitted.cost_matrix_ is before


def test_an_unfitted_classifier_has_no_other_costs() -> None:
    for model in MODELS.values():
        with pytest.raises(ValueError, match="not fitted"):
            clone(model).with_costs({"spam": 2})


def test_a_threshold_and_costs_contradict_each_other() -> None:
    model = MinCostClassifier(linear(), threshold=0.3).fit(TEXTS, LABELS)
    with pytest.raises(ValueError, match=r"threshold is 0\.3 and cost_matrix"):
        model.with_costs({"spam": 2})


def test_costs_that_were_changed_in_vain_are_named(fitted: Any) -> None:
    changed = copy.copy(fitted).set_params(cost_matrix={"spam": 77})
    with pytest.warns(UserWarning, match="with_costs"):
        np.testing.assert_array_equal(changed.predict(NEW), fitted.predict(NEW))
    changed.fit(TEXTS, LABELS).predict(NEW)


EQUAL_COSTS = {
    "list": lambda: [[0, 1], [5, 0]],
    "list of arrays": lambda: [np.array([0, 1]), np.array([5, 0])],
    "tuple": lambda: ((0, 1), (5, 0)),
    "array": lambda: np.array([[0, 1], [5, 0]]),
    "dict": lambda: {"spam": np.float64(5)},
    "pairs": lambda: {("ham", "spam"): 1, ("spam", "ham"): 5},
    "Series": lambda: pd.Series({"spam": 5}),
    "DataFrame": lambda: pd.DataFrame([[0, 1], [5, 0]], ["ham", "spam"], ["ham", "spam"]),
}


@pytest.mark.parametrize("form", EQUAL_COSTS)
def test_equal_costs_given_again_warn_of_nothing_and_others_do(form: str) -> None:
    make = EQUAL_COSTS[form]
    model = MinCostClassifier(linear(), make()).fit(TEXTS, LABELS)
    model.set_params(cost_matrix=make()).predict(NEW)
    with pytest.warns(UserWarning, match="with_costs"):
        model.set_params(cost_matrix=[[0, 1], [6, 0]]).predict(NEW)


def through_joblib(model: Any) -> Any:
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model)), through_joblib],
    ids=["copy", "deepcopy", "pickle", "joblib"],
)
def test_copies_warn_of_nothing(fitted: Any, copied: Any) -> None:
    for model in (fitted, fitted.with_costs({"spam": 9})):
        again = copied(model)
        np.testing.assert_array_equal(again.predict(NEW), model.predict(NEW))


def test_a_search_over_costs_warns_of_nothing() -> None:
    grid = {"cost_matrix": [{"spam": 1}, {"spam": 9}]}
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        search = GridSearchCV(MinCostClassifier(linear()), grid, cv=2).fit(TEXTS, LABELS)
        search.predict(NEW)


def test_other_costs_are_saved(tmp_path: Path) -> None:
    other = clone(MODELS["network"]).fit(TEXTS, LABELS).with_costs({"ham": 50})
    other.save(tmp_path / "a.skcnn")
    loaded = CostSensitiveTextCNN.load(tmp_path / "a.skcnn")
    np.testing.assert_array_equal(loaded.predict(NEW), other.predict(NEW))
    assert loaded.cost_matrix == {"ham": 50}


def test_saving_warns_of_costs_that_do_not_decide(tmp_path: Path) -> None:
    network = clone(MODELS["network"]).fit(TEXTS, LABELS)
    rule = MinCostClassifier(FrozenEstimator(network)).fit(TEXTS, LABELS)
    for model in (network, rule):
        model.set_params(cost_matrix={"spam": 77})
        with pytest.warns(UserWarning, match="with_costs"):
            save(model, tmp_path / "a.skcnn")
