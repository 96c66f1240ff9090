"""What every reader shares: the one error, what the caller knows already, and the account of what was rejected."""

import math
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from sntransport._numerics.units import C_KMS
from sntransport._storage.read_error import ReadError, counted, listed, one_line
from sntransport.spectra.observations import LightCurve, Spectrum, Supernova
from sntransport.spectra.ranges import (
    UnusualValueWarning,
    require_date,
    require_ebv,
    require_modulus,
    require_mpc,
    require_redshift,
    unusual_date,
)
from sntransport.spectra.sightline import Sightline

_LEAST_Z_FOR_DISTANCE = 0.005
_UNSAID_TYPES = ("", "?", "unknown", "candidate", "other")


NO_PHOTOMETRY = "no photometry is used: the spectra are not calibrated to it"
"""Note of a supernova without a measurement."""

_DUST = ("ebv_mw", "ebv_host", "rv_mw", "rv_host", "law_mw", "law_host")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a supernova besides its data, from the caller or from its file; None where it is not.

    Fields and units are those of `sntransport.read_supernova`.
    """

    name: str | None = None
    sn_type: str | None = None
    z: float | None = None
    distance_modulus: float | None = None
    ebv_mw: float | None = None
    ebv_host: float | None = None
    rv_mw: float | None = None
    rv_host: float | None = None
    law_mw: str | None = None
    law_host: str | None = None
    mjd_ref: float | None = None
    mjd_ref_meaning: str | None = None
    default_system: str | Mapping[str, str] | None = None
    aliases: tuple[str, ...] | None = None

    def over(self, other: "Facts") -> "Facts":
        """What is known here, and from ``other`` what is not."""
        mine = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(other, **{name: value for name, value in mine.items() if value is not None})


class Account:
    """Notes, and what was rejected with the reasons, gathered while one supernova is read."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.n_spectra = 0
        self._spectra: list[str] = []
        self._rows: dict[str, Counter[str]] = {}
        self._assumed: dict[str, Counter[str]] = {}
        self._assumed_of_spectra: dict[str, list[str]] = {}

    @property
    def n_rows(self) -> int:
        """Number of photometry rows rejected."""
        return sum(labels.total() for labels in self._rows.values())

    def note(self, text: str) -> None:
        """Keep a note; the same text only once."""
        if (text := one_line(text)) not in self.notes:
            self.notes.append(text)

    def reject_spectrum(self, label: str, reason: str) -> None:
        """Count a rejected spectrum and say why."""
        self.n_spectra += 1
        self._spectra.append(one_line(f"{label} rejected: {reason}"))

    def reject_row(self, reason: str, label: str) -> None:
        """Count a rejected photometry row; ``label`` is its band and instrument."""
        self._rows.setdefault(reason, Counter())[label] += 1

    def assume(self, what: str, label: str) -> None:
        """Count a photometry row of which something had to be assumed."""
        self._assumed.setdefault(what, Counter())[label] += 1

    def assume_of_spectrum(self, what: str, label: str) -> None:
        """Count a spectrum of which something had to be assumed."""
        self._assumed_of_spectra.setdefault(what, []).append(label)

    @property
    def why_no_spectra(self) -> str:
        """Why spectra were rejected, the first few, as one line."""
        return "; ".join(self._spectra[:3])

    @property
    def why_no_rows(self) -> str:
        """Why photometry rows were rejected, as one line."""
        return one_line("; ".join(f"{why} ({listed(counts)})" for why, counts in self._rows.items()))

    def all_notes(self) -> tuple[str, ...]:
        """Everything as text: notes, one line a rejected spectrum, one line a reason for photometry."""
        rows = [
            f"photometry: {counted(c.total(), 'row')} rejected, {why}: {listed(c)}" for why, c in self._rows.items()
        ]
        assumed = [
            f"photometry: {what} for {counted(c.total(), 'row')}: {listed(c)}" for what, c in self._assumed.items()
        ]
        spectra = [f"spectra: {what} for {_some(labels)}" for what, labels in self._assumed_of_spectra.items()]
        told = map(one_line, (*spectra, *rows, *assumed))
        return (*self.notes, *self._spectra, *told)


def _some(labels: Sequence[str], most: int = 4) -> str:
    """The first labels and how many more there are."""
    more = len(labels) - most
    return ", ".join(labels[:most]) + (f" and {more} more" if more > 0 else "")


_RANGES: Mapping[str, Callable[[float, str], float]] = {
    "z": require_redshift,
    "distance_modulus": require_modulus,
    "distance_mpc": require_mpc,
    "ebv_mw": require_ebv,
    "ebv_host": require_ebv,
}


def require_ranges(path: object, values: Mapping[str, Any]) -> None:
    """Raise a ReadError for the first of the facts, by the names of `Facts`, that is out of its range.

    Keys that are missing or None are not looked at; ``mjd_ref`` is checked by `require_mjd`.
    """
    for name, check in _RANGES.items():
        if values.get(name) is not None:
            try:
                with warnings.catch_warnings():
                    # What is only unusual is noted by `build`.
                    warnings.simplefilter("ignore", UnusualValueWarning)
                    check(float(values[name]), name)
            except ValueError as error:
                raise ReadError(path, str(error), "correct it, or pass the right value as a keyword") from None
    if values.get("mjd_ref") is not None:
        require_mjd(path, "mjd_ref", values["mjd_ref"])


def require_mjd(path: object, field: str, value: float) -> float:
    """Return ``value`` or raise a ReadError where it is no Modified Julian date that anything was observed at."""
    try:
        require_date(value, field)
    except ValueError as error:
        raise ReadError(path, str(error), "give a Modified Julian date, such as 56372.5") from None
    if remark := unusual_date(value):
        raise ReadError(path, f"{field} is {value:.10g}, {remark}", "correct the date")
    return value


def distance_from_z(path: object, z: float, account: Account) -> float:
    """Distance modulus [mag] by Hubble's law (Planck 2018); a ReadError where ``z`` is too small or none."""
    require_ranges(path, {"z": z})
    if not z >= _LEAST_Z_FOR_DISTANCE:
        wrong = f"no luminosity distance (field lumdist), and z = {z:g} is too small to tell it"
        raise ReadError(
            path, wrong, "pass distance_modulus= (in a folder: distance_modulus or distance_mpc in sn.toml)"
        )
    from astropy.cosmology import Planck18

    modulus = float(Planck18.distmod(z).value)
    account.note(f"distance modulus {modulus:.2f} mag from z = {z:g} (Planck 2018 cosmology)")
    return modulus


def modulus_of(mpc: float) -> float:
    """Distance modulus [mag] of a luminosity distance [Mpc]."""
    return 5.0 * math.log10(mpc) + 25.0


def z_of(velocity: float) -> float:
    """Redshift of a recession velocity cz [km/s] (optical convention)."""
    return velocity / C_KMS


def assemble(
    path: object, facts: Facts, spectra: Sequence[Spectrum], light_curve: LightCurve, account: Account
) -> Supernova:
    """The `Supernova` of all that was read; a ReadError where a value of its sightline is out of range."""
    if facts.ebv_host is None:
        account.note("dust of the host galaxy: none assumed; pass ebv_host= if it is known")
    given: dict[str, Any] = {name: getattr(facts, name) for name in _DUST}
    try:
        z = math.nan if facts.z is None else facts.z
        modulus = math.nan if facts.distance_modulus is None else facts.distance_modulus
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnusualValueWarning)
            sightline = Sightline(
                z=z, distance_modulus=modulus, **{name: value for name, value in given.items() if value is not None}
            )
    except ValueError as error:
        raise ReadError(path, str(error), "correct it, or pass the right value as a keyword") from None
    # Where a table is empty, a doubt has said so.
    if not light_curve.n_obs and not any(NO_PHOTOMETRY in note for note in account.notes):
        account.note(NO_PHOTOMETRY)
    mjd_ref, meaning = _reference(path, facts, spectra, light_curve, account)
    sn_type = "" if (facts.sn_type or "").lower() in _UNSAID_TYPES else facts.sn_type or ""
    return Supernova(
        name=facts.name or "unnamed",
        sn_type=sn_type,
        sightline=sightline,
        mjd_ref=mjd_ref,
        mjd_ref_meaning=meaning,
        spectra=tuple(spectra),
        light_curve=light_curve,
        notes=account.all_notes(),
        n_spectra_rejected=account.n_spectra,
        n_photometry_rejected=account.n_rows,
        aliases=tuple(alias for alias in facts.aliases or () if alias != facts.name),
    )


def _reference(
    path: object, facts: Facts, spectra: Sequence[Spectrum], light_curve: LightCurve, account: Account
) -> tuple[float, str]:
    """Date of phase 0 and its meaning: as known, else the first observation."""
    if facts.mjd_ref is not None:
        return require_mjd(path, "mjd_ref", facts.mjd_ref), facts.mjd_ref_meaning or "given by the user"
    dates = [spectrum.mjd for spectrum in spectra] + light_curve.mjd[:1].tolist()
    if not dates:
        raise ReadError(path, "no usable spectrum and no usable photometry", _why(account))
    account.note(f"phase 0 is the first observation, MJD {min(dates):.2f}: no discovery date known")
    return min(dates), facts.mjd_ref_meaning or "first observation"


def _why(account: Account) -> str:
    notes = [note for note in account.all_notes() if "rejected" in note]
    return "what was rejected: " + ("; ".join(notes[:3]) or "nothing; it holds no data")
