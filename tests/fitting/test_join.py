"""Members count as much as their predictions deserve for texts that they did not learn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import log_loss
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skcnn._arrays import Float64, Int64
from skcnn.fitting._classifier import ClassifierTrainer
from skcnn.fitting._join import CrossFitted, cross_fit, join, pool_cross_fitted, teach_little
from skcnn.fitting._splits import Splits, choose_splits
from skcnn.fitting._training_set import TrainingSet, check_training_set
from skcnn.predicting._pool import LogarithmicPool
from skcnn.text._tokenizer import Tokenization
from tests.conftest import Corpus, Make, make_corpus

BAYES = make_pipeline(CountVectorizer(), MultinomialNB())
# Knows the label of each training text, and little about any other text.
MEMORY = make_pipeline(CountVectorizer(), KNeighborsClassifier(1))
NO_ROWS = np.arange(0)
TOKENIZE = Tokenization(None, True, None)


class Known:
    """A model whose probabilities are known: member, network and trainer at once."""

    def __init__(self, texts: Sequence[str], probabilities: Float64) -> None:
        self._of_text = dict(zip(texts, probabilities, strict=True))
        self._probabilities = probabilities

    def predict_proba(self, texts: Sequence[str], tokens: Any) -> Float64:
        return np.array([self._of_text[text] for text in texts])

    def fit_predict_proba(self, train_rows: Int64, test_rows: Int64) -> Float64:
        assert not np.intersect1d(train_rows, test_rows).size
        return self._probabilities[test_rows]

    def fit(self) -> Any:
        return self


def splits_of(data: TrainingSet, held_out: Int64 = NO_ROWS) -> Splits:
    rows = np.arange(len(data.texts))
    return choose_splits(data, rows, held_out, np.random.RandomState(0))


def classifiers(data: TrainingSet, *given: Any) -> tuple[list[CrossFitted], Splits]:
    splits = splits_of(data)
    fitted = [
        cross_fit(
            ClassifierTrainer(
                "a", each, data.texts, data.targets, data.classes, data.sample_weight
            ),
            splits,
            len(data.classes),
        )
        for each in given
    ]
    return fitted, splits


def exponents(data: TrainingSet, *given: Any) -> Float64:
    fitted, splits = classifiers(data, *given)
    return pool_cross_fitted(fitted, data, splits).exponents


def drawn(n: int, n_classes: int) -> tuple[TrainingSet, Float64]:
    """Texts whose probabilities are known, and these, (n, K)."""
    random = np.random.default_rng(0)
    truth = random.dirichlet(np.ones(n_classes), n)
    labels = (truth.cumsum(axis=1) < random.random((n, 1))).sum(axis=1)
    return check_training_set([f"text {i}" for i in range(n)], labels, None, None), truth


def sharpened(P: Float64, power: float) -> Float64:
    return P**power / (P**power).sum(axis=1, keepdims=True)


@pytest.fixture
def corpus(noisy: Corpus) -> TrainingSet:
    return check_training_set(noisy.texts, noisy.labels, None, None)


@pytest.mark.parametrize("power", [0.4, 3.0])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_member_that_is_too_sure_or_unsure_becomes_calibrated(
    n_classes: int, power: float
) -> None:
    data, truth = drawn(2000, n_classes)
    model = Known(data.texts, sharpened(truth, power))
    assert np.abs(sharpened(truth, power) - truth).mean() > 0.08
    splits = splits_of(data)
    fitted: Any = cross_fit(model, splits, n_classes)
    pooled = pool_cross_fitted([fitted], data, splits)([sharpened(truth, power)])
    np.testing.assert_allclose(pooled, truth, atol=0.06)
    # With a network that knows nothing, too:
    network: Any = Known(data.texts, np.full_like(truth, 1 / n_classes))
    held_out = np.arange(0, 2000, 10)
    members, pool = join(network, [fitted], [], data, splits, held_out, TOKENIZE)
    assert members == [network, model]
    assert pool is not None
    pooled = pool([each.predict_proba(data.texts, []) for each in members])
    assert np.abs(pooled - truth).mean() < 0.06  # the network has a share of 0.3 to start from


def test_a_useless_member_gets_almost_no_exponent() -> None:
    data, truth = drawn(2000, 3)
    splits = splits_of(data)
    noise = np.random.default_rng(1).dirichlet(np.ones(3), 2000)
    useful, useless = (cross_fit(Known(data.texts, P), splits, 3) for P in (truth, noise))
    pool = pool_cross_fitted([useful, useless], data, splits)
    assert pool.exponents[0] == pytest.approx(1, abs=0.1)
    assert pool.exponents[1] < 0.05


def test_a_member_that_remembers_its_training_texts_is_not_overrated(corpus: TrainingSet) -> None:
    fitted, splits = classifiers(corpus, BAYES, MEMORY)
    pool = pool_cross_fitted(fitted, corpus, splits)
    seen = [each.member.predict_proba(corpus.texts, []) for each in fitted]
    in_sample = seen[1][np.arange(len(corpus.texts)), corpus.targets]
    assert in_sample.mean() > 0.9  # it does remember them
    assert pool.exponents[0] > 10 * pool.exponents[1]
    new = make_corpus({"ham": 0.8, "spam": 0.2}, 2000, seed=9, noise=0.5)
    bayes, memory = (each.member.predict_proba(new.texts, []) for each in fitted)
    alone = pool_cross_fitted(fitted[:1], corpus, splits)([bayes])
    loss = log_loss(new.labels, pool([bayes, memory]))
    assert loss < log_loss(new.labels, alone) + 0.01 < log_loss(new.labels, memory)
    # What it would count by the texts that it knows:
    everything = np.arange(len(corpus.texts))
    naive = Splits(np.zeros(len(everything), np.int64), ((NO_ROWS, everything),))
    known = [CrossFitted(each.member, P) for each, P in zip(fitted, seen, strict=True)]
    assert pool_cross_fitted(known, corpus, naive).exponents[1] > 5 * pool.exponents[1]


def test_copies_of_texts_do_not_leak(noisy: Corpus, corpus: TrainingSet) -> None:
    texts, labels = noisy.texts * 5, np.tile(noisy.labels, 5)
    copied = check_training_set(texts, labels, None, None)
    np.testing.assert_allclose(
        exponents(copied, BAYES, MEMORY), exponents(corpus, BAYES, MEMORY), atol=0.15
    )
    assert exponents(copied, BAYES, MEMORY)[1] < 0.1


def test_weights_count_as_copies(noisy: Corpus) -> None:
    weight = np.random.RandomState(0).choice([0.0, 1.0, 2.0], len(noisy.texts))
    rows = np.concatenate([np.flatnonzero(weight > 0), np.flatnonzero(weight == 2)])
    weighted = check_training_set(noisy.texts, noisy.labels, weight, None)
    copied = check_training_set([noisy.texts[r] for r in rows], noisy.labels[rows], None, None)
    uni, bi = (make_pipeline(CountVectorizer(ngram_range=(n, n)), MultinomialNB()) for n in (1, 2))
    found = exponents(weighted, uni, bi)
    np.testing.assert_allclose(found, exponents(copied, uni, bi), atol=0.04)
    plain = check_training_set(noisy.texts, noisy.labels, None, None)
    assert not np.allclose(found, exponents(plain, uni, bi), atol=0.04)


def test_behind_an_oversampler_probabilities_are_of_the_resampled_population(
    small_cnn: Make, noisy: Corpus
) -> None:
    cnn = small_cnn(members=[("knows", MEMORY)], early_stopping=True)
    pipeline = make_sampling_pipeline(RandomOverSampler(random_state=0), cnn)
    pipeline.fit(pd.DataFrame({"text": noisy.texts}), noisy.labels)
    # In the resampled texts, both classes have a share of one half.
    new = make_corpus({"ham": 0.8, "spam": 0.2}, 1000, seed=9, noise=0.5)
    P = pipeline.predict_proba(pd.DataFrame({"text": new.texts}))[:, 1]
    is_spam = new.labels == "spam"
    assert (P[is_spam].mean() + P[~is_spam].mean()) / 2 == pytest.approx(0.5, abs=0.06)
    pool = cnn._model.pool
    assert isinstance(pool, LogarithmicPool)
    assert pool.exponents[2] < 0.1


def test_without_other_models_there_is_no_pool() -> None:
    data, truth = drawn(100, 2)
    network: Any = Known(data.texts, truth)
    for held_out in (NO_ROWS, np.arange(0, 100, 10)):
        splits = splits_of(data, held_out)
        joined = join(network, [], [], data, splits, held_out, TOKENIZE)
        assert joined == ([network], None)


def test_of_too_few_texts_all_members_count_the_same() -> None:
    data, truth = drawn(4, 2)
    splits = splits_of(data)
    assert splits.pairs == ()
    fitted: Any = [cross_fit(Known(data.texts, truth), splits, 2) for _ in range(3)]
    network: Any = Known(data.texts, truth)
    _, pool = join(network, fitted[:1], fitted[1:], data, splits, NO_ROWS, TOKENIZE)
    assert pool is not None
    np.testing.assert_array_equal(pool.exponents, np.full(4, 0.25))
    np.testing.assert_array_equal(
        pool_cross_fitted(fitted, data, splits).exponents, np.full(3, 1 / 3)
    )


@pytest.mark.parametrize("n_classes", [2, 3])
def test_students_learn_if_words_say_nearly_as_much_as_their_teachers(n_classes: int) -> None:
    data, truth = drawn(2000, n_classes)
    splits = splits_of(data)
    random = np.random.default_rng(1)
    noise = random.dirichlet(np.ones(n_classes), len(truth))

    def knows(share: float) -> Any:
        """Know the probabilities in a part of the texts, nothing in the others."""
        known = random.random((len(truth), 1)) < share
        return cross_fit(Known(data.texts, np.where(known, truth, noise)), splits, n_classes)

    def are_enough(teachers: float, ngrams: float) -> bool:
        return teach_little([knows(teachers)], [knows(ngrams)], data, splits)

    assert are_enough(1.0, 0.0)
    assert not any(are_enough(*both) for both in [(1.0, 0.9), (0.5, 0.5), (0.0, 1.0), (0.0, 0.0)])
    assert not teach_little([knows(1.0)], [], data, splits)  # there is no n-gram model
    no_rows = Splits(splits.folds, ())
    empty: Any = CrossFitted(knows(1.0).member, truth[:0])
    assert not teach_little([empty], [empty], data, no_rows)
