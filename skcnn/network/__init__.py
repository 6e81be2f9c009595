"""The Keras TextCNN: the model, its losses and its training.

Only this folder imports TensorFlow. Importing any of its files runs this one first, which loads
TensorFlow without start-up messages and without changes to the process.
"""

from __future__ import annotations

from ._environment import load_tensorflow

load_tensorflow()

from ._model import build_text_cnn  # noqa: E402

__all__ = ["build_text_cnn"]

# Until everything inside skcnn imports from the defining files.
from ._environment import preserved_state  # noqa: E402, F401
from ._fit import TrainedTextCNN, fit_text_cnn  # noqa: E402, F401
from ._model import TextCNN, make_keras_model  # noqa: E402, F401
from .losses import LOSSES, identify_loss, make_loss  # noqa: E402, F401
