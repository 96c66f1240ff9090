"""SNANA's observation libraries (SIMLIB files).

A library has one block for each place on the sky (``LIBID``) with one line for each visit::

    S: MJD IDEXPT BAND GAIN NOISE SKYSIG PSF1 PSF2 PSFRATIO ZPTAVG ZPTERR MAG

Conventions (Kessler et al. 2009, PASP 121, 1028, and the SNANA manual): a source of magnitude m gives
``10**(0.4 (ZPTAVG - m))`` ADU and ``GAIN`` times as many photo-electrons. ``SKYSIG`` is the standard deviation of the
sky in ADU a pixel, ``NOISE`` the read noise in electrons a pixel, ``PSF1`` and ``PSF2`` are Gaussian sigmas in pixels
and ``PSFRATIO`` the ratio of their heights. The noise-equivalent area is 4 pi sigma**2 for one Gaussian. ``PSF_UNIT``
and ``SKYSIG_UNIT`` in the header change units. Whatever of this is in ADU becomes photo-electrons, and then nJy;
SNANA's FLUXCAL, with its zero point of 27.5 mag, is a unit of its output and does not occur here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.read_error import ReadError, counted, listed
from sntransport.simulation.surveys import noise
from sntransport.simulation.surveys.footprint import unit_vectors
from sntransport.simulation.surveys.formats.simlib_lines import (
    Library,
    header_value,
    is_number,
    parse_simlib,
    visit_columns,
)
from sntransport.simulation.surveys.formats.visits import (
    cited,
    require_file,
    resolve_bands,
    sane,
    sky_checks,
    usable_visits,
)
from sntransport.simulation.surveys.survey import Survey

_PREFIX = {"LSST": "lsst", "DES": "des", "ZTF": "ztf", "SDSS": "sdss", "PS1": "ps1::", "ATLAS": "atlas", "CSP": "csp"}
_PSF_UNITS = ("PIXEL_SIGMA", "PIXEL", "ARCSEC_FWHM", "NEA_PIXEL", "NEA_ARCSECSQ")
_SKY_UNITS = ("ADU_PER_SQPIXEL", "ADU_PER_PIXEL", "ADU_PER_SQARCSEC")
_DEFAULT_RADIUS = 0.1
_NOT_USED = {
    "PHOTFLAG_SATURATE": "PHOTFLAG_SATURATE {} not used: a saturated measurement has the flag 1024",
    "FLUXERR_COR": "FLUXERR_COR not used: give its scales as an error model (FLUXERRMODEL_FILE)",
    "FLUXERR_ADD": "FLUXERR_ADD not used: give it as an error model (FLUXERRMODEL_FILE)",
}
_FWHM_PER_SIGMA = np.sqrt(8.0 * np.log(2.0))


@answers_mistakes
def read_simlib(
    path: str | Path, *, bands: Mapping[str, str] | None = None, radius: float | None = None, name: str | None = None
) -> Survey:  # fmt: skip
    """Read a SIMLIB file (also compressed with gzip).

    Parameters
    ----------
    path : path-like
    bands : mapping, optional
        Filters of the file to names of `sntransport.load_bands`. Default: by the key SURVEY, for LSST, DES, ZTF, SDSS,
        PS1 and ATLAS.
    radius : float, optional [deg]
        Size of the field that a block stands for. Default: 0.1, or less where blocks are so near that fields would
        overlap, since blocks that are near each other may hold the same visits.
    name : str, optional
        Of the survey. Default: the key SURVEY.

    Returns
    -------
    Survey
        Each block is a field at its position, ``field`` is its LIBID, and its FIELD its name. Blocks at the same
        position are one field. Noise of the template (TEMPLATE_ZPT with TEMPLATE_SKYSIG or TEMPLATE_CCDSIG) is in
        ``template_noise``. ``zero_point_error`` is the median ZPTERR of the band; that of each visit is in ``more``,
        with ``psf`` (PSF1), ``sky_noise``, ``zero_point`` and, where FIELD changes between the visits of a block,
        ``field_name``. The columns of a coadded visit (``IDEXPT*N``) are those of the sum, as SNANA's own tool for
        coadding writes them; N serves for saturation (NPE_PIXEL_SATURATE), which is of each exposure and counts the
        sky. Visits that cannot be used are left out and counted in ``notes``.

    Raises
    ------
    ReadError
        With the line and the field.

    Examples
    --------
    >>> from sntransport.simulation.surveys import read_simlib, select_visits, write_simlib
    >>> survey = snt.load_survey("ztf", years=0.1)
    >>> path = write_simlib(select_visits(survey, [0, 1, 2]), "ztf.simlib", name="ZTF")
    >>> read_simlib(path, radius=survey.radius).mjd.size
    3
    """
    path = require_file(path)
    library = parse_simlib(path)
    if not library.visits:
        raise ReadError(path, "no visits (lines that begin with S:)", "give a SIMLIB file")
    survey = library.header.get("SURVEY", "")
    prefix = next((value for key, value in _PREFIX.items() if survey.upper().startswith(key)), "")
    unit = header_value(path, library, "PSF_UNIT", _PSF_UNITS)
    columns, letters, n_exposure = visit_columns(path, library, nea=unit.startswith("NEA"))
    names = resolve_bands(path, sorted(set(letters.tolist())), bands, prefix)
    coadded = int(np.count_nonzero(n_exposure > 1))
    notes = [f"{counted(coadded, 'visit')} coadded (ID*N), whose columns are those of the sum"] if coadded else []
    if library.ignored:
        notes.append(f"lines not used: {listed(library.ignored)}")
    notes += [_NOT_USED[key].format(library.header[key]) for key in _NOT_USED if key in library.header]
    columns = {key: values if key == "MJD" else sane(values) for key, values in columns.items()} | {"N": n_exposure}
    return _survey(
        path, library, columns, letters, names=names, radius=radius, name=name or survey or path.stem, remarks=notes
    )


def _survey(
    path: Path, library: Library, columns: dict[str, Array], letters: NDArray[np.str_], *, names: Mapping[str, str],
    radius: float | None, name: str, remarks: list[str],
) -> Survey:  # fmt: skip
    order = [letter for letter in library.header.get("FILTERS", "") if letter in names]
    bands = tuple(dict.fromkeys([*(names[letter] for letter in order), *names.values()]))
    kinds, kind = np.unique(letters, return_inverse=True)
    band = np.array([bands.index(names[item]) if item in names else -1 for item in kinds.tolist()], np.int16)[kind]
    block = np.array(library.visit_blocks)
    ra, dec = _positions(path, library)
    pixel = _pixel_sizes(path, library)
    sigma, area = _point_spread(path, library, columns, pixel)
    sky = columns["SKYSIG"] * _sky_scale(path, library, pixel)
    gain = np.where(columns["GAIN"] > 0, columns["GAIN"], np.nan)
    photons = gain * noise.photons_per_njy(np.clip(columns["ZPTAVG"], 10.0, 60.0))
    with np.errstate(invalid="ignore"):
        background = noise.sky_background(photons, sky * gain, area, columns["NOISE"])
    template = _template_noise(path, library, letters, area=area, gain=gain)
    saturation = _saturation(path, library, photons, sigma=sigma, sky=(sky * gain) ** 2, n_exposure=columns["N"])
    more = {
        "psf": sigma * pixel * _FWHM_PER_SIGMA, "sky_noise": sky, "zero_point": columns["ZPTAVG"],
        "zero_point_error": np.where(columns["ZPTERR"] > 0, columns["ZPTERR"], 0.0),
    }  # fmt: skip
    if len(library.states) > len(library.blocks):
        more["field_name"] = _fields(library)
    checks = sky_checks(columns["MJD"], ra[block], dec[block], ("MJD", "RA", "DEC"))
    checks |= {
        "its filter is not known": band >= 0,
        "GAIN is not above 0": columns["GAIN"] > 0,
        "the PSF is not above 0": area > 0,
        "ZPTAVG is not within 10 and 60": np.abs(columns["ZPTAVG"] - 35.0) <= 25.0,
        "SKYSIG and NOISE give no noise": (background > 0) & np.isfinite(background),
    }
    keep, notes = usable_visits(path, checks, lambda i: f"line {library.visit_lines[i]}")
    used = np.unique(block[keep])
    size, note = _radius(ra[used], dec[used], radius)
    return Survey(
        name=name, bands=bands, mjd=columns["MJD"][keep], band=band[keep], ra=ra[block][keep], dec=dec[block][keep],
        background=background[keep], photons_per_njy=photons[keep], radius=size,
        zero_point_error=_medians(columns["ZPTERR"][keep], band[keep], len(bands)),
        saturation=saturation[keep], template_noise=template[keep],
        more={key: values[keep] for key, values in more.items()}, field=_identifiers(library)[block][keep],
        field_names=_field_names(library),
        notes=(f"{counted(int(keep.sum()), 'visit')} in {counted(used.size, 'block')} read", note, *notes, *remarks),
        source=cited(path),
    )  # fmt: skip


def _medians(errors: Array, band: NDArray[np.int16], n_band: int) -> Array:
    """Median of each band; what is negative (SNANA's "not known") counts as 0."""
    errors = np.where(errors > 0, errors, 0.0)
    return np.array([np.median(errors[band == i]) if np.any(band == i) else 0.0 for i in range(n_band)])


def _positions(path: Path, library: Library) -> tuple[Array, Array]:
    """Position of each block, (n_block,)."""
    values = []
    for keys, line in zip(library.blocks, library.block_lines, strict=True):
        row = (keys.get("RA"), keys.get("DEC", keys.get("DECL")))
        for name, text in zip(("RA", "DEC"), row, strict=True):
            if text is None or not is_number(text):
                wrong = f"line {line}: LIBID {keys['LIBID']} has {name} {text or 'missing'}"
                raise ReadError(path, wrong, f"give {name}: in the lines after LIBID:")
        values.append([float(text) for text in row if text is not None])
    ra, dec = np.array(values).T
    return ra, dec


def _pixel_sizes(path: Path, library: Library) -> Array:
    """Size of a pixel [arcsec] of each visit, NaN where it is not stated; a second camera may have another."""
    sizes = []
    for keys, line in zip(library.states, library.state_lines, strict=True):
        text = keys.get("PIXSIZE", library.header.get("PIXSIZE", "nan")).partition(" ")[0]
        if not is_number(text):
            wrong = f"line {line}: LIBID {keys['LIBID']} has PIXSIZE {text or 'missing'}"
            raise ReadError(path, wrong, "give PIXSIZE: in the lines after LIBID:")
        sizes.append(float(text))
    return sane(np.array(sizes))[library.visit_states]


def _fields(library: Library) -> NDArray[np.str_]:
    """Name of the field (FIELD) of each visit, empty where it has none."""
    names = [keys.get("FIELD", library.header.get("FIELD", "")).partition(" ")[0] for keys in library.states]
    return np.array(names)[library.visit_states]


def _point_spread(
    path: Path, library: Library, columns: Mapping[str, Array], pixel: Array
) -> tuple[Array, Array]:  # fmt: skip
    """Standard deviation [pixel] of the inner Gaussian and noise-equivalent area [pixel2]; NaN where the PSF is none.

    Of a noise area the Gaussian is the one that has it.
    """
    unit = header_value(path, library, "PSF_UNIT", _PSF_UNITS)
    if "ARCSEC" in unit and not np.all(pixel > 0):
        raise ReadError(path, f"PSF_UNIT is {unit}, which needs PIXSIZE", "give PIXSIZE: in the header")
    one = np.where(columns["PSF1"] > 0, columns["PSF1"], np.nan)
    if unit.startswith("NEA"):
        area = one / pixel**2 if unit == "NEA_ARCSECSQ" else one
        return np.sqrt(area / (4.0 * np.pi)), area
    to_pixel = 1.0 / (pixel * _FWHM_PER_SIGMA) if unit == "ARCSEC_FWHM" else 1.0
    sigma = one * to_pixel
    area = noise.double_gaussian_area(np.nan_to_num(sigma, nan=1.0), columns["PSF2"] * to_pixel, columns["PSFRATIO"])
    return sigma, np.where(one > 0, area, np.nan)


def _sky_scale(path: Path, library: Library, pixel: Array) -> Array:
    """What SKYSIG is multiplied by to be of one pixel: a standard deviation grows with the root of the area."""
    if header_value(path, library, "SKYSIG_UNIT", _SKY_UNITS) != "ADU_PER_SQARCSEC":
        return np.ones(pixel.size)
    if not np.all(pixel > 0):
        raise ReadError(path, "SKYSIG_UNIT is ADU_PER_SQARCSEC, which needs PIXSIZE", "give PIXSIZE: in the header")
    return pixel


def _template_noise(
    path: Path, library: Library, letters: NDArray[np.str_], *, area: Array, gain: Array
) -> Array:  # fmt: skip
    """Noise of the template in the flux of each visit [nJy], 0 where there is none.

    As SNANA has it: the PSF and the gain of the visit, the sky [ADU / pixel] and read noise [electrons / pixel] of the
    template, brought to the zero point of the visit. What is in ADU a pixel stays so whatever SKYSIG_UNIT is.
    """
    zero_point, sky, read = _template_keys(path, library, letters)
    with np.errstate(invalid="ignore", over="ignore"):
        counts = np.hypot(sky, read / gain)
        made = np.sqrt(area) * counts / noise.photons_per_njy(np.clip(zero_point, 10.0, 60.0))
    return np.where(np.isfinite(made) & (counts > 0), made, 0.0)


def _template_keys(
    path: Path, library: Library, letters: NDArray[np.str_]
) -> tuple[Array, Array, Array]:  # fmt: skip
    """TEMPLATE_ZPT, TEMPLATE_SKYSIG and TEMPLATE_CCDSIG of each visit, by its filter; 0 where not given."""
    filters = library.header.get("FILTERS", "").replace(" ", "")
    names = ("TEMPLATE_ZPT", "TEMPLATE_SKYSIG", "TEMPLATE_CCDSIG")
    # One more for filters that are not in the list.
    table = np.zeros((len(library.states), len(names), len(filters) + 1))
    for row, keys, line in zip(table, library.states, library.state_lines, strict=True):
        for place, name in enumerate(names):
            cells = keys.get(name, library.header.get(name, "")).split()
            if not cells:
                continue
            if len(cells) != len(filters) or not all(map(is_number, cells)):
                wrong = f"line {line}: LIBID {keys['LIBID']} has {name} with {len(cells)} values"
                raise ReadError(path, wrong, f"give one number for each of the FILTERS {filters!r}")
            row[place, :-1] = np.array(cells, dtype=np.float64)
        noisy = np.any(np.nan_to_num(sane(row[1:])) > 0, axis=0)
        if np.any(bad := noisy & ~(np.abs(row[0] - 35.0) <= 25.0)):
            wrong = f"line {line}: TEMPLATE_ZPT of its block is {row[0][bad][0]:g}"
            raise ReadError(path, wrong, "give a zero point within 10 and 60")
    kinds, kind = np.unique(letters, return_inverse=True)
    column = np.array([filters.find(letter) if letter else -1 for letter in kinds.tolist()])[kind]
    zero_point, sky, read = table[np.array(library.visit_states), :, column].T
    return zero_point, sane(sky), sane(read)


def _saturation(
    path: Path, library: Library, photons: Array, *, sigma: Array, sky: Array, n_exposure: Array
) -> Array:  # fmt: skip
    """Saturating flux from NPE_PIXEL_SATURATE; infinite without that key.

    The light in the brightest pixel is as the manual has it (section "Saturation Option"), P**2 / (2 pi sigma**2) (1 -
    P**2 / (4 pi sigma**2)) for a pixel P. Where a pixel has more than half of the first factor that expansion is off
    by 4 % and more, and the Gaussian's own share stands.
    """
    text = library.header.get("NPE_PIXEL_SATURATE", "")
    if not text:
        return np.full(photons.size, np.inf)
    if not is_number(text) or not 0 < float(text) < 1e30:
        raise ReadError(path, f"NPE_PIXEL_SATURATE is {text!r}", "give photo-electrons above 0")
    with np.errstate(invalid="ignore", divide="ignore"):
        first = 1.0 / (2.0 * np.pi * sigma**2)
        full = [
            noise.saturation_flux(photons, sigma * _FWHM_PER_SIGMA, float(text), sky, n_exposure, share=share)
            for share in (first * (1.0 - 0.5 * first), None)
        ]
    return np.where(first <= 0.5, *full)


def _radius(ra: Array, dec: Array, radius: float | None) -> tuple[float, str]:
    """Radius of the fields [deg], and how it was chosen."""
    from scipy.spatial import cKDTree

    if radius is not None:
        return radius, f"each block is a field of {radius:g} deg radius"
    places = unit_vectors(*np.unique(np.stack([ra, dec]), axis=1))
    if places.shape[0] < 2:
        return _DEFAULT_RADIUS, f"each block is a field of {_DEFAULT_RADIUS:g} deg radius"
    chord = float(cKDTree(places).query(places, k=2)[0][:, 1].min())
    size = min(_DEFAULT_RADIUS, 0.499 * float(np.degrees(2.0 * np.arcsin(0.5 * chord))))
    return size, f"each block is a field of {size:.4g} deg radius, so that no two overlap"


def _identifiers(library: Library) -> NDArray[np.int64]:
    texts = [keys["LIBID"].split()[0] if keys["LIBID"] else "" for keys in library.blocks]
    return np.array([int(text) if text.isdecimal() and len(text) < 19 else -1 for text in texts], dtype=np.int64)


def _field_names(library: Library) -> dict[int, str]:
    """The key FIELD of each block, or of the header, by LIBID."""
    names = (keys.get("FIELD", library.header.get("FIELD", "")) for keys in library.blocks)
    return {number: name for number, name in zip(_identifiers(library).tolist(), names, strict=True) if name}
