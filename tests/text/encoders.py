"""Encoders that tests give as `sentence_vectors`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from skcnn._arrays import Float64
from skcnn.text._minilm import find_files

TOPICS = (("win", "cash", "prize", "claim", "lottery"), ("trial", "newsletter", "discount"))


def count_topics(texts: Sequence[str]) -> Float64:
    """Count the words of each topic and all words, (n, 3)."""
    words = [text.split() for text in texts]
    counts = [[*(sum(w in topic for w in own) for topic in TOPICS), len(own)] for own in words]
    return np.array(counts, dtype=np.float64)


class Counting:
    """An encoder that notes which texts it has embedded, in a list that all its copies share."""

    embedded: list[str] = []  # noqa: RUF012  shared on purpose: copies and pickles count too

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def encode(self, texts: Sequence[str]) -> Float64:
        self.embedded.extend(texts)
        return self.scale * count_topics(texts)


def minilm_is_missing() -> bool:
    """Whether the extra "sentences" is not installed."""
    try:
        import onnxruntime  # noqa: F401
        import tokenizers  # noqa: F401

        find_files()
    except ImportError:
        return True
    return False


needs_minilm = pytest.mark.skipif(
    minilm_is_missing(), reason='the extra "sentences" is not installed'
)
