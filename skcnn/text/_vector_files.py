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

from skcnn._arrays import Float32

Rows = Iterator[tuple[list[str], Float32]]
"""Some words at a time, and their vectors, (n_words, d)."""

_SUFFIXES = (".vec", ".txt", ".vec.gz", ".txt.gz", ".bin", ".bin.gz", ".npz")
_WORDS_AT_ONCE = 2000  # limits memory: 2.4 MB of float32 for vectors of 300 dimensions
_PIECE_BYTES = 2**20  # a binary file is read in pieces of this size
_MAX_WORD_BYTES = 2**16  # a binary file with a longer word is damaged


def read_vector_file(
    path: str | os.PathLike[str], spelling: Callable[[str], str | None]
) -> tuple[dict[str, int], Float32]:
    """Read those words of a file that can be tokens, and their vectors, some at a time.

    Parameters
    ----------
    path : str or path
        ``.vec`` or ``.txt``: one word and its numbers in each line, with a first line "words
        dimension" (word2vec, fastText) or without (GloVe). ``.bin``: word2vec's binary format.
        These may be compressed as ``.gz``. ``.npz``: arrays ``words`` and ``vectors``.
    spelling : callable
        From a word of the file to the token that is spelled like it, or to None if there is no
        such token. If several words have the same token, the word that equals the token is
        taken; if there is none, the first word.

    Returns
    -------
    index : dict of str to int
        Tokens and their rows.
    vectors : ndarray of float32, shape (n_rows, dimension)

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the name of the file has an unknown suffix, or if the file does not have the format of
        its suffix.
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
    """Raise an error if the suffix of a file name is unknown: it says which format a file has."""
    if not path.name.lower().endswith(_SUFFIXES):
        raise ValueError(
            f"word_vectors is the file {path.name!r}; expected a name that ends in one of "
            f"{', '.join(_SUFFIXES)}, because the ending says which format it has. Rename the file."
        )


class _Collector:
    """Keeps the vectors of words that can be tokens, in one array that grows in place."""

    def __init__(self, spelling: Callable[[str], str | None]) -> None:
        self._spelling = spelling
        self._index: dict[str, int] = {}
        self._respelled: set[str] = set()  # tokens that differ from the word in the file
        self._vectors = np.empty((0, 0), np.float32)

    def take(self, rows: Rows) -> _Collector:
        """Read all words and their vectors, and return this collector."""
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
        self._vectors.resize((n_rows, dimension), refcheck=False)  # without a second array

    def _wanted(self, word: str) -> str | None:
        """Return the token whose vector is that of this word, or None if no vector is needed."""
        token = self._spelling(word)
        if token is None:
            return None
        if token not in self._index:
            if word != token:
                self._respelled.add(token)
            return token
        if word == token and token in self._respelled:
            self._respelled.remove(token)
            return token
        return None

    def result(self, path: Path) -> tuple[dict[str, int], Float32]:
        """Return the index and the vectors of all words that were kept."""
        if not self._index:
            raise _damaged(path, "it has no word that could be a token")
        return self._index, self._vectors


def _text_rows(file: IO[bytes], path: Path) -> Rows:
    """Read a text file: a word and its numbers in each line, perhaps after a header."""
    first = file.readline()
    fields = first.split()
    has_header = len(fields) == 2 and all(field.isdigit() for field in fields)
    dimension = int(fields[1]) if has_header else len(fields) - 1
    if dimension < 1:
        raise _damaged(path, f"its first line is {_shown(first)}")
    n_read, n_words = int(has_header), 0
    lines = [] if has_header else [first]
    while lines := [*lines, *islice(file, _WORDS_AT_ONCE)]:
        pairs = [_word_and_numbers(line, dimension) for line in lines if not line.isspace()]
        numbers = _parsed([rest for _, rest in pairs], dimension)
        if numbers is None:
            bad = _first_bad_line(lines, dimension)
            raise _damaged(
                path,
                f"line {n_read + bad + 1} is {_shown(lines[bad])}, not a word and {dimension} "
                "finite numbers",
            )
        yield [word.decode("utf-8", "replace") for word, _ in pairs], numbers
        n_read += len(lines)
        n_words += len(pairs)
        lines = []
    if has_header and n_words < int(fields[0]):
        raise _damaged(path, f"it ends after {n_words} of {int(fields[0])} words")


def _word_and_numbers(line: bytes, dimension: int) -> tuple[bytes, bytes]:
    """Split a line into its word and its numbers, which have one blank between them."""
    line = line.strip()
    word, _, rest = line.partition(b" ")
    if b"\t" in line or rest.count(b" ") != dimension - 1:  # tabs, or a word with blanks
        word, *numbers = line.rsplit(None, dimension)
        rest = b" ".join(numbers)
    return word, rest


def _first_bad_line(lines: list[bytes], dimension: int) -> int:
    """Return the position of the first line that is not a word and d finite numbers."""
    return next(
        i
        for i, line in enumerate(lines)
        if not line.isspace()
        and _parsed([_word_and_numbers(line, dimension)[1]], dimension) is None
    )


def _parsed(rests: list[bytes], dimension: int) -> Float32 | None:
    """Return the numbers of some lines, (n_lines, d), or None if they are not d finite numbers."""
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
    """Read word2vec's binary format: a header, then each word, a blank, and float32 numbers."""
    fields = file.readline(100).split()
    if len(fields) != 2 or not all(field.isdigit() for field in fields) or int(fields[1]) < 1:
        raise _damaged(path, "it does not begin with the numbers of words and dimensions")
    n_words, dimension = map(int, fields)
    buffer, begin = b"", 0
    for first in range(0, n_words, _WORDS_AT_ONCE):
        words, vectors = [], []
        for number in range(first, min(first + _WORDS_AT_ONCE, n_words)):
            end = buffer.find(b" ", begin)
            while end < 0 or end + 1 + 4 * dimension > len(buffer):
                piece = file.read(_PIECE_BYTES)
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
    """Read a NumPy archive with the arrays "words" and "vectors"."""
    try:
        # Opened here: np.load leaves the file of a damaged archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
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
    is_bytes = words.dtype.kind == "S"
    strings = np.char.decode(words, "utf-8", "replace") if is_bytes else words.astype(str)
    for first in range(0, len(words), _WORDS_AT_ONCE):
        some = strings[first : first + _WORDS_AT_ONCE].tolist()
        with np.errstate(over="ignore"):
            rows = vectors[first : first + _WORDS_AT_ONCE].astype(np.float32)
        yield some, _finite(rows, some, path)


def _finite(rows: Float32, words: list[str], path: Path) -> Float32:
    """Return the rows, after a check that all numbers are finite."""
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if bad.size:
        raise _damaged(path, f"the vector of {words[bad[0]]!r} has NaN or infinity")
    return rows


def _damaged(path: Path, problem: str) -> ValueError:
    return ValueError(
        f"word_vectors: {path.name} is damaged, or its format is not that of its name: {problem}. "
        "Download or save it again."
    )


def _shown(line: bytes) -> str:
    """Return a line as an error message shows it."""
    text = line.decode("utf-8", "replace").strip()
    return repr(text if len(text) <= 60 else text[:60] + "...")
