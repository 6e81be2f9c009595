from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    StratifiedKFold,
    TunedThresholdClassifierCV,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skcnn import MinCostClassifier
from skcnn.costs import average_cost, cost_grid, make_cost_scorer, savings_score

LABELS = ["ham", "offer", "spam"]
MATRIX = np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 4.0], [5.0, 6.0, 0.0]])
FORMS = {
    "none": None,
    "array": MATRIX,
    "frame": pd.DataFrame(MATRIX, LABELS, LABELS),
    "labels": {"spam": 5},
    "pairs": {("spam", "ham"): 5},
}

every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    y = np.array(LABELS)[rng.choice(3, size=120, p=[0.6, 0.25, 0.15])]
    X = rng.normal(size=(120, 2)) + np.array([LABELS.index(label) for label in y])[:, None]
    return X, y


@pytest.fixture
def fitted(data):
    return LogisticRegression().fit(*data)


@every_form
def test_a_scorer_gives_minus_the_average_cost_or_the_savings(data, fitted, form):
    X, y = data
    cost = average_cost(y, fitted.predict(X), cost_matrix=form)
    assert make_cost_scorer(form)(fitted, X, y) == -cost
    savings = savings_score(y, fitted.predict(X), cost_matrix=form)
    assert make_cost_scorer(form, metric="savings")(fitted, X, y) == savings


@every_form
@pytest.mark.parametrize("part", [["ham"], ["ham", "offer"], ["spam"]])
def test_a_fold_without_some_class_is_scored_by_the_estimators_classes(data, fitted, form, part):
    X, y = data
    X, y = X[np.isin(y, part)], y[np.isin(y, part)]
    cost = average_cost(y, fitted.predict(X), cost_matrix=form, labels=LABELS)
    assert make_cost_scorer(form)(fitted, X, y) == -cost


def test_a_class_unknown_to_the_estimator_is_scored_as_missed(data):
    X, y = data
    known = y != "spam"
    estimator = LogisticRegression().fit(X[known], y[known])
    for form in (MATRIX, {"spam": 5}):
        cost = average_cost(y, estimator.predict(X), cost_matrix=form, labels=LABELS)
        assert make_cost_scorer(form)(estimator, X, y) == -cost


def test_given_labels_say_the_order_of_the_matrix(data, fitted):
    X, y = data
    order = [2, 0, 1]
    turned = make_cost_scorer(MATRIX[np.ix_(order, order)], labels=[LABELS[i] for i in order])
    assert turned(fitted, X, y) == pytest.approx(make_cost_scorer(MATRIX)(fitted, X, y))


@every_form
def test_copies_of_a_scorer_score_the_same(data, fitted, form):
    scorer = make_cost_scorer(form, metric="savings")
    for copy in (clone(scorer, safe=False), pickle.loads(pickle.dumps(scorer))):
        assert copy(fitted, *data) == scorer(fitted, *data)
    assert get_scorer(scorer) is scorer


def test_weights_of_rows_count(data, fitted):
    X, y = data
    weight = np.arange(120.0)
    cost = average_cost(y, fitted.predict(X), cost_matrix=MATRIX, sample_weight=weight)
    assert make_cost_scorer(MATRIX)(fitted, X, y, sample_weight=weight) == -cost


def test_cross_validation_takes_several_cost_scorers_at_once(data):
    estimator = make_pipeline(StandardScaler(), LogisticRegression())
    scoring = {"cost": make_cost_scorer(MATRIX), "savings": make_cost_scorer(metric="savings")}
    scores = cross_validate(estimator, *data, cv=3, scoring=scoring, error_score="raise")
    np.testing.assert_array_equal(
        scores["test_cost"], cross_val_score(estimator, *data, cv=3, scoring=scoring["cost"])
    )
    assert (scores["test_cost"] < 0).all()
    assert (scores["test_savings"] > 0).all()


def test_folds_of_one_class_each_do_not_stop_cross_validation(data):
    X, y = data
    order = np.argsort(y, kind="stable")
    scorer = make_cost_scorer(MATRIX)
    scores = cross_val_score(
        LogisticRegression(),
        X[order],
        y[order],
        cv=KFold(6),
        scoring=scorer,
        error_score="raise",
    )
    assert np.isfinite(scores).all()


def test_a_search_finds_the_cheapest_setting(data):
    search = GridSearchCV(
        LogisticRegression(),
        {"class_weight": [None, *cost_grid("spam", [1, 5, 1000])]},
        scoring=make_cost_scorer({"spam": 5}),
        cv=3,
        error_score="raise",
    ).fit(*data)
    results = search.cv_results_
    assert search.best_score_ == results["mean_test_score"].max()
    assert search.best_params_ == {"class_weight": {"spam": 5}}


def test_a_threshold_is_tuned_to_the_costs(data):
    X, y = data
    y = (y == "spam").astype(int)
    tuned = TunedThresholdClassifierCV(
        LogisticRegression(), scoring=make_cost_scorer([[0, 1], [20, 0]]), cv=3
    ).fit(X, y)
    assert tuned.best_threshold_ < 0.3
    assert tuned.best_score_ > -20 * y.mean()


def test_weights_are_routed_to_the_scorer(data):
    X, y = data
    weight = np.where(y == "spam", 10.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        scorer = make_cost_scorer(MATRIX).set_score_request(sample_weight=True)
        estimator = LogisticRegression().set_fit_request(sample_weight=False)
        routed = cross_val_score(
            estimator,
            X,
            y,
            cv=3,
            scoring=scorer,
            params={"sample_weight": weight},
            error_score="raise",
        )
    for score, (train, test) in zip(routed, StratifiedKFold(3).split(X, y), strict=True):
        answer = LogisticRegression().fit(X[train], y[train]).predict(X[test])
        cost = average_cost(y[test], answer, cost_matrix=MATRIX, sample_weight=weight[test])
        assert score == pytest.approx(-cost)


@pytest.mark.parametrize(
    "copy",
    [lambda scorer: clone(scorer, safe=False), lambda scorer: pickle.loads(pickle.dumps(scorer))],
    ids=["clone", "pickle"],
)
def test_copies_of_several_scorers_are_routed_as_the_scorers_are(data, copy):
    X, y = data
    params = {
        "sample_weight": np.arange(120.0),
        "sample_costs": np.random.default_rng(1).exponential(size=(120, 3)),
    }
    by_row = {"sample_weight": True, "sample_costs": True}
    with sklearn.config_context(enable_metadata_routing=True):
        scoring = {
            "cost": make_cost_scorer().set_score_request(**by_row),
            "savings": make_cost_scorer(metric="savings").set_score_request(**by_row),
            "at one price": make_cost_scorer(MATRIX).set_score_request(
                sample_weight=False, sample_costs=False
            ),
            "accuracy": get_scorer("accuracy").set_score_request(sample_weight=False),
        }
        model = MinCostClassifier(LogisticRegression().set_fit_request(sample_weight=False))
        found, copied = (
            cross_validate(model, X, y, cv=3, scoring=scorers, params=params, error_score="raise")
            for scorers in (scoring, {name: copy(s) for name, s in scoring.items()})
        )
    for name in scoring:
        np.testing.assert_array_equal(found[f"test_{name}"], copied[f"test_{name}"])
    for fold, (train, test) in enumerate(StratifiedKFold(3).split(X, y)):
        fitted = MinCostClassifier(LogisticRegression()).fit(X[train], y[train])
        costs = params["sample_costs"][test]
        answers = fitted.predict(X[test], sample_costs=costs)
        weight = params["sample_weight"][test]
        for metric, name, sign in ((average_cost, "cost", -1), (savings_score, "savings", 1)):
            expected = metric(y[test], answers, sample_costs=costs, sample_weight=weight)
            assert found[f"test_{name}"][fold] == pytest.approx(sign * expected, rel=0, abs=1e-12)
        mean_cost = average_cost(y[test], fitted.predict(X[test]), cost_matrix=MATRIX)
        assert found["test_at one price"][fold] == pytest.approx(-mean_cost, rel=0, abs=1e-12)


def test_what_cannot_be_scored_is_refused_at_once():
    with pytest.raises(ValueError, match=r"metric is 'profit'; expected one of \['average_cost'"):
        make_cost_scorer(metric="profit")
    with pytest.raises(ValueError, match=r"same in every fold\. Pass the matrix itself"):
        make_cost_scorer("balanced")
    with pytest.raises(ValueError, match=r"shape \(3, 3\); expected \(2, 2\)"):
        make_cost_scorer(MATRIX, labels=["ham", "spam"])
