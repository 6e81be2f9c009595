"""The command ``skcnn``: a demonstration, training and prediction on tables of text."""

from __future__ import annotations

import csv
import gzip
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import Console

    from skcnn import CostSensitiveTextCNN

__all__ = ["app", "main"]

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

RandomState = Annotated[int, typer.Option(min=0, help="Seed: the same seed, the same model.")]


def main() -> None:
    """Run the command line."""
    app()


def _print_version(wanted: bool) -> None:
    if wanted:
        from skcnn import __version__

        typer.echo(f"skcnn {__version__}")
        raise typer.Exit


@app.callback()
def _skcnn(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Classify texts where mistakes do not cost the same."""


@app.command()
def demo(
    cost: Annotated[float, typer.Option(min=1, help="Cost of missing a tech headline.")] = 5.0,
    random_state: RandomState = 0,
) -> None:
    """Find the tech headlines of BBC News, with equal costs and with unequal ones.

    skcnn has the vectors of GloVe, and TF-IDF + logistic regression none. Needs the extra "demo"
    of the package. Takes about 20 seconds.
    """
    with _one_line_errors():
        from skcnn._demo import run

        run(_console(), cost=cost, random_state=random_state)


@app.command()
def train(
    data: Annotated[Path, typer.Argument(help="Table: .csv or .tsv, also with .gz.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The model's file.")],
    text: Annotated[str, typer.Option(help="Column of the texts.")] = "text",
    label: Annotated[str, typer.Option(help="Column of the labels.")] = "label",
    positive: Annotated[
        str | None,
        typer.Option(help="Rare label: measure its recall on a held-out fifth before training."),
    ] = None,
    cost: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL=COST", help="Cost of missing LABEL; may be repeated."),
    ] = None,
    random_state: RandomState = 0,
) -> None:
    """Train on all rows of a table and save the model.

    For example: skcnn train data.csv --positive spam --cost spam=5 -o model.skcnn
    """
    with _one_line_errors():
        if not output.absolute().parent.is_dir() or output.is_dir():
            raise ValueError(f"cannot write {output}: give a file name in a folder that exists")
        texts, labels = _labelled_texts(_read_table(data), text, label)
        costs = _checked_costs(cost or [], labels, data)
        if positive is not None and positive not in labels:
            raise ValueError(f"--positive {positive}: {_labels_there_are(labels, data)}")

        model = _new_model(costs, random_state)
        if positive is not None:
            _report_held_out(model, texts, labels, positive, random_state)
        with _progress(f"Training on {len(texts):,} rows"):
            model.fit(texts, labels)
        _report_model(model, labels)
        model.save(output)
        typer.echo(f"Saved {output} ({output.stat().st_size / 1e6:.1f} MB).")


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="File written by skcnn train.")],
    data: Annotated[Path, typer.Argument(help="Table: .csv or .tsv, also with .gz.")],
    text: Annotated[str, typer.Option(help="Column of the texts.")] = "text",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Table to write; default: print it.")
    ] = None,
    proba: Annotated[bool, typer.Option("--proba", help="Add a probability per label.")] = False,
) -> None:
    """Label the texts of a table: its columns come back with one more, "predicted"."""
    with _one_line_errors():
        from skcnn import CostSensitiveTextCNN

        estimator = CostSensitiveTextCNN.load(model)
        table = _read_table(data)
        texts = table.column(text)
        columns = ["predicted"]
        if proba:
            columns += [f"probability_{name}" for name in estimator.classes_]
        for name in columns:
            if name in table.columns:
                raise ValueError(f"{data} already has a column {name!r}; rename it there")

        added = _predictions(estimator, texts, proba=proba)
        rows = [row + more for row, more in zip(table.rows, added, strict=True)]
        _write_table(output, [table.columns + columns, *rows])


# ---------------------------------------------------------------------------------------------
# Talking
# ---------------------------------------------------------------------------------------------


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Turn what the user can cure into one line on stderr and exit code 2."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (ValueError, ImportError) as error:
        message = str(error)
    except OSError as error:
        message = f"{error.filename}: {error.strerror}" if error.strerror else str(error)
    else:
        return
    typer.echo(f"skcnn: {' '.join(message.split())}", err=True)
    raise typer.Exit(2)


def _console() -> Console:
    from rich.console import Console

    # Labels are data: "[red]" and ":key:" stay as they are.
    return Console(highlight=False, markup=False, emoji=False)


@contextmanager
def _progress(message: str) -> Iterator[None]:
    from rich.console import Console

    with Console(stderr=True).status(message):
        yield


# ---------------------------------------------------------------------------------------------
# Tables
# ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Table:
    path: Path
    columns: list[str]
    rows: list[list[str]]
    lines: list[int]  # of the file, one a row, for messages

    def column(self, name: str) -> list[str]:
        if self.columns.count(name) != 1:
            there = ", ".join(map(repr, self.columns))
            problem = "two columns" if name in self.columns else "no column"
            raise ValueError(f"{self.path} has {problem} {name!r}; it has {there}")
        position = self.columns.index(name)
        cells = [row[position] for row in self.rows]
        empty = [line for line, cell in zip(self.lines, cells, strict=True) if not cell.strip()]
        if empty:
            more = f" and {len(empty) - 5} more" if len(empty) > 5 else ""
            named = ", ".join(map(str, empty[:5])) + more
            raise ValueError(
                f"{self.path}: the column {name!r} is empty on line{'s' * (len(empty) > 1)} "
                f"{named}; fill or remove them"
            )
        return cells


def _dialect(path: Path) -> type[csv.Dialect]:
    match Path(path.name.removesuffix(".gz")).suffix:
        case ".csv":
            return csv.excel
        case ".tsv":
            return csv.excel_tab
    raise ValueError(f"{path}: a table's name ends in .csv, .tsv, .csv.gz or .tsv.gz")


def _open_text(path: Path, mode: str) -> TextIO:
    encoding = "utf-8-sig" if mode == "rt" else "utf-8"
    opener: Any = gzip.open if path.name.endswith(".gz") else open
    file: TextIO = opener(path, mode, encoding=encoding, newline="")
    return file


def _read_table(path: Path) -> _Table:
    dialect = _dialect(path)
    limit = csv.field_size_limit(sys.maxsize >> 32)
    try:
        with _open_text(path, "rt") as file:
            reader = csv.reader(file, dialect, strict=True)
            columns = next(reader, None)
            if columns is None:
                raise ValueError(f"{path} is empty")
            return _Table(path, columns, *_read_rows(reader, path, len(columns)))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 ({error.reason}); save it as UTF-8") from error
    except (csv.Error, EOFError, zlib.error) as error:
        raise ValueError(f"{path} cannot be read as a table: {error}") from error
    except gzip.BadGzipFile as error:
        raise ValueError(f"{path} is no gzip file") from error
    finally:
        csv.field_size_limit(limit)


def _read_rows(reader: Any, path: Path, n_columns: int) -> tuple[list[list[str]], list[int]]:
    rows, lines = [], []
    line = reader.line_num + 1
    try:
        for row in reader:
            if len(row) not in (0, n_columns):
                raise ValueError(
                    f"{path}: line {line} has {len(row)} cells; the header has {n_columns}"
                )
            if row:
                rows.append(row)
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"{path}: line {line} cannot be read: {error}") from error
    if not rows:
        raise ValueError(f"{path} has a header and no rows")
    return rows, lines


def _write_table(path: Path | None, rows: Sequence[Sequence[str]]) -> None:
    if path is None:
        csv.writer(sys.stdout, lineterminator="\n").writerows(rows)
        return
    dialect = _dialect(path)
    with _open_text(path, "wt") as file:
        csv.writer(file, dialect, lineterminator="\n").writerows(rows)


# ---------------------------------------------------------------------------------------------
# Training
# ---------------------------------------------------------------------------------------------


def _labelled_texts(table: _Table, text: str, label: str) -> tuple[list[str], list[str]]:
    texts, labels = table.column(text), table.column(label)
    counts = Counter(labels)
    if len(counts) < 2:
        raise ValueError(
            f"{table.path}: every row has the label {labels[0]!r}; two different ones are needed"
        )
    single = sorted(name for name, count in counts.items() if count < 2)
    if single:
        raise ValueError(
            f"{table.path}: the label {single[0]!r} has one row; every label needs two or more"
        )
    return texts, labels


def _labels_there_are(labels: Sequence[str], path: Path) -> str:
    names = sorted(set(labels))
    shown = ", ".join(map(repr, names[:20])) + (", ..." if len(names) > 20 else "")
    return f"{path} has no such label; it has {shown}"


def _checked_costs(options: Sequence[str], labels: Sequence[str], path: Path) -> dict[str, float]:
    import numpy as np

    from skcnn.costs import check_cost_matrix

    costs: dict[str, float] = {}
    for option in options:
        name, equals, number = option.rpartition("=")
        if not equals:
            raise ValueError(f"--cost {option}: expected LABEL=COST, as in spam=5")
        if name not in labels:
            raise ValueError(f"--cost {option}: {_labels_there_are(labels, path)}")
        if name in costs:
            raise ValueError(f"--cost {option}: {name!r} has a cost already")
        try:
            costs[name] = float(number)
        except ValueError as error:
            raise ValueError(f"--cost {option}: {number!r} is not a number") from error
    check_cost_matrix(costs or None, np.unique(labels))
    return costs


def _new_model(costs: dict[str, float], random_state: int) -> CostSensitiveTextCNN:
    from skcnn import CostSensitiveTextCNN

    return CostSensitiveTextCNN(cost_matrix=costs or None, random_state=random_state)


def _held_out_rows(
    texts: Sequence[str], labels: Sequence[str], random_state: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Rows to learn from and a fifth to measure on, equal texts on one side; None if too few."""
    import numpy as np
    from sklearn.model_selection import StratifiedGroupKFold

    names, counts = np.unique(labels, return_counts=True)
    if counts.min() < 5:
        return None
    groups = np.unique(texts, return_inverse=True)[1]
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=random_state)
    learn, measure = next(folds.split(texts, labels, groups))
    y = np.asarray(labels)
    both = len(np.unique(y[learn])) == len(np.unique(y[measure])) == len(names)
    return (learn, measure) if both else None


def _report_held_out(
    model: CostSensitiveTextCNN,
    texts: list[str],
    labels: list[str],
    positive: str,
    random_state: int,
) -> None:
    import numpy as np

    from skcnn.costs import average_cost, normalized_cost

    rows = _held_out_rows(texts, labels, random_state)
    if rows is None:
        typer.echo("Not measured on held-out rows: that takes five different texts per label.")
        return
    learn, measure = rows
    X, y = np.asarray(texts, dtype=object), np.asarray(labels)
    with _progress(f"Measuring on {len(measure):,} held-out rows"):
        predicted = model.fit(X[learn], y[learn]).predict(X[measure])
    truth = y[measure]
    hits = np.count_nonzero((predicted == positive) & (truth == positive))
    there, said = np.count_nonzero(truth == positive), np.count_nonzero(predicted == positive)
    costs: dict[str, Any] = {"cost_matrix": model.cost_matrix_, "labels": model.classes_}
    relative = normalized_cost(truth, predicted, **costs)
    typer.echo(
        f"Held out {len(measure):,} rows: found {hits} of {there} {positive!r} "
        f"(recall {hits / there:.3f}), {said - hits} false alarms, "
        f"average cost {average_cost(truth, predicted, **costs):.4f} "
        f"({relative:.3f} of the best constant answer's)."
    )


def _report_model(model: CostSensitiveTextCNN, labels: Sequence[str]) -> None:
    from rich.table import Table

    counts = Counter(labels)
    table = Table(title="Cost matrix", title_justify="left")
    table.add_column("truth \\ answer")
    table.add_column("rows", justify="right")
    for name in model.classes_:
        table.add_column(str(name), justify="right")
    for name, costs in zip(model.classes_, model.cost_matrix_, strict=True):
        table.add_row(str(name), f"{counts[name]:,}", *(f"{value:g}" for value in costs))
    _console().print(table)
    losses = model.history_.get("val_loss", [])
    score = f", validation loss {min(losses):.4f}" if losses else ""
    typer.echo(f"{model.n_iter_} epochs, the best: {model.best_iter_}{score}.")


# ---------------------------------------------------------------------------------------------
# Prediction
# ---------------------------------------------------------------------------------------------


def _predictions(model: CostSensitiveTextCNN, texts: list[str], *, proba: bool) -> list[list[str]]:
    predicted = [[str(name)] for name in model.predict(texts)]
    if not proba:
        return predicted
    probabilities = model.predict_proba(texts)  # (n, K)
    return [
        [*name, *(f"{value:.6g}" for value in row)]
        for name, row in zip(predicted, probabilities, strict=True)
    ]


if __name__ == "__main__":
    main()
