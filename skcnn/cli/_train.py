"""``skcnn train``: a labeled table becomes a model file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skcnn.cli._labeled import LabeledTexts, read_labeled
from skcnn.cli._options import (
    Data,
    Encoding,
    FormatOption,
    QuotingOption,
    RandomState,
    Separator,
    TextColumn,
)
from skcnn.cli._output import console, new_table, progress, say
from skcnn.cli.tables._formats import Quoting, Reading
from skcnn.cli.tables._write import check_not_input
from skcnn.disk._atomic import check_can_write

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
    skip_empty: Annotated[
        bool, typer.Option("--skip-empty", help="Leave out rows without a label.")
    ] = False,
    format: FormatOption = None,
    encoding: Encoding = None,
    separator: Separator = None,
    quoting: QuotingOption = Quoting.STANDARD,
) -> None:
    """Train on all rows of a table and save the model.

    For example: skcnn train data.csv --positive spam --cost spam=5 -o model.skcnn
    """
    _check_output(output, data)
    reading = Reading(format, encoding, separator, quoting)
    labeled = read_labeled(data, reading, text, label, skip_empty=skip_empty)
    texts, y = labeled.texts, labeled.labels
    _check_labels(labeled)
    costs = _checked_costs(cost or [], y, labeled.name)
    if positive is not None and positive not in y:
        raise ValueError(f"--positive {positive}: {_no_such_label(y, labeled.name)}")

    say(labeled.report())
    model = _new_model(costs, random_state)
    if positive is not None:
        _report_held_out(model, texts, y, positive, random_state)
    with progress(f"Training on {len(texts):,} rows"):
        model.fit(texts, y)
    _report_model(model, y)
    model.save(output)
    say(f"Saved {output} ({output.stat().st_size / 1e6:.1f} MB).")


# ---------------------------------------------------------------------------------------------
# Checks
# ---------------------------------------------------------------------------------------------


def _check_output(output: Path, data: Path) -> None:
    if output == Path("-"):
        raise ValueError("A model cannot be written to standard output; name a file with -o.")
    check_can_write(output)
    check_not_input(output, data)


def _check_labels(labeled: LabeledTexts) -> None:
    counts = Counter(labeled.labels)
    if len(counts) < 2:
        raise ValueError(
            f"{labeled.name}: every row has the label {labeled.labels[0]!r}; expected at least two "
            f"labels.{labeled.left_out()}"
        )
    single = sorted(name for name, count in counts.items() if count < 2)
    if single:
        raise ValueError(
            f"{labeled.name}: the label {single[0]!r} has one row; expected two or more rows for "
            f"each label.{labeled.left_out()}"
        )


def _no_such_label(y: Sequence[str], table: str) -> str:
    classes = sorted(set(y))
    shown = ", ".join(map(repr, classes[:20])) + (", ..." if len(classes) > 20 else "")
    return f"{table} has no such label; it has {shown}"


def _checked_costs(options: Sequence[str], y: Sequence[str], table: str) -> dict[str, float]:
    """Turn options such as "spam=5" into {"spam": 5.0}."""
    import numpy as np

    from skcnn.costs._matrix import check_cost_matrix

    costs: dict[str, float] = {}
    for option in options:
        name, equals, number = option.rpartition("=")
        if not equals:
            raise ValueError(f"--cost {option}: expected LABEL=COST, as in spam=5")
        if name not in y:
            raise ValueError(f"--cost {option}: {_no_such_label(y, table)}")
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
        say("Not measured on held-out rows: every label needs at least five different texts.")
        return
    train_rows, test_rows = rows
    X, y_array = np.asarray(texts, dtype=object), np.asarray(y)
    with progress(f"Measuring on {len(test_rows):,} held-out rows"):
        y_pred = model.fit(X[train_rows], y_array[train_rows]).predict(X[test_rows])
    say(_held_out_report(model, y_array[test_rows], y_pred, positive))


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
    say(f"{model.n_iter_} epochs, best epoch {model.best_iter_}{loss}.")
