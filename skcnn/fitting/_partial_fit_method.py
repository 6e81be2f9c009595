"""The method `partial_fit` of the estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from numpy.typing import ArrayLike

from skcnn._compat import _check_feature_names, _fit_context, check_keras, without_autologging
from skcnn._settings import FitSettings, MemberSettings, NetworkSettings, TextSettings
from skcnn.fitting._partial_fit import begin_model, check_can_continue, continue_model
from skcnn.fitting._reporter import Reporter
from skcnn.fitting._training_set import check_classes, check_training_set
from skcnn.predicting._model import FittedModel
from skcnn.text._containers import column_names, computed
from skcnn.text._pretrained import check_word_vectors


class PartialFitMixin:
    """What an estimator with a `FittedModel` needs to learn more texts as their labels come."""

    if TYPE_CHECKING:
        _model: FittedModel

        def _settings(
            self,
        ) -> tuple[TextSettings, NetworkSettings, MemberSettings, FitSettings]: ...
        def _set_model(self, model: FittedModel) -> None: ...

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: Any,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Learn from some labeled texts, and later from more, without the earlier ones.

        The first call learns as `fit` does, and fixes the vocabulary. A call of `fit` can take its
        place. Each later call makes one pass over the given texts. A word that the first call did
        not see is known by its pretrained vector and its subwords. Texts are not kept. Give each
        text once.

        Parameters
        ----------
        X : list, tuple, ndarray, Series or one-column DataFrame of str, n_samples texts
            The texts.
        y : array-like of shape (n_samples,)
            Their labels. Some classes may be missing.
        classes : array-like of shape (n_classes,), default=None
            All labels that y may ever have. The first call needs them.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each text counts, also compared with the texts of other calls.

        Returns
        -------
        CostSensitiveTextCNN
            This object, fitted.

        Raises
        ------
        TypeError
            If X is a single string, or holds anything but strings.
        ValueError
            If `classes` is missing in the first call or differs later, if y has another label, or
            if the model was loaded from a file, which keeps nothing to continue from. Also with
            `network`, `sentence_vectors`, `members`, `class_weight="balanced"`, or an optimizer
            other than Adam, or if the weights are more than 1e20 times those of the first call.
        ImportError, RuntimeError
            Where TensorFlow is missing or cannot run, as in `fit`.
        """
        check_keras("partial_fit")
        text, network, members, settings = self._settings()
        check_can_continue(network, members, settings)
        model = getattr(self, "_model", None)
        labels = check_classes(classes, None if model is None else model.classes)
        X = computed(X)
        data = check_training_set(X, y, sample_weight, settings.class_weight, classes=labels)
        if model is not None:
            if model.feature_name is not None and column_names(X) is not None:
                _check_feature_names(self, X, reset=False)
            with Reporter(settings.verbose) as reporter:
                self._set_model(continue_model(model, data, network, settings, reporter))
            return self
        if text.word_vectors is not None:
            check_word_vectors(text.word_vectors)
        with without_autologging, Reporter(settings.verbose) as reporter:
            model = begin_model(data, text, network, members, settings, reporter)
        self._set_model(model.with_columns_of(X))
        return self
