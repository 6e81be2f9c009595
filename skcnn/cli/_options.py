"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skcnn.cli.tables._formats import Format, Quoting

Data = Annotated[
    Path,
    typer.Argument(
        help="Table: .csv, .tsv, .jsonl or .parquet (all except .parquet also with .gz), or - for "
        "standard input.",
    ),
]
TextColumn = Annotated[str, typer.Option("--text", help="Column of the texts.")]
RandomState = Annotated[
    int, typer.Option(min=0, help="Random seed. The same seed gives the same model.")
]
FormatOption = Annotated[
    Format | None,
    typer.Option(
        "--format", help="Format of the input; default: as its name ends, CSV for standard input."
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
