"""Photometry of the user's own, from ECSV or CSV, to rows in AB magnitudes or nJy."""

import csv
import difflib
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._numerics.units import AB_ZERO_NJY, mag_err_to_relative, mag_to_njy
from sntransport._storage.read_error import ReadError, number
from sntransport.photometry.bands import band_names, likely_bands
from sntransport.reading.account import Account, require_mjd
from sntransport.reading.photometry_rows import Measurement, canonical_system, fill_errors, to_ab, usual_system
from sntransport.spectra.observations import LightCurve

# Names of other programs' tables for our columns.
_ALIASES = {
    "time": "mjd", "filter": "band", "magnitude": "mag", "magerr": "mag_err", "e_mag": "mag_err", "dmag": "mag_err",
    "e_magnitude": "mag_err", "fluxerr": "flux_err", "flux_error": "flux_err", "zpsys": "system", "magsys": "system",
    "zeropoint": "zp",
}  # fmt: skip
_KNOWN = ("mjd", "band", "mag", "mag_err", "flux", "flux_err", "zp", "system", "instrument")

# Flux density units in nJy.
_NJY = {"njy": 1.0, "ujy": 1e3, "µjy": 1e3, "μjy": 1e3, "mjy": 1e6, "jy": 1e9, "erg/(hzscm2)": 1e32}
_NJY |= dict.fromkeys(("erg/s/cm2/hz", "ergs-1cm-2hz-1", "erg/(scm2hz)", "erg/(cm2hzs)"), 1e32)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Rows:
    """A table as text: ``columns`` by name, the unit of ``flux`` and how to name a row in a message."""

    path: Path
    columns: Mapping[str, Sequence[str]]
    flux_unit: str
    first_line: int

    def where(self, i: int) -> str:
        return f"line {i + self.first_line}" if self.first_line else f"row {i + 1}"

    def cell(self, name: str, i: int) -> str:
        return self.columns[name][i].strip() if name in self.columns else ""

    def required(self, name: str, i: int) -> float:
        value = number(self.cell(name, i))
        if math.isnan(value):
            wrong = f"{self.where(i)}: {name} is {self.cell(name, i)!r}, not a number"
            raise ReadError(self.path, wrong, "correct it, or leave out the row")
        return value


def read_photometry_file(path: Path, default_system: str | None, account: Account) -> LightCurve:
    """Read a photometry table.

    Parameters
    ----------
    path : Path
        Columns ``mjd``, ``band`` (a name of `sntransport.load_bands`) and either ``mag``, ``mag_err`` (and
        ``system``) or ``flux``, ``flux_err`` (in the unit of an ECSV column, else nJy, or scaled by ``zp``, an AB
        magnitude unless ``system`` says Vega); ``instrument`` if known.
    default_system : {"AB", "Vega"} or None
        System of magnitudes that name none; None: what is usual for the band.
    account : Account

    Returns
    -------
    LightCurve

    Raises
    ------
    ReadError
        With the line and the field.
    """
    rows = _read_ecsv(path) if _is_ecsv(path) else _read_csv(path)
    for name in ("mjd", "band"):
        _require_column(rows, name)
    if "mag" not in rows.columns and "flux" not in rows.columns:
        _require_column(rows, "mag")
    extra = sorted(set(rows.columns) - set(_KNOWN))
    if extra:
        account.note(f"{path.name}: columns not used: {', '.join(extra)}")
    names = frozenset(band_names())
    n_obs = len(rows.columns["mjd"])
    bands = [_band(rows, i, names) for i in range(n_obs)]
    mjds = [require_mjd(path, f"{rows.where(i)}: mjd", rows.required("mjd", i)) for i in range(n_obs)]
    instruments = [rows.cell("instrument", i) for i in range(n_obs)]
    convert = _from_mag if "mag" in rows.columns else _from_flux
    flux, flux_err = convert(rows, mjds, bands, instruments=instruments, default_system=default_system, account=account)
    text_column = [np.array(column, dtype=np.str_) for column in (bands, instruments)]
    return LightCurve(
        mjd=np.array(mjds, dtype=np.float64),
        band=text_column[0],
        flux=flux,
        flux_err=flux_err,
        instrument=text_column[1],
    )


def _from_mag(
    rows: _Rows, mjds: Sequence[float], bands: Sequence[str], *, instruments: Sequence[str],
    default_system: str | None, account: Account,
) -> tuple[Any, Any]:  # fmt: skip
    measurements = []
    for i, band in enumerate(bands):
        mag, err = rows.required("mag", i), number(rows.cell("mag_err", i))
        if not -5 < mag < 40:
            raise ReadError(rows.path, f"{rows.where(i)}: mag is {mag:g}", "leave out rows without a detection")
        if err <= 0:
            raise ReadError(rows.path, f"{rows.where(i)}: mag_err is {err:g}", "give an error above 0, or none")
        system = _system(rows, i, band, default_system, account)
        measurements.append(
            Measurement(mjd=mjds[i], band=band, mag=to_ab(mag, band, system), err=err, instrument=instruments[i])
        )
    filled = fill_errors(measurements, account)
    flux = mag_to_njy([m.mag for m in filled])
    return flux, flux * mag_err_to_relative([m.err for m in filled])


def _from_flux(
    rows: _Rows, mjds: Sequence[float], bands: Sequence[str], *, instruments: Sequence[str],
    default_system: str | None, account: Account,
) -> tuple[Any, Any]:  # fmt: skip
    _require_column(rows, "flux_err")
    unit = rows.flux_unit.lower().replace(" ", "").replace("^", "").replace("**", "")
    if "zp" not in rows.columns and unit and unit not in _NJY:
        raise ReadError(rows.path, f"flux is in {rows.flux_unit!r}", "give nJy, uJy, mJy, Jy, or a column zp")
    if "zp" not in rows.columns and not unit:
        account.note(f"{rows.path.name}: flux without unit or zp taken as nJy")
    flux, flux_err = np.empty(len(bands)), np.empty(len(bands))
    for i, band in enumerate(bands):
        scale = _NJY.get(unit, 1.0)
        if "zp" in rows.columns:
            system = canonical_system(rows.cell("system", i)) or default_system or "AB"
            scale = AB_ZERO_NJY * 10.0 ** (-0.4 * to_ab(_zero_point(rows, i), band, system))
        flux[i], flux_err[i] = rows.required("flux", i) * scale, rows.required("flux_err", i) * scale
        if not flux_err[i] > 0:
            raise ReadError(rows.path, f"{rows.where(i)}: flux_err is {flux_err[i]:g}", "give an error above 0")
    return flux, flux_err


def _zero_point(rows: _Rows, i: int) -> float:
    value = rows.required("zp", i)
    if not abs(value) < 100:
        raise ReadError(rows.path, f"{rows.where(i)}: zp is {value:g}", "give the magnitude of flux 1")
    return value


def _system(rows: _Rows, i: int, band: str, default_system: str | None, account: Account) -> str:
    named = rows.cell("system", i)
    system = canonical_system(named) if named else default_system or usual_system(band)
    if not system:
        wrong = f"{rows.where(i)}: no magnitude system for {band}" if not named else (
            f"{rows.where(i)}: system is {named!r}")  # fmt: skip
        remedy = "write AB or Vega in the column system" + ("" if named else ", or pass default_system=")
        raise ReadError(rows.path, wrong, remedy)
    if not named and default_system is None:
        account.assume(f"no magnitude system named, {system} taken", band)
    return system


def _band(rows: _Rows, i: int, names: frozenset[str]) -> str:
    band = rows.cell("band", i)
    if band in names:
        return band
    hint = " or ".join(likely_bands(band)) or "a name that band_names() lists, such as bessellv or sdssg"
    raise ReadError(rows.path, f"{rows.where(i)}: band {band!r} is not known", f"use {hint}")


def _require_column(rows: _Rows, name: str) -> None:
    if name in rows.columns:
        return
    near = difflib.get_close_matches(name, list(rows.columns), n=1)
    remedy = f"rename {near[0]!r} to {name!r}" if near else f"add it; needed are {', '.join(_KNOWN[:4])}"
    raise ReadError(rows.path, f"no column {name!r} (it has {', '.join(rows.columns) or 'none'})", remedy)


def _is_ecsv(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(8).startswith(b"# %ECSV")


def _named(path: Path, names: Sequence[str]) -> list[str]:
    """Column names in our own words."""
    lower = [name.strip().lower() for name in names]
    ours = [_ALIASES.get(name, name) if _ALIASES.get(name) not in lower else name for name in lower]
    repeated = sorted({name for name in ours if ours.count(name) > 1})
    if repeated:
        raise ReadError(path, f"two columns {repeated[0]!r}", "leave one")
    return ours


def _read_csv(path: Path) -> _Rows:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        kept = [(i, line) for i, line in enumerate(lines, start=1) if line.strip() and not line.startswith("#")]
        cells = list(csv.reader((line for _, line in kept), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReadError(path, f"not a CSV file ({error})", "give comma-separated text in UTF-8") from None
    if not cells:
        raise ReadError(path, "the file is empty", "give columns mjd, band, mag, mag_err")
    names = _named(path, cells[0])
    for (line, _), row in zip(kept, cells, strict=False):
        if len(row) != len(names):
            raise ReadError(path, f"line {line}: {len(row)} fields, expected {len(names)}", "correct the line")
    columns = {name: [row[k] for row in cells[1:]] for k, name in enumerate(names)}
    # Comments between the rows make line numbers jump; then rows are counted instead.
    regular = kept[-1][0] - kept[0][0] + 1 == len(kept)
    return _Rows(path=path, columns=columns, flux_unit="", first_line=kept[0][0] + 1 if regular else 0)


def _read_ecsv(path: Path) -> _Rows:
    from astropy.table import Table

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = Table.read(path, format="ascii.ecsv")
        cells = [_cells(column) for column in table.itercols()]
        given = [str(getattr(column, "unit", None) or "") for column in table.itercols()]
    except Exception as error:  # astropy raises a dozen kinds
        raise ReadError(path, f"not a valid ECSV file ({error})", "write it with astropy's Table.write") from None
    names = _named(path, table.colnames)
    columns, units = dict(zip(names, cells, strict=True)), dict(zip(names, given, strict=True))
    if "system" not in columns and units.get("mag", "").lower() == "mag(ab)":
        columns["system"] = ["AB"] * len(table)
    return _Rows(path=path, columns=columns, flux_unit=units.get("flux", ""), first_line=0)


def _cells(column: Any) -> list[str]:
    """A column as text, empty where masked; a column of times as MJD."""
    values = np.ma.asarray(getattr(column, "mjd", column))
    missing = np.ma.getmaskarray(values)
    return ["" if gone else str(value) for value, gone in zip(values.data, missing, strict=True)]
