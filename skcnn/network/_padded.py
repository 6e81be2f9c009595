"""Token ids as padded arrays: what a user's Keras network learns from, and its outputs for them.

A network without masking sees padding as a word. So how far a text is filled up must not depend on
the other texts of its batch. Here it depends on the text alone: all texts have the same length, and
only a text that is longer keeps its own length.
"""

from __future__ import annotations

import math
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from skcnn._arrays import Float64, Int32, Int64
from skcnn.text._sequences import UNKNOWN, TokenSequences

from ._labeled_texts import LabeledTexts
from ._loss_outputs import softmax_columns

# Filters of this width or less have a window in every text.
MIN_LENGTH: Final = 16
# Texts that are only predicted. Larger blocks take more memory and are not faster.
_TEXTS_PER_BLOCK, _IDS_PER_BLOCK = 256, 2**15


def input_length(model: keras.Model) -> int | None:
    """Number of ids that a model's input has for each text; None: any number."""
    shape = getattr(model, "input_shape", None)  # a model that is a subclass may have none
    return shape[1] if isinstance(shape, tuple) and len(shape) == 2 else None


def padded(sequences: TokenSequences, length: int) -> Int32:
    """Return ids of shape (n, length). Longer texts are cut.

    A text without tokens is one unknown word: a layer that ignores padding would have no input.
    """
    ids = sequences.to_padded(length)[:, :length]
    ids[sequences.lengths == 0, 0] = UNKNOWN
    return ids


def batches(texts: LabeledTexts, y: NDArray[Any], length: int, batch_size: int) -> tf.data.Dataset:
    """Return batches of padded ids (b, length), labels and weights (b,), in the order of `texts`.

    Each batch is padded when it is needed, so that one long text does not take memory for all.

    Parameters
    ----------
    texts : LabeledTexts
    y : (n, ...), the labels in the form that the loss takes
    length : int
    batch_size : int
    """
    rows = tf.data.Dataset.range(len(texts)).batch(batch_size)
    return rows.map(_batch_maker(texts, y, length))


def shuffled_batches(
    texts: LabeledTexts, y: NDArray[Any], length: int, batch_size: int, epochs: int, seed: int
) -> tuple[tf.data.Dataset, int]:
    """Return the batches of all epochs, each in another order, and the number of one epoch.

    The order depends on the seed alone. Keras' own order depends on TensorFlow's global seed.
    """

    def order(epoch: Any) -> tf.data.Dataset:
        rows = tf.random.experimental.stateless_shuffle(tf.range(len(texts)), seed=[seed, epoch])
        return tf.data.Dataset.from_tensor_slices(rows).batch(batch_size)

    rows = tf.data.Dataset.range(epochs, output_type=tf.int32).flat_map(order)
    return rows.map(_batch_maker(texts, y, length)), math.ceil(len(texts) / batch_size)


def _batch_maker(texts: LabeledTexts, y: NDArray[Any], length: int) -> Any:
    """Return a function from the positions of some texts to a batch, as tensors."""
    sequences, weights = texts.sequences, tf.constant(texts.weights)
    ids = tf.RaggedTensor.from_row_splits(sequences.ids, sequences.offsets)
    is_empty, labels = tf.constant(sequences.lengths == 0), tf.constant(y)
    only_unknown = tf.one_hot(0, length, UNKNOWN, 0, dtype=tf.int32)

    def batch(rows: Any) -> tuple[Any, Any, Any]:
        some = tf.gather(ids, rows).to_tensor(shape=[None, length])  # (b, length)
        some = tf.where(tf.gather(is_empty, rows)[:, tf.newaxis], only_unknown, some)
        return some, tf.gather(labels, rows), tf.gather(weights, rows)

    return batch


class Forward:
    """A Keras model as one compiled function, from padded ids (n, length) to outputs.

    Keras' own `predict` takes ten times as long for one text, and is not made for threads. Without
    compiling, recurrent layers would take 10 ms for each token.
    """

    def __init__(self, model: keras.Model) -> None:
        self.input_length = input_length(model)
        spec = tf.TensorSpec([None, self.input_length], tf.int32)

        @tf.function(input_signature=[spec], autograph=False)
        def outputs(ids: Any) -> Any:
            return model(ids, training=False)

        self._model = model  # the compiled function does not keep the model's variables alive
        # There is one trace only. Through `outputs`, TensorFlow would count the traces of all
        # networks together and warn that they are too many.
        self._outputs = outputs.get_concrete_function()

    def __call__(self, ids: Int32) -> NDArray[Any]:
        """Return the outputs, (n, number of columns)."""
        outputs: NDArray[Any] = self._outputs(tf.constant(ids)).numpy()
        return outputs


def predict_softmax(
    forward: Forward,
    sequences: TokenSequences,
    *,
    length: int,
    n_classes: int,
    from_logits: bool = False,
) -> Float64:
    """Return the outputs of a network as softmax columns, (n, K).

    Parameters
    ----------
    forward : Forward
        Its outputs are K softmax columns or one sigmoid column, or logits if `from_logits`.
    sequences : TokenSequences
    length : int
        Shorter texts are filled up to it.
    n_classes : int
    from_logits : bool, default=False

    Raises
    ------
    ValueError
        If the outputs have another number of columns, or are not probabilities.
    """
    softmax = np.empty((len(sequences), n_classes))
    widths = np.full(len(sequences), length)
    if forward.input_length is None:
        widths = np.maximum(widths, sequences.lengths)
    for rows in _blocks(widths):
        ids = padded(sequences.take(rows), int(widths[rows[0]]))
        columns = softmax_columns(
            forward(ids), n_classes, from_logits=from_logits, loss_name="the estimator's loss"
        )
        softmax[rows] = columns / columns.sum(axis=1, keepdims=True)
    return softmax


def _blocks(widths: Int64) -> list[Int64]:
    """Positions of at most 256 texts of one width each, with fewer of long texts."""
    if len(widths) == 0:
        return []
    by_width = np.argsort(widths, kind="stable")
    changes = np.flatnonzero(np.diff(widths[by_width])) + 1
    blocks = []
    for rows in np.split(by_width, changes):
        size = max(1, min(_TEXTS_PER_BLOCK, _IDS_PER_BLOCK // int(widths[rows[0]])))
        blocks += [rows[begin : begin + size] for begin in range(0, len(rows), size)]
    return blocks
