from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from skcnn.network.losses import CrossEntropy, HardMisclassificationCost, MisclassificationCost
from tests.network.copied_snippet import w_categorical_crossentropy

EQUAL = [[0.0, 1.0], [1.0, 0.0]]
COSTS = [[0.0, 1.0], [5.0, 0.0]]


def copied(weights):
    return lambda labels, outputs: w_categorical_crossentropy(labels, outputs, weights)


def slope(loss, p):
    """d loss / d logit of class 1 for a text of class 1 that gets the probability p."""
    logit = tf.constant([[np.log(p / (1 - p))]], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(logit)
        outputs = tf.nn.softmax(tf.concat([tf.zeros_like(logit), logit], axis=1))
        value = tf.reduce_sum(loss(tf.constant([[0.0, 1.0]]), outputs))
    return float(tape.gradient(value, logit)[0, 0])


def test_the_copied_loss_is_cross_entropy_with_its_arguments_swapped():
    outputs = tf.constant([[0.7, 0.3]])
    # Cross-entropy with label and output swapped; log(0) is clipped at 1e-7.
    swapped = -0.7 * np.log(1e-7) - 0.3 * np.log(1 - 1e-7)
    found = copied(EQUAL)(tf.constant([[0.0, 1.0]]), outputs)
    np.testing.assert_allclose(found, [swapped], rtol=1e-5)


def test_the_slope_of_the_copied_loss_is_smallest_for_the_worst_predictions():
    cross_entropy = CrossEntropy(EQUAL)
    assert slope(cross_entropy, 0.01) == pytest.approx(-0.99, abs=1e-3)
    assert slope(copied(EQUAL), 0.01) == pytest.approx(-0.16, abs=1e-2)
    missed = [0.3, 0.1, 0.01, 1e-3]
    assert np.diff([slope(cross_entropy, p) for p in missed]).max() < 0
    assert np.diff([slope(copied(EQUAL), p) for p in missed]).min() > 0


def test_the_copied_loss_counts_a_tie_once_for_each_class_in_it():
    weights = [[1.0, 1.0], [1.0, 1.0]]
    label = tf.constant([[0.0, 1.0]])
    tie, nearly = tf.constant([[0.5, 0.5]]), tf.constant([[0.5001, 0.4999]])
    ratio = copied(weights)(label, tie) / copied(weights)(label, nearly)
    np.testing.assert_allclose(ratio, [2], rtol=1e-2)
    for cls in (HardMisclassificationCost, MisclassificationCost):
        loss = cls(EQUAL)
        # Of equal outputs the first class is predicted, here the wrong one. The loss is continuous.
        assert float(loss(label, tie)) == pytest.approx(float(loss(label, nearly)), rel=1e-2)


def test_the_copied_loss_has_no_column_for_class_1_of_one_sigmoid_output():
    labels, outputs = tf.constant([[1.0], [0.0]]), tf.constant([[0.2], [0.4]])
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError), match="out of bounds"):
        copied(COSTS)(labels, outputs)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(loss=copied(COSTS))
    with pytest.raises(ValueError, match="out of bounds"):
        model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
    assert np.isfinite(float(MisclassificationCost(COSTS)(labels, outputs)))


@pytest.mark.parametrize("posterior", [0.2, 0.3, 0.45])
def test_with_its_arguments_in_order_the_hard_mask_still_leads_to_a_tie(posterior):
    loss = HardMisclassificationCost(COSTS, reduction=None)
    p = np.linspace(0.001, 0.999, 999)
    outputs = np.stack([1 - p, p], axis=1)
    missed, alarmed = (np.asarray(loss(np.full(999, t), outputs)) for t in (1, 0))
    best = p[np.argmin(posterior * missed + (1 - posterior) * alarmed)]
    assert best == pytest.approx(0.5, abs=0.0011)
