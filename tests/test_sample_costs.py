"""Costs of single texts, from `fit` to the scorer, and across a sampler."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn import config_context
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.preprocessing import FunctionTransformer

from skcnn import MinCostClassifier, average_cost, decide
from skcnn.costs import make_cost_scorer
from skcnn.fitting._held_out import make_score

COLUMNS = ["ham", "spam"]


SEARCH = {"cv": 2, "scoring": "accuracy"}
WRAPPED: dict[str, Any] = {
    "pipeline": lambda cnn: make_pipeline(FunctionTransformer(), cnn),
    "search": lambda cnn: GridSearchCV(cnn, {"epochs": [1]}, **SEARCH),
    "search in a search": lambda cnn: GridSearchCV(
        GridSearchCV(cnn, {"epochs": [1]}, **SEARCH), {"estimator__epochs": [1]}, **SEARCH
    ),
    "search in a pipeline": lambda cnn: make_pipeline(
        RandomUnderSampler(random_state=0),
        "passthrough",
        FunctionTransformer(),
        GridSearchCV(cnn, {"epochs": [1]}, **SEARCH),
    ),
    "pipeline in a search": lambda cnn: GridSearchCV(
        make_pipeline(FunctionTransformer(), cnn), {"costsensitivetextcnn__epochs": [1]}, **SEARCH
    ),
}


@pytest.fixture(scope="module")
def texts(two_classes: Any) -> pd.DataFrame:
    return pd.DataFrame({"text": two_classes.texts})


@pytest.fixture(scope="module")
def labels(two_classes: Any) -> pd.Series:
    return pd.Series(two_classes.labels)


@pytest.fixture(scope="module")
def costs(texts: pd.DataFrame) -> pd.DataFrame:
    values = np.random.default_rng(0).lognormal(sigma=2, size=(len(texts), 2))
    return pd.DataFrame(values, columns=COLUMNS)


def test_fit_remembers_the_mean_costs_of_each_class(
    small_cnn: Any, texts: pd.DataFrame, labels: pd.Series, costs: pd.DataFrame
) -> None:
    cnn = small_cnn(loss="cross_entropy", epochs=1)
    cnn.fit(texts, labels, sample_costs=costs[["spam", "ham"]])
    means = [costs.loc[labels == label, label].mean() for label in COLUMNS]
    np.testing.assert_allclose(cnn.cost_matrix_, [[0, means[0]], [means[1], 0]])
    plain = small_cnn(loss="cross_entropy", epochs=1).fit(texts, labels)
    np.testing.assert_array_equal(cnn.predict_proba(texts), plain.predict_proba(texts))


def test_texts_are_decided_by_their_own_costs(
    small_cnn: Any, texts: pd.DataFrame, labels: pd.Series, costs: pd.DataFrame
) -> None:
    cnn = small_cnn(epochs=1).fit(texts, labels)
    answers = cnn.predict(texts, sample_costs=costs)
    expected = decide(cnn.predict_proba(texts), None, cnn.classes_, sample_costs=costs)
    np.testing.assert_array_equal(answers, expected)
    assert (answers != cnn.predict(texts)).any()
    risks = cnn.expected_costs(texts, sample_costs=costs)
    np.testing.assert_array_equal(cnn.classes_[risks.argmin(axis=1)], answers)


@pytest.mark.parametrize("loss", ["weighted", "misclassification"])
def test_costs_that_are_the_same_for_all_texts_are_a_cost_matrix(
    small_cnn: Any, texts: pd.DataFrame, labels: pd.Series, loss: str
) -> None:
    equal = np.tile([1.0, 5.0], (len(texts), 1))
    by_texts = small_cnn(loss=loss, epochs=2).fit(texts, labels, sample_costs=equal)
    by_matrix = small_cnn(loss=loss, cost_matrix={"spam": 5}, epochs=2).fit(texts, labels)
    np.testing.assert_allclose(
        by_texts.predict_proba(texts), by_matrix.predict_proba(texts), atol=1e-6
    )


@pytest.mark.parametrize("loss", ["expected_cost", "weighted"])
def test_dear_texts_do_not_weigh_more_in_training(
    small_cnn: Any, texts: pd.DataFrame, labels: pd.Series, costs: pd.DataFrame, loss: str
) -> None:
    """They would be decided as dear again: costs counted twice."""
    by_costs = small_cnn(loss=loss, epochs=2).fit(texts, labels, sample_costs=costs)
    by_means = small_cnn(loss=loss, cost_matrix=by_costs.cost_matrix_, epochs=2)
    by_means.fit(texts, labels)
    np.testing.assert_array_equal(by_costs.predict_proba(texts), by_means.predict_proba(texts))


@pytest.mark.parametrize("decision", ["min_cost", "argmax"])
def test_early_stopping_decides_as_predict_does(
    two_classes: Any, costs: pd.DataFrame, decision: str
) -> None:
    classes, y = np.array(COLUMNS), np.array(two_classes.labels)
    P = np.random.default_rng(0).dirichlet([1, 1], size=len(y))
    score = make_score(
        "average_cost",
        y,
        None,
        classes=classes,
        decision=decision,
        cost_matrix=1 - np.eye(2),
        sample_costs=costs.to_numpy(),
        to_posterior=lambda outputs: outputs,
    )
    by_row = None if decision == "argmax" else costs
    answers = decide(P, None, classes, sample_costs=by_row)
    paid = average_cost(y, answers, sample_costs=costs, labels=classes)
    assert score(P) == pytest.approx(-paid)


def test_texts_of_weight_zero_take_their_costs_along(
    small_cnn: Any, texts: pd.DataFrame, labels: pd.Series, costs: pd.DataFrame
) -> None:
    weight = (np.arange(len(texts)) % 3 > 0).astype(float)
    kept = weight > 0
    cnn = small_cnn(loss="weighted", epochs=1).fit(texts, labels, weight, sample_costs=costs)
    without = small_cnn(loss="weighted", epochs=1)
    without.fit(texts[kept], labels[kept], sample_costs=costs[kept])
    np.testing.assert_array_equal(cnn.cost_matrix_, without.cost_matrix_)
    np.testing.assert_allclose(cnn.predict_proba(texts), without.predict_proba(texts), atol=1e-6)


def test_early_stopping_watches_what_the_held_out_texts_cost(
    small_cnn: Any, texts: pd.DataFrame, labels: pd.Series, costs: pd.DataFrame
) -> None:
    settings = {"early_stopping": True, "validation_scoring": "average_cost", "epochs": 2}
    cnn = small_cnn(**settings).fit(texts, labels, sample_costs=costs)
    dearer = small_cnn(**settings).fit(texts, labels, sample_costs=1000 * costs)
    np.testing.assert_allclose(
        dearer.history_["val_score"], 1000 * np.array(cnn.history_["val_score"])
    )


def test_costs_go_through_cross_validation_by_metadata_routing(
    small_cnn: Any, texts: pd.DataFrame, labels: pd.Series, costs: pd.DataFrame
) -> None:
    with config_context(enable_metadata_routing=True):
        cnn = small_cnn(epochs=1).set_fit_request(sample_costs=True)
        cnn.set_predict_request(sample_costs=True)
        scorer = make_cost_scorer().set_score_request(sample_costs=True)
        settings: dict[str, Any] = {"cv": 2, "scoring": {"cost": scorer}}
        found = cross_validate(
            cnn,
            texts,
            labels,
            params={"sample_costs": costs},
            return_estimator=True,
            return_indices=True,
            **settings,
        )
        search = GridSearchCV(cnn, {"epochs": [1, 2]}, cv=2, scoring=scorer)
        search.fit(texts, labels, sample_costs=costs)
    for fold, test in enumerate(found["indices"]["test"]):
        own = costs.iloc[test]
        answers = found["estimator"][fold].predict(texts.iloc[test], sample_costs=own)
        paid = average_cost(labels.iloc[test], answers, sample_costs=own, labels=COLUMNS)
        assert found["test_cost"][fold] == pytest.approx(-paid)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_costs_follow_the_texts_that_an_under_sampler_keeps(
    small_cnn: Any, texts: pd.DataFrame, labels: pd.Series, costs: pd.DataFrame
) -> None:
    sampler = RandomUnderSampler(random_state=0)
    cnn = small_cnn(loss="weighted", epochs=1)
    pipeline = make_pipeline(sampler, cnn)
    pipeline.fit(texts, labels, **{f"{pipeline.steps[-1][0]}__sample_costs": costs})
    kept, kept_labels = sampler.fit_resample(texts, labels)
    by_hand = small_cnn(loss="weighted", epochs=1)
    by_hand.fit(kept, kept_labels, sample_costs=costs.loc[kept.index])
    np.testing.assert_array_equal(pipeline[-1].cost_matrix_, by_hand.cost_matrix_)
    np.testing.assert_array_equal(pipeline[-1].predict_proba(texts), by_hand.predict_proba(texts))


@pytest.mark.parametrize("as_frames", [False, True])
def test_where_a_sampler_numbers_the_texts_anew_the_cure_is_named(
    small_cnn: Any, texts: pd.DataFrame, labels: pd.Series, costs: pd.DataFrame, as_frames: bool
) -> None:
    X, given = (texts, costs) if as_frames else (texts.to_numpy(), costs.to_numpy())
    unbalanced = np.flatnonzero((labels == "ham") | (np.arange(len(labels)) % 2 == 0))
    X, given = (part.iloc[unbalanced] if as_frames else part[unbalanced] for part in (X, given))
    pipeline = make_pipeline(RandomOverSampler(random_state=0), small_cnn())
    message = "sample_indices_" if as_frames else "Did a sampler change the rows, or is a class"
    with pytest.raises(ValueError, match=message):
        pipeline.fit(X, labels[unbalanced], **{f"{pipeline.steps[-1][0]}__sample_costs": given})


@pytest.mark.parametrize(
    ("parameters", "given", "message"),
    [
        ({"cost_matrix": {"spam": 5}}, np.ones, "both given, but an error has one cost"),
        ({}, lambda shape: np.ones((shape[0], 3)), r"expected \(\d+, 2\)"),
        ({}, lambda shape: -np.ones(shape), r"sample_costs\[0, 0\] is -1.0"),
        ({}, np.zeros, "makes every error as cheap as the correct prediction"),
    ],
)
def test_costs_that_do_not_fit_are_refused(
    small_cnn: Any,
    texts: pd.DataFrame,
    labels: pd.Series,
    parameters: dict[str, Any],
    given: Any,
    message: str,
) -> None:
    cnn = small_cnn(**parameters)
    with pytest.raises(ValueError, match=message):
        cnn.fit(texts, labels, sample_costs=given((len(texts), 2)))
    assert not hasattr(cnn, "classes_")


def test_costs_find_their_rows_in_the_metrics_and_the_scorer_too(
    small_cnn: Any, texts: pd.DataFrame, labels: pd.Series, costs: pd.DataFrame
) -> None:
    order = np.random.default_rng(0).permutation(len(texts))
    X, y = texts.iloc[order], labels.iloc[order]
    cnn = small_cnn(epochs=1).fit(X, y, sample_costs=costs)
    answers = cnn.predict(X, sample_costs=costs)
    own = costs.to_numpy()[order]
    np.testing.assert_array_equal(answers, cnn.predict(X.to_numpy(), sample_costs=own))
    paid = average_cost(y, answers, sample_costs=costs)
    assert paid == pytest.approx(average_cost(y.to_numpy(), answers, sample_costs=own))
    with config_context(enable_metadata_routing=True):
        scorer = make_cost_scorer().set_score_request(sample_costs=True)
        for truth in (y, y.to_numpy()):
            assert scorer(cnn, X, truth, sample_costs=costs) == pytest.approx(-paid)


def test_rows_that_are_numbered_anew_are_not_taken_for_the_first_ones(
    small_cnn: Any, texts: pd.DataFrame, labels: pd.Series, costs: pd.DataFrame
) -> None:
    rest = texts.iloc[3:].reset_index(drop=True)
    with pytest.raises(ValueError, match="their indices do not match"):
        small_cnn().fit(rest, labels.iloc[3:], sample_costs=costs)


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
def test_whatever_it_is_wrapped_in_a_network_decides_by_the_costs_that_it_is_scored_by(
    small_cnn: Any, texts: pd.DataFrame, labels: pd.Series, costs: pd.DataFrame, wrap: Any
) -> None:
    model = wrap(small_cnn(epochs=1)).fit(texts, labels)
    P = model.predict_proba(texts)
    answers = decide(P, None, model.classes_, sample_costs=costs)
    assert (answers != model.predict(texts)).any()
    paid = average_cost(labels, answers, sample_costs=costs)
    for estimator in (model, FrozenEstimator(model)):
        with config_context(enable_metadata_routing=True):
            scorer = make_cost_scorer().set_score_request(sample_costs=True)
            score = scorer(estimator, texts, labels, sample_costs=costs)
        assert score == pytest.approx(-paid)


def test_the_most_probable_class_is_not_decided_by_costs(
    small_cnn: Any, texts: pd.DataFrame, labels: pd.Series, costs: pd.DataFrame
) -> None:
    cnn = small_cnn(decision="argmax", epochs=1).fit(texts, labels)
    with pytest.raises(ValueError, match="decision is 'argmax'"):
        cnn.predict(texts, sample_costs=costs)


def reviewed(amounts: Any, review: float) -> Any:
    """A review costs the same for spam and ham; a miss costs the amount, (n,) -> (n, 2, 2)."""
    return np.array([[[0, review], [amount, review]] for amount in amounts])


def test_a_found_case_may_cost_something_from_fit_to_the_scorer(
    small_cnn: Any, texts: pd.DataFrame, labels: pd.Series
) -> None:
    spam = (labels == "spam").to_numpy()
    amounts = np.linspace(1, 50, len(texts))
    of_rows = reviewed(amounts, 5)
    cnn = small_cnn(epochs=3).fit(texts, labels, sample_costs=of_rows)
    np.testing.assert_allclose(cnn.cost_matrix_, [[0, 5], [amounts[spam].mean(), 5]])
    by_means = small_cnn(cnn.cost_matrix_, epochs=3).fit(texts, labels)
    np.testing.assert_array_equal(cnn.predict_proba(texts), by_means.predict_proba(texts))
    answers = cnn.predict(texts, sample_costs=of_rows)
    assert set(answers[amounts < 5]) == {"ham"}
    assert set(answers[spam]) == {"ham", "spam"}
    risks = cnn.expected_costs(texts, sample_costs=of_rows)
    np.testing.assert_array_equal(cnn.classes_[risks.argmin(axis=1)], answers)
    with config_context(enable_metadata_routing=True):
        score = make_cost_scorer()(cnn, texts, labels, sample_costs=of_rows)
    paid = of_rows[np.arange(len(texts)), spam.astype(int), (answers == "spam").astype(int)]
    assert score == pytest.approx(-paid.mean())


def test_a_matrix_for_each_text_goes_through_cross_validation_and_early_stopping(
    small_cnn: Any, texts: pd.DataFrame, labels: pd.Series
) -> None:
    of_rows = reviewed(np.linspace(1, 50, len(texts)), 5)
    settings = {"early_stopping": True, "validation_scoring": "average_cost", "epochs": 2}
    with config_context(enable_metadata_routing=True):
        cnn = small_cnn(**settings).set_fit_request(sample_costs=True)
        cnn.set_predict_request(sample_costs=True)
        scorer = make_cost_scorer().set_score_request(sample_costs=True)
        found = cross_validate(
            cnn, texts, labels, scoring=scorer, cv=2, params={"sample_costs": of_rows}
        )
    assert (found["test_score"] < 0).all()
    assert (found["test_score"] > -10).all()


def test_found_cases_that_cost_more_than_missed_ones_on_average_are_refused_by_fit(
    small_cnn: Any, texts: pd.DataFrame, labels: pd.Series
) -> None:
    of_rows = reviewed(np.full(len(texts), 2.0), 5)
    message = (
        "predicting 'ham' costs 2 and predicting 'spam' costs 5. These are the means of sample"
    )
    with pytest.raises(ValueError, match=message):
        small_cnn().fit(texts, labels, sample_costs=of_rows)
    cnn = small_cnn(epochs=1).fit(texts, labels)
    assert set(cnn.predict(texts, sample_costs=of_rows)) == {"ham"}


def test_a_scorer_warns_that_the_costs_of_texts_reached_fit_alone(
    small_cnn: Any, texts: pd.DataFrame, labels: pd.Series, costs: pd.DataFrame
) -> None:
    cnn = small_cnn(epochs=1)
    with pytest.warns(UserWarning, match=r"fitted with sample_costs, .* so every error costs 1\."):
        cross_validate(
            make_pipeline(cnn),
            texts,
            labels,
            params={"costsensitivetextcnn__sample_costs": costs},
            scoring=make_cost_scorer(),
            cv=2,
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = cnn.fit(texts, labels, sample_costs=costs)
        make_cost_scorer({"spam": 5})(fitted, texts, labels)
        with config_context(enable_metadata_routing=True):
            make_cost_scorer()(fitted, texts, labels, sample_costs=costs)
        make_cost_scorer()(cnn.fit(texts, labels), texts, labels)
        make_cost_scorer()(small_cnn({"spam": 5}, epochs=1).fit(texts, labels), texts, labels)
        make_cost_scorer()(
            MinCostClassifier(FrozenEstimator(cnn)).fit(texts, labels), texts, labels
        )
