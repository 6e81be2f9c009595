"""What a linear score of a text is made of: the contribution of each n-gram and of each token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from skcnn._arrays import Float64

Ngram = tuple[str, ...]


@dataclass(slots=True, eq=False)
class Evidence:
    """The contributions to a score with one number for each of K classes.

    The score of the text is `base` plus the sum over `ngrams`, which is also `base` plus the sum
    over the rows of `tokens`. Adding a number to all classes changes nothing that follows from it.

    Attributes
    ----------
    tokens : (L, K), the contribution of each token of the text
    ngrams : contributions (K,) of the n-grams of the text, each n-gram once
    """

    tokens: Float64
    ngrams: dict[Ngram, Float64] = field(default_factory=dict)

    @classmethod
    def none(cls, n_tokens: int, n_classes: int) -> Evidence:
        """Return evidence without contributions."""
        return cls(np.zeros((n_tokens, n_classes)))

    def add(self, ngram: Ngram, contribution: Float64) -> None:
        """Add to the contribution of an n-gram, (K,)."""
        found = self.ngrams.get(ngram)
        self.ngrams[ngram] = contribution if found is None else found + contribution

    def add_all(self, other: Evidence) -> None:
        """Add the contributions of another model for the same text."""
        self.tokens += other.tokens
        for ngram, contribution in other.ngrams.items():
            self.add(ngram, contribution)

    def times(self, factors: float | Float64) -> Evidence:
        """Return all contributions times factors that broadcast with (K,)."""
        ngrams = {ngram: each * factors for ngram, each in self.ngrams.items()}
        return Evidence(self.tokens * factors, ngrams)

    def total(self) -> Float64:
        """Return the sum of the contributions, (K,)."""
        total: Float64 = self.tokens.sum(axis=0)
        return total


def at_both_classes(log_odds: Float64) -> Float64:
    """Write log-odds of the second of two classes as one number for each class.

    (..., 1) -> (..., 2). Their difference is the log-odds. With more columns nothing is done.
    """
    if log_odds.shape[-1] > 1:
        return log_odds
    return np.concatenate([-log_odds, log_odds], axis=-1) / 2


def centered(scores: Float64) -> Float64:
    """Subtract the mean over the classes, (..., K) -> (..., K)."""
    return np.asarray(scores - scores.mean(axis=-1, keepdims=True))


def ngram_of(tokens: Sequence[str], start: int, width: int) -> Ngram:
    """Return the tokens in a window, which may reach over the ends of the text."""
    return tuple(tokens[max(start, 0) : start + width])
