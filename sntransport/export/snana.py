"""Models for SNANA: a folder of gzipped spectra with the list, the include file and the README that belong to it.

What SNANA wants is taken from its manual and its source (github.com/RickKessler/SNANA: genmag_NON1ASED.c,
genmag_SIMSED.c, genmag_SEDtools.h): files of phase, rest-frame wavelength and flux at 10 pc, the same wavelengths at
every phase; phase 0 is moved to the brightest bolometric phase when they are read, so it is there already.
LightCurveLynx reads the SIMSED form too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Literal

import numpy as np

from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.mistakes import wrong_kind
from sntransport._storage.atomic_folders import atomic_folder, recover
from sntransport._storage.read_error import one_line
from sntransport.export import snana_files as files
from sntransport.export.grid import TemplateGrid, template_grid
from sntransport.export.snana_classes import exact_weights, template_codes
from sntransport.export.snana_files import SnanaModel
from sntransport.export.snana_limits import BRIGHT, MOST_CODE, MOST_INDEX, PHASE_ROOM, PHASES_READ
from sntransport.export.text_files import write_sed
from sntransport.photometry.bands import Bandpass
from sntransport.photometry.redshift_range import LOWEST_REDSHIFT, coverage_text, leakage_note, usable_redshifts
from sntransport.photometry.reference_phase import Meaning
from sntransport.spectra.series import SpectralSeries

SURVEY_BANDS = ("lsstu", "lsstg", "lsstr", "lssti", "lsstz", "lssty")
"""Bands of the survey where none are stated."""


@answers_mistakes
def to_snana(
    series: Sequence[SpectralSeries],
    folder: str | os.PathLike[str],
    *,
    form: Literal["NON1ASED", "SIMSED"] = "NON1ASED",
    weights: Sequence[float] | Mapping[str, float] | None = None,
    sntype: Sequence[int] | Mapping[str, int] | None = None,
    magoff: float = 0.0,
    magsmear: float = 0.0,
    zero: Meaning = "bolometric maximum",
    given: Meaning | None = None,
    z: Sequence[float] | None = None,
    unbracketed: Literal["error", "edge"] = "error",
    wave_step: float = 5.0,
    phase_step: float = 1.0,
    wave_range: tuple[float, float] | None = None,
    bands: Sequence[str | Bandpass] = SURVEY_BANDS,
    leakage_cut: float = 0.0,
    redshifts: tuple[float, float] | None = None,
    beyond: Literal["error", "allow"] = "error",
    overwrite: bool = False,
    notes: Sequence[Sequence[str]] = (),
    announce: Callable[[Mapping[str, tuple[float, float] | None]], object] = lambda limits: None,
) -> SnanaModel:
    """Write a complete model folder.

    Parameters
    ----------
    series : sequence of SpectralSeries
    folder : path-like
        Made when it is missing. Its name is the name of the model, a word; SNANA knows a SIMSED model by a name that
        begins with ``SIMSED.``.
    form : {"NON1ASED", "SIMSED"}
        NON1A.LIST with an include file of weights, or SED.INFO with a column of them.
    weights : sequence, or mapping of class to number, or None
        Of the templates, relative; of a class, shared by its templates. None: all equal. They are written as decimals
        whose sum is 1 exactly.
    sntype : sequence, or mapping of class to int, or None
        None: `sntransport.export.snana_classes.CLASS_CODES` by the longest class that the type begins with.
    magoff, magsmear : float [mag]
        Of all templates: an offset and a random scatter of brightness.
    zero, given, unbracketed, wave_step, phase_step, wave_range
        See `sntransport.export.grid.template_grid`. SNANA moves phase 0 to the bolometric maximum whatever it means.
    z : sequence of float, optional
        Redshift of each supernova, for the date of phase 0.
    bands : sequence
        Of the survey; for each the redshifts at which SNANA can use all templates are worked out and written down, by
        `sntransport.photometry.redshift_range.usable_redshifts`.
    leakage_cut : float
        ``LEAKAGE_CUT`` of the survey's calibration file, 0 where it has none.
    redshifts : tuple of float, optional
        Range that is to be simulated. Default: what all bands allow that can be used at all. SNANA needs it to begin
        above 0.00123; it is written from 0.002.
    beyond : {"error", "allow"}
        What to do where ``redshifts`` go beyond what a band allows.
    overwrite : bool
        Whether a folder that is not empty may be written to. An earlier model in it stays until the new one is
        complete; its lists, include files, spectra and README are then replaced, and other files are kept.
    notes : sequence of sequence of str
        What was done to each series before, such as ``Extrapolated.notes``; it becomes part of its file and the README.
    announce : callable
        Told the usable redshifts of each band before anything is written or refused.

    Returns
    -------
    SnanaModel

    Raises
    ------
    FileExistsError
        Where the folder is not empty, at the begin or the end, and may not be overwritten.
    sntransport.photometry.reference_phase.MaximumError
        Where a maximum is not bracketed by data.
    ValueError
        Where ``redshifts`` go beyond what the templates cover, weights are negative or all 0, a class has no code, a
        series cannot be put on a grid, or the name of the folder is no word; nothing has been written then.
    OSError
        Where the folder cannot be written; an earlier model is then still there.

    Notes
    -----
    The folder is written under another name and renamed when it is complete. The same series give the same bytes.

    Examples
    --------
    >>> from pathlib import Path
    >>> from sntransport.export import to_snana
    >>> from sntransport.cli.supernovae.demo import template
    >>> series = template(np.arange(-15.0, 50.0), np.arange(2000.0, 11000.0, 10.0))
    >>> model = to_snana([series], "MYIA", bands=["sdssr"])
    >>> sorted(path.name for path in Path("MYIA").iterdir())[:2]
    ['Hsiao_template.SED.gz', 'NON1A.LIST']
    """
    place = Path(folder)
    alone: object = series
    if isinstance(alone, SpectralSeries):
        raise wrong_kind("to_snana", "a sequence of SpectralSeries", alone, {"": "write [series] for one"})
    if not series:
        raise ValueError("to_snana needs at least one series")
    if form not in ("NON1ASED", "SIMSED"):
        raise ValueError(f"form is {form!r}, expected 'NON1ASED' or 'SIMSED'")
    _require_word(place.resolve().name)
    recover(place, files.belongs)
    if place.is_dir() and any(place.iterdir()) and not overwrite:
        raise FileExistsError(f"{place} is not empty; choose another folder, or allow overwriting")
    at = [np.nan] * len(series) if z is None else list(z)
    before = [()] * len(series) if not notes else [tuple(one) for one in notes]
    grids = tuple(
        _noted(told, template_grid(
            one, zero=zero, given=given, z=one_z, wave_step=wave_step, phase_step=phase_step, wave_range=wave_range,
            unbracketed=unbracketed,
        ))
        for one, one_z, told in zip(series, at, before, strict=True)
    )  # fmt: skip
    weight = exact_weights(grids, weights)
    codes = template_codes(grids, sntype)
    _require_room(len(grids), codes, form)
    limits = usable_redshifts(common_range(grids), bands, leakage_cut=leakage_cut)
    announce(limits)
    allowed, about = _redshifts(limits, redshifts, beyond)
    names = files.file_names(grids)
    said = [f"{one_line(name)}: {one_line(note)}" for grid, name in zip(grids, names, strict=True)
            for note in (*grid.notes, *_edges(grid, form))]  # fmt: skip
    said += about + [note for note in (leakage_note(bands, leakage_cut),) if note] + _of_form(place, form, codes)
    model = SnanaModel(
        folder=place, grids=grids, weight=np.array([float(w) for w in weight]), sntype=codes, z_range=limits,
        redshifts=allowed, notes=tuple(said),
    )  # fmt: skip
    with atomic_folder(place, own=files.belongs, last=("NON1A.LIST", "SED.INFO"), replace=overwrite) as new:
        _write(new, model, form, names, weight=weight, mag=(magoff, magsmear))
    return model


def as_series(grid: TemplateGrid) -> SpectralSeries:
    """Return the grid as a series: what a simulator reads."""
    return SpectralSeries(
        phase=grid.phase, wave=grid.wave, flux=grid.flux, name=grid.name, sn_type=grid.sn_type, mjd_ref=grid.mjd_ref
    )  # fmt: skip


def common_range(grids: Sequence[TemplateGrid]) -> tuple[float, float]:
    """First and last wavelength [A] that all templates have; one of no width where they have none in common."""
    low, high = max(float(grid.wave[0]) for grid in grids), min(float(grid.wave[-1]) for grid in grids)
    return (low, high) if low < high else (low, low + 1e-3)


def _write(
    new: Path, model: SnanaModel, form: str, names: Sequence[str], *, weight: Sequence[Decimal],
    mag: tuple[float, float],
) -> None:  # fmt: skip
    sizes = []
    for grid, name in zip(model.grids, names, strict=True):
        path = write_sed(new / f"{name}.SED.gz", files.header(grid), grid.phase, grid.wave, grid.flux)
        sizes.append(path.stat().st_size)
    if form == "SIMSED":
        _make_longest_largest(new, model.grids, names, sizes)
    texts = {"README.md": files.readme(model, form, names, weight, new)}
    # SNANA stops at a SIMSED model of another name; such a folder is for LightCurveLynx alone.
    if form == "NON1ASED" or _is_simsed(model.folder):
        texts[f"SIMGEN_INCLUDE_{model.folder.resolve().name}.INPUT"] = files.include(
            model, form, names, weight=weight, magoff=mag[0], magsmear=mag[1]
        )
    if form == "NON1ASED":
        texts["NON1A.LIST"] = files.non1a_list(model, names)
    else:
        texts["SED.INFO"] = files.sed_info(model, names, weight)
    for name, text in texts.items():
        (new / name).write_text(text, encoding="utf-8")


def _is_simsed(place: Path) -> bool:
    return place.resolve().name.startswith("SIMSED.")


def _make_longest_largest(
    new: Path, grids: Sequence[TemplateGrid], names: Sequence[str], sizes: Sequence[int]
) -> None:  # fmt: skip
    """Write the template with the most phases so that its file is the largest, where the largest has too few phases.

    SNANA takes the number of phases of the largest file as that of all, with a few to spare, and stops at a template
    that has more (genmag_SIMSED.c, set_SIMSED_MXDAY).
    """
    count = [grid.phase.size for grid in grids]
    if max(count) <= count[int(np.argmax(sizes))] + PHASE_ROOM:
        return
    k = int(np.argmax(count))
    grid, path = grids[k], new / f"{names[k]}.SED.gz"
    head = [*files.header(grid), "stored as it is, and so the largest file: SNANA counts the phases of that one"]
    write_sed(path, head, grid.phase, grid.wave, grid.flux, compressed=False)
    missing = max(sizes) - path.stat().st_size + 1
    if missing > 0:
        head += ["-" * 100] * (missing // 100 + 1)
        write_sed(path, head, grid.phase, grid.wave, grid.flux, compressed=False)


def _edges(grid: TemplateGrid, form: str) -> list[str]:
    """What SNANA makes of the first and last phases of a template."""
    out, total = [], grid.flux.sum(axis=1)
    share = total[[0, -1]] / max(float(total.max()), np.finfo(float).tiny)
    if share[0] > BRIGHT:
        out.append(f"at its first phase, {grid.phase[0]:.1f} d, it has {share[0]:.0%} of its brightest flux: SNANA "
                   "shows nothing before it")  # fmt: skip
    if share[1] > BRIGHT:
        out.append(f"at its last phase, {grid.phase[-1]:.1f} d, it has {share[1]:.0%} of its brightest flux: SNANA "
                   "extrapolates the decline from there")  # fmt: skip
    first, last = PHASES_READ["NON1A.LIST" if form == "NON1ASED" else "SED.INFO"]
    if grid.phase[0] < first or grid.phase[-1] > last:
        out.append(f"SNANA reads phases from {first:g} to {last:g} d only")
    return out


def _of_form(place: Path, form: str, codes: Sequence[int]) -> list[str]:
    """Notes on what a SIMSED model cannot do."""
    if form != "SIMSED":
        return []
    out = []
    if not _is_simsed(place):
        out.append("SNANA knows a SIMSED model by its folder, whose name begins with SIMSED and a dot: this one is for "
                   "LightCurveLynx alone, and has no include file")  # fmt: skip
    if len(set(codes)) > 1:
        out.append("WARNING: templates of several classes in one SIMSED model; SNANA gives them one type (GENTYPE of "
                   "its input file): export one class a folder, or use NON1ASED")  # fmt: skip
    return out


def _require_word(name: str) -> None:
    if re.search(r"[\s#!%@$,]", name) or not name.isprintable():
        raise ValueError(
            f"the folder {name!r} is the name of the model, which SNANA reads as a word: no blanks, and none of #!%@$,"
        )


def _require_room(count: int, codes: Sequence[int], form: str) -> None:
    if form == "NON1ASED" and count >= MOST_INDEX:
        raise ValueError(f"{count} series, and SNANA has room for {MOST_INDEX - 1} in a NON1ASED model; make several")
    for code in codes:
        if not 0 <= code < MOST_CODE:
            raise ValueError(f"sntype has {code}, and SNANA has room for 0 to {MOST_CODE - 1}")


def _redshifts(
    limits: Mapping[str, tuple[float, float] | None], asked: tuple[float, float] | None, beyond: str
) -> tuple[tuple[float, float] | None, list[str]]:
    """Redshifts of the include file, and what to say about them."""
    if asked is not None and not 0 <= asked[0] <= asked[1]:
        raise ValueError(f"redshifts is {asked}, expected two ascending numbers of 0 or more")
    if asked is not None and beyond != "allow":
        for band, limit in limits.items():
            if limit is None or asked[0] < limit[0] - 1e-9 or asked[1] > limit[1] + 1e-9:
                raise ValueError(
                    f"redshifts {asked[0]:g} to {asked[1]:g} go beyond what the templates cover:\n"
                    f"{coverage_text(limits)}\nnarrow them, leave {band} out, extrapolate the series in wavelength, or "
                    "allow it (beyond='allow')"
                )
    lost = [band for band, limit in limits.items() if limit is None]
    notes = [f"at no redshift can SNANA use all templates in {', '.join(lost)}: it leaves the band out"] if lost else []
    known = [limit for limit in limits.values() if limit is not None]
    if asked is not None:
        if asked[0] < LOWEST_REDSHIFT:
            notes.append(f"redshifts begin at {LOWEST_REDSHIFT:g}: SNANA stops unless they are above 370 km/s")
        low = max(asked[0], LOWEST_REDSHIFT)
        return (low, max(asked[1], low)), notes
    if not known:
        return None, notes
    low, high = max(LOWEST_REDSHIFT, *(limit[0] for limit in known)), min(limit[1] for limit in known)
    # The file has four decimals.
    if low + 1e-4 > high:
        notes.append(
            f"the bands have no redshift above {LOWEST_REDSHIFT:g} in common: none is written; use fewer bands"
        )
        return None, notes
    return (low, high), notes


def _noted(told: Sequence[str], grid: TemplateGrid) -> TemplateGrid:
    return replace(grid, notes=(*told, *grid.notes))
