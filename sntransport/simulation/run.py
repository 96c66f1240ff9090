"""One population simulated in shards, each written as it comes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._numerics.limits import require_memory
from sntransport._storage import fits_tables
from sntransport._storage.atomic_files import atomic_path
from sntransport._storage.shards import Made, Plan, run_shards
from sntransport._version import __version__
from sntransport.simulation.config import Job, read_simulation
from sntransport.simulation.engine import simulate_chunks
from sntransport.simulation.events.class_codes import class_columns
from sntransport.simulation.light_curves import LightCurves
from sntransport.simulation.random_streams import BLOCK
from sntransport.simulation.selected import selected
from sntransport.simulation.summary import Tally, add, counts_of, from_numbers, is_triggered, tally

if TYPE_CHECKING:
    from concurrent.futures import Executor

Writer = Callable[[LightCurves, Path], Path | tuple[Path, ...]]
"""``write(curves, stem)`` makes files with endings of their own and returns their paths."""

# Options that the fingerprint has in other ways: as bytes, or in the metadata of the light curves.
_DIGESTED = ("efficiency", "noise", "selection")
# Of one measurement and of one object in the least compact of the formats.
ROW_BYTES, OBJECT_BYTES = 48, 600
# What one chunk is held in at once: as drawn, as measured, as chosen and as written.
_COPIES = 4

_UNITS = {
    "distance_modulus": "mag", "mag_offset": "mag", "ebv_mw": "mag", "ebv_host": "mag", "ra": "deg", "dec": "deg",
    "mjd_ref": "d", "peak_mag": "mag", "peak_mjd": "d", "host_ra": "deg", "host_dec": "deg",
    "host_separation": "arcsec",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class JobSource:
    """Where a job comes from, so that a worker can make it again: `read_simulation` of these, the job ``index``."""

    config: Path
    index: int
    objects: int | None = None
    seed: int | None = None
    true_flux: bool = False

    def job(self) -> Job:
        """The job, read once in a process; with true fluxes where the format needs them, whatever the file says."""
        job = _jobs(self.config, self.objects, self.seed)[self.index]
        return replace(job, options=job.options | {"true_flux": True}) if self.true_flux else job


@lru_cache(maxsize=2)
def _jobs(config: Path, objects: int | None, seed: int | None) -> tuple[Job, ...]:
    return read_simulation(config, objects, seed)


def run_job(
    source: JobSource, out: Path, write: Writer, chunk: int, done: Callable[[int], object] = lambda n: None, *,
    kind: str = "fits", also: Mapping[str, Any] | None = None, executor: Executor | None = None, n_worker: int = 1,
) -> tuple[Tally, list[Path]]:  # fmt: skip
    """Simulate a population in shards and write the objects to be kept.

    Parameters
    ----------
    source : Source
    out : Path
        Folder of this population; `sntransport._storage.shards` says what is in it and how a killed run goes on.
    write : callable
        Called with the objects to keep of each shard that has some, and ``out / shard-NNNNN``.
    chunk : int
        Objects of a shard, before any are left out.
    done : callable
        Told the number of objects of each shard.
    kind : str
        Name of the format, which the manifest keeps.
    also : mapping, optional
        What else the files depend on, such as codes (JSON values), which it keeps, too.
    executor, n_worker
        See `sntransport._storage.shards.run_shards`.

    Returns
    -------
    tally : Tally
        Of all objects.
    paths : list of Path
        Files written; none where no object is kept.

    Raises
    ------
    OSError, ValueError
        As `sntransport._storage.shards.run_shards`.
    """
    job = source.job()
    first = next(_chunks(job, (0, min(job.n, BLOCK)), BLOCK))
    most = min(chunk, job.n)
    require_memory(
        _COPIES * _estimate(replace(job, n=most, keep="all"), first),
        f"{job.name}: {most} objects at once",
        "make the chunks smaller (--chunk)",
    )
    plan = Plan(n=job.n, size=chunk, inputs=fingerprint(job, first) | {"format": kind, **(also or {})})
    work = partial(_simulate_shards, source=source, write=write, out=out, plan=plan)
    entries = run_shards(
        out, plan, work, executor=executor, n_worker=n_worker, n_byte=_estimate(job, first), done=done
    )  # fmt: skip
    # The first light curves that trigger are looked for among the first objects.
    begun = tally(job.name, first, job.population.redshift.support)
    made = reduce(add, (from_numbers(begun, entry["extra"]) for entry in entries))
    paths = [out / file["name"] for entry in entries for file in entry["files"]]
    return replace(made, examples=begun.examples), paths


def fingerprint(job: Job, first: LightCurves) -> dict[str, Any]:
    """Everything that the light curves of a job depend on, as JSON values; ``first`` are some of them."""
    digest = hashlib.sha256()
    for series in job.templates:
        for array in (series.phase, series.wave, series.flux):
            digest.update(array.tobytes())
        digest.update(f"{series.name}|{series.sn_type}".encode())
    templates = digest.hexdigest()
    for survey in job.surveys:
        for name in ("mjd", "band", "ra", "dec", "background", "photons_per_njy", "saturation", "zero_point_error",
                     "calibration_floor", "template_noise"):  # fmt: skip
            digest.update(getattr(survey, name).tobytes())
        for name, column in sorted(survey.more.items()):
            digest.update(name.encode() + column.tobytes())
        digest.update(repr((survey.name, survey.bands, survey.radius)).encode())
    meta = first.meta
    options = {name: repr(value) for name, value in sorted(job.options.items()) if name not in _DIGESTED}
    selection = job.options.get("selection")
    if selection is not None and selection.fields:
        for survey in job.surveys:
            digest.update(survey.field.tobytes() + repr(sorted(survey.field_names.items())).encode())
    efficiency = job.options.get("efficiency")
    if efficiency is not None:
        digest.update(efficiency.snr.tobytes() + efficiency.probability.tobytes())
    return {
        "version": __version__, "population": job.name, "seed": job.seed, "first_id": job.first_id, "keep": job.keep,
        "options": options,
        "templates_sha256": templates, "surveys_sha256": digest.hexdigest(),
        "simulation": {name: meta[name] for name in meta if name not in ("n_generated", "surveys", "rejected")},
    }  # fmt: skip


def _simulate_shards(
    first: int, last: int, *, source: JobSource, write: Writer, out: Path, plan: Plan
) -> Iterator[tuple[int, Made]]:  # fmt: skip
    """Make shards; for `run_shards`."""
    job = source.job()
    objects = plan.objects(first)[0], plan.objects(last - 1)[1]
    chunks = _chunks(job, objects, plan.size)
    for number, curves in zip(range(first, last), chunks, strict=True):
        chosen = _kept(curves, job.keep)
        written = write(chosen, out / f"shard-{number:05d}") if chosen.n_object else ()
        files = (written,) if isinstance(written, Path) else tuple(written)
        counts = counts_of(tally(job.name, curves, job.population.redshift.support))
        yield number, Made(files=files, objects=chosen.n_object, rows=chosen.n_obs, extra=counts)


def _chunks(job: Job, objects: tuple[int, int], chunk: int) -> Iterator[LightCurves]:
    return simulate_chunks(
        job.templates, job.surveys, job.population, n=job.n, seed=job.seed, chunk=chunk, objects=objects,
        first_id=job.first_id, **job.options,
    )  # fmt: skip


def _kept(curves: LightCurves, keep: str) -> LightCurves:
    """The objects that are written."""
    if keep == "selected":
        return selected(curves)
    kept = {"all": np.ones(curves.n_object, bool), "observed": np.diff(curves.offset) > 0}.get(keep)
    return curves.take(is_triggered(curves) if kept is None else kept)


def _estimate(job: Job, first: LightCurves) -> int:
    """About how many bytes all light curves of a job will have, by its first."""
    kept = first if job.keep == "observed" else _kept(first, job.keep)
    return int((ROW_BYTES * kept.n_obs + OBJECT_BYTES * kept.n_object) / first.n_object * job.n)


def write_fits(curves: LightCurves, stem: Path, *, class_codes: Mapping[str, int] | None = None) -> Path:
    """Light curves as one FITS file with the tables TRUTH, MEASUREMENTS, BANDS and TEMPLATES.

    Parameters
    ----------
    curves : LightCurves
    stem : Path
        ``.fits`` is added.
    class_codes : mapping of str to int, optional
        Number of each class or type; see `sntransport.simulation.events.class_codes.class_columns`.

    Returns
    -------
    Path
        Row i of TRUTH has the measurements ``FIRST`` to ``FIRST + COUNT`` (from 0), and its CLASS, CLASS_CODE and TYPE.
        The cosmology, the seed and all
        other entries of ``curves.meta`` are in the primary header's METADATA, as JSON.
    """
    from astropy.io import fits

    truth = curves.truth.columns() | class_columns(curves.template_types, curves.truth.template, class_codes)
    truth |= {"first": curves.offset[:-1], "count": np.diff(curves.offset)}
    columns = {name: getattr(curves, name) for name in curves.measured}
    units = {"mjd": "d", **{name: "nJy" for name in columns if "flux" in name}}
    primary = fits.PrimaryHDU()
    # Cards of long text are continued; that of cosmology is for those who only look.
    primary.header["METADATA"] = json.dumps(curves.meta)
    for name in ("H0", "Om0"):
        primary.header[name] = curves.meta["cosmology"][name]
    content = fits.HDUList(
        [
            primary,
            fits_tables.table_hdu("TRUTH", truth, {name: unit for name, unit in _UNITS.items() if name in truth}),
            fits_tables.table_hdu("MEASUREMENTS", columns, units),
            fits_tables.table_hdu("BANDS", {"band": np.array(curves.bands), "survey": np.array(curves.surveys)}),
            fits_tables.table_hdu(
                "TEMPLATES", {"name": np.array(curves.template_names), "type": np.array(curves.template_types)}
            ),
        ]
    )
    path = stem.with_name(f"{stem.name}.fits")
    with atomic_path(path) as temporary:
        temporary.write_bytes(fits_tables.to_bytes(content))
    return path
