"""No other file of the package writes files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "skcnn"
# The writer itself; and Keras, which wants a path, gets one in a temporary folder.
ALLOWED = {"disk/_atomic.py", "network/_keras_file.py"}
METHODS = {"write_text", "write_bytes", "savetxt", "savez", "tofile", "to_csv", "to_parquet"}


def writing_calls(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        mode = [*node.args[1:2], *(each.value for each in node.keywords if each.arg == "mode")]
        if isinstance(node.func, ast.Attribute) and name == "open":
            mode += node.args[:1]
        modes = [str(each.value) for each in mode if isinstance(each, ast.Constant)]
        modes = [each for each in modes if not set(each) - set("rwxabt+")]  # not names of files
        if name in METHODS or (name == "open" and any(set(each) & set("wxa+") for each in modes)):
            yield ast.unparse(node)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_files_are_written_by_the_one_writer(path: Path) -> None:
    if path.relative_to(PACKAGE).as_posix() not in ALLOWED:
        assert list(writing_calls(path.read_text("utf-8"))) == []


def test_this_test_sees_what_it_looks_for() -> None:
    calls = ["open(p, 'w')", "p.open('xb')", "open(p, mode='a')", "p.write_text('a')"]
    others = ["open(p)", "open(p, 'rb')", "p.open()", "archive.open('words.txt')"]
    assert list(writing_calls("\n".join([*calls, *others]))) == calls
