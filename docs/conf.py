"""The site of the documentation: `sphinx-build -W --keep-going docs FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

from api_pages import methods_by_class, names_by_module

import skcnn

project = "skcnn"
author = "skcnn contributors"
project_copyright = "skcnn contributors"
version = release = skcnn.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
    "repository_links",
    "sections",
]
exclude_patterns = ["gallery", "_templates"]
templates_path = ["_templates"]
nitpicky = True
# Other libraries' names have no pages here; `name` in a docstring is code, and a link if it can be.
default_role = "py:obj"
nitpick_ignore_regex = [
    ("py:obj", ".*"),
    ("py:.*", r"(sklearn|keras|imblearn|numpy|pandas|collections)\..*"),
]

# Pages: anchors as GitHub makes them.
myst_heading_anchors = 6
myst_enable_extensions = ["colon_fence"]  # for the tables of contents of `sections`

# API pages, one for each public name.
autosummary_generate = True
autosummary_context = {"names": names_by_module(), "methods_of": methods_by_class()}
autodoc_typehints = "none"  # the docstrings say more
numpydoc_show_class_members = False
toc_object_entries_show_parents = "hide"

# The gallery: scripts docs/gallery/plot_*.py run, and one that fails is an error.
sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "examples",
    "filename_pattern": r"[/\\]plot_",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "remove_config_comments": True,
    "show_signature": False,
    "write_computation_times": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "skcnn"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "github_url": "https://github.com/skcnn/skcnn",
    "header_links_before_dropdown": 7,
    "navbar_align": "left",
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
