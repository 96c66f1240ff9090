"""What the commands share: choices, checks of options, messages, work on many series files."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sntransport.seriesfile import SeriesFile
    from sntransport.sightline import Sightline

FAMILY = ("feature_transport", "wasserstein", "sinkhorn", "unbalanced", "log_linear", "linear")
INTERPOLATORS = ("class_transport", *FAMILY)
DUST_LAWS = ("F99", "O94", "CCM89", "G23")

EXISTING = click.Path(exists=True, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


def fail(error: Exception, ctx: click.Context | None = None) -> None:
    """Say in one line what went wrong; before it the traceback, if that was asked for."""
    if (ctx or click.get_current_context().find_root()).params.get("debug"):
        click.echo("".join(traceback.format_exception(error)), err=True)
    click.echo(f"sntransport: error: {' '.join(str(error).split())}", err=True)


def positive(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """Callback: a positive, finite number."""
    if not 0 < value < float("inf"):
        raise click.BadParameter("expected a positive number")
    return value


def numbers(ctx: click.Context, param: click.Parameter, value: str | None) -> list[float] | None:
    """Callback: a list of numbers or ranges, such as 0.1,0.5 or 0:1:0.05."""
    from sntransport.kcommand import numbers

    try:
        return None if value is None else numbers(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def interpolator_named(name: str) -> Any:
    """Return the interpolator of a name in `INTERPOLATORS`."""
    from sntransport import choice, interpolators

    return choice.class_transport if name == "class_transport" else getattr(interpolators, name)


def is_series(path: Path) -> bool:
    """Whether a path is a series file rather than a supernova."""
    return path.suffix.lower() in (".fits", ".fit") and path.is_file()


def for_each(files: tuple[Path, ...], work: Callable[[Path, SeriesFile], None]) -> None:
    """Do the work on every series file; go on after a bad one, and exit 1 at the end."""
    from sntransport.seriesfile import read_series_file

    failed = False
    for path in files:
        try:
            work(path, read_series_file(path))
        except BrokenPipeError:
            raise
        except (ValueError, OSError) as error:
            failed = True
            fail(error)
    if failed:
        sys.exit(1)


def bands_asked(bands: str | None, held: SeriesFile, path: Path) -> list[str]:
    """Bands of an option, else those of the observed photometry in the file."""
    if bands:
        return [name.strip() for name in bands.split(",") if name.strip()]
    if held.light_curve is None:
        raise ValueError(f"{path}: no observed photometry in the file; name the bands with --bands")
    return list(held.light_curve.bands)


def sightline_asked(held: SeriesFile, path: Path, z: float | None, distance_modulus: float | None) -> Sightline:
    """Sightline of the file with what the options replace."""
    import dataclasses

    from sntransport.sightline import Sightline

    if z is not None and distance_modulus is None:
        raise ValueError("--z moves the supernova: state its distance too, with --distance-modulus")
    asked: dict[str, Any] = {name: v for name, v in (("z", z), ("distance_modulus", distance_modulus)) if v is not None}
    if held.sightline is not None:
        return dataclasses.replace(held.sightline, **asked)
    if len(asked) < 2:
        raise ValueError(f"{path}: no redshift and distance in the file; give --z and --distance-modulus")
    return Sightline(**asked)
