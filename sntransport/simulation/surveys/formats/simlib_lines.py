"""The lines of SNANA's observation libraries: header, blocks and visits as they are written."""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._storage.contents import MOST_MEMORY
from sntransport._storage.read_error import ReadError

_PLACES = {"MJD": 0, "GAIN": 3, "NOISE": 4, "SKYSIG": 5, "PSF1": 6, "PSF2": 7, "PSFRATIO": 8, "ZPTAVG": 9, "ZPTERR": 10}
_LONGEST_LINE = 2**20
# Of memory, by sys.getsizeof of what is kept of a line: a text and four numbers, or a mapping of texts in two lists.
_VISIT_BYTES, _BLOCK_BYTES = 250, 800
# With a noise area in place of the PSF there are no PSF2 and PSFRATIO.
_PLACES_NEA = {"MJD": 0, "GAIN": 3, "NOISE": 4, "SKYSIG": 5, "PSF1": 6, "ZPTAVG": 7, "ZPTERR": 8}


@dataclass(kw_only=True)
class Library:
    """A file as it is written: keys of the header, keys and line number of each block, text of each visit.

    A block may change keys between its visits, such as FIELD and PIXSIZE of a second camera: ``states`` has what they
    are after each change, ``state_lines`` the line of each, and ``visit_states`` which of these a visit is under.
    ``blocks`` has them as they are at the beginning of the block.
    """

    header: dict[str, str] = field(default_factory=dict)
    blocks: list[dict[str, str]] = field(default_factory=list)
    block_lines: list[int] = field(default_factory=list)
    visits: list[str] = field(default_factory=list)
    visit_lines: list[int] = field(default_factory=list)
    visit_blocks: list[int] = field(default_factory=list)
    states: list[dict[str, str]] = field(default_factory=list)
    state_lines: list[int] = field(default_factory=list)
    visit_states: list[int] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)


def is_simlib(path: Path) -> bool:
    """Whether a file has a line that begins a library or one of its blocks, within its first megabyte."""
    try:
        with _opened(path) as file:
            return any(line.startswith(("BEGIN LIBGEN", "LIBID:")) for line in file.read(2**20).splitlines())
    except (OSError, UnicodeDecodeError, EOFError, zlib.error):
        return False


def parse_simlib(path: Path) -> Library:
    """Read the lines, also of a file compressed with gzip.

    Raises
    ------
    ReadError
        Where it is no text, or a visit comes before the first block.
    """
    library = Library()
    try:
        with _opened(path) as file:
            for number, line in plain_lines(_limited(path, file)):
                _read_line(path, library, number, line)
    except (UnicodeDecodeError, EOFError, OSError, zlib.error) as error:
        raise ReadError(path, f"cannot be read as text ({error})", "give a SIMLIB file") from None
    return library


def visit_columns(path: Path, library: Library, *, nea: bool) -> tuple[dict[str, Array], NDArray[np.str_], Array]:
    """Columns of the visits.

    Parameters
    ----------
    path : Path
    library : Library
    nea : bool
        Whether PSF1 is a noise area, so that PSF2 and PSFRATIO may be left out.

    Returns
    -------
    columns : dict
        MJD, GAIN, NOISE, SKYSIG, PSF1, PSF2, PSFRATIO, ZPTAVG, ZPTERR as they are written, (n_visit,).
    letters : ndarray of str, (n_visit,)
        Filters.
    n_exposure : ndarray, (n_visit,)
        The N of ``IDEXPT*N``, else 1.

    Raises
    ------
    ReadError
        With the line and the field.
    """
    places = _PLACES_NEA if nea and len(library.visits[0].split()) <= 10 else _PLACES
    if any(not text or text.isspace() for text in library.visits):  # numpy would pass over these lines
        raise _bad_visit(path, library, places)
    try:
        numbers = np.loadtxt(library.visits, usecols=tuple(places.values()), ndmin=2, comments=None)
        labels = np.loadtxt(library.visits, usecols=(1, 2), dtype=np.str_, ndmin=2, comments=None)
    except ValueError:
        raise _bad_visit(path, library, places) from None
    zeros = np.zeros(len(library.visits))
    columns = dict.fromkeys(_PLACES, zeros) | dict(zip(places, numbers.T, strict=True))
    return columns, labels[:, 1], _n_exposure(path, library, labels[:, 0])


def header_value(path: Path, library: Library, key: str, known: tuple[str, ...]) -> str:
    """A key of the header that must be one of ``known``, the first of which is the default."""
    value = library.header.get(key, known[0])
    if value not in known:
        raise ReadError(path, f"{key} is {value!r}", f"use one of {', '.join(known)}")
    return value


def is_number(text: str) -> bool:
    """Whether ``float`` takes it."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def plain_lines(file: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, without comments and the block of documentation."""
    inside = False
    for number, line in enumerate(file, start=1):
        text = line.partition("#")[0].strip()
        if text.startswith("DOCUMENTATION:"):
            inside = True
        elif text.startswith("DOCUMENTATION_END:"):
            inside = False
        elif text and not inside:
            yield number, text


def _is_compressed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _opened(path: Path) -> IO[str]:
    if _is_compressed(path):
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open("rt", encoding="utf-8")


def _limited(path: Path, file: IO[str]) -> Iterator[str]:
    """The lines; a ReadError for one without an end, or where a compressed file would take much memory."""
    taken, most = 0, MOST_MEMORY // 2 if _is_compressed(path) else None
    while line := file.readline(_LONGEST_LINE + 1):
        if len(line) > _LONGEST_LINE:
            raise ReadError(path, f"a line of more than {_LONGEST_LINE} letters", "give a SIMLIB file")
        yield line
        taken += 2 * len(line) + (_VISIT_BYTES if line.startswith("S:") else _BLOCK_BYTES)
        if most is not None and taken > most:
            raise ReadError(path, f"would take more than {most / 2**20:g} MiB of memory", "decompress it, or cut it")


def _read_line(path: Path, library: Library, number: int, line: str) -> None:
    if line.startswith("S:"):
        if not library.blocks:
            raise ReadError(path, f"line {number}: a visit before the first LIBID", "begin each block with LIBID:")
        library.visits.append(line[2:])
        library.visit_lines.append(number)
        library.visit_blocks.append(len(library.blocks) - 1)
        library.visit_states.append(len(library.states) - 1)
        return
    keys = _keys(line)
    first = next(iter(keys), "")
    if first in ("T", "SPECTROGRAPH", "TAKE_SPECTRUM"):
        library.ignored[first] = library.ignored.get(first, 0) + 1
    elif first == "LIBID":
        library.blocks.append(keys)
        library.block_lines.append(number)
        library.states.append(keys)
        library.state_lines.append(number)
    elif library.blocks and not first.startswith("END_"):
        _change(library, number, keys)
    elif not library.blocks:
        library.header.update(keys)


def _change(library: Library, number: int, keys: dict[str, str]) -> None:
    """Keys of the last block; those after a visit hold for the visits that follow."""
    if library.visit_states and library.visit_states[-1] == len(library.states) - 1:
        library.states.append(library.states[-1] | keys)
        library.state_lines.append(number)
    else:
        library.states[-1].update(keys)


def _keys(line: str) -> dict[str, str]:
    """``RA: 1.5 DEC: -3`` as a mapping; a value reaches to the next key."""
    keys: dict[str, str] = {}
    key = ""
    for word in line.split():
        if word.endswith(":") and len(word) > 1:
            key = word[:-1]
            keys[key] = ""
        elif key:
            keys[key] = f"{keys[key]} {word}".strip()
    return keys


def _bad_visit(path: Path, library: Library, places: dict[str, int]) -> ReadError:
    """The error that names the first line and field that is no number."""
    for number, text in zip(library.visit_lines, library.visits, strict=True):
        cells = text.split()
        if len(cells) <= max(places.values()):
            wrong = f"line {number}: {len(cells)} fields after S:, expected {max(places.values()) + 1} or more"
            return ReadError(path, wrong, "correct the line")
        for name, place in places.items():
            if not is_number(cells[place]):
                return ReadError(path, f"line {number}: {name} is {cells[place]!r}, not a number", "correct the line")
    return ReadError(path, "the lines that begin with S: are no table", "give them all the same fields")


def _n_exposure(path: Path, library: Library, labels: NDArray[np.str_]) -> Array:
    n = np.ones(labels.size)
    for i in np.flatnonzero(np.char.find(labels, "*") >= 0):
        text = str(labels[i]).partition("*")[2]
        if not (text.isdecimal() and len(text) < 10 and int(text) > 0):
            wrong = f"line {library.visit_lines[i]}: IDEXPT is {str(labels[i])!r}, expected ID or ID*N"
            raise ReadError(path, wrong, "give a number of exposures above 0")
        n[i] = int(text)
    return n
