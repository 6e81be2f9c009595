"""The weights of a TextCNN as arrays laid out for the training loop, and back into the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from skcnn.text import TokenSequences

Floats = NDArray[np.float32]


@dataclass(slots=True)
class Parameters:
    """Everything that training changes, in float32.

    Attributes
    ----------
    embedding : (n_rows, d), of words and, where there are any, of subwords
    taps : (sum of widths * n_filters, d), see `_kernels` for the order of its rows
    filter_bias : (n_widths * n_filters,)
    dense_kernel : (n_widths * n_filters, K)
    dense_bias : (K,)
    """

    embedding: Floats
    taps: Floats
    filter_bias: Floats
    dense_kernel: Floats
    dense_bias: Floats

    @property
    def dense(self) -> tuple[Floats, Floats, Floats, Floats]:
        """The arrays that every batch changes as a whole: all but the embedding."""
        return self.taps, self.filter_bias, self.dense_kernel, self.dense_bias

    @property
    def arrays(self) -> tuple[Floats, ...]:
        """All arrays."""
        return self.embedding, *self.dense

    def copy(self) -> Parameters:
        """The same numbers in arrays of their own."""
        return Parameters(*(array.copy() for array in self.arrays))


def word_parts(model: keras.Model) -> TokenSequences | None:
    """Rows of the embedding that each word is made of; None where word i is row i."""
    return getattr(model.get_layer("embedding"), "word_parts", None)


def filter_widths(model: keras.Model) -> NDArray[np.int64]:
    """Widths of the model's filters, in the order of its layers."""
    return np.array([layer.kernel.shape[0] for layer in _convolutions(model)])


def to_numpy(variable: Any) -> Floats:
    """Copy the value of a Keras variable; the copy may be written to."""
    return np.array(keras.ops.convert_to_numpy(variable))


def read_parameters(model: keras.Model) -> Parameters:
    """Copy the model's weights."""
    kernels = [to_numpy(layer.kernel) for layer in _convolutions(model)]
    dimension = kernels[0].shape[1]
    scores = model.get_layer("scores")
    return Parameters(
        embedding=to_numpy(model.get_layer("embedding").embeddings),
        # (w, d, F) -> (w * F, d)
        taps=np.concatenate([k.transpose(0, 2, 1).reshape(-1, dimension) for k in kernels]),
        filter_bias=np.concatenate([to_numpy(layer.bias) for layer in _convolutions(model)]),
        dense_kernel=to_numpy(scores.kernel),
        dense_bias=to_numpy(scores.bias),
    )


def write_parameters(model: keras.Model, parameters: Parameters) -> None:
    """Give the model these weights."""
    for variable, value in zip(
        model.trainable_variables, in_keras_order(model, parameters), strict=True
    ):
        variable.assign(value)


def in_keras_order(model: keras.Model, parameters: Parameters) -> list[Any]:
    """Weights (or their gradients) in the order and shape of the model's `trainable_variables`."""
    by_variable = {id(model.get_layer("embedding").embeddings): parameters.embedding}
    first_tap = first_filter = 0
    for layer in _convolutions(model):
        width, dimension, n_filters = layer.kernel.shape
        block = parameters.taps[first_tap : first_tap + width * n_filters]
        by_variable[id(layer.kernel)] = block.reshape(width, n_filters, dimension).transpose(
            0, 2, 1
        )
        by_variable[id(layer.bias)] = parameters.filter_bias[
            first_filter : first_filter + n_filters
        ]
        first_tap += width * n_filters
        first_filter += n_filters
    scores = model.get_layer("scores")
    by_variable[id(scores.kernel)] = parameters.dense_kernel
    by_variable[id(scores.bias)] = parameters.dense_bias
    return [by_variable[id(variable)] for variable in model.trainable_variables]


def _convolutions(model: keras.Model) -> list[keras.layers.Conv1D]:
    return [layer for layer in model.layers if isinstance(layer, keras.layers.Conv1D)]
