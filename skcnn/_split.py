"""The part of the training texts that early stopping watches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def validation_split(
    texts: Sequence[str],
    labels: NDArray[Any],
    *,
    validation_fraction: float,
    random_state: np.random.RandomState,
) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Split rows into training and validation: stratified, seeded, equal texts on one side.

    Parameters
    ----------
    texts : sequence of str, length n
    labels : ndarray of shape (n,)
        A text that occurs with several labels is stratified by the first.
    validation_fraction : float
        Share of the *different* texts of each class that is held out: at least one, not all.
    random_state : RandomState

    Returns
    -------
    (train rows, validation rows), or None
        None where some class has fewer than two different texts.
    """
    first_row: dict[str, int] = {}
    text_number = np.array([first_row.setdefault(text, row) for row, text in enumerate(texts)])
    different = np.array(list(first_row.values()))  # (n_different,)
    held_out: list[int] = []
    for label in np.unique(labels):
        rows = different[labels[different] == label]
        if len(rows) < 2:
            return None
        n_held_out = min(max(round(validation_fraction * len(rows)), 1), len(rows) - 1)
        held_out.extend(random_state.permutation(rows)[:n_held_out])
    is_held_out = np.isin(text_number, held_out)
    return np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)
