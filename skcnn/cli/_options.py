"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Argument(help="Table: .csv or .tsv, also with .gz.")]
TextColumn = Annotated[str, typer.Option("--text", help="Column of the texts.")]
RandomState = Annotated[
    int, typer.Option(min=0, help="Random seed. The same seed gives the same model.")
]
