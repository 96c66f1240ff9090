"""One spectrum from one file of the user: ASCII, ECSV or FITS, told apart by their content."""

import gzip
import math
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._storage.atomic_files import require_countable
from sntransport._storage.read_error import MAX_BYTES, ReadError, number

_WAVE = ("wave", "wavelength", "lambda", "lam", "wl", "loglam", "log_wave")
_FLUX = ("flux", "flam", "f_lambda", "flux_reduced", "fluxdensity")
_ERROR = ("flux_err", "fluxerr", "flux_error", "error", "err", "sigma", "uncertainty", "err_reduced", "eflux")
_MJD_KEYS = ("mjd", "mjd-obs", "mjd_obs", "mjdobs")
_ASK_MJD = "add mjd = ... to its [[spectra]] entry in sn.toml"
_COMMENT = re.compile(r"^\s*[#%!;]")
_MJD_COMMENT = re.compile(r"\bmjd(?:[-_ ]?obs)?\s*[:=]?\s*([0-9]+(?:\.[0-9]*)?)", re.IGNORECASE)
_MJD_OF_ORDINAL_0 = -678576


@dataclass(frozen=True, eq=False, kw_only=True)
class RawSpectrum:
    """Columns of a file, as they are.

    ``wave``, ``flux``, ``flux_err`` (n_pix,) in the units named, ``flux_err`` None where there is none; ``mjd`` NaN
    where the file does not say; ``instrument`` empty where it does not.
    """

    wave: Array
    flux: Array
    flux_err: Array | None = None
    wave_unit: str = ""
    flux_unit: str = ""
    mjd: float = math.nan
    instrument: str = ""


def read_spectrum_file(path: Path) -> RawSpectrum:
    """Read a spectrum.

    Parameters
    ----------
    path : Path
        ASCII with two or three columns (wavelength, flux, error) and ``#`` comments, which may say ``MJD = ...``;
        ECSV with columns of these names, units and ``mjd`` in its metadata; or FITS: a one-dimensional image with a
        linear or logarithmic wavelength axis, or a binary table.

    Returns
    -------
    RawSpectrum

    Raises
    ------
    ReadError
        Where the file cannot be read as any of these, with the line or keyword.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ReadError(path, f"larger than {MAX_BYTES / 2**20:g} MiB", "give one spectrum per file")
        content = path.read_bytes()
    except OSError as error:
        raise ReadError(path, f"cannot be read ({error.strerror or error})", "check its permissions") from None
    if content.startswith((b"SIMPLE", b"\x1f\x8b")) or path.suffix.lower() in (".fits", ".fit"):
        return _read_fits(path, content)
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ReadError(path, f"neither text nor FITS (byte {error.start})", "give ASCII, ECSV or FITS") from None
    if not any(line.strip() for line in lines):
        raise ReadError(path, "the file is empty", "give two or three columns: wavelength, flux, error")
    if lines[0].startswith("# %ECSV"):
        return _read_ecsv(path)
    return _read_ascii(path, lines)


def _read_ascii(path: Path, lines: Sequence[str]) -> RawSpectrum:
    comments = [line for line in lines if _COMMENT.match(line)]
    rows: list[list[float]] = []
    for i, line in enumerate(lines, start=1):
        parts = line.replace(",", " ").split()
        if not parts or _COMMENT.match(line):
            continue
        if not rows and not any(_is_number(part) for part in parts):
            continue  # a line of column names
        bad = [part for part in parts[:3] if not _is_number(part)]
        if bad:
            raise ReadError(path, f"line {i}: {bad[0]!r} is not a number", "correct it, or mark the line with #")
        if len(parts) < 2 or (rows and len(rows[0]) != min(len(parts), 3)):
            expected = len(rows[0]) if rows else "2 or 3"
            raise ReadError(path, f"line {i}: {len(parts)} columns, expected {expected}", "correct the line")
        rows.append([float(part) for part in parts[:3]])
    if not rows:
        raise ReadError(path, "no numbers in it", "give two or three columns: wavelength, flux, error")
    table = np.array(rows)
    dates = [match for line in comments if (match := _MJD_COMMENT.search(line))]
    mjd = float(dates[0][1]) if dates else math.nan
    err = table[:, 2].copy() if table.shape[1] > 2 else None
    return RawSpectrum(wave=table[:, 0].copy(), flux=table[:, 1].copy(), flux_err=err, mjd=mjd)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _read_ecsv(path: Path) -> RawSpectrum:
    from astropy.table import Table

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = Table.read(path, format="ascii.ecsv")
    except Exception as error:  # astropy raises a dozen kinds
        raise ReadError(path, f"not a valid ECSV file ({error})", "write it with astropy's Table.write") from None
    columns = {name: (table[name], str(getattr(table[name], "unit", None) or "")) for name in table.colnames}
    meta = {str(key).lower(): value for key, value in table.meta.items()}
    return _in_standard_units(_of_columns(path, columns, meta))


def _read_fits(path: Path, content: bytes) -> RawSpectrum:
    from astropy.io import fits

    try:
        if content.startswith(b"\x1f\x8b"):
            content = gzip.GzipFile(fileobj=BytesIO(content)).read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ReadError(path, f"larger than {MAX_BYTES / 2**20:g} MiB", "give one spectrum per file")
        require_countable(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with fits.open(BytesIO(content), memmap=False) as hdus:
                all_hdus = list(hdus)  # a plain list: reversed() would miss what is not loaded yet
                header = {key.lower(): value for hdu in reversed(all_hdus) for key, value in hdu.header.items() if key}
                for hdu in all_hdus:
                    if isinstance(hdu, fits.BinTableHDU) and not isinstance(hdu, fits.CompImageHDU):
                        units = dict(zip(hdu.columns.names, hdu.columns.units, strict=True))
                        columns = {name: (hdu.data[name], units[name] or "") for name in hdu.columns.names}
                        return _in_standard_units(_of_columns(path, columns, header))
                    if isinstance(hdu, (fits.PrimaryHDU, fits.ImageHDU)) and hdu.data is not None:
                        own = header | {key.lower(): value for key, value in hdu.header.items() if key}
                        return _in_standard_units(_of_image(path, np.asarray(hdu.data), own))
    except ReadError:
        raise
    except Exception as error:  # astropy raises a dozen kinds
        raise ReadError(path, f"not a valid FITS file ({error})", "give ASCII, ECSV or FITS") from None
    raise ReadError(path, "holds no image and no table", "give a 1-D image or a table with wave and flux")


def _of_image(path: Path, data: Any, header: Mapping[str, Any]) -> RawSpectrum:
    """A one-dimensional image; of a stack (IRAF's multispec) the first row is the flux."""
    if data.ndim == 0 or data.shape[-1] < 2:
        raise ReadError(path, f"its image has shape {data.shape}, not a spectrum", "give a 1-D image")
    if data.ndim > 1 and data.reshape(-1, data.shape[-1]).shape[0] > 4:
        raise ReadError(path, f"its image has shape {data.shape}, not a spectrum", "extract it to a 1-D image")
    flux = np.array(data.reshape(-1, data.shape[-1])[0], dtype=np.float64)
    wave = _axis(path, flux.size, header)
    unit = str(header.get("cunit1", "") or "")
    return RawSpectrum(
        wave=wave,
        flux=flux,
        flux_err=None,
        wave_unit=unit,
        flux_unit=str(header.get("bunit", "") or ""),
        mjd=_header_mjd(path, header),
        instrument=str(header.get("instrume", "") or ""),
    )


def _axis(path: Path, size: int, header: Mapping[str, Any]) -> Array:
    """Wavelengths of a FITS axis.

    Linear, log10 where IRAF's DC-FLAG is 1, or CTYPE1 ending in -LOG (Greisen et al. 2006, A&A 446, 747, eq. 5).
    """
    start = number(header.get("crval1"))
    step = number(header.get("cd1_1", header.get("cdelt1")))
    if math.isnan(start) or math.isnan(step) or step == 0:
        remedy = "add them to the header, or give the spectrum as a table"
        raise ReadError(path, "no wavelength axis (header CRVAL1 and CDELT1 or CD1_1)", remedy)
    first = number(header.get("crpix1", 1.0))
    offset = (np.arange(1, size + 1) - first) * step
    with np.errstate(over="ignore"):  # infinite wavelengths are rejected later
        if str(header.get("ctype1", "")).strip().upper().endswith("-LOG"):
            return np.asarray(start * np.exp(offset / start))
        if number(header.get("dc-flag")) == 1:
            return np.asarray(10.0 ** (start + offset))
        return np.asarray(start + offset)


def _of_columns(path: Path, columns: Mapping[str, tuple[Any, str]], meta: Mapping[str, Any]) -> RawSpectrum:
    """A spectrum from named columns with units."""
    by_name = {name.strip().lower(): column for name, column in columns.items()}
    wave_name = next((name for name in _WAVE if name in by_name), None)
    flux_name = next((name for name in _FLUX if name in by_name), None)
    if wave_name is None or flux_name is None:
        missing = "wave" if wave_name is None else "flux"
        raise ReadError(path, f"no column {missing} (it has {', '.join(columns)})", f"rename one to {missing}")
    error_name = next((name for name in _ERROR if name in by_name), None)
    wave = _values(path, wave_name, by_name[wave_name][0])
    if wave_name.startswith("log"):
        with np.errstate(over="ignore"):
            wave = np.asarray(10.0**wave)
    err = None if error_name is None else _values(path, error_name, by_name[error_name][0])
    return RawSpectrum(
        wave=wave, flux=_values(path, flux_name, by_name[flux_name][0]), flux_err=err,
        wave_unit=by_name[wave_name][1], flux_unit=by_name[flux_name][1], mjd=_header_mjd(path, meta),
        instrument=str(meta.get("instrument", meta.get("instrume", "")) or ""),
    )  # fmt: skip


def _in_standard_units(raw: RawSpectrum) -> RawSpectrum:
    """The same in Angstrom and erg s-1 cm-2 A-1 where astropy understands the units; what it does not stays."""
    from astropy import units

    def converted(values: Array, unit: str, target: units.UnitBase, equivalencies: Any = ()) -> Array | None:
        try:
            return np.asarray(units.Unit(unit).to(target, values, equivalencies), dtype=np.float64)
        except (ValueError, TypeError, units.UnitConversionError):
            return None

    density = units.Unit("erg / (s cm2 Angstrom)")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        wave = converted(raw.wave, raw.wave_unit, units.AA) if raw.wave_unit else raw.wave
        if wave is None or wave.shape != raw.flux.shape:
            return raw
        if raw.wave_unit:
            raw = replace(raw, wave=wave, wave_unit="Angstrom")
        by_wave = units.spectral_density(wave * units.AA)
        flux = converted(raw.flux, raw.flux_unit, density, by_wave) if raw.flux_unit else None
        if flux is None:
            return raw
        # The errors are in the unit of the flux.
        err = None if raw.flux_err is None else converted(raw.flux_err, raw.flux_unit, density, by_wave)
    return replace(raw, flux=flux, flux_err=err, flux_unit="erg/s/cm^2/Angstrom")


def _values(path: Path, name: str, column: Any) -> Array:
    """A column as floats, NaN where masked; a table of one row may hold the whole spectrum in a cell."""
    try:
        filled = np.ma.filled(np.ma.asarray(column).astype(np.float64), np.nan)
    except (TypeError, ValueError):
        raise ReadError(path, f"column {name} does not hold numbers", "correct it") from None
    return np.array(filled, dtype=np.float64).ravel()


def _header_mjd(path: Path, header: Mapping[str, Any]) -> float:
    """MJD-OBS, else DATE-OBS (with TIME-OBS or UT where it is a date only); NaN where there is neither."""
    for key in _MJD_KEYS:
        if math.isfinite(mjd := number(header.get(key))):
            return mjd
    date = str(header.get("date-obs", "") or "").strip()
    if not date:
        return math.nan
    if "T" not in date:
        clock = str(header.get("time-obs", header.get("utc", header.get("ut", ""))) or "").strip()
        date += f"T{clock}" if re.match(r"\d\d:\d\d", clock) else ""
    try:
        when = datetime.fromisoformat(date)
    except ValueError:
        raise ReadError(path, f"DATE-OBS = {date!r} is not an ISO date", _ASK_MJD) from None
    utc = when.astimezone(UTC) if when.tzinfo else when
    day = (utc.hour * 3600 + utc.minute * 60 + utc.second + utc.microsecond * 1e-6) / 86400.0
    return utc.toordinal() + _MJD_OF_ORDINAL_0 + day
