"""Columns of photometry in our words, whoever wrote the table; one that may be an error and is not used is refused."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import replace

from sntransport._storage.read_error import ReadError
from sntransport.reading.formats.columns import TextTable, plain, uncommented
from sntransport.reading.formats.stated_units import stated_unit
from sntransport.reading.formats.text import is_missing, means_number

KNOWN = ("mjd", "band", "mag", "mag_err", "flux", "flux_err", "zp", "system", "instrument")
"""Our columns that a table may have."""

_TIME = (
    "mjd", "time", "mjd_obs", "obs_mjd", "obsmjd", "date_mjd", "mjd_date", "mjd_mid", "mjd_avg", "mjd_days", "t_mjd",
    "time_mjd", "midpointmjd", "epoch_mjd", "mjd_utc",
)  # fmt: skip
_JULIAN = ("jd", "hjd", "bjd", "julian_date", "jd_obs", "obs_jd", "jd_utc", "date_jd")
_CALENDAR = ("date", "date_obs", "dateobs", "obs_date", "obsdate", "ut_date", "utc", "date_utc", "datetime", "isot")
_BAND = ("band", "filter", "filt", "flt", "passband", "filter_name", "filtername", "band_name", "bandpass")
_MAG = (
    "mag", "magnitude", "mags", "apparent_mag", "app_mag", "mag_ab", "ab_mag", "abmag", "mag_vega", "vegamag",
    "vega_mag",
)  # fmt: skip
_FLUX = ("flux", "flux_density", "fluxdensity", "fnu", "f_nu", "njy", "ujy", "mjy", "flux_nu")
_SAID_SYSTEM = ("system", "zpsys", "magsys", "mag_sys", "zp_sys", "mag_system", "photsys", "zpsystem", "magsystem")
_ZERO_POINT = ("zp", "zeropoint", "zero_point", "zpt", "zpmag", "zp_mag", "zp_ab", "magzp", "mag_zp", "zptmag")
_INSTRUMENT = ("instrument", "inst", "instrum", "camera", "telescope", "tel", "observatory", "facility")
_LIMIT = (
    "upperlimit", "upper_limit", "uplim", "ulim", "is_upper_limit", "is_limit", "limit", "ul", "nondetection", "is_ul",
    "non_detection", "upperlim", "limit_flag", "limflag", "uplimit", "l_mag", "l_magnitude", "mag_limit_flag",
    "islimit", "upper_limit_flag", "is_upperlimit", "limitflag",
)  # fmt: skip
_LIMITING = (
    "limit", "maglim", "mag_lim", "limmag", "lim_mag", "limiting_mag", "limitmag", "limit_mag", "mag_limit",
    "diffmaglim", "upperlimit_mag", "limiting_magnitude", "m5", "depth", "mag5sig",
)  # fmt: skip
_DETECTED = ("detected", "detection", "is_detection", "is_detected", "det", "detect")
_BARE_ERRORS = ("err", "error", "e", "unc", "uncertainty", "sigma", "sig", "std", "stdev", "errors")
_OF_UNIT = {"njy": "nJy", "ujy": "uJy", "mjy": "mJy"}
_LIKE_ERROR = re.compile(r"err|unc|sig(?!nal)|(^|_)(e|d|std|delta)_|^d(m|mag|f|flux)$|_(e|std)$|^e(mag|flux|m|f)")

_LIMITS_ARE = ("true", "t", "yes", "y", "1", "1.0", ">", "<", "ul", "upper", "limit", "u", "l", "nondetection")
_NOT_LIMITS_ARE = (
    "", "false", "f", "no", "n", "0", "0.0", "nan", "none", "null", "-", "--", "=", "d", "detection", "det",
)  # fmt: skip


def in_our_names(table: TextTable) -> TextTable:
    """The table with the columns of `KNOWN` by our names, and ``limit`` where one says what is an upper limit.

    Parameters
    ----------
    table : TextTable

    Returns
    -------
    TextTable
        Dates are in ``mjd``, ``jd`` or ``date``; flags are "yes" or empty; what has no meaning here is in ``unused``.

    Raises
    ------
    ReadError
        Where two columns have the same meaning, a needed one is missing, or an unknown one may be the error.
    """
    by_name: dict[str, str] = {}
    for name in table.columns:
        if plain(name) in by_name:
            raise ReadError(table.path, f"two columns {plain(name)!r}", "leave one")
        by_name[plain(name)] = name
    chosen = _chosen(table, by_name)
    columns = {ours: list(table.columns[theirs]) for ours, theirs in chosen.items()}
    units = {ours: table.units[theirs] for ours, theirs in chosen.items() if theirs in table.units}
    if "flux" in chosen and "flux" not in units:
        said = "" if "zp" in chosen else stated_unit(map(uncommented, table.comments), "flux")
        if unit := _OF_UNIT.get(plain(chosen["flux"])) or said:
            units["flux"] = unit
    if "limit" in columns:
        columns["limit"] = _limits(table, chosen["limit"])
    if "detected" in columns:
        columns["limit"] = ["yes" if cell == "" else "" for cell in _limits(table, chosen["detected"])]
        del columns["detected"]
    if "mag" in columns and (depth := next((by_name[name] for name in _LIMITING if name in by_name), "")):
        columns["limit"] = _with_depth(columns, table.columns[depth])
    unused = tuple(name for name in table.columns if name not in chosen.values())
    made = _with_system_of_name(replace(table, columns=columns, units=units, unused=unused), chosen)
    _require(made)
    return made


def _chosen(table: TextTable, by_name: dict[str, str]) -> dict[str, str]:
    """Our names with theirs; the first of several that may be meant, but two of one meaning are refused."""
    chosen: dict[str, str] = {}
    groups = {"mjd": _TIME, "band": _BAND, "mag": _MAG, "flux": _FLUX, "zp": _ZERO_POINT, "system": _SAID_SYSTEM}
    for ours, names in groups.items():
        found = [by_name[name] for name in names if name in by_name]
        if len(found) > 1:
            raise ReadError(table.path, f"two columns {ours!r}: {' and '.join(map(repr, found[:2]))}", "leave one")
        if found:
            chosen[ours] = found[0]
    for ours, names in (("jd", _JULIAN), ("date", _CALENDAR)):
        found = [by_name[name] for name in names if name in by_name]
        if found and not {"mjd", "jd"} & set(chosen):
            chosen[ours] = found[0]
    for ours, names in (("instrument", _INSTRUMENT), ("limit", _LIMIT), ("detected", _DETECTED)):
        found = [by_name[name] for name in names if name in by_name]
        found = [name for name in found if ours == "instrument" or _is_flag(table, name)]
        if found:
            chosen[ours] = found[0]
    errors = {f"{quantity}_err": _error_of(table, quantity, chosen, by_name) for quantity in ("mag", "flux")}
    return chosen | {ours: theirs for ours, theirs in errors.items() if theirs}


def _error_of(table: TextTable, quantity: str, chosen: dict[str, str], by_name: dict[str, str]) -> str:
    """The column that is the error of ``mag`` or ``flux``, by its name; empty where there is none."""
    if quantity not in chosen:
        return ""
    base = plain(chosen[quantity])
    bases = {base, quantity, *(("magnitude", "m", "mags") if quantity == "mag" else ("f", "fnu"))}
    forms = ("{0}_err", "{0}err", "e_{0}", "e{0}", "d{0}", "{0}_error", "{0}error", "err_{0}", "error_{0}", "err{0}",
             "{0}_unc", "{0}unc", "unc_{0}", "{0}_uncertainty", "{0}_sigma", "sigma_{0}", "sigma{0}",
             "sig_{0}", "sig{0}",
             "{0}sig", "{0}_sig", "{0}_std", "{0}_errors", "{0}errs", "{0}_e", "d_{0}", "delta_{0}")  # fmt: skip
    found = [by_name[name] for name in _in_order(forms, bases) if name in by_name]
    other = "flux" if quantity == "mag" else "mag"
    if not found and other not in chosen:
        found = [by_name[name] for name in _BARE_ERRORS if name in by_name]
    if len(set(found)) > 1:
        raise ReadError(table.path, f"two columns '{quantity}_err': {found[0]!r} and {found[1]!r}", "leave one")
    return found[0] if found else ""


def _in_order(forms: tuple[str, ...], bases: set[str]) -> list[str]:
    return list(dict.fromkeys(form.format(base) for form in forms for base in sorted(bases)))


def _with_system_of_name(table: TextTable, chosen: dict[str, str]) -> TextTable:
    """The system that the name or the unit of the magnitudes states, where no column does."""
    if "mag" not in table.columns or "system" in table.columns:
        return table
    said = f"{plain(chosen['mag'])} {plain(table.units.get('mag', ''))}".replace("_", "")
    system = "AB" if "ab" in said else "Vega" if "vega" in said else ""
    if not system:
        return table
    return replace(table, columns={**table.columns, "system": [system] * table.n_rows})


def _is_flag(table: TextTable, name: str) -> bool:
    """Whether a column holds flags: one called ``limit`` may hold limiting magnitudes."""
    cells = [cell.strip().lower() for cell in table.columns[name]]
    may_be_numbers = plain(name) in ("limit", "det", "l_mag")
    return not may_be_numbers or all(cell in (*_LIMITS_ARE, *_NOT_LIMITS_ARE) for cell in cells)


def _limits(table: TextTable, name: str) -> list[str]:
    flags = []
    for i, cell in enumerate(table.columns[name]):
        word = cell.strip().lower()
        if word not in (*_LIMITS_ARE, *_NOT_LIMITS_ARE):
            raise ReadError(table.path, f"{table.where(i)}: {name} is {cell!r}, neither true nor false", "correct it")
        flags.append("yes" if word in _LIMITS_ARE else "")
    return flags


def _with_depth(columns: dict[str, list[str]], depths: Sequence[str]) -> list[str]:
    """The limits that are flagged, and rows without a magnitude that have a limiting one."""
    flags = columns.get("limit", [""] * len(depths))
    return [
        "yes" if flag or (is_missing(mag) and means_number(depth)) else ""
        for flag, mag, depth in zip(flags, columns["mag"], depths, strict=True)
    ]


def _require(table: TextTable) -> None:
    """Raise a ReadError where a column is missing that must be there, or one is there that may be the error."""
    has = (*table.columns, *table.unused)
    if not {"mjd", "jd", "date"} & set(table.columns):
        raise _missing(table, "mjd", has)
    if "band" not in table.columns:
        raise _missing(table, "band", has)
    if not {"mag", "flux"} & set(table.columns):
        raise _missing(table, "mag", has)
    quantity = "mag" if "mag" in table.columns else "flux"
    if f"{quantity}_err" in table.columns:
        return
    like = [name for name in table.unused if _LIKE_ERROR.search(plain(name))]
    if like or quantity == "flux":
        raise _missing(table, f"{quantity}_err", has, like)


def _missing(table: TextTable, name: str, has: tuple[str, ...], near: list[str] | None = None) -> ReadError:
    near = near or difflib.get_close_matches(name, has, n=1)
    remedy = f"rename {near[0]!r} to {name!r}" if near else f"add it; needed are {', '.join(KNOWN[:4])}"
    return ReadError(table.path, f"no column {name!r} (it has {', '.join(has) or 'none'})", remedy)
