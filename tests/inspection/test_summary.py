"""What `summary` says of a fitted estimator."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

import skcnn
from skcnn import CostSensitiveTextCNN, average_cost
from skcnn.inspection import ModelSummary
from tests.conftest import Corpus, Make, make_corpus
from tests.own_networks import averaged

BAYES = make_pipeline(CountVectorizer(), MultinomialNB())
KINDS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "two models": ({"early_stopping": True}, ["network", "ngrams"]),
    "the network": ({"early_stopping": True, "linear_model": False}, ["network"]),
    "argmax": ({"early_stopping": True, "decision": "argmax"}, ["network", "ngrams"]),
    "own network": ({"early_stopping": True, "network": averaged}, ["network", "ngrams"]),
    "members": (
        {"early_stopping": True, "members": [("bayes", BAYES)]},
        ["network", "ngrams", "bayes"],
    ),
    "nothing held out": ({}, ["network", "ngrams"]),
}
STORED = Path(__file__).parents[1] / "files" / "stored"


@pytest.fixture(scope="module", params=KINDS)
def kind(request: Any, small_cnn: Make, noisy: Corpus) -> tuple[str, CostSensitiveTextCNN]:
    parameters, _ = KINDS[request.param]
    return request.param, small_cnn({"spam": 5}, **parameters).fit(noisy.texts, noisy.labels)


def test_a_summary_says_what_the_attributes_say(kind: tuple[str, CostSensitiveTextCNN]) -> None:
    name, cnn = kind
    summary = cnn.summary()
    assert isinstance(summary, ModelSummary)
    assert summary.classes == cnn.classes_.tolist()
    assert summary.cost_matrix == cnn.cost_matrix_.tolist()
    assert summary.n_texts == 400
    assert summary.n_words == len(cnn.vocabulary_)
    assert (summary.n_epochs, summary.best_epoch) == (cnn.n_iter_, cnn.best_iter_)
    assert list(summary.members) == KINDS[name][1]
    assert cnn._model.pool is None or list(summary.members.values()) == list(
        cnn._model.pool.exponents
    )
    assert (summary.held_out is None) == (name == "nothing held out")
    assert summary.version == skcnn.__version__
    text = str(summary)
    assert repr(summary) == text
    for part in ("'ham', 'spam'", "'spam': 5 0", "400 texts", f"epoch {cnn.best_iter_}"):
        assert part in text
    assert ("not recorded" in text) == (name == "nothing held out")


def test_json_holds_a_summary_and_a_file_keeps_it(
    kind: tuple[str, CostSensitiveTextCNN], tmp_path: Path
) -> None:
    name, cnn = kind
    given = cnn.summary().to_dict()
    assert json.loads(json.dumps(given)) == given
    if name in ("own network", "members"):  # need arguments, or code
        return
    cnn.save(tmp_path / "model.skcnn")
    assert CostSensitiveTextCNN.load(tmp_path / "model.skcnn").summary().to_dict() == given


@pytest.mark.parametrize("labels", [[0, 1], [False, True], [1.0, 2.0], ["a\x1b", "b"], range(12)])
def test_labels_of_every_type_are_shown(labels: Any, small_cnn: Make, two_classes: Corpus) -> None:
    labels = list(labels)
    y = np.array(labels)[np.arange(160) % len(labels)]
    summary = small_cnn(epochs=1, linear_model=False).fit(two_classes.texts, y).summary()
    assert json.loads(json.dumps(summary.to_dict()))["classes"] == labels
    assert "\x1b" not in str(summary)
    assert len(str(summary).splitlines()) <= 8
    assert ("12 classes" in str(summary)) == (len(labels) == 12)


def test_the_held_out_cost_is_that_of_the_decisions_on_the_held_out_texts(
    small_cnn: Make, noisy: Corpus
) -> None:
    cnn = small_cnn({"spam": 5}, early_stopping=True, linear_model=False, validation_fraction=0.2)
    costs: list[Any] = []

    def score(estimator: Any, X: Any, y: Any) -> float:
        options: dict[str, Any] = {"cost_matrix": {"spam": 5}, "labels": ["ham", "spam"]}
        constants = [average_cost(y, [label] * len(y), **options) for label in ("ham", "spam")]
        cost = average_cost(y, estimator.predict(X), **options)
        costs.append({"n_texts": len(y), "average_cost": cost, "constant_cost": min(constants)})
        return -cost

    cnn.set_params(validation_scoring=score).fit(noisy.texts, noisy.labels)
    found = cnn.summary().held_out
    assert found is not None
    assert found == pytest.approx(costs[cnn.best_iter_ - 1])


def test_the_held_out_cost_uses_weights_and_costs_of_single_texts(
    small_cnn: Make, noisy: Corpus
) -> None:
    n = len(noisy.texts)
    is_spam = noisy.labels == "spam"
    costs = np.where(np.arange(n) % 2 == 0, 1.0, 9.0)
    sample_costs = np.column_stack([np.where(is_spam, 0.5, 1.0), costs])
    fits: dict[str, dict[str, Any]] = {
        "plain": {},
        "weights": {"sample_weight": np.where(is_spam, 3.0, 1.0)},
        "costs": {"sample_costs": sample_costs},
    }
    found = {}
    for name, given in fits.items():
        cnn = small_cnn(early_stopping=True).fit(noisy.texts, noisy.labels, **given)
        found[name] = cnn.summary().held_out
    constants = {name: each["constant_cost"] for name, each in found.items() if each is not None}
    assert len(set(constants.values())) == 3
    assert constants["plain"] == pytest.approx(is_spam.mean(), abs=0.03)


@pytest.mark.slow
def test_the_held_out_cost_is_a_little_lower_than_that_of_new_texts(small_cnn: Make) -> None:
    ratios = []
    for seed in range(8):
        corpus = make_corpus({"ham": 0.8, "spam": 0.2}, 1500, seed=seed, noise=0.5)
        new = make_corpus({"ham": 0.8, "spam": 0.2}, 4000, seed=100 + seed, noise=0.5)
        cnn = small_cnn({"spam": 5}, early_stopping=True, random_state=seed)
        found = cnn.fit(corpus.texts, corpus.labels).summary().held_out
        assert found is not None
        y_pred = cnn.predict(new.texts)
        expected = average_cost(new.labels, y_pred, cost_matrix={"spam": 5}, labels=["ham", "spam"])
        ratios.append(found["average_cost"] / expected)
    # The held-out texts choose the epoch and the weights of the pool. Measured: 0.89.
    assert 0.8 < np.mean(ratios) < 1.02


def test_what_later_calls_change_is_not_kept_from_before(
    small_cnn: Make, noisy: Corpus, new_texts: list[str]
) -> None:
    cnn = small_cnn({"spam": 5}, early_stopping=True).fit(noisy.texts, noisy.labels)
    assert cnn.summary().held_out is not None
    assert cnn.with_costs({"spam": 9}).summary().held_out is None
    cnn.partial_fit(noisy.texts[:50], noisy.labels[:50])
    assert (cnn.summary().n_texts, cnn.summary().held_out) == (450, None)
    warm = small_cnn(early_stopping=True, warm_start=True)
    found = [warm.fit(noisy.texts, noisy.labels).summary().held_out is None for _ in range(2)]
    assert found == [False, True]  # the network may have learned the texts in the first fit
    taught = small_cnn(early_stopping=True, members=[("bayes", BAYES)], distill=True)
    taught.fit(noisy.texts, noisy.labels, unlabeled=new_texts)
    assert taught.summary().held_out is None


@pytest.mark.parametrize(
    "path", sorted(STORED.glob("format_[1-5].skcnn")), ids=lambda path: path.stem
)
def test_a_file_without_the_record_says_so(path: Path) -> None:
    summary = CostSensitiveTextCNN.load(path).summary()
    assert (summary.n_texts, summary.held_out) == (None, None)
    assert str(summary).count("not recorded") == 2


def test_an_estimator_that_is_not_fitted_has_no_summary_and_prints_as_ever() -> None:
    with pytest.raises(NotFittedError):
        CostSensitiveTextCNN().summary()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert repr(CostSensitiveTextCNN(epochs=3)) == "CostSensitiveTextCNN(epochs=3)"
