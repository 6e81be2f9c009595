"""Labels and costs of the estimator in the forms that they are kept in."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_predict, cross_val_score
from sklearn.multioutput import MultiOutputClassifier

from skcnn import CostSensitiveTextCNN, MinCostClassifier

Label = Enum("Label", {"HAM": "ham", "SPAM": "spam"}, type=str)

FORMS = {
    "members": lambda y: [Label(label) for label in y],
    "objects that are members": lambda y: np.array([Label(label) for label in y], dtype=object),
    "variable width": lambda y: y.astype(np.dtypes.StringDType()),
}


@pytest.mark.parametrize("form", FORMS)
def test_strings_in_any_form_are_labels(form: str, small_cnn: Any, two_classes: Any) -> None:
    texts, labels = two_classes.texts, FORMS[form](two_classes.labels)
    one = small_cnn({"spam": 5}).fit(texts, two_classes.labels)
    other = small_cnn({Label.SPAM: 5}).fit(texts, labels)
    assert other.classes_.tolist() == ["ham", "spam"]
    np.testing.assert_array_equal(other.predict(texts), one.predict(texts))
    np.testing.assert_array_equal(other.predict_proba(texts), one.predict_proba(texts))
    assert list(other.predict(texts)) == list(labels)
    classes = list(labels[:0]) or FORMS[form](np.array(["ham", "spam"]))
    partial = small_cnn({"spam": 5}).partial_fit(texts, labels, classes=classes)
    assert partial.classes_.tolist() == ["ham", "spam"]


@pytest.mark.parametrize("dtype", [bool, int])
def test_objects_that_are_integers_or_booleans_are_labels(
    dtype: Any, small_cnn: Any, two_classes: Any
) -> None:
    labels = (two_classes.labels == "spam").astype(dtype)
    cnn = small_cnn({1: 5}).fit(two_classes.texts, labels.astype(object))
    assert cnn.classes_.dtype == dtype
    assert (cnn.predict(two_classes.texts) == labels).mean() > 0.95
    wrapped = MinCostClassifier(small_cnn(), {1: 5})
    assert wrapped.fit(two_classes.texts, labels.astype(object)).classes_.dtype == dtype


def test_costs_may_be_a_series_and_are_saved(
    small_cnn: Any, two_classes: Any, tmp_path: Path
) -> None:
    cnn = small_cnn(pd.Series({"spam": 5, "ham": 2})).fit(two_classes.texts, two_classes.labels)
    assert cnn.cost_matrix_.tolist() == [[0, 2], [5, 0]]
    cnn.save(tmp_path / "model.skcnn")
    loaded = CostSensitiveTextCNN.load(tmp_path / "model.skcnn")
    assert loaded.cost_matrix == {"spam": 5, "ham": 2}
    np.testing.assert_array_equal(loaded.cost_matrix_, cnn.cost_matrix_)


def test_a_class_that_a_training_part_lacks_is_explained(small_cnn: Any, two_classes: Any) -> None:
    labels = two_classes.labels.astype(object)
    labels[:3] = "rare"
    scoring = cross_val_score, (small_cnn({"rare": 20}), two_classes.texts, labels)
    with pytest.raises(ValueError, match="If the class is missing from the training part of a spl"):
        scoring[0](*scoring[1], cv=KFold(5), error_score="raise")


TOOLS: dict[str, Any] = {
    "calibration": lambda cnn: CalibratedClassifierCV(cnn, cv=2),
    "one calibration": lambda cnn: CalibratedClassifierCV(cnn, cv=2, ensemble=False),
    "vote": lambda cnn: VotingClassifier([("cnn", cnn)], voting="soft"),
    "stack": lambda cnn: StackingClassifier([("cnn", cnn)], LogisticRegression(), cv=2),
    "bags": lambda cnn: BaggingClassifier(cnn, n_estimators=2, random_state=0),
}


@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_costs_of_a_network_are_found_in_tools_and_may_be_named_there(
    tool: Any, small_cnn: Any, two_classes: Any
) -> None:
    X, y = np.array(two_classes.texts, dtype=object)[:, np.newaxis], two_classes.labels
    forms = ({"ham": 1, "spam": 5}, [[0, 1], [5, 0]])
    models = [MinCostClassifier(tool(small_cnn(costs, epochs=1))).fit(X, y) for costs in forms]
    for model in models:
        assert model.cost_matrix_.tolist() == forms[1]
    np.testing.assert_array_equal(*[model.predict_proba(X) for model in models])


def test_a_cost_by_one_name_is_refused_where_labels_are_numbered_with_what_to_write(
    small_cnn: Any, two_classes: Any
) -> None:
    data = two_classes.texts, two_classes.labels
    settings = {"cv": 2, "method": "predict_proba"}
    message = r"name every class, .* such as \[\[0, 1\], \[5, 0\]\] if missing the last of them"
    with pytest.raises(ValueError, match=message):
        cross_val_predict(small_cnn({"spam": 5}), *data, **settings)
    P = [
        cross_val_predict(small_cnn(costs, epochs=1), *data, **settings)
        for costs in ({"spam": 5, "ham": 1}, [[0, 1], [5, 0]])
    ]
    np.testing.assert_array_equal(*P)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
@pytest.mark.parametrize("frozen", [False, True])
def test_calibrated_probabilities_do_not_depend_on_the_costs(
    method: str, frozen: bool, small_cnn: Any, noisy: Any
) -> None:
    found = []
    for costs in (None, {"spam": 50}, [[-1, 7], [2, 0]]):
        cnn = small_cnn(costs, loss="cross_entropy", epochs=2)
        if frozen:
            cnn = FrozenEstimator(cnn.fit(noisy.texts, noisy.labels))
        model = CalibratedClassifierCV(cnn, method=method, cv=2)
        found.append(model.fit(noisy.texts, noisy.labels).predict_proba(noisy.texts))
    for P in found[1:]:
        np.testing.assert_array_equal(P, found[0])
    assert abs(found[0][:, 1].mean() - 0.2) < 0.05


def test_several_labels_of_a_text_share_one_form_of_costs_if_they_are_numbers(
    small_cnn: Any, two_classes: Any
) -> None:
    X = np.array(two_classes.texts, dtype=object)[:, np.newaxis]
    is_spam = two_classes.labels == "spam"
    Y = np.column_stack([is_spam, ~is_spam]).astype(int)
    model = MultiOutputClassifier(small_cnn({1: 5}, epochs=1)).fit(X, Y)
    assert [cnn.cost_matrix_.tolist() for cnn in model.estimators_] == [[[0, 1], [5, 0]]] * 2
