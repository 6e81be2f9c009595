from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import numpy as np
import pytest
from keras.optimizers import schedules

from skcnn import CostSensitiveTextCNN
from skcnn._settings import NetworkSettings
from skcnn.network._one_pass import make_adam
from skcnn.network._optimizers import RowwiseAdam
from skcnn.network._weights import Weights


def settings(**params: Any) -> NetworkSettings:
    return NetworkSettings.from_params(CostSensitiveTextCNN(**params).get_params())


def some_weights(seed: int, n_rows: int = 6) -> Weights:
    random = np.random.RandomState(seed)
    shapes = [(n_rows, 3), (4, 3), (2,), (2, 2), (2,)]
    return Weights(*(random.normal(size=shape).astype(np.float32) for shape in shapes))


@pytest.mark.parametrize("learning_rate", [0.01, schedules.ExponentialDecay(0.01, 2, 0.5)])
def test_adam_goes_on_where_it_was_interrupted(learning_rate: Any) -> None:
    batches = [np.array(rows, np.int32) for rows in ([0, 1], [2], [1, 3, 4], [0], [5, 2], [3])]
    whole, parts = some_weights(0), some_weights(0)

    def run(optimizer: RowwiseAdam, weights: Weights, steps: range) -> None:
        for step in steps:
            rows = batches[step]
            optimizer.prepare(weights, rows)
            optimizer.apply(weights, some_weights(step + 1, len(rows)), rows)
        optimizer.prepare(weights)

    with ThreadPoolExecutor(1) as executor:
        run(RowwiseAdam(keras.optimizers.Adam(learning_rate), whole, executor), whole, range(6))
        first = RowwiseAdam(keras.optimizers.Adam(learning_rate), parts, executor)
        run(first, parts, range(3))
        second = RowwiseAdam(keras.optimizers.Adam(learning_rate), parts, executor)
        second.continue_from(*first.moments)
        run(second, parts, range(3, 6))
    for one, other in zip(whole.arrays, parts.arrays, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_adam_takes_its_parameters_from_the_settings() -> None:
    adam = make_adam(settings(learning_rate=0.5, optimizer_params={"beta_1": 0.5}))
    assert float(adam.learning_rate) == 0.5
    assert adam.beta_1 == 0.5
    given = keras.optimizers.Adam(0.25)
    copied = make_adam(settings(optimizer=given))
    assert copied is not given
    assert float(copied.learning_rate) == 0.25


@pytest.mark.parametrize("optimizer", ["sgd", keras.optimizers.Adam(clipnorm=1.0)])
def test_an_optimizer_that_cannot_be_continued_raises_an_error(optimizer: Any) -> None:
    with pytest.raises(ValueError, match="partial_fit expects 'adam'"):
        make_adam(settings(optimizer=optimizer))
