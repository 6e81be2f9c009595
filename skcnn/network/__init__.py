"""The Keras TextCNN: the model, its losses and its training.

Only this folder imports TensorFlow. Importing any of its files runs this one first, which loads
TensorFlow without start-up messages and without changes to the process.
"""

from __future__ import annotations

from ._environment import load_tensorflow

load_tensorflow()

from ._model import build_text_cnn  # noqa: E402

__all__ = ["build_text_cnn"]
