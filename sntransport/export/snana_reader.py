"""A strict reader of the lists of SNANA's model folders, ours or anybody's: everything that is wrong becomes a finding.

The rules are those of SNANA's own readers (see `sntransport.export.snana_limits` for where they are): names of keys,
index above 0, a file found by its name or with ``.gz`` appended, comments as each of its readers has them.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sntransport.export.snana_limits import LONGEST_COMMENT, LONGEST_TYPE, LONGEST_WORD, MOST_INDEX

LIST_KEYS = ("NON1A:", "NONIA:", "NON1ASED:", "NONIASED:", "PEC1A:", "PECIA:")
"""Keys of a template in NON1A.LIST."""

COMMENT = "#!%@"
"""A word that begins with one of these ends a line of an input file."""

_KEYS = {
    "NON1A.LIST": (*LIST_KEYS, "FLUX_SCALE:", "RESTLAMBDA_RANGE:"),
    "SED.INFO": (
        "SED:", "FLUX_SCALE:", "RESTLAMBDA_RANGE:", "NPAR:", "PARNAMES:", "FLUX_ERRFLAG:", "LOGZBIN:", "MAG_ERR:",
        "OPTFLAG_T0SHIFT_PEAKMAG:", "MINSLOPE_EXTRAPMAG_LATE:", "UVLAM_EXTRAPFLUX:",
    ),
}  # fmt: skip
_UNREAD = ("DOCANA:", "DOCUMENTATION:", "DOCUMENTATION_END:", "OPTMASK:")
_LONGEST = {"NON1A.LIST": 79, "SED.INFO": LONGEST_WORD}
_LONGEST_NAMES, _LONGEST_VALUE = 199, 31


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong: where, what, what to do, and whether the simulator would stop (``abort``)."""

    path: str
    line: int
    text: str
    remedy: str
    abort: bool

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {'error' if self.abort else 'warning'}: {self.text}; {self.remedy}"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A template of a list: its ``index``, ``kind``, file ``name``, parameters ``values``, and ``line`` of the list."""

    index: int
    kind: str
    name: str
    line: int
    values: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TemplateList:
    """What a list holds: templates, scale of flux, rest-frame range [A] to read, and names of the parameters."""

    path: Path
    entries: tuple[Entry, ...]
    scale: float
    wave_range: tuple[float, float] | None
    parameters: tuple[str, ...]

    @property
    def simsed(self) -> bool:
        """Whether it is SED.INFO."""
        return self.path.name == "SED.INFO"


def say_at(findings: list[Finding], place: tuple[Path, int], text: str, remedy: str, *, abort: bool) -> None:
    """Append a finding at a path and line; line 0: all of the file."""
    findings.append(Finding(path=place[0].name, line=place[1], text=text, remedy=remedy, abort=abort))


def read_lines(path: Path, findings: list[Finding]) -> Iterator[tuple[int, list[str], str]]:
    """Words of each line before its comment, with the line's number and all of its text."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        say_at(findings, (path, 0), f"cannot be read: {error}", "make it a readable text file", abort=True)
        return
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        end = next((k for k, word in enumerate(words) if word[0] in COMMENT), len(words))
        yield number, words[:end], line


def read_list(path: Path, findings: list[Finding]) -> TemplateList:
    """Templates, scale of flux, range and parameters of NON1A.LIST or SED.INFO."""
    held = _Held()
    for line, words, text in read_lines(path, findings):
        _check_comment(path, line, text, findings)
        if words:
            _take(held, path, (line, words, text), findings)
    _check_whole(path, held, findings)
    return TemplateList(
        path=path, entries=tuple(held.entries), scale=held.scale, wave_range=held.wave_range,
        parameters=held.names or (),
    )  # fmt: skip


@dataclass(eq=False, kw_only=True)
class _Held:
    """What was read of a list so far."""

    entries: list[Entry] = field(default_factory=list)
    scale: float = 1.0
    npar: int | None = None
    names: tuple[str, ...] | None = None
    wave_range: tuple[float, float] | None = None


def _take(held: _Held, path: Path, of: tuple[int, list[str], str], findings: list[Finding]) -> None:
    """Read one line."""
    line, (key, *rest), text = of
    simsed = path.name == "SED.INFO"

    def say(what: str, remedy: str, *, abort: bool = True) -> None:
        say_at(findings, (path, line), what, remedy, abort=abort)

    if simsed and key == "SED:":
        entry = _sed_entry(rest, line, held.names, len(held.entries) + 1, say)
        held.entries += [] if entry is None else [entry]
    elif not simsed and key in LIST_KEYS:
        entry = _list_entry(rest, line, say)
        held.entries += [] if entry is None else [entry]
    elif key == "FLUX_SCALE:":
        held.scale = _number(rest, say, "FLUX_SCALE")
    elif key == "RESTLAMBDA_RANGE:":
        held.wave_range = _range(rest, say)
    elif key == "NPAR:":
        held.npar = int(_number(rest, say, "NPAR"))
    elif key == "PARNAMES:":
        held.names = tuple(text.split()[1:])
        _check_names(held.names, text, say)
    elif key not in (*_KEYS[path.name], *_UNREAD):
        near = "SED:" if simsed else "NON1A:"
        say(f"{key!r} is no key of this file, the line is not read", f"write {near!r} for a template", abort=False)


def _check_whole(path: Path, held: _Held, findings: list[Finding]) -> None:
    if held.names is not None and held.npar is not None and len(held.names) != held.npar:
        text = f"NPAR is {held.npar} and PARNAMES has {len(held.names)} names"
        say_at(findings, (path, 0), text, "make them agree", abort=True)
    for key, value in (("PARNAMES", held.names), ("RESTLAMBDA_RANGE", held.wave_range)):
        if path.name == "SED.INFO" and value is None:
            say_at(findings, (path, 0), f"no {key}: line", "add it: SNANA requires it", abort=True)
    if not held.entries:
        remedy = "add lines 'NON1A: INDEX TYPE FILE' (or 'SED: FILE ...')"
        say_at(findings, (path, 0), "no template in it", remedy, abort=True)


def find_file(folder: Path, name: str, *, simsed: bool) -> Path | None:
    """Where SNANA finds a file of a list: with .SED (of NON1A.LIST only), as it is, or with .gz; None where not."""
    for ending in ("", ".gz") if simsed else (".SED", "", ".gz"):
        path = folder / f"{name}{ending}"
        # pathlib raises for a name that is too long; this says that there is no such file.
        if os.path.isfile(path):
            return path
    return None


def _check_comment(path: Path, line: int, text: str, findings: list[Finding]) -> None:
    """Comments whose words SNANA reads all the same, and words that it has no room for."""
    keys, longest = _KEYS[path.name], _LONGEST[path.name]
    words = text.split()
    for word in words:
        if len(word.encode()) > longest:
            what = f"a word of {len(word.encode())} letters, SNANA has room for {longest}: {word[:20]!r}"
            say_at(findings, (path, line), what, "shorten it", abort=True)
            return
    start = next((k for k, word in enumerate(words) if word[0] in "#!%"), None)
    if start is None:
        return
    comment = text[text.index(words[start]) + len(words[start]) :]
    # SED.INFO has no comments for SNANA, and those of NON1A.LIST are short.
    read = comment.split() if path.name == "SED.INFO" else comment[LONGEST_COMMENT:].split()
    if key := next((word for word in read if word in keys), None):
        say_at(findings, (path, line), f"{key!r} in a comment, which SNANA reads as a key", "reword it", abort=True)


def _check_names(names: tuple[str, ...], text: str, say: Callable[..., None]) -> None:
    index = [name for name in names if any(word in name for word in ("INDEX", "INDX", "index", "indx"))]
    if len(index) > 1:
        say(f"PARNAMES has several names with INDEX: {' '.join(index)}", "SNANA takes one as the template's: rename")
    if len(text.partition(":")[2].encode()) > _LONGEST_NAMES or any(name[0] in COMMENT for name in names):
        say(f"PARNAMES is {text[:60]!r}", f"write names alone, {_LONGEST_NAMES} letters at most: no comment ends it")
    if "\t" in text:
        say("a tab in PARNAMES", "write blanks")


def _list_entry(rest: list[str], line: int, say: Callable[..., None]) -> Entry | None:
    if len(rest) < 3:
        say(f"expected INDEX TYPE FILE, got {' '.join(rest)!r}", "write all three")
        return None
    try:
        index = int(rest[0])
    except ValueError:
        say(f"index {rest[0]!r} is no whole number", "number the templates from 1")
        return None
    if not 0 < index < MOST_INDEX:
        say(f"index {index} is not between 1 and {MOST_INDEX - 1}", "number the templates from 1")
        return None
    if len(rest[1].encode()) > LONGEST_TYPE:
        say(f"type {rest[1]!r} has more than {LONGEST_TYPE} letters", "shorten it")
    if len(rest) > 3:
        say(f"words after the file name are not read: {' '.join(rest[3:])!r}", "types and names have no blanks",
            abort=False)  # fmt: skip
    return Entry(index=index, kind=rest[1], name=rest[2], line=line)


def _sed_entry(
    rest: list[str], line: int, names: tuple[str, ...] | None, index: int, say: Callable[..., None]
) -> Entry | None:  # fmt: skip
    if not rest:
        say("no file name after SED:", "write it")
        return None
    if names is None:
        say("SED: before PARNAMES:", "write PARNAMES first")
    elif len(rest) - 1 != len(names):
        say(f"{len(rest) - 1} parameters, PARNAMES has {len(names)}", "write as many as PARNAMES has")
    for word in rest[1:]:
        if not _is_number(word) or len(word) > _LONGEST_VALUE:
            say(f"parameter {word[:40]!r} is no number of at most {_LONGEST_VALUE} letters", "correct it")
    return Entry(index=index, kind="", name=rest[0], line=line, values=tuple(rest[1:]))


def _is_number(word: str) -> bool:
    try:
        return bool(np.isfinite(float(word)))
    except ValueError:
        return False


def _number(rest: list[str], say: Callable[..., None], name: str) -> float:
    try:
        value = float(rest[0])
    except (IndexError, ValueError):
        value = np.nan
    if not 0 < value < np.inf:
        say(f"{name} is {' '.join(rest)!r}", "write one number above 0")
        return 1.0
    return value


def _range(rest: list[str], say: Callable[..., None]) -> tuple[float, float] | None:
    try:
        low, high = (float(word) for word in rest[:2])
    except ValueError:
        low, high = 1.0, 0.0
    if not 0 < low < high:
        say(f"RESTLAMBDA_RANGE is {' '.join(rest)!r}", "write two ascending wavelengths [A]")
        return None
    return low, high
