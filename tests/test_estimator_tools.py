"""The estimator inside scikit-learn's tools."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer, recall_score
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    TunedThresholdClassifierCV,
    cross_val_score,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from skcnn import cost_grid, make_cost_scorer

recall_of_spam = make_scorer(recall_score, pos_label="spam")


def test_recall_is_cross_validated_with_integer_and_with_string_labels(
    small_cnn: Any, two_classes: Any
) -> None:
    texts, labels = two_classes.texts, two_classes.labels
    numbers = (labels == "spam").astype(int)
    by_name = cross_val_score(small_cnn({1: 3}), texts, numbers, cv=3, scoring="recall")
    by_label = cross_val_score(small_cnn({"spam": 3}), texts, labels, cv=3, scoring=recall_of_spam)
    assert by_name.min() > 0.8
    np.testing.assert_array_equal(by_label, by_name)


def test_a_grid_search_over_costs_is_readable(small_cnn: Any, noisy: Any) -> None:
    grid = [*cost_grid("spam", [1, 5]), np.array([[0, 1], [20, 0]]), "balanced", None]
    search = GridSearchCV(
        small_cnn(),
        {"cost_matrix": grid},
        cv=2,
        scoring={"recall": recall_of_spam, "cost": make_cost_scorer({"spam": 5})},
        refit="recall",
        error_score="raise",
    ).fit(noisy.texts, noisy.labels)
    table = pd.DataFrame(search.cv_results_)
    assert len(table) == 5
    shown = table["param_cost_matrix"].map(str).tolist()
    assert shown[:2] == ["{'spam': 1}", "{'spam': 5}"]
    assert shown[3:] == ["balanced", "None"]
    recalls = table["mean_test_recall"].to_numpy()
    assert recalls[0] == recalls[4] < recalls[1] < recalls[2]
    np.testing.assert_array_equal(search.best_estimator_.cost_matrix_, grid[2])


def test_a_grid_search_runs_in_two_processes_after_a_fit_in_this_one(
    small_cnn: Any, noisy: Any, fitted: Any
) -> None:
    assert fitted.predict(["win"]).item() == "spam"
    tables = []
    for n_jobs in (1, 2):
        grid = {"cost_matrix": cost_grid("spam", [1, 5])}
        search = GridSearchCV(
            small_cnn(), grid, cv=2, scoring=recall_of_spam, n_jobs=n_jobs, error_score="raise"
        )
        tables.append(search.fit(noisy.texts, noisy.labels).cv_results_["mean_test_score"])
    np.testing.assert_array_equal(*tables)


def test_halving_spends_epochs(small_cnn: Any, two_classes: Any) -> None:
    search = HalvingGridSearchCV(
        small_cnn(),
        {"learning_rate": [1e-4, 0.003, 0.02, 0.05]},
        resource="epochs",
        min_resources=1,
        max_resources=4,
        factor=2,
        cv=2,
        random_state=0,
        error_score="raise",
    ).fit(two_classes.texts, two_classes.labels)
    assert search.n_resources_ == [1, 2, 4]
    assert search.n_candidates_ == [4, 2, 1]
    assert search.best_estimator_.n_iter_ == 4
    assert search.best_params_["learning_rate"] > 1e-4


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_probabilities_can_be_calibrated(method: str, small_cnn: Any, noisy: Any) -> None:
    calibrated = CalibratedClassifierCV(small_cnn({"spam": 5}), method=method, cv=2)
    calibrated.fit(noisy.texts, noisy.labels)
    probabilities = calibrated.predict_proba(noisy.texts)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert abs(probabilities[:, 1].mean() - (noisy.labels == "spam").mean()) < 0.05


def test_the_threshold_can_be_tuned(small_cnn: Any, noisy: Any) -> None:
    cnn = small_cnn(loss="misclassification")
    tuned = TunedThresholdClassifierCV(cnn, scoring=recall_of_spam, cv=2, random_state=0)
    tuned.fit(noisy.texts, noisy.labels)
    plain = clone(cnn).fit(noisy.texts, noisy.labels)
    spam = noisy.labels == "spam"
    assert (tuned.predict(noisy.texts)[spam] == "spam").mean() > 0.95
    assert (plain.predict(noisy.texts)[spam] == "spam").mean() < 0.9


@pytest.mark.parametrize("method", ["predict_proba", "auto"])
def test_a_threshold_fixed_where_the_costs_put_it_decides_alike(
    method: str, small_cnn: Any, noisy: Any
) -> None:
    cnn = small_cnn({"spam": 5}).fit(noisy.texts, noisy.labels)
    fixed = FixedThresholdClassifier(
        small_cnn({"spam": 5}), threshold=1 / 6, pos_label="spam", response_method=method
    ).fit(noisy.texts, noisy.labels)
    np.testing.assert_array_equal(fixed.predict(noisy.texts), cnn.predict(noisy.texts))


@pytest.fixture
def linear_model() -> Any:
    return make_pipeline(TfidfVectorizer(), LogisticRegression())


def test_it_votes_beside_a_linear_model(
    small_cnn: Any, linear_model: Any, three_classes: Any, new_texts: list[str]
) -> None:
    # The vote numbers the classes before it trains its members: costs by name would not be found.
    members = [("cnn", small_cnn(1 - np.eye(3))), ("linear", linear_model)]
    vote = VotingClassifier(members, voting="soft").fit(three_classes.texts, three_classes.labels)
    mean = np.mean([m.predict_proba(new_texts) for m in vote.named_estimators_.values()], axis=0)
    np.testing.assert_allclose(vote.predict_proba(new_texts), mean)
    assert vote.score(three_classes.texts, three_classes.labels) > 0.95


def test_it_is_stacked_beside_a_linear_model(
    small_cnn: Any, linear_model: Any, two_classes: Any
) -> None:
    members = [("cnn", small_cnn({1: 3})), ("linear", linear_model)]
    stack = StackingClassifier(members, LogisticRegression(), cv=2)
    stack.fit(two_classes.texts, two_classes.labels)
    assert stack.final_estimator_.coef_.shape == (1, 2)
    assert stack.score(two_classes.texts, two_classes.labels) > 0.95


def test_one_network_per_class(small_cnn: Any, three_classes: Any) -> None:
    one_for_each = OneVsRestClassifier(small_cnn({1: 2}, epochs=6))
    one_for_each.fit(three_classes.texts, three_classes.labels)
    assert len(one_for_each.estimators_) == 3
    assert one_for_each.score(three_classes.texts, three_classes.labels) > 0.95
    assert one_for_each.predict_proba(["win cash"]).shape == (1, 3)


def test_a_pipeline_hands_texts_and_weights_through(small_cnn: Any, two_classes: Any) -> None:
    pipeline = Pipeline([("nothing", "passthrough"), ("cnn", small_cnn())])
    weight = np.where(two_classes.labels == "spam", 3.0, 1.0)
    pipeline.fit(two_classes.texts, two_classes.labels, cnn__sample_weight=weight)
    alone = small_cnn().fit(two_classes.texts, two_classes.labels, sample_weight=weight)
    np.testing.assert_array_equal(
        pipeline.predict_proba(two_classes.texts), alone.predict_proba(two_classes.texts)
    )


def test_a_clone_is_unfitted_and_has_the_same_parameters(fitted: Any) -> None:
    twin = clone(fitted)
    assert twin.get_params() == fitted.get_params()
    assert not hasattr(twin, "classes_")
    assert twin.set_params(cost_matrix={"ham": 2}, n_filters=3) is twin
    assert twin.get_params()["cost_matrix"] == {"ham": 2}
    assert fitted.cost_matrix == {"spam": 5}
    with pytest.raises(ValueError, match="Invalid parameter 'filters'"):
        twin.set_params(filters=3)


def test_it_shows_what_differs_from_the_defaults(fitted: Any, small_cnn: Any) -> None:
    assert "cost_matrix={'spam': 5}" in repr(fitted)
    assert "dropout" not in repr(fitted)
    html = fitted._repr_html_()
    assert "CostSensitiveTextCNN" in html
    assert "spam" in html
    array = np.array([[0, 1], [5, 0]])
    assert "CostSensitiveTextCNN" in small_cnn(array)._repr_html_()
