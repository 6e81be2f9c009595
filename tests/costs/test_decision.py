from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skcnn.costs import bayes_threshold, decide, expected_costs

CLASSES = np.array(["ham", "offer", "spam"])
MATRIX = np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 4.0], [5.0, 6.0, 0.0]])

# Coarse numbers, for ties, and fine ones.
weights = arrays(np.float64, (5, 4), elements=st.floats(0.001, 1) | st.sampled_from([0.1, 0.3]))


def test_expected_costs_are_worked_out_by_hand():
    costs = expected_costs([[0.5, 0.3, 0.2]], MATRIX)
    expected = [[0.3 * 3 + 0.2 * 5, 0.5 * 1 + 0.2 * 6, 0.5 * 2 + 0.3 * 4]]
    np.testing.assert_allclose(costs, expected, rtol=1e-15)


def test_a_more_expensive_miss_turns_the_decision_on_the_same_text():
    text = [[0.7, 0.2, 0.1]]
    assert decide(text, {"spam": 5}, labels=CLASSES) == ["ham"]
    assert decide(text, {"spam": 10}, labels=CLASSES) == ["spam"]


def test_labels_are_given_if_asked_for_and_indices_if_not():
    text = np.array([[0.1, 0.2, 0.7], [0.8, 0.1, 0.1]], dtype=np.float32)
    answers = decide(text, None, labels=CLASSES)
    assert answers.tolist() == ["spam", "ham"]
    assert answers.dtype == CLASSES.dtype
    indices = decide(text, None)
    assert indices.tolist() == [2, 0]
    assert indices.dtype == np.int64


def test_a_labeled_matrix_is_understood_with_the_classes():
    frame = pd.DataFrame(MATRIX, CLASSES, CLASSES).loc[::-1]
    text = [[0.5, 0.3, 0.2]]
    np.testing.assert_array_equal(
        expected_costs(text, frame, CLASSES), expected_costs(text, MATRIX)
    )


@settings(deadline=None)
@given(weights, st.floats(1e-3, 1e3))
def test_equal_costs_mean_the_most_probable_class(table, cost):
    table = table / table.sum(axis=1, keepdims=True)
    answers = decide(table, cost * (1 - np.eye(4)))
    np.testing.assert_array_equal(answers, table.argmax(axis=1))


@settings(deadline=None)
@given(weights, arrays(np.float64, (4, 4), elements=st.floats(0.01, 100)))
def test_no_other_prediction_is_expected_to_cost_less(table, matrix):
    table = table / table.sum(axis=1, keepdims=True)
    np.fill_diagonal(matrix, 0)
    costs = expected_costs(table, matrix)
    chosen = costs[np.arange(len(table)), decide(table, matrix)]
    np.testing.assert_allclose(chosen, costs.min(axis=1), rtol=0, atol=1e-11)


def test_a_tie_goes_to_the_more_probable_class_and_then_to_the_first():
    # Expected costs of the three answers: 1, 1 and more.
    assert decide([[0.5, 0.25, 0.25]], [[0, 2, 9], [4, 0, 9], [0.0, 0, 0]]).tolist() == [0]
    assert decide([[0.25, 0.5, 0.25]], [[0, 4, 9], [2, 0, 9], [0.0, 0, 0]]).tolist() == [1]
    assert decide([[0.5, 0.5]], None).tolist() == [0]
    assert decide([[0.2, 0.4, 0.4]], None).tolist() == [1]


@pytest.mark.parametrize("ratio", [3, 5, 6, 7, 9, 11, 13, 49])
def test_rounding_does_not_decide_a_tie(ratio):
    positive = 1 / (1 + ratio)
    table = [[1 - positive, positive], [ratio / (1 + ratio), positive]]
    assert decide(table, {1: ratio}).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("matrix", "threshold"),
    [
        (None, 0.5),
        ([[0, 1], [4, 0]], 0.2),
        ({1: 9}, 0.1),
        ([[-1, 1], [5, -3]], 0.2),
        ([[0, 0], [5, 0]], 0.0),
        ([[0, 3], [0, 0]], 1.0),
    ],
)
def test_the_threshold_is_where_the_decision_turns(matrix, threshold):
    assert bayes_threshold(matrix) == pytest.approx(threshold, abs=1e-15)
    assert isinstance(bayes_threshold(matrix), float)
    grid = np.linspace(0, 1, 101)
    grid = grid[np.abs(grid - threshold) > 1e-9]
    answers = decide(np.stack([1 - grid, grid], axis=1), matrix)
    np.testing.assert_array_equal(answers, grid > threshold)


def test_more_than_two_classes_have_no_threshold():
    with pytest.raises(ValueError, match=r"shape \(3, 3\); expected \(2, 2\)"):
        bayes_threshold(MATRIX)


@pytest.mark.parametrize("function", [decide, expected_costs])
@pytest.mark.parametrize(
    ("table", "matrix", "classes", "message"),
    [
        (
            [[0.5, 0.5], [50, 50]],
            None,
            None,
            "probabilities[1] is [50.0, 50.0]; expected numbers >= 0 that sum to 1. Pass "
            "probabilities, as from predict_proba or a softmax; apply a softmax to logits first.",
        ),
        (
            [[0.5, np.nan]],
            None,
            None,
            "probabilities[0] is [0.5, nan]; expected numbers >= 0 that sum to 1. Pass "
            "probabilities, as from predict_proba or a softmax; apply a softmax to logits first.",
        ),
        (
            [0.2, 0.8],
            None,
            None,
            "probabilities has shape (2,); expected (n_samples, n_classes) with one column per "
            "class, as from predict_proba. For a single column p, pass np.column_stack([1 - p, "
            "p]).",
        ),
        (
            [[0.5, 0.5]],
            None,
            CLASSES,
            "probabilities has 2 columns, labels has shape (3,); expected (2,): one label per "
            "column.",
        ),
        (
            [[0.5, 0.5]],
            MATRIX,
            None,
            "cost_matrix has shape (3, 3); expected (2, 2): one row and one column per class in "
            "classes_ = [0, 1].",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_how_to_fix_it(function, table, matrix, classes, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        function(table, matrix, classes)


@pytest.mark.parametrize("row", [[0.33, 0.33, 0.33], [0.34, 0.34, 0.34], [0.5, 0.498, 0.0]])
def test_the_error_about_rounded_probabilities_names_the_sum_and_how_to_divide_by_it(row):
    table = np.array([row])
    message = (
        rf"They sum to {table.sum():.6g}\. If they were rounded, divide .*axis=1, keepdims=True"
    )
    with pytest.raises(ValueError, match=message):
        decide(table)
    decide(table / table.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("costs", [{"tech": 5}, {"tech": 5, "other": 1}, pd.Series({"tech": 5})])
def test_a_threshold_by_names_is_refused_with_what_to_write(costs):
    with pytest.raises(ValueError, match=r"names 'tech'; .*classes 0 .* and 1 .*write \{1: 5\}"):
        bayes_threshold(costs)
    assert bayes_threshold({1: 5}) == pytest.approx(1 / 6)


def test_probabilities_rounded_to_three_digits_are_accepted():
    assert decide([[0.333, 0.333, 0.333]], None).tolist() == [0]
