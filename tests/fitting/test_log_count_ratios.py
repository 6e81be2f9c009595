"""Log-count ratios of n-grams."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array, vstack

from skcnn.fitting._log_count_ratios import log_count_ratios

N, M = 40, 15


@pytest.fixture
def matrix() -> Any:
    """40 texts of 15 n-grams; a last one is in no text."""
    random = np.random.RandomState(0)
    values = random.uniform(0.1, 1, (N, M)) * (random.uniform(size=(N, M)) < 0.3)
    return csr_array(np.hstack([values, np.zeros((N, 1))]).astype(np.float32))


@pytest.fixture
def targets() -> Any:
    """Probabilities of the class."""
    return np.random.RandomState(1).uniform(size=N)


@pytest.fixture
def weight() -> Any:
    return np.random.RandomState(2).randint(1, 4, N).astype(np.float64)


@pytest.mark.parametrize("soft", [False, True])
def test_the_ratio_is_that_of_the_smoothed_shares(
    soft: bool, matrix: Any, targets: Any, weight: Any
) -> None:
    positive = targets if soft else targets > 0.5
    ratios = log_count_ratios(matrix, positive, weight)
    table = matrix.toarray()
    for ngram in range(M + 1):
        of_class = of_others = n_class = n_others = 0.0
        for row in range(N):
            n_class += weight[row] * positive[row]
            n_others += weight[row] * (1 - positive[row])
            if table[row, ngram] > 0:
                of_class += weight[row] * positive[row]
                of_others += weight[row] * (1 - positive[row])
        p = (of_class + 0.3) / (n_class + 0.6)
        q = (of_others + 0.3) / (n_others + 0.6)
        assert ratios[ngram] == pytest.approx(log(p / q), abs=1e-12)


def test_weights_count_as_copies(matrix: Any, targets: Any, weight: Any) -> None:
    rows = np.repeat(np.arange(N), weight.astype(int))
    copied = log_count_ratios(matrix[rows], (targets > 0.5)[rows], np.ones(len(rows)))
    np.testing.assert_allclose(log_count_ratios(matrix, targets > 0.5, weight), copied)


def test_a_probability_counts_as_two_parts_of_a_text(matrix: Any, targets: Any) -> None:
    both = np.repeat([True, False], N)
    parts = np.concatenate([targets, 1 - targets])
    expected = log_count_ratios(csr_array(vstack([matrix, matrix])), both, parts)
    np.testing.assert_allclose(log_count_ratios(matrix, targets, np.ones(N)), expected)


def test_how_often_a_text_contains_an_ngram_does_not_matter(matrix: Any, targets: Any) -> None:
    ratios = log_count_ratios(matrix, targets > 0.5, np.ones(N))
    np.testing.assert_array_equal(log_count_ratios(7 * matrix, targets > 0.5, np.ones(N)), ratios)


def test_the_other_class_has_the_opposite_ratio(matrix: Any, targets: Any, weight: Any) -> None:
    ratios = log_count_ratios(matrix, targets > 0.5, weight)
    np.testing.assert_allclose(log_count_ratios(matrix, targets <= 0.5, weight), -ratios)


def test_ratios_stay_finite_if_no_text_is_of_the_class(matrix: Any) -> None:
    assert np.isfinite(log_count_ratios(matrix, np.zeros(N, bool), np.ones(N))).all()
