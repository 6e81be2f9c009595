"""What is said twice is tested once: documentation against code, and its words against a list."""

from __future__ import annotations

import ast
import contextlib
import doctest
import importlib
import inspect
import io
import pkgutil
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer
from sklearn.base import BaseEstimator
from typer.testing import CliRunner

import skcnn
import skcnn.cli._app
import skcnn.costs
import skcnn.datasets
import skcnn.files
import skcnn.inspection
import skcnn.losses
import skcnn.mlflow
import skcnn.network
import skcnn.text
from skcnn.files._save_load import SaveLoadMixin
from skcnn.fitting._partial_fit_method import PartialFitMixin
from skcnn.inspection._explain import ExplainMixin

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
SOURCES = sorted((ROOT / "skcnn").rglob("*.py"))
API_PAGE = ROOT / "docs" / "api.md"
DEFINES_NORMALIZED_COST = ROOT / "docs" / "cost_matrices.md"
FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
RUN = "<!-- run -->"
# Packages of the extra `integrations` that a page, or the examples of a module, need.
NEEDED = {"docs/mlflow.md": ("mlflow", "skops"), "skcnn.mlflow._flavor": ("mlflow",)}
DEPRECATED = "deprecated"  # the default of a parameter that has moved elsewhere

# Rooms that users import from; each has a table on the API page.
ROOMS = (
    skcnn.costs,
    skcnn.inspection,
    skcnn.losses,
    skcnn.text,
    skcnn.datasets,
    skcnn.network,
    skcnn.files,
    skcnn.mlflow,
)
PUBLIC_OBJECTS = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in (skcnn, *ROOMS)
    for name in module.__all__
    if not name.startswith("__")
}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page; `line` is where its text begins."""

    language: str
    text: str
    line: int
    is_output: bool  # a block of text right behind a python block
    is_run: bool  # a block of commands right behind RUN


def blocks_of(page: Path) -> list[Block]:
    source = page.read_text("utf-8")
    blocks: list[Block] = []
    end, before = 0, ""
    for match in FENCE.finditer(source):
        language, line = match["info"].strip(), source.count("\n", 0, match.start("text")) + 1
        between = source[end : match.start()].strip()
        is_output = language == "text" and before == "python" and not between
        is_run = language == "bash" and between.endswith(RUN)
        blocks.append(Block(language, match["text"], line, is_output, is_run))
        end, before = match.end(), language
    return blocks


def page_name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


PAGES_WITH_PYTHON = [
    page for page in PAGES if any(block.language == "python" for block in blocks_of(page))
]
SHELL_COMMANDS = [
    pytest.param(line, id=f"{page_name(page)}: {line}")
    for page in PAGES
    for block in blocks_of(page)
    if block.language in {"bash", "sh", "shell", "console"}
    for line in block.text.splitlines()
    if line.startswith("skcnn ") or "&& skcnn " in line
]


# ---------------------------------------------------------------------------------------------
# Pages
# ---------------------------------------------------------------------------------------------


def assert_as_shown(printed: str, shown: str, where: str) -> None:
    """Same words; numbers may differ by what another machine's arithmetic makes of training."""
    assert NUMBER.sub("#", printed).split() == NUMBER.sub("#", shown).split(), where
    numbers = [[float(number) for number in NUMBER.findall(text)] for text in (printed, shown)]
    assert numbers[0] == pytest.approx(numbers[1], rel=0.2, abs=0.06), where


@pytest.mark.parametrize("page", PAGES_WITH_PYTHON, ids=page_name)
def test_the_python_blocks_of_a_page_run_in_order_and_print_what_the_page_shows(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in NEEDED.get(page_name(page), ()):
        pytest.importorskip(package)
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    printed = io.StringIO()
    for block in blocks_of(page):
        if block.language == "python":
            printed = io.StringIO()
            # Empty lines in front give a traceback the page's line numbers.
            source = "\n" * (block.line - 1) + block.text
            code = compile(source, str(page), "exec", dont_inherit=True)
            with contextlib.redirect_stdout(printed):
                exec(code, namespace)
        elif block.is_run:
            for line in block.text.splitlines():
                result = CliRunner().invoke(skcnn.cli._app.app, shlex.split(line)[1:])
                assert result.exit_code == 0, f"{line}\n{result.output}"
        elif block.is_output:
            where = f"{page_name(page)}, line {block.line}"
            assert_as_shown(printed.getvalue(), block.text, where)


def test_every_block_says_its_language_and_every_python_block_is_run() -> None:
    known = {"python", "text", "bash", "csv"}
    for page in PAGES:
        for block in blocks_of(page):
            assert block.language in known, f"{page_name(page)}, line {block.line}"


@pytest.mark.parametrize("line", SHELL_COMMANDS)
def test_the_commands_on_the_pages_parse(line: str) -> None:
    arguments = shlex.split(line.rpartition("&& ")[2], comments=True)[1:]
    group: Any = typer.main.get_command(skcnn.cli._app.app)
    context = group.make_context("skcnn", list(arguments))
    name, command, rest = group.resolve_command(context, arguments)
    command.make_context(name, rest, parent=context)


def headings_of(page: Path) -> set[str]:
    """Anchors of the headings, as GitHub makes them."""
    text = FENCE.sub("", page.read_text("utf-8"))
    headings = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_relative_links_and_images_of_a_page_exist(page: Path) -> None:
    text = FENCE.sub("", page.read_text("utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{page_name(page)} links to {target}"
        if anchor:
            assert anchor in headings_of(linked), f"{page_name(page)} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_a_page_links_to_the_definition_of_normalized_cost_where_it_first_says_it(
    page: Path,
) -> None:
    text = FENCE.sub("", page.read_text("utf-8"))
    words = r"normalized\s+costs?"
    first = re.search(words, text, re.IGNORECASE)
    if first is None or page == DEFINES_NORMALIZED_COST:
        return
    target = r"\S*cost_matrices\.md#normalized-cost"
    link = re.search(rf"\[[^][]*{words}[^][]*\]\({target}\)", text, re.IGNORECASE)
    assert link is not None, "no link"
    assert link.start() < first.start(), text[first.start() - 60 : first.end()]


# ---------------------------------------------------------------------------------------------
# The API page
# ---------------------------------------------------------------------------------------------


def rows_of_api_page(heading: str) -> dict[str, list[str]]:
    """Cells of the table under a heading by the name in their row's first cell."""
    _, _, after = API_PAGE.read_text("utf-8").partition(f"\n{heading}\n")
    section = re.split(r"^#", after, maxsplit=1, flags=re.MULTILINE)[0]
    rows = [re.split(r"(?<!\\)\|", row)[1:-1] for row in re.findall(r"^\|.*\|$", section, re.M)]
    cells = [[cell.strip() for cell in row] for row in rows]
    return {row[0].strip("`"): row[1:] for row in cells if row[0].startswith("`")}


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_the_api_page_has_every_public_name_of_a_room_and_no_other(room: ModuleType) -> None:
    assert sorted(rows_of_api_page(f"## {room.__name__}")) == sorted(room.__all__)


def test_the_api_page_lists_the_tools_of_costs_once_though_skcnn_has_them_too() -> None:
    names = {name for name in skcnn.__all__ if not name.startswith("__")}
    also_in_costs = names & set(skcnn.costs.__all__)
    assert set(rows_of_api_page("## skcnn")) == names - also_in_costs
    for name in also_in_costs:
        assert getattr(skcnn, name) is getattr(skcnn.costs, name), name


def test_the_api_page_has_the_methods_of_every_loss() -> None:
    for method in rows_of_api_page("### Methods of a loss"):
        name, _, parameter = method.strip(")").partition("(")
        for loss in skcnn.losses.__all__:
            signature = inspect.signature(getattr(getattr(skcnn.losses, loss), name))
            assert list(signature.parameters) == ["self", parameter], loss


def test_the_api_page_has_every_parameter_with_its_default() -> None:
    told = rows_of_api_page("### Parameters")
    parameters = {
        name: parameter
        for name, parameter in inspect.signature(skcnn.CostSensitiveTextCNN).parameters.items()
        if parameter.default != DEPRECATED
    }
    assert list(told) == list(parameters)
    for name, parameter in parameters.items():
        assert ast.literal_eval(told[name][0].strip("`")) == parameter.default, name


def test_the_api_page_has_every_method_and_attribute() -> None:
    cls = skcnn.CostSensitiveTextCNN
    bases = [base for base in cls.__mro__ if base.__module__.startswith("skcnn.")]
    own = {name for base in bases for name in vars(base)} - set(dir(BaseEstimator))
    methods = {name for name in own if not name.startswith(("_", "set_")) and name[-1] != "_"}
    assert set(rows_of_api_page("### Methods")) == methods
    attributes = re.findall(r"^(\w+_) : ", inspect.getdoc(cls) or "", re.MULTILINE)
    assert list(rows_of_api_page("### Attributes")) == attributes


# ---------------------------------------------------------------------------------------------
# Docstrings
# ---------------------------------------------------------------------------------------------


# Mixins whose methods are documented with each class that has them.
MIXINS = (SaveLoadMixin, PartialFitMixin, ExplainMixin)


def functions_and_methods() -> Iterator[tuple[str, Any, Any]]:
    """Yield (name, what has the docstring, what has the signature)."""
    for name, thing in PUBLIC_OBJECTS.items():
        if inspect.isfunction(thing):
            yield name, thing, thing
        elif inspect.isclass(thing) and not inspect.isabstract(thing):
            yield name, thing, thing
            mixins = [each for each in MIXINS if issubclass(thing, each)]
            methods = {name: of for each in (thing, *mixins) for name, of in vars(each).items()}
            for method_name, method in methods.items():
                function = inspect.unwrap(getattr(method, "__func__", method))
                if inspect.isfunction(function) and not method_name.startswith("_"):
                    yield f"{name}.{method_name}", function, function


def is_named_tuple(thing: Any) -> bool:
    return inspect.isclass(thing) and issubclass(thing, tuple)


def signature_with_bases(thing: Any) -> dict[str, inspect.Parameter]:
    """Parameters, for a class also those that **kwargs hand to its bases."""
    if not inspect.isclass(thing) or is_named_tuple(thing):
        return dict(inspect.signature(thing).parameters)
    parameters: dict[str, inspect.Parameter] = {}
    for cls in thing.__mro__:
        if "__init__" in vars(cls):
            found = inspect.signature(vars(cls)["__init__"]).parameters
            parameters = dict(found) | parameters
            if all(p.kind is not p.VAR_KEYWORD for p in found.values()):
                break
    return {name: p for name, p in parameters.items() if name != "self"}


def documented_parameters(docstring: str, heading: str = "Parameters") -> dict[str, str]:
    """What a section of a numpydoc docstring says behind each name's colon."""
    pattern = rf"^{heading}\n-+\n(.*?)(?=^\w[^\n]*\n-{{3,}}|\Z)"
    section = re.search(pattern, docstring, re.M | re.S)
    if section is None:
        return {}
    entries = re.findall(r"^(\*{0,2}\w[\w, *]*?)(?: : (.*))?$", section[1], re.MULTILINE)
    return {name.strip(" *"): told for names, told in entries for name in names.split(",")}


DOCUMENTED = {
    name: (
        # The parameters of a named tuple are its attributes.
        documented_parameters(
            inspect.getdoc(documented) or "",
            "Attributes" if is_named_tuple(documented) else "Parameters",
        ),
        signature_with_bases(signed),
    )
    for name, documented, signed in functions_and_methods()
}


@pytest.mark.parametrize("name", [name for name, (told, _) in DOCUMENTED.items() if told])
def test_defaults_in_a_docstring_are_those_of_the_signature(name: str) -> None:
    told, parameters = DOCUMENTED[name]
    assert set(told) <= set(parameters)
    for parameter, text in told.items():
        default = re.search(r"default=(.+)$", text)
        if default is not None:
            assert ast.literal_eval(default[1]) == parameters[parameter].default, parameter
        elif parameters[parameter].default == DEPRECATED:
            docstring = inspect.getdoc(PUBLIC_OBJECTS[name]) or ""
            assert re.search(rf"^{parameter} : .*\n +Deprecated since ", docstring, re.M), parameter
        elif text:
            is_optional = parameters[parameter].default is not inspect.Parameter.empty
            assert is_optional == ("optional" in text), parameter


@pytest.mark.parametrize("name", PUBLIC_OBJECTS)
def test_every_public_function_and_class_has_a_docstring_with_all_its_parameters(
    name: str,
) -> None:
    thing = PUBLIC_OBJECTS[name]
    if not (inspect.isfunction(thing) or inspect.isclass(thing)) or inspect.isabstract(thing):
        return
    assert inspect.getdoc(thing)
    told, parameters = DOCUMENTED[name]
    assert set(told) == set(parameters) - {"kwargs"}


def test_a_heading_of_a_docstring_is_on_a_line_of_its_own() -> None:
    heading = re.compile(r"^ *[A-Z][A-Za-z ]+ -{4,}", re.M)
    joined = [str(path) for path in SOURCES if heading.search(path.read_text("utf-8"))]
    assert not joined


MODULES = [
    name
    for _, name, _ in pkgutil.walk_packages(skcnn.__path__, "skcnn.")
    if ">>> " in inspect.getsource(importlib.import_module(name))
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_are_right(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in NEEDED.get(name, ()):
        pytest.importorskip(package)
    monkeypatch.chdir(tmp_path)  # some of them write files
    module = importlib.import_module(name)
    results = doctest.testmod(module, verbose=False)
    assert results.attempted > 0
    assert results.failed == 0


# ---------------------------------------------------------------------------------------------
# Plain English
# ---------------------------------------------------------------------------------------------

# Whole words, in any case, and what to write instead. The list has what a machine can find: one
# word for one thing, American spelling, a zero before the decimal point.
INSTEAD = {
    r"(?<![\w.:])\.\d+": "a zero before the point",
    "dear|dearer|dearest": "expensive, more expensive",
    "price|prices|priced|paid": "cost",
    "answer|answers|answered|answering": "prediction, predict",
    "mend|mends|mended|mending": "fix, correct",
    "hang on|hangs on|hanging on": "depends on",
    "told of": "described",
    "no more than that": "only",
    "to spare": "free, more",
    "what there is": "the name of the thing",
    "stand beside|stands beside|beside the network|beside it": "both models together",
    "of its own accord": "by itself",
    "learnt": "learned",
    "spelt|misspelt": "spelled, misspelled",
    "labelled|labelling|unlabelled": "labeled, labeling, unlabeled",
    "modelled|modelling": "modeled, modeling",
    r"colour\w*|behaviour\w*|favour\w*|neighbour\w*": "color, behavior, favor, neighbor",
    "centre|centres|centred|grey|whilst": "center, gray, while",
    "analyse|analysed|analysing": "analyze",
    "("
    "categor|general|initial|maxim|minim|normal|optim|organ|penal|random|real|recogn|regular|"
    "serial|standard|summar|token|vector"
    ")is(e|ed|es|er|ers|ing|ation|ations)": "-ize",
}


def unwanted_words(text: str) -> Iterator[tuple[int, str]]:
    """Yield the offset of each word or number that is not plain, and what to write instead."""
    for words, instead in INSTEAD.items():
        pattern = words.replace(" ", r"\s+")
        for found in re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", text, re.IGNORECASE):
            yield found.start(), f"{found[0]!r}: write {instead}"


def strings_of(source: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of docstrings and string literals, without format specifiers."""
    nodes = list(ast.walk(ast.parse(source.read_text("utf-8"))))
    formats = [node.format_spec for node in nodes if isinstance(node, ast.FormattedValue)]
    in_formats = {id(part) for each in formats if each is not None for part in ast.walk(each)}
    for node in nodes:
        if not isinstance(node, ast.Constant) or id(node) in in_formats:
            continue
        if isinstance(node.value, str):
            yield node.lineno, node.value


@pytest.mark.parametrize("path", [*PAGES, *SOURCES], ids=page_name)
def test_pages_docstrings_and_messages_are_in_plain_english(path: Path) -> None:
    is_page = path.suffix == ".md"
    texts = [(1, path.read_text("utf-8"))] if is_page else strings_of(path)
    unwanted = [
        f"line {line + text.count(chr(10), 0, start)}, {what}"
        for line, text in texts
        for start, what in unwanted_words(text)
    ]
    assert not unwanted, "\n".join(unwanted)


def test_the_check_for_plain_english_finds_words_and_numbers_and_nothing_else() -> None:
    text = "A Labelled text hangs\non .23 or -.5, not on 0.23, {:.2f}, {:.1%}, v1.2.3 or endearing."
    assert [what.split(":")[0] for _, what in unwanted_words(text)] == [
        "'.23'",
        "'.5'",
        "'hangs\\non'",
        "'Labelled'",
    ]
