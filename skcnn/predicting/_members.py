"""What every member of a fitted model can do, and the members that model files may hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float64
from skcnn.costs._posterior import PosteriorRule
from skcnn.text._long_text import Tokens


class PartsError(ValueError):
    """Raised where the parts of a model file do not fit together."""


class Member(Protocol):
    """One of the models whose probabilities are pooled.

    A new kind of member is a class with these methods, listed in `skcnn.files._model_file`.
    """

    kind: ClassVar[str]
    reads_tokens: ClassVar[bool]

    def predict_proba(self, texts: Sequence[str], tokens: Sequence[Tokens]) -> Float64:
        """Estimate P(class | text) for n texts, given as strings and as tokens, (n, K).

        There are no tokens where `reads_tokens` is false.
        """

    def with_cached_words(self, words: Sequence[str]) -> Member:
        """Return the same member, faster for texts of these words, if it can be."""

    def without_unseen_words(self) -> Member:
        """Return the same member without vectors of words that training did not see."""

    def header(self) -> dict[str, Any]:
        """Return what a model file keeps as JSON."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a model file keeps as arrays."""

    @classmethod
    def from_parts(
        cls, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], n_classes: int
    ) -> Self:
        """Build the member from the parts of a model file.

        Raises
        ------
        PartsError
            If a part is missing, or the parts do not fit together.
        """


class Network(Member, Protocol):
    """A member that is a network over the tokens of a text."""

    @property
    def vocabulary(self) -> dict[str, int]:
        """The known words and their token ids."""

    @property
    def posterior_rule(self) -> PosteriorRule:
        """The rule from softmax outputs to P(class | text)."""

    @property
    def seen_words(self) -> list[str]:
        """Words that training saw."""

    def softmax(self, tokens: Sequence[Tokens]) -> Float64:
        """Return the network's outputs for n texts as softmax columns, (n, K)."""


def check_shapes(shapes: Mapping[str, tuple[Any, Any]]) -> None:
    """Raise PartsError if a found shape differs from the expected one, by name."""
    for name, (found, expected) in shapes.items():
        if found != expected:
            raise PartsError(f"{name} is {found}, expected {expected}")


def check_numbers(arrays: Mapping[str, NDArray[Any]], kinds: Mapping[str, str]) -> None:
    """Check that arrays hold finite numbers only.

    Parameters
    ----------
    arrays : arrays by their names
    kinds : kind of dtype that an array must have, as `numpy.dtype.kind`; "f" where none is named
    """
    for name, array in arrays.items():
        if array.dtype.kind != kinds.get(name, "f") or not np.isfinite(array).all():
            raise PartsError(f"{name} has dtype {array.dtype}, or values that are not finite")


def part(parts: Mapping[str, Any], name: str, *types: type) -> Any:
    """Return a part of a model file by its name.

    Raises
    ------
    PartsError
        If it is missing, or of none of the types.
    """
    if not isinstance(parts, Mapping):
        raise PartsError(f"{name} cannot be in {parts!r}, expected a mapping")
    if name not in parts:
        raise PartsError(f"{name} is missing")
    if types and not isinstance(parts[name], types):
        names = " or ".join(each.__name__ for each in types)
        raise PartsError(f"{name} is of type {type(parts[name]).__name__}, expected {names}")
    return parts[name]
