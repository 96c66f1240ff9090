"""The keys of ``sn.toml``: which there are, what they may hold, and what somebody means who writes another."""

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from sntransport._storage.read_error import ReadError, number
from sntransport.reading.account import Facts, modulus_of, require_ranges
from sntransport.reading.formats.medium import MEDIA
from sntransport.reading.photometry_tables import Stated

_TEXT = ("name", "type", "mjd_ref_meaning", "law_mw", "law_host")
_NUMBERS = ("z", "distance_modulus", "distance_mpc", "ebv_mw", "ebv_host", "rv_mw", "rv_host", "mjd_ref")
FOLDER_KEYS = (*_TEXT, *_NUMBERS, "aliases", "default_system", "photometry", "spectra")
_PHOTOMETRY_UNITS = {
    "time_unit": "mjd", "mag_unit": "mag", "mag_err_unit": "mag_err", "flux_unit": "flux", "flux_err_unit": "flux_err",
}  # fmt: skip
_PHOTOMETRY_KEYS = ("file", *_PHOTOMETRY_UNITS, "system", "instrument", "bands")
_SPECTRUM_KEYS: dict[str, tuple[Any, str]] = {
    "file": (str, "a file name in quotes"),
    "mjd": ((int, float), "a number"),
    "calibrated": (bool, "true or false"),
    "instrument": (str, "text in quotes"),
    "wave_unit": (str, "a unit in quotes, such as 'nm'"),
    "flux_unit": (str, "a unit in quotes, such as 'erg/s/cm2/A'"),
    "flux_err_unit": (str, "a unit in quotes, such as 'percent'"),
    "medium": (str, "'air' or 'vacuum'"),
}

# Keys of other programs and of papers, in letters alone, and what to write instead.
_MEANT = (
    ("write z = ..., the heliocentric redshift", "redshift zhelio zhel zcmb velocity cz"),
    ("write distance_modulus = ... [mag]", "dm mu distmod modulus distancemod"),
    ("write distance_mpc = ... or distance_modulus = ...", "distance dist mpc dl lumdist"),
    ("write ebv_mw = A_V / R_V, where R_V is 3.1 unless rv_mw says otherwise", "av avmw amw"),
    ("write ebv_host = A_V / R_V, where R_V is 3.1 unless rv_host says otherwise", "avhost hostav"),
    ("write ebv_mw = ... [mag], that of the Milky Way", "ebv mwebv ebvgal ebvmilkyway sfd"),
    ("write ebv_host = ... [mag]", "hostebv ebvh"),
    ("write rv_mw = ... or rv_host = ...", "rv"),
    ("write type = ...", "class sntype claimedtype"),
    ("write mjd = ..., which is the Julian date minus 2400000.5", "jd hjd bjd"),
    ("write mjd = ... in the [[spectra]] entry of the file", "date dateobs mjdobs time epoch"),
    (
        "write mjd_ref = ..., the date of phase 0, and mjd_ref_meaning = ..., what happened then",
        "t tzero tmax tpeak texp mjdmax mjdpeak mjdexp explosion discovery jdref",
    ),
    ("write aliases = [...]", "alias othernames"),
    ("write file = ...", "path filename"),
    ('write default_system = "AB" or "Vega"', "system zpsys magsys"),
)
_BY_KEY = {key: remedy for remedy, keys in _MEANT for key in keys.split()}


def require_known_keys(path: Path, table: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    """Raise a ReadError, with what may be meant, where a table has a key that is not known."""
    for key in table:
        if key not in keys:
            if where and key in FOLDER_KEYS:
                below = where.rstrip(": ")
                remedy = f"move it to the top of sn.toml, above {below.partition(' entry')[0]}"
                raise ReadError(path, f"{where}{key} is no key of it", remedy)
            near = difflib.get_close_matches(key, keys, n=1, cutoff=0.5)
            remedy = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(keys)}"
            meant = _instead_of(key)
            # Rows of one file have a system, those of all files a default one.
            meant = meant.replace("default_system", "system") if "system" in keys else meant
            raise ReadError(path, f"{where}unknown key {key!r}", meant or remedy)


def facts_of_keys(path: Path, toml: Mapping[str, Any], folder: Path) -> Facts:
    """What the keys of ``sn.toml`` say; a ReadError where one is not what it must be."""
    for key in _TEXT:
        if not isinstance(toml.get(key, ""), str):
            raise ReadError(path, f"{key} is {toml[key]!r}", "give text in quotes")
    for key in _NUMBERS:
        value = toml.get(key, 0.0)
        if isinstance(value, str) or math.isnan(number(value)):
            raise ReadError(path, f"{key} is {str(value)[:40]!r}", "give a number")
    if "distance_modulus" in toml and "distance_mpc" in toml:
        raise ReadError(path, "both distance_modulus and distance_mpc", "leave one")
    require_ranges(path, toml)
    values = {key: toml[key] for key in (field.name for field in fields(Facts)) if key in toml}
    values |= {key: float(toml[key]) for key in values if key in _NUMBERS}
    aliases = toml.get("aliases", [])
    if not isinstance(aliases, list) or not all(isinstance(name, str) for name in aliases):
        raise ReadError(path, f"aliases is {aliases!r}", 'give a list of names, ["AT 2024xyz", "ZTF24abc"]')
    values["aliases"] = tuple(aliases)
    values |= {"sn_type": toml.get("type"), "name": toml.get("name", folder.resolve().name)}
    if "distance_mpc" in toml:
        values["distance_modulus"] = modulus_of(float(toml["distance_mpc"]))
    if "default_system" in toml:
        values["default_system"] = checked_system(path, toml["default_system"])
    return Facts(**values)


def checked_system(path: object, given: Any) -> str | dict[str, str]:
    """A default system, or one by band and instrument, as "AB" and "Vega"; a ReadError where it is neither."""
    if isinstance(given, Mapping):
        return {str(key): str(checked_system(f"{path}: {key}", one)) for key, one in given.items()}
    system = {"ab": "AB", "vega": "Vega"}.get(str(given).lower())
    if system is None:
        raise ReadError(path, f"default_system is {given!r}", "give 'AB' or 'Vega'")
    return system


def check_spectrum_entry(path: Path, entry: Mapping[str, Any], where: str) -> None:
    """Raise a ReadError where a [[spectra]] table has an unknown key, the wrong type or no file."""
    require_known_keys(path, entry, tuple(_SPECTRUM_KEYS), where)
    if "file" not in entry:
        raise ReadError(path, f"{where}no file", "add file = ...")
    for key, (kinds, wanted) in _SPECTRUM_KEYS.items():
        value = entry.get(key)
        # In Python a bool is an int too.
        if value is not None and (not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool)):
            raise ReadError(path, f"{where}{key} is {value!r}", f"give {wanted}")
    if entry.get("medium", MEDIA[0]) not in MEDIA:
        raise ReadError(path, f"{where}medium is {entry['medium']!r}", f"give {_SPECTRUM_KEYS['medium'][1]}")


def stated_of_photometry(path: Path, table: Mapping[str, Any], where: str) -> Stated:
    """What a table [photometry] says besides the name of its file."""
    require_known_keys(path, table, _PHOTOMETRY_KEYS, where)
    for key in (*_PHOTOMETRY_UNITS, "system", "instrument"):
        if not isinstance(table.get(key, ""), str):
            raise ReadError(path, f"{where}{key} is {table[key]!r}", "give text in quotes")
    bands = table.get("bands", {})
    if not isinstance(bands, dict) or not all(isinstance(name, str) for name in bands.values()):
        raise ReadError(path, f"{where}bands is {bands!r}", 'give a table such as { V = "bessellv" }')
    return Stated(
        units={ours: table[key] for key, ours in _PHOTOMETRY_UNITS.items() if key in table},
        system=str(checked_system(path, table["system"])) if "system" in table else "",
        instrument=table.get("instrument", ""),
        bands=bands,
    )


def _instead_of(key: str) -> str:
    """What to write instead of a key that is not known, such as "A_V"; empty where nothing is known of it."""
    return _BY_KEY.get(re.sub(r"[^a-z]", "", key.lower()), "")
