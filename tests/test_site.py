"""The site of the documentation: its tables of contents, its glossary, and the built pages."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import BROWSER, opened
from tests.test_docstrings import API_PAGES, OBJECTS, loaded

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = {
    path.relative_to(DOCS).with_suffix("").as_posix(): path
    for path in [*DOCS.rglob("*.md"), *DOCS.glob("*.rst")]
}
SECTIONS = loaded(DOCS / "_extensions" / "sections.py")
GLOSSARY = DOCS / "glossary.md"


def listed_pages() -> Iterator[str]:
    """Yield the pages that the pages of the sections list, from docs/ on."""
    for section in SECTIONS.SECTIONS:
        for page in SECTIONS.pages_below(PAGES[section].read_text("utf-8")):
            path = (PAGES[section].parent / page).resolve()
            yield path.relative_to(DOCS).as_posix()


def test_every_page_is_in_the_list_of_one_section() -> None:
    made_by_sphinx = set(SECTIONS.MADE_FROM.values())
    assert Counter(listed_pages()) == dict.fromkeys(PAGES.keys() - {"index"} | made_by_sphinx, 1)


def test_the_reference_lists_every_module_with_public_names() -> None:
    listed = re.findall(r"^   (skcnn\S*)$", (DOCS / "names.rst").read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(name for name, of in API_PAGES.names_by_module().items() if of)


def test_the_glossary_is_sorted_and_has_each_term_once() -> None:
    terms = re.findall(r"^## (.+)$", GLOSSARY.read_text("utf-8"), re.MULTILINE)
    assert len(terms) > 40
    assert terms == sorted(set(terms), key=str.lower)


def test_every_term_of_the_glossary_is_told_in_a_few_words() -> None:
    _, *entries = re.split(r"^## ", GLOSSARY.read_text("utf-8"), flags=re.MULTILINE)
    for entry in entries:
        term, _, told = entry.partition("\n")
        assert 5 < len(re.sub(r"\]\(\S+\)", "", told).split()) <= 50, term


# One test: pytest-xdist would build the site in several processes, which write the same files.
@pytest.mark.slow
def test_the_site_is_built_without_warnings_and_leads_where_it_should(tmp_path: Path) -> None:
    pytest.importorskip("pydata_sphinx_theme", reason="the extra docs is not installed")
    site = tmp_path / "site"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-D", "plot_gallery=0"]
    built = subprocess.run(
        [*command, str(DOCS), str(site)], capture_output=True, text=True, timeout=900, check=False
    )
    assert built.returncode == 0, built.stderr
    every_public_function_and_class_has_a_page(site)
    names_on_the_api_page_lead_to_their_pages(site)
    links_to_files_that_are_no_pages_lead_to_the_repository(site)
    if BROWSER is not None:
        the_search_box_finds_pages(site)


def every_public_function_and_class_has_a_page(site: Path) -> None:
    for name in OBJECTS:
        page = (site / "api" / f"{name}.html").read_text("utf-8")
        assert f'id="{name}"' in page, name


def names_on_the_api_page_lead_to_their_pages(site: Path) -> None:
    page = (site / "api.html").read_text("utf-8")
    assert 'href="api/skcnn.costs.decide.html#skcnn.costs.decide"' in page
    method = "skcnn.CostSensitiveTextCNN.html#skcnn.CostSensitiveTextCNN.explain"
    assert f'href="api/{method}"' in page


def links_to_files_that_are_no_pages_lead_to_the_repository(site: Path) -> None:
    files = "https://github.com/skcnn/skcnn/blob/main/"
    assert f'href="{files}README.md#try-it"' in (site / "start.html").read_text("utf-8")
    losses = (site / "losses.html").read_text("utf-8")
    assert f'href="{files}docs/benchmarks/reliability.py"' in losses


def the_search_box_finds_pages(site: Path) -> None:
    html = opened(site / "search.html", "--virtual-time-budget=10000", query="q=recall")
    assert re.search(r"found \d\d+ pages", html)
    assert 'href="promises.html' in html
