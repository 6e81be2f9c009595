"""``skcnn info``: what a model file holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skcnn.cli._inputs import check_can_read
from skcnn.cli._model import load_model, names_of
from skcnn.cli._options import AsJson, ModelFile
from skcnn.cli._output import progress, say, say_json

if TYPE_CHECKING:
    from skcnn._estimator import CostSensitiveTextCNN

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
    changed = ", ".join(f"{name}={value!r}" for name, value in facts["parameters"].items())
    say(f"Parameters other than the defaults: {changed or 'none'}")


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


def _facts(model: CostSensitiveTextCNN, path: Path) -> dict[str, Any]:
    from skcnn.files._archive import written_by
    from skcnn.inspection._report_figures import costs_in_words

    format_version, version = written_by(path)
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "format": format_version,
        "skcnn": version,
        "labels": names_of(model),
        "cost_matrix": model.cost_matrix_.tolist(),
        "costs": costs_in_words(model.classes_, model.cost_matrix_, ""),
        "words": len(model.vocabulary_),
        "models": [_MEMBERS.get(member.kind, member.kind) for member in model._model.members],
        "epochs": model.n_iter_,
        "best_epoch": model.best_iter_,
        "parameters": _changed(model),
    }


def _changed(model: CostSensitiveTextCNN) -> dict[str, Any]:
    """Return the parameters that differ from the defaults, as JSON can hold them."""
    defaults = type(model)().get_params(deep=False)
    return {
        name: _shown(value)
        for name, value in model.get_params(deep=False).items()
        if not _same(value, defaults[name]) and name != "cost_matrix"
    }


def _shown(value: Any) -> Any:
    if isinstance(value, Mapping) and len(value) > _MAX_SHOWN:
        return f"{len(value):,} entries"  # word vectors
    return value if isinstance(value, bool | int | float | str) else str(value)


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)
