"""Costs in a tiny or a huge unit: decisions do not change, and no cost is infinite."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skcnn.costs import (
    average_cost,
    bayes_threshold,
    class_costs,
    decide,
    expected_costs,
    loss_cost_matrix,
    normalized_cost,
    posterior,
)
from skcnn.costs._loss_formulas import LOSS_NAMES
from skcnn.costs._sample_costs import mean_cost_matrix

SMALL_COSTS = np.array([[0, 1.0, 2], [5, 0, 1], [1, 3, 0]])
WITH_GAINS = SMALL_COSTS - np.diag([1.0, 2, 4])
# Powers of two, so that costs are not rounded: about 1e-300, 1e-308 and 1e307. The largest cost is
# then 0.9e308; with gains, an error costs up to 1.3e308 more than a correct prediction.
UNITS = [2.0**-1000, 2.0**-1020, 2.0**1021]

every_unit = pytest.mark.parametrize("unit", UNITS)
every_matrix = pytest.mark.parametrize("costs", [SMALL_COSTS, WITH_GAINS], ids=["costs", "gains"])


@every_unit
@every_matrix
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_unit_changes_no_decision_and_only_scales_expected_costs(unit, costs, seed):
    P = np.random.default_rng(seed).dirichlet(np.ones(3), 20)
    np.testing.assert_array_equal(decide(P, unit * costs), decide(P, costs))
    abstaining = decide(P, unit * costs, abstain_cost=0.6 * unit)
    np.testing.assert_array_equal(abstaining, decide(P, costs, abstain_cost=0.6))
    np.testing.assert_allclose(expected_costs(P, unit * costs) / unit, expected_costs(P, costs))
    of_rows = 5 * P
    np.testing.assert_array_equal(
        decide(P, sample_costs=unit * of_rows), decide(P, sample_costs=of_rows)
    )
    np.testing.assert_allclose(
        expected_costs(P, sample_costs=unit * of_rows) / unit,
        expected_costs(P, sample_costs=of_rows),
    )


@every_unit
@every_matrix
@pytest.mark.parametrize("loss", [name for name in LOSS_NAMES if name != "expected_cost"])
def test_the_unit_does_not_change_the_posterior(unit, costs, loss):
    q = np.random.default_rng(0).dirichlet(np.ones(3), 20)
    np.testing.assert_allclose(posterior(q, loss, unit * costs), posterior(q, loss, costs))


@pytest.mark.parametrize("n_classes", [3, 30])
@pytest.mark.parametrize("even", [True, False])
def test_the_posterior_of_the_expected_cost_has_limits(n_classes, even):
    rng = np.random.default_rng(0)
    costs = rng.uniform(1, 2, (n_classes, 1 if even else n_classes)) * (1 - np.eye(n_classes))
    q = rng.dirichlet(np.ones(n_classes), 10)
    tiny = posterior(q, "expected_cost", 2.0**-1000 * costs)
    np.testing.assert_allclose(tiny, q)
    huge = [posterior(q, "expected_cost", unit * costs) for unit in (2.0**40, 2.0**1022)]
    np.testing.assert_allclose(huge[1], huge[0], atol=1e-8)
    heavy = posterior(q, "expected_cost", 2.0**1022 * costs, cost_weight=1e300)
    np.testing.assert_allclose(heavy, huge[0], atol=1e-8)


@every_unit
@every_matrix
def test_the_unit_does_not_change_what_a_loss_gets(unit, costs):
    np.testing.assert_allclose(
        loss_cost_matrix(unit * costs, [1, 2, 3]), loss_cost_matrix(costs, [1, 2, 3])
    )
    np.testing.assert_allclose(class_costs(unit * costs) / unit, class_costs(costs))


@every_unit
@every_matrix
def test_the_unit_only_scales_the_average_cost(unit, costs):
    y_true, y_pred = [0, 1, 2, 0, 1, 1], [0, 2, 1, 1, 1, 0]
    found = average_cost(y_true, y_pred, cost_matrix=unit * costs) / unit
    assert found == pytest.approx(average_cost(y_true, y_pred, cost_matrix=costs))
    relative = normalized_cost(y_true, y_pred, cost_matrix=unit * costs)
    assert relative == pytest.approx(normalized_cost(y_true, y_pred, cost_matrix=costs))
    abstaining = {"y_true": y_true, "y_pred": [0, -1, -1, 0, -1, 0]}
    found = average_cost(**abstaining, cost_matrix=unit * costs, abstain_cost=unit) / unit
    assert found == pytest.approx(average_cost(**abstaining, cost_matrix=costs, abstain_cost=1))


@every_unit
def test_the_unit_does_not_change_the_threshold(unit):
    assert bayes_threshold([[0, unit], [4 * unit, 0]]) == 0.2
    assert bayes_threshold([[-unit, unit], [5 * unit, -3 * unit]]) == 0.2


@every_unit
def test_the_unit_only_scales_mean_costs_of_classes(unit):
    costs, targets = np.array([[1.0, 2], [3, 4], [5, 6]]), np.array([0, 0, 1])
    expected = mean_cost_matrix(costs, targets)
    np.testing.assert_allclose(mean_cost_matrix(unit * costs, targets) / unit, expected)


def test_a_result_beyond_float64_is_an_error_and_not_infinite():
    costs = [[-1.5e308, 1.5e308], [1, 0]]
    assert decide([[0.6, 0.4]], costs).tolist() == [0]
    with pytest.raises(ValueError, match=r"float64 holds .* larger unit"):
        class_costs(costs)
