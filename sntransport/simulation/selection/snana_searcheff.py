"""Detection efficiencies from SNANA's SEARCHEFF files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.contents import text_of
from sntransport._storage.read_error import ReadError
from sntransport.simulation.selection.detection import DetectionEfficiency
from sntransport.simulation.surveys.formats.visits import require_file, resolve_bands

_CURVES = {"SNR:": False, "ABS(SNR):": True}


@answers_mistakes
def read_searcheff(path: str | Path, *, prefix: str = "", field: str | None = None) -> DetectionEfficiency:
    """Read a file of SEARCHEFF_PIPELINE_EFF_FILE: maps of efficiency against signal-to-noise ratio.

    Parameters
    ----------
    path : path-like
        Maps that begin with ``FILTER:`` or ``BAND:`` (one letter for each band, or ``ALL``) and have lines ``SNR:`` or
        ``ABS(SNR):`` with a ratio and an efficiency; newer ones stand between ``MAPNAME_DETECT:`` and ``ENDMAP:`` and
        may name a ``FIELD:``. Maps of PHOTPROB and a block from ``DOCUMENTATION:`` to ``DOCUMENTATION_END:`` are passed
        over.
    prefix : str
        Makes a letter a name of `sntransport.load_bands`: ``lsst`` makes ``g`` to ``lsstg``.
    field : str, optional
        Take the maps of this field, and of no field, only. Default: maps that name a field are an error where a band
        has several.

    Returns
    -------
    DetectionEfficiency
        All curves on the union of their ratios, which changes nothing, since they are linear in between.

    Raises
    ------
    ReadError
        With the line, for a value that is no number, an efficiency outside 0 to 1, ratios that do not increase, an
        unknown filter, two maps of one band, maps against magnitude, or no map at all.

    Examples
    --------
    >>> from sntransport.simulation.selection import read_searcheff
    >>> lines = ["FILTER: r", "SNR: 3.0 0.0", "SNR: 5.0 0.5", "SNR: 8.0 1.0"]
    >>> np.savetxt("pipeline.dat", lines, fmt="%s")
    >>> efficiency = read_searcheff("pipeline.dat", prefix="lsst")
    >>> efficiency.bands, efficiency.probability.tolist()
    (('lsstr',), [[0.0, 0.5, 1.0]])
    """
    path = require_file(path)
    maps = _Maps(path)
    lines = text_of(path, "give a SEARCHEFF file").splitlines()
    documented = False
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].split()
        if words in (["DOCUMENTATION:"], ["DOCUMENTATION_END:"]):
            documented = words == ["DOCUMENTATION:"]
        elif not documented:
            maps.read(number, words)
    return maps.efficiency(prefix, field)


class _Maps:
    """The maps while they are read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.maps: list[dict[str, str]] = []
        self.rows: list[list[tuple[float, float]]] = []
        self.lines: list[int] = []
        self.kinds: set[bool] = set()
        self._inside = self._other = False

    def read(self, number: int, words: list[str]) -> None:
        """One line, without its comment; several keys may stand on it."""
        for i, word in enumerate(words):
            value = words[i + 1] if i + 1 < len(words) else ""
            if word in ("MAPNAME_DETECT:", "MAPNAME_PHOTPROB:", "ENDMAP:"):
                self._inside, self._other = word == "MAPNAME_DETECT:", word == "MAPNAME_PHOTPROB:"
                if self._inside:
                    self._begin(number)
            elif self._other:
                continue
            elif word in ("FILTER:", "BAND:"):
                if not self._inside:
                    self._begin(number)
                self.maps[-1]["filter"] = value
            elif word in ("FIELD:", "FIELDLIST:") and self.maps:
                self.maps[-1]["field"] = value
            elif word == "MAG:":
                raise ReadError(self.path, f"line {number}: efficiency against magnitude", "give maps against SNR")
            elif word in _CURVES:
                self._row(number, word, words[i + 1 : i + 3])

    def _begin(self, number: int) -> None:
        self.maps.append({"filter": "", "field": ""})
        self.rows.append([])
        self.lines.append(number)

    def _row(self, number: int, key: str, cells: list[str]) -> None:
        if not self.maps:
            raise ReadError(self.path, f"line {number}: {key} before FILTER:", "name the filter first")
        try:
            snr, probability = (float(cell) for cell in cells)
        except ValueError:
            shown = " ".join(cells)
            raise ReadError(
                self.path, f"line {number}: {key} has {shown!r}, expected two numbers", "correct it"
            ) from None
        if not 0 <= probability <= 1:
            raise ReadError(self.path, f"line {number}: efficiency is {probability:g}", "give 0 to 1")
        if not np.isfinite(snr) or (self.rows[-1] and snr <= self.rows[-1][-1][0]):
            raise ReadError(self.path, f"line {number}: {key} {snr:g} is not above the one before", "sort the map")
        self.rows[-1].append((snr, probability))
        self.kinds.add(_CURVES[key])

    def efficiency(self, prefix: str, field: str | None) -> DetectionEfficiency:
        """All maps together."""
        curves: dict[str, Array] = {}
        for keys, rows, line in zip(self.maps, self.rows, self.lines, strict=True):
            if field is not None and keys["field"] not in ("", "ALL") and field not in keys["field"].split("+"):
                continue
            if not rows:
                raise ReadError(self.path, f"line {line}: a map without SNR: lines", "add them")
            for letter in ["*"] if keys["filter"] in ("", "ALL") else list(keys["filter"]):
                if letter in curves:
                    wrong = f"line {line}: a second map for {letter!r}"
                    raise ReadError(self.path, wrong, "pass field= to choose" if keys["field"] else "leave one")
                curves[letter] = np.array(rows)
        if not curves:
            raise ReadError(self.path, "no map of efficiency against SNR", "give a SEARCHEFF_PIPELINE_EFF file")
        if len(self.kinds) > 1:
            raise ReadError(self.path, "maps against SNR and ABS(SNR) together", "use one kind")
        return self._on_one_grid(curves, prefix)

    def _on_one_grid(self, curves: dict[str, Array], prefix: str) -> DetectionEfficiency:
        letters = [letter for letter in curves if letter != "*"]
        names = resolve_bands(self.path, letters, None, prefix) if letters else {}
        if unknown := [letter for letter in letters if letter not in names]:
            raise ReadError(self.path, f"filter {unknown[0]!r} is not known", "pass prefix='lsst' or the like")
        for letter in letters:
            same = [other for other in letters if names[other] == names[letter]]
            if len(same) > 1:
                wrong = f"filters {' and '.join(map(repr, same))} are both band {names[letter]!r}"
                raise ReadError(self.path, wrong, "leave one")
        snr = np.unique(np.concatenate([rows[:, 0] for rows in curves.values()]))
        table = np.array([np.interp(snr, rows[:, 0], rows[:, 1]) for rows in curves.values()])
        bands = tuple(names.get(letter, "*") for letter in curves)
        return DetectionEfficiency(
            bands=bands, snr=snr, probability=table, absolute=self.kinds == {True}, source=self.path.name
        )
