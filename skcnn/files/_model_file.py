"""What a model file holds: parameters, classes, the record of the fit, and a list of members.

A member's arrays are named ``member_0.NAME``, ``member_1.NAME`` and so on. The file names the
encoder of a sentence model, and each classifier that the user gave. It holds neither. How word
vectors take fewer bytes is in `_vector_storage.py`. What older formats hold is in
`_older_formats.py`. Reading is in `_read_parts.py`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np

from skcnn.files._archive import read, write
from skcnn.files._budget import Budget
from skcnn.files._errors import ModelFileError, file_error
from skcnn.files._older_formats import TOKENIZATION, upgraded
from skcnn.files._read_parts import OBJECTS, read_fitted, read_params
from skcnn.files._values import encode_value
from skcnn.files._vector_storage import Storage, check_storage, read_stored, stored
from skcnn.predicting._classifier import FittedClassifier, check_members_given
from skcnn.predicting._model import FitRecord, FittedModel
from skcnn.predicting._parts import PartsError
from skcnn.predicting._sentence_model import SentenceModel
from skcnn.text._sentence_vectors import MINILM

# Pretrained vectors: of words that training did not see, and those that the user gave.
_VECTORS = ("member_0.frozen", "word_vectors")


class ModelFile(NamedTuple):
    """What `read_model` found in a file.

    Attributes
    ----------
    params : the estimator's parameters by their names
    model : FittedModel
    rule : how a `MinCostClassifier` around the estimator decides, as JSON; None if there is none
    budget : the memory that may still be taken
    """

    params: dict[str, Any]
    model: FittedModel
    rule: Any
    budget: Budget


def write_model(
    path: str | os.PathLike[str],
    params: Mapping[str, Any],
    model: FittedModel,
    *,
    word_vectors: Storage,
    rule: dict[str, Any] | None = None,
) -> None:
    """Write an estimator's parameters and its fitted model to one file.

    Parameters
    ----------
    path : str or path
    params : mapping of str to object
    model : FittedModel
    word_vectors : bool, "float16", "int8" or "int4"
        Whether to keep the pretrained vectors of words that training did not see, or how.
    rule : dict, optional
        How a `MinCostClassifier` around the estimator decides, as JSON.
    """
    check_storage(word_vectors)
    given, vectors = dict(params), {}
    if "word_vectors" in given:
        given["word_vectors"] = _portable(given["word_vectors"]) if word_vectors else None
    if isinstance(given.get("word_vectors"), Mapping):
        vectors, given["word_vectors"] = given["word_vectors"], None
    for name in given.keys() & set(OBJECTS):
        if not (isinstance(given[name], str) and given[name] == MINILM):
            given[name] = None
    members = model.members
    if not word_vectors:
        members = tuple(member.without_unseen_words() for member in members)
    header = {
        "parameters": {name: encode_value(value, name) for name, value in given.items()},
        "vector_words": list(vectors),
        "classes": encode_value(model.classes.tolist(), "classes_"),
        "classes_dtype": model.classes.dtype.str,
        "tokenization": {
            name: encode_value(getattr(model.tokenize, name), name) for name in TOKENIZATION
        },
        "n_features_in": model.n_features_in,
        "feature_name": model.feature_name,
        "record": _encode_record(model.record),
        "members": [{"kind": member.kind, **member.header()} for member in members],
    }
    if rule is not None:
        header["rule"] = rule
    arrays = {"cost_matrix": model.cost_matrix}
    for number, member in enumerate(members):
        arrays |= {f"member_{number}.{name}": each for name, each in member.arrays().items()}
    if model.pool is not None:
        arrays |= {"exponents": model.pool.exponents, "log_factors": model.pool.log_factors}
    if vectors:
        arrays["word_vectors"] = np.stack([np.asarray(row) for row in vectors.values()])
    for name in arrays.keys() & set(_VECTORS):
        arrays |= stored(name, arrays.pop(name), word_vectors)
    write(path, header, arrays)


def read_model(
    path: str | os.PathLike[str],
    *,
    sentence_vectors: Any = None,
    members: Mapping[str, Any] | None = None,
) -> ModelFile:
    """Read parameters and fitted model from a file of any format version.

    Parameters
    ----------
    path : str or path
    sentence_vectors : the encoder, if the file names one that it does not hold
    members : fitted classifiers by their names, if the file names any

    Raises
    ------
    ModelFileError
        If the file is not a model file, is damaged, its parts do not fit together, or it was
        written in a newer format. Also if what the file names is missing, not fitted, or is
        another one.
    TypeError
        If `members` is no mapping.
    """
    check_members_given((), members)
    archive = read(path)
    given = {SentenceModel.kind: sentence_vectors, FittedClassifier.kind: members}
    try:
        header, arrays = upgraded(archive)
        arrays = read_stored(arrays, archive.budget)
        rule = header.pop("rule", None)
        model = read_fitted(header, arrays, given, archive.budget)
        _check_all_used(model, sentence_vectors, members)
        params = read_params(header, arrays, archive.budget)
    except PartsError as error:
        what = f"is a model file whose parts do not fit together: {error}"
        raise file_error(path, what) from error
    except ValueError as error:  # about what is given to `load`
        raise ModelFileError(f"{os.fspath(path)}: {error}") from error
    if sentence_vectors is not None:
        params["sentence_vectors"] = sentence_vectors
    if members:
        params["members"] = list(members.items())
    return ModelFile(params, model, rule, archive.budget)


def _check_all_used(
    model: FittedModel, sentence_vectors: Any, members: Mapping[str, Any] | None
) -> None:
    """Raise an error about arguments that the file does not ask for."""
    kinds = {member.kind for member in model.members}
    if sentence_vectors is not None and SentenceModel.kind not in kinds:
        raise ValueError(
            "sentence_vectors is given, but the model has none; expected None. Leave the argument "
            "out."
        )
    named = [each.name for each in model.members if isinstance(each, FittedClassifier)]
    unknown = sorted(set(members or ()) - set(named))
    if unknown:
        raise ValueError(
            f"members has the names {unknown}, which the model does not have; expected {named}. "
            "Leave them out."
        )


# ---------------------------------------------------------------------------------------------
# Writing
# ---------------------------------------------------------------------------------------------


def _portable(word_vectors: Any) -> Any:
    """Return the parameter in a form that a file can hold: names, paths as strings, a mapping."""
    if isinstance(word_vectors, os.PathLike):
        return os.fspath(word_vectors)
    if isinstance(word_vectors, (list, tuple)):
        return type(word_vectors)(_portable(one) for one in word_vectors)
    if word_vectors is None or isinstance(word_vectors, (str, Mapping)):
        return word_vectors
    raise TypeError(
        f"word_vectors is an object of type {type(word_vectors).__name__}, which a model file "
        "cannot hold; expected a name, a path or a mapping. Save with word_vectors=False, or give "
        "the vectors as a file or a mapping."
    )


def _encode_record(record: FitRecord) -> dict[str, Any]:
    coverage = record.coverage and tuple(record.coverage)
    return {
        "history": encode_value(record.history, "history_"),
        "best_iter": record.best_iter,
        "coverage": encode_value(coverage, "embedding_coverage_"),
        "n_texts": record.n_texts,
        "held_out": record.held_out and asdict(record.held_out),
    }
