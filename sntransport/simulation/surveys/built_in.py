"""Surveys that need no file: visits made up from published cadence, depth and seeing, the same for the same seed.

They have the right number of visits, bands, seasons, weather gaps, depths and their scatter, and are good for forecasts
and tests. They are not any survey's real pointing history: use its own file where the cadence matters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport.simulation.surveys import noise
from sntransport.simulation.surveys.cameras import ATLAS, LSST, ZTF, Camera, visit_photons, visit_saturation
from sntransport.simulation.surveys.footprint import galactic_latitude
from sntransport.simulation.surveys.survey import Survey

# A new moon (2000-01-06 18:14 UT), the synodic month and the year [d] (Meeus, Astronomical Algorithms).
_NEW_MOON, _MONTH, _YEAR = 51549.76, 29.530589, 365.2422
# Dark hours of a mean night, and how long a field must stay up to be observed [h].
_NIGHT, _LEAST = 9.0, 1.0
_FIRST_NIGHT = 61000


@dataclass(frozen=True, eq=False, kw_only=True)
class Recipe:
    """How a survey looks at the sky.

    Parameters
    ----------
    name : str
    camera : Camera
    fields : callable
        Returns the centers of the fields: right ascension and declination [deg].
    sequences : tuple of tuple of int
        Bands (as index) of the visits of one night, from the sequence for dark nights to the one for bright nights.
    share : tuple of float
        Share of each sequence among all nights.
    step : float [d]
        Time between the visits of a night.
    nights : callable
        Of the length of the season [d] of each field: how many nights to observe in it.
    airmass : float
        Limit.
    clouded : float
        Share of lost nights.
    dither : float [deg]
        Fields are moved by up to this much, each night anew.
    stack : tuple of int
        Number of exposures that make one visit, for each band.
    source : str

    Examples
    --------
    >>> from sntransport.simulation.surveys.built_in import RECIPES
    >>> sorted(RECIPES), RECIPES["ztf"].step
    (['atlas', 'lsst_ddf', 'lsst_wfd', 'ztf'], 0.04)
    """

    name: str
    camera: Camera
    fields: Callable[[], tuple[Array, Array]]
    sequences: tuple[tuple[int, ...], ...]
    share: tuple[float, ...]
    step: float
    nights: Callable[[Array], Array]
    airmass: float
    clouded: float
    dither: float
    stack: tuple[int, ...]
    source: str


def tiling(step: float, dec_first: float, dec_last: float, least_latitude: float) -> tuple[Array, Array]:
    """Centers of fields ``step`` [deg] apart between two declinations, away from the Galactic plane [deg]."""
    n_ring = max(int(np.ceil((dec_last - dec_first) / step)), 1)
    ra, dec = [], []
    for ring in dec_first + (np.arange(n_ring) + 0.5) * (dec_last - dec_first) / n_ring:
        n = max(int(np.ceil(360.0 * np.cos(np.radians(ring)) / step)), 1)
        ra.append(np.arange(n) * 360.0 / n)
        dec.append(np.full(n, ring))
    centers = np.concatenate(ra), np.concatenate(dec)
    keep = np.abs(galactic_latitude(*centers)) >= least_latitude
    return centers[0][keep], centers[1][keep]


# 824 visits in ten years (56 u, 80 g, 184 r, 184 i, 160 z, 160 y): Ivezic et al. 2019, ApJ 873, 111, Table 1. Pairs of
# visits half an hour apart, in two bands, the blue ones in the dark, low-dust footprint of 18,000 deg2: Bianco et al.
# 2022, ApJS 258, 1. The pairs here add up to exactly those numbers. Fields overlap, so a place is seen by 1.57 of them
# on average. No rolling cadence. Footprint limits and weather from memory.
LSST_WFD = Recipe(
    name="lsst_wfd", camera=LSST, fields=lambda: tiling(2.475, -72.0, 12.5, 15.0),
    sequences=((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 5)), share=(56.0, 24.0, 160.0, 24.0, 136.0, 12.0),
    step=0.023, nights=lambda season: np.full_like(season, 82.4 / 2 / 1.57), airmass=1.5, clouded=0.25, dither=1.2,
    stack=(1,) * 6, source="Ivezic et al. 2019, ApJ 873, 111; Bianco et al. 2022, ApJS 258, 1",
)  # fmt: skip

# Fields: ELAIS-S1, XMM-LSS, ECDFS, COSMOS and the two of the Euclid Deep Field South. Every other night in season, 8,
# 10, 20, 20, 26, 20 exposures in ugrizy, the sequence of Rubin's scheduler for deep-drilling fields (lsst-sims
# featureScheduler), with only one of u and y mounted at a time. A visit here is the stack of a night's exposures in a
# band. Positions and cadence from memory.
LSST_DDF = Recipe(
    name="lsst_ddf", camera=LSST,
    fields=lambda: (np.array([9.45, 35.71, 53.13, 150.10, 58.90, 63.60]),
                    np.array([-44.00, -4.75, -28.10, 2.18, -49.32, -47.60])),
    sequences=((0, 1, 2, 3, 4), (1, 2, 3, 4, 5)), share=(0.5, 0.5), step=0.006, nights=lambda season: season / 2.0,
    airmass=1.8, clouded=0.25, dither=0.2, stack=(8, 10, 20, 20, 26, 20),
    source="Ivezic et al. 2019, ApJ 873, 111; Bianco et al. 2022, ApJS 258, 1",
)  # fmt: skip

# The public survey of the northern sky, g and r every three nights, fixed fields: Bellm et al. 2019, PASP 131, 068003.
ZTF_PUBLIC = Recipe(
    name="ztf", camera=ZTF, fields=lambda: tiling(6.9, -31.0, 90.0, 7.0), sequences=((0, 1),), share=(1.0,),
    step=0.04, nights=lambda season: season / 3.0, airmass=2.0, clouded=0.30, dither=0.0, stack=(1, 1),
    source="Bellm et al. 2019, PASP 131, 018002 and 068003",
)  # fmt: skip

# Two telescopes in Hawaii: four visits within an hour every other night, cyan around new moon and orange otherwise:
# Tonry et al. 2018, PASP 130, 064505.
ATLAS_NORTH = Recipe(
    name="atlas", camera=ATLAS, fields=lambda: tiling(5.375, -45.0, 90.0, 0.0),
    sequences=((0, 0, 0, 0), (1, 1, 1, 1)), share=(0.35, 0.65), step=0.012, nights=lambda season: season / 2.0,
    airmass=2.0, clouded=0.25, dither=0.0, stack=(1, 1), source="Tonry et al. 2018, PASP 130, 064505",
)  # fmt: skip

RECIPES = {recipe.name: recipe for recipe in (LSST_WFD, LSST_DDF, ZTF_PUBLIC, ATLAS_NORTH)}
"""The built-in surveys by name."""


@answers_mistakes
def make_survey(recipe: Recipe, *, years: float = 2.0, mjd_first: float = _FIRST_NIGHT, seed: int = 1) -> Survey:
    """Visits after a recipe.

    Parameters
    ----------
    recipe : Recipe
        One of `RECIPES`, or one's own.
    years : float
        Length.
    mjd_first : float [d]
        First night. The same dates in two surveys let both see the same events.
    seed : int
        Of weather, seeing and dithers. The same recipe, dates and seed give the same visits.

    Returns
    -------
    Survey

    Raises
    ------
    ValueError
        Where ``years`` is not within 0 and 50, or ``mjd_first`` is not finite.

    Examples
    --------
    >>> from sntransport.simulation.surveys import make_survey
    >>> from sntransport.simulation.surveys.built_in import ATLAS_NORTH
    >>> survey = make_survey(ATLAS_NORTH, years=0.1, mjd_first=60000.0)
    >>> survey.name, survey.bands, bool(survey.mjd.min() >= 60000.0)
    ('atlas', ('atlasc', 'atlaso'), True)
    """
    if not 0 < years <= 50 or not np.isfinite(mjd_first):
        raise ValueError(f"{recipe.name}: years is {years} and mjd_first {mjd_first}, expected 0 to 50 and a date")
    rng = np.random.default_rng(np.random.SeedSequence([seed, *recipe.name.encode()]))
    camera = recipe.camera
    field, mjd, ra, dec = _epochs(recipe, int(np.floor(mjd_first)), max(int(years * _YEAR), 1), rng)
    epoch, band, order = _bands(recipe, mjd, rng)
    mjd = mjd[epoch] + recipe.step * order
    airmass, fwhm, depth = _conditions(recipe, mjd, band, ra=ra[epoch], dec=dec[epoch], rng=rng)
    stack = np.array(recipe.stack)[band]
    photons = visit_photons(camera, band, camera.exposure * stack, airmass)
    per_band = np.ones(len(camera.bands))
    return Survey(
        name=recipe.name, bands=camera.bands, mjd=mjd, band=band.astype(np.int16), ra=ra[epoch], dec=dec[epoch],
        background=noise.background_from_depth(depth, photons), photons_per_njy=photons, radius=camera.radius,
        zero_point_error=camera.zero_point_error * per_band, calibration_floor=camera.calibration_floor * per_band,
        saturation=visit_saturation(camera, photons, fwhm, stack), field=field[epoch],
        notes=(f"nominal survey, not a pointing history: {years:g} years from MJD {mjd_first:g}, seed {seed}",),
        source=f"{recipe.source}; {camera.source}",
    )  # fmt: skip


def _epochs(
    recipe: Recipe, first: int, n_night: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Array, Array, Array]:  # fmt: skip
    """Fields observed, date of the first visit of the night, and where the telescope points."""
    ra, dec = recipe.fields()
    half = _half_season(recipe, dec)
    rate = recipe.nights(_YEAR * half / 180.0) / np.maximum(_YEAR * half / 180.0, 1.0)
    progress, done = rng.random(ra.size), np.zeros(ra.size)
    clear = rng.random(n_night) >= recipe.clouded
    fields, dates = [], []
    for night in range(n_night):
        midnight = first + night - recipe.camera.longitude / 360.0
        ahead = (ra - _sidereal(midnight, recipe.camera.longitude) + 180.0) % 360.0 - 180.0
        up = np.abs(ahead) < half
        progress[up] += rate[up]
        due = np.flatnonzero(up & (progress >= done + 1.0)) if clear[night] else np.empty(0, np.int64)
        # A field that waited for the weather is observed once, with at most one more night to catch up.
        done[due] = np.maximum(done[due] + 1.0, np.floor(progress[due]) - 1.0)
        transit = np.clip(ahead[due] / 360.0, -0.45 * _NIGHT / 24.0, 0.45 * _NIGHT / 24.0)
        fields.append(due)
        dates.append(midnight + transit + rng.normal(0.0, 0.5 / 24.0, due.size))
    field = np.concatenate(fields)
    return field, np.concatenate(dates), *_dithered(ra[field], dec[field], recipe.dither, rng)


def _half_season(recipe: Recipe, dec: Array) -> Array:
    """How far from the meridian at midnight a field may be [deg], 0 where it never rises enough."""
    latitude = np.radians(recipe.camera.latitude)
    cosine = (1.0 / recipe.airmass - np.sin(latitude) * np.sin(np.radians(dec))) / (
        np.cos(latitude) * np.cos(np.radians(dec))
    )
    hours = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))) / 15.0
    return np.asarray(np.where(cosine < 1.0, np.clip(15.0 * (hours + 0.5 * _NIGHT - _LEAST), 0.0, 180.0), 0.0))


def _dithered(ra: Array, dec: Array, size: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Positions moved by a random step, uniform in a circle of radius ``size`` [deg]."""
    step, angle = size * np.sqrt(rng.random(ra.size)), rng.uniform(0.0, 2.0 * np.pi, ra.size)
    moved = np.clip(dec + step * np.sin(angle), -90.0, 90.0)
    return ra + step * np.cos(angle) / np.maximum(np.cos(np.radians(moved)), 0.05), moved


def _bands(
    recipe: Recipe, mjd: Array, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    """Epoch, band and number within the night of each visit; the darkest epochs take the first sequences."""
    share = np.cumsum(recipe.share) / np.sum(recipe.share)
    darkness = _illumination(mjd) + rng.normal(0.0, 0.3, mjd.size)
    rank = (np.argsort(np.argsort(darkness, kind="stable"), kind="stable") + 0.5) / max(mjd.size, 1)
    chosen = np.searchsorted(share, rank)
    length = np.array([len(sequence) for sequence in recipe.sequences])[chosen]
    epoch = np.repeat(np.arange(mjd.size), length)
    order = np.arange(epoch.size) - np.repeat(np.cumsum(length) - length, length)
    table = np.zeros((len(recipe.sequences), max(map(len, recipe.sequences))), dtype=np.int64)
    for row, sequence in enumerate(recipe.sequences):
        table[row, : len(sequence)] = sequence
    return epoch, table[chosen[epoch], order], order


def _conditions(
    recipe: Recipe, mjd: Array, band: NDArray[np.int64], *, ra: Array, dec: Array, rng: np.random.Generator
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Airmass, FWHM [arcsec] and five-sigma depth [mag] of each visit.

    Depth scales with sky, seeing, extinction and exposure as in Ivezic et al. 2019, equation 6; the FWHM with airmass
    to the power 0.6 (Kolmogorov turbulence) and a log-normal scatter of 20 %, chosen to look like the published ones.
    """
    camera = recipe.camera
    airmass = np.minimum(_airmass(camera, mjd, ra, dec), 2.5)
    fwhm = camera.fwhm[band] * airmass**0.6 * np.exp(rng.normal(0.0, 0.2, mjd.size))
    # The moon is up half of the time, near or far.
    brighter = camera.moon[band] * _illumination(mjd) * rng.random(mjd.size)
    change = -0.5 * brighter - 2.5 * np.log10(fwhm / camera.fwhm[band]) - camera.extinction[band] * (airmass - 1.0)
    if camera.depth_is_median:
        for index in np.unique(band):
            change[band == index] -= np.median(change[band == index])
    return airmass, fwhm, camera.depth[band] + change + 1.25 * np.log10(np.array(recipe.stack)[band])


def _airmass(camera: Camera, mjd: Array, ra: Array, dec: Array) -> Array:
    """Secant of the zenith distance; a field below the horizon has a large one."""
    hour_angle = np.radians(_sidereal(mjd, camera.longitude) - ra)
    latitude, dec = np.radians(camera.latitude), np.radians(dec)
    height = np.sin(latitude) * np.sin(dec) + np.cos(latitude) * np.cos(dec) * np.cos(hour_angle)
    return np.asarray(1.0 / np.maximum(height, 0.05))


def _sidereal(mjd: Any, longitude: float) -> Any:
    """Local mean sidereal time [deg], which is the right ascension on the meridian (Meeus, equation 12.4)."""
    return (280.46061837 + 360.98564736629 * (mjd - 51544.5) + longitude) % 360.0


def _illumination(mjd: Array) -> Array:
    """Lit share of the moon, 0 to 1."""
    return np.asarray(0.5 * (1.0 - np.cos(2.0 * np.pi * (mjd - _NEW_MOON) / _MONTH)))
