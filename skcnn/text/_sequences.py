"""Texts as token ids: all of them end to end in one array, with the places where each begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

PADDING: Final = 0
"""The id that fills up short texts; no token ever has it."""

UNKNOWN: Final = 1
"""The id of every token that is not in the vocabulary."""


@dataclass(frozen=True, slots=True, eq=False)
class TokenSequences:
    """Token ids of several texts, without padding.

    Parameters
    ----------
    ids : ndarray of int32, shape (n_tokens,)
        The ids of all texts, end to end.
    offsets : ndarray of int64, shape (n_texts + 1,)
        Text i owns `ids[offsets[i]:offsets[i + 1]]`.

    Raises
    ------
    ValueError
        If `offsets` do not run from 0 to the number of ids without going back.

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

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]

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
                "texts; expected a first 0, a last entry equal to the number of ids, and no "
                "decrease between them."
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
    def lengths(self) -> NDArray[np.int64]:
        """Number of tokens of each text, shape (n_texts,)."""
        return np.diff(self.offsets)

    def take(self, rows: ArrayLike) -> TokenSequences:
        """Return the given texts, in the given order; a text may be taken more than once.

        Parameters
        ----------
        rows : array-like of int, shape (m,), or of bool, shape (n_texts,)
            Positions of the texts, or a mask.

        Returns
        -------
        TokenSequences
            `m` texts, with arrays of their own.
        """
        index = _as_index(rows)
        starts = self.offsets[:-1][index]  # (m,)
        lengths = self.offsets[1:][index] - starts
        offsets = _offsets(lengths)
        # Token t of the result lies as far behind its text's start as it does here.
        shift = np.repeat(starts - offsets[:-1], lengths)
        return TokenSequences(self.ids[shift + np.arange(shift.size)], offsets)

    def to_padded(self, min_length: int = 1) -> NDArray[np.int32]:
        """Return the ids as one matrix, filled up with `PADDING` at the end.

        Parameters
        ----------
        min_length : int, default=1
            Number of columns where every text is shorter than that.

        Returns
        -------
        ndarray of int32, shape (n_texts, max(min_length, longest text))
        """
        lengths = self.lengths
        width = max(int(lengths.max(initial=0)), min_length)
        padded = np.full((len(self), width), PADDING, dtype=np.int32)
        padded[np.arange(width) < lengths[:, np.newaxis]] = self.ids  # (n, L)
        return padded


def _offsets(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    offsets = np.zeros(lengths.size + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def _as_index(rows: ArrayLike) -> NDArray[Any]:
    index = np.asarray(rows)
    return index if index.size else index.astype(np.int64)  # an empty list would be of floats
