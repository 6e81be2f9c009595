"""The compiled loops and Keras' layers are one network."""

from __future__ import annotations

from functools import lru_cache

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers
from scipy.special import softmax

from skcnn.network import build_text_cnn, make_keras_model, make_loss
from skcnn.network._training import predict_logits
from skcnn.text import TokenSequences
from tests.network.small import COSTS, assert_equal_weights, small_model, weights_of

N_WORDS, DIMENSION = 12, 3
SHAPES = [((1,), 2), ((2,), 3), ((3, 4, 5), 2), ((7, 7), 2), ((1, 2), 3), ((5, 1, 2), 2)]

every_shape = pytest.mark.parametrize(("widths", "n_classes"), SHAPES)
# Texts without a word, of one word, shorter than the filters, and with a word many times.
texts = st.lists(st.lists(st.integers(1, N_WORDS - 1), max_size=11), min_size=1, max_size=6)
seeds = st.integers(0, 2**31)


@lru_cache
def model_of(widths, n_classes):
    model = build_text_cnn(
        N_WORDS, DIMENSION, n_classes, filter_widths=widths, n_filters=4, dropout=0.0
    )
    # Plain descent with a step of 1: what training takes off the weights is the gradient.
    model.compile(
        optimizer=keras.optimizers.SGD(1.0), loss=make_loss("misclassification", COSTS[n_classes])
    )
    return model


def randomize(model, seed):
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(size=w.shape, scale=0.5) for w in model.weights])
    return rng


def padded(sequences, rng):
    """The texts as Keras gets them, with more padding than needed, on either side."""
    ids = sequences.to_padded(min_length=1)
    return np.pad(ids, ((0, 0), rng.integers(0, 3, size=2)))


@every_shape
@settings(deadline=None, max_examples=20)
@given(rows=texts, seed=seeds)
def test_outputs_are_those_of_keras_layers(widths, n_classes, rows, seed):
    model, sequences = model_of(widths, n_classes), TokenSequences.from_lists(rows)
    rng = randomize(model, seed)
    found = softmax(predict_logits(model, sequences), axis=1)
    np.testing.assert_allclose(found, model(padded(sequences, rng)), rtol=0, atol=1e-5)


@every_shape
@settings(deadline=None, max_examples=15)
@given(rows=texts, seed=seeds)
def test_gradients_are_those_of_keras_layers(widths, n_classes, rows, seed):
    model, sequences = model_of(widths, n_classes), TokenSequences.from_lists(rows)
    rng = randomize(model, seed)
    labels = rng.integers(n_classes, size=len(rows))
    weights = rng.random(len(rows)).astype(np.float32)
    before = weights_of(model)
    with tf.GradientTape() as tape:
        loss = model.loss(labels, model(padded(sequences, rng)), sample_weight=weights)
    expected = [tf.convert_to_tensor(g) for g in tape.gradient(loss, model.trainable_variables)]
    history = model.fit(
        sequences, labels, batch_size=len(rows), sample_weight=weights, verbose=0
    ).history
    found = [was - now for was, now in zip(before, weights_of(model), strict=True)]
    assert_equal_weights(found, [g.numpy() for g in expected], atol=1e-5)
    np.testing.assert_allclose(history["loss"], [float(loss)], rtol=1e-5, atol=1e-6)


@every_shape
@settings(deadline=None, max_examples=10)
@given(rows=texts, seed=seeds)
def test_what_comes_out_for_a_text_does_not_depend_on_its_batch(widths, n_classes, rows, seed):
    model, sequences = model_of(widths, n_classes), TokenSequences.from_lists(rows)
    rng = randomize(model, seed)
    together, in_keras = predict_logits(model, sequences), model(padded(sequences, rng))
    for i in range(len(rows)):
        alone = sequences.take([i])
        np.testing.assert_allclose(predict_logits(model, alone)[0], together[i], 0, 1e-6)
        np.testing.assert_allclose(model(padded(alone, rng))[0], in_keras[i], 0, 1e-6)


@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("length", [1, 3, 9])
def test_one_text_passes_the_layers_of_kim(width, length):
    model = build_text_cnn(N_WORDS, DIMENSION, 3, filter_widths=(width,), n_filters=4)
    rng = randomize(model, 0)
    plain = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(N_WORDS, DIMENSION),
            layers.ZeroPadding1D(width - 1),
            layers.Conv1D(4, width, activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    plain.set_weights(model.get_weights())
    ids = rng.integers(1, N_WORDS, size=(5, length))
    np.testing.assert_allclose(model(ids), plain(ids), rtol=0, atol=1e-6)


@every_shape
def test_many_texts_are_predicted_in_blocks_with_the_same_result(widths, n_classes):
    model = model_of(widths, n_classes)
    rng = randomize(model, 0)
    rows = [rng.integers(1, N_WORDS, size=n).tolist() for n in rng.integers(0, 40, size=1500)]
    sequences = TokenSequences.from_lists(rows)
    found = predict_logits(model, sequences)
    for i in (0, 1, 700, 1499):
        np.testing.assert_allclose(predict_logits(model, sequences.take([i]))[0], found[i], 0, 1e-6)


def test_no_texts_and_empty_texts_are_predicted_too():
    model = small_model()
    assert predict_logits(model, TokenSequences.from_lists([])).shape == (0, 2)
    found = predict_logits(model, TokenSequences.from_lists([[], []]))
    np.testing.assert_array_equal(found, np.tile(model.get_layer("scores").bias, (2, 1)))


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    first, second, other = (
        weights_of(build_text_cnn(5, 2, 2, random_state=seed)) for seed in (1, 1, 2)
    )
    assert_equal_weights(first, second)
    assert np.abs(first[0] - other[0]).max() > 0.01


def test_a_network_is_made_from_weights():
    model = small_model(filter_widths=(3, 1))
    again = make_keras_model(model.get_weights(), (3, 1), dropout=0.25)
    assert again.get_layer("dropout").rate == 0.25
    assert_equal_weights(weights_of(again), weights_of(model))


def test_a_saved_network_comes_back_the_same(tmp_path):
    model = small_model()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    ids = np.array([[2, 3, 4, 0], [5, 0, 0, 0]])
    np.testing.assert_array_equal(loaded(ids), model(ids))
