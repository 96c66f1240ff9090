"""Models for SNANA: a folder of gzipped spectra with the list, the include file and the README that belong to it.

What SNANA wants is taken from its manual and its source (github.com/RickKessler/SNANA: genmag_NON1ASED.c,
genmag_SIMSED.c, genmag_SEDtools.h): files of phase, rest-frame wavelength and flux at 10 pc, the same wavelengths at
every phase; phase 0 is moved to the brightest bolometric phase when they are read, so it is there already.
LightCurveLynx reads the SIMSED form too.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._storage.atomic_files import atomic_path, sha256
from sntransport._version import __version__
from sntransport.export.grid import TemplateGrid, template_grid
from sntransport.export.snana_classes import exact_weights, template_codes
from sntransport.export.text_files import write_sed
from sntransport.photometry.band_ratio import columns
from sntransport.photometry.bands import Bandpass, load_bands
from sntransport.photometry.reference_phase import Meaning
from sntransport.spectra.series import SpectralSeries

_LOWEST = 0.001
_COVERED = 0.999
_UNIT = "erg s-1 cm-2 A-1 at 10 pc, rest frame, free of dust"
_CITATION = "Ramirez et al. 2024, arXiv:2409.10701"


@dataclass(frozen=True, eq=False, kw_only=True)
class SnanaModel:
    """A model folder that was written: its ``folder``, the ``grids`` in it, ``weight`` and ``sntype`` of each.

    ``z_range`` has for each band the redshifts at which every template covers it, None where there are none; ``notes``
    one line for each thing that was cut, moved, extrapolated or set to 0.
    """

    folder: Path
    grids: tuple[TemplateGrid, ...]
    weight: Array
    sntype: tuple[int, ...]
    z_range: Mapping[str, tuple[float, float] | None]
    notes: tuple[str, ...]


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
    bands: Sequence[str | Bandpass] = (),
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
        Made when it is missing. Its name is the name of the model.
    form : {"NON1ASED", "SIMSED"}
        NON1A.LIST with an include file of weights, or SED.INFO.
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
        Of the survey; for each the redshifts at which all templates cover it are worked out and written down.
    redshifts : tuple of float, optional
        Range that is to be simulated. Default: what all bands allow, where ``bands`` are given.
    beyond : {"error", "allow"}
        What to do where ``redshifts`` go beyond what a band allows.
    overwrite : bool
        Whether a folder that is not empty may be written to. Lists, include files and spectra of an earlier model in it
        are removed first.
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
        Where the folder is not empty and may not be overwritten.
    sntransport.photometry.reference_phase.MaximumError
        Where a maximum is not bracketed by data.
    ValueError
        Where ``redshifts`` go beyond what the templates cover, weights are negative or all 0, a class has no code, or
        a series cannot be put on a grid; nothing has been written then.

    Notes
    -----
    The list (or SED.INFO) is written last: a folder without it is not a model. The same series give the same bytes.
    """
    place = Path(folder)
    if not series:
        raise ValueError("to_snana needs at least one series")
    if form not in ("NON1ASED", "SIMSED"):
        raise ValueError(f"form is {form!r}, expected 'NON1ASED' or 'SIMSED'")
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
    limits = usable_redshifts(grids, bands)
    announce(limits)
    allowed = _redshifts(limits, redshifts, beyond)
    names = _file_names(grids)
    said = [f"{name}: {note}" for grid, name in zip(grids, names, strict=True) for note in grid.notes]
    if form == "SIMSED" and not place.resolve().name.startswith("SIMSED"):
        said.append("SNANA knows a SIMSED model by its folder, whose name begins with SIMSED; LightCurveLynx does not")
    model = SnanaModel(
        folder=place,
        grids=grids,
        weight=np.array([float(w) for w in weight]),
        sntype=codes,
        z_range=limits,
        notes=tuple(said),
    )
    _clear(place)
    for grid, name in zip(grids, names, strict=True):
        write_sed(place / f"{name}.SED.gz", _header(grid), grid.phase, grid.wave, grid.flux)
    _write(place / f"SIMGEN_INCLUDE_{place.resolve().name}.INPUT",
           _include(model, form, names, weight=weight, magoff=magoff, magsmear=magsmear, allowed=allowed))  # fmt: skip
    _write(place / "README.md", _readme(model, form, names, weight, allowed))
    listed = _non1a_list(model, names) if form == "NON1ASED" else _sed_info(model, names, weight)
    _write(place / ("NON1A.LIST" if form == "NON1ASED" else "SED.INFO"), listed)
    return model


def as_series(grid: TemplateGrid) -> SpectralSeries:
    """Return the grid as a series: what a simulator reads."""
    return SpectralSeries(
        phase=grid.phase, wave=grid.wave, flux=grid.flux, name=grid.name, sn_type=grid.sn_type, mjd_ref=grid.mjd_ref
    )  # fmt: skip


def usable_redshifts(
    grids: Sequence[TemplateGrid], bands: Sequence[str | Bandpass]
) -> dict[str, tuple[float, float] | None]:  # fmt: skip
    """Range of redshifts from 0 to 5 at which every template covers a band, for each band; None where there is none.

    Covered means 99.9 % here, more than `band_flux` asks for: some simulators take what is missing to be 0.
    """
    z = np.arange(0.0, 5.0, 0.005)
    out: dict[str, tuple[float, float] | None] = {}
    for band in load_bands(bands):
        covered = np.ones(z.size, dtype=bool)
        for grid in grids:
            seen = columns(grid.wave, band, z)
            covered &= seen.cover_weight[:, : z.size].sum(axis=0) >= _COVERED * seen.photon_total
        known = z[covered]
        out[band.name] = (float(known[0]), float(known[-1])) if known.size else None
    return out


def coverage_text(limits: Mapping[str, tuple[float, float] | None]) -> str:
    """Usable redshifts as lines, for people."""
    return "\n".join(
        f"{band:12s} {'at no redshift' if limit is None else f'z = {limit[0]:.3f} to {limit[1]:.3f}'}"
        for band, limit in limits.items()
    )


def _redshifts(
    limits: Mapping[str, tuple[float, float] | None], asked: tuple[float, float] | None, beyond: str
) -> tuple[float, float] | None:  # fmt: skip
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
    known = [limit for limit in limits.values() if limit is not None]
    if asked is not None or not known:
        return asked
    low, high = max(limit[0] for limit in known), min(limit[1] for limit in known)
    # SNANA has no distance for redshift 0.
    return (max(low, _LOWEST), high) if max(low, _LOWEST) <= high else None


def _noted(told: Sequence[str], grid: TemplateGrid) -> TemplateGrid:
    return replace(grid, notes=(*told, *grid.notes))


def _clear(place: Path) -> None:
    """Remove an earlier model, its list first: what is left is none."""
    for pattern in ("NON1A.LIST", "SED.INFO", "SIMGEN_INCLUDE_*.INPUT", "*.SED.gz", "README.md"):
        for path in sorted(place.glob(pattern)) if place.is_dir() else ():
            path.unlink()


def _file_names(grids: Sequence[TemplateGrid]) -> list[str]:
    out: list[str] = []
    for i, grid in enumerate(grids, start=1):
        name = re.sub(r"[^A-Za-z0-9+_-]+", "_", grid.name).strip("_")[:60] or f"template_{i}"
        out.append(f"{name}_{i}" if name in out else name)
    return out


def _header(grid: TemplateGrid) -> list[str]:
    date = "not known" if np.isnan(grid.mjd_ref) else f"MJD {grid.mjd_ref:.4f}"
    return [
        f"{grid.name} ({grid.sn_type}), made with sntransport {__version__}",
        f"phase [rest-frame d from the {grid.zero}, {date}]   wavelength [rest-frame A]   flux [{_UNIT}]",
        f"share of bins extrapolated: {grid.extrapolated:.4f}",
        *grid.notes,
    ]


def _non1a_list(model: SnanaModel, names: Sequence[str]) -> str:
    low, high = _rest_range(model)
    lines = ["# templates of a NON1ASED model; see README.md", "FLUX_SCALE: 1.0", f"RESTLAMBDA_RANGE: {low} {high}", ""]
    for i, (grid, name) in enumerate(zip(model.grids, names, strict=True), start=1):
        lines.append(f"NON1A: {i:4d} {_token(grid.sn_type):10s} {name}.SED")
    return "\n".join(lines) + "\n"


def _sed_info(model: SnanaModel, names: Sequence[str], weight: Sequence[Decimal]) -> str:
    low, high = _rest_range(model)
    lines = [
        "# templates of a SIMSED model; see README.md", "FLUX_SCALE: 1.0", f"RESTLAMBDA_RANGE: {low} {high}", "NPAR: 2",
        "PARNAMES: TEMPLATE_INDEX WEIGHT", "",
    ]  # fmt: skip
    lines += [f"SED: {name}.SED {i} {w}" for i, (name, w) in enumerate(zip(names, weight, strict=True), start=1)]
    return "\n".join(lines) + "\n"


def _include(
    model: SnanaModel, form: str, names: Sequence[str], *, weight: Sequence[Decimal], magoff: float, magsmear: float,
    allowed: tuple[float, float] | None,
) -> str:  # fmt: skip
    folder = model.folder.resolve().name
    lines = ["# for a sim-input file: INPUT_INCLUDE_FILE; run above the folder of the model, or put its path here"]
    if form == "NON1ASED":
        lines += ["GENMODEL: NON1ASED", f"PATH_NON1ASED: {folder}", ""]
        lines += ["NON1A_KEYS: 5 INDEX WGT MAGOFF MAGSMEAR SNTYPE"]
        for i, (w, code, name) in enumerate(zip(weight, model.sntype, names, strict=True), start=1):
            lines.append(f"NON1A: {i:4d} {w} {magoff:.4f} {magsmear:.4f} {code:4d}  # {name}")
    else:
        lines += ["# each template with the same chance: SNANA does not take WEIGHT of SED.INFO as one"]
        lines += [f"GENMODEL: {folder}", "SIMSED_GRIDONLY: TEMPLATE_INDEX", f"GENRANGE_TEMPLATE_INDEX: 1 {len(names)}"]
    first, last = (max(grid.phase[0] for grid in model.grids), min(grid.phase[-1] for grid in model.grids))
    widest = (min(grid.phase[0] for grid in model.grids), max(grid.phase[-1] for grid in model.grids))
    if first < last:
        lines += ["", f"# what all templates support (any of them: {widest[0]:.2f} {widest[1]:.2f})"]
        lines += [f"GENRANGE_TREST: {first:.2f} {last:.2f}"]
    else:
        lines += ["", "# no phase that all templates support; this is what any of them does"]
        lines += [f"GENRANGE_TREST: {widest[0]:.2f} {widest[1]:.2f}"]
    if allowed is not None:
        lines.append(f"GENRANGE_REDSHIFT: {allowed[0]:.4f} {allowed[1]:.4f}")
    return "\n".join(lines) + "\n"


def _readme(
    model: SnanaModel, form: str, names: Sequence[str], weight: Sequence[Decimal], allowed: tuple[float, float] | None
) -> str:  # fmt: skip
    lines = [
        f"# {model.folder.resolve().name}", "",
        f"A {form} model of {len(names)} templates, made with sntransport {__version__}. Please cite {_CITATION}.", "",
        f"Flux: {_UNIT}. Neither Milky Way nor host dust is in it.", "",
        "| # | file | class | SNTYPE | weight | phase 0 | phases [d] | wavelengths [A] | extrapolated | sha256 |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for i, (grid, name, w, code) in enumerate(zip(model.grids, names, weight, model.sntype, strict=True), start=1):
        date = "" if np.isnan(grid.mjd_ref) else f", MJD {grid.mjd_ref:.2f}"
        lines.append(
            f"| {i} | {name}.SED.gz | {grid.sn_type} | {code} | {w} | {grid.zero}{date} | {grid.phase[0]:.1f} to "
            f"{grid.phase[-1]:.1f} | {grid.wave[0]:.1f} to {grid.wave[-1]:.1f} | {grid.extrapolated:.1%} | "
            f"{sha256(model.folder / f'{name}.SED.gz')} |"
        )
    if model.z_range:
        lines += ["", "Redshifts at which all templates cover a band:", "", "```", coverage_text(model.z_range), "```"]
    if allowed is not None:
        lines += ["", f"Redshifts of the include file: {allowed[0]:.4f} to {allowed[1]:.4f}."]
    return "\n".join([*lines, "", "## Notes", "", *(f"- {note}" for note in model.notes), ""])


def _rest_range(model: SnanaModel) -> tuple[str, str]:
    low, high = max(g.wave[0] for g in model.grids), min(g.wave[-1] for g in model.grids)
    return f"{low:.1f}", f"{high:.1f}"


def _token(text: str) -> str:
    """Return a word without blanks, as lists of words need it."""
    return re.sub(r"[^A-Za-z0-9/+_-]+", "_", text.strip())[:18] or "unknown"


def _write(path: Path, text: str) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
