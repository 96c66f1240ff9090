"""Nested Parquet: one row an object, its light curve a struct of lists, as nested-pandas, LSDB and HATS read it."""

import json
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from sntransport.datasets.columns import PER_BAND, names, types
from sntransport.files import atomic_path
from sntransport.lightcurves import LightCurves, Truth

_MEASURED = ("mjd", "band", "flux", "flux_err", "photflag")
_KEY = b"sntransport"


def write_nested_parquet(
    light_curves: LightCurves, path: str | os.PathLike[str], *, compression: str = "lz4"
) -> Path:  # fmt: skip
    """Write light curves and truth; nothing is lost.

    Parameters
    ----------
    light_curves : LightCurves
    path : path-like
    compression : str
        Of pyarrow, for all columns.

    Returns
    -------
    Path

    Notes
    -----
    Columns: ``object_id``, ``type``, ``template_name``, all of `Truth` (``peak_mag`` and ``peak_mjd`` as lists over the
    bands), and ``lightcurve``, a struct of the lists ``mjd`` [d], ``band``, ``flux``, ``flux_err`` [nJy AB] and
    ``photflag``. The file's metadata name the bands, surveys and templates and what made the set.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    offset = pa.array(light_curves.offset.astype(np.int32))
    band = pa.DictionaryArray.from_arrays(pa.array(light_curves.band.astype(np.int32)), list(light_curves.bands))
    measured = {
        "mjd": pa.array(light_curves.mjd), "band": band.cast(pa.string()), "flux": pa.array(light_curves.flux),
        "flux_err": pa.array(light_curves.flux_err), "photflag": pa.array(light_curves.photflag),
    }  # fmt: skip
    lists = [pa.ListArray.from_arrays(offset, measured[name]) for name in _MEASURED]
    truth = light_curves.truth
    columns: dict[str, Any] = {"object_id": truth.object_id, "type": types(light_curves)}
    columns["template_name"] = names(light_curves)
    columns |= {item.name: getattr(truth, item.name) for item in fields(Truth)}
    arrays = {name: _lists(value) if name in PER_BAND else pa.array(value) for name, value in columns.items()}
    arrays["lightcurve"] = pa.StructArray.from_arrays(lists, names=list(_MEASURED))
    held = {
        name: list(getattr(light_curves, name)) for name in ("bands", "surveys", "template_names", "template_types")
    }
    table = pa.table(arrays).replace_schema_metadata(
        {_KEY: json.dumps(held | {"meta": dict(light_curves.meta)}, sort_keys=True)}
    )
    with atomic_path(path) as temporary:
        # Floating-point numbers gain nothing from dictionaries.
        pq.write_table(
            table, temporary, compression=compression,
            use_dictionary=["type", "template_name", "lightcurve.band.list.element"], write_statistics=False,
        )  # fmt: skip
    return Path(path)


def read_nested_parquet(path: str | os.PathLike[str]) -> LightCurves:
    """Read what `write_nested_parquet` wrote.

    Raises
    ------
    ValueError
        Where it is another file.
    """
    import pyarrow.parquet as pq

    table = pq.read_table(path).combine_chunks()
    raw = (table.schema.metadata or {}).get(_KEY)
    if raw is None or "lightcurve" not in table.column_names:
        raise ValueError(f"{path}: not a training set of sntransport in nested Parquet")
    held = json.loads(raw)
    curve = table["lightcurve"].chunk(0) if table.num_rows else table["lightcurve"]
    if not table.num_rows:
        raise ValueError(f"{path}: no objects in it")
    lists = {name: curve.field(name) for name in _MEASURED}
    offset = np.asarray(lists["mjd"].offsets, dtype=np.int64)
    values = {name: one.flatten() for name, one in lists.items()}
    coded = values["band"].dictionary_encode()
    order = {name: i for i, name in enumerate(held["bands"])}
    place = np.array([order[name] for name in coded.dictionary.to_pylist()], dtype=np.int16)
    band = place[np.asarray(coded.indices, dtype=np.int64)]
    n_band = len(held["bands"])
    truth = {
        item.name: np.asarray(table[item.name].chunk(0).flatten()).reshape(-1, n_band)
        if item.name in PER_BAND else table[item.name].to_numpy()
        for item in fields(Truth)
    }  # fmt: skip
    return LightCurves(
        held["bands"], held["surveys"], offset - offset[0], values["mjd"].to_numpy(), band,
        values["flux"].to_numpy(), values["flux_err"].to_numpy(), values["photflag"].to_numpy(), Truth(**truth),
        held["template_names"], held["template_types"], held["meta"],
    )  # fmt: skip


def _lists(values: Any) -> Any:
    """Return rows (n_object, n_band) as lists."""
    import pyarrow as pa

    offset = np.arange(values.shape[0] + 1, dtype=np.int32) * values.shape[1]
    return pa.ListArray.from_arrays(pa.array(offset), pa.array(values.ravel()))
