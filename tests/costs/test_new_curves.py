"""Net benefit, and recall against effort."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from skcnn.costs import brier_curve, net_benefit_curve, recall_effort_curve
from tests.costs.test_thresholds import SCORES

PROBABILITIES = {name: SCORES[name] for name in SCORES if name != "logits"}
every_probability = pytest.mark.parametrize(
    ("true", "p"), [(true.astype(int), p) for true, p in PROBABILITIES.values()], ids=PROBABILITIES
)


@every_probability
def test_the_net_benefit_is_that_of_the_decisions_at_the_threshold(true, p):
    thresholds, benefit = net_benefit_curve(true, p)
    assert (np.diff(thresholds) >= 0).all()
    assert (benefit <= true.mean() + 1e-12).all()
    for begin, end, at_begin, at_end in zip(
        thresholds[::2], thresholds[1::2], benefit[::2], benefit[1::2], strict=False
    ):
        for t, expected in ((begin, at_begin), (end, at_end)):
            (_, fp), (_, tp) = confusion_matrix(true, p >= end, labels=[0, 1])
            assert (tp - fp * t / (1 - t)) / len(true) == pytest.approx(expected)


@every_probability
def test_the_net_benefit_and_the_brier_curve_say_the_same(true, p):
    thresholds, benefit = net_benefit_curve(true, p)
    c, costs = (values[: len(thresholds)] for values in brier_curve(true, p))
    np.testing.assert_allclose(thresholds, c)
    # The average cost is in units of C_fp + C_fn = 2, and the net benefit in misses.
    np.testing.assert_allclose(benefit, true.mean() - costs / (2 * (1 - c)), atol=1e-12)


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("weighted", [False, True])
def test_recall_and_effort_are_those_at_each_threshold(name, weighted):
    true, score = SCORES[name]
    weight = np.random.default_rng(0).uniform(0.5, 2, len(true)) if weighted else np.ones(len(true))
    effort, recall, thresholds = recall_effort_curve(true, score, sample_weight=weight)
    assert (effort[0], recall[0], thresholds[0]) == (0, 0, np.inf)
    assert effort[-1] == pytest.approx(1)
    assert recall[-1] == pytest.approx(1)
    for e, r, t in zip(effort, recall, thresholds, strict=True):
        flagged = score >= t
        assert e == pytest.approx(weight[flagged].sum() / weight.sum())
        assert r == pytest.approx(weight[flagged & true].sum() / weight[true].sum())


def test_a_net_benefit_needs_probabilities():
    with pytest.raises(ValueError, match="expected probabilities of the positive class"):
        net_benefit_curve([0, 1], [-2, 3])
