"""Functions that build Keras networks, as users write them. Importing this imports no Keras."""

from __future__ import annotations

from typing import Any


def two_channels(meta: dict[str, Any], n_filters: int = 4) -> Any:
    """Two channels of word vectors, one trainable and one frozen, which share their filters."""
    import keras
    from keras import layers

    vectors = meta["embeddings"]
    ids = keras.Input((None,), dtype="int32")
    channels = [
        layers.Embedding(*vectors.shape, weights=[vectors], trainable=trainable)(ids)
        for trainable in (True, False)
    ]
    pooled = []
    for width in (2, 3):
        filters = layers.Conv1D(n_filters, width)
        total = layers.Add()([filters(channel) for channel in channels])
        pooled.append(layers.GlobalMaxPooling1D()(layers.ReLU()(total)))
    features = layers.Dropout(0.1)(layers.Concatenate()(pooled))
    return keras.Model(ids, last_layer(meta)(features))


def last_layer(meta: dict[str, Any]) -> Any:
    """One sigmoid for two classes, else a softmax."""
    from keras import layers

    n_classes = meta["n_classes_"]
    if n_classes == 2:
        return layers.Dense(1, activation="sigmoid")
    return layers.Dense(n_classes, activation="softmax")


def averaged(
    meta: dict[str, Any], length: int | None = None, columns: int = 0, activation: str = "softmax"
) -> Any:
    """The mean of the word vectors and one dense layer: the smallest network."""
    import keras
    from keras import layers

    vectors = meta["embeddings"]
    return keras.Sequential(
        [
            keras.Input((length,), dtype="int32"),
            layers.Embedding(*vectors.shape, weights=[vectors]),
            layers.GlobalAveragePooling1D(),
            layers.Dense(columns or meta["n_classes_"], activation=activation),
        ]
    )


def recurrent(meta: dict[str, Any]) -> Any:
    """A network that ignores padding."""
    import keras
    from keras import layers

    vectors = meta["embeddings"]
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(*vectors.shape, weights=[vectors], mask_zero=True),
            layers.GRU(4),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
