"""Nested Parquet: one row an object, its light curve a struct of lists, as nested-pandas, LSDB and HATS read it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.atomic_files import atomic_path
from sntransport._storage.contents import require_unfoldable
from sntransport._storage.extras import of_extra
from sntransport.datasets.columns import PER_BAND, band_labels, names
from sntransport.simulation.events.class_codes import class_columns
from sntransport.simulation.light_curves import MEASURED, TRUTH_FIELDS, LightCurves, Truth

_NAMES = ("bands", "surveys", "template_names", "template_types")
_KEY, _MORE = b"sntransport", "truth_more"


@answers_mistakes
def write_nested_parquet(
    light_curves: LightCurves, path: str | os.PathLike[str], *, compression: str = "lz4",
    class_codes: Mapping[str, int] | None = None,
) -> Path:  # fmt: skip
    """Write light curves and truth; nothing is lost.

    Parameters
    ----------
    light_curves : LightCurves
    path : path-like
    compression : str
        Of pyarrow, for all columns.
    class_codes : mapping of str to int, optional
        Number of each class or type; see `sntransport.simulation.events.class_codes.class_columns`.

    Returns
    -------
    Path

    Notes
    -----
    Columns: ``object_id``, ``class``, ``class_code``, ``type``, ``template_name``, all of `Truth` (``peak_mag`` and
    ``peak_mjd`` as lists over the bands), and ``lightcurve``, a struct of the lists ``mjd`` [d], ``band`` (behind its
    survey where two have one of that name), ``flux``, ``flux_err`` [nJy AB], ``photflag`` and, where it is kept,
    ``true_flux``. The file's metadata name the bands, surveys and templates and what made the set.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.datasets import read_nested_parquet, write_nested_parquet
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([series], survey, population, n=5, seed=1, keep="triggered", true_flux=True)
    >>> write_nested_parquet(curves, "curves.parquet").name
    'curves.parquet'
    """
    with of_extra("parquet"):
        import pyarrow as pa
        import pyarrow.parquet as pq

    offset = pa.array(light_curves.offset.astype(np.int32))
    band = pa.DictionaryArray.from_arrays(
        pa.array(light_curves.band.astype(np.int32)), list(band_labels(light_curves.bands, light_curves.surveys))
    )
    measured = {
        "mjd": pa.array(light_curves.mjd), "band": band.cast(pa.string()), "flux": pa.array(light_curves.flux),
        "flux_err": pa.array(light_curves.flux_err), "photflag": pa.array(light_curves.photflag),
    }  # fmt: skip
    if light_curves.true_flux is not None:
        measured["true_flux"] = pa.array(light_curves.true_flux)
    lists = [pa.ListArray.from_arrays(offset, measured[name]) for name in light_curves.measured]
    truth = light_curves.truth
    columns: dict[str, Any] = {
        "object_id": truth.object_id,
        **class_columns(light_curves.template_types, light_curves.truth.template, class_codes),
    }
    columns["template_name"] = names(light_curves)
    columns |= truth.columns()
    arrays = {name: _lists(value) if name in PER_BAND else pa.array(value) for name, value in columns.items()}
    arrays["lightcurve"] = pa.StructArray.from_arrays(lists, names=list(light_curves.measured))
    held = {name: list(getattr(light_curves, name)) for name in _NAMES}
    more = {_MORE: sorted(truth.more)} if truth.more else {}
    table = pa.table(arrays).replace_schema_metadata(
        {_KEY: json.dumps(held | {"meta": dict(light_curves.meta)} | more, sort_keys=True)}
    )
    with atomic_path(path) as temporary:
        # Floating-point numbers gain nothing from dictionaries.
        pq.write_table(
            table, temporary, compression=compression,
            use_dictionary=["class", "type", "template_name", "lightcurve.band.list.element"], write_statistics=False,
        )  # fmt: skip
    return Path(path)


@answers_mistakes
def read_nested_parquet(path: str | os.PathLike[str]) -> LightCurves:
    """Read what `write_nested_parquet` wrote.

    Raises
    ------
    ValueError
        With the file: where it is no such file, damaged, or a part is missing, null or of another length.
    OSError
        Where it cannot be opened.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.datasets import read_nested_parquet, write_nested_parquet
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([series], survey, population, n=5, seed=1, keep="triggered", true_flux=True)
    >>> path = write_nested_parquet(curves, "curves.parquet")
    >>> bool(np.array_equal(read_nested_parquet(path).flux, curves.flux))
    True
    """
    try:
        return _light_curves(*_table(path))
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError, ValueError) as error:
        message = " ".join(str(error).split())
        raise ValueError(f"{path}: not a training set of sntransport in nested Parquet ({message})") from None


def _table(path: str | os.PathLike[str]) -> tuple[Any, dict[str, Any]]:
    """The table, and what its metadata hold."""
    with of_extra("parquet"):
        import pyarrow as pa
        import pyarrow.parquet as pq

    try:
        # As one file: a folder would be read as a data set, and names of its folders as columns.
        file = pq.ParquetFile(Path(path))
        require_unfoldable(Path(path).stat().st_size, file.metadata)
        table = file.read().combine_chunks()
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except (pa.ArrowException, OSError) as error:
        raise ValueError(str(error)) from None
    raw = (table.schema.metadata or {}).get(_KEY)
    if raw is None or "lightcurve" not in table.column_names:
        raise ValueError("no column lightcurve, or no metadata of ours")
    if not table.num_rows:
        raise ValueError("no objects in it")
    held = json.loads(raw)
    if not isinstance(held, dict) or not isinstance(held.get("meta"), dict):
        raise ValueError("its metadata are another program's")
    for name in _NAMES:
        if not isinstance(held[name], list) or not all(isinstance(one, str) for one in held[name]):
            raise ValueError(f"{name} in the metadata is no list of names")
    return table, held


def _light_curves(table: Any, held: Mapping[str, Any]) -> LightCurves:
    curve = _whole(table, "lightcurve")
    kept = (*MEASURED, *(["true_flux"] if curve.type.get_field_index("true_flux") >= 0 else []))
    lists = {name: curve.field(name) for name in kept}
    offset = np.asarray(lists["mjd"].offsets, dtype=np.int64)
    for name, one in lists.items():
        if one.null_count or not np.array_equal(np.diff(np.asarray(one.offsets)), np.diff(offset)):
            raise ValueError(f"lightcurve.{name} has other lengths than mjd")
    values = {name: _known(one.flatten(), f"lightcurve.{name}") for name, one in lists.items()}
    coded = values["band"].dictionary_encode()
    # What does not fit together is refused below, where it is named.
    fit = len(held["bands"]) == len(held["surveys"])
    order = {name: i for i, name in enumerate(band_labels(held["bands"], held["surveys"]) if fit else held["bands"])}
    found = coded.dictionary.to_pylist()
    if lost := sorted(set(found) - set(order)):
        raise ValueError(f"band {lost[0]!r} is not in the metadata")
    place = np.array([order[name] for name in found], dtype=np.int16)
    band = place[np.asarray(coded.indices, dtype=np.int64)]
    truth = {item.name: _truth(table, item.name, len(held["bands"])) for item in TRUTH_FIELDS}
    # Texts and truth values are not copied as they are.
    more = {name: np.array(_whole(table, name).to_pylist()) for name in held.get(_MORE, [])}
    return LightCurves(
        bands=held["bands"],
        surveys=held["surveys"],
        offset=offset - offset[0],
        mjd=values["mjd"].to_numpy(),
        band=band,
        flux=values["flux"].to_numpy(),
        flux_err=values["flux_err"].to_numpy(),
        photflag=values["photflag"].to_numpy(),
        truth=Truth(**truth, more=more),
        template_names=held["template_names"],
        template_types=held["template_types"],
        true_flux=values["true_flux"].to_numpy() if "true_flux" in values else None,
        meta=held["meta"],
    )


def _truth(table: Any, name: str, n_band: int) -> Any:
    column = _whole(table, name)
    if name not in PER_BAND:
        return column.to_numpy()
    if np.any(np.diff(np.asarray(column.offsets)) != n_band):
        raise ValueError(f"{name} needs {n_band} values an object, one for each band")
    return _known(column.flatten(), name).to_numpy().reshape(-1, n_band)


def _whole(table: Any, name: str) -> Any:
    """A column as one array without nulls."""
    if table.column_names.count(name) != 1:
        raise ValueError(f"no column {name}, or two")
    return _known(table[name].chunk(0), name)


def _known(array: Any, name: str) -> Any:
    if array.null_count:
        raise ValueError(f"{name} has nulls")
    return array


def _lists(values: Any) -> Any:
    """Return rows (n_object, n_band) as lists."""
    with of_extra("parquet"):
        import pyarrow as pa

    offset = np.arange(values.shape[0] + 1, dtype=np.int32) * values.shape[1]
    return pa.ListArray.from_arrays(pa.array(offset), pa.array(values.ravel()))
