"""A Keras embedding in which a word's vector is a row of its own plus rows shared with others."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from skcnn.text._sequences import TokenSequences

from ._weights import to_numpy


@keras.saving.register_keras_serializable(package="skcnn")
class SubwordEmbedding(layers.Embedding):
    """Word vectors: a word's own row plus the mean of the rows of its subwords.

    Parameters
    ----------
    input_dim : int
        Number of rows, of words and of subwords.
    output_dim : int
        Dimension of a vector.
    n_ids : int
        Number of token ids.
    n_parts : int
        Number of rows that `word_parts` names, over all ids.
    **kwargs
        As for `keras.layers.Embedding`.
    """

    def __init__(
        self, input_dim: int, output_dim: int, n_ids: int, n_parts: int, **kwargs: Any
    ) -> None:
        super().__init__(input_dim, output_dim, **kwargs)
        self.n_ids = n_ids
        self.n_parts = n_parts
        self.supports_jit = False  # XLA, which Keras uses on a GPU, has no ragged tensors

    def build(self, input_shape: Any = None) -> None:
        """Create the rows, and the lists of the rows that each word is made of."""
        super().build(input_shape)
        self._parts, self._offsets = (
            self.add_weight(
                name=name, shape=(size,), dtype="int32", trainable=False, initializer="zeros"
            )
            for name, size in (("parts", self.n_parts), ("offsets", self.n_ids + 1))
        )

    @property
    def word_parts(self) -> TokenSequences:
        """Rows that each word is made of: first its own, then those of its subwords."""
        parts, offsets = to_numpy(self._parts), to_numpy(self._offsets)
        return TokenSequences(parts.astype(np.int32), offsets.astype(np.int64))

    def assign_word_parts(self, parts: TokenSequences) -> None:
        """Set the rows that each word is made of."""
        self._parts.assign(parts.ids)
        self._offsets.assign(parts.offsets.astype(np.int32))

    def call(self, inputs: Any) -> Any:
        """Vectors of token ids, (...) -> (..., d)."""
        parts = tf.RaggedTensor.from_row_splits(
            tf.convert_to_tensor(self._parts), tf.convert_to_tensor(self._offsets), validate=False
        )
        ids = tf.reshape(tf.cast(inputs, "int32"), [-1])
        rows = tf.gather(parts, ids)  # (N,) -> (N, number of parts)
        table = tf.convert_to_tensor(self.embeddings)
        own = tf.gather(table, rows[:, :1].flat_values)  # (N, d)
        subwords = rows[:, 1:]
        total = tf.reduce_sum(tf.gather(table, subwords), axis=1)  # (N, subwords, d) -> (N, d)
        count = tf.maximum(tf.cast(subwords.row_lengths(), "float32"), 1.0)
        vectors = own + total / count[:, tf.newaxis]
        return tf.reshape(vectors, tf.concat([tf.shape(inputs), [self.output_dim]], axis=0))

    # The methods of Embedding save and load one variable only.
    save_own_variables = layers.Layer.save_own_variables
    load_own_variables = layers.Layer.load_own_variables

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**super().get_config(), "n_ids": self.n_ids, "n_parts": self.n_parts}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SubwordEmbedding:
        """Create the layer from what `get_config` returned, also in skcnn 0.1."""
        renamed = {"n_ids" if name == "n_words" else name: value for name, value in config.items()}
        layer: SubwordEmbedding = super().from_config(renamed)
        return layer
