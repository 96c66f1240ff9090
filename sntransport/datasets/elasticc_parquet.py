"""Tables in the style of ELAsTiCC's alerts, as Parquet: objects, detections, forced photometry, truth; zero point 27.5.

Names, types and tables are those of ELAsTiCC2's alert schema 0.9.1, ``alert_schema/elasticc.v0_9_1.*.avsc`` of
github.com/LSSTDESC/elasticc (commit 1da315f). What they mean is in the training set's A_FORMAT.TXT
(portal.nersc.gov/cfs/lsst/DESC_TD_PUBLIC/ELASTICC/TRAINING_SAMPLES): ``z_final`` is heliocentric, SNANA's
REDSHIFT_HELIO, and fluxes are FLUXCAL. The truth has the names of ``elasticc2_diaobjecttruth``
(``jupyter/sprint_week_2024oct/elasticc2_schema.txt``, commit 81e7404). Alerts of Rubin itself have other names:
midpointMjdTai, band, psfFlux in nJy.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.atomic_files import atomic_paths
from sntransport._storage.extras import of_extra
from sntransport.datasets.columns import codes, fluxes, known_rows, names
from sntransport.datasets.snana_header import BAND_CODES
from sntransport.simulation.events.class_codes import class_columns
from sntransport.simulation.light_curves import LightCurves
from sntransport.simulation.selection.detection import PHOTFLAG_DETECTION

ZERO_POINT = 27.5
"""Of the fluxes."""

_MOST_SOURCES = 1_000_000


@answers_mistakes
def write_elasticc(
    light_curves: LightCurves, stem: str | os.PathLike[str], *, band_codes: Mapping[str, str] | None = None,
    class_codes: Mapping[str, int] | None = None,
) -> tuple[Path, Path, Path, Path]:  # fmt: skip
    """Write ``STEM_diaObject``, ``STEM_diaSource``, ``STEM_diaForcedSource`` and ``STEM_truth``, all ``.parquet``.

    Parameters
    ----------
    light_curves : LightCurves
        At most a million measurements an object.
    stem : path-like
        Path without the endings.
    band_codes : mapping of str to str, optional
        Default: the letters u, g, r, i, z, Y for LSST, other bands by their name.
    class_codes : mapping of str to int, optional
        Number of each class or type; see `sntransport.simulation.events.class_codes.class_columns`.

    Returns
    -------
    objects, detections, forced, truth : Path

    Notes
    -----
    Redshift and Milky Way dust are the true ones, with errors of 0; there are no columns of host galaxies. Sources are
    numbered ``1000000 * diaObjectId + i``, so that no number occurs in two shards. In the truth, ``class``,
    ``class_code``, ``type``, ``template``, ``mag_offset`` and ``weight`` are ours; ``gentype`` numbers ELAsTiCC's own
    models and is left out. ``peakmjd`` is the date of phase 0. The files' metadata say which survey each band is of.
    Lost: fluxes that are not known, digits beyond 32 bits but of dates and places, and the trigger flag.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.datasets import write_elasticc
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([series], survey, population, n=5, seed=1, keep="triggered", true_flux=True)
    >>> [path.name for path in write_elasticc(curves, "ztf")]
    ['ztf_diaObject.parquet', 'ztf_diaSource.parquet', 'ztf_diaForcedSource.parquet', 'ztf_truth.parquet']
    """
    with of_extra("parquet"):
        import pyarrow as pa
        import pyarrow.parquet as pq

    own = {band: BAND_CODES.get(band, band) for band in light_curves.bands}
    letters = [str(code) for code in codes(light_curves.bands, band_codes, own)]
    rows, offset = known_rows(light_curves)
    flux, flux_err = (values[rows].astype(np.float32) for values in fluxes(light_curves, ZERO_POINT))
    truth, count = light_curves.truth, np.diff(offset)
    owner = np.repeat(np.arange(light_curves.n_object), count)
    band = pa.DictionaryArray.from_arrays(pa.array(light_curves.band[rows].astype(np.int32)), letters)
    measured: dict[str, Any] = {
        "diaObjectId": truth.object_id[owner], "midPointTai": light_curves.mjd[rows],
        "filterName": band.cast(pa.string()), "psFlux": flux, "psFluxErr": flux_err,
    }  # fmt: skip
    number = truth.object_id[owner] * _MOST_SOURCES + np.arange(rows.size) - offset[owner]
    found = np.flatnonzero(light_curves.photflag[rows] & PHOTFLAG_DETECTION)
    detected = {name: values.take(found) for name, values in measured.items()}
    place = {"ra": truth.ra[owner[found]], "decl": truth.dec[owner[found]]}
    exact = np.zeros(light_curves.n_object, dtype=np.float32)
    tables = {
        "diaObject": {
            "diaObjectId": truth.object_id, "simVersion": [str(light_curves.meta.get("generator", ""))] * exact.size,
            "ra": truth.ra, "decl": truth.dec, "mwebv": truth.ebv_mw.astype(np.float32), "mwebv_err": exact,
            "z_final": truth.z.astype(np.float32), "z_final_err": exact,
        },
        "diaSource": {"diaSourceId": number[found], **detected, **place, "snr": flux[found] / flux_err[found]},
        "diaForcedSource": {"diaForcedSourceId": number, **measured},
        "truth": {
            "diaobject_id": truth.object_id,
            **class_columns(light_curves.template_types, truth.template, class_codes),
            **_truth(light_curves, letters), "nobs": count,
        },
    }  # fmt: skip
    named = {b"bands": ",".join(letters).encode(), b"surveys": ",".join(light_curves.surveys).encode()}
    base = Path(stem)
    paths = [base.with_name(f"{base.name}_{name}.parquet") for name in tables]
    with atomic_paths(paths) as temporary:
        for path, columns in zip(temporary, tables.values(), strict=True):
            pq.write_table(
                pa.table(columns).replace_schema_metadata(named), path, compression="zstd", write_statistics=False
            )
    return paths[0], paths[1], paths[2], paths[3]


def _truth(light_curves: LightCurves, letters: list[Any]) -> dict[str, Any]:
    """Columns by the names of ELAsTiCC2's table of truth, and ours."""
    truth = light_curves.truth
    single = {
        "zcmb": truth.z_cosmology, "zhelio": truth.z, "mwebv": truth.ebv_mw, "rv": truth.rv_host,
        "av": truth.rv_host * truth.ebv_host, "mu": truth.distance_modulus,
        **{f"peakmag_{letter}": truth.peak_mag[:, j] for j, letter in enumerate(letters)},
        "mag_offset": truth.mag_offset, "weight": truth.weight,
    }  # fmt: skip
    return {
        "template": names(light_curves), "ra": truth.ra, "dec": truth.dec,
        "peakmjd": truth.mjd_ref, **{name: values.astype(np.float32) for name, values in single.items()},
    }  # fmt: skip
