"""A user's own network: how it is built, what it learns from, and which networks are refused."""

from __future__ import annotations

import random
from functools import partial
from itertools import chain
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import callbacks, layers

from skcnn._settings import NetworkSettings
from skcnn.network._fit import HeldOut
from skcnn.network._keras_file import model_from_bytes
from skcnn.network._labeled_texts import LabeledTexts
from skcnn.network._own_network import TrainedOwnNetwork, fit_own_network
from skcnn.network._padded import Forward, batches, padded, predict_softmax, shuffled_batches
from skcnn.text._sequences import UNKNOWN, TokenSequences
from tests.network.small import COSTS, N_IDS, SMALL_NETWORK, held_out, texts_and_targets
from tests.own_networks import averaged, recurrent, two_channels

VECTORS = np.random.default_rng(0).normal(size=(N_IDS, 3)).astype(np.float32)


def fit(
    network: Any, *, n_classes: int = 2, held_out: HeldOut | None = None, seed: int = 0, **more: Any
) -> TrainedOwnNetwork:
    sequences, targets = texts_and_targets(n_classes=n_classes)
    return fit_own_network(
        LabeledTexts(sequences, targets, more.pop("sample_weight", None)),
        VECTORS,
        loss_costs=COSTS[n_classes],
        settings=NetworkSettings(**{**SMALL_NETWORK, "network": network, **more}),
        held_out=held_out,
        seed=seed,
    )


def outputs_of(trained: TrainedOwnNetwork, sequences: TokenSequences, n_classes: int = 2) -> Any:
    return predict_softmax(
        Forward(trained.model),
        sequences,
        length=trained.length,
        n_classes=n_classes,
        from_logits=trained.from_logits,
    )


# ---------------------------------------------------------------------------------------------
# Building
# ---------------------------------------------------------------------------------------------


def test_the_function_gets_the_vectors_and_the_numbers_of_ids_and_classes() -> None:
    seen: dict[str, Any] = {}

    def network(meta: dict[str, Any]) -> Any:
        seen.update(meta)
        return averaged(meta)

    fit(network, n_classes=3)
    assert (seen["n_ids"], seen["n_classes_"], seen["n_features_in_"]) == (N_IDS, 3, 16)
    assert seen["target_type_"] == "multiclass"
    np.testing.assert_array_equal(seen["embeddings"], VECTORS)


def test_the_function_gets_only_what_its_signature_names() -> None:
    def all_of_it(**arguments: Any) -> Any:
        assert set(arguments) == {"meta", "compile_kwargs"}
        return averaged(arguments["meta"])

    def nothing() -> Any:
        return averaged({"embeddings": VECTORS, "n_classes_": 2})

    for network in (all_of_it, nothing, partial(two_channels, n_filters=2)):
        assert fit(network, epochs=1).history["loss"]


def test_a_network_that_compiles_itself_with_the_given_arguments_keeps_its_metrics() -> None:
    def network(meta: dict[str, Any], compile_kwargs: dict[str, Any]) -> Any:
        model = averaged(meta)
        model.compile(**{**compile_kwargs, "metrics": ["accuracy"]})
        return model

    assert set(fit(network).history) == {"loss", "accuracy"}


@keras.saving.register_keras_serializable(package="tests")
class Subclass(keras.Model):
    """A model that has neither shapes nor weights before its first call."""

    def __init__(self, n_ids: int, **options: Any) -> None:
        super().__init__(**options)
        self.n_ids = n_ids
        self.vectors = layers.Embedding(n_ids, 4)
        self.dense = layers.Dense(1, activation="sigmoid")

    def call(self, ids: Any) -> Any:
        return self.dense(keras.ops.max(self.vectors(ids), axis=1))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n_ids": self.n_ids}


def test_a_model_may_be_a_registered_subclass() -> None:
    trained = fit(lambda meta: Subclass(meta["n_ids"]))
    sequences, _ = texts_and_targets()
    again = Forward(model_from_bytes(trained.content))(padded(sequences, 16))
    np.testing.assert_allclose(outputs_of(trained, sequences)[:, [1]], again, atol=1e-6)


def compiled(meta: dict[str, Any]) -> Any:
    model = averaged(meta)
    model.compile(loss="categorical_crossentropy")
    return model


def with_lambda(meta: dict[str, Any]) -> Any:
    model = averaged(meta)
    return keras.Sequential([*model.layers, layers.Lambda(lambda outputs: outputs)])


@pytest.mark.parametrize(
    ("network", "error", "message"),
    [
        (lambda meta: None, TypeError, "network returned an object of type NoneType"),
        (compiled, ValueError, "network returned a compiled model.*Leave out the call of compile"),
        (partial(averaged, columns=3), ValueError, "3 columns.*2 classes.*one sigmoid output"),
        (partial(averaged, activation="linear"), ValueError, "activation='softmax'"),
        (
            partial(averaged, activation="linear", columns=1),
            ValueError,
            "activation='sigmoid', or, if it returns logits",
        ),
        (
            partial(averaged, activation="sigmoid"),
            ValueError,
            "2 columns and activation='sigmoid'; expected.*activation='softmax'",
        ),
        (with_lambda, ValueError, "Replace a Lambda layer"),
    ],
)
def test_a_network_that_cannot_be_used_is_refused(
    network: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"(?s){message}"):
        fit(network, epochs=1)


def test_one_sigmoid_is_refused_for_three_classes() -> None:
    with pytest.raises(ValueError, match=r"1 columns.*3 classes"):
        fit(partial(averaged, columns=1, activation="sigmoid"), n_classes=3)


def test_the_same_model_is_not_trained_twice() -> None:
    model = averaged({"embeddings": VECTORS, "n_classes_": 2})
    fit(lambda: model, epochs=1)
    with pytest.raises(ValueError, match="build a new one in each call"):
        fit(lambda: model, epochs=1)


def test_training_that_diverges_is_an_error() -> None:
    with pytest.raises(ValueError, match="Training diverged"):
        fit(averaged, optimizer="sgd", learning_rate=1e30, epochs=5)


# ---------------------------------------------------------------------------------------------
# Padding and batches
# ---------------------------------------------------------------------------------------------


def test_short_texts_are_filled_up_long_ones_cut_and_empty_ones_are_unknown() -> None:
    texts = TokenSequences.from_lists([[7, 8], [2, 3, 4, 5], []])
    np.testing.assert_array_equal(padded(texts, 3), [[7, 8, 0], [2, 3, 4], [UNKNOWN, 0, 0]])
    labeled = LabeledTexts(texts, np.array([0, 1, 1], np.int32), np.array([1.0, 2.0, 3.0]))
    first, second = batches(labeled, labeled.targets, 3, 2).as_numpy_iterator()
    np.testing.assert_array_equal(first[0], [[7, 8, 0], [2, 3, 4]])
    np.testing.assert_array_equal(second[0], [[UNKNOWN, 0, 0]])
    assert (second[1].tolist(), second[2].tolist()) == ([1], [3])


def test_each_epoch_has_every_text_once_in_an_order_that_the_seed_decides() -> None:
    texts = LabeledTexts(
        TokenSequences.from_lists([[i] for i in range(2, 12)]), np.arange(10, dtype=np.int32)
    )

    def orders(seed: int) -> list[list[int]]:
        data, n_steps = shuffled_batches(texts, texts.targets, 2, 4, 3, seed)
        labels = [labels.tolist() for _, labels, _ in data.as_numpy_iterator()]
        assert (n_steps, len(labels)) == (3, 9)
        return [[*chain(*labels[i : i + 3])] for i in (0, 3, 6)]

    epochs = orders(0)
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]
    assert epochs == orders(0) != orders(1)


@pytest.mark.parametrize("network", [averaged, two_channels, recurrent])
def test_the_outputs_for_a_text_do_not_depend_on_the_texts_beside_it(network: Any) -> None:
    trained = fit(network, epochs=1)
    rng = np.random.default_rng(0)
    rows = [rng.integers(2, N_IDS, size=size).tolist() for size in (0, 1, 15, 16, 17, 40, 40, 300)]
    alone = [outputs_of(trained, TokenSequences.from_lists([row]))[0] for row in rows]
    together = outputs_of(trained, TokenSequences.from_lists(rows))
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert outputs_of(trained, TokenSequences.from_lists([])).shape == (0, 2)


def test_texts_are_cut_for_a_network_whose_input_has_a_fixed_length() -> None:
    trained = fit(partial(averaged, length=5), epochs=1)
    assert trained.length == 5
    long, cut = ([[*range(2, 2 + n)]] for n in (9, 5))
    np.testing.assert_array_equal(
        outputs_of(trained, TokenSequences.from_lists(long)),
        outputs_of(trained, TokenSequences.from_lists(cut)),
    )


def test_texts_are_filled_up_to_the_longest_one() -> None:
    longest = held_out(TokenSequences.from_lists([[2] * 20, [3]]), np.array([0, 1], np.int32))
    assert fit(averaged, epochs=1, held_out=longest).length == 20


# ---------------------------------------------------------------------------------------------
# Training
# ---------------------------------------------------------------------------------------------


class Weights(callbacks.Callback):
    """Keeps the weights at the end of each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.of_epochs: list[list[Any]] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.of_epochs.append(self.model.get_weights())


@pytest.mark.parametrize("score", [None, lambda softmax: float(softmax[0, 0])])
def test_the_weights_of_the_best_epoch_are_kept(score: Any) -> None:
    # Their labels are the opposite of what the training texts say: every epoch is worse.
    sequences, targets = texts_and_targets()
    wrong = held_out(sequences, 1 - targets, n_iter_no_change=3)
    if score is not None:
        (row,) = np.flatnonzero(targets == 1)[:1]
        wrong = held_out(sequences.take([row]), targets[[row]], score=score, n_iter_no_change=3)
    epochs = Weights()
    trained = fit(averaged, held_out=wrong, epochs=20, learning_rate=0.05, callbacks=[epochs])
    values = trained.history["val_loss" if score is None else "val_score"]
    best = np.argmin(values) if score is None else np.argmax(values)
    assert trained.best_epoch == best == len(values) - 4 < 16
    for kept, of_best in zip(trained.model.get_weights(), epochs.of_epochs[best], strict=True):
        np.testing.assert_array_equal(kept, of_best)
    assert epochs._model is None


def test_the_seed_decides_and_no_global_random_state_is_changed() -> None:
    sequences, _ = texts_and_targets(seed=1)
    outputs: list[Any] = []
    for seed in (0, 0, 1):
        keras.utils.set_random_seed(len(outputs))
        expected = random.random(), np.random.random(), float(tf.random.uniform(()))
        keras.utils.set_random_seed(len(outputs))
        outputs.append(outputs_of(fit(two_channels, seed=seed), sequences))
        assert (random.random(), np.random.random(), float(tf.random.uniform(()))) == expected
    np.testing.assert_allclose(outputs[0], outputs[1], atol=1e-6)
    assert not np.allclose(outputs[0], outputs[2], atol=1e-3)


def test_the_weights_of_texts_count() -> None:
    sequences, targets = texts_and_targets()
    heavy = np.where(targets == 1, 10.0, 0.1)
    means = [
        outputs_of(fit(averaged, sample_weight=w, learning_rate=0.05), sequences)[:, 1].mean()
        for w in (None, heavy)
    ]
    assert means[1] > means[0] + 0.05


@pytest.mark.parametrize(
    ("network", "loss"),
    [
        (averaged, keras.losses.CategoricalCrossentropy()),
        (averaged, keras.losses.SparseCategoricalCrossentropy()),
        (averaged, keras.losses.BinaryCrossentropy()),
        (two_channels, keras.losses.BinaryCrossentropy()),
    ],
    ids=["softmax, one-hot", "softmax, indices", "softmax, binary", "sigmoid"],
)
def test_losses_of_keras_get_the_labels_in_their_form(network: Any, loss: Any) -> None:
    sequences, targets = texts_and_targets()
    data = held_out(sequences, targets, n_iter_no_change=50)
    trained = fit(network, loss=loss, epochs=12, learning_rate=0.1, held_out=data)
    is_right = outputs_of(trained, sequences).argmax(axis=1) == targets
    assert is_right[sequences.lengths > 0].mean() > 0.8
    assert trained.history["val_loss"][-1] < trained.history["val_loss"][0]


@pytest.mark.parametrize(
    "loss",
    [
        "expected_cost",
        keras.losses.CategoricalCrossentropy(),
        keras.losses.SparseCategoricalCrossentropy(),
        keras.losses.BinaryCrossentropy(),
    ],
    ids=["skcnn", "one-hot", "indices", "binary"],
)
def test_soft_targets_that_are_certain_teach_what_classes_teach(loss: Any) -> None:
    sequences, targets = texts_and_targets()
    softmax = []
    for given in (targets, np.eye(2, dtype=np.float32)[targets]):
        trained = fit_own_network(
            LabeledTexts(sequences, given),
            VECTORS,
            loss_costs=COSTS[2],
            settings=NetworkSettings(**{**SMALL_NETWORK, "network": averaged, "loss": loss}),
            held_out=HeldOut(LabeledTexts(sequences, given), None, 2),
            seed=0,
        )
        softmax.append(outputs_of(trained, sequences))
    np.testing.assert_allclose(softmax[0], softmax[1], atol=1e-5)


def test_soft_targets_teach_one_sigmoid_their_probability() -> None:
    sequences, targets = texts_and_targets()
    trained = fit_own_network(
        LabeledTexts(sequences, np.full((len(targets), 2), [0.2, 0.8], np.float32)),
        VECTORS,
        loss_costs=COSTS[2],
        settings=NetworkSettings(
            **SMALL_NETWORK
            | {"network": two_channels, "loss": "cross_entropy", "epochs": 30, "learning_rate": 0.1}
        ),
        held_out=None,
        seed=0,
    )
    np.testing.assert_allclose(outputs_of(trained, sequences)[:, 1], 0.8, atol=0.05)


class OfIndices(keras.losses.Loss):
    sparse_y_true = True

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return keras.losses.binary_crossentropy(y_true, y_pred)


def test_a_loss_of_indices_is_refused_for_soft_targets_and_one_sigmoid() -> None:
    sequences, targets = texts_and_targets()
    with pytest.raises(ValueError, match=r"one sigmoid output.*Give the network a softmax"):
        fit_own_network(
            LabeledTexts(sequences, np.eye(2, dtype=np.float32)[targets]),
            VECTORS,
            loss_costs=COSTS[2],
            settings=NetworkSettings(
                **SMALL_NETWORK | {"network": two_channels, "loss": OfIndices()}
            ),
            held_out=None,
            seed=0,
        )


def test_logits_are_taken_if_the_loss_expects_logits() -> None:
    from skcnn.losses import ExpectedCost

    loss = ExpectedCost(COSTS[2], from_logits=True)
    sequences, _ = texts_and_targets()
    trained = fit(partial(averaged, activation="linear"), loss=loss)
    assert trained.from_logits
    np.testing.assert_allclose(outputs_of(trained, sequences).sum(axis=1), 1)


def test_the_bytes_hold_the_same_network_without_the_state_of_the_optimizer() -> None:
    trained = fit(partial(two_channels, n_filters=50))
    again = model_from_bytes(trained.content)
    assert not again.compiled
    sequences, _ = texts_and_targets(seed=1)
    np.testing.assert_array_equal(
        again(padded(sequences, 16)), trained.model(padded(sequences, 16))
    )
    n_bytes = sum(weight.nbytes for weight in trained.model.get_weights())
    assert len(trained.content) < n_bytes + 60_000
