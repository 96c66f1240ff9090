"""Photometry of the user's own, in any form that is known, to rows in nJy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from sntransport._numerics.units import AB_ZERO_NJY, MAG_PER_LN, mag_err_to_relative, mag_to_njy
from sntransport._storage.read_error import ReadError
from sntransport.photometry.bands import load_bands, pivot_wave
from sntransport.reading.account import Account
from sntransport.reading.formats.text import is_missing
from sntransport.reading.formats.units import factor, is_magnitude, is_percent, to_njy, unit_of
from sntransport.reading.photometry_rows import (
    DefaultSystem,
    Measurement,
    canonical_system,
    default_for,
    fill_errors,
    to_ab,
    usual_system,
)
from sntransport.reading.photometry_tables import Rows, Stated, read_rows
from sntransport.spectra.observations import LightCurve

_NOTHING_STATED = Stated()
_TELL_SYSTEM = "write AB or Vega in the column system"


class _RowError(ValueError):
    """Why one row cannot be used; it is rejected, and the others stay."""

    def __init__(self, reason: str, wrong: str, remedy: str) -> None:
        super().__init__(wrong)
        self.reason, self.wrong, self.remedy = reason, wrong, remedy


@dataclass(frozen=True, kw_only=True)  # compared by value: the same row twice is one
class _Point:
    """One measurement: ``mjd`` [d], ``flux``, ``flux_err`` [nJy]."""

    mjd: float
    band: str
    instrument: str
    flux: float
    flux_err: float


def read_photometry_file(
    path: Path, default_system: DefaultSystem, account: Account, stated: Stated = _NOTHING_STATED
) -> LightCurve:
    """Read a photometry table.

    Parameters
    ----------
    path : Path
        A table whose columns are found by their names, or a file of a survey: see `docs/howto/own-data.md`. Columns
        ``mjd``, ``band`` (a name of `sntransport.load_bands`) and either ``mag``, ``mag_err`` (and ``system``) or
        ``flux``, ``flux_err`` (in the unit of their columns, else nJy, or scaled by ``zp``, a magnitude in ``system``);
        ``instrument`` if known.
    default_system : {"AB", "Vega"}, mapping or None
        System of magnitudes that name none, see `sntransport.read_supernova`; None: what is usual for the band.
    account : Account
    stated : Stated
        What ``sn.toml`` says of it.

    Returns
    -------
    LightCurve

    Raises
    ------
    ReadError
        With the line and the field; and where not one row can be used.
    """
    rows = read_rows(path, account, stated)
    read = _magnitudes if rows.has("mag") else _fluxes
    if rows.has("mag") and rows.has("flux"):
        account.note(f"{path.name}: columns not used: flux, beside magnitudes")
    points, first = read(rows, default_system if not stated.system else stated.system, account)
    if rows.keep and not points and first is not None:
        raise ReadError(path, first.wrong, first.remedy)
    if not rows.keep and rows.table.n_rows:
        raise ReadError(path, "no row of it is a measurement", f"what was rejected: {account.why_no_rows}")
    for point in points:
        if not math.isfinite(point.flux) or math.isinf(point.flux_err):
            wrong = f"{point.band} at MJD {point.mjd:.10g}: {point.flux:g} with the error {point.flux_err:g} nJy"
            raise ReadError(path, wrong, "correct it, or leave out the row")
    return light_curve_of(_once(points, account))


def light_curve_of(points: Sequence[_Point]) -> LightCurve:
    """The light curve of all points."""
    return LightCurve(
        mjd=np.array([point.mjd for point in points], dtype=np.float64),
        band=np.array([point.band for point in points], dtype=np.str_),
        flux=np.array([point.flux for point in points], dtype=np.float64),
        flux_err=np.array([point.flux_err for point in points], dtype=np.float64),
        instrument=np.array([point.instrument for point in points], dtype=np.str_),
    )


def _once(points: Sequence[_Point], account: Account) -> list[_Point]:
    """Every point once: the same row twice is one measurement."""
    kept: dict[_Point, None] = {}
    for point in points:
        if point in kept:
            account.reject_row("repeats another row", f"{point.band} {point.instrument}".strip())
        kept[point] = None
    return list(kept)


def _magnitudes(rows: Rows, default: DefaultSystem, account: Account) -> tuple[list[_Point], _RowError | None]:
    scale, err_scale, relative = _units_of_magnitudes(rows)
    measurements, first = [], None
    for k, band in enumerate(rows.band):
        mag = rows.value("mag", k) * scale
        err = math.nan if is_missing(rows.cell("mag_err", k)) else rows.value("mag_err", k) * err_scale
        if relative:
            err = err * MAG_PER_LN
        if not -5 < mag < 40:
            raise ReadError(rows.path, f"{rows.where(k)}: mag is {mag:g}", "leave out rows without a detection")
        if err <= 0:
            raise ReadError(rows.path, f"{rows.where(k)}: mag_err is {err:g}", "give an error above 0, or none")
        try:
            system = _system_of_magnitude(rows, k, default, account)
        except _RowError as error:
            account.reject_row(error.reason, f"{band} {rows.instrument[k]}".strip())
            first = first or error
            continue
        ab = to_ab(mag, band, system)
        measurements.append(Measurement(mjd=rows.mjd[k], band=band, mag=ab, err=err, instrument=rows.instrument[k]))
    filled = fill_errors(measurements, account)
    flux = mag_to_njy([m.mag for m in filled])
    with np.errstate(over="ignore"):  # absurd errors are refused with all that is not finite
        flux_err = flux * mag_err_to_relative([m.err for m in filled])
    return [
        _Point(mjd=m.mjd, band=m.band, instrument=m.instrument, flux=float(f), flux_err=float(e))
        for m, f, e in zip(filled, flux, flux_err, strict=True)
    ], first


def _units_of_magnitudes(rows: Rows) -> tuple[float, float, bool]:
    """What magnitudes and errors are multiplied by to be mag, and whether errors are relative ones of the flux."""
    unit, err_unit = rows.unit("mag"), rows.unit("mag_err")
    scale = 1.0 if not unit or is_magnitude(unit) else factor(unit, "mag")
    if scale is None or "st" in unit.lower():
        raise ReadError(rows.path, f"mag is in {unit!r}", "give magnitudes in AB or Vega")
    if is_percent(err_unit):
        return scale, 0.01, True
    err_scale = (scale if not err_unit else 1.0) if not err_unit or is_magnitude(err_unit) else factor(err_unit, "mag")
    if err_scale is None:
        raise ReadError(rows.path, f"mag_err is in {err_unit!r}", "give mag, mmag or percent")
    return scale, err_scale, False


def _system_of_magnitude(rows: Rows, k: int, default: DefaultSystem, account: Account) -> str:
    band, named = rows.band[k], rows.cell("system", k)
    chosen = default_for(default, band, rows.instrument[k])
    system = canonical_system(named) if named else chosen or usual_system(band)
    if not system:
        raise _unknown_system(rows, k, "system", named)
    if not named and chosen is None:
        account.assume(f"no magnitude system named, {system} taken", band)
    return system


def _unknown_system(rows: Rows, k: int, what: str, named: str) -> _RowError:
    if named:
        return _RowError(f"{what} is {named!r}", f"{rows.where(k)}: {what} is {named!r}", _TELL_SYSTEM)
    wrong = f"{rows.where(k)}: no magnitude system for {rows.band[k]}"
    return _RowError("no magnitude system", wrong, f"{_TELL_SYSTEM}, or pass default_system=")


def _fluxes(rows: Rows, default: DefaultSystem, account: Account) -> tuple[list[_Point], _RowError | None]:
    unit, err_unit = rows.unit("flux"), rows.unit("flux_err")
    _require_flux_units(rows, unit, err_unit)
    if not rows.has("zp") and not unit:
        account.note(f"{rows.path.name}: flux without unit or zp taken as nJy")
    points, first = [], None
    for k, band in enumerate(rows.band):
        try:
            scale = _scale_of_zero_point(rows, k, default, account) if rows.has("zp") else _njy_in(unit, band)
        except _RowError as error:
            account.reject_row(error.reason, f"{band} {rows.instrument[k]}".strip())
            first = first or error
            continue
        value = rows.value("flux", k)
        flux, err = value * scale, rows.value("flux_err", k) * scale
        if is_percent(err_unit):
            err = rows.value("flux_err", k) * 0.01 * abs(flux)
        elif err_unit and err_unit != unit and not rows.has("zp"):
            err = rows.value("flux_err", k) * _njy_in(err_unit, band)
        if not err > 0:
            wrong = f"{rows.where(k)}: flux_err is {rows.value('flux_err', k):g}"
            raise ReadError(rows.path, wrong, "give an error above 0")
        points.append(_Point(mjd=rows.mjd[k], band=band, instrument=rows.instrument[k], flux=flux, flux_err=err))
    return points, first


def _require_flux_units(rows: Rows, unit: str, err_unit: str) -> None:
    """Raise a ReadError where the unit of a column is no flux density, or contradicts a zero point."""
    scaled = rows.has("zp")
    for name, given in (("flux", unit), ("flux_err", err_unit)):
        relative = name == "flux_err" and is_percent(given)
        if not given or relative:
            continue
        known = _njy_in_or_none(given, "sdssr")
        if known is None and not scaled:
            raise ReadError(rows.path, f"{name} is in {given!r}", "give nJy, uJy, mJy, Jy, or a column zp")
        if known is not None and scaled and unit_of(given) is not None:
            wrong = f"{name} has both the unit {given!r} and a zero point (column zp)"
            raise ReadError(rows.path, wrong, "leave one")
    if not unit and err_unit and not scaled and not is_percent(err_unit):
        raise ReadError(rows.path, f"flux has no unit but flux_err is in {err_unit!r}", "state both")


def _njy_in(unit: str, band: str) -> float:
    found = _njy_in_or_none(unit, band)
    assert found is not None  # asked before any row
    return found


@cache
def _njy_in_or_none(unit: str, band: str) -> float | None:
    """One of a unit in nJy, per frequency, or per wavelength at the pivot of a band; no unit is nJy."""
    if not unit:
        return 1.0
    return _FACTORS.get(unit) or to_njy(1.0, unit, pivot_wave(load_bands([band])[0]))


_FACTORS = {"nJy": 1.0, "uJy": 1e3, "mJy": 1e6, "Jy": 1e9}


def _scale_of_zero_point(rows: Rows, k: int, default: DefaultSystem, account: Account) -> float:
    """Flux 1 in nJy, by the zero point of the row."""
    value, named = rows.value("zp", k), rows.cell("system", k)
    if not abs(value) < 100:
        raise ReadError(rows.path, f"{rows.where(k)}: zp is {value:g}", "give the magnitude of flux 1")
    band = rows.band[k]
    chosen = default_for(default, band, rows.instrument[k])
    system = canonical_system(named) if named else chosen or usual_system(band)
    if not system:
        raise _unknown_system(rows, k, "system of the zero point", named)
    if not named and chosen is None:
        account.assume(f"no system of the zero point named, {system} taken", band)
    return float(AB_ZERO_NJY * 10.0 ** (-0.4 * to_ab(value, band, system)))
