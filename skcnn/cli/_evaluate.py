"""``skcnn evaluate``: what a saved model does on labeled texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from skcnn.cli._figures import figures_of
from skcnn.cli._inputs import check_can_read
from skcnn.cli._labeled import read_labeled
from skcnn.cli._model import (
    Decision,
    check_options,
    decision_of,
    explained,
    labels_at,
    load_model,
    names_of,
    positions_of,
    predict_in_blocks,
    threshold_position,
)
from skcnn.cli._options import (
    AbstainCost,
    AsJson,
    Encoding,
    LabelColumn,
    Labeled,
    LabeledFormat,
    MaxRate,
    MinPrecision,
    MinRecall,
    ModelFile,
    Positive,
    QuotingOption,
    Separator,
    SkipEmpty,
    TextColumn,
    Threshold,
)
from skcnn.cli._output import console, new_table, progress, say, say_json
from skcnn.cli._thresholds import Wanted, threshold_in_words
from skcnn.cli.tables._formats import Quoting, Reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from skcnn._arrays import Float64
    from skcnn.cli._model import Model

_SHOWN = 300  # characters of a text


def evaluate(
    model: ModelFile,
    data: Labeled,
    text: TextColumn = "text",
    label: LabelColumn = "label",
    errors: Annotated[
        int, typer.Option(min=0, help="How many of the most expensive errors to show.")
    ] = 10,
    positive: Positive = None,
    threshold: Threshold = None,
    abstain_cost: AbstainCost = None,
    min_precision: MinPrecision = None,
    min_recall: MinRecall = None,
    max_rate: MaxRate = None,
    confidence: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="With which precision and recall hold for other texts, as 0.95."
        ),
    ] = None,
    skip_empty: SkipEmpty = False,
    as_json: AsJson = False,
    format: LabeledFormat = None,
    encoding: Encoding = None,
    separator: Separator = None,
    quoting: QuotingOption = Quoting.STANDARD,
) -> None:
    """Measure a model on labeled texts that it was not trained on.

    Prints the confusion matrix, precision and recall of each label, costs, and the most expensive
    errors.
    """
    check_can_read(model, data)
    check_options(threshold, abstain_cost)
    wanted = Wanted(min_precision, min_recall, max_rate, confidence)
    wanted.check()
    reading = Reading(format, encoding, separator, quoting)
    with progress(f"Reading {data}") as show:
        labeled = read_labeled(data, reading, text, label, skip_empty=skip_empty)
        show(f"Loading {model}")
        estimator = load_model(model)
        names = names_of(estimator)
        y = positions_of(labeled.labels, names, labeled.name)
        decision = decision_of(estimator, positive, threshold, abstain_cost)
        k = 0 if wanted.is_nothing else threshold_position(estimator, positive)
        P = predict_in_blocks(estimator, labeled.texts, show)
        y_pred = decision(P)
        figures = figures_of(y, y_pred, names, estimator.cost_matrix_, decision.abstain_cost)
        thresholds = wanted.found(P[:, k], (y == k).tolist())
        worst = []
        if errors:
            show("Explaining the most expensive errors")
            worst = _worst(estimator, labeled.texts, y, decision, P, errors)
    if as_json:
        say(labeled.report(), err=True)
        found = {"errors": worst, "thresholds": thresholds}
        say_json({"model": str(model), **figures.as_json(), **found})
        return
    say(labeled.report())
    figures.print()
    for each in thresholds:
        say(threshold_in_words(each, names[k]))
    _print_worst(worst)


def _worst(
    model: Model,
    texts: list[str],
    y: NDArray[np.int64],
    decision: Decision,
    P: Float64,
    n: int,
) -> list[dict[str, Any]]:
    """Return the most expensive errors as rows."""
    import numpy as np

    from skcnn.costs._row_costs import cost_of_rows
    from skcnn.inspection._worst_errors import reasons, worst_rows

    y_pred = decision(P)
    paid, least = cost_of_rows(
        y,
        y_pred,
        cost_matrix=model.cost_matrix_,
        labels=np.arange(P.shape[1]),
        abstain_cost=decision.abstain_cost,
        abstain_label=-1,
    )
    of_true = P[np.arange(len(y)), y]
    rows = worst_rows(paid - least, of_true, n)
    names = names_of(model)
    explanations = explained(model, [texts[row] for row in rows]) if len(rows) else ()
    return [
        {
            "cost": float(paid[row] - least[row]),
            "true": names[y[row]],
            "predicted": str(labels_at(model, y_pred[[row]], decision)[0]),
            "probability": float(of_true[row]),
            "because_of": reasons(
                explanation, int(y_pred[row]) if y_pred[row] >= 0 else explanation.column
            ),
            "text": texts[row],
        }
        for row, explanation in zip(rows.tolist(), explanations, strict=True)
    ]


def _print_worst(worst: list[dict[str, Any]]) -> None:
    if not worst:
        return
    say("The most expensive errors. Probability: of the true label.")
    table = new_table("", "text", "true", "predicted", "cost", "probability", "because of")
    for row in worst:
        text = row["text"] if len(row["text"]) <= _SHOWN else row["text"][: _SHOWN - 1] + "…"
        table.add_row(
            text,
            row["true"],
            row["predicted"],
            f"{row['cost']:g}",
            f"{row['probability']:.3f}",
            row["because_of"],
        )
    console().print(table)
