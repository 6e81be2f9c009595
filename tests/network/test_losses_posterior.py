"""From a network's outputs back to P(class | x), and to the cheapest class, by the loss object."""

from __future__ import annotations

import contextlib
import functools
import re
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

import skcnn.costs
from skcnn import losses as public_losses
from skcnn.network._cost_loss import _CostLoss
from skcnn.network.losses import LOSSES, CrossEntropy, ExpectedCost, HardMisclassificationCost
from tests.network.small import COSTS, LOSSES_AND_PARAMETERS, every_loss

INVERTIBLE = [pair for pair in LOSSES_AND_PARAMETERS if pair[0] != "hard_misclassification"]
every_invertible_loss = pytest.mark.parametrize(("name", "params"), INVERTIBLE)

# What a network may return for the logits (n, K), and what its loss is told about it.
FORMS = {
    "softmax": (lambda logits: softmax(logits, axis=1), {}),
    "logits": (lambda logits: logits, {"from_logits": True}),
    "sigmoid column": (lambda logits: softmax(logits, axis=1)[:, 1:], {}),
    "sigmoid": (lambda logits: softmax(logits, axis=1)[:, 1], {}),
    "logit column": (lambda logits: logits[:, 1:] - logits[:, :1], {"from_logits": True}),
    "logit": (lambda logits: logits[:, 1] - logits[:, 0], {"from_logits": True}),
}
FORMS_AND_CLASSES = [*((form, 2) for form in FORMS), ("softmax", 3), ("logits", 3)]
every_form = pytest.mark.parametrize(("form", "n_classes"), FORMS_AND_CLASSES)
CONTAINERS = {
    "NumPy": np.asarray,
    "float32": lambda outputs: outputs.astype(np.float32),
    "list": lambda outputs: outputs.tolist(),
    "tensor": lambda outputs: keras.ops.convert_to_tensor(outputs, "float32"),
}
every_container = pytest.mark.parametrize("container", CONTAINERS)


def made(name, n_classes, **params):
    return LOSSES[name](COSTS[n_classes], **params)


def quiet():
    """Where the warning of the loss whose outputs determine no posterior is not the subject."""
    context = contextlib.ExitStack()
    context.enter_context(warnings.catch_warnings())
    warnings.filterwarnings("ignore", "HardMisclassificationCost", UserWarning)
    return context


def true_posteriors(n_classes, n=8):
    rng = np.random.default_rng(n_classes)
    return 0.96 * rng.dirichlet(np.ones(n_classes), size=n) + 0.04 / n_classes


def trained_logits(loss, eta):
    """Logits at which the mean loss of an example with the posterior `eta` is smallest."""

    def mean_loss(logits):
        outputs = tf.Variable(logits[np.newaxis])
        with tf.GradientTape() as tape:
            value = loss(eta[np.newaxis], outputs)
        return float(value), np.asarray(tape.gradient(value, outputs))[0]

    found = minimize(mean_loss, np.log(eta), jac=True, method="BFGS", options={"gtol": 1e-10})
    return found.x


@functools.cache
def logits_of_the_minima(name, params, n_classes):
    """Searched with the Keras loss itself, without the formula that leads back."""
    loss = made(name, n_classes, from_logits=True, dtype="float64", **dict(params))
    return np.stack([trained_logits(loss, eta) for eta in true_posteriors(n_classes)])


@every_container
@every_form
@every_invertible_loss
def test_the_posterior_at_the_minimum_of_the_loss_is_the_true_one(
    name, params, form, n_classes, container
):
    to_outputs, options = FORMS[form]
    logits = logits_of_the_minima(name, tuple(params.items()), n_classes)
    outputs = CONTAINERS[container](to_outputs(logits))
    loss, eta = made(name, n_classes, **options, **params), true_posteriors(n_classes)
    found = loss.posterior(outputs)
    assert type(found) is np.ndarray
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, eta, atol=1e-5)
    decided = loss.decide(outputs)
    assert decided.dtype == np.int64
    np.testing.assert_array_equal(decided, skcnn.costs.decide(eta, COSTS[n_classes]))


@pytest.mark.parametrize("container", ["NumPy", "tensor"])
@every_form
@every_loss
def test_the_decision_is_the_cheapest_class_by_the_posterior(
    name, params, form, n_classes, container
):
    to_outputs, options = FORMS[form]
    loss = made(name, n_classes, **options, **params)
    logits = 2 * np.random.default_rng(0).normal(size=(50, n_classes))
    outputs = CONTAINERS[container](to_outputs(logits))
    with quiet():
        posterior, decided = loss.posterior(outputs), loss.decide(outputs)
    assert posterior.shape == (50, n_classes)
    np.testing.assert_allclose(posterior.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(decided, skcnn.costs.decide(posterior, loss.cost_matrix))


@every_loss
def test_the_posterior_is_that_of_the_costs_module(name, params):
    loss, q = made(name, 3, **params), np.random.default_rng(0).dirichlet(np.ones(3), size=20)
    with quiet():
        found = loss.posterior(q)
    np.testing.assert_array_equal(found, skcnn.costs.posterior(q, name, COSTS[3], **params))


def test_an_output_of_the_expected_cost_below_one_half_may_mean_the_positive_class():
    equal, careful = ExpectedCost(1 - np.eye(2)), ExpectedCost(COSTS[2])
    outputs = np.array([[0.1], [0.3], [0.6]])
    np.testing.assert_array_equal(equal.decide(outputs), [0, 0, 1])
    np.testing.assert_array_equal(careful.decide(outputs), [0, 1, 1])


@pytest.mark.parametrize("name", ["weighted", "misclassification", "focal"])
def test_other_cost_losses_decide_at_one_half_and_their_posterior_at_the_bayes_threshold(name):
    outputs = np.array([[0.499], [0.501]])
    loss = made(name, 2)
    np.testing.assert_array_equal(loss.decide(outputs), [0, 1])
    threshold = skcnn.costs.bayes_threshold(COSTS[2])
    below, above = loss.posterior(outputs)[:, 1]
    assert below < threshold < above


def test_of_two_classes_the_expected_cost_decides_at_the_bayes_threshold_of_its_outputs():
    outputs = np.linspace(0.001, 0.999, 999)
    for weight in (0.5, 1.0, 10.0):
        loss = ExpectedCost(COSTS[2], cost_weight=weight)
        above = outputs > skcnn.costs.bayes_threshold(COSTS[2])
        np.testing.assert_array_equal(loss.decide(outputs), above)


def test_the_scale_of_the_loss_own_matrix_counts():
    outputs = [[0.3, 0.7]]
    once, ten_times = ExpectedCost(COSTS[2]), ExpectedCost(10 * COSTS[2])
    assert ten_times.posterior(outputs)[0, 1] < once.posterior(outputs)[0, 1] - 0.05
    by_weight = ExpectedCost(COSTS[2], cost_weight=10)
    np.testing.assert_allclose(ten_times.posterior(outputs), by_weight.posterior(outputs))


def test_a_cost_that_a_whole_row_shares_changes_nothing():
    shifted = ExpectedCost(COSTS[3] + np.array([[-7.0], [0.5], [2.0]]))
    q = np.random.default_rng(0).dirichlet(np.ones(3), size=20)
    np.testing.assert_allclose(shifted.posterior(q), ExpectedCost(COSTS[3]).posterior(q))
    np.testing.assert_array_equal(shifted.decide(q), ExpectedCost(COSTS[3]).decide(q))


def test_outputs_of_plain_cross_entropy_are_the_posterior():
    q = np.random.default_rng(0).dirichlet(np.ones(3), size=20).astype(np.float32)
    np.testing.assert_array_equal(CrossEntropy(COSTS[3]).posterior(q), q)


@every_loss
def test_the_callers_outputs_are_left_unchanged(name, params):
    outputs = np.array([[0.25, 0.75]])
    with quiet():
        made(name, 2, **params).posterior(outputs)[:] = 0
    np.testing.assert_array_equal(outputs, [[0.25, 0.75]])


@every_form
@every_loss
def test_no_rows_give_no_rows(name, params, form, n_classes):
    to_outputs, options = FORMS[form]
    loss, outputs = made(name, n_classes, **options, **params), to_outputs(np.ones((0, n_classes)))
    with quiet():
        assert loss.posterior(outputs).shape == (0, n_classes)
        assert loss.decide(outputs).shape == (0,)


@pytest.mark.parametrize("name", LOSSES)
def test_certain_outputs_give_a_certain_posterior(name):
    with quiet():
        np.testing.assert_array_equal(made(name, 3).posterior(np.eye(3)), np.eye(3))
        certain = made(name, 2).posterior(np.float32([0, 1]))
        np.testing.assert_array_equal(certain, np.eye(2))
        logits = np.array([[1e4, -1e4], [-1e4, 1e4]])
        certain = made(name, 2, from_logits=True).posterior(logits)
        np.testing.assert_array_equal(certain, np.eye(2))


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@every_loss
def test_rounded_softmax_outputs_are_accepted(name, params, dtype):
    logits = 3 * np.random.default_rng(0).normal(size=(500, 3))
    outputs = keras.ops.softmax(keras.ops.cast(logits, dtype))
    with quiet():
        found = made(name, 3, **params).posterior(outputs)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-3)


def model_with(loss, n_outputs, activation):
    layer = keras.layers.Dense(n_outputs, activation)
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), layer])
    model.compile(optimizer="sgd", loss=loss)
    return model


@pytest.mark.parametrize(
    ("n_outputs", "n_classes", "activation"),
    [(1, 2, "sigmoid"), (1, 2, None), (2, 2, "softmax"), (3, 3, "softmax"), (3, 3, None)],
)
@every_loss
def test_the_loss_of_a_loaded_model_decides_as_before(
    name, params, n_outputs, n_classes, activation, tmp_path
):
    loss = made(name, n_classes, from_logits=activation is None, **params)
    model = model_with(loss, n_outputs, activation)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x = np.random.default_rng(0).normal(size=(30, 4))
    with quiet():
        expected = loss.posterior(model.predict(x, verbose=0))
        found = loaded.loss.posterior(loaded.predict(x, verbose=0))
        np.testing.assert_allclose(found, expected, atol=1e-6)
        np.testing.assert_allclose(loaded.loss.posterior(loaded(x)), expected, atol=1e-6)
        decided = loaded.loss.decide(loaded.predict(x, verbose=0))
    np.testing.assert_array_equal(decided, skcnn.costs.decide(expected, COSTS[n_classes]))


def test_hard_misclassification_warns_that_its_outputs_do_not_determine_the_posterior():
    loss = HardMisclassificationCost(COSTS[2])
    for method in (loss.posterior, loss.decide):
        with pytest.warns(UserWarning, match="very different posteriors to the same output"):
            method([[0.5]])


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_a_loss_from_logits_warns_of_a_network_that_returns_probabilities(activation):
    n_outputs = 1 if activation == "sigmoid" else 2
    model = model_with(ExpectedCost(COSTS[2], from_logits=True), n_outputs, activation)
    with pytest.warns(UserWarning, match="has from_logits=True, but the network ends in a softmax"):
        model.evaluate(np.ones((4, 4)), np.ones(4), verbose=0)


@pytest.mark.parametrize("from_logits", [False, True])
def test_a_loss_that_fits_its_network_does_not_warn(from_logits):
    activation = None if from_logits else "sigmoid"
    model = model_with(ExpectedCost(COSTS[2], from_logits=from_logits), 1, activation)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", category=UserWarning)
        model.evaluate(np.ones((4, 4)), np.ones(4), verbose=0)


TRAIN_AGAIN = "or, if it returns logits, create the loss with from_logits=True. Then train again."


@pytest.mark.parametrize(
    ("outputs", "n_classes", "message"),
    [
        (
            [[0.2, 0.3, 0.5]],
            2,
            "The network's output has 3 columns; the cost matrix of ExpectedCost has 2 classes. "
            "Give the network 2 softmax outputs or one sigmoid output, or give the loss a cost "
            "matrix with one row and one column per class.",
        ),
        (
            [0.2, 0.3, 0.5],
            3,
            "The network's output has 1 columns; the cost matrix of ExpectedCost has 3 classes. "
            "Give the network 3 softmax outputs, or give the loss a cost matrix with one row and "
            "one column per class.",
        ),
        (
            np.empty((2, 0)),
            2,
            "The network's output has 0 columns; the cost matrix",
        ),
        (
            [[0.5], [2.5]],
            2,
            "outputs[1] is [2.5]; expected one probability, from 0 to 1, as ExpectedCost has "
            "from_logits=False. Give the network's last layer activation='sigmoid', " + TRAIN_AGAIN,
        ),
        ([0.5, -0.25], 2, "outputs[1] is [-0.25]; expected one probability, from 0 to 1, as"),
        (
            [[0.5, 0.5], [2.5, -1.5]],
            2,
            "outputs[1] is [2.5, -1.5]; expected numbers >= 0 that sum to 1, as ExpectedCost has "
            "from_logits=False. Give the network's last layer activation='softmax', " + TRAIN_AGAIN,
        ),
        ([[0.2, 0.2, 0.3]], 3, "outputs[0] is [0.2, 0.2, 0.3]; expected numbers >= 0 that sum to"),
        (
            [[0.5], [np.nan]],
            2,
            "outputs[1] is [nan]; expected finite numbers. Look for NaN and infinity in the "
            "network's inputs. If there are none, the training diverged: train again with a lower "
            "learning rate.",
        ),
        ([[0.5, np.inf]], 2, "outputs[0] is [0.5, inf]; expected finite numbers."),
        (0.5, 2, "outputs has shape (); expected (n, K), (n, 1) or (n,): one row per example."),
    ],
)
def test_outputs_that_do_not_fit_the_loss_are_an_error(outputs, n_classes, message):
    for method in ("posterior", "decide"):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
            getattr(ExpectedCost(COSTS[n_classes]), method)(outputs)


@pytest.mark.parametrize("outputs", [[[np.nan, 0.5]], [[0.5, -np.inf]]])
@every_loss
def test_logits_must_be_finite(name, params, outputs):
    loss = made(name, 2, from_logits=True, **params)
    with quiet(), pytest.raises(ValueError, match=r"^outputs\[0\] is .*; expected finite numbers"):
        loss.posterior(outputs)


@pytest.mark.parametrize(
    ("outputs", "shown"),
    [
        (["spam", "ham"], "list"),
        ([[0.5], [0.5, 0.5]], "list"),
        ([{"text": 0.5}], "list"),
        (keras.KerasTensor((None, 1)), "KerasTensor"),
    ],
)
def test_outputs_without_numbers_are_an_error(outputs, shown):
    message = f"^outputs is a {shown} that cannot be read as numbers; expected an array or a tensor"
    with pytest.raises(TypeError, match=message):
        ExpectedCost(COSTS[2]).posterior(outputs)


def test_a_subclass_that_keeps_the_formula_keeps_the_posterior():
    class Careful(ExpectedCost):
        def __init__(self, **kwargs):
            super().__init__(COSTS[2], **kwargs)

    outputs = [[0.1], [0.3]]
    expected = ExpectedCost(COSTS[2])
    np.testing.assert_array_equal(Careful().posterior(outputs), expected.posterior(outputs))
    np.testing.assert_array_equal(Careful().decide(outputs), expected.decide(outputs))


@pytest.mark.parametrize("part", ["call", "table", "__call__"])
@pytest.mark.parametrize("method", ["posterior", "decide"])
def test_a_subclass_with_its_own_formula_is_an_error(part, method):
    own = {
        "call": lambda self, y_true, y_pred: ExpectedCost.call(self, y_true, y_pred) ** 2,
        "table": staticmethod(lambda log_q, costs, **parameters: -2 * log_q),
        "__call__": lambda self, y_true, y_pred, sample_weight=None: 0.0,
    }[part]
    changed = type("Changed", (ExpectedCost,), {part: own})(COSTS[2])
    message = (
        f"Changed overrides {part} of ExpectedCost, so its outputs cannot be turned into "
        "P(class | x): the formula is unknown. If yours has its minimum in the same place, call "
        "ExpectedCost(cost_matrix).posterior(outputs). Otherwise calibrate the outputs on held-out "
        "rows, for example with sklearn.isotonic.IsotonicRegression."
    )
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        getattr(changed, method)([[0.3]])


def test_a_loss_with_a_formula_of_its_own_is_an_error():
    class New(_CostLoss):
        table = staticmethod(lambda log_q, costs: -log_q)

    with pytest.raises(TypeError, match=r"^New overrides table of _CostLoss"):
        New(COSTS[2]).posterior([[0.3]])


def test_users_can_import_every_loss():
    assert {getattr(public_losses, name) for name in public_losses.__all__} == set(LOSSES.values())


def test_one_sigmoid_output_of_plain_cross_entropy_has_the_loss_of_keras():
    labels, outputs = np.array([[1.0], [0.0]]), softmax(np.array([[0.3], [-2.0]]), axis=0)
    found = CrossEntropy(COSTS[2], dtype="float64")(labels, outputs)
    expected = keras.losses.BinaryCrossentropy(dtype="float64")(labels, outputs)
    assert float(found) == pytest.approx(float(expected), rel=1e-6)
    logits = np.array([[0.3], [-2.0]])
    exact = -log_softmax(np.hstack([0 * logits, logits]), axis=1)[[0, 1], [1, 0]].mean()
    found = CrossEntropy(COSTS[2], dtype="float64", from_logits=True)(labels, logits)
    assert float(found) == pytest.approx(exact)
