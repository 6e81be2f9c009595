from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import callbacks
from keras.optimizers import schedules

from skcnn.network._kernels import adam_catch_up_rows
from skcnn.network._optimizers import _fading_steps, is_plain_adam
from skcnn.text._sequences import TokenSequences
from tests.network.small import (
    N_IDS,
    WORD_PARTS,
    assert_equal_weights,
    small_model,
    texts_and_targets,
    train,
    train_as_the_estimator_does,
    weights_of,
)

OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(0.01, beta_1=0.8, beta_2=0.99, epsilon=1e-6),
    "sgd": lambda: keras.optimizers.SGD(0.01, momentum=0.9),
    "rmsprop": lambda: keras.optimizers.RMSprop(0.01, epsilon=1e-3),
    "adam with clipnorm": lambda: keras.optimizers.Adam(0.01, clipnorm=0.01, epsilon=1e-3),
    "adam with clipvalue": lambda: keras.optimizers.Adam(0.01, clipvalue=1e-3, epsilon=1e-3),
    "adam with amsgrad": lambda: keras.optimizers.Adam(0.01, amsgrad=True, epsilon=1e-3),
    "adam with weight decay": lambda: keras.optimizers.Adam(0.01, weight_decay=0.1, epsilon=1e-3),
    "adamw": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1, epsilon=1e-3),
    "adam that averages": lambda: keras.optimizers.Adam(
        0.01, use_ema=True, ema_momentum=0.5, epsilon=1e-3
    ),
    "adam that accumulates": lambda: keras.optimizers.Adam(
        0.01, gradient_accumulation_steps=2, epsilon=1e-3
    ),
    "a schedule": lambda: keras.optimizers.Adam(
        schedules.PiecewiseConstantDecay([1, 3], [0.01, 0.05, 0.002]), epsilon=1e-3
    ),
}


def all_words_in_every_batch():
    rng = np.random.default_rng(0)
    rows = [rng.permutation(np.arange(1, N_IDS)).tolist() for _ in range(24)]
    return TokenSequences.from_lists(rows), rng.integers(2, size=24).astype(np.int32)


def train_by_tape(model, sequences, targets, batch_size=4):
    """Train on the same batches with Keras' own layers and its own update."""
    ids, variables = sequences.to_padded(), model.trainable_variables
    for begin in range(0, len(ids), batch_size):
        rows = slice(begin, begin + batch_size)
        with tf.GradientTape() as tape:
            loss = model.loss(targets[rows], model(ids[rows]))
        # Dense, because Keras squares the sparse gradients of a repeated word before it adds them.
        gradients = [tf.convert_to_tensor(g) for g in tape.gradient(loss, variables)]
        model.optimizer.apply(gradients, variables)
    model.optimizer.finalize_variable_values(variables)


@pytest.mark.parametrize("word_parts", [None, WORD_PARTS], ids=["words", "subwords"])
@pytest.mark.parametrize("data", [all_words_in_every_batch(), texts_and_targets()])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_optimizer_does_what_it_does_in_keras(optimizer, data, word_parts):
    ours, keras_own = (
        small_model(optimizer=OPTIMIZERS[optimizer](), word_parts=word_parts) for _ in range(2)
    )
    before = weights_of(ours)
    train(ours, data, epochs=1, batch_size=4, shuffle=False)
    train_by_tape(keras_own, *data)
    assert_equal_weights(weights_of(ours), weights_of(keras_own), atol=1e-5)
    assert np.abs(before[0] - weights_of(ours)[0]).max() > 1e-3
    assert int(ours.optimizer.iterations) == int(keras_own.optimizer.iterations)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop", "adamw", "nadam", "adagrad"])
def test_an_optimizer_by_name_learns(optimizer):
    result = train_as_the_estimator_does(
        texts_and_targets(64),
        optimizer=optimizer,
        optimizer_params={"learning_rate": 0.05},
        epochs=5,
        dropout=0.0,
    )
    assert result.history["loss"][-1] < 0.9 * result.history["loss"][0]


def test_an_optimizer_object_can_be_used_again():
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    first, second = (train_as_the_estimator_does(optimizer=optimizer) for _ in range(2))
    assert_equal_weights(weights_of(first), weights_of(second))
    assert int(optimizer.iterations) == 0
    assert not optimizer.built


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_words_that_are_not_in_the_texts_keep_their_vectors(optimizer):
    data = TokenSequences.from_lists([[2, 3, 4], [4, 5], [3]]), np.array([0, 1, 1])
    model = small_model(optimizer=optimizer)
    before = weights_of(model)[0]
    train(model, data, epochs=3)
    change = np.abs(weights_of(model)[0] - before).max(axis=1)
    np.testing.assert_array_equal(change > 0, np.isin(np.arange(N_IDS), [2, 3, 4, 5]))


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_batch_moves_the_rows_that_its_words_are_made_of_and_no_others(optimizer):
    data = TokenSequences.from_lists([[3, 4, 11], [4, 11], [3]]), np.array([0, 1, 1])
    model = small_model(optimizer=optimizer, word_parts=WORD_PARTS)
    before = weights_of(model)[0]
    train(model, data, epochs=3)
    change = np.abs(weights_of(model)[0] - before).max(axis=1)
    rows = WORD_PARTS.take([3, 4, 11]).ids
    np.testing.assert_array_equal(change > 0, np.isin(np.arange(len(before)), rows))


@pytest.mark.parametrize("word_parts", [None, WORD_PARTS], ids=["words", "subwords"])
def test_a_word_moves_by_momentum_while_it_is_in_no_batch(word_parts):
    sequences, targets = TokenSequences.from_lists([[2, 3], *[[4, 8]] * 9]), np.ones(10, int)
    after_one, after_ten, reference = (small_model(word_parts=word_parts) for _ in range(3))
    train(after_one, (sequences.take([0]), targets[:1]), epochs=1)
    train(after_ten, (sequences, targets), epochs=1, batch_size=1, shuffle=False)
    train_by_tape(reference, sequences, targets, batch_size=1)
    assert_equal_weights(weights_of(after_ten), weights_of(reference), atol=1e-5)
    away = [2, 3] if word_parts is None else word_parts.take([2, 3]).ids
    moved_on = np.abs(weights_of(after_ten)[0] - weights_of(after_one)[0])[away]
    assert moved_on.min() > 1e-3


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_steps_are_counted_over_several_fits(optimizer):
    model = small_model(optimizer=optimizer)
    for n_fits in (1, 2):
        train(model, texts_and_targets(20), epochs=2, batch_size=8)
        assert int(model.optimizer.iterations) == n_fits * 2 * 3


def test_a_second_fit_does_not_start_with_steps_that_are_too_long():
    model = small_model(optimizer=keras.optimizers.Adam(0.01))
    data = all_words_in_every_batch()
    train(model, data, epochs=40)
    before = weights_of(model)
    train(model, data, epochs=1, batch_size=len(data[1]))
    steps = [np.abs(now - was).max() for now, was in zip(weights_of(model), before, strict=True)]
    assert max(steps) <= 0.01 * 1.01


def recorded_epochs(optimizer, *more, epochs=4):
    """Biases at the end of each epoch, and the learning rate then."""
    model, biases, rates = small_model(optimizer=optimizer), [], []

    def record(epoch, logs):
        biases.append(weights_of(model)[-1])
        rates.append(float(model.optimizer.learning_rate))

    # Before the callbacks that change the rate, because they change it at the end of an epoch.
    hooks = [callbacks.LambdaCallback(on_epoch_end=record), *more]
    history = train(model, epochs=epochs, callbacks=hooks)
    return np.array(biases), rates, history


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_learning_rate_scheduler_sets_the_rate(optimizer):
    scheduler = callbacks.LearningRateScheduler(lambda epoch: 0.1 if epoch < 2 else 0.0)
    biases, rates, history = recorded_epochs(optimizer, scheduler)
    np.testing.assert_allclose(rates, [0.1, 0.1, 0, 0])
    np.testing.assert_allclose(history["learning_rate"], [0.1, 0.1, 0, 0])
    assert np.abs(biases[1] - biases[0]).min() > 0
    np.testing.assert_array_equal(biases[2:], [biases[1]] * 2)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_the_learning_rate_falls_on_a_plateau(optimizer):
    plateau = callbacks.ReduceLROnPlateau(monitor="loss", factor=0, patience=1, min_delta=1e9)
    biases, rates, _ = recorded_epochs(optimizer, plateau)
    assert rates[0] > 0
    assert rates[-1] == 0
    assert np.abs(biases[1] - biases[0]).min() > 0
    np.testing.assert_array_equal(biases[3], biases[2])


@pytest.mark.parametrize("beta_1", [0.0, 0.5, 0.9, 0.99])
def test_a_row_that_is_in_a_batch_again_is_where_adam_would_have_moved_it(beta_1):
    n_away, step_size = 2000, np.float32(1e-3)
    adam = keras.optimizers.Adam(beta_1=beta_1)
    decay = np.float32(beta_1), np.float32(adam.beta_2)
    row, mean, variance = (np.full((1, 1), x, np.float32) for x in (0.0, 0.1, 0.001))
    expected, m, v = 0.0, 0.1, 0.001
    for _ in range(n_away):
        m, v = m * beta_1, v * adam.beta_2
        expected -= step_size * m / (np.sqrt(v) + adam.epsilon)
    adam_catch_up_rows(
        row,
        np.zeros(1, np.int32),
        mean,
        variance,
        np.ones(1, np.int64),
        1 + n_away,
        np.full(n_away + 2, step_size),
        _fading_steps(adam),
        *decay,
        np.float32(adam.epsilon),
    )
    np.testing.assert_allclose(row[0, 0], expected, rtol=1e-3, atol=1e-7)


def test_adam_whose_momentum_fades_slowly_is_left_to_keras():
    assert is_plain_adam(keras.optimizers.Adam())
    assert not is_plain_adam(keras.optimizers.Adam(beta_1=0.9995))
