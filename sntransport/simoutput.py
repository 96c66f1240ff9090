"""One population simulated chunk by chunk, each chunk written as it comes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import reduce
from pathlib import Path

import numpy as np

from sntransport import hdus
from sntransport.engine import simulate_chunks
from sntransport.files import atomic_path
from sntransport.lightcurves import LightCurves, Truth
from sntransport.simconfig import Job
from sntransport.simsummary import Tally, add, is_triggered, tally

Writer = Callable[[LightCurves, Path], Path]
"""``write(curves, stem)`` makes a file with an ending of its own and returns its path."""

_UNITS = {
    "distance_modulus": "mag", "mag_offset": "mag", "ebv_mw": "mag", "ebv_host": "mag", "ra": "deg", "dec": "deg",
    "mjd_ref": "d", "peak_mag": "mag", "peak_mjd": "d",
}  # fmt: skip


def run_job(
    job: Job, out: Path, write: Writer, chunk: int, done: Callable[[int], object] = lambda n: None
) -> tuple[Tally, list[Path]]:  # fmt: skip
    """Simulate a population and write the objects to be kept.

    Parameters
    ----------
    job : Job
    out : Path
        Folder.
    write : callable
        Called with each chunk that has objects to keep, and ``out / NAME-NNNNN``.
    chunk : int
        Objects at a time.
    done : callable
        Told the number of objects of each chunk.

    Returns
    -------
    tally : Tally
        Of all objects.
    paths : list of Path
        Files written; none where no object is kept.
    """
    paths: list[Path] = []

    def tallies() -> Iterator[Tally]:
        made = simulate_chunks(
            job.templates, job.surveys, job.population, n=job.n, seed=job.seed, chunk=chunk, **job.options
        )
        for number, curves in enumerate(made):
            kept = {"all": np.ones(curves.n_object, bool), "observed": np.diff(curves.offset) > 0}.get(job.keep)
            chosen = curves.take(is_triggered(curves) if kept is None else kept)
            if chosen.n_object:
                paths.append(write(chosen, out / f"{job.name}-{number:05d}"))
            done(curves.n_object)
            yield tally(job.name, curves, job.population.redshift.support)

    return reduce(add, tallies()), paths


def write_fits(curves: LightCurves, stem: Path) -> Path:
    """Light curves as one FITS file with the tables TRUTH, MEASUREMENTS, BANDS and TEMPLATES.

    Parameters
    ----------
    curves : LightCurves
    stem : Path
        ``.fits`` is added.

    Returns
    -------
    Path
        Row i of TRUTH has the measurements ``FIRST`` to ``FIRST + COUNT`` (from 0). The cosmology, the seed and all
        other entries of ``curves.meta`` are in the primary header's METADATA, as JSON.
    """
    from astropy.io import fits

    truth = {item.name: getattr(curves.truth, item.name) for item in fields(Truth)}
    truth |= {"first": curves.offset[:-1], "count": np.diff(curves.offset)}
    columns = {name: getattr(curves, name) for name in ("mjd", "band", "flux", "flux_err", "photflag")}
    primary = fits.PrimaryHDU()
    # Cards of long text are continued; that of cosmology is for those who only look.
    primary.header["METADATA"] = json.dumps(curves.meta)
    for name in ("H0", "Om0"):
        primary.header[name] = curves.meta["cosmology"][name]
    content = fits.HDUList(
        [
            primary,
            hdus.table("TRUTH", truth, _UNITS),
            hdus.table("MEASUREMENTS", columns, {"mjd": "d", "flux": "nJy", "flux_err": "nJy"}),
            hdus.table("BANDS", {"band": np.array(curves.bands), "survey": np.array(curves.surveys)}),
            hdus.table("TEMPLATES", {"name": np.array(curves.template_names), "type": np.array(curves.template_types)}),
        ]
    )
    path = stem.with_name(f"{stem.name}.fits")
    with atomic_path(path) as temporary:
        content.writeto(temporary)
    return path
