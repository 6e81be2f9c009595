"""Two classes as other packages and papers count them: numbers by hand, then the formulas."""

from __future__ import annotations

import numpy as np
import pytest

from skcnn.costs import (
    average_cost,
    brier_curve,
    cost_curve,
    cost_threshold_curve,
    savings_score,
)

FP, FN, TP, TN = 2.0, 10.0, 3.0, 1.0
PRICES = np.array([[TN, FP], [FN, TP]])
FOUR_ROWS = [0, 1, 0, 1], [0.1, 0.3, 0.4, 0.9]

every_seed = pytest.mark.parametrize("seed", range(10))


def rows(seed):
    """Truth, probabilities with ties among them, and weights."""
    rng = np.random.default_rng(seed)
    prob = rng.integers(0, 11, size=60) / 10 if seed % 2 else rng.uniform(size=60)
    return rng.uniform(size=60) < prob, prob, rng.uniform(0.1, 2, size=60)


def rates(true, prob, weight):
    """Of misses and of false alarms at every threshold."""
    flagged = prob >= np.append(np.unique(prob), np.inf)[:, np.newaxis]  # (T, n)
    misses = (~flagged & true) @ weight / weight[true].sum()
    alarms = (flagged & ~true) @ weight / weight[~true].sum()
    return misses, alarms


def test_costs_and_savings_of_one_outcome_each_are_worked_out_by_hand():
    true, answer = [0, 1, 0, 1], [0, 0, 1, 1]
    assert average_cost(true, answer, cost_matrix=PRICES) == (1 + 10 + 2 + 3) / 4
    # Never flagging costs 1 + 10 + 1 + 10 = 22, always 2 + 3 + 2 + 3 = 10.
    assert savings_score(true, answer, cost_matrix=PRICES) == pytest.approx(1 - 16 / 10, abs=1e-12)


@every_seed
def test_the_expected_cost_of_a_random_prediction_is_that_of_empulse(seed):
    # Each row is flagged with its own probability s.
    true, s, _ = rows(seed)
    formula = true * (s * TP + (1 - s) * FN) + ~true * (s * FP + (1 - s) * TN)
    never, always = (np.where(true, *pair).mean() for pair in ((FN, TN), (TP, FP)))
    both = np.tile(true, 2), np.repeat([False, True], len(s))
    arguments = {"cost_matrix": PRICES, "sample_weight": np.concatenate([1 - s, s])}
    found = average_cost(*both, **arguments)
    assert found == pytest.approx(formula.mean(), rel=0, abs=1e-12)
    savings = 1 - formula.mean() / min(never, always)
    assert savings_score(*both, **arguments) == pytest.approx(savings, rel=0, abs=1e-12)


def test_the_maximum_profit_is_worked_out_by_hand():
    # Flagging from 0.3 on finds both positive rows, at one false alarm: (2 * 10 - 2) / 4.
    costs, _ = cost_threshold_curve(*FOUR_ROWS, [[0, 2], [0, -10]])
    assert costs.tolist() == [-4.0, -4.5, -2.0, -2.5, 0.0]


@every_seed
def test_the_lowest_cost_is_minus_the_maximum_profit_for_every_benefit(seed):
    # Verbraken et al. (2013); its mean over the benefits of a hit is the expected maximum profit.
    true, prob, weight = rows(seed)
    misses, alarms = rates(true, prob, weight)
    share = np.average(true, weights=weight)
    for benefit, cost in ((0.5, 1), (1, 1), (20, 1), (3, 0.1)):
        profit = (benefit * share * (1 - misses) - cost * (1 - share) * alarms).max()
        matrix = [[0, cost], [0, -benefit]]
        costs, _ = cost_threshold_curve(true, prob, matrix, sample_weight=weight)
        assert -costs.min() == pytest.approx(profit, rel=0, abs=1e-12)


def test_both_curves_of_four_rows_are_worked_out_by_hand():
    # Corners (FPR, FNR): (0, 0.5) from 0.9 on, (0.5, 0) from 0.3 on; the lines cross at 1/2.
    np.testing.assert_allclose(cost_curve(*FOUR_ROWS), [[0, 0.5, 1], [0, 0.25, 0]], atol=1e-12)
    # Between 0.3 and 0.4 one is missed and one flagged in vain: 2 ((1 - c) + c) / 4.
    c, costs = brier_curve(*FOUR_ROWS)
    np.testing.assert_allclose(c, [0, 0.1, 0.1, 0.3, 0.3, 0.4, 0.4, 0.9, 0.9, 1], atol=1e-12)
    expected = [0, 0.1, 0.05, 0.15, 0.5, 0.5, 0.3, 0.05, 0.1, 0]
    np.testing.assert_allclose(costs, expected, atol=1e-12)


@every_seed
def test_the_cost_curve_is_drummond_and_holtes(seed):
    # The normalized expected cost at the operating point PC(+) is FNR PC + FPR (1 - PC).
    true, prob, weight = rows(seed)
    misses, alarms = rates(true, prob, weight)
    for pc, found in zip(*cost_curve(true, prob, sample_weight=weight), strict=True):
        assert found == pytest.approx((misses * pc + alarms * (1 - pc)).min(), rel=0, abs=1e-12)


@every_seed
def test_the_brier_curve_is_hernandez_orallos(seed):
    # Q(T; c) = 2 (c pi_0 (1 - F_0(T)) + (1 - c) pi_1 F_1(T)) at the threshold T = c.
    true, prob, weight = rows(seed)
    share, curve = np.average(true, weights=weight), brier_curve(true, prob, sample_weight=weight)
    for c in np.random.default_rng(seed).uniform(size=50):
        alarms = weight[~true & (prob > c)].sum() / weight[~true].sum()
        misses = weight[true & (prob <= c)].sum() / weight[true].sum()
        expected = 2 * (c * (1 - share) * alarms + (1 - c) * share * misses)
        assert np.interp(c, *curve) == pytest.approx(expected, rel=0, abs=1e-12)
