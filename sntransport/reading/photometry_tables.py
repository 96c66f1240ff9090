"""From the bytes of a photometry file to a table with our columns, whatever its form."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sntransport._numerics.units import JD_MINUS_MJD
from sntransport._storage.contents import MAX_SINGLE_BYTES, content_of
from sntransport._storage.read_error import ReadError
from sntransport.photometry.bands import band_names, likely_bands
from sntransport.reading.account import Account, require_mjd
from sntransport.reading.formats.astropy_tables import astropy_table
from sntransport.reading.formats.blocks import is_snana, is_snoopy, snana_table, snoopy_table
from sntransport.reading.formats.columns import TextTable, plain, table_with_names
from sntransport.reading.formats.dates import of_header
from sntransport.reading.formats.photometry_names import in_our_names
from sntransport.reading.formats.snana_objects import object_table
from sntransport.reading.formats.snana_pair import is_head
from sntransport.reading.formats.surveys import LIMIT, survey_table
from sntransport.reading.formats.text import lines_of, to_number
from sntransport.reading.formats.units import factor
from sntransport.spectra.ranges import unusual_date

_MAG_RANGE = (-5.0, 40.0)


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What the user says of photometry besides the files: ``[photometry]`` of ``sn.toml``; empty where nothing.

    ``units`` by our column (mjd, mag, mag_err, flux, flux_err); ``system`` and ``instrument`` of rows that name none;
    ``bands``, our names by those in the files; ``name``, which supernova of a file that holds several.
    """

    units: Mapping[str, str] = field(default_factory=dict)
    system: str = ""
    instrument: str = ""
    bands: Mapping[str, str] = field(default_factory=dict)
    name: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Rows:
    """Rows that are measurements: cells by our column, units, and how to name a row in a message."""

    table: TextTable
    keep: Sequence[int]
    mjd: Sequence[float]
    band: Sequence[str]
    instrument: Sequence[str]

    @property
    def path(self) -> Path:
        """The file, for messages."""
        return self.table.path

    def has(self, name: str) -> bool:
        """Whether there is a column of this name."""
        return name in self.table.columns

    def where(self, k: int) -> str:
        """How a message names row ``k`` of those kept."""
        return self.table.where(self.keep[k])

    def cell(self, name: str, k: int) -> str:
        """The cell of a column, empty where there is no such column."""
        return self.table.columns[name][self.keep[k]].strip() if name in self.table.columns else ""

    def value(self, name: str, k: int) -> float:
        """A number; a ReadError with the row where there is none."""
        value = to_number(self.cell(name, k))
        if math.isnan(value):
            wrong = f"{self.where(k)}: {name} is {self.cell(name, k)!r}, not a number"
            raise ReadError(self.path, wrong, "correct it, or leave out the row")
        return value

    def unit(self, name: str) -> str:
        """The unit of a column, empty where none is stated."""
        return self.table.units.get(name, "").strip()


def read_rows(path: Path, account: Account, stated: Stated) -> Rows:
    """The rows of a photometry file that are measurements, their dates and bands checked.

    Parameters
    ----------
    path : Path
    account : Account
        Receives what is assumed of the format, columns that are not used, and rows that are no measurement.
    stated : Stated

    Returns
    -------
    Rows

    Raises
    ------
    ReadError
        With the line and the field.
    """
    table, notes = survey_table(table_of_photometry(path, stated.name))
    if not table.form:
        table = in_our_names(table)
    for note in notes:
        account.note(f"{path.name}: {note}")
    if unused := sorted(filter(None, map(plain, table.unused))):
        account.note(f"{path.name}: columns not used: {', '.join(unused)}")
    table = replace(table, units={**table.units, **stated.units})
    keep = [i for i in range(table.n_rows) if not _why_not(table, i)]
    known, dates = frozenset(band_names()), _dates(table)
    instruments = table.columns.get("instrument") or [""] * table.n_rows
    bands = {i: stated.bands.get(table.columns["band"][i].strip(), table.columns["band"][i].strip())
             for i in range(table.n_rows)}  # fmt: skip
    for i in set(range(table.n_rows)) - set(keep):
        account.reject_row(_why_not(table, i), f"{bands[i]} {instruments[i]}".strip())
    if table.form:
        keep = _with_curve(keep, bands, known, instruments, account)
    return Rows(
        table=table,
        keep=keep,
        mjd=[dates(i) for i in keep],
        band=[_band(table, i, bands[i], known) for i in keep],
        instrument=[instruments[i].strip() or stated.instrument for i in keep],
    )


def table_of_photometry(path: Path, name: str = "") -> TextTable:
    """The table of a file: FITS, VOTable, ECSV, IPAC, SNANA or SNooPy by their content, else columns of text.

    ``name`` is that of the supernova where a file holds several.
    """
    content = content_of(path, MAX_SINGLE_BYTES)
    if is_head(content):
        return object_table(path, name)
    if content.startswith(b"SIMPLE"):
        return astropy_table(path, content, "fits")
    lines = lines_of(path, content)
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("# %ECSV"):
        return astropy_table(path, content, "ascii.ecsv")
    if "<VOTABLE" in "\n".join(lines[:20]).upper():
        return astropy_table(path, content, "votable")
    if first.startswith("|") and first.rstrip().endswith("|"):
        return astropy_table(path, "\n".join(lines).encode(), "ascii.ipac")
    if is_snana(lines):
        return snana_table(path, lines)
    if is_snoopy(lines):
        return snoopy_table(path, lines)
    return table_with_names(path, lines)


def _why_not(table: TextTable, i: int) -> str:
    """Why a row is no measurement, empty where it is one."""
    if reason := table.columns["reject"][i] if "reject" in table.columns else "":
        return reason
    mag = table.columns["mag"][i].strip() if "mag" in table.columns else ""
    if ("limit" in table.columns and table.columns["limit"][i]) or mag.startswith((">", "<")):
        return LIMIT
    return _missing_in_survey(table, i) if table.form else ""


def _missing_in_survey(table: TextTable, i: int) -> str:
    """What a row of a survey lacks, empty where nothing: nobody can correct a survey's file by hand."""
    quantity = "mag" if "mag" in table.columns else "flux"
    value, err = (to_number(table.columns[name][i]) for name in (quantity, f"{quantity}_err"))
    if math.isnan(to_number(table.columns["mjd"][i])):
        return "no date"
    if math.isnan(value) or (quantity == "mag" and not _MAG_RANGE[0] < value < _MAG_RANGE[1]):
        return f"no {quantity}"
    return "" if err > 0 else "no error above 0"


def _with_curve(
    keep: Sequence[int], bands: Mapping[int, str], known: frozenset[str], instruments: Sequence[str], account: Account
) -> list[int]:
    """Rows in bands that have a curve; a survey has others, which no user can rename."""
    for i in keep:
        if bands[i] not in known:
            reason = "no filter curve for this band; [photometry] bands may name one"
            account.reject_row(reason, f"{bands[i]} {instruments[i]}".strip())
    return [i for i in keep if bands[i] in known]


def _band(table: TextTable, i: int, band: str, names: frozenset[str]) -> str:
    if band in names:
        return band
    if band.lower() in names:
        return band.lower()
    hint = " or ".join(likely_bands(band)) or "a name that band_names() lists, such as bessellv or sdssg"
    remedy = f"use {hint}, or say bands = {{ {band or 'V'} = ... }} under [photometry] in sn.toml"
    raise ReadError(table.path, f"{table.where(i)}: band {band!r} is not known", remedy)


def _dates(table: TextTable) -> Any:
    """A function that gives the MJD of a row, from the column that holds dates."""
    name = next(name for name in ("mjd", "jd", "date") if name in table.columns)
    unit = table.units.get(name, "").strip()
    in_julian = name == "jd" or unit.lower() in ("jd", "hjd", "bjd")
    days = 1.0 if name == "date" or unit.lower() in ("", "jd", "hjd", "bjd", "mjd") else factor(unit, "d")
    if days is None:
        raise ReadError(table.path, f"{name} has the unit {unit!r}", "give Modified Julian dates, in days")

    def date(i: int) -> float:
        cell, where = table.columns[name][i].strip(), f"{table.where(i)}: {name}"
        if name == "date":
            found = of_header({"date-obs": cell})
            if not math.isfinite(found.mjd):
                raise ReadError(table.path, f"{where}: {found.problem or 'empty'}", "give a column mjd")
            return found.mjd
        value = to_number(cell)
        if math.isnan(value):
            raise ReadError(table.path, f"{where} is {cell!r}, not a number", "correct it, or leave out the row")
        if in_julian and value > 2e6:
            value -= JD_MINUS_MJD
        if days != 1.0 and unusual_date(value * days):
            wrong = f"{where} is {value:.10g} {unit}, which is no Modified Julian date"
            raise ReadError(table.path, wrong, "give Modified Julian dates, in days")
        if value == 0:
            raise ReadError(table.path, f"{where} is 0, no date", "correct it, or leave out the row")
        return require_mjd(table.path, where, value * days)

    return date
