"""The leave-out test: how well an interpolator rebuilds real spectra that it has not seen.

For every two spectra of a supernova not too far apart, all spectra between them are hidden and each is rebuilt from
those two alone. The absolute scale of spectra is unreliable and is not tested: both are divided by their mean over
their common coverage first, and nothing is calibrated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport.photometry.bands import Bandpass
from sntransport.spectra.observations import LightCurve, Supernova
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline
from sntransport.transport.interpolators import ForPair, ForSupernova, Interpolator, for_supernova, log_linear
from sntransport.validation.hidden_spectra import (
    BANDS,
    LINE_NAMES,
    HiddenCase,
    Metrics,
    compare_hidden,
    hidden_case,
    hidden_triplets,
    rebuilt_between,
    thinned_triplets,
)

BASELINE = "log_linear"
"""Name of the interpolator that all others are compared with."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Triplets:
    """Comparisons of rebuilt with true spectra, one row a triplet (before, hidden, after).

    ``interpolators`` (n_interp,) and ``bands`` (n_band,) name the first axes and the last axis of the metrics.
    ``supernova``, ``sn_class``, ``phase`` of the hidden spectrum, ``gap`` between the other two [rest-frame d],
    ``position`` of the hidden one in it (0 to 1) and ``n_bins`` compared are (n,). Metrics: ``flux`` and ``feature``
    (n_interp, n) as in `validation.metrics`; ``velocity`` (n_interp, n, 3) [km/s], rebuilt minus true blueshift of
    the lines in `LINE_NAMES`; ``color`` (n_interp, n, n_band) [mag]. NaN where a line or band does not apply.

    Examples
    --------
    >>> from sntransport.transport.interpolators import linear
    >>> from sntransport.transport.templates import hsiao
    >>> from sntransport.validation import judge
    >>> series = hsiao().select(phase=(0.0, 30.0), wave=(4000.0, 8000.0))
    >>> triplets = judge([series[::5]], {"linear": linear})
    >>> triplets.interpolators, triplets.gap.max().item()
    (('log_linear', 'linear'), 30.0)
    """

    interpolators: tuple[str, ...]
    bands: tuple[str, ...]
    supernova: NDArray[np.str_]
    sn_class: NDArray[np.str_]
    phase: Array
    gap: Array
    position: Array
    n_bins: NDArray[np.int64]
    flux: Array
    feature: Array
    velocity: Array
    color: Array

    @property
    def n(self) -> int:
        """Number of triplets."""
        return int(self.gap.size)


@answers_mistakes
def judge(
    supernovae: Iterable[Supernova | SpectralSeries],
    interpolators: Mapping[str, Interpolator | ForPair | ForSupernova],
    *,
    max_gap: float = 70.0,
    per_bin: int = 60,
    min_bins: int = 300,
    bands: Sequence[str | Bandpass] = BANDS,
) -> Triplets:
    """Rebuild hidden spectra with every interpolator and compare.

    Parameters
    ----------
    supernovae : iterable of Supernova or SpectralSeries
        Read one at a time, so that an iterator that shows progress can be passed. A series, such as a template, is
        taken as it is, without tellurics. Smooth templates flatter interpolation bin by bin: their lines hardly move.
    interpolators : mapping of str to callable
        `log_linear` is added as the baseline unless it is there. One that looks at the supernova sees all its
        photometry, as `build` does; of the spectra it may use those it is asked to interpolate between.
    max_gap : float [rest-frame d]
        Widest gap.
    per_bin : int
        Most triplets of one supernova in one gap bin, evenly spaced in the order of phase.
    min_bins : int
        Fewest bins of 250 km/s that all three spectra of a triplet must share.
    bands : sequence of str or Bandpass

    Returns
    -------
    Triplets

    Raises
    ------
    ValueError
        Where a supernova has no usable spectrum, or an interpolator returns the wrong shape or NaN.

    Examples
    --------
    >>> from sntransport.transport.interpolators import linear
    >>> from sntransport.transport.templates import hsiao
    >>> from sntransport.validation import judge
    >>> series = hsiao().select(phase=(0.0, 30.0), wave=(4000.0, 8000.0))
    >>> triplets = judge([series[::5]], {"linear": linear, "feature transport": snt.transport.feature_transport})
    >>> print(triplets.interpolators, triplets.feature.shape[0])
    ('log_linear', 'linear', 'feature transport') 3
    """
    family: dict[str, Interpolator | ForPair | ForSupernova] = {BASELINE: log_linear, **interpolators}
    parts = []
    for item in supernovae:
        case = hidden_case(item, bands)
        chosen = thinned_triplets(case.series.phase, hidden_triplets(case, max_gap, min_bins), per_bin)
        sn = item if isinstance(item, Supernova) else _without_photometry(item)
        fitted = {name: for_supernova(interpolate, sn, case.series) for name, interpolate in family.items()}
        parts.append(collect_triplets(case, tuple(family), _rebuilt(case, chosen, fitted, min_bins)))
    return join(parts)


@answers_mistakes
def noise_floor(
    supernovae: Iterable[Supernova | SpectralSeries],
    *,
    within: float = 1.6,
    min_bins: int = 300,
    bands: Sequence[str | Bandpass] = BANDS,
) -> Triplets:
    """What no interpolator can beat: two spectra of one supernova from different nights, compared as in `judge`.

    Parameters
    ----------
    supernovae, min_bins, bands
        As in `judge`.
    within : float [rest-frame d]
        The nights are less than this apart.

    Returns
    -------
    Triplets
        With one interpolator, "repeat": the later spectrum. ``gap`` is the time between the two.

    Examples
    --------
    >>> from sntransport.transport.templates import hsiao
    >>> from sntransport.validation import noise_floor
    >>> series = hsiao().select(phase=(0.0, 5.0), wave=(4000.0, 8000.0))
    >>> floor = noise_floor([series])
    >>> floor.interpolators, floor.gap.max().item()
    (('repeat',), 1.0)
    """
    parts = []
    for item in supernovae:
        case = hidden_case(item, bands)
        first, second = np.triu_indices(case.series.n_phase, 1)
        near = case.series.phase[second] - case.series.phase[first] < within
        pairs = zip(first[near].tolist(), second[near].tolist(), strict=True)
        found = ((i, i, j, compare_hidden(case, i, case.series.flux[j][None], min_bins)) for i, j in pairs)
        parts.append(collect_triplets(case, ("repeat",), found))
    return join(parts)


def join(parts: Sequence[Triplets]) -> Triplets:
    """Triplets of several supernovae, judged alike, as one.

    Raises
    ------
    ValueError
        Where there is none, or interpolators or bands differ.
    """
    if not parts:
        raise ValueError("no supernova to judge")
    names = {(part.interpolators, part.bands) for part in parts}
    if len(names) > 1:
        raise ValueError("triplets of different interpolators or bands cannot be joined")
    columns = {}
    for field in fields(Triplets)[2:]:
        axis = 1 if field.name in ("flux", "feature", "velocity", "color") else 0
        columns[field.name] = np.concatenate([getattr(part, field.name) for part in parts], axis=axis)
        columns[field.name].setflags(write=False)
    return Triplets(interpolators=parts[0].interpolators, bands=parts[0].bands, **columns)


TripletRow = tuple[int, int, int, Metrics | None]
"""Rows before, hidden and after, and what the comparison gave."""


def _without_photometry(series: SpectralSeries) -> Supernova:
    mjd_ref = series.mjd_ref if np.isfinite(series.mjd_ref) else 0.0
    none = LightCurve(mjd=np.empty(0), band=np.empty(0, dtype=np.str_), flux=np.empty(0), flux_err=np.empty(0))
    return Supernova(
        name=series.name,
        sn_type=series.sn_type,
        sightline=Sightline(z=0.0, distance_modulus=0.0),
        mjd_ref=mjd_ref,
        mjd_ref_meaning="",
        spectra=(),
        light_curve=none,
    )


def _rebuilt(
    case: HiddenCase, triplets: NDArray[np.int64], family: Mapping[str, Interpolator | ForPair], min_bins: int
) -> Iterator[TripletRow]:
    """Metrics of every triplet; the hidden spectra of one pair are rebuilt together, as a series would be."""
    phase = case.series.phase
    for i, j in np.unique(triplets[:, ::2], axis=0).tolist():
        hidden = triplets[(triplets[:, 0] == i) & (triplets[:, 2] == j), 1]
        t = (phase[hidden] - phase[i]) / (phase[j] - phase[i])
        predicted = rebuilt_between(case.series, i, j, t, family)
        for k, rebuilt in zip(hidden.tolist(), predicted.swapaxes(0, 1), strict=True):
            yield i, k, j, compare_hidden(case, k, rebuilt, min_bins)


def collect_triplets(case: HiddenCase, names: tuple[str, ...], rows: Iterable[TripletRow]) -> Triplets:
    """Comparisons of one supernova as columns.

    Parameters
    ----------
    case : HiddenCase
    names : tuple of str
        Of the interpolators.
    rows : iterable of TripletRow
        Those without a comparison are left out.

    Returns
    -------
    Triplets
    """
    kept = [(i, k, j, metrics) for i, k, j, metrics in rows if metrics is not None]
    before, hidden, after = np.array([row[:3] for row in kept], dtype=np.int64).reshape(-1, 3).T
    phase, bands = case.series.phase, tuple(band.name for band in case.matrix.bands)
    gap = phase[after] - phase[before]
    shapes = ((), (), (len(LINE_NAMES),), (len(bands),))
    flux, feature, velocity, color = [
        np.array([row[3][1 + c] for row in kept]).reshape(-1, len(names), *shape).swapaxes(0, 1)
        for c, shape in enumerate(shapes)
    ]
    return Triplets(
        interpolators=names,
        bands=bands,
        supernova=np.full(len(kept), case.series.name),
        sn_class=np.full(len(kept), case.sn_class),
        phase=phase[hidden],
        gap=gap,
        position=(phase[hidden] - phase[before]) / gap,
        n_bins=np.array([row[3][0] for row in kept], dtype=np.int64),
        flux=flux,
        feature=feature,
        velocity=velocity,
        color=color,
    )
