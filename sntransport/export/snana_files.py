"""The text files of a SNANA model: names of its spectra, headers, list or SED.INFO, include file and README."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._storage.atomic_files import sha256
from sntransport._storage.read_error import one_line
from sntransport._version import __version__
from sntransport.export.grid import TemplateGrid
from sntransport.export.snana_limits import LATE, LONGEST_TYPE, LONGEST_WORD
from sntransport.export.text_files import comment_lines
from sntransport.photometry.redshift_range import LOWEST_REDSHIFT, coverage_text, inward

_LONGEST_NAME = LONGEST_WORD - len(".SED") - 5
_UNIT = "erg s-1 cm-2 A-1 at 10 pc, rest frame, free of dust"
_CITATION = "Ramirez et al. 2024, arXiv:2409.10701"


@dataclass(frozen=True, eq=False, kw_only=True)
class SnanaModel:
    """A model folder that was written: its ``folder``, the ``grids`` in it, ``weight`` and ``sntype`` of each.

    ``z_range`` has for each band the redshifts at which SNANA can use every template in it
    (`sntransport.photometry.redshift_range.usable_redshifts`), None where there are none; ``redshifts`` those of the
    include file, None where the bands have none in common; ``notes`` one line for each thing that was cut, moved,
    extrapolated or set to 0, and for what SNANA makes of it.
    """

    folder: Path
    grids: tuple[TemplateGrid, ...]
    weight: Array
    sntype: tuple[int, ...]
    z_range: Mapping[str, tuple[float, float] | None]
    redshifts: tuple[float, float] | None
    notes: tuple[str, ...]


def belongs(name: str) -> bool:
    """Whether a file of that name is part of a model: ours, or what SNANA keeps of it."""
    lists = ("NON1A.LIST", "SED.INFO", "SED.BINARY", "README.md")
    return name in lists or bool(re.fullmatch(r"SIMGEN_INCLUDE_.*\.INPUT|.*\.SED(\.gz)?", name))


def file_names(grids: Sequence[TemplateGrid]) -> list[str]:
    """Name of each file of spectra, without ending: letters, digits and ``+ _ -``, no two alike in any case."""
    out: list[str] = []
    used: set[str] = set()
    for i, grid in enumerate(grids, start=1):
        stem = re.sub(r"[^A-Za-z0-9+_-]+", "_", grid.name).strip("_")[:_LONGEST_NAME] or f"template_{i}"
        name, k = stem, i
        while name.lower() in used:
            name, k = f"{stem[: _LONGEST_NAME - 6]}_{k}", k + 1
        used.add(name.lower())
        out.append(name)
    return out


def header(grid: TemplateGrid) -> list[str]:
    """Lines of the header of a file of spectra, each short enough for SNANA."""
    date = "not known" if np.isnan(grid.mjd_ref) else f"MJD {grid.mjd_ref:.4f}"
    texts = [
        f"{grid.name} ({grid.sn_type}), made with sntransport {__version__}",
        f"phase [rest-frame d from the {grid.zero}, {date}], wavelength [A], flux [erg s-1 cm-2 A-1 at 10 pc]",
        f"share of bins extrapolated: {grid.extrapolated:.4f}",
        *grid.notes,
    ]
    return [line for text in texts for line in comment_lines(text)]


def non1a_list(model: SnanaModel, names: Sequence[str]) -> str:
    """Content of NON1A.LIST."""
    low, high = _rest_range(model)
    lines = ["# templates of a NON1ASED model; see README.md", "FLUX_SCALE: 1.0", f"RESTLAMBDA_RANGE: {low} {high}", ""]
    for i, (grid, name) in enumerate(zip(model.grids, names, strict=True), start=1):
        lines.append(f"NON1A: {i:4d} {_token(grid.sn_type):10s} {name}.SED")
    return "\n".join(lines) + "\n"


def sed_info(model: SnanaModel, names: Sequence[str], weight: Sequence[Decimal]) -> str:
    """Content of SED.INFO."""
    low, high = _rest_range(model)
    lines = [
        "# templates of a SIMSED model; see README.md", "FLUX_SCALE: 1.0", f"RESTLAMBDA_RANGE: {low} {high}", "NPAR: 2",
        "PARNAMES: TEMPLATE_INDEX WGT", "",
    ]  # fmt: skip
    lines += [f"SED: {name}.SED {i} {w}" for i, (name, w) in enumerate(zip(names, weight, strict=True), start=1)]
    return "\n".join(lines) + "\n"


def include(
    model: SnanaModel, form: str, names: Sequence[str], *, weight: Sequence[Decimal], magoff: float, magsmear: float
) -> str:  # fmt: skip
    """Content of the file that a simulation includes."""
    folder = model.folder.resolve().name
    lines = ["# for a sim-input file: INPUT_INCLUDE_FILE; run above the folder of the model, or put its path here"]
    if form == "NON1ASED":
        lines += ["GENMODEL: NON1ASED", f"PATH_NON1ASED: {folder}", ""]
        lines += ["NON1A_KEYS: 5 INDEX WGT MAGOFF MAGSMEAR SNTYPE"]
        for i, (w, code, name) in enumerate(zip(weight, model.sntype, names, strict=True), start=1):
            lines.append(f"NON1A: {i:4d} {w} {magoff:.4f} {magsmear:.4f} {code:4d}  # {name}")
    else:
        # With a slash SNANA takes it as a path; without, as a name below its own folder of models.
        lines += [f"GENMODEL: ./{folder}"]
        lines += ["# templates are drawn by the column WGT of SED.INFO", "SIMSED_GRIDONLY: WGT"]
        codes = sorted(set(model.sntype))
        several = f"# GENTYPE: one for all of these templates, of several classes ({', '.join(map(str, codes))})"
        lines += [f"GENTYPE: {codes[0]}" if len(codes) == 1 else several]
    lines += ["", "# Every simulation has the next two keys, and SNANA stops where one comes twice: put these there."]
    return "\n".join([*lines, *_phases(model), _redshifts(model)]) + "\n"


def readme(model: SnanaModel, form: str, names: Sequence[str], weight: Sequence[Decimal], spectra: Path) -> str:
    """Content of README.md; ``spectra`` is the folder that has the files of spectra."""
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
            f"| {i} | {name}.SED.gz | {_cell(grid.sn_type)} | {code} | {w} | {grid.zero}{date} | {grid.phase[0]:.1f} "
            f"to {grid.phase[-1]:.1f} | {grid.wave[0]:.1f} to {grid.wave[-1]:.1f} | {grid.extrapolated:.1%} | "
            f"{sha256(spectra / f'{name}.SED.gz')} |"
        )
    if model.z_range:
        lines += ["", "Redshifts at which SNANA can use all templates in a band:", ""]
        lines += ["```", coverage_text(model.z_range), "```"]
    lines += ["", "Phases and redshifts for the simulation's input file:", "", "```"]
    lines += [line.removeprefix("# ") for line in (*_phases(model), _redshifts(model))]
    return "\n".join([*lines, "```", "", "## Notes", "", *(f"- {one_line(note)}" for note in model.notes), ""])


def _phases(model: SnanaModel) -> list[str]:
    first, last = (max(grid.phase[0] for grid in model.grids), min(grid.phase[-1] for grid in model.grids) - LATE)
    widest = (min(grid.phase[0] for grid in model.grids), max(grid.phase[-1] for grid in model.grids) - LATE)
    if first < last:
        return [
            f"# what all templates support (any of them: {widest[0]:.2f} {widest[1]:.2f}), less the last day, in which "
            "SNANA extrapolates",
            f"# GENRANGE_TREST: {first:.2f} {last:.2f}",
        ]
    return [
        "# no phase that all templates support; this is what any of them does",
        f"# GENRANGE_TREST: {widest[0]:.2f} {max(widest[1], widest[0]):.2f}",
    ]


def _redshifts(model: SnanaModel) -> str:
    if model.redshifts is not None:
        low, high = inward(model.redshifts, 4)
        return f"# GENRANGE_REDSHIFT: {low:.4f} {high:.4f}"
    if not model.z_range:
        return f"# GENRANGE_REDSHIFT: from {LOWEST_REDSHIFT:g}; how far depends on the bands, none was stated"
    return "# GENRANGE_REDSHIFT: the bands have none in common that is above 0.002, see README.md; use fewer bands"


def _rest_range(model: SnanaModel) -> tuple[str, str]:
    # Of all templates together: SNANA cuts each to it when it reads them, and finds phase 0 in what is left.
    low, high = min(g.wave[0] for g in model.grids), max(g.wave[-1] for g in model.grids)
    return f"{np.floor(low):.1f}", f"{np.ceil(high):.1f}"


def _token(text: str) -> str:
    """Return a word without blanks, as lists of words need it."""
    return re.sub(r"[^A-Za-z0-9/+_-]+", "_", text.strip())[: LONGEST_TYPE - 1] or "unknown"


def _cell(text: str) -> str:
    """Return a text as a cell of a table."""
    return one_line(text).replace("|", "/")
