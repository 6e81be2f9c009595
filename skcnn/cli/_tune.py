"""``skcnn tune``: what other costs and other thresholds would do, by cross-validation."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skcnn.cli._config import checked_estimator, read_config
from skcnn.cli._cost_options import no_such_label
from skcnn.cli._figures import finite
from skcnn.cli._fitting import fit
from skcnn.cli._inputs import check_can_read
from skcnn.cli._labeled import LabeledTexts, check_labels, read_labeled
from skcnn.cli._options import (
    AsJson,
    Encoding,
    LabelColumn,
    Labeled,
    LabeledFormat,
    MaxRate,
    MinPrecision,
    MinRecall,
    OptionalSeed,
    QuotingOption,
    Separator,
    SkipEmpty,
    TextColumn,
)
from skcnn.cli._output import console, new_table, progress, say, say_json
from skcnn.cli._thresholds import Wanted, threshold_in_words
from skcnn.cli.tables._formats import Quoting, Reading

if TYPE_CHECKING:
    from skcnn._arrays import Float64, Int64
    from skcnn._estimator import CostSensitiveTextCNN
    from skcnn.costs._cost_path import CostPath

_LOSS = "cross_entropy"
# Options that `skcnn train` has too.
_OF_TRAIN = ["text", "label", "config", "random_state", "skip_empty"]
_OF_TRAIN += ["format", "encoding", "separator", "quoting"]
_FIGURES = ("recall", "precision", "cost")


def tune(
    context: typer.Context,
    data: Labeled,
    text: TextColumn = "text",
    label: LabelColumn = "label",
    positive: Annotated[
        str | None,
        typer.Option(metavar="LABEL", help="The label to find; default: the rarest label."),
    ] = None,
    ratios: Annotated[
        str, typer.Option(help="Costs of a miss to try; every other error costs 1.")
    ] = "1,2,5,10,20",
    min_precision: MinPrecision = None,
    min_recall: MinRecall = None,
    max_rate: MaxRate = None,
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
    """Show recall, precision and cost at several costs of a miss, and thresholds.

    Trains five times, on four fifths of the rows each, with the loss cross_entropy: there the costs
    count in the decision alone, so that one model serves all costs.
    """
    check_can_read(data, config)
    costs = _checked_ratios(ratios)
    wanted = Wanted(min_precision, min_recall, max_rate)
    with progress(f"Reading {data}"):
        model = _estimator(config, random_state)
        reading = Reading(format, encoding, separator, quoting)
        labeled = read_labeled(data, reading, text, label, skip_empty=skip_empty)
        classes = check_labels(labeled)
        name = _checked_positive(positive, classes, labeled)
        folds = _folds(labeled, len(classes), model.random_state)
    say(labeled.report(), err=as_json)
    P = _out_of_fold(model, labeled, folds, len(classes))
    path = _path(P, labeled.labels, classes, folds, costs, name)
    thresholds = wanted.found(P[:, classes.index(name)], [y == name for y in labeled.labels])
    if as_json:
        say_json({"rows": len(P), **_path_as_json(path), "thresholds": thresholds})
        return
    _print_path(path, name)
    for each in thresholds:
        say(threshold_in_words(each, name))
    example = f"{costs[len(costs) // 2]:g}"
    say(
        f"To train ({example} is only an example: name what a miss costs you, if another error "
        f"costs 1): {_train_command(context, f'{name}={example}')}"
    )


def _train_command(context: typer.Context, cost: str) -> str:
    """Return the command that trains on the same table, with the options that this one got."""
    words = ["skcnn", "train", str(context.params["data"])]
    for name in _OF_TRAIN:
        source, value = context.get_parameter_source(name), context.params[name]
        if source is not None and source.name == "COMMANDLINE":
            option = f"--{name.replace('_', '-')}"
            words += [option] if value is True else [option, str(value)]
    return shlex.join([*words, "--loss", _LOSS, "--cost", cost, "-o", "model.skcnn"])


def _estimator(config: Path | None, random_state: int | None) -> CostSensitiveTextCNN:
    params = {"loss": _LOSS, "random_state": 0} | read_config(config)
    if params["loss"] != _LOSS:
        raise ValueError(
            f"--config {config} sets the loss {params['loss']!r}; tune trains with {_LOSS}, where "
            "one model serves all costs. Leave the loss out of the file."
        )
    if random_state is not None:
        params["random_state"] = random_state
    return checked_estimator(params, config)


def _checked_ratios(option: str) -> list[float]:
    from skcnn.costs._checks import check_ratios

    try:
        ratios = check_ratios([float(each) for each in option.split(",")])
        return [float(ratio) for ratio in dict.fromkeys(ratios.tolist())]
    except ValueError as error:
        raise ValueError(f"--ratios {option}: expected numbers above 0, as in 1,2,5") from error


def _checked_positive(positive: str | None, classes: Sequence[str], labeled: LabeledTexts) -> str:
    if positive is None:
        counts = Counter(labeled.labels)
        return min(classes, key=lambda label: counts[label])
    if positive not in classes:
        raise ValueError(f"--positive {positive}: {no_such_label(classes, labeled.name)}")
    return positive


def _folds(labeled: LabeledTexts, n_classes: int, random_state: Any) -> Int64:
    """Return the fold of each row, (n,): five folds, equal texts in one."""
    import numpy as np
    from sklearn.utils import check_random_state

    from skcnn.fitting._splits import fold_numbers

    targets = np.unique(labeled.labels, return_inverse=True)[1]
    seed = check_random_state(random_state)
    folds = fold_numbers(labeled.texts, targets.astype(np.int32), seed)
    if folds is not None:
        trained = [np.unique(targets[folds != k]) for k in range(5)]
        if min(map(len, trained)) == n_classes:
            return folds
    raise ValueError(
        f"{labeled.name}: a label has too few different texts for five folds; expected five or "
        "more texts of each label."
    )


def _out_of_fold(
    model: CostSensitiveTextCNN, labeled: LabeledTexts, folds: Int64, n_classes: int
) -> Float64:
    """Return P(class | text) of each row by a model that did not learn from it, (n, K)."""
    import numpy as np

    P = np.empty((len(folds), n_classes))
    for k in range(5):
        train, test = labeled.at(np.flatnonzero(folds != k)), np.flatnonzero(folds == k)
        fit(model, train.texts, train.labels, f"Fold {k + 1} of 5, {len(train.texts):,} rows")
        P[test] = model.predict_proba(labeled.at(test).texts)
    return P


def _path(
    P: Float64, labels: list[str], classes: list[str], folds: Int64, costs: list[float], name: str
) -> CostPath:
    import numpy as np

    from skcnn.costs._cost_path import path_of_probabilities

    y = np.array(labels)
    parts = [(y[folds == k], P[folds == k]) for k in range(5)]
    return path_of_probabilities(parts, np.array(classes), costs, name)


def _path_as_json(path: CostPath) -> dict[str, Any]:
    rows = [
        {"ratio": float(ratio)}
        | {figure: [finite(value) for value in getattr(path, figure)[row]] for figure in _FIGURES}
        for row, ratio in enumerate(path.ratios)
    ]
    return {"positive": str(path.pos_label), "folds": 5, "ratios": rows}


def _print_path(path: CostPath, name: str) -> None:
    import numpy as np

    table = new_table(
        f"Five folds: mean ± standard deviation. Missing {name!r} costs the ratio, all else 1.",
        "ratio",
        "recall",
        "precision",
        "normalized cost",
    )
    for row, ratio in enumerate(path.ratios):
        cells = []
        for figure in _FIGURES:
            values = getattr(path, figure)[row]
            values = values[np.isfinite(values)]
            cells.append(f"{values.mean():.3f} ± {values.std():.3f}" if len(values) else "-")
        table.add_row(f"{ratio:g}", *cells)
    console().print(table)
