"""Costs without labels: what decisions will cost, and where a look at a row saves most."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest

from skcnn.costs import (
    abstain_cost_at_average_cost,
    average_cost,
    choose_abstentions,
    decide,
    estimate_average_cost,
    expected_costs,
)

RNG = np.random.default_rng(0)
COSTS = {
    "equal": {},
    "matrix": {"cost_matrix": [[0, 1, 2], [4, 0, 1], [9, 5, 0]]},
    "gains": {"cost_matrix": [[-1, 1, 2], [4, -2, 1], [9, 5, 0]]},
    "rows": {"sample_costs": RNG.exponential(size=(9, 3))},
}
P = RNG.dirichlet(np.full(3, 0.6), size=9)
every_cost = pytest.mark.parametrize("costs", COSTS.values(), ids=COSTS)


@every_cost
@pytest.mark.parametrize("looks", [0.0, 0.3, RNG.uniform(0, 0.6, size=9)], ids=["0", "0.3", "rows"])
@pytest.mark.parametrize("n", [0, 1, 2, 4, 9, 50])
def test_no_other_choice_of_rows_saves_more_in_expectation(costs, looks, n):
    least = expected_costs(P, **costs).min(axis=1)
    saved = least - looks
    chosen = choose_abstentions(P, n, **costs, abstain_cost=looks)
    assert chosen.dtype == np.int64
    assert len(set(chosen.tolist())) == len(chosen) <= n
    best = max(
        saved[list(rows)].sum()
        for size in range(min(n, 9) + 1)
        for rows in combinations(range(9), size)
    )
    assert saved[chosen].sum() == pytest.approx(best)
    assert (np.diff(saved[chosen]) <= 0).all()


@every_cost
def test_with_enough_abstentions_the_rows_are_those_that_decide_leaves_out(costs):
    for cost in (0.05, 0.2, 0.5):
        left_out = np.flatnonzero(decide(P, **costs, abstain_cost=cost) == -1)
        chosen = choose_abstentions(P, len(P), **costs, abstain_cost=cost)
        np.testing.assert_array_equal(np.sort(chosen), left_out)


def test_rows_that_save_the_same_are_chosen_in_their_order():
    assert choose_abstentions([[0.5, 0.5]] * 5, 3).tolist() == [0, 1, 2]


@every_cost
@pytest.mark.parametrize("abstain_cost", [None, 0.2])
def test_the_estimate_is_the_mean_cost_over_labels_drawn_from_the_probabilities(
    costs, abstain_cost
):
    rng, draws = np.random.default_rng(1), []
    y_pred = decide(P, **costs, abstain_cost=abstain_cost)
    for _ in range(4000):
        y = (rng.uniform(size=(9, 1)) > P.cumsum(axis=1)).sum(axis=1)
        draws.append(average_cost(y, y_pred, labels=[0, 1, 2], **costs, abstain_cost=abstain_cost))
    estimate = estimate_average_cost(P, **costs, abstain_cost=abstain_cost)
    assert np.mean(draws) == pytest.approx(estimate, abs=4 * np.std(draws) / np.sqrt(4000))


def test_weights_count_rows_several_times():
    times = np.arange(1, 10)
    weighted = estimate_average_cost(P, sample_weight=times)
    assert weighted == pytest.approx(estimate_average_cost(P.repeat(times, axis=0)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: choose_abstentions(P, -1), "max_abstentions is -1; expected a whole number"),
        (
            lambda: choose_abstentions(P, 0.5),  # type: ignore[arg-type]
            "max_abstentions is 0.5; expected a whole number",
        ),
        (lambda: choose_abstentions(P, 1, abstain_cost=-1), "abstain_cost is -1; expected finite"),
        (lambda: choose_abstentions(P, 1, abstain_cost=[1, 2]), "abstain_cost has shape (2,)"),
        (lambda: estimate_average_cost(P, abstain_cost=np.inf), "abstain_cost is inf"),
        (
            lambda: estimate_average_cost(P, abstain_cost=[0.1] * 9),  # type: ignore[arg-type]
            "abstain_cost has shape (9,)",
        ),
        (lambda: estimate_average_cost(np.empty((0, 2))), "The total weight of the rows is 0"),
        (lambda: estimate_average_cost([[2, 3]]), "expected numbers >= 0 that sum to 1"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


# --- the highest abstain_cost with a promise ---

MANY = np.random.default_rng(2).dirichlet(np.full(3, 0.6), size=400).round(2)
MANY /= MANY.sum(axis=1, keepdims=True)
TRUE = (np.random.default_rng(3).uniform(size=(400, 1)) > MANY.cumsum(axis=1)).sum(axis=1)
MANY_COSTS = {
    "equal": {},
    "matrix": {"cost_matrix": [[0, 1, 2], [4, 0, 1], [9, 5, 0]]},
    "rows": {"sample_costs": np.random.default_rng(4).uniform(0, 3, (400, 3)), "max_cost": 3},
}


def cost_of_predictions(abstain_cost, **costs):
    """Sum of the costs of the rows that get a prediction."""
    y_pred = decide(MANY, **costs, abstain_cost=abstain_cost)
    made = y_pred != -1
    rows = {k: v[made] if k == "sample_costs" else v for k, v in costs.items()}
    if not made.any():
        return 0.0
    return made.sum() * average_cost(TRUE[made], y_pred[made], labels=[0, 1, 2], **rows)


@pytest.mark.parametrize("costs", MANY_COSTS.values(), ids=MANY_COSTS)
def test_the_bound_of_conformal_risk_control_is_kept_and_the_next_value_would_break_it(costs):
    of_decide = {name: value for name, value in costs.items() if name != "max_cost"}
    bound = {"cost_matrix": 9, "sample_costs": 3}.get(next(iter(costs), ""), 1)
    least = np.unique(expected_costs(MANY, **of_decide).min(axis=1))
    for limit in (0.05, 0.1, 0.2, 0.4):
        found = abstain_cost_at_average_cost(TRUE, MANY, limit, **costs)
        assert (cost_of_predictions(found, **of_decide) + bound) / 401 <= limit
        higher = least[least > found * (1 + 1e-9)]
        if len(higher):
            assert (cost_of_predictions(higher[0], **of_decide) + bound) / 401 > limit


def test_labels_by_name_give_the_same_as_their_positions():
    names = np.array(["ham", "offer", "spam"])
    by_name = abstain_cost_at_average_cost(names[TRUE], MANY, 0.1, {"spam": 5}, names)
    assert by_name == abstain_cost_at_average_cost(TRUE, MANY, 0.1, {2: 5})


def test_too_few_rows_are_refused_with_the_number_that_is_enough():
    P, y = [[0.1, 0.9]] * 48, [1] * 48
    with pytest.raises(ValueError, match=r"which 48 rows cannot promise .* at least 49 rows"):
        abstain_cost_at_average_cost(y, P, 0.1, {1: 5})
    abstain_cost_at_average_cost([*y, 1], [*P, P[0]], 0.1, {1: 5})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_average_cost": 0}, "max_average_cost is 0; expected a finite number above 0"),
        ({"max_average_cost": np.inf}, "max_average_cost is inf; expected a finite"),
        ({"cost_matrix": [[-1, 1, 1], [1, 0, 1], [1, 1, 0]]}, "negative cost -1"),
        ({"y_true": TRUE[:5]}, "inconsistent numbers of samples"),
        ({"y_true": TRUE + 1}, "holds [3], which are not in labels"),
        ({"max_cost": 3}, "cost_matrix says what a row can cost"),
        ({"sample_costs": MANY}, "max_cost is None; expected the most that a row can cost"),
        ({"sample_costs": MANY, "max_cost": 0.5}, "max_cost is 0.5; expected the most"),
    ],
)
def test_a_limit_or_rows_that_do_not_fit_are_refused(arguments, message):
    given = {"y_true": TRUE, "probabilities": MANY, "max_average_cost": 0.2, **arguments}
    with pytest.raises(ValueError, match=re.escape(message)):
        abstain_cost_at_average_cost(**given)
