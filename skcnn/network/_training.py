"""The training loop: epochs, batches, validation, Keras callbacks."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn.text import TokenSequences

from ._averaging import EpochAverage
from ._loss_gradient import LossGradient, make_loss_gradient
from ._optimizers import make_optimizer
from ._parameters import (
    Floats,
    Parameters,
    filter_widths,
    read_parameters,
    word_parts,
    write_parameters,
)
from ._step import BatchMaker, gradients, pool, word_vectors
from ._threads import worker_threads

# Tokens that the validation texts are cut into blocks of.
_TOKENS_PER_BLOCK = 8192

Labelled = tuple[TokenSequences, NDArray[np.int32], ArrayLike | None]


def train(
    model: keras.Model,
    sequences: TokenSequences,
    labels: NDArray[np.int32],
    *,
    sample_weight: ArrayLike | None,
    validation_data: Labelled | None,
    batch_size: int,
    epochs: int,
    initial_epoch: int,
    verbose: int,
    callbacks: Any,
    shuffle: bool,
    average_weights: bool,
    word_dropout: float | Floats,
    generator: np.random.Generator,
) -> keras.callbacks.History:
    """Fit a compiled `TextCNN`; see `TextCNN.fit` for the arguments."""
    weights = _weights(sample_weight, len(sequences))
    n_classes = model.output_shape[-1]
    loss_gradient = make_loss_gradient(model.loss, n_classes)
    hooks = keras.callbacks.CallbackList(
        callbacks,
        add_history=True,
        add_progbar=verbose != 0,
        model=model,
        verbose=verbose,
        epochs=epochs,
        steps=-(-len(sequences) // batch_size),
    )
    model.stop_training = False
    with worker_threads() as executor:
        loop = _Loop(model, loss_gradient, generator, executor, average_weights, word_dropout)
        logs: dict[str, float] = {}
        hooks.on_train_begin()
        for epoch in range(initial_epoch, epochs):
            hooks.on_epoch_begin(epoch)
            if callbacks:
                loop.adopt_changes()
            order = generator.permutation(len(sequences)) if shuffle else np.arange(len(sequences))
            logs = {"loss": loop.run_epoch(sequences, labels, weights, order, batch_size, hooks)}
            if validation_data is not None:
                logs["val_loss"] = loop.evaluate(*validation_data)
            hooks.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
        model.optimizer.finalize_variable_values(model.trainable_variables)
        hooks.on_train_end(logs)
    return model.history


class _Loop:
    """What stays the same from batch to batch."""

    def __init__(
        self,
        model: keras.Model,
        loss_gradient: LossGradient,
        generator: np.random.Generator,
        executor: Executor,
        average_weights: bool,
        word_dropout: float | Floats,
    ) -> None:
        self._model = model
        self._loss_gradient = loss_gradient
        self._generator = generator
        self._executor = executor
        self._parameters = read_parameters(model)
        self._average = EpochAverage() if average_weights else None
        self._given = self._parameters  # what the model was last given
        self._widths = filter_widths(model)
        self._dropout = model.get_layer("dropout").rate
        self._word_dropout = word_dropout
        self._optimizer = make_optimizer(model, self._parameters, executor)
        self._make_batch = BatchMaker(len(self._parameters.embedding), word_parts(model))

    def run_epoch(
        self,
        sequences: TokenSequences,
        labels: NDArray[np.int32],
        weights: Floats,
        order: NDArray[np.int64],
        batch_size: int,
        hooks: keras.callbacks.CallbackList,
    ) -> float:
        """Train on every text once; return the mean loss and leave the weights in the model."""
        total, n_seen = 0.0, 0
        for step, begin in enumerate(range(0, len(order), batch_size)):
            hooks.on_train_batch_begin(step)
            rows = order[begin : begin + batch_size]
            batch = self._make_batch(sequences.take(rows), self._word_dropout, self._generator)
            self._optimizer.prepare(self._parameters, batch.rows)
            loss, slopes = gradients(
                self._parameters,
                batch,
                labels[rows],
                weights[rows],
                widths=self._widths,
                loss_gradient=self._loss_gradient,
                dropout=self._dropout,
                generator=self._generator,
                executor=self._executor,
            )
            self._optimizer.apply(self._parameters, slopes, batch.rows)
            total += loss * len(rows)
            n_seen += len(rows)
            hooks.on_train_batch_end(step, {"loss": loss})
            if self._model.stop_training:
                break
        self._optimizer.prepare(self._parameters)
        if self._average is not None:
            self._given = self._average.update(self._parameters)
        write_parameters(self._model, self._given)
        return total / n_seen

    def evaluate(
        self, sequences: TokenSequences, labels: NDArray[np.int32], sample_weight: ArrayLike | None
    ) -> float:
        """Mean loss of the compiled model on other texts, without dropout."""
        weights = _weights(sample_weight, len(sequences))
        total = 0.0
        for rows, logits in _logits(
            self._given, sequences, self._widths, self._make_batch, self._executor
        ):
            loss, _ = self._loss_gradient(logits, labels[rows], weights[rows])
            total += loss * len(rows)
        return total / len(sequences)

    def adopt_changes(self) -> None:
        """Go on from the weights that a callback has given the model between two epochs, if any."""
        fresh = read_parameters(self._model)
        if all(map(np.array_equal, fresh.arrays, self._given.arrays)):
            return
        for array, value in zip(self._parameters.arrays, fresh.arrays, strict=True):
            array[:] = value
        if self._average is not None:
            self._average = EpochAverage()


def predict_logits(model: keras.Model, sequences: TokenSequences) -> Floats:
    """Scores before the softmax, shape (n, K), by the compiled loops."""
    logits = np.empty((len(sequences), model.output_shape[-1]), np.float32)
    with worker_threads() as executor:
        parameters = read_parameters(model)
        make_batch = BatchMaker(len(parameters.embedding), word_parts(model))
        blocks = _logits(parameters, sequences, filter_widths(model), make_batch, executor)
        for rows, block in blocks:
            logits[rows] = block
    return logits


def _logits(
    parameters: Parameters,
    sequences: TokenSequences,
    widths: NDArray[np.int64],
    make_batch: BatchMaker,
    executor: Executor,
) -> Iterator[tuple[NDArray[np.int64], Floats]]:
    cuts = np.arange(_TOKENS_PER_BLOCK, sequences.offsets[-1], _TOKENS_PER_BLOCK)
    ends = np.searchsorted(sequences.offsets, cuts)
    for rows in np.split(np.arange(len(sequences)), np.unique(ends)):
        if len(rows) == 0:
            continue
        batch = make_batch(sequences.take(rows))
        vectors = word_vectors(parameters.embedding, batch, executor)
        pooled, _ = pool(batch, vectors, parameters.taps, widths, executor)
        features = np.maximum(pooled + parameters.filter_bias, 0)  # (n, W F)
        yield rows, features @ parameters.dense_kernel + parameters.dense_bias


def _weights(sample_weight: ArrayLike | None, n: int) -> Floats:
    if sample_weight is None:
        return np.ones(n, np.float32)
    return np.asarray(sample_weight, dtype=np.float32)
