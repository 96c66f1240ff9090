"""Spectra of one night into one: the arms of an exposure joined, duplicates merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes

MIN_OVERLAP = 10
"""Bins that two spectra must share to be scaled to each other."""

MAX_DISAGREEMENT = 0.2
"""Largest robust scatter of the log ratio of two spectra that still show the same object."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Piece:
    """A spectrum on the common grid: ``flux``, ``flux_err`` (n_bin,) from bin ``first`` on; NaN where not covered."""

    first: int
    flux: Array
    flux_err: Array
    mjd: float
    snr: float
    calibrated: bool
    members: frozenset[int]
    label: str


@answers_mistakes
def stitch(group: Sequence[Piece], notes: list[str]) -> Piece:
    """Join the spectra of one night.

    Parameters
    ----------
    group : sequence of Piece
        At least one.
    notes : list of str
        Receives what was scaled, joined or rejected.

    Returns
    -------
    Piece
        The widest spectrum, joined by the others in order of width. One that overlaps it is first scaled to it by
        one factor (or it to that one, if only that one has an absolute scale); where both cover, the inverse-variance
        mean is taken, fading out over the ends. One whose shape disagrees by more than `MAX_DISAGREEMENT`
        is rejected, the one of lower signal to noise; one that does not overlap is joined only if both have an
        absolute scale.

    Examples
    --------
    >>> from sntransport.calibration import stitch
    >>> from sntransport.calibration.nights import Piece
    >>> def piece(number, first, flux, label):
    ...     more = {"mjd": 60000.0, "snr": 50.0, "calibrated": True, "members": frozenset([number]), "label": label}
    ...     return Piece(first=first, flux=flux, flux_err=0.02 * flux, **more)
    >>> blue, red = piece(0, 0, np.full(300, 2.0), "blue arm"), piece(1, 200, np.full(300, 1.0), "red arm")
    >>> notes = []
    >>> night = stitch([blue, red], notes)
    >>> night.flux.size, notes
    (500, ['red arm joined to blue arm (scaled by 2.00)'])
    """
    ordered = sorted(group, key=lambda piece: -int(np.isfinite(piece.flux).sum()))
    result = ordered[0]
    for other in ordered[1:]:
        result = _join(result, other, notes)
    return result


def _join(base: Piece, other: Piece, notes: list[str]) -> Piece:
    first = min(base.first, other.first)
    stop = max(base.first + base.flux.size, other.first + other.flux.size)
    base, other = _padded(base, first, stop), _padded(other, first, stop)
    both = np.isfinite(base.flux) & np.isfinite(other.flux) & (base.flux > 0) & (other.flux > 0)
    if both.sum() < MIN_OVERLAP:
        if base.calibrated and other.calibrated:
            return _merged(base, other)
        notes.append(f"{other.label} rejected: no overlap with {base.label} and no absolute scale for both")
        return base
    ratio = np.log(base.flux[both] / other.flux[both])
    offset = float(np.median(ratio))
    scatter = 1.4826 * float(np.median(np.abs(_smooth(ratio) - offset)))
    if scatter > MAX_DISAGREEMENT:
        better, worse = (base, other) if base.snr >= other.snr else (other, base)
        notes.append(f"{worse.label} rejected: its shape disagrees with {better.label} by {scatter:.0%}")
        return better
    if base.calibrated or not other.calibrated:
        other = _scaled(other, np.exp(offset), calibrated=base.calibrated)
    else:
        base = _scaled(base, np.exp(-offset), calibrated=True)
    notes.append(f"{other.label} joined to {base.label} (scaled by {np.exp(abs(offset)):.2f})")
    return _merged(base, other)


def _padded(piece: Piece, first: int, stop: int) -> Piece:
    around = (piece.first - first, stop - piece.first - piece.flux.size)
    flux, flux_err = (np.pad(column, around, constant_values=np.nan) for column in (piece.flux, piece.flux_err))
    return replace(piece, first=first, flux=flux, flux_err=flux_err)


def _scaled(piece: Piece, factor: float, *, calibrated: bool) -> Piece:
    return replace(piece, flux=piece.flux * factor, flux_err=piece.flux_err * factor, calibrated=calibrated)


def _merged(base: Piece, other: Piece) -> Piece:
    weights = np.stack([_fade(piece.flux) / piece.flux_err**2 for piece in (base, other)])
    weights = np.where(np.isfinite(weights), weights, 0.0)
    total = weights.sum(axis=0)
    fluxes, errors = (
        np.stack([np.nan_to_num(getattr(piece, name)) for piece in (base, other)]) for name in ("flux", "flux_err")
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        flux = np.where(total > 0, (weights * fluxes).sum(axis=0) / total, np.nan)
        flux_err = np.where(total > 0, np.sqrt(((weights * errors) ** 2).sum(axis=0)) / total, np.nan)
    return replace(
        base,
        flux=flux,
        flux_err=flux_err,
        mjd=float(np.average([base.mjd, other.mjd], weights=[len(base.members), len(other.members)])),
        snr=max(base.snr, other.snr),
        calibrated=base.calibrated and other.calibrated,
        members=base.members | other.members,
    )


def _fade(flux: Array, width: int = 20) -> Array:
    """Weights that fall linearly toward both ends, where detectors are worst, so that no step shows."""
    known = np.flatnonzero(np.isfinite(flux))
    index = np.arange(flux.size)
    near_end = np.minimum(index - known[0], known[-1] - index) + 1
    return np.asarray(np.clip(near_end / width, 0.0, 1.0))


def _smooth(values: Array, width: int = 12) -> Array:
    """Running mean over 3000 km/s, so that noise does not count as disagreement."""
    width = min(width, values.size)
    return np.convolve(values, np.ones(width) / width, mode="valid")
