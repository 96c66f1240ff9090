"""The photometric test: how much observed photometry the synthetic photometry of a series meets within 10 %.

Ways to a series, from the same spectra: scaled in V only; calibrated on all bands; calibrated on all bands but the one
that is judged; one factor from these; and spectra as they are. Beside them the floor: the nearest spectrum within a
day, scaled in V, not interpolated.
"""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sntransport.bandcurves import evaluate, fit_band_curves, instrument_offsets
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

METHODS = ("floor", "V only", "all bands", "left out", "one factor", "as is")
"""Nearest spectrum; scaled in V; calibrated on all bands; calibrated on all but those of the judged letter; scaled in
the latter; not calibrated."""

PAPER = {
    ("Ia", "V"): "87", ("II", "V"): "84", ("Ia", "i"): "53", ("Ia", "I"): "42",
} | {(sn_class, letter): "65-87" for sn_class in ("Ia", "II") for letter in "BgRr"}  # fmt: skip
"""Shares [%] of Ramirez et al. 2024 (arXiv:2409.10701), scaled in V, gaps up to 40 d; other supernovae than here."""

WITHIN = 0.1
_NEAREST = 1.0
_LARGEST_ERROR = 0.1


@dataclass(frozen=True, eq=False)
class BandPoints:
    """Photometric points that were judged, one row a point.

    ``supernova``, ``sn_class``, ``band``, ``letter``, ``phase`` [rest-frame d], ``distance`` to the nearest spectrum
    [rest-frame d] are (n,); ``ratio`` (n_method, n) is synthetic over observed flux in the order of `METHODS`, NaN
    where the method gives none. ``offset`` (n,) [mag] is how much fainter the point's instrument is than others of its
    band, and ``rejected`` (n,) whether its night is an outlier of its band curve; both from photometry alone.
    ``n_faint`` points were not judged because their own error is above 10 %.
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
    rejected: NDArray[np.bool_]
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
        for name in (
            "supernova",
            "sn_class",
            "band",
            "letter",
            "phase",
            "distance",
            "ratio",
            "mjd",
            "offset",
            "rejected",
        )
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

    def built(curve: LightCurve, *, calibrate: bool = True) -> SpectralSeries:
        return build(
            replace(sn, light_curve=curve), phases=targets, interpolate=interpolate, max_gap=max_gap,
            calibrate=calibrate,
        ).series  # fmt: skip

    def scaled(curve: LightCurve) -> SpectralSeries | None:
        return _scaled_by(curve, sn, sparse, targets, interpolate, max_gap)

    sparse = prepare(sn).series
    in_v = _rows(sn.light_curve, np.isin(sn.light_curve.band, LETTERS["V"]))
    ratio = np.full((len(METHODS), points.mjd.size), np.nan)
    whole = {
        "floor": _nearest(sn, in_v, sparse, targets),
        "V only": scaled(in_v),
        "all bands": built(sn.light_curve),
        "as is": built(sn.light_curve, calibrate=False),
    }
    for method, series in whole.items():
        if series is not None:
            ratio[METHODS.index(method)] = _ratios(series, sn, points, phase)
    for judged in np.unique(letter):
        others = _rows(sn.light_curve, ~np.isin(sn.light_curve.band, LETTERS[str(judged)]))
        rows = letter == judged
        for method, made in (("left out", built), ("one factor", scaled)):
            series = made(others) if others.mjd.size else None
            if series is not None:
                ratio[METHODS.index(method), rows] = _ratios(series, sn, _rows(points, rows), phase[rows])
    distance = np.abs(phase[:, None] - sparse.phase).min(axis=1)
    name, sn_class = np.full(phase.size, sn.name), np.full(phase.size, broad_class(sn.sn_type))
    curves = fit_band_curves(points)
    return BandPoints(
        name, sn_class, points.band, letter, phase, distance, ratio, points.mjd, instrument_offsets(curves, points),
        ~curves.used, n_faint,
    )  # fmt: skip


def _ratios(series: SpectralSeries, sn: Supernova, points: LightCurve, phase: Array) -> Array:
    """Synthetic over observed flux of every point; NaN where the series does not cover its band at its date."""
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


def _scaled_by(
    curve: LightCurve,
    sn: Supernova,
    sparse: SpectralSeries,
    targets: Array,
    interpolate: Interpolator | ForPair | ForSupernova,
    max_gap: float,
) -> SpectralSeries | None:
    """Series from spectra scaled to photometry, itself scaled to it; None without photometry at any spectrum."""
    factor = _one_factor(curve, sn, sparse)
    if factor is None or not np.isfinite(factor).any():
        return None
    curves = fit_band_curves(curve)
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
    held = SpectralSeries(targets, sparse.wave, flux, name=sparse.name, sn_type=sparse.sn_type, mjd_ref=sparse.mjd_ref)
    factor = _one_factor(in_v, sn, held)
    return None if factor is None else _in_place(held, np.where(np.isfinite(factor), factor, -np.inf))


def on_one_system(points: BandPoints) -> BandPoints:
    """The points as one instrument a band would have seen them, without nights that are outliers of their band."""
    kept = ~points.rejected
    columns = {
        name: getattr(points, name)[kept]
        for name in ("supernova", "sn_class", "band", "letter", "phase", "distance", "mjd", "rejected")
    }
    ratio = points.ratio[:, kept] * 10.0 ** (-0.4 * points.offset[kept])
    return BandPoints(**columns, ratio=ratio, offset=np.zeros(int(kept.sum())), n_faint=points.n_faint)


def share_rows(points: BandPoints, *, at_least: float = 0.0) -> list[dict[str, str]]:
    """Share of points within 10 %, one row a class and letter, for `sntransport.tables.text_table`.

    Parameters
    ----------
    points : BandPoints
    at_least : float [rest-frame d]
        Only points this far or further from the nearest spectrum.

    Returns
    -------
    list of dict
        Of each method the share of points, the mean over supernovae in parentheses, and how many points if fewer than
        are judged in all. The columns of the three series use the same points: those all of them cover.
    """
    rows = []
    far = points.distance >= at_least
    classes = [name for name in ("Ia", "II", "Ib/c", "other") if np.any(points.sn_class == name)]
    for sn_class in [*classes, "all"]:
        for letter in [*LETTERS, "all"]:
            mine = (
                far & ((points.sn_class == sn_class) | (sn_class == "all")) & np.isfinite(points.ratio[1:]).all(axis=0)
            )
            mine &= (points.letter == letter) | (letter == "all")
            if mine.any():
                rows.append(_share_row(points, sn_class, letter, mine))
    return rows


def _share_row(points: BandPoints, sn_class: str, letter: str, mine: NDArray[np.bool_]) -> dict[str, str]:
    row = {"class": sn_class, "band": letter, "SNe": str(np.unique(points.supernova[mine]).size)}
    row |= {"points": str(int(mine.sum())), "paper [%]": PAPER.get((sn_class, letter), "")}
    for method, ratio in zip(METHODS, points.ratio, strict=True):
        known = mine & np.isfinite(ratio) & (ratio > 0)
        if not known.any():
            row[f"{method} [%]"] = ""
            continue
        by_point, by_supernova = shares(points.supernova[known], ratio[known])
        counted = "" if known.sum() == mine.sum() else f" of {int(known.sum())}"
        row[f"{method} [%]"] = f"{100 * by_point:.0f} ({100 * by_supernova:.0f}){counted}"
    return row


def shares(supernova: NDArray[np.str_], ratio: Array) -> tuple[float, float]:
    """Share of ratios within 10 % of 1: of all points, and the mean over supernovae of each one's share."""
    inside = np.abs(ratio - 1.0) <= WITHIN
    return float(inside.mean()), float(np.mean([inside[supernova == name].mean() for name in np.unique(supernova)]))


def _outliers(points: BandPoints) -> str:
    """Which points are outliers of their band, one line each."""
    rows = np.flatnonzero(points.rejected)
    named = [f"  {points.supernova[i]} {points.band[i]} MJD {points.mjd[i]:.2f}\n" for i in rows]
    return f"{rows.size} points are outliers of their band{':' if named else '.'}\n{''.join(named)}"


def report(points: BandPoints) -> str:
    """The tables as text, with what they count."""
    from sntransport.tables import text_table

    tables = {
        "All points": share_rows(points),
        "Points 3 d or more from any spectrum": share_rows(points, at_least=3.0),
        "All points, instruments of a band on one system, without outliers": share_rows(on_one_system(points)),
    }
    text = "\n".join(f"{title}\n{text_table(rows)}\n" for title, rows in tables.items() if rows)
    return (
        f"Share of observed photometry within {WITHIN:.0%} of the synthetic photometry of the series\n\n{text}\n"
        "In parentheses the mean over supernovae. floor: nearest spectrum within a day, scaled in V; V only: spectra\n"
        "and series scaled in V; all bands: calibrated on all; left out: calibrated on all but those of the letter;\n"
        "one factor: scaled in these; as is: not calibrated.\n"
        f"paper: Ramirez et al. 2024, scaled in V, other supernovae. {points.n_faint} points with errors above "
        f"{_LARGEST_ERROR:.0%} are not judged.\n{_outliers(points)}"
    )
