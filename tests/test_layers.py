"""Who may import whom, and how long a file or a function may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "skcnn"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

TRAINING = {"tensorflow", "keras", "scikeras", "numba"}
ON_USE = {
    "pandas",
    "polars",
    "matplotlib",
    "pyarrow",
    "joblib",
    "onnx",
    "onnxruntime",
    "tokenizers",
    "threadpoolctl",
    "jinja2",
    "mlflow",
}
GROUND = ("_arrays", "_compat", "_printable", "_settings", "disk")
# Every part of the package (a folder, or a file at the root), and the other parts that it may
# import. Imports for type checkers count.
ALLOWED = {
    "_arrays": (),
    "_compat": (),
    "_printable": (),
    "_settings": (),
    "disk": (),
    "text": GROUND,
    "costs": GROUND,
    "network": (*GROUND, "text", "costs"),
    "predicting": (*GROUND, "text", "costs", "network"),
    "fitting": (*GROUND, "text", "costs", "network", "predicting"),
    "files": (*GROUND, "text", "costs", "predicting"),
    "exporting": (*GROUND, "text", "costs", "predicting", "files"),
    "inspection": (*GROUND, "text", "costs", "predicting"),
    "_parameters": (*GROUND, "costs"),
    "_estimator": (
        *GROUND,
        "_parameters",
        "text",
        "costs",
        "network",
        "predicting",
        "fitting",
        "files",
        "inspection",
    ),
    "losses": ("network",),
    "datasets": ("disk",),
    "cli": (
        "_arrays",
        "_printable",
        "disk",
        "text",
        "costs",
        "network",
        "fitting",
        "files",
        "inspection",
        "_estimator",
        "datasets",
        "__init__",
    ),
    "mlflow": ("_compat", "files", "__init__"),
    # The package's own face: names that are imported on first use.
    "__init__": ("text", "costs", "_estimator", "files", "exporting"),
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


def part_of(path: Path) -> str:
    """The part that a file belongs to: its folder below the package, or its own name."""
    first, *rest = path.relative_to(PACKAGE).parts
    return first if rest else first.removesuffix(".py")


def part_of_module(module: str) -> str:
    names = module.split(".")
    if len(names) == 1 or names[1] not in PARTS:
        return "__init__"
    return names[1]


PARTS = {part_of(path) for path in SOURCES}


def imported_parts(path: Path) -> set[str]:
    modules = [module for module in imports(path) if is_within(module, ("skcnn",))]
    own = {part_of_module(module) for module in modules if module != "skcnn.__version__"}
    return own - {part_of(path)}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_names_are_imported_from_the_file_that_defines_them(path: Path) -> None:
    # A room's __init__ lists what users may import; its own, and the package's, gather names.
    if path.name in ("__init__.py", "__main__.py") or path == PACKAGE / "losses.py":
        return
    rooms = {f"skcnn.{part}" for part in PARTS if (PACKAGE / part).is_dir()}
    assert set(imports(path)) & rooms == set()


def test_every_part_is_named() -> None:
    assert set(ALLOWED) == PARTS


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_each_part_imports_only_the_parts_it_may(path: Path) -> None:
    assert imported_parts(path) - set(ALLOWED[part_of(path)]) == set()


def part_arrows() -> dict[str, set[str]]:
    """The parts that each part imports."""
    arrows: dict[str, set[str]] = {part: set() for part in PARTS}
    for path in SOURCES:
        arrows[part_of(path)] |= imported_parts(path)
    return arrows


def check_no_circle(arrows: dict[str, set[str]]) -> None:
    assert list(TopologicalSorter(arrows).static_order())


def test_no_part_imports_in_a_circle() -> None:
    check_no_circle(part_arrows())


def test_no_file_imports_in_a_circle() -> None:
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in SOURCES}
    faces = {name for name in modules if name.endswith("__init__")}
    arrows = {
        name: {module for module in imports(path) if module in modules}
        for name, path in modules.items()
        if name not in faces
    }
    check_no_circle(arrows)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_only_the_estimators_own_file_takes_the_estimator(path: Path) -> None:
    if name_of(path) == "skcnn/_estimator.py":
        return
    for function in functions(path):
        annotations = [
            ast.unparse(argument.annotation)
            for argument in ast.walk(function.args)
            if isinstance(argument, ast.arg) and argument.annotation is not None
        ]
        names = {each.arg for each in ast.walk(function.args) if isinstance(each, ast.arg)}
        # The command line is a caller like any user.
        if part_of(path) != "cli":
            assert not [each for each in annotations if "CostSensitiveTextCNN" in each]
        # Elsewhere `estimator` is any classifier.
        if part_of(path) in ("text", "network", "fitting", "predicting", "files", "exporting"):
            assert not names & {"estimator", "cnn"}


def test_the_root_has_few_files() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 8


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
    assert {"keras", "skcnn.network._training"} <= network
    fitting = PACKAGE / "fitting" / "_text_cnn.py"
    assert any(is_within(module, ("skcnn.network",)) for module in imports(fitting))
    at_top_level = imports(fitting, top_level_only=True)
    assert not any(is_within(module, ("skcnn.network",)) for module in at_top_level)
    arrows = part_arrows()
    assert "costs" in arrows["fitting"]
    arrows["costs"].add("fitting")
    with pytest.raises(CycleError):
        check_no_circle(arrows)
    example = tmp_path / "example.py"
    example.write_text('def f(x):\n    """Say.\n\n    More.\n    """\n    # Why\n\n    return x\n')
    (function,) = functions(example)
    assert lines_of_code(function, example.read_text().splitlines()) == 1
