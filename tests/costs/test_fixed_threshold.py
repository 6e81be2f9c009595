"""A threshold that a `MinCostClassifier` keeps."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

from skcnn import MinCostClassifier
from skcnn.costs import threshold_at_recall


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(400, weights=[0.7], flip_y=0.1, random_state=0)
    return X, np.array(["fraud", "ok"])[y]


@parametrize_with_checks(
    [MinCostClassifier(LogisticRegression(), threshold=0.3)],
    expected_failed_checks=lambda _: {
        "check_classifiers_train": "wants the most probable class; a threshold decides"
    },
)
def test_it_is_a_classifier_as_scikit_learn_wants_it(estimator, check):
    check(estimator)


@pytest.mark.parametrize("threshold", [0, 0.1, 0.5, 0.93, 1, np.inf])
@pytest.mark.parametrize("label", [None, "fraud", "ok"])
def test_it_predicts_as_the_tool_of_scikit_learn_does(data, threshold, label):
    X, y = data
    model = MinCostClassifier(LogisticRegression(), threshold=threshold, pos_label=label)
    fixed = FixedThresholdClassifier(
        LogisticRegression(),
        threshold=threshold,
        pos_label="ok" if label is None else label,
        response_method="predict_proba",
    )
    np.testing.assert_array_equal(model.fit(X, y).predict(X), fixed.fit(X, y).predict(X))


def test_a_row_at_the_threshold_is_predicted_positive(data):
    X, y = data
    fitted = LogisticRegression().fit(X, y)
    p = fitted.predict_proba(X)[:, 0]
    threshold = threshold_at_recall(y, p, 0.8, pos_label="fraud", confidence=0.9)
    assert threshold in p
    model = MinCostClassifier(FrozenEstimator(fitted), threshold=threshold, pos_label="fraud")
    predicted = model.fit(X, y).predict(X)
    np.testing.assert_array_equal(predicted == "fraud", p >= threshold)


def test_it_can_be_copied_searched_and_set_after_the_fit(data):
    X, y = data
    model = MinCostClassifier(LogisticRegression(), threshold=0.2).fit(X, y)
    assert model.get_params()["threshold"] == 0.2
    for copied in (pickle.loads(pickle.dumps(model)), clone(model).fit(X, y)):
        np.testing.assert_array_equal(copied.predict(X), model.predict(X))
    search = GridSearchCV(model, {"threshold": [None, 0.01, 0.5, np.inf]}, cv=3).fit(X, y)
    assert search.best_params_["threshold"] in (None, 0.5)
    before = (model.predict(X) == "ok").sum()
    assert (model.set_params(threshold=0.9).predict(X) == "ok").sum() < before


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"threshold": 30}, "threshold is 30; expected None, a probability in [0, 1], or infin"),
        ({"threshold": np.nan}, "threshold is nan; expected None"),
        ({"threshold": "0.3"}, "threshold is '0.3'; expected None"),
        ({"threshold": 0.3, "cost_matrix": {"ok": 5}}, "expected one of them, because both decide"),
        ({"threshold": 0.3, "abstain_cost": 1}, "abstain_cost is 1; expected one of them"),
        ({"threshold": 0.3, "pos_label": "spam"}, "pos_label is 'spam'; expected one of ['fra"),
        ({"pos_label": "ok"}, "pos_label is 'ok', but threshold is None"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(data, parameters, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        MinCostClassifier(LogisticRegression(), **parameters).fit(*data)


def test_three_classes_and_costs_of_rows_are_refused(data):
    X, y = data
    three = np.where(np.arange(len(y)) % 5 == 0, "unsure", y)
    with pytest.raises(ValueError, match=r"there are 3 classes, .*; expected two"):
        MinCostClassifier(LogisticRegression(), threshold=0.3).fit(X, three)
    model = MinCostClassifier(LogisticRegression(), threshold=0.3).fit(X, y)
    with pytest.raises(ValueError, match=r"sample_costs is given, but threshold is 0.3"):
        model.predict(X, sample_costs=np.ones((len(y), 2)))
