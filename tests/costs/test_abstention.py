from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skcnn.costs import average_cost, decide, expected_costs, normalized_cost, savings_score

METRICS = [average_cost, normalized_cost, savings_score]
MATRIX = np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 4.0], [5.0, 6.0, 0.0]])
EARNING = MATRIX - np.diag([2.0, 1.0, 0.5])
CLASSES = np.array(["a", "b", "c"])

# Two classes, and the label of an abstention, which may need more room than theirs.
LABELS = [
    (["a", "b"], "unsure"),
    (np.array(["a", "b"], dtype=object), "unsure"),
    (["rather long", "short"], "?"),
    (["a", "b"], ""),
    (["ä", "b"], "weiß nicht"),
    ([0, 1], -1),
    ([3, 7], 0),
    (np.array([0, 1], dtype=np.int8), 1000),
    (np.array([0, 1], dtype=np.uint8), -1),
    ([False, True], -1),
    ([1, 2], 0.5),
]
DAYS, NEVER = np.array(["2026-01-01", "2026-01-02"], "M8[D]"), np.datetime64("1970-01-01")
DATES = [(DAYS, NEVER), (DAYS, NEVER.item()), (DAYS.astype("M8[ns]"), pd.Timestamp(NEVER))]
# The metrics, like those of scikit-learn, take no fractions for labels, nor numbers or dates as
# objects, nor bytes.
ODD_LABELS = [
    ([0.5, 1.5], -1),
    (np.array([3, 7], dtype=object), -1),
    (DAYS.astype(object), NEVER.item()),
    ([b"a", b"b"], b"unsure"),
    (np.array([b"a", b"b"], dtype=object), b"unsure"),
]

every_metric = pytest.mark.parametrize("metric", METRICS)


def make_costs():
    rng = np.random.default_rng(0)
    return {
        "equal": {"cost_matrix": None},
        "matrix": {"cost_matrix": MATRIX},
        "earning": {"cost_matrix": EARNING},
        "rows": {"sample_costs": rng.exponential(2, size=(80, 3))},
    }


def make_table():
    """Posteriors of 80 rows, three of them certain."""
    return np.concatenate([np.eye(3), np.random.default_rng(1).dirichlet(np.ones(3), size=77)])


COSTS, TABLE = make_costs(), make_table()
every_cost = pytest.mark.parametrize("costs", COSTS.values(), ids=COSTS)


@every_cost
@pytest.mark.parametrize("abstain_cost", [0, 0.1, 0.4, np.float32(1.5), 3])
def test_a_row_has_no_prediction_where_that_is_expected_to_cost_less(costs, abstain_cost):
    answers = decide(TABLE, **costs, abstain_cost=abstain_cost)
    for risks, answer in zip(expected_costs(TABLE, **costs), answers, strict=True):
        if answer == -1:
            assert risks.min() > abstain_cost
        else:
            assert risks[answer] == risks.min()
            assert risks.min() <= abstain_cost + 1e-12


@settings(deadline=None)
@given(
    arrays(np.float64, (5, 4), elements=st.floats(0.001, 1) | st.sampled_from([0.1, 0.3])),
    arrays(np.float64, (5, 4), elements=st.floats(0.01, 100) | st.sampled_from([1.0, 5.0])),
    st.floats(0, 100),
)
def test_predictions_are_those_without_abstentions_or_none(table, costs, abstain_cost):
    table = table / table.sum(axis=1, keepdims=True)
    without = decide(table, sample_costs=costs)
    answers = decide(table, sample_costs=costs, abstain_cost=abstain_cost)
    lowest = expected_costs(table, sample_costs=costs).min(axis=1)
    sure = np.abs(lowest - abstain_cost) > 1e-9
    expected = np.where(lowest > abstain_cost, -1, without)
    np.testing.assert_array_equal(answers[sure], expected[sure])
    assert ((answers == without) | (answers == -1)).all()


@pytest.mark.parametrize("costs", [COSTS["equal"], COSTS["matrix"], COSTS["rows"]])
def test_where_it_costs_nothing_every_row_with_a_risk_has_no_prediction(costs):
    answers = decide(TABLE, **costs, abstain_cost=0)
    assert answers.tolist() == [0, 1, 2] + [-1] * 77


@every_cost
@pytest.mark.parametrize("abstain_cost", [100, 1e300])
def test_where_it_is_most_expensive_every_row_is_predicted_as_without(costs, abstain_cost):
    for classes, label in ((None, -1), (CLASSES, "unsure"), (CLASSES.astype(object), "unsure")):
        without = decide(TABLE, **costs, labels=classes)
        answers = decide(
            TABLE, **costs, labels=classes, abstain_cost=abstain_cost, abstain_label=label
        )
        assert answers.dtype.kind == without.dtype.kind
        np.testing.assert_array_equal(answers, without)


@every_cost
def test_a_more_expensive_abstention_is_never_given_to_more_rows(costs):
    left = [
        decide(TABLE, **costs, abstain_cost=cost) == -1 for cost in [0, 0.05, 0.2, 0.5, 1, 2, 4]
    ]
    for cheap, expensive in pairwise(left):
        assert not (expensive & ~cheap).any()


@pytest.mark.parametrize(
    ("row", "risk"), [([0.1, 0.2, 0.7], 0.3), ([0.1, 0.7, 0.2], 0.3), ([0.6, 0.3, 0.1], 0.4)]
)
@pytest.mark.parametrize("unit", [1, 0.1, 7, 1e6])
def test_a_tie_with_the_abstention_has_a_prediction_whatever_the_rounding(row, risk, unit):
    costs = unit * (1 - np.eye(3))  # in floating point 0.1 + 0.2 is more than 0.3
    best = int(np.argmax(row))
    assert decide([row], costs, abstain_cost=unit * risk).tolist() == [best]
    rows = {"sample_costs": np.full((1, 3), unit)}
    assert decide([row], **rows, abstain_cost=unit * risk).tolist() == [best]
    assert decide([row], costs, abstain_cost=unit * risk * (1 - 1e-9)).tolist() == [-1]


def test_a_row_that_costs_nothing_has_a_prediction_even_where_abstaining_costs_nothing_too():
    costs = [[0, 0], [1, 1]]
    assert decide([[0.4, 0.6]] * 2, sample_costs=costs, abstain_cost=0).tolist() == [1, -1]


@pytest.mark.parametrize(("classes", "label"), [*LABELS, *ODD_LABELS, (None, -99)], ids=repr)
def test_labels_are_given_in_full_whatever_their_type(classes, label):
    table = [[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]]
    answers = decide(table, labels=classes, abstain_cost=0.3, abstain_label=label)
    first, second = [0, 1] if classes is None else classes
    assert answers.tolist() == [first, label, second]


@pytest.mark.parametrize(("classes", "label"), [*LABELS, *DATES], ids=repr)
def test_the_metrics_know_the_labels_that_decisions_give(classes, label):
    table = [[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]]
    answers = decide(table, labels=classes, abstain_cost=0.3, abstain_label=label)
    first, second = classes
    mean_cost = average_cost(
        [first, second, first], answers, abstain_cost=0.25, abstain_label=label, labels=classes
    )
    assert mean_cost == pytest.approx((0 + 0.25 + 1) / 3)


@pytest.mark.parametrize(("classes", "label"), DATES, ids=repr)
def test_dates_are_given_in_the_unit_of_the_classes(classes, label):
    answers = decide([[0.5, 0.5], [0, 1]], labels=classes, abstain_cost=0.3, abstain_label=label)
    assert answers.dtype == classes.dtype
    np.testing.assert_array_equal(answers, np.array([NEVER, classes[1]], classes.dtype))


def test_the_classes_of_the_caller_stay_as_they_are():
    classes = np.array(["a", "b"], dtype=object)
    decide([[0.5, 0.5]] * 2, labels=classes, abstain_cost=0, abstain_label="unsure")
    assert classes.tolist() == ["a", "b"]


def test_metrics_with_abstentions_are_worked_out_by_hand():
    true = np.array(["a", "a", "b", "c", "c", "c"])
    answer = np.array(["a", "?", "c", "?", "b", "c"])
    # Costs: 0, 0.5, C[b, c] = 4, 0.5, C[c, b] = 6, 0; always "a" costs 3 + 15, "c" 2 + 2 + 4.
    arguments = {"cost_matrix": MATRIX, "abstain_cost": 0.5, "abstain_label": "?"}
    assert average_cost(true, answer, **arguments) == pytest.approx(11 / 6)
    assert normalized_cost(true, answer, **arguments) == pytest.approx(11 / 8)
    assert savings_score(true, answer, **arguments) == pytest.approx(-3 / 8)
    weight = [1, 2, 1, 4, 0, 1]
    mean_cost = average_cost(true, answer, **arguments, sample_weight=weight)
    assert mean_cost == pytest.approx((2 * 0.5 + 4 + 4 * 0.5) / 9)


@every_cost
@pytest.mark.parametrize("abstain_cost", [0, 0.7, 20])
@pytest.mark.parametrize("seed", range(4))
def test_the_average_is_that_of_predicted_rows_and_abstentions(costs, abstain_cost, seed):
    rng = np.random.default_rng(seed)
    true, answer = CLASSES[rng.integers(0, 3, size=(2, 80))]
    weight, left = rng.uniform(0.1, 2, size=80), rng.uniform(size=80) < 0.3
    of_answered = {
        name: value[~left] if name == "sample_costs" else value for name, value in costs.items()
    }
    answered = average_cost(
        true[~left], answer[~left], **of_answered, labels=CLASSES, sample_weight=weight[~left]
    )
    mean_cost = average_cost(
        true,
        np.where(left, "unsure", answer),
        **costs,
        labels=CLASSES,
        sample_weight=weight,
        abstain_cost=abstain_cost,
        abstain_label="unsure",
    )
    expected = np.average(
        [answered, abstain_cost], weights=[weight[~left].sum(), weight[left].sum()]
    )
    assert mean_cost == pytest.approx(expected, rel=1e-12, abs=1e-12)


@every_cost
@every_metric
def test_without_an_abstention_the_metrics_are_as_without(costs, metric):
    true, answer = CLASSES[np.random.default_rng(2).integers(0, 3, size=(2, 80))]
    found = metric(true, answer, **costs, abstain_cost=7, abstain_label="unsure")
    assert found == metric(true, answer, **costs)


@every_metric
def test_the_best_constant_prediction_does_not_abstain(metric):
    true, nothing = ["a", "b", "b"], ["?"] * 3
    cost = metric(true, nothing, abstain_cost=0.5, abstain_label="?")
    assert cost == pytest.approx({average_cost: 0.5, normalized_cost: 1.5}.get(metric, -0.5))


@every_cost
@pytest.mark.parametrize("abstain_cost", [0, 0.1, 0.4, 1.5, 3])
def test_to_abstain_is_never_more_expensive_where_outcomes_follow_the_posteriors(
    costs, abstain_cost
):
    # Each row once with each label as its truth, weighted by the posterior of that label.
    true, weight = np.tile(CLASSES, len(TABLE)), TABLE.ravel()
    repeated = {
        name: value.repeat(3, axis=0) if name == "sample_costs" else value
        for name, value in costs.items()
    }
    arguments = {"abstain_cost": abstain_cost, "abstain_label": "unsure"}

    def mean_cost(**abstention):
        answers = decide(TABLE, **costs, labels=CLASSES, **abstention).repeat(3)
        return average_cost(
            true, answers, **repeated, labels=CLASSES, sample_weight=weight, **abstention
        )

    lowest = expected_costs(TABLE, **costs).min(axis=1)
    assert mean_cost() == pytest.approx(lowest.mean(), rel=1e-12)
    expected = np.minimum(lowest, abstain_cost).mean()
    assert mean_cost(**arguments) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert mean_cost(**arguments) <= mean_cost() + 1e-12


@pytest.mark.parametrize(
    ("abstention", "error", "message"),
    [
        (
            {"abstain_cost": -0.5},
            ValueError,
            "abstain_cost is -0.5; expected a finite number >= 0.",
        ),
        ({"abstain_cost": np.nan}, ValueError, "abstain_cost is nan; expected a finite number"),
        ({"abstain_cost": np.inf}, ValueError, "abstain_cost is inf; expected a finite number"),
        ({"abstain_cost": "1"}, TypeError, "abstain_cost is '1'; expected None or a number >= 0."),
        ({"abstain_cost": [1]}, TypeError, "abstain_cost is [1]; expected None or a number >= 0."),
        (
            {"abstain_label": "a"},
            ValueError,
            "abstain_label is 'a', which is a class; expected another label.",
        ),
        (
            {"abstain_label": -1},
            TypeError,
            "abstain_label is -1, and the classes have the type str; expected a label of the same "
            "type, such as -1 for numbers and 'unsure' for strings.",
        ),
    ],
)
def test_an_abstention_that_does_not_fit_is_refused_with_how_to_fix_it(abstention, error, message):
    arguments = {"abstain_cost": 0.5, "abstain_label": "unsure", **abstention}
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        decide(TABLE, labels=CLASSES, **arguments)
    for metric in METRICS:
        with pytest.raises(error, match=f"^{re.escape(message)}"):
            metric(CLASSES, CLASSES, labels=CLASSES, **arguments)


@pytest.mark.parametrize(
    ("classes", "label"),
    [
        (CLASSES[:2], b"unsure"),
        ([b"a", b"b"], "unsure"),
        (DAYS, -1),
        (DAYS.astype("M8[ns]"), -1),
        (DAYS, "1970-01-01"),
        ([0, 1], NEVER),
        (CLASSES[:2], None),
    ],
    ids=repr,
)
def test_a_label_of_another_type_is_refused(classes, label):
    with pytest.raises(TypeError, match="expected a label of the same type"):
        decide(TABLE[:, :2] * 0 + 0.5, labels=classes, abstain_cost=0.5, abstain_label=label)


@pytest.mark.parametrize(
    ("classes", "label", "message"),
    [
        ([0, 1], np.nan, "which is not equal to itself"),
        (DAYS, np.datetime64("NaT"), "which is not equal to itself"),
        (DAYS, DAYS[1], "which is a class"),
    ],
)
def test_a_label_that_is_a_class_or_does_not_equal_itself_is_refused(classes, label, message):
    with pytest.raises(ValueError, match=message):
        decide([[0.5, 0.5]], labels=classes, abstain_cost=0.5, abstain_label=label)


def test_a_string_is_no_abstention_from_numbers():
    with pytest.raises(TypeError, match=r"'unsure', and the classes have the type int; expected"):
        decide(TABLE, abstain_cost=0.5, abstain_label="unsure")
    with pytest.raises(ValueError, match="abstain_label is 2, which is a class"):
        decide(TABLE, abstain_cost=0.5, abstain_label=2)
    with pytest.raises(ValueError, match="abstain_label is True, which is a class"):
        decide(TABLE, abstain_cost=0.5, abstain_label=True)


@every_metric
def test_an_abstention_without_a_cost_is_an_unknown_label(metric):
    with pytest.raises(ValueError, match=r"holds \['unsure'\], which are not in labels = "):
        metric(CLASSES, ["a", "unsure", "c"], labels=CLASSES)
