"""Only the ratios of weights and of costs mean something."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skcnn.costs._loss_formulas import LOSS_NAMES

UNITS = [1e-300, 1e-46, 1e-9, 1 / 160, 1e9, 1e300]
OWN = [("own", make_pipeline(TfidfVectorizer(), LogisticRegression()))]
# Of each member alone, and of all together.
ESTIMATORS: dict[str, dict[str, Any]] = {
    "network": {"linear_model": False},
    "other optimizer": {"linear_model": False, "optimizer": "sgd"},
    "network and n-grams": {"early_stopping": True, "validation_scoring": "average_cost"},
    "members": {"members": OWN, "epochs": 1},
}


def probabilities(cnn: Any, corpus: Any, **weights: Any) -> Any:
    return cnn.fit(corpus.texts, corpus.labels, **weights).predict_proba(corpus.texts)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_weights_that_are_all_alike_change_nothing(
    small_cnn: Any, two_classes: Any, name: str
) -> None:
    cnn = small_cnn({"spam": 5}, **ESTIMATORS[name])
    expected = probabilities(cnn, two_classes)
    for unit in UNITS:
        weight = np.full(160, unit)
        found = probabilities(cnn, two_classes, sample_weight=weight)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("unit", UNITS)
def test_the_unit_of_weights_changes_nothing(small_cnn: Any, two_classes: Any, unit: float) -> None:
    cnn = small_cnn({"spam": 5}, early_stopping=True)
    weight = np.random.default_rng(0).uniform(0.5, 2, 160)
    weight[:10] = 0
    expected = probabilities(cnn, two_classes, sample_weight=weight)
    found = probabilities(cnn, two_classes, sample_weight=weight * unit)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("unit", UNITS)
def test_the_unit_of_class_weights_changes_nothing(
    small_cnn: Any, two_classes: Any, unit: float
) -> None:
    weight = np.full(160, unit)
    found, expected = (
        probabilities(
            small_cnn(class_weight={"ham": each, "spam": 3 * each}, linear_model=False),
            two_classes,
            sample_weight=weight,
        )
        for each in (unit, 1.0)
    )
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("unit", UNITS)
def test_the_unit_of_weights_changes_no_call_of_partial_fit(
    small_cnn: Any, two_classes: Any, unit: float
) -> None:
    weight = np.random.default_rng(0).uniform(0.5, 2, 160)
    found, expected = (parts(small_cnn(), two_classes, each * weight) for each in (unit, 1.0))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def parts(cnn: Any, corpus: Any, weight: Any) -> Any:
    for rows in (slice(0, 80), slice(80, 160)):
        cnn.partial_fit(
            corpus.texts[rows], corpus.labels[rows], ["ham", "spam"], sample_weight=weight[rows]
        )
    return cnn.predict_proba(corpus.texts)


@pytest.mark.parametrize("begin", ["fit", "partial_fit"])
def test_weights_are_compared_with_those_of_earlier_calls(
    small_cnn: Any, two_classes: Any, begin: str
) -> None:
    texts, labels = two_classes.texts, two_classes.labels

    def after(first: float, second: float) -> Any:
        cnn = small_cnn()
        more = {} if begin == "fit" else {"classes": ["ham", "spam"]}
        getattr(cnn, begin)(texts[:80], labels[:80], sample_weight=np.full(80, first), **more)
        wrong = labels[::-1][:80]
        cnn.partial_fit(texts[80:], wrong, sample_weight=np.full(80, second))
        return cnn.predict_proba(texts)

    np.testing.assert_allclose(after(1e-9, 1e-9), after(1, 1), atol=1e-4)
    np.testing.assert_allclose(after(1e-9, 5e-9), after(1, 5), atol=1e-4)
    assert not np.allclose(after(1, 1), after(1, 5), atol=1e-3)


def test_weights_of_another_unit_than_before_are_refused(small_cnn: Any, two_classes: Any) -> None:
    texts, labels = two_classes.texts, two_classes.labels
    cnn = small_cnn().fit(texts, labels, sample_weight=np.full(160, 1e-30))
    with pytest.raises(ValueError, match=r"is exp\(69\) times that of the first call; expected w"):
        cnn.partial_fit(texts, labels)


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_a_loss_object_is_the_loss_of_its_name_in_any_unit(
    small_cnn: Any, noisy: Any, name: str
) -> None:
    from skcnn.network.losses import LOSSES

    costs = np.array([[0.0, 1.0], [5.0, 0.0]])
    expected = probabilities(small_cnn(costs, loss=name, linear_model=False), noisy)
    for unit in (1.0, 1e-9, 1e9, 1e-300):
        loss = LOSSES[name](unit * costs)
        found = probabilities(small_cnn(costs, loss=loss, linear_model=False), noisy)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        np.testing.assert_array_equal(loss.cost_matrix, unit * costs)


def test_a_loss_object_with_other_parameters_has_no_unit_either(small_cnn: Any, noisy: Any) -> None:
    from skcnn.losses import ExpectedCost, FocalCost, MisclassificationCost

    class Doubled(MisclassificationCost):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return 2 * super().call(y_true, y_pred)

    for make in (
        lambda unit: ExpectedCost([[0, unit], [5 * unit, 0]], cost_weight=3),
        lambda unit: FocalCost([[0, unit], [5 * unit, 0]], gamma=1, reduction="sum"),
        lambda unit: Doubled([[0, unit], [5 * unit, 0]]),
    ):
        small, large = (
            probabilities(small_cnn(loss=make(unit), linear_model=False), noisy)
            for unit in (1e-9, 1e3)
        )
        np.testing.assert_allclose(small, large, atol=1e-5)


@pytest.mark.parametrize("partially", [False, True])
def test_a_loss_object_for_other_classes_is_refused(
    small_cnn: Any, two_classes: Any, partially: bool
) -> None:
    from skcnn.losses import CrossEntropy, MisclassificationCost

    for loss in (CrossEntropy(1 - np.eye(3)), MisclassificationCost(1 - np.eye(3))):
        cnn = small_cnn(loss=loss)
        fit = cnn.partial_fit if partially else cnn.fit
        more = {"classes": ["ham", "spam"]} if partially else {}
        with pytest.raises(ValueError, match=r"loss has a cost_matrix of shape \(3, 3\); expected"):
            fit(two_classes.texts, two_classes.labels, **more)


LIGHT = [
    ({"ham": 0, "spam": 5}, "'ham' 0 of"),
    ({"spam": 1e6}, "'ham' 1.*e-06"),
    ({"ham": 1e4}, "'spam'"),
]


@pytest.mark.parametrize("name", LOSS_NAMES)
@pytest.mark.parametrize(("costs", "shown"), LIGHT)
def test_a_class_that_a_loss_hardly_learns_is_named(
    small_cnn: Any, two_classes: Any, name: str, costs: Any, shown: str, recwarn: Any
) -> None:
    cnn = small_cnn(costs, loss=name, epochs=1)
    if name in ("cross_entropy", "expected_cost"):
        cnn.fit(two_classes.texts, two_classes.labels)
        assert not recwarn.list
        return
    with pytest.warns(UserWarning, match=rf"loss '{name}' gives the texts of class {shown}.*Use"):
        cnn.fit(two_classes.texts, two_classes.labels)


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_costs_of_a_moderate_ratio_do_not_warn(
    small_cnn: Any, two_classes: Any, name: str, recwarn: Any
) -> None:
    small_cnn({"spam": 20}, loss=name, epochs=1).fit(two_classes.texts, two_classes.labels)
    assert not recwarn.list
