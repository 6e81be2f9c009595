"""The rows with the highest probability of a label, the highest first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from skcnn.cli.tables._blocks import MAX_ROWS, Block, joined_blocks
from skcnn.cli.tables._formats import Reading
from skcnn.cli.tables._read import open_table

if TYPE_CHECKING:
    from skcnn._arrays import Float64


def check_top(top: str | None, data: Path | None, *, sort: bool) -> None:
    """Raise an error if ``--top`` is neither a number of rows nor a percentage, or cannot be used.

    Raises
    ------
    ValueError
    """
    if top is None:
        return
    if sort:
        raise ValueError("--top sorts its rows already. Leave --sort out.")
    share = _percentage(top)
    if share is None and not (top.isdecimal() and int(top) > 0):
        raise ValueError(f"--top {top}: expected a number of rows, such as 200, or 5%")
    if share is not None and not (data is not None and data.is_file()):  # a pipe is read once
        raise ValueError(
            f"--top {top}: a percentage is taken of a file, whose rows are counted first. Give a "
            "number of rows, or the name of a file."
        )


def n_of_top(top: str, data: Path | None, reading: Reading, text: str) -> int:
    """Return how many rows to keep. For a percentage, the rows of the table are counted."""
    share = _percentage(top)
    if share is None:
        return int(top)
    assert data is not None
    with open_table(data, reading, text=text) as table:
        n_rows = sum(len(block.places) for block in table.blocks)
    # 0.07 * 100 is a little more than 7 in floating-point numbers.
    return max(1, math.ceil(share * n_rows - 1e-9))


def _percentage(top: str) -> float | None:
    """Return 0.05 for "5%", None for something else."""
    if not top.endswith("%"):
        return None
    try:
        share = float(top[:-1]) / 100
    except ValueError:
        share = math.nan
    if not 0 < share <= 1:
        raise ValueError(f"--top {top}: expected a percentage above 0% and at most 100%")
    return share


class Highest:
    """Keeps the rows with the highest probability of one label.

    Rows with the same probability stay in the order of the table.

    Parameters
    ----------
    n : how many rows are kept, None for all; the memory grows with `n`, not with the table
    position : of the label
    """

    def __init__(self, n: int | None, position: int) -> None:
        self._n, self._position = n, position
        self._parts: list[Block] = []
        self._probabilities: list[float] = []

    def add(self, block: Block, P: Float64) -> None:
        """Add the rows of a block with their probabilities, (n, K)."""
        self._parts.append(block)
        self._probabilities += P[:, self._position].tolist()
        if self._n is not None and len(self._probabilities) > 2 * self._n + MAX_ROWS:
            self._sort()

    def blocks(self) -> Iterator[Block]:
        """Yield the rows, the highest probability first."""
        self._sort()
        for block in self._parts:
            for start in range(0, len(block.places), MAX_ROWS):
                yield block.take(range(start, min(start + MAX_ROWS, len(block.places))))

    def _sort(self) -> None:
        found = self._probabilities
        order = sorted(range(len(found)), key=lambda row: -found[row])[: self._n]
        if self._parts:
            self._parts = [joined_blocks(self._parts).take(order)]
        self._probabilities = [found[row] for row in order]
