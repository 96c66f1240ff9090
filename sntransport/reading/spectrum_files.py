"""One spectrum from one file of the user: ASCII, ECSV, VOTable or FITS, told apart by their content."""

import math
import warnings
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._storage.contents import MAX_CELLS, MAX_SINGLE_BYTES, content_of, require_countable
from sntransport._storage.read_error import ReadError, number, shallow
from sntransport.reading.formats.dates import of_header
from sntransport.reading.formats.stated_units import iraf_unit
from sntransport.reading.formats.text import lines_of
from sntransport.reading.raw_spectrum import RawSpectrum, medium_of_header, spectrum_of_columns
from sntransport.reading.spectrum_text import spectrum_of_text

_NO_WAVE = ("velo", "vrad", "vopt", "pixel", "pixels", "pix", "zopt", "beta")


def read_spectrum_file(path: Path) -> RawSpectrum:
    """Read a spectrum.

    Parameters
    ----------
    path : Path
        ASCII with columns found by their names, or two or three without (wavelength, flux, error), and comments, which
        may say ``MJD = ...``; ECSV or a VOTable with columns of these names, units and ``mjd`` in its metadata; or
        FITS: a one-dimensional image with a linear or logarithmic wavelength axis, or a binary table. Gzipped or not.

    Returns
    -------
    RawSpectrum

    Raises
    ------
    ReadError
        Where the file cannot be read as any of these, with the line or keyword.
    """
    content = content_of(path, MAX_SINGLE_BYTES)
    if content.startswith(b"SIMPLE") or path.suffix.lower() in (".fits", ".fit"):
        return _read_fits(path, content)
    lines = lines_of(path, content)
    if not any(line.strip() for line in lines):
        raise ReadError(path, "the file is empty", "give two or three columns: wavelength, flux, error")
    if lines[0].startswith("# %ECSV"):
        return _of_table(path, content, "ascii.ecsv", "an ECSV file", "write it with astropy's Table.write")
    if "<VOTABLE" in "\n".join(lines[:20]).upper():
        return _of_table(path, content, "votable", "a VOTable", "write it with astropy's Table.write")
    return spectrum_of_text(path, lines)


def _of_table(path: Path, content: bytes, form: str, shown: str, remedy: str) -> RawSpectrum:
    from astropy.table import Table

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = Table.read(BytesIO(content), format=form)
    except Exception as error:  # astropy raises a dozen kinds
        raise ReadError(path, f"not a valid {shown.split(' ', 1)[1]} ({error})", remedy) from None
    columns = {name: table[name] for name in table.colnames}
    units = {name: str(unit) for name in table.colnames if (unit := getattr(table[name], "unit", None)) is not None}
    meta = {key.lower(): value for key, value in shallow(table.meta).items()}
    return _of_columns(path, columns, units, meta)


def _of_columns(
    path: Path, columns: Mapping[str, Any], units: Mapping[str, str], meta: Mapping[str, Any]
) -> RawSpectrum:
    raw = spectrum_of_columns(path, columns, units, date=of_header(meta), instrument=_instrument(meta))
    return replace(raw, medium=raw.medium or medium_of_header(meta))


def _read_fits(path: Path, content: bytes) -> RawSpectrum:
    from astropy.io import fits

    try:
        require_countable(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with fits.open(BytesIO(content), memmap=False) as hdus:
                all_hdus = list(hdus)  # a plain list: reversed() would miss what is not loaded yet
                header = {key.lower(): value for hdu in reversed(all_hdus) for key, value in hdu.header.items() if key}
                for hdu in all_hdus:
                    _require_few(path, hdu)
                    if isinstance(hdu, fits.BinTableHDU) and not isinstance(hdu, fits.CompImageHDU):
                        # A TUNIT may be a number, such as 1.
                        stated = zip(hdu.columns.names, hdu.columns.units, strict=True)
                        units = {name: str(unit) for name, unit in stated if unit is not None and str(unit).strip()}
                        return _of_columns(path, {name: hdu.data[name] for name in hdu.columns.names}, units, header)
                    if isinstance(hdu, (fits.PrimaryHDU, fits.ImageHDU)) and hdu.data is not None:
                        own = header | {key.lower(): value for key, value in hdu.header.items() if key}
                        return _of_image(path, np.asarray(hdu.data), own)
    except ReadError:
        raise
    except Exception as error:  # astropy raises a dozen kinds
        raise ReadError(path, f"not a valid FITS file ({error})", "give ASCII, ECSV or FITS") from None
    raise ReadError(path, "holds no image and no table", "give a 1-D image or a table with wave and flux")


def _require_few(path: Path, hdu: Any) -> None:
    """Raise a ReadError, before anything is made of an HDU, where a few bytes of it stand for too many values."""
    n_row, n_column = hdu.header.get("NAXIS2", 0), len(getattr(hdu, "columns", ()))
    n = n_row * n_column if n_column else math.prod(hdu.shape)
    if n > MAX_CELLS:
        raise ReadError(path, f"{n} values in one part, more than {MAX_CELLS}", "give one spectrum a file")


def _of_image(path: Path, data: Any, header: Mapping[str, Any]) -> RawSpectrum:
    """A one-dimensional image; of a stack (IRAF's multispec) the first row is the flux."""
    if data.ndim == 0 or data.shape[-1] < 2:
        raise ReadError(path, f"its image has shape {data.shape}, not a spectrum", "give a 1-D image")
    rows = data.reshape(-1, data.shape[-1])
    if data.ndim > 1 and rows.shape[0] > 4:
        raise ReadError(path, f"its image has shape {data.shape}, not a spectrum", "extract it to a 1-D image")
    remarks = (f"rows 2 to {rows.shape[0]} of the image not used",) if rows.shape[0] > 1 else ()
    flux = np.array(rows[0], dtype=np.float64)
    kind = _text(header, "ctype1").lower()
    if kind.split("-")[0] in _NO_WAVE:
        wrong = f"its axis is {_text(header, 'ctype1')!r} (CTYPE1), not a wavelength"
        raise ReadError(path, wrong, "give it against wavelength")
    unit = _text(header, "cunit1")
    unit = unit or iraf_unit(_text(header, "wat1_001"))
    return RawSpectrum(
        wave=_axis(path, flux.size, header),
        flux=flux,
        wave_unit=unit or ("Hz" if kind.startswith("freq") else ""),
        flux_unit=_text(header, "bunit"),
        names=("CUNIT1", "BUNIT", ""),
        date=of_header(header),
        instrument=_instrument(header),
        medium=medium_of_header(header),
        remarks=remarks,
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
        if _text(header, "ctype1").upper().endswith("-LOG"):
            return np.asarray(start * np.exp(offset / start))
        if number(header.get("dc-flag")) == 1:
            return np.asarray(10.0 ** (start + offset))
        return np.asarray(start + offset)


def _instrument(header: Mapping[str, Any]) -> str:
    return str(header.get("instrument", header.get("instrume", "")) or "")


def _text(header: Mapping[str, Any], key: str) -> str:
    return str(header.get(key, "") or "").strip()
