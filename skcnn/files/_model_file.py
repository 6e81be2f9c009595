"""What a model file holds, and what each version of the format changed.

Format 4: as format 3, with two more kinds of members: a sentence model, and classifiers that the
user gave. The file names the encoder of the sentence model, and each classifier. It holds neither.

Format 3: the parameters, the classes, the record of the fit, and a list of members. A member's
arrays are named ``member_0.NAME``, ``member_1.NAME`` and so on.

Format 2: a network and at most one n-gram model, with fixed names. Format 1: a network alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float64
from skcnn._settings import check_max_length
from skcnn.costs._matrix import check_cost_matrix
from skcnn.files._archive import Archive, read, write
from skcnn.files._values import decode_value, encode_value
from skcnn.predicting._classifier import FittedClassifier, check_classes, check_members_given
from skcnn.predicting._keras_network import KerasNetwork
from skcnn.predicting._members import Member, PartsError, check_numbers, check_shapes, part
from skcnn.predicting._model import NETWORKS, FitRecord, FittedModel
from skcnn.predicting._ngram_model import NgramModel
from skcnn.predicting._pool import LogarithmicPool
from skcnn.predicting._sentence_model import SentenceModel
from skcnn.predicting._text_cnn import FittedTextCNN
from skcnn.text._coverage import EmbeddingCoverage
from skcnn.text._sentence_vectors import MINILM
from skcnn.text._tokenizer import Tokenization

_TOKENIZATION = ("tokenizer", "lowercase", "max_length")
_MEMBERS: dict[str, type[Member]] = {
    each.kind: each
    for each in (FittedTextCNN, KerasNetwork, NgramModel, SentenceModel, FittedClassifier)
}
# Parameters that may be objects. A file holds only None and "minilm" of them.
_OBJECTS = ("sentence_vectors", "members", "memory")


def write_model(
    path: str | os.PathLike[str],
    params: Mapping[str, Any],
    model: FittedModel,
    *,
    word_vectors: bool,
) -> None:
    """Write an estimator's parameters and its fitted model to one file.

    Parameters
    ----------
    path : str or path
    params : mapping of str to object
    model : FittedModel
    word_vectors : bool
        Whether to keep the pretrained vectors of words that training did not see.
    """
    given, vectors = dict(params), {}
    if "word_vectors" in given:
        given["word_vectors"] = _portable(given["word_vectors"]) if word_vectors else None
    if isinstance(given.get("word_vectors"), Mapping):
        vectors, given["word_vectors"] = given["word_vectors"], None
    for name in given.keys() & set(_OBJECTS):
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
            name: encode_value(getattr(model.tokenize, name), name) for name in _TOKENIZATION
        },
        "n_features_in": model.n_features_in,
        "feature_name": model.feature_name,
        "record": _encode_record(model.record),
        "members": [{"kind": member.kind, **member.header()} for member in members],
    }
    arrays = {"cost_matrix": model.cost_matrix}
    for number, member in enumerate(members):
        arrays |= {f"member_{number}.{name}": each for name, each in member.arrays().items()}
    if model.pool is not None:
        arrays |= {"exponents": model.pool.exponents, "log_factors": model.pool.log_factors}
    if vectors:
        arrays["word_vectors"] = np.stack([np.asarray(row) for row in vectors.values()])
    write(path, header, arrays)


def read_model(
    path: str | os.PathLike[str],
    *,
    sentence_vectors: Any = None,
    members: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], FittedModel]:
    """Read parameters and fitted model from a file of any format version.

    Parameters
    ----------
    path : str or path
    sentence_vectors : the encoder, if the file names one that it does not hold
    members : fitted classifiers by their names, if the file names any

    Raises
    ------
    ValueError
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
        header, arrays = _as_format_4(archive)
        model = _read_fitted(header, arrays, given)
        _check_all_used(model, sentence_vectors, members)
        params = _read_params(header, arrays)
        if sentence_vectors is not None:
            params["sentence_vectors"] = sentence_vectors
        if members:
            params["members"] = list(members.items())
        return params, model
    except PartsError as error:
        raise ValueError(
            f"{os.fspath(path)} is a model file whose parts do not fit together: {error}. Copy or "
            "save the model again."
        ) from error


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
    }


# ---------------------------------------------------------------------------------------------
# Reading
# ---------------------------------------------------------------------------------------------


def _read_params(header: Mapping[str, Any], arrays: Mapping[str, Any]) -> dict[str, Any]:
    given = part(header, "parameters", dict)
    params = {name: _decode(value, name) for name, value in given.items()}
    words = part(header, "vector_words", list)
    if words:
        vectors = part(arrays, "word_vectors")
        if set(map(type, words)) != {str} or vectors.ndim != 2 or len(vectors) != len(words):
            raise PartsError(
                f"vector_words has {len(words)} words, word_vectors has shape {vectors.shape}"
            )
        params["word_vectors"] = dict(zip(words, vectors, strict=True))
    return params


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


def _read_fitted(
    header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], given: Mapping[str, Any]
) -> FittedModel:
    classes = _read_classes(header)
    members = _read_members(header, arrays, len(classes), given)
    for member in members:
        if isinstance(member, FittedClassifier):
            check_classes(member.name, member.classifier, classes)
    network = members[0]
    if not isinstance(network, NETWORKS):
        kinds = " or ".join(repr(each.kind) for each in NETWORKS)
        raise PartsError(f"the first member is {network.kind!r}, expected {kinds}")
    return FittedModel(
        classes=classes,
        cost_matrix=_read_cost_matrix(arrays, classes),
        tokenize=_read_tokenization(part(header, "tokenization", dict)),
        members=tuple(member.with_cached_words(network.seen_words) for member in members),
        pool=_read_pool(arrays, len(members), len(classes)),
        record=_read_record(part(header, "record", dict)),
        n_features_in=part(header, "n_features_in", int, type(None)),
        feature_name=part(header, "feature_name", str, type(None)),
    )


def _read_classes(header: Mapping[str, Any]) -> NDArray[Any]:
    labels = _decode(part(header, "classes", list), "classes")
    dtype = part(header, "classes_dtype", str)
    try:
        classes = np.array(labels, dtype=np.dtype(dtype))
        is_sorted = (
            classes.ndim == 1 and len(classes) > 1 and bool((classes[:-1] < classes[1:]).all())
        )
    except (TypeError, ValueError) as error:
        raise PartsError(f"classes cannot have the dtype {dtype!r}") from error
    if not is_sorted:
        raise PartsError(f"classes is {labels}, expected two different labels or more, sorted")
    return classes


def _read_cost_matrix(arrays: Mapping[str, NDArray[Any]], classes: NDArray[Any]) -> Float64:
    try:
        return check_cost_matrix(part(arrays, "cost_matrix"), classes)
    except (TypeError, ValueError) as error:
        raise PartsError(str(error)) from error


def _read_tokenization(header: Mapping[str, Any]) -> Tokenization:
    tokenizer, lowercase, max_length = (_decode(part(header, name), name) for name in _TOKENIZATION)
    if tokenizer is not None or not isinstance(lowercase, bool):
        raise PartsError(f"tokenizer is {tokenizer!r}, lowercase is {lowercase!r}")
    try:
        check_max_length(max_length)
    except (TypeError, ValueError) as error:
        raise PartsError(f"max_length is {max_length!r}") from error
    return Tokenization(tokenizer, lowercase, max_length)


def _read_members(
    header: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    n_classes: int,
    given: Mapping[str, Any],
) -> list[Member]:
    """Build the members; `given` has, for some kinds, what a file cannot hold."""
    listed = part(header, "members", list)
    if not listed:
        raise PartsError("members is empty")
    members = []
    for number, own_header in enumerate(listed):
        kind = part(own_header, "kind", str)
        if kind not in _MEMBERS:
            raise PartsError(f"a member is {kind!r}, expected one of {sorted(_MEMBERS)}")
        if kind == FittedClassifier.kind:
            same_kind = [each for each in listed if part(each, "kind", str) == kind]
            names = [part(each, "name", str) for each in same_kind]
            check_members_given(names, given[kind])
        prefix = f"member_{number}."
        own_arrays = {
            name.removeprefix(prefix): array
            for name, array in arrays.items()
            if name.startswith(prefix)
        }
        not_in_file = (given[kind],) if kind in given else ()
        members.append(_MEMBERS[kind].from_parts(own_header, own_arrays, n_classes, *not_in_file))
    return members


def _read_pool(
    arrays: Mapping[str, NDArray[Any]], n_members: int, n_classes: int
) -> LogarithmicPool | None:
    if n_members == 1:
        return None
    pool = LogarithmicPool(part(arrays, "exponents"), part(arrays, "log_factors"))
    check_shapes(
        {
            "exponents": (pool.exponents.shape, (n_members,)),
            "log_factors": (pool.log_factors.shape, (n_classes,)),
        }
    )
    check_numbers({"exponents": pool.exponents, "log_factors": pool.log_factors}, {})
    if (pool.exponents < 0).any():
        raise PartsError(f"exponents is {pool.exponents}, expected 0 or more")
    return pool


def _read_record(header: Mapping[str, Any]) -> FitRecord:
    history = _decode(part(header, "history"), "history")
    if not isinstance(history, dict) or not isinstance(history.get("loss"), list):
        raise PartsError("history has no list of losses")
    coverage = _decode(part(header, "coverage"), "coverage")
    if coverage is not None and not (isinstance(coverage, tuple) and len(coverage) == 3):
        raise PartsError(f"coverage is {coverage!r}, expected two shares and some words")
    return FitRecord(
        history=history,
        best_iter=part(header, "best_iter", int),
        coverage=None if coverage is None else EmbeddingCoverage(*coverage),
    )


def _decode(value: Any, name: str) -> Any:
    try:
        return decode_value(value)
    except ValueError as error:
        raise PartsError(f"{name} cannot be read ({error})") from error


# ---------------------------------------------------------------------------------------------
# Older formats
# ---------------------------------------------------------------------------------------------

_OF_NETWORK = {
    "embedding": "embedding",
    "taps": "taps_by_offset",
    "filter_bias": "filter_bias",
    "dense_kernel": "dense_kernel",
    "dense_bias": "dense_bias",
    "frozen": "frozen",
    "subword_keys": "subword_keys",
    "subword_vectors": "subword_vectors",
    "loss_costs": "loss_costs",
}
_OF_NGRAMS = (
    "word_keys",
    "word_idf",
    "character_keys",
    "character_idf",
    "word_coef",
    "character_coef",
    "intercept",
)


def _as_format_4(archive: Archive) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return header and arrays as format 4 has them; format 3 has them alike."""
    version, header, arrays = archive
    if version >= 3:
        return header, arrays
    network = {name: part(header, name) for name in ("vocabulary", "filter_widths", "loss")}
    members = [{"kind": FittedTextCNN.kind, **network}]
    names = {old: f"member_0.{new}" for old, new in _OF_NETWORK.items()}
    if header.get("has_linear_model"):  # format 1 has no such key
        members.append({"kind": NgramModel.kind})
        names |= {name: f"member_1.{name}" for name in _OF_NGRAMS}
    # `unlabeled` is an argument of `fit` now. Older versions could only write it as None.
    params = {k: v for k, v in part(header, "parameters", dict).items() if k != "unlabeled"}
    columns = part(header, "columns", dict)
    upgraded = {
        **header,
        "parameters": {"linear_model": False, **params},  # format 1 has no n-gram model
        "tokenization": {name: part(params, name) for name in _TOKENIZATION},
        "record": {name: part(header, name) for name in ("history", "best_iter", "coverage")},
        "n_features_in": columns.get("n_features_in_"),
        "feature_name": None,  # a model with such a name could not be saved
        "members": members,
    }
    return upgraded, {names.get(name, name): array for name, array in arrays.items()}
