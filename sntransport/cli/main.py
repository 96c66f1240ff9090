"""The command line: names to functions, messages, exit codes; no logic of its own.

Exit code 0: done. 1: an input or an output failed (one line says what, where, and what to do). 2: wrong usage,
or inputs that changed while a run was using them.
130: interrupted by the user, 143: by SIGTERM; what was not complete is not there.
"""

from __future__ import annotations

import difflib
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from sntransport._storage.extras import MissingExtraError
from sntransport._storage.planned_config import ChangedInputError
from sntransport._version import __version__
from sntransport.cli.completion import completion
from sntransport.cli.inspection.bands import bands
from sntransport.cli.inspection.info import info
from sntransport.cli.inspection.schema import schema
from sntransport.cli.samples.augment import augment
from sntransport.cli.samples.convert import convert
from sntransport.cli.samples.simulate import simulate
from sntransport.cli.samples.survey import survey
from sntransport.cli.supernovae.build import build, demo
from sntransport.cli.supernovae.export import export
from sntransport.cli.supernovae.init import init
from sntransport.cli.supernovae.kcorrect import kcorrect
from sntransport.cli.supernovae.photometry import bolometric, photometry
from sntransport.cli.supernovae.report import plot, report
from sntransport.cli.supernovae.template import template_group
from sntransport.cli.supernovae.validate import bandtest, validate
from sntransport.cli.terminal.console import FAILURES, aside, fail, keep_words, printable
from sntransport.cli.terminal.interrupts import Stopped, interruptible


@contextmanager
def _printable_usage() -> Iterator[None]:
    """Errors of click about words of the command line, without what a terminal would obey."""
    try:
        yield
    except click.ClickException as error:
        told = error.format_message()
        if printable(told) == told:
            raise
        if isinstance(error, click.UsageError):
            raise click.UsageError(printable(told), error.ctx) from None
        raise click.ClickException(printable(told)) from None


class _Group(click.Group):
    """Turns expected errors into one line and exit code 1; everything else is a bug and says so."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        keep_words(ctx, args)
        with _printable_usage():
            return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        near = difflib.get_close_matches(args[0], self.commands, n=1)
        if args[0] not in self.commands and near:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with warnings.catch_warnings(), interruptible(), _printable_usage():
                warnings.showwarning = lambda message, *_: aside(f"sntransport: warning: {message}")
                return super().invoke(ctx)
        except BrokenPipeError:
            # Whoever read our output has seen enough; click ends quietly.
            raise
        except Stopped as stop:
            click.echo(
                "sntransport: interrupted: files written so far are complete, nothing half-written is left", err=True
            )
            ctx.exit(stop.exit_code)
        except (*FAILURES, MissingExtraError) as error:
            fail(error, ctx)
            ctx.exit(2 if isinstance(error, ChangedInputError) else 1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sntransport")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:
    """Turn a few spectra of a supernova into a complete spectral time series, by optimal transport.

    Start with `sntransport demo`, or with your own: `sntransport build SN.json.gz -o out`, then
    `sntransport report SN.json.gz -o report.html`. Every command explains itself with --help.
    """
    # Before numpy is imported: starting linear-algebra threads costs more than our small matrices gain from them.
    for library in ("OPENBLAS", "OMP", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


for _command in (
    init, info, bands, build, report, photometry, plot, kcorrect, bolometric, export, validate, bandtest,
    template_group, simulate, augment, survey, convert, schema, demo, completion,
):  # fmt: skip
    main.add_command(_command)
