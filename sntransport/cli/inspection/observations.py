"""What series files, supernovae, spectra, photometry and filter curves hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport.cli.inspection.description import Description, counts, span

if TYPE_CHECKING:
    from pathlib import Path

    from sntransport.spectra.observations import LightCurve
    from sntransport.spectra.sightline import Sightline

# Filters below are beyond Lyman alpha: more likely near-infrared ones in nanometers [A].
_SHORTEST = 1216.0


def describe_series(path: Path) -> Description:
    """A series file."""
    from sntransport.spectra.doubts import doubts_among
    from sntransport.spectra.series import Origin
    from sntransport.spectra.series_file import read_series_file

    held = read_series_file(path)
    series = held.series
    shares = {one.name.lower(): float(np.mean(series.origin == one)) for one in Origin}
    facts: dict[str, Any] = {
        "name": series.name, "class": series.sn_type, "phases": int(series.phase.size), "phase": span(series.phase),
        "mjd_ref": series.mjd_ref, "phase_zero": held.mjd_ref_meaning, "wavelengths": int(series.wave.size),
        "wave": span(series.wave), "share_of_bins": {name: round(x, 4) for name, x in shares.items() if x},
        **_sightline(held.sightline),
        "observed_spectra": None if held.sparse is None else int(held.sparse.phase.size),
        **_photometry(held.light_curve), "made_from": dict(held.provenance),
    }  # fmt: skip
    doubts = tuple(doubts_among(held.notes))
    notes = tuple(note for note in held.notes if not doubts_among([note]))
    return Description(kind="series", told="spectral series of sntransport", facts=facts, notes=notes, doubts=doubts)


def describe_supernova(path: Path) -> Description:
    """A file of the Open Supernova Catalog, or a folder with ``sn.toml``."""
    from sntransport.photometry.agreement import doubts
    from sntransport.reading.supernova import read_supernova
    from sntransport.spectra.doubts import doubts_among
    from sntransport.spectra.sightline import phase_of

    sn = read_supernova(path)
    mjd = np.array([one.mjd for one in sn.spectra])
    facts: dict[str, Any] = {
        "name": sn.name, "aliases": list(sn.aliases), "class": sn.sn_type, **_sightline(sn.sightline),
        "mjd_ref": sn.mjd_ref, "phase_zero": sn.mjd_ref_meaning, "spectra": len(sn.spectra),
        "spectra_rejected": sn.n_spectra_rejected,
        "calibrated_spectra": sum(one.calibrated for one in sn.spectra),
        "phase": span(phase_of(mjd, sn.mjd_ref, sn.sightline.z)),
        "wave": span([value for one in sn.spectra for value in (one.wave[0], one.wave[-1])]),
        **_photometry(sn.light_curve), "photometry_rejected": sn.n_photometry_rejected,
    }  # fmt: skip
    told = "folder of a supernova of your own" if path.is_dir() else "supernova of the Open Supernova Catalog"
    found = tuple(dict.fromkeys((*doubts_among(sn.notes), *doubts_among(doubts(sn)))))
    notes = tuple(note for note in sn.notes if not doubts_among([note]))
    return Description(kind="supernova", told=told, facts=facts, notes=notes, doubts=found)


def describe_photometry(path: Path) -> Description:
    """A table of photometry, ours or of a survey."""
    from sntransport.reading.account import Account
    from sntransport.reading.photometry_files import read_photometry_file

    account = Account()
    light_curve = read_photometry_file(path, None, account)
    return Description(
        kind="photometry", told="photometry of one object", facts=_photometry(light_curve), notes=account.all_notes()
    )


def describe_spectrum(path: Path) -> Description:
    """One observed spectrum."""
    from sntransport.reading.spectrum_files import read_spectrum_file

    raw = read_spectrum_file(path)
    facts: dict[str, Any] = {
        "pixels": int(raw.wave.size), "wave_column": raw.names[0],
        "wavelengths": span(raw.wave), "wave_unit": raw.wave_unit or "not stated",
        "flux_unit": raw.flux_unit or "not stated", "errors": raw.flux_err is not None,
        "mjd": float(raw.mjd), "instrument": raw.instrument, "medium": raw.medium,
    }  # fmt: skip
    doubts = () if np.isfinite(raw.mjd) else ("no date; add mjd = ... to its [[spectra]] entry in sn.toml",)
    return Description(kind="spectrum", told="one spectrum", facts=facts, notes=raw.remarks, doubts=doubts)


def describe_filter(path: Path) -> Description:
    """A curve of a filter."""
    from sntransport.photometry.band_properties import band_rows
    from sntransport.photometry.bands import read_bandpass

    row: dict[str, Any] = {**band_rows([read_bandpass(path)])[0]}
    first, last = row.pop("first"), row.pop("last")
    low = row["pivot"] < _SHORTEST
    doubts = (f"the pivot wavelength is {row['pivot']:.0f} A; is the curve in nm?",) if low else ()
    return Description(kind="filter", told="curve of a filter", facts={**row, "wave": [first, last]}, doubts=doubts)


def _sightline(sightline: Sightline | None) -> dict[str, Any]:
    if sightline is None:
        return {}
    return {name: getattr(sightline, name) for name in ("z", "distance_modulus", "ebv_mw", "ebv_host")}


def _photometry(light_curve: LightCurve | None) -> dict[str, Any]:
    if light_curve is None or not light_curve.n_obs:
        return {"measurements": 0}
    return {
        "measurements": light_curve.n_obs, "mjd": span(light_curve.mjd), "bands": counts(light_curve.band),
        "instruments": [name for name in counts(light_curve.instrument) if name != "unknown"],
    }  # fmt: skip
