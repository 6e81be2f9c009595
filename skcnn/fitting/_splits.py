"""Which rows a member learns from, and which it predicts, while the pool is fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skcnn._arrays import Int32, Int64
from skcnn.fitting._held_out import stratified_split
from skcnn.fitting._training_set import TrainingSet

# (rows to learn from, rows to predict)
Split = tuple[Int64, Int64]

_N_FOLDS = 5
# With fewer rows, models are cross-fitted: a tenth of the rows would be too few to compare them.
# With more, one tenth is enough for the n-gram model alone. If there are teachers too, their shares
# need more rows, and the time of embedding texts is longer anyway. docs/design.md has measurements.
CROSS_FIT_BELOW, CROSS_FIT_BELOW_WITH_TEACHERS = 5000, 20_000
# With fewer different texts in a class, out-of-fold predictions say little.
_MIN_TEXTS_OF_CLASS = 3
_HELD_OUT_FRACTION = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """How rows of a training set are split.

    Attributes
    ----------
    folds : (n,) numbers of five folds, in which equal texts are together; all 0 where some class
        has fewer than three different texts
    pairs : rows to learn from and rows to predict; empty where some class has so few texts
    """

    folds: Int64
    pairs: tuple[Split, ...]

    @property
    def predicted_rows(self) -> Int64:
        """Rows that are predicted, in the order of the pairs."""
        return np.concatenate([np.empty(0, np.int64), *(test for _, test in self.pairs)])


def choose_splits(
    data: TrainingSet,
    rows: Int64,
    held_out_rows: Int64,
    random_state: np.random.RandomState,
    *,
    cross_fit_below: int = CROSS_FIT_BELOW,
) -> Splits:
    """Choose splits of some rows: five folds if they are few, else one held-out tenth.

    Equal texts are always on one side, and each class is on both sides.

    Parameters
    ----------
    data : TrainingSet of n texts
    rows : ascending positions of the texts to split
    held_out_rows : rows that the network does not learn from, if any
    random_state : RandomState
    cross_fit_below : number of rows from which on a tenth is held out
    """
    n = len(data.texts)
    texts, targets = [data.texts[row] for row in rows], data.targets[rows]
    found = fold_numbers(texts, targets, random_state)
    if found is None:
        return Splits(np.zeros(n, np.int64), ())
    # A copy of a text may be among the other rows.
    fold_of_text = dict(zip(texts, found.tolist(), strict=True))
    folds = np.array([fold_of_text.get(text, 0) for text in data.texts], np.int64)
    if len(rows) < cross_fit_below:
        pairs = [(rows[found != k], rows[found == k]) for k in range(_N_FOLDS)]
    elif len(held_out_rows):
        pairs = [(np.setdiff1d(rows, held_out_rows), np.intersect1d(rows, held_out_rows))]
    else:
        split = stratified_split(
            texts, targets, held_out_fraction=_HELD_OUT_FRACTION, random_state=random_state
        )
        pairs = [] if split is None else [(rows[split[0]], rows[split[1]])]
    return Splits(folds, tuple(pairs))


def fold_numbers(
    texts: Sequence[str], targets: Int32, random_state: np.random.RandomState
) -> Int64 | None:
    """Give each text one of five folds: stratified, seeded, equal texts in one fold.

    A text that occurs with several targets is stratified by the first.

    Returns
    -------
    ndarray of int64, shape (n,), or None
        None where some class has fewer than three different texts.
    """
    first_row: dict[str, int] = {}
    text_number = np.array([first_row.setdefault(text, row) for row, text in enumerate(texts)])
    different = np.array(list(first_row.values()))  # (n_different,)
    fold_of_row = np.zeros(len(text_number), np.int64)
    for target in np.unique(targets):
        rows = different[targets[different] == target]
        if len(rows) < _MIN_TEXTS_OF_CLASS:
            return None
        fold_of_row[random_state.permutation(rows)] = np.arange(len(rows)) % _N_FOLDS
    folds: Int64 = fold_of_row[text_number]
    return folds
