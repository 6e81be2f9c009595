"""Docstrings of everything that users may import, against numpydoc's rules and the code."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import get_validation_checks, validate

ROOT = Path(__file__).parents[1]
TOOLS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
CHECKS: set[str] = get_validation_checks(set(TOOLS["numpydoc_validation"]["checks"]))
# What numpydoc does not see: parameters that **kwargs hand to a base, fields of a named tuple, and
# what an exception takes.
# tests/test_docs.py checks them.
ABOUT_PARAMETERS = {"PR01", "PR02"}


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


API_PAGES = loaded(ROOT / "docs" / "_extensions" / "api_pages.py")
OBJECTS: dict[str, Any] = {
    name: thing
    for name, thing in API_PAGES.public_objects().items()
    if inspect.isclass(thing) or inspect.isfunction(thing)
}
METHODS: dict[str, Any] = {
    f"{name}.{method}": getattr(OBJECTS[name], method)
    for name, methods in API_PAGES.methods_by_class().items()
    for method in methods
}


def checks_of(thing: Any) -> set[str]:
    if not inspect.isclass(thing):
        return CHECKS
    if issubclass(thing, (Exception, tuple)):
        return CHECKS - ABOUT_PARAMETERS
    parameters = inspect.signature(thing).parameters.values()
    is_seen = all(each.kind is not each.VAR_KEYWORD for each in parameters)
    return CHECKS if is_seen else CHECKS - ABOUT_PARAMETERS


@pytest.mark.parametrize("name", [*OBJECTS, *METHODS])
def test_a_docstring_keeps_the_rules_of_numpydoc(name: str) -> None:
    checks = checks_of({**OBJECTS, **METHODS}[name])
    errors = [f"{code}: {what}" for code, what in validate(name)["errors"] if code in checks]
    assert errors == []


@pytest.mark.parametrize("name", OBJECTS)
def test_a_public_function_or_class_has_an_example(name: str) -> None:
    assert NumpyDocString(inspect.getdoc(OBJECTS[name]) or "")["Examples"]


def raised_by(function: Any) -> set[str]:
    """Names of the errors that a function's own lines raise."""
    source = inspect.getsource(inspect.unwrap(function))
    # A method is indented, as in a class; its docstring may have lines that are not.
    tree = ast.parse(f"class _:\n{source}" if source[0] == " " else source)
    raised = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    names = [getattr(getattr(error, "func", None), "id", "") for error in raised]
    return {name for name in names if name[:1].isupper()}


def told_errors(function: Any) -> set[str]:
    sections = NumpyDocString(inspect.getdoc(function) or "")
    return {name for raised in sections["Raises"] for name in raised.type.split(", ")}


FUNCTIONS = {
    name: thing for name, thing in {**OBJECTS, **METHODS}.items() if not inspect.isclass(thing)
}


# They raise no error of their own, whatever they get.
RAISE_NOTHING = {
    "skcnn.inspection.Explanation.rows",
    "skcnn.inspection.Explanation.view",
    "skcnn.inspection.ModelSummary.to_dict",
    "skcnn.text.normalize",
    "skcnn.text.tokenize",
}


def test_a_docstring_says_which_errors_there_are() -> None:
    silent = {name for name, function in FUNCTIONS.items() if not told_errors(function)}
    assert silent == RAISE_NOTHING


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_errors_that_a_function_raises_are_told(name: str) -> None:
    assert raised_by(FUNCTIONS[name]) <= told_errors(FUNCTIONS[name])


def test_these_tests_see_what_they_look_for() -> None:
    assert "skcnn.costs.decide" in OBJECTS
    assert "skcnn.CostSensitiveTextCNN.partial_fit" in METHODS
    assert "skcnn.losses.ExpectedCost.posterior" in METHODS
    assert not {"get_params", "score"} & {name.rpartition(".")[2] for name in METHODS}
