"""The two CSV files of PLAsTiCC (Kessler et al. 2019, PASP 131, 094501): metadata and light curves, zero point 27.5."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sntransport._storage.atomic_files import atomic_path
from sntransport._storage.extras import of_extra
from sntransport.datasets.columns import codes, fluxes, known_rows, types
from sntransport.simulation.light_curves import LightCurves
from sntransport.simulation.selection.detection import PHOTFLAG_DETECTION

ZERO_POINT = 27.5
"""Of the fluxes."""

PASSBANDS: dict[str, int] = {"lsstu": 0, "lsstg": 1, "lsstr": 2, "lssti": 3, "lsstz": 4, "lssty": 5}
"""Numbers of the bands."""

TARGETS: dict[str, int] = {"Ia": 90, "Ia-91bg": 67, "Iax": 52, "II": 42, "Ibc": 62}
"""Classes of the challenge; a type is of the class with the longest name that it begins with, Ib and Ic of Ibc."""


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
        Class of each type; default: `TARGETS`.

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
    error of 0; ``ddf`` is 0.
    Lost: fluxes that are not known, saturation and trigger flags, host dust, luminosity, peak magnitudes.
    """
    with of_extra("parquet"):
        import pyarrow as pa
        from pyarrow import csv

    numbers = np.array(codes(light_curves, passbands, PASSBANDS), dtype=np.int8)
    target = _targets(light_curves, TARGETS if targets is None else targets)
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
        "distmod": truth.distance_modulus, "mwebv": truth.ebv_mw, "target": target,
    })  # fmt: skip
    measured = pa.table({
        "object_id": np.repeat(truth.object_id, np.diff(offset)), "mjd": light_curves.mjd[rows],
        "passband": numbers[light_curves.band[rows]], "flux": flux[rows], "flux_err": flux_err[rows],
        "detected": ((light_curves.photflag[rows] & PHOTFLAG_DETECTION) > 0).astype(np.int8),
    })  # fmt: skip
    place = Path(stem)
    paths = place.with_name(f"{place.name}_metadata.csv"), place.with_name(f"{place.name}.csv")
    for path, table in zip(paths, (metadata, measured), strict=True):
        with atomic_path(path) as temporary:
            csv.write_csv(table, temporary)
    return paths


def _targets(light_curves: LightCurves, targets: Mapping[str, int]) -> np.ndarray:
    found = {}
    for name in set(types(light_curves).tolist()):
        plain = name.removeprefix("SN").strip()
        fitting = [key for key in targets if plain.lower().startswith(key.lower())]
        fitting += ["Ibc"] if not fitting and "Ibc" in targets and plain[:2] in ("Ib", "Ic") else []
        if not fitting:
            raise ValueError(
                f"type {name!r} has no class in this format (there are {', '.join(targets)}); state targets"
            )
        found[name] = targets[max(fitting, key=len)]
    return np.array([found[name] for name in types(light_curves).tolist()], dtype=np.int32)


def _galactic(ra: np.ndarray, dec: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from astropy.coordinates import SkyCoord

    sky = SkyCoord(ra, dec, unit="deg").galactic
    return np.asarray(sky.l.deg), np.asarray(sky.b.deg)
