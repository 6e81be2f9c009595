"""Texts as token ids: all ids in one array, and the position where each text begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn._arrays import Int32, Int64

PADDING: Final = 0
"""The id that fills up short texts. No token has it."""

UNKNOWN: Final = 1
"""The id of every token that is not in the vocabulary."""


@dataclass(frozen=True, slots=True, eq=False)
class TokenSequences:
    """Token ids of several texts, without padding.

    Parameters
    ----------
    ids : ndarray of int32, shape (n_tokens,)
        The ids of all texts, one text after the other.
    offsets : ndarray of int64, shape (n_texts + 1,)
        The ids of text i are `ids[offsets[i]:offsets[i + 1]]`.

    Raises
    ------
    ValueError
        If `offsets` does not rise from 0 to the number of ids.

    Examples
    --------
    >>> texts = TokenSequences.from_lists([[7, 8, 9], [], [5]])
    >>> texts.to_padded()
    array([[7, 8, 9],
           [0, 0, 0],
           [5, 0, 0]], dtype=int32)
    >>> texts.take([2, 2]).to_padded()
    array([[5],
           [5]], dtype=int32)
    """

    ids: Int32
    offsets: Int64

    def __post_init__(self) -> None:
        offsets = self.offsets
        if (
            offsets.ndim != 1
            or offsets.size == 0
            or offsets[0] != 0
            or offsets[-1] != self.ids.size
            or (np.diff(offsets) < 0).any()
        ):
            raise ValueError(
                f"offsets has shape {offsets.shape} and does not divide {self.ids.size} ids into "
                "texts; expected one dimension, 0 as the first entry, the number of ids as the "
                "last one, and no decrease between them. Build it with TokenSequences.from_lists."
            )

    @classmethod
    def from_lists(cls, rows: Sequence[Sequence[int]]) -> TokenSequences:
        """Return the sequences for a list of lists of ids."""
        lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        ids = np.fromiter(chain.from_iterable(rows), dtype=np.int32, count=int(lengths.sum()))
        return cls(ids, _offsets(lengths))

    def __len__(self) -> int:
        """Return the number of texts."""
        return self.offsets.size - 1

    @property
    def lengths(self) -> Int64:
        """Number of tokens of each text, shape (n_texts,)."""
        return np.diff(self.offsets)

    def take(self, rows: ArrayLike) -> TokenSequences:
        """Return the chosen texts, in the chosen order. A text may be chosen more than once.

        Parameters
        ----------
        rows : array-like of int, shape (m,), or of bool, shape (n_texts,)
            Positions of the texts, or a mask.

        Returns
        -------
        TokenSequences
            `m` texts, in new arrays.
        """
        index = _as_index(rows)
        starts = self.offsets[:-1][index]  # (m,)
        lengths = self.offsets[1:][index] - starts
        offsets = _offsets(lengths)
        # A token keeps its distance from the start of its text: the start alone is shifted.
        shift = np.repeat(starts - offsets[:-1], lengths)  # (n_tokens of the result,)
        return TokenSequences(self.ids[shift + np.arange(shift.size)], offsets)

    def to_padded(self, min_length: int = 1) -> Int32:
        """Return the ids as one matrix. Short texts are filled up with `PADDING` at the end.

        Parameters
        ----------
        min_length : int, default=1
            The matrix has at least this many columns.

        Returns
        -------
        ndarray of int32, shape (n_texts, max(min_length, longest text))
        """
        lengths = self.lengths
        width = max(int(lengths.max(initial=0)), min_length)
        padded = np.full((len(self), width), PADDING, dtype=np.int32)
        padded[np.arange(width) < lengths[:, np.newaxis]] = self.ids  # (n_texts, width)
        return padded


def _offsets(lengths: Int64) -> Int64:
    offsets = np.zeros(lengths.size + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def _as_index(rows: ArrayLike) -> NDArray[Any]:
    index = np.asarray(rows)
    return index if index.size else index.astype(np.int64)  # NumPy takes an empty list for floats
