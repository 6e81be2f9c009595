"""The attributes of a fitted estimator, which it reads from its fitted model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float64
from skcnn.predicting._classifier import FittedClassifier
from skcnn.predicting._model import FittedModel
from skcnn.predicting._sentence_model import SentenceModel
from skcnn.text._coverage import EmbeddingCoverage

if TYPE_CHECKING:
    fitted_property = settable_property = property
else:

    class fitted_property(property):  # noqa: N801
        """A property that says why it cannot be set."""

        def __set_name__(self, owner: type, name: str) -> None:
            self._name = name

        def __set__(self, instance: Any, value: Any) -> None:
            raise AttributeError(
                f"{self._name} is read from the fitted model and cannot be set. Set the parameters "
                "and call fit. For decisions by other costs, without a fit: skcnn.decide("
                "predict_proba(X), cost_matrix, classes_)."
            )

        def __delete__(self, instance: Any) -> None:
            raise AttributeError(
                f"{self._name} is read from the fitted model and cannot be deleted. "
                "sklearn.base.clone returns an estimator that is not fitted."
            )

    class settable_property:  # noqa: N801
        """A property that scikit-learn may replace by an attribute of the same name."""

        def __init__(self, read: Any) -> None:
            self.__doc__ = read.__doc__
            self._read = read

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            return self if instance is None else self._read(instance)


class FittedAttributes:
    """What follows from `_model`, the one attribute that a fit sets."""

    _model: FittedModel
    cost_matrix: Any

    def _set_model(self, model: FittedModel) -> None:
        """Set the fitted state in one assignment, so that an interrupt cannot leave half of it."""
        for name in ("n_features_in_", "feature_names_in_"):
            vars(self).pop(name, None)
        self._model = replace(model, given_costs=self.cost_matrix)

    @property
    def _costs_of_fit(self) -> Any:
        """The parameter `cost_matrix` as it was when the model was set."""
        return self._fitted("cost_matrix_").given_costs

    def _set_costs(self, given: Any, costs: Float64) -> None:
        """Set the costs of decisions, as given and as a matrix (K, K)."""
        self.cost_matrix = given
        self._model = replace(self._model, cost_matrix=costs, given_costs=given)

    def __sklearn_is_fitted__(self) -> bool:
        """Say whether there is a fitted model."""
        return hasattr(self, "_model")

    def _fitted(self, name: str) -> FittedModel:
        """Return the fitted model; if there is none yet, raise an error about the attribute."""
        if not hasattr(self, "_model"):
            raise AttributeError(f"{name} exists only after fit. Call fit first.")
        return self._model

    @fitted_property
    def classes_(self) -> NDArray[Any]:
        """The labels, sorted."""
        return self._fitted("classes_").classes

    @fitted_property
    def cost_matrix_(self) -> Float64:
        """The costs in the order of `classes_`."""
        return self._fitted("cost_matrix_").cost_matrix

    @fitted_property
    def vocabulary_(self) -> dict[str, int]:
        """The known words and their token ids."""
        return self._fitted("vocabulary_").network.vocabulary

    @fitted_property
    def history_(self) -> dict[str, list[float]]:
        """What Keras recorded at each epoch."""
        return self._fitted("history_").record.history

    @fitted_property
    def n_iter_(self) -> int:
        """Number of epochs run."""
        return len(self._fitted("n_iter_").record.history["loss"])

    @fitted_property
    def best_iter_(self) -> int:
        """The epoch whose weights are kept, counted from 1."""
        return self._fitted("best_iter_").record.best_iter

    @fitted_property
    def embedding_coverage_(self) -> EmbeddingCoverage:
        """How many words of the training texts have a pretrained vector."""
        coverage = self._fitted("embedding_coverage_").record.coverage
        if coverage is None:
            raise AttributeError("embedding_coverage_ exists only after a fit with word_vectors.")
        return coverage

    @fitted_property
    def sentence_encoder_(self) -> Any:
        """What gives the sentence vectors: `load` needs it, unless it is "minilm"."""
        for member in self._fitted("sentence_encoder_").members:
            if isinstance(member, SentenceModel):
                return member.encoder.source
        raise AttributeError(
            "sentence_encoder_ exists only after a fit with sentence_vectors, without distill."
        )

    @fitted_property
    def named_members_(self) -> dict[str, Any]:
        """The fitted classifiers of `members` by their names."""
        found = {
            member.name: member.classifier
            for member in self._fitted("named_members_").members
            if isinstance(member, FittedClassifier)
        }
        if not found:
            raise AttributeError(
                "named_members_ exists only after a fit with members, without distill."
            )
        return found

    @settable_property
    def n_features_in_(self) -> int:
        """1, if `fit` got something two-dimensional."""
        n_features = self._fitted("n_features_in_").n_features_in
        if n_features is None:
            raise AttributeError("n_features_in_ exists only after a fit on two dimensions.")
        return n_features

    @settable_property
    def feature_names_in_(self) -> NDArray[np.object_]:
        """The name of the column, if `fit` got a DataFrame, shape (1,)."""
        name = self._fitted("feature_names_in_").feature_name
        if name is None:
            raise AttributeError("feature_names_in_ exists only after a fit on a named column.")
        return np.array([name], dtype=object)
