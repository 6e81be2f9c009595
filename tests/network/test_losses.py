from __future__ import annotations

import copy
import json
import pickle
import re

import keras
import numpy as np
import pytest
import sklearn
import tensorflow as tf
from scipy.special import log_softmax, softmax

from skcnn.costs._loss_formulas import LOSS_FORMULAS, LOSS_NAMES
from skcnn.network.losses import (
    LOSSES,
    CrossEntropy,
    ExpectedCost,
    FocalCost,
    MisclassificationCost,
    identify_loss,
    make_loss,
)
from tests.network.small import COSTS, every_loss

every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


def rows(loss, labels, outputs):
    """Loss of each row, as a NumPy array."""
    return np.asarray(loss.call(np.asarray(labels), tf.convert_to_tensor(outputs)))


def exact(name, costs, **params):
    return LOSSES[name](costs, dtype="float64", **params)


def value_and_slope(loss, labels, outputs):
    outputs = tf.convert_to_tensor(outputs)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        value = loss(labels, outputs)
    return value.numpy(), tape.gradient(value, outputs).numpy()


def random_logits(n_classes, n=6, seed=0):
    return np.random.default_rng(seed).normal(size=(n, n_classes))


@pytest.mark.parametrize(
    ("name", "params", "expected"),
    [
        ("cross_entropy", {}, [np.log(2), np.log(4), np.log(4)]),
        ("weighted", {}, [1.5 * np.log(2), 3.5 * np.log(4), 5.5 * np.log(4)]),
        ("misclassification", {}, [0.75 * np.log(2), 2.5 * np.log(4), 4.0 * np.log(4)]),
        ("hard_misclassification", {}, [0, 3 * np.log(4), 5 * np.log(4)]),
        ("expected_cost", {}, [np.log(2) + 0.75, np.log(4) + 2.5, np.log(4) + 4]),
        ("expected_cost", {"cost_weight": 2.0}, [np.log(2) + 1.5, np.log(4) + 5, np.log(4) + 8]),
        (
            "focal",
            {},
            [
                1.5 * 0.25 * np.log(2),
                3.5 * 0.5625 * np.log(4),
                5.5 * 0.5625 * np.log(4),
            ],
        ),
        ("focal", {"gamma": 1.0}, [0.75 * np.log(2), 2.625 * np.log(4), 4.125 * np.log(4)]),
    ],
)
def test_a_loss_has_the_value_worked_out_by_hand(name, params, expected):
    loss = LOSSES[name](COSTS[3], reduction=None, **params)
    found = loss([0, 1, 2], [[0.5, 0.25, 0.25]] * 3)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    mean = LOSSES[name](COSTS[3], **params)([0, 1, 2], [[0.5, 0.25, 0.25]] * 3)
    np.testing.assert_allclose(mean, np.mean(expected), rtol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
@every_loss
def test_values_and_slopes_are_those_of_the_numpy_losses(name, params, n_classes):
    q = softmax(random_logits(n_classes, n=20), axis=1)
    loss, costs = exact(name, COSTS[n_classes], **params), COSTS[n_classes]
    reference = LOSS_FORMULAS[name](**params)
    for t in range(n_classes):
        labels = np.full(20, t)
        np.testing.assert_allclose(rows(loss, labels, q), reference.value(q, costs)[:, t], 1e-6)
        _, slope = value_and_slope(loss, labels, q)
        np.testing.assert_allclose(20 * slope, reference.jacobian(q, costs)[:, t], 1e-6, 1e-12)


@pytest.mark.parametrize("n_classes", [2, 3])
@every_loss
def test_the_gradient_is_the_limit_of_finite_differences(name, params, n_classes):
    loss = exact(name, COSTS[n_classes], from_logits=True, **params)
    logits, labels = random_logits(n_classes), np.arange(6) % n_classes
    _, slope = value_and_slope(loss, labels, logits)
    differences, step = np.zeros_like(logits), 1e-5
    for place in np.ndindex(logits.shape):
        shift = np.zeros_like(logits)
        shift[place] = step
        ahead, behind = (float(loss(labels, logits + s * shift)) for s in (1, -1))
        differences[place] = (ahead - behind) / (2 * step)
    np.testing.assert_allclose(slope, differences, rtol=1e-6, atol=1e-9)


@every_loss
def test_logits_and_probabilities_have_the_same_loss(name, params):
    logits, labels = random_logits(3), np.arange(6) % 3
    from_logits = rows(exact(name, COSTS[3], from_logits=True, **params), labels, logits)
    q = softmax(logits, axis=1)
    np.testing.assert_allclose(rows(exact(name, COSTS[3], **params), labels, q), from_logits, 1e-9)


@every_loss
def test_renumbered_classes_have_the_same_loss(name, params):
    order = [2, 0, 1]
    q, labels = softmax(random_logits(3), axis=1), np.arange(6) % 3
    expected = rows(exact(name, COSTS[3], **params), labels, q)
    renumbered = exact(name, COSTS[3][np.ix_(order, order)], **params)
    found = rows(renumbered, np.argsort(order)[labels], q[:, order])
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    _, slope = value_and_slope(renumbered, np.argsort(order)[labels], q[:, order])
    _, expected = value_and_slope(exact(name, COSTS[3], **params), labels, q)
    np.testing.assert_allclose(slope, expected[:, order], rtol=1e-12)


@every_loss
def test_a_larger_unit_of_the_costs_makes_the_cost_part_of_the_loss_larger(name, params):
    q, labels = softmax(random_logits(3), axis=1), np.arange(6) % 3
    one = rows(exact(name, COSTS[3], **params), labels, q)
    thousand = rows(exact(name, 1000 * COSTS[3], **params), labels, q)
    cross_entropy = -np.log(q[np.arange(6), labels])
    expected = {
        "cross_entropy": one,
        "expected_cost": cross_entropy + 1000 * (one - cross_entropy),
    }.get(name, 1000 * one)
    np.testing.assert_allclose(thousand, expected, rtol=1e-9)


@every_loss
def test_only_differences_within_a_row_of_costs_matter(name, params):
    q, labels = softmax(random_logits(3), axis=1), np.arange(6) % 3
    shifted = COSTS[3] + np.array([[-7.0], [0.5], [2.0]])
    loss = exact(name, shifted, **params)
    np.testing.assert_allclose(
        rows(loss, labels, q), rows(exact(name, COSTS[3], **params), labels, q), rtol=1e-12
    )
    np.testing.assert_allclose(loss.cost_matrix, COSTS[3])


@every_dtype
@every_loss
def test_extreme_logits_have_a_finite_loss_and_gradient(name, params, dtype):
    loss = LOSSES[name](COSTS[3], dtype=dtype, from_logits=True, **params)
    logits = np.array([[1e4, -1e4, 0], [-1e4, 1e4, 0], [1e4, 1e4, -1e4], [0, 0, 0]], dtype)
    for label in range(3):
        value, slope = value_and_slope(loss, np.full(4, label), logits)
        assert np.isfinite(value)
        assert np.isfinite(slope).all()
    if name != "hard_misclassification":
        _, slope = value_and_slope(loss, np.array([1]), logits[:1])
        assert slope[0, 1] < 0  # a very wrong prediction still has a slope


def formula(name, logits, label, costs, cost_weight=1.0, gamma=2.0):
    """Loss of each row from exact logarithms."""
    log_q = log_softmax(logits, axis=1)
    q, cross_entropy = np.exp(log_q), -log_q[:, label]
    weight, expected = costs[label].sum() / (len(costs) - 1), q @ costs[label]
    return {
        "cross_entropy": cross_entropy,
        "weighted": weight * cross_entropy,
        "misclassification": expected * cross_entropy,
        "hard_misclassification": costs[label][q.argmax(axis=1)] * cross_entropy,
        "expected_cost": cross_entropy + cost_weight * expected,
        "focal": weight * (1 - q[:, label]) ** gamma * cross_entropy,
    }[name]


@every_dtype
@every_loss
def test_extreme_logits_have_the_loss_of_the_formula(name, params, dtype):
    logits = np.array([[1e4, -1e4, 0], [-1e4, 1e4, 0], [0, 1e4, -1e4], [0, 0, 0], [30, -30, 0]])
    for n_classes in (2, 3):
        loss = LOSSES[name](COSTS[n_classes], dtype=dtype, from_logits=True, **params)
        given = logits[:, :n_classes].astype(dtype)
        for label in range(n_classes):
            labels = np.full(len(logits), label)
            expected = formula(name, logits[:, :n_classes], label, COSTS[n_classes], **params)
            np.testing.assert_allclose(rows(loss, labels, given), expected, rtol=1e-5, atol=1e-6)
            if n_classes == 2:  # one sigmoid output is their difference
                one = given[:, 1:] - given[:, :1]
                np.testing.assert_allclose(rows(loss, labels, one), expected, rtol=1e-5, atol=1e-6)


@every_dtype
@every_loss
def test_outputs_of_exactly_zero_and_one_have_a_finite_loss_and_gradient(name, params, dtype):
    softmax_loss = LOSSES[name](COSTS[3], dtype=dtype, **params)
    sigmoid_loss = LOSSES[name](COSTS[2], dtype=dtype, **params)
    for loss, outputs in ((softmax_loss, np.eye(3)), (sigmoid_loss, np.array([[0.0], [1.0]]))):
        for label in range(len(loss.cost_matrix)):
            value, slope = value_and_slope(
                loss, np.full(len(outputs), label), outputs.astype(dtype)
            )
            assert np.isfinite(value)
            assert np.isfinite(slope).all()


@every_dtype
@every_loss
def test_a_loss_is_computed_in_its_dtype(name, params, dtype):
    loss = LOSSES[name](COSTS[3], dtype=dtype, **params)
    q, labels = softmax(random_logits(3), axis=1), np.arange(6) % 3
    value = loss(labels, q.astype(dtype))
    assert value.dtype == dtype
    expected = rows(exact(name, COSTS[3], **params), labels, q).mean()
    np.testing.assert_allclose(value, expected, rtol={"float32": 1e-5, "float64": 1e-12}[dtype])


@pytest.mark.parametrize("from_logits", [False, True])
@every_loss
def test_one_sigmoid_output_equals_two_softmax_columns(name, params, from_logits):
    loss = exact(name, COSTS[2], from_logits=from_logits, **params)
    logits, labels = random_logits(1), np.arange(6) % 2
    two = np.concatenate([np.zeros_like(logits), logits], axis=1)
    one = logits if from_logits else softmax(two, axis=1)[:, 1:]
    two = two if from_logits else softmax(two, axis=1)
    np.testing.assert_allclose(rows(loss, labels, one), rows(loss, labels, two), rtol=1e-12)
    np.testing.assert_allclose(rows(loss, labels[:, None], one), rows(loss, labels, two), 1e-12)
    _, slope_one = value_and_slope(loss, labels, one)
    _, slope_two = value_and_slope(loss, labels, two)
    chained = slope_two[:, 1:] if from_logits else slope_two[:, 1:] - slope_two[:, :1]
    np.testing.assert_allclose(slope_one, chained, rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8, np.float32])
@every_loss
def test_indices_columns_of_indices_and_one_hot_rows_are_the_same_labels(name, params, dtype):
    loss = exact(name, COSTS[3], **params)
    q, labels = softmax(random_logits(3), axis=1), (np.arange(6) % 3).astype(dtype)
    expected = float(loss(labels, q))
    assert float(loss(labels[:, None], q)) == expected
    assert float(loss(np.eye(3, dtype=dtype)[labels.astype(int)], q)) == expected
    assert float(loss(labels.tolist(), q.tolist())) == expected


@every_loss
def test_soft_labels_have_the_mean_loss_of_their_classes(name, params):
    loss, q = exact(name, COSTS[3], **params), softmax(random_logits(3), axis=1)
    by_class = np.stack([rows(loss, np.full(6, t), q) for t in range(3)], axis=1)
    soft = np.array([[0.2, 0.3, 0.5]] * 6)
    np.testing.assert_allclose(rows(loss, soft, q), by_class @ [0.2, 0.3, 0.5], rtol=1e-12)


@every_loss
def test_a_batch_without_one_of_the_classes_has_the_same_row_losses(name, params):
    loss, logits = exact(name, COSTS[3], from_logits=True, **params), random_logits(3)
    value, slope = value_and_slope(loss, np.array([0, 0, 2, 2, 0, 0]), logits)
    parts = [
        value_and_slope(loss, np.array([label]), logits[[i]])
        for i, label in enumerate([0, 0, 2, 2, 0, 0])
    ]
    np.testing.assert_allclose(value, np.mean([part[0] for part in parts]))
    np.testing.assert_allclose(slope, np.concatenate([part[1] for part in parts]) / 6)


@every_loss
def test_sample_weights_repeat_rows(name, params):
    mean = exact(name, COSTS[3], **params)
    total = exact(name, COSTS[3], reduction="sum", **params)
    q, labels = softmax(random_logits(3), axis=1), np.arange(6) % 3
    assert float(mean(labels, q, sample_weight=np.ones(6))) == float(mean(labels, q))
    times = np.array([0, 1, 2, 0, 3, 1])
    counted = total(np.repeat(labels, times), np.repeat(q, times, axis=0))
    np.testing.assert_allclose(total(labels, q, sample_weight=times), counted, rtol=1e-12)
    kept = times > 0
    np.testing.assert_allclose(
        total(labels, q, sample_weight=kept), total(labels[kept], q[kept]), rtol=1e-12
    )


@every_loss
def test_sample_weights_repeat_rows_in_the_gradient(name, params):
    loss = exact(name, COSTS[3], from_logits=True, reduction="sum", **params)
    logits, labels, times = random_logits(3), np.arange(6) % 3, np.array([0, 1, 2, 0, 3, 1])
    each = [value_and_slope(loss, labels[[i]], logits[[i]])[1][0] for i in range(6)]
    outputs = tf.convert_to_tensor(logits)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        value = loss(labels, outputs, sample_weight=times)
    slope = tape.gradient(value, outputs).numpy()
    np.testing.assert_allclose(slope, times[:, np.newaxis] * each, rtol=1e-12, atol=1e-15)


@every_loss
def test_rows_with_weight_zero_have_no_loss(name, params):
    mean = exact(name, COSTS[3], **params)
    q, labels = softmax(random_logits(3), axis=1), np.arange(6) % 3
    assert float(mean(labels, q, sample_weight=np.zeros(6))) == 0


def copies_of(loss):
    config = json.loads(json.dumps(loss.get_config()))
    serialized = json.loads(json.dumps(keras.losses.serialize(loss)))
    return {
        "get_config": type(loss).from_config(config),
        "serialize": keras.losses.deserialize(serialized),
        "deepcopy": copy.deepcopy(loss),
        "pickle": pickle.loads(pickle.dumps(loss)),
        "clone": sklearn.clone(loss, safe=False),
    }


@pytest.mark.parametrize("way", ["get_config", "serialize", "deepcopy", "pickle", "clone"])
@every_loss
def test_a_copy_of_a_loss_is_the_same_loss(name, params, way):
    loss = LOSSES[name](
        COSTS[3], from_logits=True, name="mine", reduction="sum", dtype="float64", **params
    )
    logits, labels = random_logits(3), np.arange(6) % 3
    found = copies_of(loss)[way]
    assert type(found) is type(loss)
    assert found.get_config() == loss.get_config()
    assert float(found(labels, logits)) == float(loss(labels, logits))


@every_loss
def test_a_loss_is_identified_by_its_name_costs_and_parameters(name, params):
    found, costs, parameters = identify_loss(LOSSES[name](COSTS[3], **params))
    assert found == name
    np.testing.assert_array_equal(costs, COSTS[3])
    LOSS_FORMULAS[name](**parameters)
    assert {**parameters, **params} == parameters


def test_the_keras_losses_and_the_numpy_formulas_have_the_same_names():
    assert tuple(LOSSES) == LOSS_NAMES


def test_a_name_makes_a_loss_and_any_other_loss_is_returned_unchanged():
    loss = make_loss("focal", COSTS[2])
    assert type(loss) is FocalCost
    np.testing.assert_array_equal(loss.cost_matrix, COSTS[2])
    other = keras.losses.CategoricalCrossentropy()
    assert make_loss(other, COSTS[2]) is other
    assert make_loss("sparse_categorical_crossentropy", COSTS[2]) == (
        "sparse_categorical_crossentropy"
    )
    assert identify_loss(other) is None


def test_a_subclass_is_not_identified_as_its_base_class():
    class Changed(CrossEntropy):
        pass

    assert identify_loss(Changed(COSTS[2])) is None


def test_the_callers_costs_are_copied():
    costs = np.array([[1.0, 2.0], [3.0, 0.0]])
    loss = MisclassificationCost(costs)
    np.testing.assert_array_equal(costs, [[1, 2], [3, 0]])
    costs[:] = 99
    np.testing.assert_array_equal(loss.cost_matrix, [[0, 1], [3, 0]])


def test_very_wrong_predictions_have_the_loss_of_the_exact_log_softmax():
    logits = np.array([[50.0, -50.0]])
    found = rows(exact("cross_entropy", COSTS[2], from_logits=True), [1], logits)
    np.testing.assert_allclose(found, -log_softmax(logits, axis=1)[:, 1], rtol=1e-12)


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        ([[0, 1, 2], [1, 0, 2]], "cost_matrix has shape (2, 3); expected (K, K): one row"),
        ([0, 1], "cost_matrix has shape (2,); expected (K, K)"),
        ([[0]], "cost_matrix has shape (1, 1); expected (K, K)"),
        (
            [[0, 1], [np.nan, 0]],
            "cost_matrix has the cost nan for predicting 0 when the true class is 1",
        ),
        (
            [[0, np.inf], [1, 0]],
            "cost_matrix has the cost inf for predicting 1 when the true class is 0",
        ),
        (
            [[0, 1], [2, 3]],
            "cost_matrix makes a wrong prediction cheaper than the correct one: when the true "
            "class is 1, predicting 0 costs 2 and predicting 1 costs 3.",
        ),
    ],
)
@pytest.mark.parametrize("cls", LOSSES.values())
def test_a_wrong_cost_matrix_is_an_error(cls, costs, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        cls(costs)


@pytest.mark.parametrize(("cls", "name"), [(ExpectedCost, "cost_weight"), (FocalCost, "gamma")])
@pytest.mark.parametrize("value", [-0.5, float("nan"), float("inf")])
def test_a_negative_parameter_is_an_error(cls, name, value):
    with pytest.raises(ValueError, match=rf"^{name} is {value}; expected a finite number >= 0\.$"):
        cls(COSTS[2], **{name: value})


@pytest.mark.parametrize(("n_outputs", "n_classes"), [(3, 2), (2, 3), (1, 3)])
@every_loss
def test_a_network_with_another_number_of_outputs_is_an_error(name, params, n_outputs, n_classes):
    loss = LOSSES[name](COSTS[n_classes], **params)
    columns = f"has {n_outputs} columns; the cost matrix of {type(loss).__name__} has {n_classes}"
    with pytest.raises(ValueError, match=columns) as error:
        loss(np.zeros(4), np.full((4, n_outputs), 1 / n_outputs))
    assert f"Give the network {n_classes} softmax outputs" in str(error.value)
