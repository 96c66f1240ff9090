"""Smooth observed photometry: the flux of each band, with its error, at any date that the data support.

Each band is a Gaussian process in ln flux with a Matern-3/2 kernel (Rasmussen & Williams 2006, eq. 4.17): rough
enough for a sharp rise, smooth enough not to follow noise. Amplitude, time scale and an extra scatter term are those
of highest marginal likelihood on a fixed grid, so that the result does not depend on an optimizer. Instruments that
share a band have an offset each, and a scatter of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, readonly
from sntransport._numerics.smoothing import matern
from sntransport._numerics.units import MAG_PER_LN
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.value_object import ValueObject
from sntransport.calibration.end_nights import confirmed_ends
from sntransport.calibration.gaussian_process import common_offsets
from sntransport.spectra.observations import LightCurve

_TIME_SCALES = np.geomspace(4.0, 256.0, 9)
_AMPLITUDES = np.array([0.15, 0.4, 1.0, 2.5])
_SCATTERS = np.array([0.01, 0.03, 0.08, 0.2])
_FIRST_SCATTER = 0.05
_OFFSET_SCATTER = 0.05
# Fewer nights of an instrument do not say how much it scatters.
_FEWEST_NIGHTS = 6
_SCATTER_RANGE = (0.005, 0.5)
_WORTH_A_NOTE = 0.05
_MAX_REJECTED = 0.15

# The work grows with the cube of the number of nights: beyond this many, outliers are sought piece by piece and the
# three parameters of the process are found from evenly thinned nights.
_MOST_NIGHTS = 250


@dataclass(frozen=True, eq=False, kw_only=True)
class BandCurve(ValueObject):
    """Gaussian process of one band: nights used, and what predicts ln flux from them (see `evaluate`).

    ``mjd``, ``value`` and ``error`` (n_night,) are the nights themselves: ln flux less the offset of its instrument,
    and its error with the scatter of that.
    ``instruments`` share the band; ``offset`` (n_instrument,) [mag] is how much fainter each is than the curve, and
    ``scatter`` (n_instrument,) its error in ln flux beyond the stated one. ``error_floor`` is that of the curve.

    Examples
    --------
    >>> from sntransport.calibration import fit_band_curves
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> curve = fit_band_curves(demo_supernova().light_curve).curves[0]
    >>> curve.band, curve.mjd.size, curve.support.round(1).tolist()
    ('bessellb', 32, [[59983.9, 60066.1]])
    """

    band: str
    mjd: Array
    value: Array
    error: Array
    mean: float
    amplitude: float
    time_scale: float
    instruments: tuple[str, ...]
    offset: Array
    scatter: Array
    error_floor: float
    inverse: Array
    weights: Array
    support: Array


@dataclass(frozen=True, eq=False, kw_only=True)
class BandCurves(ValueObject):
    """Smooth photometry of one supernova in ``bands`` (n_band,); see `evaluate`.

    ``used`` (n_obs,) says which rows of the light curve took part.

    Examples
    --------
    >>> from sntransport.calibration import fit_band_curves
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> curves = fit_band_curves(demo_supernova().light_curve)
    >>> curves.bands, int(curves.used.sum())
    (('bessellb', 'besselli', 'bessellr', 'bessellv'), 128)
    """

    curves: tuple[BandCurve, ...]
    used: NDArray[np.bool_]
    notes: tuple[str, ...] = ()

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands."""
        return tuple(curve.band for curve in self.curves)


@answers_mistakes
def fit_band_curves(
    light_curve: LightCurve, *, extend: float = 2.0, max_gap: float = 30.0, min_snr: float = 3.0, outlier: float = 5.0
) -> BandCurves:
    """Smooth the photometry of every band.

    Parameters
    ----------
    light_curve : LightCurve
        Points of a band that differ in ``instrument`` may have an offset from one another.
    extend : float [d]
        How far the support of a band reaches beyond its first and last night (and into its gaps).
    max_gap : float [d]
        A longer gap between nights is not supported.
    min_snr : float
        Points below it are left out: their logarithm is not Gaussian.
    outlier : float
        Nights further than this many standard deviations from what the others predict are left out, the worst
        first, at most 15 % of a band.

    Returns
    -------
    BandCurves
        Its notes count what was left out and name instruments that are off. Bands without a usable point are absent.
        Each band is at the mean level of its nights: which instrument is right is not known.

    Examples
    --------
    >>> from sntransport.calibration import evaluate, fit_band_curves
    >>> mjd = np.arange(60000.0, 60040.0, 4.0)
    >>> flux = 5000.0 * np.exp(-(mjd - 60000.0) / 20.0)
    >>> curve = snt.LightCurve(mjd=mjd, band=["ztfr"] * mjd.size, flux=flux, flux_err=0.02 * flux)
    >>> smooth, _ = evaluate(fit_band_curves(curve), [60010.0])
    >>> print(f"{smooth[0, 0] / (5000.0 * np.exp(-0.5)):.2f}")
    1.00
    """
    curves, rejected, offsets = [], [], []
    used = np.zeros(light_curve.mjd.size, dtype=bool)
    with np.errstate(invalid="ignore"):
        bright = light_curve.flux > min_snr * np.where(np.isfinite(light_curve.flux_err), light_curve.flux_err, np.inf)
    rows_of = {band: np.flatnonzero((light_curve.band == band) & bright) for band in light_curve.bands}
    rows_of = {band: rows for band, rows in rows_of.items() if rows.size}
    nights_of = {band: _nights(light_curve, rows) for band, rows in rows_of.items()}
    alone = [_without_outliers(nights, outlier) for nights, _ in nights_of.values()]
    together = confirmed_ends(
        [nights.mjd for nights, _ in nights_of.values()],
        [_pulls(nights, one) for (nights, _), one in zip(nights_of.values(), alone, strict=True)],
        alone,
    )
    confirmed = [
        f"{band} {n}"
        for band, one, other in zip(rows_of, alone, together, strict=True)
        if (n := int(np.sum(other & ~one)))
    ]
    for (band, rows), kept in zip(rows_of.items(), together, strict=True):
        nights, night_of = nights_of[band]
        if not kept.all():
            rejected.append(f"{band} {int(np.sum(~kept))}")
        used[rows[kept[night_of]]] = True
        curve = _fit(band, nights.only(kept), extend, max_gap)
        curves.append(curve)
        offsets += [
            f"{band} {name or 'not named'} {value:+.2f}"
            for name, value in zip(curve.instruments, curve.offset, strict=True)
            if abs(value) > _WORTH_A_NOTE
        ]
    faint = int(np.sum(~bright))
    notes = []
    if faint:
        notes.append(f"{faint} photometric points below signal to noise {min_snr:g} not used for band curves")
    if rejected:
        notes.append(f"nights left out as outliers of their band curve: {', '.join(rejected)}")
    if confirmed:
        notes.append(f"steep first or last nights, which several bands show, used: {', '.join(confirmed)}")
    if offsets:
        notes.append(f"instruments off the others of their band, taken off [mag]: {', '.join(offsets)}")
    return BandCurves(curves=tuple(curves), used=used, notes=tuple(notes))


@answers_mistakes
def evaluate(curves: BandCurves, mjd: ArrayLike) -> tuple[Array, Array]:
    """Flux and error of every band at any dates.

    Parameters
    ----------
    curves : BandCurves
    mjd : array_like, (n_mjd,) [d]

    Returns
    -------
    flux, flux_err : ndarray, (n_mjd, n_band) [nJy AB]
        NaN outside the support of the band. The error includes the fitted extra scatter.

    Examples
    --------
    >>> from sntransport.calibration import evaluate, fit_band_curves
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> curves = fit_band_curves(demo_supernova().light_curve)
    >>> flux, flux_err = evaluate(curves, [60000.0, 60500.0])
    >>> print(curves.bands[0], (flux_err / flux)[:, 0].round(3))
    bessellb [0.025   nan]
    """
    mjd = np.atleast_1d(np.asarray(mjd, dtype=np.float64))
    flux = np.full((mjd.size, len(curves.curves)), np.nan)
    flux_err = flux.copy()
    for j, curve in enumerate(curves.curves):
        inside = np.any((mjd[:, None] >= curve.support[:, 0]) & (mjd[:, None] <= curve.support[:, 1]), axis=1)
        if not inside.any():
            continue
        cross = curve.amplitude**2 * matern(mjd[inside, None] - curve.mjd, curve.time_scale)
        variance = curve.amplitude**2 - np.einsum("ij,jk,ik->i", cross, curve.inverse, cross)
        flux[inside, j] = np.exp(curve.mean + cross @ curve.weights)
        flux_err[inside, j] = flux[inside, j] * np.sqrt(np.maximum(variance, 0.0) + curve.error_floor**2)
    return flux, flux_err


def instrument_offsets(curves: BandCurves, light_curve: LightCurve) -> Array:
    """How much fainter the instrument of each point is than its band curve.

    Parameters
    ----------
    curves : BandCurves
    light_curve : LightCurve

    Returns
    -------
    ndarray, (n_obs,) [mag]
        0 where the band has no curve, or the instrument no part in it.
    """
    known = {
        (curve.band, name): value
        for curve in curves.curves
        for name, value in zip(curve.instruments, curve.offset, strict=True)
    }
    pairs = zip(light_curve.band.tolist(), light_curve.instrument.tolist(), strict=True)
    return np.array([known.get(pair, 0.0) for pair in pairs], dtype=np.float64)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Nights:
    """Weighted means of one instrument's points of a night, in order of date: ln flux and its error, (n_night,).

    ``instrument`` (n_night,) counts in ``names``.
    """

    mjd: Array
    value: Array
    error: Array
    instrument: NDArray[np.int64]
    names: tuple[str, ...]

    def only(self, kept: NDArray[np.bool_]) -> _Nights:
        return _Nights(
            mjd=self.mjd[kept],
            value=self.value[kept],
            error=self.error[kept],
            instrument=self.instrument[kept],
            names=self.names,
        )


def _nights(curve: LightCurve, rows: NDArray[np.int64], width: float = 0.3) -> tuple[_Nights, NDArray[np.int64]]:
    """Weighted means of an instrument's points within ``width`` days, and the night (n_point,) of each point.

    The error of a mean is at least its own scatter, so that points that disagree do not make a precise night.
    """
    names, instrument = np.unique(curve.instrument[rows], return_inverse=True)
    value, error = np.log(curve.flux[rows]), curve.flux_err[rows] / curve.flux[rows]
    mjd, member = curve.mjd[rows], np.empty(rows.size, dtype=np.int64)
    nights: list[tuple[float, float, float, int]] = []
    for k in range(names.size):
        mine = np.flatnonzero(instrument == k)
        starts = [0]
        for i in range(1, mine.size):
            if mjd[mine[i]] - mjd[mine[starts[-1]]] > width:
                starts.append(i)
        for group in np.split(mine, starts[1:]):
            weight = 1.0 / (error[group] ** 2 + 0.01**2)
            mean = np.average(value[group], weights=weight)
            scatter = np.average((value[group] - mean) ** 2, weights=weight) / max(group.size - 1, 1)
            member[group] = len(nights)
            nights.append((np.average(mjd[group], weights=weight), mean, np.sqrt(1.0 / weight.sum() + scatter), k))
    columns = np.array(nights)
    order = np.argsort(columns[:, 0], kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    date, mean, deviation, which = columns[order].T
    return _Nights(
        mjd=date, value=mean, error=deviation, instrument=which.astype(np.int64), names=tuple(names.tolist())
    ), place[member]


def _covariances(nights: _Nights, scale: float, amplitude: Array, scatter: Array) -> Array:
    """Covariance matrices of the data for a batch of amplitudes and scatters, (n_batch, n, n)."""
    shape = matern(nights.mjd[:, None] - nights.mjd, scale)
    noise = nights.error**2 + scatter[:, None] ** 2
    alike = nights.instrument[:, None] == nights.instrument
    common = _OFFSET_SCATTER**2 * alike if len(nights.names) > 1 else 0.0
    return amplitude[:, None, None] ** 2 * shape + common + noise[:, :, None] * np.eye(nights.mjd.size)


def _without_outliers(nights: _Nights, limit: float) -> NDArray[np.bool_]:
    """Which nights agree with what the others around them predict."""
    n = nights.mjd.size
    if n > _MOST_NIGHTS:
        first = np.arange(n) < n // 2
        return np.concatenate([_without_outliers(nights.only(side), limit) for side in (first, ~first)])
    kept = np.ones(n, dtype=bool)
    for _ in range(int(_MAX_REJECTED * n)):
        used = np.flatnonzero(kept)
        pull = np.abs(_left_out(nights.only(kept)))
        worst = int(np.argmax(pull))
        if pull[worst] <= limit:
            break
        kept[used[worst]] = False
    return kept


def _left_out(nights: _Nights) -> Array:
    """How many standard deviations each night (n_night,) is off what all others predict."""
    covariance = _covariances(nights, 20.0, np.array([1.0]), np.array([_FIRST_SCATTER]))[0]
    inverse = np.linalg.inv(covariance)
    # Leave-one-out residual over its standard deviation (Rasmussen & Williams 2006, eq. 5.12).
    return np.asarray(inverse @ (nights.value - np.median(nights.value)) / np.sqrt(np.diag(inverse)))


def _pulls(nights: _Nights, kept: NDArray[np.bool_]) -> Array:
    """How many standard deviations each night (n_night,), kept or not, is off what the other kept ones predict."""
    n = kept.size
    if n > _MOST_NIGHTS:
        first = np.arange(n) < n // 2
        return np.concatenate([_pulls(nights.only(side), kept[side]) for side in (first, ~first)])
    out = np.zeros(n)
    if not kept.any():
        return out
    out[kept] = _left_out(nights.only(kept))
    for night in np.flatnonzero(~kept):
        beside = kept.copy()
        beside[night] = True
        out[night] = _left_out(nights.only(beside))[int(np.sum(beside[:night]))]
    return out


def _fit(band: str, nights: _Nights, extend: float, max_gap: float) -> BandCurve:
    mjd = nights.mjd
    mean = float(np.average(nights.value, weights=1.0 / (nights.error**2 + 0.05**2)))
    amplitude, scale, best_scatter = _best(nights, mean)
    shape = amplitude**2 * matern(mjd[:, None] - mjd, scale)
    member = nights.instrument[:, None] == np.arange(len(nights.names))
    scatter: Array = np.full(len(nights.names), best_scatter)
    value = nights.value - mean
    rounds = 3 if len(nights.names) > 1 else 1
    for step in range(rounds):
        noise = np.diag(nights.error**2 + scatter[nights.instrument] ** 2)
        inverse = np.asarray(np.linalg.inv(shape + noise), dtype=np.float64)
        shift, _ = common_offsets(
            member.T @ inverse @ member,
            member.T @ inverse @ value,
            np.full(len(nights.names), _OFFSET_SCATTER if rounds > 1 else 0.0),
        )
        # Which instrument is right is not known: the level of the band is the mean over nights.
        shift = shift - np.average(shift, weights=member.sum(axis=0))
        weights = inverse @ (value - member @ shift)
        if step < rounds - 1:
            scatter = _scatters(nights, inverse, weights, scatter)
    breaks = np.flatnonzero(np.diff(mjd) > max_gap)
    starts, stops = np.append(0, breaks + 1), np.append(breaks, mjd.size - 1)
    support = np.stack([mjd[starts] - extend, mjd[stops] + extend], axis=1)
    floor = float(np.mean(scatter[nights.instrument] ** -2.0) ** -0.5)
    return BandCurve(
        band=band,
        mjd=readonly(mjd, "mjd"),
        value=readonly(nights.value - shift[nights.instrument], "value"),
        error=readonly(np.hypot(nights.error, scatter[nights.instrument]), "error"),
        mean=mean,
        amplitude=amplitude,
        time_scale=scale,
        instruments=nights.names,
        offset=-MAG_PER_LN * shift,
        scatter=scatter,
        error_floor=floor,
        inverse=inverse,
        weights=weights,
        support=support,
    )


def _scatters(nights: _Nights, inverse: Array, weights: Array, scatter: Array) -> Array:
    """Scatter of each instrument, from how far its nights are off what all others predict (leave-one-out)."""
    variance = 1.0 / np.diag(inverse)
    excess = (weights * variance) ** 2 - variance + scatter[nights.instrument] ** 2
    out = scatter.copy()
    for k in range(scatter.size):
        mine = nights.instrument == k
        if mine.sum() >= _FEWEST_NIGHTS:
            out[k] = np.sqrt(np.clip(excess[mine].mean(), _SCATTER_RANGE[0] ** 2, _SCATTER_RANGE[1] ** 2))
    return out


def _best(nights: _Nights, mean: float) -> tuple[float, float, float]:
    """Amplitude, time scale and scatter of highest marginal likelihood; sane fixed values for very few nights."""
    if nights.mjd.size < 4:
        return 1.0, 20.0, 0.05
    thin = np.zeros(nights.mjd.size, dtype=bool)
    thin[:: -(-nights.mjd.size // _MOST_NIGHTS)] = True
    nights = nights.only(thin)
    n = nights.mjd.size
    value = nights.value - mean
    amplitude, scatter = (grid.ravel() for grid in np.meshgrid(_AMPLITUDES, _SCATTERS))
    best, chosen = -np.inf, (1.0, 20.0, 0.05)
    for scale in _TIME_SCALES:
        factor = np.linalg.cholesky(_covariances(nights, scale, amplitude, scatter))
        white = np.linalg.solve(factor, np.broadcast_to(value[:, None], (amplitude.size, n, 1)))[..., 0]
        determinant = np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
        likelihood = -0.5 * (white**2).sum(axis=1) - determinant
        k = int(np.argmax(likelihood))
        if likelihood[k] > best:
            best, chosen = float(likelihood[k]), (float(amplitude[k]), float(scale), float(scatter[k]))
    return chosen
