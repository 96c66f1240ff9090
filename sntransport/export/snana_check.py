"""Whether a folder of templates, ours or anybody's, would do in SNANA: every fault with its place and its remedy."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.atomic_folders import put_aside
from sntransport.export.snana_include import check_includes, check_sum
from sntransport.export.snana_limits import BRIGHT, MOST_PHASES, MOST_WAVES, PHASE_ROOM, PHASES_READ, WAVES_READ
from sntransport.export.snana_reader import Entry, Finding, TemplateList, find_file, read_list, say_at
from sntransport.export.snana_spectra import Spectra, read_spectra
from sntransport.photometry.bands import Bandpass
from sntransport.photometry.redshift_range import leakage_note, range_text, usable_redshifts
from sntransport.spectra.series import SpectralSeries

_STEP = 1e-3
_PLAUSIBLE = (-25.0, -8.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class Checked:
    """What a check found, and the templates that could be read, by their file name."""

    findings: tuple[Finding, ...]
    templates: dict[str, SpectralSeries]

    @property
    def would_abort(self) -> bool:
        """Whether the simulator would stop."""
        return any(one.abort for one in self.findings)


@answers_mistakes
def check_folder(folder: str | os.PathLike[str]) -> Checked:
    """Read a model folder as strictly as SNANA does, and look at what is in it.

    Parameters
    ----------
    folder : path-like
        With NON1A.LIST or SED.INFO.

    Returns
    -------
    Checked
        Findings that would stop the simulator: a missing list or file, malformed or too long lines, an index that is
        out of range or used twice, wavelengths that differ between phases, numbers that are none, weights of templates
        that are not in the list, keys that come twice, redshifts that begin too low, a GENMODEL that is no path.
        Others are warnings: steps that are not constant, phase 0 not at the brightest phase, a first or last phase
        that is bright, negative flux, a range that cuts templates, weights that are not used or whose sum is not 1,
        fluxes that are hardly those of a supernova at 10 pc.

    Raises
    ------
    NotADirectoryError
        Where there is no such folder.

    Examples
    --------
    >>> from sntransport.export import check_folder, to_snana
    >>> from sntransport.cli.supernovae.demo import template
    >>> series = template(np.arange(-15.0, 50.0), np.arange(2000.0, 11000.0, 10.0))
    >>> _ = to_snana([series], "MYIA", bands=["sdssr"])
    >>> checked = check_folder("MYIA")
    >>> checked.would_abort, list(checked.templates)
    (False, ['Hsiao_template.SED'])
    """
    place = Path(folder)
    if not place.is_dir():
        aside = put_aside(place)
        hint = f"; an export that was killed has put the earlier one aside, as {aside}" if aside.is_dir() else ""
        raise NotADirectoryError(f"{place} is no folder{hint}")
    found: list[Finding] = []
    lists = [place / name for name in ("NON1A.LIST", "SED.INFO") if (place / name).is_file()]
    if not lists:
        near = difflib.get_close_matches("NON1A.LIST", [p.name.upper() for p in place.iterdir()], n=1)
        hint = "rename it: upper case counts" if near else "write the list of templates"
        say_at(found, (place, 0), "neither NON1A.LIST nor SED.INFO", hint, abort=True)
    templates: dict[str, SpectralSeries] = {}
    if any(path.name == "SED.INFO" for path in lists) and not place.resolve().name.startswith("SIMSED."):
        remedy = "let its name begin with SIMSED., unless only LightCurveLynx is to read it"
        say_at(found, (place, 0), "SNANA knows a SIMSED model by its folder", remedy, abort=False)
    for path in lists:
        listed = read_list(path, found)
        _check_entries(listed, found)
        check_includes(place, listed, found, alone=len(lists) == 1)
        for entry in listed.entries:
            if entry.name not in templates:
                held = _check_file(place, listed, entry, found)
                templates |= {} if held is None else {entry.name: held}
        if listed.simsed:
            _check_room(place, listed, templates, found)
    return Checked(findings=tuple(found), templates=templates)


def coverage_table(checked: Checked, bands: Sequence[str | Bandpass], *, leakage_cut: float = 0.0) -> str:
    """Lines of template, band, and the redshifts at which SNANA can use it; of several templates also those of all.

    The rule is that of `sntransport.photometry.redshift_range.usable_redshifts`.
    """
    ranges = {name: (float(one.wave[0]), float(one.wave[-1])) for name, one in checked.templates.items()}
    if len(ranges) > 1:
        low, high = max(one[0] for one in ranges.values()), min(one[1] for one in ranges.values())
        ranges |= {"all templates": (low, high)} if low < high else {}
    lines = [
        f"{name:30s} {band:12s} {range_text(limit)}"
        for name, held in ranges.items()
        for band, limit in usable_redshifts(held, bands, leakage_cut=leakage_cut).items()
    ]
    note = leakage_note(bands, leakage_cut)
    return "\n".join([*lines, *([note] if note and lines else [])])


def _check_entries(listed: TemplateList, findings: list[Finding]) -> None:
    first: dict[int, int] = {}
    for entry in listed.entries if not listed.simsed else ():
        if entry.index in first:
            text = f"index {entry.index} is that of line {first[entry.index]} too, which is then never simulated"
            say_at(findings, (listed.path, entry.line), text, "give each template an index of its own", abort=True)
        first.setdefault(entry.index, entry.line)
    names = [entry.name for entry in listed.entries]
    for entry in listed.entries:
        if names.index(entry.name) != listed.entries.index(entry):
            text = f"file {entry.name!r} is listed twice"
            say_at(findings, (listed.path, entry.line), text, "list it once and raise its weight", abort=False)
    if listed.simsed and "WGT" in listed.parameters:
        _check_weights(listed, listed.parameters.index("WGT"), findings)


def _check_weights(listed: TemplateList, column: int, findings: list[Finding]) -> None:
    """Weights of SED.INFO."""
    weights = []
    for entry in listed.entries:
        try:
            weights.append(float(entry.values[column]))
        except (ValueError, IndexError):
            return
        if not weights[-1] >= 0:
            text = f"weight {entry.values[column]} is not a number of 0 or more"
            say_at(findings, (listed.path, entry.line), text, "correct it", abort=True)
    check_sum(listed.path, weights, findings)


def _check_room(
    place: Path, listed: TemplateList, templates: dict[str, SpectralSeries], findings: list[Finding]
) -> None:  # fmt: skip
    """SNANA counts the phases of the largest file and stops at a template that has more, but for a few."""
    sizes: dict[str, int] = {}
    for entry in listed.entries:
        path = find_file(place, entry.name, simsed=True)
        if path is not None and entry.name in templates:
            sizes.setdefault(entry.name, path.stat().st_size)
    if not sizes:
        return
    largest = max(sizes, key=lambda name: sizes[name])
    most = templates[largest].n_phase + PHASE_ROOM
    for entry in listed.entries:
        if entry.name in templates and templates[entry.name].n_phase > most:
            text = (
                f"{entry.name!r} has {templates[entry.name].n_phase} phases, SNANA has room for {most}: {PHASE_ROOM} "
                f"more than the largest file has ({largest!r})"
            )
            say_at(findings, (listed.path, entry.line), text, "write that template uncompressed", abort=True)


def _check_file(place: Path, listed: TemplateList, entry: Entry, findings: list[Finding]) -> SpectralSeries | None:
    if "/" in entry.name or entry.name.startswith("."):
        text = f"file {entry.name!r} is outside of the folder"
        remedy = "put it into the folder: a model that is copied elsewhere loses it"
        say_at(findings, (listed.path, entry.line), text, remedy, abort=True)
        return None
    path = find_file(place, entry.name, simsed=listed.simsed)
    if path is None:
        there = {name.lower().removesuffix(".gz"): name for name in sorted(p.name for p in place.iterdir())}
        near = difflib.get_close_matches(entry.name.lower(), list(there), n=1)
        remedy = f"did you mean {there[near[0]]!r}?" if near else "add the file, or take the line out"
        endings = "with or without .gz" if listed.simsed else "with or without .gz, or with .SED"
        say_at(findings, (listed.path, entry.line), f"no file {entry.name!r}, {endings}", remedy, abort=True)
        # What is wrong with the file that is meant is said all the same.
        path = next(
            (p for p in (place / f"{entry.name}.SED", place / f"{entry.name}.SED.gz") if os.path.isfile(p)), None
        )
    if path is None:
        return None
    spectra = read_spectra(path, findings)
    if spectra is None or not _check_grid(path, spectra, findings):
        return None
    _check_ranges(path, spectra, listed, findings)
    _check_flux(path, spectra, listed.scale, findings)
    with np.errstate(over="ignore"):
        kept = np.maximum(spectra.flux, 0.0) * listed.scale
    if not np.all(np.isfinite(kept)):
        text = f"flux times FLUX_SCALE {listed.scale:g} is beyond all numbers"
        say_at(findings, (path, 0), text, "correct one of them", abort=True)
        return None
    return SpectralSeries(phase=spectra.phase, wave=spectra.wave, flux=kept, name=entry.name, sn_type=entry.kind)


def _check_grid(path: Path, spectra: Spectra, findings: list[Finding]) -> bool:
    """Findings on the axes; whether they can be used at all."""

    def say(text: str, remedy: str, *, abort: bool) -> None:
        say_at(findings, (path, 0), text, remedy, abort=abort)

    phase, wave = spectra.phase, spectra.wave
    if phase.size < 2 or wave.size < 3:
        text = f"{phase.size} phases and {wave.size} wavelengths"
        say(text, "a template needs two phases and three wavelengths", abort=True)
        return False
    if np.any(np.diff(wave) <= 0) or wave[0] <= 0:
        say("wavelengths do not ascend from above 0", "sort them", abort=True)
        return False
    if phase.size > MOST_PHASES or wave.size > MOST_WAVES:
        text = f"{phase.size} phases and {wave.size} wavelengths, SNANA has room for {MOST_PHASES} and {MOST_WAVES}"
        say(text, "take larger steps", abort=True)
    for name, steps, unit in (("wavelength", np.diff(wave), "A"), ("phase", np.diff(phase), "d")):
        if np.ptp(steps) > _STEP * max(float(np.median(steps)), 1.0):
            text = f"{name} steps from {steps.min():g} to {steps.max():g} {unit}, not constant"
            say(text, "put it on a grid of constant steps", abort=name == "wavelength")
    if wave[-1] < 2000.0:
        say(f"wavelengths from {wave[0]:g} to {wave[-1]:g}", "write them in Angstrom, not nm or micron", abort=False)
    return True


def _check_ranges(path: Path, spectra: Spectra, listed: TemplateList, findings: list[Finding]) -> None:
    """What SNANA does not read of a template."""
    low, high = WAVES_READ if listed.wave_range is None else listed.wave_range
    read = (spectra.wave >= low) & (spectra.wave <= high)
    if np.count_nonzero(read) < 3:
        text = f"RESTLAMBDA_RANGE {low:g} to {high:g} leaves {np.count_nonzero(read)} of its wavelengths"
        say_at(findings, (path, 0), text, "let it hold all wavelengths of all templates", abort=True)
    elif not read.all():
        text = (
            f"RESTLAMBDA_RANGE {low:g} to {high:g} cuts it, {spectra.wave[0]:g} to {spectra.wave[-1]:g} A, and may "
            "move phase 0"
        )
        say_at(findings, (path, 0), text, "let it hold all wavelengths of all templates", abort=False)
    first, last = PHASES_READ[listed.path.name]
    if spectra.phase[0] < first or spectra.phase[-1] > last:
        text = f"phases {spectra.phase[0]:g} to {spectra.phase[-1]:g} d, SNANA reads {first:g} to {last:g} d only"
        say_at(findings, (path, 0), text, "take the others out, or move phase 0", abort=False)


def _check_flux(path: Path, spectra: Spectra, scale: float, findings: list[Finding]) -> None:
    def say(text: str, remedy: str, *, abort: bool = False) -> None:
        say_at(findings, (path, 0), text, remedy, abort=abort)

    flux, phase = spectra.flux, spectra.phase
    if not np.any(flux > 0):
        say("no positive flux", "write the spectra", abort=True)
        return
    if np.any(flux < 0):
        say(f"{int(np.count_nonzero(flux < 0))} negative fluxes", "set them to 0")
    total = flux.sum(axis=1)
    k = int(total.argmax())
    if k in (0, phase.size - 1):
        say(
            f"brightest at its {'first' if k == 0 else 'last'} phase, {phase[k]:g} d: the maximum is not bracketed",
            "add phases, or state what phase 0 means",
        )
    elif abs(phase[k]) > 0.5 * max(float(np.median(np.diff(phase))), 1.0):
        say(f"brightest at phase {phase[k]:g} d, which SNANA will take as 0", "move phase 0 there yourself")
    for row, name, what in ((0, "first", "shows nothing before it"), (-1, "last", "extrapolates from there")):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            share = float(total[row] / total[k])
        if share > BRIGHT:
            say(f"{share:.0%} of its brightest flux at its {name} phase, {phase[row]:g} d: SNANA {what}",
                "add phases, or simulate none beyond it")  # fmt: skip
    middle = np.interp(5500.0, spectra.wave, flux[k], left=0.0, right=0.0)
    if middle > 0:
        # A sum of logarithms, which has neither too large nor too small a product in it.
        magnitude = -2.5 * (np.log10(middle) + np.log10(scale) + np.log10(5500.0**2 / 2.99792458e18)) - 48.6
        if not _PLAUSIBLE[0] < magnitude < _PLAUSIBLE[1]:
            say(
                f"AB magnitude {magnitude:.1f} at 5500 A and maximum, no supernova at 10 pc",
                "write flux in erg/s/cm2/A at 10 pc, or set FLUX_SCALE",
            )
