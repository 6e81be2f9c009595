"""The functions on the page about scaling, without the rest of the page."""

from __future__ import annotations

import ast
from typing import Any

DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)


def recipes() -> dict[str, Any]:
    """Return what the page defines and imports, by name; a worker gets it by value."""
    from tests.test_docs import ROOT, blocks_of  # here: it imports Keras, and workers import us

    page = ROOT / "docs" / "scaling.md"
    source = "\n".join(block.text for block in blocks_of(page) if block.language == "python")
    nodes: list[ast.stmt] = [
        node for node in ast.parse(source).body if isinstance(node, DEFINITIONS)
    ]
    namespace: dict[str, Any] = {"__name__": "__main__"}
    code = compile(ast.Module(nodes, []), str(page), "exec", dont_inherit=True)
    exec(code, namespace)
    return namespace
