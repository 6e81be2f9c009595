"""Other shares of the classes: probabilities, estimates, and `MinCostClassifier`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline as make_imblearn_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, train_test_split

from skcnn import MinCostClassifier
from skcnn.costs import change_prior, decide, estimate_prior
from skcnn.datasets import load_bbc_headlines

LABELS = ["ham", "offer", "spam"]
PRIORS = [
    np.array([0.5, 0.5]),
    np.array([0.9, 0.1]),
    np.array([0.2, 0.3, 0.5]),
    np.array([0.7, 0.2, 0.1]),
    np.full(30, 1 / 30),
]
every_prior = pytest.mark.parametrize("old", PRIORS, ids=lambda prior: f"{len(prior)} classes")


def some_probabilities(n_classes, n=50, seed=0):
    return np.random.default_rng(seed).dirichlet(np.full(n_classes, 0.5), size=n)


def another(old, seed=1):
    return np.random.default_rng(seed).dirichlet(np.ones(len(old)))


@every_prior
def test_the_formula_is_that_of_bayes(old):
    new, likelihood = another(old), np.random.default_rng(2).uniform(size=(50, len(old)))

    def posterior(prior):
        joint = prior * likelihood
        return joint / joint.sum(axis=1, keepdims=True)

    np.testing.assert_allclose(change_prior(posterior(old), old, new), posterior(new))


@every_prior
def test_there_and_back_changes_nothing_and_two_steps_are_one(old):
    P, new, third = some_probabilities(len(old)), another(old), another(old, seed=3)
    there = change_prior(P, old, new)
    np.testing.assert_allclose(change_prior(there, new, old), P, atol=1e-12)
    np.testing.assert_allclose(change_prior(there, new, third), change_prior(P, old, third))
    np.testing.assert_allclose(change_prior(P, old, old), P)


def test_shares_by_label_may_have_any_order():
    P = some_probabilities(3)
    by_label = change_prior(
        P,
        {"spam": 0.2, "ham": 0.5, "offer": 0.3},
        {"offer": 0.1, "spam": 0.1, "ham": 0.8},
        labels=LABELS,
    )
    np.testing.assert_array_equal(by_label, change_prior(P, [0.5, 0.3, 0.2], [0.8, 0.1, 0.1]))


def test_pandas_shares_and_probabilities_are_matched_by_label():
    P = some_probabilities(3)
    y = pd.Series(["spam"] * 5 + ["ham"] * 3 + ["offer"] * 2)
    counted = y.value_counts(normalize=True)  # the most frequent class is first
    expected = change_prior(P, [0.3, 0.2, 0.5], [0.8, 0.1, 0.1])
    new = [0.8, 0.1, 0.1]
    np.testing.assert_allclose(change_prior(P, counted, new, labels=LABELS), expected)
    table = pd.DataFrame(P[:, [2, 0, 1]], columns=["spam", "ham", "offer"])
    np.testing.assert_allclose(change_prior(table, counted, new, labels=LABELS), expected)
    estimated = estimate_prior(table, counted, labels=LABELS)
    np.testing.assert_allclose(estimated, estimate_prior(P, [0.3, 0.2, 0.5]))


def test_a_class_with_the_share_0_gets_no_probability():
    changed = change_prior([[0.2, 0.3, 0.5]], [0.3, 0.3, 0.4], [0.5, 0.5, 0])
    np.testing.assert_allclose(changed, [[0.4, 0.6, 0]])
    with pytest.raises(ValueError, match=r"probabilities\[1\] is .*impossible with the new shares"):
        change_prior([[0.5, 0.5], [0, 1]], [0.5, 0.5], [1, 0])


@pytest.mark.parametrize("function", [change_prior, estimate_prior])
@pytest.mark.parametrize(
    "old",
    [
        *([0.5, 0.6], [50, 50], [0, 1], [0.2, 0.3, 0.5], [1.2, -0.2], [np.nan, 1], 0.5, {0: 1}),
        *("balanced", ["a", "b"], [[0.5], [0.5, 0.1]], [None, 1], [1, 1e-320]),
    ],
)
def test_shares_that_are_none_are_refused(function, old):
    others = ([0.5, 0.5],) if function is change_prior else ()
    with pytest.raises(ValueError, match=r"old (is|has the labels) .*; expected"):
        function([[0.5, 0.5]], old, *others)


def shifted_rows(old, new, n=20_000):
    """Rows with calibrated probabilities for `old`, drawn with the shares `new`; and labels."""
    rng = np.random.default_rng(4)
    k = len(old)
    y = rng.choice(k, n, p=new)
    x = rng.normal(size=(n, k)) + 1.5 * np.eye(k)[y]
    joint = old * np.exp(1.5 * x)  # the densities of the classes, without what they share
    return joint / joint.sum(axis=1, keepdims=True), y


@every_prior
def test_the_shares_of_rows_without_labels_are_estimated(old):
    new = another(old)
    P, y = shifted_rows(old, new)
    observed = np.bincount(y, minlength=len(old)) / len(y)
    estimated = estimate_prior(P, old)
    assert estimated.sum() == pytest.approx(1)
    np.testing.assert_allclose(estimated, observed, atol=0.02)
    # At the maximum one more step changes nothing.
    np.testing.assert_allclose(change_prior(P, old, estimated).mean(axis=0), estimated, atol=1e-6)
    assert log_loss(y, change_prior(P, old, estimated)) < log_loss(y, P)


def test_an_estimate_that_does_not_settle_warns(monkeypatch):
    monkeypatch.setattr("skcnn.costs._prior._MAX_ITERATIONS", 3)
    with pytest.warns(ConvergenceWarning, match="still change by"):
        estimate_prior(shifted_rows(np.array([0.5, 0.5]), [0.9, 0.1], 500)[0], [0.5, 0.5])


def test_no_rows_give_no_estimate():
    with pytest.raises(ValueError, match="probabilities has no rows"):
        estimate_prior(np.empty((0, 2)), [0.5, 0.5])


# --- MinCostClassifier ---


@pytest.fixture(scope="module")
def headlines():
    texts, sections = load_bbc_headlines(return_X_y=True)
    y = np.where(sections == "tech", "tech", "other")
    return train_test_split(np.array(texts, dtype=object), y, stratify=y, random_state=0)


def linear(**parameters):
    return make_imblearn_pipeline(
        TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(**parameters)
    )


def resampled():
    steps = linear().steps
    sampler = RandomUnderSampler(random_state=0)
    return make_imblearn_pipeline(steps[0][1], sampler, steps[1][1])


# An undersampled classifier learns from a third of the headlines: the correction cannot give these
# back. Class weights leave all of them in.
@pytest.mark.parametrize(
    ("learner", "wrong", "at_most"),
    [(resampled(), 1.6, 1.15), (linear(class_weight="balanced"), 1.15, 1.0)],
    ids=["sampler", "class weights"],
)
def test_what_resampling_did_to_the_probabilities_of_headlines_is_undone(
    learner, wrong, at_most, headlines
):
    X, X_test, y, y_test = headlines
    models = {
        "plain": linear(),
        "resampled": clone(learner),
        "corrected": MinCostClassifier(learner, train_prior=[0.5, 0.5]),
    }
    loss = {
        name: log_loss(y_test, model.fit(X, y).predict_proba(X_test))
        for name, model in models.items()
    }
    assert loss["resampled"] > wrong * loss["plain"]
    assert loss["corrected"] < at_most * loss["plain"]


@pytest.mark.parametrize(
    "sampler", [RandomUnderSampler(random_state=0), RandomOverSampler(random_state=0)]
)
def test_a_model_that_can_be_right_has_its_log_loss_back_within_5_percent(sampler):
    rng = np.random.default_rng(5)
    y = (rng.uniform(size=20_000) < 0.1).astype(int)
    X = rng.normal(size=(20_000, 3)) + y[:, np.newaxis]  # a logistic regression is exact here
    plain = LogisticRegression().fit(X[::2], y[::2])
    pipeline = make_imblearn_pipeline(sampler, LogisticRegression())
    corrected = MinCostClassifier(pipeline, train_prior=[0.5, 0.5]).fit(X[::2], y[::2])
    loss, after = (log_loss(y[1::2], m.predict_proba(X[1::2])) for m in (plain, corrected))
    before = log_loss(y[1::2], corrected.estimator_.predict_proba(X[1::2]))
    assert before > 1.5 * loss
    assert after < 1.05 * loss


def test_the_costs_are_applied_at_the_new_shares(headlines):
    X, X_test, y, _ = headlines
    costs, prior = {"tech": 5}, {"tech": 0.02, "other": 0.98}
    model = MinCostClassifier(linear(), costs, prior=prior).fit(X, y)
    old = [np.mean(y == "other"), np.mean(y == "tech")]
    P = change_prior(linear().fit(X, y).predict_proba(X_test), old, [0.98, 0.02])
    np.testing.assert_allclose(model.predict_proba(X_test), P)
    np.testing.assert_array_equal(model.predict(X_test), decide(P, costs, ["other", "tech"]))
    np.testing.assert_allclose(model.priors_, [old, [0.98, 0.02]])
    plain = MinCostClassifier(linear(), costs).fit(X, y)
    assert plain.priors_ is None
    assert (plain.predict(X_test) == "tech").sum() > (model.predict(X_test) == "tech").sum()


def test_shares_can_be_searched_and_copied(headlines):
    X, _, y, _ = headlines
    model = MinCostClassifier(resampled(), train_prior=[0.5, 0.5])
    grid = {"train_prior": [None, [0.5, 0.5]], "prior": [None]}
    search = GridSearchCV(model, grid, scoring="neg_log_loss", cv=3).fit(X, y)
    assert search.best_params_["train_prior"] == [0.5, 0.5]
    assert clone(model).get_params()["train_prior"] == [0.5, 0.5]


def test_a_frozen_classifier_needs_both_shares(headlines):
    X, X_test, y, _ = headlines
    fitted = linear().fit(X, y)
    for parameters in ({"prior": [0.9, 0.1]}, {"train_prior": [0.5, 0.5]}):
        model = MinCostClassifier(FrozenEstimator(fitted), **parameters)
        with pytest.raises(ValueError, match=r"frozen and (train_)?prior is None; expected both"):
            model.fit(X[:50], y[:50])
    both = MinCostClassifier(FrozenEstimator(fitted), prior=[0.9, 0.1], train_prior=[0.5, 0.5])
    changed = both.fit(X[:50], y[:50]).predict_proba(X_test)
    expected = change_prior(fitted.predict_proba(X_test), [0.5, 0.5], [0.9, 0.1])
    np.testing.assert_array_equal(changed, expected)


def test_weighted_rows_need_both_shares():
    X, y = np.arange(40.0)[:, np.newaxis], np.arange(40) % 2
    weight = np.where(y == 1, 3.0, 1.0)
    for parameters in ({"prior": [0.9, 0.1]}, {"train_prior": [0.25, 0.75]}):
        model = MinCostClassifier(LogisticRegression(), **parameters)
        with pytest.raises(ValueError, match="fit gets sample_weight, and only one of prior and"):
            model.fit(X, y, sample_weight=weight)
    both = MinCostClassifier(LogisticRegression(), prior=[0.9, 0.1], train_prior=[0.25, 0.75])
    assert both.fit(X, y, sample_weight=weight).predict_proba(X)[:, 1].mean() < 0.2


@pytest.mark.parametrize("name", ["prior", "train_prior"])
def test_shares_that_do_not_fit_the_classes_are_refused(name, headlines):
    X, _, y, _ = headlines
    for shares in ([0.2, 0.3, 0.5], {"sport": 0.5, "tech": 0.5}, [2, 1]):
        with pytest.raises(ValueError, match=rf"^{name} (is|has) .*\['other', 'tech'\]"):
            MinCostClassifier(linear(), **{name: shares}).fit(X[:99], y[:99])
