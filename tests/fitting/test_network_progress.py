from __future__ import annotations

import numpy as np

from skcnn.fitting._network_progress import RunningMean


def test_the_mean_counts_the_latest_weights_most_and_forgets_the_first() -> None:
    average = RunningMean((np.zeros((2, 1), np.float32),), n_texts=100)
    shares = []
    for n_new in (100, 200, 400):
        before = average.mean[0].copy()
        average.add([np.ones((3, 1), np.float32)], n_new)  # the last row is an extra row
        shares.append(float((average.mean[0] - before)[0, 0] / (1 - before[0, 0] or 1)))
    assert average.n_texts == 800
    np.testing.assert_allclose(average.mean[0], np.ones((2, 1)))
    assert shares[0] == 1  # 4 * 100 / 200 is more than all


def test_the_mean_depends_little_on_the_number_of_texts_in_each_call() -> None:
    coarse = RunningMean((np.zeros(1, np.float32),), 1000)
    fine = RunningMean((np.zeros(1, np.float32),), 1000)
    coarse.add([np.ones(1, np.float32)], 100)
    for _ in range(10):
        fine.add([np.ones(1, np.float32)], 10)
    np.testing.assert_allclose(coarse.mean[0], fine.mean[0], atol=0.06)


def test_the_mean_given_is_not_changed() -> None:
    given = np.zeros(1, np.float32)
    RunningMean((given,), 10).add([np.ones(1, np.float32)], 10)
    assert given[0] == 0
