"""A survey from a plain table of its visits (ECSV, CSV or Parquet), as columns with our names."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.contents import require_unfoldable
from sntransport._storage.extras import of_extra
from sntransport._storage.read_error import ReadError, counted, shallow
from sntransport.simulation.surveys import noise
from sntransport.simulation.surveys.formats.plain_rows import Kind, plain_rows
from sntransport.simulation.surveys.formats.visits import (
    cited,
    require_file,
    resolve_bands,
    sane,
    sky_checks,
    usable_visits,
)
from sntransport.simulation.surveys.survey import Survey

# Other programs' names for our columns, in lower case.
_ALIASES = {
    "time": "mjd", "obsmjd": "mjd", "expmjd": "mjd", "filter": "band", "fieldra": "ra", "fielddec": "dec",
    "decl": "dec", "m5": "depth", "maglim": "depth", "fivesigmadepth": "depth", "five_sigma_depth": "depth",
    "zp": "zero_point", "zeropoint": "zero_point", "seeing": "fwhm", "psf_fwhm": "fwhm", "skybrightness": "sky_mag",
    "sky_brightness": "sky_mag", "readnoise": "read_noise", "fieldid": "field", "field_id": "field",
}  # fmt: skip
# An array of texts is as wide as its longest.
_LONGEST_BAND = 200
# Units that a column may be in, its own first: another is converted to the first of them that it can be.
_AB_MAG = ("mag", "mag(AB)")
_UNITS = {
    "ra": ("deg",), "dec": ("deg",), "fwhm": ("arcsec",), "background": ("nJy",), "saturation": ("nJy",),
    "template_noise": ("nJy",), "depth": _AB_MAG, "zero_point": _AB_MAG,
    "sky_mag": (*_AB_MAG, "mag / arcsec2", "mag(AB / arcsec2)"), "read_noise": ("electron / pix", "electron"),
    "sky_noise": ("ct / pix", "adu / pix", "DN / pix", "ct", "adu", "DN"), "field": ("",),
    "gain": ("electron / ct", "electron / adu", "electron / DN"), "photons_per_njy": ("electron / nJy", "ph / nJy"),
}  # fmt: skip
# Without a gain, counts are photo-electrons.
_ELECTRONS = ("electron / pix", "electron", "ph / pix", "ph")
_NUMBERS = (
    "mjd", "ra", "dec", "depth", "zero_point", "gain", "sky_noise", "sky_mag", "read_noise", "fwhm", "background",
    "photons_per_njy", "saturation", "template_noise", "field",
)  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class VisitTable:
    """Columns by our names (numbers where they are), header entries, and how to name a row."""

    path: Path
    columns: dict[str, Any]
    meta: dict[str, Any]
    row: Callable[[int], str]


def read_table(path: Path) -> VisitTable:
    """Read a table by the kind of its file; numbers that are empty are NaN.

    Raises
    ------
    ReadError
        With the row and the field, for text where a number belongs; or where it is no such file.
    """
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"PAR1"):
        return _named(path, *_read_parquet(path), lambda i: f"row {i + 1}")
    if start.startswith(b"# %ECSV"):
        return _named(path, *_read_ecsv(path), lambda i: f"row {i + 1}")
    columns, lines = _read_csv(path)
    return _named(path, columns, {}, lambda i: f"line {lines[i]}")


def require_column(table: VisitTable, column: str) -> None:
    """Raise a ReadError that offers the nearest name unless the table has ``column``."""
    if column not in table.columns:
        near = difflib.get_close_matches(column, list(table.columns), n=1)
        remedy = f"rename {near[0]!r} to {column!r}" if near else "add it"
        raise ReadError(table.path, f"no column {column!r} (it has {', '.join(table.columns) or 'none'})", remedy)


def _named(path: Path, columns: Mapping[str, Any], meta: Mapping[str, Any], row: Callable[[int], str]) -> VisitTable:
    """The table in our names, its numbers as numbers; what is empty is NaN."""
    ours: dict[str, Any] = {}
    for theirs, values in columns.items():
        lower = theirs.strip().lower()
        name = _ALIASES.get(lower, lower)
        if name in ours:
            raise ReadError(path, f"two columns for {name!r}", "leave one")
        ours[name] = _as_numbers(path, theirs, values, row) if name in _NUMBERS else values
    return VisitTable(path=path, columns=ours, meta=dict(meta), row=row)


def _as_numbers(path: Path, name: str, values: Any, row: Callable[[int], str]) -> Array:
    if np.asarray(values).dtype.kind not in "iufOSU":
        # True would be 1 degree, a time the nanoseconds since 1970.
        wrong = f"column {name} has the type {np.asarray(values).dtype}"
        raise ReadError(path, wrong, "write numbers (mjd: days, ra and dec: degrees)")
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        pass
    numbers = np.full(len(values), np.nan)
    for i, value in enumerate(values):
        try:
            numbers[i] = float(value) if str(value).strip() not in ("", "None") else np.nan
        except (TypeError, ValueError):
            raise ReadError(path, f"{row(i)}: {name} is {str(value)!r}, not a number", "correct it") from None
    return numbers


def _kind(name: str) -> Kind:
    """What a column of another program's name is to us."""
    lower = name.strip().lower()
    ours = _ALIASES.get(lower, lower)
    return "number" if ours in _NUMBERS else "text" if ours == "band" else "unused"


def _read_csv(path: Path) -> tuple[Mapping[str, Any], Sequence[int]]:
    """Columns, and the number of the line of each row."""
    raw = path.read_bytes()
    found = plain_rows(raw, ",", _kind)
    if found is not None:
        return found.columns, range(2, 2 + len(next(iter(found.columns.values()))))
    try:
        lines = raw.decode("utf-8-sig").splitlines()
        kept = [(i, line) for i, line in enumerate(lines, start=1) if line.strip() and not line.startswith("#")]
        cells = list(csv.reader((line for _, line in kept), strict=True, skipinitialspace=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ReadError(path, f"not a CSV file ({error})", "give comma-separated text, ECSV or Parquet") from None
    if not cells:
        raise ReadError(path, "the file is empty", "give columns mjd, band, ra, dec, depth")
    for (line, _), values in zip(kept, cells, strict=False):
        if len(values) != len(cells[0]):
            raise ReadError(path, f"line {line}: {len(values)} fields, expected {len(cells[0])}", "correct the line")
    columns = dict(zip(cells[0], (list(column) for column in zip(*cells[1:], strict=True)), strict=False))
    return columns or {name: [] for name in cells[0]}, [line for line, _ in kept[1:]]


def _read_ecsv(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    from astropy.table import Table

    try:
        raw = path.read_bytes()
        table = _plain_ecsv(raw)
        table = Table.read(BytesIO(raw), format="ascii.ecsv") if table is None else table
        columns = {name: table[name] for name in table.colnames}
    except Exception as error:  # astropy raises a dozen kinds
        raise ReadError(path, f"not a valid ECSV file ({error})", "write it with astropy's Table.write") from None
    plain = {name: _without_mask(getattr(column, "mjd", column)) for name, column in columns.items()}
    units = {name: str(getattr(column, "unit", None) or "") for name, column in columns.items()}
    return _in_our_units(path, plain, units), shallow(table.meta)


def _in_our_units(path: Path, columns: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    """Columns in our units, by their own names; a unit that is none of theirs is a ReadError."""
    ours = {name: _ALIASES.get(name.strip().lower(), name.strip().lower()) for name in columns}
    found = dict(columns)
    for name, unit in units.items():
        allowed = _UNITS.get(ours[name], ())
        if ours[name] == "sky_noise" and "gain" not in ours.values():
            allowed += _ELECTRONS
        if ours[name] == "mjd" and unit not in ("", "d"):
            # Seconds would be a date, too, but of which beginning nobody knows.
            raise ReadError(path, f"column {name} has the unit {unit!r}, expected 'd'", "write Modified Julian dates")
        if unit and allowed and unit != allowed[0]:
            found[name] = _converted(path, name, found[name], unit, allowed)
    return found


def _converted(path: Path, name: str, values: Any, unit: str, allowed: Sequence[str]) -> Any:
    """Numbers in the first of the units that their own can be converted to."""
    from astropy import units as u

    given = u.Unit({"AB": "mag", "AB mag": "mag", "ABmag": "mag(AB)"}.get(unit, unit), parse_strict="silent")
    for wanted in allowed:
        if wanted.startswith("mag / ") and given != u.Unit(wanted):
            continue  # a magnitude of another area is no multiple of it
        try:
            return np.asarray(given.to(u.Unit(wanted), np.asarray(values, dtype=np.float64)), dtype=np.float64)
        except (u.UnitsError, TypeError, ValueError):
            continue
    raise ReadError(
        path,
        f"column {name} has the unit {unit!r}, expected {allowed[0] or 'none'!r}",
        "convert it, or correct its unit",
    )


def _plain_ecsv(raw: bytes) -> Any:
    """A table as astropy reads it, which it does cell by cell; None where there is more to it than plain rows."""
    from astropy.table import Column, Table

    lines = _ECSV_HEAD.match(raw)
    head, rows = (lines.group(), raw[lines.end() :]) if lines else (b"", b"")
    if not rows or _ECSV_MORE.search(head):
        return None
    comma = re.search(rb"^# delimiter: ','\r?$", head, re.MULTILINE)
    found = plain_rows(rows, "," if comma else " ", _kind)
    if found is None:
        return None
    first = b"".join(rows.splitlines(keepends=True)[:2])
    whole = Table(meta=(like := Table.read((head + first).decode(), format="ascii.ecsv")).meta)
    for name, values in found.columns.items():
        wanted = like[name].dtype.kind
        if (_kind(name) == "number" and wanted not in "fiu") or (_kind(name) == "text" and wanted != "U"):
            return None
        whole[name] = Column(values, unit=like[name].unit)
    return whole


# The lines before the names of an ECSV file, and what in them is more than names, types, units and plain entries.
_ECSV_HEAD = re.compile(rb"(?:#[^\n]*\n)+")
_ECSV_MORE = re.compile(rb"serialized_columns|subtype|!astropy|!numpy")


def _without_mask(values: Any) -> Any:
    """An array with NaN or empty text where it is masked."""
    array = np.ma.asarray(values)
    if array.dtype.kind in "fiu":
        return np.ma.filled(np.ma.asarray(array, dtype=np.float64), np.nan)
    return np.ma.filled(array, "")


def _read_parquet(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    with of_extra("parquet"):
        import pyarrow.parquet
    try:
        # As one file: a folder would be read as a data set, and names of its folders as columns.
        file = pyarrow.parquet.ParquetFile(path)
        require_unfoldable(path.stat().st_size, file.metadata)
        # Texts stay what they repeat.
        held = [file.schema.column(i) for i in range(len(file.schema))]
        texts = [one.path for one in held if one.physical_type == "BYTE_ARRAY"]
        table = pyarrow.parquet.ParquetFile(path, read_dictionary=texts).read()
        # A name that occurs twice is a LookupError of pyarrow's.
        columns = {name: table[name].to_numpy() for name in table.column_names}
        units = _parquet_units(file.schema_arrow)
    except (pyarrow.ArrowException, OSError, LookupError, ValueError, TypeError) as error:
        raise ReadError(path, f"not a valid Parquet file ({error})", "write it again") from None
    return _in_our_units(path, columns, {name: unit for name, unit in units.items() if name in columns}), {}


def _parquet_units(schema: Any) -> dict[str, str]:
    """Units of columns, which astropy writes as the lines of an ECSV file's head among the entries of the file."""
    from astropy.table.meta import get_header_from_yaml

    lines = (schema.metadata or {}).get(b"table_meta_yaml", b"").decode(errors="replace").splitlines()
    try:
        entries = get_header_from_yaml(lines).get("datatype", []) if lines else []
        return {str(entry["name"]): str(entry["unit"]) for entry in entries if entry.get("unit")}
    except Exception:  # whatever else has an entry of this name, it says nothing of units
        return {}


_OF_CAMERA = ("gain", "sky_noise", "sky_mag", "read_noise", "fwhm", "background", "photons_per_njy")


@answers_mistakes
def read_visits(
    path: str | Path, *, radius: float | None = None, pixel_scale: float | None = None, name: str | None = None,
    bands: Mapping[str, str] | None = None, zero_point_error: float | Mapping[str, float] | None = None,
    calibration_floor: float | Mapping[str, float] | None = None,
) -> Survey:  # fmt: skip
    """Read a table with one row a visit.

    Parameters
    ----------
    path : path-like
        Ends in ``.ecsv``, ``.csv`` or ``.parquet`` (which needs pyarrow). Columns: ``mjd``, ``band``, ``ra``, ``dec``
        [deg] and the noise as one of

        - ``depth`` [AB mag] (five-sigma), and ``zero_point`` [AB mag] for the Poisson noise of the source;
        - ``zero_point``, ``fwhm`` [arcsec], ``read_noise`` [electrons / pixel] and ``sky_noise`` [counts / pixel] or
          ``sky_mag`` [AB mag / arcsec2];
        - ``background`` [nJy], and ``photons_per_njy`` (infinite: no Poisson noise of the source), as `Survey.to_table`
          writes them.

        ``zero_point`` is the magnitude of one photo-electron in the visit, or of one count where there is a column
        ``gain`` [electrons / count]. Where ``photons_per_njy`` is there, too, it is taken.
        Optional: ``saturation`` [nJy], ``template_noise`` [nJy], ``field``. Units that an ECSV file or astropy's
        Parquet states are converted to these (mmag, a depth in nJy), or refused (STmag, K).
    radius : float, optional [deg]
        Of the field of view. Default: the entry ``radius`` of an ECSV file's header.
    pixel_scale : float, optional [arcsec]
        Default: the header's.
    name : str, optional
        Default: the header's, or the file's name.
    bands : mapping, optional
        Names of filters in the file to names of `sntransport.load_bands`.
    zero_point_error, calibration_floor : float or mapping of band to float, optional [mag]
        Default: the header's, or 0.

    Returns
    -------
    Survey
        Visits with an unusable value are left out and counted in ``notes``.

    Raises
    ------
    ReadError
        With the row and the field; or where a column is missing or no visit is left.

    Examples
    --------
    >>> from sntransport.simulation.surveys import read_visits
    >>> rows = ["mjd,band,ra,dec,depth", "60000.2,ztfr,10.0,5.0,20.6", "60003.2,ztfg,10.0,5.0,20.8"]
    >>> np.savetxt("visits.csv", rows, fmt="%s")
    >>> survey = read_visits("visits.csv", radius=3.9)
    >>> survey.bands, survey.background.round().tolist()
    (('ztfg', 'ztfr'), [4179.0, 3476.0])
    """
    table = read_table(require_file(path))
    for column in ("mjd", "band", "ra", "dec"):
        require_column(table, column)
    camera = {key: sane(table.columns[key]) for key in _OF_CAMERA if key in table.columns}
    if "photons_per_njy" in camera:
        # Infinite: no Poisson noise of the source, as a survey of depths alone has it.
        held = table.columns["photons_per_njy"]
        camera["photons_per_njy"] = np.where(held == np.inf, held, camera["photons_per_njy"])
    table = replace(table, columns=table.columns | camera)
    options = {"radius": radius, "pixel_scale": pixel_scale, "name": name, "zero_point_error": zero_point_error,
               "calibration_floor": calibration_floor}  # fmt: skip
    options = {key: table.meta.get(key) if value is None else value for key, value in options.items()}
    used, band, unknown = _bands(table, bands)
    photons, background, checks = _noise(table, options["pixel_scale"])
    if "template_noise" in table.columns:
        template = table.columns["template_noise"]
        checks["template_noise is not a number, 0 or more"] = (template >= 0) & np.isfinite(template)
    checks = {
        **sky_checks(*(table.columns[key] for key in ("mjd", "ra", "dec"))),
        f"band is not known ({unknown})": band >= 0,
        **checks,
    }
    keep, notes = usable_visits(table.path, checks, table.row)
    field = table.columns.get("field", np.full(band.size, -1.0))[keep]
    saturation = table.columns.get("saturation", np.full(band.size, np.inf))[keep]
    template = table.columns.get("template_noise", np.zeros(band.size))[keep]
    # Where the sky alone saturates a visit, a survey has a number below 0, which in other tables is none.
    own = isinstance(table.meta.get("bands"), list)
    names = table.meta.get("field_names")
    names = names if isinstance(names, Mapping) else {}
    return Survey(
        name=str(options["name"] or table.path.stem), bands=used, band=band[keep],
        **{key: table.columns[key][keep] for key in ("mjd", "ra", "dec")},
        background=background[keep], photons_per_njy=photons[keep], radius=_radius(table, options["radius"]),
        zero_point_error=_per_band(table, "zero_point_error", options["zero_point_error"], used),
        calibration_floor=_per_band(table, "calibration_floor", options["calibration_floor"], used),
        saturation=np.where((saturation > 0) | (own & (saturation < 0)), saturation, np.inf), template_noise=template,
        field=np.where(np.abs(field) < 2**53, field, -1).astype(np.int64),
        field_names={number: str(one) for number, one in names.items() if isinstance(number, int)},
        notes=(f"{counted(int(keep.sum()), 'visit')} read", *notes), source=cited(table.path),
    )  # fmt: skip


def _bands(table: VisitTable, given: Mapping[str, str] | None) -> tuple[tuple[str, ...], NDArray[np.int16], str]:
    """Names of the bands, index of each visit's (-1: not known), and the names that are not known."""
    found = np.asarray(table.columns["band"])
    longest = max((len(one) for one in found.ravel().tolist() if isinstance(one, str)), default=0)
    if longest > _LONGEST_BAND:
        raise ReadError(table.path, f"band has a name of {longest} letters", f"use {_LONGEST_BAND} at most")
    try:
        letters = found.astype(np.str_)
    except (TypeError, ValueError):
        raise ReadError(table.path, "band is no column of names", "give one name a row") from None
    if letters.ndim != 1:
        raise ReadError(table.path, "band is no column of names", "give one name a row")
    if letters.size == 0:
        raise ReadError(table.path, "no visits", "give a table with one row or more")
    kinds, kind = np.unique(letters, return_inverse=True)
    names = resolve_bands(table.path, kinds.tolist(), given, "")
    used = tuple(dict.fromkeys(names.values()))
    index = np.array([used.index(names[item]) if item in names else -1 for item in kinds.tolist()], np.int16)
    return used, index[kind], ", ".join(sorted(set(kinds.tolist()) - set(names)))


def _noise(table: VisitTable, pixel_scale: Any) -> tuple[Array, Array, dict[str, NDArray[np.bool_]]]:
    """Photo-electrons per nJy, background [nJy], and what to check of their columns."""
    columns = table.columns
    photons = np.full(len(columns["mjd"]), np.inf)
    checks: dict[str, NDArray[np.bool_]] = {}
    for key in ("gain", "photons_per_njy"):
        if key in columns:
            checks[f"{key} is not above 0"] = columns[key] > 0
    if "photons_per_njy" in columns:
        # Stated, and nothing to be worked out; a survey's own table may have the zero point of a count beside it.
        photons = np.where(columns["photons_per_njy"] > 0, columns["photons_per_njy"], np.nan)
    elif "zero_point" in columns:
        checks["zero_point is not within 10 and 60"] = np.abs(columns["zero_point"] - 35.0) <= 25.0
        gain = np.where(columns["gain"] > 0, columns["gain"], np.nan) if "gain" in columns else 1.0
        photons = noise.photons_per_njy(np.clip(columns["zero_point"], 10.0, 60.0)) * gain
    if "background" in columns:
        checks["background is not above 0"] = (columns["background"] > 0) & np.isfinite(columns["background"])
        return photons, columns["background"], checks
    if "depth" in columns:
        background = noise.background_from_depth(columns["depth"], np.where(np.isfinite(photons), photons, np.inf))
        checks["depth is not within 0 and 40"] = (columns["depth"] > 0) & (columns["depth"] < 40)
        checks["depth is fainter than the photons of the visit allow"] = np.isfinite(background)
        return photons, background, checks
    background, more = _from_pixels(table, photons, pixel_scale)
    return photons, background, checks | more


def _from_pixels(table: VisitTable, photons: Array, pixel_scale: Any) -> tuple[Array, dict[str, NDArray[np.bool_]]]:
    """Background [nJy] from sky, PSF and read noise, and what to check."""
    columns = table.columns
    if not {"sky_noise", "sky_mag"} & set(columns):
        need = "a column depth, or background, or zero_point with fwhm and sky_noise or sky_mag"
        raise ReadError(table.path, f"nothing tells the noise (it has {', '.join(columns)})", f"add {need}")
    for column in ("zero_point", "fwhm"):
        require_column(table, column)
    if not isinstance(pixel_scale, int | float) or not 1e-6 < pixel_scale < 1e6:
        raise ReadError(table.path, f"pixel_scale is {pixel_scale}", "pass pixel_scale= [arcsec]")
    good = (columns["fwhm"] > 0) & np.isfinite(photons)
    area = noise.noise_area(np.where(good, columns["fwhm"], np.nan) / pixel_scale)
    if "sky_noise" in columns:
        sky = columns["sky_noise"] * columns.get("gain", 1.0)
    else:
        sky_mag = np.where(np.abs(columns["sky_mag"]) < 100, columns["sky_mag"], np.nan)
        sky = np.sqrt(noise.sky_electrons(photons, sky_mag, float(pixel_scale)))
    read_noise = columns.get("read_noise", np.zeros(area.size))
    background = noise.sky_background(photons, sky, area, read_noise)
    return background, {
        "fwhm is not above 0": columns["fwhm"] > 0,
        "sky is not a number, 0 or more": np.isfinite(sky) & (sky >= 0),
        "read_noise is not a number, 0 or more": np.isfinite(read_noise) & (read_noise >= 0),
        "sky and read_noise give no noise": background > 0,
    }


def _radius(table: VisitTable, value: Any) -> float:
    if not isinstance(value, int | float) or not 0 < value <= 90:
        raise ReadError(table.path, f"radius of the field of view is {value}", "pass radius= [deg], above 0")
    return float(value)


def _per_band(table: VisitTable, key: str, value: Any, bands: tuple[str, ...]) -> Array:
    """One number, a mapping of bands or the numbers of a survey's own header, as (n_band,); 0 for those not named."""
    named = table.meta.get("bands")
    if isinstance(value, list) and isinstance(named, list) and len(named) == len(value):
        value = {band: one for band, one in zip(map(str, named), value, strict=True) if band in bands}
    given = dict.fromkeys(bands, value or 0.0) if not isinstance(value, Mapping) else dict(value)
    if unknown := sorted(map(str, set(given) - set(bands))):
        raise ReadError(table.path, f"{key} names {unknown[0]!r}", f"use bands of the table: {', '.join(bands)}")
    try:
        values = np.array([float(given.get(band, 0.0)) for band in bands])
    except (TypeError, ValueError, OverflowError):
        values = np.array([np.nan])
    if not np.all((values >= 0) & np.isfinite(values)):
        raise ReadError(table.path, f"{key} is {value!r}", "give magnitudes of 0 or more")
    return values
