from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy.special import log_softmax, softmax

from skcnn.network._loss_gradient import make_loss_gradient
from skcnn.network.losses import (
    LOSSES,
    CrossEntropy,
    ExpectedCost,
    MisclassificationCost,
    make_loss,
)
from tests.network.small import COSTS, held_out, texts_and_targets, train_as_the_estimator_does

# Losses of Keras for softmax outputs, and whether they take class indices.
OTHER_LOSSES = [
    ("categorical_crossentropy", False),
    ("sparse_categorical_crossentropy", True),
    ("kl_divergence", False),
    ("mse", False),
    (keras.losses.CategoricalCrossentropy(label_smoothing=0.1), False),
    (keras.losses.SparseCategoricalCrossentropy(), True),
    (keras.losses.CategoricalFocalCrossentropy(alpha=0.5), False),
    (keras.losses.CategoricalGeneralizedCrossEntropy(q=0.7), True),
    (keras.losses.KLDivergence(), False),
    (keras.losses.Poisson(), False),
    (keras.losses.CategoricalHinge(), False),
    (keras.losses.MeanSquaredError(reduction="sum"), False),
]


def batch(n_classes, n=6):
    rng = np.random.default_rng(n_classes)
    logits = rng.normal(size=(n, n_classes)).astype(np.float32)
    return logits, (np.arange(n) % n_classes).astype(np.int32), rng.random(n).astype(np.float32)


def by_tape(loss, y_true, logits, sample_weight):
    """Loss and gradient as Keras computes them from a network that ends in a softmax."""
    logits = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        outputs = tf.nn.softmax(logits)
        if isinstance(loss, keras.losses.Loss):
            value = loss(y_true, outputs, sample_weight=sample_weight)
        else:
            value = tf.reduce_mean(loss(y_true, outputs) * sample_weight)
    return float(value), tape.gradient(value, logits).numpy()


def through_logits(logits, targets, sample_weight):
    """Cross-entropy as Keras computes it from logits."""
    loss, logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True), tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = loss(targets, logits, sample_weight=sample_weight)
    return float(value), tape.gradient(value, logits).numpy()


def assert_same(found, expected):
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-5)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
@pytest.mark.parametrize("name", LOSSES)
def test_loss_and_gradient_are_those_of_keras_through_a_softmax(name, reduction, n_classes):
    logits, targets, sample_weight = batch(n_classes)
    loss = LOSSES[name](COSTS[n_classes], reduction=reduction)
    found = make_loss_gradient(loss, n_classes)(logits, targets, sample_weight)
    assert_same(found, by_tape(loss, targets, logits, sample_weight))


class TracedCrossEntropy(CrossEntropy):
    """By TensorFlow."""


class TracedExpectedCost(ExpectedCost):
    """The default loss, but by TensorFlow."""


def is_in_numpy(loss_gradient):
    return loss_gradient.__qualname__.startswith("_expected_cost")


@st.composite
def batches(draw):
    n, n_classes = draw(st.integers(1, 7)), draw(st.integers(2, 6))
    logits = st.floats(-20, 20, width=32) | st.sampled_from([0.0, 1e4, -1e4])
    weights = st.floats(0.125, 8, width=32) | st.sampled_from([0.0, 1.0])
    return (
        draw(npst.arrays(np.float32, (n, n_classes), elements=logits)),
        draw(npst.arrays(np.int32, n, elements=st.integers(0, n_classes - 1))),
        draw(npst.arrays(np.float32, n, elements=weights)),
    )


@settings(deadline=None, max_examples=200)
@given(batches(), st.sampled_from([0.0, 1.0, 3.0]), st.integers(0, 99))
def test_the_default_loss_in_numpy_is_the_one_that_keras_computes(arrays, cost_weight, seed):
    logits, n_classes = arrays[0], arrays[0].shape[1]
    costs = np.random.default_rng(seed).uniform(0.1, 5, (n_classes, n_classes))
    np.fill_diagonal(costs, 0)
    numpy, traced = (
        make_loss_gradient(loss(costs, cost_weight=cost_weight), n_classes)
        for loss in (ExpectedCost, TracedExpectedCost)
    )
    assert is_in_numpy(numpy)
    assert not is_in_numpy(traced)
    found, expected = numpy(*arrays), traced(*arrays)
    scale = max(1.0, arrays[2].max()) * (1 + 5 * cost_weight)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-5, atol=1e-6 * scale)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-4, atol=1e-6 * scale)
    assert (type(found[0]), found[1].dtype) == (float, np.float32)
    assert found[1].shape == logits.shape


@settings(deadline=None, max_examples=200)
@given(batches())
def test_cross_entropy_in_numpy_is_the_one_that_keras_computes(arrays):
    logits, targets, sample_weight = arrays
    copies = [array.copy() for array in arrays]
    costs = 1 - np.eye(logits.shape[1])
    found = make_loss_gradient(CrossEntropy(costs), logits.shape[1])(*arrays)
    traced = make_loss_gradient(TracedCrossEntropy(costs), logits.shape[1])(*arrays)
    scale = max(1.0, sample_weight.max())
    np.testing.assert_allclose(found[0], traced[0], rtol=1e-5, atol=1e-6 * scale)
    np.testing.assert_allclose(found[1], traced[1], rtol=1e-4, atol=1e-6 * scale)
    expected = through_logits(logits, targets, sample_weight)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-5, atol=1e-6 * scale)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-4, atol=1e-6 * scale)
    assert (type(found[0]), found[1].dtype) == (float, np.float32)
    np.testing.assert_array_equal(found[1][sample_weight == 0], 0)
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_only_the_losses_themselves_are_computed_in_numpy():
    class Doubled(CrossEntropy):
        @staticmethod
        def table(log_q, costs):
            return -2 * log_q

    class Tripled(CrossEntropy):
        def call(self, y_true, y_pred):
            return 3 * super().call(y_true, y_pred)

    value, gradient = make_loss_gradient(CrossEntropy(COSTS[2]), 2)(*batch(2))
    for loss, factor in (
        (Doubled(COSTS[2]), 2),
        (Tripled(COSTS[2]), 3),
        (CrossEntropy(COSTS[2], reduction="sum"), len(batch(2)[1])),
    ):
        compiled = make_loss_gradient(loss, 2)
        assert not is_in_numpy(compiled)
        assert_same(compiled(*batch(2)), (factor * value, factor * gradient))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(("loss", "takes_indices"), OTHER_LOSSES)
def test_any_other_loss_gets_class_indices_or_one_hot_rows_as_it_takes_them(
    loss, takes_indices, n_classes
):
    logits, targets, sample_weight = batch(n_classes)
    found = make_loss_gradient(loss, n_classes)(logits, targets, sample_weight)
    y_true = targets if takes_indices else np.eye(n_classes, dtype=np.float32)[targets]
    assert_same(found, by_tape(keras.losses.get(loss), y_true, logits, sample_weight))


def test_the_loss_of_certain_but_wrong_logits_is_exact_and_has_a_gradient():
    logits = np.array([[60.0, -60.0]], np.float32)
    cross_entropy = make_loss_gradient(LOSSES["cross_entropy"](COSTS[2]), 2)
    value, gradient = cross_entropy(logits, np.array([1], np.int32), np.ones(1, np.float32))
    assert value == pytest.approx(-log_softmax(logits[0])[1])
    np.testing.assert_allclose(gradient, softmax(logits, axis=1) - [[0, 1]], atol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("loss", ["categorical_crossentropy", "sparse_categorical_crossentropy"])
def test_training_with_a_loss_of_keras_gives_the_same_history_as_with_ours(loss, n_classes):
    data = texts_and_targets(n_classes=n_classes)
    by_name, ours = (
        train_as_the_estimator_does(data, loss=name, epochs=3, held_out=held_out(*data))
        for name in (loss, "cross_entropy")
    )
    np.testing.assert_allclose(by_name.history["loss"], ours.history["loss"], rtol=1e-4)
    as_object = train_as_the_estimator_does(
        data, loss=keras.losses.get({"class_name": loss, "config": {}}), epochs=3
    )
    np.testing.assert_allclose(as_object.history["loss"], ours.history["loss"], rtol=1e-4)


@pytest.mark.parametrize("loss", [make_loss("focal", COSTS[2]), "sparse_categorical_crossentropy"])
def test_functions_that_run_eagerly_give_the_same(loss):
    logits, targets, sample_weight = batch(2)
    expected = make_loss_gradient(loss, 2)(logits, targets, sample_weight)
    tf.config.run_functions_eagerly(True)
    try:
        assert_same(make_loss_gradient(loss, 2)(logits, targets, sample_weight), expected)
    finally:
        tf.config.run_functions_eagerly(False)


def test_one_trace_serves_all_cost_matrices_and_batch_sizes():
    traces = []

    class Counted(MisclassificationCost):
        @staticmethod
        def table(log_q, costs):
            traces.append(1)
            return -log_q * tf.reduce_sum(costs)

    for n in range(1, 20):
        gradient = make_loss_gradient(Counted(n * COSTS[2]), 2)
        value, _ = gradient(*batch(2, n=n))
        assert np.isfinite(value)
    assert len(traces) == 1
