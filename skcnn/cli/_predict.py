"""``skcnn predict``: a saved model labels the texts of a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skcnn.cli._options import Data, TextColumn
from skcnn.cli._tables import Table, read_table, write_table

if TYPE_CHECKING:
    from skcnn._estimator import CostSensitiveTextCNN


def predict(
    model: Annotated[Path, typer.Argument(help="File written by skcnn train.")],
    data: Data,
    text: TextColumn = "text",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Table to write; default: print it.")
    ] = None,
    proba: Annotated[
        bool, typer.Option("--proba", help="Also add the probability of each label.")
    ] = False,
) -> None:
    """Predict the label of each text in a table.

    Writes the table with one more column, "predicted".
    """
    from skcnn._estimator import CostSensitiveTextCNN

    estimator = CostSensitiveTextCNN.load(model)
    table = read_table(data)
    texts = table.column(text)
    new_columns = _new_columns(estimator, table, proba=proba)
    cells = _predictions(estimator, texts, proba=proba)
    rows = [row + new for row, new in zip(table.rows, cells, strict=True)]
    write_table(output, [table.columns + new_columns, *rows])


def _new_columns(model: CostSensitiveTextCNN, table: Table, *, proba: bool) -> list[str]:
    names = ["predicted"]
    if proba:
        names += [f"probability_{label}" for label in model.classes_]
    for name in names:
        if name in table.columns:
            raise ValueError(f"{table.path} already has a column {name!r}; rename that column")
    return names


def _predictions(model: CostSensitiveTextCNN, texts: list[str], *, proba: bool) -> list[list[str]]:
    """Return the cells of the new columns, row by row."""
    y_pred = [[str(label)] for label in model.predict(texts)]
    if not proba:
        return y_pred
    probabilities = model.predict_proba(texts)  # (n, K)
    return [
        [*label, *(f"{value:.6g}" for value in row)]
        for label, row in zip(y_pred, probabilities, strict=True)
    ]
