"""Links of the Markdown pages that work on GitHub, made to work on the site.

A relative link to a file that is not a page of the site, such as ``../skcnn/costs/_matrix.py`` or
``../README.md``, leads to the file on GitHub. A link to a script of the gallery leads to its page.
The names in the tables of the API page lead to the pages of these names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx import addnodes
from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
REPOSITORY = "https://github.com/skcnn/skcnn"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hooks with Sphinx."""
    app.add_lexer("csv", TextLexer)  # blocks of CSV, as GitHub names them
    app.connect("doctree-read", link_files)
    app.connect("doctree-read", link_api_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def link_files(app: Sphinx, doctree: nodes.document) -> None:
    """Replace links to files and folders that are no pages."""
    folder = Path(app.env.doc2path(app.env.current_document.docname)).parent
    links = [*doctree.findall(addnodes.pending_xref), *doctree.findall(addnodes.download_reference)]
    for link in links:
        if link.get("reftype") != "myst":
            continue
        target, _, anchor = str(link["reftarget"]).partition("#")
        anchor = anchor or link.get("reftargetid") or ""
        if link.get("refdomain") == "doc":
            if target in app.env.found_docs:
                continue
            path = Path(app.srcdir, f"{target}.md").resolve()
        else:
            path = (folder / target).resolve()
        if target and path.exists() and path.is_relative_to(ROOT):
            link.replace_self(replacement(app, path, anchor, link))


def replacement(app: Sphinx, path: Path, anchor: str, link: nodes.Element) -> nodes.Element:
    """Return the link to a file on GitHub, or to the page of a script of the gallery."""
    page = f"{app.config.sphinx_gallery_conf['gallery_dirs']}/{path.stem}"
    if page in app.env.found_docs and path.suffix == ".py":
        target = {"refdomain": "std", "reftype": "doc", "reftarget": f"/{page}"}
        return addnodes.pending_xref(
            "", *link.children, refdoc=link["refdoc"], refexplicit=True, refwarn=True, **target
        )
    kind = "tree" if path.is_dir() else "blob"
    url = f"{REPOSITORY}/{kind}/main/{path.relative_to(ROOT).as_posix()}"
    return nodes.reference("", "", *link.children, refuri=f"{url}#{anchor}" if anchor else url)


def link_api_names(app: Sphinx, doctree: nodes.document) -> None:
    """Link the first cells of the tables on the API page, under headings that name a module."""
    if app.env.current_document.docname != "api":
        return
    for section in doctree.findall(nodes.section):
        module = section[0].astext()
        if not module.startswith("skcnn"):
            continue
        for row in section.findall(nodes.row):
            for literal in row[0].findall(nodes.literal):
                link_name(literal, f"{module}.{literal.astext()}")


def link_name(literal: nodes.literal, full_name: str) -> None:
    """Put a link around a name in code; without a page of that name, it stays plain."""
    attributes: dict[str, Any] = {"refdomain": "py", "reftype": "obj", "reftarget": full_name}
    link = addnodes.pending_xref("", literal.deepcopy(), refexplicit=True, **attributes)
    literal.replace_self(link)
