"""Costs of classifiers inside others, and costs by name inside tools that number the labels."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from imblearn.ensemble import BalancedBaggingClassifier, EasyEnsembleClassifier
from imblearn.model_selection import InstanceHardnessCV
from imblearn.pipeline import make_pipeline as make_imblearn_pipeline
from imblearn.under_sampling import RandomUnderSampler
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer, roc_auc_score
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.utils.fixes import parse_version

from skcnn import MinCostClassifier, decide
from skcnn.costs._inside import costs_inside

LABELS = ["fine", "rare"]
COSTS = [[0, 1], [5, 0]]
Data = tuple[NDArray[np.float64], NDArray[Any]]
HAS_TEMPERATURE = parse_version(sklearn.__version__) >= parse_version("1.8")
METHODS = ["sigmoid", "isotonic", *(["temperature"] if HAS_TEMPERATURE else [])]


@pytest.fixture(scope="module")
def data() -> Data:
    X, y = make_classification(400, weights=[0.8], class_sep=0.7, flip_y=0.1, random_state=0)
    return X, np.array(LABELS)[y]


def by_cost(costs: Any = COSTS) -> MinCostClassifier:
    return MinCostClassifier(LogisticRegression(), costs)


def calibrations(base: Any, X: Any, y: Any) -> dict[str, Any]:
    """Every way of scikit-learn to calibrate a classifier."""
    fitted = FrozenEstimator(clone(base).fit(X, y))
    return {
        f"{method} {kind}": CalibratedClassifierCV(classifier, method=method, **settings)
        for method in METHODS
        for kind, classifier, settings in [
            ("ensemble", base, {"cv": 3}),
            ("whole", base, {"cv": 3, "ensemble": False}),
            ("frozen", fitted, {}),
            ("frozen ensemble", fitted, {"ensemble": True, "cv": 3}),
        ]
    }


def test_calibrated_probabilities_do_not_depend_on_the_costs(data: Data) -> None:
    X, y = data
    costs = (None, [[0, 1], [50, 0]], [[-1, 7], [2, 0]])
    answers = [
        {name: model.fit(X, y).predict_proba(X) for name, model in calibrations(base, X, y).items()}
        for base in map(by_cost, costs)
    ]
    for one, other in combinations(answers, 2):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    for name, P in answers[0].items():
        assert P[:, 1].mean() == pytest.approx(np.mean(y == "rare"), abs=0.05), name


def test_thresholds_and_rankings_are_those_of_the_probabilities(data: Data) -> None:
    X, y = data
    plain = LogisticRegression().fit(X, y)
    model = by_cost().fit(X, y)
    p = plain.predict_proba(X)[:, 1]
    assert get_scorer("roc_auc")(model, X, y) == roc_auc_score(y, p)
    for response_method in ("auto", "predict_proba"):
        settings = {"pos_label": "rare", "response_method": response_method}
        fixed = FixedThresholdClassifier(by_cost(), threshold=0.3, **settings).fit(X, y)
        np.testing.assert_array_equal(fixed.predict(X) == "rare", p >= 0.3)
        tuned = [
            TunedThresholdClassifierCV(classifier, cv=3, response_method=response_method)
            .fit(X, y)
            .best_threshold_
            for classifier in (LogisticRegression(), by_cost())
        ]
        assert tuned[0] == tuned[1]


def wrapped(base: Any) -> dict[str, Any]:
    """Tools of scikit-learn and imbalanced-learn around a classifier."""
    other = ("other", LogisticRegression(C=0.1))
    return {
        "itself": base,
        "pipeline": make_pipeline(StandardScaler(), base),
        "search": GridSearchCV(base, {}, cv=2),
        "calibration": CalibratedClassifierCV(base, cv=2),
        "calibration of a pipeline": CalibratedClassifierCV(make_pipeline(base), cv=2),
        "one calibration": CalibratedClassifierCV(base, cv=2, ensemble=False),
        "vote": VotingClassifier([("base", base), other], voting="soft"),
        "stack": StackingClassifier([("base", base), other], LogisticRegression(), cv=2),
        "final estimator": StackingClassifier([other], base, cv=2),
        "bags": BaggingClassifier(base, n_estimators=2, random_state=0),
        "balanced bags": BalancedBaggingClassifier(base, n_estimators=2, random_state=0),
        "easy ensemble": EasyEnsembleClassifier(n_estimators=2, estimator=base, random_state=0),
        "sampler": make_imblearn_pipeline(RandomUnderSampler(random_state=0), base),
        "threshold": FixedThresholdClassifier(base),
        "tuned threshold": TunedThresholdClassifierCV(base, cv=2),
        "self-training": SelfTrainingClassifier(base),
        "one against the rest": OneVsRestClassifier(base),
        "calibrated bags in a pipeline": make_pipeline(
            CalibratedClassifierCV(BaggingClassifier(base, n_estimators=2, random_state=0), cv=2)
        ),
    }


@pytest.mark.parametrize("name", wrapped(None))
def test_costs_are_found_wherever_they_are(name: str, data: Data) -> None:
    X, y = data
    if name == "self-training":  # takes no strings, and wants rows without a label
        y = np.where(np.arange(len(y)) % 9, y == "rare", -1)
    tool = wrapped(by_cost())[name]
    model = MinCostClassifier(tool).fit(X, y)
    np.testing.assert_array_equal(model.cost_matrix_, COSTS)
    P = model.predict_proba(X)
    np.testing.assert_array_equal(model.predict(X), decide(P, COSTS, model.classes_))
    frozen = MinCostClassifier(FrozenEstimator(clone(tool).fit(X, y))).fit(X, y)
    np.testing.assert_array_equal(frozen.cost_matrix_, COSTS)


@pytest.mark.parametrize("name", wrapped(None))
def test_without_costs_inside_every_error_costs_the_same(name: str, data: Data) -> None:
    X, y = data
    if name == "self-training":  # takes no strings, and wants rows without a label
        y = np.where(np.arange(len(y)) % 9, y == "rare", -1)
    model = MinCostClassifier(wrapped(LogisticRegression())[name]).fit(X, y)
    np.testing.assert_array_equal(model.cost_matrix_, [[0, 1], [1, 0]])


@pytest.mark.parametrize("classifier", [RandomForestClassifier(3), GradientBoostingClassifier()])
def test_trees_have_no_costs(classifier: Any, data: Data) -> None:
    model = MinCostClassifier(make_pipeline(CalibratedClassifierCV(classifier, cv=2))).fit(*data)
    np.testing.assert_array_equal(model.cost_matrix_, [[0, 1], [1, 0]])


@pytest.mark.parametrize(
    "tool",
    [
        VotingClassifier([("a", by_cost()), ("b", by_cost([[0, 1], [9, 0]]))], voting="soft"),
        CalibratedClassifierCV(by_cost("balanced"), cv=3),
    ],
    ids=["two matrices", "balanced"],
)
def test_costs_that_differ_are_asked_for(tool: Any, data: Data) -> None:
    with pytest.raises(ValueError, match=r"cost matrices, .*; expected one for the 2 classes\. P"):
        MinCostClassifier(tool).fit(data[0][:-1], data[1][:-1])
    model = MinCostClassifier(tool, {"rare": 9}).fit(*data)
    assert model.cost_matrix_.tolist() == [[0, 1], [9, 0]]


def test_costs_of_one_class_against_the_rest_are_not_those_of_all_classes() -> None:
    X, y = make_classification(90, n_informative=4, n_classes=3, random_state=0)
    with pytest.raises(ValueError, match="expected one for the 3 classes"):
        MinCostClassifier(OneVsRestClassifier(by_cost())).fit(X, y)


BY_NAME = {
    "labels": {"rare": 5, "fine": 1},
    "pairs": {("rare", "fine"): 5, ("fine", "rare"): 1},
    "table": pd.DataFrame([[0, 5], [1, 0]], index=["rare", "fine"], columns=["rare", "fine"]),
    "series": pd.Series({"rare": 5, "fine": 1}),
}


@pytest.mark.parametrize("form", BY_NAME)
@pytest.mark.parametrize("name", sorted({*wrapped(None)} - {"self-training"}))
def test_costs_that_name_every_class_are_understood_by_every_tool(
    name: str, form: str, data: Data
) -> None:
    one, other = (wrapped(by_cost(costs))[name].fit(*data) for costs in (COSTS, BY_NAME[form]))
    np.testing.assert_array_equal(costs_inside(other), COSTS)
    np.testing.assert_array_equal(one.predict_proba(data[0]), other.predict_proba(data[0]))
    np.testing.assert_array_equal(one.predict(data[0]), other.predict(data[0]))


def test_costs_that_name_every_class_are_understood_in_predictions_and_splits(data: Data) -> None:
    X, y = data
    one, other = by_cost(), by_cost(BY_NAME["labels"])
    predictions = [cross_val_predict(m, X, y, method="predict_proba", cv=3) for m in (one, other)]
    np.testing.assert_array_equal(*predictions)
    scores = [cross_val_score(m, X, y, cv=InstanceHardnessCV(m, n_splits=3)) for m in (one, other)]
    np.testing.assert_array_equal(*scores)
    if HAS_TEMPERATURE:
        CalibratedClassifierCV(other, method="temperature", cv=2).fit(X, y)


def test_costs_of_rows_that_name_every_class_are_understood(data: Data) -> None:
    X, y = data
    table = pd.DataFrame({"rare": np.arange(len(X)), "fine": np.ones(len(X))})
    model, numbered = by_cost().fit(X, y), by_cost().fit(X, (y == "rare").astype(int))
    answers = model.predict(X, sample_costs=table)
    assert len(set(answers)) == 2
    np.testing.assert_array_equal(
        np.array(LABELS)[numbered.predict(X, sample_costs=table)], answers
    )
    np.testing.assert_array_equal(
        numbered.expected_costs(X, sample_costs=table), model.expected_costs(X, sample_costs=table)
    )


@pytest.mark.parametrize(
    ("costs", "classes"),
    [
        ({"rare": 5}, [0, 1]),
        ({"rare": 5, "fine": 1}, [0, 1, 2]),
        ({"rare": 5, "fine": 1}, [1, 2]),
        ({"rare": 5, "fine": 1, "odd": 2}, [0, 1]),
        ({"rare": 5, 1: 2}, [0, 1]),
        ({"rare": 5, "fine": 1}, ["1", "2"]),
    ],
)
def test_names_that_may_mean_other_classes_are_refused(costs: Any, classes: list[Any]) -> None:
    X, y = np.arange(30.0)[:, np.newaxis], np.resize(classes, 30)
    with pytest.raises(ValueError, match="cost_matrix names 'rare', which is not in"):
        by_cost(costs).fit(X, y)
