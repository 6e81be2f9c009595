"""``skcnn train``: a labeled table becomes a model file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skcnn.cli._config import checked_estimator, read_config
from skcnn.cli._cost_options import CostOption, costs_of_labels, no_such_label, parse_costs
from skcnn.cli._figures import Figures, finite, share
from skcnn.cli._fitting import fit
from skcnn.cli._inputs import check_can_read
from skcnn.cli._labeled import check_labels, read_labeled, read_texts
from skcnn.cli._measure import check_labels_known, measured, measured_on_held_out
from skcnn.cli._options import (
    AsJson,
    Encoding,
    LabelColumn,
    Labeled,
    LabeledFormat,
    OptionalSeed,
    QuotingOption,
    Separator,
    SkipEmpty,
    TextColumn,
)
from skcnn.cli._output import progress, say, say_json, size_in_words
from skcnn.cli.tables._formats import Quoting, Reading, reading_of_another
from skcnn.cli.tables._write import check_not_input
from skcnn.disk._atomic import check_can_write

if TYPE_CHECKING:
    from skcnn._estimator import CostSensitiveTextCNN


def train(
    data: Labeled,
    output: Annotated[Path, typer.Option("--output", "-o", help="Model file to write.")],
    text: TextColumn = "text",
    label: LabelColumn = "label",
    cost: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LABEL=COST",
            help="Cost of missing LABEL, as in spam=5, or of one error, TRUE:PREDICTED=COST; other "
            "errors cost 1. May be repeated. Or: balanced.",
        ),
    ] = None,
    measure: Annotated[
        bool,
        typer.Option(
            "--measure",
            help="Before training on all rows, train on four fifths and measure on the others.",
        ),
    ] = False,
    positive: Annotated[
        str | None,
        typer.Option(help="Rare label: say how many of it are found. Implies --measure."),
    ] = None,
    validation_file: Annotated[
        Path | None,
        typer.Option(help="Labeled table to measure on, instead of --measure: trains once."),
    ] = None,
    unlabeled: Annotated[
        Path | None, typer.Option(help="More texts, without labels: a table or a .txt file.")
    ] = None,
    word_vectors: Annotated[
        list[str] | None,
        typer.Option(help="Pretrained word vectors: glove, or a file. May be repeated."),
    ] = None,
    sentence_vectors: Annotated[
        str | None, typer.Option(help="Vectors of whole texts: minilm.")
    ] = None,
    loss: Annotated[
        str | None, typer.Option(help="What the network minimizes; default: expected_cost.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Largest number of epochs; default: 20.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="TOML or JSON file of parameters of CostSensitiveTextCNN."),
    ] = None,
    random_state: OptionalSeed = None,
    skip_empty: SkipEmpty = False,
    as_json: AsJson = False,
    format: LabeledFormat = None,
    encoding: Encoding = None,
    separator: Separator = None,
    quoting: QuotingOption = Quoting.STANDARD,
) -> None:
    """Train on all rows of a table and save the model."""
    inputs = [each for each in (data, validation_file, unlabeled, config) if each is not None]
    check_can_read(*inputs)
    _check_output(output, inputs)
    if measure and validation_file is not None:
        raise ValueError("--measure and --validation-file both measure. Leave one of them out.")
    parsed = parse_costs(cost or [])
    options = {
        "word_vectors": _one_or_more(word_vectors),
        "sentence_vectors": sentence_vectors,
        "loss": loss,
        "epochs": epochs,
        "random_state": random_state,
    }
    given = {name: value for name, value in options.items() if value is not None}
    with progress(f"Reading {data}"):
        model = checked_estimator({"random_state": 0} | read_config(config) | given, config)
        reading = Reading(format, encoding, separator, quoting)
        labeled = read_labeled(data, reading, text, label, skip_empty=skip_empty)
        classes = check_labels(labeled)
        _set_costs(model, parsed, classes, labeled.name)
        _check_positive(positive, classes, labeled.name)
        more = None
        if unlabeled is not None:
            more = read_texts(unlabeled, reading_of_another(unlabeled, reading), text)
        validation = None
        if validation_file is not None:
            others = reading_of_another(validation_file, reading)
            validation = read_labeled(validation_file, others, text, label, skip_empty=skip_empty)
            check_labels_known(validation, classes)
    say(labeled.report(), err=as_json)
    figures = None
    is_asked = measure or positive is not None
    if is_asked and validation is None:
        figures = measured_on_held_out(model, labeled, more, err=as_json)
    what = f"Training on {len(labeled.texts):,} rows"
    fit(model, labeled.texts, labeled.labels, what, unlabeled=more)
    if validation is not None:
        figures = measured(model, validation)
    model.save(output)
    _report(model, output, figures, positive, is_asked=is_asked, as_json=as_json)


# ---------------------------------------------------------------------------------------------
# Checks
# ---------------------------------------------------------------------------------------------


def _check_output(output: Path, inputs: list[Path]) -> None:
    if output == Path("-"):
        raise ValueError("A model cannot be written to standard output; name a file with -o.")
    check_can_write(output)
    check_not_input(output, *inputs)


def _check_positive(positive: str | None, classes: list[str], table: str) -> None:
    if positive is not None and positive not in classes:
        raise ValueError(f"--positive {positive}: {no_such_label(classes, table)}")


def _one_or_more(values: list[str] | None) -> Any:
    return values[0] if values is not None and len(values) == 1 else values or None


def _set_costs(
    model: CostSensitiveTextCNN, parsed: list[CostOption] | str, classes: list[str], table: str
) -> None:
    """Set the costs of the options, and check them, or those of the file of parameters."""
    from skcnn.costs._matrix import check_cost_matrix

    costs = costs_of_labels(parsed, classes, table)
    if costs is not None:
        model.set_params(cost_matrix=costs)
    if not (isinstance(model.cost_matrix, str) and model.cost_matrix == "balanced"):
        try:
            check_cost_matrix(model.cost_matrix, classes)
        except TypeError as error:
            raise ValueError(str(error)) from error


# ---------------------------------------------------------------------------------------------
# What is printed
# ---------------------------------------------------------------------------------------------


def _report(
    model: CostSensitiveTextCNN,
    output: Path,
    figures: Figures | None,
    positive: str | None,
    *,
    is_asked: bool,
    as_json: bool,
) -> None:
    losses = model.history_.get("val_loss", [])
    if as_json:
        trained = {
            "epochs": model.n_iter_,
            "best_epoch": model.best_iter_,
            "validation_loss": finite(min(losses)) if losses else None,
            "output": str(output),
            "bytes": output.stat().st_size,
        }
        say_json({"measured": figures and figures.as_json(), **trained})
        return
    from skcnn.inspection._report_figures import costs_in_words

    if figures is None and not is_asked:
        say("Not measured. Add --measure or --validation-file, or see: skcnn evaluate --help")
    elif figures is not None:
        figures.print()
        if positive is not None:
            say(_found(figures, positive))
    for sentence in costs_in_words(model.classes_, model.cost_matrix_, ""):
        say(sentence)
    loss = f", validation loss {min(losses):.4f}" if losses else ""
    say(f"{model.n_iter_} epochs, best epoch {model.best_iter_}{loss}.")
    say(f"Saved {output} ({size_in_words(output)}).")


def _found(figures: Figures, positive: str) -> str:
    k = figures.names.index(positive)
    found, n, recall = figures.confusion[k, k], figures.confusion[k].sum(), figures.recall[k]
    alarms = figures.confusion[:, k].sum() - found
    return (
        f"Found {found:,} of {n:,} {positive!r} (recall {share(recall)}), {alarms:,} false alarms."
    )
