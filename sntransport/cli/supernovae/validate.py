"""The commands ``validate`` and ``bandtest``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from sntransport.cli.supernovae.template import beside
from sntransport.cli.terminal.console import conclude, drawing, progress, save_figure, say, speaking, warn_of_doubts
from sntransport.cli.terminal.options import EXISTING, FOLDER, INTERPOLATORS, interpolator_named, positive
from sntransport.cli.terminal.series_files import is_series

if TYPE_CHECKING:
    from collections.abc import Generator

    from sntransport.spectra.observations import Supernova


# Widest gap to judge an interpolator over, and what build bridges [rest-frame d].
_WIDEST_TO_JUDGE, _WIDEST_TO_BUILD = 70.0, 40.0


@click.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SN...")
@click.option(
    "--interpolator",
    "names",
    multiple=True,
    default=("class_transport", "feature_transport", "wasserstein"),
    show_default=True,
    type=click.Choice(INTERPOLATORS),
    help="Which to judge, beside log_linear; may be given several times.",
)
@click.option(
    "--template",
    type=EXISTING,
    help="Series file of a class template: judge class_transport beside it too, as beside_template.",
)
@click.option(
    "--delivered",
    is_flag=True,
    help="Judge what build delivers, spectra, level, color and light curves, with one --interpolator.",
)
@click.option(
    "--max-gap", type=float, callback=positive, help="Widest gap to judge [rest-frame d]; 70, or 40 with --delivered."
)
@click.option(
    "-o",
    "--out",
    type=FOLDER,
    help="Folder for validation.txt and validation.png, with --delivered delivered.txt; only printed when left out.",
)
@drawing
@speaking
def validate(
    inputs: tuple[Path, ...], names: tuple[str, ...], template: Path | None, delivered: bool, max_gap: float | None,
    out: Path | None,
) -> None:  # fmt: skip
    """Leave-out test: hide the spectra in every gap, rebuild them, compare.

    Errors are given as a ratio to those of log-flux interpolation on the same spectra, by class and gap, with the noise
    floor (two spectra of neighboring nights) beside them. Every supernova counts the same.

    With --delivered it is the series of `build` that is judged, in five tables: hidden spectra beside the interpolator
    on two of them, level and color with their errors, hidden nights beside a Gaussian process per band, the table of
    `bandtest`, and steps of light curves. That is dozens of builds a supernova.

    Example: sntransport validate *.json.gz -o validation/
    """
    if delivered:
        _judge_delivered(inputs, names, template, max_gap, out)
    else:
        _judge_interpolators(inputs, names, template, max_gap, out)


def _judge_interpolators(
    inputs: tuple[Path, ...], names: tuple[str, ...], template: Path | None, max_gap: float | None, out: Path | None
) -> None:  # fmt: skip
    """Run the leave-out test of interpolators."""
    from sntransport._storage.atomic_files import write_text
    from sntransport.photometry.agreement import doubts
    from sntransport.reading import supernova
    from sntransport.report.figures.validation import ratio_figure
    from sntransport.spectra.observations import Supernova
    from sntransport.spectra.series_file import read_series
    from sntransport.validation import leave_out as judge
    from sntransport.validation import leave_out_scores

    family = {name: interpolator_named(name) for name in names}
    max_gap = max_gap or _WIDEST_TO_JUDGE
    family |= {} if template is None else {"beside_template": beside(template)}
    supernovae = [read_series(path) if is_series(path) else supernova.read_supernova(path) for path in inputs]
    for sn in supernovae:
        if isinstance(sn, Supernova):
            warn_of_doubts(sn.name, doubts(sn))
    shown = progress(supernovae, len(supernovae), "supernovae")
    triplets, floor = judge.judge(shown, family, max_gap=max_gap), judge.noise_floor(supernovae)
    if not triplets.n:
        raise ValueError(
            f"no spectrum lies between two others that cover it, at most {max_gap:g} d apart: nothing to judge"
        )
    found = [
        one
        for metric in leave_out_scores.metric_names()
        for one in leave_out_scores.score(triplets, floor, metric=metric)
    ]
    text = leave_out_scores.report_of_scores(found)
    say(text)
    files = []
    if out is not None:
        files.append(write_text(text, out / "validation.txt"))
        features = [one for one in found if one.metric == "feature"]
        files.append(save_figure(ratio_figure, out / "validation", features))
    for file in files:
        say(f"wrote {file}")
    conclude([{"inputs": inputs, "files": files, "scores": [asdict(one) for one in found]}])


def _judge_delivered(
    inputs: tuple[Path, ...], names: tuple[str, ...], template: Path | None, max_gap: float | None, out: Path | None
) -> None:  # fmt: skip
    """Run the tests of what `build` delivers; those that nothing can be judged by are left out."""
    from sntransport._storage.atomic_files import write_text
    from sntransport.photometry.agreement import doubts
    from sntransport.reading.supernova import read_supernova
    from sntransport.validation import delivered_scores as scores
    from sntransport.validation.delivered import judge_delivered
    from sntransport.validation.hidden_nights import judge_nights
    from sntransport.validation.photometric_test import judge_bands, precise_points
    from sntransport.validation.step_test import judge_steps

    if len(names) > 1 and click.get_current_context().get_parameter_source("names") != ParameterSource.DEFAULT:
        raise click.UsageError("--delivered judges build with one --interpolator")
    for path in inputs:
        if is_series(path):
            raise click.UsageError(f"--delivered builds series from spectra: {path} is a series, give the supernova")
    supernovae = [read_supernova(path) for path in inputs]
    for sn in supernovae:
        warn_of_doubts(sn.name, doubts(sn))
    interpolate = interpolator_named(names[0]) if template is None else beside(template)
    options: Any = {"interpolate": interpolate, "max_gap": max_gap or _WIDEST_TO_BUILD}

    def shown(test: str, judged: list[Supernova]) -> Generator[Supernova, None, None]:
        return progress(judged, len(judged), f"supernovae ({test})")

    hidden = judge_delivered(shown("hidden spectra", supernovae), **options)
    measured = [sn for sn in supernovae if precise_points(sn.light_curve)[0].mjd.size]
    nights = judge_nights(shown("hidden nights", measured), **options) if measured else None
    bands = judge_bands(shown("bands left out", measured), **options) if measured else None
    steps = judge_steps(shown("steps", supernovae), **options)
    spectra, level = scores.hidden_scores(hidden), scores.level_scores(hidden)
    by_night, largest = scores.night_scores(nights) if nights else [], scores.largest_steps(steps)
    text = scores.delivered_report(spectra, level, by_night, bands, largest)
    if not text:
        raise ValueError("no spectrum lies between two others, and there is no photometry: nothing to judge")
    say(text)
    files = [] if out is None else [write_text(text, out / "delivered.txt")]
    for file in files:
        say(f"wrote {file}")
    found: dict[str, list[Any]] = {"hidden": spectra, "level": level, "nights": by_night, "steps": largest}
    found["bands"] = scores.left_out_shares(bands) if bands else []
    told = {name: [asdict(one) for one in rows] for name, rows in found.items()}
    conclude([{"inputs": inputs, "files": files, **told}])


@click.command("bandtest")
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SN...")
@click.option(
    "-o",
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for bandtest.txt and bandtest.png; only printed when left out.",
)
@drawing
@speaking
def bandtest(inputs: tuple[Path, ...], out: Path | None) -> None:
    """Photometric test: share of observed photometry that series meet within 10 %.

    From the same spectra three series are built, scaled in V only, calibrated on all bands, and calibrated without the
    band that is judged; beside them the nearest spectrum within a day, not interpolated.

    Example: sntransport bandtest *.json.gz -o validation/
    """
    from sntransport._storage.atomic_files import write_text
    from sntransport.photometry.agreement import doubts
    from sntransport.reading import supernova
    from sntransport.report.figures import validation
    from sntransport.validation import photometric_test as judge
    from sntransport.validation.photometric_scores import JUDGED, all_shares, rejected_photometry, share_report

    supernovae = [supernova.read_supernova(path) for path in inputs]
    for sn in supernovae:
        warn_of_doubts(sn.name, doubts(sn))
    points = judge.judge_bands(progress(supernovae, len(supernovae), "supernovae"))
    text = share_report(points)
    say(text)
    files = []
    if out is not None:
        files.append(write_text(text, out / "bandtest.txt"))
        files.append(save_figure(validation.share_figure, out / "bandtest", points))
    for file in files:
        say(f"wrote {file}")
    found = all_shares(points) + all_shares(points, at_least=judge.FAR)
    found += [one for judged in JUDGED[1:] for one in all_shares(points, judged=judged)]
    outliers = [
        {"supernova": points.supernova[i], "band": points.band[i], "mjd": points.mjd[i]}
        for i in points.outlier.nonzero()[0]
    ]
    names = ("supernova", "band", "n_rejected", "n_points", "median_ratio")
    rejected = [dict(zip(names, row, strict=True)) for row in rejected_photometry(points)]
    shares = [asdict(one) for one in found]
    conclude([{"inputs": inputs, "files": files, "shares": shares, "outliers": outliers, "rejected": rejected}])
