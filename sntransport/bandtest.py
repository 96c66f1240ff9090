"""The photometric test: how much observed photometry the synthetic photometry of a series meets within 10 %.

Three ways to a series, from the same spectra: scaled in V only; calibrated on all bands; and calibrated on all bands
but the one that is judged. Beside them the floor: the nearest spectrum within a day, scaled in V, not interpolated.
"""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sntransport.bandcurves import evaluate, fit_band_curves
from sntransport.calibrate import grey_offset
from sntransport.checks import Array
from sntransport.choice import class_transport
from sntransport.interpolators import ForPair, ForSupernova, Interpolator, for_supernova
from sntransport.observations import LightCurve, Supernova, broad_class
from sntransport.photometry import CoverageWarning, band_flux, band_matrix, synthetic_flux
from sntransport.pipeline import build
from sntransport.prepare import prepare
from sntransport.series import SpectralSeries
from sntransport.synthesis import Photometry, synthesize
from sntransport.weights import paper_weight

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

METHODS = ("floor", "V only", "all bands", "left out")
"""Nearest spectrum; scaled in V; calibrated on all bands; calibrated on all but those of the judged letter."""

PAPER = {
    ("Ia", "V"): "87", ("II", "V"): "84", ("Ia", "i"): "53", ("Ia", "I"): "42",
} | {(sn_class, letter): "65-87" for sn_class in ("Ia", "II") for letter in "BgRr"}  # fmt: skip
"""Shares [%] of Ramirez et al. 2024 (arXiv:2409.10701), scaled in V, gaps up to 40 d; other supernovae than here."""

WITHIN = 0.1

FAR = 3.0
"""Points this far from any spectrum have a table of their own [rest-frame d]."""

_NEAREST = 1.0
_LARGEST_ERROR = 0.1


@dataclass(frozen=True, eq=False)
class BandPoints:
    """Photometric points that were judged, one row a point.

    ``supernova``, ``sn_class``, ``band``, ``letter``, ``phase`` [rest-frame d], ``distance`` to the nearest spectrum
    [rest-frame d] are (n,); ``ratio`` (n_method, n) is synthetic over observed flux in the order of `METHODS`, NaN
    where the method gives none. ``n_faint`` points were not judged because their own error is above 10 %.
    """

    supernova: NDArray[np.str_]
    sn_class: NDArray[np.str_]
    band: NDArray[np.str_]
    letter: NDArray[np.str_]
    phase: Array
    distance: Array
    ratio: Array
    n_faint: int


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
    """
    parts = []
    for sn in supernovae:
        curve = sn.light_curve
        known = np.isin(curve.band, [name for names in LETTERS.values() for name in names])
        with np.errstate(invalid="ignore"):
            good = known & (curve.flux > 0) & (curve.flux_err < _LARGEST_ERROR * curve.flux)
        if good.any():
            parts.append(_judged(sn, _rows(curve, good), interpolate, max_gap, int(np.sum(known & ~good))))
    if not parts:
        raise ValueError("no photometry in B, g, V, r, R, i or I to judge")
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts], axis=-1)
        for name in ("supernova", "sn_class", "band", "letter", "phase", "distance", "ratio")
    }
    return BandPoints(**columns, n_faint=sum(part.n_faint for part in parts))


def _rows(curve: LightCurve, rows: NDArray[np.bool_]) -> LightCurve:
    return LightCurve(curve.mjd[rows], curve.band[rows], curve.flux[rows], curve.flux_err[rows], curve.instrument[rows])


def _letter(band: str) -> str:
    return next(letter for letter, names in LETTERS.items() if band in names)


def _judged(
    sn: Supernova,
    points: LightCurve,
    interpolate: Interpolator | ForPair | ForSupernova,
    max_gap: float,
    n_faint: int,
) -> BandPoints:
    """The points of one supernova."""
    phase = (points.mjd - sn.mjd_ref) / (1.0 + sn.sightline.z)
    letter = np.array([_letter(str(band)) for band in points.band])
    targets = np.unique(phase)

    def built(curve: LightCurve) -> SpectralSeries:
        made = build(replace(sn, light_curve=curve), phases=targets, interpolate=interpolate, max_gap=max_gap)
        return made.series

    sparse = prepare(sn).series
    ratio = np.full((len(METHODS), points.mjd.size), np.nan)
    in_v = _scaled_in_v(sn, sparse, targets, interpolate, max_gap)
    for method, series in zip(METHODS, (_nearest(sn, sparse, targets), in_v, built(sn.light_curve)), strict=False):
        if series is not None:
            ratio[METHODS.index(method)] = _ratios(series, sn, points, phase)
    for judged in np.unique(letter):
        others = _rows(sn.light_curve, ~np.isin(sn.light_curve.band, LETTERS[str(judged)]))
        if others.mjd.size:
            rows = letter == judged
            ratio[-1, rows] = _ratios(built(others), sn, _rows(points, rows), phase[rows])
    distance = np.abs(phase[:, None] - sparse.phase).min(axis=1)
    name, sn_class = np.full(phase.size, sn.name), np.full(phase.size, broad_class(sn.sn_type))
    return BandPoints(name, sn_class, points.band, letter, phase, distance, ratio, n_faint)


def _ratios(series: SpectralSeries, sn: Supernova, points: LightCurve, phase: Array) -> Array:
    """Synthetic over observed flux of every point; NaN where the series does not cover its band at its date."""
    bands = list(points.bands)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoverageWarning)
        flux = band_flux(series, bands, sn.sightline)
    row = np.searchsorted(series.phase, phase)
    column = np.array([bands.index(str(band)) for band in points.band])
    return np.asarray(flux[row, column] / points.flux)


def _v_ratio(sn: Supernova, series: SpectralSeries) -> Array | None:
    """Ln of observed over synthetic V flux at every phase, NaN where either is missing; None without V photometry."""
    in_v = np.isin(sn.light_curve.band, LETTERS["V"])
    if not in_v.any():
        return None
    curves = fit_band_curves(_rows(sn.light_curve, in_v))
    if not curves.bands:
        return None
    observed = evaluate(curves, sn.mjd_ref + series.phase * (1.0 + sn.sightline.z))
    matrix = band_matrix(series.wave, curves.bands, sn.sightline)
    return grey_offset(synthetic_flux(series.flux, matrix)[0], *observed)


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


def _scaled_in_v(
    sn: Supernova,
    sparse: SpectralSeries,
    targets: Array,
    interpolate: Interpolator | ForPair | ForSupernova,
    max_gap: float,
) -> SpectralSeries | None:
    """Series from spectra scaled to V, itself scaled to V; None without V photometry at any spectrum."""
    factor = _v_ratio(sn, sparse)
    if factor is None or not np.isfinite(factor).any():
        return None
    curves = fit_band_curves(_rows(sn.light_curve, np.isin(sn.light_curve.band, LETTERS["V"])))
    observed = evaluate(curves, sn.mjd_ref + targets * (1.0 + sn.sightline.z))
    photometry = Photometry(band_matrix(sparse.wave, curves.bands, sn.sightline), *observed)
    fitted = for_supernova(interpolate, sn, sparse)
    dense = synthesize(
        _scaled(sparse, factor),
        targets,
        interpolate=fitted,
        weight=paper_weight,
        max_gap=max_gap,
        photometry=photometry,
    ).series
    again = _v_ratio(sn, dense)
    return _in_place(dense, again) if again is not None else None


def _in_place(series: SpectralSeries, ln_factor: Array) -> SpectralSeries:
    """Rows times their factor; rows without one stay."""
    factor = np.exp(np.nan_to_num(ln_factor))[:, None]
    return replace(series, flux=series.flux * factor, flux_err=series.flux_err * factor)


def _nearest(sn: Supernova, sparse: SpectralSeries, targets: Array) -> SpectralSeries | None:
    """At every target the nearest spectrum within a day, scaled to V at the target; elsewhere NaN."""
    row = np.abs(targets[:, None] - sparse.phase).argmin(axis=1)
    near = np.abs(targets - sparse.phase[row]) <= _NEAREST
    flux = np.where(near[:, None], sparse.flux[row], np.nan)
    held = SpectralSeries(targets, sparse.wave, flux, name=sparse.name, sn_type=sparse.sn_type, mjd_ref=sparse.mjd_ref)
    factor = _v_ratio(sn, held)
    return None if factor is None else _in_place(held, np.where(np.isfinite(factor), factor, -np.inf))


@dataclass(frozen=True)
class Share:
    """How much of the photometry one method meets within 10 %.

    Of a class and letter (or "all"), of points ``at_least`` [rest-frame d] from the nearest spectrum. ``n_points`` are
    those that all three series cover, from ``n_supernovae``; the shares are of the ``n_known`` of them that the method
    gives: ``share`` of all, ``mean`` over supernovae of each one's share; NaN without any.
    """

    sn_class: str
    letter: str
    at_least: float
    n_supernovae: int
    n_points: int
    method: str
    n_known: int
    share: float
    mean: float


def all_shares(points: BandPoints, *, at_least: float = 0.0) -> list[Share]:
    """Share of points within 10 %, of every class, letter and method.

    Parameters
    ----------
    points : BandPoints
    at_least : float [rest-frame d]
        Only points this far or further from the nearest spectrum.

    Returns
    -------
    list of Share
        Of each class and letter with any points, the methods in the order of `METHODS`. The three series use the same
        points: those all of them cover.
    """
    found = []
    far = points.distance >= at_least
    classes = [name for name in ("Ia", "II", "Ib/c", "other") if np.any(points.sn_class == name)]
    for sn_class in [*classes, "all"]:
        for letter in [*LETTERS, "all"]:
            mine = (
                far & ((points.sn_class == sn_class) | (sn_class == "all")) & np.isfinite(points.ratio[1:]).all(axis=0)
            )
            mine &= (points.letter == letter) | (letter == "all")
            for method, ratio in zip(METHODS, points.ratio, strict=True):
                known = mine & np.isfinite(ratio) & (ratio > 0)
                met = shares(points.supernova[known], ratio[known]) if known.any() else (np.nan, np.nan)
                counts = np.unique(points.supernova[mine]).size, int(mine.sum())
                if counts[1]:
                    found.append(Share(sn_class, letter, at_least, *counts, method, int(known.sum()), *met))
    return found


def share_rows(found: Iterable[Share]) -> list[dict[str, str]]:
    """Rows of a table, one a class and letter, for `sntransport.tables.text_table`.

    Parameters
    ----------
    found : iterable of Share

    Returns
    -------
    list of dict
        Of each method the share of points, the mean over supernovae in parentheses, and how many points if fewer than
        are judged in all.
    """
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for one in found:
        row = rows.setdefault((one.sn_class, one.letter), {"class": one.sn_class, "band": one.letter})
        row |= {"SNe": str(one.n_supernovae), "points": str(one.n_points)}
        row |= {"paper [%]": PAPER.get((one.sn_class, one.letter), "")}
        counted = "" if one.n_known == one.n_points else f" of {one.n_known}"
        text = f"{100 * one.share:.0f} ({100 * one.mean:.0f}){counted}" if one.n_known else ""
        row[f"{one.method} [%]"] = text
    return list(rows.values())


def shares(supernova: NDArray[np.str_], ratio: Array) -> tuple[float, float]:
    """Share of ratios within 10 % of 1: of all points, and the mean over supernovae of each one's share."""
    inside = np.abs(ratio - 1.0) <= WITHIN
    return float(inside.mean()), float(np.mean([inside[supernova == name].mean() for name in np.unique(supernova)]))


def report(points: BandPoints) -> str:
    """The tables as text, with what they count."""
    from sntransport.tables import text_table

    tables = {
        "All points": share_rows(all_shares(points)),
        f"Points {FAR:.0f} d or more from any spectrum": share_rows(all_shares(points, at_least=FAR)),
    }
    text = "\n".join(f"{title}\n{text_table(rows)}\n" for title, rows in tables.items() if rows)
    return (
        f"Share of observed photometry within {WITHIN:.0%} of the synthetic photometry of the series\n\n{text}\n"
        "In parentheses the mean over supernovae. floor: nearest spectrum within a day, scaled in V; V only: spectra\n"
        "and series scaled in V; all bands: calibrated on all; left out: calibrated on all but those of the letter.\n"
        f"paper: Ramirez et al. 2024, scaled in V, other supernovae. {points.n_faint} points with errors above "
        f"{_LARGEST_ERROR:.0%} are not judged.\n"
    )
