"""What figures and reports are made of: a series file, or a supernova that is built first."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.atomic_files import sha256
from sntransport._version import __version__
from sntransport.calibration.preparation import prepare
from sntransport.corrections.k_corrections import evaluate_k_correction
from sntransport.corrections.luminosity import bolometric
from sntransport.photometry.synthetic import CoverageWarning
from sntransport.report.figures.construction import transport_map, warp_map, weights_map
from sntransport.report.figures.corrections import bolometric_figure, k_correction_figure, peak_phase
from sntransport.report.figures.photometry import color_curves, light_curves
from sntransport.report.figures.spectra import waterfall
from sntransport.report.figures.validation import triplet_figure
from sntransport.spectra.series_file import SeriesFile, read_series_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from matplotlib.figure import Figure

    from sntransport.pipeline import BuildResult
    from sntransport.report.figures.style import AnyStyle
    from sntransport.spectra.observations import Supernova
    from sntransport.spectra.series import SpectralSeries
    from sntransport.validation.leave_out import Triplets

_K_PAIRS = (("bessellb", "sdssr"), ("bessellv", "sdssr"), ("bessellb", "sdssg"), ("bessellv", "bessellv"))


@dataclass(frozen=True, eq=False, kw_only=True)
class Material:
    """One input, read and built.

    ``held`` is what a series file has. ``supernova``, ``result`` and ``observed`` (the spectra before calibration) are
    None where the input is a series file. ``triplets`` and ``floor``: the leave-out test, where it was made.

    Examples
    --------
    >>> from pathlib import Path
    >>> from sntransport.report import from_series_file
    >>> from sntransport.transport.templates import hsiao
    >>> snt.write_series(hsiao(), "hsiao.fits")
    >>> material = from_series_file(Path("hsiao.fits"))
    >>> material.held.series.n_phase, material.supernova
    (104, None)
    """

    source: Path
    held: SeriesFile
    supernova: Supernova | None = None
    result: BuildResult | None = None
    observed: SpectralSeries | None = None
    triplets: Triplets | None = None
    floor: Triplets | None = None

    @property
    def name(self) -> str:
        """Of the supernova; of the file where it has none."""
        return self.held.series.name or self.source.stem


@answers_mistakes
def from_series_file(path: Path) -> Material:
    """Material of a series file.

    Raises
    ------
    ReadError
        As `sntransport.spectra.series_file.read_series_file`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from sntransport.report import from_series_file
    >>> from sntransport.transport.templates import hsiao
    >>> snt.write_series(hsiao(), "hsiao.fits")
    >>> from_series_file(Path("hsiao.fits")).held.series.name
    'Hsiao et al. (2007)'
    """
    return Material(source=path, held=read_series_file(path))


@answers_mistakes
def from_supernova(sn: Supernova, result: BuildResult, source: Path, options: str = "") -> Material:
    """Material of a supernova and what `build` made of it; ``options`` are recorded as in a series file.

    Examples
    --------
    >>> from pathlib import Path
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.report import from_supernova
    >>> sn = demo_supernova()
    >>> material = from_supernova(sn, snt.build(sn, cadence=10.0), Path("demo"))
    >>> material.held.series.n_phase
    8
    """
    provenance = {"input": source.name, "options": options, "version": __version__}
    if source.is_file():
        provenance["input_sha256"] = sha256(source)
    held = SeriesFile(
        series=result.series, sightline=sn.sightline, sparse=result.sparse, light_curve=sn.light_curve,
        pairs=result.pairs, weight=result.weight, notes=result.notes, provenance=provenance,
        mjd_ref_meaning=sn.mjd_ref_meaning,
    )  # fmt: skip
    return Material(source=source, held=held, supernova=sn, result=result, observed=prepare(sn).series)


def figures(material: Material) -> Mapping[str, Callable[..., Figure]]:
    """What can be drawn of some material, by name, in the order to look at it; each call draws one, in a ``style``.

    Returns
    -------
    mapping of str to callable
        "spectra", "light_curves", "colors", "weights", "transport", "warp", "gap_test", "bolometric", "k_correction";
        only those that the material has the data for. A call raises a ValueError that says why where the data turn out
        not to cover anything of it.
    """
    held = material.held
    series, sparse, sightline, seen = held.series, held.sparse, held.sightline, held.light_curve
    made: dict[str, Callable[..., Figure]] = {"spectra": partial(waterfall, series, sparse)}
    if sightline is not None and seen is not None and np.isfinite(series.mjd_ref):
        made["light_curves"] = partial(light_curves, series, sightline, seen)
        made["colors"] = partial(color_curves, series, sightline, seen)
    if sparse is not None:
        pairs, weight = held.pairs, held.weight
        if pairs is not None and weight is not None:
            made["weights"] = partial(weights_map, series, sparse, pairs, weight)
        made["transport"] = partial(transport_map, sparse)
        observed = material.observed
        if observed is not None:
            made["warp"] = partial(warp_map, observed, sparse)
    triplets = material.triplets
    if triplets is not None and triplets.n:
        made["gap_test"] = partial(triplet_figure, triplets, material.floor)
    made["bolometric"] = partial(_bolometric_figure, series)
    made["k_correction"] = partial(_k_figure, series)
    return made


def _bolometric_figure(series: SpectralSeries, style: AnyStyle = None) -> Figure:
    return bolometric_figure(bolometric(series), style=style)


def _k_figure(series: SpectralSeries, style: AnyStyle = None) -> Figure:
    """K-corrections to z = 0.5 between the first two of a few bands that the series covers."""
    covered = series.phase[series.covered.any(axis=1)]
    for rest, obs in _K_PAIRS:
        peak = peak_phase(series, rest)
        if np.isfinite(peak):
            with warnings.catch_warnings():
                # The curve ends where the band does: the figure says it.
                warnings.simplefilter("ignore", CoverageWarning)
                result = evaluate_k_correction(series, rest, obs, np.linspace(0.0, 0.5, 26), covered)
            if np.isfinite(result.value).any():
                return k_correction_figure(result, series.name, peak, style=style)
    raise ValueError(f"{series.name or 'series'}: covers no pair of bands to draw K-corrections of")
