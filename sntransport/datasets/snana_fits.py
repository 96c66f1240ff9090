"""SNANA's FITS pair: HEAD with one row an object, PHOT with all measurements.

PTROBS_MIN and PTROBS_MAX count rows of PHOT from 1, both included; after every object there is one row with MJD = -777.
FLUXCAL had the zero point 27.5 until 2026 and has 31.4 since, so the header says which, as ZP_FLUXCAL; 27.5 is written
where none is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._numerics.units import mag_to_njy, njy_at_zero_point
from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.atomic_files import atomic_paths
from sntransport._storage.fits_tables import card_text, to_bytes
from sntransport.datasets.columns import known_rows
from sntransport.datasets.snana_columns import NO_FLUX, UNDEFINED, head_columns, phot_columns
from sntransport.datasets.snana_header import header_keys, snana_letters, survey_name
from sntransport.reading.formats.snana_pair import ZP_FLUXCAL, read_pair
from sntransport.simulation.events.class_codes import codes_of_templates, default_codes
from sntransport.simulation.light_curves import LightCurves

# A longer key is no plain card.
_CARD = 8


@answers_mistakes
def write_snana_fits(
    light_curves: LightCurves, stem: str | os.PathLike[str], *, zero_point: float = ZP_FLUXCAL,
    band_codes: Mapping[str, str] | None = None, type_codes: Mapping[str, int] | None = None, survey: str = "",
    version: str = "",
) -> tuple[Path, Path]:  # fmt: skip
    """Write ``STEM_HEAD.FITS`` and ``STEM_PHOT.FITS``.

    Parameters
    ----------
    light_curves : LightCurves
        With their true fluxes (``simulate(..., true_flux=True)``), so that SIM_MAGOBS can be written.
    stem : path-like
        Path without the endings.
    zero_point : float
        Of FLUXCAL; fluxes are converted to it.
    band_codes : mapping of str to str, optional
        One letter or digit a band; default: see `sntransport.datasets.snana_header.snana_letters`.
    type_codes : mapping of str to int, optional
        SNTYPE of each type or class; default: `sntransport.simulation.events.class_codes.default_codes` of this set. A
        run of several sets needs one table for all.
    survey : str
        Default: the surveys of the bands.
    version : str
        Name of the set, which is that of its folder; default: the stem's, so that equal sets have equal bytes.

    Returns
    -------
    head, phot : Path

    Raises
    ------
    ValueError
        Where a band has no letter of its own, or a type no code.

    Notes
    -----
    SNID is the identifier and 1, since SNANA counts from 1. REDSHIFT_HELIO is the redshift,
    REDSHIFT_FINAL that in the frame of the microwave background at the object's place, SIM_REDSHIFT_CMB that of the
    expansion. Further numbers of the truth are private variables. Lost: fluxes that are not known (their rows are left
    out), digits beyond 32 bits, and which of two surveys with the same band measured; the names of templates are in
    the README of `sntransport.datasets.snana_version.write_snana_version`.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.datasets import write_snana_fits
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([series], survey, population, n=5, seed=1, keep="triggered", true_flux=True)
    >>> [path.name for path in write_snana_fits(curves, "ZTF", band_codes={"ztfg": "g", "ztfr": "r"})]
    ['ZTF_HEAD.FITS', 'ZTF_PHOT.FITS']
    """
    from astropy.io import fits

    place = Path(stem)
    letters = snana_letters(light_curves.bands, band_codes)
    kinds = light_curves.template_types
    numbers = type_codes or default_codes(kinds)
    codes_of_templates(kinds, numbers, "code")
    rows, offset = known_rows(light_curves)
    counts = np.diff(offset)
    head = head_columns(light_curves, letters, numbers, offset[:-1] + np.arange(counts.size), counts)
    phot = phot_columns(light_curves, letters, rows, offset, zero_point)
    paths = place.with_name(f"{place.name}_HEAD.FITS"), place.with_name(f"{place.name}_PHOT.FITS")
    keys = header_keys(
        light_curves, letters, survey=survey or survey_name(light_curves.surveys), zero_point=zero_point,
        phot=paths[1].name, version=version or place.name,
    )  # fmt: skip
    # HEAD points to rows of PHOT, and takes its name last.
    with atomic_paths(paths[::-1]) as temporary:
        for path, name, columns in zip(temporary, ("PHOT", "HEAD"), (phot, head), strict=True):
            table = fits.BinTableHDU(_record(columns), name=name)
            primary = fits.PrimaryHDU()
            # SNANA has them in the primary header; readers that only look at tables find them there too.
            for header in (primary.header, table.header):
                for key, (value, comment) in keys.items():
                    header[key if len(key) <= _CARD else f"HIERARCH {key}"] = (value, comment)
                for kind, code in numbers.items():
                    header[f"HIERARCH SNTYPE {code}"] = card_text(kind) or "unknown"
            path.write_bytes(to_bytes(fits.HDUList([primary, table])))
    return paths


@answers_mistakes
def read_snana_fits(head: str | os.PathLike[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Read a pair by its HEAD file, ours, SNANA's or anybody's; also compressed with gzip.

    Returns
    -------
    header : dict
        SURVEY, FILTERS and ZP_FLUXCAL (27.5 where neither file says), from the primary header or that of the table.
    objects : list of dict
        Columns of HEAD, and ``mjd``, ``band`` (from BAND or FLT), ``flux``, ``flux_err`` [nJy] and ``photflag`` (0
        where there is no such column); ``field`` and, of SIM_MAGOBS, ``true_flux`` [nJy] where the file has them: 0
        where there is no flux (99), NaN where the model does not cover the band (666).

    Raises
    ------
    ValueError
        With the file: where it is no FITS file, a column is missing or of another type, PHOTFILE is not in the same
        folder, the two files state different zero points, a pointer leads out of PHOT, the row after an object does
        not have MJD = -777, or a flux is infinite (NaN is kept).
    OSError
        Where a file cannot be opened.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.datasets import read_snana_fits, write_snana_fits
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([series], survey, population, n=5, seed=1, keep="triggered", true_flux=True)
    >>> head, _ = write_snana_fits(curves, "ZTF", band_codes={"ztfg": "g", "ztfr": "r"})
    >>> header, objects = read_snana_fits(head)
    >>> header["FILTERS"], len(objects), bool(np.allclose(objects[0]["mjd"], curves.mjd[: curves.offset[1]]))
    ('gr', 5, True)
    """
    path = Path(head)
    pair = read_pair(path)
    columns = _measurements(pair.phot, pair.band_column(), 1.0 / njy_at_zero_point(pair.zero_point))
    objects = []
    for i, row in enumerate(pair.rows):
        rows = pair.place(i)
        measured = {name: column[rows] for name, column in columns.items()}
        if np.isinf(measured["flux"]).any() or np.isinf(measured["flux_err"]).any():
            raise ValueError(f"{path}: row {i + 1}: a FLUXCAL or FLUXCALERR of PHOT is infinite or beyond all numbers")
        objects.append({name: row[name] for name in pair.rows.dtype.names or ()} | measured)
    held = {key: pair.header.get(key) for key in ("SURVEY", "FILTERS")}
    return held | {"ZP_FLUXCAL": pair.zero_point}, objects


def _measurements(part: Any, band: str, scale: float) -> dict[str, Any]:
    names = part.dtype.names
    # Some NaN raise a warning when they are touched; what overflows is for the caller to refuse.
    with np.errstate(invalid="ignore", over="ignore"):
        flux, flux_err = (part[name].astype(float) * scale for name in ("FLUXCAL", "FLUXCALERR"))
    out = {
        "mjd": part["MJD"].astype(float), "band": np.char.strip(part[band].astype(str)), "flux": flux,
        "flux_err": flux_err,
        "photflag": part["PHOTFLAG"] if "PHOTFLAG" in names else np.zeros(part.size, dtype=np.int32),
    }  # fmt: skip
    if "FIELD" in names:
        out["field"] = np.char.strip(part["FIELD"].astype(str))
    if "SIM_MAGOBS" in names:
        mag = part["SIM_MAGOBS"].astype(float)
        out["true_flux"] = np.where(mag == NO_FLUX, 0.0, np.where(mag >= UNDEFINED, np.nan, mag_to_njy(mag)))
    return out


def _record(columns: Mapping[str, Any]) -> Any:
    out = np.empty(len(next(iter(columns.values()))), dtype=[(name, value.dtype) for name, value in columns.items()])
    for name, value in columns.items():
        out[name] = value
    return out
