"""`skcnn.save` and `skcnn.load`: a network alone, or with a rule by which it decides."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from sklearn.utils.validation import check_is_fitted

from skcnn.costs._min_cost import MinCostClassifier
from skcnn.files._errors import file_error
from skcnn.files._model_file import read_model
from skcnn.files._rule import encode_rule, inner_network, read_rule
from skcnn.files._save_load import SaveLoadMixin
from skcnn.files._vector_storage import Storage
from skcnn.predicting._parts import PartsError


def save(model: Any, path: str | os.PathLike[str], *, word_vectors: Storage = True) -> None:
    """Write a fitted classifier to one file of JSON and arrays, without code.

    Parameters
    ----------
    model : CostSensitiveTextCNN, or MinCostClassifier around one
        Fitted. Of a MinCostClassifier, the file keeps the costs, abstentions, threshold and class
        shares.
    path : str or path
        An older file of that name is replaced when the new one is complete.
    word_vectors : bool, "float16", "int8" or "int4", default=True
        As for `CostSensitiveTextCNN.save`.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the classifier is not fitted.
    TypeError
        If it is another classifier, or a parameter is code. Use pickle or joblib then.
    ValueError
        If a parameter was set to a value that `fit` refuses: the file could not be loaded.

    Warns
    -----
    UserWarning
        If `cost_matrix` was changed after the fit: the file then has costs that do not decide.

    Examples
    --------
    >>> import skcnn
    >>> from sklearn.frozen import FrozenEstimator
    >>> texts, labels = ["win cash", "cash prize", "at noon", "lunch"], [1, 1, 0, 0]
    >>> cnn = skcnn.CostSensitiveTextCNN(early_stopping=False, random_state=0).fit(texts, labels)
    >>> model = skcnn.MinCostClassifier(FrozenEstimator(cnn), threshold=0.3).fit(texts, labels)
    >>> skcnn.save(model, "model.skcnn")
    >>> skcnn.load("model.skcnn").threshold
    0.3
    """
    network, rule = model, None
    if isinstance(model, MinCostClassifier):
        check_is_fitted(model, "estimator_")
        model._warn_if_costs_changed()
        network = inner_network(model)
        rule = encode_rule(model)
    if not isinstance(network, SaveLoadMixin):
        raise TypeError(
            f"model is {type(model).__name__} with a {type(network).__name__}; expected a "
            "CostSensitiveTextCNN, alone or inside a MinCostClassifier. Use joblib.dump for other "
            "classifiers."
        )
    network._save(path, word_vectors=word_vectors, rule=rule)


def load_any(
    network_class: type[SaveLoadMixin],
    path: str | os.PathLike[str],
    sentence_vectors: Any,
    members: Mapping[str, Any] | None,
) -> Any:
    """Read what `save` wrote, see `skcnn.load`."""
    found = read_model(path, sentence_vectors=sentence_vectors, members=members)
    network = network_class._from_file(path, found)
    if found.rule is None:
        return network
    try:
        return read_rule(found.rule, network, found.budget)
    except PartsError as error:
        what = f"is a model file whose parts do not fit together: {error}"
        raise file_error(path, what) from error
