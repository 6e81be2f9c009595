"""Contributions of n-grams: they add up, they are each model's own terms, and they are exact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skcnn import CostSensitiveTextCNN
from skcnn._arrays import softmax
from skcnn.predicting import _network_evidence
from skcnn.predicting._evidence import centered
from skcnn.predicting._network_evidence import network_evidence
from skcnn.predicting._ngram_evidence import ngram_evidence
from skcnn.predicting._ngram_model import NgramModel
from skcnn.predicting._pool import LogarithmicPool
from skcnn.predicting._pooled_evidence import expected_cost_terms, pooled_evidence
from skcnn.predicting._text_cnn import FittedTextCNN
from skcnn.text._ngrams import TextsByWord
from tests.predicting.test_text_cnn import SEEN, Layers

WORDS = ["win", "cash", "prize", "now", "free", "lunch", "dinner", "see", "you", "at", "noon"]
WORDS += ["meeting", "agenda", "免", "费", "$", "!", "the", "a"]


def corpus(classes: list[str], n: int = 120) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(0)
    texts, labels = [], []
    for i in range(n):
        k = i % len(classes)
        own = rng.choice(WORDS[4 * k : 4 * k + 5], 3)
        texts.append(" ".join(rng.permutation([*own, *rng.choice(WORDS, 5)])))
        labels.append(classes[k])
    return texts, labels


def vectors(texts: list[str]) -> np.ndarray:
    """Return sentence vectors that are counts of some letters."""
    return np.array([[text.count(letter) for letter in "aeiou"] for text in texts], np.float32)


SMALL = {"epochs": 2, "n_filters": 8, "embedding_dim": 12, "random_state": 0}
TWO, THREE = ["ham", "spam"], ["ham", "offer", "spam"]
MODELS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "two classes": (TWO, {}),
    "costs": (TWO, {"cost_matrix": {"spam": 20}}),
    "argmax": (TWO, {"cost_matrix": {"spam": 20}, "decision": "argmax"}),
    "network alone": (TWO, {"linear_model": False}),
    "cross-entropy": (TWO, {"loss": "cross_entropy"}),
    "weighted": (TWO, {"loss": "weighted", "cost_matrix": {"spam": 5}}),
    "three classes": (THREE, {"cost_matrix": {("spam", "ham"): 9}}),
    "three classes, misclassification": (THREE, {"loss": "misclassification"}),
    "three classes, network alone": (THREE, {"linear_model": False, "loss": "cross_entropy"}),
    "one filter width": (TWO, {"filter_widths": (2,)}),
    "widths out of order": (TWO, {"filter_widths": (1, 6, 3)}),
    "first and last tokens": (TWO, {"max_length": (2, 3)}),
    "own tokenizer": (TWO, {"tokenizer": str.split}),
    "sentence vectors": (TWO, {"sentence_vectors": vectors}),
    "member": (
        THREE,
        {"members": [("lr", make_pipeline(TfidfVectorizer(), LogisticRegression()))]},
    ),
}
NEW_TEXTS = ["free cash lunch zzz", "", "win", "you you you " * 30, "see 免费 cash-prize!", "qqq"]


@pytest.fixture(scope="module", params=MODELS, ids=str)
def fitted(request: pytest.FixtureRequest) -> Iterator[CostSensitiveTextCNN]:
    classes, parameters = MODELS[request.param]
    return CostSensitiveTextCNN(**SMALL | parameters).fit(*corpus(classes))


def log_odds(P: np.ndarray) -> np.ndarray:
    """Log-odds of each class against the mean of the others, (n, K)."""
    logs, n_classes = np.log(P), P.shape[1]
    return logs - (logs.sum(axis=1, keepdims=True) - logs) / (n_classes - 1)


def test_log_odds_add_up_to_those_of_predict_proba(fitted: CostSensitiveTextCNN) -> None:
    sums = [each.base_log_odds + each.log_odds.sum(axis=0) for each in fitted.explain(NEW_TEXTS)]
    np.testing.assert_allclose(sums, log_odds(fitted.predict_proba(NEW_TEXTS)), atol=1e-6)


def test_costs_add_up_to_the_expected_cost_of_each_prediction(
    fitted: CostSensitiveTextCNN,
) -> None:
    costs = fitted.cost_matrix_ if fitted.decision == "min_cost" else 1 - np.eye(2)
    sums = [each.base_costs + each.costs.sum(axis=0) for each in fitted.explain(NEW_TEXTS)]
    np.testing.assert_allclose(sums, fitted.predict_proba(NEW_TEXTS) @ costs, atol=1e-6)


def test_the_prediction_and_its_probabilities_are_those_of_the_estimator(
    fitted: CostSensitiveTextCNN,
) -> None:
    explanations = fitted.explain(NEW_TEXTS)
    assert [each.prediction for each in explanations] == fitted.predict(NEW_TEXTS).tolist()
    probabilities = [each.probabilities for each in explanations]
    np.testing.assert_array_equal(probabilities, fitted.predict_proba(NEW_TEXTS))


def test_tokens_share_out_what_the_ngrams_contribute(fitted: CostSensitiveTextCNN) -> None:
    for each in fitted.explain(NEW_TEXTS):
        is_ngram = [not name.startswith("(") for name in each.ngrams]
        of_ngrams = each.log_odds[is_ngram].sum(axis=0)
        np.testing.assert_allclose(each.token_log_odds.sum(axis=0), of_ngrams, atol=1e-9)
        assert len(each.tokens) == len(each.spans) == len(each.token_log_odds)


def test_the_base_is_that_of_a_text_without_tokens(fitted: CostSensitiveTextCNN) -> None:
    explanations = fitted.explain(NEW_TEXTS)
    for each in explanations:
        np.testing.assert_allclose(each.base_log_odds, explanations[1].base_log_odds, atol=1e-12)
    assert explanations[1].text == ""
    assert not any(len(name) and name[0] != "(" for name in explanations[1].ngrams)


def test_a_number_added_to_all_factors_of_the_pool_changes_no_evidence(
    fitted: CostSensitiveTextCNN,
) -> None:
    model = fitted._model
    pool = model.pool or LogarithmicPool.even(1, len(model.classes))
    shifted = replace(model, pool=LogarithmicPool(pool.exponents, pool.log_factors + 3))
    tokens: Any = model.tokenize(NEW_TEXTS)
    for found, expected in zip(
        pooled_evidence(shifted, NEW_TEXTS, tokens),
        pooled_evidence(model, NEW_TEXTS, tokens),
        strict=True,
    ):
        np.testing.assert_allclose(found.base, expected.base, atol=1e-9)
        for row in (found.base, *found.tokens, *found.ngrams.values(), *found.others.values()):
            assert abs(row.sum()) < 1e-9


def test_two_classes_leave_no_remainder(fitted: CostSensitiveTextCNN) -> None:
    names = {name for each in fitted.explain(NEW_TEXTS) for name in each.ngrams}
    assert "(correction)" not in names or len(fitted.classes_) > 2


def test_terms_of_the_network_add_up_to_its_logits(fitted: CostSensitiveTextCNN) -> None:
    network: Any = fitted._model.network
    for tokens in fitted._model.tokenize(NEW_TEXTS):
        evidence = network_evidence(network, tokens)
        logits = network.weights.dense_bias + evidence.total()
        np.testing.assert_allclose(
            softmax(logits[np.newaxis])[0], network.softmax([tokens])[0], atol=1e-5
        )
        np.testing.assert_allclose(
            sum(evidence.ngrams.values(), np.zeros(len(logits))), evidence.total(), atol=1e-6
        )


def test_windows_are_the_same_however_many_are_computed_at_once(
    monkeypatch: pytest.MonkeyPatch, fitted: CostSensitiveTextCNN
) -> None:
    tokens = fitted._model.tokenize([" ".join(WORDS * 3)])[0]
    network: Any = fitted._model.network
    expected = network_evidence(network, tokens)
    for n in (1, 2, 7):
        monkeypatch.setattr(_network_evidence, "_WINDOWS_AT_ONCE", n)
        found = network_evidence(network, tokens)
        assert list(found.ngrams) == list(expected.ngrams)
        np.testing.assert_array_equal(found.tokens, expected.tokens)


def naive_network_evidence(layers: Layers, tokens: list[str]) -> tuple[Any, Any]:
    """Share out each filter's best window over its tokens, filter by filter and token by token."""
    vectors = [layers.embedding[2 + SEEN.index(token)] for token in tokens]
    of_ngrams: dict[tuple[str, ...], Any] = {}
    of_tokens = np.zeros((len(tokens), layers.dense_kernel.shape[1]))
    number = 0
    for kernel in layers.kernels:
        for taps in np.moveaxis(kernel, 2, 0):  # (width, d)
            windows = []
            for start in range(1 - len(taps), len(tokens)):
                inside = [i for i in range(start, start + len(taps)) if 0 <= i < len(tokens)]
                windows.append({i: float(vectors[i] @ taps[i - start]) for i in inside})
            best = max(windows, key=lambda window: sum(window.values()))
            active = sum(best.values()) + layers.filter_bias[number]
            if active > 0:
                added = active * layers.dense_kernel[number].astype(np.float64)
                ngram = tuple(tokens[i] for i in best)
                of_ngrams[ngram] = of_ngrams.get(ngram, 0) + added
                shares = {i: max(value, 0) for i, value in best.items()}
                if not any(shares.values()):
                    shares = dict.fromkeys(best, 1.0)
                for i, share in shares.items():
                    of_tokens[i] += share / sum(shares.values()) * added
            number += 1
    return of_ngrams, of_tokens


@pytest.mark.parametrize("bias", [0, 20])  # with 20, windows count to which no token adds anything
@pytest.mark.parametrize("tokens", [["win"], ["cash", "x"], ["see", "win", "cash"], SEEN])
def test_evidence_of_the_network_is_that_of_each_filters_best_window(
    tokens: list[str], bias: float
) -> None:
    layers = Layers([1, 4, 2], 6, 3, seed=0)
    layers.filter_bias += np.float32(bias)
    layers.dense_kernel[:, 1] = 0  # the filters say nothing of this class, and yet of the others
    vocabulary = {word: i for i, word in enumerate(SEEN, 2)}
    rule: Any = None  # evidence is of the logits
    found = network_evidence(FittedTextCNN(vocabulary, layers.weights(), rule), tokens)
    of_ngrams, of_tokens = naive_network_evidence(layers, tokens)
    assert set(found.ngrams) == set(of_ngrams)
    for ngram, expected in of_ngrams.items():
        np.testing.assert_allclose(found.ngrams[ngram], expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found.tokens, of_tokens, rtol=1e-4, atol=1e-4)


def test_terms_of_the_ngram_model_add_up_to_its_log_odds(fitted: CostSensitiveTextCNN) -> None:
    for model in fitted._model.members:
        if not isinstance(model, NgramModel):
            continue
        for tokens in fitted._model.tokenize(NEW_TEXTS):
            texts = TextsByWord.from_tokens([tokens])
            sums = model.character_sums(texts.words)
            expected = model.features.log_odds(texts, model.word_coef, sums)[0]
            evidence = ngram_evidence(model, tokens)
            total = evidence.total()
            found = total[1] - total[0] if len(expected) == 1 else total
            np.testing.assert_allclose(
                found, expected if len(total) > 2 else expected[0], atol=1e-9
            )
            sums_of_ngrams = sum(evidence.ngrams.values(), np.zeros(len(total)))
            np.testing.assert_allclose(sums_of_ngrams, total, atol=1e-9)
            # An n-gram that the model does not know is not listed.
            assert all(contribution.any() for contribution in evidence.ngrams.values())


def test_the_ngram_model_alone_leaves_no_remainder(fitted: CostSensitiveTextCNN) -> None:
    model = fitted._model
    exponents = [float(isinstance(each, NgramModel)) for each in model.members]
    if not any(exponents):
        return
    alone = replace(model, pool=LogarithmicPool(np.array(exponents), np.zeros(len(model.classes))))
    tokens: Any = model.tokenize(NEW_TEXTS)
    for evidence in pooled_evidence(alone, NEW_TEXTS, tokens):
        assert evidence.others == {}


@given(
    base=st.lists(st.floats(-10, 10), min_size=3, max_size=3),
    contributions=st.lists(
        st.lists(st.floats(-10, 10), min_size=3, max_size=3), min_size=0, max_size=4
    ),
)
@settings(max_examples=200, deadline=None)
def test_terms_of_expected_costs_add_up(
    base: list[float], contributions: list[list[float]]
) -> None:
    costs = np.array([[0, 1, 9.0], [5, -2, 1], [3, 100, 0]])
    added = np.array(contributions).reshape(-1, 3)
    start, terms = expected_cost_terms(np.array(base), added, costs)
    end = softmax((base + added.sum(axis=0))[np.newaxis])[0] @ costs
    np.testing.assert_allclose(start + terms.sum(axis=0), end, atol=1e-6)


def test_a_word_that_only_one_class_has_speaks_for_it() -> None:
    cnn = CostSensitiveTextCNN(random_state=0).fit(*corpus(TWO, 400))
    explanation = cnn.explain(["the meeting cash"])[0]
    of_spam = dict(zip(explanation.ngrams, explanation.log_odds[:, 1], strict=True))
    assert of_spam["cash"] < 0 < of_spam["meeting"]


def test_centered_scores_sum_to_zero() -> None:
    np.testing.assert_allclose(centered(np.array([[1.0, 2, 6]])), [[-2, -1, 3]])


def test_contributions_add_up_where_a_member_and_a_token_are_called_as_the_remainder() -> None:
    texts, labels = corpus(THREE)
    members = [("correction", make_pipeline(TfidfVectorizer(), LogisticRegression()))]
    cnn = CostSensitiveTextCNN(members=members, tokenizer=str.split).set_params(**SMALL)
    cnn.fit([f"{text} (correction)" for text in texts], labels)
    explanation = cnn.explain(["(correction)"])[0]
    logs = np.log(explanation.probabilities)
    found = explanation.base_log_odds + explanation.log_odds.sum(axis=0)
    np.testing.assert_allclose(found, (logs - logs.mean()) * 3 / 2, atol=1e-9)
