"""A fitted estimator as one file, and back: parameters, words and weights, no code."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from skcnn import _persistence
from skcnn._inference import TextCNNWeights
from skcnn._posterior import PosteriorRule

if TYPE_CHECKING:
    from skcnn._estimator import CostSensitiveTextCNN

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


def save_estimator(estimator: CostSensitiveTextCNN, path: str | os.PathLike[str]) -> None:
    """Write a fitted estimator to one file."""
    parameters = {
        name: _persistence.encode_value(value, name)
        for name, value in estimator.get_params(deep=False).items()
    }
    weights, rule = estimator._weights, estimator._posterior_rule
    columns = {
        name: _persistence.encode_value(getattr(estimator, name), name)
        for name in ("n_features_in_", "feature_names_in_")
        if hasattr(estimator, name)
    }
    header = {
        "parameters": parameters,
        "classes": _persistence.encode_value(estimator.classes_.tolist(), "classes_"),
        "classes_dtype": estimator.classes_.dtype.str,
        "vocabulary": list(estimator.vocabulary_),
        "history": _persistence.encode_value(estimator.history_, "history_"),
        "best_iter": estimator.best_iter_,
        "filter_widths": list(weights.filter_widths),
        "loss": {"name": rule.loss, "parameters": rule.parameters},
        "columns": columns,
    }
    arrays = {name: getattr(weights, name) for name in _WEIGHTS}
    arrays["cost_matrix"] = estimator.cost_matrix_
    arrays["loss_costs"] = rule.costs
    _persistence.write(path, header, arrays)


def load_estimator(
    cls: type[CostSensitiveTextCNN], path: str | os.PathLike[str]
) -> CostSensitiveTextCNN:
    """Read a fitted estimator from `save_estimator`'s file."""
    header, arrays = _persistence.read(path)
    decode = _persistence.decode_value
    try:
        estimator = cls(**{name: decode(v) for name, v in header["parameters"].items()})
        labels, dtype = decode(header["classes"]), np.dtype(header["classes_dtype"])
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
        estimator._keras_model = None
        _check_weights(estimator._weights, len(labels), len(estimator.vocabulary_))
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
        "number of words": (weights.n_words, n_words + 2),
    }
    for name, (found, expected) in shapes.items():
        if found != expected:
            raise TypeError(f"{name} is {found}, expected {expected}")
