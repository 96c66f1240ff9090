"""Signatures as written in the source, for the API pages, and what a class has by kind.

Sphinx itself spells out what Python made of them: a value object takes ``*values``, a default is the address of a
function, ``ArrayLike`` a page of unions. Needs nothing but the standard library, so that tests can hold it without
Sphinx.
"""

import ast
import dataclasses
import functools
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any

FACELESS = ("sntransport.transport.interpolators", "sntransport.transport.weights")
"""Modules that are public names themselves: what they hold is passed in as a whole function."""

_LONGEST_VALUE = 24
"""A constant longer than this is shown by its name: a number or a unit fits, a list of bands does not."""


def signature(obj: Any, *, linked: bool = False) -> tuple[str, str] | None:
    """Parameters and return annotation of a class or function, in the words of its source.

    Parameters
    ----------
    obj : callable
    linked : bool
        Whether to write a class of the package as ``~package.module.Class``, which Sphinx turns into a link.

    Returns
    -------
    tuple of str, or None
        As ``("(a: Array, *, b: float = 1.0)", "Array")``; an annotation that is not there is empty. None where the
        source has no signature: enumerations, exceptions without an initializer, what comes from other packages.
    """
    if inspect.isclass(obj):
        if issubclass(obj, Enum):
            return None
        if dataclasses.is_dataclass(obj):
            return _of_fields(obj, linked=linked), ""
        if issubclass(obj, tuple):
            return _of_named_tuple(obj, linked=linked), ""
        start = vars(obj).get("__init__")
        return (_of_function(start, linked=linked)[0], "") if inspect.isfunction(start) else None
    found = inspect.unwrap(
        obj.__func__ if inspect.ismethod(obj) or isinstance(obj, classmethod | staticmethod) else obj
    )
    return _of_function(found, linked=linked) if inspect.isfunction(found) else None


def members(cls: type) -> dict[str, list[str]]:
    """Public names of a class beside the fields that its docstring lists, by what a reader looks for.

    Returns
    -------
    dict
        ``attributes``: properties, and the members of an enumeration; ``methods``; ``conversions``: to the objects of
        other packages and from them. Each in the order of the source, a class before those it derives from. What a
        base of another package gives (``int``, ``Exception``) is left out.
    """
    held: dict[str, list[str]] = {"attributes": [], "methods": [], "conversions": []}
    for base in inspect.getmro(cls):
        if not base.__module__.startswith("sntransport"):
            continue
        fields = getattr(base, "_fields", ()) if issubclass(base, tuple) else ()
        for name, value in vars(base).items():
            if name.startswith("_") or any(name in names for names in held.values()):
                continue
            if isinstance(value, property | functools.cached_property | Enum) or name in fields:
                held["attributes"].append(name)
            elif inspect.isfunction(value) or isinstance(value, classmethod | staticmethod):
                held["conversions" if name.startswith(("to_", "from_")) else "methods"].append(name)
    return held


def _of_function(function: Callable[..., Any], *, linked: bool) -> tuple[str, str]:
    node = _definition(function)
    if not isinstance(node, ast.FunctionDef):
        return "", ""
    names = sys.modules[function.__module__].__dict__
    given = node.args
    spoken = functools.partial(_annotation, names=names, linked=linked)
    positional = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(positional) - len(given.defaults)) + list(given.defaults)
    parts = []
    for k, (one, default) in enumerate(zip(positional, defaults, strict=True)):
        if not (k == 0 and one.arg in ("self", "cls")):
            parts.append(_parameter(one.arg, spoken(one.annotation), _value(default, names)))
        if given.posonlyargs and k == len(given.posonlyargs) - 1:
            parts.append("/")
    if given.vararg:
        parts.append(_parameter(f"*{given.vararg.arg}", spoken(given.vararg.annotation), None))
    elif given.kwonlyargs:
        parts.append("*")
    parts += [
        _parameter(one.arg, spoken(one.annotation), _value(default, names))
        for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    if given.kwarg:
        parts.append(_parameter(f"**{given.kwarg.arg}", spoken(given.kwarg.annotation), None))
    return f"({', '.join(parts)})", spoken(node.returns)


def _of_fields(cls: type, *, linked: bool) -> str:
    written = {}
    for base in reversed(inspect.getmro(cls)):
        node = _definition(base)
        for line in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                written[line.target.id] = (line, sys.modules[base.__module__].__dict__)
    parts = ["*"]
    for field in dataclasses.fields(cls):
        if field.init and field.name in written:
            line, names = written[field.name]
            default = None
            if field.default_factory is not dataclasses.MISSING:
                default = _made(line.value, field.default_factory)
            elif field.default is not dataclasses.MISSING:
                default = _value(line.value, names)
            parts.append(_parameter(field.name, _annotation(line.annotation, names, linked=linked), default))
    return f"({', '.join(parts)})" if len(parts) > 1 else "()"


def _of_named_tuple(cls: type, *, linked: bool) -> str:
    names = sys.modules[cls.__module__].__dict__
    node = _definition(cls)
    return "({})".format(
        ", ".join(
            _parameter(line.target.id, _annotation(line.annotation, names, linked=linked), _value(line.value, names))
            for line in (node.body if isinstance(node, ast.ClassDef) else ())
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
        )
    )


def _made(written: ast.expr | None, factory: Callable[[], Any]) -> str:
    """What a factory makes: the value where it is short, else how it is written."""
    value = factory()
    text = repr(dict(value) if isinstance(value, Mapping) else value)
    if len(text) <= _LONGEST_VALUE and "<" not in text and "\n" not in text:
        return text
    found = [word.value for word in written.keywords] if isinstance(written, ast.Call) else []
    if found and isinstance(found[0], ast.Lambda):
        return ast.unparse(found[0].body)
    return f"{ast.unparse(found[0])}()" if found else text


def _parameter(name: str, annotation: str, default: str | None) -> str:
    typed = f"{name}: {annotation}" if annotation else name
    if default is None:
        return typed
    return f"{typed} = {default}" if annotation else f"{typed}={default}"


def _value(default: ast.expr | None, names: dict[str, Any]) -> str | None:
    """The default in the words of the source; a constant by its value, which says more than its name."""
    if default is None:
        return None
    source = ast.unparse(default)
    if isinstance(default, ast.Name) and isinstance(names.get(default.id), int | float | str | tuple):
        value = repr(names[default.id])
        if len(value) <= _LONGEST_VALUE and names[default.id] == names[default.id]:
            return value
    return source


def _annotation(node: ast.expr | None, names: dict[str, Any], *, linked: bool) -> str:
    if node is None:
        return ""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        node = ast.parse(node.value, mode="eval").body
    return ast.unparse(_Linked(names).visit(node)).replace("~ ", "~") if linked else ast.unparse(node)


class _Linked(ast.NodeTransformer):
    """Writes the classes of the package with the place where their page is."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self.names.get(node.id)
        place = home(value) if inspect.isclass(value) else None
        if node.id not in self.names:
            # Of another package, for type checkers alone: by the bare name, Sphinx would take it for ours.
            place = _imported(self.names["__file__"]).get(node.id)
        return ast.Name(id=f"~{place}") if place else node


@functools.cache
def _imported(path: str) -> dict[str, str]:
    """What a file imports by name, also where only type checkers look, by that name."""
    return {
        one.asname or one.name: f"{node.module}.{one.name}"
        for node in ast.walk(_parsed(path))
        if isinstance(node, ast.ImportFrom)
        for one in node.names
    }


@functools.cache
def homes() -> dict[int, str]:
    """Where each public class and function has its page, by identity: the shortest path that leads to it."""
    places: dict[int, str] = {}
    for path in faces():
        room = importlib.import_module(path)
        for name in room.__all__:
            value = getattr(room, name)
            if inspect.isclass(value) or inspect.isroutine(inspect.unwrap(value)):
                places.setdefault(id(value), f"{path}.{name}")
    return places


def home(value: object) -> str | None:
    """Where a class or function of the package has its page; None for one of another package."""
    name = getattr(value, "__qualname__", "")
    if not name or not str(value.__module__).startswith("sntransport"):
        return None
    return homes().get(id(value), f"{value.__module__}.{name}")


def place_of(name: str) -> str | None:
    """Where a public name without a module has its page; None where several have it, or none."""
    found = {place for place in homes().values() if place.rpartition(".")[2] == name}
    return found.pop() if len(found) == 1 else None


def contents() -> dict[str, dict[str, list[str]]]:
    """What the page of each class and room lists: `members` of classes, ``names`` of modules, by import path."""
    held: dict[str, dict[str, list[str]]] = {}
    for path in [*faces(), *FACELESS]:
        module = importlib.import_module(path)
        own = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == path]
        public = [name for name in getattr(module, "__all__", own) if not name.startswith("_")]
        values = {name: getattr(module, name) for name in public}
        held[path] = {
            "names": [
                (home(value) or name).removeprefix(f"{path}.")
                for name, value in values.items()
                if not inspect.ismodule(value) and not isinstance(value, Mapping)
            ]
        }
    for path, module in list(sys.modules.items()):
        if path.startswith("sntransport"):
            for value in list(vars(module).values()):
                if inspect.isclass(value) and (place := home(value)) and place not in held:
                    held[place] = members(value)
    return held


def faces() -> Iterator[str]:
    """The package, then its rooms that have public names, as import paths; outer rooms first."""
    package = importlib.import_module("sntransport")
    yield package.__name__
    rooms = [found.name for found in pkgutil.walk_packages(package.__path__, "sntransport.") if found.ispkg]
    for path in sorted(rooms, key=lambda room: (room.count("."), room)):
        if "._" not in path and getattr(importlib.import_module(path), "__all__", None):
            yield path


@functools.cache
def _parsed(path: str) -> ast.Module:
    with open(path, encoding="utf-8") as file:
        return ast.parse(file.read())


@functools.cache
def _tree(path: str) -> dict[int, ast.AST]:
    tree = _parsed(path)
    return {
        min([node.lineno, *(one.lineno for one in node.decorator_list)]): node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


def _definition(obj: Any) -> ast.AST | None:
    """The definition of a class or function in its file."""
    if not obj.__module__.startswith("sntransport"):
        return None
    if inspect.isfunction(obj):
        return _tree(obj.__code__.co_filename).get(obj.__code__.co_firstlineno)
    path = inspect.getsourcefile(obj)
    nodes = _tree(path).values() if path else ()
    return next((node for node in nodes if isinstance(node, ast.ClassDef) and node.name == obj.__name__), None)
