from __future__ import annotations

import keras
import numpy as np
import pytest

from skcnn.network.losses import LOSSES, MisclassificationCost
from tests.network.small import COSTS, every_loss

X = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
Y = (X[:, 0] + 0.2 * X[:, 1] > 0.3).astype(np.int32)


def plain_model(loss, n_outputs=2, eagerly=True):
    activation = "sigmoid" if n_outputs == 1 else "softmax"
    layer = keras.layers.Dense(n_outputs, activation, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((4,)), layer])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss=loss, run_eagerly=eagerly)
    return model


def losses_of_three_epochs(model, y=Y, **options):
    return model.fit(X, y, epochs=3, batch_size=32, shuffle=False, verbose=0, **options).history[
        "loss"
    ]


@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("name", LOSSES)
def test_a_plain_keras_model_learns_with_a_loss(name, n_outputs):
    model = plain_model(LOSSES[name](COSTS[2]), n_outputs)
    history = losses_of_three_epochs(model)
    assert history[-1] < history[0]
    p = model.predict(X, verbose=0)[:, -1]
    assert p[Y == 1].mean() > p[Y == 0].mean() + 0.02


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_a_compiled_training_step_does_the_same(n_outputs):
    loss = MisclassificationCost(COSTS[2])
    compiled = losses_of_three_epochs(plain_model(loss, n_outputs, eagerly=False))
    np.testing.assert_allclose(compiled, losses_of_three_epochs(plain_model(loss, n_outputs)), 1e-5)


def test_labels_may_have_any_form_that_keras_accepts():
    loss = MisclassificationCost(COSTS[2])
    expected = losses_of_three_epochs(plain_model(loss))
    for y in (Y[:, None], np.eye(2)[Y], Y.astype(np.float32)):
        np.testing.assert_allclose(losses_of_three_epochs(plain_model(loss), y), expected, 1e-6)
    one_column = losses_of_three_epochs(plain_model(loss, 1), Y[:, None])
    np.testing.assert_allclose(losses_of_three_epochs(plain_model(loss, 1)), one_column, 1e-6)


def test_sample_weights_reach_the_loss():
    loss, weights = MisclassificationCost(COSTS[2]), np.where(np.arange(64) % 2, 2.0, 0.0)
    expected = losses_of_three_epochs(plain_model(loss))
    ones = losses_of_three_epochs(plain_model(loss), sample_weight=np.ones(64))
    np.testing.assert_allclose(ones, expected, rtol=1e-6)
    wrong_where_weight_is_zero = np.where(weights > 0, Y, 1 - Y)
    for y in (Y, wrong_where_weight_is_zero):
        model = plain_model(loss)
        losses_of_three_epochs(model, y, sample_weight=weights)
        if y is Y:
            wanted = model.get_weights()
    np.testing.assert_allclose(model.get_weights()[0], wanted[0], rtol=1e-6)


@pytest.mark.parametrize("n_outputs", [1, 2])
@every_loss
def test_a_saved_model_comes_back_with_its_loss(name, params, n_outputs, tmp_path):
    model = plain_model(LOSSES[name](COSTS[2], name="mine", **params), n_outputs)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.loss) is type(model.loss)
    assert loaded.loss.get_config() == model.loss.get_config()
    assert loaded.evaluate(X, Y, verbose=0) == pytest.approx(model.evaluate(X, Y, verbose=0))
    losses = [losses_of_three_epochs(trained) for trained in (loaded, model)]
    np.testing.assert_allclose(*losses, rtol=1e-6)


@pytest.mark.parametrize("eagerly", [False, True])
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_a_text_whose_probability_is_rounded_to_zero_still_has_a_slope(n_outputs, eagerly):
    model = plain_model(MisclassificationCost(COSTS[2]), n_outputs, eagerly)
    kernel, bias = model.get_weights()
    bias[:] = [-50] if n_outputs == 1 else [50, -50]
    model.set_weights([kernel, bias])
    before = model.evaluate(X, np.ones(64), verbose=0)
    assert before == pytest.approx(5 * (50 if n_outputs == 1 else 100), rel=1e-3)
    model.fit(X, np.ones(64), batch_size=64, verbose=0)
    assert model.evaluate(X, np.ones(64), verbose=0) < before - 0.1


def test_fit_of_a_model_with_too_many_outputs_is_an_error():
    with pytest.raises(ValueError, match="output has 3 columns; the cost matrix of Miscl"):
        losses_of_three_epochs(plain_model(MisclassificationCost(COSTS[2]), 3, eagerly=False))
