"""Promises are kept: by simulation, in populations whose true rates are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from skcnn.costs import (
    abstain_cost_at_average_cost,
    threshold_at_false_alarm_rate,
    threshold_at_limits,
    threshold_at_precision,
    threshold_at_recall,
)


@dataclass(frozen=True)
class Population:
    """Scores with their shares, and P(positive | score)."""

    scores: np.ndarray
    positive: np.ndarray
    shares: np.ndarray

    def draw(self, n, rng):
        rows = rng.choice(len(self.scores), n, p=self.shares)
        return (rng.uniform(size=n) < self.positive[rows]).astype(int), self.scores[rows]

    def rates(self, threshold):
        """Recall, precision and false-alarm rate of all rows at or above the threshold."""
        flagged = self.scores >= threshold
        hits, others = self.shares * self.positive, self.shares * (1 - self.positive)
        n_flagged = max(self.shares[flagged].sum(), 1e-300)
        return {
            "recall": hits[flagged].sum() / hits.sum(),
            "precision": hits[flagged].sum() / n_flagged,
            "false alarms": others[flagged].sum() / others.sum(),
        }


def even(n):
    return np.full(n, 1 / n)


FINE = np.linspace(0.001, 0.999, 999)
POPULATIONS = {
    "calibrated": Population(FINE, FINE, even(999)),
    "eight different scores": Population(
        np.arange(1, 9) / 9,
        (np.arange(1, 9) / 9) ** 1.5,
        np.array([0.4, 0.2, 0.1, 0.08, 0.07, 0.06, 0.05, 0.04]),
    ),
    "too sure": Population(FINE**0.3, 0.9 * FINE, even(999)),
    "in waves": Population(FINE, 0.2 + 0.6 * FINE + 0.2 * np.sin(12 * FINE), even(999)),
    "rare": Population(FINE**3, FINE**6, even(999)),
}
CONFIDENCE = 0.9
PROMISES = {
    "recall": (
        lambda y, p: threshold_at_recall(y, p, 0.85, confidence=CONFIDENCE),
        lambda rates: rates["recall"] >= 0.85,
    ),
    "precision": (
        lambda y, p: threshold_at_precision(y, p, 0.55, confidence=CONFIDENCE),
        lambda rates: rates["precision"] >= 0.55,
    ),
    "false alarms": (
        lambda y, p: threshold_at_false_alarm_rate(y, p, 0.1, confidence=CONFIDENCE),
        lambda rates: rates["false alarms"] <= 0.1,
    ),
    "recall and precision": (
        lambda y, p: threshold_at_limits(
            y, p, min_recall=0.6, min_precision=0.4, confidence=CONFIDENCE
        ),
        lambda rates: rates["recall"] >= 0.6 and rates["precision"] >= 0.4,
    ),
    "all three": (
        lambda y, p: threshold_at_limits(
            y,
            p,
            min_recall=0.4,
            min_precision=0.4,
            max_false_alarm_rate=0.5,
            confidence=CONFIDENCE,
        ),
        lambda rates: (
            rates["recall"] >= 0.4 and rates["precision"] >= 0.4 and rates["false alarms"] <= 0.5
        ),
    ),
}
every_population = pytest.mark.parametrize("name", POPULATIONS)
every_promise = pytest.mark.parametrize("promise", PROMISES)


def share_broken(population, promise, n_draws, n_rows=300):
    """Share of the draws in which the promise is made and broken."""
    choose, is_kept = PROMISES[promise]
    rng = np.random.default_rng(0)
    broken = 0
    for _ in range(n_draws):
        y, p = population.draw(n_rows, rng)
        try:
            threshold = choose(y, p)
        except ValueError:
            continue  # no promise is made
        broken += not is_kept(population.rates(threshold))
    return broken / n_draws


def most_by_chance(n_draws):
    """Three standard errors above the share of promises that may be broken."""
    allowed = 1 - CONFIDENCE
    return allowed + 3 * np.sqrt(allowed * CONFIDENCE / n_draws)


@every_promise
@every_population
def test_a_promise_is_broken_no_more_often_than_it_says(name, promise):
    assert share_broken(POPULATIONS[name], promise, 100) <= most_by_chance(100)


@pytest.mark.slow
@every_promise
@every_population
def test_a_promise_is_broken_no_more_often_than_it_says_in_2000_draws(name, promise):
    assert share_broken(POPULATIONS[name], promise, 2000) <= most_by_chance(2000)


@pytest.mark.slow
@pytest.mark.parametrize("promise", ["recall", "false alarms"])
def test_a_bound_is_not_wider_than_it_must_be_where_no_scores_are_tied(promise):
    # The order statistic is exact: the error probability is used but for the step of one row.
    assert share_broken(POPULATIONS["calibrated"], promise, 2000) > 0.04


def test_without_a_confidence_the_limit_is_missed_about_half_of_the_time():
    population, rng = POPULATIONS["calibrated"], np.random.default_rng(1)
    missed = np.zeros(3)
    for _ in range(100):
        y, p = population.draw(300, rng)
        recall = population.rates(threshold_at_recall(y, p, 0.85))["recall"]
        precision = population.rates(threshold_at_precision(y, p, 0.55))["precision"]
        alarms = population.rates(threshold_at_false_alarm_rate(y, p, 0.1))["false alarms"]
        missed += [recall < 0.85, precision < 0.55, alarms > 0.1]
    assert (missed > 25).all()


# --- the expected cost of the predictions that are made ---


def mean_cost_of_new_rows(population, limit, n_draws, n_rows, miss_cost=5.0):
    """Expected cost per new row of the predictions that are made, over the draws."""
    rng = np.random.default_rng(0)
    P = np.column_stack([1 - population.scores, population.scores])
    least = np.minimum(P[:, 1] * miss_cost, P[:, 0])
    predicts_positive = P[:, 1] * miss_cost > P[:, 0]
    expected = np.where(predicts_positive, 1 - population.positive, miss_cost * population.positive)
    costs = []
    for _ in range(n_draws):
        y, p = population.draw(n_rows, rng)
        abstain_cost = abstain_cost_at_average_cost(
            y, np.column_stack([1 - p, p]), limit, {1: miss_cost}
        )
        costs.append((population.shares * expected)[least <= abstain_cost].sum())
    return np.mean(costs), np.std(costs) / np.sqrt(n_draws)


@every_population
def test_the_predictions_that_are_made_cost_no_more_than_promised_on_average(name):
    mean, error = mean_cost_of_new_rows(POPULATIONS[name], 0.15, 100, 1000)
    assert mean <= 0.15 + 3 * error


@pytest.mark.slow
@every_population
def test_the_predictions_that_are_made_cost_no_more_than_promised_in_2000_draws(name):
    mean, error = mean_cost_of_new_rows(POPULATIONS[name], 0.15, 2000, 1000)
    assert mean <= 0.15 + 3 * error
