"""From observed spectra to a sparse `SpectralSeries`: cleaned, stitched, rest frame, dust-free, on one grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.smoothing import known_mean
from sntransport._objects.arguments import answers_mistakes
from sntransport.calibration.cleaning import MOST_STATED, clean, smooth_snr
from sntransport.calibration.nights import Piece, stitch
from sntransport.spectra.doubts import DOUBT
from sntransport.spectra.grid import GRID_STEP, grid_wave, rebin
from sntransport.spectra.observations import Spectrum, Supernova
from sntransport.spectra.series import Origin, SpectralSeries
from sntransport.spectra.sightline import dimming

FLOOR = 0.03
"""Non-negativity rule: no bin lies below this share of the level smoothed over `FLOOR_WIDTH`."""

FLOOR_WIDTH = 5000.0
"""Standard deviation of the Gaussian that defines that level [km/s]."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Prepared:
    """Result of `prepare`.

    ``series`` holds one row a night; ``calibrated`` (n_phase,) says which rows have an absolute flux scale (the others
    are in arbitrary units); ``members`` lists, for each row, the indices of the spectra of the supernova in it.

    Examples
    --------
    >>> from sntransport.calibration import prepare
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> prepared = prepare(demo_supernova())
    >>> prepared.members[:3], bool(prepared.calibrated.all())
    (((0,), (1,), (2,)), True)
    """

    series: SpectralSeries
    calibrated: NDArray[np.bool_]
    members: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...]


@answers_mistakes
def prepare(
    sn: Supernova,
    *,
    same_night: float = 0.5,
    min_snr: float = 3.0,
    min_range: float = 600.0,
    bridge_width: float = 7000.0,
) -> Prepared:
    """Prepare the spectra of a supernova for transport.

    Parameters
    ----------
    sn : Supernova
    same_night : float [d]
        Spectra closer than this to the first of their night become one row.
    min_snr : float
        Least median signal to noise at 1000 km/s resolution; a spectrum below it is rejected.
    min_range : float [A]
        Least observed wavelength range of a spectrum.
    bridge_width : float [km/s]
        Masked stretches inside a spectrum, up to this wide, are bridged by a straight line and marked
        `Origin.EXTRAPOLATED`; wider ones stay uncovered.

    Returns
    -------
    Prepared

    Raises
    ------
    ValueError
        Where no spectrum is left, with the reasons.

    Examples
    --------
    >>> from sntransport.calibration import prepare
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> prepared = prepare(demo_supernova())
    >>> print(prepared.series.phase.round(1), prepared.series.n_wave)
    [-11.  -7.  -1.   6.  14.  24.  38.  60.] 1280
    """
    notes: list[str] = []
    pieces = [
        piece
        for index, spectrum in enumerate(sn.spectra)
        if (piece := _to_piece(sn, index, spectrum, min_snr=min_snr, min_range=min_range, notes=notes)) is not None
    ]
    if not pieces:
        reasons = "; ".join([*notes, *sn.notes]) or "it has none"
        raise ValueError(f"{sn.name}: no usable spectrum ({reasons})")
    first = min(piece.first for piece in pieces)
    n_wave = max(piece.first + piece.flux.size for piece in pieces) - first
    rows = [stitch(group, notes) for group in _nights(pieces, same_night)]
    series, filled = _to_series(sn, rows, first=first, n_wave=n_wave, bridge_width=bridge_width, notes=notes)
    calibrated = np.array([row.calibrated for row in rows])
    if filled:
        notes.append(f"{filled} bins of masked pixels bridged by straight lines (origin 3)")
    return Prepared(
        series=series,
        calibrated=calibrated,
        members=tuple(tuple(sorted(row.members)) for row in rows),
        notes=tuple(notes),
    )


def _to_piece(
    sn: Supernova, index: int, spectrum: Spectrum, *, min_snr: float, min_range: float, notes: list[str]
) -> Piece | None:
    """One spectrum cleaned, in the rest frame at 10 pc, on the common grid; None, with a note, if it is rejected."""
    label = f"spectrum {index} (MJD {spectrum.mjd:.2f}{', ' + spectrum.source if spectrum.source else ''})"
    cleaned = clean(spectrum)
    if cleaned.wave.size < 20 or cleaned.wave[-1] - cleaned.wave[0] < min_range:
        what = ", ".join(f"{count} {reason}" for reason, count in cleaned.removed.items()) or "nothing removed"
        notes.append(f"{label} rejected: less than {min_range:.0f} A of usable pixels ({what})")
        return None
    snr = smooth_snr(cleaned.wave, cleaned.flux, cleaned.flux_err)
    if snr < min_snr:
        notes.append(f"{label} rejected: noise (signal to noise {snr:.1f} at 1000 km/s, needed {min_snr:g})")
        return None
    if cleaned.removed:
        what = ", ".join(f"{count} {reason}" for reason, count in cleaned.removed.items())
        notes.append(f"{label}: pixels removed: {what}")
    if cleaned.disagrees:
        notes.append(f"{label}: noise from the {cleaned.noise_from}")
    if cleaned.stated > MOST_STATED:
        notes.append(
            f"{DOUBT}{label}: its error column is more than {MOST_STATED:g} times the scatter of its flux, "
            "not used; is it in the unit of the flux, and is it no variance?"
        )
    wave_rest = cleaned.wave / (1.0 + sn.sightline.z)
    light = 1.0 / dimming(wave_rest, sn.sightline)
    observed, error = cleaned.flux, cleaned.flux_err
    if not spectrum.calibrated:
        notes.append(f"{label}: flux in arbitrary units, only its shape is used")
        # Before anything else: one over a unit of 1e-300 and the distance would overflow.
        scale = float(np.median(np.abs(observed)))
        observed, error = observed / scale, error / scale
    first, flux, flux_err = rebin(wave_rest, observed * light, error * light)
    return Piece(
        first=first,
        flux=flux,
        flux_err=flux_err,
        mjd=spectrum.mjd,
        snr=snr,
        calibrated=spectrum.calibrated,
        members=frozenset({index}),
        label=label,
    )


def _nights(pieces: Sequence[Piece], same_night: float) -> list[list[Piece]]:
    """Pieces grouped so that none is further than ``same_night`` from the first of its group."""
    groups: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: piece.mjd):
        if groups and piece.mjd - groups[-1][0].mjd < same_night:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def _to_series(
    sn: Supernova, rows: Sequence[Piece], *, first: int, n_wave: int, bridge_width: float, notes: list[str]
) -> tuple[SpectralSeries, int]:
    shape = (len(rows), n_wave)
    flux, flux_err = np.full(shape, np.nan), np.full(shape, np.nan)
    origin = np.zeros(shape, dtype=np.uint8)
    raised = 0
    for i, row in enumerate(rows):
        window = slice(row.first - first, row.first - first + row.flux.size)
        known = np.isfinite(row.flux)
        bridged = bridge_gaps(row.flux, row.flux_err, int(bridge_width / GRID_STEP))
        lifted, count = apply_floor(bridged[0])
        raised += count
        flux[i, window], flux_err[i, window] = lifted, bridged[1]
        origin[i, window] = np.where(
            known, Origin.OBSERVED, np.where(np.isfinite(lifted), Origin.EXTRAPOLATED, Origin.NOT_COVERED)
        )
    if raised:
        share = raised / max(int(np.isfinite(flux).sum()), 1)
        notes.append(
            f"{raised} bins ({share:.1%}) raised to the floor of {FLOOR:.0%} of the level over {FLOOR_WIDTH:.0f} km/s"
        )
    phase = sn.phase_of([row.mjd for row in rows])
    wave = grid_wave(first, n_wave)
    used = (origin != Origin.NOT_COVERED).any(axis=0)
    keep = slice(int(np.argmax(used)), n_wave - int(np.argmax(used[::-1])))
    series = SpectralSeries(
        phase=phase,
        wave=wave[keep],
        flux=flux[:, keep],
        flux_err=flux_err[:, keep],
        origin=origin[:, keep],
        name=sn.name,
        sn_type=sn.sn_type,
        mjd_ref=sn.mjd_ref,
    )
    return series, int(np.sum(origin == Origin.EXTRAPOLATED))


def bridge_gaps(flux: Array, flux_err: Array, widest: int) -> tuple[Array, Array]:
    """Straight lines across inner NaN runs of at most ``widest`` bins.

    The error of a bridged bin is the error of its sides plus a tenth of their mean level. Ends are never extended.
    """
    flux, flux_err = flux.copy(), flux_err.copy()
    missing = np.concatenate([[False], np.isnan(flux), [False]])
    starts, stops = np.flatnonzero(missing[1:] & ~missing[:-1]), np.flatnonzero(~missing[1:] & missing[:-1])
    for start, stop in zip(starts, stops, strict=True):
        if start == 0 or stop == flux.size or stop - start > widest:
            continue
        x, sides = np.arange(start, stop), [start - 1, stop]
        flux[start:stop] = np.interp(x, sides, flux[sides])
        flux_err[start:stop] = np.hypot(np.interp(x, sides, flux_err[sides]), 0.1 * abs(float(flux[sides].mean())))
    return flux, flux_err


def apply_floor(flux: Array) -> tuple[Array, int]:
    """The non-negativity rule.

    Parameters
    ----------
    flux : ndarray, (n_wave,)
        On the common grid; NaN where not covered.

    Returns
    -------
    flux : ndarray, (n_wave,)
        Nowhere below `FLOOR` times the local level (Gaussian mean over `FLOOR_WIDTH`, itself at least a hundredth of
        its largest value); NaN stays.
    count : int
        Number of bins that were raised.
    """
    known = np.isfinite(flux)
    level = known_mean(flux, known, FLOOR_WIDTH / GRID_STEP)
    # A spectrum that is negative on the whole still gets a positive floor, from its brightest bin.
    least = 0.01 * max(float(np.max(level[known])), 0.01 * float(np.max(flux[known])))
    floor = FLOOR * np.maximum(level, least)
    low = known & (flux < floor)
    return np.where(low, floor, flux), int(low.sum())


def with_rows(prepared: Prepared, keep: NDArray[np.bool_], scale: Array) -> Prepared:
    """The rows in ``keep``, each multiplied by its ``scale``, both (n_phase,)."""
    series, factor = prepared.series, scale[keep, None]
    kept = replace(
        series,
        phase=series.phase[keep],
        flux=series.flux[keep] * factor,
        flux_err=series.flux_err[keep] * factor,
        origin=series.origin[keep],
    )
    members = tuple(m for m, ok in zip(prepared.members, keep, strict=True) if ok)
    return Prepared(series=kept, calibrated=prepared.calibrated[keep], members=members, notes=prepared.notes)
