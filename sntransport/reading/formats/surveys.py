"""Tables of surveys and their services: recognized by the names of their columns, brought to ours by published rules.

Each function says where the format is described. What it makes is a table with our columns: dates as MJD, names of
bands that are ours, zero point and system of each row, and in ``reject`` why a row is no measurement.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sntransport._numerics.units import JD_MINUS_MJD
from sntransport._storage.read_error import ReadError
from sntransport.reading.formats.columns import TextTable, plain
from sntransport.reading.formats.text import to_number

LIMIT = "upper limit"
"""Why a limit is left out."""

_SNOOPY = {
    "u": "cspu", "B": "cspb", "g": "cspg", "r": "cspr", "i": "cspi", "V": "cspv9844", "V0": "cspv3014",
    "V1": "cspv3009", "Y": "cspys", "J": "cspjs", "Jrc2": "cspjs", "H": "csphs", "Ydw": "cspyd", "Jdw": "cspjd",
    "Hdw": "csphd", "Bs": "bessellb", "Vs": "bessellv", "Rs": "bessellr", "Is": "besselli",
}  # fmt: skip
_CSP_DAY_0, _LARGEST_COUNT = 53000.0, 10000.0
_SNANA_SURVEYS = {
    "DES": "des", "DES-SN5YR": "des", "LSST": "lsst", "SDSS": "sdss", "PS1MD": "ps1::", "PS1": "ps1::",
    "FOUNDATION": "ps1::", "PS1_LOWZ_COMBINED": "", "ZTF": "ztf", "ATLAS": "atlas",
}  # fmt: skip
_SNANA_ZERO_POINT, _SNANA_SATURATED = 27.5, 1024
_ZTF_BAD = 33554432
_FID = {"1": "ztfg", "2": "ztfr", "3": "ztfi", "g": "ztfg", "r": "ztfr", "i": "ztfi"}
_UVOT = {name: f"uvot::{name.lower()}" for name in ("V", "B", "U", "UVW1", "UVM2", "UVW2")}
_DISTANCES = ("zhd", "mu_sh0es", "m_b_corr", "mumodel", "mures", "biascor_m_b")


def survey_table(table: TextTable) -> tuple[TextTable, tuple[str, ...]]:
    """The table with our columns where it is of a survey that is known, else as it is.

    Parameters
    ----------
    table : TextTable

    Returns
    -------
    table : TextTable
        Its ``form`` is the name of the format, empty for any other table.
    notes : tuple of str
        What is assumed of this format.

    Raises
    ------
    ReadError
        Where it is of a survey but lacks what must be known, or is no photometry.
    """
    names = {plain(name): list(cells) for name, cells in table.columns.items()}
    if len(set(names) & set(_DISTANCES)) >= 2:
        raise ReadError(table.path, "a table of distances (Pantheon+), no photometry", "give its light curves")
    if table.form == "SNANA":
        return _snana(table, names)
    if {"fluxcal", "fluxcalerr"} <= set(names):
        # Without HEAD nobody knows the zero point, nor where one supernova ends.
        remedy = "give the HEAD file beside it, and name= of the supernova"
        raise ReadError(table.path, "a PHOT file of SNANA, the measurements alone", remedy)
    if table.form == "SNooPy":
        return _snoopy(table, names)
    for needed, form, rule in _RULES:
        if set(needed) <= set(names):
            made, notes = rule(table, names)
            return replace(made, form=form), notes
    return table, ()


Names = Mapping[str, list[str]]
Made = tuple[TextTable, tuple[str, ...]]


def _made(
    table: TextTable, columns: Mapping[str, Sequence[str]], used: Sequence[str], units: Mapping[str, str] | None = None
) -> TextTable:
    """The table with our columns alone, and the names of those of the file that were not used."""
    unused = tuple(name for name in table.columns if plain(name) not in used)
    return replace(table, columns=columns, units=units or {}, unused=unused)


def _first(names: Names, *wanted: str) -> list[str] | None:
    """The first column of these that there is."""
    return next((names[name] for name in wanted if name in names), None)


def _mjd(cells: Sequence[str]) -> list[str]:
    """Julian dates as MJD; what is no number stays, to be refused with its line."""
    days = [to_number(cell) for cell in cells]
    return [cell if math.isnan(day) else repr(day - JD_MINUS_MJD) for cell, day in zip(cells, days, strict=True)]


def _atlas(table: TextTable, names: Names) -> Made:
    """ATLAS forced photometry (fallingstar-data.com/forcedphot/resultdesc): uJy, ``err`` 0 where the fit is good."""
    n = table.n_rows
    bad = names.get("err", ["0"] * n)
    columns = {
        "mjd": names["mjd"], "band": [f"atlas{band}" for band in names["f"]], "flux": names["ujy"],
        "flux_err": names["dujy"], "instrument": ["ATLAS"] * n,
        "reject": ["" if to_number(flag) == 0 else "flagged by ATLAS (err)" for flag in bad],
    }  # fmt: skip
    note = "ATLAS forced photometry: uJy, free of the host only if difference images were asked for"
    used = ("mjd", "f", "ujy", "dujy", "err", "m", "dm")
    return _made(table, columns, used, {"flux": "uJy", "flux_err": "uJy"}), (note,)


def _ztf_forced(table: TextTable, names: Names) -> Made:
    """ZTF forced photometry service (Masci et al. 2023, arXiv:2305.16279): AB, zero point a row, bad infobits."""
    n = table.n_rows
    bits = [to_number(cell) for cell in names.get("infobitssci", ["0"] * n)]
    flux, zp = names["forcediffimflux"], names["zpdiff"]
    reject = [
        "flagged by ZTF (infobitssci)" if bit >= _ZTF_BAD
        else "" if math.isfinite(to_number(one)) and math.isfinite(to_number(point)) and to_number(one) != -99999
        else "no flux (null)"
        for bit, one, point in zip(bits, flux, zp, strict=True)
    ]  # fmt: skip
    columns = {
        "mjd": _mjd(names["jd"]), "band": [name.lower().replace("_", "") for name in names["filter"]], "flux": flux,
        "flux_err": names["forcediffimfluxunc"], "zp": zp, "system": ["AB"] * n, "instrument": ["ZTF"] * n,
        "reject": reject,
    }  # fmt: skip
    used = ("jd", "filter", "forcediffimflux", "forcediffimfluxunc", "zpdiff", "infobitssci")
    note = "ZTF forced photometry: fluxes as they are, no baseline subtracted and errors not rescaled"
    return _made(table, columns, used), (note,)


def _asassn(table: TextTable, names: Names) -> Made:
    """ASAS-SN's light curves (asas-sn.osu.edu; Sky Patrol v2, Hart et al. 2023): V is Vega, g AB, limits as >16.5."""
    if "filter" not in names:
        raise ReadError(table.path, "ASAS-SN's table without a column Filter", "add it, with V or g in each row")
    bands = {"v": ("bessellv", "Vega"), "g": ("sdssg", "AB")}
    found = [bands.get(name.strip().lower(), (name, "")) for name in names["filter"]]
    errors = [to_number(cell) for cell in names["mag_err" if "mag_err" in names else "mag_error"]]
    quality = names.get("quality", ["G"] * table.n_rows)
    reject = [
        "flagged by ASAS-SN (Quality)" if good.strip().upper() not in ("G", "")
        else LIMIT if mag.strip().startswith(">") or not error < 90 or not to_number(mag) < 90 else ""
        for mag, error, good in zip(names["mag"], errors, quality, strict=True)
    ]  # fmt: skip
    columns = {
        "mjd": _mjd(names["hjd" if "hjd" in names else "jd"]), "band": [band for band, _ in found],
        "mag": [mag.lstrip("> ") for mag in names["mag"]], "mag_err": [repr(error) for error in errors],
        "system": [system for _, system in found], "instrument": ["ASAS-SN"] * table.n_rows, "reject": reject,
    }  # fmt: skip
    used = ("hjd", "jd", "filter", "mag", "mag_err", "mag_error", "quality")
    notes: tuple[str, ...] = (
        "ASAS-SN: magnitudes as they are, which hold the host unless image subtraction was asked for",
    )
    notes += ("ASAS-SN: heliocentric dates taken, within 8 minutes of those here",) if "hjd" in names else ()
    return _made(table, columns, used), notes


def _alerts(table: TextTable, names: Names) -> Made:
    """ZTF's alerts as ALeRCE and Lasair give them: magnitudes of the difference image, its sign in ``isdiffpos``.

    fid is 1, 2, 3 for g, r, i (ZTF's alert schema 3.3); a row without a magnitude is a limit, ``diffmaglim``.
    """
    mag, err = _first(names, "magpsf", "mag"), _first(names, "sigmapsf", "e_mag")
    if mag is None or err is None or not {"mjd", "jd"} & set(names):
        raise ReadError(table.path, "alerts of ZTF without mjd or jd, or without sigmapsf", "add them")
    values = [to_number(cell) for cell in mag]
    sign = [_sign(table, i, cell) if math.isfinite(values[i]) else 1.0 for i, cell in enumerate(names["isdiffpos"])]
    for i, value in enumerate(values):
        if value <= -5 or 40 <= value < 90:
            raise ReadError(
                table.path, f"{table.where(i)}: a magnitude of {value:g}", "correct it, or leave out the row"
            )
    flux = [s * 10.0 ** (-0.4 * (m - 25.0)) if m < 90 else math.nan for m, s in zip(values, sign, strict=True)]
    errors = [0.4 * math.log(10.0) * abs(f) * to_number(e) for f, e in zip(flux, err, strict=True)]
    columns = {
        "mjd": names["mjd"] if "mjd" in names else _mjd(names["jd"]),
        "band": [_band_of_fid(fid) for fid in names["fid"]],
        "flux": [repr(value) for value in flux], "flux_err": [repr(value) for value in errors],
        "zp": ["25"] * table.n_rows, "system": ["AB"] * table.n_rows, "instrument": ["ZTF"] * table.n_rows,
        "reject": ["" if math.isfinite(value) else LIMIT for value in flux],
    }  # fmt: skip
    used = ("mjd", "jd", "fid", "mag", "magpsf", "sigmapsf", "e_mag", "isdiffpos", "diffmaglim")
    note = "alerts of ZTF: fluxes of difference images (magpsf), negative where isdiffpos says so"
    return _made(table, columns, used), (note,)


def _band_of_fid(fid: str) -> str:
    value = to_number(fid)
    return _FID.get(f"{value:.0f}" if math.isfinite(value) else fid.strip().lower(), fid)


def _sign(table: TextTable, i: int, cell: str) -> float:
    word = cell.strip().lower()
    if word in ("t", "true", "1", "1.0", "+", "positive"):
        return 1.0
    if word in ("f", "false", "0", "-1", "-1.0", "0.0", "-", "negative"):
        return -1.0
    raise ReadError(table.path, f"{table.where(i)}: isdiffpos is {cell!r}", "give 1 or -1")


def _lasair(table: TextTable, names: Names) -> Made:
    """A light curve of Lasair's page of an object (ZTF): magnitudes of the difference image, ``status`` limit."""
    mag, err = (
        _first(names, "unforced_mag", "diff_magnitude"),
        _first(names, "unforced_mag_error", "diff_magnitude_error"),
    )
    if mag is None or err is None:
        raise ReadError(table.path, "Lasair's table without unforced mag and its error", "add them")
    status = [cell.strip().lower() for cell in names["unforced_mag_status"]]
    columns = {
        "mjd": names["mjd"], "band": [_FID.get(name.strip().lower(), name) for name in names["filter"]], "mag": mag,
        "mag_err": err, "system": ["AB"] * table.n_rows, "instrument": ["ZTF"] * table.n_rows,
        "reject": [
            LIMIT if "limit" in word else "below the reference image (negative difference)" if "neg" in word
            else "" if math.isfinite(to_number(one)) else "no magnitude"
            for word, one in zip(status, mag, strict=True)
        ],
    }  # fmt: skip
    used = ("mjd", "filter", "unforced_mag_status", "unforced_mag", "diff_magnitude", "unforced_mag_error",
            "diff_magnitude_error")  # fmt: skip
    return _made(table, columns, used), ("Lasair: unforced magnitudes of difference images",)


def _rubin(table: TextTable, names: Names) -> Made:
    """Rubin's DIASource and forced tables, as its brokers hand them on (sdm_schemas): fluxes of the difference, nJy."""
    columns = {
        "mjd": names["midpointmjdtai"], "band": [f"lsst{name.strip().lower()}" for name in names["band"]],
        "flux": names["psfflux"], "flux_err": names["psffluxerr"], "instrument": ["Rubin"] * table.n_rows,
    }  # fmt: skip
    units = {"flux": "nJy", "flux_err": "nJy"}
    return _made(table, columns, ("midpointmjdtai", "band", "psfflux", "psffluxerr"), units), (
        "Rubin: fluxes of difference images in nJy, dates in TAI",
    )


def _sousa(table: TextTable, names: Names) -> Made:
    """SOUSA (Brown et al. 2014, Ap&SS 354, 89): Vega magnitudes of Swift's UVOT, NULL where there is only a limit."""
    mags = [to_number(cell) for cell in names["mag"]]
    saturated = [to_number(cell) for cell in names["0_98satlim"]]
    columns = {
        "mjd": names["mjd"], "band": [_UVOT.get(name.strip().upper(), name) for name in names["filter"]],
        "mag": names["mag"], "mag_err": names["magerr"], "system": ["Vega"] * table.n_rows,
        "instrument": ["Swift/UVOT"] * table.n_rows,
        "reject": [
            LIMIT if math.isnan(mag) else "brighter than the limit of saturation" if mag < limit else ""
            for mag, limit in zip(mags, saturated, strict=True)
        ],
    }  # fmt: skip
    used = ("mjd", "filter", "mag", "magerr", "3sigmaglim", "0_98satlim")
    return _made(table, columns, used), ("SOUSA: Vega magnitudes of Swift's UVOT",)


def _snana(table: TextTable, names: Names) -> Made:
    """SNANA's text (its manual, section 4.36) or one object of a pair: FLUXCAL at ZP_FLUXCAL, else 27.5."""
    flux, err = names.get("fluxcal"), names.get("fluxcalerr")
    bands = _first(names, "flt", "band")
    if flux is None or err is None or bands is None or "mjd" not in names:
        raise ReadError(table.path, "SNANA's VARLIST without MJD, FLT, FLUXCAL and FLUXCALERR", "add them")
    zero_point = str(table.meta.get("zp_fluxcal", _SNANA_ZERO_POINT)).split()[0]
    survey = str(table.meta.get("survey", "")).split("#")[0].strip().split("(")[0].strip()
    stem, own = _SNANA_SURVEYS.get(survey.upper(), ""), table.meta.get("bands") or {}
    flags = [to_number(cell) for cell in names.get("photflag", ["0"] * table.n_rows)]
    columns = {
        "mjd": names["mjd"], "band": [own.get(name.strip()) or _snana_band(stem, name) for name in bands],
        "flux": flux, "flux_err": err,
        "zp": [zero_point] * table.n_rows, "instrument": [survey] * table.n_rows,
        "reject": ["saturated (PHOTFLAG 1024)" if flag > 0 and int(flag) & _SNANA_SATURATED else "" for flag in flags],
    }  # fmt: skip
    if stem or own:
        columns["system"] = ["AB"] * table.n_rows
    stated = "ZP_FLUXCAL" if "zp_fluxcal" in table.meta else "not stated, so of"
    note = f"SNANA: FLUXCAL with the zero point {zero_point} ({stated}{'' if 'ZP' in stated else ' old files'})"
    used = ("mjd", "flt", "band", "fluxcal", "fluxcalerr", "photflag")
    return replace(_made(table, columns, used), form="SNANA"), (note,)


def _snana_band(stem: str, name: str) -> str:
    """Our name of a filter of SNANA: its last letter, behind the name of the survey ("DES-g", "LSST-r/g")."""
    letter = re.split(r"[-/_]", name.strip())[-1]
    return f"{stem}{letter.lower()}" if stem and len(letter) == 1 else name


def _snoopy(table: TextTable, names: Names) -> Made:
    """SNooPy's files and CSP's data releases (Krisciunas et al. 2017, AJ 154, 211): natural system, MJD - 53000."""
    days = [to_number(cell) for cell in names["mjd"]]
    notes: tuple[str, ...] = ("SNooPy: magnitudes in the natural system of CSP, u g r i as AB, the others as Vega",)
    mjd = list(names["mjd"])
    if days and max(map(abs, days)) < _LARGEST_COUNT:
        mjd = [repr(day + _CSP_DAY_0) for day in days]
        notes += ("SNooPy: dates counted from MJD 53000, as in the data releases of CSP",)
    elif days and min(days) > 2e6:
        mjd = _mjd(names["mjd"])
    bands = [_SNOOPY.get(name, name) for name in names["band"]]
    columns = {
        "mjd": mjd, "band": bands, "mag": names["mag"],
        "mag_err": names["mag_err"], "instrument": ["CSP"] * table.n_rows,
        "system": ["AB" if band in ("cspu", "cspg", "cspr", "cspi") else "Vega" for band in bands],
        "reject": ["" if to_number(mag) < 90 else "no magnitude" for mag in names["mag"]],
    }  # fmt: skip
    return replace(_made(table, columns, ("mjd", "band", "mag", "mag_err")), form="SNooPy"), notes


_RULES: tuple[tuple[tuple[str, ...], str, Callable[[TextTable, Names], Made]], ...] = (
    (("mjd", "ujy", "dujy", "f"), "ATLAS", _atlas),
    (("jd", "filter", "zpdiff", "forcediffimflux", "forcediffimfluxunc"), "ZTF forced photometry", _ztf_forced),
    (("hjd", "camera", "limit", "mag", "mag_err"), "ASAS-SN", _asassn),
    (("jd", "fwhm", "limit", "mag", "mag_error", "quality"), "ASAS-SN", _asassn),
    (("fid", "isdiffpos", "magpsf"), "alerts of ZTF", _alerts),
    (("fid", "isdiffpos", "mag", "e_mag"), "alerts of ZTF", _alerts),
    (("mjd", "filter", "unforced_mag_status"), "Lasair", _lasair),
    (("midpointmjdtai", "band", "psfflux", "psffluxerr"), "Rubin", _rubin),
    (("filter", "mjd", "mag", "magerr", "3sigmaglim", "0_98satlim"), "SOUSA", _sousa),
)
