"""Surveys as SNANA's observation libraries (SIMLIB files); what is in them, `snana_simlib` says.

A `Survey` holds the noise of a visit and not how it came about. It is written as that of an image with a GAIN of one
photo-electron a count, more for extreme noise, and the PSF that is known or one of nominal size, whose sky has just the
noise that makes up the background:

    ZPTAVG = 2.5 log10(photons_per_njy / GAIN x 3631e9)
    SKYSIG = background x photons_per_njy / GAIN / sqrt(4 pi PSF1**2)

so that SNANA's formula for the error of a flux gives the survey's own.
"""

from __future__ import annotations

import gzip
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import AB_ZERO_NJY
from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.atomic_files import atomic_path
from sntransport._storage.read_error import one_line
from sntransport._version import __version__
from sntransport.simulation.surveys import noise
from sntransport.simulation.surveys.footprint import footprint_area, visits_of
from sntransport.simulation.surveys.survey import Survey, field_name

# FWHM, where none is known, and pixels [arcsec] that are written; the noise is the same for any. Those of a good site
# and of Rubin's camera.
_FWHM, _PIXEL = 1.0, 0.2
_SIGMA_PER_FWHM = 1.0 / np.sqrt(8.0 * np.log(2.0))
# Zero point of the counts of templates.
_TEMPLATE_ZERO_POINT = 30.0
# Relative difference of the noise of a template that a block has one number for.
_SAME_NOISE = 1e-6
# Without Poisson noise of the source: a gain and a sky noise [counts] at which it is below 1e-6 of the background for a
# source 1e8 times as bright as that. Within what readers take for a camera.
_MOST_GAIN, _MOST_SKY = 1e8, 1e6
# Beyond these no camera is, and readers refuse them.
_LEAST_ZERO_POINT, _MOST_ZERO_POINT = 10.0, 60.0
_SQUARE_DEGREE = float(np.radians(1.0) ** 2)


@answers_mistakes
def write_simlib(
    survey: Survey, path: str | Path, *, name: str | None = None, letters: Mapping[str, str] | None = None,
    cell: float | None = None,
) -> Path:  # fmt: skip
    """Write a survey as a SIMLIB file; compressed with gzip where the name ends in ``.gz``.

    Parameters
    ----------
    survey : Survey
    path : path-like
    name : str, optional
        Of the key SURVEY, one word; SNANA knows those in its file SURVEY.DEF. Default: that of the survey.
    letters : mapping of str to str, optional
        Band to the one character that stands for it. Default: the last letter of its name, or another that is free.
    cell : float, optional [deg]
        Blocks at places about so far apart all over the footprint, each with all visits that see it, as SNANA needs
        them of fields that overlap or move. Default: one block for each pointing, with its own visits alone.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        Where there are no visits, a name is no word, letters are not one for each band, or a visit's noise cannot be
        written.

    Notes
    -----
    `read_simlib` gives back dates, places, bands and noise to better than 1e-6 (with ``bands=`` where SURVEY does not
    tell them, and ``radius=``). LIBID is the number of the field where each pointing has one of its own, else from 1
    on, with the field as FIELD. Noise of a template that is one for the visits of a block in a band, given their PSF,
    is in TEMPLATE_SKYSIG, other such noise part of SKYSIG. Lost: saturation, and calibration floors, which SNANA has no
    columns for. The DOCUMENTATION block names what is nominal or lost.

    Examples
    --------
    >>> from sntransport.simulation.surveys import select_visits, write_simlib
    >>> survey = select_visits(snt.load_survey("ztf", years=0.1), [0, 1, 2])
    >>> path = write_simlib(survey, "ztf.simlib", name="ZTF")
    >>> [line for line in path.read_text().splitlines() if line.startswith("SURVEY")]
    ['SURVEY: ZTF   FILTERS: gr   TELESCOPE: ZTF']
    """
    if survey.n_visit == 0:
        raise ValueError(f"survey {survey.name!r} has no visits to write")
    named = survey.name if name is None else name
    if not named or " " in named or "#" in named or not named.isprintable():
        raise ValueError(f"name is {named!r}, expected one word for the key SURVEY")
    codes = band_letters(survey.bands, letters)
    blocks = _pointings(survey) if cell is None else _cells(survey, cell)
    lines = _lines(survey, named, codes, list(blocks))
    target = Path(path)
    with atomic_path(target) as temporary:
        if target.suffix == ".gz":
            # Without name and time, so that the same survey gives the same bytes.
            with temporary.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as file:
                file.writelines(line.encode() for line in lines)
        else:
            with temporary.open("w", encoding="utf-8") as file:
                file.writelines(lines)
    return target


def band_letters(bands: Sequence[str], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """One character for each band.

    Parameters
    ----------
    bands : sequence of str
    given : mapping, optional
        Of some of them. Others get the last letter of their name, in the other case where that is taken, or the first
        free letter or digit.

    Raises
    ------
    ValueError
        Where a given one is not one letter or digit, of a band that is not there, or two are the same.
    """
    found = dict(given or {})
    if unknown := sorted(set(found) - set(bands)):
        raise ValueError(f"letters names {unknown[0]!r}, expected bands of the survey ({', '.join(bands)})")
    for band, letter in found.items():
        if letter not in string.ascii_letters + string.digits or len(letter) != 1:
            raise ValueError(f"letters: {band} is {letter!r}, expected one letter or digit")
    if len(set(found.values())) != len(found):
        raise ValueError(f"letters are {found}, expected another one for each band")
    for band in bands:
        wanted = [band[-1], band[-1].swapcase(), *string.ascii_letters, *string.digits]
        free = [one for one in wanted if one in string.ascii_letters + string.digits and one not in found.values()]
        if band not in found and not free:
            raise ValueError(f"survey has {len(bands)} bands, more than there are letters and digits")
        found.setdefault(band, free[0] if free else "")
    return {band: found[band] for band in bands}


_Block = tuple[int, float, float, str, NDArray[np.int64]]
"""LIBID, right ascension and declination [deg], name of the field, rows of the survey."""


def _label(survey: Survey, field: np.int64) -> str:
    """The value of FIELD; VOID is SNANA's word for none."""
    # A comment begins at #, a block at a new line.
    return one_line(field_name(survey, int(field))).replace(" ", "_").replace("#", "_") or "VOID"


def _pointings(survey: Survey) -> Iterator[_Block]:
    """One block for each pointing, in the order of fields, or of first visits."""
    places, first, which = np.unique(np.stack([survey.ra, survey.dec], axis=1), axis=0, return_index=True,
                                     return_inverse=True)  # fmt: skip
    which = which.ravel()
    field = survey.field[first]
    own = field.min() >= 0 and np.unique(field).size == field.size and np.array_equal(survey.field, field[which])
    rank = np.argsort(field if own else first, kind="stable")
    rows = np.argsort(which, kind="stable")
    edges = np.concatenate([[0], np.cumsum(np.bincount(which, minlength=len(places)))])
    for number, k in enumerate(rank.tolist(), start=1):
        label = _label(survey, field[k])
        libid = int(field[k]) if own else number
        yield libid, float(places[k, 0]), float(places[k, 1]), label, rows[edges[k] : edges[k + 1]]


def _cells(survey: Survey, cell: float) -> Iterator[_Block]:
    """One block for each place of rings ``cell`` [deg] apart that some visit sees."""
    if not 0 < cell <= 90:
        raise ValueError(f"cell is {cell}, expected a distance above 0 and up to 90 degrees")
    n_ring = int(np.ceil(180.0 / cell))
    dec = -90.0 + (np.arange(n_ring) + 0.5) * 180.0 / n_ring
    n = np.maximum(np.round(360.0 * np.cos(np.radians(dec)) / cell), 1).astype(np.int64)
    ra = np.concatenate([360.0 * (np.arange(one) + 0.5) / one for one in n])
    offset, rows = visits_of(survey, ra, np.repeat(dec, n), survey.mjd[0], survey.mjd[-1])
    seen = np.flatnonzero(np.diff(offset))
    if not seen.size:
        raise ValueError(f"no place of cells {cell:g} deg apart is in the footprint; make them smaller")
    all_dec = np.repeat(dec, n)
    for number, k in enumerate(seen.tolist(), start=1):
        mine = rows[offset[k] : offset[k + 1]]
        known = np.unique(survey.field[mine])
        label = _label(survey, known[0]) if known.size == 1 else "VOID"
        yield number, float(ra[k]), float(all_dec[k]), label, mine


def _sigma(survey: Survey) -> Array:
    """Standard deviation of the PSF of each visit [pixel]."""
    psf = np.asarray(survey.more.get("psf", np.full(survey.n_visit, np.nan)), dtype=np.float64)
    return np.asarray(np.where((psf > 0) & np.isfinite(psf), psf, _FWHM) * _SIGMA_PER_FWHM / _PIXEL)


def _template_sky(survey: Survey, blocks: Sequence[_Block]) -> Array | None:
    """Sky noise of templates (n_block, n_band) [counts / pixel], or None where a block has more than one in a band."""
    root = np.sqrt(noise.double_gaussian_area(_sigma(survey)))
    each = survey.template_noise / root * noise.photons_per_njy(_TEMPLATE_ZERO_POINT)
    found = np.zeros((len(blocks), survey.n_band))
    for b, (_, _, _, _, rows) in enumerate(blocks):
        np.maximum.at(found[b], survey.band[rows], each[rows])
        if np.any(np.abs(found[b][survey.band[rows]] - each[rows]) > _SAME_NOISE * each[rows]):
            return None
    return found


def _columns(survey: Survey) -> tuple[Array, Array, Array]:
    """GAIN, SKYSIG and ZPTAVG of each visit."""
    known = np.isfinite(survey.photons_per_njy)
    root = np.sqrt(noise.double_gaussian_area(_sigma(survey)))
    # More than one photo-electron a count where the sky would be a number that no camera has.
    too_much = np.where(known, survey.photons_per_njy * survey.background / root / _MOST_SKY, 0.0)
    gain = np.where(known, 10.0 ** np.ceil(np.log10(np.maximum(too_much, 1.0))), _MOST_GAIN)
    counts = np.where(known, survey.photons_per_njy / gain, _MOST_SKY * root / survey.background)
    zero_point = 2.5 * np.log10(counts * AB_ZERO_NJY)
    sky = survey.background * counts / root
    good = (zero_point > _LEAST_ZERO_POINT) & (zero_point < _MOST_ZERO_POINT) & (sky > 1e-9) & (sky < 1e9)
    if not np.all(good):
        i = int(np.flatnonzero(~good)[0])
        raise ValueError(
            f"survey {survey.name!r}: visit {i} has {survey.photons_per_njy[i]:g} photons per nJy and a background of "
            f"{survey.background[i]:g} nJy, which is no zero point and sky of an image; leave it out"
        )
    return gain, sky, zero_point


def _visit_texts(survey: Survey, codes: Mapping[str, str]) -> list[str]:
    """The line of each visit."""
    gain, sky, zero_point = _columns(survey)
    letters = [codes[band] for band in survey.bands]
    error = np.asarray(survey.more.get("zero_point_error", survey.zero_point_error[survey.band]), dtype=np.float64)
    columns = zip(
        survey.mjd.tolist(), range(survey.n_visit), survey.band.tolist(), gain.tolist(), sky.tolist(),
        zero_point.tolist(), error.tolist(), _sigma(survey).tolist(), strict=True,
    )  # fmt: skip
    return [
        f"S: {mjd:.8f} {i} {letters[band]} {one:g} 0 {dark:.9g} {sigma:.9g} 0 0 {zero:.8f} {err:.9g} 99\n"
        for mjd, i, band, one, dark, zero, err, sigma in columns
    ]


def _lines(survey: Survey, name: str, codes: Mapping[str, str], blocks: Sequence[_Block]) -> Iterator[str]:
    """All lines of the file."""
    template = _template_sky(survey, blocks) if survey.template_noise.any() else np.zeros((len(blocks), 0))
    if template is None:
        survey = replace(survey, background=np.hypot(survey.background, survey.template_noise))
    rows = _visit_texts(survey, codes)
    yield from _documentation(survey, codes, folded=template is None)
    yield f"\nSURVEY: {name}   FILTERS: {''.join(codes.values())}   TELESCOPE: {name}\nUSER: sntransport   HOST: none\n"
    yield f"NLIBID: {len(blocks)}\nPIXSIZE: {_PIXEL}\n"
    yield f"SOLID_ANGLE: {footprint_area(survey) * _SQUARE_DEGREE:.6g}\n\nBEGIN LIBGEN\n"
    for b, (libid, ra, dec, label, mine) in enumerate(blocks):
        yield f"#{'-' * 44}\nLIBID: {libid}\nRA: {ra:.8f}   DEC: {dec:.8f}   NOBS: {mine.size}   MWEBV: 0.0\n"
        yield f"FIELD: {label}\n"
        if template is not None and template.size:
            yield f"TEMPLATE_ZPT: {' '.join([f'{_TEMPLATE_ZERO_POINT:g}'] * survey.n_band)}\n"
            yield f"TEMPLATE_SKYSIG: {' '.join(f'{one:.9g}' for one in template[b])}\n"
        yield "# MJD IDEXPT BAND GAIN NOISE SKYSIG PSF1 PSF2 PSFRATIO ZPTAVG ZPTERR MAG\n"
        yield from (rows[i] for i in mine.tolist())
        yield f"END_LIBID: {libid}\n"
    yield "END_OF_SIMLIB:\n"


def _documentation(survey: Survey, codes: Mapping[str, str], *, folded: bool) -> Iterator[str]:
    """The block that people read, as YAML."""
    yield f"DOCUMENTATION:\n  PURPOSE: visits of {one_line(survey.name)}\n"
    yield f"  MADE_BY: sntransport {__version__}\n  BANDS:\n"
    yield from (f"    {letter}: {one_line(band)}\n" for band, letter in codes.items())
    yield f"  RADIUS_OF_FIELD_DEG: {survey.radius:.9g}\n  NOTES:\n"
    what = "PIXSIZE is nominal" if "psf" in survey.more else f"PSF ({_FWHM:g} arcsec) and PIXSIZE are nominal"
    yield f"  - {what}; with both SKYSIG gives the noise of each visit\n"
    if folded:
        yield "  - noise of templates is part of SKYSIG, since it differs among visits\n"
    yield "  - NOISE is 0, and read noise is part of SKYSIG; MWEBV is not known and 0\n"
    if np.isfinite(survey.saturation).any():
        yield "  - saturation is left out\n"
    if np.any(survey.calibration_floor > 0):
        floors = ", ".join(f"{one_line(b)} {f:g}" for b, f in zip(survey.bands, survey.calibration_floor, strict=True))
        yield f"  - left out of the errors is the calibration floor [mag], {floors}\n"
    yield "DOCUMENTATION_END:\n"
