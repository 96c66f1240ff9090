"""The commands ``validate`` and ``bandtest``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from sntransport.cli.console import (
    EXISTING,
    FOLDER,
    INTERPOLATORS,
    conclude,
    interpolator_named,
    is_series,
    positive,
    progress,
    say,
    speaking,
    warn_of_doubts,
)
from sntransport.cli.template import beside


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
    "--max-gap", default=70.0, show_default=True, callback=positive, help="Widest gap to judge [rest-frame d]."
)
@click.option(
    "-o", "--out", type=FOLDER, help="Folder for validation.txt and validation.png; only printed when left out."
)
@speaking
def validate(
    inputs: tuple[Path, ...], names: tuple[str, ...], template: Path | None, max_gap: float, out: Path | None
) -> None:  # fmt: skip
    """Leave-out test: hide the spectra in every gap, rebuild them, compare.

    Errors are given as a ratio to those of log-flux interpolation on the same spectra, by class and gap, with the noise
    floor (two spectra of neighboring nights) beside them. Every supernova counts the same.
    """
    from sntransport._storage.atomic_files import write_text
    from sntransport.photometry.agreement import doubts
    from sntransport.reading import supernova
    from sntransport.report.figures.style import write_figure
    from sntransport.report.figures.validation import ratio_figure
    from sntransport.spectra.observations import Supernova
    from sntransport.spectra.series_file import read_series
    from sntransport.validation import leave_out as judge
    from sntransport.validation import leave_out_scores

    family = {name: interpolator_named(name) for name in names}
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
        figure = ratio_figure([one for one in found if one.metric == "feature"])
        files.append(write_figure(figure, out / "validation.png"))
    for file in files:
        say(f"wrote {file}")
    conclude([{"inputs": inputs, "files": files, "scores": [asdict(one) for one in found]}])


@click.command("bandtest")
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SN...")
@click.option(
    "-o",
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for bandtest.txt and bandtest.png; only printed when left out.",
)
@speaking
def bandtest(inputs: tuple[Path, ...], out: Path | None) -> None:
    """Photometric test: share of observed photometry that series meet within 10 %.

    From the same spectra three series are built, scaled in V only, calibrated on all bands, and calibrated without the
    band that is judged; beside them the nearest spectrum within a day, not interpolated.
    """
    from sntransport._storage.atomic_files import write_text
    from sntransport.photometry.agreement import doubts
    from sntransport.reading import supernova
    from sntransport.report.figures import validation
    from sntransport.report.figures.style import write_figure
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
        files.append(write_figure(validation.share_figure(points), out / "bandtest.png"))
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
