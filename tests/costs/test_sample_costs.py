from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from skcnn.costs import (
    average_cost,
    check_sample_costs,
    decide,
    expected_costs,
    normalized_cost,
    savings_score,
)
from skcnn.costs._sample_costs import mean_cost_matrix

METRICS = [average_cost, normalized_cost, savings_score]
LABELS = np.array(["ham", "offer", "spam"])

every_metric = pytest.mark.parametrize("metric", METRICS)


@dataclass(frozen=True)
class Texts:
    """Rows with probabilities, costs of their own, a truth, an answer and a weight each."""

    table: NDArray[np.float64]  # (n, K)
    costs: NDArray[np.float64]  # (n, K)
    true: NDArray[np.int64]  # (n,)
    answer: NDArray[np.int64]  # (n,)
    weight: NDArray[np.float64]  # (n,)


_FINE, _COST = st.floats(0.001, 1), st.floats(0.01, 100)


@st.composite
def texts(draw, most_classes=6):
    k, n = draw(st.integers(2, most_classes)), draw(st.integers(1, 7))
    # Coarse numbers, for ties, and fine ones.
    raw = draw(arrays(np.float64, (n, k), elements=st.sampled_from([0.1, 0.3]) | _FINE))
    costs = draw(arrays(np.float64, (n, k), elements=st.sampled_from([0.0, 1.0, 5.0]) | _COST))
    labels = arrays(np.int64, n, elements=st.integers(0, k - 1))
    weight = draw(arrays(np.float64, n, elements=st.floats(0.1, 5)))
    return Texts(raw / raw.sum(axis=1, keepdims=True), costs, draw(labels), draw(labels), weight)


@settings(deadline=None)
@given(texts())
def test_expected_costs_are_a_sum_over_the_classes_that_are_missed(rows):
    found = expected_costs(rows.table, sample_costs=rows.costs)
    for i, row in enumerate(rows.table):
        for answer in range(len(row)):
            cost = sum(row[t] * rows.costs[i, t] for t in range(len(row)) if t != answer)
            assert found[i, answer] == pytest.approx(cost, rel=1e-12, abs=1e-300)


@settings(deadline=None)
@given(texts())
def test_no_other_prediction_is_expected_to_cost_less(rows):
    costs = expected_costs(rows.table, sample_costs=rows.costs)
    chosen = costs[np.arange(len(costs)), decide(rows.table, sample_costs=rows.costs)]
    np.testing.assert_allclose(chosen, costs.min(axis=1), rtol=1e-12, atol=1e-11)


@settings(deadline=None)
@given(texts(), st.data())
def test_costs_that_are_the_same_in_every_row_are_a_cost_matrix(rows, data):
    n, k = rows.costs.shape
    of_classes = data.draw(arrays(np.float64, k, elements=st.sampled_from([1.0, 5.0]) | _COST))
    same = np.tile(of_classes, (n, 1))
    matrix = dict(enumerate(of_classes.tolist()))
    np.testing.assert_allclose(
        expected_costs(rows.table, sample_costs=same),
        expected_costs(rows.table, matrix),
        rtol=1e-12,
    )
    np.testing.assert_array_equal(decide(rows.table, sample_costs=same), decide(rows.table, matrix))
    arguments = {"labels": range(k), "sample_weight": rows.weight}
    mean_cost = average_cost(rows.true, rows.answer, sample_costs=same, **arguments)
    expected = average_cost(rows.true, rows.answer, cost_matrix=matrix, **arguments)
    assert mean_cost == pytest.approx(expected, rel=1e-12)
    if len(np.unique(rows.true)) > 1:
        savings = savings_score(rows.true, rows.answer, sample_costs=same, **arguments)
        expected = savings_score(rows.true, rows.answer, cost_matrix=matrix, **arguments)
        assert savings == pytest.approx(expected, rel=1e-12, abs=1e-12)


@settings(deadline=None)
@given(texts())
def test_the_average_cost_is_the_weighted_mean_of_the_mistakes(rows):
    total = sum(
        rows.weight[i] * rows.costs[i, true]
        for i, true in enumerate(rows.true)
        if true != rows.answer[i]
    )
    mean_cost = average_cost(
        rows.true,
        rows.answer,
        sample_costs=rows.costs,
        labels=range(rows.costs.shape[1]),
        sample_weight=rows.weight,
    )
    assert mean_cost == pytest.approx(total / rows.weight.sum(), rel=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_two_classes_agree_with_the_published_formulas(seed):
    # Bahnsen, Aouada & Ottersten (2014): costs, savings and the minimum risk decision.
    rng = np.random.default_rng(seed)
    n = 300
    true, answer = rng.integers(0, 2, size=(2, n))
    false_alarm, miss = rng.exponential(size=n), rng.exponential(10, size=n)
    probability = rng.uniform(size=n)
    costs = np.column_stack([false_alarm, miss])

    def total(c):
        return np.sum(true * (1 - c) * miss + (1 - true) * c * false_alarm)

    assert average_cost(true, answer, sample_costs=costs) == pytest.approx(
        total(answer) / n, rel=1e-12
    )
    base = min(total(np.zeros(n)), total(np.ones(n)))
    savings = 1 - total(answer) / base
    assert savings_score(true, answer, sample_costs=costs) == pytest.approx(savings, abs=1e-12)
    assert normalized_cost(true, answer, sample_costs=costs) == pytest.approx(
        1 - savings, abs=1e-12
    )
    decided = decide(np.column_stack([1 - probability, probability]), sample_costs=costs)
    np.testing.assert_array_equal(decided, probability * miss >= (1 - probability) * false_alarm)


@settings(deadline=None)
@given(texts(most_classes=4))
def test_savings_are_the_share_of_the_best_constant_prediction(rows):
    n, k = rows.costs.shape
    arguments = {
        "sample_costs": rows.costs,
        "labels": range(k),
        "sample_weight": rows.weight,
    }
    cheapest = min(average_cost(rows.true, np.full(n, label), **arguments) for label in range(k))
    if cheapest > 0:
        mean_cost = average_cost(rows.true, rows.answer, **arguments)
        savings = savings_score(rows.true, rows.answer, **arguments)
        assert savings == pytest.approx(1 - mean_cost / cheapest, rel=1e-9, abs=1e-9)
        assert normalized_cost(rows.true, rows.answer, **arguments) == 1 - savings
        assert savings_score(rows.true, rows.true, **arguments) == 1


def test_a_more_expensive_text_turns_the_decision_about_the_same_probabilities():
    answers = decide([[0.8, 0.2]] * 3, sample_costs=[[1, 2], [1, 10], [3, 10]], labels=LABELS[:2])
    assert answers.tolist() == ["ham", "offer", "ham"]


@settings(deadline=None)
@given(texts(), st.integers(-20, 20), st.data())
def test_the_unit_of_a_single_row_changes_no_decision(rows, power, data):
    scaled = rows.costs.copy()
    scaled[data.draw(st.integers(0, len(scaled) - 1))] *= 2.0**power
    np.testing.assert_array_equal(
        decide(rows.table, sample_costs=scaled), decide(rows.table, sample_costs=rows.costs)
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("factor", [1e-6, 0.3, 7, 1e6])
def test_the_unit_of_every_row_changes_no_decision(seed, factor):
    rng = np.random.default_rng(seed)
    table, costs = rng.dirichlet(np.ones(4), size=200), rng.exponential(size=(200, 4))
    units = factor * rng.uniform(0.5, 2, size=(200, 1))
    np.testing.assert_array_equal(
        decide(table, sample_costs=units * costs), decide(table, sample_costs=costs)
    )


@pytest.mark.parametrize("seed", range(5))
def test_rows_do_not_know_of_one_another(seed):
    rng = np.random.default_rng(seed)
    table, costs = rng.dirichlet(np.ones(3), size=50), rng.exponential(size=(50, 3))
    together = decide(table, sample_costs=costs, labels=LABELS)
    alone = [decide(table[[i]], sample_costs=costs[[i]], labels=LABELS)[0] for i in range(50)]
    assert together.tolist() == alone


@pytest.mark.parametrize("order", [[2, 0, 1], [1, 0, 2], [2, 1, 0]])
def test_the_order_of_the_classes_does_not_matter(order):
    rng = np.random.default_rng(0)
    table, costs = rng.dirichlet(np.ones(3), size=50), rng.exponential(size=(50, 3))
    true, turned = LABELS[rng.integers(0, 3, size=50)], LABELS[order]
    answers = decide(table, sample_costs=costs, labels=LABELS)
    np.testing.assert_array_equal(
        decide(table[:, order], sample_costs=costs[:, order], labels=turned), answers
    )
    for metric in METRICS:
        assert metric(true, answers, sample_costs=costs[:, order], labels=turned) == pytest.approx(
            metric(true, answers, sample_costs=costs, labels=LABELS), rel=1e-12
        )


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 0, 2]])
@pytest.mark.parametrize("labels", [LABELS, np.array([3, 7, 11])], ids=["strings", "integers"])
def test_the_columns_of_a_frame_name_the_classes_in_any_order(order, labels):
    rng = np.random.default_rng(1)
    table, costs = rng.dirichlet(np.ones(3), size=30), rng.exponential(size=(30, 3))
    # An index of its own, as after a split: rows belong together by their place.
    frame = pd.DataFrame(costs, columns=labels, index=rng.permutation(30))[labels[order]]
    np.testing.assert_array_equal(check_sample_costs(frame, 30, labels), costs)
    np.testing.assert_array_equal(
        expected_costs(table, sample_costs=frame, labels=labels),
        expected_costs(table, sample_costs=costs),
    )
    answers = decide(table, sample_costs=frame, labels=labels)
    np.testing.assert_array_equal(answers, labels[decide(table, sample_costs=costs)])
    true = labels[rng.integers(0, 3, size=30)]
    for metric in METRICS:
        assert metric(true, answers, sample_costs=frame, labels=labels) == metric(
            true, answers, sample_costs=costs, labels=labels
        )


@every_metric
def test_integer_weights_count_as_repeated_rows(metric):
    rng = np.random.default_rng(2)
    true, answer = LABELS[rng.integers(0, 3, size=(2, 40))]
    costs, weight = rng.exponential(size=(40, 3)), rng.integers(0, 4, size=40)
    weighted = metric(true, answer, sample_costs=costs, sample_weight=weight, labels=LABELS)
    repeated = metric(
        true.repeat(weight),
        answer.repeat(weight),
        sample_costs=costs.repeat(weight, axis=0),
        labels=LABELS,
    )
    assert weighted == pytest.approx(repeated, rel=1e-12)


def test_the_mean_cost_of_a_class_is_that_of_its_own_rows():
    costs = np.array([[1.0, 50], [3, 60], [70, 2], [80, 8]])
    targets = np.array([0, 0, 1, 1])
    assert mean_cost_matrix(costs, targets).tolist() == [[0, 2], [5, 0]]
    weight = np.array([1.0, 3, 5, 0])
    assert mean_cost_matrix(costs, targets, weight).tolist() == [[0, 2.5], [2, 0]]


def as_matrices(costs):
    """Costs of missing each class as a cost matrix for each row, (n, K) -> (n, K, K)."""
    return costs[:, :, np.newaxis] * (1 - np.eye(costs.shape[1]))


@settings(deadline=None)
@given(texts())
def test_a_matrix_for_each_row_is_decided_and_scored_by_hand(rows):
    n, k = rows.costs.shape
    C = np.random.default_rng(n * k).normal(size=(n, k, k))  # negative ones, cheaper errors: all
    expected = np.array([rows.table[i] @ C[i] for i in range(n)])
    np.testing.assert_allclose(expected_costs(rows.table, sample_costs=C), expected, atol=1e-12)
    answer = decide(rows.table, sample_costs=C)
    np.testing.assert_array_equal(answer, expected.argmin(axis=1))
    paid = [C[i, rows.true[i], answer[i]] for i in range(n)]
    arguments = {"sample_costs": C, "labels": range(k), "sample_weight": rows.weight}
    mean_cost = average_cost(rows.true, answer, **arguments)
    assert mean_cost == pytest.approx(np.average(paid, weights=rows.weight), abs=1e-12)
    constants = [average_cost(rows.true, np.full(n, j), **arguments) for j in range(k)]
    cheapest = min(constants)
    savings = savings_score(rows.true, answer, **arguments)
    assert savings == pytest.approx((cheapest - mean_cost) / abs(cheapest), rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(texts())
def test_a_matrix_for_each_row_says_the_same_as_the_costs_of_missing(rows):
    C = as_matrices(rows.costs)
    np.testing.assert_allclose(
        expected_costs(rows.table, sample_costs=C),
        expected_costs(rows.table, sample_costs=rows.costs),
        rtol=1e-12,
    )
    arguments = {"labels": range(C.shape[1]), "sample_weight": rows.weight}
    assert average_cost(rows.true, rows.answer, sample_costs=C, **arguments) == average_cost(
        rows.true, rows.answer, sample_costs=rows.costs, **arguments
    )


def test_a_case_that_is_not_worth_its_price_is_left_alone():
    amount, review = np.array([2.0, 4, 6, 100]), 5
    costs = np.array([[[0, review], [a, review]] for a in amount])
    surely = np.tile([0.0, 1.0], (4, 1))
    assert decide(surely, sample_costs=costs).tolist() == [0, 0, 1, 1]
    assert average_cost([1] * 4, [0, 0, 1, 1], sample_costs=costs, labels=[0, 1]) == 4


def test_the_mean_matrix_of_a_class_is_that_of_its_own_rows():
    C = np.arange(16.0).reshape(4, 2, 2)
    weight = np.array([1.0, 3, 5, 0])
    targets = np.array([0, 0, 1, 1])
    assert mean_cost_matrix(C, targets).tolist() == [[2, 3], [12, 13]]
    assert mean_cost_matrix(C, targets, weight).tolist() == [[3, 4], [10, 11]]


def test_checked_costs_are_new_and_the_callers_stay_as_they_are():
    costs = np.array([[1.0, 2], [3, 4]])
    frame = pd.DataFrame(costs.copy(), columns=["spam", "ham"])
    costs.setflags(write=False)
    checked = check_sample_costs(costs, 2, ["ham", "spam"])
    assert checked.dtype == np.float64
    checked[:] = -1
    check_sample_costs(frame, 2, ["ham", "spam"])[:] = -1
    for table in (costs, frame):
        decide([[0.5, 0.5]] * 2, sample_costs=table, labels=["ham", "spam"])
        average_cost(["ham", "spam"], ["spam", "ham"], sample_costs=table)
    assert costs.tolist() == [[1, 2], [3, 4]]
    assert frame.to_numpy().tolist() == [[1, 2], [3, 4]]
    assert frame.columns.tolist() == ["spam", "ham"]


@pytest.mark.parametrize(
    "costs",
    [[(1, 2), (3, 4)], np.array([[1, 2], [3, 4]], dtype=np.uint8), np.array([[1, 2], [3, 4]], "O")],
    ids=["tuples", "small integers", "objects"],
)
def test_numbers_of_any_type_are_costs(costs):
    checked = check_sample_costs(costs, 2, ["ham", "spam"])
    assert checked.dtype == np.float64
    assert checked.tolist() == [[1, 2], [3, 4]]


FORM = "one cost >= 0 for each row and class, of missing that class in that row"
WRONG_COSTS = [
    (
        np.ones((3, 2)),
        ValueError,
        f"sample_costs has shape (3, 2); expected (2, 2): {FORM}, or (2, 2, 2): a cost matrix for "
        "each row, with the classes ['ham', 'spam'].",
    ),
    (np.ones((2, 3)), ValueError, f"sample_costs has shape (2, 3); expected (2, 2): {FORM}, "),
    (np.ones((2, 2, 3)), ValueError, "sample_costs has shape (2, 2, 3); expected (2, 2): "),
    (np.ones((3, 2, 2)), ValueError, "sample_costs has shape (3, 2, 2); expected (2, 2): "),
    (np.ones((2, 2, 2, 2)), ValueError, "sample_costs has shape (2, 2, 2, 2); expected (2, 2): "),
    (
        np.full((2, 2, 2), np.nan),
        ValueError,
        "sample_costs[0, 0, 0] is nan; expected a cost matrix for each row, finite.",
    ),
    (
        [[1, 2], [3, -4]],
        ValueError,
        f"sample_costs[1, 1] is -4.0; expected {FORM}, finite. If finding the class costs "
        "something too, give a cost matrix for each row, of shape (2, 2, 2).",
    ),
    ([1, 2], ValueError, f"sample_costs has shape (2,); expected (2, 2): {FORM}, "),
    (5, ValueError, f"sample_costs has shape (); expected (2, 2): {FORM}, "),
    ([[1, 2], [np.nan, 4]], ValueError, f"sample_costs[1, 0] is nan; expected {FORM}, finite."),
    ([[1, np.inf], [3, 4]], ValueError, f"sample_costs[0, 1] is inf; expected {FORM}, finite."),
    (
        [["cheap", "much"], [3, 4]],
        TypeError,
        "sample_costs holds something other than numbers: [['cheap', 'much'], [3, 4]]; expected",
    ),
    ([[1, 2], [3]], TypeError, "sample_costs holds something other than numbers"),
    ({0: 1, 1: 5}, TypeError, "sample_costs holds something other than numbers"),
    ("balanced", TypeError, "sample_costs holds something other than numbers"),
    (
        pd.DataFrame([[1, 2], [3, 4]], columns=["ham", "eggs"]),
        ValueError,
        "sample_costs has the columns ['ham', 'eggs']; expected one for each class: ['ham'",
    ),
    (
        pd.DataFrame([[1, 2], [3, 4]]),
        ValueError,
        "sample_costs has the columns [0, 1]; expected one for each class: ['ham', 'spam']",
    ),
    (
        pd.DataFrame([[1, 2, 3], [3, 4, 5]], columns=["ham", "spam", "spam"]),
        ValueError,
        "sample_costs has the columns ['ham', 'spam', 'spam']; expected one for each class",
    ),
]


@pytest.mark.parametrize(("costs", "error", "message"), WRONG_COSTS)
def test_costs_that_do_not_fit_are_refused_everywhere(costs, error, message):
    labels, table = ["ham", "spam"], [[0.5, 0.5]] * 2
    for function, arguments in [
        (check_sample_costs, {"n_samples": 2, "labels": labels}),
        (expected_costs, {"probabilities": table, "labels": labels}),
        (decide, {"probabilities": table, "labels": labels}),
        *[(metric, {"y_true": labels, "y_pred": labels}) for metric in METRICS],
    ]:
        with pytest.raises(error, match=f"^{re.escape(message)}"):
            function(sample_costs=costs, **arguments)


@pytest.mark.parametrize("dtype", [str, object])
def test_strings_are_no_costs_even_where_they_spell_numbers(dtype):
    with pytest.raises(TypeError, match="something other than numbers"):
        check_sample_costs(np.array([["1", "2"]], dtype=dtype), 1, ["ham", "spam"])


def test_an_error_has_one_cost():
    both = {"cost_matrix": {"spam": 5}, "sample_costs": [[1, 2], [3, 4]]}
    labels = ["ham", "spam"]
    message = "^cost_matrix and sample_costs are both given.*expected one of them"
    for function in (expected_costs, decide):
        with pytest.raises(ValueError, match=message):
            function([[0.5, 0.5]] * 2, labels=labels, **both)
    for metric in METRICS:
        with pytest.raises(ValueError, match=message):
            metric(labels, labels, **both)


@every_metric
def test_a_class_that_does_not_appear_is_named_by_labels(metric):
    true, answer, costs = ["ham", "offer"], ["offer", "ham"], np.ones((2, 3))
    assert np.isfinite(metric(true, answer, sample_costs=costs, labels=LABELS))
    with pytest.raises(ValueError, match=r"shape \(2, 3\); expected \(2, 2\)") as caught:
        metric(true, answer, sample_costs=costs)
    assert "pass labels= with all classes" in caught.value.__notes__[0]


def test_columns_of_other_classes_are_left_aside_and_booleans_are_labels_too():
    frame = pd.DataFrame([[9, 1, 2], [9, 3, 4]], columns=["eggs", "spam", "ham"])
    assert check_sample_costs(frame, 2, ["ham", "spam"]).tolist() == [[2, 1], [4, 3]]
    frame = pd.DataFrame([[1, 2], [3, 4]], columns=[True, False])
    assert check_sample_costs(frame, 2, [False, True]).tolist() == [[2, 1], [4, 3]]
