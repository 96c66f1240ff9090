"""Windows and tokens for transformers: (time, mag, magerr) as Astromer reads them, and flat tables of tokens."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.quantities import shown
from sntransport._numerics.units import MAG_PER_LN, njy_to_mag
from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.atomic_files import atomic_path
from sntransport._storage.extras import of_extra
from sntransport.datasets.columns import band_labels, fluxes, id_texts, known_rows
from sntransport.simulation.events.class_codes import class_columns
from sntransport.simulation.light_curves import LightCurves

WINDOW = 200
"""Length of Astromer's windows (Donoso-Oliva et al. 2023, A&A 670, A54)."""


@answers_mistakes
def write_astromer(
    light_curves: LightCurves, path: str | os.PathLike[str], *, band: str, class_codes: Mapping[str, int] | None = None
) -> Path:  # fmt: skip
    """Write one shard: a row an object, with lists of time, magnitude and error in one band.

    Parameters
    ----------
    light_curves : LightCurves
    path : path-like
    band : str
        Astromer reads one band.
    class_codes : mapping of str to int, optional
        Number of each class or type; see `sntransport.simulation.events.class_codes.class_columns`.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        Where there is no such band.

    Notes
    -----
    Columns ``id``, ``label`` (the type), ``class``, ``class_code``, ``mjd``, ``mag``, ``errmag``. Lost: all other
    bands, and measurements with a flux that is not positive, which have no magnitude.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.datasets import write_astromer
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([series], survey, population, n=5, seed=1, keep="triggered", true_flux=True)
    >>> write_astromer(curves, "astromer.parquet", band="ztfr").name
    'astromer.parquet'
    """
    with of_extra("parquet"):
        import pyarrow as pa
        import pyarrow.parquet as pq

    rows, offset, mag, mag_err = _magnitudes(light_curves, band)
    starts, labels = (
        pa.array(offset.astype(np.int32)),
        class_columns(light_curves.template_types, light_curves.truth.template, class_codes),
    )
    table = pa.table({
        "id": id_texts(light_curves), "label": labels["type"], "class": labels["class"],
        "class_code": labels["class_code"],
        "mjd": pa.ListArray.from_arrays(starts, pa.array(light_curves.mjd[rows])),
        "mag": pa.ListArray.from_arrays(starts, pa.array(mag)),
        "errmag": pa.ListArray.from_arrays(starts, pa.array(mag_err)),
    })  # fmt: skip
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", write_statistics=False)
    return Path(path)


@answers_mistakes
def astromer_windows(
    light_curves: LightCurves, *, band: str, window: int = WINDOW
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:  # fmt: skip
    """Windows of consecutive measurements in one band.

    Returns
    -------
    values : ndarray, (n_window, window, 3)
        Time [d], magnitude and its error; each less its mean in the window, as Astromer normalizes them, 0 beyond the
        end of a light curve.
    mask : ndarray, (n_window, window)
        1 where there is a measurement.
    owner : ndarray of int, (n_window,)
        Index of the object.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.datasets import astromer_windows
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([series], survey, population, n=5, seed=1, keep="triggered", true_flux=True)
    >>> values, mask, owner = astromer_windows(curves, band="ztfr", window=20)
    >>> values.shape[1:], mask.shape == values.shape[:2]
    ((20, 3), True)
    """
    rows, offset, mag, mag_err = _magnitudes(light_curves, band)
    counts = np.diff(offset)
    pieces = -(-counts // window)
    owner = np.repeat(np.arange(counts.size), pieces)
    values = np.zeros((owner.size, window, 3), dtype=np.float32)
    mask = np.zeros((owner.size, window), dtype=np.float32)
    inside = np.arange(rows.size) - np.repeat(offset[:-1], counts)
    piece = np.repeat(np.concatenate([[0], np.cumsum(pieces)])[:-1], counts) + inside // window
    held = np.stack([light_curves.mjd[rows], mag, mag_err], axis=1)
    total = np.bincount(piece, minlength=owner.size)
    mean = np.stack([np.bincount(piece, held[:, k], owner.size) / np.maximum(total, 1) for k in range(3)], axis=1)
    values[piece, inside % window] = held - mean[piece]
    mask[piece, inside % window] = 1.0
    return values, mask, owner


@answers_mistakes
def write_tokens(
    light_curves: LightCurves, path: str | os.PathLike[str], *, length: int | None = None, zero_point: float = 31.4,
    class_codes: Mapping[str, int] | None = None,
) -> Path:  # fmt: skip
    """Write a flat table of tokens: object_id, time, flux, error, band_id, mask.

    Parameters
    ----------
    light_curves : LightCurves
    path : path-like
    length : int, optional
        Every object has as many tokens, the last with mask 0; measurements beyond are left out. None: as many as it
        has measurements.
    zero_point : float
        Of flux and error; 31.4 is nJy.
    class_codes : mapping of str to int, optional
        Number of each class or type; see `sntransport.simulation.events.class_codes.class_columns`.

    Returns
    -------
    Path

    Notes
    -----
    ``time`` is from the first measurement of the object [d]; the bands and their surveys are in the file's metadata.
    Lost: all truth but ``class``, ``class_code`` and ``type``.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.datasets import write_tokens
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([series], survey, population, n=5, seed=1, keep="triggered", true_flux=True)
    >>> write_tokens(curves, "tokens.parquet", length=50).name
    'tokens.parquet'
    """
    with of_extra("parquet"):
        import pyarrow as pa
        import pyarrow.parquet as pq

    rows, offset = known_rows(light_curves)
    flux, flux_err = fluxes(light_curves, zero_point)
    counts = np.diff(offset)
    owner = np.repeat(np.arange(counts.size), counts)
    begin = np.where(counts > 0, light_curves.mjd[rows[np.minimum(offset[:-1], max(rows.size - 1, 0))]], 0.0) \
        if rows.size else np.zeros(counts.size)  # fmt: skip
    inside = np.arange(rows.size) - np.repeat(offset[:-1], counts)
    n_each = counts if length is None else np.full(counts.size, length)
    start = np.concatenate([[0], np.cumsum(n_each)])
    room = inside < n_each[owner]
    place = start[:-1][owner[room]] + inside[room]
    columns: dict[str, Any] = {"object_id": np.repeat(light_curves.truth.object_id, n_each)}
    for name, value in (
        ("time", light_curves.mjd[rows] - begin[owner]), ("flux", flux[rows]), ("error", flux_err[rows]),
        ("band_id", light_curves.band[rows]), ("mask", np.ones(rows.size, np.int8)),
    ):  # fmt: skip
        columns[name] = np.zeros(int(start[-1]), dtype=value.dtype)
        columns[name][place] = value[room]
    columns |= {
        name: np.repeat(one, n_each)
        for name, one in class_columns(light_curves.template_types, light_curves.truth.template, class_codes).items()
    }
    labels = band_labels(light_curves.bands, light_curves.surveys)
    named = {b"bands": ",".join(labels), b"surveys": ",".join(light_curves.surveys)}
    table = pa.table(columns).replace_schema_metadata({key: text.encode() for key, text in named.items()})
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", write_statistics=False)
    return Path(path)


def _magnitudes(
    light_curves: LightCurves, band: str
) -> tuple[NDArray[np.int64], NDArray[np.int64], Array, Array]:  # fmt: skip
    """Rows with a magnitude in a band, offsets of the objects among them, magnitudes and errors."""
    if band not in light_curves.bands:
        raise ValueError(f"no band {shown(band)} (there are {', '.join(light_curves.bands)})")
    keep = (light_curves.band == light_curves.bands.index(band)) & (light_curves.flux > 0)
    keep &= np.isfinite(light_curves.flux_err)
    rows = np.flatnonzero(keep)
    offset = np.concatenate([[0], np.cumsum(keep)])[light_curves.offset].astype(np.int64)
    flux = light_curves.flux[rows]
    return rows, offset, njy_to_mag(flux), MAG_PER_LN * light_curves.flux_err[rows] / flux
