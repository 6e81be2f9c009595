from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import log_loss

from skcnn.fitting._pool import (
    Predictions,
    TeacherOpinion,
    add_network,
    pool_models,
    pool_students,
    pool_without_ngrams,
)
from skcnn.fitting._pool import fit_pool as fit_pool_of
from skcnn.predicting._pool import LogarithmicPool

Floats = NDArray[np.float64]


def models(
    n: int, n_classes: int, seed: int, *, noise: tuple[float, float] = (1.0, 1.0)
) -> tuple[Floats, Floats, NDArray[np.int32]]:
    """Two models that see the true log-odds through noise of their own, and labels."""
    random = np.random.default_rng(seed)
    truth = 2 * random.standard_normal((n, n_classes))
    labels = softmax(truth).cumsum(axis=1) < random.random((n, 1))
    first, second = (truth + size * random.standard_normal(truth.shape) for size in noise)
    return softmax(first), softmax(second), labels.sum(axis=1).astype(np.int32)


def fit_pool(
    probabilities: list[Floats], labels: NDArray[np.int32], weight: Floats | None = None
) -> LogarithmicPool:
    """Fit a pool that starts from the geometric mean, with a penalty worth three rows."""
    start = np.full(len(probabilities), 1 / len(probabilities))
    return fit_pool_of(Predictions(probabilities, labels, weight), start, 3.0)


def softmax(logits: Floats) -> Floats:
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(axis=1, keepdims=True)


sizes = {"n_classes": st.integers(2, 6), "seed": st.integers(0, 1000)}


def test_the_even_pool_is_the_geometric_mean() -> None:
    pooled = LogarithmicPool.even(2, 2)([np.array([[0.8, 0.2]]), np.array([[0.5, 0.5]])])
    np.testing.assert_allclose(pooled, [[2 / 3, 1 / 3]])  # odds 2 = sqrt(4 * 1)


@settings(deadline=None, max_examples=40)
@given(**sizes)
def test_a_pool_gives_distributions_and_is_no_worse_than_even_or_either(
    n_classes: int, seed: int
) -> None:
    first, second, labels = models(1000, n_classes, seed)
    pool = fit_pool([first, second], labels)
    classes = range(n_classes)
    pooled = pool([first, second])
    np.testing.assert_allclose(pooled.sum(axis=1), 1)
    assert (pooled > 0).all()
    others = (LogarithmicPool.even(2, n_classes)([first, second]), first, second)
    best = min(log_loss(labels, P, labels=classes) for P in others)
    # The penalty may hold it back by no more than what it adds where all stays even.
    assert log_loss(labels, pooled, labels=classes) < best + 0.002


@settings(deadline=None, max_examples=30)
@given(**sizes)
def test_the_classes_may_stand_in_any_order(n_classes: int, seed: int) -> None:
    first, second, labels = models(300, n_classes, seed)
    order = np.random.default_rng(seed).permutation(n_classes)
    places = np.argsort(order).astype(np.int32)
    pool = fit_pool([first, second], labels)
    other = fit_pool([first[:, order], second[:, order]], places[labels])
    np.testing.assert_allclose(other.exponents, pool.exponents, atol=1e-3)
    np.testing.assert_allclose(other.log_factors, pool.log_factors[order], atol=1e-3)


def test_the_better_model_counts_more_and_a_contrary_one_not_at_all() -> None:
    first, second, labels = models(2000, 2, 0, noise=(0.5, 3.0))
    better, worse = fit_pool([first, second], labels).exponents
    assert better > 2 * worse > 0
    first, contrary, labels = models(2000, 2, 0, noise=(1.5, 1.5))
    assert fit_pool([first, contrary[:, ::-1]], labels).exponents[1] == 0


def test_few_rows_hardly_move_it_from_the_geometric_mean() -> None:
    first, second, labels = models(4, 2, 0)
    pool = fit_pool([first, second], labels)
    np.testing.assert_allclose(pool.exponents, 0.5, atol=0.25)


def test_weights_count_as_copies_and_their_unit_does_not_matter() -> None:
    first, second, labels = models(400, 3, 0)
    weight = np.random.default_rng(0).integers(1, 4, size=400)
    rows = np.repeat(np.arange(400), weight)
    weighted = fit_pool([first, second], labels, weight.astype(float))
    scaled = fit_pool([first, second], labels, 1e6 * weight.astype(float))
    np.testing.assert_allclose(scaled.exponents, weighted.exponents, atol=1e-4)
    # Copies are more rows, so the penalty weighs less: near, not equal.
    copied = fit_pool([first[rows], second[rows]], labels[rows])
    np.testing.assert_allclose(copied.exponents, weighted.exponents, atol=0.05)
    plain = fit_pool([first, second], labels)
    assert not np.allclose(plain.exponents, weighted.exponents, atol=1e-3)


def test_one_heavy_row_does_not_outvote_the_others() -> None:
    first, second, labels = models(200, 2, 0)
    weight = np.ones(200)
    weight[first[np.arange(200), labels].argmin()] = 1e6
    pool = fit_pool([first, second], labels, weight)
    np.testing.assert_allclose(pool.exponents, 0.5, atol=0.4)
    assert (pool.exponents > 0).all()


@pytest.mark.parametrize("n_classes", [2, 5])
def test_probabilities_of_zero_and_one_stay_finite(n_classes: int) -> None:
    certain = np.eye(n_classes)
    wrong = np.roll(certain, 1, axis=1)
    labels = np.arange(n_classes, dtype=np.int32)
    pool = fit_pool([certain, wrong], labels)
    assert np.isfinite(pool([certain, wrong])).all()
    assert np.isfinite(pool.exponents).all()


def test_models_that_are_too_timid_become_as_sure_as_they_should_be() -> None:
    right, _, labels = models(3000, 3, 0, noise=(0.01, 1.0))
    timid = softmax(0.4 * np.log(right))
    pooled = pool_models(Predictions([timid], labels))([timid])
    np.testing.assert_allclose(pooled, right, atol=0.05)


def test_the_network_joins_a_pool_as_one_pool_of_all() -> None:
    first, second, labels = models(500, 3, 0)
    third, _, _ = models(500, 3, 1)
    pool = pool_models(Predictions([first, second], labels))
    joined = pool([first, second])
    everything = add_network(pool, Predictions([third, joined], labels), has_teachers=False)
    both = fit_pool_of(Predictions([third, joined], labels), np.array([0.3, 0.7]), 100.0)
    np.testing.assert_allclose(everything([third, first, second]), both([third, joined]))


def test_the_network_counts_if_it_helps_and_hardly_if_the_rows_are_few() -> None:
    def weight_of_network(n: int, noise: float) -> float:
        other, network, labels = models(n, 2, 0, noise=(1.0, noise))
        pool = pool_models(Predictions([other], labels))
        held_out = Predictions([network, pool([other])], labels)
        return add_network(pool, held_out, has_teachers=False).exponents[0]

    assert weight_of_network(3000, 0.3) > 0.5
    assert weight_of_network(3000, 5.0) < 0.1
    assert weight_of_network(10, 0.3) == pytest.approx(0.3, abs=0.15)
    pool = LogarithmicPool.even(2, 2)
    np.testing.assert_allclose(
        add_network(pool, None, has_teachers=False).exponents, [0.3, 0.35, 0.35]
    )


def test_students_and_kept_teachers_are_together_as_sure_as_the_teacher_was() -> None:
    words, sentences, _ = models(4000, 3, 0, noise=(0.4, 0.4))
    opinion = softmax(0.6 * np.log(words) + 0.8 * np.log(sentences)).astype(np.float32)
    timid = softmax(0.5 * np.log(words))  # the student has learned what words say
    kept = [TeacherOpinion(sentences, 0.8)]
    pool = pool_students(Predictions([timid], opinion), kept)
    assert len(pool.exponents) == 3
    assert pool.exponents[2] == pytest.approx(0.7 * 0.8)
    # The network says the same as the n-gram model would if it was calibrated.
    together = pool([softmax(np.log(words)), timid, sentences])
    assert np.abs(together - opinion).mean() < 0.04


def test_a_student_that_adds_nothing_counts_little_next_to_its_teacher() -> None:
    noise, sentences, _ = models(4000, 2, 0, noise=(9.0, 0.1))
    kept = [TeacherOpinion(sentences, 1.0)]
    network, ngrams, teacher = pool_students(
        Predictions([noise], sentences.astype(np.float32)), kept
    ).exponents
    assert teacher == pytest.approx(0.7)
    assert ngrams < 0.1
    assert network < 0.3
    network, ngrams = pool_students(
        Predictions([sentences], sentences.astype(np.float32)), []
    ).exponents
    assert (network, ngrams) == pytest.approx((0.3, 0.7), abs=0.02)


def test_without_an_ngram_model_the_network_joins_the_teachers() -> None:
    pool = pool_without_ngrams(LogarithmicPool(np.array([2.0]), np.array([0.5, -0.5])))
    np.testing.assert_allclose(pool.exponents, [0.3, 1.4])
    np.testing.assert_allclose(pool.log_factors, [0.35, -0.35])
