"""What every member of a fitted model can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self

from numpy.typing import NDArray

from skcnn._arrays import Float64
from skcnn.costs._posterior import PosteriorRule
from skcnn.text._long_text import Tokens


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

        Every part is checked here, because the file may have been changed by anyone.

        Parameters
        ----------
        header : what `header` returned, and the kind
        arrays : what `arrays` returned
        n_classes : K

        Raises
        ------
        PartsError
            If a part is missing, is one too many, or the parts do not fit together.
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
