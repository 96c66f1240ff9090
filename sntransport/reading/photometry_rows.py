"""Rows of photometry: which filter curve and magnitude system one means, and how all of them become a `LightCurve`.

The identity of a measurement is (band, system, telescope and instrument), never the letter alone: ``R`` is
Johnson-Cousins R, Sloan r (where labeled AB) or the R of PTF.
"""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from sntransport._numerics.units import mag_err_to_relative, mag_to_njy
from sntransport.photometry.bands import load_bands
from sntransport.reading.account import Account
from sntransport.spectra.observations import LightCurve

# CSP changed its V filter twice: LC-3014 broke on 2006-01-14, LC-3009 served until LC-9844 came on 2006-01-25
# (Stritzinger et al. 2011, AJ 142, 156; Krisciunas et al. 2017, AJ 154, 211).
_CSP_V_DATES = ((53749.0, "cspv3014"), (53760.0, "cspv3009"), (float("inf"), "cspv9844"))

_AB = {"ab", "abmag", "sdss", "sloan", "ps1", "panstarrs", "pan-starrs", "des"}
_VEGA = {"vega", "vegamag", "johnson", "johnson-cousins", "cousins", "bessell", "landolt", "2mass"}
_NATURAL = {"swope", "csp", "natural"}

_UBVRI = {letter: f"bessell{letter.lower()}" for letter in "BVRI"} | {"U": "bessellux"}
_JHK = {letter: f"2mass{name}" for letter, name in (("J", "j"), ("H", "h"), ("K", "ks"))}

# What each facility is called, and its own curves. The first that matches and has the band wins.
_FACILITIES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("swift", r"swift|uvot", {b: f"uvot::{b.lower()}" for b in ("U", "B", "V", "UVW1", "UVM2", "UVW2")}),
    ("ztf", r"\bztf\b", {b: f"ztf{b}" for b in "gri"}),
    ("ptf", r"\b(i?ptf|p)[ -]?48\b|^ptf\b|cfh12k", {"R": "ptf48r", "r": "ptf48r", "g": "ptf48g"}),
    ("ps1", r"\bpan-?starrs|\bps1\b|\bgpc", {b: f"ps1::{b}" for b in "grizyw"}),
    ("gaia", r"\bgaia\b", {"G": "gaia::g", "BP": "gaia::gbp", "RP": "gaia::grp"}),
    ("atlas", r"\batlas", {"c": "atlasc", "o": "atlaso"}),
    ("des", r"\bdecam\b|\bdes\b", {b: f"des{b.lower()}" for b in "grizY"}),
    ("lsst", r"\blsst|\brubin\b", {b: f"lsst{b}" for b in "ugrizy"}),
)

_ALIASES = {
    "Rc": "R", "R_c": "R", "RC": "R", "Ic": "I", "I_c": "I", "IC": "I", "KS": "K", "Ks": "K", "K_s": "K", "K'": "K",
    "V9844": "V-9844", "V3009": "V-3009", "V3014": "V-3014", "cyan": "c", "orange": "o", "W1": "UVW1", "M2": "UVM2",
    "W2": "UVW2", "j": "J", "h": "H", "k": "K", "ks": "K",
}  # fmt: skip
_EXPLICIT_COUSINS = ("Rc", "R_c", "RC", "Ic", "I_c", "IC")


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A band and the scale of its magnitudes.

    ``band`` is a name of `sntransport.load_bands`, empty where no curve is known; ``system`` is "AB" or "Vega" (of
    that curve); ``remark`` says what was assumed, or why there is no band.
    """

    band: str
    system: str = ""
    remark: str = ""


DefaultSystem = str | Mapping[str, str] | None
"""The system of rows that name none: one for all, or by band, by instrument or by both; None where it is not given."""


def default_for(default: DefaultSystem, band: str, instrument: str) -> str | None:
    """The default system of a band and an instrument.

    Parameters
    ----------
    default : {"AB", "Vega"}, mapping or None
        The keys of a mapping are a band and an instrument ("V KAIT"), an instrument or a band, as the input has them;
        the first of these that it holds counts.
    band, instrument : str

    Returns
    -------
    {"AB", "Vega"} or None
    """
    if default is None or isinstance(default, str):
        return default
    by_name = {key.strip().lower(): system for key, system in default.items()}
    for key in (f"{band} {instrument}", instrument, band):
        if key.strip() and key.strip().lower() in by_name:
            return by_name[key.strip().lower()]
    return None


class NoSystem(ValueError):
    """A magnitude system that must be known and is not."""


@lru_cache(maxsize=4096)
def identify(
    band: str,
    system: str = "",
    *,
    telescope: str = "",
    instrument: str = "",
    bandset: str = "",
    survey: str = "",
    mjd: float = float("inf"),
    default_system: str | None = None,
) -> Identity:
    """Find the curve and the magnitude system of a catalog row.

    Parameters
    ----------
    band, system, telescope, instrument, bandset, survey : str
        As the catalog has them; empty where missing.
    mjd : float [d]
        Date; CSP's V is three filters.
    default_system : {"AB", "Vega"} or None
        The system of rows that name none, or one without a fixed meaning, unless their instrument settles it. None:
        Vega for UBVRIJHK and Swift, AB for ugriz, said in ``remark``.

    Returns
    -------
    Identity

    Raises
    ------
    NoSystem
        Where the system cannot be told and there is no sound default: "Natural" of an unknown instrument, or G and
        Z (Sloan where AB) without a system.

    Notes
    -----
    PTF: R on an AB-like scale (Ofek et al. 2012, PASP 124, 62). CSP: natural system, u g r i tied to the Sloan
    standards and thus AB-like, the others to Vega (Krisciunas et al. 2017, AJ 154, 211). UVOT: Vega unless labeled.
    """
    letter = _ALIASES.get(band, band).rstrip("'′") if band != "K'" else "K"
    scale = _scale(system)
    if _is_csp(telescope, instrument, survey, system) and (found := _csp(letter, telescope, instrument, mjd)):
        natural = "AB" if found in ("cspu", "cspg", "cspr", "cspi") else "Vega"
        return Identity(
            band=found, system=scale or natural, remark="" if scale or system else "CSP natural system taken"
        )
    for facility, pattern, curves in _FACILITIES:
        curve = curves.get(letter) or curves.get(letter.upper() if facility == "swift" else letter.lower())
        if curve and any(re.search(pattern, part.lower()) for part in (telescope, instrument)):
            return _of_facility(facility, curve, scale, system, default_system)
    return _generic(band, letter, scale=scale, system=system, bandset=bandset, default_system=default_system)


def usual_system(band: str) -> str:
    """System in which magnitudes of a named curve are usually given: "AB", "Vega", or empty where both are."""
    if band.startswith(("uvot::", "gaia::")):
        return ""
    if band.startswith(("bessell", "2mass", "csp")):
        return "AB" if band in ("cspu", "cspg", "cspr", "cspi") else "Vega"
    return "AB"


def canonical_system(name: str) -> str:
    """Return "AB" or "Vega" for a system's name, empty where it is neither."""
    return _scale(name)


def _scale(system: str) -> str:
    name = system.lower().replace("_", "-").removesuffix(" mag").removesuffix(" system")
    return "AB" if name in _AB else "Vega" if name in _VEGA else ""


def _of_facility(facility: str, found: str, scale: str, system: str, default_system: str | None) -> Identity:
    if scale:
        return Identity(band=found, system=scale)
    if facility == "swift":
        return _assumed(found, "Vega", system, default_system)
    # Everywhere else the instrument settles it.
    settled = "Vega" if facility == "gaia" else "AB"
    return Identity(band=found, system=settled, remark=f"no magnitude system named, {settled} of the instrument taken")


def _generic(band: str, letter: str, *, scale: str, system: str, bandset: str, default_system: str | None) -> Identity:
    sloan_set = system.lower() in ("sdss", "sloan") or (not scale and bandset.lower() in ("sdss", "sloan"))
    labeled_ab = (scale or default_system) == "AB" or sloan_set
    # Instruments with Sloan filters are often listed in capitals; an AB label gives them away. An explicit Cousins
    # name does not turn into Sloan, and there is no Sloan B or V.
    capital_sloan = letter in tuple("UGRIZ") and labeled_ab and band not in _EXPLICIT_COUSINS
    if letter in tuple("ugriz") or capital_sloan:
        return _settle(
            f"sdss{letter.lower()}",
            "AB",
            scale=scale or ("AB" if sloan_set else ""),
            system=system,
            default_system=default_system,
        )
    if letter in ("G", "Z"):
        if not scale and default_system is None:
            raise NoSystem(_no_system(band, system))
        return Identity(band=f"sdss{letter.lower()}", system=scale or str(default_system))
    curve = _UBVRI.get(letter) or _JHK.get(letter)
    if curve is None:
        return Identity(band="", remark="no filter curve for this band and instrument")
    return _settle(curve, "Vega", scale=scale, system=system, default_system=default_system, band=band)


def _settle(curve: str, usual: str, *, scale: str, system: str, default_system: str | None, band: str = "") -> Identity:
    return Identity(band=curve, system=scale) if scale else _assumed(curve, usual, system, default_system, band)


def _assumed(curve: str, usual: str, system: str, default_system: str | None, band: str = "") -> Identity:
    """``default_system`` if given; else the usual one if none is named; else there is no sound choice."""
    if default_system is not None:
        return Identity(band=curve, system=default_system, remark=f"magnitude system {default_system} taken as asked")
    if system:
        raise NoSystem(_no_system(band or curve, system))
    return Identity(band=curve, system=usual, remark=f"no magnitude system named, {usual} taken")


def _no_system(band: str, system: str) -> str:
    named = f"is {system!r}, which is neither AB nor Vega," if system else "is missing"
    return f"the magnitude system {named} for band {band!r}"


def _is_csp(telescope: str, instrument: str, survey: str, system: str) -> bool:
    if system.lower() in ("swope", "csp") or re.search(r"\bcsp\b|carnegie supernova", survey.lower()):
        return True
    if system and system.lower() not in _NATURAL:
        return False
    return "swope" in telescope.lower() or "retrocam" in instrument.lower()


def _csp(letter: str, telescope: str, instrument: str, mjd: float) -> str:
    """Curve of a CSP band; RetroCam took its filters along when it moved from Swope to du Pont."""
    if letter == "V":
        return next(name for until, name in _CSP_V_DATES if not mjd >= until)
    if letter in ("V-9844", "V-3009", "V-3014"):
        return f"cspv{letter[2:]}"
    if letter in ("Y", "J", "H"):
        du_pont = "dupont" in telescope.lower().replace(" ", "") and "retrocam" not in instrument.lower()
        return f"csp{letter.lower()}{'d' if du_pont else 's'}"
    return f"csp{letter.lower()}" if letter in ("u", "B", "g", "r", "i") else ""


MISSING_ERROR = 0.1
"""Error of a magnitude that has none, unless other rows of its band and instrument tell [mag]."""

_SAME_TIME = 0.01
_LEAST_FOR_ESTIMATE = 3


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One magnitude.

    ``mjd`` [d]; ``band`` a name of `sntransport.load_bands`; ``mag``, ``err`` AB [mag], ``err`` NaN where unknown;
    ``decimals`` as written; ``instrument`` is empty where unknown.
    """

    mjd: float
    band: str
    mag: float
    err: float = math.nan
    instrument: str = ""
    decimals: int = 3

    @property
    def label(self) -> str:
        """Band and instrument, for notes."""
        return " ".join(part for part in (self.band, self.instrument) if part)


def make_light_curve(rows: Sequence[Measurement], account: Account) -> LightCurve:
    """Light curve of all rows, after leaving out repeated ones and filling in missing errors.

    Parameters
    ----------
    rows : sequence of Measurement
    account : Account
        Receives what was rejected and assumed.

    Returns
    -------
    LightCurve
        Its errors are to first order: 0.4 ln(10) times flux times the error of the magnitude.
    """
    kept = fill_errors(drop_repeated(rows, account), account)
    flux = mag_to_njy([row.mag for row in kept])
    return LightCurve(
        mjd=np.array([row.mjd for row in kept], dtype=np.float64),
        band=np.array([row.band for row in kept], dtype=np.str_),
        flux=flux,
        flux_err=flux * mag_err_to_relative([row.err for row in kept]),
        instrument=np.array([row.instrument for row in kept], dtype=np.str_),
    )


def drop_repeated(rows: Sequence[Measurement], account: Account) -> list[Measurement]:
    """Leave out rows that repeat another.

    A row repeats another of its band when it is less than 0.01 d apart, the instrument is the same or one has none,
    and the magnitudes agree within the rounding of the coarser. The one with an error, then the one with an
    instrument, then the one with more decimals is kept.
    """
    by_band: dict[str, list[Measurement]] = defaultdict(list)
    for row in sorted(rows, key=_worth):
        by_band[row.band].append(row)
    kept: list[Measurement] = []
    for group in by_band.values():
        mine: list[Measurement] = []
        cells: dict[int, list[Measurement]] = defaultdict(list)
        for row in group:
            cell = math.floor(row.mjd / _SAME_TIME)
            near = (other for k in (cell - 1, cell, cell + 1) for other in cells.get(k, ()))
            if any(_repeats(row, other) for other in near):
                account.reject_row("repeats another row", row.label)
                continue
            cells[cell].append(row)
            mine.append(row)
        kept += mine
    return sorted(kept, key=lambda row: (row.mjd, row.band, row.instrument))


def fill_errors(rows: Sequence[Measurement], account: Account) -> list[Measurement]:
    """Give each row without an error the median error of its band and instrument if three are known, else 0.1 mag."""
    known: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows:
        if math.isfinite(row.err):
            known[row.band, row.instrument].append(row.err)
    filled = []
    for row in rows:
        if not math.isfinite(row.err):
            errors = known[row.band, row.instrument]
            if len(errors) >= _LEAST_FOR_ESTIMATE:
                row = replace(row, err=float(np.median(errors)))
                account.assume("no error given, the median of the same band and instrument taken", row.label)
            else:
                row = replace(row, err=MISSING_ERROR)
                account.assume(f"no error given, {MISSING_ERROR:g} mag taken", row.label)
        filled.append(row)
    return filled


def to_ab(mag: float, band: str, system: str) -> float:
    """AB magnitude of a magnitude in ``system`` ("AB" or "Vega") through a named curve."""
    return mag + load_bands([band])[0].ab_offset if system == "Vega" else mag


def decimals(value: object) -> int:
    """Digits after the decimal point as written, 1 to 3: what bounds the rounding error."""
    digits = str(value).strip().partition(".")[2]
    return min(max(len(digits), 1), 3)


def _worth(row: Measurement) -> tuple[bool, bool, int, float]:
    return (not math.isfinite(row.err), not row.instrument, -row.decimals, row.mjd)


def _repeats(row: Measurement, other: Measurement) -> bool:
    if abs(row.mjd - other.mjd) >= _SAME_TIME:
        return False
    if row.instrument and other.instrument and row.instrument.casefold() != other.instrument.casefold():
        return False
    return abs(row.mag - other.mag) <= 0.5 * 10.0 ** -min(row.decimals, other.decimals) + 1e-6
