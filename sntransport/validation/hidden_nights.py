"""Hidden nights: photometry of all bands hidden night by night, and predicted by the delivered series.

Beside the series stands a Gaussian process per band through what remains of that band, which is what a smooth curve
through photometry alone can do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport.calibration.band_curves import BandCurves, evaluate, fit_band_curves, instrument_offsets
from sntransport.pipeline import build
from sntransport.spectra.observations import LightCurve, Supernova, broad_class
from sntransport.transport.interpolators import ForPair, ForSupernova, Interpolator
from sntransport.transport.templates.by_class import class_transport
from sntransport.validation.photometric_test import band_letter, flux_ratios, points_in, precise_points, rejected_points

PREDICTIONS = ("series", "band curves")
"""The series built without the hidden nights; a Gaussian process per band through the other nights of the band."""


@dataclass(frozen=True, eq=False, kw_only=True)
class NightPoints:
    """Photometric points of hidden nights, one row a point and draw of nights.

    ``supernova``, ``sn_class``, ``band``, ``letter``, ``mjd`` and the ``seed`` of the draw are (n,). ``ratio`` (2, n)
    is predicted over observed flux in the order of `PREDICTIONS`, NaN where there is no prediction; the observed flux
    is what the other instruments of the band would have seen. ``outlier`` and ``rejected`` (n,) as in
    `sntransport.validation.photometric_test.BandPoints`: from all nights, none hidden.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.validation import judge_nights
    >>> points = judge_nights([demo_supernova()], seeds=[1])
    >>> points.ratio.shape == (2, points.mjd.size)
    True
    """

    supernova: NDArray[np.str_]
    sn_class: NDArray[np.str_]
    band: NDArray[np.str_]
    letter: NDArray[np.str_]
    mjd: Array
    seed: NDArray[np.int64]
    ratio: Array
    outlier: NDArray[np.bool_]
    rejected: NDArray[np.bool_]


@answers_mistakes
def judge_nights(
    supernovae: Iterable[Supernova],
    *,
    share: float = 0.3,
    seeds: Sequence[int] = (1, 2, 3),
    interpolate: Interpolator | ForPair | ForSupernova = class_transport,
    max_gap: float = 40.0,
) -> NightPoints:
    """Hide a share of the nights, build the series without them, and compare its photometry with what was hidden.

    Parameters
    ----------
    supernovae : iterable of Supernova
    share : float
        Of the nights that is hidden, drawn night by night; all bands of a night are hidden together.
    seeds : sequence of int
        One draw of nights for each, of every supernova anew.
    interpolate : callable
        See `sntransport.build`.
    max_gap : float [rest-frame d]
        Widest gap between spectra that is bridged.

    Returns
    -------
    NightPoints
        Points as in `sntransport.validation.photometric_test.precise_points`.

    Raises
    ------
    ValueError
        Where there is no such point, or ``share`` is not between 0 and 1.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.validation import judge_nights
    >>> points = judge_nights([demo_supernova()], share=0.3, seeds=[1])
    >>> bool(np.nanmedian(np.abs(points.ratio - 1.0)) < 0.05)
    True
    """
    if not 0.0 < share < 1.0:
        raise ValueError(f"share is {share}, expected a number between 0 and 1")
    parts = []
    for sn in supernovae:
        points, _ = precise_points(sn.light_curve)
        if points.mjd.size:
            parts += _of_supernova(sn, points, share, seeds, interpolate=interpolate, max_gap=max_gap)
    if not parts:
        raise ValueError("no photometry in B, g, V, r, R, i or I to judge")
    names = [field.name for field in fields(NightPoints)]
    return NightPoints(**{name: np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in names})


def _of_supernova(
    sn: Supernova,
    points: LightCurve,
    share: float,
    seeds: Sequence[int],
    *,
    interpolate: Interpolator | ForPair | ForSupernova,
    max_gap: float,
) -> list[NightPoints]:
    """The points of one supernova, for every draw of nights; none of a draw that would leave nothing."""
    curves = fit_band_curves(points)
    # In one system: as the other instruments of the band would have seen it.
    right = replace(points, flux=points.flux * 10.0 ** (0.4 * instrument_offsets(curves, points)))
    phase = sn.phase_of(points.mjd)
    whole = build(sn, phases=np.unique(phase), interpolate=interpolate, max_gap=max_gap)
    rejected = rejected_points(whole, points, phase)
    night, night_of = np.unique(np.floor(sn.light_curve.mjd), return_inverse=True)
    parts = []
    for seed in seeds:
        gone = np.random.default_rng(seed).random(night.size) < share
        hidden = np.isin(np.floor(points.mjd), night[gone])
        if gone.all():
            # Something must be left to build from.
            hidden[:] = gone[:] = False
        rest = replace(sn, light_curve=points_in(sn.light_curve, ~gone[night_of]))
        judged, at = points_in(right, hidden), phase[hidden]
        ratio = np.empty((len(PREDICTIONS), at.size))
        if at.size:
            series = build(rest, phases=np.unique(at), interpolate=interpolate, max_gap=max_gap).series
            ratio[:] = flux_ratios(series, sn, judged, at), _curve_ratios(fit_band_curves(rest.light_curve), judged)
        parts.append(
            NightPoints(
                supernova=np.full(at.size, sn.name),
                sn_class=np.full(at.size, broad_class(sn.sn_type)),
                band=judged.band,
                letter=np.array([band_letter(str(band)) for band in judged.band], dtype=np.str_),
                mjd=judged.mjd,
                seed=np.full(at.size, seed),
                ratio=ratio,
                outlier=~curves.used[hidden],
                rejected=rejected[hidden],
            )
        )
    return parts


def _curve_ratios(curves: BandCurves, points: LightCurve) -> Array:
    """Flux of the band curve over that of every point; NaN outside the support of its band."""
    flux, _ = evaluate(curves, points.mjd)
    column = {band: k for k, band in enumerate(curves.bands)}
    found = [flux[row, column[band]] if band in column else np.nan for row, band in enumerate(points.band.tolist())]
    return np.asarray(np.array(found, dtype=np.float64) / points.flux)
