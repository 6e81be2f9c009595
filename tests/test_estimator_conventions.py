"""scikit-learn's conventions on the real class, on texts: its checks know no texts."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import (
    check_do_not_raise_errors_in_init_or_set_params,
    check_estimator_cloneable,
    check_estimator_repr,
    check_estimator_tags_renamed,
    check_get_params_invariance,
    check_mixin_order,
    check_no_attributes_set_in_init,
    check_param_validation,
    check_parameters_default_constructible,
    check_set_params,
    check_valid_tag_types,
)

from skcnn import CostSensitiveTextCNN

METHODS = ("predict", "predict_proba", "predict_log_proba", "expected_costs")


@pytest.mark.parametrize(
    "check",
    [
        check_do_not_raise_errors_in_init_or_set_params,
        check_estimator_cloneable,
        check_estimator_repr,
        check_estimator_tags_renamed,
        check_get_params_invariance,
        check_mixin_order,
        check_no_attributes_set_in_init,
        check_param_validation,
        check_parameters_default_constructible,
        check_set_params,
        check_valid_tag_types,
    ],
    ids=lambda check: check.__name__,
)
def test_checks_that_need_no_numbers_pass_on_the_real_class(check: Any) -> None:
    check("CostSensitiveTextCNN", CostSensitiveTextCNN())


def test_the_tags_are_honest() -> None:
    tags = get_tags(CostSensitiveTextCNN())
    assert tags.estimator_type == "classifier"
    assert tags.target_tags.required
    assert tags.input_tags.string
    assert tags.input_tags.one_d_array
    assert not tags.input_tags.two_d_array
    assert not tags.input_tags.sparse
    assert not tags.input_tags.allow_nan
    assert tags.classifier_tags.multi_class
    assert not tags.classifier_tags.multi_label


def assert_equal_outputs(first: Any, second: Any, texts: list[str]) -> None:
    for method in METHODS:
        np.testing.assert_array_equal(getattr(first, method)(texts), getattr(second, method)(texts))


def test_fit_returns_itself_keeps_its_parameters_and_repeats_itself(
    small_cnn: Any, two_classes: Any, new_texts: list[str]
) -> None:
    cnn = small_cnn({"spam": 5}, early_stopping=True, callbacks=[])
    parameters = copy.deepcopy(cnn.get_params())
    assert cnn.fit(two_classes.texts, two_classes.labels) is cnn
    first = copy.deepcopy(cnn)
    assert cnn.get_params() == parameters
    cnn.fit(two_classes.texts, two_classes.labels)
    assert_equal_outputs(cnn, first, new_texts)
    assert set(vars(cnn)) - set(parameters) == {"_model"}, "the fitted state is one object"
    fitted = {name for name in dir(cnn) if name.endswith("_") and not name.startswith("_")}
    assert {name for name in fitted if hasattr(cnn, name)} == {
        "best_iter_",
        "classes_",
        "cost_matrix_",
        "history_",
        "model_",
        "n_iter_",
        "vocabulary_",
    }


def test_fitting_forgets_what_an_earlier_fit_learnt(
    small_cnn: Any, two_classes: Any, three_classes: Any, new_texts: list[str]
) -> None:
    cnn = small_cnn().fit(three_classes.texts, three_classes.labels)
    assert cnn.model_.output_shape == (None, 3)
    cnn.fit(two_classes.texts, two_classes.labels)
    fresh = small_cnn().fit(two_classes.texts, two_classes.labels)
    assert_equal_outputs(cnn, fresh, new_texts)
    assert cnn.model_.output_shape == (None, 2)


@pytest.mark.parametrize("method", METHODS)
def test_predicting_changes_nothing_in_the_estimator(
    method: str, fitted: Any, new_texts: list[str]
) -> None:
    twin, texts = copy.deepcopy(fitted), list(new_texts)
    before = pickle.dumps(twin)
    getattr(twin, method)(texts)
    assert pickle.dumps(twin) == before
    assert texts == new_texts


def test_fitting_changes_nothing_in_the_callers_data(small_cnn: Any, two_classes: Any) -> None:
    texts = np.array(two_classes.texts, dtype=object)[:, np.newaxis]
    weight, costs = np.linspace(0, 2, len(texts)), np.array([[0.0, 1.0], [5.0, 0.0]])
    given = (texts, two_classes.labels.copy(), weight, costs)
    copies = copy.deepcopy(given)
    for array in given:
        array.flags.writeable = False
    small_cnn(given[3]).fit(*given[:3])
    for array, expected in zip(given, copies, strict=True):
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("method", METHODS)
def test_texts_are_answered_alike_alone_in_parts_and_in_any_order(
    method: str, fitted: Any, two_classes: Any, new_texts: list[str]
) -> None:
    texts = [*new_texts, *two_classes.texts]
    answer = getattr(fitted, method)
    together = answer(texts)
    order = np.random.RandomState(0).permutation(len(texts))
    shuffled = answer([texts[row] for row in order])
    alone = np.concatenate([answer([text]) for text in texts])
    if method == "predict":
        np.testing.assert_array_equal(shuffled, together[order])
        np.testing.assert_array_equal(alone, together)
    else:
        np.testing.assert_allclose(shuffled, together[order], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(alone, together, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_weight_of_zero_is_removal_exactly(
    early_stopping: bool, small_cnn: Any, two_classes: Any, new_texts: list[str]
) -> None:
    texts, labels = two_classes.texts, two_classes.labels
    weight = np.random.RandomState(0).choice([0.0, 1.0, 2.5], len(texts))
    parameters = {"cost_matrix": "balanced", "early_stopping": early_stopping}
    weighted = small_cnn(**parameters).fit(texts, labels, sample_weight=weight)
    kept = np.flatnonzero(weight)
    removed = small_cnn(**parameters)
    removed.fit([texts[row] for row in kept], labels[kept], sample_weight=weight[kept])
    assert_equal_outputs(weighted, removed, new_texts)
    np.testing.assert_array_equal(weighted.cost_matrix_, removed.cost_matrix_)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_weights_of_one_are_no_weights_exactly(
    early_stopping: bool, small_cnn: Any, two_classes: Any, new_texts: list[str]
) -> None:
    ones = np.ones(len(two_classes.texts), dtype=int)
    parameters = {"cost_matrix": "balanced", "early_stopping": early_stopping}
    weighted = small_cnn(**parameters).fit(two_classes.texts, two_classes.labels, ones)
    unweighted = small_cnn(**parameters).fit(two_classes.texts, two_classes.labels)
    assert_equal_outputs(weighted, unweighted, new_texts)


def test_class_weight_multiplies_sample_weight_exactly(
    small_cnn: Any, two_classes: Any, new_texts: list[str]
) -> None:
    texts, labels = two_classes.texts, two_classes.labels
    weight = np.random.RandomState(0).choice([1.0, 2.0], len(texts))
    by_class = small_cnn(class_weight={"spam": 4}).fit(texts, labels, weight)
    by_row = small_cnn().fit(texts, labels, np.where(labels == "spam", 4 * weight, weight))
    assert_equal_outputs(by_class, by_row, new_texts)


def test_heavier_texts_count_more(small_cnn: Any, noisy: Any) -> None:
    def share_of_spam(weight_of_spam: float) -> Any:
        weight = np.where(noisy.labels == "spam", weight_of_spam, 1.0)
        cnn = small_cnn(epochs=8).fit(noisy.texts, noisy.labels, weight)
        return cnn.predict_proba(noisy.texts)[:, 1].mean()

    assert share_of_spam(0.25) < share_of_spam(1) - 0.05 < share_of_spam(4) - 0.2


@pytest.mark.parametrize("copied", ["pickle", "joblib", "deepcopy", "save"])
def test_a_copy_answers_alike_to_the_bit_and_without_the_keras_model(
    copied: str, fitted: Any, tmp_path: Any, new_texts: list[str]
) -> None:
    assert fitted.model_ is not None
    if copied == "pickle":
        twin = pickle.loads(pickle.dumps(fitted))
    elif copied == "joblib":
        joblib.dump(fitted, tmp_path / "model.joblib")
        twin = joblib.load(tmp_path / "model.joblib")
    elif copied == "deepcopy":
        twin = copy.deepcopy(fitted)
    else:
        fitted.save(tmp_path / "model.skcnn")
        twin = CostSensitiveTextCNN.load(tmp_path / "model.skcnn")
    assert "_keras_model" not in vars(twin)
    assert twin.get_params() == fitted.get_params()
    assert_equal_outputs(twin, fitted, new_texts)
    for attribute in ("history_", "n_iter_", "best_iter_", "vocabulary_"):
        assert getattr(twin, attribute) == getattr(fitted, attribute)
    np.testing.assert_allclose(twin.model_(np.array([[2, 3]])), fitted.model_(np.array([[2, 3]])))


class FewerParameters(CostSensitiveTextCNN):
    """A subclass with a constructor of its own."""

    def __init__(self, cost_matrix: Any = None) -> None:
        super().__init__(
            cost_matrix, embedding_dim=4, n_filters=2, filter_widths=(1,), epochs=1, random_state=0
        )


def test_a_subclass_may_have_fewer_parameters(two_classes: Any, tmp_path: Any) -> None:
    cnn = FewerParameters({"spam": 5}).fit(two_classes.texts, two_classes.labels)
    assert cnn.get_params() == {"cost_matrix": {"spam": 5}}
    cnn.save(tmp_path / "model.skcnn")
    loaded = FewerParameters.load(tmp_path / "model.skcnn")
    texts = two_classes.texts[:5]
    np.testing.assert_array_equal(loaded.predict_proba(texts), cnn.predict_proba(texts))


def test_scikit_learn_may_set_the_number_and_names_of_features(
    small_cnn: Any, two_classes: Any
) -> None:
    cnn = small_cnn(epochs=1).fit(two_classes.texts, two_classes.labels)
    assert not hasattr(cnn, "n_features_in_")
    cnn.n_features_in_ = 3
    assert cnn.n_features_in_ == 3
    cnn.fit([[text] for text in two_classes.texts], two_classes.labels)
    assert cnn.n_features_in_ == 1
