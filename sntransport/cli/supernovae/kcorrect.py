"""The command ``kcorrect``: of each series file a table of K-corrections, or its light curve at rest, and a figure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from sntransport._version import __version__
from sntransport.cli.terminal.console import drawing, save_figure, say, speaking, table_shown
from sntransport.cli.terminal.options import EXISTING, FOLDER, complete_bands, names_in, numbers_option, positive
from sntransport.cli.terminal.series_files import for_each, free_stem, sightline_asked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from astropy.table import Table
    from matplotlib.figure import Figure

    from sntransport.spectra.series_file import SeriesFile
    from sntransport.spectra.sightline import Sightline


@click.command()
@click.argument("files", nargs=-1, required=True, type=EXISTING, metavar="SERIES.fits...")
@click.option(
    "--band-obs",
    shell_complete=complete_bands,
    help="Observed band; without it, the observed light curve is taken to the rest frame.",
)
@click.option(
    "--band-rest",
    shell_complete=complete_bands,
    help="Rest-frame band; for a light curve several to choose from, or pairs OBSERVED=REST.",
)
@click.option(
    "--z", callback=numbers_option, help="Redshifts, such as 0.1,0.5 or 0:1:0.05; the file's own when left out."
)
@click.option(
    "--phases", callback=numbers_option, help="Phases [d], such as 0,15 or -10:40:5; the series' when left out."
)
@click.option("--photometry", type=EXISTING, help="Light curve: a table or a supernova; the file's own when left out.")
@click.option("--distance-modulus", type=float, help="Of the light curve [mag], instead of the file's.")
@click.option("--system", default="AB", show_default=True, type=click.Choice(["AB", "Vega"]), help="Zero points.")
@click.option("--max-gap", default=5.0, show_default=True, callback=positive, help="Widest step to interpolate [d].")
@click.option("-o", "--out", type=FOLDER, help="Folder for table and figure; only the table, printed, when left out.")
@drawing
@speaking
def kcorrect(
    files: tuple[Path, ...], band_obs: str | None, band_rest: str | None, z: list[float] | None,
    phases: list[float] | None, photometry: Path | None, distance_modulus: float | None, system: str, max_gap: float,
    out: Path | None,
) -> None:  # fmt: skip
    """K-corrections of series, or an observed light curve as absolute magnitudes at rest; ECSV and a figure.

    With --band-obs: K from --band-rest to it at every redshift and phase, into NAME_k_REST_OBS.ecsv and .png. Without:
    every observed point to a rest-frame absolute magnitude, dust taken off, into NAME_rest.ecsv and .png.

    Example: sntransport kcorrect out/SN2013am.fits --band-rest bessellb --band-obs lsstr --z 0:0.5:0.1 -o out/
    """
    if band_obs and not band_rest:
        raise click.UsageError("--band-obs needs --band-rest, the band at rest")
    if band_obs and (photometry or distance_modulus is not None):
        raise click.UsageError("--photometry and --distance-modulus are for a light curve: leave out --band-obs")
    if not band_obs and (phases or len(z or []) > 1):
        raise click.UsageError("a light curve has its own phases and one redshift; for tables of K give --band-obs")

    taken: dict[str, Path] = {}

    def one(path: Path, held: SeriesFile) -> dict[str, Any]:
        if band_obs:
            written = _k_table(
                path,
                held,
                band_rest=str(band_rest),
                band_obs=band_obs,
                z=z,
                phases=phases,
                system=system,
                max_gap=max_gap,
            )
        else:
            sightline = sightline_asked(held, path, z[0] if z else None, distance_modulus)
            written = _rest_light_curve(
                path, held, sightline, photometry=photometry, bands=band_rest, system=system, max_gap=max_gap
            )
        if out is None:
            return table_shown(written.table)
        files = _write(written, out / free_stem(written.stem, path, taken))
        for line in files:
            say(f"wrote {line}")
        return {"files": files, "rows": len(written.table)}

    for_each(files, one)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Report:
    """A table, what draws its figure (slow to start), and the file name that both get, without ending."""

    stem: str
    table: Table
    draw: Callable[..., Figure]


def _k_table(
    path: Path, held: SeriesFile, *, band_rest: str, band_obs: str, z: Sequence[float] | None,
    phases: Sequence[float] | None, system: str, max_gap: float,
) -> _Report:  # fmt: skip
    """K-corrections at every redshift and phase; those of the file where they are not given.

    Raises
    ------
    ValueError
        Where no redshift is given and the file has none, and as `evaluate_k_correction`.
    """
    from sntransport._storage.atomic_files import file_stem
    from sntransport.corrections.k_corrections import evaluate_k_correction
    from sntransport.report.correction_tables import k_correction_table
    from sntransport.report.figures.corrections import k_correction_figure, peak_phase

    series = held.series
    if z is None and held.sightline is None:
        raise ValueError(f"{path}: no redshift in the file; give --z")
    redshifts = [held.sightline.z] if z is None and held.sightline is not None else list(z or [])
    wanted = series.phase[series.covered.any(axis=1)] if phases is None else phases
    result = evaluate_k_correction(
        series, band_rest, band_obs, redshifts, wanted, system_rest=system, system_obs=system, max_gap=max_gap
    )
    stem = file_stem(f"{file_stem(series.name)}_k_{band_rest}_{band_obs}")
    meta = _origin(path) | {"max_gap": max_gap}
    if held.sightline is not None:
        meta["series_sightline"] = asdict(held.sightline)
    rows = k_correction_table(result, series, meta)

    def draw(style: str) -> Figure:
        return k_correction_figure(result, series.name, peak_phase(series, band_rest), style=style)

    return _Report(stem=stem, table=rows, draw=draw)


def _rest_light_curve(
    path: Path, held: SeriesFile, sightline: Sightline, *, photometry: Path | None, bands: str | None, system: str,
    max_gap: float,
) -> _Report:  # fmt: skip
    """Every observed point as a rest-frame absolute magnitude; the photometry is the file's unless another is given.

    Raises
    ------
    ValueError
        Where there is no photometry, and as `k_correct`.
    """
    from sntransport._storage.atomic_files import file_stem
    from sntransport.corrections.rest_light_curve import k_correct
    from sntransport.reading.supernova import read_light_curve
    from sntransport.report.correction_tables import rest_light_curve_table
    from sntransport.report.figures.corrections import rest_light_curve_figure

    if photometry is None and held.light_curve is None:
        raise ValueError(f"{path}: no observed photometry in the file; give --photometry, or --band-obs for a table")
    observed = held.light_curve if photometry is None else read_light_curve(photometry)
    assert observed is not None
    result = k_correct(observed, held.series, sightline, bands=_choice(bands), system=system, max_gap=max_gap)
    meta = _origin(path) | {"max_gap": max_gap, "photometry": (photometry or path).name}
    stem = f"{file_stem(held.series.name)}_rest"
    return _Report(stem=stem, table=rest_light_curve_table(result, meta), draw=partial(rest_light_curve_figure, result))


def _write(report: _Report, stem: Path) -> list[Path]:
    """Write table and figure to ``stem`` plus their endings; return their paths."""
    from sntransport._storage.atomic_files import ending
    from sntransport._storage.tables import write_table

    figure = save_figure(report.draw, stem)
    return [write_table(report.table, ending(stem, ".ecsv")), figure]


def _choice(bands: str | None) -> Sequence[str] | dict[str, str]:
    """Bands to choose from, or OBSERVED=REST pairs."""
    from sntransport.corrections.rest_light_curve import REST_BANDS

    names = names_in(bands)
    if not any("=" in name for name in names):
        return names or REST_BANDS
    if not all("=" in name for name in names):
        raise ValueError(f"--band-rest is {bands!r}: give bands, or pairs OBSERVED=REST, not both")
    return {obs.strip(): rest.strip() for obs, rest in (name.split("=", 1) for name in names)}


def _origin(path: Path) -> dict[str, Any]:
    return {"series_file": path.name, "version": __version__}
