"""Reader of Open Supernova Catalog events (Guillochon et al. 2017, ApJ 835, 64), raw, with all their oddities."""

import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import JD_MINUS_MJD
from sntransport._storage.read_error import counted, listed, number, text
from sntransport.photometry.bands import band_names
from sntransport.reading.account import Account, Facts, assemble
from sntransport.reading.osc_event import complete, load_event
from sntransport.reading.photometry_rows import (
    Identity,
    Measurement,
    NoSystem,
    decimals,
    default_for,
    identify,
    make_light_curve,
    to_ab,
)
from sntransport.reading.spectrum_columns import Unusable, is_calibrated, make_spectrum
from sntransport.spectra.observations import Spectrum, Supernova
from sntransport.spectra.ranges import unusual_date
from sntransport.spectra.sightline import transmission

Row = Mapping[str, Any]

_MAG_RANGE = (-5.0, 30.0)
_LARGEST_ERROR = 1.0
_JD = ("jd", "hjd", "bjd")

# Why a row is not a measurement of the supernova as observed; the first that holds is the reason given.
_NOT_A_MEASUREMENT = (
    (("model", "realization"), "a model, not a measurement"),
    (("upperlimit", "lowerlimit"), "upper limit"),
    (("host",), "of the host galaxy"),
    (("includeshost",), "host galaxy not subtracted"),
    (("kcorrected", "scorrected", "mcorrected", "dereddened"), "corrected by its source, not as observed"),
)


def read_osc(path: Path, caller: Facts) -> Supernova:
    """Read one supernova of an Open Supernova Catalog file.

    Parameters
    ----------
    path : Path
        JSON, gzipped or not.
    caller : Facts
        What the caller knows; it wins over the file.

    Returns
    -------
    Supernova

    Raises
    ------
    ReadError
    """
    name, entry = load_event(path, caller.name)
    account = Account()
    facts = Facts(name=caller.name or name).over(complete(path, entry, caller, account))
    spectra = _spectra(entry, facts, account)
    rows = _measurements(entry, facts, account)
    return assemble(path, facts, spectra, make_light_curve(rows, account), account)


def _spectra(entry: Row, facts: Facts, account: Account) -> list[Spectrum]:
    spectra, remarks, arbitrary, redshifts = [], Counter[str](), 0, Counter[str]()
    for index, raw in enumerate(entry["spectra"]):
        try:
            if not isinstance(raw, dict):
                raise Unusable("not an object")
            spectrum, said = _spectrum(index, raw, facts)
        except Unusable as reason:
            account.reject_spectrum(_label(index, raw), str(reason))
            continue
        spectra.append(spectrum)
        remarks.update(said)
        arbitrary += not spectrum.calibrated
        own = number(raw.get("redshift"))
        redshifts.update([f"{own:g}"] if abs(own - (facts.z or 0.0)) > 5e-4 else [])
    for remark, count in remarks.items():
        account.note(f"{counted(count, 'spectrum')}: {remark}")
    if arbitrary:
        account.note(f"{arbitrary} of {len(spectra)} spectra are in arbitrary units; only their shape counts")
    if redshifts:
        account.note(f"spectra with a redshift of their own, other than {facts.z:g}: {listed(redshifts)}; pass z=")
    return spectra


def _spectrum(index: int, raw: Row, facts: Facts) -> tuple[Spectrum, tuple[str, ...]]:
    """One spectrum in the observer frame with the dust on it."""
    mjd = _mjd(raw)
    if remark := unusual_date(mjd):
        raise Unusable(f"its date {mjd:.10g} is {remark}")
    table = table_of(raw.get("data"))
    wave, flux = table[:, 0].copy(), table[:, 1].copy()
    err = table[:, 2].copy() if table.shape[1] > 2 else None
    unit = text(raw.get("u_fluxes", raw.get("fluxunit")))
    spectrum, remarks = make_spectrum(
        mjd, wave, flux, err, wave_unit=text(raw.get("u_wavelengths", raw.get("waveunit"))), flux_unit=unit,
        source=f"spectra[{index}] {_instrument(raw)}".strip(),
    )  # fmt: skip
    if not unit:
        remarks = (*remarks, "no flux unit (field u_fluxes)")
    elif not is_calibrated(unit) and unit.lower() not in ("uncalibrated", "counts", "count"):
        remarks = (*remarks, f"flux unit {unit!r} not known: arbitrary units")
    return _as_observed(spectrum, raw, facts, remarks)


def _as_observed(
    spectrum: Spectrum, raw: Row, facts: Facts, remarks: tuple[str, ...]
) -> tuple[Spectrum, tuple[str, ...]]:
    """Undo a shift to the rest frame and a correction for dust that the catalog says were made.

    The flux per Angstrom falls by 1 + z when the wavelengths stretch, so that the total stays. The dust put back is
    the Milky Way's: that is what publications correct for without saying more.
    """
    wave, factor = spectrum.wave, np.ones_like(spectrum.wave)
    if _flag(raw.get("deredshifted")):
        own = number(raw.get("redshift"))
        stretch = 1.0 + (own if -0.02 < own < 20 else facts.z or 0.0)
        wave, factor = wave * stretch, factor / stretch
        remarks = (*remarks, "stored in the rest frame, shifted back to the observer frame")
    if _flag(raw.get("dereddened")):
        factor = factor * transmission(wave, facts.ebv_mw or 0.0, facts.rv_mw or 3.1, facts.law_mw or "F99")
        remarks = (*remarks, "stored free of dust, that of the Milky Way put back")
    if np.all(factor == 1.0) and wave is spectrum.wave:
        return spectrum, remarks
    flux, err = spectrum.flux * factor, spectrum.flux_err * factor
    return Spectrum(
        mjd=spectrum.mjd, wave=wave, flux=flux, flux_err=err, calibrated=spectrum.calibrated, source=spectrum.source
    ), remarks


def table_of(data: object) -> Array:
    """Numbers of a table of strings, (n_pix, n_col) with at least two columns; NaN where there is no number.

    Rows of another length than most are padded with NaN or cut.
    """
    if not isinstance(data, list) or not data:
        raise Unusable("no data")
    try:
        # The fast way; anything odd in the table takes the other one.
        table = np.array(data, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        table = np.empty(0)
    if table.ndim != 2:
        rows = [row for row in data if isinstance(row, list) and len(row) > 1]
        n_col = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
        padded = [[*map(number, row[:n_col]), *[math.nan] * (n_col - len(row))] for row in rows]
        table = np.array(padded, dtype=np.float64).reshape(len(rows), n_col)
    if table.shape[1] < 2:
        raise Unusable("no columns of wavelength and flux")
    return table


def _measurements(entry: Row, facts: Facts, account: Account) -> list[Measurement]:
    rows = entry.get("photometry")
    available = frozenset(band_names())
    measurements = []
    for raw in rows if isinstance(rows, list) else ():
        row = raw if isinstance(raw, dict) else {}
        reason = _why_not(row)
        if not reason:
            try:
                identity = _identity(row, facts)
            except NoSystem as error:
                reason = f"{error}; default_system= may give it"
            else:
                reason = identity.remark if not identity.band else ""
                if identity.band and identity.band not in available:
                    reason = f"no curve {identity.band}"
        if reason:
            account.reject_row(reason, f"{text(row.get('band'))} {_instrument(row)}".strip())
        else:
            measurements.append(_measurement(row, identity, account))
    return measurements


def _why_not(row: Row) -> str:
    """Why a photometry row cannot be used, empty where it can."""
    for fields, reason in _NOT_A_MEASUREMENT:
        if any(_flag(row.get(field)) for field in fields):
            return reason
    if "magnitude" not in row:
        radio = any(field in row for field in ("fluxdensity", "frequency", "energy", "countrate", "luminosity"))
        return "radio, X-ray or other flux, not a magnitude" if radio else "no magnitude"
    mag, err = number(row["magnitude"]), _error(row)
    if not _MAG_RANGE[0] < mag < _MAG_RANGE[1]:
        return "absurd magnitude"
    if not text(row.get("band")):
        return "no band named"
    if not math.isfinite(_mjd_or_nan(row)):
        return "no single date"
    if "upperlimitsigma" in row and math.isnan(err):
        return "upper limit"
    return f"error above {_LARGEST_ERROR:g} mag, no detection" if err > _LARGEST_ERROR else ""


def _identity(row: Row, facts: Facts) -> Identity:
    fields = {name: text(row.get(name)) for name in ("telescope", "instrument", "bandset", "survey")}
    # Only CSP's V depends on the date; without it most questions are asked before.
    mjd = _mjd_or_nan(row) if text(row.get("band")) == "V" else math.inf
    default = facts.default_system
    if default is not None and not isinstance(default, str):
        default = default_for(default, text(row.get("band")), _instrument(row))
    return identify(text(row.get("band")), text(row.get("system")), **fields, mjd=mjd, default_system=default)


def _measurement(row: Row, identity: Identity, account: Account) -> Measurement:
    measurement = Measurement(
        mjd=_mjd_or_nan(row), band=identity.band, mag=to_ab(number(row["magnitude"]), identity.band, identity.system),
        err=_error(row), instrument=_instrument(row), decimals=decimals(row["magnitude"]),
    )  # fmt: skip
    if identity.remark:
        account.assume(identity.remark, measurement.label)
    elif identity.band in ("bessellb", "bessellv") and identity.system == "AB":
        account.assume("labeled AB, unusual for Johnson B and V, taken at its word", measurement.label)
    return measurement


def _error(row: Row) -> float:
    """Error of the magnitude, the mean of the two sides where they differ; NaN where there is none."""
    sides = [abs(number(row.get(f"e_{side}_magnitude"))) for side in ("lower", "upper")]
    known = [side for side in sides if side > 0]
    error = number(row.get("e_magnitude"))
    if error > 0:
        return error
    return sum(known) / len(known) if known else math.nan


def _mjd(raw: Row) -> float:
    """MJD of a spectrum or a row; the middle where it is a range of at most a day."""
    value = raw.get("time")
    dates = [number(item) for item in (value if isinstance(value, list) else [value])]
    if not dates or any(math.isnan(date) for date in dates):
        raise Unusable("no date (field time)")
    if max(dates) - min(dates) > 1.0:
        raise Unusable(f"its date is a range of {max(dates) - min(dates):g} d")
    unit = text(raw.get("u_time", raw.get("timeunit"))).lower() or "mjd"
    mjd = 0.5 * (min(dates) + max(dates)) - (JD_MINUS_MJD if unit in _JD else 0.0)
    if unit not in ("mjd", *_JD) or not abs(mjd) < 200000:
        raise Unusable(f"its date {dates[0]:.10g} is not an MJD ({unit})")
    return mjd


def _mjd_or_nan(row: Row) -> float:
    try:
        return _mjd(row)
    except Unusable:
        return math.nan


def _instrument(raw: Row) -> str:
    parts = dict.fromkeys(part for name in ("telescope", "instrument") if (part := text(raw.get(name))))
    return "/".join(parts)


def _label(index: int, raw: object) -> str:
    row = raw if isinstance(raw, dict) else {}
    date = text(row.get("time")) or "no date"
    return f"spectra[{index}] ({', '.join(part for part in (f'MJD {date}', _instrument(row)) if part)})"


def _flag(value: object) -> bool:
    """Whether a catalog flag is set; a model's name sets it too."""
    return text(value).lower() not in ("", "false", "no", "0") or value is True
