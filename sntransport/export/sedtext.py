"""Spectra as text, fast: lines of phase, wavelength and flux of one width, gzipped to the same bytes every time."""

import gzip
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._storage.atomic_files import atomic_path

_DIGITS = 6
_LEVEL = 1


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


def write_sed(path: Path, header: list[str], phase: Array, wave: Array, flux: Array) -> Path:
    """Write a gzipped file: header lines after ``#``, then the lines of `sed_lines`; no date or name in it."""
    text = "".join(f"# {line}\n" for line in header).encode("utf-8")
    held = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=held, mtime=0) as file:
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
