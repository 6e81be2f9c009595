"""How much of the texts pretrained vectors know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from skcnn.text._word_vectors import WordVectors

_N_MISSING = 20


class EmbeddingCoverage(NamedTuple):
    """Share of the words of some texts that have a pretrained vector.

    Attributes
    ----------
    types : float
        Share of the different words, from 0 to 1.
    tokens : float
        Share of the running words.
    missing : tuple of str
        The words without a vector that are most frequent, at most 20.
    """

    types: float
    tokens: float
    missing: tuple[str, ...]


def embedding_coverage(
    tokens: Iterable[Sequence[str]], word_vectors: WordVectors
) -> EmbeddingCoverage:
    """Measure how much of tokenized texts has a vector.

    Examples
    --------
    >>> import numpy as np
    >>> vectors = WordVectors({"win": 0}, np.ones((1, 2), np.float32))
    >>> embedding_coverage([["win", "win", "zyrtec"]], vectors)
    EmbeddingCoverage(types=0.5, tokens=0.6666666666666667, missing=('zyrtec',))
    """
    counts = Counter(chain.from_iterable(tokens))
    missing = {word: n for word, n in counts.items() if word_vectors.place(word) < 0}
    frequent = sorted(missing, key=lambda word: (-missing[word], word))
    n_tokens = counts.total()
    return EmbeddingCoverage(
        types=1 - len(missing) / max(1, len(counts)),
        tokens=1 - sum(missing.values()) / max(1, n_tokens),
        missing=tuple(frequent[:_N_MISSING]),
    )
