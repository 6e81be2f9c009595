"""The commands of ``skcnn`` and the examples in their help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from skcnn.cli._demo import demo
from skcnn.cli._evaluate import evaluate
from skcnn.cli._explain import explain
from skcnn.cli._info import info
from skcnn.cli._output import one_line_errors
from skcnn.cli._predict import predict
from skcnn.cli._report import report
from skcnn.cli._train import train
from skcnn.cli._tune import tune

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# Each command, with the two examples that end its help.
_COMMANDS: dict[Callable[..., None], tuple[str, str]] = {
    train: (
        "skcnn train data.csv --cost spam=5 --measure -o model.skcnn",
        "skcnn train data.csv --word-vectors glove --validation-file new.csv -o model.skcnn",
    ),
    evaluate: (
        "skcnn evaluate model.skcnn labeled.csv",
        "skcnn evaluate model.skcnn labeled.csv --errors 50 --json",
    ),
    explain: (
        'skcnn explain model.skcnn --text "free entry, call now"',
        "skcnn explain model.skcnn new.csv --json",
    ),
    predict: (
        "skcnn predict model.skcnn new.csv --proba -o labeled.csv",
        "skcnn predict model.skcnn new.csv --top 200 --explain",
    ),
    tune: (
        "skcnn tune labeled.csv --positive spam --ratios 1,5,20",
        "skcnn tune labeled.csv --positive spam --min-precision 0.9 --max-rate 0.05",
    ),
    report: (
        "skcnn report model.skcnn labeled.csv -o report.html",
        "skcnn report model.skcnn labeled.csv --baseline data.csv --unit € -o report.html",
    ),
    info: ("skcnn info model.skcnn", "skcnn info model.skcnn --json"),
    demo: ("skcnn demo", "skcnn demo --cost 10 --random-state 1"),
}


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


for _command, _examples in _COMMANDS.items():
    # An empty line between two lines keeps them apart.
    app.command(epilog="\n\n".join(("Examples:", *_examples)))(one_line_errors()(_command))
