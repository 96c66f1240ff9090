"""Cameras of the surveys that come with the package: what they collect and how they disturb it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport.simulation.surveys import noise


@dataclass(frozen=True, eq=False, kw_only=True)
class Camera:
    """One camera with its site; arrays are (n_band,).

    Parameters
    ----------
    bands : tuple of str
        Names of `sntransport.load_bands`.
    zero_point : ndarray [AB mag]
        Of one photo-electron a second, at the zenith.
    extinction : ndarray [mag / airmass]
    depth : ndarray [AB mag]
        Five-sigma depth of one exposure.
    fwhm : ndarray [arcsec]
        Effective FWHM of the PSF that goes with ``depth``.
    moon : ndarray [mag]
        How much brighter the full moon makes the sky.
    exposure : float [s]
    pixel : float [arcsec]
    full_well : float [photo-electrons / pixel]
    radius : float [deg]
        Of a circle with the area of the field of view.
    latitude, longitude : float [deg]
        East is positive.
    zero_point_error, calibration_floor : float [mag]
    depth_is_median : bool
        Whether ``depth`` is the median of all visits; else it is that of a moonless zenith.
    source : str
    """

    bands: tuple[str, ...]
    zero_point: Array
    extinction: Array
    depth: Array
    fwhm: Array
    moon: Array
    exposure: float
    pixel: float
    full_well: float
    radius: float
    latitude: float
    longitude: float
    zero_point_error: float
    calibration_floor: float
    depth_is_median: bool
    source: str


# Zero points, extinction: syseng_throughputs v1.9 as in SMTN-002 and the release notes of Rubin's v3.4 simulations.
# Depths: means over the visits of baseline v3.2 in r, i, z and y (A&A 2024, doi 10.1051/0004-6361/202450485, Table 1);
# that table has no u and g, which are put as far below the dark zenith (23.98, 24.91: syseng_throughputs of that time)
# as r, by 0.5 mag. Effective FWHM of a median atmosphere at the zenith: SMTN-002. Field of view 9.6 deg2, 30 s, 5 mmag
# repeatability: Ivezic et al. 2019, ApJ 873, 111. From memory, not looked up: the full well (specification about
# 100,000 electrons) and how much the full moon brightens the sky.
LSST = Camera(
    bands=("lsstu", "lsstg", "lsstr", "lssti", "lsstz", "lssty"),
    zero_point=np.array([26.524, 28.508, 28.361, 28.171, 27.782, 26.818]),
    extinction=np.array([0.458, 0.208, 0.122, 0.074, 0.057, 0.095]),
    depth=np.array([23.5, 24.4, 23.9, 23.3, 22.7, 21.9]),
    fwhm=np.array([0.92, 0.87, 0.83, 0.80, 0.78, 0.76]),
    moon=np.array([3.0, 2.5, 1.6, 1.1, 0.6, 0.2]),
    exposure=30.0, pixel=0.2, full_well=100_000.0, radius=1.75, latitude=-30.244, longitude=-70.749,
    zero_point_error=0.005, calibration_floor=0.0, depth_is_median=True,
    source="Ivezic et al. 2019, ApJ 873, 111; SMTN-002 (Rubin); A&A 2024, doi 10.1051/0004-6361/202450485",
)  # fmt: skip

# Field of view 47 deg2, 30 s, median depths and delivered FWHM over all visits: Bellm et al. 2019, PASP 131, 018002.
# Counts (26.325, 26.275 mag for one in 30 s) times the gain of 6.2 electrons, calibration of 8 to 25 mmag: Masci et al.
# 2019, PASP 131, 018003. All of these from memory, as are the full well, which puts saturation at the published 12.5
# to 13 mag, and the moon.
ZTF = Camera(
    bands=("ztfg", "ztfr"),
    zero_point=np.array([26.325, 26.275]) + 2.5 * np.log10(6.2 / 30.0),
    extinction=np.array([0.20, 0.15]),
    depth=np.array([20.8, 20.6]),
    fwhm=np.array([2.1, 2.0]),
    moon=np.array([2.5, 1.6]),
    exposure=30.0, pixel=1.01, full_well=350_000.0, radius=3.868, latitude=33.356, longitude=-116.863,
    zero_point_error=0.010, calibration_floor=0.0, depth_is_median=True,
    source="Bellm et al. 2019, PASP 131, 018002; Masci et al. 2019, PASP 131, 018003",
)  # fmt: skip

# 5.4 deg square field of 1.86 arcsec pixels, 30 s, 19.7 mag in dark time: Tonry et al. 2018, PASP 130, 064505; orange
# 19.5: Smith et al. 2020, PASP 132, 085002. These from memory. The zero point is an estimate (0.5 m with a third of its
# area in shadow, 45 % of the light detected in bands of 2,200 and 2,800 A), as are moon, full well and calibration.
ATLAS = Camera(
    bands=("atlasc", "atlaso"),
    zero_point=np.array([22.9, 22.9]),
    extinction=np.array([0.16, 0.08]),
    depth=np.array([19.7, 19.5]),
    fwhm=np.array([3.8, 3.8]),
    moon=np.array([2.2, 1.3]),
    exposure=30.0, pixel=1.86, full_well=100_000.0, radius=3.034, latitude=20.707, longitude=-156.257,
    zero_point_error=0.010, calibration_floor=0.0, depth_is_median=False,
    source="Tonry et al. 2018, PASP 130, 064505; Smith et al. 2020, PASP 132, 085002",
)  # fmt: skip


def visit_photons(camera: Camera, band: NDArray[np.integer], exposure: Array, airmass: Array) -> Array:
    """Photo-electrons per nJy of visits (n_visit,): band as index, total exposure [s], airmass."""
    dimmed = camera.extinction[band] * (airmass - 1.0)
    return noise.photons_per_njy(camera.zero_point[band] + 2.5 * np.log10(exposure) - dimmed)


def visit_saturation(camera: Camera, photons: Array, fwhm: Array, n_exposure: Array) -> Array:
    """Saturating flux [nJy] of visits (n_visit,): photo-electrons per nJy, FWHM [arcsec], number of exposures.

    The sky is left out: in these cameras it fills a few per cent of a pixel.
    """
    return noise.saturation_flux(photons, fwhm / camera.pixel, camera.full_well, n_exposure=n_exposure)
