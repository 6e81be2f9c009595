"""Word vectors from files: word2vec and GloVe text, word2vec binary, NumPy archives."""

from __future__ import annotations

import gzip
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = Iterator[tuple[list[str], Floats]]

_SUFFIXES = (".vec", ".txt", ".vec.gz", ".txt.gz", ".bin", ".bin.gz", ".npz")
_LINES_AT_ONCE = 2000
_MAX_WORD_BYTES = 2**16


def read_vector_file(
    path: str | os.PathLike[str], spelling: Callable[[str], str | None]
) -> tuple[dict[str, int], Floats]:
    """Read the words of a file that can be used, and their vectors, piece by piece.

    Parameters
    ----------
    path : str or path
        ``.vec`` or ``.txt``: a word and its numbers in each line, with a first line "words
        dimension" (word2vec, fastText) or without (GloVe); ``.bin``: word2vec's binary format;
        these also as ``.gz``; ``.npz``: arrays ``words`` and ``vectors``.
    spelling : callable
        From a word to the token that it stands for, or None if no token is spelt like it. Of
        several words for one token, the one that is spelt like it counts, otherwise the first.

    Returns
    -------
    index : dict of str to int
        Tokens and their rows.
    vectors : ndarray of float32, shape (n, dimension)

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If its name says nothing about its format, or the file is not of that format.
    """
    path = Path(path)
    check_suffix(path)
    name = path.name.lower()
    if name.endswith(".npz"):
        return _Collector(spelling).take(_npz_rows(path)).result(path)
    read_rows = _binary_rows if name.removesuffix(".gz").endswith(".bin") else _text_rows
    try:
        with _opened(path) as file:
            return _Collector(spelling).take(read_rows(file, path)).result(path)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _damaged(path, f"it cannot be decompressed ({error})") from error


def _opened(path: Path) -> Any:
    return gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")


def check_suffix(path: Path) -> None:
    """Refuse a file whose name does not say how to read it."""
    if not path.name.lower().endswith(_SUFFIXES):
        raise ValueError(
            f"word_vectors is the file {path.name!r}; expected a name that ends in one of "
            f"{', '.join(_SUFFIXES)}, which says how to read it."
        )


class _Collector:
    """Keeps the rows of words that can be used, in an array that grows where it is."""

    def __init__(self, spelling: Callable[[str], str | None]) -> None:
        self._spelling = spelling
        self._index: dict[str, int] = {}
        self._respelt: set[str] = set()  # tokens whose word is spelt in another way
        self._vectors = np.empty((0, 0), np.float32)

    def take(self, rows: Rows) -> _Collector:
        """Go through words and their vectors, (n,) and (n, d)."""
        n_rows = 0
        for words, vectors in rows:
            kept: list[int] = []
            for i, word in enumerate(words):
                if (token := self._wanted(word)) is not None:
                    self._index[token] = n_rows + len(kept)
                    kept.append(i)
            if not kept:
                continue
            end = n_rows + len(kept)
            if end > len(self._vectors):
                self._resize(end + end // 8, vectors.shape[1])
            self._vectors[n_rows:end] = vectors[kept]
            n_rows = end
        self._resize(n_rows, self._vectors.shape[1])
        return self

    def _resize(self, n_rows: int, dimension: int) -> None:
        self._vectors.resize((n_rows, dimension), refcheck=False)  # no second array beside it

    def _wanted(self, word: str) -> str | None:
        token = self._spelling(word)
        if token is None:
            return None
        if token not in self._index:
            if word != token:
                self._respelt.add(token)
            return token
        if word == token and token in self._respelt:
            self._respelt.remove(token)
            return token
        return None

    def result(self, path: Path) -> tuple[dict[str, int], Floats]:
        """All that was kept."""
        if not self._index:
            raise _damaged(path, "it has no word that could be a token")
        return self._index, self._vectors


def _text_rows(file: IO[bytes], path: Path) -> Rows:
    first = file.readline()
    fields = first.split()
    has_header = len(fields) == 2 and all(field.isdigit() for field in fields)
    dimension = int(fields[1]) if has_header else len(fields) - 1
    if dimension < 1:
        raise _damaged(path, f"its first line is {_shown(first)}")
    n_read, n_words = int(has_header), 0
    lines = [] if has_header else [first]
    while lines := [*lines, *islice(file, _LINES_AT_ONCE)]:
        pairs = [_word_and_numbers(line, dimension) for line in lines if not line.isspace()]
        numbers = _parsed([rest for _, rest in pairs], dimension)
        if numbers is None:
            places = [i for i, line in enumerate(lines) if not line.isspace()]
            bad = next(
                i
                for i, (_, rest) in zip(places, pairs, strict=True)
                if _parsed([rest], dimension) is None
            )
            raise _damaged(
                path,
                f"line {n_read + bad + 1} is {_shown(lines[bad])}, where a word and {dimension} "
                "finite numbers should be",
            )
        yield [word.decode("utf-8", "replace") for word, _ in pairs], numbers
        n_read += len(lines)
        n_words += len(pairs)
        lines = []
    if has_header and n_words < int(fields[0]):
        raise _damaged(path, f"it ends after {n_words} of the {int(fields[0])} words it announces")


def _word_and_numbers(line: bytes, dimension: int) -> tuple[bytes, bytes]:
    line = line.strip()
    word, _, rest = line.partition(b" ")
    if b"\t" in line or rest.count(b" ") != dimension - 1:  # tabs, or a word with blanks in it
        word, *numbers = line.rsplit(None, dimension)
        rest = b" ".join(numbers)
    return word, rest


def _parsed(rests: list[bytes], dimension: int) -> Floats | None:
    """Numbers of some lines, (n, d); None if a line has other things or another number of them."""
    if any(rest.count(b" ") != dimension - 1 for rest in rests):
        return None
    try:
        with np.errstate(over="ignore"):
            numbers = np.array(b" ".join(rests).split(), np.float32)
        numbers = numbers.reshape(len(rests), dimension)
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def _binary_rows(file: IO[bytes], path: Path) -> Rows:
    fields = file.readline(100).split()
    if len(fields) != 2 or not all(field.isdigit() for field in fields) or int(fields[1]) < 1:
        raise _damaged(path, "it does not begin with the numbers of words and dimensions")
    n_words, dimension = map(int, fields)
    buffer, begin = b"", 0
    for first in range(0, n_words, _LINES_AT_ONCE):
        words, vectors = [], []
        for number in range(first, min(first + _LINES_AT_ONCE, n_words)):
            end = buffer.find(b" ", begin)
            while end < 0 or end + 1 + 4 * dimension > len(buffer):
                piece = file.read(2**20)
                if not piece or (end < 0 and len(buffer) - begin > _MAX_WORD_BYTES):
                    raise _damaged(path, f"it ends or breaks off in word {number + 1} of {n_words}")
                buffer, begin = buffer[begin:] + piece, 0
                end = buffer.find(b" ")
            words.append(buffer[begin:end].lstrip(b"\n").decode("utf-8", "replace"))
            begin = end + 1 + 4 * dimension
            vectors.append(buffer[end + 1 : begin])
        rows = np.frombuffer(b"".join(vectors), "<f4").reshape(-1, dimension).astype(np.float32)
        yield words, _finite(rows, words, path)


def _npz_rows(path: Path) -> Rows:
    try:
        with np.load(path, allow_pickle=False) as archive:
            words, vectors = archive["words"], archive["vectors"]
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _damaged(path, "it has no arrays 'words' and 'vectors' without pickle") from error
    is_matrix = vectors.ndim == 2 and vectors.shape[1] > 0 and vectors.dtype.kind in "fiu"
    if not is_matrix or words.shape != vectors.shape[:1]:
        raise _damaged(
            path,
            f"words has shape {words.shape}, vectors has shape {vectors.shape} and dtype "
            f"{vectors.dtype}",
        )
    spelt = (
        words.astype(str) if words.dtype.kind != "S" else np.char.decode(words, "utf-8", "replace")
    )
    for first in range(0, len(words), _LINES_AT_ONCE):
        some = spelt[first : first + _LINES_AT_ONCE].tolist()
        with np.errstate(over="ignore"):
            rows = vectors[first : first + _LINES_AT_ONCE].astype(np.float32)
        yield some, _finite(rows, some, path)


def _finite(rows: Floats, words: list[str], path: Path) -> Floats:
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if bad.size:
        raise _damaged(path, f"the vector of {words[bad[0]]!r} has NaN or infinity")
    return rows


def _damaged(path: Path, what: str) -> ValueError:
    return ValueError(
        f"word_vectors: {path.name} is damaged or not what its name says: {what}. Download or save "
        "it again."
    )


def _shown(line: bytes) -> str:
    text = line.decode("utf-8", "replace").strip()
    return repr(text if len(text) <= 60 else text[:60] + "...")
