"""A Keras model as the bytes of a `.keras` file, and back."""

from __future__ import annotations

import tempfile
from pathlib import Path

import keras

from ._environment import seeded, without_copy_warning


def model_to_bytes(model: keras.Model) -> bytes:
    """Return the content of the `.keras` file of a model."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        with without_copy_warning():
            keras.saving.save_model(model, path)
        return path.read_bytes()


def model_from_bytes(content: bytes) -> keras.Model:
    """Return the model, not compiled. Code in the file, such as that of a lambda, is not run.

    Raises
    ------
    ValueError
        If Keras cannot read the model.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(content)
        try:
            # Keras creates random weights, then replaces them.
            with seeded(0):
                return keras.saving.load_model(path, compile=False, safe_mode=True)
        except Exception as error:  # Keras raises many types
            raise ValueError(
                f"Keras cannot read the network from its saved form: {error}\nUse layers and "
                "functions of Keras. Decorate own layers with "
                "@keras.saving.register_keras_serializable(), and import them before loading. "
                "Replace a Lambda layer by an own layer."
            ) from error


def without_optimizer(model: keras.Model) -> tuple[keras.Model, bytes]:
    """Return a copy of a trained model, not compiled, and its bytes.

    The state of the optimizer, which predicting does not need, can be twice as large as the model.
    That the model can be read again is checked here, right after training.
    """
    copy = model_from_bytes(model_to_bytes(model))
    return copy, model_to_bytes(copy)
