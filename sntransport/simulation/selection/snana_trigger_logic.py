"""Triggers from SNANA's SEARCHEFF_PIPELINE_LOGIC files."""

from __future__ import annotations

import re
from pathlib import Path

from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.contents import text_of
from sntransport._storage.read_error import ReadError
from sntransport.simulation.selection.trigger_language import Both, Either, Epochs, InBand, Logic
from sntransport.simulation.surveys.formats.simlib_lines import plain_lines
from sntransport.simulation.surveys.formats.visits import require_file

_LINE = re.compile(r"(\S+):\s+(\d{1,9})\s+([^\s+]+(?:\+[^\s+]+)*)")


@answers_mistakes
def read_trigger_logic(path: str | Path, survey: str | None = None) -> Logic:
    """Read a file of SEARCHEFF_PIPELINE_LOGIC_FILE.

    Parameters
    ----------
    path : path-like
        Lines such as ``SDSS: 3 gr+ri+gi``: three epochs, each with detections in g and r, or in r and i, or in g and i.
    survey : str, optional
        Whose line to take; it may be left out where there is one line.

    Returns
    -------
    Logic
        ``3 epochs with (g and r or r and i or g and i)``; how long an epoch is (``NEWMJD_DIF``) is ``epoch_window``.

    Raises
    ------
    ReadError
        Where there is no such line, there are several, or it is none of these.

    Examples
    --------
    >>> from sntransport.simulation.selection import read_trigger_logic
    >>> np.savetxt("logic.dat", ["SDSS: 3 gr+ri+gi"], fmt="%s")
    >>> print(read_trigger_logic("logic.dat", "SDSS"))
    3 epochs with (g and r or r and i or g and i)
    """
    path = require_file(path)
    lines = list(plain_lines(text_of(path, "give a SEARCHEFF_PIPELINE_LOGIC file").splitlines()))
    found = {}
    for number, line in lines:
        match = _LINE.match(line)
        if match is None:
            raise ReadError(path, f"line {number}: {line!r} is no logic", "write it as SURVEY: 2 g+r+i")
        if match[1] in found:
            raise ReadError(path, f"line {number}: a second line of {match[1]}", "leave one")
        found[match[1]] = number, int(match[2]), match[3]
    name = next(iter(found)) if survey is None and len(found) == 1 else survey
    if name not in found:
        raise ReadError(path, f"no logic of {name or 'one survey alone'}", f"name one of {', '.join(found) or 'none'}")
    number, n, masks = found[name]
    either: list[Logic] = []
    for mask in masks.split("+"):
        letters: list[Logic] = [InBand(band=letter) for letter in mask]
        either.append(letters[0] if len(letters) == 1 else Both(parts=tuple(letters)))
    try:
        return Epochs(n=n, each=either[0] if len(either) == 1 else Either(parts=tuple(either)))
    except ValueError as error:
        raise ReadError(path, f"line {number}: {error}", "correct it") from None
