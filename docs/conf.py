"""Sphinx: ``make docs`` builds the pages into ``docs/_build``, warnings as errors, nothing fetched.

Formulas are drawn in the reader's browser by MathJax, which it loads from the network; without, they read as TeX.
"""

import re
from pathlib import Path

from sntransport import __version__

project = "sntransport"
author = "The sntransport developers"
release = version = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]

myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120

autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
# A public name has two homes, the package and its module; either page will do.
suppress_warnings = ["ref.python"]
default_role = "py:obj"
napoleon_google_docstring = False
napoleon_use_ivar = True

html_theme = "pydata_sphinx_theme"
html_title = f"sntransport {release}"
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": False, "show_prev_next": True, "header_links_before_dropdown": 4}


def _existing_pages(app, name, source):
    """Drop patterns without a page from the contents: Sphinx warns of them, and takes no word to be silent."""
    if name == "index":
        lines = source[0].splitlines()
        source[0] = "\n".join(
            x for x in lines if not re.fullmatch(r"\S+\*", x) or any(Path(app.srcdir).glob(f"{x}.md"))
        )


def setup(app):
    """Connect the above."""
    app.connect("source-read", _existing_pages)
