"""What pyproject.toml says, against what the other files of the project say."""

from __future__ import annotations

import ast
import itertools
import re
import sys
import tomllib
import warnings
from pathlib import Path
from typing import Any

import pytest

import skcnn
from tests.conftest import places_of

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
IMPORTED_AS = {"imblearn": "imbalanced-learn", "sklearn": "scikit-learn"}
OWN = {"skcnn", "tests"}
# Extras that the package or its tests need.
USED = ("vectors", "parquet", "demo", "plot", "sentences", "onnx", "tools", "test")
# Extras whose tests have an environment of their own, with the newest versions alone.
APART = ("integrations",)


def name_of(requirement: str) -> str:
    return re.split(r"[<>=\[]", requirement)[0]


def bounds_of(*extras: str) -> set[str]:
    """What is required, by the package itself and by these extras, but for extras of its own."""
    required = [*PROJECT["dependencies"], *(line for extra in extras for line in EXTRAS[extra])]
    return {line for line in required if name_of(line) != "skcnn"}


def imported_libraries(folder: str) -> set[str]:
    """Names of the packages on PyPI that the files of a folder import."""
    modules = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules.add(node.module or "")
    libraries = {module.partition(".")[0] for module in modules}
    libraries -= set(sys.stdlib_module_names) | OWN
    return {IMPORTED_AS.get(library, library) for library in libraries}


def test_the_changelog_has_a_heading_for_this_version() -> None:
    changelog = (ROOT / "docs" / "changelog.md").read_text("utf-8")
    headings = re.findall(r"^## (.+)$", changelog, re.MULTILINE)
    assert headings[0] == skcnn.__version__


def test_the_oldest_dependencies_are_the_lower_bounds() -> None:
    bounds = bounds_of(*USED)
    pins = set(EXTRAS["oldest"])
    assert all(">=" in bound for bound in bounds)
    assert {bound.replace(">=", "==") for bound in bounds} <= pins
    # Of what others depend on, no more than this is held back.
    assert {name_of(pin) for pin in pins} - {name_of(bound) for bound in bounds} == {"pyparsing"}


def test_the_extras_agree_on_a_lower_bound() -> None:
    bounds = bounds_of(*USED, *APART, "docs", "dev")
    assert len({name_of(bound) for bound in bounds}) == len(bounds)


def test_what_the_package_imports_is_installed_with_it_or_with_an_extra() -> None:
    declared = {name_of(bound) for bound in bounds_of(*USED, *APART)}
    assert imported_libraries("skcnn") <= declared


def test_what_the_tests_import_is_installed_with_the_extra_test() -> None:
    declared = {name_of(bound) for bound in bounds_of(*USED, *APART)}
    assert imported_libraries("tests") <= declared


def test_pre_commit_runs_the_ruff_that_the_extra_dev_installs() -> None:
    (pin,) = (line for line in EXTRAS["dev"] if name_of(line) == "ruff")
    config = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    (revision,) = re.findall(r"ruff-pre-commit\n +rev: v(.+)$", config, re.MULTILINE)
    assert pin == f"ruff=={revision}"


def test_every_python_that_is_named_is_tested() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    (row,) = re.findall(r"^ +python: \[(.+)\]$", workflow, re.MULTILINE)
    tested = re.findall(r"[\d.]+", row)
    classifiers = " ".join(PROJECT["classifiers"])
    assert tested == re.findall(r"Python :: (\d\.\d+)", classifiers)
    assert PROJECT["requires-python"] == f">={tested[0]}"


def test_every_room_is_named_on_the_page_for_contributors() -> None:
    page = (ROOT / "docs" / "contributing.md").read_text("utf-8")
    named = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|(.*?)\|", page, re.MULTILINE))))
    rooms = {path.parent.name for path in (ROOT / "skcnn").glob("*/__init__.py")}
    assert rooms <= named


@pytest.mark.parametrize("module", ["skcnn", "skcnn.text._vocabulary", "tests.costs", "__main__"])
@pytest.mark.parametrize("category", [DeprecationWarning, FutureWarning, RuntimeWarning])
def test_a_warning_at_a_line_of_ours_is_an_error(module: str, category: type[Warning]) -> None:
    line = "import warnings; warnings.warn('on purpose', category)"
    with pytest.raises(category, match="on purpose"):
        exec(line, {"__name__": module, "category": category})


def test_a_warning_inside_another_library_is_not_an_error() -> None:
    line = "import warnings; warnings.warn('on purpose', DeprecationWarning)"
    # Not pytest.warns, which would set pyproject.toml's filters aside.
    with warnings.catch_warnings(record=True) as caught:
        exec(line, {"__name__": "skcnn_of_others"})
    assert len(caught) == 1


@pytest.mark.parametrize("at_most", [1, 2, 3, 7])
@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 100])
def test_of_many_cases_the_first_and_some_at_equal_distances_are_kept(at_most: int, n: int) -> None:
    places = sorted(places_of(at_most, n))
    assert places[0] == 0
    assert len(places) == min(at_most, n)
    assert places[-1] < n
    distances = {after - before for before, after in itertools.pairwise(places)}
    assert len(distances) <= 2
    assert not distances or max(distances) - min(distances) <= 1
