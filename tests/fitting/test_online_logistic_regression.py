from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.special import expit

from skcnn.fitting._online_logistic_regression import fit_next_part
from skcnn.fitting._soft_logistic_regression import fit_soft_logistic_regression


def some_rows(seed: int) -> tuple[csr_array, np.ndarray, np.ndarray]:
    """40 rows with 5 features, the last of which is always 0; targets; weights."""
    random = np.random.RandomState(seed)
    table = random.normal(size=(40, 5)) * (random.uniform(size=(40, 5)) < 0.5)
    table[:, 4] = 0
    return csr_array(table), random.uniform(size=40) < 0.4, random.uniform(0.5, 2, 40)


def test_the_first_part_is_a_penalized_logistic_regression() -> None:
    matrix, is_positive, weight = some_rows(0)
    found, added = fit_next_part(matrix, is_positive, weight, np.zeros(6), np.full(6, 1 / 4))
    coef, intercept = fit_soft_logistic_regression(
        matrix, is_positive[:, np.newaxis].astype(float), weight, 4.0, 1e-12
    )
    np.testing.assert_allclose(found, [*coef[:, 0], intercept[0]], atol=1e-2)
    P = expit(matrix @ found[:-1] + found[-1])
    features = np.column_stack([matrix.toarray(), np.ones(40)])
    np.testing.assert_allclose(added, (weight * P * (1 - P)) @ features**2)


def test_what_is_known_well_changes_little_and_what_the_rows_lack_does_not_change() -> None:
    matrix, is_positive, weight = some_rows(1)
    mean = np.array([1.0, -1.0, 0.5, 0.0, 7.0, 0.2])
    found, added = fit_next_part(matrix, is_positive, weight, mean, np.full(6, 1e9))
    np.testing.assert_allclose(found, mean, atol=1e-6)
    loose, _ = fit_next_part(matrix, is_positive, weight, mean, np.full(6, 1e-2))
    assert np.abs(loose - mean)[:4].max() > 0.3
    assert loose[4] == pytest.approx(7)
    assert added[4] == 0
