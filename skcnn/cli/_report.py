"""``skcnn report``: one HTML page about a saved model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from skcnn.cli._baseline import tfidf_logistic_regression
from skcnn.cli._inputs import check_can_read
from skcnn.cli._labeled import LabeledTexts, read_labeled
from skcnn.cli._model import load_model, names_of, position_of, positions_of
from skcnn.cli._options import (
    Encoding,
    LabelColumn,
    Labeled,
    LabeledFormat,
    ModelFile,
    Positive,
    QuotingOption,
    Separator,
    SkipEmpty,
    TextColumn,
)
from skcnn.cli._output import progress, say, size_in_words
from skcnn.cli.tables._formats import Quoting, Reading, reading_of_another
from skcnn.cli.tables._write import check_not_input
from skcnn.disk._atomic import check_can_write

_BASELINE = "TF-IDF + logistic regression"


def report(
    model: ModelFile,
    data: Labeled,
    output: Annotated[Path, typer.Option("--output", "-o", help="HTML page to write.")],
    text: TextColumn = "text",
    label: LabelColumn = "label",
    baseline: Annotated[
        Path | None,
        typer.Option(
            help=f"Labeled table to train {_BASELINE} on, as a comparison: the training table.",
        ),
    ] = None,
    title: Annotated[
        str, typer.Option(help="Heading of the page; default: the names of both files.")
    ] = "",
    unit: Annotated[str, typer.Option(help="Unit of the costs, such as €.")] = "",
    positive: Positive = None,
    errors: Annotated[
        int, typer.Option(min=1, help="How many of the most expensive errors to show.")
    ] = 20,
    skip_empty: SkipEmpty = False,
    format: LabeledFormat = None,
    encoding: Encoding = None,
    separator: Separator = None,
    quoting: QuotingOption = Quoting.STANDARD,
) -> None:
    """Write a page about a model for people who do not program: what it does, and what it costs.

    The labeled texts are ones that the model was not trained on.
    """
    check_can_read(model, data, baseline)
    check_can_write(output)
    check_not_input(output, model, data, *([] if baseline is None else [baseline]))
    from skcnn.inspection._report import check_report_packages

    check_report_packages()
    with progress(f"Reading {data}") as show:
        reading = Reading(format, encoding, separator, quoting)
        labeled = read_labeled(data, reading, text, label, skip_empty=skip_empty)
        training = None
        if baseline is not None:
            of_baseline = reading_of_another(baseline, reading)
            training = read_labeled(baseline, of_baseline, text, label, skip_empty=skip_empty)
        show(f"Loading {model}")
        estimator = load_model(model)
        classes = estimator.classes_
        names = names_of(estimator)
        y = classes[positions_of(labeled.labels, names, labeled.name)]
        pos_label = None
        if positive is not None:
            pos_label = classes.tolist()[position_of(positive, names, "--positive")]
        others = {}
        if training is not None:
            show(f"Training {_BASELINE}")
            others[_BASELINE] = _trained(training, names, classes, estimator.cost_matrix_)
        show(f"Predicting {len(labeled.texts):,} rows and drawing")
        from skcnn.inspection._report import report as write_report

        write_report(
            estimator,
            labeled.texts,
            y,
            output,
            pos_label=pos_label,
            baselines=others,
            title=title or f"Report of {model.name} on {Path(labeled.name).name}",
            unit=unit,
            n_errors=errors,
        )
    say(labeled.report())
    say(f"Saved {output} ({size_in_words(output)}).")


def _trained(training: LabeledTexts, names: list[str], classes: Any, costs: Any) -> Any:
    """Return the comparison, trained on a table, deciding by the costs of the model."""
    from skcnn.costs._min_cost import MinCostClassifier

    y = classes[positions_of(training.labels, names, training.name)]
    if len(set(training.labels)) < len(names):
        raise ValueError(
            f"{training.name} lacks labels of the model; expected {', '.join(map(repr, names))}."
        )
    return MinCostClassifier(tfidf_logistic_regression(), costs).fit(training.texts, y)
