"""The Keras TextCNN: build, losses, training. The only folder that imports TensorFlow."""

from __future__ import annotations

from ._environment import load_tensorflow, preserved_state

load_tensorflow()

from ._classifier import TrainedTextCNN, fit_text_cnn  # noqa: E402
from ._model import TextCNN, build_text_cnn, make_keras_model  # noqa: E402
from .losses import LOSSES, identify_loss, make_loss  # noqa: E402

__all__ = [
    "LOSSES",
    "TextCNN",
    "TrainedTextCNN",
    "build_text_cnn",
    "fit_text_cnn",
    "identify_loss",
    "make_keras_model",
    "make_loss",
    "preserved_state",
]
