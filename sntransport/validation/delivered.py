"""Hidden spectra and the delivered series: what `build` makes of the other spectra, judged by the hidden ones.

As in the leave-out test all spectra between two of a supernova are hidden. But all others are given to `build`, with
all photometry, and what it delivers at the dates of the hidden ones is compared with them: its features beside those of
the bare interpolator on the two around them, its level and color with the hidden spectrum as `build` calibrates it when
it is not hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import MAG_PER_LN
from sntransport._objects.arguments import answers_mistakes
from sntransport.photometry.bands import Bandpass
from sntransport.pipeline import BuildResult, build
from sntransport.spectra.observations import Supernova
from sntransport.spectra.series import Origin, SpectralSeries
from sntransport.transport.interpolators import ForPair, ForSupernova, Interpolator, for_supernova, log_linear
from sntransport.transport.templates.by_class import class_transport
from sntransport.transport.weights import Weight
from sntransport.validation.hidden_spectra import (
    BANDS,
    HiddenCase,
    compare_hidden,
    hidden_case,
    hidden_triplets,
    rebuilt_between,
    thinned_triplets,
)
from sntransport.validation.leave_out import BASELINE, TripletRow, Triplets, collect_triplets, join
from sntransport.validation.metrics import color_residuals

BARE = "bare"
"""The interpolator on the two spectra around the hidden one, and nothing else."""

DELIVERED = "delivered"
"""What `build` makes of all other spectra and the photometry."""

PER_GAP_BIN = 4
"""Triplets of a supernova in a gap bin, unless others are asked for: each two spectra are a build of their own."""

_DEVIATIONS = (1.0, 2.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class DeliveredTriplets:
    """Hidden spectra rebuilt by `build`, one row a triplet.

    ``triplets``: errors of `BASELINE`, `BARE` and `DELIVERED`. Against the hidden spectrum as it is calibrated when it
    is not hidden, over bins with data on both sides: ``within`` (2, n), share of bins within one and two errors;
    ``level`` (n,) [mag], median of delivered minus hidden; ``color`` (n,) [mag], rms over bands after one gray factor.
    NaN where too few bins can be compared, or where there is no photometry to calibrate by.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.validation import judge_delivered
    >>> judged = judge_delivered([demo_supernova()], per_bin=1)
    >>> judged.triplets.interpolators
    ('log_linear', 'bare', 'delivered')
    """

    triplets: Triplets
    within: Array
    level: Array
    color: Array


@answers_mistakes
def judge_delivered(
    supernovae: Iterable[Supernova],
    *,
    interpolate: Interpolator | ForPair | ForSupernova = class_transport,
    weight: Weight | None = None,
    max_gap: float = 40.0,
    per_bin: int = PER_GAP_BIN,
    min_bins: int = 300,
    bands: Sequence[str | Bandpass] = BANDS,
) -> DeliveredTriplets:
    """Hide spectra, build the series of the others, and compare what is delivered with the hidden ones.

    Parameters
    ----------
    supernovae : iterable of Supernova
        Read one at a time.
    interpolate : callable
        Of `build`, and bare; see `sntransport.transport.interpolators`.
    weight : callable, optional
        Of `build`; see `sntransport.transport.weights`.
    max_gap : float [rest-frame d]
        Widest gap to hide spectra in, and widest that `build` bridges.
    per_bin : int
        Most triplets of one supernova in one gap bin.
    min_bins : int
        Fewest bins of 250 km/s that are compared.
    bands : sequence of str or Bandpass
        Of the color.

    Returns
    -------
    DeliveredTriplets

    Raises
    ------
    ValueError
        Where a supernova has no usable spectrum, or there is no supernova.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.validation import judge_delivered
    >>> judged = judge_delivered([demo_supernova()], per_bin=1)
    >>> judged.within.shape[0], bool(np.nanmax(np.abs(judged.level)) < 0.1)
    (2, True)
    """
    parts = []
    for sn in supernovae:
        case = hidden_case(sn, bands)
        chosen = thinned_triplets(case.series.phase, hidden_triplets(case, max_gap, min_bins), per_bin)
        builder = partial(build, interpolate=interpolate, weight=weight, max_gap=max_gap)
        fitted = for_supernova(interpolate, sn, case.series)
        made = list(_rebuilt(sn, case, chosen, bare=fitted, builder=builder, min_bins=min_bins))
        names = (BASELINE, BARE, DELIVERED)
        kept = [truth for (*_, metrics), truth in made if metrics is not None]
        parts.append((collect_triplets(case, names, [row for row, _ in made]), np.array(kept).reshape(-1, 4)))
    triplets = join([part for part, _ in parts])
    against = np.concatenate([columns for _, columns in parts]).T
    against.setflags(write=False)
    return DeliveredTriplets(triplets=triplets, within=against[:2], level=against[2], color=against[3])


def without_spectra(sn: Supernova, hidden: Iterable[int]) -> Supernova:
    """The supernova as if some of its spectra had not been taken.

    Parameters
    ----------
    sn : Supernova
    hidden : iterable of int
        Indices of its spectra.

    Returns
    -------
    Supernova
    """
    gone = set(hidden)
    return replace(sn, spectra=tuple(one for index, one in enumerate(sn.spectra) if index not in gone))


def _rebuilt(
    sn: Supernova,
    case: HiddenCase,
    triplets: NDArray[np.int64],
    *,
    bare: Interpolator | ForPair,
    builder: Callable[..., BuildResult],
    min_bins: int,
) -> Iterator[tuple[TripletRow, tuple[float, ...]]]:
    """Of every triplet the row of the leave-out test, and the shares, level and color of `DeliveredTriplets`."""
    if not len(triplets):
        return
    phase = case.series.phase
    family: Mapping[str, Interpolator | ForPair] = {BASELINE: log_linear, BARE: bare}
    truth = _calibrated(case, builder(sn, phases=phase))
    for i, j in np.unique(triplets[:, ::2], axis=0).tolist():
        hidden = triplets[(triplets[:, 0] == i) & (triplets[:, 2] == j), 1]
        t = (phase[hidden] - phase[i]) / (phase[j] - phase[i])
        from_two = rebuilt_between(case.series, i, j, t, family)
        rest = without_spectra(sn, (index for row in case.members[i + 1 : j] for index in row))
        dense = builder(rest, phases=phase[hidden]).series
        flux = on_wavelengths(dense, dense.flux, case.series.wave)
        for n, k in enumerate(hidden.tolist()):
            metrics = compare_hidden(case, k, np.concatenate([from_two[:, n], flux[n][None]]), min_bins)
            yield (i, k, j, metrics), _against(case, k, truth[k], dense=dense, row=n, min_bins=min_bins)


def _calibrated(case: HiddenCase, whole: BuildResult) -> Array:
    """Flux of all spectra calibrated together, (n_phase, n_wave); NaN where `build` cannot calibrate."""
    out = np.full(case.series.flux.shape, np.nan)
    if np.isfinite(whole.residual).any():
        rows = np.searchsorted(case.series.phase, whole.sparse.phase)
        out[rows] = on_wavelengths(whole.sparse, whole.sparse.flux, case.series.wave)
    return out


def on_wavelengths(series: SpectralSeries, rows: Array, wave: Array) -> Array:
    """What belongs to a series, on a longer piece of the grid of wavelengths that it is on.

    Parameters
    ----------
    series : SpectralSeries
        On the common grid.
    rows : ndarray, (n_phase, n_wave)
        Of the series.
    wave : ndarray, (n_longer,) [rest-frame A]
        On the common grid, with all wavelengths of the series.

    Returns
    -------
    ndarray, (n_phase, n_longer)
        NaN beyond the series.
    """
    out = np.full((len(rows), wave.size), np.nan)
    first = int(np.abs(wave - series.wave[0]).argmin())
    out[:, first : first + series.n_wave] = rows
    return out


def _against(
    case: HiddenCase, k: int, truth: Array, *, dense: SpectralSeries, row: int, min_bins: int
) -> tuple[float, ...]:
    """Share of bins within one and two errors, level and color of a delivered spectrum against a calibrated one."""
    wave = case.series.wave
    flux, error, origin = (
        on_wavelengths(dense, values[row][None], wave)[0]
        for values in (dense.flux, dense.flux_err, dense.origin.astype(np.float64))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        off = np.log(flux / truth)
        # The hidden spectrum has photon noise of its own.
        pull = np.abs(off) / np.hypot(error / flux, case.series.flux_err[k] / case.series.flux[k])
    used = case.usable[k] & np.isfinite(pull) & (origin == Origin.OBSERVED)
    if used.sum() < min_bins:
        return (np.nan,) * 4
    both = np.stack([truth, flux])
    colors = color_residuals(np.where(np.isfinite(both).all(axis=0), both, np.nan), case.matrix)[0]
    known = np.isfinite(colors)
    color = float(np.sqrt(np.mean(colors[known] ** 2))) if known.any() else np.nan
    shares = [float(np.mean(pull[used] < limit)) for limit in _DEVIATIONS]
    return (*shares, -MAG_PER_LN * float(np.median(off[used])), color)
