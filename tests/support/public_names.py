"""Every function and class that users are told of: of the faces of the rooms, and of the page of the API."""

import importlib
import inspect
import re

import signatures

from tests.conftest import ROOT


def page():
    """The source of the page of the API."""
    (path,) = [path for path in (ROOT / "docs").rglob("api.md") if "_build" not in path.parts]
    return path.read_text(encoding="utf-8")


def listed():
    """Import paths on the page of the API, in its order."""
    return re.findall(r"^   (sntransport\.[\w.]+)$", page(), flags=re.MULTILINE)


def value_of(path):
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def public_callables():
    """Functions and classes by where their page is."""
    faces = [f"{path}.{name}" for path in signatures.faces() for name in importlib.import_module(path).__all__]
    values = [value_of(path) for path in [*faces, *listed()]]
    return {signatures.home(value): value for value in values if inspect.isclass(value) or inspect.isroutine(value)}
