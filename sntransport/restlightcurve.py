"""`RestLightCurve`: rest-frame absolute magnitudes of observed points, and what was taken off each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array, require_shape, set_fields
from sntransport.spectra.sightline import Sightline

_COLUMNS = (
    "mjd", "phase", "mag_obs", "mag_obs_err", "k", "k_err", "dust_mw", "dust_host", "mag", "mag_err", "flux",
    "flux_err", "coverage", "filled",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class RestLightCurve:
    """Rest-frame absolute magnitudes of observed points, and each part of the correction; all arrays (n_obs,).

    Parameters
    ----------
    mjd, phase : array_like [d]
        Observer-frame date, and rest-frame phase of the series.
    band_obs, band_rest : array_like of str
    mag_obs, mag_obs_err : array_like [AB mag]
        As observed, with distance and dust; NaN where the flux is not positive.
    k, k_err : array_like [mag]
        K-correction, AB to AB, without dust, and its error from the series.
    dust_mw, dust_host : array_like [mag]
        Extinction of the Milky Way and of the host in the observed band.
    mag, mag_err : array_like [mag]
        Absolute magnitude in the rest band, free of dust, in ``system``; the error is that of photometry and K,
        without distance and E(B-V). NaN where the photometry has no error.
    flux, flux_err : array_like [nJy AB at 10 pc]
        The same as a flux density, which also keeps negative values.
    coverage, filled : array_like
        The smaller share of the two bands that the series covers, and the larger that it has no data of its own for
        (bridged or extrapolated, ``origin`` 3).
    sightline : Sightline
        Redshift, distance and dust that were taken off.
    system : {"AB", "Vega"}
    name : str
    notes : sequence of str
        What was taken off, and which points have no value and why.

    Raises
    ------
    ValueError
        Where shapes differ.
    """

    mjd: Array
    phase: Array
    band_obs: NDArray[np.str_]
    band_rest: NDArray[np.str_]
    mag_obs: Array
    mag_obs_err: Array
    k: Array
    k_err: Array
    dust_mw: Array
    dust_host: Array
    mag: Array
    mag_err: Array
    flux: Array
    flux_err: Array
    coverage: Array
    filled: Array
    sightline: Sightline
    system: str = "AB"
    name: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (*_COLUMNS, "band_obs", "band_rest"):
            array = np.array(getattr(self, name), dtype=np.str_ if name.startswith("band") else np.float64)
            require_shape(array, f"RestLightCurve.{name}", np.shape(self.mjd), "(n_obs,)")
            array.setflags(write=False)
            set_fields(self, **{name: array})
        set_fields(self, notes=tuple(self.notes))

    @property
    def n_obs(self) -> int:
        """Number of points."""
        return int(self.mjd.size)
