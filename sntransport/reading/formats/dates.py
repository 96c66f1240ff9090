"""The date of an observation from a header: anchored at its key, the best of several, never the first number nearby."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sntransport._numerics.units import JD_MINUS_MJD, MJD_OF_ORDINAL_0
from sntransport.reading.formats.text import to_number

# Names of dates, best first: the middle of the exposure, its begin, then what does not say which.
_KEYS: tuple[tuple[str, str], ...] = (
    ("mjd-avg", "mjd"), ("mjd-mid", "mjd"), ("mjdmid", "mjd"), ("mid-mjd", "mjd"), ("date-avg", "iso"),
    ("mjd-obs", "mjd"), ("mjdobs", "mjd"), ("obs-mjd", "mjd"), ("mjd-beg", "mjd"), ("mjd-start", "mjd"), ("mjd", "mjd"),
    ("date-obs", "iso"), ("dateobs", "iso"), ("obs-date", "iso"), ("obsdate", "iso"), ("date-beg", "iso"),
    ("observation-date", "iso"), ("jd-obs", "jd"), ("jd", "jd"), ("hjd", "jd"), ("bjd", "jd"),
)  # fmt: skip
_CLOCKS = ("time-obs", "utstart", "ut-start", "utc", "ut")
_AGREE = 1.5

# What may stand before a key in a line of comment: "Date of observation (MJD): 60370.2".
_BEFORE = r"(?:(?:date|epoch|time|observ\w*|obs|of|mid|mean|average|avg|exposure|the|at|on|utc?|in)[\s:_()-]*)*"
_LINE = re.compile(
    rf"^{_BEFORE}[(\[]?\s*(?P<key>mjd(?:[-_ ]?(?:obs|avg|mid|beg|start))?|date[-_ ]?(?:obs|avg|beg)|"
    r"obs(?:ervation)?[-_ ]?date|[hb]?jd(?:[-_ ]obs)?)(?![\w-])\s*[)\]]?\s*(?:\((?:utc?|tt|tai|tdb|mid|start|days?)\))?"
    r"\s*(?:[:=]\s*|(?=['\"]?[\d.+-]))(?P<value>[^/]*)",
    re.IGNORECASE,
)
_FITS_LINE = re.compile(r"^(?P<key>[A-Z0-9_-]{2,8})\s*=\s*(?P<value>'[^']*'|[^/]*)")


@dataclass(frozen=True, kw_only=True)
class Date:
    """An MJD [d], NaN where there is none; ``problem`` says why it cannot be told."""

    mjd: float = math.nan
    problem: str = ""


def of_header(header: Mapping[str, Any]) -> Date:
    """The date of a FITS header or the entries of a table; keys in lower case.

    MJD-AVG (the middle of the exposure) wins over MJD-OBS (its begin), that over MJD, DATE-OBS and JD. Dates that
    differ by more than 1.5 d are a problem, and so is one that is 0 or no date.
    """
    entries = {str(key).strip().lower().replace("_", "-").replace(" ", "-"): value for key, value in header.items()}
    found: list[tuple[str, Date]] = []
    for key, kind in _KEYS:
        value = entries.get(key)
        if value is None or not str(value).strip():
            continue
        clock = next((str(entries[name]) for name in _CLOCKS if name in entries), "")
        found.append((key.upper(), _parsed(key.upper(), value, kind, clock)))
    return _agreed(found)


def of_comments(lines: Iterable[str]) -> Date:
    """The date that lines of comment state, such as "MJD-OBS = 60010.0" or "Date of observation: MJD 60370.2"."""
    header: dict[str, str] = {}
    for line in lines:
        match = _LINE.match(line)
        if match is None or not match["value"].strip():
            match = _FITS_LINE.match(line)
        if match is None:
            continue
        key = re.sub(r"[-_ ]+", "-", match["key"].strip().lower())
        value = match["value"].strip().strip("'\"").strip()
        if key in header and header[key] != value:
            return Date(problem=f"two dates {key.upper()}: {header[key]} and {value}")
        header[key] = value
    return of_header(header)


def _parsed(key: str, value: Any, kind: str, clock: str) -> Date:
    if kind == "iso":
        return _of_calendar(key, value, clock)
    shown = str(value).strip()
    first = shown.split()[0].rstrip(",;") if shown.split() else ""
    mjd = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else to_number(first)
    if not math.isfinite(mjd):
        return Date(problem=f"{key} is {shown[:40]!r}, not a number")
    if mjd == 0:
        return Date(problem=f"{key} is 0, no date")
    return Date(mjd=mjd - JD_MINUS_MJD if kind == "jd" and mjd > 2e6 else mjd)


def _of_calendar(key: str, value: Any, clock: str) -> Date:
    """An ISO date, with the time of day in it, or in a key of its own, or as a fraction of the day."""
    shown = str(value).strip()
    fraction = 0.0
    date = re.sub(r"^(\d{4})/(\d\d)/(\d\d)", r"\1-\2-\3", shown)
    if match := re.fullmatch(r"(\d{4}-\d\d-\d\d)(\.\d+)", date):
        date, fraction = match[1], float(match[2])
    elif "T" not in date and len(date) == 10 and re.match(r"\d\d:\d\d", clock.strip()):
        date += f"T{clock.strip()}"
    try:
        when = datetime.fromisoformat(date)
    except ValueError:
        return Date(problem=f"{key} = {shown!r} is not an ISO date")
    utc = when.astimezone(UTC) if when.tzinfo else when
    day = (utc.hour * 3600 + utc.minute * 60 + utc.second + utc.microsecond * 1e-6) / 86400.0
    return Date(mjd=utc.toordinal() + MJD_OF_ORDINAL_0 + day + fraction)


def _agreed(found: list[tuple[str, Date]]) -> Date:
    """The first date, if those of the others that can be read are within 1.5 d of it."""
    if not found:
        return Date()
    (key, first), *others = found
    for name, date in others:
        if abs(date.mjd - first.mjd) > _AGREE:
            return Date(problem=f"{key} is MJD {first.mjd:.10g} but {name} is MJD {date.mjd:.10g}")
    return first
