"""Sentence vectors of a corpus, computed once and kept on disk, and the time that they take."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np

SOME_TEXTS = 50  # whose single predictions are timed


class SentenceVectors:
    """The vector of each text of a corpus, as a function of texts.

    Attributes
    ----------
    seconds_a_text : time of encoding, many texts together
    seconds_one_text : time of encoding, one text alone
    """

    def __init__(self, texts: list[str], cache: Path) -> None:
        encode = joblib.Memory(cache, verbose=0).cache(encoded)
        self.vectors, self.seconds_a_text, self.seconds_one_text = encode(texts)
        self._row_of = {text: row for row, text in enumerate(texts)}

    def __call__(self, texts: list[str]) -> np.ndarray:
        rows = np.array([self._row_of.get(text, -1) for text in texts])
        vectors = self.vectors[rows]
        # A fit may also ask for the vector of a text that is not in the corpus.
        unknown = np.flatnonzero(rows < 0)
        if unknown.size:
            vectors[unknown] = encoder()([texts[i] for i in unknown])
        return vectors

    def __getstate__(self) -> dict[str, object]:
        """Return nothing: neither the encoder nor its cache is part of a model's file."""
        return {}

    def __deepcopy__(self, memo: object) -> SentenceVectors:
        return self  # it never changes


def encoded(texts: list[str]) -> tuple[np.ndarray, float, float]:
    """Return the vectors of MiniLM-L6, and the seconds for a text: among many, and alone."""
    encode = encoder()
    encode(texts[:1])  # loads the model
    begin = time.perf_counter()
    vectors = encode(texts)
    among_many = (time.perf_counter() - begin) / len(texts)
    begin = time.perf_counter()
    for text in texts[:SOME_TEXTS]:
        encode([text])
    return vectors, among_many, (time.perf_counter() - begin) / min(SOME_TEXTS, len(texts))


def encoder() -> Callable[[list[str]], np.ndarray]:
    """Return the function from texts to vectors that skcnn uses."""
    from skcnn.text._minilm import load_minilm

    return load_minilm().encode
