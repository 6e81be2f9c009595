"""The attribute `model_`: the network of a fitted estimator as a Keras model."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted

from skcnn._compat import check_keras
from skcnn.fitting._text_cnn import to_keras_model
from skcnn.predicting._attributes import fitted_property
from skcnn.predicting._model import FittedModel


class KerasModelMixin:
    """`model_` of an estimator with a fitted model and the parameter `dropout`."""

    _model: FittedModel
    dropout: float

    @fitted_property
    def model_(self) -> Any:
        """The trained network as a Keras model over padded token ids (imports TensorFlow).

        Its outputs are the softmax outputs of the network alone, before they are turned into
        P(class | text).

        Raises
        ------
        AttributeError
            If Keras is not installed: then a fitted estimator has no such attribute, and `dir`,
            which asks for all attributes, works without Keras.
        RuntimeError
            In a process that was forked after TensorFlow was used.
        """
        check_is_fitted(self)
        try:
            check_keras("model_")
        except ImportError as error:
            raise AttributeError(str(error)) from None
        fitted = self._model  # another thread may fit meanwhile
        model, keras_model = getattr(self, "_keras_model", (None, None))
        if model is not fitted:
            keras_model = to_keras_model(fitted.network, self.dropout)
            self._keras_model = fitted, keras_model
        return keras_model

    def __getstate__(self) -> dict[str, Any]:
        """Leave the Keras model out: it is rebuilt from the arrays, and would need TensorFlow."""
        state: Any = super().__getstate__()
        return {k: v for k, v in state.items() if k != "_keras_model"}
