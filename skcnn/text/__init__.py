"""From texts to token ids, and from words to the vectors that a network starts from."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from skcnn.text._coverage import EmbeddingCoverage
from skcnn.text._tokenizer import normalize, tokenize

if TYPE_CHECKING:
    from skcnn.text._cooccurrence import CooccurrenceVectors

__all__ = ["CooccurrenceVectors", "EmbeddingCoverage", "normalize", "tokenize"]


def __getattr__(name: str) -> Any:
    # It needs scikit-learn, whose import takes longer than all the rest.
    if name == "CooccurrenceVectors":
        return import_module("skcnn.text._cooccurrence").CooccurrenceVectors
    raise AttributeError(f"module 'skcnn.text' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
