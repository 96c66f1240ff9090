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

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._storage.read_error import ReadError, counted, listed
from sntransport.simulation.surveys import noise
from sntransport.simulation.surveys.footprint import unit_vectors
from sntransport.simulation.surveys.survey import Survey
from sntransport.simulation.surveys.visits import cited, require_file, resolve_bands, sane, sky_checks, usable_visits

_PREFIX = {"LSST": "lsst", "DES": "des", "ZTF": "ztf", "SDSS": "sdss", "PS1": "ps1::", "ATLAS": "atlas", "CSP": "csp"}
_PSF_UNITS = ("PIXEL_SIGMA", "PIXEL", "ARCSEC_FWHM", "NEA_PIXEL", "NEA_ARCSECSQ")
_SKY_UNITS = ("ADU_PER_SQPIXEL", "ADU_PER_PIXEL", "ADU_PER_SQARCSEC")
_DEFAULT_RADIUS = 0.1


_PLACES = {"MJD": 0, "GAIN": 3, "NOISE": 4, "SKYSIG": 5, "PSF1": 6, "PSF2": 7, "PSFRATIO": 8, "ZPTAVG": 9, "ZPTERR": 10}


_PLACES_NEA = {"MJD": 0, "GAIN": 3, "NOISE": 4, "SKYSIG": 5, "PSF1": 6, "ZPTAVG": 7, "ZPTERR": 8}


@dataclass(kw_only=True)
class Library:
    """A file as it is written: keys of the header, keys and line number of each block, text of each visit."""

    header: dict[str, str] = field(default_factory=dict)
    blocks: list[dict[str, str]] = field(default_factory=list)
    block_lines: list[int] = field(default_factory=list)
    visits: list[str] = field(default_factory=list)
    visit_lines: list[int] = field(default_factory=list)
    visit_blocks: list[int] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)


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
        position are one field. Noise of the template (TEMPLATE_ZPT, TEMPLATE_SKYSIG) is added as if it were drawn
        anew for each visit.
        ``zero_point_error`` is the median ZPTERR of the band. The columns of a coadded visit (``IDEXPT*N``) are
        those of the sum, as SNANA's own tool for coadding writes them; N serves for saturation, which is of each
        exposure. Visits that cannot be used are left out and counted in ``notes``.

    Raises
    ------
    ReadError
        With the line and the field.
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
    ra, dec, pixel = _positions(path, library)
    area = _area(path, library, columns, pixel[block])
    photons, background = _noise(path, library, columns, area=area, pixel=pixel[block], letters=letters)
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
        saturation=_saturation(path, library, photons[keep], area[keep], columns["N"][keep]),
        field=_identifiers(library)[block][keep], field_names=_field_names(library),
        notes=(f"{counted(int(keep.sum()), 'visit')} in {counted(used.size, 'block')} read", note, *notes, *remarks),
        source=cited(path),
    )  # fmt: skip


def _medians(errors: Array, band: NDArray[np.int16], n_band: int) -> Array:
    """Median of each band; what is negative (SNANA's "not known") counts as 0."""
    errors = np.where(errors > 0, errors, 0.0)
    return np.array([np.median(errors[band == i]) if np.any(band == i) else 0.0 for i in range(n_band)])


def _positions(path: Path, library: Library) -> tuple[Array, Array, Array]:
    """Position and pixel size of each block, (n_block,)."""
    values = []
    for keys, line in zip(library.blocks, library.block_lines, strict=True):
        dec = keys.get("DEC", keys.get("DECL"))
        row = (keys.get("RA"), dec, keys.get("PIXSIZE", library.header.get("PIXSIZE", "nan")))
        for name, text in zip(("RA", "DEC", "PIXSIZE"), row, strict=True):
            if text is None or not is_number(text):
                wrong = f"line {line}: LIBID {keys['LIBID']} has {name} {text or 'missing'}"
                raise ReadError(path, wrong, f"give {name}: in the lines after LIBID:")
        values.append([float(text) for text in row if text is not None])
    ra, dec_column, pixel = np.array(values).T
    return ra, dec_column, sane(pixel)


def _area(path: Path, library: Library, columns: Mapping[str, Array], pixel: Array) -> Array:
    """Noise-equivalent area of each visit [pixel2]; NaN or 0 where the PSF is none."""
    unit = header_value(path, library, "PSF_UNIT", _PSF_UNITS)
    if "ARCSEC" in unit and not np.all(pixel > 0):
        raise ReadError(path, f"PSF_UNIT is {unit}, which needs PIXSIZE", "give PIXSIZE: in the header")
    one = columns["PSF1"]
    if unit == "NEA_PIXEL":
        return one
    if unit == "NEA_ARCSECSQ":
        return one / pixel**2
    if unit == "ARCSEC_FWHM":
        return np.where(one > 0, noise.noise_area(one / pixel), np.nan)
    area = noise.double_gaussian_area(np.where(one > 0, one, 1.0), columns["PSF2"], columns["PSFRATIO"])
    return np.where(one > 0, area, np.nan)


def _noise(
    path: Path, library: Library, columns: Mapping[str, Array], *, area: Array, pixel: Array, letters: NDArray[np.str_]
) -> tuple[Array, Array]:  # fmt: skip
    """Photo-electrons per nJy and background [nJy] of each visit; NaN where the columns give none."""
    scale = np.ones(area.size)
    if header_value(path, library, "SKYSIG_UNIT", _SKY_UNITS) == "ADU_PER_SQARCSEC":
        if not np.all(pixel > 0):
            raise ReadError(path, "SKYSIG_UNIT is ADU_PER_SQARCSEC, which needs PIXSIZE", "give PIXSIZE: in the header")
        # A standard deviation grows with the root of the area.
        scale = pixel
    gain = np.where(columns["GAIN"] > 0, columns["GAIN"], np.nan)
    photons = gain * noise.photons_per_njy(np.clip(columns["ZPTAVG"], 10.0, 60.0))
    with np.errstate(invalid="ignore"):
        own = noise.sky_background(photons, columns["SKYSIG"] * scale * gain, area, columns["NOISE"])
        zero_point, sky = _template(path, library, letters)
        # Counts of the template, brought to the zero point of the visit.
        template = np.sqrt(area) * sky * scale / noise.photons_per_njy(zero_point)
    return photons, np.hypot(own, np.where(np.isfinite(template), template, 0.0))


def _template(path: Path, library: Library, letters: NDArray[np.str_]) -> tuple[Array, Array]:
    """Zero point [mag] and sky noise [ADU / pixel] of the template of each visit; NaN where there is none."""
    filters = library.header.get("FILTERS", "").replace(" ", "")
    tables: list[tuple[dict[str, float], dict[str, float]]] = []
    for keys, line in zip(library.blocks, library.block_lines, strict=True):
        pair = []
        for name in ("TEMPLATE_ZPT", "TEMPLATE_SKYSIG"):
            cells = keys.get(name, library.header.get(name, "")).split()
            if cells and (len(cells) != len(filters) or not all(map(is_number, cells))):
                wrong = f"line {line}: LIBID {keys['LIBID']} has {name} with {len(cells)} values"
                raise ReadError(path, wrong, f"give one number for each of the FILTERS {filters!r}")
            pair.append(dict(zip(filters, map(float, cells), strict=True)) if cells else {})
        tables.append((pair[0], pair[1]))
    found = [
        (tables[block][0].get(letter, np.nan), tables[block][1].get(letter, np.nan))
        for block, letter in zip(library.visit_blocks, letters.tolist(), strict=True)
    ]
    zero_point, sky = np.array(found).T
    wrong_visits = np.flatnonzero((sky > 0) & (np.abs(zero_point - 35.0) > 25.0))
    if wrong_visits.size:
        line = library.block_lines[library.visit_blocks[wrong_visits[0]]]
        wrong = f"line {line}: TEMPLATE_ZPT of its block is {zero_point[wrong_visits[0]]:g}"
        raise ReadError(path, wrong, "give a zero point within 10 and 60")
    return np.where(sky > 0, zero_point, np.nan), np.where(sky > 0, sane(sky), np.nan)


def _saturation(path: Path, library: Library, photons: Array, area: Array, n_exposure: Array) -> Array:
    """Saturating flux from NPE_PIXEL_SATURATE and a Gaussian of the same noise area; infinite without that key."""
    text = library.header.get("NPE_PIXEL_SATURATE", "")
    if not text:
        return np.full(area.size, np.inf)
    if not is_number(text) or not 0 < float(text) < 1e30:
        raise ReadError(path, f"NPE_PIXEL_SATURATE is {text!r}", "give photo-electrons above 0")
    fwhm = np.sqrt(np.maximum(area, 1e-6) / noise.noise_area(1.0))
    return noise.saturation_flux(photons, fwhm, float(text), n_exposure=n_exposure)


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


# With a noise area in place of the PSF there are no PSF2 and PSFRATIO.


def is_simlib(path: Path) -> bool:
    """Whether a file has a line that begins a library or one of its blocks, within its first megabyte."""
    try:
        with _opened(path) as file:
            return any(line.startswith(("BEGIN LIBGEN", "LIBID:")) for line in file.read(2**20).splitlines())
    except (OSError, UnicodeDecodeError, EOFError, zlib.error):
        return False


def parse_simlib(path: Path) -> Library:
    """Read the lines, also of a file compressed with gzip.

    Raises
    ------
    ReadError
        Where it is no text, or a visit comes before the first block.
    """
    library = Library()
    try:
        with _opened(path) as file:
            for number, line in plain_lines(file):
                _read_line(path, library, number, line)
    except (UnicodeDecodeError, EOFError, OSError, zlib.error) as error:
        raise ReadError(path, f"cannot be read as text ({error})", "give a SIMLIB file") from None
    return library


def visit_columns(path: Path, library: Library, *, nea: bool) -> tuple[dict[str, Array], NDArray[np.str_], Array]:
    """Columns of the visits.

    Parameters
    ----------
    path : Path
    library : Library
    nea : bool
        Whether PSF1 is a noise area, so that PSF2 and PSFRATIO may be left out.

    Returns
    -------
    columns : dict
        MJD, GAIN, NOISE, SKYSIG, PSF1, PSF2, PSFRATIO, ZPTAVG, ZPTERR as they are written, (n_visit,).
    letters : ndarray of str, (n_visit,)
        Filters.
    n_exposure : ndarray, (n_visit,)
        The N of ``IDEXPT*N``, else 1.

    Raises
    ------
    ReadError
        With the line and the field.
    """
    places = _PLACES_NEA if nea and len(library.visits[0].split()) <= 10 else _PLACES
    if any(not text or text.isspace() for text in library.visits):  # numpy would pass over these lines
        raise _bad_visit(path, library, places)
    try:
        numbers = np.loadtxt(library.visits, usecols=tuple(places.values()), ndmin=2, comments=None)
        labels = np.loadtxt(library.visits, usecols=(1, 2), dtype=np.str_, ndmin=2, comments=None)
    except ValueError:
        raise _bad_visit(path, library, places) from None
    zeros = np.zeros(len(library.visits))
    columns = dict.fromkeys(_PLACES, zeros) | dict(zip(places, numbers.T, strict=True))
    return columns, labels[:, 1], _n_exposure(path, library, labels[:, 0])


def header_value(path: Path, library: Library, key: str, known: tuple[str, ...]) -> str:
    """A key of the header that must be one of ``known``, the first of which is the default."""
    value = library.header.get(key, known[0])
    if value not in known:
        raise ReadError(path, f"{key} is {value!r}", f"use one of {', '.join(known)}")
    return value


def is_number(text: str) -> bool:
    """Whether ``float`` takes it."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _opened(path: Path) -> IO[str]:
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    if compressed:
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open("rt", encoding="utf-8")


def plain_lines(file: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, without comments and the block of documentation."""
    inside = False
    for number, line in enumerate(file, start=1):
        text = line.partition("#")[0].strip()
        if text.startswith("DOCUMENTATION:"):
            inside = True
        elif text.startswith("DOCUMENTATION_END:"):
            inside = False
        elif text and not inside:
            yield number, text


def _read_line(path: Path, library: Library, number: int, line: str) -> None:
    if line.startswith("S:"):
        if not library.blocks:
            raise ReadError(path, f"line {number}: a visit before the first LIBID", "begin each block with LIBID:")
        library.visits.append(line[2:])
        library.visit_lines.append(number)
        library.visit_blocks.append(len(library.blocks) - 1)
        return
    keys = _keys(line)
    first = next(iter(keys), "")
    if first in ("T", "SPECTROGRAPH", "TAKE_SPECTRUM"):
        library.ignored[first] = library.ignored.get(first, 0) + 1
    elif first == "LIBID":
        library.blocks.append(keys)
        library.block_lines.append(number)
    elif library.blocks and not first.startswith("END_"):
        library.blocks[-1].update(keys)
    elif not library.blocks:
        library.header.update(keys)


def _keys(line: str) -> dict[str, str]:
    """``RA: 1.5 DEC: -3`` as a mapping; a value reaches to the next key."""
    keys: dict[str, str] = {}
    key = ""
    for word in line.split():
        if word.endswith(":") and len(word) > 1:
            key = word[:-1]
            keys[key] = ""
        elif key:
            keys[key] = f"{keys[key]} {word}".strip()
    return keys


def _bad_visit(path: Path, library: Library, places: dict[str, int]) -> ReadError:
    """The error that names the first line and field that is no number."""
    for number, text in zip(library.visit_lines, library.visits, strict=True):
        cells = text.split()
        if len(cells) <= max(places.values()):
            wrong = f"line {number}: {len(cells)} fields after S:, expected {max(places.values()) + 1} or more"
            return ReadError(path, wrong, "correct the line")
        for name, place in places.items():
            if not is_number(cells[place]):
                return ReadError(path, f"line {number}: {name} is {cells[place]!r}, not a number", "correct the line")
    return ReadError(path, "the lines that begin with S: are no table", "give them all the same fields")


def _n_exposure(path: Path, library: Library, labels: NDArray[np.str_]) -> Array:
    n = np.ones(labels.size)
    for i in np.flatnonzero(np.char.find(labels, "*") >= 0):
        text = str(labels[i]).partition("*")[2]
        if not (text.isdecimal() and len(text) < 10 and int(text) > 0):
            wrong = f"line {library.visit_lines[i]}: IDEXPT is {str(labels[i])!r}, expected ID or ID*N"
            raise ReadError(path, wrong, "give a number of exposures above 0")
        n[i] = int(text)
    return n
