"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skcnn.cli.tables._formats import Format, Quoting

_TABLE = (
    ".csv, .tsv, .jsonl or .parquet (all except .parquet also with .gz), or - for standard input"
)

Data = Annotated[Path, typer.Argument(help=f"Table: {_TABLE}.")]
OptionalData = Annotated[
    Path | None, typer.Argument(help=f"Table: {_TABLE}. Left out: one text, in --text.")
]
Labeled = Annotated[Path, typer.Argument(help=f"Labeled table: {_TABLE}.")]
ModelFile = Annotated[Path, typer.Argument(help="File written by skcnn train, or by save.")]
TextColumn = Annotated[str, typer.Option("--text", help="Column of the texts.")]
TextOrColumn = Annotated[
    str | None,
    typer.Option(
        "--text",
        help="Column of the texts, default: text. Without a table: the text itself.",
        metavar="COLUMN|TEXT",
    ),
]
LabelColumn = Annotated[str, typer.Option("--label", help="Column of the labels.")]
SkipEmpty = Annotated[bool, typer.Option("--skip-empty", help="Leave out rows without a label.")]
RandomState = Annotated[
    int, typer.Option(min=0, help="Random seed. The same seed gives the same model.")
]
OptionalSeed = Annotated[
    int | None,
    typer.Option(
        "--random-state",
        min=0,
        help="Random seed, default: 0. The same seed gives the same model.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Positive = Annotated[
    str | None,
    typer.Option(
        "--positive", metavar="LABEL", help="The label to find; default: the most expensive miss."
    ),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        "--threshold",
        min=0,
        max=1,
        help="With two labels: predict --positive if its probability is at least this; default: "
        "what the costs say.",
    ),
]
MinPrecision = Annotated[
    float | None,
    typer.Option("--min-precision", min=0, max=1, help="Find the threshold with this precision."),
]
MinRecall = Annotated[
    float | None,
    typer.Option("--min-recall", min=0, max=1, help="Find the threshold with this recall."),
]
MaxRate = Annotated[
    float | None,
    typer.Option(
        "--max-rate",
        min=0,
        max=1,
        help="Find the threshold at which at most this share of the rows is predicted positive.",
    ),
]
AbstainCost = Annotated[
    float | None,
    typer.Option(
        "--abstain-cost",
        min=0,
        help="Make no prediction where every prediction has a higher expected cost than this.",
    ),
]
_FORMAT_HELP = "Format of the input; default: as its name ends, CSV for standard input."
FormatOption = Annotated[Format | None, typer.Option("--format", help=_FORMAT_HELP)]
LabeledFormat = Annotated[
    Format | None,
    typer.Option(
        "--format",
        help=_FORMAT_HELP,
        metavar="|".join(each for each in Format if each is not Format.TXT),  # lines lack labels
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(help="Encoding of the input, such as cp1252; default: UTF-8.", metavar="NAME"),
]
Separator = Annotated[
    str | None,
    typer.Option(
        help="Character between the cells of a CSV or TSV input, or the word tab; default: as the "
        "header shows.",
        metavar="CHARACTER",
    ),
]
QuotingOption = Annotated[
    Quoting,
    typer.Option("--quoting", help="none: quotation marks in a CSV or TSV input are plain text."),
]
