"""A series as text: lines of phase, wavelength and flux, gzipped to the same bytes every time; or a full table."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sntransport._storage.atomic_files import atomic_path
from sntransport._storage.read_error import one_line
from sntransport.export.snana_limits import LONGEST_LINE
from sntransport.spectra.series import SpectralSeries, require_series

if TYPE_CHECKING:
    import os

    from astropy.table import Table
    from numpy.typing import NDArray

    from sntransport._numerics.arrays import Array
    from sntransport.export.grid import TemplateGrid


_DIGITS = 6
_LEVEL = 1


def comment_lines(text: str) -> list[str]:
    """Cut a text into lines that are no longer than `LONGEST_LINE` with ``# `` before them."""
    out = [""]
    for word in one_line(text).split(" "):
        for part in _parts(word, LONGEST_LINE - 4):
            longer = f"{out[-1]} {part}" if out[-1] else part
            if len(longer.encode()) > LONGEST_LINE - 2:
                out.append(f"  {part}")
            else:
                out[-1] = longer
    return out


def _parts(word: str, most: int) -> list[str]:
    """A word in pieces of so many bytes at most."""
    out = [""]
    for letter in word:
        if len((out[-1] + letter).encode()) > most:
            out.append("")
        out[-1] += letter
    return out


def sed_lines(phase: Array, wave: Array, flux: Array) -> bytes:
    """Return one line for each phase and wavelength: ``phase wave flux``, all of one width.

    Parameters
    ----------
    phase : ndarray, (n_phase,) [d]
        Written with two decimals.
    wave : ndarray, (n_wave,) [A]
        Written with two decimals.
    flux : ndarray, (n_phase, n_wave)
        Not negative; written with six digits. Below 1e-98 it is 0.

    Raises
    ------
    ValueError
        For a flux that is negative or not finite, or from 1e99 on.
    """
    if not np.all((flux >= 0) & (flux < 1e99)):
        raise ValueError("flux has values that are negative, too large or not finite")
    days = np.array([f"{value:9.2f} " for value in phase + 0.0], dtype=bytes)
    waves = np.array([f"{value:9.2f} " for value in wave], dtype=bytes)
    out = np.empty((phase.size, wave.size, 33), dtype=np.uint8)
    out[:, :, :10] = days.view(np.uint8).reshape(phase.size, 1, 10)
    out[:, :, 10:20] = waves.view(np.uint8).reshape(1, wave.size, 10)
    out[:, :, 20:32] = _scientific(flux)
    out[:, :, 32] = ord("\n")
    return out.tobytes()


def write_sed(
    path: Path, header: list[str], phase: Array, wave: Array, flux: Array, *, compressed: bool = True
) -> Path:
    """Write a gzipped file: header lines after ``#``, then the lines of `sed_lines`; no date or name in it.

    Not ``compressed``, it is a gzip file that stores its content as it is.
    """
    text = "".join(f"# {line}\n" for line in header).encode("utf-8")
    held = io.BytesIO()
    level = _LEVEL if compressed else 0
    with gzip.GzipFile(filename="", mode="wb", compresslevel=level, fileobj=held, mtime=0) as file:
        file.write(text + sed_lines(phase, wave, flux))
    with atomic_path(path) as temporary:
        temporary.write_bytes(held.getvalue())
    return path


def _scientific(flux: Array) -> NDArray[np.uint8]:
    """Bytes ``d.ddddde-dd``, a blank before, (..., 12)."""
    positive = flux > 1e-98
    with np.errstate(divide="ignore"):
        exponent = np.where(positive, np.floor(np.log10(np.where(positive, flux, 1.0))), 0.0)
    mantissa = np.rint(np.where(positive, flux, 0.0) / 10.0 ** (exponent - (_DIGITS - 1)))
    # Rounding up to the next power of ten, and logarithms that were off by one.
    over, under = mantissa >= 10**_DIGITS, positive & (mantissa < 10 ** (_DIGITS - 1))
    exponent += over.astype(np.float64) - under
    changed = over | under
    mantissa[changed] = np.rint(flux[changed] / 10.0 ** (exponent[changed] - (_DIGITS - 1)))
    digits, power = mantissa.astype(np.int32), exponent.astype(np.int32)
    out = np.empty((*flux.shape, 12), dtype=np.uint8)
    out[..., 0], out[..., 2], out[..., 8] = ord(" "), ord("."), ord("e")
    for place in (7, 6, 5, 4, 3, 1):
        digits, out[..., place] = digits // 10, digits % 10 + ord("0")
    out[..., 9] = np.where(power < 0, ord("-"), ord("+"))
    out[..., 10], out[..., 11] = np.abs(power) // 10 + ord("0"), np.abs(power) % 10 + ord("0")
    return out


def to_ascii(grid: TemplateGrid, path: str | os.PathLike[str]) -> Path:
    """Write phase, wavelength and flux as three columns, as `sncosmo.read_griddata_ascii` reads them.

    Parameters
    ----------
    grid : TemplateGrid
        Of `sntransport.export.grid.template_grid`.
    path : path-like
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(sed_lines(grid.phase, grid.wave, grid.flux))
    return Path(path)


def series_table(series: SpectralSeries) -> Table:
    """Every known bin of a series as a row: phase, wave, flux, flux_err, origin, with units."""
    from astropy.table import Table

    require_series(series, "series_table")
    i, j = np.nonzero(series.covered)
    table = Table({
        "phase": series.phase[i], "wave": series.wave[j], "flux": series.flux[i, j],
        "flux_err": series.flux_err[i, j], "origin": series.origin[i, j],
    })  # fmt: skip
    for name, unit in (("phase", "d"), ("wave", "Angstrom"), ("flux", "erg / (s cm2 Angstrom)")):
        table[name].unit = unit
    table["flux_err"].unit = table["flux"].unit
    table["phase"].description = f"rest frame, from MJD {series.mjd_ref:.4f}"
    table["flux"].description = "rest frame, at 10 pc, free of dust"
    table["origin"].description = "1 observed or interpolated, 2 covered from one side in time, 3 no data of its own"
    table.meta = {"name": series.name, "sn_type": series.sn_type, "mjd_ref": series.mjd_ref}
    return table
