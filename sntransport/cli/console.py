"""What the commands share: choices, checks of options, messages, work on many series files."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sntransport._version import __version__
from sntransport.cli.interrupts import require_no_stop

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure
    from tqdm import tqdm

    from sntransport.spectra.series_file import SeriesFile
    from sntransport.spectra.sightline import Sightline


FAMILY = ("feature_transport", "wasserstein", "sinkhorn", "unbalanced", "log_linear", "linear")
INTERPOLATORS = ("class_transport", *FAMILY)
DUST_LAWS = ("F99", "O94", "CCM89", "G23")

FAILURES = (ValueError, OSError, MemoryError)
"""Errors of one input, after which the others are still worked on; everything else is a bug."""

# Far beyond any table that is read, well within memory.
_MOST_NUMBERS = 100_000

EXISTING = click.Path(exists=True, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)

_Item = TypeVar("_Item")
_Command = TypeVar("_Command", bound=Callable[..., Any])
_META = "sntransport."
_BAR = "{desc}{percentage:3.0f} % |{bar}| {n_fmt} of {total_fmt} {unit}, {elapsed} gone, {remaining} left"


def speaking(command: _Command) -> _Command:
    """Options that say how much a command says: ``--json``, ``--quiet``, ``--verbose``; see `say` and `conclude`."""

    def keep(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        ctx.meta[_META + str(param.name)] = value

    for name, text in (
        (("-v", "--verbose"), "Print every note too."),
        (("-q", "--quiet"), "Print errors only."),
        (("--json",), "Print a summary for machines on standard output, and nothing else there."),
    ):
        command = click.option(*name, is_flag=True, expose_value=False, callback=keep, help=text)(command)
    return command


def example_option(module: str, name: str) -> Callable[[_Command], _Command]:
    """Option ``--example-config``: print the example of the `Table` of that name in a module, and end."""

    def show(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value:
            from importlib import import_module

            from sntransport._storage.config_schema import example

            keys = import_module(f"sntransport.{module}")
            click.echo(example(getattr(keys, name), keys.EXAMPLE), nl=False)
            ctx.exit()

    text = "Print an example of CONFIG.toml, with what its keys mean, and exit."
    return click.option("--example-config", is_flag=True, is_eager=True, expose_value=False, callback=show, help=text)


def drawing(command: _Command) -> _Command:
    """Options of commands that write figures: ``--style`` and ``--format``; see `save_figure`."""

    def keep(ctx: click.Context, param: click.Parameter, value: str) -> None:
        ctx.meta[_META + str(param.name)] = value

    # The names of `sntransport.report.figures.STYLES`; importing them would slow every command.
    for name, choices, default, text in (
        ("--style", ["column", "page", "screen", "talk"], "screen",
         "Size of figures: one column (8.8 cm) or the page (18 cm) of a journal, a screen, a slide."),
        ("--format", ["png", "pdf", "svg"], "png", "Of figures."),
    ):  # fmt: skip
        option = click.option(
            name, default=default, show_default=True, type=click.Choice(choices), expose_value=False, callback=keep,
            help=text,
        )  # fmt: skip
        command = option(command)
    return command


def save_figure(draw: Callable[..., Figure], stem: Path, *arguments: Any) -> Path:
    """Draw in the style that was asked for, write STEM.FORMAT, and return its path."""
    from sntransport._storage.atomic_files import ending
    from sntransport.report.figures.style import write_figure

    meta = click.get_current_context().meta
    style = meta[_META + "style"]
    return write_figure(draw(*arguments, style=style), ending(stem, f".{meta[_META + 'format']}"), style)


def asked_for(name: str) -> bool:
    """Whether ``json``, ``quiet`` or ``verbose`` was asked for."""
    return bool(click.get_current_context().meta.get(_META + name))


def say(text: str) -> None:
    """Print a line for people, unless JSON or quiet was asked for."""
    if not (asked_for("json") or asked_for("quiet")):
        click.echo(text)


def detail(text: str) -> None:
    """Print a note on standard error where verbose was asked for."""
    if asked_for("verbose"):
        aside(text)


def advise(text: str) -> None:
    """Say the next step, to people at a terminal only."""
    if sys.stderr.isatty() and not (asked_for("json") or asked_for("quiet")):
        click.secho(text, err=True, dim=True, color=_color())


def conclude(results: Sequence[Mapping[str, Any]]) -> None:
    """Print the JSON summary where it was asked for: what was done, and what failed."""
    if asked_for("json"):
        ctx = click.get_current_context()
        failed = ctx.meta.get(_META + "failed", [])
        words, parent = [str(ctx.info_name)], ctx.parent
        while parent is not None and parent.parent is not None:
            words, parent = [str(parent.info_name), *words], parent.parent
        summary = {"command": " ".join(words), "version": __version__, "results": results, "failed": failed}
        click.echo(json.dumps(_plain(summary), allow_nan=False))


def json_columns(table: Table) -> dict[str, Any]:
    """A table as JSON values: its header, units and columns."""
    units = {name: str(table[name].unit or "") for name in table.colnames}
    return {
        "meta": dict(table.meta),
        "units": units,
        "columns": {name: table[name].tolist() for name in table.colnames},
    }


def progress(items: Iterable[_Item], total: int, unit: str) -> Generator[_Item, None, None]:
    """The items, with a `progress_bar`; ``unit`` is the plural of what they are."""
    with progress_bar(total, unit) as shown:
        for item in items:
            yield item
            shown.update()


@contextmanager
def progress_bar(total: int, unit: str, name: str = "") -> Iterator[tqdm[Any]]:
    """A bar with an estimate from the second step on; on terminals only, and gone at the end.

    Its clock goes on while a step takes long, so that one sees that work is being done.
    """
    from threading import Event, Thread

    from tqdm import tqdm

    silent = True if asked_for("json") or asked_for("quiet") else None
    before = f"{name}: " if name else ""
    shown = tqdm(total=total, unit=unit, desc=before, bar_format=_BAR, disable=silent, leave=False)
    over = Event()

    def tick() -> None:
        while not over.wait(1.0):
            shown.refresh()

    clock = None if shown.disable else Thread(target=tick, daemon=True)
    if clock:
        clock.start()
    try:
        yield shown
    finally:
        over.set()
        if clock:
            clock.join()
        shown.close()


def aside(text: str) -> None:
    """Print on standard error, above a bar if there is one."""
    known = sys.modules.get("tqdm")
    with known.tqdm.external_write_mode(file=sys.stderr) if known else nullcontext():
        click.echo(text, err=True, color=_color())


def warn(text: str) -> None:
    """Print what nobody should miss, on standard error."""
    aside(f"sntransport: {click.style('warning', fg='yellow')}: {text}")


def warn_of_doubts(name: str, notes: Iterable[str]) -> None:
    """Print the doubts among the notes of a supernova; see `sntransport.spectra.doubts`."""
    from sntransport.spectra.doubts import doubts_among

    for doubt in () if asked_for("quiet") else doubts_among(notes):
        warn(f"{name}: {doubt}")


def command_line() -> str:
    """The command as it was typed, to be run again."""
    import shlex

    words = click.get_current_context().meta.get(_META + "words", [])
    return " ".join(["sntransport", *(shlex.quote(word) for word in words)])


def keep_words(ctx: click.Context, words: Sequence[str]) -> None:
    """Remember the words of the command line, for `command_line`."""
    ctx.meta[_META + "words"] = list(words)


def _plain(value: Any) -> Any:
    """A value with nothing in it that JSON does not know: no NaN, no numpy, no path."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def _color() -> bool | None:
    """False where the user wants no colors (https://no-color.org); None: on a terminal only."""
    return False if os.environ.get("NO_COLOR") else None


def fail(error: Exception, ctx: click.Context | None = None) -> None:
    """Say in one line what went wrong; before it the traceback, if that was asked for.

    Raises
    ------
    Stopped
        Where the error is what compiled code made of a signal.
    """
    require_no_stop()
    if (ctx or click.get_current_context().find_root()).params.get("debug"):
        aside("".join(traceback.format_exception(error)))
    message = " ".join(str(error).split())
    if isinstance(error, MemoryError):
        message = f"not enough memory ({message or 'asked for by a library'}); ask for less, or use another machine"
    aside(f"sntransport: {click.style('error', fg='red')}: {message}")
    (ctx or click.get_current_context()).meta.setdefault(_META + "failed", []).append(message)


def positive(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    """Callback: a positive, finite number, or none where the option is left out and has no default."""
    if value is not None and not 0 < value < float("inf"):
        raise click.BadParameter("expected a positive number")
    return value


def default_systems(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> str | dict[str, str] | None:
    """Callback: "AB" or "Vega", or one by band and instrument ("UVOT=AB"); None where it is not given."""
    systems = {"ab": "AB", "vega": "Vega"}
    given = {}
    for item in value:
        name, _, system = item.rpartition("=")
        if system.lower() not in systems:
            raise click.BadParameter(f"{item!r} is neither AB nor Vega, nor NAME=AB or NAME=Vega")
        given[name.strip()] = systems[system.lower()]
    if "" in given and len(given) > 1:
        raise click.BadParameter("expected one system for all, or NAME=SYSTEM in each")
    return given.get("", given or None)


def numbers_option(ctx: click.Context, param: click.Parameter, value: str | None) -> list[float] | None:
    """Callback: a list of numbers or ranges, such as 0.1,0.5 or 0:1:0.05."""
    try:
        return None if value is None else parse_numbers(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def interpolator_named(name: str) -> Any:
    """Return the interpolator of a name in `INTERPOLATORS`."""
    from sntransport.transport import interpolators
    from sntransport.transport.templates import by_class

    return by_class.class_transport if name == "class_transport" else getattr(interpolators, name)


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
        return [name.strip() for name in bands.split(",") if name.strip()]
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


def parse_numbers(text: str) -> list[float]:
    """Numbers and ranges START:STOP:STEP (STOP included), separated by commas; a ValueError where they are not."""
    found: list[float] = []
    for part in text.split(","):
        try:
            start, stop, step = [float(x) for x in part.split(":")] if ":" in part else [float(part)] * 2 + [1.0]
            # Rounding must not lose the last value.
            count = int((stop - start) / step + 1e-9) + 1
        except (ValueError, ZeroDivisionError, OverflowError):
            raise ValueError(f"{part!r} is neither a number nor START:STOP:STEP") from None
        if not 0 < count <= _MOST_NUMBERS:
            raise ValueError(f"{part!r} has {max(count, 0)} values, expected 1 to {_MOST_NUMBERS}")
        found += [round(start + k * step, 12) for k in range(count)]
    return found


def table_shown(table: Table) -> dict[str, Any]:
    """A table on standard output: as ECSV, or as part of the JSON summary."""
    if asked_for("json"):
        return json_columns(table)
    table.write(sys.stdout, format="ascii.ecsv")
    return {}
