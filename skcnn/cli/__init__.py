"""The command ``skcnn``: a demonstration, training and prediction on tables of texts."""

from __future__ import annotations

from typing import Annotated

import typer

from skcnn.cli._demo import demo
from skcnn.cli._output import one_line_errors
from skcnn.cli._predict import predict
from skcnn.cli._train import train

__all__ = ["app", "main"]

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


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
    """Classify texts where some errors cost more than others."""


for _command in (demo, train, predict):
    app.command()(one_line_errors()(_command))
