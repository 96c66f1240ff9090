"""`answers_mistakes`: what a public function says when it is called with arguments that are none of its own.

Python answers such a call from inside, with the first attribute that the wrong thing lacks. Here the annotations of the
function are looked at, after it failed and never before: a call that works costs nothing and may be given anything that
works.
"""

from __future__ import annotations

import builtins
import difflib
import dis
import functools
import inspect
import os
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from sntransport._objects.card import enumerated
from sntransport._objects.mistakes import is_path, told, wrong_kind

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_ARRAYS = {"ArrayLike", "Array", "NDArray", "ndarray"}
_NUMBERS = {"float", "complex"}
_PATHS = {"Path", "PathLike"}
_MANY = {"Sequence", "Iterable", "Collection", "Iterator", "list", "tuple", "set", "frozenset"}
_WORDS = {
    **dict.fromkeys(_ARRAYS, "numbers"), **dict.fromkeys(_NUMBERS, "a number"), **dict.fromkeys(_PATHS, "a path"),
    "int": "a whole number", "str": "a text", "bool": "True or False", "Mapping": "a mapping", "dict": "a mapping",
    "Callable": "a function",
}  # fmt: skip

REMEDIES: Mapping[str, Mapping[str, str]] = {
    "SpectralSeries": {
        "path": "write read_series({})",
        "ObservedSeries": "sntransport.unobserve makes one of it",
        "BuildResult": "write result.series",
        "SeriesFile": "write its .series",
        "Supernova": "write build(sn).series",
        "SpectraAt": "give the series itself, or series.select(phase=(low, high))",
        "TrainingTemplate": "write its .series",
        "list": "give them one by one",
        "tuple": "give them one by one",
        "Spectrum": "a Supernova holds spectra, and build makes a series of it",
    },
    "Supernova": {"path": "write read_supernova({})"},
    "LightCurve": {"Supernova": "write sn.light_curve", "path": "write read_light_curve({})"},
    "Sightline": {"Supernova": "write sn.sightline"},
    "Survey": {"text": "write load_survey({})"},
    "Path": {"text": "write pathlib.Path({})"},
    "Bandpass": {"text": "write load_bands([{}])[0]"},
}
"""What to write instead, by the class that is expected and by what was given, as `wrong_kind` takes them."""


def answers_mistakes(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Decorator of public functions: wrong arguments are a TypeError of one line with a call that works.

    Errors that the package raises itself, and those of calls whose arguments are of the types that the annotations say,
    are left as they are.
    """

    @functools.wraps(function)
    def answering(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        try:
            return function(*args, **kwargs)
        except (TypeError, AttributeError, ValueError, LookupError) as error:
            answer = None if _is_said_here(error) else _answer(function, args, kwargs)
            if answer is None:
                raise
            raise answer from error

    return answering


def _is_said_here(error: BaseException) -> bool:
    """Whether a statement ``raise`` of this package made the error, and not Python or another package."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or not str(trace.tb_frame.f_globals.get("__name__", "")).startswith("sntransport"):
        return False
    return trace.tb_frame.f_code.co_code[trace.tb_lasti] == dis.opmap["RAISE_VARARGS"]


def _answer(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> TypeError | None:
    signature = inspect.signature(function)
    name = function.__name__
    try:
        given = signature.bind(*args, **kwargs).arguments
    except TypeError:
        return TypeError(f"{name} {_not_bound(function, signature, args, kwargs)}")
    for key, value in given.items():
        parameter = signature.parameters[key]
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or value is parameter.default:
            continue
        kind = _annotation(parameter)
        if kind and not _fits(value, kind, function):
            remedy = _remedy(value, kind) or {"": f"write {_call(name, signature)}"}
            return wrong_kind(f"{name}: {key}", _expected(kind), value, remedy)
    return None


def _not_bound(
    function: Callable[..., Any], signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> str:
    """What is wrong with a call whose arguments have no place."""
    known = signature.parameters
    placed = [key for key, one in known.items() if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    named = [key for key, one in known.items() if one.kind == one.KEYWORD_ONLY]
    call = _call(function.__name__, signature)
    for key in kwargs:
        if key not in known:
            near = difflib.get_close_matches(key, list(known), n=1)
            return f"has no argument {key}: " + (f"did you mean {near[0]}?" if near else f"it has {', '.join(known)}")
        if key in placed[: len(args)]:
            return f"got {key} twice, by its place and by its name: write {call}"
    if len(args) > len(placed):
        extra = args[len(placed)]
        free = [key for key in named if key not in kwargs]
        fitting = [key for key in free if _fits(extra, _annotation(known[key]), function)]
        number = f"takes {len(placed) or 'no'} argument{'' if len(placed) == 1 else 's'} without a name"
        if not free:
            return f"{number}, got {told(extra)} as one more: write {call}"
        first = (fitting or free)[0]
        others = f"; names are {enumerated(free, 6)}" if len(free) > 1 else ""
        return f"{number}, got {told(extra)} as one more: write {_call(function.__name__, signature, first)}{others}"
    lost = [key for key in _needed(signature) if key not in kwargs and key not in placed[: len(args)]]
    return f"lacks {', '.join(lost)}: write {call}"


def _needed(signature: inspect.Signature) -> list[str]:
    return [
        key
        for key, one in signature.parameters.items()
        if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]


def _call(name: str, signature: inspect.Signature, more: str = "") -> str:
    """A call with what a function needs, such as ``to_snana(series, folder)``."""
    only = {key for key, one in signature.parameters.items() if one.kind == one.KEYWORD_ONLY}
    written = [f"{key}=..." if key in only else key for key in _needed(signature)]
    return f"{name}({', '.join([*written, *([f'{more}=...'] if more else [])])})"


def _annotation(parameter: inspect.Parameter) -> str:
    """The type that a parameter is annotated with, as text; empty without one."""
    return "" if parameter.annotation is parameter.empty else _type_text(parameter.annotation)


def _type_text(kind: object) -> str:
    if isinstance(kind, str):
        return kind
    if kind is types.NoneType:
        return "None"
    members = typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else ()
    if not members:
        return inspect.formatannotation(kind)
    # ``ArrayLike`` is a union of a dozen, and dissolves in another.
    loose = set(typing.get_args(ArrayLike))
    if not (loose and loose <= set(members)):
        return " | ".join(_type_text(one) for one in members)
    return " | ".join(["ArrayLike", *(_type_text(one) for one in members if one not in loose)])


def _parts(kind: str, at: str) -> list[str]:
    """A type split at a sign that is in no bracket."""
    parts, depth = [""], 0
    for sign in kind:
        depth += (sign == "[") - (sign == "]")
        if sign == at and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def _split(kind: str) -> tuple[str, str]:
    """Name without its module, and what is in its brackets."""
    name, _, inside = kind.partition("[")
    return name.rsplit(".", 1)[-1].strip("'\" "), inside.rstrip().removesuffix("]")


def _fits(value: object, kind: str, function: Callable[..., Any]) -> bool:
    """Whether a value may be of a type; where that cannot be told, it may."""
    return any(_fits_one(value, *_split(part), function) for part in _parts(kind, "|"))


def _fits_one(value: Any, name: str, inside: str, function: Callable[..., Any]) -> bool:
    if name in _MANY:
        return _fits_many(value, name, inside, function)
    if name in _PLAIN:
        return _PLAIN[name](value)
    known = _class_named(name, function)
    if isinstance(known, type):
        # A scalar of numpy is of the plain kind that it stands for, such as numpy.True_.
        return isinstance(value, known) or (isinstance(value, np.generic) and isinstance(value.item(), known))
    if known is not None and known is not Any and not isinstance(known, TypeVar):
        other = _type_text(known)
        return _split(other)[0] == name or _fits(value, other, function)
    return True


def _is_array(value: object) -> bool:
    if value is None or isinstance(value, str | os.PathLike | Mapping) or _is_object(value):
        return False
    return any(hasattr(value, name) for name in ("__float__", "__complex__", "__array__", "__len__", "__iter__"))


_PLAIN: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(_ARRAYS, _is_array),
    **dict.fromkeys(_NUMBERS, lambda value: hasattr(value, "__float__") and np.ndim(value) == 0),
    **dict.fromkeys(_PATHS, lambda value: isinstance(value, os.PathLike)),
    **dict.fromkeys(("Mapping", "dict"), lambda value: isinstance(value, Mapping) or hasattr(value, "keys")),
    "int": lambda value: hasattr(value, "__index__") and np.ndim(value) == 0,
    "None": lambda value: value is None,
    "Literal": lambda value: isinstance(value, str | int | np.integer | np.bool_),
    "Callable": callable,
}


def _fits_many(value: Any, name: str, inside: str, function: Callable[..., Any]) -> bool:
    items = [one for one in _parts(inside, ",") if one]
    fixed = name == "tuple" and items and items[-1] != "..."
    if isinstance(value, str | os.PathLike | Mapping) or _is_object(value) or not isinstance(value, Iterable):
        return False
    if not isinstance(value, list | tuple) or not items:
        return True
    if fixed:
        return len(value) == len(items) and all(map(_fits, value, items, [function] * len(items)))
    return all(_fits(one, items[0], function) for one in value)


def _is_object(value: object) -> bool:
    """Whether a value is one of this package's, some of which can be iterated over."""
    return hasattr(type(value), "__dataclass_fields__")


def _class_named(name: str, function: Callable[..., Any]) -> Any:
    """What a name in an annotation stands for; None where that is only imported for the checking of types."""
    found = getattr(inspect.unwrap(function), "__globals__", {}).get(name, getattr(builtins, name, None))
    if found is not None:
        return found
    # A class of which there is an object is loaded.
    return next(
        (
            vars(module)[name]
            for key, module in list(sys.modules.items())
            if key.startswith("sntransport.") and isinstance(vars(module).get(name), type)
        ),
        None,
    )


def _expected(kind: str) -> str:
    """A type in words: "a SpectralSeries", "a sequence of SpectralSeries", "a path"."""
    parts = [_split(part) for part in _parts(kind, "|")]
    names = [name for name, _ in parts]
    words = []
    for name, inside in parts:
        if name == "None" or (name == "str" and _PATHS & set(names)):
            continue
        if name == "Literal":
            words.append(f"one of {inside}")
        elif name in _MANY:
            items = [one for one in _parts(inside, ",") if one]
            fixed = name == "tuple" and items and items[-1] != "..."
            of = " or ".join(_split(part)[0] for part in _parts(items[0], "|")) if items else ""
            words.append(f"{len(items)} of {of}" if fixed else f"a sequence of {of}" if of else "a sequence")
        else:
            words.append(_WORDS.get(name, f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"))
    return " or ".join(dict.fromkeys(words)) or "None"


def _remedy(value: object, kind: str) -> Mapping[str, str] | None:
    """What to write instead of a value, where that is known."""
    keys = {one.__name__ for one in type(value).__mro__}
    keys |= {"text"} if isinstance(value, str) else set()
    keys |= {"path"} if is_path(value) else set()
    for name, inside in (_split(part) for part in _parts(kind, "|")):
        if name in REMEDIES and keys & set(REMEDIES[name]):
            return REMEDIES[name]
        items = [_split(part)[0] for one in _parts(inside, ",")[:1] for part in _parts(one, "|")]
        if name in _MANY and keys & {*items, *(["text"] if "str" in items else [])}:
            return {"": "write [{}]" if isinstance(value, str) else f"write [{type(value).__name__.lower()}]"}
        for item in items if name in _MANY else ():
            one = {key: text for key, text in REMEDIES.get(item, {}).items() if key in keys and text[:6] == "write "}
            if one:
                return {key: f"write [{text[6:]}]" for key, text in one.items() if " " not in text[6:]}
    return None
