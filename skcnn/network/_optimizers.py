"""From gradients to new weights: Adam row by row, or any other optimizer by Keras' own update."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any, Protocol

import keras
import numpy as np

from skcnn._arrays import Float32, Int32

from ._kernels import adam_catch_up_rows, adam_update, adam_update_rows
from ._threads import equal_parts, in_parts
from ._weights import Weights, in_keras_order, read_weights, write_weights

# Momentum that has fallen to this share of its first value no longer changes a float32, whose
# resolution is 1.2e-7.
_SPENT = 1e-7
# If the momentum of Adam takes more steps to fade, Keras' own update is used. The limit keeps the
# loop over missed steps short. Keras is slower even near this limit: with 16,000 texts and 20,000
# words, an epoch took 1.3 s at Adam's defaults (154 steps), 3.2 s at 4,020 steps, and 23 s by
# Keras' own update.
_MAX_FADING_STEPS = 5000


class Optimizer(Protocol):
    """Changes weights in place."""

    def prepare(self, weights: Weights, rows: Int32 | None = None) -> None:
        """Bring these rows of the embedding up to date; without `rows`, all."""

    def apply(self, weights: Weights, gradients: Weights, rows: Int32) -> None:
        """Take one step; `gradients.embedding` has one row for each of `rows`."""


def make_optimizer(
    model: keras.Model, weights: Weights, executor: Executor, *, is_watched: bool
) -> Optimizer:
    """Return the compiled loop for plain Adam, Keras' own update for everything else.

    `is_watched` says whether callbacks see, and may change, the optimizer between two batches.
    """
    if is_plain_adam(model.optimizer):
        return RowwiseAdam(model.optimizer, weights, executor, is_watched=is_watched)
    return KerasUpdate(model)


class RowwiseAdam:
    """Adam that updates only the embedding rows of the batch, with the results of plain Adam.

    The time of a step does not grow with the vocabulary. Plain Adam also moves the rows that are
    not in a batch, by momentum. Here these steps are taken at once, when a row is in a batch again,
    and for all rows at the end of an epoch. ("Lazy" Adam leaves these steps out. Rare words then
    move only a tenth as far, and costs are higher: measured in docs/performance.md.)
    """

    def __init__(
        self,
        optimizer: keras.optimizers.Adam,
        weights: Weights,
        executor: Executor,
        *,
        is_watched: bool = False,
    ) -> None:
        self._optimizer = optimizer
        self._is_watched = is_watched
        # None: not known yet. A callback may set another learning rate, or a schedule, between two
        # epochs.
        self._asks_each_step: bool | None = None
        self._learning_rate: float | None = None
        self._n_uncounted = 0  # steps that Keras' optimizer does not know of yet
        self._executor = executor
        self._means = [np.zeros_like(array) for array in weights.arrays]
        self._variances = [np.zeros_like(array) for array in weights.arrays]
        self._step = 0
        self._step_sizes = np.zeros(1024, np.float32)
        self._last_step = np.zeros(len(weights.embedding), np.int64)
        self._decay = [np.float32(x) for x in (optimizer.beta_1, optimizer.beta_2)]
        self._epsilon = np.float32(optimizer.epsilon)
        self._n_fading = _fading_steps(optimizer)

    def continue_from(
        self, means: Sequence[Float32], variances: Sequence[Float32], n_steps: int
    ) -> None:
        """Go on from the moments of an earlier training, which were brought up to its last step.

        The arrays are those of `weights.arrays`. They are changed from now on.
        """
        self._means, self._variances, self._step = list(means), list(variances), n_steps
        self._step_sizes = np.zeros(n_steps + 1024, np.float32)
        self._last_step[:] = n_steps
        self._optimizer.iterations.assign(n_steps)  # for a schedule of the learning rate

    @property
    def moments(self) -> tuple[list[Float32], list[Float32], int]:
        """The means and variances of the gradients, and the number of steps."""
        return self._means, self._variances, self._step

    def prepare(self, weights: Weights, rows: Int32 | None = None) -> None:
        """Bring these rows up to the last step; without `rows`, all."""
        if rows is None:
            self._tell_steps()
            self._asks_each_step = None
            rows = np.arange(len(weights.embedding), dtype=np.int32)

        def catch_up(part: slice) -> None:
            adam_catch_up_rows(
                weights.embedding,
                rows[part],
                self._means[0],
                self._variances[0],
                self._last_step,
                self._step,
                self._step_sizes,
                self._n_fading,
                *self._decay,
                self._epsilon,
            )

        in_parts(self._executor, catch_up, equal_parts(len(rows)))

    def apply(self, weights: Weights, gradients: Weights, rows: Int32) -> None:
        """Take one step of Adam."""
        step_size = self._next_step()

        def update(part: slice) -> None:
            adam_update_rows(
                weights.embedding,
                rows[part],
                gradients.embedding[part],
                self._means[0],
                self._variances[0],
                self._last_step,
                self._step,
                step_size,
                *self._decay,
                self._epsilon,
            )

        in_parts(self._executor, update, equal_parts(len(rows)))
        for array, gradient, mean, variance in zip(
            weights.dense, gradients.dense, self._means[1:], self._variances[1:], strict=True
        ):
            adam_update(
                array.reshape(-1),
                gradient.reshape(-1),
                mean.reshape(-1),
                variance.reshape(-1),
                step_size,
                *self._decay,
                self._epsilon,
            )

    def _next_step(self) -> np.float32:
        """Count the step and return its size, which schedules and callbacks may change."""
        adam = self._optimizer
        if self._asks_each_step is None:
            # What was given: Keras keeps a number as a variable. The public attribute is the
            # current value, and the configuration needs the source code of a function.
            is_number = isinstance(getattr(adam, "_learning_rate", None), keras.Variable)
            self._asks_each_step = self._is_watched or not is_number
        if self._learning_rate is None:
            # A call of TensorFlow: that of Keras would take a tenth of the time of a step.
            self._learning_rate = float(_tensor(adam.learning_rate))
        learning_rate = self._learning_rate
        self._step += 1
        self._n_uncounted += 1
        if self._asks_each_step:
            self._tell_steps()
        correction = np.sqrt(1 - adam.beta_2**self._step) / (1 - adam.beta_1**self._step)
        if self._step == len(self._step_sizes):
            self._step_sizes = np.concatenate([self._step_sizes, np.zeros_like(self._step_sizes)])
        size = np.float32(learning_rate * correction)
        self._step_sizes[self._step] = size
        return size

    def _tell_steps(self) -> None:
        """Add the steps to Keras' count, and ask for the learning rate again in the next one.

        If nobody looks between two batches, this is done once for all steps of an epoch: a call of
        TensorFlow in each step would take longer than some of the arithmetic.
        """
        self._optimizer.iterations.value.assign_add(self._n_uncounted, read_value=False)
        self._n_uncounted, self._learning_rate = 0, None


class KerasUpdate:
    """Any Keras optimizer, by its own update of all the model's variables."""

    def __init__(self, model: keras.Model) -> None:
        self._model = model

    def prepare(self, weights: Weights, rows: Int32 | None = None) -> None:
        """Do nothing: every step updates every row."""

    def apply(self, weights: Weights, gradients: Weights, rows: Int32) -> None:
        """Take one step on the Keras variables and copy them back."""
        dense_embedding = np.zeros_like(weights.embedding)
        dense_embedding[rows] = gradients.embedding
        gradients.embedding = dense_embedding
        write_weights(self._model, weights)
        tensors = [keras.ops.convert_to_tensor(g) for g in in_keras_order(self._model, gradients)]
        self._model.optimizer.apply(tensors, self._model.trainable_variables)
        updated = read_weights(self._model)
        weights.embedding = updated.embedding
        weights.taps_by_width, weights.filter_bias = updated.taps_by_width, updated.filter_bias
        weights.dense_kernel, weights.dense_bias = updated.dense_kernel, updated.dense_bias


def _tensor(learning_rate: Any) -> Any:
    """What float takes: a schedule gives a tensor, a number is a Keras variable.

    A function gives either, or a number.
    """
    return getattr(learning_rate, "value", learning_rate)


def _fading_steps(adam: keras.optimizers.Adam) -> int:
    """Steps without a gradient after which a row no longer moves.

    Each such step is ``beta_1 / sqrt(beta_2)`` times as long as the one before.
    """
    ratio = adam.beta_1 / np.sqrt(adam.beta_2)
    if ratio <= 0:
        return 1
    return int(np.ceil(np.log(_SPENT) / np.log(ratio))) if ratio < 1 else _MAX_FADING_STEPS + 1


def is_plain_adam(optimizer: Any) -> bool:
    """Adam without any option that the compiled loop does not support."""
    if type(optimizer) is not keras.optimizers.Adam:
        return False
    extras = (
        "weight_decay",
        "clipnorm",
        "clipvalue",
        "global_clipnorm",
        "amsgrad",
        "use_ema",
        "loss_scale_factor",
        "gradient_accumulation_steps",
    )
    plain = not any(getattr(optimizer, extra, None) for extra in extras)
    return plain and _fading_steps(optimizer) <= _MAX_FADING_STEPS
