"""Sets of light curves from one format to another, and what each format has no place for."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.extras import of_extra
from sntransport.datasets.conversion.own_fits import own_class_codes, read_own_fits
from sntransport.datasets.conversion.snana_light_curves import read_snana_light_curves, snana_class_codes
from sntransport.datasets.nested_parquet import read_nested_parquet
from sntransport.simulation.events.class_codes import code_of, default_codes
from sntransport.spectra.observations import broad_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sntransport.simulation.light_curves import LightCurves

LOST: dict[str, str] = {
    "fits": "",
    "parquet": "",
    "snana": "fluxes that are not known, digits beyond 32 bits, peak magnitudes, names of templates, "
    "which survey measured where two have a band, and further texts of the truth",
    "lcdata": "true fluxes, fluxes that are not known, digits of flux beyond 32 bits, flags, peak magnitudes and "
    "further truth",
    "plasticc": "true fluxes, fluxes that are not known, saturation and trigger flags, host dust, luminosity, "
    "peak magnitudes and names of templates",
    "elasticc": "true fluxes, fluxes that are not known, digits beyond 32 bits but of dates and places, "
    "the trigger flag and further truth",
    "atat": "true fluxes, measurements beyond 65 in a band, dates, and all truth but label and redshift",
    "tokens": "true fluxes, fluxes that are not known, dates, flags, and all truth but the type",
}
"""What each format of ``simulate --format`` has no place for; empty where it has one for all."""

_SUCCESS, _MANIFEST = "_SUCCESS", "manifest.json"
_HEADS = ("_head.fits", "_head.fits.gz")


@answers_mistakes
def read_light_curves(path: str | os.PathLike[str], bands: Mapping[str, str] | None = None) -> LightCurves:
    """One file of light curves in a format that is read, told apart by its content.

    Parameters
    ----------
    path : path-like
        Nested Parquet or FITS of `sntransport simulate` and `augment`, or SNANA's HEAD file.
    bands : mapping of str to str, optional
        Our names of the bands of a SNANA file.

    Returns
    -------
    LightCurves

    Raises
    ------
    ValueError
        With the file: where it is of none of these formats, or damaged.
    OSError
        Where it cannot be opened.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.datasets import write_nested_parquet
    >>> from sntransport.datasets.conversion import read_light_curves
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([series], survey, population, n=5, seed=1, keep="triggered", true_flux=True)
    >>> read_light_curves(write_nested_parquet(curves, "curves.parquet")).n_object
    5
    """
    place = Path(path)
    form = _form(place)
    if form == "snana":
        return read_snana_light_curves(place, bands)
    return read_nested_parquet(place) if form == "parquet" else read_own_fits(place)


def require_light_curves(paths: Sequence[Path]) -> None:
    """Raise a ValueError that names the first of some files that is of no format that is read, by its first bytes."""
    for path in paths:
        _form(path)


def _form(path: Path) -> str:
    with path.open("rb") as file:
        begin = file.read(9)
    if begin.startswith(b"PAR1"):
        return "parquet"
    if path.name.lower().endswith(_HEADS):
        return "snana"
    if begin == b"SIMPLE  =":
        return "fits"
    raise ValueError(f"{path}: no light curves that are read; give our Parquet or FITS, or SNANA's HEAD file")


@dataclass(frozen=True, eq=False, kw_only=True)
class Shared:
    """Bands with their survey and templates with their type that the files of a set have together, each once."""

    bands: tuple[tuple[str, str], ...]
    templates: tuple[tuple[str, str], ...]


def shared_by(paths: Sequence[Path], bands: Mapping[str, str] | None = None) -> Shared:
    """What the files of a set have together, so that numbers of bands and classes are the same in all of them.

    Parameters
    ----------
    paths : sequence of Path
    bands : mapping of str to str, optional
        As for `read_light_curves`, whose errors it raises.

    Returns
    -------
    Shared
        In the order in which the files have them.
    """
    found: dict[str, dict[tuple[str, str], None]] = {"bands": {}, "templates": {}}
    for path in paths:
        held = read_light_curves(path, bands)
        found["bands"] |= dict.fromkeys(zip(held.bands, held.surveys, strict=True))
        found["templates"] |= dict.fromkeys(zip(held.template_names, held.template_types, strict=True))
    return Shared(bands=tuple(found["bands"]), templates=tuple(found["templates"]))


def class_codes(paths: Sequence[Path], types: Sequence[str]) -> dict[str, int]:
    """Numbers of classes and types that the files of a set have, so that another format has the same.

    Parameters
    ----------
    paths : sequence of Path
    types : sequence of str
        Of all templates. Those whose class no file has a number of get the next ones, as do all where a format has no
        numbers.

    Returns
    -------
    dict of str to int
    """
    found: dict[str, int] = {}
    for path in paths:
        form = _form(path)
        read = snana_class_codes if form == "snana" else own_class_codes if form == "fits" else parquet_class_codes
        found |= read(path)
    for name in default_codes(types):
        if any(broad_class(one) == name and code_of(one, found) is None for one in types):
            found[name] = max(found.values(), default=0) + 1
    return found


def parquet_class_codes(path: Path) -> dict[str, int]:
    """Numbers of the types in a file of nested Parquet."""
    with of_extra("parquet"):
        import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    if not {"type", "class_code"} <= set(file.schema_arrow.names):
        return {}
    held = file.read(columns=["type", "class_code"])
    return dict(zip(held["type"].to_pylist(), held["class_code"].to_pylist(), strict=True))


def numbered_alike(curves: LightCurves, shared: Shared) -> LightCurves:
    """The same light curves with bands and templates numbered as in the whole set; peaks of further bands are NaN."""
    own_bands = tuple(zip(curves.bands, curves.surveys, strict=True))
    own_templates = tuple(zip(curves.template_names, curves.template_types, strict=True))
    if (own_bands, own_templates) == (shared.bands, shared.templates):
        return curves
    band = np.array([shared.bands.index(one) for one in own_bands], dtype=np.int16)
    template = np.array([shared.templates.index(one) for one in own_templates], dtype=np.int32)
    peaks: dict[str, Any] = {}
    for name in ("peak_mag", "peak_mjd"):
        peaks[name] = np.full((curves.n_object, len(shared.bands)), np.nan)
        peaks[name][:, band] = getattr(curves.truth, name)
    return replace(
        curves,
        bands=tuple(one for one, _ in shared.bands),
        surveys=tuple(one for _, one in shared.bands),
        band=band[curves.band],
        truth=replace(curves.truth, template=template[curves.truth.template], **peaks),
        template_names=tuple(one for one, _ in shared.templates),
        template_types=tuple(one for _, one in shared.templates),
    )


def files_of_set(path: Path) -> list[Path]:
    """The files of a set to read: the file itself, or those of a folder that a finished run or SNANA wrote, in order.

    Raises
    ------
    ValueError
        For a folder that is unfinished, or has no files that are read.
    OSError
        Where it cannot be read.
    """
    if not path.is_dir():
        return [path]
    if ((path / _MANIFEST).is_file() and not (path / _SUCCESS).is_file()) or (path / "_parts").is_dir():
        raise ValueError(f"{path}: the run that makes it is not finished; start it again, and it goes on")
    if (path / _MANIFEST).is_file():
        held = json.loads((path / _MANIFEST).read_text(encoding="utf-8"))
        found = [path / file["name"] for shard in held["shards"] for file in shard["files"]]
    else:
        found = sorted(one for one in path.iterdir() if one.name.lower().endswith((*_HEADS, ".parquet")))
    readable = [one for one in found if _may_be_read(one.name.lower())]
    if not readable:
        inside = [one.name for one in path.iterdir() if one.is_dir() and (one / _MANIFEST).is_file()]
        hint = f"; give one of its sets: {', '.join(sorted(inside))}" if inside else ""
        raise ValueError(f"{path}: no files of light curves that are read{hint}")
    return readable


def stem_of(path: Path) -> str:
    """Name of a file of a set without what its format appends."""
    name: Any = path.name
    for end in (*_HEADS, ".fits", ".parquet"):
        if name.lower().endswith(end):
            return str(name[: -len(end)])
    return path.stem


def _may_be_read(name: str) -> bool:
    if name.endswith(_HEADS):
        return True
    of_others = ("_phot.fits", "_diaobject.parquet", "_diasource.parquet", "_diaforcedsource.parquet", "_truth.parquet")
    return name.endswith((".fits", ".parquet")) and not name.endswith(of_others)
