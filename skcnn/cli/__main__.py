"""Run the command as ``python -m skcnn.cli``."""

from __future__ import annotations

from skcnn.cli import main

if __name__ == "__main__":
    main()
