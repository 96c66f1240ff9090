"""A series on one constant-step grid of phase and wavelength without holes, as simulators need it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.limits import require_memory
from sntransport.export.snana_limits import MOST_PHASES, MOST_WAVES
from sntransport.photometry.reference_phase import Meaning, find_maximum, is_maximum, rezero
from sntransport.spectra.phases import MAX_GAP, neighbors
from sntransport.spectra.series import Origin, SpectralSeries, require_series
from sntransport.spectra.sightline import mjd_of

_EDGES = 40


@dataclass(frozen=True, eq=False, kw_only=True)
class TemplateGrid:
    """Flux (n_phase, n_wave) [erg s-1 cm-2 A-1 at 10 pc] on constant steps of phase [d] and wavelength [A].

    ``extrapolated`` is the share of bins that rest on bins of the series without data of their own; ``zero`` says what
    phase 0 means and ``mjd_ref`` when it was, ``shift`` [d] which phase of the series that is; ``notes`` what was cut,
    shifted or set to 0.
    """

    name: str
    sn_type: str
    phase: Array
    wave: Array
    flux: Array
    extrapolated: float
    zero: str
    mjd_ref: float
    shift: float
    notes: tuple[str, ...]


def template_grid(
    series: SpectralSeries,
    *,
    zero: Meaning = "bolometric maximum",
    given: Meaning | None = None,
    z: float = np.nan,
    wave_step: float = 5.0,
    phase_step: float = 1.0,
    wave_range: tuple[float, float] | None = None,
    unbracketed: str = "error",
) -> TemplateGrid:
    """Put a series on a grid.

    Parameters
    ----------
    series : SpectralSeries
    zero : str
        What phase 0 of the result means. A maximum is found in the series and moved to 0, unless ``given`` says that
        the series has it there.
    given : str, optional
        What phase 0 of the series means already; needed where ``zero`` is "explosion" or "discovery".
    z : float
        Redshift, for the date of phase 0; NaN: not known.
    wave_step : float [A]
    phase_step : float [d]
    wave_range : tuple of float [rest-frame A], optional
        Phases that do not cover it are left out. Default: the range and the run of phases that together hold the most.
    unbracketed : {"error", "edge"}
        See `sntransport.photometry.reference_phase.rezero`.

    Returns
    -------
    TemplateGrid
        Each bin is the mean over its width of flux that is linear between the bins of the series, and linear in phase.
        Negative flux is set to 0 and counted. The phases are a run without steps above 5 d.

    Raises
    ------
    sntransport.photometry.reference_phase.MaximumError
        Where the maximum is not bracketed by data.
    ValueError
        Where the meaning of phase 0 is not known, nothing is covered, or there are more bins than SNANA has room for.
    """
    require_series(series, "export")
    label = series.name or "the series"
    if not (wave_step > 0 and phase_step > 0):
        raise ValueError(f"wave_step is {wave_step:g} A and phase_step {phase_step:g} d, expected above 0")
    moved, notes = _zeroed(series, zero, given, z, unbracketed)
    rows, low, high = _rectangle(moved, wave_range)
    left_out = int(np.count_nonzero(moved.covered.any(axis=1)) - rows.size)
    if left_out:
        notes.append(f"{left_out} phases left out: they do not cover {low:.0f}-{high:.0f} A, or lie beyond a gap")
    # On phases of the series itself, so that nothing is smoothed where its steps are the same.
    anchor = moved.phase[rows[int(np.argmin(np.abs(moved.phase[rows])))]]
    phase = anchor + _steps(moved.phase[rows[0]] - anchor, moved.phase[rows[-1]] - anchor, phase_step)
    edges = _steps(low, high, wave_step)
    if phase.size < 2 or edges.size < 3:
        raise ValueError(f"{label}: too little is covered for a grid of {phase_step:g} d and {wave_step:g} A")
    if phase.size > MOST_PHASES or edges.size - 1 > MOST_WAVES:
        raise ValueError(
            f"{label}: {phase.size} phases and {edges.size - 1} wavelengths, SNANA has room for {MOST_PHASES} and "
            f"{MOST_WAVES}; take larger steps"
        )
    own = moved.phase[rows]
    # The last step of the grid may end beyond the last phase by a rounding.
    place = neighbors(own, np.clip(phase, own[0], own[-1]))
    flux = _means(moved.wave, place.mean(np.nan_to_num(moved.flux[rows])), edges)
    marked = np.asarray(moved.origin[rows] == Origin.EXTRAPOLATED, dtype=np.float64)
    filled = _means(moved.wave, place.mean(marked), edges) > 0
    negative = int(np.count_nonzero(flux < 0))
    if negative:
        notes.append(f"{negative} bins with negative flux set to 0")
    flux = np.maximum(flux, 0.0)
    shift = _brightest(phase, flux) if zero == "bolometric maximum" else 0.0
    if shift:
        notes.append(f"phases moved by {-shift:g} d to the brightest phase of the grid, which SNANA takes as 0")
    wave = 0.5 * (edges[1:] + edges[:-1])
    return TemplateGrid(
        name=series.name,
        sn_type=series.sn_type,
        phase=phase - shift,
        wave=wave,
        flux=flux,
        extrapolated=float(filled.mean()),
        zero=zero,
        mjd_ref=float(mjd_of(shift, moved.mjd_ref, z)) if shift else moved.mjd_ref,
        shift=float(series.phase[0] - moved.phase[0] + shift),
        notes=tuple(notes),
    )


def exported_range(series: SpectralSeries) -> tuple[float, float] | None:
    """First and last wavelength [rest-frame A] of the template that an export of a series makes where nothing is asked.

    The brightest phase is taken as the maximum where data do not bracket it. None where no template can be made.
    """
    try:
        grid = template_grid(series, unbracketed="edge")
    except ValueError:
        return None
    return float(grid.wave[0]), float(grid.wave[-1])


def _zeroed(
    series: SpectralSeries, zero: Meaning, given: Meaning | None, z: float, unbracketed: str
) -> tuple[SpectralSeries, list[str]]:  # fmt: skip
    if given is not None:
        is_maximum(given)
    if given == zero:
        return series, [f"phase 0 is the {zero}, as stated"]
    if not is_maximum(zero):
        raise ValueError(
            f"{series.name or 'the series'}: phase 0 is to mean {zero!r}, which no series shows; state that it does "
            f"(given={zero!r}), or ask for a maximum"
        )
    moved, shift = rezero(series, zero, z=z, unbracketed="edge" if unbracketed == "edge" else "error")
    if zero == "bolometric maximum":
        # A phase of the series: SNANA takes the brightest phase that it reads as 0.
        near = moved.phase[int(np.argmin(np.abs(moved.phase)))]
        moved = replace(moved, phase=moved.phase - near, mjd_ref=float(mjd_of(near, moved.mjd_ref, z)))
        shift += near
    bracketed = find_maximum(series, zero).bracketed
    words = "found in the series" if bracketed else "taken to be its brightest phase: data do not bracket it"
    return moved, [f"phase 0 moved by {shift:.2f} d to the {zero}, {words}"]


def _rectangle(
    series: SpectralSeries, wave_range: tuple[float, float] | None
) -> tuple[NDArray[np.int64], float, float]:
    """Rows of a run of phases, and the range of wavelengths that all of them cover without holes."""
    if not series.covered.any():
        raise ValueError(f"{series.name or 'the series'} covers nothing")
    covered = np.pad(series.covered.astype(np.int8), ((0, 0), (1, 1)))
    missing = np.concatenate(
        [np.zeros((series.n_phase, 1), np.int64), np.cumsum(covered[:, 1:-1] == 0, axis=1)], axis=1
    )
    if wave_range is not None:
        blue = [int(np.clip(np.searchsorted(series.wave, wave_range[0], side="right") - 1, 0, series.n_wave - 1))]
        red = [int(np.clip(np.searchsorted(series.wave, wave_range[1]), 0, series.n_wave - 1))]
    else:
        # Where coverage begins and ends, holes included.
        turn = np.diff(covered, axis=1)
        blue, red = _candidates(np.nonzero(turn == 1)[1]), _candidates(np.nonzero(turn == -1)[1] - 1)
    best, found = 0.0, None
    for b in blue:
        for r in red:
            if r - b < 2:
                continue
            whole = missing[:, r + 1] == missing[:, b]
            run = _longest_run(series.phase, whole)
            if run.size < 2:
                continue
            start, end = series.phase[run[0]], series.phase[run[-1]]
            # A template without its maximum is of no use where another has it.
            worth = (end - start) * np.log(series.wave[r] / series.wave[b]) * (1.0 if start <= 0 <= end else 1e-3)
            if worth > best:
                best, found = float(worth), (run, b, r)
    if found is None:
        wanted = "any range" if wave_range is None else f"{wave_range[0]:.0f}-{wave_range[1]:.0f} A"
        raise ValueError(f"{series.name or 'the series'} does not cover {wanted} at two neighboring phases")
    rows, b, r = found
    low, high = (series.wave[b], series.wave[r]) if wave_range is None else wave_range
    if low < series.wave[b] or high > series.wave[r]:
        raise ValueError(
            f"{series.name or 'the series'} covers {series.wave[b]:.0f}-{series.wave[r]:.0f} A, not all of "
            f"{low:.0f}-{high:.0f} A: extrapolate it first, or ask for less"
        )
    return rows, float(low), float(high)


def _candidates(places: NDArray[np.int64]) -> list[int]:
    return sorted({int(value) for value in np.quantile(places, np.linspace(0, 1, _EDGES), method="nearest")})


def _longest_run(phase: Array, whole: NDArray[np.bool_]) -> NDArray[np.int64]:
    rows = np.flatnonzero(whole)
    if rows.size < 2:
        return rows
    parts = np.split(rows, np.flatnonzero((np.diff(rows) > 1) | (np.diff(phase[rows]) > MAX_GAP)) + 1)
    return max(parts, key=lambda part: float(phase[part[-1]] - phase[part[0]]))


def _steps(low: float, high: float, step: float) -> Array:
    """Multiples of the step from low to high."""
    count = (high - low) / step
    require_memory(8.0 * count, f"a grid of {count:.3g} steps of {step:g}", "take larger steps")
    return step * np.arange(int(np.ceil(low / step - 1e-6)), int(np.floor(high / step + 1e-6)) + 1, dtype=np.float64)


def _means(wave: Array, values: Array, edges: Array) -> Array:
    """Means of piecewise linear rows between edges."""
    points = np.union1d(wave[(wave > edges[0]) & (wave < edges[-1])], edges)
    left = np.clip(np.searchsorted(wave, points, side="right") - 1, 0, wave.size - 2)
    u = (points - wave[left]) / (wave[left + 1] - wave[left])
    fine = (1.0 - u) * values[:, left] + u * values[:, left + 1]
    total = np.zeros((values.shape[0], points.size))
    np.cumsum(0.5 * (fine[:, 1:] + fine[:, :-1]) * np.diff(points), axis=1, out=total[:, 1:])
    sums = np.diff(total[:, np.searchsorted(points, edges)], axis=1)
    means: Array = sums / np.diff(edges)
    return means


def _brightest(phase: Array, flux: Array) -> float:
    """Phase of the grid with the most flux, where it is not at an end."""
    k = int(flux.sum(axis=1).argmax())
    return float(phase[k]) if 0 < k < phase.size - 1 else 0.0
