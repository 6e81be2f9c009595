from __future__ import annotations

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skcnn.costs import check_cost_matrix, class_costs, decide, loss_cost_matrix

LABELS = ["ham", "offer", "spam"]
CLASSES = np.array(LABELS)
MATRIX = np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 4.0], [5.0, 6.0, 0.0]])
FRAME = pd.DataFrame(MATRIX, index=LABELS, columns=LABELS)
PAIRS = {(LABELS[i], LABELS[j]): MATRIX[i, j] for i in range(3) for j in range(3)}

SAME_MATRIX = {
    "array": MATRIX,
    "integers": MATRIX.astype(int),
    "float32": MATRIX.astype(np.float32),
    "objects": MATRIX.astype(object),
    "lists": MATRIX.tolist(),
    "tuples": tuple(map(tuple, MATRIX)),
    "frame": FRAME,
    "shuffled frame": FRAME.loc[["spam", "ham", "offer"], ["offer", "spam", "ham"]],
    "pairs": PAIRS,
    "pairs of NumPy strings": {(np.str_(t), np.str_(p)): c for (t, p), c in PAIRS.items()},
    "errors only": {pair: cost for pair, cost in PAIRS.items() if cost},
}

costly = arrays(np.float64, (4, 4), elements=st.floats(0.01, 100))


@pytest.mark.parametrize("form", SAME_MATRIX.values(), ids=SAME_MATRIX)
def test_every_form_of_a_matrix_gives_the_same_array(form):
    checked = check_cost_matrix(form, CLASSES)
    np.testing.assert_array_equal(checked, MATRIX)
    assert checked.dtype == np.float64
    assert not np.shares_memory(checked, MATRIX)


def test_no_matrix_means_that_every_error_costs_one():
    for form in (None, {}):
        np.testing.assert_array_equal(check_cost_matrix(form, CLASSES), 1 - np.eye(3))


def test_a_label_sets_the_costs_of_its_whole_row_and_the_others_cost_one():
    expected = [[0, 1, 1], [1, 0, 1], [5, 5, 0]]
    np.testing.assert_array_equal(check_cost_matrix({"spam": 5}, CLASSES), expected)


def test_a_pair_sets_one_entry_and_the_other_errors_cost_one():
    checked = check_cost_matrix({("spam", "ham"): 5, ("spam", "spam"): -2}, CLASSES)
    np.testing.assert_array_equal(checked, [[0, 1, 1], [1, 0, 1], [5, 1, -2]])


@pytest.mark.parametrize("label", [1, np.int64(1), np.uint8(1), 1.0, True])
def test_labels_of_a_dict_match_by_equality(label):
    expected = [[0, 1], [5, 0]]
    np.testing.assert_array_equal(check_cost_matrix({label: 5}, np.array([0, 1])), expected)
    np.testing.assert_array_equal(check_cost_matrix({(label, 0): 5}, np.array([0, 1])), expected)


@pytest.mark.parametrize("costs", [{"offer": 2, "spam": 5.0}, {("spam", "ham"): 3}])
def test_a_series_is_the_dict_with_its_labels(costs):
    np.testing.assert_array_equal(
        check_cost_matrix(pd.Series(costs), CLASSES), check_cost_matrix(costs, CLASSES)
    )


def test_balanced_makes_every_class_cost_the_same_in_total():
    weights = np.array([70.0, 20.0, 10.0])
    checked = check_cost_matrix("balanced", CLASSES, class_totals=weights)
    for row, miss_cost in enumerate(100 / (3 * weights)):
        expected = np.where(np.arange(3) == row, 0, miss_cost)
        np.testing.assert_allclose(checked[row], expected, rtol=1e-15)
    np.testing.assert_allclose(weights * class_costs(checked), 100 / 3)


def test_a_benefit_and_a_class_whose_errors_are_free_are_allowed():
    benefit = [[-1, 1], [5, -3]]
    np.testing.assert_array_equal(check_cost_matrix(benefit, [0, 1]), benefit)
    np.testing.assert_array_equal(check_cost_matrix([[0, 0], [5, 0]], [0, 1]), [[0, 0], [5, 0]])


def test_the_callers_array_and_the_result_are_independent():
    mine = MATRIX.copy()
    check_cost_matrix(mine, CLASSES)[:] = -1
    np.testing.assert_array_equal(mine, MATRIX)


WITH_NAN = MATRIX.copy()
WITH_NAN[2, 0] = np.nan
CHEAPER = MATRIX.copy()
CHEAPER[2, 2] = 5.5
RENAMED = FRAME.rename(index={"offer": "offers"})
FORMS = (
    "None, 'balanced', a (K, K) array, a DataFrame with the labels as index and columns, "
    "{label: cost of missing it} or {(true label, predicted label): cost}"
)

REFUSED = {
    "wrong shape": (
        [[0, 1, 2], [3, 0, 4]],
        ValueError,
        "cost_matrix has shape (2, 3); expected (3, 3): one row and one column per class in "
        "classes_ = ['ham', 'offer', 'spam'].",
    ),
    "NaN": (
        WITH_NAN,
        ValueError,
        "cost_matrix has the cost nan for predicting 'ham' when the true class is 'spam'; "
        "expected a finite number. To prevent a prediction, give it a large cost.",
    ),
    "infinity": (
        {("ham", "spam"): np.inf},
        ValueError,
        "cost_matrix has the cost inf for predicting 'spam' when the true class is 'ham'; "
        "expected a finite number. To prevent a prediction, give it a large cost.",
    ),
    "wrong answer cheaper": (
        CHEAPER,
        ValueError,
        "cost_matrix makes a wrong prediction cheaper than the correct one: when the true class is "
        "'spam', predicting 'ham' costs 5 and predicting 'spam' costs 5.5. Rows are the true "
        "classes and columns the predictions; transpose the matrix if yours is the other way "
        "round.",
    ),
    "negative cost of a miss": (
        {"offer": -1},
        ValueError,
        "cost_matrix['offer'] is -1, the cost of missing 'offer'; expected a number >= 0. A gain "
        "of a correct prediction is a negative cost on the diagonal: {('offer', 'offer'): -1}.",
    ),
    "negative cost of a pair": (
        {("offer", "ham"): -1},
        ValueError,
        "cost_matrix makes a wrong prediction cheaper than the correct one: when the true class is "
        "'offer', predicting 'ham' costs -1 and predicting 'offer' costs 0. The keys are pairs "
        "(true label, predicted label). Give the error a higher cost, or the correct prediction a "
        "lower one.",
    ),
    "no cost at all": (
        np.ones((3, 3)),
        ValueError,
        "cost_matrix makes every error as cheap as the correct prediction; expected at least one "
        "error among classes_ = ['ham', 'offer', 'spam'] to cost more. cost_matrix=None makes "
        "every error cost 1.",
    ),
    "unknown label": (
        {"spma": 5},
        ValueError,
        "cost_matrix names 'spma', which is not in classes_ = ['ham', 'offer', 'spam']. Labels "
        "are compared by ==: 1 and '1' differ. If the class is missing from the training part of "
        "a split, use a stratified split.",
    ),
    "unknown label in a pair": (
        {("spam", 0): 5},
        ValueError,
        "cost_matrix names 0, which is not in classes_ = ['ham', 'offer', 'spam']. Labels are "
        "compared by ==: 1 and '1' differ. If the class is missing from the training part of a "
        "split, use a stratified split.",
    ),
    "labels and pairs": (
        {("spam", "ham"): 5, "offer": 2},
        ValueError,
        "cost_matrix mixes labels such as 'offer' with pairs such as ('spam', 'ham'); expected "
        "one or the other. Write every entry as (true label, predicted label).",
    ),
    "three labels": (
        {("spam", "ham", "offer"): 5},
        ValueError,
        "cost_matrix has the key ('spam', 'ham', 'offer'); expected a label or a pair (true "
        "label, predicted label).",
    ),
    "cost in words": (
        {"spam": "five"},
        TypeError,
        "cost_matrix['spam'] is 'five' of type str; expected a number.",
    ),
    "unknown word": (
        "balancd",
        ValueError,
        f"cost_matrix is 'balancd'; expected {FORMS}.",
    ),
    "balanced without rows": (
        "balanced",
        ValueError,
        "cost_matrix='balanced' is computed from training rows, and there are none here. Pass "
        "the matrix itself, such as the fitted estimator's cost_matrix_.",
    ),
    "a number": (
        5,
        TypeError,
        f"cost_matrix is 5 of type int; expected {FORMS}, with numbers as costs.",
    ),
    "words": (
        [["0", "1"], ["5", "0"]],
        TypeError,
        f"cost_matrix is [['0', '1'], ['5', '0']] of type list; expected {FORMS}, with numbers "
        "as costs.",
    ),
    "ragged": (
        [[0, 1], [5]],
        TypeError,
        f"cost_matrix is [[0, 1], [5]] of type list; expected {FORMS}, with numbers as costs.",
    ),
    "frame with another label": (
        RENAMED,
        ValueError,
        "cost_matrix has the index ['ham', 'offers', 'spam']; expected each label of classes_ = "
        "['ham', 'offer', 'spam'] once. Missing: ['offer']; unexpected: ['offers']. Rename them, "
        "or pass frame.to_numpy() if rows and columns have the order of classes_.",
    ),
    "frame with a label twice": (
        FRAME[["ham", "offer", "spam", "spam"]],
        ValueError,
        "cost_matrix has the columns ['ham', 'offer', 'spam', 'spam']; expected each label of "
        "classes_ = ['ham', 'offer', 'spam'] once. Missing: []; unexpected: []. Rename them, or "
        "pass frame.to_numpy() if rows and columns have the order of classes_.",
    ),
    "frame without row labels": (
        pl.DataFrame(MATRIX, schema=LABELS),
        TypeError,
        "cost_matrix is a DataFrame without row labels; expected a DataFrame with an index. Pass "
        "frame.to_numpy() with rows and columns in the order of classes_ = ['ham', 'offer', "
        "'spam'].",
    ),
}


@pytest.mark.parametrize(("form", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_matrix_is_refused_with_what_it_has_and_how_to_fix_it(form, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        check_cost_matrix(form, CLASSES)


@pytest.mark.parametrize(
    ("classes", "fix"),
    [
        ([0, 1], r"every class, as in .*as an array .* \[\[0, 1\], \[5, 0\]\] if missing the last"),
        ([1, 2], "by =="),
        ([False, True], "by =="),
    ],
)
def test_the_error_about_a_name_among_numbered_classes_names_tools_that_number_them(classes, fix):
    with pytest.raises(ValueError, match=fix):
        check_cost_matrix({"spam": 5}, classes)


@pytest.mark.parametrize("label", ["1", 2])
def test_the_error_about_a_number_among_numbered_classes_says_how_labels_are_compared(label):
    with pytest.raises(ValueError, match="by =="):
        check_cost_matrix({label: 5}, [0, 1])


def test_balanced_names_the_class_without_training_rows():
    message = "needs training rows of every class; those of 'spam' have the total weight 0"
    with pytest.raises(ValueError, match=message):
        check_cost_matrix("balanced", CLASSES, class_totals=[3, 2, 0])


def test_a_single_class_is_refused():
    with pytest.raises(ValueError, match=r"at least two classes; got classes_ = \['ham'\]"):
        check_cost_matrix(None, ["ham"])


def test_a_class_that_is_named_twice_is_refused():
    with pytest.raises(ValueError, match=r"classes_ = \['ham', 'spam', 'ham'\] names 'ham' twice"):
        check_cost_matrix({"ham": 5}, ["ham", "spam", "ham"])


def test_the_error_about_a_name_asks_for_the_labels_where_they_were_left_out():
    with pytest.raises(ValueError, match=r"If the function takes labels=, pass the class labels\."):
        decide([[0.7, 0.3]], {"spam": 5})


def test_an_error_about_many_classes_stays_short():
    with pytest.raises(ValueError, match=r"8, 9, \.\.\.\] \(150 labels\)") as caught:
        check_cost_matrix(np.eye(3), np.arange(150))
    assert len(str(caught.value)) < 200


def test_a_class_weighs_what_its_errors_cost_on_average_above_the_correct_prediction():
    np.testing.assert_array_equal(class_costs(MATRIX), [1.5, 3.5, 5.5])
    np.testing.assert_array_equal(class_costs([[-1, 1], [5, 2]]), [2, 3])


@settings(deadline=None)
@given(costly, arrays(np.float64, 4, elements=st.floats(1, 1000)))
def test_inside_a_loss_correct_predictions_cost_nothing_and_rows_weigh_one_on_average(
    matrix, weights
):
    np.fill_diagonal(matrix, -1.0)
    inside = loss_cost_matrix(matrix, weights)
    assert (np.diagonal(inside) == 0).all()
    assert np.average(class_costs(inside), weights=weights) == pytest.approx(1, rel=1e-12)
    factor = inside[0, 1] / (matrix[0, 1] + 1.0)
    off_diagonal = ~np.eye(4, dtype=bool)
    np.testing.assert_allclose(inside[off_diagonal], factor * (matrix[off_diagonal] + 1), 1e-12)


@settings(deadline=None)
@given(costly, st.floats(1e-6, 1e6))
def test_the_unit_of_the_costs_does_not_reach_the_loss(matrix, unit):
    np.fill_diagonal(matrix, 0)
    weights = [1, 2, 3, 4]
    inside = loss_cost_matrix(matrix, weights)
    np.testing.assert_allclose(loss_cost_matrix(unit * matrix, weights), inside, rtol=1e-12)


@settings(deadline=None)
@given(st.floats(1e-6, 1e6), st.lists(st.integers(1, 10**6), min_size=2, max_size=9))
def test_equal_costs_in_any_unit_are_exactly_the_default(unit, weights):
    equal = check_cost_matrix(None, np.arange(len(weights)))
    inside = loss_cost_matrix(equal, weights)
    np.testing.assert_array_equal(loss_cost_matrix(unit * equal, weights), inside)


def test_a_loss_in_which_no_training_row_costs_anything_is_refused():
    with pytest.raises(ValueError, match="errors on every training row cost nothing"):
        loss_cost_matrix([[0, 0], [5, 0]], [10, 0])


@pytest.mark.parametrize("costs", [{"spam": 5}, None, "balanced", 5, [1, 2], np.ones((2, 3))])
def test_a_form_that_needs_the_classes_names_check_cost_matrix(costs):
    for take in (class_costs, lambda matrix: loss_cost_matrix(matrix, [1, 1])):
        with pytest.raises(TypeError, match=r"expected a \(K, K\) array\. check_cost_matrix makes"):
            take(costs)


def test_the_callers_matrix_is_left_as_it_was_by_the_loss_matrix():
    mine = MATRIX.copy()
    loss_cost_matrix(mine, [1, 1, 1])
    np.testing.assert_array_equal(mine, MATRIX)


def test_a_shift_by_the_correct_predictions_changes_no_decision():
    matrix = np.array([[-1.0, 2.0, 1.0], [4.0, 1.0, 6.0], [5.0, 9.0, -2.0]])
    probabilities = np.random.default_rng(0).dirichlet(np.ones(3), size=200)
    inside = loss_cost_matrix(matrix, [5, 3, 2])
    np.testing.assert_array_equal(decide(probabilities, matrix), decide(probabilities, inside))
