"""Figures on rows that a model did not learn from: a held-out fifth, or a table of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from skcnn.cli._figures import Figures, figures_of
from skcnn.cli._fitting import fit
from skcnn.cli._labeled import LabeledTexts
from skcnn.cli._model import decision_of, names_of, positions_of, predict_in_blocks
from skcnn.cli._output import progress, say

if TYPE_CHECKING:
    from skcnn._arrays import Int64
    from skcnn._estimator import CostSensitiveTextCNN

_HELD_OUT = 0.2
# So that a fifth of the rows has one of each label.
_MIN_ROWS_OF_LABEL = 5


def measured(model: CostSensitiveTextCNN, labeled: LabeledTexts) -> Figures:
    """Return the figures of a fitted model on labeled texts."""
    names = names_of(model)
    with progress(f"Measuring on {len(labeled.texts):,} rows") as show:
        y = positions_of(labeled.labels, names, labeled.name)
        P = predict_in_blocks(model, labeled.texts, show)
        y_pred = decision_of(model, None, None, None)(P)
        return figures_of(y, y_pred, names, model.cost_matrix_)


def measured_on_held_out(
    model: CostSensitiveTextCNN,
    labeled: LabeledTexts,
    unlabeled: Sequence[str] | None,
    *,
    err: bool,
) -> Figures | None:
    """Fit on four fifths of the rows, and return the figures on the others.

    None, with a line that says so, if a label has too few rows. `err`: say it on stderr.
    """
    rows = train_and_test_rows(labeled.texts, labeled.labels, model.random_state)
    if rows is None:
        say(
            "Not measured on held-out rows: every label needs at least five different texts.",
            err=err,
        )
        return None
    train, test = (labeled.at(part) for part in rows)
    what = f"To measure on {len(test.texts):,} rows, training on {len(train.texts):,}"
    fit(model, train.texts, train.labels, what, unlabeled=unlabeled)
    figures = measured(model, test)
    say(f"Measured on {len(test.texts):,} held-out rows, trained on {len(train.texts):,}.", err=err)
    return figures


def train_and_test_rows(
    texts: Sequence[str], y: Sequence[str], random_state: Any
) -> tuple[Int64, Int64] | None:
    """Split the rows into four fifths and one fifth, equal texts on the same side.

    Returns None if a label has too few rows to be on both sides.
    """
    import numpy as np
    from sklearn.utils import check_random_state

    from skcnn.fitting._held_out import stratified_split

    classes, targets, counts = np.unique(y, return_inverse=True, return_counts=True)
    if counts.min() < _MIN_ROWS_OF_LABEL:
        return None
    split = stratified_split(
        texts,
        targets,
        held_out_fraction=_HELD_OUT,
        random_state=check_random_state(random_state),
    )
    # A text with two labels counts for the first: the other label may be missing on one side.
    if split is None or any(len(np.unique(targets[part])) < len(classes) for part in split):
        return None
    return split


def check_labels_known(labeled: LabeledTexts, classes: Sequence[str]) -> None:
    """Raise an error about labels that the training table does not have."""
    unknown = sorted(set(labeled.labels) - set(classes))
    if unknown:
        raise ValueError(
            f"{labeled.name} has the label {unknown[0]!r}, which the training table does not have; "
            f"it has {', '.join(map(repr, sorted(classes)[:20]))}."
        )
