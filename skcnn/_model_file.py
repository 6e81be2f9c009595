"""A fitted estimator as one file, and back: parameters, words and weights, no code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skcnn import _persistence
from skcnn._inference import TextCNNWeights
from skcnn._linear_model import LinearModel, LinearModelBeside
from skcnn.costs._pool import LogarithmicPool
from skcnn.costs._posterior import PosteriorRule
from skcnn.text import EmbeddingCoverage, NgramFeatures

if TYPE_CHECKING:
    from skcnn._estimator import CostSensitiveTextCNN

_KEYS = ("word_keys", "character_keys")
_NGRAMS = ("word_keys", "word_idf", "character_keys", "character_idf")
_COEFFICIENTS = ("word_coef", "character_coef", "intercept")
_POOL = ("exponents", "log_factors")
_WEIGHTS = (
    "embedding",
    "taps",
    "filter_bias",
    "dense_kernel",
    "dense_bias",
    "frozen",
    "subword_keys",
    "subword_vectors",
)


def save_estimator(
    estimator: CostSensitiveTextCNN, path: str | os.PathLike[str], *, word_vectors: bool
) -> None:
    """Write a fitted estimator to one file."""
    given = {
        **estimator.get_params(deep=False),
        "unlabeled": None,  # it has done its work, and may be large or private
        "word_vectors": _portable(estimator.word_vectors) if word_vectors else None,
    }
    vectors: Mapping[str, Any] = {}
    if isinstance(given["word_vectors"], Mapping):
        vectors, given["word_vectors"] = given["word_vectors"], None
    parameters = {name: _persistence.encode_value(value, name) for name, value in given.items()}
    weights, rule = estimator._weights, estimator._posterior_rule
    if not word_vectors:
        weights = replace(weights, frozen=weights.frozen[:0])
    columns = {
        name: _persistence.encode_value(getattr(estimator, name), name)
        for name in ("n_features_in_", "feature_names_in_")
        if hasattr(estimator, name)
    }
    header = {
        "parameters": parameters,
        "classes": _persistence.encode_value(estimator.classes_.tolist(), "classes_"),
        "classes_dtype": estimator.classes_.dtype.str,
        "vocabulary": list(estimator.vocabulary_)[: weights.n_words - 2],
        "vector_words": list(vectors),
        "coverage": _persistence.encode_value(
            estimator._coverage and tuple(estimator._coverage), "embedding_coverage_"
        ),
        "history": _persistence.encode_value(estimator.history_, "history_"),
        "best_iter": estimator.best_iter_,
        "filter_widths": list(weights.filter_widths),
        "loss": {"name": rule.loss, "parameters": rule.parameters},
        "columns": columns,
        "has_linear_model": estimator._beside is not None,
    }
    arrays = {name: getattr(weights, name) for name in _WEIGHTS}
    arrays["cost_matrix"] = estimator.cost_matrix_
    arrays["loss_costs"] = rule.costs
    arrays |= _linear_arrays(estimator._beside)
    if vectors:
        arrays["word_vectors"] = np.stack([np.asarray(row) for row in vectors.values()])
    _persistence.write(path, header, arrays)


def _linear_arrays(beside: LinearModelBeside | None) -> dict[str, NDArray[Any]]:
    if beside is None:
        return {}
    model, pool = beside.model, beside.pool
    parts = ((model.features, _NGRAMS), (model, _COEFFICIENTS), (pool, _POOL))
    return {name: getattr(part, name) for part, names in parts for name in names}


def _beside(arrays: Mapping[str, NDArray[Any]]) -> LinearModelBeside:
    features, pool = ({name: arrays[name] for name in names} for names in (_NGRAMS, _POOL))
    word_coef, character_coef, intercept = (arrays[name] for name in _COEFFICIENTS)
    model = LinearModel(NgramFeatures(**features), word_coef, character_coef, intercept)
    return LinearModelBeside(model, LogarithmicPool(**pool))


def _portable(word_vectors: Any) -> Any:
    """The parameter as a file can hold it: names, paths as strings, a mapping."""
    if isinstance(word_vectors, os.PathLike):
        return os.fspath(word_vectors)
    if isinstance(word_vectors, (list, tuple)):
        return type(word_vectors)(_portable(one) for one in word_vectors)
    if word_vectors is None or isinstance(word_vectors, (str, Mapping)):
        return word_vectors
    msg = (
        f"word_vectors is an object of type {type(word_vectors).__name__}, which the file cannot "
        "hold. Save with word_vectors=False, or give the vectors as a file or a mapping."
    )
    raise TypeError(msg)


def load_estimator(
    cls: type[CostSensitiveTextCNN], path: str | os.PathLike[str]
) -> CostSensitiveTextCNN:
    """Read a fitted estimator from `save_estimator`'s file."""
    header, arrays = _persistence.read(path)
    decode = _persistence.decode_value
    try:
        parameters = {name: decode(v) for name, v in header["parameters"].items()}
        # Files of format 1 know of no linear model.
        estimator = cls(**{"linear_model": False, **parameters})
        labels, dtype = decode(header["classes"]), np.dtype(header["classes_dtype"])
        if header["vector_words"]:
            vectors = zip(header["vector_words"], arrays["word_vectors"], strict=True)
            estimator.word_vectors = dict(vectors)
        coverage = decode(header["coverage"])
        estimator._coverage = coverage and EmbeddingCoverage(*coverage)
        estimator.classes_ = np.array(labels, dtype=dtype)
        estimator.cost_matrix_ = arrays["cost_matrix"]
        estimator.vocabulary_ = {word: i for i, word in enumerate(header["vocabulary"], 2)}
        estimator.history_ = decode(header["history"])
        estimator.n_iter_ = len(estimator.history_["loss"])
        estimator.best_iter_ = header["best_iter"]
        estimator._weights = TextCNNWeights(
            **{name: arrays[name] for name in _WEIGHTS},
            filter_widths=tuple(header["filter_widths"]),
        )
        estimator._posterior_rule = PosteriorRule(
            header["loss"]["name"], arrays["loss_costs"], header["loss"]["parameters"]
        )
        estimator._beside = _beside(arrays) if header.get("has_linear_model") else None
        estimator._keras_model = None
        _check_weights(estimator._weights, len(labels), len(estimator.vocabulary_))
        if estimator._beside is not None:
            _check_linear(estimator._beside, len(labels))
            seen = list(estimator.vocabulary_)[: estimator._weights.n_seen - 2]
            estimator._beside = estimator._beside.knowing(seen)
        for name, value in header["columns"].items():
            setattr(estimator, name, decode(value))
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        msg = (
            f"{os.fspath(path)} is a model file whose parts do not belong together "
            f"({type(error).__name__}: {error}). Copy or save the model again."
        )
        raise ValueError(msg) from error
    return estimator


def _check_weights(weights: TextCNNWeights, n_classes: int, n_words: int) -> None:
    """A file that was put together by hand must fail here, not in a prediction."""
    dimension = weights.embedding.shape[1]
    n_features = len(weights.filter_bias)
    shapes: dict[str, tuple[Any, Any]] = {
        "taps": (weights.taps.shape, (dimension, sum(weights.filter_widths) * weights.n_filters)),
        "dense_kernel": (weights.dense_kernel.shape, (n_features, n_classes)),
        "dense_bias": (weights.dense_bias.shape, (n_classes,)),
        "subword_vectors": (weights.subword_vectors.shape, (len(weights.subword_keys), dimension)),
        "dimension of frozen": (max(weights.frozen.shape[1], dimension), dimension),
        "number of words": (weights.n_words, n_words + 2),
    }
    _compare(shapes)


def _check_linear(beside: LinearModelBeside, n_classes: int) -> None:
    model, features = beside.model, beside.model.features
    columns = 1 if n_classes == 2 else n_classes
    n_words, n_characters = features.word_keys.size, features.character_keys.size
    shapes = {
        "word_keys": (features.word_keys.shape, (n_words,)),
        "character_keys": (features.character_keys.shape, (n_characters,)),
        "word_idf": (features.word_idf.shape, (n_words,)),
        "character_idf": (features.character_idf.shape, (n_characters,)),
        "word_coef": (model.word_coef.shape, (n_words, columns)),
        "character_coef": (model.character_coef.shape, (n_characters, columns)),
        "intercept": (model.intercept.shape, (columns,)),
        "exponents": (beside.pool.exponents.shape, (2,)),
        "log_factors": (beside.pool.log_factors.shape, (n_classes,)),
    }
    _compare(shapes)
    for name, array in _linear_arrays(beside).items():
        if array.dtype.kind != ("u" if name in _KEYS else "f") or not np.isfinite(array).all():
            raise TypeError(f"{name} has dtype {array.dtype}, or values that are not finite")
    for keys in (features.word_keys, features.character_keys):
        if keys.dtype != np.uint32 or (keys[1:] <= keys[:-1]).any():
            raise TypeError(f"word_keys or character_keys has dtype {keys.dtype}, or descends")
    if (beside.pool.exponents < 0).any():
        raise TypeError(f"exponents is {beside.pool.exponents}, expected 0 or more")


def _compare(shapes: Mapping[str, tuple[Any, Any]]) -> None:
    for name, (found, expected) in shapes.items():
        if found != expected:
            raise TypeError(f"{name} is {found}, expected {expected}")
