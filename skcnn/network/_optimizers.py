"""From gradients to new parameters: Adam by rows, or any other optimizer by Keras' own update."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from ._kernels import adam_catch_up_rows, adam_update, adam_update_rows
from ._parameters import Parameters, in_keras_order, read_parameters, write_parameters
from ._threads import equal_parts, in_parts

# Beyond that, catching up costs more than it saves.
_MAX_FADING_STEPS = 5000


class Optimizer(Protocol):
    """Changes parameters in place."""

    def prepare(self, parameters: Parameters, rows: NDArray[np.int32] | None = None) -> None:
        """Make these rows of the embedding, or all, fit to be read."""

    def apply(self, parameters: Parameters, gradients: Parameters, rows: NDArray[np.int32]) -> None:
        """Take one step; `gradients.embedding` has a row for each of `rows`."""


def make_optimizer(model: keras.Model, parameters: Parameters, executor: Executor) -> Optimizer:
    """Return the compiled loop for plain Adam, Keras' own update for everything else."""
    return (
        RowwiseAdam(model.optimizer, parameters, executor)
        if _is_plain_adam(model.optimizer)
        else (KerasUpdate(model))
    )


class RowwiseAdam:
    """Adam that works on the embedding rows of the batch alone, and is plain Adam all the same.

    The cost of a step does not grow with the vocabulary. What plain Adam would have done to a row
    while its word was away, moving on by momentum, is made up for in one go when the word is met
    again, and for all rows at the end of an epoch. ("Lazy" Adam, which leaves that out, moves rare
    words a tenth as far and is measurably worse here.)
    """

    def __init__(
        self, optimizer: keras.optimizers.Adam, parameters: Parameters, executor: Executor
    ) -> None:
        self._optimizer = optimizer
        self._executor = executor
        self._means = [np.zeros_like(array) for array in parameters.arrays]
        self._variances = [np.zeros_like(array) for array in parameters.arrays]
        self._step = 0
        self._step_sizes = np.zeros(1024, np.float32)
        self._last_step = np.zeros(len(parameters.embedding), np.int64)
        self._decay = [np.float32(x) for x in (optimizer.beta_1, optimizer.beta_2)]
        self._epsilon = np.float32(optimizer.epsilon)
        self._n_fading = _fading_steps(optimizer)

    def prepare(self, parameters: Parameters, rows: NDArray[np.int32] | None = None) -> None:
        """Bring these rows, or all, up to the last step."""
        if rows is None:
            rows = np.arange(len(parameters.embedding), dtype=np.int32)

        def catch_up(part: slice) -> None:
            adam_catch_up_rows(
                parameters.embedding,
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

    def apply(self, parameters: Parameters, gradients: Parameters, rows: NDArray[np.int32]) -> None:
        """Take one step of Adam."""
        step_size = self._next_step()

        def update(part: slice) -> None:
            adam_update_rows(
                parameters.embedding,
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
            parameters.dense, gradients.dense, self._means[1:], self._variances[1:], strict=True
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
        """Count the step and return its size; schedules and callbacks may change it."""
        adam = self._optimizer
        # TensorFlow's own calls: Keras' take a tenth of a step.
        learning_rate = float(_tensor(adam.learning_rate).numpy())
        self._step += 1
        adam.iterations.value.assign_add(1, read_value=False)
        correction = np.sqrt(1 - adam.beta_2**self._step) / (1 - adam.beta_1**self._step)
        if self._step == len(self._step_sizes):
            self._step_sizes = np.concatenate([self._step_sizes, np.zeros_like(self._step_sizes)])
        size = np.float32(learning_rate * correction)
        self._step_sizes[self._step] = size
        return size


class KerasUpdate:
    """Any Keras optimizer, by its own dense update of the model's variables."""

    def __init__(self, model: keras.Model) -> None:
        self._model = model

    def prepare(self, parameters: Parameters, rows: NDArray[np.int32] | None = None) -> None:
        """Nothing to do: every step updates every word."""

    def apply(self, parameters: Parameters, gradients: Parameters, rows: NDArray[np.int32]) -> None:
        """Take one step on the Keras variables and copy them back."""
        dense_embedding = np.zeros_like(parameters.embedding)
        dense_embedding[rows] = gradients.embedding
        gradients.embedding = dense_embedding
        write_parameters(self._model, parameters)
        slopes = [keras.ops.convert_to_tensor(g) for g in in_keras_order(self._model, gradients)]
        self._model.optimizer.apply(slopes, self._model.trainable_variables)
        updated = read_parameters(self._model)
        parameters.embedding = updated.embedding
        parameters.taps, parameters.filter_bias = updated.taps, updated.filter_bias
        parameters.dense_kernel, parameters.dense_bias = updated.dense_kernel, updated.dense_bias


def _tensor(learning_rate: Any) -> Any:
    """What TensorFlow holds: a schedule gives a tensor, a number is a variable of Keras."""
    return getattr(learning_rate, "value", learning_rate)


def _fading_steps(adam: keras.optimizers.Adam) -> int:
    """Steps after which momentum has fallen below float32's resolution, however the rest turns."""
    ratio = adam.beta_1 / np.sqrt(adam.beta_2)
    if ratio <= 0:
        return 1
    return int(np.ceil(np.log(1e-7) / np.log(ratio))) if ratio < 1 else _MAX_FADING_STEPS + 1


def _is_plain_adam(optimizer: Any) -> bool:
    """Adam with nothing switched on that the compiled loop does not do."""
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
