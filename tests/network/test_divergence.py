"""Training that diverges says so."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops
from sklearn.exceptions import ConvergenceWarning

from tests.own_networks import two_channels

LOSSES = ["cross_entropy", "expected_cost", "weighted", "misclassification", "focal"]


class WithoutValue(keras.losses.Loss):
    """NaN for texts of class 1."""

    sparse_y_true = False

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return ops.log(y_pred[:, 0] - 2 * y_true[:, -1])


@pytest.mark.parametrize("network", [None, two_channels])
@pytest.mark.parametrize("early_stopping", [True, False])
def test_a_loss_that_is_nan_is_an_error(
    small_cnn: Any, two_classes: Any, early_stopping: bool, network: Any
) -> None:
    cnn = small_cnn(loss=WithoutValue(), early_stopping=early_stopping, network=network)
    with pytest.raises(ValueError, match=r"loss of epoch 1 on the training texts is nan.*Lower le"):
        cnn.fit(two_classes.texts, two_classes.labels)


def test_a_loss_that_is_nan_on_held_out_texts_is_an_error() -> None:
    from skcnn.network._divergence import FiniteLoss

    with pytest.raises(ValueError, match="loss of epoch 3 on the held-out texts is nan"):
        FiniteLoss().on_epoch_end(2, {"loss": 0.5, "val_loss": float("nan")})
    FiniteLoss().on_epoch_end(2, {"loss": 0.5, "val_loss": 0.5})
    FiniteLoss().on_epoch_end(2, {"loss": 0.5, "val_score": 0.5})


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("learning_rate", [10, 1e3])
def test_a_learning_rate_at_which_nothing_is_learned_warns(
    small_cnn: Any, two_classes: Any, loss: str, learning_rate: float
) -> None:
    cnn = small_cnn({"spam": 5}, loss=loss, learning_rate=learning_rate, linear_model=False)
    with pytest.warns(ConvergenceWarning, match="Training diverged: an epoch had a loss of") as w:
        cnn.fit(two_classes.texts, two_classes.labels)
    assert w[0].filename == __file__
    assert "Lower learning_rate" in str(w[0].message)


def test_a_network_of_the_users_own_that_diverges_warns(small_cnn: Any, two_classes: Any) -> None:
    cnn = small_cnn(network=two_channels, learning_rate=1e3, linear_model=False)
    with pytest.warns(ConvergenceWarning, match="Training diverged"):
        cnn.fit(two_classes.texts, two_classes.labels)


def test_a_call_of_partial_fit_that_diverges_warns(small_cnn: Any, two_classes: Any) -> None:
    cnn = small_cnn(linear_model=False).fit(two_classes.texts, two_classes.labels)
    cnn.set_params(learning_rate=1e3)
    with pytest.warns(ConvergenceWarning, match="Training diverged"):
        cnn.partial_fit(two_classes.texts, two_classes.labels)


@pytest.mark.parametrize("loss", LOSSES)
def test_labels_that_say_nothing_do_not_warn(small_cnn: Any, two_classes: Any, loss: str) -> None:
    labels = np.random.default_rng(0).permutation(two_classes.labels)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        cnn = small_cnn({"spam": 5}, loss=loss, dropout=0.8, early_stopping=True)
        cnn.fit(two_classes.texts, labels)


@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size", "mean_with_sample_weight"])
def test_the_reduction_of_a_loss_does_not_matter(
    small_cnn: Any, two_classes: Any, reduction: str
) -> None:
    loss = keras.losses.CategoricalCrossentropy(reduction=reduction)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        small_cnn(loss=loss).fit(two_classes.texts, two_classes.labels)


def test_a_penalty_on_the_weights_does_not_warn(small_cnn: Any, two_classes: Any) -> None:
    def network(meta: Any) -> keras.Model:
        ids = keras.Input((None,), dtype="int32")
        vectors = keras.layers.Embedding(*meta["embeddings"].shape)(ids)
        features = keras.layers.GlobalMaxPooling1D()(vectors)
        strict = keras.regularizers.L2(100.0)
        outputs = keras.layers.Dense(2, "softmax", kernel_regularizer=strict)(features)
        return keras.Model(ids, outputs)

    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        cnn = small_cnn(network=network, epochs=1, linear_model=False)
        cnn.fit(two_classes.texts, two_classes.labels)
    assert cnn.history_["loss"][0] > 20 * np.log(2)


@pytest.mark.parametrize("scoring", [lambda e, X, y: float("nan"), lambda e, X, y: np.nan])
def test_a_score_that_is_nan_is_an_error(small_cnn: Any, two_classes: Any, scoring: Any) -> None:
    cnn = small_cnn(early_stopping=True, validation_scoring=scoring)
    with pytest.raises(ValueError, match=r"validation_scoring is <function .* which is nan for"):
        cnn.fit(two_classes.texts, two_classes.labels)


def test_a_learning_rate_may_be_an_integer(small_cnn: Any, two_classes: Any) -> None:
    cnn = small_cnn(optimizer="sgd", learning_rate=1, epochs=1)
    other = small_cnn(optimizer="sgd", learning_rate=1.0, epochs=1)
    texts, labels = two_classes.texts, two_classes.labels
    assert cnn.fit(texts, labels).history_ == other.fit(texts, labels).history_
