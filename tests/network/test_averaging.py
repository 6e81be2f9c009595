"""The mean of the epochs' weights: what it is, who sees it, and what training continues from."""

from __future__ import annotations

from functools import partial, reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from keras import callbacks

from skcnn.network._averaging import EpochAverage
from skcnn.network._weights import Weights
from tests.network.small import (
    WORD_PARTS,
    assert_equal_weights,
    held_out,
    small_model,
    texts_and_targets,
    train,
    train_as_the_estimator_does,
    weights_of,
)

N_EPOCHS = 4
NETWORKS = {
    "adam": {"dropout": 0.5},
    "sgd": {"dropout": 0.5, "optimizer": "sgd"},
    "cross entropy": {"loss": "cross_entropy"},
    "subwords": {"word_parts": WORD_PARTS},
}
every_network = pytest.mark.parametrize("network", NETWORKS)


def halfway(mean, epoch):
    return (mean + epoch) / 2


class Record(callbacks.Callback):
    """The weights that a callback sees at the end of each epoch."""

    def __init__(self):
        super().__init__()
        self.weights = []

    def on_epoch_end(self, epoch, logs=None):
        self.weights.append(weights_of(self.model))

    def mean(self, begin, end):
        return [reduce(halfway, epochs) for epochs in zip(*self.weights[begin:end], strict=True)]


def recorded(fit, *more, average_weights, **options):
    record = Record()
    hooks = [*more, record]
    result = fit(callbacks=hooks, average_weights=average_weights, epochs=N_EPOCHS, **options)
    return record, result


@every_network
def test_each_epoch_leaves_the_mean_of_the_epochs_so_far(network):
    models = [small_model(**NETWORKS[network]) for _ in range(2)]
    data = texts_and_targets()
    plain, averaged = (
        recorded(partial(train, model), average_weights=average, validation_data=data)
        for model, average in zip(models, (False, True), strict=True)
    )
    for epoch in range(N_EPOCHS):
        assert_equal_weights(averaged[0].weights[epoch], plain[0].mean(0, epoch + 1), atol=1e-6)
    assert np.abs(averaged[0].weights[-1][0] - plain[0].weights[-1][0]).max() > 1e-4
    assert_equal_weights(weights_of(models[1]), averaged[0].weights[-1])
    # Training continues from the last weights; the held-out loss is that of the mean.
    np.testing.assert_array_equal(averaged[1]["loss"], plain[1]["loss"])
    models[0].set_weights(averaged[0].weights[-1])
    expected = models[0].loss(data[1], models[0](data[0].to_padded()))
    np.testing.assert_allclose(averaged[1]["val_loss"][-1], float(expected), rtol=1e-5)


@every_network
def test_weights_are_not_averaged_unless_asked_for(network):
    default, plain = (small_model(**NETWORKS[network]) for _ in range(2))
    assert train(default) == train(plain, average_weights=False)
    assert_equal_weights(weights_of(default), weights_of(plain))


@pytest.mark.parametrize("word_parts", [None, WORD_PARTS], ids=["words", "subwords"])
def test_the_best_epoch_that_is_restored_is_a_mean(word_parts):
    scores = [0.1, 0.5, 0.4, 0.3]

    def score_in_turn():
        left = iter(scores)
        return lambda softmax: next(left)

    def fit(**settings):
        early_stopping = held_out(*texts_and_targets(), score=score_in_turn(), n_iter_no_change=5)
        return train_as_the_estimator_does(
            word_parts=word_parts, held_out=early_stopping, **settings
        )

    plain, _ = recorded(fit, average_weights=False)
    averaged, result = recorded(fit, average_weights=True)
    assert result.best_epoch == 1
    np.testing.assert_allclose(result.embedding, plain.mean(0, 2)[0], rtol=0, atol=1e-6)
    np.testing.assert_array_equal(result.embedding, averaged.weights[1][0])
    np.testing.assert_array_equal(result.dense_bias, averaged.weights[1][-1])


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("moment", ["on_epoch_end", "on_epoch_begin"])
def test_weights_that_a_callback_sets_start_the_mean_again(moment, optimizer):
    given_weights = weights_of(small_model(random_state=9))
    first_of_the_new = 2 if moment == "on_epoch_begin" else 3

    def set_weights(epoch, logs):
        if epoch == 2:
            hook.model.set_weights(given_weights)

    runs = []
    for average_weights in (False, True):
        hook = callbacks.LambdaCallback(**{moment: set_weights})
        fit = partial(train, small_model(optimizer=optimizer))
        runs.append(recorded(fit, hook, average_weights=average_weights)[0])
    plain, averaged = runs
    for epoch in range(first_of_the_new, N_EPOCHS):
        expected = plain.mean(first_of_the_new, epoch + 1)
        assert_equal_weights(averaged.weights[epoch], expected, atol=1e-6)
    assert_equal_weights(averaged.weights[1], plain.mean(0, 2), atol=1e-6)


def test_a_callback_that_sets_the_weights_the_model_has_changes_nothing():
    def set_the_same(epoch, logs):
        hook.model.set_weights(hook.model.get_weights())

    expected, _ = recorded(partial(train, small_model()), average_weights=True)
    hook = callbacks.LambdaCallback(on_epoch_end=set_the_same)
    found, _ = recorded(partial(train, small_model()), hook, average_weights=True)
    assert_equal_weights(found.weights[-1], expected.weights[-1])


floats = st.floats(-100, 100, width=32)


@given(npst.arrays(np.float32, st.tuples(st.integers(1, 9), st.just(7)), elements=floats))
def test_the_mean_is_half_the_last_epoch_and_does_not_change_its_input(epochs):
    average, copy, means = EpochAverage(), epochs.copy(), []
    for row in epochs:
        given_arrays = [row[:2].reshape(1, 2), row[2:4].reshape(2, 1), row[4:5], row[5:6], row[6:]]
        means.append(average.update(Weights(*given_arrays)))
    found = np.concatenate([array.ravel() for array in means[-1].arrays])
    np.testing.assert_allclose(found, reduce(halfway, epochs.astype(float)), rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(epochs, copy)
    assert all(mean is means[0] for mean in means)
