"""A strict reader of one file of a template: lines of phase, wavelength and flux, as SNANA reads them (rd_sedFlux)."""

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._storage.contents import MAX_TEXT_BYTES, require_parsable
from sntransport._storage.read_error import ReadError
from sntransport.export.snana_limits import LONGEST_LINE, MOST_WORDS
from sntransport.export.snana_reader import COMMENT, Finding, say_at

# What is compressed does not say how large it is; SNANA's own templates have some MiB.
_LARGEST = MAX_TEXT_BYTES
_DATA = rf"^(?![{COMMENT}])"
_LINES = tuple(
    (re.compile(pattern, re.MULTILINE), what, remedy)
    for pattern, what, remedy in (
        (rf"^.{{{LONGEST_LINE + 1},}}$", f"a line of {{}} letters, SNANA stops above {LONGEST_LINE}",
         "shorten it, comments too"),
        (rf"{_DATA}[^\n]*\t", "a tab, which SNANA takes as part of a number", "write blanks"),
        (rf"^[ \t]+[{COMMENT}]", "a comment that does not begin in the first column, which SNANA reads as numbers",
         "move it there"),
        (rf"{_DATA}[ \t]*(?:[^\s]+[ \t]+){{{MOST_WORDS}}}[^\s]",
         f"more than {MOST_WORDS} words", "write three numbers"),
    )
)  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class Spectra:
    """What a file of spectra holds: phases (n_phase,), wavelengths (n_wave,), flux (n_phase, n_wave)."""

    phase: Array
    wave: Array
    flux: Array


def read_spectra(path: Path, findings: list[Finding]) -> Spectra | None:
    """Spectra of a file; None, with findings, where they cannot be read."""
    text = _text(path, findings)
    if text is None:
        return None
    _check_lines(path, text, findings)
    lines = [line for line in text.split("\n") if not line.startswith(tuple(COMMENT))]
    table = None
    if any(line.split("#")[0].strip() for line in lines):
        with suppress(ValueError):
            table = np.loadtxt(lines, ndmin=2)
    if table is None or table.shape[1] not in (3, 4):
        line, words = _bad_line(text)
        what = f"expected three numbers (phase, wavelength, flux), got {words!r}"
        say_at(findings, (path, line), what, "write one line for each phase and wavelength", abort=True)
        return None
    return _arranged(path, table, text, findings)


def _check_lines(path: Path, text: str, findings: list[Finding]) -> None:
    """Lines that SNANA stops at whatever is in them: the first of each kind."""
    for pattern, what, remedy in _LINES:
        if found := pattern.search(text):
            line = text.count("\n", 0, found.start()) + 1
            say_at(findings, (path, line), what.format(len(found.group())), remedy, abort=True)


def _arranged(path: Path, table: Array, text: str, findings: list[Finding]) -> Spectra | None:
    """Rows as a grid; the same wavelengths at every phase."""

    def say(row: int, what: str, remedy: str) -> None:
        say_at(findings, (path, _line_of(text, row)), what, remedy, abort=True)

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
    data = [number for number, words in _data(text) if words]
    return data[row]


def _data(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        yield number, [] if line.startswith(tuple(COMMENT)) else line.split("#")[0].split()


def _text(path: Path, findings: list[Finding]) -> str | None:
    def say(what: str, remedy: str) -> None:
        say_at(findings, (path, 0), what, remedy, abort=True)

    try:
        with path.open("rb") as file:
            zipped = file.read(2) == b"\x1f\x8b"
    except OSError as error:
        say(f"cannot be read: {error.strerror}", "make it readable")
        return None
    if zipped != (path.suffix == ".gz"):
        say("named .gz and not gzip" if not zipped else "gzip and not named .gz",
            "compress it with gzip, or name it for what it is")  # fmt: skip
        return None
    try:
        if not zipped:
            return path.read_text(encoding="latin-1")
        with gzip.open(path, "rb") as stream:
            data = stream.read(_LARGEST)
            if stream.read(1):
                raise OSError(f"more than {_LARGEST // 2**20} MiB")
        require_parsable(path, data, "give fewer phases or wavelengths")
        # One letter a byte, as SNANA counts them.
        return data.decode("latin-1")
    except ReadError as error:
        say(str(error).removeprefix(f"{path}: ").partition(";")[0], "give fewer phases or wavelengths")
        return None
    except (OSError, EOFError, zlib.error) as error:
        say(f"cannot be decompressed: {error}", "write it again")
        return None


def _bad_line(text: str) -> tuple[int, str]:
    for number, words in _data(text):
        if words and not _numeric(words):
            return number, " ".join(words)[:60]
    return 0, "no data"


def _numeric(words: list[str]) -> bool:
    try:
        return len([float(word) for word in words]) in (3, 4)
    except ValueError:
        return False
