"""What people read: the summary of a build, plain text tables, and photometry as ECSV."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._numerics.units import njy_to_mag
from sntransport.photometry.bands import Bandpass, load_bands
from sntransport.photometry.synthetic import band_flux
from sntransport.pipeline import BuildResult
from sntransport.spectra.observations import Supernova
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline, mjd_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from astropy.table import Table

    from sntransport.pipeline import BuildResult
    from sntransport.spectra.observations import Supernova
    from sntransport.spectra.series import SpectralSeries
    from sntransport.spectra.sightline import Sightline


def summarize(sn: Supernova, result: BuildResult) -> dict[str, str]:
    """One row about a build: what went in, what is covered, and how well it matches the photometry.

    Parameters
    ----------
    sn : Supernova
    result : BuildResult

    Returns
    -------
    dict of str to str
        In the order of the columns. "residual" is, per band, the median absolute difference between the series and the
        smooth photometry that it was calibrated to.
    """
    used = sum(len(rows) for rows in result.members)
    total = len(sn.spectra) + sn.n_spectra_rejected
    covered = result.series.covered
    phase, wave = result.series.phase[covered.any(axis=1)], result.series.wave[covered.any(axis=0)]
    share = float(covered.any(axis=1).mean())
    gaps = np.diff(result.sparse.phase)
    return {
        "name": sn.name,
        "type": sn.sn_type or "?",
        "spectra used/rejected": f"{used}/{total - used}",
        "nights": str(result.sparse.n_phase),
        "phases [d]": f"{phase[0]:.0f} to {phase[-1]:.0f} ({share:.0%})" if phase.size else "none",
        "wavelength [A]": f"{wave[0]:.0f}-{wave[-1]:.0f}" if wave.size else "none",
        "largest gap [d]": f"{gaps.max():.0f}" if gaps.size else "-",
        "bands": str(len(result.curves.bands)),
        "residual [mag]": residual_text(result) or "-",
    }


def residual_text(result: BuildResult) -> str:
    """Median absolute residual of every band that has one: "bessellb 0.02 bessellv(rejected) 0.21".

    Rejected is a band that the calibration takes for wrong wherever it has a residual.
    """
    parts = []
    for band, column, rejected in zip(result.curves.bands, result.residual.T, result.rejected.T, strict=True):
        known = np.isfinite(column)
        if known.any():
            mark = "(rejected)" if rejected[known].all() else ""
            parts.append(f"{band}{mark} {np.median(np.abs(column[known])):.2f}")
    return " ".join(parts)


def worst_residual(text: str) -> str:
    """What `residual_text` gives as the median over bands and the worst: "0.05, worst uvot::w1 0.31"."""
    words = text.split()
    if len(words) < 4:
        return text
    bands, values = words[::2], [float(word) for word in words[1::2]]
    return f"{np.median(values):.2f}, worst {bands[int(np.argmax(values))]} {max(values):.2f}"


def photometry_table(
    series: SpectralSeries, bands: Sequence[Bandpass | str], sightline: Sightline, meta: Mapping[str, Any] | None = None
) -> Table:
    """Synthetic photometry of a series as a table, one row a phase and band.

    Parameters
    ----------
    series : SpectralSeries
    bands : sequence of str or Bandpass
    sightline : Sightline
    meta : mapping, optional
        Further entries of the table's header.

    Returns
    -------
    astropy.table.Table
        Columns ``mjd``, ``phase``, ``band``, ``flux`` [nJy], ``mag`` [AB]. Only phases at which the series is covered;
        NaN (with a `CoverageWarning`) where a band is not.
    """
    from astropy.table import Table

    covered = series.covered.any(axis=1)
    flux = band_flux(series, bands, sightline)[covered]
    phase = np.repeat(series.phase[covered], len(bands))
    table = Table(
        {
            "mjd": mjd_of(phase, series.mjd_ref, sightline.z),
            "phase": phase,
            "band": np.tile([band.name for band in load_bands(bands)], int(covered.sum())),
            "flux": flux.ravel(),
            "mag": njy_to_mag(flux.ravel()),
        },
        units={"mjd": "d", "phase": "d", "flux": "nJy", "mag": "mag"},
    )
    table["mag"].description = "AB magnitude"
    table["phase"].description = "rest frame, from mjd_ref"
    table.meta |= {"name": series.name, "sn_type": series.sn_type, "mjd_ref": series.mjd_ref}
    table.meta |= {**asdict(sightline), "dust": "applied: fluxes as observed", **(meta or {})}
    return table
