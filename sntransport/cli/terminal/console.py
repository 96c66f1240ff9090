"""What the commands say: to people, to machines, and of what failed."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sntransport._version import __version__
from sntransport.cli.terminal.interrupts import require_no_stop

if TYPE_CHECKING:
    from pathlib import Path

    from astropy.table import Table
    from matplotlib.figure import Figure
    from tqdm import tqdm


FAILURES = (ValueError, OSError, MemoryError)
"""Errors of one input, after which the others are still worked on; everything else is a bug."""


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


def styled(command: _Command) -> _Command:
    """The option ``--style`` of commands that write figures under names of their own; see `figure_style`."""
    # The names of `sntransport.report.figures.STYLES`; importing them would slow every command.
    return _of_figures(
        "--style", ["column", "page", "screen", "talk"], "screen",
        "Size of figures: one column (8.8 cm) or the page (18 cm) of a journal, a screen, a slide.",
    )(command)  # fmt: skip


def drawing(command: _Command) -> _Command:
    """Options of commands whose figures may be of any format: ``--style`` and ``--format``; see `save_figure`."""
    return _of_figures("--format", ["png", "pdf", "svg"], "png", "Of figures.")(styled(command))


def _of_figures(name: str, choices: list[str], default: str, text: str) -> Callable[[_Command], _Command]:
    def keep(ctx: click.Context, param: click.Parameter, value: str) -> None:
        ctx.meta[_META + str(param.name)] = value

    return click.option(
        name, default=default, show_default=True, type=click.Choice(choices), expose_value=False, callback=keep,
        help=text,
    )  # fmt: skip


def figure_style() -> str:
    """The ``--style`` that was asked for."""
    return str(click.get_current_context().meta[_META + "style"])


def save_figure(draw: Callable[..., Figure], stem: Path, *arguments: Any) -> Path:
    """Draw in the style that was asked for, write STEM.FORMAT, and return its path."""
    from sntransport._storage.atomic_files import ending
    from sntransport.report.figures.style import write_figure

    style, kind = figure_style(), click.get_current_context().meta[_META + "format"]
    return write_figure(draw(*arguments, style=style), ending(stem, f".{kind}"), style)


def asked_for(name: str) -> bool:
    """Whether ``json``, ``quiet`` or ``verbose`` was asked for."""
    return bool(click.get_current_context().meta.get(_META + name))


def say(text: str) -> None:
    """Print a line for people, unless JSON or quiet was asked for."""
    if not (asked_for("json") or asked_for("quiet")):
        click.echo(printable(as_options(text)))


def detail(text: str) -> None:
    """Print a note on standard error where verbose was asked for."""
    if asked_for("verbose"):
        aside(text)


def advise(text: str) -> None:
    """Say the next step, to people at a terminal only."""
    if sys.stderr.isatty() and not (asked_for("json") or asked_for("quiet")):
        click.secho(printable(text), err=True, dim=True, color=_color())


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
    before = f"{printable(name)}: " if name else ""
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


def aside(text: str, mark: str = "") -> None:
    """Print on standard error, above a bar if there is one; ``mark`` comes before it, as it is."""
    known = sys.modules.get("tqdm")
    with known.tqdm.external_write_mode(file=sys.stderr) if known else nullcontext():
        click.echo(mark + printable(as_options(text)), err=True, color=_color())


def as_options(text: str) -> str:
    """Text of the package for a shell: what keyword is to be passed, as the option of a command that has the same.

    "pass ebv_mw=" becomes "pass --ebv-mw", with "to build" after it where the command itself has no such option.
    """
    ctx = click.get_current_context(silent=True)
    if ctx is None or "pass " not in text:
        return text
    own = {str(one.name): max(one.opts, key=len) for one in ctx.command.params if isinstance(one, click.Option)}
    building = getattr(ctx.find_root().command, "commands", {}).get("build")
    others = {str(one.name): max(one.opts, key=len) for one in building.params} if building else {}

    def option(found: re.Match[str]) -> str:
        name = found["name"]
        return f"pass {own[name]}" if name in own else f"pass {others[name]} to build" if name in others else found[0]

    return re.sub(r"\bpass (?P<name>[a-z_]+)=(?![\w'\"{\[])", option, text)


def printable(text: str) -> str:
    """Text that a terminal shows and does not obey: letters and ends of lines.

    Names, notes and messages come from files of strangers; blanks take the place of all that moves the cursor, changes
    colors or turns the direction of writing.
    """
    lines = (line if line.isprintable() else "".join(c if c.isprintable() else " " for c in line)
             for line in text.split("\n"))  # fmt: skip
    return "\n".join(lines)


def warn(text: str) -> None:
    """Print what nobody should miss, on standard error."""
    aside(text, f"sntransport: {click.style('warning', fg='yellow')}: ")


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
    aside(message, f"sntransport: {click.style('error', fg='red')}: ")
    (ctx or click.get_current_context()).meta.setdefault(_META + "failed", []).append(message)


def _without_rounding(table: Table) -> Table:
    """The table for people: 12 digits, so that no 4.000000000000115 is in it."""
    import numpy as np

    made = table.copy()
    for name in made.colnames:
        if np.dtype(made[name].dtype).kind == "f":
            made[name][:] = np.array([f"{x:.12g}" for x in np.ravel(made[name])], dtype=float).reshape(made[name].shape)
    return made


def table_shown(table: Table) -> dict[str, Any]:
    """A table on standard output: as ECSV, or as part of the JSON summary."""
    if asked_for("json"):
        return json_columns(table)
    from sntransport._storage.tables import printable_cells

    held = io.StringIO()
    _without_rounding(printable_cells(table)).write(held, format="ascii.ecsv")
    click.echo(printable(held.getvalue()), nl=False)
    return {}
