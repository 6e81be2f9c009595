"""The TextCNN of Kim (2014) as a Keras model, with a training loop of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from skcnn.text import TokenSequences

from ._environment import meet_devices
from ._subword_embedding import SubwordEmbedding
from ._training import Labelled, train


@keras.saving.register_keras_serializable(package="skcnn")
class TextCNN(keras.Model):
    """A TextCNN, made by `build_text_cnn`, whose `fit` costs a fraction of Keras' own.

    Everything else is an ordinary Keras model: `summary`, `predict`, `save`, `get_weights`.
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
        """Train; the arguments are those of `keras.Model.fit`, but for these.

        Parameters
        ----------
        x : TokenSequences or array of shape (n_texts, length)
            Token ids, 0 is padding.
        y : array of shape (n_texts,) or (n_texts, n_classes)
            Class indices, or one-hot rows.
        validation_data : tuple (x, y) or (x, y, sample_weight), optional
            Instead of a split made here: equal texts must not lie on both sides.
        average_weights : bool, default=False
            Whether the model gets, at the end of each epoch, a moving mean of the weights at the
            ends of epochs (half the last, half the mean before); training goes on from the last.
        word_dropout : float or array of shape (n_words,), default=0.0
            Chance of a word, or of each token id, in a batch to be made of its subwords alone, as
            words are that training never met; without subwords nothing is dropped.
        random_state : int or numpy.random.Generator, optional
            Order of the batches and dropout. Keras' global seed is neither read nor changed. Every
            call starts the optimizer's moments anew; metrics are not computed, but for the loss.
        **unsupported
            Other arguments of `keras.Model.fit`, accepted at their defaults only.

        Returns
        -------
        keras.callbacks.History

        Raises
        ------
        ValueError
            If an argument of Keras is given that this training loop does not have, or texts, labels
            and weights do not fit together or to the network.
        """
        self._check_supported(unsupported)
        sequences, labels, weight = self._check_labelled(x, y, sample_weight)
        return train(
            self,
            sequences,
            labels,
            sample_weight=weight,
            validation_data=validation_data and self._check_labelled(*validation_data),
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
        """Refuse what Keras' own loop would do and this one would leave out."""
        given = sorted(n for n, v in unsupported.items() if v and (n, v) != ("validation_freq", 1))
        if given:
            msg = (
                f"TextCNN.fit does not take {given}. Pass validation_data instead of a split; for "
                "the rest use Keras' own loop: keras.Model.fit(model, ids, labels, ...)."
            )
            raise ValueError(msg)
        frozen = [w.path for w in self.weights if not w.trainable and w.dtype != "int32"]
        if frozen:
            msg = (
                f"TextCNN.fit trains all weights, and {frozen} are not trainable. Use Keras' own "
                "loop: keras.Model.fit(model, padded_ids, labels, ...)."
            )
            raise ValueError(msg)

    def _check_labelled(self, x: Any, y: Any, sample_weight: Any = None) -> Labelled:
        """Texts, class indices and weights that fit together and fit the network."""
        sequences, embedding = as_sequences(x), self.get_layer("embedding")
        n_words = getattr(embedding, "n_words", embedding.input_dim)
        if (sequences.ids < 0).any() or (sequences.ids >= n_words).any():
            msg = (
                f"x has token ids from {sequences.ids.min()} to {sequences.ids.max()}; expected "
                f"ids below {n_words}, the words of the embedding, and none below 0."
            )
            raise ValueError(msg)
        weight = None if sample_weight is None else np.asarray(sample_weight)
        if weight is not None and weight.shape != (len(sequences),):
            msg = (
                f"sample_weight has shape {weight.shape}, x holds {len(sequences)} texts; expected "
                "one weight for each text."
            )
            raise ValueError(msg)
        return sequences, _as_labels(y, len(sequences), self.output_shape[-1]), weight


def build_text_cnn(
    n_words: int,
    embedding_dim: int,
    n_classes: int,
    *,
    filter_widths: Sequence[int] = (3, 4, 5),
    n_filters: int = 100,
    dropout: float = 0.5,
    embeddings: NDArray[np.floating[Any]] | None = None,
    word_parts: TokenSequences | None = None,
    random_state: Any = None,
) -> TextCNN:
    """Build the TextCNN of Kim (2014): words, convolutions, max over time, dropout, softmax.

    Parameters
    ----------
    n_words : int
        Rows of the embedding, of words and of subwords; row 0 is padding and counts as zero.
    embedding_dim : int
        Dimension of a word vector.
    n_classes : int
        Number of softmax outputs.
    filter_widths : sequence of int, default=(3, 4, 5)
        Words that a filter sees at once. Windows hang over both ends of a text.
    n_filters : int, default=100
        Filters of each width.
    dropout : float, default=0.5
        Share of the pooled features that is dropped in training.
    embeddings : array of shape (n_words, embedding_dim), optional
        Vectors to begin from; otherwise uniform in [-0.05, 0.05], as Keras does.
    word_parts : TokenSequences, optional
        For each token id the rows of the embedding that its vector is made of: the first counts in
        full, of the others (its subwords) the mean is added. By default, token i is row i.
    random_state : int or numpy.random.Generator, optional
        Seeds the initial weights and Keras' dropout; no global random state is touched.

    Returns
    -------
    TextCNN
        Not yet compiled. Input: token ids, shape (n, length), 0 is padding; output: (n, n_classes).

    Examples
    --------
    >>> import numpy as np
    >>> from skcnn.network import build_text_cnn
    >>> model = build_text_cnn(10, 4, 2, random_state=0)
    >>> probabilities = model(np.array([[2, 3, 4, 0, 0]]))  # 0 is padding
    >>> bool(np.allclose(probabilities, model(np.array([[2, 3, 4]]))))
    True
    """
    meet_devices()
    generator = np.random.default_rng(random_state)
    seed = iter(generator.integers(2**31, size=len(filter_widths) + 3).tolist())
    ids = keras.Input((None,), dtype="int32", name="token_ids")  # (n, L)
    is_word = ops.expand_dims(ops.cast(ops.not_equal(ids, 0), "float32"), -1)  # (n, L, 1)
    embedding = _embedding_layer(n_words, embedding_dim, word_parts, next(seed))
    words = embedding(ids) * is_word  # (n, L) -> (n, L, d)
    pooled = [
        _pool_windows(words, is_word, width, n_filters, number, next(seed))
        for number, width in enumerate(filter_widths)
    ]
    features = ops.concatenate(pooled, axis=-1)  # 3 x (n, F) -> (n, 3 F)
    features = layers.Dropout(dropout, seed=next(seed), dtype="float32", name="dropout")(features)
    scores = layers.Dense(
        n_classes,
        activation="softmax",
        kernel_initializer=keras.initializers.GlorotUniform(next(seed)),
        dtype="float32",
        name="scores",
    )(features)  # (n, 3 F) -> (n, K)
    model = TextCNN(inputs=ids, outputs=scores, name="text_cnn")
    # As its layers; under a global policy of half precision `compile` would scale the loss.
    model.dtype_policy = "float32"
    # Arrays are assigned: as initializers they would be part of the configuration.
    if embeddings is not None:
        embedding.embeddings.assign(embeddings)
    if word_parts is not None:
        embedding.assign_word_parts(word_parts)
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
    words: Any, is_word: Any, width: int, n_filters: int, number: int, seed: int
) -> Any:
    """Largest window of each filter of one width, (n, L, d) -> (n, F)."""
    pad = layers.ZeroPadding1D(width - 1, dtype="float32", name=f"pad_{number}")
    convolution = layers.Conv1D(
        n_filters,
        width,
        activation="relu",
        kernel_initializer=keras.initializers.GlorotUniform(seed),
        dtype="float32",
        name=f"conv_{number}",
    )(pad(words))  # (n, L, d) -> (n, L + width - 1, F)
    # A window counts if it touches a word; after a ReLU, zero never wins against one that does.
    touches = layers.MaxPooling1D(width, strides=1, dtype="float32", name=f"touches_{number}")
    windows = convolution * touches(pad(is_word))
    return layers.GlobalMaxPooling1D(dtype="float32", name=f"max_{number}")(windows)


def make_keras_model(
    weights: Sequence[NDArray[np.float32]], filter_widths: Sequence[int], dropout: float
) -> TextCNN:
    """Build the model that has these weights, in the order of Keras' `get_weights`."""
    embeddings, kernel, *_, dense_bias = weights
    n_words, dimension = embeddings.shape
    model = build_text_cnn(
        n_words,
        dimension,
        len(dense_bias),
        filter_widths=filter_widths,
        n_filters=kernel.shape[2],
        dropout=dropout,
        random_state=0,
    )
    model.set_weights(list(weights))
    return model


def as_sequences(x: TokenSequences | NDArray[np.integer[Any]]) -> TokenSequences:
    """Padded ids, shape (n, L), without their padding; sequences as they are."""
    if isinstance(x, TokenSequences):
        return x
    return TokenSequences.from_lists([row[row != 0] for row in np.asarray(x, dtype=np.int32)])


def _as_labels(y: Any, n_texts: int, n_classes: int) -> NDArray[np.int32]:
    """Class indices (n,) from indices (n,) or (n, 1), or one-hot rows (n, K)."""
    labels = np.asarray(y)
    if labels.shape == (n_texts, n_classes):
        labels = labels.argmax(axis=1)
    if labels.shape not in {(n_texts,), (n_texts, 1)}:
        msg = (
            f"y has shape {labels.shape}, x holds {n_texts} texts; expected one class index, or "
            f"one row of {n_classes} zeros and ones, for each text."
        )
        raise ValueError(msg)
    if n_texts and not 0 <= labels.min() <= labels.max() < n_classes:
        msg = (
            f"y has labels from {labels.min()} to {labels.max()}; expected class indices below "
            f"{n_classes}, the network's outputs, and none below 0."
        )
        raise ValueError(msg)
    return labels.reshape(-1).astype(np.int32)
