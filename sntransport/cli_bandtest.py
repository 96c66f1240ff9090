"""The command ``sntransport bandtest``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("bandtest")
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SN...")
@click.option(
    "-o",
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for bandtest.txt and bandtest.png; only printed when left out.",
)
def bandtest(inputs: tuple[Path, ...], out: Path | None) -> None:
    """Photometric test: share of observed photometry that series meet within 10 %.

    From the same spectra three series are built, scaled in V only, calibrated on all bands, and calibrated without the
    band that is judged; beside them the nearest spectrum within a day, not interpolated.
    """
    from tqdm import tqdm

    from sntransport import bandplots, batch, read
    from sntransport import bandtest as judge

    supernovae = [read.read_supernova(path) for path in inputs]
    shown = tqdm(supernovae, unit="SN", disable=None if len(inputs) > 1 else True, leave=False)
    points = judge.judge_bands(shown)
    text = judge.report(points)
    click.echo(text)
    if out is not None:
        click.echo(f"wrote {batch.write_text(text, out / 'bandtest.txt')}")
        click.echo(f"wrote {batch.write_figure(bandplots.share_figure(points), out / 'bandtest.png')}")
