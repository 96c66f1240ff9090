"""Bolometric corrections, over phase and over color, and luminosities from photometry alone.

BC = M_bol - M_band,    M_bol = -2.5 log10(L / 3.0128e35 erg/s)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, require_shape
from sntransport._numerics.quantities import MAGNITUDE, bare
from sntransport._numerics.units import LN_PER_MAG, MAG_PER_LN, njy_to_mag
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.value_object import ValueObject
from sntransport.corrections.extension_policies import Policy
from sntransport.corrections.luminosity import (
    EXTRAPOLATION_ERROR,
    MOST_EXTRAPOLATED,
    Bolometric,
    absolute_magnitude,
    bolometric,
    relative_pull,
)
from sntransport.corrections.rest_light_curve import RestLightCurve
from sntransport.photometry.band_ratio import require_draws, scatter, zero_point
from sntransport.photometry.bands import AnyBand, Bandpass, load_bands
from sntransport.photometry.synthetic import band_matrix, mean_weights, synthetic_flux
from sntransport.spectra.correlation import CORRELATION, Correlation, variance
from sntransport.spectra.series import SpectralSeries, require_series
from sntransport.spectra.sightline import Sightline

_FEWEST = 5
_AT_10_PC = Sightline(z=0.0, distance_modulus=0.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class BolometricCorrection(ValueObject):
    """Bolometric corrections over phase: ``value`` and ``sigma`` (n_phase, n_band) [mag] in magnitude ``system``.

    ``magnitude`` (n_phase, n_band) is the absolute magnitude, rest frame and free of dust. NaN where a band is not
    covered or there is no luminosity.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> series = template(np.array([0.0, 20.0]), np.arange(1500.0, 20000.0, 10.0))
    >>> correction = snt.bolometric_correction(series, ["bessellv"])
    >>> print((correction.magnitude + correction.value).round(2).ravel())
    [-19.16 -17.92]
    """

    phase: Array
    bands: tuple[str, ...]
    value: Array
    sigma: Array
    magnitude: Array
    luminosity: Bolometric
    system: str


@dataclass(frozen=True, eq=False, kw_only=True)
class ColorRelation(ValueObject):
    """BC of ``band`` as a polynomial of the color ``blue - red``, both rest-frame magnitudes in ``system``.

    ``coefficients`` with the constant first; ``scatter`` [mag] is the rms about the fit, ``color_range`` [mag] the
    colors it was fitted to, ``n_points`` how many there were.

    Examples
    --------
    >>> from sntransport.corrections import color_relation
    >>> from sntransport.cli.supernovae.demo import template
    >>> series = template(np.arange(-10.0, 30.0), np.arange(1500.0, 20000.0, 10.0))
    >>> relation = color_relation([series], "bessellv", "bessellb", "bessellv")
    >>> print(f"{relation.n_points} points, scatter {relation.scatter:.2f} mag")
    40 points, scatter 0.05 mag
    """

    band: str
    blue: str
    red: str
    coefficients: Array
    scatter: float
    color_range: tuple[float, float]
    n_points: int
    system: str

    def correction(self, color: ArrayLike) -> Array:
        """BC [mag] at colors [mag]; NaN outside the range that was fitted."""
        value = np.asarray(bare(color, "color", MAGNITUDE), dtype=np.float64)
        with np.errstate(invalid="ignore"):
            # The colors of the fit itself are inside, however they were rounded.
            inside = (value >= self.color_range[0] - 1e-9) & (value <= self.color_range[1] + 1e-9)
        return np.where(inside, np.polynomial.polynomial.polyval(value, self.coefficients), np.nan)


@answers_mistakes
def bolometric_correction(
    series: SpectralSeries,
    bands: Sequence[AnyBand],
    *,
    policy: str | Policy = "none",
    wave_range: tuple[float, float] | None = None,
    most_extrapolated: float = MOST_EXTRAPOLATED,
    system: str = "AB",
    draws: Sequence[SpectralSeries] = (),
    correlation: Correlation = CORRELATION,
) -> BolometricCorrection:
    """Bolometric corrections of a series in any bands.

    Parameters
    ----------
    series : SpectralSeries
    bands : sequence of Bandpass or str
        At rest.
    policy, wave_range, most_extrapolated
        See `sntransport.corrections.luminosity.bolometric`.
    system : str
        "AB" or "Vega".
    draws : sequence of SpectralSeries
        Of `sntransport.spectra.realizations.draw`, two or more: sigma is their scatter, with the policy fitted to each.
    correlation : Correlation
        Without draws: how the errors of two bins go together. What they share in luminosity and band cancels, and light
        that is added is taken to have a relative error of 30 % besides. Sigma is NaN where ``flux_err`` is not known.

    Returns
    -------
    BolometricCorrection

    Raises
    ------
    TypeError
        Where ``series`` is no `SpectralSeries`.
    ValueError
        For an unknown band, system or policy, or a single draw.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> series = template(np.array([0.0, 20.0]), np.arange(1500.0, 20000.0, 10.0))
    >>> correction = snt.bolometric_correction(series, ["bessellb", "bessellv"])
    >>> print(correction.value.round(2))
    [[ 0.24  0.06]
     [-0.13  0.48]]
    """
    require_series(series, "bolometric_correction")
    require_draws(draws)
    loaded = load_bands(bands)
    how: dict[str, Any] = {"policy": policy, "wave_range": wave_range, "most_extrapolated": most_extrapolated}
    light = bolometric(series, **how, draws=draws, correlation=correlation)
    magnitude = _magnitudes(series, loaded, system)
    value = absolute_magnitude(light.luminosity)[:, None] - magnitude
    if draws:
        each = [
            absolute_magnitude(bolometric(one, **how).luminosity)[:, None] - _magnitudes(one, loaded, system)
            for one in draws
        ]
        sigma = scatter(each)
    else:
        sigma = np.where(np.isfinite(value), _sigma(series, loaded, light, wave_range, correlation), np.nan)
    names = tuple(band.name for band in loaded)
    return BolometricCorrection(
        phase=series.phase, bands=names, value=value, sigma=sigma, magnitude=magnitude, luminosity=light, system=system
    )


def _sigma(
    series: SpectralSeries, bands: tuple[Bandpass, ...], light: Bolometric, wave_range: tuple[float, float] | None,
    correlation: Correlation,
) -> Array:  # fmt: skip
    """Error of the bolometric corrections (n_phase, n_band) [mag], to first order."""
    matrix = band_matrix(series.wave, bands, _AT_10_PC)
    flux, _ = synthetic_flux(series.flux, matrix)
    whole = relative_pull(series, light, wave_range or (0.0, np.inf))
    added = EXTRAPOLATION_ERROR * np.hypot(light.share_uv, light.share_nir)
    error, sigma = np.where(series.covered, series.flux_err, 0.0), np.empty(flux.shape)
    for j, weight in enumerate(mean_weights(series.covered, matrix)):
        with np.errstate(divide="ignore", invalid="ignore"):
            pull = whole - error * weight / flux[:, j, None]
        sigma[:, j] = np.hypot(np.sqrt(variance(series.wave, pull, correlation)), added)
    return np.asarray(MAG_PER_LN * sigma)


def _magnitudes(series: SpectralSeries, bands: tuple[Bandpass, ...], system: str) -> Array:
    """Absolute magnitudes (n_phase, n_band); NaN where a band is covered less than 98 %."""
    flux, _ = synthetic_flux(series.flux, band_matrix(series.wave, bands, _AT_10_PC))
    return np.asarray(njy_to_mag(flux) - np.array([zero_point(band, system) for band in bands]))


@answers_mistakes
def color_relation(
    series: Sequence[SpectralSeries],
    band: AnyBand,
    blue: AnyBand,
    red: AnyBand,
    *,
    degree: int = 2,
    policy: str | Policy = "none",
    wave_range: tuple[float, float] | None = None,
    most_extrapolated: float = MOST_EXTRAPOLATED,
    system: str = "AB",
) -> ColorRelation:
    """Fit the bolometric correction of a band as a polynomial of a color.

    Parameters
    ----------
    series : sequence of SpectralSeries
        Every phase with all three bands and a luminosity is a point.
    band, blue, red : Bandpass or str
        At rest; the color is ``blue - red``.
    degree : int
        Of the polynomial, 0 or more.
    policy, wave_range, most_extrapolated, system
        See `bolometric_correction`.

    Returns
    -------
    ColorRelation

    Raises
    ------
    ValueError
        Where fewer than ``degree + 1`` points, or fewer than five, have all that is needed.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.corrections import color_relation
    >>> series = template(np.arange(-10.0, 30.0), np.arange(1500.0, 20000.0, 10.0))
    >>> relation = color_relation([series], "bessellv", "bessellb", "bessellv", degree=1)
    >>> relation.coefficients.shape, tuple(round(end, 2) for end in relation.color_range)
    ((2,), (-0.25, 0.96))
    """
    color, value = [np.empty(0)], [np.empty(0)]
    for one in series:
        found = bolometric_correction(
            one, [band, blue, red], policy=policy, wave_range=wave_range, most_extrapolated=most_extrapolated,
            system=system,
        )  # fmt: skip
        color.append(found.magnitude[:, 1] - found.magnitude[:, 2])
        value.append(found.value[:, 0])
    x, y = np.concatenate(color), np.concatenate(value)
    known = np.isfinite(x) & np.isfinite(y)
    names = [loaded.name for loaded in load_bands([band, blue, red])]
    if known.sum() < max(_FEWEST, degree + 1):
        raise ValueError(
            f"{int(known.sum())} phases have {', '.join(dict.fromkeys(names))} and a luminosity, "
            f"expected {max(_FEWEST, degree + 1)} or more: the series do not cover these bands"
        )
    coefficients = np.asarray(np.polynomial.polynomial.polyfit(x[known], y[known], degree), dtype=np.float64)
    rest = y[known] - np.polynomial.polynomial.polyval(x[known], coefficients)
    spread = float(np.sqrt(np.sum(rest**2) / max(known.sum() - degree - 1, 1)))
    span = (float(x[known].min()), float(x[known].max()))
    return ColorRelation(
        band=names[0],
        blue=names[1],
        red=names[2],
        coefficients=coefficients,
        scatter=spread,
        color_range=span,
        n_points=int(known.sum()),
        system=system,
    )


@answers_mistakes
def luminosity_from_color(
    relation: ColorRelation,
    magnitude: ArrayLike,
    color: ArrayLike,
    *,
    magnitude_err: ArrayLike = 0.0,
    color_err: ArrayLike = 0.0,
) -> tuple[Array, Array]:
    """Luminosity from plain photometry through a color relation.

    Parameters
    ----------
    relation : ColorRelation
    magnitude, color : array_like, (n,) [mag]
        Absolute magnitude in ``relation.band`` and color, at rest, free of dust (`sntransport.k_correct` makes them),
        in the relation's system.
    magnitude_err, color_err : array_like [mag]

    Returns
    -------
    luminosity, luminosity_err : ndarray, (n,) [erg/s]
        NaN outside the colors that were fitted, and for NaN photometry. The error adds the scatter of the relation.

    Raises
    ------
    ValueError
        Where the shapes of magnitude and color differ.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.corrections import color_relation, luminosity_from_color
    >>> series = template(np.arange(-10.0, 30.0), np.arange(1500.0, 20000.0, 10.0))
    >>> relation = color_relation([series], "bessellv", "bessellb", "bessellv")
    >>> luminosity, luminosity_err = luminosity_from_color(relation, [-19.0, -19.0], [0.2, 5.0])
    >>> print((luminosity / 1e43).round(2))
    [0.8 nan]
    """
    given = (("magnitude", magnitude), ("color", color), ("magnitude_err", magnitude_err), ("color_err", color_err))
    mag, at, mag_err, at_err = (np.asarray(bare(value, name, MAGNITUDE), dtype=np.float64) for name, value in given)
    require_shape(at, "color", mag.shape, "the shape of magnitude")
    luminosity = 3.0128e35 * 10.0 ** (-0.4 * (mag + relation.correction(at)))
    slope = np.polynomial.polynomial.polyval(at, np.polynomial.polynomial.polyder(relation.coefficients))
    error = np.sqrt(relation.scatter**2 + np.square(mag_err) + np.square(slope * at_err))
    return luminosity, LN_PER_MAG * error * luminosity


@answers_mistakes
def luminosity_of_photometry(
    rest: RestLightCurve, relation: ColorRelation, *, max_apart: float = 0.5
) -> tuple[Array, Array, Array]:
    """Bolometric light curve of plain photometry through a color relation.

    Parameters
    ----------
    rest : RestLightCurve
        Of `sntransport.k_correct`, with the relation's bands among its ``band_rest``.
    relation : ColorRelation
    max_apart : float [rest-frame d]
        The points of one color lie no further apart than this.

    Returns
    -------
    phase, luminosity, luminosity_err : ndarray, (n,) [rest-frame d, erg/s]
        One row a point of ``relation.band`` that has a magnitude and a point of each band of the color near it, the
        nearest one; in order of phase. NaN where the color is outside the relation. Errors of magnitude and color are
        taken to be independent; distance and E(B-V) are not part of them.

    Raises
    ------
    ValueError
        Where the systems of magnitudes differ, or a band has no point with a magnitude.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova, template
    >>> from sntransport.corrections import color_relation, luminosity_of_photometry
    >>> sn = demo_supernova()
    >>> series = template(np.arange(-15.0, 65.0), np.arange(1500.0, 20000.0, 10.0))
    >>> relation = color_relation([series], "bessellv", "bessellb", "bessellv")
    >>> phase, luminosity, _ = luminosity_of_photometry(snt.k_correct(sn.light_curve, series, sn.sightline), relation)
    >>> near = np.abs(phase).argmin()
    >>> print(f"{phase[near]:+.0f} d: {luminosity[near]:.0e} erg/s")
    +1 d: 1e+43 erg/s
    """
    if rest.system != relation.system:
        raise ValueError(f"the relation is in {relation.system} magnitudes, the light curve in {rest.system}")
    rows = {}
    for name in (relation.band, relation.blue, relation.red):
        rows[name] = np.flatnonzero((rest.band_rest == name) & np.isfinite(rest.mag))
        if not rows[name].size:
            known = ", ".join(dict.fromkeys(rest.band_rest[np.isfinite(rest.mag)].tolist())) or "no band"
            raise ValueError(
                f"no point with a magnitude in {name}, only in {known}: choose other bands with bands= of k_correct, "
                "or fit the relation in bands that were observed"
            )
    main = rows[relation.band][np.argsort(rest.phase[rows[relation.band]], kind="stable")]
    blue, red = (_nearest(rest.phase, main, rows[name]) for name in (relation.blue, relation.red))
    phases = rest.phase[np.stack([main, blue, red])]
    near = np.ptp(phases, axis=0) <= max_apart
    main, blue, red = main[near], blue[near], red[near]
    luminosity, error = luminosity_from_color(
        relation, rest.mag[main], rest.mag[blue] - rest.mag[red],
        magnitude_err=rest.mag_err[main], color_err=np.hypot(rest.mag_err[blue], rest.mag_err[red]),
    )  # fmt: skip
    return rest.phase[main], luminosity, error


def _nearest(phase: Array, rows: NDArray[np.int64], among: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of ``among`` the row nearest in phase to each of ``rows``."""
    return np.asarray(among[np.abs(phase[rows][:, None] - phase[among]).argmin(axis=1)])
