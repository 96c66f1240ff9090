"""Whether a folder of templates, ours or anybody's, would do in SNANA: every fault with its place and its remedy."""

import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sntransport.export.grid import MOST_PHASES, MOST_WAVES
from sntransport.export.snana_reader import Entry, Finding, Spectra, find_file, read_lines, read_list, read_spectra
from sntransport.photometry.bands import Bandpass
from sntransport.photometry.coverage import band_coverage
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


def check_folder(folder: str | os.PathLike[str]) -> Checked:
    """Read a model folder as strictly as SNANA does, and look at what is in it.

    Parameters
    ----------
    folder : path-like
        With NON1A.LIST or SED.INFO.

    Returns
    -------
    Checked
        Findings that would stop the simulator: a missing list or file, malformed lines, an index that is out of range
        or used twice, wavelengths that differ between phases, numbers that are none, weights of templates that are not
        in the list. Others are warnings: steps that are not constant, phase 0 not at the brightest phase, negative
        flux, weights whose sum is not 1, fluxes that are hardly those of a supernova at 10 pc.

    Raises
    ------
    NotADirectoryError
        Where there is no such folder.
    """
    place = Path(folder)
    if not place.is_dir():
        raise NotADirectoryError(f"{place} is no folder")
    found: list[Finding] = []
    lists = [place / name for name in ("NON1A.LIST", "SED.INFO") if (place / name).is_file()]
    if not lists:
        near = difflib.get_close_matches("NON1A.LIST", [p.name.upper() for p in place.iterdir()], n=1)
        hint = "rename it: upper case counts" if near else "write the list of templates"
        found.append(Finding(path=place.name, line=0, text="neither NON1A.LIST nor SED.INFO", remedy=hint, abort=True))
    templates: dict[str, SpectralSeries] = {}
    if any(path.name == "SED.INFO" for path in lists) and not place.resolve().name.startswith("SIMSED"):
        remedy = "let its name begin with SIMSED, unless only LightCurveLynx is to read it"
        found.append(
            Finding(
                path=place.name, line=0, text="SNANA knows a SIMSED model by its folder", remedy=remedy, abort=False
            )
        )
    for path in lists:
        entries, scale = read_list(path, found)
        if path.name == "NON1A.LIST":
            _check_indices(path, entries, found)
            _check_includes(place, entries, found)
        for entry in entries:
            if entry.name not in templates:
                held = _check_file(place, path, entry, scale, found)
                templates |= {} if held is None else {entry.name: held}
    return Checked(findings=tuple(found), templates=templates)


def coverage_table(checked: Checked, bands: Sequence[str | Bandpass]) -> str:
    """Lines of template, band, and the redshifts at which nine of ten phases cover it."""
    lines = []
    for name, series in checked.templates.items():
        for one in band_coverage(series, 0.0, bands, z_max=4.0):
            text = "at no redshift" if one.z_most is None else f"z = {one.z_most[0]:.2f} to {one.z_most[1]:.2f}"
            lines.append(f"{name:30s} {one.band:12s} {text}")
    return "\n".join(lines)


def _check_indices(path: Path, entries: Sequence[Entry], findings: list[Finding]) -> None:
    first: dict[int, int] = {}
    for entry in entries:
        if entry.index in first:
            text = f"index {entry.index} is that of line {first[entry.index]} too, which is then never simulated"
            findings.append(
                Finding(
                    path=path.name,
                    line=entry.line,
                    text=text,
                    remedy="give each template an index of its own",
                    abort=True,
                )
            )
        first.setdefault(entry.index, entry.line)
    names = [entry.name for entry in entries]
    findings += [
        Finding(
            path=path.name,
            line=entry.line,
            text=f"file {entry.name!r} is listed twice",
            remedy="list it once and raise its weight",
            abort=False,
        )
        for entry in entries
        if names.index(entry.name) != entries.index(entry)
    ]


def _check_file(
    place: Path, listed: Path, entry: Entry, scale: float, findings: list[Finding]
) -> SpectralSeries | None:  # fmt: skip
    if "/" in entry.name or entry.name.startswith("."):
        findings.append(
            Finding(
                path=listed.name,
                line=entry.line,
                text=f"file {entry.name!r} is outside of the folder",
                remedy="put it into the folder: a model that is copied elsewhere loses it",
                abort=True,
            )
        )
        return None
    path = find_file(place, entry.name)
    if path is None:
        there = {name.lower().removesuffix(".gz"): name for name in sorted(p.name for p in place.iterdir())}
        near = difflib.get_close_matches(entry.name.lower(), list(there), n=1)
        remedy = f"did you mean {there[near[0]]!r}?" if near else "add the file, or take the line out"
        findings.append(
            Finding(
                path=listed.name,
                line=entry.line,
                text=f"no file {entry.name!r}, with or without .SED and .gz",
                remedy=remedy,
                abort=True,
            )
        )
        return None
    spectra = read_spectra(path, findings)
    if spectra is None or not _check_grid(path, spectra, findings):
        return None
    _check_flux(path, spectra, scale, findings)
    with np.errstate(over="ignore"):
        kept = np.maximum(spectra.flux, 0.0) * scale
    if not np.all(np.isfinite(kept)):
        text = f"flux times FLUX_SCALE {scale:g} is beyond all numbers"
        findings.append(Finding(path=path.name, line=0, text=text, remedy="correct one of them", abort=True))
        return None
    return SpectralSeries(phase=spectra.phase, wave=spectra.wave, flux=kept, name=entry.name, sn_type=entry.kind)


def _check_grid(path: Path, spectra: Spectra, findings: list[Finding]) -> bool:
    """Findings on the axes; whether they can be used at all."""

    def say(text: str, remedy: str, *, abort: bool) -> None:
        findings.append(Finding(path=path.name, line=0, text=text, remedy=remedy, abort=abort))

    phase, wave = spectra.phase, spectra.wave
    if phase.size < 2 or wave.size < 3:
        say(
            f"{phase.size} phases and {wave.size} wavelengths",
            "a template needs two phases and three wavelengths",
            abort=True,
        )
        return False
    if np.any(np.diff(wave) <= 0) or wave[0] <= 0:
        say("wavelengths do not ascend from above 0", "sort them", abort=True)
        return False
    if phase.size > MOST_PHASES or wave.size > MOST_WAVES:
        say(
            f"{phase.size} phases and {wave.size} wavelengths, SNANA has room for {MOST_PHASES} and {MOST_WAVES}",
            "take larger steps",
            abort=True,
        )
    for name, steps, unit in (("wavelength", np.diff(wave), "A"), ("phase", np.diff(phase), "d")):
        if np.ptp(steps) > _STEP * max(float(np.median(steps)), 1.0):
            say(
                f"{name} steps from {steps.min():g} to {steps.max():g} {unit}, not constant",
                "put it on a grid of constant steps",
                abort=name == "wavelength",
            )
    if wave[-1] < 2000.0:
        say(f"wavelengths from {wave[0]:g} to {wave[-1]:g}", "write them in Angstrom, not nm or micron", abort=False)
    return True


def _check_flux(path: Path, spectra: Spectra, scale: float, findings: list[Finding]) -> None:
    def say(text: str, remedy: str, *, abort: bool = False) -> None:
        findings.append(Finding(path=path.name, line=0, text=text, remedy=remedy, abort=abort))

    flux, phase = spectra.flux, spectra.phase
    if not np.any(flux > 0):
        say("no positive flux", "write the spectra", abort=True)
        return
    if np.any(flux < 0):
        say(f"{int(np.count_nonzero(flux < 0))} negative fluxes", "set them to 0")
    k = int(flux.sum(axis=1).argmax())
    if k in (0, phase.size - 1):
        say(
            f"brightest at its {'first' if k == 0 else 'last'} phase, {phase[k]:g} d: the maximum is not bracketed",
            "add phases, or state what phase 0 means",
        )
    elif abs(phase[k]) > 0.5 * max(float(np.median(np.diff(phase))), 1.0):
        say(f"brightest at phase {phase[k]:g} d, which SNANA will take as 0", "move phase 0 there yourself")
    middle = np.interp(5500.0, spectra.wave, flux[k], left=0.0, right=0.0)
    if middle > 0:
        # A sum of logarithms, which has neither too large nor too small a product in it.
        magnitude = -2.5 * (np.log10(middle) + np.log10(scale) + np.log10(5500.0**2 / 2.99792458e18)) - 48.6
        if not _PLAUSIBLE[0] < magnitude < _PLAUSIBLE[1]:
            say(
                f"AB magnitude {magnitude:.1f} at 5500 A and maximum, no supernova at 10 pc",
                "write flux in erg/s/cm2/A at 10 pc, or set FLUX_SCALE",
            )


def _check_includes(place: Path, entries: Sequence[Entry], findings: list[Finding]) -> None:
    paths = sorted(path for path in place.iterdir() if path.suffix.upper() == ".INPUT")
    if not paths:
        findings.append(
            Finding(
                path=place.name,
                line=0,
                text="no include file (*.INPUT) with weights",
                remedy="write NON1A_KEYS and one NON1A line for each template",
                abort=False,
            )
        )
    for path in paths:
        _check_include(path, {entry.index for entry in entries}, findings)


def _check_include(path: Path, listed: set[int], findings: list[Finding]) -> None:
    keys: list[str] = []
    weights: dict[int, float] = {}
    seen: set[str] = set()
    for line, words in read_lines(path, findings):
        seen.add(words[0])
        if words[0] == "NON1A_KEYS:":
            keys = _check_keys(path, line, words[1:], findings)
        elif words[0] == "NON1A:":
            _check_weight(path, line, words[1:], keys=keys, listed=listed, weights=weights, findings=findings)
    findings += [
        Finding(path=path.name, line=0, text=f"no {key} line", remedy="add it", abort=True)
        for key in ("GENMODEL:", "NON1A_KEYS:", "NON1A:")
        if key not in seen
    ]
    findings += [
        Finding(
            path=path.name,
            line=0,
            text=f"template {index} of the list has no weight and is never simulated",
            remedy="add a NON1A line for it",
            abort=False,
        )
        for index in (sorted(listed - set(weights)) if weights else ())
    ]
    total = sum(weights.values())
    if weights and total <= 0:
        findings.append(
            Finding(path=path.name, line=0, text="all weights are 0", remedy="write weights whose sum is 1", abort=True)
        )
    elif weights and abs(total - 1.0) > 1e-9:
        findings.append(
            Finding(
                path=path.name, line=0, text=f"the sum of the weights is {total:.6g}", remedy="make it 1", abort=False
            )
        )


def _check_keys(path: Path, line: int, words: Sequence[str], findings: list[Finding]) -> list[str]:
    names = list(words[1:])
    if not words or not words[0].isdecimal() or int(words[0]) != len(names) or names[:2] != ["INDEX", "WGT"]:
        findings.append(
            Finding(
                path=path.name,
                line=line,
                text=f"NON1A_KEYS: {' '.join(words)!r}",
                remedy="write their number, then INDEX WGT and the others",
                abort=True,
            )
        )
    return names


def _check_weight(
    path: Path, line: int, words: Sequence[str], *, keys: Sequence[str], listed: set[int], weights: dict[int, float],
    findings: list[Finding],
) -> None:  # fmt: skip
    def say(text: str, remedy: str) -> None:
        findings.append(Finding(path=path.name, line=line, text=text, remedy=remedy, abort=True))

    if keys and len(words) != len(keys):
        say(f"{len(words)} numbers for the {len(keys)} keys {' '.join(keys)}", "write one for each")
        return
    try:
        index, weight = int(words[0]), float(words[1])
        others = [float(word) for word in words[2:]]
    except (ValueError, IndexError):
        say(f"{' '.join(words)!r} are no numbers", "write index, weight and the other numbers of NON1A_KEYS")
        return
    if not 0 <= weight < np.inf or not np.all(np.isfinite(others)):
        say(f"weight {words[1]} of template {index} is not a number of 0 or more", "correct it")
        return
    if "SNTYPE" in keys and not words[list(keys).index("SNTYPE")].isdecimal():
        say(f"SNTYPE {words[list(keys).index('SNTYPE')]!r} is no whole number", "write the code of the class")
    if index not in listed:
        say(f"template {index} is not in NON1A.LIST", "correct the index, or add it to the list")
    if index in weights:
        say(f"template {index} has a weight already", "write one line for each template")
    weights[index] = weights.get(index, 0.0) + weight
