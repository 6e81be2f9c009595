"""The inputs of the graph: texts as token ids, and what is to be known of new words.

A *new word* is one that training did not see. The caller lists the new words of the texts once:
the id of each in the vocabulary, its hash, and its characters. In the tables of new words here, row
0 is a word without characters, so that no table is empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn.exporting._graph import Graph, Value
from skcnn.text._sequences import PADDING, UNKNOWN
from skcnn.text._subwords import FNV_OFFSET_BASIS, FNV_PRIME

NO_CHARACTER = -1
"""Fills up short words, as `PADDING` fills up short texts."""

_MOST_CHARACTERS = 5  # of an n-gram of characters
_BRACKETS = 2  # "<" and ">"
_MASK = 2**32 - 1
_HALF = 2**16


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """The token ids of n texts, filled up to L tokens, or of single words.

    Attributes
    ----------
    graph : Graph
    n_seen : number of ids that training saw
    ids : (n, L) int64; 0 is padding, `n_seen + i` is new word i
    is_word : (n, L) bool
    new_rows : (n, L) int64, rows of the tables of new words; 0 for words that are not new
    seen_ids : (n, L) int64, ids below `n_seen`; some such id for new words
    """

    graph: Graph
    n_seen: int
    ids: Value
    is_word: Value
    new_rows: Value
    seen_ids: Value

    @classmethod
    def of(cls, graph: Graph, n_seen: int) -> Texts:
        """Add the input `token_ids` to a graph."""
        ids = graph.input("token_ids", np.int64, ("n_texts", "n_tokens"))
        return cls.from_ids(ids, n_seen)

    @classmethod
    def from_ids(cls, ids: Value, n_seen: int) -> Texts:
        """Return what follows from token ids, (n, L)."""
        is_word, new_rows = ~ids.equals(PADDING), (ids - (n_seen - 1)).maximum(0)
        return cls(ids.graph, n_seen, ids, is_word, new_rows, ids.minimum(n_seen - 1))

    def distinct(self) -> tuple[Texts, Value]:
        """Return the U' distinct words of all texts, (U',), and the place of each token, (n, L)."""
        ordered, order, run = self.ids.reshape(1, -1).ascending()
        is_first = ~run.equals(run.padded((0, 1), (0, 0), -1).columns(0, -1))
        words = ordered.node("Compress", is_first.without_axis(0), axis=1).without_axis(0)
        places = (run * 0).node("ScatterElements", order, run, axis=1)
        places = places.node("Reshape", self.ids.node("Shape"))
        return Texts.from_ids(words, self.n_seen), places

    def look_up(self, of_seen: NDArray[np.generic], of_new: Value) -> Value:
        """Return a number, or a row of numbers, for each token: (..., ) or (..., columns).

        Parameters
        ----------
        of_seen : (n_seen,) or (n_seen, columns)
        of_new : the same for new words, with a row 0 that is not read
        """
        is_new = self.new_rows > 0  # (n, L)
        if of_seen.ndim == 2:
            is_new = is_new.new_axis(-1)
        found = self.graph.take(of_seen, self.seen_ids)
        return self.graph.where(is_new, self.graph.take(of_new, self.new_rows), found)


@dataclass(frozen=True, slots=True, eq=False)
class NewWords:
    """The U new words of the texts, and a word without characters before them.

    Attributes
    ----------
    ids : (U + 1,) int64, ids in the vocabulary
    hashes : (U + 1,) int64, CRC-32 of the words
    ngram_hashes : for 1 to 5 characters: (U + 1, 1, C) int64, hashes of the n-grams that begin at
        each character of "<word>"
    ngram_is_there : the same in bool, whether an n-gram begins there
    """

    ids: Value
    hashes: Value
    ngram_hashes: list[Value]
    ngram_is_there: list[Value]

    @classmethod
    def of(cls, graph: Graph) -> NewWords:
        """Add the inputs `new_ids`, `new_hashes` and `new_characters` to a graph."""
        ids = graph.input("new_ids", np.int64, ("n_new",))
        hashes = graph.input("new_hashes", np.int64, ("n_new",))
        characters = graph.input("new_characters", np.int64, ("n_new", "n_characters"))
        codes = characters.padded((1, 0), (0, _MOST_CHARACTERS), NO_CHARACTER)
        ids, hashes = ids.padded((1,), (0,), UNKNOWN), hashes.padded((1,), (0,))
        return cls(ids, hashes, *_hashed_ngrams(codes))

    def sums_over_ngrams(
        self, keys: NDArray[np.uint32], table: NDArray[Any], sizes: Sequence[int]
    ) -> Value:
        """Sum up rows of a table over the n-grams of each word, (U + 1, columns).

        Parameters
        ----------
        keys : (m,), hashes of the n-grams that are in the table, ascending
        table : (m, columns)
        sizes : numbers of characters of the n-grams
        """
        graph = self.ids.graph
        hashes = graph.concat([self.ngram_hashes[size - 1] for size in sizes], axis=1)
        is_there = graph.concat([self.ngram_is_there[size - 1] for size in sizes], axis=1)
        places = graph.where(is_there, graph.place_of(hashes, keys), len(keys))  # (U + 1, S, C)
        rows = graph.constant(with_zero(table))
        # One size after the other, because all rows at once would need much memory.
        sums = [
            graph.take(rows, places.node("Gather", np.array(i), axis=1)).sum(1)
            for i in range(len(sizes))
        ]
        return reduce(add, sums)


def _hashed_ngrams(codes: Value) -> tuple[list[Value], list[Value]]:
    """Do what `hashed_ngrams` does, for n-grams of 1 to 5 characters.

    `codes` (U, C + 5) has the characters of "<word>" and at least five times `NO_CHARACTER`.
    """
    is_character = codes >= 0
    n_characters = is_character.astype(np.int64).sum(1, keepdims=True)
    is_long = n_characters > 1 + _BRACKETS  # (U, 1)
    hashes, is_there = [], []
    prefix: Value | int = int(FNV_OFFSET_BASIS)
    for i in range(_MOST_CHARACTERS):
        end = i - _MOST_CHARACTERS
        prefix = times((codes.columns(i, end) ^ prefix), int(FNV_PRIME))
        hashes.append(prefix.new_axis(1))
        is_there.append((is_character.columns(i, end) & is_long).new_axis(1))
    return hashes, is_there


def times(hashes: Value, factor: int) -> Value:
    """Multiply hashes of 32 bits by a factor below 2^31, modulo 2^32."""
    return (hashes * factor).node("BitwiseAnd", _MASK)


def times_large(hashes: Value, factor: int) -> Value:
    """Multiply hashes of 32 bits by a factor of 32 bits, modulo 2^32, without overflow."""
    low = hashes.node("BitwiseAnd", _HALF - 1)
    high = (hashes - low).node("Div", _HALF)
    return (times(high, factor) * _HALF + low * factor).node("BitwiseAnd", _MASK)


def with_zero(table: NDArray[Any]) -> NDArray[Any]:
    """Return a table with one more row of zeros, for n-grams that are not in it."""
    return np.concatenate([table, np.zeros((1, *table.shape[1:]), table.dtype)])
