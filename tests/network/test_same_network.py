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
from keras.src.trainers.trainer import model_supports_jit
from scipy.special import softmax

from skcnn.network._model import build_text_cnn, build_with_word_parts, make_keras_model
from skcnn.network._subword_embedding import SubwordEmbedding
from skcnn.network._training import predict_logits
from skcnn.network.losses import make_loss
from skcnn.text._sequences import TokenSequences
from tests.network.small import (
    COSTS,
    WORD_PARTS,
    assert_equal_weights,
    small_model,
    texts_and_targets,
    train,
    weights_of,
)

N_IDS, DIMENSION = 12, 3
# With subwords, the last two words share the row of the unknown word. The subwords' rows follow.
N_OWN, N_SUBWORDS, N_SHARES = 10, 6, 20
SHAPES = [((1,), 2), ((2,), 3), ((3, 4, 5), 2), ((7, 7), 2), ((1, 2), 3), ((5, 1, 2), 2)]

every_shape = pytest.mark.parametrize(("widths", "n_classes"), SHAPES)
# Texts without words, with one word, shorter than the filters, and with repeated words.
texts = st.lists(st.lists(st.integers(1, N_IDS - 1), max_size=11), min_size=1, max_size=6)
seeds = st.integers(0, 2**31)
both = pytest.mark.parametrize("word_parts", [None, WORD_PARTS], ids=["words", "subwords"])


def parts_of(cuts, subwords):
    rows = np.split(subwords, sorted(cuts))
    own = [i if i < N_OWN else 1 for i in range(N_IDS)]
    return TokenSequences.from_lists([[i, *row] for i, row in zip(own, rows, strict=True)])


# Words with no, one and many subwords, shared and repeated, all for networks of one shape.
word_parts = st.builds(
    parts_of,
    st.lists(st.integers(0, N_SHARES), min_size=N_IDS - 1, max_size=N_IDS - 1),
    st.lists(st.integers(N_OWN, N_OWN + N_SUBWORDS - 1), min_size=N_SHARES, max_size=N_SHARES).map(
        np.array
    ),
)
networks = st.none() | word_parts


@lru_cache
def compiled(widths, n_classes, has_subwords):
    model = build_with_word_parts(
        N_OWN + N_SUBWORDS if has_subwords else N_IDS,
        DIMENSION,
        n_classes,
        filter_widths=widths,
        n_filters=4,
        dropout=0.0,
        word_parts=parts_of([0] * (N_IDS - 1), np.full(N_SHARES, N_OWN)) if has_subwords else None,
        embeddings=None,
        random_state=None,
    )
    # Plain descent with a step of 1, so that training subtracts the gradient from the weights.
    model.compile(
        optimizer=keras.optimizers.SGD(1.0), loss=make_loss("misclassification", COSTS[n_classes])
    )
    return model


def model_of(widths, n_classes, parts=None):
    model = compiled(widths, n_classes, parts is not None)
    if parts is not None:
        model.get_layer("embedding").assign_word_parts(parts)
    return model


def randomize(model, seed):
    rng = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(size=variable.shape, scale=0.5))
    return rng


def padded(sequences, rng):
    """The texts as padded ids, with more padding than needed on both sides."""
    ids = sequences.to_padded(min_length=1)
    return np.pad(ids, ((0, 0), rng.integers(0, 3, size=2)))


@every_shape
@settings(deadline=None, max_examples=40)
@given(rows=texts, seed=seeds, parts=networks)
def test_outputs_are_those_of_keras_layers(widths, n_classes, rows, seed, parts):
    model, sequences = model_of(widths, n_classes, parts), TokenSequences.from_lists(rows)
    rng = randomize(model, seed)
    found = softmax(predict_logits(model, sequences), axis=1)
    np.testing.assert_allclose(found, model(padded(sequences, rng)), rtol=0, atol=1e-5)


@every_shape
@settings(deadline=None, max_examples=30)
@given(rows=texts, seed=seeds, parts=networks)
def test_gradients_are_those_of_keras_layers(widths, n_classes, rows, seed, parts):
    model, sequences = model_of(widths, n_classes, parts), TokenSequences.from_lists(rows)
    rng = randomize(model, seed)
    targets = rng.integers(n_classes, size=len(rows))
    weights = rng.random(len(rows)).astype(np.float32)
    before = [variable.numpy() for variable in model.trainable_variables]
    with tf.GradientTape() as tape:
        loss = model.loss(targets, model(padded(sequences, rng)), sample_weight=weights)
    expected = [tf.convert_to_tensor(g) for g in tape.gradient(loss, model.trainable_variables)]
    history = model.fit(
        sequences, targets, batch_size=len(rows), sample_weight=weights, verbose=0
    ).history
    found = [was - now for was, now in zip(before, model.trainable_variables, strict=True)]
    assert_equal_weights(found, [g.numpy() for g in expected], atol=1e-5)
    np.testing.assert_allclose(history["loss"], [float(loss)], rtol=1e-5, atol=1e-6)


def assert_same_logits(found, expected):
    # Sums of float32, whose resolution is a ten-millionth of their size.
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@every_shape
@settings(deadline=None, max_examples=20)
@given(rows=texts, seed=seeds, parts=networks)
def test_the_output_for_a_text_does_not_depend_on_its_batch(widths, n_classes, rows, seed, parts):
    model, sequences = model_of(widths, n_classes, parts), TokenSequences.from_lists(rows)
    rng = randomize(model, seed)
    together, in_keras = predict_logits(model, sequences), model(padded(sequences, rng))
    for i in range(len(rows)):
        alone = sequences.take([i])
        assert_same_logits(predict_logits(model, alone)[0], together[i])
        assert_same_logits(model(padded(alone, rng))[0], in_keras[i])


@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("length", [1, 3, 9])
def test_one_text_passes_the_layers_of_kim(width, length):
    model = build_text_cnn(N_IDS, DIMENSION, 3, filter_widths=(width,), n_filters=4)
    rng = randomize(model, 0)
    plain = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(N_IDS, DIMENSION),
            layers.ZeroPadding1D(width - 1),
            layers.Conv1D(4, width, activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    plain.set_weights(model.get_weights())
    ids = rng.integers(1, N_IDS, size=(5, length))
    np.testing.assert_allclose(model(ids), plain(ids), rtol=0, atol=1e-6)


@settings(deadline=None)
@given(parts=word_parts, seed=seeds)
def test_a_network_with_subwords_is_the_plain_one_of_the_summed_vectors(parts, seed):
    model, plain = model_of((1, 2), 3, parts), model_of((1, 2), 3)
    randomize(model, seed)
    rows, *others = (variable.numpy() for variable in model.trainable_variables)
    vectors = []
    for own, *subwords in np.split(parts.ids, parts.offsets[1:-1]):
        vectors.append(rows[own] + sum(rows[i] for i in subwords) / max(1, len(subwords)))
    plain.set_weights([np.array(vectors), *others])
    ids = np.arange(1, N_IDS)[:, np.newaxis]
    np.testing.assert_allclose(model(ids), plain(ids), rtol=0, atol=1e-6)


@every_shape
@pytest.mark.parametrize("has_subwords", [False, True])
def test_many_texts_are_predicted_in_blocks_with_the_same_result(widths, n_classes, has_subwords):
    subwords = np.arange(N_SHARES) % N_SUBWORDS + N_OWN
    parts = parts_of([0, 1, 1, 2, 5, 5, 7, 9, 12, 18, 19], subwords) if has_subwords else None
    model = model_of(widths, n_classes, parts)
    rng = randomize(model, 0)
    rows = [rng.integers(1, N_IDS, size=n).tolist() for n in rng.integers(0, 40, size=1500)]
    sequences = TokenSequences.from_lists(rows)
    found = predict_logits(model, sequences)
    for i in (0, 1, 700, 1499):
        assert_same_logits(predict_logits(model, sequences.take([i]))[0], found[i])


def test_no_texts_and_empty_texts_are_predicted_too():
    model = small_model()
    assert predict_logits(model, TokenSequences.from_lists([])).shape == (0, 2)
    found = predict_logits(model, TokenSequences.from_lists([[], []]))
    np.testing.assert_array_equal(found, np.tile(model.get_layer("softmax").bias, (2, 1)))


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    first, second, other = (
        weights_of(build_text_cnn(5, 2, 2, random_state=seed)) for seed in (1, 1, 2)
    )
    assert_equal_weights(first, second)
    assert np.abs(first[0] - other[0]).max() > 0.01


def test_a_network_can_be_built_from_weights():
    model = small_model(filter_widths=(3, 1))
    again = make_keras_model(model.get_weights(), (3, 1), dropout=0.25)
    assert again.get_layer("dropout").rate == 0.25
    assert_equal_weights(weights_of(again), weights_of(model))


@both
def test_a_saved_network_comes_back_the_same(word_parts, tmp_path):
    model = small_model(word_parts=word_parts)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    ids = np.array([[2, 3, 10, 0], [5, 0, 0, 0], [7, 11, 9, 8]])
    np.testing.assert_array_equal(loaded(ids), model(ids))
    assert train(loaded) == train(model)
    assert_equal_weights(weights_of(loaded), weights_of(model))


@both
def test_a_network_that_skcnn_0_1_saved_can_be_loaded_and_trained(
    word_parts, tmp_path, monkeypatch
):
    def config_of_0_1(layer):
        config = config_now(layer)
        return {"n_words" if name == "n_ids" else name: value for name, value in config.items()}

    config_now = SubwordEmbedding.get_config
    model = small_model(word_parts=word_parts)
    monkeypatch.setattr(SubwordEmbedding, "get_config", config_of_0_1)
    model.get_layer("softmax").name = "scores"
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.get_layer("scores").name == "scores"
    assert train(loaded) == train(small_model(word_parts=word_parts))


def test_the_number_of_rows_can_be_given_by_its_old_name_with_a_warning():
    with pytest.warns(FutureWarning, match="argument n_words of build_text_cnn is deprecated"):
        model = build_text_cnn(n_words=5, embedding_dim=2, n_classes=2, random_state=0)
    assert model.get_layer("embedding").input_dim == 5


def test_the_rows_that_words_are_made_of_can_be_read_and_are_not_trained():
    model = small_model(word_parts=WORD_PARTS)
    train(model)
    parts = model.get_layer("embedding").word_parts
    np.testing.assert_array_equal(parts.ids, WORD_PARTS.ids)
    np.testing.assert_array_equal(parts.offsets, WORD_PARTS.offsets)
    assert not hasattr(small_model().get_layer("embedding"), "word_parts")


@both
def test_keras_own_loop_trains_the_network_to_the_same_weights(word_parts):
    sequences, targets = texts_and_targets()
    ours, keras_own = (
        small_model(optimizer=keras.optimizers.SGD(0.1), word_parts=word_parts) for _ in range(2)
    )
    options = {"epochs": 3, "batch_size": 8, "shuffle": False, "verbose": 0}
    expected = keras.Model.fit(keras_own, sequences.to_padded(), targets, **options).history
    found = train(ours, (sequences, targets), **options)
    np.testing.assert_allclose(found["loss"], expected["loss"], rtol=1e-5)
    assert expected["loss"][-1] < expected["loss"][0]
    assert_equal_weights(weights_of(ours), weights_of(keras_own), atol=1e-5)


def test_keras_does_not_compile_ragged_tensors_with_xla():
    assert model_supports_jit(small_model())
    assert not model_supports_jit(small_model(word_parts=WORD_PARTS))


@both
@pytest.mark.parametrize("layer", ["embedding", "conv_1", "softmax"])
def test_a_frozen_layer_raises_an_error_until_it_is_trainable_again(layer, word_parts):
    model = small_model(word_parts=word_parts)
    model.get_layer(layer).trainable = False
    with pytest.raises(ValueError, match=rf"fit trains all weights, and \['.*{layer}/"):
        train(model)
    model.get_layer(layer).trainable = True
    assert train(model) == train(small_model(word_parts=word_parts))
