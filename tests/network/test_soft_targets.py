"""Rows of probabilities as targets: the loss, its gradient, its minimum, and training."""

from __future__ import annotations

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import minimize
from scipy.special import softmax

from skcnn.costs._posterior import PosteriorRule
from skcnn.network._loss_gradient import make_loss_gradient
from skcnn.network._training import predict_logits
from skcnn.network.losses import LOSSES
from skcnn.text._sequences import TokenSequences
from tests.network.small import (
    COSTS,
    LOSSES_AND_PARAMETERS,
    assert_equal_weights,
    every_loss,
    held_out,
    small_model,
    texts_and_targets,
    train,
    train_as_the_estimator_does,
    weights_of,
)

every_n_classes = pytest.mark.parametrize("n_classes", [2, 3])
INVERTIBLE = [pair for pair in LOSSES_AND_PARAMETERS if pair[0] != "hard_misclassification"]


class SquaredDistance(keras.losses.Loss):
    """A loss of a user's own, for class indices."""

    def call(self, y_true, y_pred):
        labels = tf.one_hot(tf.cast(y_true[:, 0], tf.int32), y_pred.shape[-1])
        return tf.reduce_sum((labels - y_pred) ** 2, axis=-1)


def squared_distance(y_true, y_pred):
    assert y_true.dtype == tf.int32
    labels = tf.one_hot(y_true[:, 0], y_pred.shape[-1])
    return tf.reduce_sum((labels - y_pred) ** 2, axis=-1)


FOR_INDICES = [
    "sparse_categorical_crossentropy",
    keras.losses.SparseCategoricalCrossentropy(),
    keras.losses.SparseCategoricalCrossentropy(reduction="sum"),
    keras.losses.SparseCategoricalCrossentropy(reduction="mean_with_sample_weight"),
    keras.losses.CategoricalGeneralizedCrossEntropy(q=0.7),
    SquaredDistance(),
    squared_distance,
]
FOR_ONE_HOT_ROWS = [
    "categorical_crossentropy",
    "kl_divergence",
    "mse",
    keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
    keras.losses.CategoricalFocalCrossentropy(alpha=0.5),
    keras.losses.Poisson(),
    keras.losses.MeanSquaredError(reduction="sum"),
]
OWN = [
    *((name, params, "sum_over_batch_size") for name, params in LOSSES_AND_PARAMETERS),
    ("misclassification", {}, "sum"),
    ("expected_cost", {}, "mean_with_sample_weight"),
]
every_own_loss = pytest.mark.parametrize(("name", "params", "reduction"), OWN)


def made(name, params, n_classes, reduction="sum_over_batch_size"):
    return LOSSES[name](COSTS[n_classes], reduction=reduction, **params)


def soft_batch(n_classes, n=6):
    rng = np.random.default_rng(n_classes)
    logits = rng.normal(size=(n, n_classes)).astype(np.float32)
    targets = rng.dirichlet(np.ones(n_classes), size=n).astype(np.float32)
    targets[0] = np.eye(n_classes)[1]  # a labeled text among the others
    return logits, targets, rng.random(n).astype(np.float32)


def one_hot_and_hard(loss, n_classes):
    """Loss and gradient for one-hot rows, and for the same classes."""
    logits, _, sample_weight = soft_batch(n_classes)
    classes = (np.arange(len(logits)) % n_classes).astype(np.int32)
    rows = np.eye(n_classes, dtype=np.float32)[classes]
    loss_gradient = make_loss_gradient(loss, n_classes)
    return [loss_gradient(logits, targets, sample_weight) for targets in (rows, classes)]


@every_n_classes
@every_loss
def test_one_hot_rows_give_the_loss_and_gradient_of_their_classes(name, params, n_classes):
    of_rows, of_classes = one_hot_and_hard(made(name, params, n_classes), n_classes)
    assert of_rows[0] == of_classes[0]
    np.testing.assert_array_equal(of_rows[1], of_classes[1])


@every_n_classes
@pytest.mark.parametrize(
    "loss",
    [
        *FOR_INDICES,
        *FOR_ONE_HOT_ROWS,
        *(made("misclassification", {}, 2, reduction=r) for r in ("sum", "mean")),
    ],
)
def test_one_hot_rows_give_the_same_with_any_other_loss(loss, n_classes):
    if hasattr(loss, "cost_matrix"):
        loss = type(loss)(COSTS[n_classes], reduction=loss.reduction)
    of_rows, of_classes = one_hot_and_hard(loss, n_classes)
    np.testing.assert_allclose(of_rows[0], of_classes[0], rtol=1e-6)
    np.testing.assert_allclose(of_rows[1], of_classes[1], rtol=1e-5, atol=1e-7)


def expected_value(loss, arrays, reduction):
    """The loss of soft targets from losses of single rows with one class each."""
    logits, targets, sample_weight = arrays
    n, n_classes = logits.shape
    loss_gradient, one = make_loss_gradient(loss, n_classes), np.ones(1, np.float32)
    of_classes = [
        [
            loss_gradient(logits[i : i + 1], np.array([k], np.int32), one)[0]
            for k in range(n_classes)
        ]
        for i in range(n)
    ]
    weighted = (targets * of_classes).sum(axis=1) * sample_weight
    total = {"sum": 1.0, "mean_with_sample_weight": sample_weight.sum()}.get(reduction, n)
    return weighted.sum() / total


@every_n_classes
@every_own_loss
def test_the_loss_of_soft_targets_is_the_mean_over_the_classes(name, params, reduction, n_classes):
    loss, arrays = made(name, params, n_classes, reduction), soft_batch(n_classes)
    found, _ = make_loss_gradient(loss, n_classes)(*arrays)
    assert found == pytest.approx(expected_value(loss, arrays, reduction), rel=1e-5)


@every_n_classes
@pytest.mark.parametrize("loss", FOR_INDICES)
def test_a_loss_for_class_indices_gets_every_class_in_turn(loss, n_classes):
    arrays = soft_batch(n_classes)
    found, _ = make_loss_gradient(loss, n_classes)(*arrays)
    expected = expected_value(loss, arrays, getattr(loss, "reduction", None))
    assert found == pytest.approx(expected, rel=1e-5)


@every_n_classes
@pytest.mark.parametrize("loss", FOR_ONE_HOT_ROWS)
def test_a_loss_for_one_hot_rows_gets_the_probabilities_themselves(loss, n_classes):
    logits, targets, sample_weight = soft_batch(n_classes)
    found, _ = make_loss_gradient(loss, n_classes)(logits, targets, sample_weight)
    loss, outputs = keras.losses.get(loss), tf.nn.softmax(logits)
    if isinstance(loss, keras.losses.Loss):
        expected = loss(targets, outputs, sample_weight=sample_weight)
    else:
        expected = tf.reduce_mean(loss(targets, outputs) * sample_weight)
    assert found == pytest.approx(float(expected), rel=1e-5)


def finite_differences(loss_gradient, logits, *others, step=1e-2):
    differences = np.zeros_like(logits)
    for place in np.ndindex(logits.shape):
        shift = np.zeros_like(logits)
        shift[place] = step
        ahead, behind = (loss_gradient(logits + s * shift, *others)[0] for s in (1, -1))
        differences[place] = (ahead - behind) / (2 * step)
    return differences


@every_n_classes
@every_own_loss
def test_the_gradient_is_the_limit_of_finite_differences(name, params, reduction, n_classes):
    loss_gradient = make_loss_gradient(made(name, params, n_classes, reduction), n_classes)
    arrays = soft_batch(n_classes)
    _, gradient = loss_gradient(*arrays)
    np.testing.assert_allclose(gradient, finite_differences(loss_gradient, *arrays), atol=2e-3)


@every_n_classes
@pytest.mark.parametrize("loss", [*FOR_INDICES, *FOR_ONE_HOT_ROWS])
def test_the_gradient_of_any_other_loss_is_that_limit_too(loss, n_classes):
    loss_gradient, arrays = make_loss_gradient(loss, n_classes), soft_batch(n_classes)
    _, gradient = loss_gradient(*arrays)
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, finite_differences(loss_gradient, *arrays), atol=2e-3)


@every_n_classes
@pytest.mark.parametrize(("name", "params"), INVERTIBLE)
def test_the_posterior_at_the_minimum_is_the_soft_target(name, params, n_classes):
    loss_gradient = make_loss_gradient(made(name, params, n_classes), n_classes)
    rng = np.random.default_rng(n_classes)
    targets = 0.9 * rng.dirichlet(np.ones(n_classes), size=5) + 0.1 / n_classes
    targets, one = targets.astype(np.float32), np.ones(5, np.float32)

    def mean_loss(flat):
        value, gradient = loss_gradient(flat.reshape(5, -1).astype(np.float32), targets, one)
        return value, gradient.ravel().astype(np.float64)

    logits = minimize(mean_loss, np.zeros(targets.size), jac=True, method="BFGS").x
    outputs = softmax(logits.reshape(5, -1), axis=1)
    rule = PosteriorRule(name, COSTS[n_classes], params)
    np.testing.assert_allclose(rule(outputs), targets, atol=2e-3)
    if name not in ("cross_entropy", "focal"):
        assert np.abs(outputs - targets).max() > 0.02


def test_the_callers_arrays_are_not_changed():
    for loss in (made("expected_cost", {}, 3), made("focal", {}, 3), "mse"):
        arrays = soft_batch(3)
        make_loss_gradient(loss, 3)(*arrays)
        for array, copy in zip(arrays, soft_batch(3), strict=True):
            np.testing.assert_array_equal(array, copy)


def test_a_function_that_returns_one_number_for_a_batch_takes_no_soft_targets():
    def mean_distance(y_true, y_pred):
        return tf.reduce_mean(squared_distance(y_true, y_pred))

    loss_gradient, (logits, targets, weight) = make_loss_gradient(mean_distance, 2), soft_batch(2)
    assert np.isfinite(loss_gradient(logits, np.zeros(6, np.int32), weight)[0])
    with pytest.raises(ValueError, match=r"mean_distance.*returns values of shape \(\); with soft"):
        loss_gradient(logits, targets, weight)


def test_one_hot_rows_alone_are_taken_as_classes():
    """So a loss for class indices is computed once for each text, and may return one number."""

    def mean_distance(y_true, y_pred):
        return tf.reduce_mean(squared_distance(y_true, y_pred))

    sequences, targets = texts_and_targets()
    models = [small_model() for _ in range(2)]
    for model, y in zip(models, (targets, np.eye(2)[targets]), strict=True):
        model.compile(loss=mean_distance)
        train(model, (sequences, y))
    assert_equal_weights(*map(weights_of, models))


# Texts of one word. Each word has its own probabilities.
WORDS = TokenSequences.from_lists([[2], [3], [4]] * 8)
SOFT = {
    2: np.tile(np.array([[0.8, 0.2], [0.4, 0.6], [0.0, 1.0]], np.float32), (8, 1)),
    # No row has its highest probability at class 1.
    3: np.tile(np.array([[0.6, 0.3, 0.1], [0.1, 0.3, 0.6], [0.0, 0.0, 1.0]], np.float32), (8, 1)),
}


@every_n_classes
@pytest.mark.parametrize(
    "loss",
    ["cross_entropy", "expected_cost", "misclassification", "sparse_categorical_crossentropy"],
)
def test_a_trained_network_returns_the_soft_targets(loss, n_classes):
    result = train_as_the_estimator_does(
        (WORDS, SOFT[n_classes]),
        loss=loss,
        epochs=120,
        dropout=0.0,
        optimizer_params={"learning_rate": 0.03},
    )
    model = small_model(n_classes=n_classes)
    biases = np.split(result.filter_bias, len(result.kernels))
    pairs = [array for pair in zip(result.kernels, biases, strict=True) for array in pair]
    model.set_weights([result.embedding, *pairs, result.dense_kernel, result.dense_bias])
    outputs = softmax(predict_logits(model, WORDS).astype(np.float64), axis=1)
    rule = PosteriorRule(loss if loss in LOSSES else "cross_entropy", COSTS[n_classes])
    np.testing.assert_allclose(rule(outputs), SOFT[n_classes], atol=0.05)


@pytest.mark.parametrize("loss", ["expected_cost", "misclassification", "mse"])
def test_labeled_and_unlabeled_texts_are_one_table_of_rows(loss):
    sequences, targets = texts_and_targets()
    rows = np.eye(2, dtype=np.float32)[targets]
    hard = train_as_the_estimator_does((sequences, targets), loss=loss)
    as_rows = train_as_the_estimator_does((sequences, rows), loss=loss)
    assert as_rows.history == hard.history
    assert_equal_weights(weights_of(as_rows), weights_of(hard))
    nearly, mixed = rows.copy(), rows.copy()
    nearly[0] = np.abs(rows[0] - np.float32(1e-7))
    mixed[:12] = [0.3, 0.7]
    close = train_as_the_estimator_does((sequences, nearly), loss=loss)
    assert_equal_weights(weights_of(close), weights_of(hard), atol=1e-4)
    other = train_as_the_estimator_does((sequences, mixed), loss=loss)
    assert other.history != hard.history


def test_soft_rows_of_weight_zero_change_nothing():
    sequences, targets = texts_and_targets()
    rows, weight = 0.1 + 0.8 * np.eye(2, dtype=np.float32)[targets], np.tile([1.0, 0.0, 2.0], 8)
    wrong = np.where(weight[:, None] == 0, 1 - rows, rows)
    results = [
        train_as_the_estimator_does((sequences, y), sample_weight=weight) for y in (rows, wrong)
    ]
    assert_equal_weights(*map(weights_of, results))


def test_held_out_classes_choose_the_epoch_of_a_training_on_soft_targets():
    sequences, targets = texts_and_targets()
    rows = 0.1 + 0.8 * np.eye(2, dtype=np.float32)[targets]
    result = train_as_the_estimator_does(
        (sequences, rows),
        held_out=held_out(sequences, 1 - targets, n_iter_no_change=2),
        epochs=9,
        optimizer_params={"learning_rate": 0.1},
    )
    val_loss = result.history["val_loss"]
    assert result.best_epoch == np.argmin(val_loss)
    assert len(val_loss) == result.best_epoch + 3


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ([0.5, 0.4], "[0.5, 0.4]"),
        ([1.5, -0.5], "[1.5, -0.5]"),
        ([0.0, 0.0], "[0.0, 0.0]"),
        ([np.nan, 1.0], "[nan, 1.0]"),
    ],
)
def test_rows_that_are_not_probabilities_raise_an_error(row, shown):
    data = TokenSequences.from_lists([[2], [3]]), np.array([[0.5, 0.5], row])
    message = f"y[1] is {shown}; expected numbers >= 0 that sum to 1: the probability of each class"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        train(small_model(), data)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        train(small_model(), validation_data=data)
