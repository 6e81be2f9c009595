"""``skcnn train``: a labeled table becomes a model file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skcnn.cli._options import Data, RandomState, TextColumn
from skcnn.cli._output import console, new_table, progress
from skcnn.cli._tables import Table, read_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from skcnn._estimator import CostSensitiveTextCNN


def train(
    data: Data,
    output: Annotated[Path, typer.Option("--output", "-o", help="Model file to write.")],
    text: TextColumn = "text",
    label: Annotated[str, typer.Option(help="Column of the labels.")] = "label",
    positive: Annotated[
        str | None,
        typer.Option(help="Rare label: measure its recall on a held-out fifth before training."),
    ] = None,
    cost: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LABEL=COST",
            help="Cost of missing LABEL; other labels cost 1. May be repeated.",
        ),
    ] = None,
    random_state: RandomState = 0,
) -> None:
    """Train on all rows of a table and save the model.

    For example: skcnn train data.csv --positive spam --cost spam=5 -o model.skcnn
    """
    if not output.absolute().parent.is_dir() or output.is_dir():
        raise ValueError(f"cannot write {output}: give a file name in a folder that exists")
    texts, y = _texts_and_labels(read_table(data), text, label)
    costs = _checked_costs(cost or [], y, data)
    if positive is not None and positive not in y:
        raise ValueError(f"--positive {positive}: {_no_such_label(y, data)}")

    model = _new_model(costs, random_state)
    if positive is not None:
        _report_held_out(model, texts, y, positive, random_state)
    with progress(f"Training on {len(texts):,} rows"):
        model.fit(texts, y)
    _report_model(model, y)
    model.save(output)
    typer.echo(f"Saved {output} ({output.stat().st_size / 1e6:.1f} MB).")


# ---------------------------------------------------------------------------------------------
# Checks
# ---------------------------------------------------------------------------------------------


def _texts_and_labels(table: Table, text: str, label: str) -> tuple[list[str], list[str]]:
    texts, y = table.column(text), table.column(label)
    counts = Counter(y)
    if len(counts) < 2:
        raise ValueError(
            f"{table.path}: every row has the label {y[0]!r}; expected at least two labels"
        )
    single = sorted(name for name, count in counts.items() if count < 2)
    if single:
        raise ValueError(
            f"{table.path}: the label {single[0]!r} has one row; expected two or more rows for "
            "each label"
        )
    return texts, y


def _no_such_label(y: Sequence[str], path: Path) -> str:
    classes = sorted(set(y))
    shown = ", ".join(map(repr, classes[:20])) + (", ..." if len(classes) > 20 else "")
    return f"{path} has no such label; it has {shown}"


def _checked_costs(options: Sequence[str], y: Sequence[str], path: Path) -> dict[str, float]:
    """Turn options such as "spam=5" into {"spam": 5.0}."""
    import numpy as np

    from skcnn.costs._matrix import check_cost_matrix

    costs: dict[str, float] = {}
    for option in options:
        name, equals, number = option.rpartition("=")
        if not equals:
            raise ValueError(f"--cost {option}: expected LABEL=COST, as in spam=5")
        if name not in y:
            raise ValueError(f"--cost {option}: {_no_such_label(y, path)}")
        if name in costs:
            raise ValueError(f"--cost {option}: {name!r} already has a cost")
        try:
            costs[name] = float(number)
        except ValueError as error:
            raise ValueError(f"--cost {option}: {number!r} is not a number") from error
    check_cost_matrix(costs or None, np.unique(y))
    return costs


# ---------------------------------------------------------------------------------------------
# Training
# ---------------------------------------------------------------------------------------------


def _new_model(costs: dict[str, float], random_state: int) -> CostSensitiveTextCNN:
    from skcnn._estimator import CostSensitiveTextCNN

    return CostSensitiveTextCNN(cost_matrix=costs or None, random_state=random_state)


def _report_held_out(
    model: CostSensitiveTextCNN,
    texts: list[str],
    y: list[str],
    positive: str,
    random_state: int,
) -> None:
    """Train on four fifths of the rows and print what the model does on the others."""
    import numpy as np

    rows = _train_and_test_rows(texts, y, random_state)
    if rows is None:
        typer.echo(
            "Not measured on held-out rows: every label needs at least five different texts."
        )
        return
    train_rows, test_rows = rows
    X, y_array = np.asarray(texts, dtype=object), np.asarray(y)
    with progress(f"Measuring on {len(test_rows):,} held-out rows"):
        y_pred = model.fit(X[train_rows], y_array[train_rows]).predict(X[test_rows])
    typer.echo(_held_out_report(model, y_array[test_rows], y_pred, positive))


def _train_and_test_rows(
    texts: Sequence[str], y: Sequence[str], random_state: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Split the rows into four fifths and one fifth, equal texts on the same side.

    Returns None if a label has too few rows to be on both sides.
    """
    import numpy as np
    from sklearn.model_selection import StratifiedGroupKFold

    classes, counts = np.unique(y, return_counts=True)
    if counts.min() < 5:
        return None
    groups = np.unique(texts, return_inverse=True)[1]
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=random_state)
    train_rows, test_rows = next(folds.split(texts, y, groups))
    y_array = np.asarray(y)
    all_in_both = (
        len(np.unique(y_array[train_rows])) == len(np.unique(y_array[test_rows])) == len(classes)
    )
    return (train_rows, test_rows) if all_in_both else None


# ---------------------------------------------------------------------------------------------
# Reports
# ---------------------------------------------------------------------------------------------


def _held_out_report(
    model: CostSensitiveTextCNN, y_true: NDArray[Any], y_pred: NDArray[Any], positive: str
) -> str:
    import numpy as np

    from skcnn.costs._metrics import average_cost, normalized_cost

    costs: dict[str, Any] = {"cost_matrix": model.cost_matrix_, "labels": model.classes_}
    found = np.count_nonzero((y_pred == positive) & (y_true == positive))
    n_true, n_predicted = (np.count_nonzero(y == positive) for y in (y_true, y_pred))
    return (
        f"Held out {len(y_true):,} rows: found {found} of {n_true} {positive!r} "
        f"(recall {found / n_true:.3f}), {n_predicted - found} false alarms, "
        f"average cost {average_cost(y_true, y_pred, **costs):.4f}, "
        f"normalized cost {normalized_cost(y_true, y_pred, **costs):.3f} "
        "(1 = the cheapest constant prediction)."
    )


def _report_model(model: CostSensitiveTextCNN, y: Sequence[str]) -> None:
    counts = Counter(y)
    classes = list(map(str, model.classes_))
    table = new_table("Cost matrix", "true class \\ prediction", "rows", *classes)
    for name, costs in zip(classes, model.cost_matrix_, strict=True):
        table.add_row(name, f"{counts[name]:,}", *(f"{value:g}" for value in costs))
    console().print(table)
    losses = model.history_.get("val_loss", [])
    loss = f", validation loss {min(losses):.4f}" if losses else ""
    typer.echo(f"{model.n_iter_} epochs, best epoch {model.best_iter_}{loss}.")
