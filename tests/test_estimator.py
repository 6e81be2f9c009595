"""What the estimator promises about probabilities, decisions and seeds."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.metrics import recall_score

from skcnn import CostSensitiveTextCNN, decide, expected_costs
from skcnn.costs._loss_formulas import LOSS_NAMES

EQUAL_COSTS = (
    [[0, 1], [1, 0]],
    np.array([[0.0, 8.0], [8.0, 0.0]]),
    [[-1, 0], [1, 0]],
    {"spam": 1},
    {("spam", "ham"): 1.0},
    pd.DataFrame([[0, 1], [1, 0]], index=["spam", "ham"], columns=["spam", "ham"]),
)
MISS_COSTS = (1, 2, 5, 10, 20)
METHODS = ("predict", "predict_proba", "predict_log_proba", "expected_costs")


def column(texts: list[str]) -> np.ndarray[Any, Any]:
    return np.array(texts, dtype=object)[:, np.newaxis]


CONTAINERS: dict[str, Callable[[list[str]], Any]] = {
    "tuple": tuple,
    "array of fixed width": np.array,
    "array of objects": lambda texts: np.array(texts, dtype=object),
    "array of variable width": lambda texts: np.array(texts, dtype=np.dtypes.StringDType()),
    "pandas Series": pd.Series,
    "pandas Series of strings": lambda texts: pd.Series(texts, dtype="string"),
    "Polars Series": pl.Series,
    "array column": column,
    "pandas DataFrame": lambda texts: pd.DataFrame({"text": texts}),
    "Polars DataFrame": lambda texts: pl.DataFrame({"text": texts}),
    "list of lists": lambda texts: [[text] for text in texts],
}
TWO_DIMENSIONAL = ("array column", "pandas DataFrame", "Polars DataFrame", "list of lists")


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_predicts_and_trains_alike_to_the_bit(
    name: str, fitted: Any, small_cnn: Any, two_classes: Any, new_texts: list[str]
) -> None:
    wrap, expected = CONTAINERS[name], fitted.predict_proba(new_texts)
    np.testing.assert_array_equal(fitted.predict_proba(wrap(new_texts)), expected)
    again = small_cnn({"spam": 5}).fit(wrap(two_classes.texts), two_classes.labels)
    np.testing.assert_array_equal(again.predict_proba(wrap(new_texts)), expected)
    assert hasattr(again, "n_features_in_") == (name in TWO_DIMENSIONAL)
    assert hasattr(again, "feature_names_in_") == ("DataFrame" in name)


def test_a_data_frame_whose_column_has_another_name_is_refused(
    small_cnn: Any, two_classes: Any
) -> None:
    cnn = small_cnn().fit(pd.DataFrame({"text": two_classes.texts}), two_classes.labels)
    assert cnn.feature_names_in_.tolist() == ["text"]
    with pytest.raises(ValueError, match="title"):
        cnn.predict(pd.DataFrame({"title": two_classes.texts}))
    cnn.fit(two_classes.texts, two_classes.labels)
    assert not hasattr(cnn, "n_features_in_")
    assert not hasattr(cnn, "feature_names_in_")


@pytest.mark.parametrize("costs", EQUAL_COSTS, ids=str)
def test_equal_costs_are_no_costs_exactly(
    costs: Any, small_cnn: Any, noisy: Any, new_texts: list[str]
) -> None:
    without = small_cnn().fit(noisy.texts, noisy.labels)
    equal = small_cnn(costs).fit(noisy.texts, noisy.labels)
    np.testing.assert_array_equal(equal.predict_proba(new_texts), without.predict_proba(new_texts))
    np.testing.assert_array_equal(equal.predict(new_texts), without.predict(new_texts))


@pytest.mark.parametrize("loss", ["cross_entropy", "misclassification"])
def test_a_dearer_miss_raises_recall_step_by_step(loss: str, small_cnn: Any, noisy: Any) -> None:
    train, test = slice(0, 250), slice(250, None)
    recalls, probabilities = [], []
    for cost in MISS_COSTS:
        cnn = small_cnn({"spam": cost}, loss=loss, epochs=8)
        cnn.fit(noisy.texts[train], noisy.labels[train])
        answers = cnn.predict(noisy.texts[test])
        recalls.append(recall_score(noisy.labels[test], answers, pos_label="spam"))
        probabilities.append(cnn.predict_proba(noisy.texts[test]))
    assert recalls == sorted(recalls)
    assert recalls[-1] > recalls[0] + 0.2
    if loss == "cross_entropy":  # costs have no part in training
        for others in probabilities[1:]:
            np.testing.assert_array_equal(others, probabilities[0])


@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_with_every_loss_probabilities_sum_to_one_and_estimate_frequencies(
    loss: str, small_cnn: Any, noisy: Any, new_texts: list[str]
) -> None:
    cnn = small_cnn({"spam": 4}, loss=loss, epochs=8).fit(noisy.texts, noisy.labels)
    probabilities = cnn.predict_proba(new_texts)
    assert probabilities.shape == (len(new_texts), 2)
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(np.exp(cnn.predict_log_proba(new_texts)), probabilities)
    # Taken for probabilities, the outputs of these losses would say .35 to .5 instead of .2; that
    # of a hard argmax keeps too little to tell.
    if loss != "hard_misclassification":
        assert abs(cnn.predict_proba(noisy.texts)[:, 1].mean() - 0.2) < 0.07


@pytest.mark.parametrize("costs", [None, {"spam": 7}, {"ham": 7}, [[-2, 1], [9, -1]], "balanced"])
def test_by_argmax_the_most_probable_class_is_answered(
    costs: Any, small_cnn: Any, noisy: Any, new_texts: list[str]
) -> None:
    cnn = small_cnn(costs, decision="argmax").fit(noisy.texts, noisy.labels)
    best = cnn.predict_proba(new_texts).argmax(axis=1)
    np.testing.assert_array_equal(cnn.predict(new_texts), cnn.classes_[best])


def test_expected_cost_is_what_the_decision_minimises(
    small_cnn: Any, three_classes: Any, new_texts: list[str]
) -> None:
    costs = [[0, 1, 4], [2, 0, 1], [9, 3, -1]]
    cnn = small_cnn(costs).fit(three_classes.texts, three_classes.labels)
    probabilities = cnn.predict_proba(new_texts)
    np.testing.assert_array_equal(cnn.cost_matrix_, costs)
    np.testing.assert_allclose(cnn.expected_costs(new_texts), probabilities @ np.array(costs))
    np.testing.assert_array_equal(
        cnn.expected_costs(new_texts), expected_costs(probabilities, costs)
    )
    np.testing.assert_array_equal(
        cnn.predict(new_texts), decide(probabilities, costs, cnn.classes_)
    )


def test_three_classes_are_learnt(small_cnn: Any, three_classes: Any) -> None:
    cnn = small_cnn(epochs=6).fit(three_classes.texts, three_classes.labels)
    assert cnn.classes_.tolist() == ["ham", "offer", "spam"]
    assert cnn.score(three_classes.texts, three_classes.labels) > 0.95


@pytest.mark.parametrize(
    "labels",
    [["ham", "spam"], [0, 1], [-1, 1], [False, True], [2.0, 7.0], np.array(["a", "b"], object)],
    ids=str,
)
def test_labels_of_any_kind_come_back_as_they_are(
    labels: Any, small_cnn: Any, two_classes: Any
) -> None:
    y = np.asarray(labels)[(two_classes.labels == "spam").astype(int)]
    cnn = small_cnn({labels[1]: 3}).fit(two_classes.texts, y)
    answers = cnn.predict(two_classes.texts)
    assert answers.dtype == y.dtype
    assert cnn.score(two_classes.texts, y) > 0.95
    np.testing.assert_array_equal(cnn.cost_matrix_, [[0, 1], [3, 0]])
    np.testing.assert_array_equal(small_cnn().fit(two_classes.texts, y.tolist()).classes_, labels)


def test_the_matrix_balanced_costs_in_inverse_proportion_to_frequency(
    small_cnn: Any, two_classes: Any
) -> None:
    cnn = small_cnn("balanced").fit(two_classes.texts, two_classes.labels)
    n_ham, n_spam = (np.sum(two_classes.labels == label) for label in ("ham", "spam"))
    n = n_ham + n_spam
    np.testing.assert_allclose(cnn.cost_matrix_, [[0, n / (2 * n_ham)], [n / (2 * n_spam), 0]])


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 17])
def test_a_seed_repeats_a_fit_to_the_bit_and_another_does_not(
    seed: int, early_stopping: bool, small_cnn: Any, noisy: Any, new_texts: list[str]
) -> None:
    def probabilities(random_state: Any) -> Any:
        cnn = small_cnn(random_state=random_state, early_stopping=early_stopping)
        return cnn.fit(noisy.texts, noisy.labels).predict_proba(new_texts)

    first = probabilities(seed)
    np.testing.assert_array_equal(probabilities(seed), first)
    np.testing.assert_array_equal(probabilities(np.random.RandomState(seed)), first)
    assert not np.array_equal(probabilities(seed + 1), first)


@pytest.mark.parametrize("random_state", [None, 0])
def test_no_global_random_state_is_read_or_changed(
    random_state: Any, small_cnn: Any, noisy: Any, new_texts: list[str]
) -> None:
    results = []
    for _ in range(2):
        np.random.seed(5)
        random.seed(5)
        before = str(np.random.get_state()), random.getstate(), dict(os.environ)
        cnn = small_cnn(random_state=random_state, early_stopping=True)
        results.append(cnn.fit(noisy.texts, noisy.labels).predict_proba(new_texts))
        assert (str(np.random.get_state()), random.getstate(), dict(os.environ)) == before
    assert np.array_equal(*results) == (random_state == 0)


@pytest.mark.parametrize("method", [*METHODS, "save"])
def test_an_unfitted_estimator_says_so(method: str, small_cnn: Any, two_classes: Any) -> None:
    with pytest.raises(NotFittedError, match="not fitted"):
        getattr(small_cnn(), method)(two_classes.texts)
    failed = small_cnn({"eggs": 5})
    with pytest.raises(ValueError, match="eggs"):
        failed.fit(two_classes.texts, two_classes.labels)
    with pytest.raises(NotFittedError, match="not fitted"):
        getattr(failed, method)(two_classes.texts)


def test_the_model_is_built_when_asked_for_and_equals_the_predictions(
    small_cnn: Any, three_classes: Any, new_texts: list[str]
) -> None:
    cnn = small_cnn(loss="cross_entropy", filter_widths=(2, 1, 3, 2), linear_model=False)
    cnn.fit(three_classes.texts, three_classes.labels)
    ids = np.zeros((len(new_texts), 30), np.int32)
    for row, text in enumerate(new_texts):
        tokens = [cnn.vocabulary_.get(word, 1) for word in text.split()]
        ids[row, : len(tokens)] = tokens
    assert cnn.model_ is cnn.model_
    outputs = cnn.model_.predict(ids, verbose=0)
    np.testing.assert_allclose(outputs, cnn.predict_proba(new_texts), atol=1e-5)


def test_unknown_words_and_empty_texts_have_probabilities_too(fitted: Any) -> None:
    probabilities = fitted.predict_proba(["", "unheard", "unheard unheard", "win"])
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities[1], probabilities[2], atol=1e-6)
    assert probabilities[3, 1] > probabilities[1, 1]


def test_missing_spam_that_costs_more_changes_the_label_of_the_same_text(
    small_cnn: Any, two_classes: Any
) -> None:
    def answer(costs: Any) -> Any:
        cnn: CostSensitiveTextCNN = small_cnn(costs, loss="cross_entropy", epochs=2)
        return cnn.fit(two_classes.texts, two_classes.labels).predict(["see win"]).item()

    assert [answer({"ham": 50}), answer({"spam": 50})] == ["ham", "spam"]


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_a_missing_label_is_refused_by_its_row(missing: object) -> None:
    labels = pd.Series(["spam", "ham", missing, "spam"], dtype=object)
    with pytest.raises(ValueError, match=r"missing labels .* 1 of 4 rows, the first is row 2"):
        CostSensitiveTextCNN().fit(["a", "b", "c", "d"], labels)


def test_a_fit_that_fails_leaves_the_estimator_as_it_was(small_cnn: Any, two_classes: Any) -> None:
    cnn = small_cnn().fit(two_classes.texts, two_classes.labels)
    before = cnn.predict(two_classes.texts)
    others = np.where(two_classes.labels == "spam", "A", "B")
    cnn.set_params(optimizer="no_such_optimizer")
    with pytest.raises(ValueError, match="no_such_optimizer"):
        cnn.fit(two_classes.texts, others)
    np.testing.assert_array_equal(cnn.predict(two_classes.texts), before)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_training_that_diverges_says_so(small_cnn: Any, two_classes: Any) -> None:
    cnn = small_cnn(optimizer="sgd", learning_rate=1e30)
    with pytest.raises(ValueError, match=r"Training diverged.*learning_rate"):
        cnn.fit(two_classes.texts, two_classes.labels)


def test_labels_of_several_types_are_refused() -> None:
    labels = np.array(["spam", 1, "ham"], dtype=object)
    with pytest.raises(TypeError, match=r"types \['int', 'str'\]"):
        CostSensitiveTextCNN().fit(["a", "b", "c"], labels)


def test_a_rare_word_with_a_vector_is_known_in_training_too(
    small_cnn: Any, two_classes: Any
) -> None:
    vectors = {"once": [1.0, 0.0], "never": [0.0, 1.0]}
    texts = [*two_classes.texts, "once in a while"]
    labels = [*two_classes.labels, "ham"]
    cnn = small_cnn(min_count=2, word_vectors=vectors, embedding_init="uniform")
    cnn.fit(texts, labels)
    assert cnn.vocabulary_["once"] < cnn._model.network.weights.n_seen <= cnn.vocabulary_["never"]


@pytest.mark.parametrize("unit", [2.0**-1000, 2.0**1021])
def test_a_tiny_or_huge_unit_of_the_costs_changes_no_fit(unit, small_cnn, two_classes, new_texts):
    costs = np.array([[0.0, 1.0], [5.0, 0.0]])
    texts, labels = two_classes.texts, two_classes.labels
    expected = small_cnn(costs, epochs=1).fit(texts, labels)
    found = small_cnn(unit * costs, epochs=1).fit(texts, labels)
    np.testing.assert_allclose(found.predict_proba(new_texts), expected.predict_proba(new_texts))
    np.testing.assert_array_equal(found.predict(new_texts), expected.predict(new_texts))
    np.testing.assert_array_equal(found.cost_matrix_, unit * costs)
