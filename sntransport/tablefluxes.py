"""Where objects read the tables of band fluxes, and what they read: fluxes of visits, and peaks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sntransport.checks import Array
from sntransport.fluxtables import Z_STEP, FluxTables, chebyshev
from sntransport.lightcurves import Truth
from sntransport.units import njy_to_mag


@dataclass(frozen=True, eq=False)
class Places:
    """Where objects (n_object,) read the tables: first of four redshifts, weights (4 n_term,) and fade (n_band,)."""

    cell: NDArray[np.int64]
    weights: NDArray[np.float32]
    fade: Array


def places(tables: FluxTables, z: Array, ebv_mw: Array, ebv_host: Array) -> Places:
    """Where objects (n_object,) read the tables.

    Parameters
    ----------
    tables : FluxTables
    z, ebv_mw, ebv_host : ndarray, (n_object,)
        Within the bounds of the tables.

    Returns
    -------
    Places
    """
    position = (np.log1p(z) - tables.x[0]) / Z_STEP
    cell = np.clip(position.astype(np.int64) - 1, 0, tables.x.size - 4)
    u = position - cell
    # Lagrange's cubic through the nodes 0, 1, 2, 3.
    by_z = np.stack(
        [
            -(u - 1.0) * (u - 2.0) * (u - 3.0) / 6.0,
            u * (u - 2.0) * (u - 3.0) / 2.0,
            -u * (u - 1.0) * (u - 3.0) / 2.0,
            u * (u - 1.0) * (u - 2.0) / 6.0,
        ],
        axis=1,
    )
    by_dust = chebyshev(ebv_mw, tables.dust.ebv_mw, tables.powers[:, 0])
    by_dust = by_dust * chebyshev(ebv_host, tables.dust.ebv_host, tables.powers[:, 1])
    weights = (by_z[:, :, None] * by_dust[:, None, :]).reshape(z.size, -1).astype(np.float32)
    at_host = sum(by_z[:, m, None] * tables.mean_host[:, cell + m].T for m in range(4))
    fade = np.exp(-ebv_mw[:, None] * tables.mean_mw - ebv_host[:, None] * at_host)
    return Places(cell, weights, fade)


def peaks(
    tables: FluxTables, template: NDArray[np.int32], scale: Array, seen: Places, mjd_ref: Array, z: Array
) -> tuple[Array, Array]:  # fmt: skip
    """Magnitude [AB mag] and date [d] of the brightest phase of each object in each band (n_object, n_band).

    NaN where no phase that the template covers has a flux above 0. Arguments as for `true_fluxes`.
    """
    from sntransport import _kernels_light

    peak, phase = np.empty_like(seen.fade), np.empty_like(seen.fade)
    _kernels_light.table_peaks(
        template.astype(np.int64), scale, seen.cell, seen.weights, seen.fade, tables.start, tables.size,
        tables.phase_offset, tables.phases, tables.table, tables.x.size, tables.near, peak, phase,
    )  # fmt: skip
    return njy_to_mag(peak), mjd_ref[:, None] + (1.0 + z[:, None]) * phase


def true_fluxes(
    tables: FluxTables, visits: Array, offset: NDArray[np.int64], rows: NDArray[np.int64], truth: Truth, scale: Array,
    seen: Places, max_gap: float,
) -> tuple[Array, NDArray[np.int16], Array]:  # fmt: skip
    """Noise-free fluxes of visits.

    Parameters
    ----------
    tables : FluxTables
    visits : ndarray, (n_visit, 5)
        Date, band, background, photons per nJy, saturation.
    offset, rows : ndarray of int
        Visits of each object, as `sntransport.sky.visits_of` gives them.
    truth : Truth
    scale : ndarray, (n_object,)
        Dimming by distance and luminosity.
    seen : Places
    max_gap : float [d]

    Returns
    -------
    mjd, band, flux : ndarray, (n_obs,)
    """
    from sntransport import _kernels_light

    mjd, band, flux = np.empty(rows.size), np.empty(rows.size, dtype=np.int16), np.empty(rows.size)
    # Neighbors in redshift read the same part of the table.
    order = np.lexsort((seen.cell, truth.template))
    _kernels_light.table_fluxes(
        order, offset, rows, visits, truth.template.astype(np.int64), scale, 1.0 + truth.z, truth.mjd_ref, seen.cell,
        seen.weights, seen.fade, tables.start, tables.size, tables.phase_offset, tables.phases, tables.table,
        tables.x.size, max_gap, mjd, band, flux,
    )  # fmt: skip
    return mjd, band, flux
