"""Who may import whom, and how long a file or a function may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "skcnn"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

TRAINING = {"tensorflow", "keras", "scikeras", "numba", "threadpoolctl"}
ON_USE = {"pandas", "polars", "matplotlib", "pyarrow"}
# What each part may import of skcnn; parts that are not named may import all of it.
ALLOWED_ROOMS = {
    "skcnn/text/": ("skcnn.text",),
    "skcnn/costs/": ("skcnn.costs",),
    "skcnn/inspection/": ("skcnn.inspection", "skcnn.costs"),
    "skcnn/network/": (
        "skcnn._arrays",
        "skcnn._compat",
        "skcnn.costs",
        "skcnn.network",
        "skcnn.text",
    ),
    "skcnn/_inference.py": ("skcnn.text",),
    "skcnn/_persistence.py": ("skcnn.__version__",),
    "skcnn/_parameters.py": ("skcnn._compat", "skcnn.costs"),
    "skcnn/_compat.py": (),
    "skcnn/_split.py": (),
    "skcnn/_posterior.py": ("skcnn.costs",),
    "skcnn/_early_stopping.py": ("skcnn.costs",),
    "skcnn/_min_cost.py": ("skcnn.costs",),
    "skcnn/_min_cost_classifier.py": ("skcnn._compat", "skcnn._min_cost", "skcnn.costs"),
    "skcnn/_cost_path.py": ("skcnn.costs",),
}
MAX_FILE_LINES = 450
MAX_FUNCTION_LINES = 40

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path, *, top_level_only: bool = False) -> Iterator[str]:
    """Yield the absolute names of the modules that a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = list(path.relative_to(ROOT).with_suffix("").parts[:-1])
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            if module == "skcnn":  # from skcnn import network
                yield from (f"skcnn.{alias.name}" for alias in node.names)
            else:
                yield module


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield node


def lines_of_code(function: Function, source: list[str]) -> int:
    """Count the lines of the body, but for the docstring, comments and blank lines."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not body:
        return 0
    lines = source[body[0].lineno - 1 : function.end_lineno]
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in lines)


def is_within(module: str, rooms: tuple[str, ...]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_only_the_network_room_imports_what_training_needs(path: Path) -> None:
    if not name_of(path).startswith("skcnn/network/"):
        assert not {module.split(".")[0] for module in imports(path)} & TRAINING


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_the_network_room_is_entered_only_inside_a_function(path: Path) -> None:
    # skcnn.losses is the network room's public face: who imports it wants Keras.
    if not name_of(path).startswith("skcnn/network/") and name_of(path) != "skcnn/losses.py":
        entered = imports(path, top_level_only=True)
        assert not [module for module in entered if is_within(module, ("skcnn.network",))]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_each_room_imports_only_the_rooms_it_may(path: Path) -> None:
    for part, rooms in ALLOWED_ROOMS.items():
        if name_of(path).startswith(part):
            own = [module for module in imports(path) if is_within(module, ("skcnn",))]
            assert [module for module in own if not is_within(module, rooms)] == []


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_libraries_of_other_tables_and_pictures_are_imported_on_use(path: Path) -> None:
    top_level = {module.split(".")[0] for module in imports(path, top_level_only=True)}
    assert not top_level & ON_USE


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_private_names_of_scikit_learn_come_through_one_module(path: Path) -> None:
    if name_of(path) in ("skcnn/_compat.py", "skcnn/costs/_class_scorer.py"):
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn"):
            names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
            assert not [name for name in names if name.startswith("_")]


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=name_of)
def test_a_file_has_at_most_450_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_FILE_LINES


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_function_has_at_most_40_lines_of_code(path: Path) -> None:
    source = path.read_text(encoding="utf-8").splitlines()
    lengths = {function.name: lines_of_code(function, source) for function in functions(path)}
    assert {name: n for name, n in lengths.items() if n > MAX_FUNCTION_LINES} == {}


def test_these_tests_see_what_they_look_for(tmp_path: Path) -> None:
    network = set(imports(PACKAGE / "network" / "_model.py"))
    assert {"keras", "skcnn.text", "skcnn.network._training"} <= network
    fitting = PACKAGE / "_fitting.py"
    assert "skcnn.network" in set(imports(fitting))
    assert "skcnn.network" not in set(imports(fitting, top_level_only=True))
    example = tmp_path / "example.py"
    example.write_text('def f(x):\n    """Say.\n\n    More.\n    """\n    # Why\n\n    return x\n')
    (function,) = functions(example)
    assert lines_of_code(function, example.read_text().splitlines()) == 1
