"""The training loop: epochs, batches, held-out texts, Keras callbacks."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from typing import Any

import keras
import numpy as np

from skcnn._arrays import Float32, Int64
from skcnn.text._sequences import TokenSequences

from ._averaging import EpochAverage
from ._callbacks import acts_on_batches
from ._labeled_texts import LabeledTexts
from ._loss_gradient import LossGradient, make_loss_gradient
from ._optimizers import make_optimizer
from ._step import BatchMaker, gradients, pool, word_vectors
from ._threads import worker_threads
from ._weights import Weights, filter_widths, read_weights, word_parts, write_weights

# Texts that are only predicted are computed in blocks of about this many tokens, to limit memory:
# with the default filters, the products of a block's words with the taps take up to
# 8192 * 1200 * 4 bytes = 39 MB. Time hardly depends on it (measured from 1,024 to 65,536 tokens).
_TOKENS_PER_BLOCK = 8192


def train(
    model: keras.Model,
    texts: LabeledTexts,
    held_out: LabeledTexts | None,
    *,
    batch_size: int,
    epochs: int,
    initial_epoch: int,
    verbose: int,
    callbacks: Any,
    shuffle: bool,
    average_weights: bool,
    word_dropout: float | Float32,
    generator: np.random.Generator,
) -> keras.callbacks.History:
    """Fit a compiled `TextCNN`; the arguments are those of `TextCNN.fit`."""
    loss_gradient = make_loss_gradient(model.loss, model.output_shape[-1])
    hooks = keras.callbacks.CallbackList(
        callbacks,
        add_history=True,
        add_progbar=verbose != 0,
        model=model,
        verbose=verbose,
        epochs=epochs,
        steps=-(-len(texts) // batch_size),
    )
    model.stop_training = False
    with worker_threads() as executor:
        hooks.on_train_begin()  # where a callback may give itself more methods
        loop = _Loop(
            model,
            loss_gradient,
            generator,
            executor,
            average_weights,
            word_dropout,
            is_watched=any(map(acts_on_batches, hooks.callbacks)),
        )
        logs: dict[str, float] = {}
        for epoch in range(initial_epoch, epochs):
            hooks.on_epoch_begin(epoch)
            if callbacks:
                loop.adopt_changes()
            order = generator.permutation(len(texts)) if shuffle else np.arange(len(texts))
            logs = {"loss": loop.run_epoch(texts, order, batch_size, hooks)}
            if held_out is not None:
                logs["val_loss"] = loop.evaluate(held_out)
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
        word_dropout: float | Float32,
        *,
        is_watched: bool,
    ) -> None:
        self._model = model
        self._loss_gradient = loss_gradient
        self._generator = generator
        self._executor = executor
        self._weights = read_weights(model)
        self._average = EpochAverage() if average_weights else None
        self._in_model = self._weights  # the weights that the model has
        self._widths = filter_widths(model)
        self._dropout = model.get_layer("dropout").rate
        self._word_dropout = word_dropout
        self._optimizer = make_optimizer(model, self._weights, executor, is_watched=is_watched)
        self._make_batch = BatchMaker(len(self._weights.embedding), word_parts(model))

    def run_epoch(
        self,
        texts: LabeledTexts,
        order: Int64,
        batch_size: int,
        hooks: keras.callbacks.CallbackList,
    ) -> float:
        """Train on every text once; return the mean loss and give the model the new weights."""
        sample_weight = texts.weights
        total, n_seen = 0.0, 0
        for step, begin in enumerate(range(0, len(order), batch_size)):
            hooks.on_train_batch_begin(step)
            rows = order[begin : begin + batch_size]
            batch = self._make_batch(
                texts.sequences.take(rows), self._word_dropout, self._generator
            )
            self._optimizer.prepare(self._weights, batch.rows)
            loss, weights_gradient = gradients(
                self._weights,
                batch,
                texts.targets[rows],
                sample_weight[rows],
                widths=self._widths,
                loss_gradient=self._loss_gradient,
                dropout=self._dropout,
                generator=self._generator,
                executor=self._executor,
            )
            self._optimizer.apply(self._weights, weights_gradient, batch.rows)
            total += loss * len(rows)
            n_seen += len(rows)
            hooks.on_train_batch_end(step, {"loss": total / n_seen})  # as Keras: the mean so far
            if self._model.stop_training:
                break
        self._optimizer.prepare(self._weights)
        if self._average is not None:
            self._in_model = self._average.update(self._weights)
        write_weights(self._model, self._in_model)
        return total / n_seen

    def evaluate(self, texts: LabeledTexts) -> float:
        """Mean loss, without dropout, of the weights that the model has."""
        sample_weight = texts.weights
        total = 0.0
        for rows, logits in _logits(
            self._in_model, texts.sequences, self._widths, self._make_batch, self._executor
        ):
            loss, _ = self._loss_gradient(logits, texts.targets[rows], sample_weight[rows])
            total += loss * len(rows)
        return total / len(texts)

    def adopt_changes(self) -> None:
        """If a callback has changed the model's weights between two epochs, continue from them."""
        fresh = read_weights(self._model)
        if all(map(np.array_equal, fresh.arrays, self._in_model.arrays)):
            return
        for array, value in zip(self._weights.arrays, fresh.arrays, strict=True):
            array[:] = value
        if self._average is not None:
            self._average = EpochAverage()


def predict_logits(model: keras.Model, sequences: TokenSequences) -> Float32:
    """Return the logits of the model, (n, K), computed by the compiled loops."""
    logits = np.empty((len(sequences), model.output_shape[-1]), np.float32)
    with worker_threads() as executor:
        weights = read_weights(model)
        make_batch = BatchMaker(len(weights.embedding), word_parts(model))
        blocks = _logits(weights, sequences, filter_widths(model), make_batch, executor)
        for rows, block in blocks:
            logits[rows] = block
    return logits


def _logits(
    weights: Weights,
    sequences: TokenSequences,
    widths: Int64,
    make_batch: BatchMaker,
    executor: Executor,
) -> Iterator[tuple[Int64, Float32]]:
    """Yield row numbers of some texts, (n,), and their logits, (n, K)."""
    cuts = np.arange(_TOKENS_PER_BLOCK, sequences.offsets[-1], _TOKENS_PER_BLOCK)
    ends = np.searchsorted(sequences.offsets, cuts)
    for rows in np.split(np.arange(len(sequences)), np.unique(ends)):
        if len(rows) == 0:
            continue
        batch = make_batch(sequences.take(rows))
        vectors = word_vectors(weights.embedding, batch, executor)  # (U, d)
        pooled, _ = pool(batch, vectors, weights.taps_by_width, widths, executor)  # (n, W F)
        features = np.maximum(pooled + weights.filter_bias, 0)  # (n, W F)
        yield rows, features @ weights.dense_kernel + weights.dense_bias
