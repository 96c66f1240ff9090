"""Which kind a file is, by its content and not by its name, and who describes it."""

from __future__ import annotations

import zlib
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from sntransport.cli.inspection import light_curve_sets as sets
from sntransport.cli.inspection import observations, simulators

if TYPE_CHECKING:
    from collections.abc import Callable

    from sntransport.cli.inspection.description import Description

_BEGIN = 65536
# What the files of a set end in, in the formats that are written.
_OF_SETS = (".fits", ".parquet", ".h5", ".hdf5", ".csv")
_KNOWN = "see `sntransport info --help` for what is known"


def describe(path: Path) -> Description:
    """What a file or folder is.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Description

    Raises
    ------
    ValueError
        In one line: where it is of no kind that is known, or damaged.
    OSError
        Where it cannot be read.
    """
    return _folder(path) if path.is_dir() else _file(path)


def _folder(path: Path) -> Description:
    if (path / "sn.toml").is_file():
        return observations.describe_supernova(path)
    if (path / "NON1A.LIST").is_file() or (path / "SED.INFO").is_file():
        return simulators.describe_model(path)
    if (path / "manifest.json").is_file() or (path / "_parts").is_dir():
        return sets.describe_run(path)
    if any(path.glob("*/manifest.json")):
        return sets.describe_runs(path)
    if heads := sorted(one for one in path.iterdir() if one.name.upper().endswith(("_HEAD.FITS", "_HEAD.FITS.GZ"))):
        return sets.describe_snana_folder(heads)
    if parts := _parts(path):
        return sets.describe_files(parts)
    held = ", ".join(sorted(one.name for one in path.iterdir())[:5])
    raise ValueError(f"{path}: a folder of no kind that is known (it holds {held or 'nothing'}); {_KNOWN}")


def _parts(folder: Path) -> dict[str, Description]:
    """The files of a set of light curves by name; empty where one of such an ending is of another kind."""
    found: dict[str, Description] = {}
    for path in sorted(one for one in folder.iterdir() if one.is_file() and one.suffix.lower() in _OF_SETS):
        try:
            found[path.name] = _file(path)
        except ValueError:
            return {}
        if found[path.name].kind not in sets.KINDS or {one.kind for one in found.values()} != {found[path.name].kind}:
            return {}
    return found


def _file(path: Path) -> Description:
    begin = _begin(path)
    if not begin:
        raise ValueError(f"{path}: the file is empty")
    for mark, described in _BY_MARK:
        if begin.startswith(mark):
            return described(path)
    if path.suffix.lower() == ".toml":
        return (
            observations.describe_supernova(path.parent) if path.name == "sn.toml" else simulators.describe_config(path)
        )
    if begin.lstrip(b"\xef\xbb\xbf \t\r\n")[:9].lower().startswith((b"<!doctype", b"<html")):
        raise ValueError(f"{path}: an HTML page, such as `sntransport report` writes: open it in a browser")
    if b"\0" in begin and not begin.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError(f"{path}: neither text nor a kind of file that is known; {_KNOWN}")
    if begin.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return observations.describe_supernova(path)
    return _text(path, begin)


def _begin(path: Path) -> bytes:
    """The first bytes, without the compression of gzip."""
    with path.open("rb") as file:
        raw = file.read(_BEGIN)
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    try:
        return zlib.decompressobj(wbits=31).decompress(raw, _BEGIN)
    except zlib.error as error:
        raise ValueError(f"{path}: the gzip file is damaged ({error}); fetch it again") from None


def _fits(path: Path) -> Description:
    from sntransport.spectra.series_file import FORMAT

    raw = _begin(path)
    if FORMAT.encode() in raw[:5760]:
        return observations.describe_series(path)
    names, columns = _hdus(path)
    if {"TRUTH", "MEASUREMENTS"} <= names or {"OBJECTS", "PHOTOMETRY", "TEMPLATES"} <= names:
        return sets.describe_light_curves(path)
    if "PTROBS_MIN" in columns:
        return sets.describe_snana_pair(path)
    if {"MJD", "FLUXCAL"} <= columns:
        raise ValueError(f"{path}: the PHOT file of SNANA's pair; ask for the HEAD file beside it")
    return _first_that_fits(path, (observations.describe_spectrum, observations.describe_photometry))


def _hdus(path: Path) -> tuple[set[str], set[str]]:
    """Names of the HDUs and of all columns of a FITS file."""
    from astropy.io import fits

    from sntransport._storage.contents import opened_content, require_countable

    try:
        raw = opened_content(path, None, "decompress it")
        require_countable(raw)
        with fits.HDUList.fromstring(raw) as file:
            tables = [hdu for hdu in file if isinstance(hdu, fits.BinTableHDU | fits.TableHDU)]
            return {str(hdu.name) for hdu in file}, {str(name) for hdu in tables for name in hdu.columns.names}
    except Exception as error:  # astropy raises a dozen kinds
        raise ValueError(f"{path}: damaged FITS ({' '.join(str(error).split())}); make or fetch it anew") from None


def _text(path: Path, begin: bytes) -> Description:
    from sntransport.simulation.surveys.formats.simlib_lines import is_simlib

    lines = begin.decode("utf-8", "replace").splitlines()
    heading = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    names = [word.strip().strip('"') for word in heading.replace(",", " ").split()]
    low = {name.lower() for name in names}
    if is_simlib(path):
        return simulators.describe_survey(path, "SIMLIB")
    if begin.startswith(b"# %ECSV") and (told := simulators.our_table(low)):
        return simulators.describe_table(path, told)
    rows = _numbers(lines)
    if {"wavelength", "throughput"} <= low or _names_a_filter(lines) or _looks_like_a_filter(rows):
        return observations.describe_filter(path)
    if _looks_like_a_grid(rows):
        return simulators.describe_grid(path)
    if "object_id" in low and {"passband", "target"} & low:
        return sets.describe_csv_set(path, names)
    if simulators.lists_visits(names):
        return simulators.describe_visits(path)
    return _first_that_fits(path, (observations.describe_photometry, observations.describe_spectrum))


def _numbers(lines: list[str]) -> list[list[float]]:
    """Rows of a table without names; none where not all are numbers, or rows differ in length."""
    words = [line.replace(",", " ").split() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    # The last line may be cut.
    kept = words[:-1] if len(words) > 3 else words
    try:
        rows = [[float(word) for word in row] for row in kept]
    except ValueError:
        return []
    return rows if len({len(row) for row in rows}) == 1 else []


def _names_a_filter(lines: list[str]) -> bool:
    """Whether a comment above two columns says that they are of a filter."""
    above = " ".join(line.lower() for line in lines[:30] if line.lstrip().startswith("#"))
    return "wavelength" in above and ("throughput" in above or "transmission" in above) and "flux" not in above


def _looks_like_a_grid(rows: list[list[float]]) -> bool:
    """Three columns, phase, wavelength and flux: of the first rows the first is the same, the second ascends."""
    first = rows[:5]
    if len(first) < 5 or len(first[0]) != 3:
        return False
    return len({row[0] for row in first}) == 1 and all(a[1] < b[1] for a, b in pairwise(first))


def _looks_like_a_filter(rows: list[list[float]]) -> bool:
    """Two columns, of which the second rises from about nothing to at most 1, or 100 percent."""
    if not rows or len(rows[0]) != 2:
        return False
    passed = [second for _, second in rows]
    # Flux densities of supernovae are many powers of ten below, counts above; throughputs may be in percent.
    return len(rows) > 2 and min(passed) >= 0 and 0.01 < max(passed) <= 100 and passed[0] <= 0.05 * max(passed)


def _first_that_fits(path: Path, kinds: tuple[Callable[[Path], Description], ...]) -> Description:
    """The description by the first reader that takes the file; else what the first has against it."""
    errors = []
    for described in kinds:
        try:
            return described(path)
        except ValueError as error:
            errors.append(str(error).removeprefix(f"{path}: "))
    words = [described.__name__.removeprefix("describe_") for described in kinds]
    told = "; ".join(f"as {word}: {error}" for word, error in zip(words, errors, strict=True))
    raise ValueError(f"{path}: of no kind that is known; {told}")


def _opsim(path: Path) -> Description:
    return simulators.describe_survey(path, "OpSim")


_BY_MARK: tuple[tuple[bytes, Callable[[Path], Description]], ...] = (
    (b"SQLite format 3\0", _opsim),
    (b"SIMPLE  =", _fits),
    (b"PAR1", sets.describe_parquet),
    (b"\x89HDF\r\n", sets.describe_hdf5),
)
