from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from sklearn.metrics import brier_score_loss

from skcnn.costs import (
    average_cost,
    bayes_threshold,
    brier_curve,
    check_cost_matrix,
    cost_curve,
    cost_over_ratios,
    cost_threshold_curve,
    decide,
)

FUNCTIONS = [cost_threshold_curve, cost_curve, brier_curve, cost_over_ratios]
LABELS = np.array(["ham", "spam"])
EVERYTHING = (0, float("inf"))
RANGES = [(1, 20), (0, 1), (0.3, 4), (5, 5.1), (2, float("inf")), (0, 0.05)]

# For "ham" and "spam", with and without gains for correct answers.
MATRICES = [
    None,
    {"spam": 5},
    {("ham", "spam"): 3, ("spam", "ham"): 0.25},
    [[0, 1], [4, 0]],
    [[-2, 1], [5, -3]],
    [[0.5, 3], [7, 2]],
    [[0, 0], [5, 0]],
    [[0, 3], [0, 0]],
]


@dataclass(frozen=True)
class Rows:
    name: str
    is_spam: NDArray[np.bool_]
    prob: NDArray[Any]  # of spam
    weight: NDArray[np.float64] | None = None

    @property
    def true(self) -> NDArray[np.str_]:
        return LABELS[self.is_spam.astype(int)]

    @property
    def each_weight(self) -> NDArray[np.float64]:
        return np.ones(len(self.prob)) if self.weight is None else self.weight


def make_rows() -> list[Rows]:
    rng = np.random.default_rng(0)
    fine, skewed = rng.uniform(size=60), rng.beta(0.4, 0.8, size=150)
    coarse = rng.integers(0, 6, size=80) / 5  # many ties, with 0 and 1 among them
    half = np.arange(40) < 20
    rows = [
        Rows("fine", rng.uniform(size=60) < fine, fine),
        Rows("skewed", rng.uniform(size=150) < skewed, skewed),
        Rows("coarse", rng.uniform(size=80) < 0.1 + 0.6 * coarse, coarse),
        Rows("random", rng.uniform(size=50) < 0.3, rng.uniform(size=50)),
        Rows("backwards", rng.uniform(size=60) < fine, (1 - fine).astype(float)),
        Rows("constant", half, np.full(40, 0.3)),
        Rows("perfect", half, half.astype(float)),
        Rows("all wrong", half, 1.0 - half),
        Rows("two rows", np.array([False, True]), np.array([0.6, 0.6])),
        Rows("two rows apart", np.array([False, True]), np.array([0.7, 0.2])),
    ]
    weighted = []
    for row in rows:
        weight = rng.uniform(0.1, 3, size=len(row.prob))
        weighted.append(Rows(f"{row.name}, weighted", row.is_spam, row.prob, weight))
    few = rows[2]
    zeros = rng.integers(0, 2, size=80) * rng.uniform(size=80)
    return [*rows, *weighted, Rows("zero weights", few.is_spam, few.prob, zeros)]


ROWS = make_rows()
every_row_set = pytest.mark.parametrize("rows", ROWS, ids=[rows.name for rows in ROWS])
every_function = pytest.mark.parametrize("function", FUNCTIONS)


def flat(found: Any) -> NDArray[np.float64]:
    return np.concatenate([np.ravel(part) for part in found]) if isinstance(found, tuple) else found


def rates(rows: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rates of misses and of false alarms at every threshold, one loop at a time."""
    misses, alarms = [], []
    weight = rows.each_weight
    for threshold in [*np.unique(rows.prob), np.inf]:
        flagged = rows.prob >= threshold
        misses.append(weight[~flagged & rows.is_spam].sum() / weight[rows.is_spam].sum())
        alarms.append(weight[flagged & ~rows.is_spam].sum() / weight[~rows.is_spam].sum())
    return np.array(misses), np.array(alarms)


@every_row_set
@pytest.mark.parametrize("pos_label", [None, "spam", "ham"])
def test_the_cost_at_a_threshold_is_what_predicting_by_it_costs(rows, pos_label):
    above, below = ("ham", "spam") if pos_label == "ham" else ("spam", "ham")
    for matrix in MATRICES:
        costs, thresholds = cost_threshold_curve(
            rows.true, rows.prob, matrix, pos_label=pos_label, sample_weight=rows.weight
        )
        assert thresholds.tolist() == [*np.unique(rows.prob), np.inf]
        mean_cost = [
            average_cost(
                rows.true,
                np.where(rows.prob >= threshold, above, below),
                cost_matrix=matrix,
                labels=LABELS,
                sample_weight=rows.weight,
            )
            for threshold in thresholds
        ]
        np.testing.assert_allclose(costs, mean_cost, rtol=1e-12, atol=1e-12, err_msg=str(matrix))


@pytest.mark.parametrize("matrix", MATRICES, ids=str)
@every_row_set
def test_no_decision_by_the_bayes_threshold_beats_the_best_threshold(rows, matrix):
    best = cost_threshold_curve(rows.true, rows.prob, matrix, sample_weight=rows.weight)[0].min()
    threshold = bayes_threshold(check_cost_matrix(matrix, LABELS))
    table = np.column_stack([1 - rows.prob, rows.prob])
    for answer in (LABELS[(rows.prob >= threshold).astype(int)], decide(table, matrix, LABELS)):
        mean_cost = average_cost(
            rows.true, answer, cost_matrix=matrix, labels=LABELS, sample_weight=rows.weight
        )
        assert best <= mean_cost + 1e-12


@every_row_set
def test_the_cost_curve_is_the_lowest_line_of_any_threshold(rows):
    probability_cost, costs = cost_curve(rows.true, rows.prob, sample_weight=rows.weight)
    assert (np.diff(probability_cost) > 0).all()
    assert probability_cost[[0, -1]].tolist() == [0, 1]
    misses, alarms = rates(rows)
    grid = np.union1d(np.linspace(0, 1, 2001), probability_cost)
    lines = np.outer(misses, grid) + np.outer(alarms, 1 - grid)  # (n_thresholds, n_grid)
    found = np.interp(grid, probability_cost, costs)
    np.testing.assert_allclose(found, lines.min(axis=0), rtol=0, atol=1e-12)


@every_row_set
def test_the_cost_curve_is_concave_and_below_that_of_constant_predictions(rows):
    grid = np.linspace(0, 1, 1001)
    found = np.interp(grid, *cost_curve(rows.true, rows.prob, sample_weight=rows.weight))
    assert (np.diff(found, n=2) <= 1e-12).all()
    assert (found <= np.minimum(grid, 1 - grid) + 1e-12).all()
    assert (found >= 0).all()


@every_row_set
@pytest.mark.parametrize(
    "transform",
    [
        lambda p: np.unique(p, return_inverse=True)[1],
        lambda p: 40 * p - 7,
        lambda p: np.exp(5 * p),
        lambda p: -1 / (p + 0.1),
    ],
    ids=["ranks", "line", "exp", "reciprocal"],
)
def test_the_cost_curve_asks_for_the_order_of_the_scores_only(rows, transform):
    found = cost_curve(rows.true, transform(rows.prob), sample_weight=rows.weight)
    expected = cost_curve(rows.true, rows.prob, sample_weight=rows.weight)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("name", "corners"),
    [
        ("perfect", ([0, 1], [0, 0])),
        ("constant", ([0, 0.5, 1], [0, 0.5, 0])),
        ("all wrong", ([0, 0.5, 1], [0, 0.5, 0])),
        ("two rows", ([0, 0.5, 1], [0, 0.5, 0])),
    ],
)
def test_the_cost_curves_of_simple_rows_are_known(name, corners):
    rows = next(rows for rows in ROWS if rows.name == name)
    np.testing.assert_array_equal(cost_curve(rows.true, rows.prob), corners)


@every_row_set
@pytest.mark.parametrize("pos_label", ["ham", "spam"])
def test_the_area_under_the_brier_curve_is_the_brier_score(rows, pos_label):
    proportion, costs = brier_curve(
        rows.true, rows.prob, pos_label=pos_label, sample_weight=rows.weight
    )
    score = brier_score_loss(rows.true, rows.prob, pos_label=pos_label, sample_weight=rows.weight)
    assert (np.diff(proportion) >= 0).all()
    assert proportion[[0, -1]].tolist() == [0, 1]
    assert np.trapezoid(costs, proportion) == pytest.approx(score, rel=0, abs=1e-12)
    whole = cost_over_ratios(
        rows.true, rows.prob, EVERYTHING, pos_label=pos_label, sample_weight=rows.weight
    )
    assert whole == pytest.approx(score, rel=0, abs=1e-12)


@every_row_set
def test_the_brier_curve_is_the_cost_of_the_bayes_decision(rows):
    curve = brier_curve(rows.true, rows.prob, sample_weight=rows.weight)
    edges = np.unique([0, *rows.prob, 1])
    for c in [*(edges[:-1] + edges[1:]) / 2, *np.random.default_rng(1).uniform(size=20)]:
        answer = LABELS[(rows.prob > c).astype(int)]
        mean_cost = average_cost(
            rows.true,
            answer,
            cost_matrix=[[0, 2 * c], [2 * (1 - c), 0]],
            labels=LABELS,
            sample_weight=rows.weight,
        )
        assert np.interp(c, *curve) == pytest.approx(mean_cost, rel=0, abs=1e-12)


@every_row_set
@pytest.mark.parametrize("ratios", RANGES)
def test_the_cost_over_ratios_is_the_mean_over_the_cost_proportions(rows, ratios):
    found = cost_over_ratios(rows.true, rows.prob, ratios, sample_weight=rows.weight)
    assert isinstance(found, float)
    left, right = 1 / (1 + ratios[1]), 1 / (1 + ratios[0])
    # Row by row: a miss costs 2 (1 - c) where c is p or more, a false alarm 2 c below p.
    p = np.clip(rows.prob, left, right)
    missed, alarmed = (1 - p) ** 2 - (1 - right) ** 2, p**2 - left**2
    mean = np.average(np.where(rows.is_spam, missed, alarmed), weights=rows.weight)
    assert found == pytest.approx(mean / (right - left), rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("name", ["fine", "coarse, weighted", "random", "all wrong"])
@pytest.mark.parametrize("ratios", RANGES)
def test_the_cost_over_ratios_is_the_numerical_integral_of_the_cost(name, ratios):
    rows = next(rows for rows in ROWS if rows.name == name)
    weight = rows.each_weight / rows.each_weight.sum()

    def cost(c):
        flagged = rows.prob > c
        missed, alarmed = rows.is_spam & ~flagged, ~rows.is_spam & flagged
        return 2 * (1 - c) * weight[missed].sum() + 2 * c * weight[alarmed].sum()

    left, right = 1 / (1 + ratios[1]), 1 / (1 + ratios[0])
    edges = np.unique(np.clip([left, *rows.prob, right], left, right))
    area = sum(quad(cost, *piece)[0] for piece in pairwise(edges))
    found = cost_over_ratios(rows.true, rows.prob, ratios, sample_weight=rows.weight)
    assert found == pytest.approx(area / (right - left), rel=0, abs=1e-6)


@every_row_set
def test_adjacent_ranges_of_ratios_add_up(rows):
    ends = [0, 0.2, 1, 1.5, 9, float("inf")]
    proportions = 1 / (1 + np.array(ends))
    parts = [
        cost_over_ratios(rows.true, rows.prob, pair, sample_weight=rows.weight)
        for pair in pairwise(ends)
    ]
    whole = cost_over_ratios(rows.true, rows.prob, EVERYTHING, sample_weight=rows.weight)
    assert -np.diff(proportions) @ parts == pytest.approx(whole, rel=0, abs=1e-12)


@pytest.mark.parametrize("ratios", [EVERYTHING, *RANGES])
def test_perfect_probabilities_cost_nothing_at_any_ratio(ratios):
    rows = next(rows for rows in ROWS if rows.name == "perfect")
    assert cost_over_ratios(rows.true, rows.prob, ratios) == 0


@pytest.mark.parametrize("ratios", [EVERYTHING, *RANGES])
@pytest.mark.parametrize("seed", range(5))
def test_no_probabilities_score_better_than_the_true_ones(ratios, seed):
    rng = np.random.default_rng(seed)
    posterior = rng.uniform(size=40)
    # Each row once with each label, weighted as often as that is the truth.
    true = np.repeat([0, 1], 40)
    weight = np.concatenate([1 - posterior, posterior])

    def score(prob):
        return cost_over_ratios(true, np.tile(prob, 2), ratios, sample_weight=weight)

    for other in (rng.uniform(size=40), posterior**2, np.full(40, posterior.mean())):
        assert score(posterior) <= score(other) + 1e-12


@every_row_set
def test_the_two_classes_change_places_with_their_costs(rows):
    found = cost_over_ratios(
        rows.true, 1 - rows.prob, (0.25, 8), pos_label="ham", sample_weight=rows.weight
    )
    mirrored = cost_over_ratios(rows.true, rows.prob, (0.125, 4), sample_weight=rows.weight)
    assert found == pytest.approx(mirrored, rel=0, abs=1e-12)


@every_function
@every_row_set
def test_integer_weights_count_as_repeated_rows(function, rows):
    weight = np.random.default_rng(2).integers(1, 5, size=len(rows.prob))
    weighted = function(rows.true, rows.prob, sample_weight=weight)
    repeated = function(rows.true.repeat(weight), rows.prob.repeat(weight))
    np.testing.assert_allclose(flat(weighted), flat(repeated), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["fine", "skewed", "coarse", "random"])
def test_rows_without_weight_count_as_absent(name):
    rows = next(rows for rows in ROWS if rows.name == name)
    weight = np.random.default_rng(3).integers(0, 2, size=len(rows.prob))
    there = weight > 0
    few, prob = rows.true[there], rows.prob[there]
    found = cost_over_ratios(rows.true, rows.prob, sample_weight=weight)
    assert found == pytest.approx(cost_over_ratios(few, prob), rel=0, abs=1e-12)
    np.testing.assert_array_equal(
        cost_curve(rows.true, rows.prob, sample_weight=weight), cost_curve(few, prob)
    )
    costs, thresholds = cost_threshold_curve(rows.true, rows.prob, sample_weight=weight)
    expected, kept = cost_threshold_curve(few, prob)
    np.testing.assert_allclose(costs[np.isin(thresholds, kept)], expected, rtol=0, atol=1e-12)


@every_function
@every_row_set
def test_the_order_of_the_rows_does_not_matter(function, rows):
    rng = np.random.default_rng(4)
    weight, order = rng.integers(1, 5, size=len(rows.prob)), rng.permutation(len(rows.prob))
    expected = function(rows.true, rows.prob, sample_weight=weight)
    shuffled = function(rows.true[order], rows.prob[order], sample_weight=weight[order])
    np.testing.assert_array_equal(flat(shuffled), flat(expected))


@every_function
@pytest.mark.parametrize("labels", [(0, 1), (-1, 1), (False, True), (0.5, 2.5), ("a", "bcd")])
def test_any_two_labels_will_do(function, labels):
    rows = ROWS[0]
    true = np.array(labels)[rows.is_spam.astype(int)]
    expected = flat(function(rows.true, rows.prob))
    np.testing.assert_array_equal(flat(function(true, rows.prob)), expected)
    found = function(true.astype(object), rows.prob, pos_label=labels[1])
    np.testing.assert_array_equal(flat(found), expected)


@every_function
@pytest.mark.parametrize("container", [list, tuple, pd.Series, lambda x: np.array(x)[:, None]])
@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
def test_rows_come_in_any_container(function, container):
    rows = next(rows for rows in ROWS if rows.name == "fine, weighted")
    found = function(container(rows.true), list(rows.prob), sample_weight=list(rows.weight))
    expected = function(rows.true, rows.prob, sample_weight=rows.weight)
    np.testing.assert_array_equal(flat(found), flat(expected))


@every_function
def test_the_callers_arrays_stay_as_they_are(function):
    rows = next(rows for rows in ROWS if rows.name == "coarse, weighted")
    arrays = rows.true, rows.prob.copy(), rows.weight.copy()
    for array in arrays:
        array.setflags(write=False)
    function(*arrays[:2], sample_weight=arrays[2])
    np.testing.assert_array_equal(arrays[1], rows.prob)
    np.testing.assert_array_equal(arrays[2], rows.weight)


@every_function
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"y_true": [1, 1]},
            "y_true has 1 different labels, [1]; expected two. For more classes compare one "
            "with the rest: y_true == label.",
        ),
        ({"y_true": [], "y_prob": []}, "y_true has 0 different labels, []; expected two."),
        (
            {"y_true": [0, 1, 2], "y_prob": [0.1, 0.2, 0.3]},
            "y_true has 3 different labels, [0, 1, 2]; expected two.",
        ),
        ({"y_prob": [0.1, np.nan]}, "y_prob[1] is nan; expected finite numbers."),
        ({"y_prob": [-np.inf, 0.1]}, "y_prob[0] is -inf; expected finite numbers."),
        ({"pos_label": "spam"}, "pos_label is 'spam'; expected one of [0, 1]."),
        (
            {"sample_weight": [0, 0]},
            "All rows of one class have the weight 0; expected rows of both classes",
        ),
        (
            {"sample_weight": [3, 0]},
            "All rows of one class have the weight 0; expected rows of both classes",
        ),
        (
            {"sample_weight": [np.nan, 1]},
            "sample_weight[0] is nan; expected one finite number >= 0",
        ),
        (
            {"sample_weight": [-1, 1]},
            "sample_weight[0] is -1.0; expected one finite number >= 0",
        ),
        ({"y_prob": [0.1]}, "Found input variables with inconsistent numbers of samples"),
        ({"sample_weight": [1, 1, 1]}, "inconsistent numbers of samples"),
        ({"y_prob": [[0.9, 0.1], [0.2, 0.8]]}, "Pass the column of the positive class"),
    ],
)
def test_what_does_not_fit_is_refused_with_how_to_fix_it(function, arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        function(**{"y_true": [0, 1], "y_prob": [0.2, 0.9], **arguments})


@pytest.mark.parametrize("function", [brier_curve, cost_over_ratios])
@pytest.mark.parametrize("scores", [[0.2, 1.5], [-0.25, 1.0]])
def test_scores_that_are_no_probabilities_are_refused_where_decisions_need_them(function, scores):
    message = f"y_prob goes from {scores[0]:g} to {scores[1]:g}; expected probabilities"
    with pytest.raises(ValueError, match=f"{re.escape(message)}.*use cost_curve"):
        function([0, 1], scores)


@pytest.mark.parametrize(
    "ratios", [(-1, 2), (3, 3), (4, 2), (np.nan, 2), (1, np.nan), 5, (1, 2, 3), "ab", None]
)
def test_ratios_that_are_no_range_are_refused(ratios):
    with pytest.raises(ValueError, match="expected two increasing numbers >= 0"):
        cost_over_ratios([0, 1], [0.2, 0.9], ratios)


def test_a_matrix_that_does_not_fit_the_two_labels_is_refused():
    with pytest.raises(ValueError, match=r"shape \(3, 3\); expected \(2, 2\)"):
        cost_threshold_curve([0, 1], [0.2, 0.9], 1 - np.eye(3))
    with pytest.raises(ValueError, match="names 'spam', which is not in"):
        cost_threshold_curve([0, 1], [0.2, 0.9], {"spam": 5})
    with pytest.raises(ValueError, match="'balanced' is computed from training rows"):
        cost_threshold_curve([0, 1], [0.2, 0.9], "balanced")
