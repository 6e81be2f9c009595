"""The sentence model: logistic regression on the vectors of an encoder."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from skcnn._arrays import Float64, Int64
from skcnn.fitting._sentence_model import SentenceTrainer
from skcnn.fitting._soft_softmax_regression import fit_soft_softmax_regression
from skcnn.text._sentence_vectors import make_encoder
from tests.conftest import Corpus
from tests.text.encoders import Counting, count_topics


def trainer_of(
    corpus: Corpus,
    encoder: Any = count_topics,
    sample_weight: Float64 | None = None,
    folds: Int64 | None = None,
) -> SentenceTrainer:
    classes, targets = np.unique(corpus.labels, return_inverse=True)
    return SentenceTrainer(
        corpus.texts,
        make_encoder(encoder),
        targets.astype(np.int32),
        len(classes),
        sample_weight,
        np.arange(len(targets)) % 5 if folds is None else folds,
    )


def probabilities(trainer: SentenceTrainer, texts: list[str]) -> Float64:
    return trainer.fit().predict_proba(texts, [[]] * len(texts))


def targets_of(corpus: Corpus) -> NDArray[Any]:
    return np.unique(corpus.labels, return_inverse=True)[1]


@pytest.mark.parametrize("name", ["two_classes", "three_classes"])
def test_it_learns_what_the_vectors_tell(name: str, request: pytest.FixtureRequest) -> None:
    corpus = request.getfixturevalue(name)
    P = probabilities(trainer_of(corpus), corpus.texts)
    np.testing.assert_allclose(P.sum(axis=1), 1)
    assert (P.argmax(axis=1) == targets_of(corpus)).mean() > 0.95


@pytest.mark.parametrize("name", ["two_classes", "three_classes"])
def test_the_model_predicts_what_the_trainer_predicts(
    name: str, request: pytest.FixtureRequest
) -> None:
    corpus = request.getfixturevalue(name)
    trainer, rows = trainer_of(corpus), np.arange(len(corpus.texts))
    expected = trainer.fit_predict_proba(rows, rows)
    np.testing.assert_allclose(probabilities(trainer, corpus.texts), expected, atol=1e-5)


def test_the_prediction_for_a_text_depends_on_no_other_text(three_classes: Corpus) -> None:
    model = trainer_of(three_classes).fit()
    together = model.predict_proba(three_classes.texts, [])
    alone = [model.predict_proba([text], [[]])[0] for text in three_classes.texts]
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-12)
    assert model.predict_proba([], []).shape == (0, 3)


def test_rows_that_are_left_out_are_not_learned_from(noisy: Corpus) -> None:
    rows, others = np.arange(300), np.arange(300, 400)
    # Every row that is left out gets the other label, but the strength of the penalty is chosen
    # by all labels: without folds it is not chosen.
    flipped = noisy.labels.copy()
    flipped[300:] = np.where(flipped[300:] == "spam", "ham", "spam")
    no_folds = np.zeros(400, np.int64)
    honest, same = (
        trainer_of(Corpus(noisy.texts, labels), folds=no_folds).fit_predict_proba(rows, others)
        for labels in (noisy.labels, flipped)
    )
    np.testing.assert_array_equal(honest, same)


def test_each_text_is_embedded_once(two_classes: Corpus) -> None:
    Counting.embedded.clear()
    trainer = trainer_of(two_classes, Counting())
    trainer.fit_predict_proba(np.arange(100), np.arange(100, 160))
    trainer.fit()
    assert len(Counting.embedded) == len(set(Counting.embedded))
    assert set(two_classes.texts) < set(Counting.embedded)


def test_a_model_does_not_keep_the_vectors_of_the_training_texts(two_classes: Corpus) -> None:
    model = trainer_of(two_classes).fit()
    assert all(
        array.base is None or array.base.size == array.size
        for array in (model.probe, model.coef, model.intercept)
    )


def test_the_units_of_weights_and_vectors_do_not_matter(noisy: Corpus) -> None:
    texts = noisy.texts[:50]
    weight = np.where(noisy.labels == "spam", 3.0, 1.0)
    plain, weighted = (
        probabilities(trainer_of(noisy, Counting(), w), texts) for w in (None, weight)
    )
    for other, expected in (
        (trainer_of(noisy, Counting(), np.full(400, 7.0)), plain),
        (trainer_of(noisy, Counting(), 1e6 * weight), weighted),
        (trainer_of(noisy, Counting(1000.0)), plain),
        (trainer_of(noisy, Counting(0.001)), plain),
    ):
        np.testing.assert_allclose(probabilities(other, texts), expected, atol=1e-3)
    assert (weighted[:, 1] > plain[:, 1]).all()


def vectors_of_noise(texts: Any) -> Any:
    return np.random.RandomState(0).normal(size=(len(texts), 100))


def test_the_penalty_is_strong_where_vectors_tell_nothing(noisy: Corpus) -> None:
    assert trainer_of(noisy, vectors_of_noise)._inverse_penalty == 0.3
    assert trainer_of(noisy)._inverse_penalty > 0.3


@pytest.mark.parametrize("folds", ["one fold", "a class in one fold"])
def test_without_folds_to_learn_from_the_penalty_is_the_middle_one(
    folds: str, two_classes: Corpus
) -> None:
    spam = (two_classes.labels == "spam").astype(np.int64)
    chosen = trainer_of(two_classes, folds=spam if folds != "one fold" else np.zeros_like(spam))
    assert chosen._inverse_penalty == 3


def test_a_class_that_some_rows_lack_gets_almost_no_probability(three_classes: Corpus) -> None:
    targets = targets_of(three_classes)
    for missing in range(3):
        rows = np.flatnonzero(targets != missing)
        P = trainer_of(three_classes).fit_predict_proba(rows, np.arange(200))
        assert P[:, missing].max() < 1e-4
        assert (P.argmax(axis=1) == targets)[rows].mean() > 0.9
    one_fold_each = trainer_of(three_classes, folds=targets.astype(np.int64))
    assert np.isfinite(probabilities(one_fold_each, three_classes.texts)).all()


def soft_trainer_of(corpus: Corpus, targets: Any) -> SentenceTrainer:
    folds = np.arange(len(targets)) % 5
    encoder = make_encoder(count_topics)
    return SentenceTrainer(corpus.texts, encoder, targets, targets.shape[1], None, folds)


@pytest.mark.parametrize("name", ["two_classes", "three_classes"])
def test_soft_targets_of_0_and_1_predict_as_classes(
    name: str, request: pytest.FixtureRequest
) -> None:
    corpus = request.getfixturevalue(name)
    targets = targets_of(corpus)
    hard = trainer_of(corpus)
    soft = soft_trainer_of(corpus, np.eye(targets.max() + 1, dtype=np.float32)[targets])
    assert soft._inverse_penalty == hard._inverse_penalty
    found, expected = (probabilities(trainer, corpus.texts) for trainer in (soft, hard))
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_soft_targets_are_learned_as_probabilities(two_classes: Corpus) -> None:
    unsure = np.where(targets_of(two_classes)[:, np.newaxis] == [0, 1], 0.7, 0.3)
    P = probabilities(soft_trainer_of(two_classes, unsure.astype(np.float32)), two_classes.texts)
    for target in (0, 1):
        is_target = targets_of(two_classes) == target
        assert P[is_target, target].mean() == pytest.approx(0.7, abs=0.05)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_soft_regression_solves_the_problem_of_scikit_learn(n_classes: int) -> None:
    random = np.random.RandomState(0)
    vectors = random.normal(size=(300, 5)).astype(np.float32)
    targets = (vectors[:, :n_classes] + random.normal(size=(300, n_classes))).argmax(axis=1)
    weight = random.uniform(0.5, 2, 300)
    expected = LogisticRegression(C=0.5, tol=1e-8, max_iter=1000).fit(vectors, targets, weight)
    coef, intercept = fit_soft_softmax_regression(
        vectors, np.eye(n_classes)[targets], weight, 0.5, tolerance=1e-12
    )
    np.testing.assert_allclose(coef.T, expected.coef_, atol=2e-3)
    # Only the differences of the intercepts count.
    np.testing.assert_allclose(
        intercept - intercept[0] * (n_classes > 2),
        expected.intercept_ - expected.intercept_[0] * (n_classes > 2),
        atol=2e-3,
    )


def test_vectors_that_are_all_zero_give_the_shares_of_the_classes(noisy: Corpus) -> None:
    P = probabilities(trainer_of(noisy, lambda texts: np.zeros((len(texts), 4))), noisy.texts)
    np.testing.assert_allclose(P[:, 1], (noisy.labels == "spam").mean(), atol=0.01)


def test_errors_of_an_encoder_count_the_texts_that_were_given(two_classes: Corpus) -> None:
    def encoder(texts: Any) -> Any:
        return np.full((len(texts), 1), np.nan if len(texts) > 1 else 0.0)

    texts = sorted(set(two_classes.texts))[:20]
    targets = np.arange(20, dtype=np.int32) % 2
    with pytest.raises(ValueError, match="for 20 of 20 different texts"):
        SentenceTrainer(texts, make_encoder(encoder), targets, 2, None, np.arange(20) % 5)
