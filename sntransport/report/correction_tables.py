"""K-corrections, light curves at rest and bolometric light curves as tables with units."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport.corrections.luminosity import Bolometric, light_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from astropy.table import Table

    from sntransport.corrections.k_corrections import KCorrection
    from sntransport.corrections.rest_light_curve import RestLightCurve
    from sntransport.spectra.series import SpectralSeries


_MEANING = {
    "mjd": "observer frame",
    "phase": "rest frame, from mjd_ref",
    "mag_obs": "AB magnitude as observed",
    "k": "K-correction, AB to AB, without dust: m_obs = M_rest + distance modulus + K",
    "k_err": "from the errors of the series",
    "dust_mw": "extinction of the Milky Way in band_obs, taken off",
    "dust_host": "extinction of the host galaxy in band_obs, taken off",
    "mag": "absolute magnitude in band_rest, free of dust",
    "mag_err": "photometry and K; without distance and E(B-V)",
    "flux": "at 10 pc in band_rest, free of dust, AB scale",
    "coverage": "smaller share of the two bands that the series covers",
    "filled": "larger share of the two bands that was bridged or extrapolated (origin 3)",
}


def k_correction_table(result: KCorrection, series: SpectralSeries, meta: Mapping[str, Any] | None = None) -> Table:
    """K-corrections as a table.

    Parameters
    ----------
    result : KCorrection
    series : SpectralSeries
        What they are of.
    meta : mapping, optional
        Further entries of the header.

    Returns
    -------
    astropy.table.Table
        Columns ``z``, ``phase`` [d], ``k`` and ``sigma`` [mag], ``coverage``, ``filled``; one row a redshift and phase.
    """
    from astropy.table import Table

    z, phase = (axis.ravel() for axis in np.meshgrid(result.z, result.phase, indexing="ij"))
    values = {"k": result.value.ravel(), "sigma": result.sigma.ravel(), "coverage": result.coverage.ravel()}
    values["filled"] = result.filled.ravel()
    table = Table({"z": z, "phase": phase, **values}, units={"phase": "d", "k": "mag", "sigma": "mag"})
    table["phase"].description = _MEANING["phase"]
    table["k"].description = "m_obs = M_rest + distance modulus + K"
    table["sigma"].description = _MEANING["k_err"]
    for name in ("coverage", "filled"):
        table[name].description = _MEANING[name]
    table.meta |= {"name": series.name, "sn_type": series.sn_type, "mjd_ref": series.mjd_ref}
    table.meta |= {"band_rest": result.band_rest, "band_obs": result.band_obs}
    table.meta |= {"system_rest": result.system_rest, "system_obs": result.system_obs}
    table.meta |= {"dust": "none: the series is free of dust", **(meta or {})}
    return table


def rest_light_curve_table(result: RestLightCurve, meta: Mapping[str, Any] | None = None) -> Table:
    """Rest-frame absolute magnitudes as a table, one row an observed point.

    Parameters
    ----------
    result : RestLightCurve
    meta : mapping, optional
        Further entries of the header.

    Returns
    -------
    astropy.table.Table
        The fields of `RestLightCurve`; redshift, distance, dust (law and values) and notes are in its header.
    """
    from astropy.table import Table

    magnitudes = ("mag_obs", "mag_obs_err", "k", "k_err", "dust_mw", "dust_host", "mag", "mag_err")
    names = ("mjd", "phase", "band_obs", "band_rest", *magnitudes, "flux", "flux_err", "coverage", "filled")
    units = {"mjd": "d", "phase": "d", "flux": "nJy", "flux_err": "nJy", **dict.fromkeys(magnitudes, "mag")}
    table = Table({name: getattr(result, name) for name in names}, units=units)
    for name, meaning in _MEANING.items():
        table[name].description = meaning
    table.meta |= {"name": result.name, "system": result.system, **asdict(result.sightline)}
    table.meta |= {"dust": "taken off", "notes": list(result.notes), **(meta or {})}
    return table


_COLUMNS = {
    "phase": ("d", "rest frame, from mjd_ref"),
    "luminosity": ("erg / s", "at rest, free of dust"),
    "luminosity_err": ("erg / s", ""),
    "share_uv": ("", "of the luminosity, added below wave_blue"),
    "share_nir": ("", "of the luminosity, added above wave_red"),
    "share_filled": ("", "of the luminosity, in bins without data of their own"),
    "wave_blue": ("Angstrom", "first covered wavelength"),
    "wave_red": ("Angstrom", "last covered wavelength"),
    "temperature": ("K", "of the blackbody"),
    "radius": ("cm", "of the blackbody"),
}


def bolometric_table(light: Bolometric, meta: Mapping[str, Any] | None = None) -> Table:
    """A bolometric light curve as a table, its shape, policy and notes in the header.

    Parameters
    ----------
    light : Bolometric
    meta : mapping, optional
        Further entries of the header.

    Returns
    -------
    astropy.table.Table
        One row a phase.
    """
    from dataclasses import asdict

    from astropy.table import Table

    table = Table({name: getattr(light, name) for name in _COLUMNS})
    for name, (unit, text) in _COLUMNS.items():
        table[name].unit = unit or None
        table[name].description = text
    shape = {f"shape_{name}": value for name, value in asdict(light_shape(light)).items()}
    table.meta = {"name": light.name, "policy": light.policy, "notes": list(light.notes), **shape}
    table.meta |= {"dust": "none: the series is free of dust", **(meta or {})}
    return table
