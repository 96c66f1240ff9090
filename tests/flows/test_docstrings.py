"""Every public name has an example in its docstring, and it prints what it says."""

import doctest
import importlib
import inspect
import re

import numpy as np
import pytest

import sntransport as snt
from tests.conftest import ROOT
from tests.support.public_names import public_callables

PACKAGE = ROOT / "sntransport"
# What every example may use without importing it, as the page of the API says.
GIVEN = {"np": np, "snt": snt}
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
# Formats and models of packages that are no dependency.
NEEDED = {
    "sntransport.datasets.conversion.set_files": "pyarrow",
    "sntransport.datasets.elasticc_parquet": "pyarrow",
    "sntransport.datasets.nested_parquet": "pyarrow",
    "sntransport.datasets.tokens": "pyarrow",
    "sntransport.export.lightcurvelynx_model": "lightcurvelynx",
}


def module_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


EXAMPLE = re.compile(r"^ +>>> ", flags=re.MULTILINE)
MODULES = sorted(
    module_name(path) for path in PACKAGE.rglob("*.py") if EXAMPLE.search(path.read_text(encoding="utf-8"))
)


def examples_of(module):
    """Docstrings with examples of what a module defines and of its classes' methods, in the order of the source."""
    for name, value in vars(module).items():
        # What is wrapped (a cached function, a figure in a style) counts too: `doctest` alone passes over it.
        if getattr(value, "__module__", None) == module.__name__:
            held = {name: value}
            if inspect.isclass(value):
                held |= {f"{name}.{one}": method for one, method in vars(value).items() if inspect.isfunction(method)}
            for where, one in held.items():
                test = doctest.DocTestParser().get_doctest(inspect.getdoc(one) or "", dict(GIVEN), where, None, 0)
                if test.examples:
                    yield test


@pytest.mark.parametrize("name", MODULES)
def test_examples_print_what_they_say(name, monkeypatch, tmp_path):
    if name in NEEDED:
        pytest.importorskip(NEEDED[name])
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(tmp_path)
    # Each docstring by itself, in a folder of its own, as a reader copies it.
    for number, test in enumerate(examples_of(importlib.import_module(name))):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        told = []
        doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=told.append)
        assert not told, "".join(told)


def test_every_public_name_has_an_example_that_is_run():
    section = re.compile(r"^Examples\n-{8}\n>>> ", flags=re.MULTILINE)
    values = public_callables()
    assert {f"sntransport.{name}" for name in ("build", "Supernova", "transport.displace")} <= set(values)
    bare = [name for name, value in values.items() if not section.search(inspect.getdoc(value))]
    assert not bare, f"without a section Examples: {', '.join(bare)}"
    run = {(name, test.name) for name in MODULES for test in examples_of(importlib.import_module(name))}
    left = [name for name, value in values.items() if (value.__module__, value.__name__) not in run]
    assert not left, f"examples of these are not run: {', '.join(left)}"


def test_what_an_example_prints_is_compared():
    source = "def double(x):\n    '''Twice.\n\n    >>> double(2)\n    5\n    '''\n    return 2 * x\n"
    names = {}
    exec(source, names)
    (test,) = doctest.DocTestFinder().find(names["double"], "double", globs=names)
    told = []
    doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=told.append)
    assert "Expected:\n    5\nGot:\n    4" in "".join(told)
