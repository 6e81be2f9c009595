"""The learning rate, which callbacks and schedules change between two batches or two epochs."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import callbacks

from skcnn.network import _optimizers
from tests.network.small import (
    assert_equal_weights,
    small_model,
    texts_and_targets,
    train,
    weights_of,
)


@pytest.mark.parametrize("is_subclass", [True, False], ids=["subclass", "lambda"])
@pytest.mark.parametrize(
    ("moment", "steps_seen"),
    [
        ("on_epoch_begin", [0, 2]),
        ("on_epoch_end", [2, 4]),
        ("on_train_batch_begin", [0, 1, 2, 3]),
        ("on_train_batch_end", [1, 2, 3, 4]),
    ],
)
def test_a_callback_sees_the_steps_so_far_and_may_stop_the_learning(
    moment, steps_seen, is_subclass
):
    model, (sequences, targets), seen = small_model(), texts_and_targets(8), []

    def stop_learning(*_, **__):
        seen.append(int(model.optimizer.iterations))
        model.optimizer.learning_rate = 0.0

    if is_subclass:
        hook = {moment: lambda self, number, logs=None: stop_learning()}
        callback = type("StopLearning", (callbacks.Callback,), hook)()
    else:
        callback = callbacks.LambdaCallback(**{moment: stop_learning})
    options = {"batch_size": 4, "shuffle": False}
    train(model, (sequences, targets), epochs=2, callbacks=[callback], **options)
    assert seen == steps_seen
    assert int(model.optimizer.iterations) == 4
    learned = small_model()
    if steps_seen[0]:
        rows = np.arange(4 * steps_seen[0])
        train(learned, (sequences.take(rows), targets[rows]), epochs=1, **options)
    assert_equal_weights(weights_of(model), weights_of(learned), atol=1e-7)


def to_schedule(optimizer):
    """Learn in the first two steps only."""
    optimizer.learning_rate = keras.optimizers.schedules.PiecewiseConstantDecay([1], [0.01, 0.0])


def to_function(optimizer):
    rate = keras.Variable(0.01)

    def learning_rate():
        rate.assign(0.01 if optimizer.iterations < 2 else 0.0)
        return rate

    optimizer.learning_rate = learning_rate


@pytest.mark.parametrize("change", [to_schedule, to_function])
@pytest.mark.parametrize("moment", ["on_train_begin", "on_epoch_begin"])
def test_a_schedule_that_a_callback_sets_counts_in_each_step(moment, change):
    class SetSchedule(callbacks.Callback):
        pass

    def set_schedule(self, *_, **__):
        change(self.model.optimizer)

    setattr(SetSchedule, moment, set_schedule)
    model, expected = (small_model(optimizer=keras.optimizers.Adam(0.01)) for _ in range(2))
    sequences, targets = texts_and_targets(16)
    options = {"batch_size": 4, "shuffle": False, "epochs": 1}
    train(model, (sequences, targets), callbacks=[SetSchedule()], **options)
    train(expected, (sequences.take(np.arange(8)), targets[:8]), **options)
    assert_equal_weights(weights_of(model), weights_of(expected), atol=1e-7)


def test_a_function_needs_no_source_code():
    model, expected = small_model(), small_model(optimizer=keras.optimizers.Adam(0.01))
    model.optimizer.learning_rate = eval("lambda: 0.01")
    for each in (model, expected):
        train(each, epochs=1)
    assert_equal_weights(weights_of(model), weights_of(expected), atol=1e-7)


def test_a_number_is_read_once_an_epoch(monkeypatch):
    reads = []

    class Counting(keras.optimizers.Adam):
        @property
        def learning_rate(self):
            reads.append(int(self.iterations))
            return super().learning_rate

    monkeypatch.setattr(_optimizers, "is_plain_adam", lambda optimizer: True)
    model = small_model(optimizer=Counting(0.01))
    reads.clear()
    train(model, texts_and_targets(16), epochs=2, batch_size=4)
    assert reads == [0, 4]
