"""Tables of a configuration file: every key known, of the right type, and named in the error where it is not."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sntransport._storage.read_error import ReadError

_NAMES = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
    bool: "true or false",
}


@dataclass(frozen=True, kw_only=True)
class Section:
    """One table of a configuration file.

    Parameters
    ----------
    path : Path
        Of the file, for messages.
    where : str
        Keys that lead to the table, such as ``population[0].redshift``; empty for the whole file.
    values : mapping
    """

    path: Path
    where: str
    values: Mapping[str, Any]

    def name(self, key: str) -> str:
        """The key with those that lead to it."""
        return f"{self.where}.{key}" if self.where else key

    def wrong(self, key: str, wrong: str, remedy: str) -> ReadError:
        """The error that names a key."""
        return ReadError(f"{self.path}: {self.name(key)}", wrong, remedy)

    def only(self, *known: str) -> None:
        """Raise a ReadError for the first key that is not known, with those most like it."""
        for key in self.values:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=2, cutoff=0.5)
                hint = f"did you mean {' or '.join(near)}?" if near else f"expected {', '.join(known)}"
                raise self.wrong(key, "no such key", hint)

    def get(self, key: str, kind: type, default: Any = None, *, required: bool = False) -> Any:
        """The value of a key, of one type; a whole number serves as a number.

        Raises
        ------
        ReadError
            Where it is required and missing, or of another type.
        """
        if key not in self.values:
            if required:
                raise self.wrong(key, "missing", f"give it {_NAMES[kind]}")
            return default
        value = self.values[key]
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return self._float(key, value)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise self.wrong(key, f"is {value!r}", f"expected {_NAMES[kind]}")
        return value

    def numbers(self, key: str, n: int | None = None, default: Any = None) -> Any:
        """A list of numbers, ``n`` of them unless None."""
        values = self.get(key, list, default)
        if values is default:
            return default
        good = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        if not good or (n is not None and len(values) != n):
            raise self.wrong(key, f"is {values!r}", f"expected a list of {n or ''} numbers".replace("  ", " "))
        return [self._float(key, value) for value in values]

    def _float(self, key: str, value: int | float) -> float:
        try:
            return float(value)
        except OverflowError:
            raise self.wrong(key, f"is a number of {len(str(abs(value)))} digits", "write it as 1e30") from None

    def section(self, key: str) -> Section:
        """The table of a key, empty where it is missing."""
        return Section(path=self.path, where=self.name(key), values=self.get(key, dict, {}))

    def sections(self, key: str) -> list[Section]:
        """The list of tables of a key, at least one."""
        values = self.values.get(key, [])
        if not isinstance(values, list) or not values or not all(isinstance(value, dict) for value in values):
            raise self.wrong(key, "missing or not a list of tables", f"add one or more [[{self.name(key)}]]")
        return [Section(path=self.path, where=f"{self.name(key)}[{i}]", values=value) for i, value in enumerate(values)]

    def file(self, key: str) -> Path:
        """A path relative to the configuration file, which must exist."""
        found = self.path.parent / str(self.get(key, str, required=True))
        if not os.path.isfile(found):
            raise self.wrong(key, f"no file {found}", "paths are relative to the configuration file")
        return found


def read_toml(path: Path) -> Section:
    """A configuration file as its outermost table.

    Raises
    ------
    ReadError
        Where it cannot be read or is not TOML; the message has the line.
    """
    try:
        return Section(path=path, where="", values=tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ReadError(path, f"cannot be read ({error.strerror})", "give a TOML file") from None
    except UnicodeDecodeError:
        raise ReadError(path, "is not text", "give a TOML file") from None
    except RecursionError:
        raise ReadError(path, "is nested too deeply", "give a TOML file of a few levels") from None
    except tomllib.TOMLDecodeError as error:
        raise ReadError(path, f"is not TOML: {error}", "see docs/simulation.md for an example") from None
