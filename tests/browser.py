"""A real browser without a screen, to see what a page becomes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed")


def opened(page: Path, *options: str, query: str = "") -> str:
    """Open a page, run its scripts, and return what the document has become, as HTML.

    `query` is what stands after the question mark of the address.
    """
    assert BROWSER is not None
    command = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={page.parent / 'profile'}",
        *options,
        "--dump-dom",
        f"{page.as_uri()}?{query}" if query else page.as_uri(),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
