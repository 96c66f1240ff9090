"""The photometric test: how much observed photometry the synthetic photometry of a series meets within 10 %.

Ways to a series, from the same spectra: scaled in V only; calibrated on all bands; calibrated on all bands but the one
that is judged; one factor from these; and spectra as they are. Beside them the floor: the nearest spectrum within a
day, scaled in V, not interpolated.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport.calibration.band_curves import evaluate, fit_band_curves, instrument_offsets
from sntransport.calibration.gray import gray_offset
from sntransport.calibration.preparation import prepare
from sntransport.photometry.synthetic import CoverageWarning, band_flux, band_matrix, synthetic_flux
from sntransport.pipeline import BuildResult, build
from sntransport.spectra.observations import LightCurve, Supernova, broad_class
from sntransport.spectra.series import SpectralSeries
from sntransport.transport.interpolators import ForPair, ForSupernova, Interpolator, for_supernova
from sntransport.transport.synthesis import Photometry, synthesize
from sntransport.transport.templates.by_class import class_transport
from sntransport.transport.weights import PAPER_POWER, paper_weight

LETTERS = {
    "B": ("bessellb", "uvot::b", "cspb"),
    "g": ("sdssg", "cspg", "ps1::g", "ztfg", "ptf48g"),
    "V": ("bessellv", "uvot::v", "cspv9844"),
    "r": ("sdssr", "cspr", "ps1::r", "ztfr"),
    "R": ("bessellr", "ptf48r"),
    "i": ("sdssi", "cspi", "ps1::i", "ztfi"),
    "I": ("besselli",),
}
"""Bands that are judged together, and left out together, by the letter observers use."""

METHODS = ("floor", "V only", "all bands", "left out", "one factor", "as is")
"""Nearest spectrum; scaled in V; calibrated on all bands; calibrated on all but those of the judged letter; scaled in
the latter; not calibrated."""

PAPER = {
    ("Ia", "V"): "87", ("II", "V"): "84", ("Ia", "i"): "53", ("Ia", "I"): "42",
} | {(sn_class, letter): "65-87" for sn_class in ("Ia", "II") for letter in "BgRr"}  # fmt: skip
"""Shares [%] of Ramirez et al. 2024 (arXiv:2409.10701), scaled in V, gaps up to 40 d; other supernovae than here."""

WITHIN = 0.1

FAR = 3.0
"""Points this far from any spectrum have a table of their own [rest-frame d]."""


LARGEST_ERROR = 0.1
"""Points with a larger relative error are not judged."""

_NEAREST = 1.0


@dataclass(frozen=True, eq=False, kw_only=True)
class BandPoints:
    """Photometric points that were judged, one row a point.

    ``supernova``, ``sn_class``, ``band``, ``letter``, ``phase`` [rest-frame d], ``distance`` to the nearest spectrum
    [rest-frame d] are (n,); ``ratio`` (n_method, n) is synthetic over observed flux in the order of `METHODS`, NaN
    where the method gives none. ``offset`` (n,) [mag] is how much fainter the point's instrument is than others of its
    band, and ``outlier`` (n,) whether its night is one of its band curve; both from photometry alone. ``rejected``
    (n,) says whether the band is off what the spectra and the other bands say at all phases alike, so that the
    calibration on all bands does not follow it (`sntransport.BuildResult`). ``n_faint`` points were not judged: their
    own error is above 10 %.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.validation import judge_bands
    >>> sn = demo_supernova()
    >>> sn = replace(sn, spectra=sn.spectra[2:5])
    >>> points = judge_bands([sn])
    >>> points.ratio.shape == (6, points.band.size)
    True
    """

    supernova: NDArray[np.str_]
    sn_class: NDArray[np.str_]
    band: NDArray[np.str_]
    letter: NDArray[np.str_]
    phase: Array
    distance: Array
    ratio: Array
    mjd: Array
    offset: Array
    outlier: NDArray[np.bool_]
    rejected: NDArray[np.bool_]
    n_faint: int


@answers_mistakes
def judge_bands(
    supernovae: Iterable[Supernova],
    *,
    interpolate: Interpolator | ForPair | ForSupernova = class_transport,
    max_gap: float = 40.0,
) -> BandPoints:
    """Compare observed photometry with the synthetic photometry of series built in three ways.

    Parameters
    ----------
    supernovae : iterable of Supernova
    interpolate : callable
        See `sntransport.build`.
    max_gap : float [rest-frame d]
        Widest gap between spectra that is bridged.

    Returns
    -------
    BandPoints
        Every point of a band in `LETTERS` with an error below 10 % and a positive flux, outliers and all; one that no
        method covers has a ratio of NaN throughout.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.validation import judge_bands
    >>> sn = demo_supernova()
    >>> sn = replace(sn, spectra=sn.spectra[2:5])
    >>> points = judge_bands([sn])
    >>> sorted(set(points.letter.tolist())), bool(np.nanmedian(np.abs(points.ratio - 1.0)) < 0.05)
    (['B', 'I', 'R', 'V'], True)
    """
    parts = []
    for sn in supernovae:
        points, n_faint = precise_points(sn.light_curve)
        if points.mjd.size:
            parts.append(_judged(sn, points, interpolate, max_gap, n_faint))
    if not parts:
        raise ValueError("no photometry in B, g, V, r, R, i or I to judge")
    names = [field.name for field in fields(BandPoints) if field.name != "n_faint"]
    columns = {name: np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in names}
    return BandPoints(**columns, n_faint=sum(part.n_faint for part in parts))


def precise_points(light_curve: LightCurve) -> tuple[LightCurve, int]:
    """The points that are judged.

    Parameters
    ----------
    light_curve : LightCurve

    Returns
    -------
    points : LightCurve
        Those of a band in `LETTERS` with a positive flux and an error below `LARGEST_ERROR` of it.
    n_faint : int
        How many other points of these bands there are.
    """
    known = np.isin(light_curve.band, [name for names in LETTERS.values() for name in names])
    with np.errstate(invalid="ignore"):
        good = known & (light_curve.flux > 0) & (light_curve.flux_err < LARGEST_ERROR * light_curve.flux)
    return points_in(light_curve, good), int(np.sum(known & ~good))


def points_in(curve: LightCurve, rows: NDArray[np.bool_]) -> LightCurve:
    """Some points of a light curve.

    Parameters
    ----------
    curve : LightCurve
    rows : ndarray of bool, (n_obs,)

    Returns
    -------
    LightCurve
    """
    return LightCurve(
        mjd=curve.mjd[rows],
        band=curve.band[rows],
        flux=curve.flux[rows],
        flux_err=curve.flux_err[rows],
        instrument=curve.instrument[rows],
    )


def band_letter(band: str) -> str:
    """The letter of `LETTERS` that a band is judged under.

    Parameters
    ----------
    band : str

    Returns
    -------
    str

    Raises
    ------
    ValueError
        Where it has none.
    """
    for letter, names in LETTERS.items():
        if band in names:
            return letter
    raise ValueError(f"band {band!r} is not judged; those of {', '.join(LETTERS)} are")


def _judged(
    sn: Supernova,
    points: LightCurve,
    interpolate: Interpolator | ForPair | ForSupernova,
    max_gap: float,
    n_faint: int,
) -> BandPoints:
    """The points of one supernova."""
    phase = sn.phase_of(points.mjd)
    letter = np.array([band_letter(str(band)) for band in points.band])
    targets = np.unique(phase)

    def result(curve: LightCurve, *, calibrate: bool = True) -> BuildResult:
        return build(
            replace(sn, light_curve=curve), phases=targets, interpolate=interpolate, max_gap=max_gap,
            calibrate=calibrate,
        )  # fmt: skip

    def built(curve: LightCurve) -> SpectralSeries:
        return result(curve).series

    def scaled(curve: LightCurve) -> SpectralSeries | None:
        return _scaled_by(curve, sn, sparse, targets=targets, interpolate=interpolate, max_gap=max_gap)

    sparse = prepare(sn).series
    in_v = points_in(sn.light_curve, np.isin(sn.light_curve.band, LETTERS["V"]))
    ratio = np.full((len(METHODS), points.mjd.size), np.nan)
    calibrated = result(sn.light_curve)
    whole = {
        "floor": _nearest(sn, in_v, sparse, targets),
        "V only": scaled(in_v),
        "all bands": calibrated.series,
        "as is": result(sn.light_curve, calibrate=False).series,
    }
    for method, series in whole.items():
        if series is not None:
            ratio[METHODS.index(method)] = flux_ratios(series, sn, points, phase)
    for judged in np.unique(letter):
        others = points_in(sn.light_curve, ~np.isin(sn.light_curve.band, LETTERS[str(judged)]))
        rows = letter == judged
        for method, made in (("left out", built), ("one factor", scaled)):
            series = made(others) if others.mjd.size else None
            if series is not None:
                ratio[METHODS.index(method), rows] = flux_ratios(series, sn, points_in(points, rows), phase[rows])
    distance = np.abs(phase[:, None] - sparse.phase).min(axis=1)
    name, sn_class = np.full(phase.size, sn.name), np.full(phase.size, broad_class(sn.sn_type))
    curves = fit_band_curves(points)
    return BandPoints(
        supernova=name,
        sn_class=sn_class,
        band=points.band,
        letter=letter,
        phase=phase,
        distance=distance,
        ratio=ratio,
        mjd=points.mjd,
        offset=instrument_offsets(curves, points),
        outlier=~curves.used,
        rejected=rejected_points(calibrated, points, phase),
        n_faint=n_faint,
    )


def rejected_points(result: BuildResult, points: LightCurve, phase: Array) -> NDArray[np.bool_]:
    """Whether the calibration takes the band of each point for wrong at its date.

    Parameters
    ----------
    result : BuildResult
        At all phases of the points, among others.
    points : LightCurve
    phase : ndarray, (n,) [rest-frame d]
        Of the points.

    Returns
    -------
    ndarray of bool, (n,)
    """
    wrong = np.zeros(phase.size, dtype=bool)
    row = np.searchsorted(result.series.phase, phase)
    for column, band in enumerate(result.curves.bands):
        wrong |= (points.band == band) & result.rejected[row, column]
    return wrong


def flux_ratios(series: SpectralSeries, sn: Supernova, points: LightCurve, phase: Array) -> Array:
    """Synthetic over observed flux of every point.

    Parameters
    ----------
    series : SpectralSeries
        At all phases of the points, among others.
    sn : Supernova
    points : LightCurve
    phase : ndarray, (n,) [rest-frame d]
        Of the points.

    Returns
    -------
    ndarray, (n,)
        NaN where the series does not cover the band of the point at its date.
    """
    bands = list(points.bands)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoverageWarning)
        flux = band_flux(series, bands, sn.sightline)
    row = np.searchsorted(series.phase, phase)
    column = np.array([bands.index(str(band)) for band in points.band])
    return np.asarray(flux[row, column] / points.flux)


def _one_factor(curve: LightCurve, sn: Supernova, series: SpectralSeries) -> Array | None:
    """Ln of observed over synthetic flux at every phase, NaN where there is none; None without a usable point."""
    curves = fit_band_curves(curve)
    if not curves.bands:
        return None
    flux, flux_err = evaluate(curves, sn.mjd_of(series.phase))
    matrix = band_matrix(series.wave, curves.bands, sn.sightline)
    return gray_offset(synthetic_flux(series.flux, matrix)[0], flux, flux_err)


def _scaled(series: SpectralSeries, ln_factor: Array) -> SpectralSeries:
    """Rows times their factor; rows without one are left out."""
    kept = np.isfinite(ln_factor)
    factor = np.exp(ln_factor[kept])[:, None]
    return replace(
        series,
        phase=series.phase[kept],
        flux=series.flux[kept] * factor,
        flux_err=series.flux_err[kept] * factor,
        origin=series.origin[kept],
    )


def _scaled_by(
    curve: LightCurve,
    sn: Supernova,
    sparse: SpectralSeries,
    *,
    targets: Array,
    interpolate: Interpolator | ForPair | ForSupernova,
    max_gap: float,
) -> SpectralSeries | None:
    """Series from spectra scaled to photometry, itself scaled to it; None without photometry at any spectrum."""
    factor = _one_factor(curve, sn, sparse)
    if factor is None or not np.isfinite(factor).any():
        return None
    curves = fit_band_curves(curve)
    flux, flux_err = evaluate(curves, sn.mjd_of(targets))
    photometry = Photometry(matrix=band_matrix(sparse.wave, curves.bands, sn.sightline), flux=flux, flux_err=flux_err)
    fitted = for_supernova(interpolate, sn, sparse)
    dense = synthesize(
        _scaled(sparse, factor),
        targets,
        interpolate=fitted,
        weight=partial(paper_weight, epoch_power=PAPER_POWER),
        max_gap=max_gap,
        photometry=photometry,
    ).series
    again = _one_factor(curve, sn, dense)
    return _in_place(dense, again) if again is not None else None


def _in_place(series: SpectralSeries, ln_factor: Array) -> SpectralSeries:
    """Rows times their factor; rows without one stay."""
    factor = np.exp(np.nan_to_num(ln_factor))[:, None]
    return replace(series, flux=series.flux * factor, flux_err=series.flux_err * factor)


def _nearest(sn: Supernova, in_v: LightCurve, sparse: SpectralSeries, targets: Array) -> SpectralSeries | None:
    """At every target the nearest spectrum within a day, scaled to V at the target; elsewhere NaN."""
    row = np.abs(targets[:, None] - sparse.phase).argmin(axis=1)
    near = np.abs(targets - sparse.phase[row]) <= _NEAREST
    flux = np.where(near[:, None], sparse.flux[row], np.nan)
    held = SpectralSeries(
        phase=targets, wave=sparse.wave, flux=flux, name=sparse.name, sn_type=sparse.sn_type, mjd_ref=sparse.mjd_ref
    )
    factor = _one_factor(in_v, sn, held)
    return None if factor is None else _in_place(held, np.where(np.isfinite(factor), factor, -np.inf))
