"""Links of the Markdown pages that work on GitHub, made to work on the site.

A relative link to a file that is not a page of the site, such as ``../skcnn/costs/_matrix.py`` or
``../README.md``, leads to the file on GitHub. A link to a script of the gallery leads to its page,
and one to the folder to all of them.
The names in the tables of the API page lead to the pages of these names, and so do names in code
in docstrings, without the module in front.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from api_pages import public_objects
from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

ROOT = Path(__file__).parents[2]
REPOSITORY = "https://github.com/skcnn/skcnn"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hooks with Sphinx."""
    app.add_lexer("csv", TextLexer)  # blocks of CSV, as GitHub names them
    app.connect("doctree-read", link_files)
    app.connect("doctree-read", link_api_names)
    app.connect("missing-reference", find_short_name)
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
    """Return the link to a file on GitHub, or to a page of the gallery."""
    gallery = Path(app.srcdir, app.config.sphinx_gallery_conf["examples_dirs"])
    name = "index" if path == gallery else path.stem
    page = f"{app.config.sphinx_gallery_conf['gallery_dirs']}/{name}"
    if gallery in (path, path.parent) and page in app.env.found_docs:
        target = {"refdomain": "std", "reftype": "doc", "reftarget": f"/{page}"}
        return addnodes.pending_xref(
            "", *link.children, refdoc=link["refdoc"], refexplicit=True, refwarn=True, **target
        )
    kind = "tree" if path.is_dir() else "blob"
    url = f"{REPOSITORY}/{kind}/main/{path.relative_to(ROOT).as_posix()}"
    return nodes.reference("", "", *link.children, refuri=f"{url}#{anchor}" if anchor else url)


def link_api_names(app: Sphinx, doctree: nodes.document) -> None:
    """Link the first cells of the tables on the API page, under the name that has them."""
    if app.env.current_document.docname != "api":
        return
    for section in (child for child in doctree[0] if isinstance(child, nodes.section)):
        title = section[0].astext()
        owner = title if title.startswith("skcnn") else f"skcnn.{title}"
        for row in section.findall(nodes.row):
            for literal in row[0].findall(nodes.literal):
                if isinstance(literal.parent, nodes.paragraph):
                    link_name(literal, f"{owner}.{literal.astext()}")


def link_name(literal: nodes.literal, full_name: str) -> None:
    """Put a link around a name in code; without a page of that name, it stays plain."""
    attributes: dict[str, Any] = {"refdomain": "py", "reftype": "obj", "reftarget": full_name}
    link = addnodes.pending_xref("", literal.deepcopy(), refexplicit=True, **attributes)
    literal.replace_self(link)


def find_short_name(
    app: Sphinx, env: BuildEnvironment, link: addnodes.pending_xref, content: nodes.Element
) -> nodes.Element | None:
    """Resolve `decide` in a docstring of another module: the public object of that name."""
    full_names = {full.rpartition(".")[2]: full for full in public_objects()}
    name = link.get("reftarget", "")
    if link.get("refdomain") != "py" or link.get("reftype") != "obj" or name not in full_names:
        return None
    python = env.domains.python_domain
    target = full_names[name]
    return python.resolve_xref(
        env, link["refdoc"], app.builder, "obj", target, addnodes.pending_xref(), content
    )
