"""The program of the page about ONNX that reads the tokenizer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "onnx.md"
(SOURCE,) = re.findall(r"```python\n([^`]*?class Tokenizer:.*?)```", PAGE.read_text("utf-8"), re.S)


def tokenizer(path: Path) -> Any:
    """Return the `Tokenizer` of the page for a file."""
    namespace: dict[str, Any] = {}
    exec(SOURCE, namespace)
    return namespace["Tokenizer"](path)
