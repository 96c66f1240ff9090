"""Tables in the style of ELAsTiCC's alerts: diaObject and diaForcedSource, zero point 27.5, as Parquet.

The names of the columns are those of ELAsTiCC's alert schema, from memory: midPointTai, filterName, psFlux, psFluxErr.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sntransport.datasets.columns import codes, fluxes, known_rows, names, types
from sntransport.datasets.snana_fits import BAND_CODES
from sntransport.detection import PHOTFLAG_DETECTION
from sntransport.files import atomic_path
from sntransport.lightcurves import LightCurves

ZERO_POINT = 27.5
"""Of the fluxes."""


def write_elasticc(
    light_curves: LightCurves, stem: str | os.PathLike[str], *, band_codes: Mapping[str, str] | None = None
) -> tuple[Path, Path]:  # fmt: skip
    """Write ``STEM_diaObject.parquet`` and ``STEM_diaForcedSource.parquet``.

    Parameters
    ----------
    light_curves : LightCurves
    stem : path-like
        Path without the endings.
    band_codes : mapping of str to str, optional
        Default: the letters u, g, r, i, z, Y for LSST, other bands by their name.

    Returns
    -------
    objects, sources : Path

    Notes
    -----
    Lost: fluxes that are not known, and the trigger flag.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    letters = codes(light_curves, band_codes, {band: BAND_CODES.get(band, band) for band in light_curves.bands})
    rows, offset = known_rows(light_curves)
    flux, flux_err = fluxes(light_curves, ZERO_POINT)
    truth = light_curves.truth
    objects = pa.table({
        "diaObjectId": truth.object_id, "ra": truth.ra, "decl": truth.dec, "mwebv": truth.ebv_mw,
        "z_final": truth.z_cosmology, "true_class": types(light_curves), "template": names(light_curves),
        "true_z_helio": truth.z, "true_mjd_ref": truth.mjd_ref, "true_distmod": truth.distance_modulus,
        "true_ebv_host": truth.ebv_host, "true_mag_offset": truth.mag_offset, "weight": truth.weight,
    })  # fmt: skip
    band = pa.DictionaryArray.from_arrays(pa.array(light_curves.band[rows].astype(np.int32)), letters)
    sources = pa.table({
        "diaForcedSourceId": np.arange(rows.size, dtype=np.int64), "midPointTai": light_curves.mjd[rows],
        "diaObjectId": np.repeat(truth.object_id, np.diff(offset)), "filterName": band.cast(pa.string()),
        "psFlux": flux[rows], "psFluxErr": flux_err[rows],
        "detected": (light_curves.photflag[rows] & PHOTFLAG_DETECTION) > 0,
    })  # fmt: skip
    place = Path(stem)
    paths = place.with_name(f"{place.name}_diaObject.parquet"), place.with_name(f"{place.name}_diaForcedSource.parquet")
    for path, table in zip(paths, (objects, sources), strict=True):
        with atomic_path(path) as temporary:
            pq.write_table(table, temporary, compression="zstd", write_statistics=False)
    return paths
