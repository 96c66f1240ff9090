"""The door to observations: one supernova from a catalog file or a folder of one's own data, or photometry alone."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._numerics.quantities import MAGNITUDE, MJD, NUMBER, bare
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.mistakes import require_path, warn_caller
from sntransport._storage.read_error import ReadError, number, one_line
from sntransport.reading.account import Account, Facts, assemble, distance_from_z, require_ranges
from sntransport.reading.folder import read_folder
from sntransport.reading.folder_keys import checked_system
from sntransport.reading.formats.snana_objects import object_facts
from sntransport.reading.osc import read_osc
from sntransport.reading.photometry_files import read_photometry_file
from sntransport.reading.photometry_tables import Stated
from sntransport.spectra.dust import LAWS
from sntransport.spectra.observations import LightCurve, Supernova

__all__ = ["ReadError", "read_light_curve", "read_supernova"]

_UNITS = {
    "z": NUMBER, "distance_modulus": MAGNITUDE, "ebv_mw": MAGNITUDE, "ebv_host": MAGNITUDE, "rv_mw": NUMBER,
    "rv_host": NUMBER, "mjd_ref": MJD,
}  # fmt: skip

_NO_PATH = {
    "Supernova": "it is read already",
    "LightCurve": "it is read already",
    "SpectralSeries": "a series is made of a supernova, not read as one",
    "DataFrame": "write LightCurve.from_pandas(frame)",
    "Table": "write LightCurve.from_table(table)",
    "list": "read them one by one",
    "tuple": "read them one by one",
}


@answers_mistakes
def read_supernova(
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    sn_type: str | None = None,
    z: float | None = None,
    distance_modulus: float | None = None,
    ebv_mw: float | None = None,
    ebv_host: float | None = None,
    rv_mw: float | None = None,
    rv_host: float | None = None,
    law_mw: str | None = None,
    law_host: str | None = None,
    mjd_ref: float | None = None,
    mjd_ref_meaning: str | None = None,
    default_system: str | Mapping[str, str] | None = None,
) -> Supernova:
    """Read all that was observed of one supernova.

    What a keyword says wins over what the input says. Whatever is rejected or assumed is counted and explained in
    the ``notes`` of the result.

    Parameters
    ----------
    path : path-like
        An Open Supernova Catalog file (.json or .json.gz); a folder with ``sn.toml``, spectra (ASCII, ECSV or FITS)
        and photometry (a table, or the file of a survey: see `docs/howto/own-data.md`); or a file of SNANA, its
        text or the HEAD of a FITS pair, which has photometry alone.
    name : str
        Which event to take from a file that holds several; otherwise the name to give it.
    sn_type : str
        Class, such as "Ia" or "II P"; default: the first one claimed.
    z : float
        Heliocentric redshift.
    distance_modulus : float [mag]
        Default: the input's distance, else by Hubble's law from ``z``.
    ebv_mw, ebv_host : float [mag]
        Color excess E(B-V) of the Milky Way (default: the input's, else 0) and of the host galaxy (default: the
        input's, else 0).
    rv_mw, rv_host : float
        Ratio of total to selective extinction; default: the input's, else 3.1.
    law_mw, law_host : {"F99", "O94", "CCM89", "G23"}
        Law of the dust; default: the input's, else F99.
    mjd_ref : float [d]
        MJD of phase 0; default: the input's, the discovery, or else the first observation.
    mjd_ref_meaning : str
        What happened then, such as "B maximum".
    default_system : {"AB", "Vega"} or mapping
        Magnitude system of the rows that name none, unless their instrument settles it. A mapping gives one by band,
        by instrument or by both, as the input has them: ``{"UVOT": "AB", "V KAIT": "Vega"}``. Default: Vega for
        Johnson-Cousins UBVRI, JHK and Swift, AB for ugriz.

    Returns
    -------
    Supernova
        Spectra and photometry as observed: observer frame, dust still on.

    Raises
    ------
    ReadError
        (A ValueError.) In one line: the file, what is wrong or missing, and what to do about it.

    Examples
    --------
    >>> from pathlib import Path
    >>> Path("SN2030a/spectra").mkdir(parents=True)
    >>> facts = ['name = "SN 2030a"', 'type = "II"', "z = 0.02", "mjd_ref = 60000.0"]
    >>> np.savetxt("SN2030a/sn.toml", facts, fmt="%s")
    >>> wave = np.arange(4000.0, 8000.0, 5.0)
    >>> flux = 1e-15 * (wave / 5000.0) ** -2
    >>> np.savetxt("SN2030a/spectra/day10.txt", np.transpose([wave, flux]), header="MJD = 60010.5")
    >>> sn = snt.read_supernova("SN2030a", ebv_mw=0.03)
    >>> sn.name, sn.sn_type, len(sn.spectra), sn.sightline.ebv_mw
    ('SN 2030a', 'II', 1, 0.03)
    """
    require_path(path, "read_supernova", _NO_PATH)
    path = Path(path)
    known = Facts(
        name=name,
        sn_type=sn_type,
        z=z,
        distance_modulus=distance_modulus,
        ebv_mw=ebv_mw,
        ebv_host=ebv_host,
        rv_mw=rv_mw,
        rv_host=rv_host,
        law_mw=law_mw,
        law_host=law_host,
        mjd_ref=mjd_ref,
        mjd_ref_meaning=mjd_ref_meaning,
        default_system=default_system,
    )
    shown = one_line(str(path))
    known = _checked(shown, known)
    try:
        if path.is_dir():
            return read_folder(path, known)
        if not path.exists():
            raise ReadError(shown, "no such file or folder", "check the path")
        if not path.is_file():
            raise ReadError(shown, "not a regular file", "give a file or a folder")
        facts = object_facts(path, known.name or "")
        return read_osc(path, known) if facts is None else _read_snana(path, known.over(Facts(**facts)))
    except OSError as error:
        raise ReadError(shown, f"cannot be read ({error})", "check its permissions") from None


def _read_snana(path: Path, facts: Facts) -> Supernova:
    """One object of a file of SNANA, without spectra."""
    account = Account()
    curve = read_photometry_file(path, facts.default_system, account, Stated(name=facts.name or ""))
    if facts.z is None:
        raise ReadError(path, "REDSHIFT_HELIO is missing or none", "pass z=")
    if facts.distance_modulus is None:
        facts = replace(facts, distance_modulus=distance_from_z(path, facts.z, account))
    return assemble(path, facts, (), curve, account)


@answers_mistakes
def read_light_curve(
    path: str | os.PathLike[str], *, name: str | None = None, default_system: str | Mapping[str, str] | None = None
) -> LightCurve:
    """Read photometry alone.

    Parameters
    ----------
    path : path-like
        A table of photometry (any format of `docs/howto/own-data.md`), or a supernova as `read_supernova` takes it.
    name : str
        Which event to take from a file that holds several, such as the HEAD file of SNANA's FITS pair (its SNID).
    default_system : {"AB", "Vega"} or mapping
        Magnitude system of the rows that name none, see `read_supernova`.

    Returns
    -------
    LightCurve

    Raises
    ------
    ReadError
        (A ValueError.) In one line: the file, the line and the field, and what to do about it.

    Warns
    -----
    UserWarning
        Of what was assumed in a table, such as a magnitude system. (What was assumed of a supernova is in its notes.)

    Examples
    --------
    >>> rows = ["mjd,band,mag,mag_err,magsys", "60000.2,ztfg,18.5,0.03,AB", "60003.2,ztfr,18.3,0.02,AB"]
    >>> np.savetxt("photometry.csv", rows, fmt="%s")
    >>> curve = snt.read_light_curve("photometry.csv")
    >>> curve.bands, curve.flux.round().tolist()
    (('ztfg', 'ztfr'), [144544.0, 173780.0])
    """
    require_path(path, "read_light_curve", _NO_PATH)
    path = Path(path)
    if path.is_dir() or path.name.lower().endswith((".json", ".json.gz")):
        return read_supernova(path, name=name, default_system=default_system).light_curve
    if not path.is_file():
        raise ReadError(one_line(str(path)), "no such file", "check the path")
    known = _checked(one_line(str(path)), Facts(default_system=default_system))
    account = Account()
    light_curve = read_photometry_file(path, known.default_system, account, Stated(name=name or ""))
    if account.all_notes():
        # Notes of a folder name the file; here the warning begins with it.
        told = "; ".join(note.removeprefix(f"{path.name}: ") for note in account.all_notes())
        warn_caller(f"{path}: {told}")
    return light_curve


def _checked(path: str, facts: Facts) -> Facts:
    """The keywords in the types they must have."""
    values: dict[str, Any] = {}
    for field in _UNITS:
        value = getattr(facts, field)
        if value is None:
            continue
        try:
            plain = bare(value, field, _UNITS[field])
        except ValueError as error:
            raise ReadError(path, str(error), f"give a number for {field}=") from None
        values[field] = number(
            plain.item() if isinstance(plain, (np.generic, np.ndarray)) and plain.size == 1 else plain
        )
        if isinstance(value, str) or math.isnan(values[field]):
            raise ReadError(path, f"{field} is {str(value)[:40]!r}", f"give a number for {field}=")
    require_ranges(path, values)
    facts = replace(facts, **values)
    for field in ("law_mw", "law_host"):
        if getattr(facts, field) not in (None, *LAWS):
            raise ReadError(path, f"{field} is {getattr(facts, field)!r}", f"give one of {', '.join(LAWS)}")
    if facts.default_system is None:
        return facts
    return replace(facts, default_system=checked_system(path, facts.default_system))
