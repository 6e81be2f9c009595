"""The vectors that words have before training: pretrained ones, and from unlabeled texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skcnn._compat import warn_user
from skcnn._settings import TextSettings
from skcnn.text._coverage import EmbeddingCoverage, embedding_coverage
from skcnn.text._embeddings import cooccurrence_word_vectors
from skcnn.text._tokenizer import tokenize_all
from skcnn.text._word_vectors import (
    WordVectors,
    at_common_scale,
    resolve_word_vectors,
    side_by_side,
)


@dataclass(frozen=True, slots=True, eq=False)
class GivenVectors:
    """Vectors that words have before the training texts are read.

    Attributes
    ----------
    pretrained : those of the parameter `word_vectors`, or None
    coverage : of the texts by these, or None
    all : `pretrained` and the vectors from unlabeled texts, side by side, or None
    dimensions_to_learn : dimensions that are left to learn from the training texts
    """

    pretrained: WordVectors | None
    coverage: EmbeddingCoverage | None
    all: WordVectors | None
    dimensions_to_learn: int


def given_vectors(
    settings: TextSettings,
    tokens: list[list[str]],
    train_tokens: list[list[str]],
    unlabeled: Sequence[str] | None,
    random_state: np.random.RandomState,
) -> GivenVectors:
    """Read the pretrained vectors for texts in tokens, and learn vectors from unlabeled texts."""
    pretrained = _pretrained(settings)
    coverage = None
    if pretrained is not None:
        coverage = embedding_coverage(tokens, pretrained)
        _warn_if_none_is_known(coverage, len(pretrained))
    if unlabeled is None:
        return GivenVectors(pretrained, coverage, pretrained, settings.embedding_dim)
    learned = _from_all_texts(settings, train_tokens, unlabeled, random_state)
    both = learned if pretrained is None else side_by_side([pretrained, learned])
    return GivenVectors(pretrained, coverage, both, 0)


def _pretrained(settings: TextSettings) -> WordVectors | None:
    given = settings.word_vectors
    some = [
        resolve_word_vectors(one, lowercase=settings.lowercase, tokenizer=settings.tokenizer)
        for one in (given if isinstance(given, (list, tuple)) else [given])
    ]
    scaled = [at_common_scale(one) for one in some if one is not None]
    if len(scaled) > 1:
        return side_by_side(scaled)
    return scaled[0] if scaled else None


def _warn_if_none_is_known(coverage: EmbeddingCoverage, n_vectors: int) -> None:
    if coverage.types > 0:
        return
    warn_user(
        f"None of the words of the training texts is among the {n_vectors} of word_vectors; the "
        f"most frequent are {', '.join(map(repr, coverage.missing[:5]))}. Are the vectors of "
        "another language, or spelled in another way than the tokens?"
    )


def _from_all_texts(
    settings: TextSettings,
    train_tokens: list[list[str]],
    unlabeled: Sequence[str],
    random_state: np.random.RandomState,
) -> WordVectors:
    """Learn co-occurrence vectors from the training texts and the unlabeled texts together."""
    tokens = tokenize_all(
        unlabeled,
        settings.tokenizer,
        lowercase=settings.lowercase,
        max_length=settings.max_length,
    )
    return cooccurrence_word_vectors(
        [*train_tokens, *tokens],
        settings.embedding_dim,
        min_count=settings.min_count,
        max_vocabulary=settings.max_vocabulary,
        random_state=random_state,
    )
