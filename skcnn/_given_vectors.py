"""The vectors that words have before training: from elsewhere, and from unlabelled texts."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from skcnn.text import (
    EmbeddingCoverage,
    WordVectors,
    as_texts,
    at_common_scale,
    embedding_coverage,
    resolve_word_vectors,
    side_by_side,
    tokenize_all,
)
from skcnn.text._cooccurrence import cooccurrence_word_vectors

if TYPE_CHECKING:
    from skcnn._estimator import CostSensitiveTextCNN


@dataclass(frozen=True, slots=True, eq=False)
class GivenVectors:
    """Vectors that are there before the training texts are read.

    Attributes
    ----------
    pretrained : those of the parameter `word_vectors`
    coverage : of the texts by these
    all : with those of `unlabeled` beside them, if there are any
    dimensions_to_learn : dimensions that are still to come from the training texts
    """

    pretrained: WordVectors | None
    coverage: EmbeddingCoverage | None
    all: WordVectors | None
    dimensions_to_learn: int


def given_vectors(
    estimator: CostSensitiveTextCNN,
    tokens: list[list[str]],
    train_tokens: list[list[str]],
    random_state: np.random.RandomState,
) -> GivenVectors:
    """Read the vectors that an estimator is given, for texts in tokens."""
    pretrained = _pretrained(estimator)
    coverage = None
    if pretrained is not None:
        coverage = embedding_coverage(tokens, pretrained)
        _warn_if_none_is_known(coverage, len(pretrained))
    if estimator.unlabeled is None:
        return GivenVectors(pretrained, coverage, pretrained, estimator.embedding_dim)
    learnt = _from_all_texts(estimator, train_tokens, random_state)
    both = learnt if pretrained is None else side_by_side([pretrained, learnt])
    return GivenVectors(pretrained, coverage, both, 0)


def tokens_of(estimator: CostSensitiveTextCNN, texts: list[str]) -> list[list[str]]:
    """Tokenize texts as an estimator's parameters say."""
    return tokenize_all(
        texts,
        estimator.tokenizer,
        lowercase=estimator.lowercase,
        max_length=estimator.max_length,
    )


def _pretrained(estimator: CostSensitiveTextCNN) -> WordVectors | None:
    given = estimator.word_vectors
    some = [
        resolve_word_vectors(one, lowercase=estimator.lowercase, tokenizer=estimator.tokenizer)
        for one in (given if isinstance(given, (list, tuple)) else [given])
    ]
    scaled = [at_common_scale(one) for one in some if one is not None]
    if len(scaled) > 1:
        return side_by_side(scaled)
    return scaled[0] if scaled else None


def _warn_if_none_is_known(coverage: EmbeddingCoverage, n_vectors: int) -> None:
    if coverage.types > 0:
        return
    warnings.warn(
        f"None of the words of the training texts is among the {n_vectors} of word_vectors; the "
        f"most frequent are {', '.join(map(repr, coverage.missing[:5]))}. Are the vectors of "
        "another language, or spelt in another way than the tokens?",
        UserWarning,
        stacklevel=7,
    )


def _from_all_texts(
    estimator: CostSensitiveTextCNN,
    train_tokens: list[list[str]],
    random_state: np.random.RandomState,
) -> WordVectors:
    """Co-occurrence vectors of the training texts and the unlabelled ones together."""
    unlabeled = tokens_of(estimator, as_texts(estimator.unlabeled))
    return cooccurrence_word_vectors(
        [*train_tokens, *unlabeled],
        estimator.embedding_dim,
        min_count=estimator.min_count,
        max_vocabulary=estimator.max_vocabulary,
        random_state=random_state,
    )
