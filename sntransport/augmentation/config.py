"""The configuration of an augmentation: a TOML file, every key known and of its type, or left at its default."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from sntransport._storage.config_sections import read_toml
from sntransport._storage.read_error import ReadError

# Section, key: type, default. None: the default is no value at all; an ellipsis: it must be given.
_KEYS: dict[str, dict[str, tuple[Any, Any]]] = {
    "": {"seed": (int, 1), "series": (list[str], ...)},
    "split": {"*": (float, {"train": 0.7, "test": 0.3})},
    "templates": {
        "mixtures": (int, 0), "draws": (int, 0), "parents": (int, 2), "concentration": (float, 1.0),
        "barycenter": (str, "features"), "augmented": (list[str], ["train"]),
    },
    "survey": {"*": (object, ...)},
    "population": {"*": (object, ...)},
    "simulation": {"n": (int, ...), "keep": (str, "triggered"), "uncovered": (str, "drop")},
    "target": {"*": (dict[str, int], ...)},
    "balance": {"z_edges": (list[float], []), "z_shares": (list[float], [])},
    "selection": {
        "band": (str, None), "half": (float, None), "width": (float, 0.5), "biased": (list[str], ["train"]),
        "undo": (bool, False),
    },
    "slurm": {"*": (object, {})},
}  # fmt: skip

# Far beyond any number that is meant; NaN, infinity and whole numbers that no float can hold are not below it.
_LARGEST = 1e300

_TOLD: dict[Any, str] = {
    int: "a whole number, 0 or more", float: "a finite number", str: "text", bool: "true or false",
    list[str]: "a list of texts", list[float]: "a list of finite numbers",
    dict[str, int]: "a section of whole numbers, 0 or more",
}  # fmt: skip


def read_config(path: Path) -> dict[str, dict[str, Any]]:
    """Read and check a configuration.

    Parameters
    ----------
    path : Path
        See docs/augmentation.md for its sections and keys. Those of [survey] and [population] are checked later, by
        `sntransport.simulation.config`.

    Returns
    -------
    dict of str to dict
        Every section with all of its keys; those outside of sections are in the one named "".

    Raises
    ------
    ReadError
        Where the file is missing or no TOML, a section or key is not known (with the nearest that is), a value is of
        another type, or one that is needed is left out.
    """
    raw = read_toml(path).values
    top = {key: value for key, value in raw.items() if key not in _KEYS}
    if unknown := [key for key, value in top.items() if isinstance(value, dict)]:
        raise ReadError(path, f"no section [{unknown[0]}]", _nearest(unknown[0], [name for name in _KEYS if name]))
    given = {"": top} | {name: raw.get(name, {}) for name in _KEYS if name}
    for name, section in given.items():
        if not isinstance(section, dict):
            raise ReadError(path, f"{name} is {section!r}", f"make it a section, [{name}]")
    return {name: _section(path, name, section) for name, section in given.items()}


def _section(path: Path, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    known = {key: value for key, value in _KEYS[name].items() if key != "*"}
    free = _KEYS[name].get("*")
    prefix = f"[{name}] " if name else ""
    for key, value in given.items():
        if key not in known and free is None:
            raise ReadError(path, f"{prefix}{key} is not known", _nearest(key, list(known)))
        kind = (known.get(key) or free or (object, None))[0]
        if not _fits(value, kind):
            raise ReadError(path, f"{prefix}{key} is {value!r}", f"expected {_TOLD[kind]}")
    if missing := [key for key, (_, default) in known.items() if default is ... and key not in given]:
        raise ReadError(path, f"{prefix}{missing[0]} is missing", "see docs/augmentation.md")
    named = {key: given.get(key, default) for key, (_, default) in known.items()}
    others = {key: value for key, value in given.items() if key not in known}
    if free is not None and not others:
        if free[1] is ...:
            raise ReadError(path, f"the section [{name}] is missing or empty", "see docs/augmentation.md")
        others = dict(free[1])
    return named | others


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"


def _fits(value: Any, kind: Any) -> bool:
    # A truth value is an integer to Python, not to whoever writes a configuration.
    if isinstance(value, bool):
        return kind in (bool, object)
    if kind is float:
        return isinstance(value, (int, float)) and -_LARGEST < value < _LARGEST
    if kind is int:
        return isinstance(value, int) and 0 <= value < 2**63
    if get_origin(kind) is None:
        return isinstance(value, kind)
    inside = value.values() if isinstance(value, dict) else value
    return isinstance(value, get_origin(kind)) and all(_fits(one, get_args(kind)[-1]) for one in inside)
