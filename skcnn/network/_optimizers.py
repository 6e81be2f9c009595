"""From gradients to new parameters: Adam by rows, or any other optimizer by Keras' own update."""

from __future__ import annotations

from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from ._kernels import adam_update, adam_update_rows
from ._parameters import Parameters, in_keras_order, read_parameters, write_parameters


class Optimizer(Protocol):
    """Changes parameters in place."""

    def apply(
        self, parameters: Parameters, gradients: Parameters, words: NDArray[np.int32]
    ) -> None:
        """Take one step; `gradients.embedding` has a row for each of `words`."""


def make_optimizer(model: keras.Model, parameters: Parameters) -> Optimizer:
    """Return the compiled loop for plain Adam, Keras' own update for everything else."""
    return (
        RowwiseAdam(model.optimizer, parameters)
        if _is_plain_adam(model.optimizer)
        else (KerasUpdate(model))
    )


class RowwiseAdam:
    """Adam that touches only the embedding rows of the batch.

    The cost of a step does not grow with the vocabulary. A row's moments rest while its word is
    away, which plain Adam lets decay: the "lazy" Adam of TensorFlow Addons.
    """

    def __init__(self, optimizer: keras.optimizers.Adam, parameters: Parameters) -> None:
        self._optimizer = optimizer
        arrays = (parameters.embedding, *parameters.dense)
        self._means = [np.zeros_like(array) for array in arrays]
        self._variances = [np.zeros_like(array) for array in arrays]
        self._step = int(np.asarray(optimizer.iterations))

    def apply(
        self, parameters: Parameters, gradients: Parameters, words: NDArray[np.int32]
    ) -> None:
        """Take one step of Adam."""
        hyperparameters = self._next_step()
        adam_update_rows(
            parameters.embedding,
            words,
            gradients.embedding,
            self._means[0],
            self._variances[0],
            *hyperparameters,
        )
        for array, gradient, mean, variance in zip(
            parameters.dense, gradients.dense, self._means[1:], self._variances[1:], strict=True
        ):
            adam_update(
                array.reshape(-1),
                gradient.reshape(-1),
                mean.reshape(-1),
                variance.reshape(-1),
                *hyperparameters,
            )

    def _next_step(self) -> tuple[np.float32, np.float32, np.float32, np.float32]:
        """Step size, both betas and epsilon; schedules and callbacks may change the first."""
        adam = self._optimizer
        learning_rate = float(np.asarray(adam.learning_rate))
        self._step += 1
        adam.iterations.assign(self._step)
        correction = np.sqrt(1 - adam.beta_2**self._step) / (1 - adam.beta_1**self._step)
        values = (learning_rate * correction, adam.beta_1, adam.beta_2, adam.epsilon)
        return tuple(np.float32(value) for value in values)  # type: ignore[return-value]


class KerasUpdate:
    """Any Keras optimizer, by its own dense update of the model's variables."""

    def __init__(self, model: keras.Model) -> None:
        self._model = model

    def apply(
        self, parameters: Parameters, gradients: Parameters, words: NDArray[np.int32]
    ) -> None:
        """Take one step on the Keras variables and copy them back."""
        dense_embedding = np.zeros_like(parameters.embedding)
        dense_embedding[words] = gradients.embedding
        gradients.embedding = dense_embedding
        write_parameters(self._model, parameters)
        slopes = [keras.ops.convert_to_tensor(g) for g in in_keras_order(self._model, gradients)]
        self._model.optimizer.apply(slopes, self._model.trainable_variables)
        updated = read_parameters(self._model)
        parameters.embedding = updated.embedding
        parameters.taps, parameters.filter_bias = updated.taps, updated.filter_bias
        parameters.dense_kernel, parameters.dense_bias = updated.dense_kernel, updated.dense_bias


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
    return not any(getattr(optimizer, extra, None) for extra in extras)
