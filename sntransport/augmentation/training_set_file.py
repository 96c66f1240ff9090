"""A training set as FITS: one file with light curves, truth and templates for each split."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sntransport._storage.atomic_files import atomic_path
from sntransport._storage.fits_tables import table_hdu, to_bytes
from sntransport.augmentation.training_set import TrainingSet
from sntransport.augmentation.training_templates import TrainingTemplate
from sntransport.simulation.events.class_codes import class_columns

_UNITS = {"distance_modulus": "mag", "mag_offset": "mag", "ebv_mw": "mag", "ebv_host": "mag", "ra": "deg", "dec": "deg",
          "mjd_ref": "d", "peak_mag": "mag", "peak_mjd": "d"}  # fmt: skip


def template_columns(templates: Sequence[TrainingTemplate]) -> dict[str, list[str]]:
    """Name, type, split, kind, parents and notes of templates, in their order."""
    return {
        "name": [one.series.name for one in templates], "type": [one.series.sn_type for one in templates],
        "split": [one.split for one in templates], "kind": [one.kind for one in templates],
        "parents": ["+".join(one.parents) for one in templates],
        "notes": ["; ".join(one.notes) for one in templates],
    }  # fmt: skip


def write_split(
    training_set: TrainingSet, split: str, path: Path, provenance: Mapping[str, str], *,
    class_codes: Mapping[str, int] | None = None,
) -> Path:  # fmt: skip
    """Write the objects of one split.

    Parameters
    ----------
    training_set : TrainingSet
    split : str
    path : Path
    provenance : mapping of str to str
        What the set was made from, kept in the file as JSON.
    class_codes : mapping of str to int, optional
        Number of each class or type; see `sntransport.simulation.events.class_codes.class_columns`.

    Returns
    -------
    Path

    Notes
    -----
    Tables OBJECTS (one row an object: class with its code, type, template, parents, weight, truth, first row and number
    of its measurements), PHOTOMETRY (mjd [d], band, flux and flux_err [nJy AB], photflag), TEMPLATES (all, of all
    splits) and NOTES. Bands are named in the table BANDS. Equal sets give equal bytes.
    """
    from astropy.io import fits

    curves = training_set.light_curves.take(training_set.split == split)
    used = [training_set.templates[i] for i in curves.truth.template]
    truth = curves.truth.columns()
    objects = {
        "object_id": truth.pop("object_id"), **class_columns(curves.template_types, curves.truth.template, class_codes),
        "parents": np.array(["+".join(one.parents) for one in used], dtype=str),
        "first": curves.offset[:-1], "n_obs": np.diff(curves.offset), **truth,
    }  # fmt: skip
    photometry = {name: getattr(curves, name) for name in curves.measured}
    told = {"input": dict(provenance), "simulation": dict(curves.meta)}
    notes = [f"{key} {json.dumps(value, sort_keys=True, default=str)}" for key, value in told.items()]
    hdus = fits.HDUList([
        fits.PrimaryHDU(),
        table_hdu("OBJECTS", objects, _UNITS),
        table_hdu("PHOTOMETRY", photometry, {"mjd": "d", **{name: "nJy" for name in photometry if "flux" in name}}),
        table_hdu("BANDS", {"name": list(curves.bands), "survey": list(curves.surveys)}),
        table_hdu("TEMPLATES", template_columns(training_set.templates)),
        table_hdu("NOTES", {"note": [*training_set.notes, *notes]}),
    ])  # fmt: skip
    with atomic_path(path) as temporary:
        temporary.write_bytes(to_bytes(hdus))
    return path
