"""``skcnn predict``: a saved model labels the texts of a table."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skcnn.cli._highest import Highest, check_top, n_of_top
from skcnn.cli._inputs import check_can_read, check_texts, open_texts
from skcnn.cli._model import (
    Decision,
    check_options,
    decision_of,
    explained,
    labels_at,
    load_model,
    names_of,
    positive_position,
)
from skcnn.cli._options import (
    AbstainCost,
    Encoding,
    FormatOption,
    ModelFile,
    OptionalData,
    Positive,
    QuotingOption,
    Separator,
    TextOrColumn,
    Threshold,
)
from skcnn.cli._output import progress, stdout_is_a_terminal
from skcnn.cli.tables._blocks import Block, Table
from skcnn.cli.tables._formats import Format, Quoting, Reading, place_to_read
from skcnn.cli.tables._write import check_output, writing

if TYPE_CHECKING:
    from skcnn._arrays import Float64
    from skcnn.cli._model import Model


def predict(
    model: ModelFile,
    data: OptionalData = None,
    text: TextOrColumn = None,
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
    explain: Annotated[
        bool, typer.Option("--explain", help="Also add the n-grams that decided. Slower.")
    ] = False,
    top: Annotated[
        str | None,
        typer.Option(
            metavar="N|N%",
            help="Write only the rows with the highest probability of --positive, that one first.",
        ),
    ] = None,
    sort: Annotated[
        bool,
        typer.Option(
            "--sort", help="Write all rows, the most probable --positive first. Needs memory."
        ),
    ] = False,
    positive: Positive = None,
    threshold: Threshold = None,
    abstain_cost: AbstainCost = None,
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
    """Predict the label of each text in a table, or of one text.

    Writes the table with one more column, "predicted". In a file whose name ends in .txt, each
    line is a text.
    """
    check_texts(data, text, "predict")
    check_can_read(model, data)
    check_options(threshold, abstain_cost)
    check_top(top, data, sort=sort)
    reading = Reading(format, encoding, separator, quoting)
    source = Format.CSV if data is None else place_to_read(data, reading).format
    check_output(output, model, source=source)
    with open_texts(data, reading, text) as (table, column):
        _check_new(table, table.columns, ["predicted"], overwrite=overwrite)
        with _shown(f"Loading {model}", output) as show:
            estimator = load_model(model)
            new = _NewColumns(
                estimator,
                decision_of(estimator, positive, threshold, abstain_cost),
                proba=proba,
                explain=explain,
            )
            _check_new(table, table.columns, new.names, overwrite=overwrite)
            _check_kept(table, column, new.names)
            highest = None
            if top is not None or sort:
                show("Counting rows")
                n = None if top is None else n_of_top(top, data, reading, column)
                highest = Highest(n, positive_position(estimator, positive))
            with writing(output, table, escape_formulas=escape_formulas) as write:
                done = 0
                for block in table.blocks:
                    _check_new(table, block.columns, new.names, overwrite=overwrite)
                    texts = table.texts(block, column)
                    P, labeled = new.labeled(block, texts)
                    if highest is None:
                        write(new.explained(labeled, texts, P))
                    else:
                        highest.add(labeled, P)
                    done += len(block.places)
                    show(f"Predicted {done:,} rows")
                for block in highest.blocks() if highest is not None else ():
                    write(new.explained(block, table.texts(block, column)))


def _shown(message: str, output: Path | None) -> AbstractContextManager[Any]:
    """Show progress, but not between rows that appear in the same terminal."""
    if output in (None, Path("-")) and stdout_is_a_terminal():
        return nullcontext(lambda message: None)
    return progress(message)


def _check_new(table: Table, columns: list[str], names: list[str], *, overwrite: bool) -> None:
    """Raise an error about columns that are there already."""
    for name in names:
        if columns.count(name) > (1 if overwrite else 0):
            cure = "rename one of them" if overwrite else "add --overwrite or rename that column"
            raise ValueError(f"{table.name} already has a column {name!r}; {cure}.")


def _check_kept(table: Table, column: str, names: list[str]) -> None:
    """Raise an error if new cells would replace the texts, which may still have to be explained."""
    if column in names:
        raise ValueError(
            f"{table.name} has its texts in the column {column!r}, which the predictions would "
            "replace; rename that column."
        )


@dataclass(frozen=True, eq=False)
class _NewColumns:
    """The columns that a model adds to a table."""

    model: Model
    decision: Decision
    proba: bool
    explain: bool

    @property
    def names(self) -> list[str]:
        names = ["predicted"]
        if self.proba:
            names += [f"probability_{label}" for label in names_of(self.model)]
        return names + (["because_of"] if self.explain else [])

    def labeled(self, block: Block, texts: list[str]) -> tuple[Float64, Block]:
        """Return P(class | text), (n, K), and the block with all new columns but the reasons."""
        P = self.model.predict_proba(texts)
        columns = [labels_at(self.model, self.decision(P), self.decision)]
        if self.proba:
            rounded = [[float(f"{value:.6g}") for value in row] for row in P]
            columns += map(list, zip(*rounded, strict=True))
        return P, block.with_columns(dict(zip(self.names, columns, strict=False)))

    def explained(self, block: Block, texts: list[str], P: Float64 | None = None) -> Block:
        """Return the block with the reasons, if they are asked for: those of written rows alone."""
        if not self.explain:
            return block
        from skcnn.inspection._worst_errors import reasons

        P = self.model.predict_proba(texts) if P is None else P
        pairs = zip(explained(self.model, texts), self.decision(P).tolist(), strict=True)
        found = [reasons(each, k if k >= 0 else each.column) for each, k in pairs]
        return block.with_columns({self.names[-1]: found})
