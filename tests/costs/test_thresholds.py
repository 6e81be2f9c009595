from __future__ import annotations

import re

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve, precision_score, recall_score
from sklearn.model_selection import FixedThresholdClassifier

from skcnn.costs import threshold_at_precision, threshold_at_rate

LABELS = np.array(["ham", "spam"])


def make_scores():
    """Truth (1 is positive) and scores: fine, with ties, good, bad, of any size, all equal."""
    rng = np.random.default_rng(0)
    fine, coarse = rng.uniform(size=60), rng.integers(0, 8, size=90) / 7
    half = np.arange(30) % 2
    return {
        "fine": (rng.uniform(size=60) < fine, fine),
        "coarse": (rng.uniform(size=90) < 0.1 + 0.8 * coarse, coarse),
        "rare": (rng.uniform(size=200) < 0.05, rng.uniform(size=200)),
        "backwards": (rng.uniform(size=60) < fine, 1 - fine),
        "logits": (rng.uniform(size=60) < fine, np.log(fine / (1 - fine))),
        "perfect": (half == 1, half.astype(float)),
        "constant": (half == 1, np.full(30, 0.4)),
        "two rows": (np.array([False, True]), np.array([0.3, 0.8])),
    }


SCORES = make_scores()
every_score = pytest.mark.parametrize(
    ("true", "score"), [(true.astype(int), score) for true, score in SCORES.values()], ids=SCORES
)


def rates(true, score, weight=None):
    """Precision and recall at every threshold, one after the other."""
    weight = np.ones(len(true)) if weight is None else weight
    for threshold in np.unique(score):
        flagged = score >= threshold
        hits = weight[flagged & (true == 1)].sum()
        yield threshold, hits / weight[flagged].sum(), hits / weight[true == 1].sum()


@every_score
def test_no_threshold_with_the_precision_has_a_higher_recall(true, score):
    table = list(rates(true, score))
    best_precision = max(precision for _, precision, _ in table)
    # Precisions that thresholds have exactly, and others.
    for wanted in {p for _, p, _ in table if p > 0} | set(np.linspace(0.01, best_precision, 23)):
        threshold = threshold_at_precision(true, score, wanted)
        assert isinstance(threshold, float)
        found = {t: (precision, recall) for t, precision, recall in table}[threshold]
        assert found[0] >= wanted
        assert found[1] == max(recall for _, precision, recall in table if precision >= wanted)
        # Where several have that recall, it is the one that flags the fewest rows.
        assert threshold == max(t for t, _, recall in table if recall == found[1])


@every_score
def test_no_threshold_with_the_precision_has_a_higher_recall_by_weight_either(true, score):
    weight = np.random.default_rng(1).uniform(0.1, 5, size=len(true))
    table = list(rates(true, score, weight))
    best_precision = max(precision for _, precision, _ in table)
    for wanted in np.linspace(0.013, best_precision - 1e-9, 23):
        threshold = threshold_at_precision(true, score, wanted, sample_weight=weight)
        found = {t: (precision, recall) for t, precision, recall in table}[threshold]
        assert found[0] >= wanted - 1e-12
        best = max(recall for _, precision, recall in table if precision >= wanted)
        assert found[1] == pytest.approx(best, abs=1e-12)


@every_score
def test_the_precision_is_kept_and_the_recall_is_that_of_the_curve(true, score):
    precision, recall, _ = precision_recall_curve(true, score)
    flagging = precision[:-1]  # the last point of the curve flags nothing
    for wanted in np.linspace(0.02, flagging.max(), 31):
        answer = score >= threshold_at_precision(true, score, wanted)
        assert precision_score(true, answer) >= wanted
        expected = recall[:-1][flagging >= wanted].max()
        assert recall_score(true, answer) == pytest.approx(expected, abs=1e-12)


def test_either_class_can_be_the_positive_one():
    true, score = SCORES["coarse"]
    labels = LABELS[true.astype(int)]
    best = threshold_at_precision(true, score, 0.7)
    assert threshold_at_precision(labels, score, 0.7) == best
    assert threshold_at_precision(labels, score, 0.7, pos_label="spam") == best
    ham = threshold_at_precision(labels, 1 - score, 0.7, pos_label="ham")
    assert precision_score(labels, np.where(1 - score >= ham, *LABELS), pos_label="ham") >= 0.7
    assert ham == threshold_at_precision(~true, 1 - score, 0.7)


def test_integer_weights_count_as_repeated_rows():
    true, score = SCORES["coarse"]
    weight = np.random.default_rng(2).integers(1, 6, size=len(true))
    for wanted in np.linspace(0.3, 0.7, 20):
        weighted = threshold_at_precision(true, score, wanted, sample_weight=weight)
        repeated = threshold_at_precision(true.repeat(weight), score.repeat(weight), wanted)
        assert weighted == repeated


def test_the_order_of_the_rows_does_not_matter():
    true, score = SCORES["rare"]
    order = np.random.default_rng(3).permutation(len(true))
    for wanted in (0.03, 0.05, 0.06):
        shuffled = threshold_at_precision(true[order], score[order], wanted)
        assert shuffled == threshold_at_precision(true, score, wanted)
    assert threshold_at_rate(score[order], 0.3) == threshold_at_rate(score, 0.3)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_rows_without_weight_at_the_top_count_as_absent():
    true, score, weight = [0, 1, 1], [0.6, 0.5, 0.9], [1, 1, 0]
    assert threshold_at_precision(true, score, 0.4, sample_weight=weight) == 0.5
    with pytest.raises(ValueError, match=r"expected at most 0\.5, .* at the threshold 0\.5"):
        threshold_at_precision(true, score, 0.9, sample_weight=weight)


@pytest.mark.parametrize(
    ("true", "weight", "wanted", "threshold"),
    [([0, 0, 1, 0], 0.1, 0.5, 0.3), ([1, 0, 1, 1], 0.7, 0.75, 0.1)],
)
def test_the_unit_of_the_weights_does_not_matter(true, weight, wanted, threshold):
    score = [0.1, 0.2, 0.3, 0.4]
    assert threshold_at_precision(true, score, wanted) == threshold
    weights = np.full(4, weight)
    assert threshold_at_precision(true, score, wanted, sample_weight=weights) == threshold


@every_score
def test_the_share_is_kept_and_the_next_lower_threshold_would_break_it(true, score):
    n = len(score)
    for rate in [*(np.arange(n + 1) / n), *np.random.default_rng(4).uniform(size=30)]:
        threshold = threshold_at_rate(score, rate)
        assert isinstance(threshold, float)
        assert np.mean(score >= threshold) <= rate + 1e-12
        lower = score[score < threshold]
        if len(lower):
            assert np.mean(score >= lower.max()) > rate + 1e-12


@pytest.mark.parametrize("n", [7, 10, 49, 100, 1000])
def test_a_share_of_rows_allows_as_many_as_it_says_in_spite_of_rounding(n):
    score = np.random.default_rng(5).permutation(n) / n
    for allowed in range(n + 1):
        for rate in (allowed / n, allowed * (1 / n), 1 - (n - allowed) / n):
            flagged = score >= threshold_at_rate(score, min(rate, 1))
            assert flagged.sum() == allowed


def test_all_or_no_rows_can_be_flagged():
    score = SCORES["coarse"][1]
    assert threshold_at_rate(score, 1) == score.min()
    assert threshold_at_rate(score, 0) == np.inf
    assert threshold_at_rate([0.4, 0.4], 0.99) == np.inf
    assert threshold_at_rate([3], 1.0) == 3


@pytest.fixture(scope="module")
def classifier():
    """Logistic regression on rounded features, so that some rows get the same probability."""
    rng = np.random.default_rng(6)
    features = rng.normal(size=(300, 2)).round(1)
    is_spam = features.sum(axis=1) + rng.normal(size=300) > 0.8
    labels = LABELS[is_spam.astype(int)]
    return LogisticRegression().fit(features, labels), features, labels


def answers_by(fitted, features, labels, threshold, pos_label):
    fixed = FixedThresholdClassifier(
        FrozenEstimator(fitted),
        threshold=threshold,
        pos_label=pos_label,
        response_method="predict_proba",
    )
    return fixed.fit(features, labels).predict(features)


@pytest.mark.parametrize("column", [0, 1])
@pytest.mark.parametrize("wanted", [0.6, 0.75, 0.9])
def test_a_classifier_with_the_threshold_has_the_precision_that_was_promised(
    classifier, column, wanted
):
    fitted, features, labels = classifier
    score, label = fitted.predict_proba(features)[:, column], LABELS[column]
    threshold = threshold_at_precision(labels, score, wanted, pos_label=label)
    answers = answers_by(fitted, features, labels, threshold, label)
    np.testing.assert_array_equal(answers == label, score >= threshold)
    assert precision_score(labels, answers, pos_label=label) >= wanted


@pytest.mark.parametrize("column", [0, 1])
@pytest.mark.parametrize("rate", [0, 0.05, 0.29, 0.5, 1])
def test_a_classifier_with_the_threshold_flags_the_share_that_was_promised(
    classifier, column, rate
):
    fitted, features, labels = classifier
    score, label = fitted.predict_proba(features)[:, column], LABELS[column]
    answers = answers_by(fitted, features, labels, threshold_at_rate(score, rate), label)
    n_most_alike = np.unique(score, return_counts=True)[1].max()
    assert rate - n_most_alike / len(score) < np.mean(answers == label) <= rate


@pytest.mark.parametrize("min_precision", [0, -0.5, 1.001, np.nan, "0.8", None])
def test_a_precision_that_is_none_is_refused_before_the_rows_are_looked_at(min_precision):
    message = f"min_precision is {min_precision!r}; expected a number in (0, 1]."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        threshold_at_precision(None, None, min_precision)


def test_a_precision_out_of_reach_is_refused_with_the_highest_there_is():
    message = (
        "min_precision is 0.9, which no threshold reaches; expected at most 0.75, the highest "
        "precision, at the threshold 0.2."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        threshold_at_precision([0, 1, 0, 1, 1], [0.1, 0.3, 0.9, 0.2, 0.4], 0.9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y_true": [1, 1]}, "y_true has 1 different labels, [1]; expected two."),
        ({"y_prob": [[0.8, 0.2], [0.1, 0.9]]}, "Pass the column of the positive class, such as"),
        ({"y_prob": [0.1, np.nan]}, "y_prob[1] is nan; expected finite numbers."),
        ({"pos_label": 3}, "pos_label is 3; expected one of [0, 1]."),
        ({"sample_weight": [0, 1]}, "All rows of one class have the weight 0"),
        ({"y_prob": [0.1, 0.2, 0.3]}, "inconsistent numbers of samples"),
    ],
)
def test_rows_that_do_not_fit_are_refused(arguments, message):
    rows = {"y_true": [0, 1], "y_prob": [0.2, 0.9], **arguments}
    with pytest.raises(ValueError, match=re.escape(message)):
        threshold_at_precision(**rows, min_precision=0.5)


@pytest.mark.parametrize(
    ("score", "rate", "message"),
    [
        ([0.1], -0.1, "max_rate is -0.1; expected a number in [0, 1]."),
        ([0.1], 30, "max_rate is 30; expected a number in [0, 1]."),
        ([0.1], np.nan, "max_rate is nan; expected a number in [0, 1]."),
        (
            [],
            0.3,
            "y_prob has shape (0,); expected one number for each row, and at least one row",
        ),
        ([[0.1, 0.9]], 0.3, "y_prob has shape (1, 2); expected one number"),
        ([0.1, np.nan], 0.3, "y_prob[1] is nan; expected finite numbers."),
        ([0.1, np.inf], 0.3, "y_prob[1] is inf; expected finite numbers."),
        ([0.1], "5%", "max_rate is '5%'; expected a number in [0, 1]."),
    ],
)
def test_a_share_or_scores_that_do_not_fit_are_refused(score, rate, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        threshold_at_rate(score, rate)


def test_a_single_number_is_refused_like_any_other_wrong_shape():
    with pytest.raises(ValueError, match=r"y_prob has shape \(\)"):
        threshold_at_rate(0.5, 0.3)
