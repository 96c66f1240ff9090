"""Options that several commands have: what there is to choose from, and the checks of what was given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

FAMILY = ("feature_transport", "wasserstein", "sinkhorn", "unbalanced", "log_linear", "linear")
INTERPOLATORS = ("class_transport", *FAMILY)
DUST_LAWS = ("F99", "O94", "CCM89", "G23")

EXISTING = click.Path(exists=True, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)

# Far beyond any table that is read, well within memory.
_MOST_NUMBERS = 100_000

_Command = TypeVar("_Command", bound=Callable[..., Any])


def example_option(module: str, name: str) -> Callable[[_Command], _Command]:
    """Options ``--example-config`` and ``--every-key``: print the example of a `Table` of that name, and end."""

    def show(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value:
            from importlib import import_module

            from sntransport._storage.config_schema import example

            keys = import_module(f"sntransport.{module}")
            click.echo(example(getattr(keys, name), keys.EXAMPLE, every=param.name == "every_key"), nl=False)
            ctx.exit()

    def shown(command: _Command) -> _Command:
        for flag, text in (
            ("--every-key", "Print it with all other keys and tables as comments, and exit."),
            ("--example-config", "Print an example of CONFIG.toml, with what its keys mean, and exit."),
        ):
            shows = click.option(flag, is_flag=True, is_eager=True, expose_value=False, callback=show, help=text)
            command = shows(command)
        return command

    return shown


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


def names_in(*texts: str | None) -> list[str]:
    """Names of bands between commas or blanks, in one word of the command line or in several."""
    return [name for text in texts for name in (text or "").replace(",", " ").split()]


def complete_bands(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completion of a name of a band, the last of several between commas."""
    from click.shell_completion import CompletionItem

    from sntransport.photometry.bands import band_names

    before, comma, begun = incomplete.rpartition(",")
    return [CompletionItem(f"{before}{comma}{name}") for name in band_names() if name.startswith(begun)]
