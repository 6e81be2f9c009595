"""Tables of contents from lists of links, so that a page of a section reads well on GitHub too.

A page of a section has lists such as ``- [Losses](losses.md): which there are``. Their links, in
this order, are the pages below it.
"""

from __future__ import annotations

import re

from sphinx.application import Sphinx

SECTIONS = (
    "index",
    "start",
    "how_to/index",
    "understand",
    "coming_from/index",
    "reference",
    "proof",
    "maintainers",
)
LINK_OF_LIST = re.compile(r"^- \[[^]]+\]\(([^)#]+)\)", re.MULTILINE)
# The scripts of the gallery become pages elsewhere.
MADE_FROM = {"gallery": "examples/index"}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hook with Sphinx."""
    app.connect("source-read", add_contents)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def pages_below(source: str) -> list[str]:
    """Return the pages that a page of a section lists, from its folder on."""
    links = LINK_OF_LIST.findall(source)
    return [MADE_FROM.get(link, re.sub(r"\.\w+$", "", link)) for link in links]


def add_contents(app: Sphinx, docname: str, source: list[str]) -> None:
    """Add a hidden table of contents to a page of a section."""
    if docname in SECTIONS:
        names = "\n".join(pages_below(source[0]))
        source[0] += f"\n\n:::{{toctree}}\n:hidden:\n\n{names}\n:::\n"
