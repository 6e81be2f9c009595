"""How many words of the texts have a pretrained vector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from skcnn.text._pretrained import WordVectors

_N_MISSING = 20  # words in `EmbeddingCoverage.missing`, at most


class EmbeddingCoverage(NamedTuple):
    """Share of the words of some texts that have a pretrained vector.

    `CostSensitiveTextCNN` keeps it as `embedding_coverage_`.

    Attributes
    ----------
    types : float
        Share of the distinct words, from 0 to 1.
    tokens : float
        Share of all words, each as often as it occurs, from 0 to 1.
    missing : tuple of str
        The most frequent words without a vector, at most 20.

    Examples
    --------
    >>> from skcnn.text import EmbeddingCoverage
    >>> coverage = EmbeddingCoverage(types=0.5, tokens=0.75, missing=("zyrtec",))
    >>> print(f"{coverage.tokens:.0%} of the words have a vector")
    75% of the words have a vector
    """

    types: float
    tokens: float
    missing: tuple[str, ...]


def embedding_coverage(
    tokens: Iterable[Sequence[str]], word_vectors: WordVectors
) -> EmbeddingCoverage:
    """Measure how many words of tokenized texts have a vector.

    Parameters
    ----------
    tokens : iterable of sequences of str
        The tokens of each text.
    word_vectors : WordVectors
        The vectors. A word has one if `WordVectors.place` finds it.

    Returns
    -------
    EmbeddingCoverage
        Texts without words have a coverage of 1.

    Examples
    --------
    >>> import numpy as np
    >>> vectors = WordVectors({"win": 0}, np.ones((1, 2), np.float32))
    >>> embedding_coverage([["win", "win", "zyrtec"]], vectors)
    EmbeddingCoverage(types=0.5, tokens=0.6666666666666667, missing=('zyrtec',))
    """
    counts = Counter(chain.from_iterable(tokens))
    missing = {word: n_times for word, n_times in counts.items() if word_vectors.place(word) < 0}
    frequent = sorted(missing, key=lambda word: (-missing[word], word))
    n_tokens = counts.total()
    return EmbeddingCoverage(
        types=1 - len(missing) / max(1, len(counts)),
        tokens=1 - sum(missing.values()) / max(1, n_tokens),
        missing=tuple(frequent[:_N_MISSING]),
    )
