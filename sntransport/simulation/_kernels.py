"""The numba functions of simulated light curves: tables of fluxes, noise. Arrays in, arrays out, unchecked."""

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array as _F
from sntransport._numerics.compiled import compiled, compiled_sums

_I = NDArray[np.int64]
_T = NDArray[np.float32]


@compiled
def dusty_terms(weight: _F, of_mw: _F, mixed: _F, n_term: int) -> _F:
    """What bins are multiplied by to give the terms at each redshift, (n_bin, n_z n_term).

    ``weight`` (n_bin, n_z) is that of the band; ``of_mw`` (n_degree, n_bin n_z) the polynomials of Milky Way dust,
    ``mixed`` (n_bin, n_degree n_z n_term) what each of them is multiplied by.
    """
    n_bin, n_z = weight.shape
    terms = np.zeros((n_bin, n_z * n_term))
    for i in range(n_bin):
        for degree in range(of_mw.shape[0]):
            for q in range(n_z):
                factor = weight[i, q] * of_mw[degree, i * n_z + q]
                at = (degree * n_z + q) * n_term
                for m in range(n_term):
                    terms[i, q * n_term + m] += factor * mixed[i, at + m]
    return terms


@compiled_sums
def table_fluxes(
    order: _I, offset: _I, mjd: _F, band: NDArray[np.int16], template: _I, stretch: _F, mjd_ref: _F, cell: _I,
    weights: _T, start: _I, n_term: _I, phase_offset: _I, phases: _F, lookup_offset: _I, lookup: NDArray[np.int32],
    per_day: _F, table: _T, n_z: int, max_gap: float, flux: _F,
) -> None:  # fmt: skip
    """Fluxes (n_obs,) of visits, from tables of band fluxes.

    ``order`` is that of the work only. The visits of object i are ``offset[i]`` to ``offset[i + 1]``. An object reads
    four redshifts from ``cell`` on of the table of its ``template``, all terms times ``weights`` (n_object, n_band,
    4 n_term and more). ``table`` is flat, for each template and band from ``start`` (n_template, n_band) on
    [phase][redshift][term], with ``n_term`` (n_band,) terms. ``lookup`` has a phase at or before
    each step of 1 / ``per_day`` from the first. Linear between phases; 0 outside them; NaN in steps wider than
    ``max_gap``.
    """
    n_band, longest = weights.shape[1], weights.shape[2]
    weight = weights.reshape(-1)
    for position in range(order.size):
        i = order[position]
        t = template[i]
        own = phases[phase_offset[t] : phase_offset[t + 1]]
        guess = lookup[lookup_offset[t] : lookup_offset[t + 1]]
        # Unsigned numbers index without a look at the sign, which lets the sum run several terms at a time.
        one, last, before = np.uint64(1), np.uint64(own.size - 1), np.uint64(max(own.size - 2, 0))
        begin, end, days = own[0], own[last], per_day[t]
        shrink = 1.0 / stretch[i]
        for j in range(np.uint64(offset[i]), np.uint64(offset[i + 1])):
            phase = (mjd[j] - mjd_ref[i]) * shrink
            if phase < begin or phase > end:
                flux[j] = 0.0
                continue
            k = np.uint64(guess[np.uint64((phase - begin) * days)])
            # One step that is no branch: more are rare, and a branch that is hard to foresee costs more than the sum.
            k += np.uint64((k < before) & (phase >= own[min(k + one, last)]))
            while k < before and phase >= own[k + one]:
                k += one
            step = own[min(k + one, last)] - own[k]
            share = (phase - own[k]) / step if step > 0.0 else 0.0
            if step > max_gap and 0.0 < share < 1.0:
                flux[j] = np.nan
                continue
            b = np.uint64(band[j])
            n = np.uint64(n_term[b])
            row = np.uint64(n_z) * n
            near = np.uint64(start[t, b]) + np.uint64(cell[i]) * n + k * row
            # At a phase of the template its neighbor does not count, not even where it is NaN.
            near = near + row if share == 1.0 else near
            far = near + row if 0.0 < share < 1.0 else near
            w = np.uint64((i * n_band + np.int64(b)) * longest)
            up = np.float32(share)
            value = np.float32(0.0)
            for m in range(np.uint64(4) * n):
                value += weight[w + m] * (table[near + m] + up * (table[far + m] - table[near + m]))
            flux[j] = value


@compiled
def add_noise(
    columns: _F, band: NDArray[np.int16], zero_point: _F, floor: _F, normal: _F, flux: _F, flux_err: _F,
    saturated: NDArray[np.bool_],
) -> None:  # fmt: skip
    """In place: true fluxes become measured ones, by the formulas of `simulation.surveys.noise`; NaN where saturated.

    ``columns`` (3, n_obs): background, photons per nJy and saturation; ``zero_point`` and ``floor`` (n_band,) are
    relative errors; ``normal`` (n_obs,) are standard normal numbers.
    """
    for j in range(flux.size):
        value = flux[j]
        drawn = columns[0, j] ** 2 + max(value, 0.0) / columns[1, j] + (zero_point[band[j]] * value) ** 2
        saturated[j] = value > columns[2, j]
        known = np.nan if saturated[j] else value
        flux_err[j] = np.sqrt(drawn + (floor[band[j]] * known) ** 2)
        flux[j] = known + normal[j] * np.sqrt(drawn)


@compiled_sums
def table_peaks(
    template: _I, cell: _I, weights: _T, start: _I, n_term: _I, phase_offset: _I, phases: _F, table: _T, n_z: int,
    near: _I, peak: _F, peak_phase: _F,
) -> None:  # fmt: skip
    """Brightest phase (n_object, n_band) and its flux, NaN where no phase has one above 0.

    Arguments as for `table_fluxes`; ``near`` (n_template, n_band, n_z, 2) are the first and one past the last phase
    that can be the brightest.
    """
    n_band, longest = weights.shape[1], weights.shape[2]
    weight = weights.reshape(-1)
    for i in range(template.size):
        t = template[i]
        n_phase = phase_offset[t + 1] - phase_offset[t]
        for b in range(n_band):
            first, last = n_phase, 0
            for q in range(cell[i], cell[i] + 4):
                first, last = min(first, near[t, b, q, 0]), max(last, near[t, b, q, 1])
            best, found = np.float32(0.0), -1
            w = np.uint64((i * n_band + b) * longest)
            for k in range(first, last):
                at = np.uint64(start[t, b] + (k * n_z + cell[i]) * n_term[b])
                value = np.float32(0.0)
                for m in range(np.uint64(4 * n_term[b])):
                    value += weight[w + m] * table[at + m]
                if value > best:
                    best, found = value, k
            peak[i, b] = best if found >= 0 else np.nan
            peak_phase[i, b] = phases[phase_offset[t] + found] if found >= 0 else np.nan
