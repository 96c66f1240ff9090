"""SNANA's readers of a model, written here once more after its rules (August 2026), to judge exports and their check.

Word by word where SNANA reads words, and knowing nothing of the package. `StopError` is where it would stop.
"""

import gzip
import math
from pathlib import Path

SIMULATION = ("GENRANGE_REDSHIFT:", "GENRANGE_TREST:", "GENVERSION:", "SIMLIB_FILE:", "KCOR_FILE:", "NGENTOT_LC:")


class StopError(Exception):
    """SNANA would stop here."""


def simulate(place, folder, *, redshifts=(0.01, 0.1)):
    """Read what a simulation run in a place would, with the include file of a folder; numbers of each template."""
    try:
        return _simulate(Path(place), folder, redshifts)
    except (ValueError, IndexError) as error:
        raise StopError(f"a word that is no number, or none: {error}") from error


def _simulate(place, folder, redshifts):
    include = place / folder / f"SIMGEN_INCLUDE_{folder}.INPUT"
    if not include.is_file():
        raise StopError("no include file")
    keys = _input(include)
    for key in SIMULATION:
        if key in keys:
            raise StopError(f"{key} twice")
    _redshifts(*redshifts)
    model = keys.get("GENMODEL:", [[""]])[0][0]
    if model == "NON1ASED":
        return _non1ased(place, keys)
    name = model.rpartition("/")[2]
    if "/" not in model or not name.startswith("SIMSED.") or not (place / model / "SED.INFO").is_file():
        raise StopError(f"no model {model!r}")
    return _simsed(place / model, keys)


def _redshifts(low, high):
    shift = 370.0 / 299792.458
    if low - shift * (1 + low) <= 1e-9 or high < low:
        raise StopError("redshifts")


def _input(path):
    """Keys of an input file with the words after them; a word that begins with # ! % @ ends a line."""
    keys = {}
    for line in path.read_text().split("\n"):
        words = line.split(" ")
        if any(word.startswith("\t") for word in words):
            raise StopError("tab")
        words = [word for word in words if word]
        end = next((k for k, word in enumerate(words) if word[0] in "#!%@"), len(words))
        words = words[:end]
        if not words or "\t" in words[0]:
            continue
        keys.setdefault(words[0], []).append(words[1:])
    return keys


def _non1ased(place, keys):
    folder = place / keys.get("PATH_NON1ASED:", [["of SNANA itself"]])[0][0]
    if not (folder / "NON1A.LIST").is_file():
        raise StopError("no list")
    listed, span = _list(folder)
    names = keys.get("NON1A_KEYS:", [["0"]])[0]
    if names[1:3] != ["INDEX", "WGT"] or set(names[3:]) - {"MAGOFF", "MAGSMEAR", "SNTYPE", "SNTAG"}:
        raise StopError("NON1A_KEYS")
    rows = keys.get("NON1A:", [])
    if not rows or sum(float(row[1]) for row in rows) <= 0:
        raise StopError("weights")
    out = {}
    for row in rows:
        if int(row[0]) not in listed:
            raise StopError(f"index {row[0]}")
        out[listed[int(row[0])].name] = _spectra(listed[int(row[0])], (-150.0, 500.0), span)
    return out


def _words(text):
    """Words of NON1A.LIST; one that begins with # ! % takes up to 79 letters of the rest of its line with it."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        start = at
        while at < len(text) and not text[at].isspace():
            at += 1
        if text[start] in "#!%":
            line = text.find("\n", at)
            at = min(at + 79, len(text) if line < 0 else line + 1)
        else:
            yield text[start:at]


def _list(folder):
    words, listed, span = _words((folder / "NON1A.LIST").read_text(encoding="latin-1")), {}, (100.0, 30000.0)
    for key in words:
        if key == "FLUX_SCALE:" and float(next(words, "0")) <= 0:
            raise StopError("FLUX_SCALE")
        if key == "RESTLAMBDA_RANGE:":
            span = (float(next(words, "")), float(next(words, "")))
        if key in ("NON1A:", "NONIA:", "NON1ASED:", "NONIASED:"):
            index, kind, name = int(next(words, "")), next(words, ""), next(words, "")
            if not 0 < index < 1200 or len(kind) > 19:
                raise StopError(f"index {index} or type {kind}")
            listed[index] = _found([folder / f"{name}.SED", folder / name, folder / f"{name}.gz"])
    return listed, span


def _found(paths):
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise StopError(f"no file {paths[-1]}")
    return path


def _simsed(folder, keys):
    """SED.INFO, and its files; that of the largest says how many phases there is room for."""
    names, span, files = _info((folder / "SED.INFO").read_text(encoding="latin-1"))
    for row in keys.get("SIMSED_GRIDONLY:", []):
        if row[0] not in names:
            raise StopError(f"no parameter {row[0]}")
        if row[0] == "WGT" and min(float(values[names.index("WGT")]) for _, values in files) < 0:
            raise StopError("weights")
    paths = [_found([folder / name, folder / f"{name}.gz"]) for name, _ in files]
    held = {path.name: _spectra(path, (-500.0, 1500.0), span) for path in paths}
    room = held[max(paths, key=lambda path: path.stat().st_size).name][0] + 5
    if any(count > room for count, *_ in held.values()):
        raise StopError("more phases than the largest file")
    return held


def _info(text):
    """Names of the parameters, range and files of SED.INFO: words, in comments or not."""
    words, names, files, span = text.split(), None, [], None
    if any(len(word) > 59 for word in words):
        raise StopError("no room for a word")
    for k, word in enumerate(words):
        if word == "PARNAMES:":
            names = text[text.index("PARNAMES:") + 9 :].split("\n")[0].split()
        elif word == "RESTLAMBDA_RANGE:":
            span = (float(words[k + 1]), float(words[k + 2]))
        elif word == "SED:":
            if names is None:
                raise StopError("SED: before PARNAMES:")
            files.append((words[k + 1], words[k + 2 : k + 2 + len(names)]))
    if names is None or span is None or not files or sum("INDEX" in name or "INDX" in name for name in names) > 1:
        raise StopError("SED.INFO")
    return names, span, files


def _spectra(path, phases, span):
    """Number of phases and of wavelengths, and the first and last wavelength, of a file of spectra."""
    days, waves = [], []
    for day, wave in _rows(path):
        if not (phases[0] <= day <= phases[1] and span[0] <= wave <= span[1]):
            continue
        if days and day < days[-1]:
            raise StopError("phases do not ascend")
        if not days or day > days[-1]:
            days.append(day)
            waves.append([])
        waves[-1].append(wave)
    if not days or any(one != waves[0] for one in waves):
        raise StopError("wavelengths differ, or none")
    if len(days) >= 400 or len(waves[0]) >= 8000:
        raise StopError("no room")
    return len(days), len(waves[0]), waves[0][0], waves[0][-1]


def _rows(path):
    raw = path.read_bytes()
    if path.suffix == ".gz":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError) as error:
            raise StopError("gzip") from error
    for line in raw.split(b"\n")[:-1]:
        if len(line) + 1 > 120:
            raise StopError(f"{path.name}: line of {len(line) + 1} letters")
        if len(line) < 2 or line[:1] in b"#!%@":
            continue
        words = [word for word in line.split(b" ") if word]
        if not 3 <= len(words) <= 10:
            raise StopError(f"{len(words)} words")
        day, wave, flux = map(float, words[:3])
        if math.isnan(day + wave + flux):
            raise StopError("no number")
        yield day, wave
