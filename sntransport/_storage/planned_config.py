"""A configuration as it was when a run was planned: its text, and the checksums of all files that it names.

Workers begin later than the run, and a run that was killed goes on later still. They take the text from here and not
from the file, and read other files only as long as these are what they were: no run mixes two states of its inputs.
"""

from __future__ import annotations

import glob
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sntransport._storage.atomic_files import sha256
from sntransport._storage.config_sections import Section, config_text, parse_toml
from sntransport._version import __version__

# Of the differences between two plans, so many are told.
_MOST_TOLD = 3


class ChangedInputError(ValueError):
    """What a run was planned from is no longer there; nothing is made of what is there now."""


@dataclass(frozen=True, kw_only=True)
class PlannedConfig:
    """A configuration and what it named when it was read.

    Parameters
    ----------
    path : Path
        Absolute; names of files are relative to its folder.
    text : str
        TOML. What the file holds later does not matter.
    files : tuple of (str, str, str)
        Of each file that a text in it names, or matches as a pattern: the text, the file's name, its checksum.
    folders : tuple of str
        Keys whose texts may also name folders, of which all files count.
    version : str
        Of this package.
    """

    path: Path
    text: str
    files: tuple[tuple[str, str, str], ...]
    folders: tuple[str, ...] = ()
    version: str = __version__

    def section(self) -> Section:
        """The outermost table."""
        return parse_toml(self.path, self.text)

    def checksums(self, values: Any = None) -> dict[str, str]:
        """Planned checksums of the files that some values of the configuration name; of all for None."""
        texts = None if values is None else {text for _, text in _texts("", values)}
        return {name: digest for text, name, digest in self.files if texts is None or text in texts}

    def require_unchanged(self, values: Any = None) -> None:
        """Make sure that files are what they were, to be called when they have been read.

        Parameters
        ----------
        values : optional
            Part of the configuration whose files matter; all of it for None.

        Raises
        ------
        ChangedInputError
            Where a file has changed, has gone, or is new and would be read too; or where this is another version of
            the package than the run was planned with.
        """
        if self.version != __version__:
            raise ChangedInputError(
                f"{self.path}: the run was planned with sntransport {self.version} and this worker has {__version__}; "
                "install the same version everywhere"
            )
        values = self.section().values if values is None else values
        found = {name: digest for _, name, digest in _checksums(values, self.path.parent, self.folders)}
        if told := differences({"files": self.checksums(values)}, {"files": found}):
            raise ChangedInputError(
                f"{self.path}: its inputs have changed since the run was planned: {told}; nothing was made of them: "
                "put them back and start the run again, or begin in another folder"
            )


@contextmanager
def unchanged(planned: PlannedConfig, values: Any = None) -> Iterator[None]:
    """Read what a configuration names within the block: afterwards it must be what was planned.

    Raises
    ------
    ChangedInputError
        As `PlannedConfig.require_unchanged`; also in place of an error of the block, which a file that has gone or was
        cut short may have caused.
    """
    try:
        yield
    except (ValueError, OSError):
        planned.require_unchanged(values)
        raise
    planned.require_unchanged(values)


def plan_config(path: Path, folders: tuple[str, ...] = ()) -> PlannedConfig:
    """Read a configuration and look at the files that it names.

    Parameters
    ----------
    path : Path
    folders : tuple of str, optional
        See `PlannedConfig`.

    Raises
    ------
    ReadError
        Where it cannot be read or is not TOML.
    """
    text = config_text(path)
    # Not resolved: names are relative to where the link is, not to where it leads.
    path = path.absolute()
    found = _checksums(parse_toml(path, text).values, path.parent, folders)
    return PlannedConfig(path=path, text=text, files=found, folders=folders)


def json_values(value: Any) -> Any:
    """Values of a configuration as JSON values that are equal to themselves: dates, NaN and infinities become texts."""
    if isinstance(value, Mapping):
        return {str(key): json_values(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [json_values(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What differs between two nested mappings, in words, what is outermost first; empty where nothing does.

    What is under the key ``derived`` follows from the rest, and is told where nothing else differs.
    """
    apart = sorted(_apart((), before, now), key=lambda one: len(one[0]))
    given = [one for one in apart if one[0][0] != "derived"]
    told = [_told(*one) for one in given or apart]
    more = f" and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
    return ", ".join(told[:_MOST_TOLD]) + more


_ABSENT = object()


def _apart(place: tuple[str, ...], before: Any, now: Any) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Places where two values differ, with both."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in sorted(set(before) | set(now)):
            yield from _apart((*place, key), before.get(key, _ABSENT), now.get(key, _ABSENT))
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for i, (old, new) in enumerate(zip(before, now, strict=True)):
            yield from _apart((*place[:-1], f"{place[-1] if place else ''}[{i}]"), old, new)
    elif before != now:
        yield place, before, now


def _told(place: tuple[str, ...], before: Any, now: Any) -> str:
    if place[:1] == ("files",) and len(place) == 2:
        what = "is new" if before is _ABSENT else "has gone" if now is _ABSENT else "has changed"
        return f"the file {place[1]} {what}"
    name = ".".join(place[1:] if place[:1] == ("configuration",) else place)
    if before is _ABSENT:
        return f"{name} is now {now!r} and was not given"
    return f"{name} was {before!r} and is {'no longer given' if now is _ABSENT else f'now {now!r}'}"


def _checksums(values: Any, folder: Path, folders: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    """As `PlannedConfig.files`, of the files that are there now."""
    known: dict[Path, str] = {}
    found = set()
    for key, text in _texts("", values):
        for path in _files(text, folder, inside=key in folders):
            if path not in known:
                known[path] = _checksum(path)
            name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
            found.add((text, name, known[path]))
    return tuple(sorted(found))


def _checksum(path: Path) -> str:
    try:
        return sha256(path)
    except OSError as error:
        # Whoever reads it says so; what matters here is whether that changes.
        return f"cannot be read ({error.strerror})"


def _texts(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """All texts in a value, each with the key that it is under."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _texts(str(name), one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(key, one)


def _files(text: str, folder: Path, *, inside: bool) -> Iterator[Path]:
    """Files of a name or pattern, and with ``inside`` those in folders of that name."""
    try:
        places = [folder / text]
        if glob.has_magic(text) and not os.path.exists(places[0]):
            # Readers differ in whether * finds hidden files and ** goes deeper: all that any of them would find.
            pattern = os.path.join(glob.escape(str(folder)), text)
            places = [Path(name) for name in glob.glob(pattern, recursive=True, include_hidden=True)]
        for place in places:
            if os.path.isfile(place):
                yield place
            elif inside and os.path.isdir(place):
                yield from (path for path in place.rglob("*") if path.is_file())
    except (OSError, ValueError, RecursionError):
        # Too long for a name, or no name at all; whoever reads it says so.
        return
