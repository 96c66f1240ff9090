"""The numba functions that are not of transport: bands, draws, visits. Arrays in, arrays out; the callers validate."""

import numpy as np
from numpy.typing import NDArray

from sntransport._kernels import compiled
from sntransport.checks import Array as _F

_I = NDArray[np.int64]
_T = NDArray[np.float32]


@compiled
def band_weights(wave: _F, stretch: _F, band: _F, throughput: _F, photons: _F, norms: _F) -> None:
    """Weights (n_stretch, n_wave) of ``int f T x dx`` and ``int f T / x dx``, added to ``photons`` and ``norms``.

    f is linear between its values at ``wave * stretch``; ``throughput`` is T at ``band``, linear between. Two-point
    Gauss-Legendre is exact for the cubic T x f.
    """
    gauss = 1.0 / np.sqrt(3.0)
    for k in range(stretch.size):
        s = stretch[k]
        start, end = max(wave[0] * s, band[0]), min(wave[-1] * s, band[-1])
        i = min(max(np.searchsorted(wave, start / s) - 1, 0), wave.size - 2)
        j = min(max(np.searchsorted(band, start) - 1, 0), band.size - 2)
        while start < end:
            stop = min(wave[i + 1] * s, band[j + 1], end)
            half, middle = 0.5 * (stop - start), 0.5 * (stop + start)
            for side in (-gauss, gauss):
                x = middle + side * half
                share = (x - band[j]) / (band[j + 1] - band[j])
                weight = half * (throughput[j] * (1.0 - share) + throughput[j + 1] * share)
                up = (x - wave[i] * s) / ((wave[i + 1] - wave[i]) * s)
                photons[k, i] += weight * x * (1.0 - up)
                photons[k, i + 1] += weight * x * up
                norms[k, i] += weight / x * (1.0 - up)
                norms[k, i + 1] += weight / x * up
            start = max(start, stop)
            if stop >= wave[i + 1] * s:
                i = min(i + 1, wave.size - 2)
            if stop >= band[j + 1]:
                j = min(j + 1, band.size - 2)


@compiled
def chain_rows(field: _F, step: _F) -> None:
    """In place: white noise (n_row, n) of unit variance becomes a Markov chain from row to row, of unit variance.

    ``step`` (n_row - 1,) is the correlation of each row with the next.
    """
    for i in range(1, field.shape[0]):
        keep = step[i - 1]
        fresh = np.sqrt(1.0 - keep * keep)
        for j in range(field.shape[1]):
            field[i, j] = keep * field[i - 1, j] + fresh * field[i, j]


@compiled
def residual_field(noise: _F, step: _F, mix: _F, nodes: _F, left: _I, join: _F, field: _F) -> None:
    """Every row: a Markov chain along the row plus its own white noise, plus lines between values at nodes.

    ``noise`` (n_row, n) of unit variance; ``step`` (n,) the correlation of each column with the one before; ``mix``
    (2, n) the factors of chain and noise; ``nodes`` (n_row, n_node); column j is ``join[0, j]`` of node ``left[j]``
    and ``join[1, j]`` of the next.
    """
    fresh = np.sqrt(1.0 - step * step)
    for i in range(field.shape[0]):
        chain = 0.0
        for j in range(field.shape[1]):
            chain = step[j] * chain + fresh[j] * noise[i, j]
            smooth = join[0, j] * nodes[i, left[j]] + join[1, j] * nodes[i, left[j] + 1]
            field[i, j] = mix[0, j] * chain + mix[1, j] * noise[i, j] + smooth


@compiled
def gather_visits(
    position: _F, pair_offset: _I, pair_group: _I, group_offset: _I, group_rows: _I, pointing: _F, chord2: float,
    first: _I, last: _I,
) -> tuple[_I, _I]:  # fmt: skip
    """Rows of the visits that see each position, as offsets (n + 1,) and rows, ascending for each position.

    Unit vectors of ``position`` (n, 3); the groups of visits that come into question for a position, and the rows of
    each group, ascending, as offsets and flat lists; ``pointing`` (n_visit, 3) in the order of ``group_rows``. A visit
    counts if its row is within ``first`` <= row < ``last`` and its squared chord is at most ``chord2``.
    """
    n = position.shape[0]
    offset = np.zeros(n + 1, np.int64)
    for fill in range(2):
        rows = np.empty(offset[n] if fill else 0, np.int64)
        for i in range(n):
            x, y, z = position[i, 0], position[i, 1], position[i, 2]
            found = 0
            for p in range(pair_offset[i], pair_offset[i + 1]):
                group = pair_group[p]
                begin, end = group_offset[group], group_offset[group + 1]
                start = begin + np.searchsorted(group_rows[begin:end], first[i])
                for k in range(start, end):
                    row = group_rows[k]
                    if row >= last[i]:
                        break
                    dx, dy, dz = pointing[k, 0] - x, pointing[k, 1] - y, pointing[k, 2] - z
                    if dx * dx + dy * dy + dz * dz <= chord2:
                        if fill:
                            rows[offset[i] + found] = row
                        found += 1
            if fill:
                rows[offset[i] : offset[i + 1]].sort()
            else:
                offset[i + 1] = offset[i] + found
    return offset, rows


@compiled
def table_fluxes(
    order: _I, offset: _I, rows: _I, visits: _F, template: _I, scale: _F, stretch: _F, mjd_ref: _F, cell: _I,
    weights: _T, fade: _F, start: _I, size: _I, phase_offset: _I, phases: _F, table: _T, n_z: int, max_gap: float,
    mjd: _F, band: NDArray[np.int16], flux: _F,
) -> None:  # fmt: skip
    """True flux of every visit of every object, from tables of band fluxes; fills ``mjd``, ``band`` and ``flux``.

    ``order`` is only the order of the work. The visits of object i are ``rows[offset[i]:offset[i + 1]]`` of ``visits``
    (n, 5: date, band and three more), ascending in date. An object reads four redshifts of the table of its
    ``template`` from ``cell`` on, all terms with ``weights`` (n_object, 4 n_term), times ``scale`` and its ``fade``
    (n_object, n_band). ``table`` is flat, from ``start`` on [band][phase][redshift][term], with ``size`` phases and
    terms per table (2, n_template). Linear between phases; 0 outside them; NaN in steps wider than ``max_gap``.
    """
    for position in range(order.size):
        i = order[position]
        t = template[i]
        n_phase, n_term = size[0, t], size[1, t]
        own = phases[phase_offset[t] : phase_offset[t + 1]]
        row = n_z * n_term
        n_sum = 4 * n_term
        weight = weights[i]
        k = 0
        for j in range(offset[i], offset[i + 1]):
            visit = visits[rows[j]]
            b = int(visit[1])
            mjd[j] = visit[0]
            band[j] = b
            phase = (visit[0] - mjd_ref[i]) / stretch[i]
            if phase < own[0] or phase > own[n_phase - 1]:
                flux[j] = 0.0
                continue
            while k < n_phase - 2 and phase >= own[k + 1]:
                k += 1
            step = own[min(k + 1, n_phase - 1)] - own[k]
            share = (phase - own[k]) / step if step > 0.0 else 0.0
            at = start[t] + (b * n_phase + k) * row + cell[i] * n_term
            left = np.float32(0.0)
            right = np.float32(0.0)
            if share < 1.0:
                for m in range(n_sum):
                    left += weight[m] * table[at + m]
            if share > 0.0:
                for m in range(n_sum):
                    right += weight[m] * table[at + row + m]
            flux[j] = ((1.0 - share) * left + share * right) * scale[i] * fade[i, b]
            if step > max_gap and 0.0 < share < 1.0:
                flux[j] = np.nan


@compiled
def table_peaks(
    template: _I, scale: _F, cell: _I, weights: _T, fade: _F, start: _I, size: _I, phase_offset: _I, phases: _F,
    table: _T, n_z: int, near: _I, peak: _F, peak_phase: _F,
) -> None:  # fmt: skip
    """Brightest phase (n_object, n_band) and its flux, NaN where no phase has one above 0.

    Arguments as for `table_fluxes`; ``near`` (n_template, n_band, n_z, 2) are the first and one past the last phase
    that can be the brightest.
    """
    n_band = fade.shape[1]
    for i in range(template.size):
        t = template[i]
        n_phase, n_term = size[0, t], size[1, t]
        row = n_z * n_term
        for b in range(n_band):
            first, last = n_phase, 0
            for q in range(cell[i], cell[i] + 4):
                first, last = min(first, near[t, b, q, 0]), max(last, near[t, b, q, 1])
            best, found = np.float32(0.0), -1
            for k in range(first, last):
                at = start[t] + (b * n_phase + k) * row + cell[i] * n_term
                value = np.float32(0.0)
                for m in range(4 * n_term):
                    value += weights[i, m] * table[at + m]
                if value > best:
                    best, found = value, k
            peak[i, b] = best * scale[i] * fade[i, b] if found >= 0 else np.nan
            peak_phase[i, b] = phases[phase_offset[t] + found] if found >= 0 else np.nan


@compiled
def add_noise(
    rows: _I, visits: _F, band: NDArray[np.int16], zero_point: _F, floor: _F, normal: _F, flux: _F, flux_err: _F,
    saturated: NDArray[np.bool_],
) -> None:  # fmt: skip
    """In place: true fluxes become measured ones, by the formulas of `sntransport.noise`; NaN where saturated.

    ``visits`` (n, 5): date, band, background, photons per nJy and saturation; ``zero_point`` and ``floor`` (n_band,)
    are relative errors; ``normal`` (n_obs,) are standard normal numbers.
    """
    for j in range(rows.size):
        visit = visits[rows[j]]
        value = flux[j]
        drawn = visit[2] ** 2 + max(value, 0.0) / visit[3] + (zero_point[band[j]] * value) ** 2
        flux_err[j] = np.sqrt(drawn + (floor[band[j]] * value) ** 2)
        flux[j] = value + normal[j] * np.sqrt(drawn)
        saturated[j] = value > visit[4]
        if saturated[j] or np.isnan(value):
            flux[j] = np.nan
            flux_err[j] = np.nan
