"""Wrong arguments told in one line: what was given, what was expected, the call that works; warnings at the call."""

import difflib
import inspect
import os
import sys
import warnings
from collections.abc import Mapping

import numpy as np

from sntransport._objects.card import clipped

# Longer texts and names are shown by their beginning.
_SHOWN = 60


def told(value: object) -> str:
    """A value in a few words: "the path 'a.json'", "a list of 3 SpectralSeries", "an ObservedSeries"."""
    if value is None or isinstance(value, bool | np.bool_):
        return str(value)
    if isinstance(value, int | float | np.number):
        return f"the number {value:g}"
    if isinstance(value, str | os.PathLike):
        return f"the {'path' if is_path(value) else 'text'} {clipped(repr(_text(value)), _SHOWN)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, list | tuple):
        kinds = {type(one).__name__ for one in value}
        return f"a {type(value).__name__} of {len(value)}" + (f" {kinds.pop()}" if len(kinds) == 1 else "")
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if inspect.isroutine(value):
        return f"the function {value.__name__}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"


def is_path(value: object) -> bool:
    """Whether something is a path, or a text that looks like one: it has a folder or an ending."""
    if isinstance(value, os.PathLike):
        return True
    return isinstance(value, str) and (os.sep in value or os.path.splitext(value)[1] != "")


def wrong_kind(call: str, expected: str, value: object, remedies: Mapping[str, str] | None = None) -> TypeError:
    """The error for an argument of another type.

    Parameters
    ----------
    call : str
        What it was given to, such as "build".
    expected : str
        What that takes, such as "a Supernova".
    value : object
        What it got.
    remedies : mapping of str to str
        What to write instead, by the name of the class of ``value`` or of one of its bases, by "path" or "text", or by
        "" for anything else; ``{}`` in it is ``value`` itself, where that is a path or a text.

    Returns
    -------
    TypeError
    """
    keys = ["path", "text"] if is_path(value) else ["text"] if isinstance(value, str) else []
    keys += [kind.__name__ for kind in type(value).__mro__ if kind is not object] + [""]
    remedy = next((remedies[key] for key in keys if key in remedies), "") if remedies else ""
    shown = clipped(repr(_text(value)), _SHOWN) if isinstance(value, str | os.PathLike) else ""
    return TypeError(f"{call} takes {expected}, got {told(value)}{': ' if remedy else ''}{remedy.replace('{}', shown)}")


def warn_caller(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line outside of this package that called into it, however many frames lie between."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] == "sntransport":
        level, frame = level + 1, frame.f_back
    warnings.warn(text, category, stacklevel=level)


def require_path(value: object, call: str, remedies: Mapping[str, str] | None = None) -> None:
    """Raise a TypeError unless ``value`` is a path: a text or what the operating system takes for one."""
    if not isinstance(value, str | os.PathLike):
        raise wrong_kind(call, "a path", value, remedies)


def require_function(value: object, name: str, form: str, known: Mapping[str, str], n_argument: int = 0) -> None:
    """Raise a TypeError unless ``value`` can be called as ``form`` says.

    Parameters
    ----------
    value : object
    name : str
        Of the argument.
    form : str
        How it is called, such as "f(wave, flux_a, flux_b, t)".
    known : mapping of str to str
        Where the functions that ship with the package are, by name: a name in place of a function is answered with it.
    n_argument : int
        How many arguments ``form`` has; 0: that is not looked at.

    Raises
    ------
    TypeError
        For a text, for anything else that is no function, such as the result of a call, and for another number of
        arguments.
    """
    if isinstance(value, str):
        near = difflib.get_close_matches(value.lower().replace("-", "_"), list(known), n=1, cutoff=0.4)
        first = near[0] if near else next(iter(known))
        raise TypeError(f"{name} is {told(value)}, expected a function {form}: write {name}={known[first]}")
    if isinstance(value, type) or not callable(value):
        raise TypeError(
            f"{name} is {told(value)}, expected a function {form}: pass the function itself, such as "
            f"{name}={next(iter(known.values()))}"
        )
    if not n_argument:
        return
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):  # of compiled functions, some tell nothing
        return
    try:
        signature.bind(*range(n_argument))
    except TypeError as error:
        raise TypeError(f"{name} is called as {form}, but {told(value)} is not: {error}") from None


def _text(value: object) -> str:
    return os.fspath(value) if isinstance(value, os.PathLike) and isinstance(os.fspath(value), str) else str(value)
