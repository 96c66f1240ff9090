"""HDF5 as lcdata reads it (for ParSNIP): ``/observations`` and ``/metadata``, sorted by object, zero point 25."""

from __future__ import annotations

import os
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np

from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.atomic_files import atomic_hdf5
from sntransport._storage.fits_tables import texts
from sntransport.datasets.columns import fluxes, id_texts, known_rows, names
from sntransport.simulation.events.class_codes import class_columns
from sntransport.simulation.light_curves import LightCurves

ZERO_POINT = 25.0
"""Of the fluxes, as ParSNIP expects them."""


@answers_mistakes
def write_lcdata(
    light_curves: LightCurves, path: str | os.PathLike[str], *, class_codes: Mapping[str, int] | None = None
) -> Path:  # fmt: skip
    """Write light curves; ``lcdata.read_hdf5`` reads them.

    Parameters
    ----------
    light_curves : LightCurves
    path : path-like
    class_codes : mapping of str to int, optional
        Number of each class or type; see `sntransport.simulation.events.class_codes.class_columns`.

    Returns
    -------
    Path

    Notes
    -----
    The attributes ``bands`` and ``surveys`` of the observations say which survey each band is of. Lost: fluxes that are
    not known, digits of flux beyond those of 32 bits, flags, and peak magnitudes.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.datasets import write_lcdata
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([series], survey, population, n=5, seed=1, keep="triggered", true_flux=True)
    >>> write_lcdata(curves, "lcdata.h5").name
    'lcdata.h5'
    """
    import h5py
    from astropy.io.misc.hdf5 import write_table_hdf5
    from astropy.table import Table

    identifiers = id_texts(light_curves)
    # As text, which is how lcdata sorts and looks them up.
    order = np.argsort(identifiers, kind="stable")
    held = light_curves.take(order)
    identifiers, truth = identifiers[order], held.truth
    rows, offset = known_rows(held)
    flux, flux_err = fluxes(held, ZERO_POINT)
    bands = texts(held.bands)
    observations = np.empty(
        rows.size,
        dtype=[("object_id", f"S{max(identifiers.dtype.itemsize // 4, 1)}"), ("time", "f8"), ("flux", "f4"),
               ("fluxerr", "f4"), ("band", bands.dtype)],
    )  # fmt: skip
    observations["object_id"] = np.repeat(identifiers.astype("S"), np.diff(offset))
    observations["time"], observations["flux"], observations["fluxerr"] = held.mjd[rows], flux[rows], flux_err[rows]
    observations["band"] = bands[held.band[rows]]
    labels = {
        name: values if values.dtype.kind == "i" else texts(values)
        for name, values in class_columns(held.template_types, held.truth.template, class_codes).items()
    }
    metadata = Table({
        "object_id": identifiers.astype("S"), "ra": truth.ra, "dec": truth.dec, **labels,
        "redshift": truth.z, "template": texts(names(held)), "mwebv": truth.ebv_mw,
        "host_ebv": truth.ebv_host, "distmod": truth.distance_modulus, "mjd_ref": truth.mjd_ref, "weight": truth.weight,
    })  # fmt: skip
    with atomic_hdf5(path) as file, h5py.File(BytesIO(), "w") as inner:
        # Older h5py put the time into data sets unless told not to, which cannot be told to astropy; and into groups
        # that keep the order of what is in them.
        file.create_dataset("observations", data=observations, track_times=False)
        file["observations"].attrs["bands"] = ",".join(held.bands)
        file["observations"].attrs["surveys"] = ",".join(held.surveys)
        write_table_hdf5(metadata, inner, "metadata", serialize_meta=True)
        for name, data in inner.items():
            file.create_dataset(name, data=data[()], track_times=False)
    return Path(path)
