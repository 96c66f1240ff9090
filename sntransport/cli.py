"""The command line: names to functions, messages, exit codes; no logic of its own.

Exit code 0: done. 1: an input or an output failed (one line says what, where, and what to do). 2: wrong usage.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

import click

from sntransport import __version__
from sntransport.cli_augment import augment
from sntransport.cli_build import build, demo
from sntransport.cli_parts import fail
from sntransport.cli_series import bolometric, kcorrect, photometry, plot
from sntransport.cli_template import template_group
from sntransport.cli_validate import bandtest, validate


class _Group(click.Group):
    """Turns expected errors into one line and exit code 1; everything else is a bug and says so."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.showwarning = lambda message, *_: click.echo(f"sntransport: warning: {message}", err=True)
                return super().invoke(ctx)
        except BrokenPipeError:
            # Whoever read our output has seen enough; click ends quietly.
            raise
        except (ValueError, OSError) as error:
            fail(error, ctx)
            ctx.exit(1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sntransport")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:
    """Turn a few spectra of a supernova into a complete spectral time series, by optimal transport."""
    # Before numpy is imported: starting linear-algebra threads costs more than our small matrices gain from them.
    for library in ("OPENBLAS", "OMP", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


for _command in (build, photometry, plot, kcorrect, bolometric, validate, bandtest, template_group, augment, demo):
    main.add_command(_command)
