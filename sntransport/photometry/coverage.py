"""In which bands, at which phases and out to which redshift a series can be used."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport.photometry.bands import Bandpass
from sntransport.photometry.synthetic import MIN_COVERAGE, band_matrix, synthetic_flux
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline

BANDS = (
    "bessellb", "bessellv", "bessellr", "besselli", "lsstu", "lsstg", "lsstr", "lssti", "lsstz", "lssty",
    "ztfg", "ztfr", "ztfi", "atlasc", "atlaso",
)  # fmt: skip
"""Bands that a report lists."""

MOST = 0.9
"""The share of its covered phases that "most phases" means."""


@dataclass(frozen=True, kw_only=True)
class BandCoverage:
    """Where one band is covered at least 98 %.

    ``phase`` first and last phase, as observed through the sightline [rest-frame d]; ``n_phase`` how many. ``z_some``
    and ``z_most``: lowest and highest redshift at which the band is covered at some phase, and at nine of ten covered
    phases. None where there is none.
    """

    band: str
    phase: tuple[float, float] | None
    n_phase: int
    z_some: tuple[float, float] | None
    z_most: tuple[float, float] | None


def band_coverage(
    series: SpectralSeries, z: float, bands: Sequence[str | Bandpass] = BANDS, *, z_max: float = 2.0, step: float = 0.02
) -> list[BandCoverage]:
    """Which bands a series covers, at its own redshift and at others.

    Parameters
    ----------
    series : SpectralSeries
    z : float
        Where it was observed.
    bands : sequence of str or Bandpass
    z_max, step : float
        Redshifts from 0 to ``z_max`` are tried in such steps.

    Returns
    -------
    list of BandCoverage
        In the order of ``bands``; a flux with ``origin`` 3 counts as covered.

    Raises
    ------
    ValueError
        Where a band is not known, or ``step`` or ``z_max`` is not positive.
    """
    if not (step > 0 and z_max > 0):
        raise ValueError(f"step {step:g} and z_max {z_max:g}: expected positive numbers")
    # Many phases cover the same bins: each pattern is looked at once.
    patterns, of_phase = np.unique(series.covered[series.covered.any(axis=1)], axis=0, return_inverse=True)
    flat = np.where(patterns, 1.0, np.nan)
    count = np.bincount(of_phase.ravel(), minlength=len(patterns))
    redshifts = np.arange(0.0, z_max + 1e-9, step)
    names = [band if isinstance(band, str) else band.name for band in bands]
    share = np.array([count @ _covered(series.wave, flat, bands, one) for one in redshifts]) / max(count.sum(), 1)
    own = _covered(series.wave, flat, bands, z)[of_phase.ravel()]
    phase = series.phase[series.covered.any(axis=1)]
    return [
        BandCoverage(
            band=name, phase=_range(phase, own[:, j]), n_phase=int(own[:, j].sum()),
            z_some=_range(redshifts, share[:, j] > 0), z_most=_range(redshifts, share[:, j] >= MOST),
        )
        for j, name in enumerate(names)
    ]  # fmt: skip


def _covered(wave: Array, flat: Array, bands: Sequence[str | Bandpass], z: float) -> NDArray[np.bool_]:
    """Whether each band is covered by each pattern, (n_pattern, n_band)."""
    _, coverage = synthetic_flux(flat, band_matrix(wave, bands, Sightline(z=z, distance_modulus=0.0)))
    return np.asarray(coverage >= MIN_COVERAGE)


def _range(values: Array, where: NDArray[np.bool_]) -> tuple[float, float] | None:
    known = values[where]
    return (float(known[0]), float(known[-1])) if known.size else None
