"""A strict reader of SNANA's model folders, ours or anybody's: everything that is wrong becomes a finding.

The rules are those of SNANA's own readers (see `sntransport.export.snana`): names of keys, index above 0 and below
1000, a file found by its name, with ``.SED`` or with ``.gz`` appended, the same wavelengths at every phase.
"""

import gzip
import os
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sntransport._numerics.arrays import Array

LIST_KEYS = ("NON1A:", "NONIA:", "NON1ASED:", "NONIASED:", "PEC1A:", "PECIA:")
"""Keys of a template in NON1A.LIST."""

MOST_INDEX = 1000
_OTHER_KEYS = {"NON1A.LIST": ("FLUX_SCALE:", "RESTLAMBDA_RANGE:"),
               "SED.INFO": ("FLUX_SCALE:", "RESTLAMBDA_RANGE:", "NPAR:", "PARNAMES:", "FLUX_ERRFLAG:", "LOGZBIN:",
                            "MAG_ERR:", "DOCANA:", "DOCUMENTATION:", "DOCUMENTATION_END:", "OPTMASK:")}  # fmt: skip
_LARGEST = 2**29


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
    """A template of a list: its ``index``, ``kind``, file ``name`` and the ``line`` of the list."""

    index: int
    kind: str
    name: str
    line: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Spectra:
    """What a file of spectra holds: phases (n_phase,), wavelengths (n_wave,), flux (n_phase, n_wave)."""

    phase: Array
    wave: Array
    flux: Array


def read_lines(path: Path, findings: list[Finding]) -> Iterator[tuple[int, list[str]]]:
    """Words of each line that is no comment, with its number."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        findings.append(
            Finding(
                path=path.name,
                line=0,
                text=f"cannot be read: {error}",
                remedy="make it a readable text file",
                abort=True,
            )
        )
        return
    for number, line in enumerate(text.splitlines(), start=1):
        words = re.split(r"[#!%]", line, maxsplit=1)[0].split()
        if words:
            yield number, words


def read_list(path: Path, findings: list[Finding]) -> tuple[list[Entry], float]:
    """Templates and scale of flux of NON1A.LIST or SED.INFO."""
    entries: list[Entry] = []
    scale, npar, names = 1.0, None, None
    simsed = path.name == "SED.INFO"
    for line, words in read_lines(path, findings):
        key, rest = words[0], words[1:]

        def say(text: str, remedy: str, *, abort: bool = True, line: int = line) -> None:
            findings.append(Finding(path=path.name, line=line, text=text, remedy=remedy, abort=abort))

        if key in (("SED:",) if simsed else LIST_KEYS):
            entry = _sed_entry(rest, line, npar, len(entries) + 1, say) if simsed else _list_entry(rest, line, say)
            entries += [] if entry is None else [entry]
        elif key == "FLUX_SCALE:":
            scale = _number(rest, say, "FLUX_SCALE")
        elif key == "RESTLAMBDA_RANGE:":
            _range(rest, say)
        elif key == "NPAR:":
            npar = int(_number(rest, say, "NPAR"))
        elif key == "PARNAMES:":
            names = rest
        elif key not in _OTHER_KEYS[path.name]:
            near = "SED:" if simsed else "NON1A:"
            say(f"{key!r} is no key of this file, the line is not read", f"write {near!r} for a template",
                abort=False)  # fmt: skip
    if names is not None and npar is not None and len(names) != npar:
        findings.append(
            Finding(
                path=path.name,
                line=0,
                text=f"NPAR is {npar} and PARNAMES has {len(names)} names",
                remedy="make them agree",
                abort=True,
            )
        )
    if not entries:
        remedy = "add lines 'NON1A: INDEX TYPE FILE' (or 'SED: FILE ...')"
        findings.append(Finding(path=path.name, line=0, text="no template in it", remedy=remedy, abort=True))
    return entries, scale


def find_file(folder: Path, name: str) -> Path | None:
    """Where SNANA finds a file of a list: with .SED, as it is, or with .gz; None where it does not."""
    for ending in (".SED", ".SED.gz", "", ".gz"):
        path = folder / f"{name}{ending}"
        # pathlib raises for a name that is too long; this says that there is no such file.
        if os.path.isfile(path):
            return path
    return None


def read_spectra(path: Path, findings: list[Finding]) -> Spectra | None:
    """Spectra of a file; None, with findings, where they cannot be read."""
    text = _text(path, findings)
    if text is None:
        return None
    lines = text.splitlines()
    table = None
    if any(line.split("#")[0].strip() for line in lines):
        with suppress(ValueError):
            table = np.loadtxt(lines, ndmin=2)
    if table is None or table.shape[1] not in (3, 4):
        line, words = _bad_line(text)
        findings.append(
            Finding(
                path=path.name,
                line=line,
                text=f"expected three numbers (phase, wavelength, flux), got {words!r}",
                remedy="write one line for each phase and wavelength",
                abort=True,
            )
        )
        return None
    return _arranged(path, table, text, findings)


def _arranged(path: Path, table: Array, text: str, findings: list[Finding]) -> Spectra | None:
    """Rows as a grid; the same wavelengths at every phase."""

    def say(row: int, what: str, remedy: str) -> None:
        findings.append(Finding(path=path.name, line=_line_of(text, row), text=what, remedy=remedy, abort=True))

    if not np.all(np.isfinite(table)):
        say(int(np.argwhere(~np.isfinite(table))[0, 0]), "NaN or infinite number", "fill it or cut the range")
        return None
    starts = np.flatnonzero(np.concatenate([[True], np.diff(table[:, 0]) != 0]))
    phase, sizes = table[starts, 0], np.diff(np.append(starts, len(table)))
    if np.any(np.diff(phase) <= 0):
        k = int(np.flatnonzero(np.diff(phase) <= 0)[0]) + 1
        say(int(starts[k]), f"phase {phase[k]:g} comes after {phase[k - 1]:g}",
            "sort by phase, all wavelengths of a phase together")  # fmt: skip
        return None
    wave = table[: sizes[0], 1]
    for k, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        if size != wave.size or np.any(np.abs(table[start : start + size, 1] - wave) > 1e-3):
            say(int(start), f"wavelengths of phase {phase[k]:g} differ from those of the first phase ({size} against "
                f"{wave.size} of them)", "use one grid for all phases")  # fmt: skip
            return None
    return Spectra(phase=phase, wave=wave, flux=table[:, 2].reshape(phase.size, wave.size))


def _line_of(text: str, row: int) -> int:
    """Line of the file that holds a row of data."""
    data = [number for number, line in enumerate(text.splitlines(), start=1) if line.split("#")[0].strip()]
    return data[row]


def _text(path: Path, findings: list[Finding]) -> str | None:
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == b"\x1f\x8b"
    except OSError as error:
        findings.append(
            Finding(
                path=path.name, line=0, text=f"cannot be read: {error.strerror}", remedy="make it readable", abort=True
            )
        )
        return None
    if zipped != (path.suffix == ".gz"):
        findings.append(
            Finding(
                path=path.name,
                line=0,
                text="named .gz and not gzip" if not zipped else "gzip and not named .gz",
                remedy="compress it with gzip, or name it for what it is",
                abort=True,
            )
        )
        return None
    try:
        if not zipped:
            return path.read_text(encoding="ascii", errors="replace")
        with gzip.open(path, "rb") as stream:
            data = stream.read(_LARGEST)
            if stream.read(1):
                raise OSError(f"more than {_LARGEST // 2**20} MiB")
        return data.decode("ascii", errors="replace")
    except (OSError, EOFError, zlib.error) as error:
        findings.append(
            Finding(
                path=path.name, line=0, text=f"cannot be decompressed: {error}", remedy="write it again", abort=True
            )
        )
        return None


def _bad_line(text: str) -> tuple[int, str]:
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split("#")[0].split()
        if words and not _numeric(words):
            return number, line.strip()[:60]
    return 0, "no data"


def _numeric(words: list[str]) -> bool:
    try:
        return len([float(word) for word in words]) in (3, 4)
    except ValueError:
        return False


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
    if len(rest) > 3:
        say(f"words after the file name are not read: {' '.join(rest[3:])!r}", "types and names have no blanks",
            abort=False)  # fmt: skip
    return Entry(index=index, kind=rest[1], name=rest[2], line=line)


def _sed_entry(rest: list[str], line: int, npar: int | None, index: int, say: Callable[..., None]) -> Entry | None:
    if not rest:
        say("no file name after SED:", "write it")
        return None
    if npar is not None and len(rest) - 1 != npar:
        say(f"{len(rest) - 1} parameters, NPAR is {npar}", "write as many as PARNAMES has")
    return Entry(index=index, kind="", name=rest[0], line=line)


def _number(rest: list[str], say: Callable[..., None], name: str) -> float:
    try:
        value = float(rest[0])
    except (IndexError, ValueError):
        value = np.nan
    if not 0 < value < np.inf:
        say(f"{name} is {' '.join(rest)!r}", "write one number above 0")
        return 1.0
    return value


def _range(rest: list[str], say: Callable[..., None]) -> None:
    try:
        low, high = (float(word) for word in rest[:2])
    except ValueError:
        low, high = 1.0, 0.0
    if not 0 < low < high:
        say(f"RESTLAMBDA_RANGE is {' '.join(rest)!r}", "write two ascending wavelengths [A]")
