"""The step test: whether the light curves of a delivered series jump.

A supernova is smooth over days: what its brightness changes within one day is about what it changes the day before and
the day after. The difference is what the building of the series put there, or noise that it followed.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import njy_to_mag
from sntransport._objects.arguments import answers_mistakes
from sntransport.photometry.synthetic import CoverageWarning, band_flux
from sntransport.pipeline import build
from sntransport.spectra.observations import Supernova, broad_class
from sntransport.transport.interpolators import ForPair, ForSupernova, Interpolator
from sntransport.transport.templates.by_class import class_transport
from sntransport.validation.hidden_spectra import BANDS

PER_DAY = 4
"""Phases of the series within one rest-frame day."""

LARGE_STEP = 0.05
"""Steps beyond this are counted [mag]."""


@dataclass(frozen=True, eq=False, kw_only=True)
class StepPoints:
    """Steps of light curves, one row a phase and band: ``supernova``, ``sn_class``, ``band`` (n,).

    ``phase`` (n,) [rest-frame d] is the middle of the day; ``step`` (n,) [mag] the change within it less the mean of
    the changes within the day before and the day after, without sign.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.validation import judge_steps
    >>> points = judge_steps([demo_supernova()])
    >>> bool(np.median(points.step) < 0.05)
    True
    """

    supernova: NDArray[np.str_]
    sn_class: NDArray[np.str_]
    band: NDArray[np.str_]
    phase: Array
    step: Array


@answers_mistakes
def judge_steps(
    supernovae: Iterable[Supernova],
    *,
    interpolate: Interpolator | ForPair | ForSupernova = class_transport,
    max_gap: float = 40.0,
    bands: tuple[str, ...] = BANDS,
) -> StepPoints:
    """Build finely spaced series and measure how their light curves step.

    Parameters
    ----------
    supernovae : iterable of Supernova
    interpolate : callable
        See `sntransport.build`.
    max_gap : float [rest-frame d]
        Widest gap between spectra that is bridged.
    bands : tuple of str

    Returns
    -------
    StepPoints
        Where three days around a phase are covered in a band; none of a shorter series.

    Raises
    ------
    ValueError
        Where there is no supernova.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.validation import judge_steps
    >>> points = judge_steps([demo_supernova()], bands=("bessellv",))
    >>> bool(points.step.max() < 0.2), set(points.band.tolist())
    (True, {'bessellv'})
    """
    parts = []
    for sn in supernovae:
        series = build(sn, cadence=1.0 / PER_DAY, interpolate=interpolate, max_gap=max_gap).series
        with warnings.catch_warnings():
            # Phases without the band have no step.
            warnings.simplefilter("ignore", CoverageWarning)
            step = light_curve_steps(njy_to_mag(band_flux(series, bands, sn.sightline)))
        # Three days around each, of which the middle one is judged.
        middle = series.phase[3 * PER_DAY // 2 :]
        row, column = np.nonzero(np.isfinite(step))
        parts.append(
            StepPoints(
                supernova=np.full(row.size, sn.name),
                sn_class=np.full(row.size, broad_class(sn.sn_type)),
                band=np.array(bands)[column],
                phase=middle[row],
                step=step[row, column],
            )
        )
    if not parts:
        raise ValueError("no supernova to judge")
    return StepPoints(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(StepPoints)}
    )


def light_curve_steps(magnitude: Array) -> Array:
    """How much more, or less, magnitudes change within one day than within the days before and after.

    Parameters
    ----------
    magnitude : ndarray, (n_phase, n_band) [mag]
        At phases evenly spaced by ``1 / PER_DAY`` rest-frame days.

    Returns
    -------
    ndarray, (n_phase - 3 * PER_DAY, n_band) [mag]
        Without sign; NaN where a magnitude is. Empty of fewer phases.
    """
    if len(magnitude) <= 3 * PER_DAY:
        return np.empty((0, magnitude.shape[1]))
    change = magnitude[PER_DAY:] - magnitude[:-PER_DAY]
    around = 0.5 * (change[: -2 * PER_DAY] + change[2 * PER_DAY :])
    return np.asarray(np.abs(change[PER_DAY:-PER_DAY] - around))
