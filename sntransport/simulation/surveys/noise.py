"""Photon statistics: what a visit collects, what disturbs it, and the error of a flux that follows.

Everything is the optimally weighted flux of a point source. A visit that collects ``p`` photo-electrons per nJy over a
background of standard deviation ``b`` measures a flux ``f`` with the variance

    flux_err**2 = b**2 + t**2 + max(f, 0) / p + (0.4 ln 10 f)**2 (zero_point_error**2 + calibration_floor**2)

where ``t`` is the noise of the template image, 0 where nothing was subtracted. It is one and the same draw for all
visits of an object in a band; `simulation.noise_model` has this and other ways to draw and to report errors.

The five-sigma depth is the magnitude whose flux is five times ``sqrt(b**2 + f / p)``, the Poisson noise of the source
included, calibration left out (Ivezic et al. 2019, ApJ 873, 111, section 3.2.1; LSE-40). A depth without that source
noise would be up to some per cent off in the bands with few photons.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import AB_ZERO_NJY, mag_err_to_relative, mag_to_njy, njy_to_mag
from sntransport.simulation.surveys.survey import Survey

_SIGMA_PER_FWHM = 1.0 / np.sqrt(8.0 * np.log(2.0))
_DEPTH_SIGMA = 5.0


def photons_per_njy(zero_point: ArrayLike) -> Array:
    """Photo-electrons that a source of 1 nJy gives in a visit.

    Parameters
    ----------
    zero_point : array_like [AB mag]
        Magnitude of a source that gives one photo-electron in the whole visit. From counts (ADU):
        ``zero_point_adu + 2.5 log10(gain)``; from a rate: ``zero_point_per_second + 2.5 log10(exposure)``.

    Returns
    -------
    ndarray [photo-electrons / nJy]
    """
    return np.asarray(10.0 ** (0.4 * np.asarray(zero_point, dtype=np.float64)) / AB_ZERO_NJY)


def noise_area(fwhm: ArrayLike) -> Array:
    """Noise-equivalent area of a Gaussian PSF, ``4 pi sigma**2 = 2.266 FWHM**2`` (King 1983, PASP 95, 163).

    Parameters
    ----------
    fwhm : array_like
        In pixels or arcsec; the area is in its square. LSST's ``seeingFwhmEff`` is defined by this relation.
    """
    return np.asarray(4.0 * np.pi * (_SIGMA_PER_FWHM * np.asarray(fwhm, dtype=np.float64)) ** 2)


def double_gaussian_area(sigma_1: ArrayLike, sigma_2: ArrayLike = 0.0, ratio: ArrayLike = 0.0) -> Array:
    """Noise-equivalent area of a PSF of two concentric Gaussians, ``1 / int PSF**2``.

    Parameters
    ----------
    sigma_1, sigma_2 : array_like [pixel]
    ratio : array_like
        Height of the second at the center over that of the first. Where it or ``sigma_2`` is 0 there is one Gaussian.

    Returns
    -------
    ndarray [pixel**2]
    """
    one, two = (np.asarray(value, dtype=np.float64) ** 2 for value in (sigma_1, sigma_2))
    ratio = np.asarray(ratio, dtype=np.float64) * (two > 0)
    # With the first as high as 1, in units of 2 pi and pi: the integrals of the PSF and of its square.
    total = one + ratio * two
    squared = one + 4.0 * ratio * one * two / (one + two) + ratio**2 * two
    return np.asarray(4.0 * np.pi * total**2 / squared)


def sky_background(
    photons: ArrayLike, sky_noise: ArrayLike, area: ArrayLike, read_noise: ArrayLike = 0.0
) -> Array:  # fmt: skip
    """Background noise of a visit from the noise of its pixels.

    Parameters
    ----------
    photons : array_like [photo-electrons / nJy]
        As `photons_per_njy` gives it.
    sky_noise : array_like [photo-electrons / pixel]
        Standard deviation of the sky in one pixel: the square root of its photo-electrons, or counts x gain.
    area : array_like [pixel**2]
        Noise-equivalent area of the PSF (`noise_area`).
    read_noise : array_like [electrons / pixel]
        Of the whole visit: of one reading times the square root of their number.

    Returns
    -------
    ndarray [nJy]
        Standard deviation of the flux of an invisible source.

    Examples
    --------
    >>> from sntransport.simulation.surveys.noise import noise_area, sky_background
    >>> print(sky_background(photons=0.5, sky_noise=30.0, area=noise_area(4.0)).round(1))
    361.3
    """
    variance = np.asarray(sky_noise, dtype=np.float64) ** 2 + np.asarray(read_noise, dtype=np.float64) ** 2
    return np.asarray(np.sqrt(np.asarray(area, dtype=np.float64) * variance) / np.asarray(photons, dtype=np.float64))


def sky_electrons(photons: ArrayLike, sky_mag: ArrayLike, pixel_scale: float) -> Array:
    """Photo-electrons of the sky in one pixel of a visit.

    Parameters
    ----------
    photons : array_like [photo-electrons / nJy]
    sky_mag : array_like [AB mag / arcsec**2]
    pixel_scale : float [arcsec]
    """
    return np.asarray(mag_to_njy(sky_mag) * np.asarray(photons, dtype=np.float64) * pixel_scale**2)


def background_from_depth(depth: ArrayLike, photons: ArrayLike = np.inf) -> Array:
    """Background noise of a visit from its five-sigma depth.

    Parameters
    ----------
    depth : array_like [AB mag]
        Magnitude measured at a signal-to-noise ratio of 5, the source's own Poisson noise included.
    photons : array_like [photo-electrons / nJy]
        Infinite: the depth is all background.

    Returns
    -------
    ndarray [nJy]
        NaN where a source of that depth gives 25 photo-electrons or fewer: its own Poisson noise alone then makes the
        ratio smaller than 5, so depth and photons contradict each other. NaN where the depth is NaN.

    Examples
    --------
    >>> from sntransport.simulation.surveys.noise import background_from_depth
    >>> print(background_from_depth([20.0, 24.5]).round(1))
    [7261.6  115.1]
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        flux = mag_to_njy(depth)
        variance = (flux / _DEPTH_SIGMA) ** 2 - flux / np.asarray(photons, dtype=np.float64)
    return np.asarray(np.sqrt(np.where((variance > 0) & np.isfinite(variance), variance, np.nan)))


def depth_of(background: ArrayLike, photons: ArrayLike = np.inf) -> Array:
    """Five-sigma depth of a visit [AB mag]; the inverse of `background_from_depth`.

    Parameters
    ----------
    background : array_like [nJy]
    photons : array_like [photo-electrons / nJy]

    Examples
    --------
    >>> from sntransport.simulation.surveys.noise import background_from_depth, depth_of
    >>> depth_of(background_from_depth([20.0, 24.5])).round(6).tolist()
    [20.0, 24.5]
    """
    background = np.asarray(background, dtype=np.float64)
    half = 0.5 * _DEPTH_SIGMA**2 / np.asarray(photons, dtype=np.float64)
    return njy_to_mag(half + np.hypot(half, _DEPTH_SIGMA * background))


def saturation_flux(
    photons: ArrayLike, fwhm: ArrayLike, full_well: float, sky: ArrayLike = 0.0, n_exposure: ArrayLike = 1, *,
    share: ArrayLike | None = None,
) -> Array:  # fmt: skip
    """Flux of a point source whose brightest pixel is full, centered on that pixel (the worst case).

    Parameters
    ----------
    photons : array_like [photo-electrons / nJy]
        Of the visit.
    fwhm : array_like [pixel]
        Of a Gaussian PSF.
    full_well : float [photo-electrons / pixel]
    sky : array_like [photo-electrons / pixel]
        Of the visit.
    n_exposure : array_like of int
        Number of exposures that the visit is made of; each fills its pixels anew.

    share : array_like, optional
        Of the source's light in its brightest pixel. Default: the Gaussian's.

    Returns
    -------
    ndarray [nJy]
        Below 0 where the sky alone fills the pixel: there every source saturates.

    Examples
    --------
    >>> from sntransport.simulation.surveys.noise import saturation_flux
    >>> flux = saturation_flux(photons=10.0, fwhm=4.0, full_well=1e5)
    >>> print(f"{31.4 - 2.5 * np.log10(flux):.1f} mag")
    18.2 mag
    """
    from scipy.special import erf

    sigma = _SIGMA_PER_FWHM * np.asarray(fwhm, dtype=np.float64)
    peak = erf(0.5 / (np.sqrt(2.0) * sigma)) ** 2 if share is None else np.asarray(share, dtype=np.float64)
    room = full_well * np.asarray(n_exposure, dtype=np.float64) - np.asarray(sky, dtype=np.float64)
    # An image so wide that its peak underflows never saturates.
    with np.errstate(divide="ignore"):
        return np.asarray(room / (peak * np.asarray(photons, dtype=np.float64)))


def add_template_noise(survey: Survey, depth: ArrayLike) -> Survey:
    """A survey whose fluxes are differences from a template image.

    Parameters
    ----------
    survey : Survey
    depth : array_like, (n_band,) or (n_visit,) [AB mag]
        Five-sigma depth of the template.

    Returns
    -------
    Survey
        With the noise of the template in ``template_noise``, beside what is there already.

    Raises
    ------
    ValueError
        Where ``depth`` has another shape or is not finite.

    Examples
    --------
    >>> from sntransport.simulation.surveys.noise import add_template_noise
    >>> survey = snt.load_survey("ztf", years=0.1)
    >>> add_template_noise(survey, [22.0, 22.0]).template_noise.round()[:2].tolist()
    [1151.0, 1151.0]
    """
    values = np.asarray(depth, dtype=np.float64)
    if values.shape not in ((survey.n_band,), (survey.n_visit,)) or not np.all(np.isfinite(values)):
        raise ValueError(f"depth of the template has shape {values.shape}, expected finite (n_band,) or (n_visit,)")
    template = mag_to_njy(values) / _DEPTH_SIGMA
    if values.shape == (survey.n_band,):
        template = template[survey.band]
    return replace(survey, template_noise=np.hypot(survey.template_noise, template))


def flux_error(survey: Survey, visit: NDArray[np.integer], flux: ArrayLike) -> Array:
    """Standard deviation of a measured flux (the formula at the top of this module).

    Parameters
    ----------
    survey : Survey
    visit : ndarray of int, (n_obs,)
        Rows of the survey.
    flux : array_like, (n_obs,) [nJy]
        True flux. Negative: no Poisson noise of the source. NaN gives NaN.

    Returns
    -------
    ndarray, (n_obs,) [nJy]

    Examples
    --------
    >>> from sntransport.simulation.surveys.noise import flux_error
    >>> visit = {"mjd": [60000.0], "band": [0], "ra": [10.0], "dec": [5.0]}
    >>> noise = {"background": [30.0], "photons_per_njy": [1.0]}
    >>> survey = snt.Survey(name="one visit", bands=["ztfr"], radius=2.0, **visit, **noise)
    >>> flux_error(survey, np.array([0, 0]), [0.0, 1600.0]).round(6).tolist()
    [30.0, 50.0]
    """
    flux = np.asarray(flux, dtype=np.float64)
    floor = mag_err_to_relative(survey.calibration_floor[survey.band[visit]]) * flux
    return np.asarray(np.hypot(_drawn_error(survey, visit, flux), floor))


def measure(
    survey: Survey, visit: NDArray[np.integer], flux: ArrayLike, rng: np.random.Generator
) -> tuple[Array, Array]:  # fmt: skip
    """Fluxes as the survey would measure them.

    Parameters
    ----------
    survey : Survey
    visit : ndarray of int, (n_obs,)
    flux : array_like, (n_obs,) [nJy]
        True flux.
    rng : numpy.random.Generator
        One normal number is taken for each measurement.

    Returns
    -------
    flux, flux_err : ndarray, (n_obs,) [nJy]
        Measured flux, negative where noise makes it so, and its error from the true flux. ``(measured - true) /
        flux_err`` is standard normal where the calibration floor is 0, which is in the error but is not drawn. Noise
        of the template is drawn anew for each measurement, since nothing says which belong to one object.
        Saturation is not applied: a flux above ``survey.saturation`` is the caller's to flag.
    """
    flux = np.asarray(flux, dtype=np.float64)
    noise = rng.standard_normal(flux.shape) * _drawn_error(survey, visit, flux)
    return flux + noise, flux_error(survey, visit, flux)


def _drawn_error(survey: Survey, visit: NDArray[np.integer], flux: ArrayLike) -> Array:
    """The part of the error that is drawn."""
    flux = np.asarray(flux, dtype=np.float64)
    zero_point = mag_err_to_relative(survey.zero_point_error[survey.band[visit]]) * flux
    poisson = np.maximum(flux, 0.0) / survey.photons_per_njy[visit]
    constant = survey.background[visit] ** 2 + survey.template_noise[visit] ** 2
    return np.asarray(np.sqrt(constant + poisson + zero_point**2))
