"""The n-gram model learns from rows of probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array, hstack, vstack
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from skcnn._arrays import Float32, Float64, Int64
from skcnn.fitting._ngram_model import NgramTable, NgramTexts
from skcnn.fitting._pool import Predictions, pool_students
from skcnn.fitting._soft_logistic_regression import fit_soft_logistic_regression
from skcnn.fitting._soft_targets import join_soft_targets, predict_left_out
from skcnn.fitting._training_set import check_training_set
from skcnn.text._ngrams import fit_ngrams
from skcnn.text._tokenizer import tokenize_all
from tests.conftest import Corpus

C = 4.0


def sparse_rows(n: int = 60, m: int = 25) -> Any:
    rng = np.random.default_rng(0)
    return csr_array(rng.random((n, m)) * (rng.random((n, m)) < 0.3))


def drawn(n: int = 60) -> tuple[Float64, Float64]:
    """Soft targets (n,) and weights (n,)."""
    rng = np.random.default_rng(1)
    return rng.random(n), rng.uniform(0.2, 3, n)


def test_for_targets_of_0_and_1_the_solution_is_that_of_liblinear() -> None:
    matrix, (soft, weight) = sparse_rows(), drawn()
    hard = (soft < 0.2).astype(np.float64)  # few positives, so that the intercept is far from 0
    coef, intercept = fit_soft_logistic_regression(matrix, hard[:, np.newaxis], weight, C, 1e-14)
    solver = LogisticRegression(C=C, solver="liblinear", tol=1e-8, max_iter=10_000)
    expected = solver.fit(matrix, hard, weight)
    assert abs(expected.intercept_[0]) > 0.3
    np.testing.assert_allclose(coef[:, 0], expected.coef_[0], atol=1e-4)
    np.testing.assert_allclose(intercept, expected.intercept_, atol=1e-4)


def test_soft_targets_are_the_same_as_each_row_twice_with_both_classes() -> None:
    matrix, (soft, weight) = sparse_rows(), drawn()
    targets = np.stack([soft, soft**3], axis=1)
    coef, intercept = fit_soft_logistic_regression(matrix, targets, weight, C, 1e-14)
    # A column of ones instead of the intercept, which this solver does not penalize.
    with_ones = csr_array(hstack([matrix, np.ones((60, 1))]))
    twice, labels = vstack([with_ones, with_ones]), np.repeat([1, 0], 60)
    solver = LogisticRegression(C=C, fit_intercept=False, tol=1e-9, max_iter=10_000)
    for column, t in enumerate(targets.T):
        weights = np.concatenate([weight * t, weight * (1 - t)])
        expected = solver.fit(twice, labels, weights).coef_[0]
        np.testing.assert_allclose(coef[:, column], expected[:-1], atol=1e-4)
        np.testing.assert_allclose(intercept[column], expected[-1], atol=1e-4)


def test_the_default_tolerance_changes_probabilities_by_less_than_a_hundredth() -> None:
    matrix, (soft, weight) = sparse_rows(300, 400), drawn(300)
    targets = soft[:, np.newaxis]
    coef, intercept = fit_soft_logistic_regression(matrix, targets, weight, C, 1e-14)
    exact = expit(matrix @ coef + intercept)
    coef, intercept = fit_soft_logistic_regression(matrix.astype(np.float32), targets, weight, C)
    np.testing.assert_allclose(expit(matrix @ coef + intercept), exact, atol=0.01)


def table(corpus: Corpus, targets: Any, weight: Any = None) -> NgramTable:
    ngrams = NgramTexts(np.arange(len(corpus.texts)), *fit_ngrams(tokenize_all(corpus.texts)))
    return NgramTable(ngrams, targets, len(np.unique(corpus.labels)), weight, 0)


def classes_and_rows(corpus: Corpus) -> tuple[Any, Any]:
    classes = np.unique(corpus.labels, return_inverse=True)[1].astype(np.int32)
    return classes, np.eye(classes.max() + 1, dtype=np.float32)[classes]


@pytest.mark.parametrize("name", ["noisy", "three_classes"])
def test_one_hot_rows_give_nearly_the_model_of_their_classes(
    name: str, request: pytest.FixtureRequest
) -> None:
    corpus: Corpus = request.getfixturevalue(name)
    classes, rows = classes_and_rows(corpus)
    weight = np.random.default_rng(0).uniform(0.5, 2, len(classes))
    train_rows, test_rows = np.split(np.arange(len(classes)), [len(classes) * 3 // 4])
    of_classes, of_rows = (
        table(corpus, targets, weight).fit_predict_proba(train_rows, test_rows)
        for targets in (classes, rows)
    )
    np.testing.assert_allclose(of_rows, of_classes, atol=0.02)
    assert of_rows.shape == (len(test_rows), rows.shape[1])


@pytest.mark.parametrize("name", ["noisy", "three_classes"])
def test_the_model_returns_the_probabilities_that_it_learned_from(
    name: str, request: pytest.FixtureRequest
) -> None:
    corpus: Corpus = request.getfixturevalue(name)
    _, rows = classes_and_rows(corpus)
    n_classes = rows.shape[1]
    undecided = np.full_like(rows, 1 / n_classes)
    model = table(corpus, undecided).fit()
    tokens = tokenize_all(corpus.texts)
    found = model.predict_proba(corpus.texts, tokens)
    np.testing.assert_allclose(found, undecided, atol=0.02)
    assert model.word_coef.dtype == model.intercept.dtype == np.float32
    assert model.intercept.shape == (1 if n_classes == 2 else n_classes,)
    softened = table(corpus, (0.8 * rows + 0.2 / n_classes).astype(np.float32)).fit()
    sure = table(corpus, rows).fit()
    highest = [m.predict_proba(corpus.texts, tokens).max(axis=1).mean() for m in (softened, sure)]
    assert highest[0] < highest[1] - 0.02


def test_the_unit_of_weights_does_not_matter_for_soft_targets(noisy: Corpus) -> None:
    _, rows = classes_and_rows(noisy)
    soft, weight = (0.8 * rows + 0.1).astype(np.float32), np.where(noisy.labels == "spam", 3.0, 1.0)
    learned, others = np.arange(300), np.arange(300, 400)
    once, million, plain = (
        table(noisy, soft, w).fit_predict_proba(learned, others)
        for w in (weight, 1e6 * weight, None)
    )
    np.testing.assert_allclose(million, once, atol=1e-6)
    assert once[:, 1].mean() > plain[:, 1].mean() + 0.03


class Sharp:
    """A table whose model is surer than its teacher; it notes what it learns from and predicts."""

    def __init__(self, targets: Float32) -> None:
        self._targets = targets

    def fit_predict_proba(self, train_rows: Int64, test_rows: Int64) -> Float64:
        self.train_rows, self.test_rows = train_rows, test_rows
        P = self._targets[test_rows].astype(np.float64) ** 3
        return P / P.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("n_copies", [1, 3])
def test_a_student_predicts_unlabeled_texts_that_it_has_no_copy_of(n_copies: int) -> None:
    texts = [f"text {i}" for i in range(500)] * n_copies
    data = check_training_set(["win", "lunch", "text 3"], [1, 0, 0], None, None)
    spam = np.tile(np.random.default_rng(0).uniform(0.05, 0.95, 500), n_copies)
    taught = join_soft_targets(data, texts, np.stack([1 - spam, spam], axis=1))
    table: Any = Sharp(taught.targets)
    rows = np.arange(len(taught.texts))
    left_out, P = predict_left_out(table, taught, rows, np.random.RandomState(0))
    np.testing.assert_array_equal(left_out, table.test_rows)
    pool = pool_students(Predictions([P], taught.targets[left_out]), [])
    # It is three times as sure as its teacher; 0.3 is for the network.
    assert pool.exponents == pytest.approx([0.3, 0.7 / 3], abs=0.02)
    learned, predicted = (
        {taught.texts[r] for r in each} for each in (table.train_rows, table.test_rows)
    )
    assert len(predicted) == 100
    assert not learned & predicted
    assert table.test_rows.min() >= 3  # no labeled text
    assert len(table.test_rows) == 100 * n_copies


def test_of_too_few_unlabeled_texts_none_is_left_out() -> None:
    data = check_training_set(["win", "lunch"], [1, 0], None, None)
    taught = join_soft_targets(data, ["cash"] * 4, np.full((4, 2), 0.5))
    table: Any = Sharp(taught.targets)
    left_out, P = predict_left_out(table, taught, np.arange(6), np.random.RandomState(0))
    assert len(left_out) == 0
    assert P.shape == (0, 2)
