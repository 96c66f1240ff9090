"""Tables of a configuration file, each of which knows where it stands, for messages."""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sntransport._storage.contents import MAX_CONFIG_BYTES, opened_content
from sntransport._storage.read_error import ReadError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


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
        """The key with those that lead to it; these alone for an empty one."""
        return ".".join(part for part in (self.where, key) if part)

    def wrong(self, key: str, wrong: str, remedy: str) -> ReadError:
        """The error that names a key."""
        return ReadError(f"{self.path}: {self.name(key)}", wrong, remedy)

    def section(self, key: str) -> Section:
        """The table of a key, empty where it is missing."""
        return Section(path=self.path, where=self.name(key), values=self.values.get(key, {}))

    def sections(self, key: str) -> list[Section]:
        """The tables of a key that holds a list of them."""
        return [
            Section(path=self.path, where=f"{self.name(key)}[{i}]", values=value)
            for i, value in enumerate(self.values[key])
        ]

    def file(self, key: str) -> Path:
        """A path relative to the configuration file, which must exist."""
        found = self.path.parent / str(self.values[key])
        if not os.path.isfile(found):
            raise self.wrong(key, f"no file {found}", "paths are relative to the configuration file")
        return found


def toml_text(text: str) -> str:
    """A text as TOML writes it, on one line whatever is in it: its escapes are those of JSON."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")


def matching(folder: Path, pattern: str) -> list[Path]:
    """What a pattern of paths relative to a folder finds, sorted: the file of that very name, else by its wildcards.

    Only the pattern has wildcards: brackets in names of the folder are letters.
    """
    from glob import glob

    named = folder / pattern
    if os.path.exists(named):
        return [named]
    return [folder / name for name in sorted(glob(pattern, root_dir=folder))]


def read_toml(path: Path) -> Section:
    """A configuration file as its outermost table.

    Raises
    ------
    ReadError
        Where it cannot be read or is not TOML; the message has the line.
    """
    return parse_toml(path, config_text(path))


def config_text(path: Path) -> str:
    """The text of a configuration file.

    Raises
    ------
    ReadError
        Where it cannot be read or is no text.
    """
    try:
        content = opened_content(path, MAX_CONFIG_BYTES, "give a TOML file")
        return content.decode("utf-8")
    except OSError as error:
        raise ReadError(path, f"cannot be read ({error.strerror})", "give a TOML file") from None
    except UnicodeDecodeError:
        raise ReadError(path, "is not text", "give a TOML file") from None


def parse_toml(path: Path, text: str) -> Section:
    """The outermost table of a text; ``path`` is that of its file.

    Raises
    ------
    ReadError
        Where it is not TOML; the message has the line.
    """
    try:
        return Section(path=path, where="", values=tomllib.loads(text))
    except RecursionError:
        raise ReadError(path, "is nested too deeply", "give a TOML file of a few levels") from None
    except tomllib.TOMLDecodeError as error:
        raise ReadError(path, f"is not TOML: {error}", "--example-config of the command prints one") from None
