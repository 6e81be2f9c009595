"""The TextCNN of Kim (2014) as a Keras model, with a training loop of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from skcnn._arrays import Float32
from skcnn._compat import check_not_forked, renamed_arguments
from skcnn.text._sequences import TokenSequences

from ._environment import initialize_devices
from ._labeled_texts import LabeledTexts, check_labeled_texts
from ._subword_embedding import SubwordEmbedding
from ._training import train


@keras.saving.register_keras_serializable(package="skcnn")
class TextCNN(keras.Model):
    """A TextCNN whose `fit` takes a fraction of the time of Keras' own; see `build_text_cnn`.

    Everything else is as in any Keras model: `summary`, `predict`, `save`, `get_weights`.
    """

    def fit(
        self,
        x: TokenSequences | NDArray[np.integer[Any]],
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_data: Any = None,
        shuffle: bool = True,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        average_weights: bool = False,
        word_dropout: float | NDArray[np.floating[Any]] = 0.0,
        random_state: Any = None,
        **unsupported: Any,
    ) -> keras.callbacks.History:
        """Train the network. Takes the arguments of `keras.Model.fit` and some more.

        Every call resets the optimizer's moments. The loss is recorded; metrics are not computed.

        Parameters
        ----------
        x : array of shape (n_texts, length) or TokenSequences
            Token ids, 0 is padding. `TokenSequences`, in which skcnn keeps texts, has no padding.
        y : array of shape (n_texts,) or (n_texts, n_classes)
            Class indices, one-hot rows, or rows of probabilities: numbers >= 0 that sum to 1. A row
            of probabilities p ("soft targets") has the loss ``sum_k p_k loss(k)``, where loss(k) is
            the loss if k is the true class. Only losses of other libraries that take one-hot rows
            get p in place of the one-hot row. Of several texts, some may have one-hot rows.
        validation_data : tuple (x, y) or (x, y, sample_weight), optional
            Held-out texts. They are given here, and not split off from `x`, so that a caller can
            keep equal texts on one side.
        average_weights : bool, default=False
            If True, the model gets a moving mean of the weights at the end of each epoch: half the
            last weights, half the mean before. Training continues from the last weights.
        word_dropout : float or array of shape (n_ids,), default=0.0
            The chance, for all token ids or for each, that a word in a batch is represented by its
            subwords alone, like a word that training never saw. Has no effect without subwords.
        random_state : int or numpy.random.Generator, optional
            Seeds the order of the batches and dropout. Keras' global seed is not read or changed.
        **unsupported
            Other arguments of `keras.Model.fit`, accepted at their defaults only.

        Returns
        -------
        keras.callbacks.History

        Raises
        ------
        ValueError
            If an argument of Keras is given that this training loop does not support, or if texts,
            classes and weights do not fit together or do not fit the network. Also if a row of `y`
            is not made of probabilities.
        RuntimeError
            In a process that was forked after TensorFlow was used: it would wait forever there.
        """
        check_not_forked("fit")
        self._check_supported(unsupported)
        return train(
            self,
            self._check_texts(x, y, sample_weight),
            self._check_texts(*validation_data) if validation_data else None,
            batch_size=batch_size or 32,
            epochs=epochs,
            initial_epoch=initial_epoch,
            verbose=1 if verbose == "auto" else int(verbose),
            callbacks=callbacks,
            shuffle=shuffle,
            average_weights=average_weights,
            word_dropout=word_dropout,
            generator=np.random.default_rng(random_state),
        )

    def _check_supported(self, unsupported: dict[str, Any]) -> None:
        """Raise an error for what Keras' own loop would do and this one would ignore."""
        given = sorted(n for n, v in unsupported.items() if v and (n, v) != ("validation_freq", 1))
        if given:
            raise ValueError(
                f"TextCNN.fit does not take {given}. Pass validation_data instead of a split; for "
                "the rest use Keras' own loop: keras.Model.fit(model, padded_ids, labels, ...)."
            )
        # Integer weights say which rows a word is made of; they are never trained.
        frozen = [w.path for w in self.weights if not w.trainable and w.dtype != "int32"]
        if frozen:
            raise ValueError(
                f"TextCNN.fit trains all weights, and {frozen} are not trainable. Use Keras' own "
                "loop: keras.Model.fit(model, padded_ids, labels, ...)."
            )

    def _check_texts(self, x: Any, y: Any, sample_weight: Any = None) -> LabeledTexts:
        embedding = self.get_layer("embedding")
        n_ids = getattr(embedding, "n_ids", embedding.input_dim)
        n_classes = self.output_shape[-1]
        return check_labeled_texts(x, y, sample_weight, n_ids=n_ids, n_classes=n_classes)


@renamed_arguments(n_words="n_rows")
def build_text_cnn(
    n_rows: int,
    embedding_dim: int,
    n_classes: int,
    *,
    filter_widths: Sequence[int] = (3, 4, 5),
    n_filters: int = 100,
    dropout: float = 0.5,
    embeddings: NDArray[np.floating[Any]] | None = None,
    random_state: Any = None,
) -> TextCNN:
    """Build the TextCNN of Kim (2014): words, convolutions, max over time, dropout, softmax.

    Parameters
    ----------
    n_rows : int
        Number of rows of the embedding, one for each token id. Row 0 is padding and counts as zero.
    embedding_dim : int
        Dimension of a word vector.
    n_classes : int
        Number of softmax outputs.
    filter_widths : sequence of int, default=(3, 4, 5)
        Numbers of words that a filter sees at once. A window may extend beyond both ends of a text.
    n_filters : int, default=100
        Number of filters of each width.
    dropout : float, default=0.5
        Share of the pooled features that is set to zero in training. The default is that of Kim
        (2014).
    embeddings : array of shape (n_rows, embedding_dim), optional
        Initial vectors. By default they are uniform in [-0.05, 0.05], as in Keras.
    random_state : int or numpy.random.Generator, optional
        Seeds the initial weights and Keras' dropout. No global random state is changed.

    Returns
    -------
    TextCNN
        A `keras.Model`, not yet compiled. Input: token ids, shape (n, length), 0 is padding;
        output: softmax, shape (n, n_classes). Its `fit` is faster than that of Keras, see
        ``help(model.fit)``.

    Raises
    ------
    ValueError
        If `embeddings` has another shape, or from Keras, if a number is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnn.network import build_text_cnn
    >>> model = build_text_cnn(10, 4, 2, random_state=0)
    >>> probabilities = model(np.array([[2, 3, 4, 0, 0]]))  # 0 is padding
    >>> bool(np.allclose(probabilities, model(np.array([[2, 3, 4]]))))
    True
    """
    return build_with_word_parts(
        n_rows,
        embedding_dim,
        n_classes,
        word_parts=None,
        filter_widths=filter_widths,
        n_filters=n_filters,
        dropout=dropout,
        embeddings=embeddings,
        random_state=random_state,
    )


def build_with_word_parts(
    n_rows: int,
    embedding_dim: int,
    n_classes: int,
    *,
    word_parts: TokenSequences | None,
    filter_widths: Sequence[int],
    n_filters: int,
    dropout: float,
    embeddings: NDArray[np.floating[Any]] | None,
    random_state: Any,
    start: Sequence[Float32] | None = None,
) -> TextCNN:
    """Build the network of `build_text_cnn`, with words that are made of several rows.

    `word_parts` holds, for each token id, the rows of the embedding that its vector is made of: the
    first row, plus the mean of the others (its subwords). None: the vector of id i is row i.
    `start` holds the weights of all other layers, in the order of Keras. None: they are new.
    """
    initialize_devices()
    generator = np.random.default_rng(random_state)
    seed = iter(generator.integers(2**31, size=len(filter_widths) + 3).tolist())
    ids = keras.Input((None,), dtype="int32", name="token_ids")  # (n, L)
    is_word = ops.expand_dims(ops.cast(ops.not_equal(ids, 0), "float32"), -1)  # (n, L, 1)
    embedding = _embedding_layer(n_rows, embedding_dim, word_parts, next(seed))
    vectors = embedding(ids) * is_word  # (n, L) -> (n, L, d)
    pooled = [
        _pool_windows(vectors, is_word, width, n_filters, number, next(seed))
        for number, width in enumerate(filter_widths)
    ]
    features = ops.concatenate(pooled, axis=-1)  # W x (n, F) -> (n, W F)
    features = layers.Dropout(dropout, seed=next(seed), dtype="float32", name="dropout")(features)
    softmax = layers.Dense(
        n_classes,
        activation="softmax",
        kernel_initializer=keras.initializers.GlorotUniform(next(seed)),
        dtype="float32",
        name="softmax",
    )(features)  # (n, W F) -> (n, K)
    model = TextCNN(inputs=ids, outputs=softmax, name="text_cnn")
    # The dtype of its layers. With a global policy of half precision, `compile` would scale the
    # loss.
    model.dtype_policy = "float32"
    # The arrays are assigned: given as initializers, they would become part of the configuration.
    if embeddings is not None:
        embedding.embeddings.assign(embeddings)
    if word_parts is not None:
        embedding.assign_word_parts(word_parts)
    if start is not None:
        for variable, value in zip(model.trainable_variables[1:], start, strict=True):
            variable.assign(value)
    return model


def _embedding_layer(
    n_rows: int, dimension: int, word_parts: TokenSequences | None, seed: int
) -> layers.Embedding:
    arguments = {
        "embeddings_initializer": keras.initializers.RandomUniform(seed=seed),
        "dtype": "float32",
        "name": "embedding",
    }
    if word_parts is None:
        return layers.Embedding(n_rows, dimension, **arguments)
    return SubwordEmbedding(n_rows, dimension, len(word_parts), len(word_parts.ids), **arguments)


def _pool_windows(
    vectors: Any, is_word: Any, width: int, n_filters: int, number: int, seed: int
) -> Any:
    """Largest window of each filter of one width, (n, L, d) -> (n, F)."""
    # Not those that the user has set in Keras' configuration.
    options = {"dtype": "float32", "data_format": "channels_last"}
    pad = layers.ZeroPadding1D(width - 1, **options, name=f"pad_{number}")
    convolution = layers.Conv1D(
        n_filters,
        width,
        activation="relu",
        kernel_initializer=keras.initializers.GlorotUniform(seed),
        **options,
        name=f"conv_{number}",
    )(pad(vectors))  # (n, L, d) -> (n, L + width - 1, F)
    # Only windows that touch a word count: all others become zero, the lowest value after a ReLU.
    touches = layers.MaxPooling1D(width, strides=1, **options, name=f"touches_{number}")
    windows = convolution * touches(pad(is_word))
    return layers.GlobalMaxPooling1D(**options, name=f"max_{number}")(windows)


def make_keras_model(
    weights: Sequence[Float32], filter_widths: Sequence[int], dropout: float
) -> TextCNN:
    """Build the model with these weights, given in the order of Keras' `get_weights`."""
    embeddings, kernel, *_, dense_bias = weights
    n_rows, dimension = embeddings.shape
    model = build_text_cnn(
        n_rows,
        dimension,
        len(dense_bias),
        filter_widths=filter_widths,
        n_filters=kernel.shape[2],
        dropout=dropout,
        random_state=0,
    )
    model.set_weights(list(weights))
    return model
