"""The (N, 65, 6) cube of the ATAT transformer (Cabrera-Vives et al. 2024, arXiv:2405.03078), as HDF5.

The names are those that its data loader reads (github.com/alercebroker/ATAT): data, data-var, time_phot, time_alert,
mask_alert, mask_detection, labels, and lists of rows test, training_K and validation_K.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.atomic_files import atomic_hdf5
from sntransport._storage.fits_tables import texts
from sntransport.datasets.columns import fluxes, id_texts, known_rows
from sntransport.simulation.events.class_codes import class_columns, codes_of_templates, default_codes
from sntransport.simulation.light_curves import LightCurves
from sntransport.simulation.selection.detection import PHOTFLAG_DETECTION

LENGTH = 65
"""Most measurements of an object in a band."""

ZERO_POINT = 27.5
"""Of the fluxes, SNANA's FLUXCAL, as in ELAsTiCC."""


class Cube(NamedTuple):
    """Arrays (n_object, 65, n_band): flux, error, time [d from the first measurement of the object], and masks."""

    flux: NDArray[np.float32]
    flux_err: NDArray[np.float32]
    time: NDArray[np.float32]
    mask: NDArray[np.float32]
    detected: NDArray[np.float32]
    n_dropped: int
    """Measurements for which there was no room."""


def cube(light_curves: LightCurves, length: int = LENGTH) -> Cube:
    """Light curves as a cube; the first ``length`` measurements of each object and band, 0 where there is none."""
    rows, offset = known_rows(light_curves)
    flux, flux_err = fluxes(light_curves, ZERO_POINT)
    n_object, n_band = light_curves.n_object, len(light_curves.bands)
    owner = np.repeat(np.arange(n_object), np.diff(offset))
    key = owner * n_band + light_curves.band[rows]
    order = np.argsort(key, kind="stable")
    begin = np.searchsorted(key[order], np.arange(n_object * n_band))
    slot = np.empty(rows.size, dtype=np.int64)
    slot[order] = np.arange(rows.size) - begin[key[order]]
    room = slot < length
    at = owner[room], slot[room], light_curves.band[rows][room].astype(np.int64)
    first = np.full(n_object, 0.0)
    some = np.diff(offset) > 0
    first[some] = light_curves.mjd[rows[offset[:-1][some]]]
    values = {
        "flux": flux[rows], "flux_err": flux_err[rows], "time": light_curves.mjd[rows] - first[owner],
        "mask": np.ones(rows.size), "detected": (light_curves.photflag[rows] & PHOTFLAG_DETECTION) > 0,
    }  # fmt: skip
    out = {}
    for name, value in values.items():
        out[name] = np.zeros((n_object, length, n_band), dtype=np.float32)
        out[name][at] = value[room]
    return Cube(**out, n_dropped=int(np.count_nonzero(~room)))


@answers_mistakes
def write_atat(
    light_curves: LightCurves, path: str | os.PathLike[str], *, labels: Mapping[str, int] | None = None,
    splits: Mapping[str, Sequence[int]] | None = None, length: int = LENGTH,
) -> Path:  # fmt: skip
    """Write the cube, labels and splits.

    Parameters
    ----------
    light_curves : LightCurves
    path : path-like
    labels : mapping of str to int, optional
        Number of each class or type; default: from 0 in the order of the names of the classes of this set. Kept in the
        attributes of ``labels``. A run of several sets needs one table for all.
    splits : mapping of str to sequence of int, optional
        Rows of "test", "training_0", "validation_0" and so on. They should not share a supernova.
    length : int
        Of the second axis.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        Where a type has no number.

    Notes
    -----
    Lost: measurements beyond ``length`` in a band (the attribute ``n_dropped`` counts them) and all truth but the label
    and the redshift. Times are from the first measurement of the object.

    Examples
    --------
    >>> import h5py
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.datasets import write_atat
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([series], survey, population, n=5, seed=1, keep="triggered", true_flux=True)
    >>> with h5py.File(write_atat(curves, "atat.h5")) as file:
    ...     print(sorted(file)[:3])
    ['SNID', 'class', 'data']
    """
    numbers = labels or default_codes(light_curves.template_types, first=0)
    of_template = codes_of_templates(light_curves.template_types, numbers, "label")
    kinds = class_columns(light_curves.template_types, light_curves.truth.template, numbers)
    made = cube(light_curves, length)
    arrays: dict[str, Any] = {
        "data": made.flux, "data-var": made.flux_err, "time_phot": made.time, "time_alert": made.time,
        "mask_alert": made.mask, "mask_detection": made.detected,
        "labels": of_template[light_curves.truth.template].astype(np.int64), "class": texts(kinds["class"]),
        "type": texts(kinds["type"]),
        "SNID": id_texts(light_curves).astype("S"), "redshift": light_curves.truth.z,
    }  # fmt: skip
    arrays |= {name: np.asarray(rows, dtype=np.int64) for name, rows in (splits or {}).items()}
    with atomic_hdf5(path) as file:
        for name, value in arrays.items():
            # Older h5py kept the time of writing: other bytes of the same data. So did groups that keep an order.
            file.create_dataset(name, data=value, track_times=False)
        file.attrs["bands"] = ",".join(light_curves.bands)
        file.attrs["surveys"] = ",".join(light_curves.surveys)
        file.attrs["zero_point"] = ZERO_POINT
        file.attrs["n_dropped"] = made.n_dropped
        for name, number in numbers.items():
            file["labels"].attrs[name or "unknown"] = number
    return Path(path)
