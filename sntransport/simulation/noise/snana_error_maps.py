"""Error models from SNANA's FLUXERRMODEL files: tables of what scales or adds to errors, by S/N, PSF, sky and field."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import mag_to_njy
from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.contents import text_of
from sntransport._storage.read_error import ReadError
from sntransport.simulation.noise.error_model import Errors, SeenVisits, field_names
from sntransport.simulation.surveys.formats.visits import cited, require_file
from sntransport.simulation.surveys.survey import Survey

LEAST_LOGSNR = -0.9
"""Where log10 of the signal-to-noise ratio ends, as in SNANA."""

ZP_FLUXCAL = 27.5
"""Zero point of FLUXCAL in files of SNANA, unless another is stated."""

_COLUMNS = {"PSF": "psf", "SKYSIG": "sky_noise", "ZP": "zero_point"}
_OF_HOST = ("SBMAG", "GALMAG", "SNSEP")
_RESULTS = ("ERRSCALE", "ERRADD")


@dataclass(frozen=True, eq=False, kw_only=True)
class ErrorMap:
    """One table.

    ``variables`` are MJD, PSF, SKYSIG, ZP and LOGSNR, ``axes`` their values in rising order and ``values`` the results
    on that grid: a factor, or where ``added`` an error [nJy] in quadrature. ``bands`` are letters, which are the last
    of our names of bands, and ``fields`` names; both are empty for all. ``scale_drawn`` and ``scale_reported`` are
    further factors.
    """

    name: str
    bands: tuple[str, ...]
    fields: tuple[str, ...]
    variables: tuple[str, ...]
    axes: tuple[Array, ...]
    values: Array
    added: bool
    scale_drawn: float = 1.0
    scale_reported: float = 1.0


@dataclass(frozen=True, eq=False, kw_only=True)
class CommonScatter:
    """How much the scatter beyond the calculated one is common to visits in the bands and fields (both empty: all)."""

    bands: tuple[str, ...]
    fields: tuple[str, ...]
    value: float


@dataclass(frozen=True, eq=False, kw_only=True)
class ErrorMaps:
    """Tables as an `ErrorModel`.

    Linear between the values of a table, constant beyond its ends. Tables of several names apply one after the other;
    of one name at most one may apply to a visit. ``unreported`` names those that change the scatter and not the
    reported error.
    """

    maps: tuple[ErrorMap, ...]
    correlations: tuple[CommonScatter, ...] = ()
    unreported: tuple[str, ...] = ()
    source: str = ""

    def __call__(self, flux_err: Array, seen: SeenVisits) -> Errors:
        """Errors drawn and reported.

        Parameters
        ----------
        flux_err : ndarray, (n_obs,) [nJy]
            Calculated.
        seen : SeenVisits

        Returns
        -------
        Errors

        Raises
        ------
        ValueError
            Where two tables of one name apply to a visit, or a survey lacks a column that a table needs.
        """
        drawn, reported = flux_err.copy(), flux_err.copy()
        by_name: dict[str, NDArray[np.bool_]] = {}
        by_field = any(table.fields for table in self.maps) or any(one.fields for one in self.correlations)
        fields = seen.column("field_name") if by_field else None
        for table in self.maps:
            rows = _applies(table, seen, fields)
            before = by_name.setdefault(table.name, np.zeros(rows.size, dtype=bool))
            if np.any(rows & before):
                at = int(np.flatnonzero(rows & before)[0])
                where = seen.bands[seen.band[at]] + (f" in field {fields[at]}" if fields is not None else "")
                file = f"{self.source}: " if self.source else ""
                wrong = f"{file}two error maps {table.name!r} apply to band {where}"
                raise ValueError(f"{wrong}; leave one, or name one anew")
            before |= rows
            found = np.flatnonzero(rows & np.isfinite(seen.snr))
            value = _interpolated(table, seen, found)
            drawn[found] = _changed(table, drawn[found], value) * table.scale_drawn
            if table.name not in self.unreported:
                reported[found] = _changed(table, reported[found], value) * table.scale_reported
        if not self.correlations:
            return Errors(drawn, reported)
        group, share = np.full(flux_err.size, -1), np.zeros(flux_err.size)
        for number, one in enumerate(self.correlations):
            rows = _applies(one, seen, fields)
            group[rows], share[rows] = number, one.value
        return Errors(drawn, reported, group, share)


def missing_columns(maps: ErrorMaps, survey: Survey) -> tuple[str, ...]:
    """What tables that apply to bands and fields of a survey ask for and it does not have.

    Parameters
    ----------
    maps : ErrorMaps
    survey : Survey

    Returns
    -------
    tuple of str
        Names of further columns (``Survey.more``), such as ``psf``; none where all tables can be applied.
    """
    names = set(field_names(survey)) if any(table.fields for table in maps.maps) else set()
    asked = dict.fromkeys(
        _COLUMNS[name]
        for table in maps.maps
        if any(_of_band(table, band) for band in survey.bands) and (not table.fields or names & set(table.fields))
        for name in table.variables
        if name in _COLUMNS
    )
    return tuple(name for name in asked if name not in survey.more)


def _of_band(one: ErrorMap | CommonScatter, band: str) -> bool:
    return not one.bands or band[-1].lower() in [letter.lower() for letter in one.bands]


def _applies(one: ErrorMap | CommonScatter, seen: SeenVisits, fields: NDArray[np.str_] | None) -> NDArray[np.bool_]:
    rows = np.array([_of_band(one, name) for name in seen.bands])[seen.band]
    return rows & np.isin(fields, one.fields) if one.fields and fields is not None else rows


def _interpolated(table: ErrorMap, seen: SeenVisits, rows: NDArray[np.int64]) -> Array:
    """Result (n,) at the visits ``rows``."""
    from sntransport.simulation.noise import _kernels

    places = np.empty((len(table.axes), rows.size))
    for place, name in zip(places, table.variables, strict=True):
        place[:] = _variable(name, seen, rows)
    bounds = np.cumsum([0, *(axis.size for axis in table.axes)])
    found = np.empty(rows.size)
    _kernels.interpolate(np.concatenate([*table.axes, np.empty(0)]), bounds, table.values.ravel(), places, found)
    return found


def _variable(name: str, seen: SeenVisits, rows: NDArray[np.int64]) -> Array:
    """Values (n_row,) of a variable at the visits ``rows``, the only ones that need to have it."""
    if name == "MJD":
        return seen.mjd[rows]
    if name == "LOGSNR":
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.fmax(np.log10(np.maximum(seen.snr[rows], 0.0)), LEAST_LOGSNR)
    values = np.asarray(seen.column(_COLUMNS[name], rows), dtype=np.float64)
    if not np.all(np.isfinite(values)):
        raise ValueError(f"an error map is by {name}, which some visits do not have ({_COLUMNS[name]} is NaN)")
    return values


def _changed(table: ErrorMap, error: Array, value: Array) -> Array:
    return np.hypot(error, value) if table.added else error * value


@answers_mistakes
def read_error_maps(
    path: str | Path, *, unreported: tuple[str, ...] = (), zp_fluxcal: float = ZP_FLUXCAL
) -> ErrorMaps:  # fmt: skip
    """Read a file of FLUXERRMODEL_FILE (SNANA manual, section "FLUXERRMODEL Tables").

    Parameters
    ----------
    path : path-like
        Tables from ``MAPNAME:`` to ``ENDMAP:`` with ``BAND:`` and ``FIELD:`` (names joined by +, or a group of
        ``DEFINE_FIELDGROUP:``), both for all where left out, ``SCALE_FLUXERR_DATA:`` and ``SCALE_FLUXERR_TRUE:``, and
        lines ``ROW:`` of the ``VARNAMES:``, the last of which is ERRSCALE or ERRADD; and ``REDCOV:``.
    unreported : tuple of str
        Names of maps that the reported errors do not know of (FLUXERRMAP_IGNORE_DATAERR).
    zp_fluxcal : float [AB mag]
        Of FLUXCAL, the unit of ERRADD.

    Returns
    -------
    ErrorMaps

    Raises
    ------
    ReadError
        With the line: a variable that is not known or of the host galaxy, a value that is no number, rows that are no
        whole grid, factors of 0 or less, a correlation that is not within 0 and 1, or no map at all.

    Examples
    --------
    >>> from sntransport.simulation.noise import read_error_maps
    >>> table = ["VARNAMES: LOGSNR ERRSCALE", "ROW: 0.0 1.2", "ROW: 2.0 1.0"]
    >>> lines = ["MAPNAME: LOWFLUX", "BAND: g+r", *table, "ENDMAP:"]
    >>> np.savetxt("errors.dat", lines, fmt="%s")
    >>> [one.name for one in read_error_maps("errors.dat").maps]
    ['LOWFLUX']
    """
    path = require_file(path)
    lines = text_of(path, "give a FLUXERRMODEL file").splitlines()
    reader, inside = _Reader(path, zp_fluxcal), False
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].split()
        if words in (["DOCUMENTATION:"], ["DOCUMENTATION_END:"]):
            inside = words == ["DOCUMENTATION:"]
        elif words and not inside:
            reader.read(number, words)
    reader.close(len(lines))
    if not reader.maps:
        raise ReadError(path, "no map (MAPNAME: to ENDMAP:)", "give a FLUXERRMODEL file")
    names = {one.name for one in reader.maps}
    if unknown := [name for name in unreported if name not in names]:
        raise ReadError(path, f"no map {unknown[0]!r} to leave unreported", f"name one of {', '.join(sorted(names))}")
    return ErrorMaps(
        maps=tuple(reader.maps), correlations=tuple(reader.correlations), unreported=tuple(unreported),
        source=cited(path),
    )  # fmt: skip


class _Reader:
    """A file while it is read."""

    def __init__(self, path: Path, zp_fluxcal: float) -> None:
        self.path = path
        self.njy = float(mag_to_njy(zp_fluxcal))
        self.groups: dict[str, str] = {}
        self.maps: list[ErrorMap] = []
        self.correlations: list[CommonScatter] = []
        self._keys: dict[str, str] = {}
        self._variables: list[str] = []
        self._rows: list[list[float]] = []

    def read(self, number: int, words: list[str]) -> None:
        """One line, without its comment; several keys may stand on it."""
        for i, word in enumerate(words):
            value = words[i + 1] if i + 1 < len(words) else ""
            if word == "DEFINE_FIELDGROUP:":
                self.groups[value] = words[i + 2] if i + 2 < len(words) else ""
            elif word.endswith(":") and ("REDCOV" in word or "REDCOR" in word):
                self._correlate(number, word, value)
            elif word == "MAPNAME:":
                self.close(number)
                self._keys, self._variables, self._rows = {word: value}, [], []
            elif word in ("BAND:", "FILTER:", "FIELD:", "SCALE_FLUXERR_DATA:", "SCALE_FLUXERR_TRUE:"):
                if not self._keys:
                    raise self._wrong(number, f"{word} before MAPNAME:", "begin each map with MAPNAME:")
                self._keys["BAND:" if word == "FILTER:" else word] = value
            elif word == "VARNAMES:":
                if not self._keys or self._variables:
                    raise self._wrong(number, "VARNAMES: before MAPNAME:, or a second one", "give each map one")
                self._variables = self._known(number, words[i + 1 :])
                return
            elif word == "ROW:":
                self._row(number, words[i + 1 :])
                return
            elif word == "ENDMAP:":
                self.maps.append(self._map(number))
                self._keys = {}

    def close(self, number: int) -> None:
        """Refuse to go on within a map."""
        if self._keys:
            raise self._wrong(number, "a map before the end of the one before", "close it with ENDMAP:")

    def _wrong(self, number: int, wrong: str, remedy: str) -> ReadError:
        return ReadError(self.path, f"line {number}: {wrong}", remedy)

    def _known(self, number: int, names: list[str]) -> list[str]:
        if not names or names[-1] not in _RESULTS:
            wrong = f"VARNAMES: ends with {names[-1] if names else 'nothing'!r}"
            raise self._wrong(number, wrong, "let ERRSCALE or ERRADD be the last")
        for name in names[:-1]:
            if name in _OF_HOST:
                raise self._wrong(number, f"{name} is of the host galaxy, which is not simulated", "leave the map out")
            if name not in ("MJD", "LOGSNR", *_COLUMNS):
                raise self._wrong(number, f"variable {name!r} is not known", "use MJD, PSF, SKYSIG, ZP or LOGSNR")
        if len(set(names)) != len(names):
            raise self._wrong(number, "VARNAMES: names a variable twice", "leave one")
        return names

    def _row(self, number: int, cells: list[str]) -> None:
        if not self._keys or not self._variables:
            raise self._wrong(number, "ROW: before MAPNAME: and VARNAMES:", "begin the map with them")
        values = self._numbers(number, cells)
        if len(values) != len(self._variables):
            wrong = f"ROW: has {len(values)} values for {len(self._variables)} VARNAMES"
            raise self._wrong(number, wrong, "give one for each")
        least = 0.0 if self._variables[-1] == "ERRADD" else np.nextafter(0.0, 1.0)
        if values[-1] < least:
            raise self._wrong(number, f"{self._variables[-1]} is {values[-1]:g}", "give a positive number")
        self._rows.append(values)

    def _numbers(self, number: int, cells: list[str]) -> list[float]:
        values = []
        for cell in cells:
            try:
                values.append(float(cell))
            except ValueError:
                raise self._wrong(number, f"{cell!r} is not a number", "correct it") from None
            if not np.isfinite(values[-1]):
                raise self._wrong(number, f"{cell!r} is not finite", "correct it")
        return values

    def _map(self, number: int) -> ErrorMap:
        if not self._keys or not self._rows:
            raise self._wrong(number, "ENDMAP: of a map without MAPNAME: or ROW: lines", "add them")
        rows = np.array(self._rows)
        axes = tuple(np.unique(column) for column in rows[:, :-1].T)
        place = tuple(np.searchsorted(axis, column) for axis, column in zip(axes, rows.T, strict=False))
        values = np.full(tuple(axis.size for axis in axes), np.nan)
        values[place] = rows[:, -1]
        name = self._keys["MAPNAME:"]
        if rows.shape[0] != values.size or np.any(np.isnan(values)):
            wrong = f"map {name!r} has {rows.shape[0]} rows, which are no grid of {values.size}"
            raise self._wrong(number, wrong, "give one row for each combination of values")
        scales = [
            self._numbers(number, [self._keys.get(f"SCALE_FLUXERR_{which}:", "1")])[0] for which in ("TRUE", "DATA")
        ]
        if min(scales) <= 0:
            raise self._wrong(number, f"map {name!r} scales errors by {min(scales):g}", "give a positive number")
        added = self._variables[-1] == "ERRADD"
        return ErrorMap(
            name=name, bands=self._bands(self._keys.get("BAND:", "ALL")),
            fields=self._fields(self._keys.get("FIELD:", "ALL")), variables=tuple(self._variables[:-1]), axes=axes,
            values=values * self.njy if added else values, added=added, scale_drawn=scales[0],
            scale_reported=scales[1],
        )  # fmt: skip

    def _bands(self, text: str) -> tuple[str, ...]:
        return () if text == "ALL" else tuple(text)

    def _fields(self, text: str) -> tuple[str, ...]:
        return () if text == "ALL" else tuple(self.groups.get(text, text).split("+"))

    def _correlate(self, number: int, key: str, value: str) -> None:
        """``REDCOV(DEEP): g:0.3,iz:0.4``."""
        field = key.partition("(")[2].partition(")")[0] or "ALL"
        for item in value.split(","):
            bands, _, text = item.rpartition(":")
            if not bands:
                raise self._wrong(number, f"{key} has {item!r}, expected bands:correlation", "correct it")
            (share,) = self._numbers(number, [text])
            if not 0 <= share <= 1:
                raise self._wrong(number, f"{key} has the correlation {share:g}", "give 0 to 1")
            self.correlations.append(CommonScatter(bands=self._bands(bands), fields=self._fields(field), value=share))
