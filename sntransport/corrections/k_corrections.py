"""K-corrections and S-corrections of a spectral series, for any redshifts and phases at once.

The K-correction of Kim, Goobar & Perlmutter (1996, PASP 108, 190, eq. 1) and Hogg et al. (2002, astro-ph/0210394,
eq. 8) joins the magnitude in one band at redshift z to the absolute magnitude in another at rest:

    m_obs = M_rest + distance modulus + K
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sntransport._numerics.arrays import Array, require_shape, set_fields
from sntransport._numerics.limits import require_memory
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.mistakes import warn_caller, wrong_kind
from sntransport._objects.value_object import ValueObject
from sntransport.photometry.band_ratio import (
    Columns,
    as_axis,
    columns,
    filled_share,
    magnitude_difference,
    means,
    ratio_error,
    require_draws,
    scatter,
    zero_point,
)
from sntransport.photometry.bands import AnyBand, Bandpass, load_bands
from sntransport.photometry.synthetic import MIN_COVERAGE, CoverageWarning
from sntransport.spectra.correlation import CORRELATION, Correlation
from sntransport.spectra.phases import MAX_GAP
from sntransport.spectra.ranges import require_redshift
from sntransport.spectra.series import SpectraAt, SpectralSeries, require_series
from sntransport.spectra.sightline import Sightline

# Of fluxes, coverages, K and its error, and the table made of them.
_BYTES_PER_VALUE = 150.0


@dataclass(frozen=True, eq=False, kw_only=True)
class KCorrection(ValueObject):
    """K-corrections with what they rest on.

    ``value`` and ``sigma`` [mag], ``coverage`` and ``filled`` have the shape (n_z, n_phase), without the axis of ``z``
    or ``phase`` where that is a single number. By photons, ``coverage`` is the smaller share of the two bands that the
    series covers, and ``filled`` the larger one that it has no data of its own for (``origin`` 3). Values belong to the
    magnitude systems ``system_rest`` and ``system_obs``.

    Examples
    --------
    >>> from sntransport.transport.templates import hsiao
    >>> k = snt.evaluate_k_correction(hsiao(), "bessellb", "sdssr", z=0.5, phase=[0.0, 15.0])
    >>> print(k.value.round(2), k.coverage)
    [-0.42 -0.25] [1. 1.]
    """

    value: Array
    sigma: Array
    coverage: Array
    filled: Array
    z: Array
    phase: Array
    band_rest: str
    band_obs: str
    system_rest: str = "AB"
    system_obs: str = "AB"

    def __post_init__(self) -> None:
        shape = np.shape(self.z) + np.shape(self.phase)
        for name in ("value", "sigma", "coverage", "filled", "z", "phase"):
            array = np.array(getattr(self, name), dtype=np.float64)
            if name not in ("z", "phase"):
                require_shape(array, f"KCorrection.{name}", shape, "(n_z, n_phase)")
            array.setflags(write=False)
            set_fields(self, **{name: array})


@answers_mistakes
def k_correction(
    series: SpectralSeries,
    band_rest: AnyBand,
    band_obs: AnyBand,
    z: ArrayLike,
    phase: ArrayLike,
    *,
    system_rest: str = "AB",
    system_obs: str = "AB",
    max_gap: float = MAX_GAP,
) -> Array:
    """K-correction from the observed band to the rest-frame band: ``m_obs = M_rest + distance modulus + K``.

    Parameters
    ----------
    series : SpectralSeries
    band_rest, band_obs : Bandpass or str
    z : float or array_like, (n_z,)
        Greater than -1.
    phase : float or array_like, (n_phase,) [rest-frame d]
        In any order. Between phases of the series, flux is interpolated linearly.
    system_rest, system_obs : {"AB", "Vega"}
        Zero points of the two magnitudes.
    max_gap : float [d]
        Widest step between two phases of the series to interpolate over.

    Returns
    -------
    ndarray, (n_z, n_phase) [mag]
        Without the axis of ``z`` or ``phase`` where that is a single number. NaN, with one `CoverageWarning` that says
        where, outside the phases of the series, in wider steps, and where it covers less than 98 % of a band.

    Raises
    ------
    ValueError
        For an unknown band, z that is no redshift, values that are not finite, or a Vega magnitude of a band whose
        ``vega_ab`` is not known.
    TypeError
        For anything but a `SpectralSeries`.

    Notes
    -----
    Photon-counting, without dust: integrals of the piecewise linear flux and throughput are exact. In AB, a spectrum
    ``f_nu ~ nu**a`` has ``K = -2.5 (1 + a) log10(1 + z)`` from a band to itself, and any spectrum has
    ``K = -2.5 log10(1 + z)`` where the observed band is the rest band, redshifted.

    Examples
    --------
    >>> wave = np.exp(np.linspace(np.log(2000.0), np.log(12000.0), 4000))
    >>> flat = snt.SpectralSeries(phase=[0.0], wave=wave, flux=[wave**-2.0])
    >>> float(np.round(snt.k_correction(flat, "bessellb", "sdssr", 0.5, 0.0), 6))
    -0.440228
    >>> snt.k_correction(flat, "bessellb", "sdssr", [0.2, 0.5], [0.0]).round(3).tolist()
    [[-0.198], [-0.44]]
    """
    require_series(series, "k_correction")
    z, shape = _redshifts(z)
    phase, more = as_axis(phase, "phase")
    needed = _BYTES_PER_VALUE * z.size * phase.size
    require_memory(needed, f"K-corrections at {z.size} redshifts and {phase.size} phases", "ask for fewer at once")
    rest, obs = load_bands([band_rest, band_obs])
    zero = zero_point(obs, system_obs) - zero_point(rest, system_rest)
    rows = series.at(phase, max_gap)
    views = (columns(series.wave, obs, z), columns(series.wave, rest, np.zeros(1)))
    value, coverage = _difference(rows, *views)
    _warn("k_correction", series, rows, value, (obs, z, coverage[0]), (rest, np.zeros(1), coverage[1]))
    return np.asarray((value.T - zero).reshape(shape + more))


@answers_mistakes
def evaluate_k_correction(
    series: SpectralSeries,
    band_rest: AnyBand,
    band_obs: AnyBand,
    z: ArrayLike,
    phase: ArrayLike,
    *,
    system_rest: str = "AB",
    system_obs: str = "AB",
    max_gap: float = MAX_GAP,
    correlation: Correlation = CORRELATION,
    draws: Sequence[SpectralSeries] = (),
) -> KCorrection:
    """`k_correction` with its error and how much of the bands is covered.

    Parameters
    ----------
    series, band_rest, band_obs, z, phase, system_rest, system_obs, max_gap
        As in `k_correction`.
    correlation : Correlation
        How the errors of the series at two wavelengths and phases go together.
    draws : sequence of SpectralSeries
        Two or more possible versions of the series. Given, ``sigma`` is the standard deviation of K over them, and
        ``flux_err`` and ``correlation`` are not looked at.

    Returns
    -------
    KCorrection
        ``sigma`` is NaN where ``flux_err`` is not known, and 0 for a band to itself at z = 0. An error common to all
        wavelengths cancels.

    Raises
    ------
    ValueError, TypeError
        As `k_correction`, and for a single draw.

    Examples
    --------
    >>> wave = np.arange(3000.0, 11000.0, 10.0)
    >>> flux = [wave**-2.0]
    >>> series = snt.SpectralSeries(phase=[0.0], wave=wave, flux=flux, flux_err=0.05 * np.array(flux))
    >>> k = snt.evaluate_k_correction(series, "bessellb", "bessellv", z=0.25, phase=0.0)
    >>> print(f"{float(k.value):.3f} +- {float(k.sigma):.3f} mag, {float(k.coverage):.0%} covered")
    -0.242 +- 0.005 mag, 100% covered
    """
    require_draws(draws)
    value = k_correction(
        series, band_rest, band_obs, z, phase, system_rest=system_rest, system_obs=system_obs, max_gap=max_gap
    )
    z_axis, phase_axis = _redshifts(z)[0], as_axis(phase, "phase")[0]
    rest, obs = load_bands([band_rest, band_obs])
    views = (columns(series.wave, obs, z_axis), columns(series.wave, rest, np.zeros(1)))
    rows = series.at(phase_axis, max_gap)
    coverage = np.minimum(*(means(rows, view)[1] for view in views))
    filled = np.maximum(*(filled_share(rows, view) for view in views))
    if draws:
        sigma = _draw_scatter(draws, rest, obs, z=z_axis, phase=phase_axis, max_gap=max_gap)
    else:
        sigma = ratio_error(rows, *views, correlation).T
    shape = value.shape
    return KCorrection(
        value=value, sigma=sigma.reshape(shape), coverage=coverage.T.reshape(shape), filled=filled.T.reshape(shape),
        z=np.asarray(z), phase=np.asarray(phase), band_rest=rest.name, band_obs=obs.name, system_rest=system_rest,
        system_obs=system_obs,
    )  # fmt: skip


@answers_mistakes
def s_correction(
    series: SpectralSeries,
    band_from: AnyBand,
    band_to: AnyBand,
    z: ArrayLike,
    phase: ArrayLike,
    *,
    sightline: Sightline | None = None,
    system_from: str = "AB",
    system_to: str = "AB",
    max_gap: float = MAX_GAP,
) -> Array:
    """S-correction from one version of a band to another: ``m_to = m_from + S``.

    Parameters
    ----------
    series : SpectralSeries
    band_from, band_to : Bandpass or str
        The band of the measurement and the one it is taken to, such as two instruments' r.
    z : float or array_like, (n_z,)
    phase : float or array_like, (n_phase,) [rest-frame d]
    sightline : Sightline, optional
        Whose dust reddens the spectrum; its redshift and distance do not matter. None: no dust.
    system_from, system_to : {"AB", "Vega"}
        Zero points of the two magnitudes.
    max_gap : float [d]
        As in `k_correction`.

    Returns
    -------
    ndarray, (n_z, n_phase) [mag]
        Without the axis of a single number; NaN with a `CoverageWarning` as in `k_correction`.

    Raises
    ------
    ValueError, TypeError
        As `k_correction`, and where a dust law is not defined at some wavelength of a band.

    Notes
    -----
    Stritzinger et al. (2002, AJ 124, 2100, eq. 4), for magnitudes in the natural system of ``band_from``. Photometry
    that a color term was applied to has that part of S in it already: subtract ``color term * color``.

    Examples
    --------
    >>> from sntransport.transport.templates import hsiao
    >>> snt.s_correction(hsiao(), "bessellr", "sdssr", z=0.03, phase=[0.0, 30.0]).round(3).tolist()
    [-0.101, -0.028]
    """
    require_series(series, "s_correction")
    z, shape = _redshifts(z)
    phase, more = as_axis(phase, "phase")
    start, end = load_bands([band_from, band_to])
    zero = zero_point(end, system_to) - zero_point(start, system_from)
    rows = series.at(phase, max_gap)
    views = (columns(series.wave, end, z, sightline), columns(series.wave, start, z, sightline))
    value, coverage = _difference(rows, *views)
    _warn("s_correction", series, rows, value, (end, z, coverage[0]), (start, z, coverage[1]))
    return np.asarray((value.T - zero).reshape(shape + more))


def _difference(rows: SpectraAt, first: Columns, second: Columns) -> tuple[Array, tuple[Array, Array]]:
    """Magnitude difference (n_phase, n_z) and the coverage of both bands."""
    (flux_first, cover_first), (flux_second, cover_second) = means(rows, first), means(rows, second)
    return magnitude_difference(flux_first, flux_second), (cover_first, cover_second)


def _draw_scatter(
    draws: Sequence[SpectralSeries], rest: Bandpass, obs: Bandpass, *, z: Array, phase: Array, max_gap: float
) -> Array:
    with warnings.catch_warnings():
        # Said once already, of the series itself.
        warnings.simplefilter("ignore", CoverageWarning)
        return scatter([k_correction(draw, rest, obs, z, phase, max_gap=max_gap) for draw in draws])


def _redshifts(z: ArrayLike) -> tuple[Array, tuple[int, ...]]:
    if isinstance(z, Sightline):
        raise wrong_kind("z", "redshifts", z, {"": "write sightline.z"})
    axis, shape = as_axis(z, "z")
    for bound in (axis.min(), axis.max()) if axis.size else ():
        require_redshift(float(bound), "z")
    return axis, shape


def _warn(
    caller: str, series: SpectralSeries, rows: SpectraAt, value: Array, *seen: tuple[Bandpass, Array, Array]
) -> None:
    """One warning that says why values are NaN, by band and redshift."""
    if not np.isnan(value).any():
        return
    known, reasons = rows.known, []
    if not known.all():
        reasons.append(f"{int(np.sum(~known))} of {known.size} phases are outside the series or in a gap of it")
    for band, z, coverage in seen:
        short = (coverage[known] < MIN_COVERAGE).any(axis=0)
        if short.any():
            reasons.append(f"{band.name} at z = {_span(z[short])} is covered less than {MIN_COVERAGE:.0%}")
    low, high = series.wave[[0, -1]] if series.n_wave else (np.nan, np.nan)
    text = "; ".join(reasons) or "the flux in a band is not positive"
    span = f"{series.name or 'the series'}, rest frame {low:.0f}-{high:.0f} A"
    warn_caller(f"{caller}: no value where {text} ({span})", CoverageWarning)


def _span(values: Array) -> str:
    if values.size <= 3:
        return ", ".join(f"{value:g}" for value in values)
    return f"{values.min():g} to {values.max():g} ({values.size} redshifts)"
