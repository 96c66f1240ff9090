"""What people read: the summary of a build, plain text tables, and photometry as ECSV."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._numerics.units import njy_to_mag
from sntransport.photometry.bands import AnyBand, load_bands
from sntransport.photometry.synthetic import band_flux
from sntransport.spectra.sightline import Sightline, mjd_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from astropy.table import Table

    from sntransport._numerics.arrays import Array
    from sntransport.pipeline import BuildResult
    from sntransport.spectra.observations import Supernova
    from sntransport.spectra.series import SpectralSeries


def build_row(sn: Supernova, result: BuildResult) -> dict[str, Any]:
    """What went into a build, what is covered, and how well it matches the photometry, as values; see `table_row`.

    Parameters
    ----------
    sn : Supernova
    result : BuildResult

    Returns
    -------
    dict
        ``name``; ``sn_type``, None where not known; ``n_spectra_used``, ``n_spectra_rejected``, ``n_nights``;
        ``phase_range`` [rest-frame d] and ``wave_range`` [rest-frame A], first and last covered, None where nothing
        is; ``phase_share``, the share of phases that are covered; ``largest_gap`` [rest-frame d] between nights, None
        with one night; ``bands``, those with a smooth curve; ``residual`` [mag], by band the median absolute
        difference between the series and the smooth photometry that it was calibrated to; ``rejected_bands``, those
        of them that the calibration takes for wrong wherever they have a residual.
    """
    used = sum(len(rows) for rows in result.members)
    covered = result.series.covered
    gaps = np.diff(result.sparse.phase)
    residual, rejected_bands = _residuals(result)
    return {
        "name": sn.name,
        "sn_type": sn.sn_type or None,
        "n_spectra_used": used,
        "n_spectra_rejected": len(sn.spectra) + sn.n_spectra_rejected - used,
        "n_nights": result.sparse.n_phase,
        "phase_range": _ends(result.series.phase[covered.any(axis=1)]),
        "phase_share": float(covered.any(axis=1).mean()),
        "wave_range": _ends(result.series.wave[covered.any(axis=0)]),
        "largest_gap": float(gaps.max()) if gaps.size else None,
        "bands": list(result.curves.bands),
        "residual": residual,
        "rejected_bands": rejected_bands,
    }


def table_row(summary: Mapping[str, Any]) -> dict[str, str]:
    """What `summarize` gives as a row of text for a table that fits a terminal."""
    phase, wave, gap = summary["phase_range"], summary["wave_range"], summary["largest_gap"]
    rejected = summary["n_spectra_rejected"]
    return {
        "name": summary["name"],
        "type": summary["sn_type"] or "?",
        "spectra used/rejected": f"{summary['n_spectra_used']}/{rejected}",
        "nights": str(summary["n_nights"]),
        "phases [d]": f"{phase[0]:.0f} to {phase[1]:.0f} ({summary['phase_share']:.0%})" if phase else "none",
        "wavelength [A]": f"{wave[0]:.0f}-{wave[1]:.0f}" if wave else "none",
        "largest gap [d]": "-" if gap is None else f"{gap:.0f}",
        "bands": str(len(summary["bands"])),
        "residual [mag]": _worst(summary["residual"], summary["rejected_bands"]) or "-",
    }


def residual_text(result: BuildResult) -> str:
    """Median absolute residual of every band that has one: "bessellb 0.02 bessellv(rejected) 0.21".

    Rejected is a band that the calibration takes for wrong wherever it has a residual.
    """
    residual, rejected = _residuals(result)
    return " ".join(f"{_marked(band, rejected)} {value:.2f}" for band, value in residual.items())


def _worst(residual: Mapping[str, float], rejected: Sequence[str]) -> str:
    """Median over bands and the worst: "0.05, worst uvot::w1 0.31"; of a single band its own."""
    if not residual:
        return ""
    worst = max(residual, key=lambda band: residual[band])
    if len(residual) == 1:
        return f"{_marked(worst, rejected)} {residual[worst]:.2f}"
    return f"{np.median(list(residual.values())):.2f}, worst {_marked(worst, rejected)} {residual[worst]:.2f}"


def _residuals(result: BuildResult) -> tuple[dict[str, float], list[str]]:
    """By band the median absolute residual [mag], and the bands taken for wrong wherever they have one."""
    residual, wrong = {}, []
    for band, column, rejected in zip(result.curves.bands, result.residual.T, result.rejected.T, strict=True):
        known = np.isfinite(column)
        if known.any():
            residual[band] = float(np.median(np.abs(column[known])))
            if rejected[known].all():
                wrong.append(band)
    return residual, wrong


def _marked(band: str, rejected: Sequence[str]) -> str:
    return f"{band}(rejected)" if band in rejected else band


def _ends(values: Array) -> list[float] | None:
    return [float(values[0]), float(values[-1])] if values.size else None


def photometry_table(
    series: SpectralSeries, bands: Sequence[AnyBand], sightline: Sightline, meta: Mapping[str, Any] | None = None
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
