"""Texts with their classes and weights, and the check of those that a user gives to `fit`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32, Int32
from skcnn.costs._checks import are_distributions
from skcnn.text._sequences import TokenSequences


@dataclass(frozen=True, slots=True, eq=False)
class LabeledTexts:
    """What a network learns from, or is compared with.

    Attributes
    ----------
    sequences : TokenSequences
        n texts as token ids.
    targets : (n,) int32 or (n, K) float32
        The class of each text, as a position in the list of classes. Or a row of probabilities for
        each text, numbers >= 0 that sum to 1 ("soft targets").
    sample_weight : (n,) or None
        How much each text counts; None: each counts 1.
    """

    sequences: TokenSequences
    targets: Int32 | Float32
    sample_weight: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self.sequences)

    @property
    def weights(self) -> Float32:
        """How much each text counts, (n,)."""
        if self.sample_weight is None:
            return np.ones(len(self), np.float32)
        return self.sample_weight.astype(np.float32)


def check_labeled_texts(
    x: Any, y: Any, sample_weight: Any = None, *, n_ids: int, n_classes: int
) -> LabeledTexts:
    """Return texts, classes and weights that fit together and fit the network.

    Parameters
    ----------
    x : TokenSequences or array of shape (n, length)
        Token ids; in an array, 0 is padding.
    y : array of shape (n,), (n, 1) or (n, n_classes)
        Class indices, one-hot rows, or rows of probabilities.
    sample_weight : array of shape (n,), optional
    n_ids : int
        Number of token ids that the network's embedding has.
    n_classes : int
        Number of the network's outputs.

    Raises
    ------
    ValueError
        If an id or a class is outside of the network, if lengths differ, or if a row is not made of
        probabilities.
    """
    sequences = _as_sequences(x)
    if (sequences.ids < 0).any() or (sequences.ids >= n_ids).any():
        raise ValueError(
            f"x has token ids from {sequences.ids.min()} to {sequences.ids.max()}; expected ids "
            f"below {n_ids}, the number of ids that the embedding has, and none below 0."
        )
    weight = None if sample_weight is None else np.asarray(sample_weight)
    if weight is not None and weight.shape != (len(sequences),):
        raise ValueError(
            f"sample_weight has shape {weight.shape}, x holds {len(sequences)} texts; expected "
            "one weight for each text."
        )
    return LabeledTexts(sequences, _as_targets(y, len(sequences), n_classes), weight)


def _as_sequences(x: Any) -> TokenSequences:
    """Sequences unchanged; padded ids, shape (n, L), without their padding."""
    if isinstance(x, TokenSequences):
        return x
    return TokenSequences.from_lists([row[row != 0] for row in np.asarray(x, dtype=np.int32)])


def _as_targets(y: Any, n_texts: int, n_classes: int) -> Int32 | Float32:
    """Class indices (n,) from indices (n,) or (n, 1), or from one-hot rows; other rows (n, K)."""
    targets = np.asarray(y)
    if targets.shape == (n_texts, n_classes):
        return _from_rows(targets)
    if targets.shape not in {(n_texts,), (n_texts, 1)}:
        raise ValueError(
            f"y has shape {targets.shape}, x holds {n_texts} texts; expected one class index, or "
            f"one row of {n_classes} probabilities, for each text."
        )
    if n_texts and not 0 <= targets.min() <= targets.max() < n_classes:
        raise ValueError(
            f"y has labels from {targets.min()} to {targets.max()}; expected class indices below "
            f"{n_classes}, the number of the network's outputs, and none below 0."
        )
    return targets.reshape(-1).astype(np.int32)


def _from_rows(rows: NDArray[Any]) -> Int32 | Float32:
    """Class indices (n,) if all rows are one-hot, else the rows (n, K)."""
    valid = are_distributions(rows)
    if not valid.all():
        row = int(np.argmin(valid))
        raise ValueError(
            f"y[{row}] is {rows[row].tolist()}; expected numbers >= 0 that sum to 1: the "
            "probability of each class, or a one for the class of the text and zeros."
        )
    if (rows.max(axis=1) == 1).all():
        return np.asarray(rows.argmax(axis=1), dtype=np.int32)
    return rows.astype(np.float32)
