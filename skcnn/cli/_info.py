"""``skcnn info``: what a model file holds."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skcnn.cli._inputs import check_can_read
from skcnn.cli._model import load_model, names_of, network_of
from skcnn.cli._options import AsJson, ModelFile
from skcnn.cli._output import progress, say, say_json

if TYPE_CHECKING:
    from skcnn.cli._model import Model

_MEMBERS = {
    "text_cnn": "TextCNN",
    "keras_network": "your own Keras network",
    "ngrams": "n-gram model",
    "sentence_vectors": "sentence vectors",
    "classifier": "classifier",
}


def info(model: ModelFile, as_json: AsJson = False) -> None:
    """Say what a model file holds: labels, costs, words, models, versions and parameters."""
    check_can_read(model)
    with progress(f"Loading {model}"):
        facts = _facts(load_model(model), model)
    if as_json:
        say_json(facts)
        return
    for name, title in _TITLES.items():
        value = facts[name]
        shown = ", ".join(value) if isinstance(value, list) else value
        say(f"{title}: {shown:,}" if isinstance(value, int) else f"{title}: {shown}")
    for sentence in facts["costs"]:
        say(sentence)
    for key, title in (("rule", "Decides by"), ("parameters", "Parameters not the defaults")):
        changed = ", ".join(f"{name}={value!r}" for name, value in facts[key].items())
        if changed or key == "parameters":
            say(f"{title}: {changed or 'none'}")


_MAX_SHOWN = 20
_TITLES = {
    "file": "File",
    "bytes": "Bytes",
    "format": "Format of the file",
    "skcnn": "Written by skcnn",
    "labels": "Labels",
    "words": "Words known",
    "models": "Models",
    "epochs": "Epochs",
    "best_epoch": "Best epoch",
}


def _facts(model: Model, path: Path) -> dict[str, Any]:
    from skcnn.files._archive import written_by
    from skcnn.inspection._report_figures import costs_in_words

    (format_version, version), network = written_by(path), network_of(model)
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "format": format_version,
        "skcnn": version,
        "labels": names_of(model),
        "cost_matrix": model.cost_matrix_.tolist(),
        "costs": costs_in_words(model.classes_, model.cost_matrix_, ""),
        "words": len(network.vocabulary_),
        "models": [_MEMBERS.get(member.kind, member.kind) for member in network._model.members],
        "epochs": network.n_iter_,
        "best_epoch": network.best_iter_,
        "rule": _changed(model) if model is not network else {},
        "parameters": _changed(network),
    }


def _changed(model: Model) -> dict[str, Any]:
    """Return the parameters that differ from the defaults, as JSON can hold them."""
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(type(model)).parameters.items()
    }
    return {
        name: _shown(value)
        for name, value in model.get_params(deep=False).items()
        if not _same(value, defaults[name]) and name not in ("cost_matrix", "estimator")
    }


def _shown(value: Any) -> Any:
    if isinstance(value, Mapping) and len(value) > _MAX_SHOWN:
        return f"{len(value):,} entries"  # word vectors
    return value if isinstance(value, bool | int | float | str) else str(value)


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)
