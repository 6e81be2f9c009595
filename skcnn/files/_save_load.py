"""The methods `save` and `load` of the estimator."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from sklearn.utils.validation import check_is_fitted

from skcnn._settings import FitSettings, NetworkSettings, check_max_length
from skcnn.files._errors import file_error
from skcnn.files._model_file import ModelFile, read_model, write_model
from skcnn.files._vector_storage import Storage
from skcnn.predicting._model import FittedModel
from skcnn.predicting._parts import shown

# The trained network is written, and not the function that built it. `unlabeled` is deprecated.
_NOT_SAVED = {"network", "unlabeled"}
_HOW_TO_LOAD_ANY = "Read it with skcnn.load(path)."


class SaveLoadMixin:
    """What an estimator with a `FittedModel` needs to write itself to a file and to be read."""

    if TYPE_CHECKING:
        _model: FittedModel

        def get_params(self, deep: bool = True) -> dict[str, Any]: ...
        def _set_model(self, model: FittedModel) -> None: ...
        def _validate_params(self) -> None: ...
        def _warn_if_costs_changed(self) -> None: ...

    def save(self, path: str | os.PathLike[str], *, word_vectors: Storage = True) -> None:
        """Write the fitted estimator to one file of JSON and arrays, without code.

        Parameters
        ----------
        path : str or path
            An older file of that name is replaced when the new one is complete.
        word_vectors : bool, "float16", "int8" or "int4", default=True
            How to store the pretrained vectors of words that the training texts do not contain, and
            vectors that the parameter `word_vectors` gives as a mapping. "float16" rounds them to
            half the bytes. "int8" takes a quarter and "int4" an eighth: integers, and one scale for
            each word. False leaves out these vectors and the parameter, and such words are known by
            their subwords only. None of this changes predictions for texts whose words are all in
            the training texts. Unlabeled texts are never written.

        Raises
        ------
        TypeError
            If a parameter is code, such as a tokenizer or a Keras object. Use pickle or joblib
            then.
        ValueError
            If a parameter was set to a value that `fit` refuses: the file could not be loaded. Also
            if a word vector is too large for float16, or so small that few digits would be left.

        Warns
        -----
        UserWarning
            If `cost_matrix` was changed after the fit: the file then has costs that do not decide.
        """
        self._save(path, word_vectors=word_vectors)

    def _save(
        self,
        path: str | os.PathLike[str],
        *,
        word_vectors: Storage,
        rule: dict[str, Any] | None = None,
    ) -> None:
        check_is_fitted(self)
        self._check_saved_params()
        self._warn_if_costs_changed()  # a file keeps both, but not that they differ
        params = {k: v for k, v in self.get_params(deep=False).items() if k not in _NOT_SAVED}
        write_model(path, params, self._model, word_vectors=word_vectors, rule=rule)

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
            The file.
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
        ModelFileError
            If the file is not a model file, is damaged, its parts do not fit together, or it was
            written by a newer version. Also if it names sentence vectors or members that are not
            given, or others are given.
        OSError
            If there is no such file, or it may not be read.
        TypeError
            If `members` is not a dict.
        """
        found = read_model(path, sentence_vectors=sentence_vectors, members=members)
        if found.rule is not None:
            raise file_error(path, "holds a MinCostClassifier around a model", _HOW_TO_LOAD_ANY)
        return cls._from_file(path, found)

    @classmethod
    def _from_file(cls, path: str | os.PathLike[str], found: ModelFile) -> Self:
        unknown = sorted(found.params.keys() - _saved_names(cls))
        if unknown:
            what = f"has the parameters {shown(unknown)}, which {cls.__name__} does not have"
            raise file_error(path, what)
        estimator = cls(**found.params)
        try:
            estimator._check_saved_params()
        except (TypeError, ValueError, OverflowError) as error:
            raise file_error(path, f"has a parameter that is not valid: {error}") from error
        estimator._set_model(found.model)
        return estimator

    def _check_saved_params(self) -> None:
        """Check the parameters as `fit` does, but for those that a file may lack.

        `save` may leave out the word vectors, the encoder and the classifiers.
        """
        self._validate_params()
        params = vars(self)
        NetworkSettings.from_params(params)
        FitSettings.from_params(params)
        check_max_length(params["max_length"])


def _saved_names(cls: Any) -> set[str]:
    names: set[str] = set(cls._get_param_names())
    return names - _NOT_SAVED
