from __future__ import annotations

import numpy as np

from skcnn.fitting._recent_predictions import RecentPredictions

RANDOM = np.random.RandomState(0)


def recent(n_members: int, n_rows: int) -> RecentPredictions:
    """Members of which the last one is right; the network has NaN in the first half of the rows."""
    targets = RANDOM.randint(2, size=n_rows).astype(np.int32)
    right = np.where(np.arange(2) == targets[:, np.newaxis], 0.8, 0.2)
    probabilities = np.full((n_members, n_rows, 2), 0.5, np.float32)
    probabilities[-1] = right
    probabilities[0, : n_rows // 2] = np.nan
    return RecentPredictions(probabilities, targets, np.ones(n_rows))


def test_only_the_latest_rows_are_kept() -> None:
    old = recent(2, 1500)
    new = recent(2, 1200)
    both = old.add(list(new.probabilities), new.targets, new.weight)
    assert both.probabilities.shape == (2, 2000, 2)
    np.testing.assert_array_equal(both.targets[-1200:], new.targets)
    np.testing.assert_array_equal(both.targets[:800], old.targets[-800:])


def test_the_member_that_is_right_counts_most() -> None:
    pool = recent(2, 400).pool(has_teachers=False)
    assert pool is not None
    assert pool.exponents[1] > 0.8


def test_a_single_member_needs_no_pool_and_no_rows_give_an_even_pool() -> None:
    assert recent(1, 10).pool(has_teachers=False) is None
    pool = recent(2, 0).pool(has_teachers=False)
    assert pool is not None
    np.testing.assert_array_equal(pool.exponents, [0.5, 0.5])
