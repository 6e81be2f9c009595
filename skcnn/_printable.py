r"""Texts and labels, shown without the power to command a terminal.

A terminal obeys control characters: they can hide what was printed before, change the title of the
window, or write to the clipboard. Such characters are shown as Python shows them, "\x1b"; on pages
too, where a browser would hide them.
"""

from __future__ import annotations

import re

# Control characters, half surrogate pairs, and marks that change the direction of the text.
_COMMANDS = "\x00-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_ANY = re.compile(f"[{_COMMANDS}]")
_IN_A_TABLE = re.compile(f"(?![\n\t])[{_COMMANDS}]")


def printable(text: str) -> str:
    """Return a text in one line, each command to a terminal replaced by its name."""
    return _ANY.sub(_name, text)


def printable_rows(text: str) -> str:
    """Return rows of a table likewise, with their line breaks and tabs."""
    return _IN_A_TABLE.sub(_name, text)


def _name(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape", "surrogatepass").decode("ascii")
