"""Thresholds by recall, false-alarm rate and count, and what a confidence changes."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from skcnn.costs import (
    threshold_at_count,
    threshold_at_false_alarm_rate,
    threshold_at_limits,
    threshold_at_precision,
    threshold_at_rate,
    threshold_at_recall,
)
from skcnn.costs._binomial import at_least, lower_bound, order_of_quantile, rows_needed
from skcnn.costs._certified import certify_precision
from tests.costs.test_thresholds import LABELS, every_score


def recall_and_false_alarms(true, score, threshold):
    flagged = score >= threshold
    return flagged[true == 1].mean(), flagged[true == 0].mean()


@every_score
def test_no_higher_threshold_has_the_recall(true, score):
    candidates = np.append(np.unique(score), np.inf)
    recalls = [recall_and_false_alarms(true, score, t)[0] for t in candidates]
    for wanted in {r for r in recalls if r > 0} | set(np.linspace(0.01, 1, 23)):
        best = candidates[np.array(recalls) >= wanted].max()
        assert threshold_at_recall(true, score, wanted) == best


@every_score
def test_no_lower_threshold_has_the_false_alarm_rate(true, score):
    candidates = np.append(np.unique(score), np.inf)
    rates = [recall_and_false_alarms(true, score, t)[1] for t in candidates]
    for wanted in {r for r in rates if r < 1} | set(np.linspace(0, 0.99, 23)):
        best = candidates[np.array(rates) <= wanted].min()
        assert threshold_at_false_alarm_rate(true, score, wanted) == best


@every_score
def test_the_count_is_kept_and_the_next_lower_threshold_would_break_it(true, score):
    for count in range(len(score) + 3):
        threshold = threshold_at_count(score, count)
        assert (score >= threshold).sum() <= count
        lower = score[score < threshold]
        if len(lower):
            assert (score >= lower.max()).sum() > count
        if count <= len(score):
            assert threshold == threshold_at_rate(score, count / len(score))


@every_score
@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("rate", [0.3, 0.7, 0.9])
def test_recall_and_false_alarms_are_promised_as_the_exact_binomial_test_says(
    true, score, confidence, rate
):
    candidates = np.append(np.unique(score), np.inf)
    m, others = (true == 1).sum(), (true == 0).sum()
    misses = np.array([(score[true == 1] < t).sum() for t in candidates])
    alarms = np.array([(score[true == 0] >= t).sum() for t in candidates])
    promises = binom.cdf(misses, m, 1 - rate) <= 1 - confidence + 1e-12
    if promises.any():
        best = candidates[promises].max()
        assert threshold_at_recall(true, score, rate, confidence=confidence) == best
    else:
        with pytest.raises(ValueError, match=rf"which {m} positive rows cannot promise"):
            threshold_at_recall(true, score, rate, confidence=confidence)
    promises = binom.cdf(alarms, others, 1 - rate) <= 1 - confidence + 1e-12
    if promises.any():
        best = candidates[promises].min()
        found = threshold_at_false_alarm_rate(true, score, 1 - rate, confidence=confidence)
        assert found == best
    else:
        with pytest.raises(ValueError, match=rf"which {others} negative rows cannot promise"):
            threshold_at_false_alarm_rate(true, score, 1 - rate, confidence=confidence)


def test_the_bounds_are_those_of_scipy():
    for n in (1, 2, 7, 50, 333):
        for k in range(0, n + 1, max(1, n // 9)):
            for rate in (0.01, 0.3, 0.9):
                assert at_least(n, k, rate) == pytest.approx(binom.sf(k - 1, n, rate))
            test = binomtest(k, n, alternative="greater")
            assert lower_bound(n, k, 0.9) == pytest.approx(
                test.proportion_ci(0.9, method="exact").low
            )


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5, 0.97])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.99])
def test_as_many_rows_as_the_error_asks_for_are_enough_and_one_less_is_not(rate, confidence):
    needed = rows_needed(rate, confidence)
    assert order_of_quantile(needed, rate, confidence) >= 1
    assert needed == 1 or order_of_quantile(needed - 1, rate, confidence) == 0


def rows(n_positive, n_negative, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat([1, 0], [n_positive, n_negative])
    return y, np.clip(rng.normal(0.3 + 0.4 * y, 0.15), 0.001, 0.999)


def test_too_few_rows_are_refused_with_the_number_that_is_enough():
    message = (
        "min_recall is 0.9 with confidence 0.95, which 28 positive rows cannot promise at any "
        "threshold; expected at least 29 positive rows."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        threshold_at_recall(*rows(28, 50), 0.9, confidence=0.95)
    threshold_at_recall(*rows(29, 50), 0.9, confidence=0.95)
    with pytest.raises(ValueError, match=r"expected at least 299 negative rows"):
        threshold_at_false_alarm_rate(*rows(28, 298), 0.01, confidence=0.95)
    threshold_at_false_alarm_rate(*rows(28, 299), 0.01, confidence=0.95)


def test_too_few_rows_for_a_precision_are_refused_with_about_the_number_that_is_enough():
    y, p = rows(12, 20)
    with pytest.raises(ValueError, match=r"Expected about \d+ flagged rows") as raised:
        threshold_at_precision(y, p, 0.9, confidence=0.95)
    needed = int(re.search(r"about (\d+) rows in all", str(raised.value))[1])
    assert needed > 32
    times = -(-needed // 32)
    threshold_at_precision(np.tile(y, times), np.tile(p, times), 0.9, confidence=0.95)
    with pytest.raises(ValueError, match=r"no threshold can promise.*a better classifier"):
        threshold_at_precision([0, 1] * 50, [0.5] * 100, 0.9, confidence=0.95)


def test_more_confidence_flags_more_rows_for_recall_and_fewer_for_the_others():
    y, p = rows(300, 700)
    for function, rate, rises in (
        (threshold_at_recall, 0.9, False),
        (threshold_at_precision, 0.8, True),
        (threshold_at_false_alarm_rate, 0.1, True),
    ):
        found = [function(y, p, rate, confidence=level) for level in (0.5, 0.8, 0.95, 0.999)]
        steps = [b >= a if rises else b <= a for a, b in pairwise(found)]
        assert all(steps)
        assert found[0] != found[-1]


def test_either_class_can_be_promised():
    y, p = rows(300, 700)
    for function in (threshold_at_recall, threshold_at_precision, threshold_at_false_alarm_rate):
        by_number = function(1 - y, 1 - p, 0.6, confidence=0.9)
        by_name = function(LABELS[y], 1 - p, 0.6, confidence=0.9, pos_label="ham")
        assert by_name == by_number


# --- several promises ---


def test_one_limit_is_the_promise_of_its_own_function():
    y, p = rows(300, 700)
    for name, function, rate in (
        ("min_recall", threshold_at_recall, 0.9),
        ("min_precision", threshold_at_precision, 0.8),
        ("max_false_alarm_rate", threshold_at_false_alarm_rate, 0.1),
    ):
        one = threshold_at_limits(y, p, **{name: rate}, confidence=0.9)
        assert one == function(y, p, rate, confidence=0.9)


def test_each_of_several_limits_is_promised_with_its_share_of_the_error():
    y, p = rows(300, 700)
    limits = {"min_recall": 0.7, "min_precision": 0.7, "max_false_alarm_rate": 0.2}
    threshold = threshold_at_limits(y, p, **limits, confidence=0.85)
    assert threshold <= threshold_at_recall(y, p, 0.7, confidence=0.95)
    assert threshold >= threshold_at_precision(y, p, 0.7, confidence=0.95)
    assert threshold >= threshold_at_false_alarm_rate(y, p, 0.2, confidence=0.95)
    # With a promise about recall the fewest rows are flagged, without it the most.
    without = threshold_at_limits(y, p, min_precision=0.7, max_false_alarm_rate=0.2)
    assert without < threshold


@pytest.mark.parametrize(("confidence", "each"), [(0.9, 0.95), (0.98, 0.99)])
def test_two_limits_have_half_of_the_error_each(confidence, each):
    y, p = rows(600, 1400)
    limits = {"min_recall": 0.8, "max_false_alarm_rate": 0.3}
    threshold = threshold_at_limits(y, p, **limits, confidence=confidence)
    assert threshold == threshold_at_recall(y, p, 0.8, confidence=each)
    limits = {"min_precision": 0.1, "max_false_alarm_rate": 0.1}
    threshold = threshold_at_limits(y, p, **limits, confidence=confidence)
    lowest = threshold_at_false_alarm_rate(y, p, 0.1, confidence=each)
    tested = certify_precision(y == 1, p, 0.1, each)
    assert threshold == tested.useful[tested.useful >= lowest].min()


def test_the_tests_of_a_precision_share_the_error_by_the_fallback_procedure():
    for seed in range(5):
        y, p = rows(60, 140, seed)
        for wanted in (0.3, 0.6, 0.8):
            tested = certify_precision(y == 1, p, wanted, 0.9)
            # Half of the error probability begins at the promised precision.
            assert tested.thresholds[80] == pytest.approx(wanted)
            shares = np.zeros(161)
            shares[::10] = 0.1 * 0.5 / 16
            shares[80] = 0.1 * 0.5
            level, expected = 0.0, []
            for threshold, share in zip(tested.thresholds, shares, strict=True):
                level += share
                n, hits = (p >= threshold).sum(), (p[y == 1] >= threshold).sum()
                expected.append(binom.sf(hits - 1, n, wanted) <= level)
                if not expected[-1]:
                    level = 0.0
            assert tested.accepted.tolist() == expected


def test_limits_that_no_threshold_can_keep_together_are_refused_with_what_each_needs():
    y, p = rows(600, 700)
    with pytest.raises(ValueError, match=r"min_recall=0.99 needs one of at most 0\.\d+, max_fa"):
        threshold_at_limits(y, p, min_recall=0.99, max_false_alarm_rate=0.01)
    with pytest.raises(ValueError, match=r"min_precision=0.95 needs one from 0\.\d+ on"):
        threshold_at_limits(y, p, min_recall=0.99, min_precision=0.95)


# --- what is refused ---

PROMISING = {
    "min_recall": threshold_at_recall,
    "min_precision": threshold_at_precision,
    "max_rate": threshold_at_false_alarm_rate,
}
every_promising = pytest.mark.parametrize(("name", "function"), PROMISING.items())


@every_promising
@pytest.mark.parametrize("confidence", [0, 1, 95, np.nan, "high"])
def test_a_confidence_that_is_none_is_refused(name, function, confidence):
    message = f"confidence is {confidence!r}; expected a number"
    with pytest.raises(ValueError, match=re.escape(message)):
        function(*rows(9, 9), 0.5, confidence=confidence)


@every_promising
def test_weights_are_refused_where_rows_are_counted(name, function):
    y, p = rows(30, 30)
    function(y, p, 0.5, sample_weight=np.ones(60))
    with pytest.raises(ValueError, match="sample_weight is given together with confidence"):
        function(y, p, 0.5, confidence=0.9, sample_weight=np.ones(60))


@every_promising
@pytest.mark.parametrize("rate", [0, 1, -0.1, 30, "most", np.nan])
def test_what_no_number_of_rows_can_promise_is_refused(name, function, rate):
    with pytest.raises(ValueError, match=f"{name} is {rate!r}; expected a number"):
        function(*rows(30, 30), rate, confidence=0.9)
    limit = "max_false_alarm_rate" if name == "max_rate" else name
    with pytest.raises(ValueError, match=f"{limit} is {rate!r}; expected a number"):
        threshold_at_limits(*rows(30, 30), **{limit: rate})


def test_a_precision_is_promised_for_probabilities_only():
    y, p = rows(30, 30)
    with pytest.raises(ValueError, match="expected probabilities of the positive class"):
        threshold_at_precision(y, 5 * p, 0.5, confidence=0.9)
    threshold_at_recall(y, 5 * p, 0.5, confidence=0.9)


def test_no_limit_at_all_is_refused():
    with pytest.raises(ValueError, match="No limit is given; expected at least one of min_recall"):
        threshold_at_limits(*rows(9, 9))


@pytest.mark.parametrize("count", [-1, 2.5, "3", None, np.nan])
def test_a_count_that_is_none_is_refused(count):
    with pytest.raises(ValueError, match=rf"max_count is {count!r}; expected a whole number"):
        threshold_at_count([0.1], count)
