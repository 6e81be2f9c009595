"""``skcnn predict``: a saved model labels the texts of a table."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skcnn.cli._options import (
    Data,
    Encoding,
    FormatOption,
    QuotingOption,
    Separator,
    TextColumn,
)
from skcnn.cli._output import progress
from skcnn.cli.tables._blocks import Table
from skcnn.cli.tables._formats import Quoting, Reading, place_to_read
from skcnn.cli.tables._read import open_table
from skcnn.cli.tables._write import check_output, writing

if TYPE_CHECKING:
    from skcnn._estimator import CostSensitiveTextCNN


def predict(
    model: Annotated[Path, typer.Argument(help="File written by skcnn train.")],
    data: Data,
    text: TextColumn = "text",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Table to write: .csv, .tsv, .jsonl or .parquet; default: print it.",
        ),
    ] = None,
    proba: Annotated[
        bool, typer.Option("--proba", help="Also add the probability of each label.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a column that is there already.")
    ] = False,
    escape_formulas: Annotated[
        bool,
        typer.Option(
            "--escape-formulas",
            help="Put an apostrophe before cells that a spreadsheet takes for formulas.",
        ),
    ] = False,
    format: FormatOption = None,
    encoding: Encoding = None,
    separator: Separator = None,
    quoting: QuotingOption = Quoting.STANDARD,
) -> None:
    """Predict the label of each text in a table.

    Writes the table with one more column, "predicted". In a file whose name ends in .txt, each
    line is a text.
    """
    reading = Reading(format, encoding, separator, quoting)
    check_output(output, model, source=place_to_read(data, reading).format)
    with open_table(data, reading, text=text) as table:
        table.check_column(text, "--text")
        _check_new(table, table.columns, ["predicted"], overwrite=overwrite)
        estimator = _loaded(model)
        names = _new_names(estimator, proba=proba)
        _check_new(table, table.columns, names, overwrite=overwrite)
        done = 0
        to_file = output not in (None, Path("-"))
        shown = progress("Predicting") if to_file else nullcontext(_nothing)
        with writing(output, table, escape_formulas=escape_formulas) as write, shown as show:
            for block in table.blocks:
                _check_new(table, block.columns, names, overwrite=overwrite)
                cells = _predictions(estimator, table.texts(block, text), proba=proba)
                write(block.with_columns(dict(zip(names, cells, strict=True))))
                done += len(block.places)
                show(f"Predicted {done:,} rows")


def _nothing(message: str) -> None:
    """Show no progress between rows that are printed."""


def _loaded(path: Path) -> CostSensitiveTextCNN:
    from skcnn._estimator import CostSensitiveTextCNN

    return CostSensitiveTextCNN.load(path)


def _new_names(model: CostSensitiveTextCNN, *, proba: bool) -> list[str]:
    names = ["predicted"]
    if proba:
        names += [f"probability_{label}" for label in model.classes_]
    return names


def _check_new(table: Table, columns: list[str], names: list[str], *, overwrite: bool) -> None:
    """Raise an error about columns that are there already."""
    for name in names:
        if columns.count(name) > (1 if overwrite else 0):
            cure = "rename one of them" if overwrite else "add --overwrite or rename that column"
            raise ValueError(f"{table.name} already has a column {name!r}; {cure}.")


def _predictions(model: CostSensitiveTextCNN, texts: list[str], *, proba: bool) -> list[list[Any]]:
    """Return the cells of the new columns, column by column."""
    columns = [model.predict(texts).tolist()]
    if proba:
        rounded = [[float(f"{value:.6g}") for value in row] for row in model.predict_proba(texts)]
        columns += map(list, zip(*rounded, strict=True))
    return columns
