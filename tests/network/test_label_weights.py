"""Labels that the losses take in a Keras model, and labels that they refuse."""

from __future__ import annotations

import re

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from skcnn.costs import check_cost_matrix
from skcnn.network.losses import LOSSES, MisclassificationCost, WeightedCrossEntropy
from tests.network.small import COSTS

X = np.random.default_rng(0).normal(size=(24, 4)).astype(np.float32)
Y = (np.arange(24) % 2).astype(np.int32)


def model_of(n_outputs, loss, **options):
    activation = "sigmoid" if n_outputs == 1 else "softmax"
    layers = [keras.Input((4,)), keras.layers.Dense(n_outputs, activation)]
    model = keras.Sequential(layers)
    model.compile(optimizer="sgd", loss=loss, **options)
    return model


def with_one(value, at=5):
    labels = Y.astype(np.float32)
    labels[at] = value
    return labels


def rows_with(row):
    rows = np.eye(2, dtype=np.float32)[Y]
    rows[5] = row
    return rows


# Labels of two classes, numbers of outputs that refuse them, and what the error says.
NO_LABELS = {
    "1 and 2": (Y + 1, (1, 2), "labels from 1 to 2"),
    "-1 and 1": (2 * Y - 1, (1, 2), "labels from -1 to 1"),
    "1 and 2 in a column": (Y[:, None] + 1, (1, 2), "labels from 1 to 2"),
    "a missing label": (with_one(np.nan), (1, 2), "nan"),
    "a fraction": (with_one(0.5), (2,), "expected class indices from 0 to 1"),
    "no label in a row": (rows_with([0, 0]), (1, 2), "sum to 1"),
    "two labels in a row": (rows_with([1, 1]), (1, 2), "several labels in one row"),
    "a missing row": (rows_with([np.nan, np.nan]), (1, 2), "sum to 1"),
    "a negative number in a row": (rows_with([-1, 2]), (1, 2), "numbers >= 0"),
}
REFUSED = [(name, n) for name, (_, numbers, _) in NO_LABELS.items() for n in numbers]


@pytest.mark.parametrize("eagerly", [False, True])
@pytest.mark.parametrize(("name", "n_outputs"), REFUSED)
def test_labels_that_are_no_classes_are_refused_in_the_first_step(name, n_outputs, eagerly):
    labels, _, message = NO_LABELS[name]
    model = model_of(n_outputs, MisclassificationCost(COSTS[2]), run_eagerly=eagerly)
    with pytest.raises(tf.errors.InvalidArgumentError, match="MisclassificationCost got") as error:
        model.fit(X, labels, batch_size=24, verbose=0)
    assert message in re.sub(r"[\[\]]", "", str(error.value)) or eagerly


@pytest.mark.parametrize(("name", "n_outputs"), REFUSED)
def test_where_tensorflow_cannot_raise_the_loss_is_nan(name, n_outputs):
    model = model_of(n_outputs, MisclassificationCost(COSTS[2]), jit_compile=True)
    history = model.fit(X, NO_LABELS[name][0], batch_size=24, verbose=0).history
    assert np.isnan(history["loss"]).all()


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_refuses_them(name):
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"{LOSSES[name].__name__} got labels"):
        LOSSES[name](COSTS[3])([3], [[0.2, 0.3, 0.5]])


@pytest.mark.parametrize(
    ("y_true", "n_outputs"),
    [(np.eye(3)[Y], 2), (np.eye(3)[Y], 1), (np.zeros((24, 5)), 2), (np.zeros((24, 2, 2)), 2)],
)
def test_rows_of_another_number_of_classes_are_refused_before_training(y_true, n_outputs):
    model = model_of(n_outputs, MisclassificationCost(COSTS[2]))
    with pytest.raises(ValueError, match=r"y_true has shape .* MisclassificationCost with 2 cla"):
        model.fit(X, y_true, verbose=0)


@pytest.mark.parametrize("name", LOSSES)
def test_one_sigmoid_learns_from_probabilities(name):
    loss, p = LOSSES[name](COSTS[2], reduction=None), np.linspace(0, 1, 7, dtype=np.float32)
    outputs = np.random.default_rng(1).uniform(0.1, 0.9, (7, 1)).astype(np.float32)
    found = [loss(y_true, outputs) for y_true in (p, p[:, None], np.stack([1 - p, p], 1))]
    of_classes = [np.asarray(loss(np.full(7, k), outputs)) for k in (0, 1)]
    for value in found:
        np.testing.assert_allclose(value, (1 - p) * of_classes[0] + p * of_classes[1], rtol=1e-5)


@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("name", LOSSES)
def test_each_token_may_have_a_label(name, n_outputs):
    n_classes = max(n_outputs, 2)
    rng, loss = np.random.default_rng(2), LOSSES[name](COSTS[n_classes], reduction=None)
    outputs = rng.uniform(0.1, 0.9, (4, 5, n_outputs))
    if n_outputs > 1:
        outputs /= outputs.sum(axis=-1, keepdims=True)
    labels = rng.integers(n_classes, size=(4, 5))
    flat = loss(labels.reshape(-1), outputs.reshape(-1, n_outputs))
    for y_true in (labels, labels[..., None], np.eye(n_classes)[labels]):
        np.testing.assert_allclose(loss(y_true, outputs), np.reshape(flat, (4, 5)), rtol=1e-5)


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_outputs_of_tokens_are_decided_one_by_one(n_outputs):
    loss = MisclassificationCost(COSTS[max(n_outputs, 2)])
    outputs = np.random.default_rng(3).dirichlet(np.ones(max(n_outputs, 2)), (4, 5))
    outputs = outputs[..., -n_outputs:]
    rows = outputs.reshape(-1, n_outputs)
    np.testing.assert_array_equal(loss.posterior(outputs).reshape(20, -1), loss.posterior(rows))
    np.testing.assert_array_equal(loss.decide(outputs), loss.decide(rows).reshape(4, 5))


def test_a_tagger_learns_with_a_loss():
    words = np.random.default_rng(0).integers(1, 20, (60, 5))
    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Embedding(20, 4, mask_zero=True),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.05), loss=WeightedCrossEntropy(COSTS[2]))
    words[:, 4] = 0  # padding
    history = model.fit(words, (words > 12).astype(int), epochs=8, verbose=0).history["loss"]
    assert history[-1] < history[0] / 2


@pytest.mark.parametrize(
    "costs",
    [
        {"spam": 5},
        {(0, 1): 5},
        "balanced",
        None,
        [["0", "1"], ["5", "0"]],
        pd.DataFrame([[0, 1], [5, 0]], index=["ham", "spam"], columns=["spam", "ham"]),
    ],
    ids=str,
)
def test_costs_in_another_form_say_what_makes_an_array_of_them(costs):
    with pytest.raises(TypeError, match=r"expected a \(K, K\) array.*check_cost_matrix"):
        MisclassificationCost(costs)


def test_check_cost_matrix_makes_the_array_of_a_dict():
    loss = MisclassificationCost(check_cost_matrix({"spam": 5}, ["ham", "spam"]))
    np.testing.assert_array_equal(loss.cost_matrix, [[0, 1], [5, 0]])
