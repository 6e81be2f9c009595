"""The methods `save` and `load` of the estimator."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from sklearn.utils.validation import check_is_fitted

from skcnn.files._model_file import read_model, write_model
from skcnn.predicting._model import FittedModel

# The trained network is written, and not the function that built it. `unlabeled` is deprecated.
_NOT_SAVED = {"network", "unlabeled"}


class SaveLoadMixin:
    """What an estimator with a `FittedModel` needs to write itself to a file and to be read."""

    if TYPE_CHECKING:
        _model: FittedModel

        def get_params(self, deep: bool = True) -> dict[str, Any]: ...
        def _set_model(self, model: FittedModel) -> None: ...

    def save(self, path: str | os.PathLike[str], *, word_vectors: bool = True) -> None:
        """Write the fitted estimator to one file of JSON and arrays, without code.

        Parameters
        ----------
        path : str or path
            An older file of that name is replaced when the new one is complete.
        word_vectors : bool, default=True
            False leaves out the parameter `word_vectors`, and the pretrained vectors of words that
            the training texts do not contain. The file is smaller, and such words are known by
            their subwords only. Unlabeled texts are never written.

        Raises
        ------
        TypeError
            If a parameter is code, such as a tokenizer or a Keras object. Use pickle or joblib
            then.
        """
        check_is_fitted(self)
        params = {k: v for k, v in self.get_params(deep=False).items() if k not in _NOT_SAVED}
        write_model(path, params, self._model, word_vectors=word_vectors)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        sentence_vectors: Any = None,
        members: Mapping[str, Any] | None = None,
    ) -> Self:
        """Read an estimator from the file that `save` wrote; nothing in it is executed.

        Parameters
        ----------
        path : str or path
        sentence_vectors : object, callable or fitted transformer, default=None
            The one that the model was fitted with, unless it is "minilm": a file cannot hold it.
        members : dict of str to classifier, default=None
            The fitted classifiers of the parameter `members`: a file cannot hold them.

        Returns
        -------
        CostSensitiveTextCNN
            Fitted.

        Raises
        ------
        ValueError
            If the file is not a model file, is damaged, or was written by a newer version. Also if
            it names sentence vectors or members that are not given, or others are given.
        TypeError
            If `members` is not a dict.
        """
        params, model = read_model(path, sentence_vectors=sentence_vectors, members=members)
        unknown = sorted(params.keys() - set(cls._get_param_names()))  # type: ignore[attr-defined]
        if unknown:
            raise ValueError(
                f"{os.fspath(path)} has the parameters {unknown}, which {cls.__name__} does not "
                "have. Copy or save the model again."
            )
        estimator = cls(**params)
        estimator._set_model(model)
        return estimator
