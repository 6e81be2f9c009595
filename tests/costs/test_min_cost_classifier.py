from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline as make_imblearn_pipeline
from imblearn.under_sampling import RandomUnderSampler
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    cross_validate,
)
from sklearn.multiclass import OneVsOneClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from skcnn import MinCostClassifier, average_cost, bayes_threshold, cost_grid, decide
from skcnn.costs import check_cost_matrix, make_cost_scorer

LABELS = ["ham", "offer", "spam"]
COSTS = {"spam": 5, "offer": 2}
CLASSIFIERS = {
    "linear": LogisticRegression(),
    "naive Bayes": GaussianNB(),
    "forest": RandomForestClassifier(20, random_state=0),
    "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
    "calibrated": CalibratedClassifierCV(LinearSVC(), cv=2),
}
every_classifier = pytest.mark.parametrize("classifier", CLASSIFIERS.values(), ids=CLASSIFIERS)
Data = tuple[NDArray[np.float64], NDArray[Any]]


@pytest.fixture(scope="module")
def data() -> Data:
    X, y = make_classification(
        400, n_informative=5, n_classes=3, weights=[0.6, 0.25, 0.15], random_state=0
    )
    return X, np.array(LABELS)[y]


@parametrize_with_checks([MinCostClassifier(LogisticRegression())])
def test_it_is_a_classifier_as_scikit_learn_wants_it(estimator: Any, check: Any) -> None:
    check(estimator)


@every_classifier
def test_predictions_are_those_with_the_lowest_expected_cost(classifier: Any, data: Data) -> None:
    model = MinCostClassifier(classifier, COSTS).fit(*data)
    P = clone(classifier).fit(*data).predict_proba(data[0])
    np.testing.assert_array_equal(model.predict_proba(data[0]), P)
    np.testing.assert_array_equal(model.predict(data[0]), decide(P, COSTS, LABELS))
    plain = MinCostClassifier(classifier).fit(*data)
    np.testing.assert_array_equal(plain.predict(data[0]), decide(P, None, LABELS))
    assert (model.predict(data[0]) != plain.predict(data[0])).any()
    assert not hasattr(classifier, "classes_")


def test_mistakes_on_new_rows_cost_less_than_without(data: Data) -> None:
    X, y = data
    mean_cost = []
    for costs in (COSTS, None):
        model = MinCostClassifier(LogisticRegression(), costs).fit(X[::2], y[::2])
        mean_cost.append(average_cost(y[1::2], model.predict(X[1::2]), cost_matrix=COSTS))
    assert mean_cost[0] < mean_cost[1]


@pytest.mark.parametrize("cost", [0.2, 1, 3, 50])
def test_two_classes_are_separated_at_the_bayes_threshold(cost: float, data: Data) -> None:
    X, y = data[0], data[1] == "spam"
    model = MinCostClassifier(LogisticRegression(), {True: cost}).fit(X, y)
    fixed = FixedThresholdClassifier(
        LogisticRegression(), threshold=bayes_threshold({1: cost}), response_method="predict_proba"
    )
    np.testing.assert_array_equal(model.predict(X), fixed.fit(X, y).predict(X))


def test_balanced_costs_are_those_of_the_training_rows(data: Data) -> None:
    model = MinCostClassifier(LogisticRegression(), "balanced").fit(*data)
    counts = np.array([np.count_nonzero(data[1] == label) for label in LABELS])
    expected = (len(data[1]) / (3 * counts))[:, np.newaxis] * (1 - np.eye(3))
    np.testing.assert_allclose(model.cost_matrix_, expected)


def test_a_fitted_classifier_is_not_fitted_again(data: Data) -> None:
    fitted = LogisticRegression().fit(*data)
    model = MinCostClassifier(FrozenEstimator(fitted), COSTS).fit(data[0][:3], data[1][:3])
    np.testing.assert_array_equal(model.predict_proba(data[0]), fitted.predict_proba(data[0]))
    assert model.classes_.tolist() == LABELS


def test_texts_are_taken_as_the_classifier_takes_them() -> None:
    texts, labels = ["win cash", "cash prize", "see you", "lunch now"] * 3, list("ssnn") * 3
    linear = make_pipeline(TfidfVectorizer(), LogisticRegression())
    model = MinCostClassifier(linear, {"s": 1.2}).fit(texts, labels)
    assert model.predict(["cash", "lunch"]).tolist() == ["s", "n"]


def test_copies_predict_the_same(data: Data) -> None:
    model = MinCostClassifier(LogisticRegression(), COSTS).fit(*data)
    for copied in (pickle.loads(pickle.dumps(model)), clone(model).fit(*data)):
        np.testing.assert_array_equal(copied.predict(data[0]), model.predict(data[0]))


def test_a_search_goes_over_costs_and_the_classifiers_own_parameters(data: Data) -> None:
    grid = {"cost_matrix": [None, *cost_grid("spam", [2, 5])], "estimator__C": [0.01, 1]}
    search = GridSearchCV(
        MinCostClassifier(LogisticRegression()), grid, scoring=make_cost_scorer({"spam": 5}), cv=3
    ).fit(*data)
    assert search.best_params_["cost_matrix"] is not None
    assert len(search.cv_results_["params"]) == 6


# --- abstentions ---


def test_rows_where_no_prediction_is_cheap_enough_are_left_out(data: Data) -> None:
    X, y = data
    model = MinCostClassifier(LogisticRegression(), COSTS, abstain_cost=0.4, abstain_label="?")
    answers = model.fit(X, y).predict(X)
    left_out = model.expected_costs(X).min(axis=1) > 0.4
    np.testing.assert_array_equal(answers == "?", left_out)
    plain = model.set_params(abstain_cost=None).fit(X, y).predict(X)
    np.testing.assert_array_equal(answers[~left_out], plain[~left_out])
    assert 0 < left_out.sum() < len(y)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"abstain_cost": 1}, TypeError, "abstain_label is -1, and the classes have the type str"),
        ({"abstain_cost": 1, "abstain_label": "ham"}, ValueError, "which is a class"),
        ({"abstain_cost": -1, "abstain_label": "?"}, ValueError, "abstain_cost is -1"),
        ({"cost_matrix": {"egg": 2}}, ValueError, "names 'egg', which is not in classes_"),
        ({"cost_matrix": "equal"}, ValueError, "cost_matrix is 'equal'"),
        ({"estimator": LinearSVC()}, TypeError, r"no predict_proba.*CalibratedClassifierCV"),
        ({"estimator": GaussianNB}, TypeError, r"estimator is the class GaussianNB; expected an"),
    ],
)
def test_what_cannot_decide_is_refused_by_fit(
    data: Data, parameters: dict[str, Any], error: type[Exception], message: str
) -> None:
    model = MinCostClassifier(**{"estimator": LogisticRegression(), **parameters})
    with pytest.raises(error, match=message):
        model.fit(*data)
    assert not hasattr(model, "classes_")


# --- costs of single rows ---


@pytest.fixture(scope="module")
def sample_costs(data: Data) -> pd.DataFrame:
    costs = np.random.default_rng(0).lognormal(sigma=1.5, size=(len(data[1]), 3))
    return pd.DataFrame(costs, columns=LABELS)


def test_each_row_is_decided_by_its_own_costs(data: Data, sample_costs: pd.DataFrame) -> None:
    X, y = data
    model = MinCostClassifier(LogisticRegression()).fit(X, y)
    P = model.predict_proba(X)
    answers = model.predict(X, sample_costs=sample_costs)
    np.testing.assert_array_equal(
        answers, np.array(LABELS)[(P * sample_costs).to_numpy().argmax(1)]
    )
    expected = model.expected_costs(X, sample_costs=sample_costs)
    np.testing.assert_array_equal(np.array(LABELS)[expected.argmin(axis=1)], answers)
    mean_cost = [average_cost(y, a, sample_costs=sample_costs) for a in (answers, model.predict(X))]
    assert mean_cost[0] < mean_cost[1]


def test_metadata_are_routed_to_the_classifier_the_decision_and_the_score(
    data: Data, sample_costs: pd.DataFrame
) -> None:
    X, y = data
    weight = np.random.default_rng(1).integers(1, 4, len(y))
    with config_context(enable_metadata_routing=True):
        linear = LogisticRegression().set_fit_request(sample_weight=True)
        model = MinCostClassifier(linear).set_predict_request(sample_costs=True)
        scorer = make_cost_scorer().set_score_request(sample_costs=True, sample_weight=False)
        accuracy = get_scorer("accuracy").set_score_request(sample_weight=False)
        found = cross_validate(
            model,
            X,
            y,
            cv=3,
            scoring={"cost": scorer, "accuracy": accuracy},
            params={"sample_costs": sample_costs, "sample_weight": weight},
            return_estimator=True,
            return_indices=True,
        )
    for fold, (train, test) in enumerate(zip(*found["indices"].values(), strict=True)):
        expected = LogisticRegression().fit(X[train], y[train], sample_weight=weight[train])
        P, costs = expected.predict_proba(X[test]), sample_costs.iloc[test]
        np.testing.assert_allclose(found["estimator"][fold].predict_proba(X[test]), P)
        answers = decide(P, None, LABELS, sample_costs=costs)
        mean_cost = average_cost(y[test], answers, sample_costs=costs, labels=LABELS)
        assert found["test_cost"][fold] == pytest.approx(-mean_cost)


def test_without_routing_fit_parameters_go_to_the_classifier(data: Data) -> None:
    X, y = data
    weight = np.random.default_rng(1).integers(1, 4, len(y))
    model = MinCostClassifier(LogisticRegression()).fit(X, y, sample_weight=weight)
    expected = LogisticRegression().fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))


def test_costs_of_rows_that_a_sampler_kept_are_found_by_their_index(
    data: Data, sample_costs: pd.DataFrame
) -> None:
    X, y = pd.DataFrame(data[0]), pd.Series(data[1])
    kept, _ = RandomUnderSampler(random_state=0).fit_resample(X, y)
    model = MinCostClassifier(LogisticRegression()).fit(X, y)
    answers = model.predict(kept, sample_costs=sample_costs)
    by_hand = model.predict(kept, sample_costs=sample_costs.loc[kept.index])
    np.testing.assert_array_equal(answers, by_hand)
    with pytest.raises(ValueError, match=r"sample_costs has 400 rows, X has .*sample_indices_"):
        model.predict(
            kept.reset_index(drop=True).set_index(kept.index + 1000), sample_costs=(sample_costs)
        )


def test_it_works_behind_a_sampler(data: Data) -> None:
    pipeline = make_imblearn_pipeline(
        RandomUnderSampler(random_state=0), MinCostClassifier(LogisticRegression(), COSTS)
    )
    assert set(pipeline.fit(*data).predict(data[0])) <= set(LABELS)


def test_a_classifier_with_costs_of_its_own_keeps_them(data: Data) -> None:
    inner = MinCostClassifier(LogisticRegression(), COSTS)
    outer = MinCostClassifier(inner, abstain_cost=0.3, abstain_label="?").fit(*data)
    np.testing.assert_array_equal(outer.cost_matrix_, inner.fit(*data).cost_matrix_)


INSIDE = {
    "frozen": lambda inner, *data: FrozenEstimator(inner.fit(*data)),
    "pipeline": lambda inner, *data: make_pipeline(StandardScaler(), inner),
    "search": lambda inner, *data: GridSearchCV(inner, {"estimator__C": [0.1, 1]}, cv=2),
    "search in a pipeline in a search": lambda inner, *data: GridSearchCV(
        make_pipeline(StandardScaler(), GridSearchCV(inner, {"estimator__C": [0.1, 1]}, cv=2)),
        {"standardscaler__with_mean": [True]},
        cv=2,
    ),
    "frozen pipeline": lambda inner, *data: FrozenEstimator(
        make_pipeline(StandardScaler(), inner).fit(*data)
    ),
}


@pytest.mark.parametrize("wrap", INSIDE.values(), ids=INSIDE)
def test_costs_of_a_classifier_inside_are_taken_over(data: Data, wrap: Any) -> None:
    inner = MinCostClassifier(LogisticRegression(), COSTS)
    outer = MinCostClassifier(wrap(inner, *data), abstain_cost=0.3, abstain_label="?").fit(*data)
    np.testing.assert_array_equal(outer.cost_matrix_, inner.fit(*data).cost_matrix_)
    other = MinCostClassifier(wrap(inner, *data), {"ham": 3}).fit(*data)
    np.testing.assert_array_equal(other.cost_matrix_, check_cost_matrix({"ham": 3}, LABELS))


def test_a_network_in_a_pipeline_keeps_its_costs(small_cnn: Any, two_classes: Any) -> None:
    pipeline = make_pipeline(FunctionTransformer(), small_cnn({"spam": 5}, epochs=1))
    outer = MinCostClassifier(pipeline, abstain_cost=0.3, abstain_label="?")
    outer.fit(two_classes.texts, two_classes.labels)
    np.testing.assert_array_equal(outer.cost_matrix_, [[0, 1], [5, 0]])


def test_abstentions_are_scored_at_their_cost(data: Data) -> None:
    X, y = data
    model = MinCostClassifier(LogisticRegression(), COSTS, abstain_cost=0.3, abstain_label="?")
    scorer = make_cost_scorer(COSTS)
    folds = cross_validate(model, X, y, cv=3, scoring=scorer, return_estimator=True)
    assert np.isfinite(folds["test_score"]).all()
    fitted = folds["estimator"][0]
    expected = average_cost(
        y, fitted.predict(X), cost_matrix=COSTS, abstain_cost=0.3, abstain_label="?"
    )
    assert scorer(fitted, X, y) == pytest.approx(-expected)
    search = GridSearchCV(model, {"abstain_cost": [None, 0.01]}, scoring=scorer, cv=3).fit(X, y)
    assert search.best_params_ == {"abstain_cost": 0.01}


def test_names_of_columns_are_forgotten_with_the_columns(data: Data) -> None:
    X, y = data
    model = MinCostClassifier(LogisticRegression())
    model.fit(pd.DataFrame(X).add_prefix("x"), y)
    assert model.feature_names_in_[0] == "x0"
    assert not hasattr(model.fit(X, y), "feature_names_in_")


def _stack(**parameters: Any) -> StackingClassifier:
    return StackingClassifier([("bayes", GaussianNB())], cv=2, **parameters)


@pytest.mark.parametrize(
    "classifier",
    [
        _stack(),
        make_pipeline(StandardScaler(), _stack()),
        GridSearchCV(_stack(), {"passthrough": [True, False]}, cv=2),
        HalvingGridSearchCV(_stack(), {"passthrough": [True, False]}, cv=2),
    ],
    ids=["stack", "pipeline", "search", "halving search"],
)
def test_a_stack_that_has_probabilities_once_it_is_fitted_is_taken(classifier: Any) -> None:
    X, y = make_classification(80, random_state=0)
    model = MinCostClassifier(classifier, [[0, 1], [5, 0]]).fit(X, y)
    assert model.predict_proba(X).shape == (80, 2)


@pytest.mark.parametrize(
    "classifier",
    [
        _stack(final_estimator=LinearSVC()),
        make_pipeline(StandardScaler(), LinearSVC()),
        GridSearchCV(LinearSVC(), {"C": [1, 2]}),
        OneVsOneClassifier(LogisticRegression()),
    ],
    ids=["stack", "pipeline", "search", "one versus one"],
)
def test_what_never_has_probabilities_is_refused(classifier: Any) -> None:
    with pytest.raises(TypeError, match="has no predict_proba"):
        MinCostClassifier(classifier).fit([[0.0], [1.0]], [0, 1])
