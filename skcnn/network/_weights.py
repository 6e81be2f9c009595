"""The weights of a TextCNN: from the model to arrays for the training loop, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from skcnn._arrays import Float32, Int64
from skcnn.text._sequences import TokenSequences


@dataclass(slots=True)
class Weights:
    """Everything that training changes, in float32; also used for one gradient of each weight.

    Attributes
    ----------
    embedding : (n_rows, d)
        Rows of words and, in a network with subwords, of subwords.
    taps_by_width : (sum of widths * n_filters, d)
        One row for each tap of each filter, all taps of one width together; `_kernels` describes
        the order.
    filter_bias : (n_widths * n_filters,)
    dense_kernel : (n_widths * n_filters, K)
    dense_bias : (K,)
    """

    embedding: Float32
    taps_by_width: Float32
    filter_bias: Float32
    dense_kernel: Float32
    dense_bias: Float32

    @property
    def dense(self) -> tuple[Float32, Float32, Float32, Float32]:
        """All arrays but the embedding. Every batch changes all their elements."""
        return self.taps_by_width, self.filter_bias, self.dense_kernel, self.dense_bias

    @property
    def arrays(self) -> tuple[Float32, ...]:
        """All arrays."""
        return self.embedding, *self.dense

    def copy(self) -> Weights:
        """Return the same numbers in new arrays."""
        return Weights(*(array.copy() for array in self.arrays))


def convolutions(model: keras.Model) -> list[keras.layers.Conv1D]:
    """Return the model's convolutions, one for each filter width."""
    return [layer for layer in model.layers if isinstance(layer, keras.layers.Conv1D)]


def filter_widths(model: keras.Model) -> Int64:
    """Return the widths of the model's filters, in the order of its layers."""
    return np.array([layer.kernel.shape[0] for layer in convolutions(model)])


def word_parts(model: keras.Model) -> TokenSequences | None:
    """Return the rows of the embedding that each id is made of; None: id i is row i."""
    return getattr(model.get_layer("embedding"), "word_parts", None)


def to_numpy(variable: Any) -> Float32:
    """Copy the value of a Keras variable into an array that may be written to."""
    # Not keras.ops.convert_to_numpy: NumPy 2 warns about the way in which it copies.
    return np.asarray(variable).copy()


def read_weights(model: keras.Model) -> Weights:
    """Copy the model's weights."""
    kernels = [to_numpy(layer.kernel) for layer in convolutions(model)]
    dimension = kernels[0].shape[1]
    dense = _dense_layer(model)
    return Weights(
        embedding=to_numpy(model.get_layer("embedding").embeddings),
        # (w, d, F) -> (w * F, d)
        taps_by_width=np.concatenate(
            [kernel.transpose(0, 2, 1).reshape(-1, dimension) for kernel in kernels]
        ),
        filter_bias=np.concatenate([to_numpy(layer.bias) for layer in convolutions(model)]),
        dense_kernel=to_numpy(dense.kernel),
        dense_bias=to_numpy(dense.bias),
    )


def write_weights(model: keras.Model, weights: Weights) -> None:
    """Give the model these weights."""
    for variable, value in zip(
        model.trainable_variables, in_keras_order(model, weights), strict=True
    ):
        variable.assign(value)


def in_keras_order(model: keras.Model, weights: Weights) -> list[Any]:
    """Return the weights (or gradients) in order and shape of the model's `trainable_variables`."""
    by_variable = {id(model.get_layer("embedding").embeddings): weights.embedding}
    first_tap = first_filter = 0
    for layer in convolutions(model):
        width, dimension, n_filters = layer.kernel.shape
        end_tap, end_filter = first_tap + width * n_filters, first_filter + n_filters
        taps = weights.taps_by_width[first_tap:end_tap].reshape(width, n_filters, dimension)
        by_variable[id(layer.kernel)] = taps.transpose(0, 2, 1)  # (w, F, d) -> (w, d, F)
        by_variable[id(layer.bias)] = weights.filter_bias[first_filter:end_filter]
        first_tap, first_filter = end_tap, end_filter
    dense = _dense_layer(model)
    by_variable[id(dense.kernel)] = weights.dense_kernel
    by_variable[id(dense.bias)] = weights.dense_bias
    return [by_variable[id(variable)] for variable in model.trainable_variables]


def _dense_layer(model: keras.Model) -> keras.layers.Dense:
    # By type: in Keras files of skcnn 0.1 the layer has another name.
    return next(layer for layer in model.layers if isinstance(layer, keras.layers.Dense))
