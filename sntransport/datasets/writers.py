"""Formats of light curves by the name of ``--format``: who writes them, with which codes, and what ends a run."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sntransport.simulation.events.class_codes import Codes
    from sntransport.simulation.light_curves import LightCurves

# Module, function, and what is appended to the name of a shard; functions that write several files append their own.
WRITERS = {
    "fits": ("simulation.run", "write_fits", ""),
    "parquet": ("datasets.nested_parquet", "write_nested_parquet", ".parquet"),
    "snana": ("datasets.snana_fits", "write_snana_fits", ""),
    "lcdata": ("datasets.lcdata_hdf5", "write_lcdata", ".h5"),
    "plasticc": ("datasets.plasticc_csv", "write_plasticc", ""),
    "elasticc": ("datasets.elasticc_parquet", "write_elasticc", ""),
    "atat": ("datasets.atat_hdf5", "write_atat", ".h5"),
    "tokens": ("datasets.tokens", "write_tokens", ".parquet"),
}

# What the functions call the codes of classes and of bands; the latter are names where a format has none.
_CLASSES = {"snana": "type_codes", "plasticc": "targets", "atat": "labels"}
_BANDS = {"snana": "band_codes", "plasticc": "passbands", "elasticc": "band_codes"}


def needs_true_flux(kind: str) -> bool:
    """Whether a format has a place for the true flux of every measurement that its readers look for."""
    return kind == "snana"


def write_as(
    kind: str, curves: LightCurves, stem: Path, *, codes: Codes | None = None, version: str = ""
) -> Path | tuple[Path, ...]:  # fmt: skip
    """Write one shard in a format of `WRITERS`, with the codes of its run (default: those of this shard alone).

    ``version`` is what SNANA calls the set (default: the name of the folder).
    """
    module, name, ending = WRITERS[kind]
    write = getattr(import_module(f"sntransport.{module}"), name)
    given: dict[str, Any] = {}
    if codes is not None:
        given[_CLASSES.get(kind, "class_codes")] = codes.classes
        if kind in _BANDS:
            given[_BANDS[kind]] = codes.bands
        if kind == "snana":
            given |= {"survey": codes.survey, "version": version or stem.resolve().parent.name}
    written: Path | tuple[Path, ...] = write(curves, stem.with_name(f"{stem.name}{ending}"), **given)
    return written


def run_codes(kind: str, given: Codes, *, bands: Sequence[str], surveys: Sequence[str], types: Sequence[str]) -> Codes:
    """The codes of a whole run: those given, else those of the format, else numbers of all classes of the run.

    Parameters
    ----------
    kind : str
        Of `WRITERS`.
    given : Codes
    bands, surveys : sequence of str, (n_band,)
    types : sequence of str
        Of the templates of all populations.

    Returns
    -------
    Codes

    Raises
    ------
    ValueError
        Where the format cannot use a code of a band.
    """
    from sntransport.datasets.plasticc_csv import PASSBANDS, TARGETS
    from sntransport.datasets.snana_header import BAND_CODES, snana_letters, survey_name
    from sntransport.simulation.events.class_codes import default_codes

    default: Mapping[str, int] = TARGETS if kind == "plasticc" else default_codes(types, 0 if kind == "atat" else 1)
    own: Mapping[str, str | int] = {}
    if kind == "snana":
        own = dict(zip(bands, snana_letters(bands, given.bands), strict=True))
    elif kind == "plasticc":
        own = PASSBANDS
    elif kind == "elasticc":
        own = {band: BAND_CODES.get(band, band) for band in bands}
    name = given.survey or (survey_name(surveys) if kind == "snana" else "")
    return replace(given, classes=given.classes or default, bands=given.bands or own, survey=name)


def require_format(
    kind: str, codes: Codes, *, bands: Sequence[str], surveys: Sequence[str], names: Sequence[str],
    types: Sequence[str], n_shard: int = 1,
) -> None:  # fmt: skip
    """Make sure before a run that a format can hold what comes of it.

    Parameters
    ----------
    kind : str
    codes : Codes
        From `run_codes`.
    bands, surveys : sequence of str, (n_band,)
    names, types : sequence of str, (n_template,)
    n_shard : int
        Of one folder.

    Raises
    ------
    ValueError, MissingExtraError
        As `sntransport.datasets.trial.require_writable`; and for more files than SNANA reads.
    """
    from functools import partial

    from sntransport.datasets.snana_version import require_few
    from sntransport.datasets.trial import require_writable

    if kind == "snana":
        require_few(n_shard)
    require_writable(
        partial(write_as, kind, codes=codes), bands=bands, surveys=surveys, template_names=names, template_types=types
    )


def end_folder(
    kind: str, folder: Path, paths: Sequence[Path], codes: Codes, *, bands: Sequence[str], templates: Sequence[str],
    told: Mapping[str, Any], version: str = "",
) -> tuple[Path, ...]:  # fmt: skip
    """Write what a format has once for a folder of shards, when all of them are there.

    Parameters
    ----------
    kind : str
    folder : Path
    paths : sequence of Path
        Files of all shards.
    codes : Codes
    bands, templates : sequence of str
    told : mapping
        What else a reader should know.
    version : str
        What SNANA calls the set; default: the name of the folder.

    Returns
    -------
    tuple of Path
        NAME.LIST and NAME.README for SNANA, else nothing.
    """
    from sntransport.datasets.snana_version import write_snana_version

    heads = [path.name for path in paths if path.name.endswith("_HEAD.FITS")]
    if kind != "snana" or not heads:
        return ()
    letters = {band: str(codes.bands[band]) for band in dict.fromkeys(bands)}
    return write_snana_version(
        folder, heads, bands=letters, classes=codes.classes, templates=templates, told={"SURVEY": codes.survey, **told},
        version=version,
    )  # fmt: skip
