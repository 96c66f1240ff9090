"""What the command ``sntransport kcorrect`` does for one series file: a table and its figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sntransport._storage.atomic_files import ending, file_stem
from sntransport._storage.tables import write_table
from sntransport._version import __version__
from sntransport.corrections.k_corrections import evaluate_k_correction
from sntransport.corrections.rest_light_curve import REST_BANDS, k_correct
from sntransport.reading.supernova import read_light_curve
from sntransport.report.correction_tables import k_correction_table, rest_light_curve_table
from sntransport.report.figures.corrections import k_correction_figure, peak_phase, rest_light_curve_figure
from sntransport.report.figures.style import write_figure
from sntransport.spectra.series_file import SeriesFile
from sntransport.spectra.sightline import Sightline

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure

_MOST = 100_000


@dataclass(frozen=True, eq=False)
class Report:
    """A table, what draws its figure (slow to start), and the file name that both get, without ending."""

    stem: str
    table: Table
    draw: Callable[[], Figure]


def table(
    path: Path, held: SeriesFile, band_rest: str, band_obs: str, z: Sequence[float] | None,
    phases: Sequence[float] | None, system: str, max_gap: float,
) -> Report:  # fmt: skip
    """K-corrections at every redshift and phase; those of the file where they are not given.

    Raises
    ------
    ValueError
        Where no redshift is given and the file has none, and as `evaluate_k_correction`.
    """
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
    return Report(stem, rows, lambda: k_correction_figure(result, series.name, peak_phase(series, band_rest)))


def light_curve(
    path: Path, held: SeriesFile, sightline: Sightline, photometry: Path | None, bands: str | None, system: str,
    max_gap: float,
) -> Report:  # fmt: skip
    """Every observed point as a rest-frame absolute magnitude; the photometry is the file's unless another is given.

    Raises
    ------
    ValueError
        Where there is no photometry, and as `k_correct`.
    """
    if photometry is None and held.light_curve is None:
        raise ValueError(f"{path}: no observed photometry in the file; give --photometry, or --band-obs for a table")
    observed = held.light_curve if photometry is None else read_light_curve(photometry)
    assert observed is not None
    result = k_correct(observed, held.series, sightline, bands=_choice(bands), system=system, max_gap=max_gap)
    meta = _origin(path) | {"max_gap": max_gap, "photometry": (photometry or path).name}
    stem = f"{file_stem(held.series.name)}_rest"
    return Report(stem, rest_light_curve_table(result, meta), lambda: rest_light_curve_figure(result))


def write(report: Report, out: Path) -> list[Path]:
    """Write table and figure to a folder; return their paths."""
    figure = write_figure(report.draw(), ending(out / report.stem, ".png"))
    return [write_table(report.table, ending(out / report.stem, ".ecsv")), figure]


def numbers(text: str) -> list[float]:
    """Numbers and ranges START:STOP:STEP (STOP included), separated by commas; a ValueError where they are not."""
    found: list[float] = []
    for part in text.split(","):
        try:
            start, stop, step = [float(x) for x in part.split(":")] if ":" in part else [float(part)] * 2 + [1.0]
            # Rounding must not lose the last value.
            count = int((stop - start) / step + 1e-9) + 1
        except (ValueError, ZeroDivisionError, OverflowError):
            raise ValueError(f"{part!r} is neither a number nor START:STOP:STEP") from None
        if not 0 < count <= _MOST:
            raise ValueError(f"{part!r} has {max(count, 0)} values, expected 1 to {_MOST}")
        found += [round(start + k * step, 12) for k in range(count)]
    return found


def _choice(bands: str | None) -> Sequence[str] | dict[str, str]:
    """Bands to choose from, or OBSERVED=REST pairs."""
    names = [name.strip() for name in (bands or "").split(",") if name.strip()]
    if not any("=" in name for name in names):
        return names or REST_BANDS
    if not all("=" in name for name in names):
        raise ValueError(f"--band-rest is {bands!r}: give bands, or pairs OBSERVED=REST, not both")
    return {obs.strip(): rest.strip() for obs, rest in (name.split("=", 1) for name in names)}


def _origin(path: Path) -> dict[str, Any]:
    return {"series_file": path.name, "version": __version__}
