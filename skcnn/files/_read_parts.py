"""From the header and the arrays of a file to a fitted model and parameters, all checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float64
from skcnn._settings import check_max_length
from skcnn.costs._matrix import check_cost_matrix
from skcnn.files._budget import Budget
from skcnn.files._older_formats import TOKENIZATION
from skcnn.files._values import decode_value
from skcnn.predicting._classifier import FittedClassifier, check_classes, check_members_given
from skcnn.predicting._keras_network import KerasNetwork
from skcnn.predicting._members import Member
from skcnn.predicting._model import NETWORKS, FitRecord, FittedModel
from skcnn.predicting._ngram_model import NgramModel
from skcnn.predicting._parts import (
    ExpectedArray,
    PartsError,
    check_arrays,
    check_names,
    part,
    shown,
)
from skcnn.predicting._pool import LogarithmicPool
from skcnn.predicting._sentence_model import SentenceModel
from skcnn.predicting._text_cnn import FittedTextCNN
from skcnn.text._coverage import EmbeddingCoverage
from skcnn.text._sentence_vectors import MINILM
from skcnn.text._tokenizer import Tokenization

_MEMBERS: dict[str, type[Member]] = {
    each.kind: each
    for each in (FittedTextCNN, KerasNetwork, NgramModel, SentenceModel, FittedClassifier)
}
_HEADER = (
    "parameters",
    "vector_words",
    "classes",
    "classes_dtype",
    "tokenization",
    "n_features_in",
    "feature_name",
    "record",
    "members",
)
# Parameters that may be objects. A file holds only None and "minilm" of them.
OBJECTS = ("sentence_vectors", "members", "memory")
_CLASSES_DTYPE = re.compile(r"[<>|](?:b1|[iuf][1248]|U\d{1,9}|O)")
_COST_MATRIX = {"cost_matrix": ExpectedArray(("n_classes", "n_classes"), ("float64",))}
_POOL = {
    "exponents": ExpectedArray(("n_members",), ("float64",), "not negative"),
    "log_factors": ExpectedArray(("n_classes",), ("float64",)),
}
# Far above those of any fitted pool. With larger ones, sums of logarithms could overflow.
_LARGEST_EXPONENT = 1e30
_NUMBERS = (
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64"),
)
_WORD_VECTORS = {"word_vectors": ExpectedArray(("n_words", "d_given"), _NUMBERS)}
Arrays = Mapping[str, NDArray[Any]]


def read_params(header: Mapping[str, Any], arrays: Arrays, budget: Budget) -> dict[str, Any]:
    """Return the parameters of the estimator by their names.

    Raises
    ------
    PartsError
        If a value is not one that `save` writes.
    """
    given = part(header, "parameters", dict)
    params = {name: _decode(value, name, budget) for name, value in given.items()}
    for name in params.keys() & set(OBJECTS):
        expected = (None, MINILM) if name == "sentence_vectors" else (None,)
        if params[name] not in expected:
            raise PartsError(f"{name} is {shown(params[name])}, which a file cannot hold")
    words = part(header, "vector_words", list)
    if words:
        if set(map(type, words)) != {str} or len(set(words)) < len(words):
            raise PartsError("vector_words is not a list of different words")
        if params.get("word_vectors") is not None:
            raise PartsError("vector_words is given, and word_vectors is among the parameters")
        params["word_vectors"] = dict(zip(words, arrays["word_vectors"], strict=True))
    return params


def read_fitted(
    header: Mapping[str, Any], arrays: Arrays, given: Mapping[str, Any], budget: Budget
) -> FittedModel:
    """Return the fitted model.

    Parameters
    ----------
    header, arrays : as the newest format has them
    given : for some kinds of members, what a file cannot hold
    budget : the memory that may be taken

    Raises
    ------
    PartsError
        If a part is missing, is one too many, or the parts do not fit together.
    ValueError
        If what is given is not what the file names.
    """
    check_names(header, _HEADER, "the header")
    listed = _listed_members(header)
    own, of_members = _split(arrays, len(listed))
    classes = _read_classes(header, budget)
    pool = _read_own(own, header, len(listed), len(classes))
    cost_matrix = _read_cost_matrix(own["cost_matrix"], classes)
    tokenize = _read_tokenization(part(header, "tokenization", dict), budget)
    record = _read_record(part(header, "record", dict), budget)
    n_features_in, feature_name = _read_columns(header)
    members = _read_members(listed, of_members, classes, given)
    return FittedModel(
        classes=classes,
        cost_matrix=cost_matrix,
        tokenize=tokenize,
        members=members,
        pool=pool,
        record=record,
        n_features_in=n_features_in,
        feature_name=feature_name,
    )


def _split(arrays: Arrays, n_members: int) -> tuple[Arrays, list[Arrays]]:
    """Return the model's own arrays, and those of each member by their names there."""
    own, of_members = dict(arrays), list[Arrays]()
    for number in range(n_members):
        prefix = f"member_{number}."
        names = [name for name in arrays if name.startswith(prefix)]
        of_members.append({name.removeprefix(prefix): own.pop(name) for name in names})
    return own, of_members


def _read_own(
    own: Arrays, header: Mapping[str, Any], n_members: int, n_classes: int
) -> LogarithmicPool | None:
    """Check the arrays that belong to no member, and return the pool."""
    words = part(header, "vector_words", list)
    expected = _COST_MATRIX | (_POOL if n_members > 1 else {}) | (_WORD_VECTORS if words else {})
    sizes = {"n_classes": n_classes, "n_members": n_members, "n_words": len(words)}
    check_arrays(own, expected, sizes, "the model")
    if n_members == 1:
        return None
    pool = LogarithmicPool(own["exponents"], own["log_factors"])
    if max(pool.exponents.max(), np.abs(pool.log_factors).max()) > _LARGEST_EXPONENT:
        raise PartsError("exponents or log_factors are too large, probabilities could overflow")
    return pool


def _read_classes(header: Mapping[str, Any], budget: Budget) -> NDArray[Any]:
    labels = part(header, "classes", list)
    labels, dtype = _decode(labels, "classes", budget), part(header, "classes_dtype", str)
    if not _CLASSES_DTYPE.fullmatch(dtype) or dtype[1:] == "f1":
        raise PartsError(f"classes cannot have the dtype {shown(dtype)}")
    if len(labels) < 2 or set(map(type, labels)) - {bool, int, float, str}:
        raise PartsError(f"classes is {shown(labels)}, expected two different labels or more")
    budget.take(np.dtype(dtype).itemsize * len(labels), "classes")
    try:
        with np.errstate(all="ignore"):
            classes = np.array(labels, dtype=np.dtype(dtype))
        is_sorted = bool((classes[:-1] < classes[1:]).all())
    except (TypeError, ValueError, OverflowError) as error:
        raise PartsError(f"classes cannot have the dtype {dtype!r}") from error
    if not is_sorted or classes.tolist() != labels:
        raise PartsError(
            f"classes is {shown(labels)} of dtype {dtype}, expected two different labels or more, "
            "sorted"
        )
    return classes


def _read_cost_matrix(costs: NDArray[Any], classes: NDArray[Any]) -> Float64:
    try:
        return check_cost_matrix(costs, classes)
    except (TypeError, ValueError) as error:
        raise PartsError(str(error).rstrip(".")) from error


def _read_tokenization(header: Mapping[str, Any], budget: Budget) -> Tokenization:
    check_names(header, TOKENIZATION, "tokenization")
    tokenizer, lowercase, max_length = (
        _decode(header[name], name, budget) for name in TOKENIZATION
    )
    if tokenizer is not None or not isinstance(lowercase, bool | np.bool_):
        raise PartsError(f"tokenizer is {shown(tokenizer)}, lowercase is {shown(lowercase)}")
    numbers = max_length if isinstance(max_length, (tuple, list)) else [max_length]
    try:
        check_max_length(max_length)
        if max_length is not None and (sum(numbers) < 1 or bool in map(type, numbers)):
            raise ValueError
    except (TypeError, ValueError) as error:
        raise PartsError(f"max_length is {shown(max_length)}") from error
    return Tokenization(tokenizer, bool(lowercase), max_length)


def _read_record(header: Mapping[str, Any], budget: Budget) -> FitRecord:
    check_names(header, ("history", "best_iter", "coverage"), "record")
    history = _decode(header["history"], "history", budget)
    if not isinstance(history, dict) or not isinstance(history.get("loss"), list):
        raise PartsError("history has no list of losses")
    for name, values in history.items():
        is_list = isinstance(name, str) and isinstance(values, list)
        if not is_list or not all(isinstance(v, Real) for v in values):
            raise PartsError(f"history has {shown(name)}: {shown(values)}, expected numbers")
    best_iter, n_iter = part(header, "best_iter", int), len(history["loss"])
    if not 1 <= best_iter <= n_iter:
        raise PartsError(f"best_iter is {shown(best_iter)}, expected 1 to {n_iter}")
    coverage = _decode(header["coverage"], "coverage", budget)
    return FitRecord(history, best_iter, None if coverage is None else _coverage(coverage))


def _coverage(value: Any) -> EmbeddingCoverage:
    if isinstance(value, tuple) and len(value) == 3:
        *shares, words = value
        are_shares = all(isinstance(share, Real) and 0 <= float(share) <= 1 for share in shares)
        if are_shares and isinstance(words, tuple) and not set(map(type, words)) - {str}:
            return EmbeddingCoverage(*value)
    raise PartsError(f"coverage is {shown(value)}, expected two shares and some words")


def _read_columns(header: Mapping[str, Any]) -> tuple[int | None, str | None]:
    n_features_in = part(header, "n_features_in", int, type(None))
    feature_name = part(header, "feature_name", str, type(None))
    if n_features_in not in (None, 1) or (feature_name is not None and n_features_in is None):
        raise PartsError(
            f"n_features_in is {shown(n_features_in)} and feature_name is {shown(feature_name)}, "
            "expected one column, or none"
        )
    return n_features_in, feature_name


def _listed_members(header: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the headers of the members, whose kinds and names are checked."""
    listed: list[dict[str, Any]] = part(header, "members", list)
    if not listed:
        raise PartsError("members is empty")
    identities = []
    for own_header in listed:
        kind = part(own_header, "kind", str)
        if kind not in _MEMBERS:
            raise PartsError(f"a member is {shown(kind)}, expected one of {sorted(_MEMBERS)}")
        is_named = kind == FittedClassifier.kind
        identities.append((kind, part(own_header, "name", str) if is_named else ""))
    kinds = [each.kind for each in NETWORKS]
    is_network = [kind in kinds for kind, _ in identities]
    if not is_network[0] or sum(is_network) > 1:
        raise PartsError(f"the first member, and no other, must be one of {kinds}")
    if len(set(identities)) < len(identities):
        raise PartsError("two members are alike")
    return listed


def _read_members(
    listed: list[dict[str, Any]],
    of_members: list[Arrays],
    classes: NDArray[Any],
    given: Mapping[str, Any],
) -> tuple[Member, ...]:
    """Build the members; `given` has, for some kinds, what a file cannot hold."""
    names = [each["name"] for each in listed if each["kind"] == FittedClassifier.kind]
    check_members_given(names, given[FittedClassifier.kind])
    members = []
    for own_header, own_arrays in zip(listed, of_members, strict=True):
        kind = own_header["kind"]
        not_in_file = (given[kind],) if kind in given else ()
        member = _MEMBERS[kind].from_parts(own_header, own_arrays, len(classes), *not_in_file)
        if isinstance(member, FittedClassifier):
            check_classes(member.name, member.classifier, classes)
        members.append(member)
    network = members[0]
    words = network.seen_words if isinstance(network, NETWORKS) else []
    return tuple(member.with_cached_words(words) for member in members)


def _decode(value: Any, name: str, budget: Budget) -> Any:
    try:
        return decode_value(value, budget)
    except ValueError as error:
        raise PartsError(f"{shown(name)} cannot be read ({error})") from error
