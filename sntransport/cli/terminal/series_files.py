"""Work of a command on many series files, and what it takes from them where no option says otherwise."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from sntransport.cli.terminal.console import FAILURES, conclude, fail, progress
from sntransport.cli.terminal.options import names_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sntransport.spectra.series_file import SeriesFile
    from sntransport.spectra.sightline import Sightline


def free_stem(name: str, path: Path, taken: dict[str, Path]) -> str:
    """What the files of an input are called, which no input before it may have.

    Parameters
    ----------
    name : str
        Of the supernova, with whatever tells files of one supernova apart.
    path : Path
        The input.
    taken : dict of str to Path
        Stems of the inputs before it; this one is added.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        Where an input before it has the same: its files would be overwritten.
    """
    from sntransport._storage.atomic_files import file_stem

    stem = file_stem(name)
    if stem in taken:
        raise ValueError(
            f"{path}: same file name as {taken[stem]} ({stem}); its output would be overwritten: give another folder"
        )
    taken[stem] = path
    return stem


def require_no_other(file: Path, name: str, path: Path) -> None:
    """Raise a ValueError where a series file is there already and is that of a supernova of another name.

    Parameters
    ----------
    file : Path
        Of the series that is to be written; what is there and cannot be read may be replaced.
    name : str
        Of the supernova.
    path : Path
        The input.
    """
    from sntransport._storage.read_error import ReadError
    from sntransport.spectra.series_file import read_series

    if not file.is_file():
        return
    try:
        held = read_series(file).name
    except (ReadError, ValueError, OSError):
        return
    # Blanks at the end are lost in a FITS table.
    if held.rstrip() != name.rstrip():
        raise ValueError(
            f"{path}: {file} is of {held!r} and would be overwritten by that of {name!r}: give another folder"
        )


def is_series(path: Path) -> bool:
    """Whether a path is a series file rather than a supernova."""
    return path.suffix.lower() in (".fits", ".fit") and path.is_file()


def for_each(files: tuple[Path, ...], work: Callable[[Path, SeriesFile], Mapping[str, Any]]) -> None:
    """Do the work on every series file; go on after a bad one; conclude with what was done; exit 1 if any was bad."""
    from sntransport.spectra.series_file import read_series_file

    failed, results = False, []
    # One file takes no time worth a bar.
    for path in progress(files, len(files), "files") if len(files) > 1 else files:
        try:
            results.append({"file": path, **work(path, read_series_file(path))})
        except BrokenPipeError:
            raise
        except FAILURES as error:
            failed = True
            fail(error)
    conclude(results)
    if failed:
        sys.exit(1)


def bands_asked(bands: str | None, held: SeriesFile, path: Path) -> list[str]:
    """Bands of an option, else those of the observed photometry in the file."""
    if bands:
        return names_in(bands)
    if held.light_curve is None:
        raise ValueError(f"{path}: no observed photometry in the file; name the bands with --bands")
    return list(held.light_curve.bands)


def sightline_asked(held: SeriesFile, path: Path, z: float | None, distance_modulus: float | None) -> Sightline:
    """Sightline of the file with what the options replace."""
    import dataclasses

    from sntransport.spectra.sightline import Sightline

    if z is not None and distance_modulus is None:
        raise ValueError("--z moves the supernova: state its distance too, with --distance-modulus")
    asked: dict[str, Any] = {name: v for name, v in (("z", z), ("distance_modulus", distance_modulus)) if v is not None}
    if held.sightline is not None:
        return dataclasses.replace(held.sightline, **asked)
    if len(asked) < 2:
        raise ValueError(f"{path}: no redshift and distance in the file; give --z and --distance-modulus")
    return Sightline(**asked)
