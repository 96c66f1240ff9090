"""The two CSV files of PLAsTiCC (Kessler et al. 2019, PASP 131, 094501): metadata and light curves, zero point 27.5."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.atomic_files import atomic_paths
from sntransport._storage.extras import of_extra
from sntransport.datasets.columns import codes, fluxes, known_rows
from sntransport.simulation.events.class_codes import class_columns, codes_of_templates
from sntransport.simulation.light_curves import LightCurves
from sntransport.simulation.selection.detection import PHOTFLAG_DETECTION

ZERO_POINT = 27.5
"""Of the fluxes."""

PASSBANDS: dict[str, int] = {"lsstu": 0, "lsstg": 1, "lsstr": 2, "lssti": 3, "lsstz": 4, "lssty": 5}
"""Numbers of the bands."""

# Of a column of 8 bits.
_MOST_PASSBAND = 127

TARGETS: dict[str, int] = {"Ia": 90, "Ia-91bg": 67, "Iax": 52, "II": 42, "Ibc": 62}
"""Classes of the challenge."""


@answers_mistakes
def write_plasticc(
    light_curves: LightCurves, stem: str | os.PathLike[str], *, passbands: Mapping[str, int] | None = None,
    targets: Mapping[str, int] | None = None,
) -> tuple[Path, Path]:  # fmt: skip
    """Write ``STEM_metadata.csv`` and ``STEM.csv``.

    Parameters
    ----------
    light_curves : LightCurves
    stem : path-like
        Path without the endings.
    passbands : mapping of str to int, optional
        Default: `PASSBANDS`, of LSST.
    targets : mapping of str to int, optional
        Class of each type or class; default: `TARGETS`. See `sntransport.simulation.events.class_codes.code_of`.

    Returns
    -------
    metadata, light_curves : Path

    Raises
    ------
    ValueError
        Where a band has no number or a type no class.

    Notes
    -----
    The photometric redshift of the host is that of its galaxy where the population has hosts, else the true one with an
    error of 0; ``ddf`` is 0. The columns ``class`` and ``type`` are ours. Lost: fluxes that are not known, saturation
    and trigger flags, host dust, luminosity, peak magnitudes.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.datasets import write_plasticc
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([series], survey, population, n=5, seed=1, keep="triggered", true_flux=True)
    >>> [path.name for path in write_plasticc(curves, "ztf", passbands={"ztfg": 1, "ztfr": 2})]
    ['ztf_metadata.csv', 'ztf.csv']
    """
    with of_extra("parquet"):
        import pyarrow as pa
        from pyarrow import csv

    numbers = _numbers(codes(light_curves.bands, passbands, PASSBANDS))
    target = codes_of_templates(light_curves.template_types, targets or TARGETS, "class in this format")
    labels = class_columns(light_curves.template_types, light_curves.truth.template, targets or TARGETS)
    rows, offset = known_rows(light_curves)
    flux, flux_err = fluxes(light_curves, ZERO_POINT)
    truth, n_object = light_curves.truth, light_curves.n_object
    longitude, latitude = _galactic(truth.ra, truth.dec)
    zero = np.zeros(n_object)
    metadata = pa.table({
        "object_id": truth.object_id, "ra": truth.ra, "decl": truth.dec, "gal_l": longitude, "gal_b": latitude,
        "ddf": np.zeros(n_object, np.int8), "hostgal_specz": truth.z,
        "hostgal_photoz": truth.more.get("host_zphot", truth.z),
        "hostgal_photoz_err": truth.more.get("host_zphot_err", zero),
        "distmod": truth.distance_modulus, "mwebv": truth.ebv_mw, "target": target[truth.template],
        "class": labels["class"], "type": labels["type"],
    })  # fmt: skip
    measured = pa.table({
        "object_id": np.repeat(truth.object_id, np.diff(offset)), "mjd": light_curves.mjd[rows],
        "passband": numbers[light_curves.band[rows]], "flux": flux[rows], "flux_err": flux_err[rows],
        "detected": ((light_curves.photflag[rows] & PHOTFLAG_DETECTION) > 0).astype(np.int8),
    })  # fmt: skip
    place = Path(stem)
    paths = place.with_name(f"{place.name}_metadata.csv"), place.with_name(f"{place.name}.csv")
    with atomic_paths(paths[::-1]) as temporary:
        for file, table in zip(temporary, (measured, metadata), strict=True):
            csv.write_csv(table, file)
    return paths


def _numbers(given: Sequence[Any]) -> NDArray[np.int8]:
    """Numbers of the bands; a ValueError where one is no number of the format."""
    if bad := [code for code in given if not isinstance(code, int) or not 0 <= code <= _MOST_PASSBAND]:
        raise ValueError(f"a band has the code {bad[0]!r}, expected a number from 0 to {_MOST_PASSBAND} (passband)")
    return np.array(given, dtype=np.int8)


def _galactic(ra: np.ndarray, dec: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from astropy.coordinates import SkyCoord

    sky = SkyCoord(ra, dec, unit="deg").galactic
    return np.asarray(sky.l.deg), np.asarray(sky.b.deg)
