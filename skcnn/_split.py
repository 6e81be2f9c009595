"""The part of the training texts that early stopping watches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split


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
        Share of the *different* texts that is held out, at least one of each class.
    random_state : RandomState

    Returns
    -------
    (train rows, validation rows), or None
        None where some class has fewer than two different texts, or so few texts are there that
        not every class would be on both sides.
    """
    first_row: dict[str, int] = {}
    text_number = np.array([first_row.setdefault(text, row) for row, text in enumerate(texts)])
    different = np.array(list(first_row.values()))  # (n_different,)
    counts = np.unique(labels[different], return_counts=True)[1]
    n_held_out = max(len(counts), round(validation_fraction * len(different)))
    if len(counts) < len(np.unique(labels)) or counts.min() < 2:
        return None
    if len(different) - n_held_out < len(counts):
        return None
    _, held_out = train_test_split(
        different, test_size=n_held_out, stratify=labels[different], random_state=random_state
    )
    is_held_out = np.isin(text_number, held_out)
    return np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)
