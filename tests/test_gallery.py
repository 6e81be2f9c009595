"""The scripts of the gallery: each runs by itself, without a warning, and ends in a picture."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_docs import unwanted_words

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted((ROOT / "docs" / "gallery").glob("plot_*.py"))
all_scripts = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)

# What a second process runs: the script, then the figures that it drew and left open.
RUN_AND_SAVE = """
import runpy, sys
from matplotlib import pyplot

runpy.run_path(sys.argv[1], run_name="__main__")
for number in pyplot.get_fignums():
    figure = pyplot.figure(number)
    if figure.axes and all(ax.has_data() for ax in figure.axes):
        figure.savefig(f"figure_{number}.png")
"""


def run(script: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own; its figures become files in the folder."""
    hidden = "ignore:FigureCanvasAgg is non-interactive"  # plt.show() where there is a display
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.run(
        [sys.executable, "-W", hidden, "-c", RUN_AND_SAVE, str(script)],
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def assert_ends_in_a_picture(script: Path, folder: Path) -> None:
    done = run(script, folder)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr, done.stderr
    assert list(folder.glob("figure_*.png")), "no figure, or one with empty axes"


@pytest.mark.slow
@all_scripts
def test_a_script_runs_in_a_second_process_and_ends_in_a_picture(
    script: Path, tmp_path: Path
) -> None:
    assert_ends_in_a_picture(script, tmp_path)


PICTURE = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\n"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("1 / 0\n" + PICTURE, "ZeroDivisionError"),
        ("print('nothing is drawn')\n", "no figure"),
        (PICTURE.replace("plt.plot([1, 2])", "plt.subplots(1, 2)"), "empty axes"),
        (PICTURE.replace("plt.show()", "plt.close()"), "no figure"),
        ("import warnings\nwarnings.warn('look')\n" + PICTURE, "UserWarning: look"),
    ],
)
def test_a_script_that_is_broken_warns_or_draws_nothing_is_found(
    source: str, says: str, tmp_path: Path
) -> None:
    script = tmp_path / "plot_broken.py"
    script.write_text(source, "utf-8")
    with pytest.raises(AssertionError, match=says):
        assert_ends_in_a_picture(script, tmp_path)


def test_a_script_that_draws_passes(tmp_path: Path) -> None:
    script = tmp_path / "plot_line.py"
    script.write_text(PICTURE, "utf-8")
    assert_ends_in_a_picture(script, tmp_path)


def test_there_are_at_least_eight_scripts() -> None:
    assert len(SCRIPTS) >= 8


@all_scripts
def test_a_script_begins_with_a_title_and_a_purpose(script: Path) -> None:
    docstring = ast.get_docstring(ast.parse(script.read_text("utf-8"))) or ""
    title, underline, *purpose = docstring.splitlines()
    assert re.fullmatch("=+", underline)
    assert len(underline) == len(title)
    assert any(line.strip() for line in purpose)


@all_scripts
def test_a_script_ends_by_showing_its_figure(script: Path) -> None:
    assert ast.unparse(ast.parse(script.read_text("utf-8")).body[-1]) == "plt.show()"


@all_scripts
def test_a_script_names_no_folder_of_a_machine_and_downloads_nothing(script: Path) -> None:
    source = script.read_text("utf-8")
    strings = [
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    refused = [text for text in strings if re.match(r"[/~]|[A-Za-z]:[\\/]|\w+://", text)]
    assert not refused
    assert not re.search(r"[\s\"'](?:/(?:home|opt|root|tmp|usr|var|work)/|\.\./)", source)


@all_scripts
def test_the_pages_that_a_script_names_exist(script: Path) -> None:
    for name in re.findall(r":doc:`(?:[^`<]*<)?([^`>]+)>?`", script.read_text("utf-8")):
        assert name.startswith("/"), name
        assert (ROOT / "docs" / f"{name[1:]}.md").exists(), name


@all_scripts
def test_a_script_is_in_plain_english(script: Path) -> None:
    source = script.read_text("utf-8")
    assert not [what for _, what in unwanted_words(source)]


@all_scripts
def test_sphinx_gallery_reads_a_script_as_text_and_code_with_code_at_the_end(script: Path) -> None:
    parser = pytest.importorskip("sphinx_gallery.py_source_parser")
    _, blocks = parser.split_code_and_text_blocks(str(script))
    kinds = [block.type for block in blocks]
    assert kinds[0] == "text"
    assert kinds[-1] == "code"
    assert kinds.count("text") >= 3
