"""Rubin's simulated pointing histories: SQLite databases with a table ``observations``."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.read_error import ReadError, counted
from sntransport.simulation.surveys import noise
from sntransport.simulation.surveys.cameras import LSST, visit_photons, visit_saturation
from sntransport.simulation.surveys.formats.visits import cited, require_file, resolve_bands, sky_checks, usable_visits
from sntransport.simulation.surveys.survey import Survey

# What we need and what the file calls it, the newest name first. ``visitTime`` counts overheads too, so it comes last.
_REQUIRED = {
    "mjd": ("observationStartMJD",), "ra": ("fieldRA",), "dec": ("fieldDec",), "band": ("band", "filter"),
    "depth": ("fiveSigmaDepth",), "exposure": ("visitExposureTime", "visitTime"),
}  # fmt: skip
_OPTIONAL = {
    "id": ("observationId", "observation_id"), "fwhm": ("seeingFwhmEff",), "airmass": ("airmass",),
    "n_exposure": ("numExposures",), "field": ("fieldId", "field_id"),
}  # fmt: skip
_LABELS = ("target_name", "target", "scheduler_note", "note", "science_program")
_LONGEST = 1e6
# Of SQLite's machine between two looks at signals: a millisecond or less.
_STEPS = 1000

MOST_VISITS = 20_000_000
"""Most visits that are read: ten times those of the ten years of Rubin."""

_TYPICAL_AIRMASS = 1.2

Part = Literal["all", "wfd", "ddf"]


@answers_mistakes
def read_opsim(
    path: str | Path, *, part: Part = "all", mjd_first: float = -np.inf, mjd_last: float = np.inf,
    bands: Mapping[str, str] | None = None, name: str = "lsst", table: str = "observations",
) -> Survey:  # fmt: skip
    """Read a Rubin OpSim database, with old or new names of columns.

    Parameters
    ----------
    path : path-like
    part : {"all", "wfd", "ddf"}
        All visits; only those of the deep-drilling fields, which are those whose target or note (``target_name``,
        ``target``, ``scheduler_note``, ``note``, ``science_program``) begins with DD or has DDF as a word; or all
        but those (which in old files also holds the other mini-surveys).
    mjd_first, mjd_last : float [d]
        Range of dates to read, both included.
    bands : mapping, optional
        Names of filters in the file to names of `sntransport.load_bands`. Default: ``g`` is ``lsstg``.
    name : str
        Of the survey.
    table : str
        The table to read.

    Returns
    -------
    Survey
        Background noise from ``fiveSigmaDepth``, which includes the Poisson noise of the source; photo-electrons from
        the exposure time, airmass and the zero points of `cameras.LSST`; saturation from the seeing and
        the number of exposures. Dates are the middle of the exposure. Visits without a usable date, position, depth,
        exposure or filter are left out and counted in ``notes``.

    Raises
    ------
    ReadError
        Where it is no SQLite database, has no such table or column, a column is text where numbers belong, or no
        visit is left.

    Examples
    --------
    >>> import sqlite3
    >>> from sntransport.simulation.surveys import read_opsim
    >>> columns = "observationStartMJD, filter, fieldRA, fieldDec, fiveSigmaDepth, visitExposureTime, airmass"
    >>> columns += ", seeingFwhmEff, numExposures"
    >>> with sqlite3.connect("baseline.db") as db:
    ...     _ = db.execute(f"create table observations ({columns})")
    ...     _ = db.execute("insert into observations values (61000.1, 'r', 10.0, -20.0, 24.3, 30.0, 1.1, 0.9, 1)")
    >>> db.close()
    >>> survey = read_opsim("baseline.db")
    >>> survey.bands, survey.dec.tolist()
    (('lsstr',), [-20.0])
    """
    path = require_file(path)
    if part not in ("all", "wfd", "ddf"):
        raise ValueError(f"part is {part!r}, expected 'all', 'wfd' or 'ddf'")
    with closing(connect(path)) as database:
        columns = _columns(path, database, table)
        letters = _letters(path, database, table, columns["band"])
        names = resolve_bands(path, letters, bands, "lsst")
        rows = _rows(
            path,
            database,
            table,
            columns=columns,
            letters=list(names),
            where=_selection(columns, part, mjd_first, mjd_last),
        )
    if rows.size == 0:
        raise ReadError(path, f"no visits with part={part!r} between the dates asked for", "ask for more")
    return _survey(path, rows, columns, names, name)


def is_sqlite(path: Path) -> bool:
    """Whether a file is a SQLite database, by its first bytes."""
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"


def connect(path: Path) -> sqlite3.Connection:
    """Open a database as it lies there, read-only; queries can be interrupted by signals.

    Raises
    ------
    ReadError
        Where it is no SQLite database.
    """
    if not is_sqlite(path):
        raise ReadError(path, "not a SQLite database", "give an OpSim file (.db), or read a table with read_visits")
    # Read as it lies there: no journal of a stranger is played back, no file is made beside it.
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    # The schema is a stranger's too: it calls no functions. Every thousandth step Python has a say: Ctrl-C is heard.
    database.execute("PRAGMA trusted_schema = OFF")
    database.set_progress_handler(lambda: 0, _STEPS)
    return database


def _columns(path: Path, database: sqlite3.Connection, table: str) -> dict[str, str]:
    """Our names to the file's."""
    try:
        query = "SELECT name, iif(sql LIKE 'CREATE VIRTUAL%', 'virtual table', type) FROM sqlite_master"
        kinds = dict(database.execute(f"{query} WHERE type IN ('table', 'view')"))
        if kinds.get(table, "table") != "table":
            # A query, which may be an endless one.
            raise ReadError(
                path, f"{table!r} is a {kinds[table]}, no table", "write its rows to a table, or to Parquet"
            )
        if table not in kinds:
            held = ", ".join([name for name, kind in kinds.items() if kind == "table"][:8]) or "none"
            raise ReadError(path, f"no table {table!r} (it has {held})", "name the table of visits with table=")
        found = {row[1].lower(): row[1] for row in database.execute(f"PRAGMA table_info({_quoted(table)})")}
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise ReadError(path, f"the database cannot be read ({error})", "download it again") from None
    columns = {}
    for ours, theirs in (_REQUIRED | _OPTIONAL | {label: (label,) for label in _LABELS}).items():
        match = [found[column.lower()] for column in theirs if column.lower() in found]
        if match:
            columns[ours] = match[0]
        elif ours in _REQUIRED:
            raise ReadError(path, f"table {table!r} has no column {' or '.join(theirs)}", "give an OpSim database")
    return columns


def _letters(path: Path, database: sqlite3.Connection, table: str, column: str) -> list[str]:
    query = f"SELECT DISTINCT {_quoted(column)} FROM {_quoted(table)}"  # noqa: S608 - names are quoted
    try:
        found = [row[0] for row in database.execute(query)]
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise ReadError(path, f"the database cannot be read ({error})", "download it again") from None
    if not found:
        raise ReadError(path, f"table {table!r} is empty", "give a database with visits")
    return sorted(value for value in found if isinstance(value, str))


def _selection(columns: Mapping[str, str], part: Part, mjd_first: float, mjd_last: float) -> str:
    """SQL condition on part and dates."""
    conditions = []
    for bound, sign in ((mjd_first, ">="), (mjd_last, "<=")):
        if np.isfinite(bound):
            conditions.append(f"{_quoted(columns['mjd'])} {sign} {float(bound)!r}")
    labels = [f"upper(ifnull({_quoted(columns[label])}, ''))" for label in _LABELS if label in columns]
    if part != "all":
        deep = " OR ".join(
            f"({label} LIKE 'DD%' OR {label} LIKE '% DDF%' OR {label} LIKE '%:DDF%')" for label in labels
        )
        conditions.append(f"({deep or '0'})" if part == "ddf" else f"NOT ({deep or '0'})")
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _rows(
    path: Path, database: sqlite3.Connection, table: str, *, columns: Mapping[str, str], letters: list[str], where: str
) -> NDArray[Any]:  # fmt: skip
    """All numbers of the visits as one structured array, straight from the cursor (about a second a million)."""
    cases = " ".join(f"WHEN {_text(letter)} THEN {index}" for index, letter in enumerate(letters))
    terms = {"band": f"CASE {_quoted(columns['band'])} {cases} ELSE -1 END"}
    numbers = [ours for ours in (*_REQUIRED, *_OPTIONAL) if ours in columns and ours != "band"]
    # SQLite has no NaN: what is missing becomes infinite here and NaN below.
    terms |= {ours: f"ifnull({_quoted(columns[ours])}, 9e999)" for ours in numbers}
    query = f"SELECT {', '.join(terms.values())} FROM {_quoted(table)}{where}"  # noqa: S608 - names are quoted
    dtype = [(ours, np.int16 if ours == "band" else np.float64) for ours in terms]
    try:
        rows = np.fromiter(islice(database.execute(query), MOST_VISITS + 1), dtype=dtype)
    except (ValueError, TypeError):
        raise _text_in_numbers(path, database, table, {ours: columns[ours] for ours in numbers}) from None
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise ReadError(path, f"the database cannot be read ({error})", "download it again") from None
    if rows.size > MOST_VISITS:
        raise ReadError(path, f"more than {MOST_VISITS:,} visits", "ask for a part of the dates, or cut the table")
    for ours in numbers:
        rows[ours][np.isinf(rows[ours])] = np.nan
    return rows


def _text_in_numbers(
    path: Path, database: sqlite3.Connection, table: str, columns: Mapping[str, str]
) -> ReadError:  # fmt: skip
    # Not by rowid, which some tables have not.
    query = f"SELECT {', '.join(map(_quoted, columns.values()))} FROM {_quoted(table)}"  # noqa: S608 - names are quoted
    try:
        for i, row in enumerate(database.execute(query), start=1):
            for column, value in zip(columns.values(), row, strict=True):
                if isinstance(value, (str, bytes)):
                    wrong = f"row {i}: {column} is {value[:40]!r}, not a number"
                    return ReadError(path, wrong, "correct the database")
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        return ReadError(path, f"the database cannot be read ({error})", "download it again")
    return ReadError(path, f"table {table!r} has values that are not numbers", "correct the database")


def _survey(path: Path, rows: NDArray[Any], columns: Mapping[str, str], names: Mapping[str, str], name: str) -> Survey:
    # From blue to red where they are LSST's.
    place = {band: i for i, band in enumerate(LSST.bands)}
    bands = tuple(sorted(set(names.values()), key=lambda item: (place.get(item, len(place)), item)))
    index = np.array([bands.index(band) for band in names.values()] + [-1], dtype=np.int16)
    band = index[rows["band"]]
    camera_band = np.array([place.get(item, -1) for item in bands] + [-1])[band]
    airmass = rows["airmass"] if "airmass" in columns else np.full(rows.size, _TYPICAL_AIRMASS)
    photons = _photons(rows, camera_band, airmass)
    background = noise.background_from_depth(rows["depth"], np.where(np.isnan(photons), np.inf, photons))
    checks = sky_checks(rows["mjd"], rows["ra"], rows["dec"], [columns[key] for key in ("mjd", "ra", "dec")])
    checks |= {
        f"{columns['band']} is no known filter": band >= 0,
        f"{columns['exposure']} is not within 0 and {_LONGEST:g}": (rows["exposure"] > 0)
        & (rows["exposure"] < _LONGEST),
        f"{columns.get('airmass', 'airmass')} is not within 1 and 100": (airmass >= 1.0) & (airmass <= 100.0),
        f"{columns['depth']} is not within 0 and 40": (rows["depth"] > 0) & (rows["depth"] < 40),
        f"{columns['depth']} is fainter than the photons of the exposure allow": np.isfinite(background),
    }
    keep, notes = usable_visits(path, checks, lambda i: _identified(rows, columns, i))
    if "airmass" not in columns:
        notes = (*notes, f"no column airmass: {_TYPICAL_AIRMASS} taken")
    if np.any(camera_band[keep] < 0):
        notes = (*notes, "bands that are not LSST's: no Poisson noise of the source, no saturation")
    kept, per_band = rows[keep], np.ones(len(bands))
    field = np.where(np.abs(kept["field"]) < 2**53, kept["field"], -1) if "field" in columns else np.full(kept.size, -1)
    return Survey(
        name=name, bands=bands, mjd=kept["mjd"] + 0.5 * kept["exposure"] / 86400.0, band=band[keep],
        ra=kept["ra"], dec=kept["dec"], background=background[keep], photons_per_njy=photons[keep],
        radius=LSST.radius, zero_point_error=LSST.zero_point_error * per_band,
        calibration_floor=LSST.calibration_floor * per_band,
        saturation=_saturation(kept, columns, photons[keep]), field=field.astype(np.int64),
        notes=(f"{counted(kept.size, 'visit')} read", *notes), source=f"{cited(path)}; {LSST.source}",
    )  # fmt: skip


def _photons(rows: NDArray[Any], camera_band: NDArray[np.integer], airmass: Array) -> Array:
    """Photo-electrons per nJy; infinite in bands that are not the camera's, NaN where exposure or airmass is none."""
    exposure = np.where((rows["exposure"] > 0) & (rows["exposure"] < _LONGEST), rows["exposure"], np.nan)
    airmass = np.where(np.abs(airmass) <= 100.0, airmass, np.nan)
    return np.where(camera_band >= 0, visit_photons(LSST, camera_band, exposure, airmass), np.inf)


def _saturation(rows: NDArray[Any], columns: Mapping[str, str], photons: Array) -> Array:
    """Saturating flux [nJy]; infinite where seeing or photons are not known."""
    if "fwhm" not in columns:
        return np.full(rows.size, np.inf)
    n_exposure = rows["n_exposure"] if "n_exposure" in columns else np.ones(rows.size)
    fwhm = np.where((rows["fwhm"] > 0.01) & (rows["fwhm"] < 1e3), rows["fwhm"], np.nan)
    full = visit_saturation(LSST, photons, fwhm, np.where(n_exposure >= 1, n_exposure, 1.0))
    return np.where(full > 0, full, np.inf)


def _identified(rows: NDArray[Any], columns: Mapping[str, str], i: int) -> str:
    return f"{columns['id']} {rows['id'][i]:.0f}" if "id" in columns else f"row {i + 1}"


def _quoted(name: str) -> str:
    """A name of SQL."""
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    """A text of SQL."""
    return "'" + value.replace("'", "''") + "'"
