"""The leave-out test: how well an interpolator rebuilds real spectra that it has not seen.

For every two spectra of a supernova not too far apart, all spectra between them are hidden and each is rebuilt from
those two alone. The absolute scale of spectra is unreliable and is not tested: both are divided by their mean over
their common coverage first, and nothing is calibrated.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import C_KMS
from sntransport.calibration.preparation import prepare
from sntransport.photometry.bands import Bandpass
from sntransport.photometry.synthetic import BandMatrix, band_matrix
from sntransport.spectra.grid import GRID_STEP, grid_wave, rebin
from sntransport.spectra.observations import LightCurve, Supernova, broad_class
from sntransport.spectra.series import Origin, SpectralSeries
from sntransport.spectra.sightline import Sightline
from sntransport.transport.interpolators import ForPair, ForSupernova, Interpolator, for_pair, for_supernova, log_linear
from sntransport.transport.runs import long_runs
from sntransport.validation.metrics import (
    LINES,
    color_residuals,
    feature_residual,
    line_velocities,
    relative_noise,
    relative_residual,
    smooth,
)

BASELINE = "log_linear"
"""Name of the interpolator that all others are compared with."""

GAP_EDGES = (0.0, 6.0, 12.0, 20.0, 30.0, 45.0, 70.0)
"""Edges of the gap bins [rest-frame d]; a gap on an edge belongs to the wider bin, one of 70 d to the last."""

BANDS = ("bessellb", "bessellv", "bessellr", "besselli", "sdssg", "sdssr", "sdssi")
"""Bands of the color residual, unless others are asked for."""

TELLURIC = ((6855.0, 6945.0), (7580.0, 7715.0))
"""The O2 B and A bands, not compared [observer-frame A]."""

LINE_NAMES = tuple(line.name for lines in LINES.values() for line in lines)
"""Lines of the velocity error, in the order of its last axis."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Triplets:
    """Comparisons of rebuilt with true spectra, one row a triplet (before, hidden, after).

    ``interpolators`` (n_interp,) and ``bands`` (n_band,) name the first axes and the last axis of the metrics.
    ``supernova``, ``sn_class``, ``phase`` of the hidden spectrum, ``gap`` between the other two [rest-frame d],
    ``position`` of the hidden one in it (0 to 1) and ``n_bins`` compared are (n,). Metrics: ``flux`` and ``feature``
    (n_interp, n) as in `validation.metrics`; ``velocity`` (n_interp, n, 3) [km/s], rebuilt minus true blueshift of
    the lines in `LINE_NAMES`; ``color`` (n_interp, n, n_band) [mag]. NaN where a line or band does not apply.
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


@dataclass(frozen=True, eq=False, kw_only=True)
class _Case:
    """One supernova ready to be judged; ``usable`` (n_phase, n_wave): bins that can serve as truth."""

    sn_class: str
    series: SpectralSeries
    usable: NDArray[np.bool_]
    matrix: BandMatrix


def gap_bin(gap: Array) -> NDArray[np.intp]:
    """Index of the bin of `GAP_EDGES` that each gap is in; the number of bins for a gap beyond the last edge."""
    return np.asarray(np.digitize(gap, GAP_EDGES[1:-1]) + (gap > GAP_EDGES[-1]))


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
    """
    family: dict[str, Interpolator | ForPair | ForSupernova] = {BASELINE: log_linear, **interpolators}
    parts = []
    for item in supernovae:
        case = _case(item, bands)
        chosen = _thinned(case.series.phase, _triplets(case, max_gap, min_bins), per_bin)
        sn = item if isinstance(item, Supernova) else _without_photometry(item)
        fitted = {name: for_supernova(interpolate, sn, case.series) for name, interpolate in family.items()}
        parts.append(_collected(case, tuple(family), _rebuilt(case, chosen, fitted, min_bins)))
    return join(parts)


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
    """
    parts = []
    for item in supernovae:
        case = _case(item, bands)
        first, second = np.triu_indices(case.series.n_phase, 1)
        near = case.series.phase[second] - case.series.phase[first] < within
        pairs = zip(first[near].tolist(), second[near].tolist(), strict=True)
        found = ((i, i, j, _compare(case, i, case.series.flux[j][None], min_bins)) for i, j in pairs)
        parts.append(_collected(case, ("repeat",), found))
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


def _case(item: Supernova | SpectralSeries, bands: Sequence[str | Bandpass]) -> _Case:
    if isinstance(item, SpectralSeries):
        series, sightline = _on_grid(item), Sightline(z=0.0, distance_modulus=0.0)
        usable = series.origin == Origin.OBSERVED
    else:
        series, sightline = prepare(item).series, item.sightline
        observed = series.wave * (1.0 + sightline.z)
        telluric = np.any([(observed > low) & (observed < high) for low, high in TELLURIC], axis=0)
        # Bridged pixels are no truth; an interpolator has to live with them.
        usable = (series.origin == Origin.OBSERVED) & ~telluric
    return _Case(
        sn_class=broad_class(item.sn_type),
        series=series,
        usable=usable,
        matrix=band_matrix(series.wave, bands, sightline),
    )


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


def _on_grid(series: SpectralSeries) -> SpectralSeries:
    """A series on the common grid, with NaN where the flux is not positive; as it is if it is there already."""
    step = np.diff(np.log(series.wave)) * C_KMS / GRID_STEP
    if np.allclose(step, 1.0, atol=1e-6) and not np.any(series.flux <= 0):
        return series
    rows, first, stop = [], np.inf, -np.inf
    for flux in series.flux:
        good = flux > 0
        rows.append(rebin(series.wave[good], flux[good], np.zeros(int(good.sum()))) if good.sum() > 1 else None)
        if rows[-1] is not None:
            first, stop = min(first, rows[-1][0]), max(stop, rows[-1][0] + rows[-1][1].size)
    if not np.isfinite(first):
        raise ValueError(f"{series.name or 'series'}: no positive flux")
    out = np.full((series.n_phase, int(stop - first)), np.nan)
    for target, row in zip(out, rows, strict=True):
        if row is not None:
            target[row[0] - int(first) : row[0] - int(first) + row[1].size] = row[1]
    wave = grid_wave(int(first), out.shape[1])
    return SpectralSeries(
        phase=series.phase, wave=wave, flux=out, name=series.name, sn_type=series.sn_type, mjd_ref=series.mjd_ref
    )


def _triplets(case: _Case, max_gap: float, min_bins: int) -> NDArray[np.int64]:
    """Rows (before, hidden, after) with enough bins in common, (n, 3), sorted by the hidden one, then the others."""
    phase, covered = case.series.phase, case.series.covered.astype(np.float64)
    found = [np.empty((0, 3), dtype=np.int64)]
    for k in range(1, phase.size - 1):
        shared = (covered[:k] * case.usable[k]) @ covered[k + 1 :].T
        near = phase[None, k + 1 :] - phase[:k, None] <= max_gap
        before, after = np.nonzero((shared >= min_bins) & near)
        found.append(np.stack([before, np.full(before.size, k), after + k + 1], axis=1))
    return np.concatenate(found)


def _thinned(phase: Array, triplets: NDArray[np.int64], per_bin: int) -> NDArray[np.int64]:
    """At most ``per_bin`` triplets of every gap bin, evenly spaced in their order."""
    bin_of = gap_bin(phase[triplets[:, 2]] - phase[triplets[:, 0]])
    kept = []
    for b in range(len(GAP_EDGES)):
        rows = np.flatnonzero(bin_of == b)
        kept.append(rows[np.linspace(0, rows.size - 1, min(rows.size, per_bin)).round().astype(int)])
    return np.asarray(triplets[np.sort(np.concatenate(kept))])


_Metrics = tuple[int, Array, Array, Array, Array]
_Row = tuple[int, int, int, _Metrics | None]


def _rebuilt(
    case: _Case, triplets: NDArray[np.int64], family: Mapping[str, Interpolator | ForPair], min_bins: int
) -> Iterator[_Row]:
    """Metrics of every triplet; the hidden spectra of one pair are rebuilt together, as a series would be."""
    phase = case.series.phase
    for i, j in np.unique(triplets[:, ::2], axis=0).tolist():
        hidden = triplets[(triplets[:, 0] == i) & (triplets[:, 2] == j), 1]
        t = (phase[hidden] - phase[i]) / (phase[j] - phase[i])
        predicted = _between(case.series, i, j, t, family)
        for k, rebuilt in zip(hidden.tolist(), predicted.swapaxes(0, 1), strict=True):
            yield i, k, j, _compare(case, k, rebuilt, min_bins)


def _between(series: SpectralSeries, i: int, j: int, t: Array, family: Mapping[str, Interpolator | ForPair]) -> Array:
    """Spectra rebuilt from rows ``i`` and ``j`` alone, (n_interp, n_t, n_wave); NaN where not both cover."""
    both = series.covered[i] & series.covered[j]
    a, b = (series.flux[row] / series.flux[row][both].mean() for row in (i, j))
    out = np.full((len(family), t.size, series.n_wave), np.nan)
    ready = {name: for_pair(interpolate, series.phase[i], series.phase[j]) for name, interpolate in family.items()}
    for run in long_runs(both):
        for rebuilt, (name, interpolate) in zip(out, ready.items(), strict=True):
            value = interpolate(series.wave[run], a[run], b[run], t)
            if value.shape != (t.size, run.stop - run.start) or not np.all(np.isfinite(value)):
                expected = (t.size, run.stop - run.start)
                raise ValueError(f"interpolator {name!r} returned {value.shape}, expected finite flux {expected}")
            rebuilt[:, run] = value
    return out


def _compare(case: _Case, k: int, rebuilt: Array, min_bins: int) -> _Metrics | None:
    """Metrics of rebuilt spectra (n_interp, n_wave) of row ``k``; None where too few bins can be compared."""
    series, known = case.series, np.isfinite(rebuilt).all(axis=0)
    used = case.usable[k] & known
    if used.sum() < min_bins:
        return None
    every = np.concatenate([series.flux[k][None], rebuilt])
    sharp, wave = smooth(every, used), series.wave[used]
    noise = relative_noise(series.flux[k][used])
    velocity = np.full((len(rebuilt), len(LINE_NAMES)), np.nan)
    for line in LINES.get(case.sn_class, ()):
        if series.phase[k] <= line.latest:
            found = line_velocities(wave, sharp, line, noise)
            velocity[:, LINE_NAMES.index(line.name)] = found[1:] - found[0]
    return (
        int(used.sum()),
        relative_residual(sharp[1:], sharp[0]),
        feature_residual(wave, sharp[1:], sharp[0]),
        velocity,
        color_residuals(np.where(known, every, np.nan), case.matrix),
    )


def _collected(case: _Case, names: tuple[str, ...], rows: Iterable[_Row]) -> Triplets:
    """Columns from rows."""
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
