from __future__ import annotations

import csv
import re
from functools import partial

import keras
import numpy as np
import pytest
from keras import callbacks

from skcnn.network._callbacks import BestEpoch, ValidationScore
from skcnn.network._fit import text_cnn_softmax
from skcnn.network._model import TextCNN
from skcnn.network._training import predict_logits
from skcnn.text._sequences import TokenSequences
from tests.network.small import (
    N_IDS,
    WORD_PARTS,
    assert_equal_weights,
    held_out,
    small_model,
    texts_and_targets,
    train,
    train_as_the_estimator_does,
    weights_of,
)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    first, second, other = (train_as_the_estimator_does(seed=seed) for seed in (0, 0, 1))
    assert_equal_weights(weights_of(first), weights_of(second))
    assert first.history == second.history
    assert np.abs(first.embedding - other.embedding).max() > 1e-4


def test_dropout_and_the_order_of_batches_change_training_and_are_seeded():
    expected = train(small_model())
    assert train(small_model()) == expected
    for changed in (
        train(small_model(dropout=0.5)),
        train(small_model(), shuffle=False),
        train(small_model(), random_state=1),
    ):
        assert changed["loss"] != expected["loss"]
    dropped = [train(small_model(dropout=0.5), shuffle=False, random_state=s) for s in (0, 0, 1)]
    assert dropped[0] == dropped[1]
    assert dropped[0]["loss"] != dropped[2]["loss"]


def test_training_learns_the_word_that_tells_the_class():
    sequences, targets = texts_and_targets(200, n_classes=3)
    result = train_as_the_estimator_does(
        (sequences, targets), epochs=20, optimizer_params={"learning_rate": 0.02}, dropout=0.2
    )
    assert result.history["loss"][-1] < 0.5 * result.history["loss"][0]
    assert result.best_epoch == 19
    model = small_model(n_classes=3)
    model.set_weights(_in_keras_order(result))
    right = predict_logits(model, sequences).argmax(axis=1) == targets
    assert right[sequences.lengths > 0].mean() > 0.9


def _in_keras_order(result):
    biases = np.split(result.filter_bias, len(result.kernels))
    pairs = [array for pair in zip(result.kernels, biases, strict=True) for array in pair]
    return [result.embedding, *pairs, result.dense_kernel, result.dense_bias]


def test_the_loss_of_an_epoch_is_the_mean_over_its_texts():
    data = texts_and_targets(21)
    model = small_model(optimizer=keras.optimizers.SGD(0.0))
    history = train(model, data, epochs=1, batch_size=8, validation_data=data)
    expected = model.loss(data[1], model(data[0].to_padded()))
    np.testing.assert_allclose(history["loss"], [float(expected)], rtol=1e-5)
    np.testing.assert_allclose(history["val_loss"], [float(expected)], rtol=1e-5)


def test_a_batch_is_logged_with_the_mean_loss_so_far_as_keras_does():
    class Batches(callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.losses = []

        def on_train_batch_end(self, batch, logs=None):
            self.losses.append(logs["loss"])

    data = texts_and_targets(21)
    found = Batches()
    history = train(small_model(), data, epochs=1, batch_size=8, callbacks=[found], shuffle=False)
    assert found.losses[-1] == pytest.approx(history["loss"][0])
    assert found.losses[0] != pytest.approx(history["loss"][0])
    # Keras' own loop, with the same weights and batches.
    model, expected = small_model(dropout=0.0), Batches()
    ours = Batches()
    start = model.get_weights()
    padded = data[0].to_padded()
    options = {"epochs": 1, "batch_size": 8, "shuffle": False, "verbose": 0}
    keras.Model.fit(model, padded, data[1], callbacks=[expected], **options)
    model = small_model(dropout=0.0)
    model.set_weights(start)
    train(model, data, callbacks=[ours], **options)
    # Adam by rows and Keras' dense Adam differ a little from the second step on; the loss of the
    # last batch alone would differ by a tenth.
    np.testing.assert_allclose(ours.losses, expected.losses, rtol=1e-3)


def test_padded_ids_and_sequences_give_the_same_history():
    sequences, targets = texts_and_targets()
    expected = train(small_model(), (sequences, targets))
    padded = np.pad(sequences.to_padded(), ((0, 0), (1, 2)))
    assert train(small_model(), (padded, targets)) == expected
    assert train(small_model(), (padded, targets.tolist())) == expected
    assert train(small_model(), (padded, targets[:, None])) == expected
    assert train(small_model(), (padded, np.eye(2)[targets])) == expected


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_texts_of_weight_zero_change_nothing(optimizer):
    sequences, targets = texts_and_targets()
    weight = np.tile([1.0, 0.0, 2.0], 8)
    wrong = np.where(weight == 0, 1 - targets, targets)
    models = [small_model(optimizer=optimizer) for _ in range(2)]
    for model, y in zip(models, (targets, wrong), strict=True):
        train(model, (sequences, y), sample_weight=weight)
    assert_equal_weights(*map(weights_of, models))


def test_weights_of_one_change_nothing_and_weights_count_in_the_validation_loss():
    data = texts_and_targets()
    expected = train(small_model(), validation_data=data)
    ones = np.ones(len(data[1]))
    assert train(small_model(), sample_weight=ones, validation_data=(*data, ones)) == expected
    half = train(small_model(), validation_data=(*data, ones / 2))
    np.testing.assert_allclose(np.multiply(half["val_loss"], 2), expected["val_loss"], rtol=1e-5)


def test_the_callers_weights_and_targets_are_not_changed():
    sequences, targets = texts_and_targets()
    weight, copy = np.linspace(0, 2, len(targets)), targets.copy()
    train_as_the_estimator_does((sequences, targets), sample_weight=weight)
    np.testing.assert_array_equal(weight, np.linspace(0, 2, len(targets)))
    np.testing.assert_array_equal(targets, copy)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_dropped_word_is_trained_as_its_subwords_plus_the_unknown_word(optimizer):
    rows, targets = [[3, 9], [7], [4]], np.array([0, 1, 1])
    as_unknown = [[1, *row[1:]] if len(row) > 1 else row for row in _lists(WORD_PARTS)]
    dropped = small_model(optimizer=optimizer, word_parts=WORD_PARTS)
    unknown = small_model(optimizer=optimizer, word_parts=TokenSequences.from_lists(as_unknown))
    data = TokenSequences.from_lists(rows), targets
    train(dropped, data, shuffle=False, word_dropout=1.0)
    train(unknown, data, shuffle=False)
    n_rows = min(len(weights_of(model)[0]) for model in (dropped, unknown))
    found, expected = (
        [variable.numpy()[:n_rows] for variable in model.trainable_variables]
        for model in (dropped, unknown)
    )
    assert_equal_weights(found, expected, atol=1e-6)


def _lists(sequences):
    return [row.tolist() for row in np.split(sequences.ids, sequences.offsets[1:-1])]


def test_words_are_dropped_at_random_with_a_seed_and_only_with_subwords():
    def trained(**options):
        model = small_model(word_parts=options.pop("word_parts", WORD_PARTS))
        return train(model, shuffle=False, **options)["loss"]

    half = trained(word_dropout=0.5)
    assert trained(word_dropout=0.5) == half
    assert trained(word_dropout=0.5, random_state=1) != half
    assert trained() == trained(word_dropout=0.0) != half
    n_ids = len(WORD_PARTS)
    assert trained(word_dropout=np.full(n_ids, 0.5)) == half
    assert trained(word_dropout=np.zeros(n_ids)) == trained()
    some = np.where(np.arange(n_ids) % 2, 1.0, 0.0)
    assert trained(word_dropout=some) not in (trained(word_dropout=1.0), trained())
    assert trained(word_parts=None, word_dropout=0.5) == trained(word_parts=None)


class Diary(callbacks.Callback):
    """Records every call and its arguments."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def on_train_begin(self, logs=None):
        self.calls.append(("train begin", self.params["epochs"], self.params["steps"]))

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(("epoch begin", epoch))

    def on_train_batch_begin(self, batch, logs=None):
        self.calls.append(("batch begin", batch))

    def on_train_batch_end(self, batch, logs=None):
        self.calls.append(("batch end", batch, sorted(logs)))

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(("epoch end", epoch, sorted(logs)))

    def on_train_end(self, logs=None):
        self.calls.append(("train end", sorted(logs)))


def test_callbacks_are_called_as_by_keras():
    data, diary, keras_diary = texts_and_targets(20), Diary(), Diary()
    train(small_model(), data, callbacks=[diary], validation_data=data)
    model = small_model()
    ids = data[0].to_padded()
    keras.Model(model.inputs, model.outputs)
    keras.Model.fit(
        model,
        ids,
        data[1],
        epochs=2,
        batch_size=8,
        verbose=0,
        callbacks=[keras_diary],
        validation_data=(ids, data[1]),
    )
    assert diary.calls == keras_diary.calls


def test_keras_own_callbacks_work(tmp_path):
    batch_losses, model = [], small_model()
    hooks = [
        callbacks.LambdaCallback(on_train_batch_end=lambda _, logs: batch_losses.append(logs)),
        callbacks.CSVLogger(tmp_path / "log.csv"),
        callbacks.ModelCheckpoint(tmp_path / "{epoch}.weights.h5", save_weights_only=True),
        callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras"),
        callbacks.TerminateOnNaN(),
        callbacks.EarlyStopping(monitor="val_loss"),
    ]
    data = texts_and_targets()
    history = train(model, data, callbacks=hooks, validation_data=data)
    with open(tmp_path / "log.csv") as file:
        rows = list(csv.DictReader(file))
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose([float(row[name]) for row in rows], history[name])
    assert len(batch_losses) == 6
    assert all(np.isfinite(logs["loss"]) for logs in batch_losses)
    other = small_model(random_state=5)
    other.load_weights(tmp_path / "2.weights.h5")
    assert_equal_weights(weights_of(other), weights_of(model))
    saved = keras.models.load_model(tmp_path / "2.keras", compile=False)
    assert_equal_weights(weights_of(saved), weights_of(model))


def test_a_callback_can_stop_training_after_an_epoch():
    class Stop(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    assert len(train(small_model(), epochs=5, callbacks=[Stop()])["loss"]) == 2
    assert train_as_the_estimator_does(epochs=5, callbacks=[Stop()]).best_epoch == 1


def test_a_callback_can_stop_training_after_a_batch():
    class Stop(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    model, diary = small_model(), Diary()
    history = train(model, epochs=5, callbacks=[Stop(), diary])
    assert len(history["loss"]) == 1
    assert [call[:2] for call in diary.calls if call[0] == "batch end"] == [
        ("batch end", 0),
        ("batch end", 1),
    ]
    assert int(model.optimizer.iterations) == 2


def test_a_callback_may_be_any_object_with_the_methods():
    class Forwards:
        def __init__(self, callback):
            self.callback = callback

        def __getattr__(self, name):
            return getattr(self.callback, name)

    diary = Diary()
    train(small_model(), epochs=1, callbacks=[Forwards(diary)])
    assert "batch end" in {call[0] for call in diary.calls}


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("moment", ["on_train_begin", "on_epoch_begin", "on_epoch_end"])
def test_training_continues_from_weights_that_a_callback_sets(moment, optimizer):
    marked = 123.0

    class SetWeights(callbacks.Callback):
        def set_once(self, *_, **__):
            if not done:
                done.append(moment)
                weights = self.model.get_weights()
                weights[0][:] = marked
                self.model.set_weights(weights)

    done: list[str] = []
    setattr(SetWeights, moment, SetWeights.set_once)
    model = small_model(optimizer=optimizer)
    train(model, epochs=2, callbacks=[SetWeights()])
    np.testing.assert_allclose(weights_of(model)[0], marked, atol=1)
    assert np.abs(weights_of(model)[0] - marked).max() > 0


def score_sequence(scores):
    left = iter(scores)
    return lambda softmax: next(left)


def test_the_weights_of_the_best_epoch_are_restored():
    kept = []
    keep = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: kept.append(weights_of(keep.model))
    )
    result = train_as_the_estimator_does(
        callbacks=[keep],
        held_out=held_out(
            *texts_and_targets(),
            score=score_sequence([0.1, 0.5, 0.3, 0.4, 0.9]),
            n_iter_no_change=2,
        ),
        epochs=5,
    )
    assert result.best_epoch == 1
    assert result.history["val_score"] == [0.1, 0.5, 0.3, 0.4]
    assert_equal_weights(_in_keras_order(result), kept[1])


def test_without_a_score_the_lowest_validation_loss_is_the_best():
    data = texts_and_targets()
    # With exchanged classes, learning makes the validation loss worse.
    result = train_as_the_estimator_does(
        data,
        held_out=held_out(data[0], 1 - data[1], n_iter_no_change=2),
        epochs=9,
        optimizer_params={"learning_rate": 0.1},
    )
    val_loss = result.history["val_loss"]
    assert result.best_epoch == np.argmin(val_loss)
    assert len(val_loss) == result.best_epoch + 3


def test_the_score_gets_softmax_outputs_of_the_epochs_weights():
    sequences, _ = texts_and_targets()
    model, outputs = small_model(), []
    of_model = partial(text_cnn_softmax, sequences=sequences)
    score = ValidationScore(of_model, lambda q: outputs.append(q) or 0.0)
    hooks = [score, BestEpoch("val_score", "max", 5)]
    train(model, epochs=1, callbacks=hooks)
    np.testing.assert_allclose(outputs[0], model(sequences.to_padded()), atol=1e-6)
    np.testing.assert_allclose(outputs[0].sum(axis=1), 1)


def test_a_callback_does_not_keep_the_model_alive():
    class Fails(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise RuntimeError("on purpose")

    diary, fails = Diary(), Fails()
    with pytest.raises(RuntimeError, match="on purpose"):
        train_as_the_estimator_does(callbacks=[diary, fails])
    assert diary.model is None
    assert fails.model is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"validation_split": 0.1},
            "TextCNN.fit does not take ['validation_split']. Pass validation_data instead of a "
            "split",
        ),
        ({"class_weight": {0: 1, 1: 2}}, "TextCNN.fit does not take ['class_weight']"),
        ({"steps_per_epoch": 3}, "TextCNN.fit does not take ['steps_per_epoch']"),
        ({"sample_weight": np.ones(3)}, "sample_weight has shape (3,), x holds 24 texts; expected"),
    ],
)
def test_arguments_that_training_does_not_support_raise_an_error(options, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        train(small_model(), **options)


@pytest.mark.parametrize(
    ("rows", "targets", "message"),
    [
        ([[2], [3]], [0, 1, 1], "y has shape (3,), x holds 2 texts; expected one class index"),
        ([[2], [3]], [0], "y has shape (1,), x holds 2 texts"),
        ([[2], [3]], np.eye(3)[:2], "y has shape (2, 3), x holds 2 texts"),
        ([[2], [3]], [0, 2], "y has labels from 0 to 2; expected class indices below 2"),
        ([[2], [3]], [-1, 1], "y has labels from -1 to 1; expected class indices below 2"),
        ([[2], [N_IDS]], [0, 1], f"x has token ids from 2 to {N_IDS}; expected ids below"),
        ([[2], [-3]], [0, 1], "x has token ids from -3 to 2; expected ids below"),
    ],
)
def test_classes_and_ids_that_the_network_does_not_have_raise_an_error(rows, targets, message):
    data = TokenSequences.from_lists(rows), np.asarray(targets)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        train(small_model(), data)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        train(small_model(), validation_data=data)


def test_a_text_cnn_is_a_keras_model():
    model = small_model()
    assert isinstance(model, TextCNN)
    assert model.predict(np.array([[2, 3, 0]]), verbose=0).shape == (1, 2)
    assert model.count_params() == N_IDS * 3 + (1 + 3) * 3 * 4 + 8 + 8 * 2 + 2
