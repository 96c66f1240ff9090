"""Chances of a spectrum or a host redshift from SNANA's SEARCHEFF_SPEC and SEARCHEFF_zHOST files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.contents import text_of
from sntransport._storage.read_error import ReadError
from sntransport.simulation.selection.efficiencies import EfficiencyMap, EfficiencyMaps
from sntransport.simulation.surveys.formats.simlib_lines import plain_lines
from sntransport.simulation.surveys.formats.visits import cited, require_file

_EFFICIENCIES = ("SPECEFF", "HOSTEFF")


@answers_mistakes
def read_efficiency_maps(path: str | Path, *, columns: Mapping[str, str] | None = None) -> EfficiencyMaps:
    """Read a file of SEARCHEFF_SPEC_FILE or SEARCHEFF_zHOST_FILE.

    Parameters
    ----------
    path : path-like
        Maps that begin with ``VARNAMES:``, whose last variable is ``SPECEFF`` or ``HOSTEFF``, with lines ``SPECEFF:``
        or ``HOSTEFF:``: a value of each variable and the efficiency, on a grid. Before a map may stand ``FIELD:`` or
        ``FIELDLIST:`` (names joined by ``+`` or commas, each to be that of the object as a whole), ``PEAKMJD_RANGE:``
        and ``REQUIRE:``; anywhere ``OPT_EXTRAP:`` and ``OPT_FIELDMATCH_REQUIRE:``. Comments and blocks of documentation
        are passed over. Grids need no even steps.
    columns : mapping of str to str, optional
        Variables of the maps to columns of the truth, where they are not called alike.

    Returns
    -------
    EfficiencyMaps

    Raises
    ------
    ReadError
        With the line, for a value that is no number, an efficiency outside 0 to 1, a grid that is not full, or no map.

    Examples
    --------
    >>> from sntransport.simulation.selection import read_efficiency_maps
    >>> lines = ["VARNAMES: r SPECEFF", "SPECEFF: 18.0 1.0", "SPECEFF: 22.0 0.0"]
    >>> np.savetxt("spec.dat", lines, fmt="%s")
    >>> read_efficiency_maps("spec.dat").maps[0].probability.tolist()
    [1.0, 0.0]
    """
    path = require_file(path)
    maps = _Maps(path)
    for number, line in plain_lines(text_of(path, "give a SEARCHEFF_SPEC or SEARCHEFF_zHOST file").splitlines()):
        maps.read(number, line.split())
    maps.end()
    if not maps.made:
        raise ReadError(path, "no map (no line VARNAMES:)", "give a SEARCHEFF_SPEC or SEARCHEFF_zHOST file")
    return EfficiencyMaps(
        maps=tuple(maps.made), extrapolate=maps.option["OPT_EXTRAP:"] > 0,
        every_field=maps.option["OPT_FIELDMATCH_REQUIRE:"] > 0, columns=columns or {}, source=cited(path),
    )  # fmt: skip


class _Maps:
    """The maps while they are read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.made: list[EfficiencyMap] = []
        self.option = {"OPT_EXTRAP:": 0.0, "OPT_FIELDMATCH_REQUIRE:": 1.0}
        self._begin()

    def _begin(self) -> None:
        self.names: tuple[str, ...] = ()
        self.line = 0
        self.rows: list[list[float]] = []
        self.about: dict[str, Any] = {}

    def read(self, number: int, words: list[str]) -> None:
        """One line, without its comment."""
        key, cells = words[0], words[1:]
        is_row = key.removesuffix(":") in _EFFICIENCIES and key.endswith(":")
        if not is_row and self.rows:
            self.end()
        if key == "VARNAMES:":
            if self.names:
                raise ReadError(self.path, f"line {self.line}: a map without rows", "add them")
            self.names, self.line = tuple(cells), number
            if len(cells) < 2 or cells[-1] not in _EFFICIENCIES or len(set(cells)) < len(cells):
                wrong = f"line {number}: VARNAMES are {' '.join(cells) or 'none'}"
                raise ReadError(self.path, wrong, "name variables, each once, and SPECEFF or HOSTEFF last")
        elif is_row:
            self._row(number, key, cells)
        elif key in ("FIELD:", "FIELDLIST:"):
            names = "+".join(cells).replace(",", "+").split("+")
            self.about["fields"] = () if names == ["ALL"] else tuple(name for name in names if name)
        elif key in ("PEAKMJD:", "PEAKMJD_RANGE:"):
            self.about["dates"] = tuple(self._numbers(number, key, cells[:2], 2))
        elif key == "REQUIRE:":
            self.about["required"] = self._numbers(number, key, cells[:1], 1)[0] > 0
        elif key in self.option:
            self.option[key] = self._numbers(number, key, cells[:1], 1)[0]

    def _row(self, number: int, key: str, cells: list[str]) -> None:
        if not self.names:
            raise ReadError(self.path, f"line {number}: {key} before VARNAMES:", "name the variables first")
        if self.names[-1] != key[:-1]:
            raise ReadError(self.path, f"line {number}: {key} in a map of {self.names[-1]}", "use one of them")
        row = self._numbers(number, key, cells, len(self.names))
        if not 0 <= row[-1] <= 1:
            raise ReadError(self.path, f"line {number}: efficiency is {row[-1]:g}", "give 0 to 1")
        self.rows.append(row)

    def _numbers(self, number: int, key: str, cells: list[str], n: int) -> list[float]:
        try:
            values = [float(cell) for cell in cells]
        except ValueError:
            values = []
        if len(values) != n or not np.all(np.isfinite(values)):
            wrong = f"line {number}: {key} has {' '.join(cells) or 'nothing'!r}, expected {n} numbers"
            raise ReadError(self.path, wrong, "correct it")
        return values

    def end(self) -> None:
        """Make the map that was begun."""
        if not self.names:
            return
        if not self.rows:
            raise ReadError(self.path, f"line {self.line}: a map without rows", "add them")
        table = np.array(self.rows)
        found = [np.unique(column, return_inverse=True) for column in table[:, :-1].T]
        shape = tuple(nodes.size for nodes, _ in found)
        grid = np.full(shape, np.nan)
        grid[tuple(which for _, which in found)] = table[:, -1]
        if len(self.rows) != grid.size or np.isnan(grid).any():
            wrong = f"line {self.line}: {len(self.rows)} rows for a grid of {' x '.join(map(str, shape))}"
            raise ReadError(self.path, wrong, "give each combination of values once")
        self.made.append(
            EfficiencyMap(
                variables=self.names[:-1], nodes=tuple(nodes for nodes, _ in found), probability=grid, **self.about
            )
        )
        self._begin()
