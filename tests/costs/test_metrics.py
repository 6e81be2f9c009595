from __future__ import annotations

import linecache
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import confusion_matrix, zero_one_loss

from skcnn.costs import average_cost, normalized_cost, savings_score
from skcnn.costs._metrics import count_predictions

NO_OPTIONS = {
    "cost_matrix": None,
    "labels": None,
    "sample_weight": None,
    "abstain_cost": None,
    "abstain_label": -1,
}

METRICS = [average_cost, normalized_cost, savings_score]
TRUTH = np.array(["ham", "ham", "ham", "offer", "spam", "spam"])
ANSWER = np.array(["ham", "spam", "offer", "offer", "ham", "spam"])
LABELS = ["ham", "offer", "spam"]
MATRIX = np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 4.0], [5.0, 6.0, 0.0]])

every_metric = pytest.mark.parametrize("metric", METRICS)


def test_the_average_cost_is_worked_out_by_hand():
    assert average_cost(TRUTH, ANSWER, cost_matrix=MATRIX) == pytest.approx((2 + 1 + 5) / 6)


def test_without_a_matrix_the_average_cost_is_the_error_rate():
    error_rate = zero_one_loss(TRUTH, ANSWER)
    assert average_cost(TRUTH, ANSWER, cost_matrix=None) == pytest.approx(error_rate)


def test_savings_are_worked_out_by_hand():
    # Always "ham" costs 3 + 5 + 5, always "offer" 3 + 12, always "spam" 6 + 4.
    assert savings_score(TRUTH, ANSWER, cost_matrix=MATRIX) == pytest.approx(1 - 8 / 10)
    assert normalized_cost(TRUTH, ANSWER, cost_matrix=MATRIX) == pytest.approx(8 / 10)


def test_savings_agree_with_the_published_formula_for_two_classes():
    rng = np.random.default_rng(0)
    truth, answer = rng.integers(0, 2, size=(2, 200))
    fp, fn, tp, tn = 3.0, 20.0, 2.5, 0.5

    def cost(y):
        return np.sum(truth * (y * tp + (1 - y) * fn) + (1 - truth) * (y * fp + (1 - y) * tn))

    base = min(cost(np.zeros(200)), cost(np.ones(200)))
    savings = savings_score(truth, answer, cost_matrix=[[tn, fp], [fn, tp]])
    assert savings == pytest.approx(1 - cost(answer) / base, abs=1e-12)


def test_perfect_predictions_save_everything_and_the_best_constant_nothing():
    assert savings_score(TRUTH, TRUTH, cost_matrix=MATRIX) == 1
    constant = {label: [label] * 6 for label in LABELS}
    savings = {
        label: savings_score(TRUTH, answer, cost_matrix=MATRIX, labels=LABELS)
        for label, answer in constant.items()
    }
    assert max(savings.values()) == savings["spam"] == 0
    assert savings["offer"] == pytest.approx(1 - 15 / 10)


def test_where_constant_predictions_earn_something_higher_savings_are_still_better():
    earning = [[-1, 0], [0, -3]]
    truth = [0, 0, 0, 1]  # always 0 and always 1 both earn 3
    savings = [
        savings_score(truth, answer, cost_matrix=earning)
        for answer in ([1, 1, 1, 0], [0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1])
    ]
    assert savings == pytest.approx([-1, 0, 2 / 3, 1])


@every_metric
def test_integer_weights_count_as_repeated_rows(metric):
    weight = np.array([1, 0, 2, 3, 1, 4])
    weighted = metric(TRUTH, ANSWER, cost_matrix=MATRIX, sample_weight=weight)
    repeated = metric(TRUTH.repeat(weight), ANSWER.repeat(weight), cost_matrix=MATRIX)
    assert weighted == pytest.approx(repeated)


@every_metric
def test_the_order_of_the_labels_is_the_order_of_the_matrix(metric):
    order = [2, 0, 1]
    turned = metric(
        TRUTH,
        ANSWER,
        cost_matrix=MATRIX[np.ix_(order, order)],
        labels=[LABELS[i] for i in order],
    )
    assert turned == pytest.approx(metric(TRUTH, ANSWER, cost_matrix=MATRIX))


@every_metric
@pytest.mark.parametrize("container", [list, tuple, pd.Series, np.array])
def test_labels_come_in_any_container_and_the_matrix_in_any_form(metric, container):
    frame = pd.DataFrame(MATRIX, LABELS, LABELS).loc[::-1]
    found = metric(container(TRUTH), container(ANSWER), cost_matrix=frame)
    assert found == metric(TRUTH, ANSWER, cost_matrix=MATRIX)
    assert isinstance(found, float)


@every_metric
def test_a_class_that_does_not_appear_is_named_by_labels(metric):
    few = TRUTH[:4], ANSWER[[0, 2, 0, 3]]
    assert np.isfinite(metric(*few, cost_matrix=MATRIX, labels=LABELS))
    with pytest.raises(ValueError, match=r"shape \(3, 3\); expected \(2, 2\)") as caught:
        metric(*few, cost_matrix=MATRIX)
    assert "pass labels= with all classes" in caught.value.__notes__[0]


@every_metric
def test_a_label_that_labels_lack_is_refused(metric):
    with pytest.raises(
        ValueError, match=r"\['spam'\], which are not in labels = \['ham', 'offer'\]"
    ):
        metric(TRUTH, ANSWER, cost_matrix=None, labels=["ham", "offer"])


@every_metric
def test_rows_without_weight_are_refused(metric):
    with pytest.raises(ValueError, match="total weight of the rows is 0; expected at least one"):
        metric(TRUTH, ANSWER, cost_matrix=None, sample_weight=np.zeros(6))
    with pytest.raises(ValueError, match="total weight of the rows is 0; expected at least one"):
        metric([], [], cost_matrix=None, labels=LABELS)


@every_metric
@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 1, 1, 1, 1, -0.5], "sample_weight[5] is -0.5; expected one finite number >= 0"),
        ([1, np.inf, 1, 1, 1, 1], "sample_weight[1] is inf; expected one finite number >= 0"),
        ([np.nan, 1, 1, 1, 1, 1], "sample_weight[0] is nan; expected one finite number >= 0"),
        (np.ones((6, 1)), "sample_weight has shape (6, 1); expected (6,)"),
    ],
)
def test_weights_that_count_no_rows_are_refused(metric, weight, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        metric(TRUTH, ANSWER, sample_weight=weight)


@pytest.mark.parametrize("label", [0, "ham", True])
def test_one_class_that_is_predicted_everywhere_costs_nothing_and_saves_nothing(label):
    y = [label] * 3
    assert average_cost(y, y) == 0.0
    assert count_predictions(y, y, **NO_OPTIONS)[0].tolist() == [[3]]
    for metric in (savings_score, normalized_cost):
        with pytest.warns(UndefinedMetricWarning, match="more than one class"):
            assert np.isnan(metric(y, y))
    # Costs name classes, so all classes must be known.
    with pytest.raises(ValueError, match="needs at least two classes") as error:
        average_cost(y, y, cost_matrix=[[0, 1], [5, 0]])
    assert "pass labels= with all classes" in error.value.__notes__[0]


@pytest.mark.parametrize("metric", [normalized_cost, savings_score])
def test_savings_are_undefined_where_a_constant_prediction_costs_nothing(metric):
    one_class = ["ham"] * 3
    with pytest.warns(UndefinedMetricWarning, match="cheapest constant prediction costs 0"):
        assert np.isnan(metric(one_class, one_class, cost_matrix=None, labels=LABELS))


@pytest.mark.parametrize("metric", [normalized_cost, savings_score])
def test_the_warning_about_undefined_savings_points_to_the_users_line(metric):
    with pytest.warns(UndefinedMetricWarning) as caught:
        metric(["ham"], ["ham"], labels=LABELS)
    line = linecache.getline(caught[0].filename, caught[0].lineno)
    assert line.strip() == 'metric(["ham"], ["ham"], labels=LABELS)'


def test_the_normalized_cost_is_the_cost_divided_by_that_of_the_best_constant_prediction():
    rng = np.random.default_rng(1)
    truth, answer = np.array(LABELS)[rng.integers(0, 3, size=(2, 50))]
    costs = {"cost_matrix": MATRIX, "labels": LABELS, "sample_weight": rng.uniform(size=50)}
    best = min(average_cost(truth, [label] * 50, **costs) for label in LABELS)
    found = normalized_cost(truth, answer, **costs)
    assert found == pytest.approx(average_cost(truth, answer, **costs) / best, rel=1e-12)


def test_the_normalized_cost_is_also_defined_where_the_best_constant_prediction_earns():
    costs = {"cost_matrix": [[-1, 0], [0, -3]]}
    truth, answer, best = [0, 0, 0, 1], [0, 0, 1, 1], -3 / 4
    expected = 1 + (average_cost(truth, answer, **costs) - best) / abs(best)
    assert normalized_cost(truth, answer, **costs) == pytest.approx(expected, rel=1e-12)


def test_counts_are_refused_with_a_note_where_costs_name_a_class_that_does_not_appear():
    rows = {"labels": None, "sample_weight": None, "abstain_cost": None, "abstain_label": -1}
    counts, classes = count_predictions(TRUTH, ANSWER, cost_matrix=MATRIX, **rows)
    np.testing.assert_array_equal(counts, confusion_matrix(TRUTH, ANSWER))
    assert classes.tolist() == LABELS
    with pytest.raises(ValueError, match=r"shape \(3, 3\); expected \(2, 2\)") as caught:
        count_predictions(TRUTH[:4], TRUTH[:4], cost_matrix=MATRIX, **rows)
    assert "pass labels= with all classes" in caught.value.__notes__[0]


def test_a_single_class_still_has_an_average_cost():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cost = average_cost(["ham"] * 4, ["ham"] * 4, cost_matrix={"spam": 5}, labels=LABELS)
    assert cost == 0
