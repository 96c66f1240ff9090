"""Many supernovae, one folder: read, build and write each; go on after one that fails."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._storage.atomic_files import ending, sha256
from sntransport._storage.tables import write_table
from sntransport._version import __version__
from sntransport.cli.terminal.console import FAILURES
from sntransport.cli.terminal.interrupts import require_no_stop
from sntransport.cli.terminal.series_files import free_stem, require_no_other
from sntransport.photometry.synthetic import CoverageWarning, band_matrix, synthetic_flux
from sntransport.report.build_tables import build_row, photometry_table
from sntransport.report.figures import light_curves, waterfall
from sntransport.report.figures.style import AnyStyle, write_figure
from sntransport.spectra.series_file import with_aliases, write_series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sntransport.pipeline import BuildResult
    from sntransport.spectra.observations import Supernova
    from sntransport.spectra.sightline import Sightline


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcome:
    """What became of one input: its summary row, notes and files (the series last), or the error that stopped it."""

    path: Path
    summary: dict[str, Any] | None
    error: Exception | None
    notes: tuple[str, ...] = ()
    written: tuple[Path, ...] = ()


def build_files(
    paths: Sequence[Path],
    out: Path,
    read: Callable[[Path], Supernova],
    build: Callable[[Supernova], BuildResult],
    *,
    figures: bool = True,
    style: AnyStyle = None,
    options: str = "",
) -> Iterator[Outcome]:
    """Build each input into ``out``: NAME.fits, NAME_photometry.ecsv and, if asked for, two figures.

    Parameters
    ----------
    paths : sequence of Path
        Files or folders that ``read`` understands.
    out : Path
        Output folder; made if missing.
    read, build : callable
        From a path to a `Supernova`, and from that to a `BuildResult`.
    figures : bool
        Whether to draw NAME_spectra.png and NAME_light_curves.png.
    style : Style or str, optional
        Of these figures: "column", "page", "screen" or "talk".
    options : str
        What the user asked for, recorded in the output.

    Yields
    ------
    Outcome
        In the order of ``paths``. Bad input (a ValueError, an OSError, or a MemoryError) is reported, not raised, and
        nothing is written for it. Two inputs of one file name are an error of the second, as is one whose series file
        would replace that of another supernova. The series file is written last: where it is, the rest is complete.
    """
    taken: dict[str, Path] = {}
    for path in paths:
        try:
            stem = None
            sn = read(path)
            stem = free_stem(sn.name, path, taken)
            require_no_other(ending(out / stem, ".fits"), sn.name, path)
            result = build(sn)
            written = write_build(sn, result, out / stem, path, figures=figures, style=style, options=options)
        except FAILURES as error:
            if stem is not None:
                # Nothing that is complete has the name.
                del taken[stem]
            require_no_stop()
            yield Outcome(path=path, summary=None, error=error)
        else:
            yield Outcome(
                path=path, summary=build_row(sn, result), error=None, notes=result.notes, written=tuple(written)
            )


def write_build(
    sn: Supernova, result: BuildResult, stem: Path, source: Path, *, figures: bool = True, style: AnyStyle = None,
    options: str = "",
) -> list[Path]:  # fmt: skip
    """Write figures, synthetic photometry and series to ``stem`` plus their endings, each atomically.

    The series file is the last; where no observed band is covered there is no photometry. Returns what was written.
    """
    provenance = {"input": source.name, "options": options, "version": __version__}
    if source.is_file():
        provenance["input_sha256"] = sha256(source)
    written = []
    if figures:
        spectra = waterfall(result.series, result.sparse, style=style)
        curves = light_curves(result.series, sn.sightline, sn.light_curve, style=style)
        written.append(write_figure(spectra, ending(stem, "_spectra.png"), style))
        written.append(write_figure(curves, ending(stem, "_light_curves.png"), style))
    bands = covered_bands(result, sn.light_curve.bands, sn.sightline)
    if bands:
        with warnings.catch_warnings():
            # NaN in the table says it; there is nothing to be done about it here.
            warnings.simplefilter("ignore", CoverageWarning)
            table = photometry_table(result.series, bands, sn.sightline, provenance)
        written.append(write_table(table, ending(stem, "_photometry.ecsv")))
    write_series(
        result.series,
        ending(stem, ".fits"),
        sightline=sn.sightline,
        sparse=result.sparse,
        light_curve=sn.light_curve,
        pairs=result.pairs,
        weight=result.weight,
        notes=result.notes,
        provenance=with_aliases(provenance, sn.aliases),
        mjd_ref_meaning=sn.mjd_ref_meaning,
    )
    return [*written, ending(stem, ".fits")]


def covered_bands(result: BuildResult, bands: Sequence[str], sightline: Sightline) -> tuple[str, ...]:
    """Those of ``bands`` that the series covers at some phase."""
    flux, _ = synthetic_flux(result.series.flux, band_matrix(result.series.wave, bands, sightline))
    return tuple(band for band, column in zip(bands, flux.T, strict=True) if np.isfinite(column).any())
