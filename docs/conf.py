"""Sphinx: ``make docs`` builds the pages into ``docs/_build``, warnings as errors; readers fetch nothing."""

import os
import pydoc
import re
import sys
import tempfile
from pathlib import Path

from sntransport import __version__

sys.path.insert(0, str(Path(__file__).parent))

import config_tables
import measured
import signatures

project = "sntransport"
author = "The sntransport developers"
release = version = __version__

extensions = [
    "mathsvg",
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
html_math_renderer = "mathsvg"
exclude_patterns = ["_build", "_templates", "jupyter_execute"]
templates_path = ["_templates"]

myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True
# Code cells run with these settings of IPython alone, not those of whoever builds. By default each kernel warns of its
# sockets, which never leave this machine.
_IPYTHON = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
_PROFILE = Path(_IPYTHON.name, "profile_default")
_PROFILE.mkdir()
(_PROFILE / "ipython_kernel_config.py").write_text("get_config().IPKernelApp.log_level = 40\n", encoding="utf-8")
os.environ["IPYTHONDIR"] = _IPYTHON.name

autosummary_generate = True
autosummary_context = {"contents": signatures.contents()}
# Signatures come from `signatures`: as in the source, one parameter a line where they are longer than a line of text.
autodoc_typehints = "none"
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True
# Beside the page of a class its methods stand by their own names.
toc_object_entries_show_parents = "hide"
autodoc_member_order = "bysource"
# A public name has two homes, the package and its module; either page will do.
suppress_warnings = ["ref.python"]
default_role = "py:obj"
napoleon_google_docstring = False
napoleon_use_ivar = True
# Parameters that are described together stay together.
napoleon_use_param = False

# What is copied is what is typed: without prompts, and without what a program answered.
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_title = f"sntransport {release}"
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["pages.css"]
# As the reader's system has it.
html_context = {"default_mode": "auto"}
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": True,
    # The four groups.
    "header_links_before_dropdown": 4,
    # The API has hundreds of names: they are short, and listed beside its own pages alone.
    "show_nav_level": 1,
    "navigation_depth": 3,
    "collapse_navigation": True,
}
# A page of the top has no section whose pages could stand beside it.
html_sidebars = {"index": []}


def _existing_pages(app, name, source):
    """Drop patterns without a page from the contents, and what is said of them: Sphinx warns of both."""
    folder = (Path(app.srcdir) / name).parent
    if Path(name).name == "index":
        source[0] = "\n".join(
            line
            for line in source[0].splitlines()
            if not (re.fullmatch(r"\w+\*", line) and not any(folder.glob(f"{line}.md")))
            and not ((link := re.match(r"- \[[^]]+\]\((\w+\.md)\):", line)) and not (folder / link[1]).exists())
        )


def _measured_tables(app, name, source):
    """Fill in the tables of measurements; a page depends on their files."""
    if measured.MARKED.search(source[0]):
        source[0] = measured.filled(source[0])
        for path in measured.FOLDER.glob("*.json"):
            app.env.note_dependency(str(path))


def _config_tables(app, name, source):
    """Fill in the keys of configuration files."""
    source[0] = config_tables.filled(source[0])


def _drop_old_pages(app):
    """Remove generated pages of names that the list of the API no longer has: Sphinx would warn of each."""
    root = Path(app.srcdir)
    listed = {line.strip() for page in root.rglob("api.md") for line in page.read_text(encoding="utf-8").splitlines()}
    for page in root.rglob("api_pages/*.rst"):
        if page.stem not in listed or not (page.parent.parent / "api.md").is_file():
            page.unlink()


def _as_written(app, what, name, obj, *given):
    """Give classes and functions the signature of their source, in place of the last two that Sphinx hands over."""
    found = signatures.signature(obj, linked=True) if what in ("class", "exception", "function", "method") else None
    return found or given[-2:]


_SENTENCES = {}


def _before_napoleon(app, what, name, *given):
    """Keep the text of an attribute: of "Flux, NaN where unknown: ..." napoleon would take the beginning for a type."""
    lines = given[-1]
    if what in ("attribute", "data", "property") and not any(re.fullmatch("-{3,}", line) for line in lines):
        _SENTENCES[name] = list(lines)


def _after_napoleon(app, what, name, *given):
    """Put it back."""
    if name in _SENTENCES:
        given[-1][:] = _SENTENCES.pop(name)


def _other_home(app, env, node, shown):
    """Find what a docstring calls by the module it is defined in, or by its bare name, where its page is."""
    if node["refdomain"] != "py":
        return None
    target = node["reftarget"]
    place = signatures.home(pydoc.locate(target)) if "." in target else signatures.place_of(target)
    if place is None or place == target:
        return None
    return env.get_domain("py").resolve_xref(env, node["refdoc"], app.builder, "obj", place, node, shown)


def setup(app):
    """Connect the above."""
    app.connect("builder-inited", _drop_old_pages)
    app.connect("autodoc-process-signature", _as_written)
    app.connect("autodoc-process-docstring", _before_napoleon, priority=400)
    app.connect("autodoc-process-docstring", _after_napoleon, priority=600)
    app.connect("missing-reference", _other_home)
    app.connect("source-read", _config_tables)
    app.connect("source-read", _existing_pages)
    app.connect("source-read", _measured_tables)
