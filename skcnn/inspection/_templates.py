"""Templates of pages. What is put into HTML is escaped; Markdown has the filter `md` for it.

Control characters are shown by their names, as the command line shows them.
"""

from __future__ import annotations

import html
import re
from functools import cache
from typing import TYPE_CHECKING

from skcnn._compat import check_installed
from skcnn._printable import printable_rows

if TYPE_CHECKING:
    from jinja2 import Template

# What Markdown reads as markup.
_SPECIAL = re.compile(r"[\\`*_{}\[\]()#+!|~<>]")


@cache
def template(name: str) -> Template:
    """Return a template of the folder `templates` by its name.

    Raises
    ------
    ImportError
        If Jinja2 is not installed.
    """
    check_installed("A page", "jinja2")
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("skcnn.inspection"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["md"] = as_markdown
    return environment.get_template(name)


def _harmless(value: object) -> object:
    """Return what a template shows, control characters of a text by their names.

    Line breaks stay, also those of Windows, and what is HTML already stays as it is.
    """
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return printable_rows(value.replace("\r\n", "\n"))


def as_markdown(value: object) -> str:
    """Write a value on one line of Markdown, also in a table, so that it is shown as it is."""
    text = " ".join(html.escape(str(value), quote=False).split())
    return _SPECIAL.sub(r"\\\g<0>", text)
