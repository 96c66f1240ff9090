"""Tie spectra to photometry: one gray factor, or a smooth warp over wavelength ("mangling").

The warp is multiplicative. Its logarithm is a Gaussian process over ln wavelength: a constant of almost free size (slit
losses, clouds) plus a smooth part of modest size (color errors), fitted to the log ratios of observed to synthetic
flux with the photometric errors. Away from the bands it falls back to the constant, so nothing is invented there.

Photometry has its own errors that stay from night to night: zero points, filter curves unlike the real ones. What a
band is off the smooth warp at all phases alike is its offset, found for all bands together; the spectra are spared it.
A band that is far off has no say at all.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.smoothing import matern
from sntransport._numerics.units import LN_PER_MAG
from sntransport.calibration.gaussian_process import common_offsets
from sntransport.photometry.bands import effective_wave
from sntransport.photometry.synthetic import BandMatrix, synthetic_flux
from sntransport.spectra.series import SpectralSeries

_WORTH_A_NOTE = 0.05


@dataclass(frozen=True, eq=False, kw_only=True)
class Calibrated:
    """Result of `calibrate`.

    ``series`` is the warped series; ``residual`` (n_phase, n_band) [mag] is synthetic minus observed after the warp,
    NaN where either is missing; ``used`` (n_phase, n_band) says which photometry took part. ``offset`` and
    ``offset_err`` (n_band,) [mag] is how much fainter the photometry of a band is at all phases than the warped spectra
    are meant to be: it was taken off before the fit, and remains in ``residual``. A band that is ``contradicted``
    (n_band,) was not used at any phase. ``rejected`` (n_phase, n_band) is photometry that the calibration takes for
    wrong: not used though there is a spectrum for it, or in a band with an offset that the notes name.
    """

    series: SpectralSeries
    residual: Array
    used: NDArray[np.bool_]
    offset: Array
    offset_err: Array
    contradicted: NDArray[np.bool_]
    rejected: NDArray[np.bool_]
    notes: tuple[str, ...]


def gray_offset(synthetic: Array, observed: Array, observed_err: Array, floor: float = 0.03) -> Array:
    """Ln of the one factor that best ties spectra to photometry.

    Parameters
    ----------
    synthetic, observed, observed_err : ndarray, (n_phase, n_band) [nJy]
        NaN where not known.
    floor : float
        Relative error added in quadrature to every band.

    Returns
    -------
    ndarray, (n_phase,)
        Inverse-variance mean of ln(observed / synthetic); NaN where no band has both.
    """
    ratio, variance = _log_ratio(synthetic, observed, observed_err, floor)
    weight = np.where(np.isfinite(ratio), 1.0 / variance, 0.0)
    total = weight.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, (weight * np.nan_to_num(ratio)).sum(axis=1) / total, np.nan)


def calibrate(
    series: SpectralSeries,
    matrix: BandMatrix,
    observed: Array,
    observed_err: Array,
    *,
    earlier: Calibrated | None = None,
    gray_scatter: float = 10.0,
    color_scatter: float = 0.25,
    color_scale: float = 1.0,
    floor: float = 0.03,
    offset_scatter: float = 0.05,
    common_slope: float = 0.1,
    outlier: float = 4.0,
    band_outlier: float = 3.0,
    iterations: int = 3,
) -> Calibrated:
    """Warp each spectrum smoothly onto the photometry of its date.

    Parameters
    ----------
    series : SpectralSeries
    matrix : BandMatrix
        Of the bands and sightline of the photometry, on the grid of the series.
    observed, observed_err : ndarray, (n_phase, n_band) [nJy]
        Photometry at the dates of the series; NaN where there is none.
    earlier : Calibrated, optional
        An earlier result, whose offsets of bands and contradicted bands are taken over; none: they are solved for.
    gray_scatter, color_scatter : float
        Prior standard deviation of the constant and of the smooth part of ln warp.
    color_scale : float
        Length of the smooth part in ln wavelength, of a Matern-3/2 kernel (Rasmussen & Williams 2006, eq. 4.17).
    floor : float
        Relative error added in quadrature to every band (zero points, filter curves).
    offset_scatter : float
        Size of common offsets: the scale of a Cauchy prior, which lets one band be far off without a say in the others.
        0: no offsets.
    common_slope : float
        Size of the slope of ln warp over ln wavelength that all spectra share (flux calibration, dust), with a Cauchy
        prior too: it is not taken for offsets of the photometry.
    outlier : float
        With four bands or more, one that is further than this many standard deviations from what the others predict
        is left out at that phase and counted in the notes.
    band_outlier : float
        A band whose offset is further than this many standard deviations from 0, and than twice ``offset_scatter``, is
        left out at all phases, while four others remain, and named.
    iterations : int
        The synthetic flux of a warped spectrum is not exactly linear in the warp.

    Returns
    -------
    Calibrated
        Phases without any band that is both observed and covered keep their flux, and a note counts them. The error
        of the warp is added to ``flux_err``; ``origin`` stays.
    """
    stretch = 1.0 + matrix.sightline.z
    position = np.log([effective_wave(band) / stretch for band in matrix.bands])
    prior = _prior(position, position, gray_scatter, color_scatter, color_scale)
    spread = _prior(np.log(series.wave), position, gray_scatter, color_scatter, color_scale)
    shares = np.zeros(observed.shape)
    # Where it turns does not matter: the constant of each spectrum is free.
    around = position - np.log(5500.0)

    def offsets(target: Array, used: NDArray[np.bool_]) -> tuple[Array, Array]:
        return _offsets(
            _inverse(prior, used, variance),
            target,
            used=used,
            around=around,
            scatter=offset_scatter,
            slope=common_slope,
        )

    for step in range(iterations):
        warped = series.flux * np.exp(shares @ spread.T)
        ratio, variance = _log_ratio(synthetic_flux(warped, matrix)[0], observed, observed_err, floor)
        target = ratio + shares @ prior
        if step == 0:
            off = (
                _contradicted(prior, target, variance, offsets=offsets, least=2.0 * offset_scatter, limit=band_outlier)
                if earlier is None
                else _taken(earlier)
            )
            rest = np.where(off.band, np.nan, target - off.shift)
            rejected = off.band | _contradicting(prior, rest, variance, outlier)
        used = np.isfinite(target) & ~rejected
        shift, shift_err = (off.shift, off.shift_err) if earlier else offsets(target, used)
        inverse = _inverse(prior, used, variance)
        shares = np.einsum("pij,pj->pi", inverse, np.where(used, target - shift, 0.0))
    shift, shift_err = np.where(off.band, off.shift, shift), np.where(off.band, off.shift_err, shift_err)
    inverse = _inverse(prior, used, variance + shift_err**2)
    warp_err = _warp_error(inverse, used, spread, float(np.hypot(gray_scatter, color_scatter)))
    warp = np.exp(shares @ spread.T)
    flux = series.flux * warp
    result = replace(series, flux=flux, flux_err=np.hypot(series.flux_err * warp, flux * warp_err))
    final, _ = _log_ratio(synthetic_flux(flux, matrix)[0], observed, observed_err, floor)
    named = ~off.band & (np.abs(shift) > np.maximum(2.0 * shift_err, _WORTH_A_NOTE))
    notes = _describe(series, matrix, used, rejected & ~off.band)
    if earlier is None:
        notes += _describe_offsets(matrix, shift, off.band, "not used at any phase, since the other bands rule it out")
        notes += _describe_offsets(matrix, shift, named, "taken off, not put on the spectra")
    return Calibrated(
        series=result,
        residual=final / LN_PER_MAG,
        used=used,
        offset=-shift / LN_PER_MAG,
        offset_err=shift_err / LN_PER_MAG,
        contradicted=off.band,
        rejected=np.isfinite(target) & (rejected | named),
        notes=notes,
    )


def _log_ratio(synthetic: Array, observed: Array, observed_err: Array, floor: float) -> tuple[Array, Array]:
    """ln(observed / synthetic), NaN where it cannot be formed, and its variance (1 there)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        good = (synthetic > 0) & (observed > 0) & np.isfinite(observed_err)
        ratio = np.where(good, np.log(observed / synthetic), np.nan)
        variance = np.where(good, (observed_err / observed) ** 2 + floor**2, 1.0)
    return ratio, variance


def _prior(at: Array, bands: Array, gray: float, color: float, scale: float) -> Array:
    """Prior covariance of ln warp between two sets of ln wavelengths."""
    return np.asarray(gray**2 + matern(np.asarray(at)[:, None] - np.asarray(bands), scale, color**2))


def _inverse(prior: Array, used: NDArray[np.bool_], variance: Array) -> Array:
    """Inverse covariances of the data, (n_phase, n_band, n_band); a band that is not used has no say."""
    noise = np.where(used, variance, 1e12)[:, :, None] * np.eye(used.shape[1])
    return np.asarray(np.linalg.inv(prior + noise), dtype=np.float64)


def _offsets(
    inverse: Array, target: Array, *, used: NDArray[np.bool_], around: Array, scatter: float, slope: float
) -> tuple[Array, Array]:
    """What each band is off at all phases, in ln flux, and its error, both (n_band,)."""
    n_band = around.size
    # Not used means no say: the noise there is large but finite.
    seen = np.where(used[:, :, None] & used[:, None, :], inverse, 0.0)
    pull = np.einsum("pij,pj->i", seen, np.where(used, target, 0.0))
    parts = np.column_stack([np.eye(n_band), around])
    scale = np.append(np.full(n_band, scatter), slope)
    offset, offset_err = common_offsets(parts.T @ seen.sum(axis=0) @ parts, parts.T @ pull, scale)
    return offset[:-1], offset_err[:-1]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Off:
    """Bands (n_band,) that are not used at any phase, and what all bands are off, in ln flux."""

    band: NDArray[np.bool_]
    shift: Array
    shift_err: Array


def _taken(earlier: Calibrated) -> _Off:
    return _Off(
        band=earlier.contradicted, shift=-LN_PER_MAG * earlier.offset, shift_err=LN_PER_MAG * earlier.offset_err
    )


def _contradicted(
    prior: Array, target: Array, variance: Array, *, offsets: Callable[[Array, NDArray[np.bool_]], tuple[Array, Array]],
    least: float, limit: float,
) -> _Off:  # fmt: skip
    """Bands that the others rule out at all phases alike, the farthest off first, while four others remain.

    What bands are off that are not off alike is 0: a few wild nights are no offset.
    """
    off = np.zeros(target.shape[1], dtype=bool)
    found, found_err = np.zeros(off.size), np.zeros(off.size)
    while True:
        used = np.isfinite(target) & ~off
        shift, shift_err = offsets(target, used)
        alike = used.any(axis=0) & (np.abs(shift) / limit > shift_err) & _alike(prior, target, variance, shift, used)
        found = np.where(off, found, np.where(alike, shift, 0.0))
        found_err = np.where(off, found_err, shift_err)
        far = alike & (np.abs(shift) > least)
        if used.any(axis=0).sum() <= 4 or not far.any():
            return _Off(band=off, shift=found, shift_err=found_err)
        off[np.argmax(np.where(far, np.abs(shift), 0.0))] = True


def _alike(prior: Array, target: Array, variance: Array, shift: Array, used: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Bands that are nearer to ``shift`` than to what the others predict at two of three phases, of two or more."""
    inverse = _inverse(prior, used, variance)
    pull = np.einsum("pij,pj->pi", inverse, np.where(used, target - shift, 0.0))
    left_out = pull / np.diagonal(inverse, axis1=1, axis2=2) + shift
    near = used & (left_out * np.sign(shift) > 0.5 * np.abs(shift))
    n_used = used.sum(axis=0)
    return np.asarray((n_used >= 2) & (3 * near.sum(axis=0) >= 2 * n_used))


def _contradicting(prior: Array, target: Array, variance: Array, limit: float) -> NDArray[np.bool_]:
    """Per phase, up to two bands that the others rule out (leave-one-out pull above ``limit``, four bands or more)."""
    rejected = np.zeros(target.shape, dtype=bool)
    for _ in range(2 if target.shape[1] >= 4 else 0):
        used = np.isfinite(target) & ~rejected
        inverse = _inverse(prior, used, variance)
        shares = np.einsum("pij,pj->pi", inverse, np.where(used, target, 0.0))
        pull = np.where(used, np.abs(shares) / np.sqrt(np.diagonal(inverse, axis1=1, axis2=2)), 0.0)
        worst = pull.argmax(axis=1)
        bad = (pull.max(axis=1) > limit) & (used.sum(axis=1) >= 4)
        rejected[np.flatnonzero(bad), worst[bad]] = True
    return rejected


def _warp_error(inverse: Array, used: NDArray[np.bool_], spread: Array, prior_err: float) -> Array:
    """Posterior standard deviation of ln warp, (n_phase, n_wave); 0 where nothing was warped."""
    n_wave = spread.shape[0]
    # The error is as smooth as the warp: every few bins are enough.
    coarse = np.unique(np.linspace(0, n_wave - 1, min(n_wave, 120)).astype(int))
    error = np.zeros((used.shape[0], n_wave))
    for i in np.flatnonzero(used.any(axis=1)):
        explained = np.sum((spread[coarse] @ inverse[i]) * spread[coarse], axis=1)
        posterior = np.sqrt(np.maximum(prior_err**2 - explained, 0.0))
        error[i] = np.interp(np.arange(n_wave), coarse, posterior)
    return error


def _describe_offsets(matrix: BandMatrix, shift: Array, which: NDArray[np.bool_], done: str) -> tuple[str, ...]:
    named = [f"{matrix.bands[i].name} {-shift[i] / LN_PER_MAG:+.2f}" for i in np.flatnonzero(which)]
    if not named:
        return ()
    return (f"photometry off the smooth warp at all phases alike, {done} [mag]: {', '.join(named)}",)


def _describe(
    series: SpectralSeries, matrix: BandMatrix, used: NDArray[np.bool_], rejected: NDArray[np.bool_]
) -> tuple[str, ...]:
    notes = []
    alone = series.covered.any(axis=1) & ~used.any(axis=1)
    if alone.any():
        phases = series.phase[alone]
        notes.append(
            f"{int(alone.sum())} phases between {phases.min():.1f} and {phases.max():.1f} d have no photometry in a "
            "band they cover: their flux is as it was, not calibrated"
        )
    for band, count in zip(matrix.bands, rejected.sum(axis=0), strict=True):
        if count:
            notes.append(f"{band.name} left out of the calibration at {int(count)} phases: the other bands rule it out")
    return tuple(notes)
