"""Bands at redshifts that the templates of all classes cover: what is missing then tells nothing of the class.

A template that ends in the ultraviolet has no blue bands at high redshift. Where those of one class end earlier than
those of another, which bands an object lacks would betray its class. So a band counts at a redshift for all classes or
for none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport.photometry.band_ratio import columns
from sntransport.photometry.bands import Bandpass
from sntransport.photometry.synthetic import MIN_COVERAGE
from sntransport.spectra.series import SpectralSeries, require_series

# In ln(1 + z), of the redshifts that it is looked up on.
_STEP = 0.004


@dataclass(frozen=True, eq=False, kw_only=True)
class CommonCoverage:
    """Which bands count at which redshifts, the same for all classes.

    ``covered`` (n_band, n_z) is for the ``bands`` at ln(1 + z) of ``-margin`` and on, in steps of 0.004; a band counts
    where all is covered that is within ``margin`` steps.

    Examples
    --------
    >>> from sntransport.photometry.common_coverage import common_coverage
    >>> from sntransport.transport.templates import hsiao
    >>> coverage = common_coverage([hsiao()], snt.load_bands(["ztfg"]), z_max=0.3)
    >>> coverage.bands, coverage.margin
    (('ztfg',), 3)
    """

    bands: tuple[str, ...]
    covered: NDArray[np.bool_]
    margin: int

    def __repr__(self) -> str:
        digest = sha256(self.covered.tobytes()).hexdigest()
        return f"CommonCoverage(bands={self.bands}, margin={self.margin}, sha256={digest})"

    def counts(self, z: Array, bands: Sequence[str]) -> NDArray[np.bool_]:
        """Whether each band counts for objects at redshifts (n_object,): (n_object, n_band).

        Raises
        ------
        ValueError
            For a band or a redshift that it was not made for.
        """
        if missing := [band for band in bands if band not in self.bands]:
            raise ValueError(
                f"the common coverage has no band {missing[0]!r}, expected some of {', '.join(self.bands)}"
            )
        cell = (np.log1p(z) / _STEP).astype(np.int64) + self.margin
        around = np.arange(-self.margin, self.margin + 2)
        if cell.max(initial=0) + around[-1] >= self.covered.shape[1]:
            most = np.expm1(_STEP * (self.covered.shape[1] - 2 * self.margin - 2))
            raise ValueError(f"the common coverage is known to z = {most:.3f}, got {z.max():.3f}")
        rows = [self.bands.index(band) for band in bands]
        return np.asarray(self.covered[rows][:, cell[:, None] + around].all(axis=2).T)


def common_coverage(
    templates: Sequence[SpectralSeries], bands: Sequence[Bandpass], z_max: float, margin: int = 3
) -> CommonCoverage:  # fmt: skip
    """What all of some templates cover.

    Parameters
    ----------
    templates : sequence of SpectralSeries
        Of all classes.
    bands : sequence of Bandpass
    z_max : float
        Largest redshift of an object.
    margin : int
        Steps of 0.004 in ln(1 + z) around an object's redshift that must be covered, too: 2 and more are needed for the
        tables that a simulation reads.

    Returns
    -------
    CommonCoverage
        A band counts at a redshift where every template covers 98 % of it at each of its phases, there and
        within the margin.

    Raises
    ------
    ValueError
        Where there are no templates.

    Examples
    --------
    >>> from sntransport.photometry.common_coverage import common_coverage
    >>> from sntransport.transport.templates import hsiao
    >>> short = hsiao().select(wave=(3500.0, 9000.0))
    >>> coverage = common_coverage([hsiao(), short], snt.load_bands(["ztfg", "ztfr"]), z_max=0.3)
    >>> coverage.counts(np.array([0.05, 0.25]), ["ztfg", "ztfr"]).tolist()
    [[True, True], [False, True]]
    """
    if not templates:
        raise ValueError("common_coverage needs at least one template")
    n = int(np.log1p(z_max) / _STEP) + margin + 3
    z = np.expm1(_STEP * np.arange(-margin, n))
    covered = np.ones((len(bands), z.size), dtype=np.bool_)
    for series in templates:
        require_series(series, "common_coverage")
        known = np.unique(np.isfinite(series.flux), axis=0).astype(np.float64)
        for b, band in enumerate(bands):
            seen = columns(series.wave, band, z)
            weight = seen.cover_weight.reshape(-1, 2, z.size)[:, 0]
            covered[b] &= np.all(known[:, seen.span] @ weight >= MIN_COVERAGE * seen.photon_total, axis=0)
    covered.setflags(write=False)
    return CommonCoverage(bands=tuple(band.name for band in bands), covered=covered, margin=margin)
