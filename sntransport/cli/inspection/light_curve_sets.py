"""What simulated sets and training sets hold, in all formats that are written."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport.cli.inspection.description import Description, counts, span
from sntransport.cli.inspection.simulators import describe_visits, lists_visits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sntransport.simulation.light_curves import LightCurves

TABLE = "table of light curves"
"""Kind of a file that is one of the tables that others keep light curves in."""

KINDS = ("light curves", "lcdata", "ATAT", TABLE)
"""Kinds of the files that a folder of light curves consists of."""

# Columns of formats of others: of the objects, the bands, the classes and the redshift.
_OBJECT = ("object_id", "diaObjectId", "diaobject_id")
_BAND = ("band", "filterName", "passband", "band_id")
_CLASS = ("class", "type", "target")
_REDSHIFT = ("z", "redshift", "zhelio", "hostgal_specz", "z_final")


def describe_light_curves(path: Path) -> Description:
    """Light curves in a format that is read whole: our FITS and Parquet."""
    from sntransport.datasets.conversion.set_files import read_light_curves

    curves = read_light_curves(path)
    return Description(
        kind="light curves", told="simulated light curves of sntransport with their truth", facts=_facts(curves)
    )


def describe_snana_pair(path: Path) -> Description:
    """SNANA's pair of FITS files, by its HEAD."""
    from astropy.io import fits

    from sntransport.datasets.snana_fits import read_snana_fits

    header, objects = read_snana_fits(path)
    names = {key.split()[1]: value for key, value in fits.getheader(path, 1).items() if key.startswith("SNTYPE ")}
    codes = [str(one.get("SNTYPE", "")) for one in objects]
    column = next((name for name in ("SIM_REDSHIFT_HELIO", "REDSHIFT_HELIO") if objects and name in objects[0]), None)
    facts = {
        "survey": str(header["SURVEY"] or "").strip(), "filter_letters": str(header["FILTERS"] or "").strip(),
        "zero_point": header["ZP_FLUXCAL"], "objects": len(objects),
        "measurements": sum(int(one["mjd"].size) for one in objects),
        "classes": counts([names.get(code, code) for code in codes]),
        "redshift": None if column is None else span([one[column] for one in objects]),
        "mjd": span([one["mjd"][i] for one in objects if one["mjd"].size for i in (0, -1)]),
        "bands": counts(np.concatenate([one["band"] for one in objects])) if objects else {},
    }  # fmt: skip
    return Description(kind="SNANA set", told="light curves as SNANA's pair of FITS files", facts=facts)


def describe_snana_folder(heads: Sequence[Path]) -> Description:
    """A folder of SNANA's pairs: all of them together."""
    facts = _together([describe_snana_pair(head).facts for head in heads])
    told = "light curves as SNANA's pairs of FITS files"
    return Description(kind="SNANA set", told=told, facts=facts | {"pairs": len(heads)})


def describe_files(parts: Mapping[str, Description]) -> Description:
    """The files of a set without a manifest, such as `convert` writes, by their names: all of them together."""
    first = next(iter(parts.values()))
    if any(one.kind == TABLE for one in parts.values()):
        # Of tables of several kinds, the objects are the same.
        rows = {name: one.facts.get("rows", one.facts.get("objects")) for name, one in parts.items()}
        return Description(kind="folder of tables", told="tables of light curves", facts={"rows": rows})
    facts = _together([one.facts for one in parts.values()])
    return Description(kind=first.kind, told=f"folder of files: {first.told}", facts=facts | {"files": len(parts)})


def _together(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Numbers of several files added up, and what ranges over."""
    facts = dict(parts[0])
    for part in parts[1:]:
        for name in ("objects", "measurements"):
            if name in facts:
                facts[name] += part[name]
        for name in ("classes", "bands"):
            # ATAT's files state the names of their bands alone, which are those of the set.
            if isinstance(facts.get(name), dict):
                facts[name] = dict(Counter(facts[name]) + Counter(part[name]))
        for name in ("redshift", "mjd"):
            if name in facts:
                facts[name] = span([*(facts[name] or ()), *(part[name] or ())])
    return facts


def describe_run(folder: Path) -> Description:
    """A folder that a run of ``simulate`` or ``augment`` writes: its manifest, and whether all of it is there."""
    finished = (folder / "_SUCCESS").is_file() and not (folder / "_parts").is_dir()
    facts: dict[str, Any] = {"finished": finished}
    doubts: tuple[str, ...] = ()
    if (folder / "manifest.json").is_file():
        try:
            held = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            files = [file for shard in held["shards"] for file in shard["files"]]
            inputs = held["inputs"]
            bad = [one["name"] for one in files if not _is_whole(folder / one["name"], one["bytes"])]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{folder}/manifest.json: damaged ({error}); make the set anew") from None
        facts |= {
            "format": inputs.get("format"), "population": inputs.get("population"), "config": inputs.get("config"),
            "seed": inputs.get("seed"), "version": inputs.get("version"), "simulated": held["n"],
            "objects": held.get("objects"), "measurements": held.get("rows"), "shards": len(held["shards"]),
            "files": len(files), "bytes": sum(one["bytes"] for one in files),
        }  # fmt: skip
        doubts = (f"missing or changed since: {', '.join(bad[:5])}",) if bad else ()
    if not finished:
        doubts += ("the run is not finished; start it again, and it goes on",)
    return Description(kind="run", told="folder of a set that sntransport made", facts=facts, doubts=doubts)


def describe_runs(folder: Path) -> Description:
    """The folder of a whole simulation: a folder for each population."""
    inside = sorted(path.parent for path in folder.glob("*/manifest.json"))
    made = {one.name: describe_run(one) for one in inside}
    facts = {
        "populations": {name: one.facts.get("objects") for name, one in made.items()},
        "format": next((one.facts.get("format") for one in made.values()), None),
    }  # fmt: skip
    doubts = tuple(f"{name}: {doubt}" for name, one in made.items() for doubt in one.doubts)
    return Description(kind="simulation", told="output of sntransport simulate", facts=facts, doubts=doubts)


def describe_parquet(path: Path) -> Description:
    """Parquet: ours nested, ELAsTiCC's tables, tokens."""
    from sntransport._storage.extras import of_extra

    with of_extra("parquet"):
        import pyarrow as pa
        import pyarrow.parquet as pq
    try:
        file = pq.ParquetFile(path)
        held, columns = file.schema_arrow.metadata or {}, list(file.schema_arrow.names)
        if "lightcurve" in columns and b"sntransport" in held:
            return describe_light_curves(path)
        if lists_visits(columns):
            return describe_visits(path)
        wanted = [one for one in (*_OBJECT, *_BAND, *_CLASS, *_REDSHIFT) if one in columns]
        values = {name: file.read(columns=[name]).column(0).to_numpy() for name in wanted}
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path}: damaged Parquet ({' '.join(str(error).split())}); make or fetch it anew") from None
    bands = held.get(b"bands", b"").decode().split(",") if held.get(b"bands") else []
    if not set(_OBJECT) & set(values):
        raise ValueError(f"{path}: Parquet of no kind that is known (it has the columns {', '.join(columns[:8])})")
    told = "tokens of light curves" if "mask" in columns else "table of light curves or their truth, as Parquet"
    return _table(told, values, file.metadata.num_rows, columns, bands)


def describe_csv_set(path: Path, columns: list[str]) -> Description:
    """The CSV files of PLAsTiCC."""
    from astropy.io import ascii as text

    table = text.read(path, format="fast_csv")
    values = {name: np.asarray(table[name]) for name in columns if name in table.colnames}
    return _table("light curves or their truth, as PLAsTiCC's CSV", values, len(table), columns, [])


def describe_hdf5(path: Path) -> Description:
    """HDF5: lcdata's and ATAT's."""
    import h5py

    try:
        with h5py.File(path) as file:
            if {"observations", "metadata"} <= set(file):
                rows, meta = file["observations"], file["metadata"][()]
                facts = {
                    "objects": len(meta), "measurements": len(rows), "classes": counts(np.char.decode(meta["type"])),
                    "redshift": span(meta["redshift"]), "mjd": span(rows["time"]),
                    "bands": counts(np.char.decode(rows["band"])),
                }  # fmt: skip
                return Description(kind="lcdata", told="light curves for lcdata and ParSNIP, as HDF5", facts=facts)
            if {"data", "labels", "SNID"} <= set(file):
                names = {int(number): name for name, number in file["labels"].attrs.items()}
                facts = {
                    "objects": len(file["SNID"]), "shape": list(file["data"].shape),
                    "classes": counts([names.get(int(one), str(one)) for one in file["labels"]]),
                    "bands": str(file.attrs.get("bands", "")).split(","),
                    "splits": {name: len(file[name]) for name in file if "_" in name and file[name].dtype.kind == "i"},
                    "redshift": span(file["redshift"]) if "redshift" in file else None,
                }  # fmt: skip
                return Description(kind="ATAT", told="light curves as ATAT reads them, in HDF5", facts=facts)
            held = ", ".join(file)
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise ValueError(f"{path}: damaged HDF5 ({error}); make or fetch it anew") from None
    known = "see docs/reference/formats.md for those that are"
    raise ValueError(f"{path}: HDF5 of no kind that is known (it holds {held}); {known}")


def _facts(curves: LightCurves) -> dict[str, Any]:
    types = np.array(curves.template_types, dtype=str)[curves.truth.template]
    bands = [f"{survey}:{band}" for band, survey in zip(curves.bands, curves.surveys, strict=True)]
    return {
        "objects": curves.n_object, "measurements": curves.n_obs, "classes": counts(types),
        "redshift": span(curves.truth.z), "mjd": span(curves.mjd),
        "bands": counts(np.array(bands, dtype=str)[curves.band]), "templates": len(curves.template_names),
        "further_truth": sorted(curves.truth.more), "seed": curves.meta.get("seed"),
        "generator": curves.meta.get("generator"),
    }  # fmt: skip


def _table(told: str, values: dict[str, Any], n: int, columns: list[str], bands: list[str]) -> Description:
    def first(names: tuple[str, ...]) -> Any:
        return next((values[name] for name in names if name in values), None)

    objects, band, kinds, z = first(_OBJECT), first(_BAND), first(_CLASS), first(_REDSHIFT)
    known = "band_id" in values and bands
    facts = {
        "rows": n, "objects": int(np.unique(objects).size),
        "bands": None if band is None else counts([bands[i] for i in band] if known else band),
        "classes": None if kinds is None else _by_object(objects, kinds), "redshift": None if z is None else span(z),
        "columns": columns,
    }  # fmt: skip
    return Description(kind=TABLE, told=told, facts=facts)


def _by_object(objects: Any, kinds: Any) -> dict[str, int]:
    """Classes, each object once."""
    _, first = np.unique(objects, return_index=True)
    return counts(np.asarray(kinds)[first])


def _is_whole(path: Path, n_byte: int) -> bool:
    return path.is_file() and path.stat().st_size == n_byte
