"""Which losses get one-hot rows, and which get class indices."""

from __future__ import annotations

from functools import partial

import keras
import numpy as np
import pytest
from keras import ops

from skcnn.network._label_form import takes_one_hot
from skcnn.network._loss_gradient import make_loss_gradient
from skcnn.network.losses import LOSSES, MisclassificationCost
from tests.network.small import COSTS


def focal(self, y_true, y_pred):
    return ops.sum(-y_true * (1 - y_pred) ** 2 * ops.log(y_pred + 1e-7), -1)


def soft_f1(self, y_true, y_pred):
    hits = ops.sum(y_true * y_pred, 0)
    return 1 - ops.mean(2 * hits / (ops.sum(y_true, 0) + ops.sum(y_pred, 0) + 1e-7))


def elementwise(self, y_true, y_pred):
    return -y_true * ops.log(y_pred)


def without_class_0(self, y_true, y_pred):
    return -ops.sum((y_true * ops.log(y_pred))[:, 1:], axis=1)


def taken(self, y_true, y_pred):
    indices = ops.cast(y_true, "int32")
    return -ops.log(ops.take_along_axis(y_pred, indices, axis=1))[:, 0]


def compared(self, y_true, y_pred):
    of_class = ops.cast(ops.equal(y_true, ops.arange(y_pred.shape[-1], dtype="float32")), "float32")
    return -ops.sum(of_class * ops.log(y_pred), axis=-1)


def sparse(self, y_true, y_pred):
    return ops.sparse_categorical_crossentropy(y_true, y_pred)


FOR_ROWS, FOR_INDICES = (focal, soft_f1, elementwise, without_class_0), (taken, compared, sparse)
BODIES = [(body, True) for body in FOR_ROWS] + [(body, False) for body in FOR_INDICES]


@pytest.mark.parametrize("name", ["Mine", "CategoricalMine", "SparseCategoricalMine"])
@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize(("body", "one_hot"), BODIES)
def test_what_a_loss_computes_decides_and_not_its_name(body, one_hot, n_classes, name):
    loss = type(name, (keras.losses.Loss,), {"call": body})()
    assert takes_one_hot(loss, n_classes) == one_hot

    def function(y_true, y_pred):
        return body(None, ops.cast(y_true, "float32"), y_pred)

    function.__name__ = name
    assert takes_one_hot(function, n_classes) == one_hot


KERAS = {
    "CategoricalCrossentropy": True,
    "CategoricalFocalCrossentropy": True,
    "BinaryCrossentropy": True,
    "KLDivergence": True,
    "MeanSquaredError": True,
    "Dice": True,
    "SparseCategoricalCrossentropy": False,
    "CategoricalGeneralizedCrossEntropy": False,
}


@pytest.mark.parametrize(("name", "one_hot"), KERAS.items())
def test_a_subclass_gets_what_its_parent_gets(name, one_hot):
    parent = getattr(keras.losses, name)
    child = type("Child", (parent,), {})()
    logits = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    batch = logits, (np.arange(6) % 3).astype(np.int32), np.ones(6, np.float32)
    assert takes_one_hot(parent(), 3) == takes_one_hot(child, 3) == one_hot
    of_child, of_parent = (make_loss_gradient(loss, 3)(*batch) for loss in (child, parent()))
    assert of_child[0] == pytest.approx(of_parent[0])
    np.testing.assert_allclose(of_child[1], of_parent[1], atol=1e-6)


@pytest.mark.parametrize(
    ("loss", "one_hot"),
    [
        (keras.losses.categorical_crossentropy, True),
        (keras.losses.sparse_categorical_crossentropy, False),
        (partial(keras.losses.categorical_crossentropy, label_smoothing=0.1), True),
        (partial(keras.losses.sparse_categorical_crossentropy, axis=-1), False),
        (MisclassificationCost(COSTS[3]), True),
        *((type("Own", (cls,), {})(COSTS[3]), True) for cls in LOSSES.values()),
    ],
)
def test_functions_of_keras_and_losses_of_skcnn_are_known(loss, one_hot):
    assert takes_one_hot(loss, 3) == one_hot


@pytest.mark.parametrize("said", [True, False])
@pytest.mark.parametrize("body", [*FOR_ROWS, *FOR_INDICES])
def test_the_attribute_of_a_loss_decides_first(body, said):
    loss = type("Mine", (keras.losses.Loss,), {"call": body, "sparse_y_true": said})()
    assert takes_one_hot(loss, 3) != said
    function = partial(body, None)
    function.sparse_y_true = said
    assert takes_one_hot(function, 3) != said


def test_the_attribute_is_true_or_false():
    loss = keras.losses.CategoricalCrossentropy()
    loss.sparse_y_true = "indices"
    with pytest.raises(TypeError, match="is 'indices'; expected True if the loss takes class"):
        takes_one_hot(loss, 2)


def test_a_loss_whose_form_is_not_clear_gets_rows_and_a_warning():
    def of_outputs(y_true, y_pred):
        return y_pred[:, 0]

    with pytest.warns(UserWarning, match="loss of_outputs takes .* sparse_y_true = False"):
        assert takes_one_hot(of_outputs, 3)


def test_rows_and_indices_reach_the_loss_in_their_shapes():
    seen = {}

    def make(said):
        def loss(y_true, y_pred):
            seen[said] = y_true.shape.as_list()
            return ops.sum(y_pred, axis=-1)

        loss.sparse_y_true = said
        return loss

    logits = np.zeros((6, 3), np.float32)
    batch = logits, (np.arange(6) % 3).astype(np.int32), np.ones(6, np.float32)
    for said in (True, False):
        make_loss_gradient(make(said), 3)(*batch)
    assert seen == {True: [None, 1], False: [None, 3]}


def test_a_loss_that_expects_logits_is_tried_with_logits():
    class Mine(keras.losses.Loss):
        from_logits = True

        def call(self, y_true, y_pred):
            return -ops.sum(y_true * ops.log_softmax(y_pred), -1)

    assert takes_one_hot(Mine(), 3)
