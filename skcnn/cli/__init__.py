"""The command ``skcnn``: training, predicting and measuring on tables of texts."""

from __future__ import annotations

import sys
from importlib.util import find_spec

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    missing = [name for name in ("typer", "rich") if find_spec(name) is None]
    if missing:
        print(
            f"skcnn: the command needs {' and '.join(missing)}. Install with: pip install "
            f"{' '.join(missing)}",
            file=sys.stderr,
        )
        raise SystemExit(2)
    from skcnn.cli._app import app

    app()
