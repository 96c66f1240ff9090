"""The check of the input files of a model folder: what a simulation includes, or a whole one."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sntransport.export.snana_limits import MOST_CODE, MOST_KEYS
from sntransport.export.snana_reader import Finding, TemplateList, read_lines, say_at
from sntransport.photometry.redshift_range import FRAME_SHIFT

_OF_EVERY = ("GENRANGE_REDSHIFT:", "GENRANGE_TREST:", "GENRANGE_PEAKMJD:", "GENFILTERS:", "GENVERSION:", "GENSOURCE:",
             "SIMLIB_FILE:", "KCOR_FILE:", "CALIB_FILE:", "NGENTOT_LC:", "NGEN_LC:", "RANSEED:", "FORMAT_MASK:",
             "SOLID_ANGLE:", "OMEGA_MATTER:", "OMEGA_LAMBDA:", "W0_LAMBDA:", "H0:")  # fmt: skip
_MANY = ("NON1A:", "NONIA:", "NON1ASED:", "NONIASED:", "PEC1A:", "PECIA:", "PEC1ASED:", "PECIASED:", "DNDZ:",
         "INPUT_INCLUDE_FILE:", "SIMSED_PARAM:", "SIMSED_GRIDONLY:", "SIMGEN_DUMP:")  # fmt: skip
_ROWS = _MANY[:8]
_COLUMNS = ("INDEX", "WGT", "MAGOFF", "MAGSMEAR", "SNTYPE", "SNTAG")
_LONGEST = 1998
_SELECTS = ("SIMSED_GRIDONLY:", "SIMSED_PARAM:", "SIMSED_SHAPEPAR:", "SIMSED_COLORPAR:", "SIMSED_WGTMAP_FILE:")


def check_includes(place: Path, listed: TemplateList, findings: list[Finding], *, alone: bool = True) -> None:
    """Findings on the input files (``*.INPUT``) of a folder that has this list, and another one where not ``alone``."""
    paths = sorted(path for path in place.iterdir() if path.suffix.upper() == ".INPUT")
    if not paths:
        remedy = (
            "write GENMODEL: ./FOLDER and SIMSED_GRIDONLY" if listed.simsed
            else "write NON1A_KEYS and one NON1A line for each template"
        )  # fmt: skip
        what = f"no include file (*.INPUT){'' if listed.simsed else ' with weights'}"
        say_at(findings, (place, 0), what, remedy, abort=False)
    for path in paths:
        lines = list(read_lines(path, findings))
        if not alone and _value(lines, "GENMODEL:")[1].startswith("NON1ASED") == listed.simsed:
            continue
        _check_keys_of_all(path, lines, findings)
        if listed.simsed:
            _check_simsed(path, place, lines, listed, findings)
        else:
            _check_non1ased(path, place, lines, listed, findings)


def _check_keys_of_all(path: Path, lines: Sequence[tuple[int, list[str], str]], findings: list[Finding]) -> None:
    """Keys that come twice, here or with those of the simulation; ranges of redshift; lines that are not read."""
    first: dict[str, int] = {}
    keys = {words[0] for _, words, _ in lines if words}
    whole = "SIMLIB_FILE:" in keys
    for line, words, text in lines:
        if "\t" in text.split("#")[0]:
            say_at(findings, (path, line), "a tab, at which SNANA stops", "write blanks", abort=True)
        if len(text.encode()) > _LONGEST:
            say_at(findings, (path, line), f"a line of more than {_LONGEST} letters", "shorten it", abort=False)
        _check_redshift(path, line, text, findings)
        if not words or not words[0].endswith(":"):
            continue
        key = words[0]
        if key in first and key not in _MANY:
            what = f"{key!r} comes again, after line {first[key]}: SNANA stops at most keys that do"
            say_at(findings, (path, line), what, "take one out", abort=True)
        elif key in _OF_EVERY and not whole:
            what = (
                f"{key!r} in a file that a simulation includes, which has the key too: SNANA stops where it comes twice"
            )
            say_at(
                findings, (path, line), what, "make it a comment, and write it in the simulation's own file", abort=True
            )
        first.setdefault(key, line)
        if key == "GENTYPE:":
            _check_code(path, line, words[1] if len(words) > 1 else "", key, findings)


def _check_redshift(path: Path, line: int, text: str, findings: list[Finding]) -> None:
    """A range of redshift that SNANA stops at; of a comment, which somebody may copy, it is a warning."""
    found = re.match(r"\s*(#?)\s*GENRANGE_REDSHIFT:\s+([-+.\deE]+)(?:\s+([-+.\deE]+))?", text)
    if found is None:
        return
    try:
        low = float(found[2])
        high = float(found[3] or found[2])
    except ValueError:
        low, high = np.nan, np.nan
    abort = not found[1]
    # zmin = z - shift (1 + z) has to be above 1e-9 (snlc_sim.c, init_genSEDMODEL).
    if not low - FRAME_SHIFT * (1.0 + low) > 1e-9:
        what = f"GENRANGE_REDSHIFT begins at {found[2]}, SNANA stops unless it is above {FRAME_SHIFT:.5f} (370 km/s)"
        say_at(findings, (path, line), what, "let it begin at 0.002 or more", abort=abort)
    elif high < low:
        what = f"GENRANGE_REDSHIFT from {low:g} to {high:g}"
        say_at(findings, (path, line), what, "write two ascending redshifts", abort=abort)


def _check_code(path: Path, line: int, word: str, key: str, findings: list[Finding]) -> None:
    if not word.isdecimal() or not word.isascii():
        say_at(findings, (path, line), f"{key} {word!r} is no whole number", "write the code of the class", abort=True)
    elif int(word) >= MOST_CODE:
        what = f"{key} {word}, SNANA has room for 0 to {MOST_CODE - 1}"
        say_at(findings, (path, line), what, "take a smaller code", abort=True)


def _value(lines: Sequence[tuple[int, list[str], str]], key: str) -> tuple[int, str]:
    """Line and first word of a key; line 0 where it is not there."""
    return next(((line, (*words, "")[1]) for line, words, _ in lines if words and words[0] == key), (0, ""))


def _missing(
    path: Path, lines: Sequence[tuple[int, list[str], str]], keys: Sequence[str], findings: list[Finding]
) -> None:
    for key in keys:
        if not _value(lines, key)[0]:
            say_at(findings, (path, 0), f"no {key} line", "add it", abort=True)


def _check_simsed(
    path: Path, place: Path, lines: Sequence[tuple[int, list[str], str]], listed: TemplateList, findings: list[Finding]
) -> None:  # fmt: skip
    def say(line: int, what: str, remedy: str, *, abort: bool = True) -> None:
        say_at(findings, (path, line), what, remedy, abort=abort)

    _missing(path, lines, ["GENMODEL:"], findings)
    line, model = _value(lines, "GENMODEL:")
    name = model.rstrip("/").rpartition("/")[2]
    if line and "/" not in model:
        say(line, f"GENMODEL: {model} is no path: SNANA looks for it in its own folder", f"write ./{model}")
    if line and name != place.resolve().name:
        say(
            line,
            f"GENMODEL: {model} is another folder than this, {place.resolve().name}",
            "write its path",
            abort=False,
        )
    if line and not name.startswith("SIMSED."):
        say(line, f"GENMODEL: {model} is not known as a SIMSED model", "let the folder's name begin with SIMSED.")
    if not any(_value(lines, key)[0] for key in _SELECTS):
        say(0, "no SIMSED_GRIDONLY: line, which says how templates are drawn",
            "add 'SIMSED_GRIDONLY: WGT', or the name of a parameter", abort=False)  # fmt: skip
    weighs = "WGT" in listed.parameters
    for line, words, _ in lines:
        if words and words[0] in _SELECTS[:4]:
            parameter = (*words, "")[1].partition("(")[0]
            if parameter != "SEQUENTIAL" and parameter not in listed.parameters:
                say(
                    line, f"{words[0]} {parameter} is no parameter of SED.INFO", f"it has {' '.join(listed.parameters)}"
                )
            elif weighs and parameter != "WGT":
                say(line, "the weights of SED.INFO are not used", "write 'SIMSED_GRIDONLY: WGT'", abort=False)
    if not _value(lines, "GENTYPE:")[0]:
        say(0, "no GENTYPE: SNANA gives all templates one type, that of the simulation's own file",
            "make a folder for each class, with its GENTYPE", abort=False)  # fmt: skip


def _check_non1ased(
    path: Path, place: Path, lines: Sequence[tuple[int, list[str], str]], listed: TemplateList, findings: list[Finding]
) -> None:  # fmt: skip
    _missing(path, lines, ["GENMODEL:", "PATH_NON1ASED:"], findings)
    rows = [(line, words) for line, words, _ in lines if words and words[0] in _ROWS]
    if not rows:
        say_at(findings, (path, 0), "no NON1A: line", "add it", abort=True)
    line, model = _value(lines, "GENMODEL:")
    if line and not model.startswith("NON1ASED"):
        what = f"GENMODEL: {model}, and the folder has NON1A.LIST"
        say_at(findings, (path, line), what, "write NON1ASED", abort=True)
    at, folder = _value(lines, "PATH_NON1ASED:")
    if at and folder.rstrip("/").rpartition("/")[2] != place.resolve().name:
        what = f"PATH_NON1ASED: {folder} is another folder than this, {place.resolve().name}"
        say_at(findings, (path, at), what, "write its path", abort=True)
    header = next(
        ((line, words) for line, words, _ in lines if words and re.fullmatch("NON[1I]A(SED)?_KEYS:", words[0])), None
    )
    if header is None:
        say_at(findings, (path, 0), "no NON1A_KEYS: line", "add it", abort=True)
    keys = [] if header is None else _check_columns(path, header[0], header[1][1:], findings)
    early = [number for number, _ in (*rows, header or (10**9, [])) if number < line]
    if early or (header is not None and rows and rows[0][0] < header[0]):
        what = "GENMODEL: and NON1A_KEYS: come after lines that need them"
        say_at(findings, (path, min(early, default=rows[0][0])), what, "write GENMODEL:, then NON1A_KEYS:, then NON1A:",
            abort=True)  # fmt: skip
    weights: dict[int, float] = {}
    indices = {entry.index for entry in listed.entries}
    for number, words in rows:
        _check_row(path, number, words[1:], keys=keys, listed=indices, weights=weights, findings=findings)
    for index in sorted(indices - set(weights)) if weights else ():
        what = f"template {index} of the list has no weight and is never simulated"
        say_at(findings, (path, 0), what, "add a NON1A line for it", abort=False)
    check_sum(path, [*weights.values()], findings)


def check_sum(path: Path, weights: Sequence[float], findings: list[Finding]) -> None:
    """Findings on the sum of weights."""
    total = sum(weights)
    if weights and total <= 0:
        say_at(findings, (path, 0), "all weights are 0", "write weights whose sum is 1", abort=True)
    elif weights and abs(total - 1.0) > 1e-9:
        say_at(findings, (path, 0), f"the sum of the weights is {total:.6g}", "make it 1", abort=False)


def _check_columns(path: Path, line: int, words: Sequence[str], findings: list[Finding]) -> list[str]:
    names = list(words[1:])
    counted = bool(words) and words[0].isdecimal() and words[0].isascii() and int(words[0]) == len(names)
    unknown = [name for name in names if name not in _COLUMNS]
    if not counted or names[:2] != ["INDEX", "WGT"] or unknown or len(names) > MOST_KEYS:
        what = f"NON1A_KEYS: {' '.join(words)!r}"
        remedy = f"write their number, then INDEX WGT and others of {' '.join(_COLUMNS[2:])}"
        say_at(findings, (path, line), what, remedy, abort=True)
    return names


def _check_row(
    path: Path, line: int, words: Sequence[str], *, keys: Sequence[str], listed: set[int], weights: dict[int, float],
    findings: list[Finding],
) -> None:  # fmt: skip
    def say(text: str, remedy: str) -> None:
        say_at(findings, (path, line), text, remedy, abort=True)

    if keys and len(words) != len(keys):
        say(f"{len(words)} numbers for the {len(keys)} keys {' '.join(keys)}", "write one for each")
        return
    try:
        index, weight = int(words[0]), float(words[1])
        # A scatter may be two, below and above: 0.1,0.2.
        others = [float(part) for word in words[2:] for part in word.split(",")]
    except (ValueError, IndexError):
        say(f"{' '.join(words)!r} are no numbers", "write index, weight and the other numbers of NON1A_KEYS")
        return
    if not 0 <= weight < np.inf or not np.all(np.isfinite(others)):
        say(f"weight {words[1]} of template {index} is not a number of 0 or more", "correct it")
        return
    for name in ("SNTYPE", "SNTAG"):
        if name in keys:
            _check_code(path, line, words[list(keys).index(name)], name, findings)
    if index not in listed:
        say(f"template {index} is not in NON1A.LIST", "correct the index, or add it to the list")
    if index in weights:
        say(f"template {index} has a weight already", "write one line for each template")
    weights[index] = weights.get(index, 0.0) + weight
