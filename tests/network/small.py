"""Small texts and small networks that the tests of this folder share."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from skcnn._settings import NetworkSettings
from skcnn.network._fit import HeldOut, TrainedTextCNN, fit_text_cnn
from skcnn.network._labeled_texts import LabeledTexts
from skcnn.network._model import build_with_word_parts
from skcnn.network.losses import make_loss
from skcnn.text._sequences import TokenSequences

N_IDS = 12
# Words with no, one and several subwords, one of them twice; 10 and 11 share the unknown's row.
WORD_PARTS = TokenSequences.from_lists(
    [
        *([0], [1], [2, 10], [3, 10, 11], [4], [5, 11, 11, 12], [6, 13], [7, 10, 11, 12, 13]),
        *([8], [9, 12], [1, 10, 13], [1, 12]),
    ]
)
COSTS = {
    2: np.array([[0.0, 1.0], [5.0, 0.0]]),
    3: np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 4.0], [5.0, 6.0, 0.0]]),
}
LOSSES_AND_PARAMETERS = [
    ("cross_entropy", {}),
    ("weighted", {}),
    ("misclassification", {}),
    ("hard_misclassification", {}),
    ("expected_cost", {}),
    ("expected_cost", {"cost_weight": 3.0}),
    ("focal", {}),
    ("focal", {"gamma": 0.0}),
    ("focal", {"gamma": 0.5}),
]
every_loss = pytest.mark.parametrize(("name", "params"), LOSSES_AND_PARAMETERS)


def texts_and_targets(n: int = 24, n_classes: int = 2, seed: int = 0) -> tuple[Any, Any]:
    """Texts of 0 to 7 words. The last word tells the class: its id is 2 + target."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(n_classes, size=n).astype(np.int32)
    rows = [
        [*rng.integers(5, N_IDS, size=length - 1).tolist(), 2 + target] if length else []
        for length, target in zip(rng.integers(0, 8, size=n), targets, strict=True)
    ]
    return TokenSequences.from_lists(rows), targets


def initial_rows(word_parts: TokenSequences | None) -> Any:
    n_rows = N_IDS if word_parts is None else int(word_parts.ids.max()) + 1
    return np.random.default_rng(1).normal(size=(n_rows, 3)).astype(np.float32)


def small_model(loss: Any = "misclassification", optimizer: Any = "adam", **options: Any) -> Any:
    """A compiled TextCNN, always with the same weights."""
    options = {
        "n_classes": 2,
        "filter_widths": (1, 3),
        "n_filters": 4,
        "dropout": 0.0,
        "random_state": 0,
        "word_parts": None,
        **options,
    }
    n_classes = options.pop("n_classes")
    embeddings = initial_rows(options.get("word_parts"))
    model = build_with_word_parts(len(embeddings), 3, n_classes, embeddings=embeddings, **options)
    model.compile(optimizer=optimizer, loss=make_loss(loss, COSTS[n_classes]))
    return model


def train(model: Any, data: Any = None, **options: Any) -> dict[str, list[float]]:
    """Train silently; return the history."""
    sequences, targets = data or texts_and_targets()
    options = {"epochs": 2, "batch_size": 8, "verbose": 0, "random_state": 0, **options}
    history: dict[str, list[float]] = model.fit(sequences, targets, **options).history
    return history


SMALL_NETWORK: dict[str, Any] = {
    "loss": "misclassification",
    "network": None,
    "filter_widths": (1, 3),
    "n_filters": 4,
    "dropout": 0.5,
    "optimizer": "adam",
    "learning_rate": None,
    "optimizer_params": None,
    "batch_size": 8,
    "epochs": 2,
    "average_weights": False,
    "callbacks": None,
}


def train_as_the_estimator_does(
    data: Any = None,
    *,
    word_parts: TokenSequences | None = None,
    sample_weight: Any = None,
    held_out: HeldOut | None = None,
    seed: int = 0,
    **settings: Any,
) -> TrainedTextCNN:
    """Train a network of `SMALL_NETWORK` with some other settings."""
    sequences, targets = data or texts_and_targets()
    return fit_text_cnn(
        LabeledTexts(sequences, targets, sample_weight),
        initial_rows(word_parts),
        word_parts=word_parts,
        word_dropout=0.0,
        loss_costs=COSTS[targets.shape[1] if targets.ndim == 2 else int(max(targets)) + 1],
        settings=NetworkSettings(**{**SMALL_NETWORK, **settings}),
        held_out=held_out,
        seed=seed,
    )


def held_out(
    sequences: TokenSequences, targets: Any, *, score: Any = None, n_iter_no_change: int = 9
) -> HeldOut:
    """Held-out texts; without a score, the loss on them is watched."""
    return HeldOut(LabeledTexts(sequences, targets), score, n_iter_no_change)


def weights_of(network: Any) -> list[Any]:
    """Copies of the weights of a Keras model or of what `fit_text_cnn` returns."""
    if isinstance(network, keras.Model):
        return [np.array(weight) for weight in network.get_weights()]
    arrays = [network.embedding, *network.kernels, network.filter_bias]
    return [*arrays, network.dense_kernel, network.dense_bias]


def assert_equal_weights(found: Any, expected: Any, atol: float = 0.0) -> None:
    for array, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(array, wanted, rtol=0, atol=atol)
