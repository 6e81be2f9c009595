from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import softmax

from skcnn.costs import class_costs, decide, loss_cost_matrix, posterior
from skcnn.costs._equations import _solve_each
from skcnn.costs._loss_formulas import LOSS_FORMULAS, LOSS_NAMES

# Every loss whose outputs determine the posterior, with its parameters.
INVERTIBLE = [
    ("cross_entropy", {}),
    ("weighted", {}),
    ("misclassification", {}),
    ("expected_cost", {"cost_weight": 1.0}),
    ("expected_cost", {"cost_weight": 10.0}),
    ("focal", {"gamma": 0.0}),
    ("focal", {"gamma": 0.5}),
    ("focal", {"gamma": 2.0}),
]
ALL = [*INVERTIBLE, ("hard_misclassification", {})]
# Of expected_cost, the scale of the costs is a parameter.
SCALE_FREE = [(name, params) for name, params in ALL if name != "expected_cost"]

every_loss = pytest.mark.parametrize(("name", "params"), ALL)
every_invertible_loss = pytest.mark.parametrize(("name", "params"), INVERTIBLE)


def random_costs(rng, n_classes):
    costs = rng.lognormal(size=(n_classes, n_classes))
    np.fill_diagonal(costs, 0)
    return loss_cost_matrix(costs, np.ones(n_classes))


def trained_outputs(loss, eta, costs):
    """Scores at which the expected loss of a text with the posterior `eta` is smallest."""

    def expected_loss(logits):
        q = softmax(logits)
        slopes = eta @ loss.jacobian(q[None], costs)[0]
        return eta @ loss.value(q[None], costs)[0], q * (slopes - q @ slopes)

    found = minimize(expected_loss, np.log(eta), jac=True, method="BFGS", options={"gtol": 1e-11})
    return softmax(found.x)


def test_every_loss_by_name_has_its_formulas():
    assert tuple(LOSS_FORMULAS) == LOSS_NAMES
    assert {name for name, _ in ALL} == set(LOSS_NAMES)


@pytest.mark.parametrize("n_classes", [2, 3, 5, 10, 20])
@every_invertible_loss
def test_the_posterior_is_found_again_at_the_minimum_of_the_expected_loss(name, params, n_classes):
    rng = np.random.default_rng(n_classes)
    for turn in range(5):
        costs = random_costs(rng, n_classes)
        if turn % 2:  # a class costs the same whatever is predicted in its place
            costs = class_costs(costs)[:, None] * (1 - np.eye(n_classes))
        eta = 0.98 * rng.dirichlet(np.ones(n_classes)) + 0.02 / n_classes
        outputs = trained_outputs(LOSS_FORMULAS[name](**params), eta, costs)
        found = posterior(outputs[None], name, costs, **params)
        np.testing.assert_allclose(found[0], eta, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "params", "expected"),
    [
        ("cross_entropy", {}, [np.log(2), np.log(4), np.log(4)]),
        ("weighted", {}, [1.5 * np.log(2), 3.5 * np.log(4), 5.5 * np.log(4)]),
        ("misclassification", {}, [0.75 * np.log(2), 2.5 * np.log(4), 4.0 * np.log(4)]),
        ("hard_misclassification", {}, [0, 3 * np.log(4), 5 * np.log(4)]),
        (
            "expected_cost",
            {"cost_weight": 2.0},
            [np.log(2) + 1.5, np.log(4) + 5, np.log(4) + 8],
        ),
        (
            "focal",
            {"gamma": 2.0},
            [
                1.5 * 0.25 * np.log(2),
                3.5 * 0.5625 * np.log(4),
                5.5 * 0.5625 * np.log(4),
            ],
        ),
    ],
)
def test_a_loss_has_the_value_worked_out_by_hand(name, params, expected):
    costs = np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 4.0], [5.0, 6.0, 0.0]])
    value = LOSS_FORMULAS[name](**params).value(np.array([[0.5, 0.25, 0.25]]), costs)
    np.testing.assert_allclose(value, [expected], rtol=1e-12)


@every_loss
def test_the_slopes_are_those_of_the_value(name, params):
    rng = np.random.default_rng(0)
    loss, costs, step = LOSS_FORMULAS[name](**params), random_costs(rng, 4), 1e-6
    q = rng.dirichlet(np.full(4, 3.0), size=20)
    slopes = loss.jacobian(q, costs)
    for k in range(4):
        shift = step * np.eye(4)[k]
        difference = (loss.value(q + shift, costs) - loss.value(q - shift, costs)) / (2 * step)
        np.testing.assert_allclose(slopes[:, :, k], difference, rtol=1e-6, atol=1e-7)


def test_cross_entropy_gives_the_outputs_back_bit_for_bit():
    outputs = softmax(np.random.default_rng(0).normal(size=(50, 3)), axis=1).astype(np.float32)
    found = posterior(outputs, "cross_entropy", 1 - np.eye(3))
    np.testing.assert_array_equal(found, outputs)
    assert not np.shares_memory(found, outputs)


@every_loss
def test_costs_come_in_any_form_that_numbers_the_classes(name, params):
    expected = posterior([[0.6, 0.4]], name, [[0, 1], [5, 0]], **params)
    found = posterior([[0.6, 0.4]], name, {1: 5}, **params)
    np.testing.assert_array_equal(found, expected)


def test_weights_are_divided_out():
    found = posterior([[0.5, 0.3, 0.2]], "weighted", [[0, 2, 2], [1, 0, 1], [4, 4, 0]])
    np.testing.assert_allclose(found, [[0.25 / 0.6, 0.3 / 0.6, 0.05 / 0.6]])


@pytest.mark.parametrize("q1", [1e-300, 1e-12, 1e-3, 0.2, 0.5, 0.9, 1 - 1e-9])
def test_two_classes_by_formula_and_by_equations_agree(q1):
    loss, costs = LOSS_FORMULAS["misclassification"](), np.array([[0.0, 0.7], [3.0, 0.0]])
    outputs = np.array([[1 - q1, q1]])
    by_equations = loss.solve(outputs, costs)
    np.testing.assert_allclose(loss.invert(outputs, costs), by_equations, rtol=1e-12)


def test_equal_costs_at_equal_outputs_of_three_classes_are_no_pole():
    outputs = np.full((1, 3), 1 / 3) + np.outer(np.linspace(-0.1, 0.1, 41), [1, -1, 0])
    found = posterior(outputs, "misclassification", 1 - np.eye(3))
    np.testing.assert_allclose(found[20], [1 / 3] * 3)
    assert (np.diff(found[:, 0]) > 0).all()
    assert (np.diff(found[:, 1]) < 0).all()


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize(("name", "params"), SCALE_FREE)
def test_the_unit_of_the_costs_does_not_matter(name, params, n_classes):
    rng = np.random.default_rng(1)
    costs, q = random_costs(rng, n_classes), rng.dirichlet(np.ones(n_classes), size=50)
    found = posterior(q, name, costs, **params)
    for unit in (1e-5, 1e5):
        np.testing.assert_allclose(posterior(q, name, unit * costs, **params), found, atol=1e-9)


def test_the_weight_of_the_expected_cost_and_the_unit_of_the_costs_are_one_thing():
    rng = np.random.default_rng(1)
    costs, q = random_costs(rng, 4), rng.dirichlet(np.ones(4), size=50)
    found = posterior(q, "expected_cost", costs, cost_weight=6.0)
    np.testing.assert_allclose(
        posterior(q, "expected_cost", 3 * costs, cost_weight=2.0), found, 1e-9
    )


@every_loss
def test_what_correct_predictions_cost_does_not_matter(name, params):
    rng = np.random.default_rng(1)
    costs, q = random_costs(rng, 4), rng.dirichlet(np.ones(4), size=50)
    found = posterior(q, name, costs, **params)
    shifted = costs + np.array([[-1.0], [0.5], [2.0], [0.0]])
    np.testing.assert_allclose(posterior(q, name, shifted, **params), found, atol=1e-9)


@every_loss
def test_renumbered_classes_give_renumbered_posteriors(name, params):
    rng = np.random.default_rng(2)
    costs, q, order = random_costs(rng, 5), rng.dirichlet(np.ones(5), size=50), [3, 0, 4, 2, 1]
    found = posterior(q, name, costs, **params)
    renumbered = posterior(q[:, order], name, costs[np.ix_(order, order)], **params)
    np.testing.assert_allclose(renumbered, found[:, order], atol=1e-9)


@every_loss
def test_outputs_of_exactly_zero_and_one_give_that_posterior(name, params):
    for n_classes in (2, 3, 6):
        costs = random_costs(np.random.default_rng(3), n_classes)
        certain = np.eye(n_classes)
        np.testing.assert_array_equal(posterior(certain, name, costs, **params), certain)


output = st.floats(0, 1) | st.floats(-800, 0).map(np.exp) | st.just(0.0)


@every_loss
@settings(deadline=None)
@given(
    raw=st.lists(output, min_size=1, max_size=6),
    seed=st.integers(0, 99),
    free=st.lists(st.integers(0, 6), max_size=5),
)
def test_any_outputs_give_a_distribution(name, params, raw, seed, free):
    q = np.array([*raw, 1.0])
    q /= q.sum()
    costs = random_costs(np.random.default_rng(seed), len(q))
    for each in free:
        costs[each % len(q)] = 0
    if not costs.any():
        costs[0, 1] = 1
    found = posterior(q[None], name, costs, **params)
    assert (found >= 0).all()
    assert found.sum() == pytest.approx(1, abs=1e-12)
    assert (found[q[None] == 0] == 0).all()


@every_loss
def test_for_two_classes_a_higher_output_never_means_a_lower_posterior(name, params):
    odds = np.linspace(-60, 60, 2001)
    outputs = softmax(np.stack([0 * odds, odds], axis=1), axis=1)
    for seed in range(10):
        costs = random_costs(np.random.default_rng(seed), 2)
        found = posterior(outputs, name, costs, **params)
        assert np.diff(found[:, 1]).min() >= -1e-15
        assert found[0, 1] < 1e-9
        assert found[-1, 0] < 1e-9


def share_of_other_predictions(n_classes, by_class, seed):
    """Share of the decisions by outputs of the expected cost that differ from the posterior's."""
    rng = np.random.default_rng(seed)
    costs = rng.uniform(0.1, 5, (n_classes, n_classes))
    if by_class:
        costs = np.broadcast_to(costs[:, :1], costs.shape)
    costs = loss_cost_matrix(costs * (1 - np.eye(n_classes)), np.ones(n_classes))
    outputs = rng.dirichlet(np.ones(n_classes), size=2000)
    found = posterior(outputs, "expected_cost", costs)
    outputs, found = outputs[found.min(axis=1) > 0], found[found.min(axis=1) > 0]
    return (decide(outputs, costs) != decide(found, costs)).mean()


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("n_classes", "by_class"), [(2, False), (3, True), (5, True)])
def test_outputs_of_the_expected_cost_decide_as_the_posterior_does(n_classes, by_class, seed):
    assert share_of_other_predictions(n_classes, by_class, seed) == 0


def test_outputs_of_the_expected_cost_decide_otherwise_where_the_prediction_matters_too():
    shares = [share_of_other_predictions(3, False, seed) for seed in range(50)]
    assert 0.03 < np.mean(shares) < 0.05


def test_tiny_outputs_keep_their_digits():
    rare = np.array([1e-20, 1e-40, 1e-60])
    outputs = np.stack([1 - rare, rare], axis=1)
    costs = np.array([[0.0, 1.0], [5.0, 0.0]])
    odds = 1 / 5 * rare * (rare + rare)  # C01/C10 * q1 * (q1 - log q0)
    np.testing.assert_allclose(posterior(outputs, "misclassification", costs)[:, 1], odds, 1e-9)
    padded = np.pad(costs, (0, 1), constant_values=1.0)
    padded[2, 2] = 0
    three = np.column_stack([outputs, np.zeros(3)])
    found = posterior(three, "misclassification", padded)[:, :2]
    np.testing.assert_allclose(found[:, 1], odds, rtol=1e-9)


@pytest.mark.parametrize("name", ["weighted", "misclassification", "focal"])
def test_a_class_whose_errors_are_free_keeps_its_output(name):
    costs = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 2.0], [4.0, 3.0, 0.0]])
    outputs = np.array([[0.2, 0.5, 0.3], [0.9, 0.05, 0.05], [0.0, 0.5, 0.5], [1.0, 0.0, 0.0]])
    found = posterior(outputs, name, costs)
    np.testing.assert_array_equal(found[:, 0], outputs[:, 0])
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert (found[:3, 2] > 0).all()


def test_expected_cost_learns_a_class_whose_errors_are_free_too():
    costs = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 2.0], [4.0, 3.0, 0.0]])
    eta = np.array([0.5, 0.3, 0.2])
    outputs = trained_outputs(LOSS_FORMULAS["expected_cost"](), eta, costs)
    np.testing.assert_allclose(posterior(outputs[None], "expected_cost", costs)[0], eta, atol=1e-6)


@every_loss
def test_outputs_that_rounding_keeps_from_summing_to_one_are_taken_as_shares(name, params):
    rng = np.random.default_rng(5)
    costs, q = random_costs(rng, 4), rng.dirichlet(np.ones(4), size=50)
    costs[1] = 0
    found = posterior(0.9995 * q, name, costs, **params)
    if name != "cross_entropy":
        np.testing.assert_allclose(found, posterior(q, name, costs, **params), atol=1e-12)


def test_outputs_too_small_to_divide_by_are_no_obstacle():
    costs = 1 - np.eye(4)
    costs[2, :2] = 0  # what is left of row 2 is worth 1e-320 below
    found = posterior([[0.5, 0.5, 0.0, 1e-320]], "misclassification", costs)
    np.testing.assert_allclose(found, [[0.5, 0.5, 0, 0]], atol=1e-12)


def test_a_prediction_that_is_correct_for_two_classes_is_no_obstacle():
    costs = np.array([[0.0, 2.0, 1.0], [0.0, 0.0, 1.0], [3.0, 3.0, 0.0]])
    found = posterior([[1.0, 0.0, 0.0], [0.6, 0.3, 0.1]], "misclassification", costs)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[0], [1, 0, 0])


def test_equations_without_a_unique_solution_are_solved_as_well_as_can_be():
    A = np.array([[[1.0, 1.0], [1.0, 1.0]], [[2.0, 0.0], [0.0, 4.0]]])
    np.testing.assert_allclose(
        _solve_each(A, np.array([[2.0, 2.0], [2.0, 2.0]])), [[1, 1], [1, 0.5]]
    )


def test_the_hard_mask_lets_the_winner_keep_its_output():
    costs = np.array([[0.0, 1.0, 1.0], [2.0, 0.0, 1.0], [6.0, 1.0, 0.0]])
    found = posterior([[0.6, 0.2, 0.2]], "hard_misclassification", costs)
    np.testing.assert_allclose(found, [[0.6, 0.3, 0.1]])


def test_many_rows_are_worked_in_blocks_with_the_same_result(monkeypatch):
    rng = np.random.default_rng(4)
    costs, q = random_costs(rng, 5), rng.dirichlet(np.ones(5), size=103)
    at_once = posterior(q, "misclassification", costs)
    monkeypatch.setattr("skcnn.costs._posterior._BLOCK", 10 * 5**2)
    np.testing.assert_array_equal(posterior(q, "misclassification", costs), at_once)


def test_the_callers_outputs_are_left_as_they_were():
    outputs = np.array([[0.25, 0.75]])
    posterior(outputs, "weighted", [[0, 1], [5, 0]])[:] = 0
    np.testing.assert_array_equal(outputs, [[0.25, 0.75]])


def test_no_rows_give_no_rows():
    for name in LOSS_FORMULAS:
        assert posterior(np.empty((0, 3)), name, 1 - np.eye(3)).shape == (0, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ([[0.5, 0.5]], "hinge", 1 - np.eye(2)),
            "loss is 'hinge'; expected one of ['cross_entropy', 'expected_cost', 'focal', "
            "'hard_misclassification', 'misclassification', 'weighted'].",
        ),
        (
            ([[0.5, 0.5]], "focal", 1 - np.eye(3)),
            "cost_matrix has shape (3, 3); expected (2, 2): one row and one column per class in "
            "classes_ = [0, 1].",
        ),
        (
            ([[0.5, 0.5], [2.5, -1.5]], "focal", 1 - np.eye(2)),
            "softmax[1] is [2.5, -1.5]; expected numbers >= 0 that sum to 1. Pass probabilities, "
            "as from predict_proba or a softmax; apply a softmax to logits first.",
        ),
        (
            ([0.5, 0.5], "focal", 1 - np.eye(2)),
            "softmax has shape (2,); expected (n_samples, n_classes) with one column per class, "
            "as from predict_proba. For a single column p, pass np.column_stack([1 - p, p]).",
        ),
    ],
)
def test_what_is_no_table_of_outputs_is_refused(arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        posterior(*arguments)


@every_loss
@pytest.mark.parametrize(
    ("costs", "message"),
    [
        (
            [[0, 1], [np.nan, 0]],
            "cost_matrix has the cost nan for predicting 0 when the true class is 1",
        ),
        (
            [[0, np.inf], [1, 0]],
            "cost_matrix has the cost inf for predicting 1 when the true class is 0",
        ),
        ([[0, 1], [2, 3]], "cost_matrix makes a wrong prediction cheaper than the correct one"),
    ],
)
def test_costs_that_no_loss_takes_are_refused(name, params, costs, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        posterior([[0.5, 0.5]], name, costs, **params)


@pytest.mark.parametrize(
    ("name", "parameter"), [("expected_cost", "cost_weight"), ("focal", "gamma")]
)
@pytest.mark.parametrize("value", [-0.5, float("nan"), float("inf"), "two"])
def test_parameters_that_no_loss_takes_are_refused(name, parameter, value):
    message = f"{parameter} is {value!r}; expected a finite number >= 0."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        posterior([[0.5, 0.5]], name, 1 - np.eye(2), **{parameter: value})


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_certain_outputs_stay_certain_whatever_gamma_is(gamma):
    P = posterior(np.eye(3), "focal", [[0, 1, 1], [5, 0, 5], [2, 2, 0]], gamma=gamma)
    np.testing.assert_array_equal(P, np.eye(3))
