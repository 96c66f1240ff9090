"""Where objects read the tables of band fluxes, and what they read: fluxes of visits, and peaks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import njy_to_mag
from sntransport.photometry.bands import Bandpass
from sntransport.photometry.dust_polynomials import Dust, chebyshev, polynomials
from sntransport.simulation.flux_tables import Z_STEP, FluxTables, flux_tables
from sntransport.simulation.light_curves import Truth
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import mjd_of

_LAST: list[tuple[list["ref[Any]"], tuple[tuple[float, float], Dust], FluxTables]] = []


def tables_of(
    templates: Sequence[SpectralSeries], bands: Sequence[Bandpass], z_range: tuple[float, float], dust: Dust
) -> FluxTables:
    """As `simulation.flux_tables.flux_tables`; the last tables are kept while their templates are, and used again."""
    of, bounds = [*templates, *bands], (z_range, dust)
    for kept, same, tables in tuple(_LAST):
        if same == bounds and len(kept) == len(of) and all(a() is b for a, b in zip(kept, of, strict=True)):
            return tables
    tables = flux_tables(templates, bands, z_range, dust)
    _LAST[:] = [([ref(one, lambda _: forget_tables()) for one in of], bounds, tables)]
    return tables


def forget_tables() -> None:
    """Drop the tables that `tables_of` keeps; its next call makes them again."""
    _LAST.clear()


@dataclass(frozen=True, eq=False, kw_only=True)
class Places:
    """Where objects read the tables.

    ``cell`` (n_object,) is the first of four redshifts, ``weights`` (n_object, n_band, 4 n_term and zeros) what the
    terms at these are multiplied by.
    """

    cell: NDArray[np.int64]
    weights: NDArray[np.float32]


def places(
    tables: FluxTables, z: Array, ebv_mw: Array, ebv_host: Array, scale: Array, *, rv_host: Array | None = None
) -> Places:  # fmt: skip
    """Where objects (n_object,) read the tables.

    Parameters
    ----------
    tables : FluxTables
    z, ebv_mw, ebv_host : ndarray, (n_object,)
        Within the bounds of the tables.
    scale : ndarray, (n_object,) or (n_object, n_band)
        Dimming by distance and luminosity, of all bands alike or of each.
    rv_host : ndarray, (n_object,), optional
        None: the least of the tables, which is the only one where that is a number.

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
    low, high = tables.dust.rv_host
    rv = np.full(z.size, low) if rv_host is None else rv_host
    by_dust = polynomials(ebv_mw, ebv_host, rv, dust=tables.dust, powers=tables.powers)
    by_rv = chebyshev(rv, high, np.arange(tables.mean_host.shape[1]), low)
    at_z = np.sum([by_z[:, m, None, None] * tables.mean_host[:, :, cell + m].T for m in range(4)], axis=0)
    mean_host = np.einsum("ir,irb->ib", by_rv, at_z)
    dimmed = scale[:, None] if scale.ndim == 1 else scale
    fade = np.exp(-ebv_mw[:, None] * tables.mean_mw - ebv_host[:, None] * mean_host) * dimmed
    terms = np.stack([by_dust @ one for one in tables.basis], axis=1) * fade[:, :, None]
    weights = np.zeros((*fade.shape, 4 * terms.shape[2]), dtype=np.float32)
    for b, n in enumerate(tables.n_term):
        weights[:, b, : 4 * n] = (by_z[:, :, None] * terms[:, b, None, :n]).reshape(z.size, -1)
    return Places(cell=cell, weights=weights)


def peaks(
    tables: FluxTables, template: NDArray[np.int32], seen: Places, mjd_ref: Array, z: Array
) -> tuple[Array, Array]:  # fmt: skip
    """Magnitude [AB mag] and date [d] of the brightest phase of each object in each band (n_object, n_band).

    NaN where no phase that the template covers has a flux above 0.
    """
    from sntransport.simulation import _kernels

    peak, phase = np.empty(seen.weights.shape[:2]), np.empty(seen.weights.shape[:2])
    _kernels.table_peaks(
        template.astype(np.int64), seen.cell, seen.weights, tables.start, tables.n_term, tables.phase_offset,
        tables.phases, tables.table, tables.x.size, tables.near, peak, phase,
    )  # fmt: skip
    return njy_to_mag(peak), mjd_of(phase, mjd_ref[:, None], z[:, None])


def days_per_phase(truth: Truth) -> Array:
    """Days of the observer (n_object,) in a day of the template: 1 + z, times the stretch where there is one."""
    return (1.0 + truth.z) * truth.more["stretch"] if "stretch" in truth.more else 1.0 + truth.z


def true_fluxes(
    tables: FluxTables, *, offset: NDArray[np.int64], mjd: Array, band: NDArray[np.int16], truth: Truth, seen: Places,
    max_gap: float,
) -> Array:  # fmt: skip
    """Fluxes of visits without noise.

    Parameters
    ----------
    tables : FluxTables
    offset : ndarray of int, (n_object + 1,)
        The visits of object i are ``offset[i]`` to ``offset[i + 1]``.
    mjd : ndarray, (n_obs,) [d]
    band : ndarray of int, (n_obs,)
    truth : Truth
    seen : Places
    max_gap : float [d]
        Widest step of phase to interpolate over.

    Returns
    -------
    ndarray, (n_obs,) [nJy]
        0 outside the phases of the template, NaN where it does not cover the band.
    """
    from sntransport.simulation import _kernels

    flux = np.empty(mjd.size)
    # Neighbors in redshift read the same part of the table.
    order = np.lexsort((seen.cell, truth.template))
    _kernels.table_fluxes(
        order, offset, mjd, band, truth.template.astype(np.int64), days_per_phase(truth), truth.mjd_ref, seen.cell,
        seen.weights, tables.start, tables.n_term, tables.phase_offset, tables.phases, tables.lookup_offset,
        tables.lookup, tables.per_day, tables.table, tables.x.size, max_gap, flux,
    )  # fmt: skip
    return flux
