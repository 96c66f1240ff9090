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
from sntransport._storage.config_schema import checked
from sntransport._storage.planned_config import ChangedInputError, PlannedConfig, json_values, plan_config, unchanged
from sntransport._storage.shards import Made, Plan, run_shards
from sntransport._version import __version__
from sntransport.simulation.config import Job, jobs_of
from sntransport.simulation.config_keys import SIMULATION
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
    """Where a job comes from, so that a worker makes the very one that was planned: `plan_jobs` makes them.

    It is number ``index`` of the populations in ``planned``; ``objects`` and ``seed`` stand in place of the file's.
    """

    planned: PlannedConfig
    index: int
    objects: int | None = None
    seed: int | None = None
    true_flux: bool = False

    def job(self) -> Job:
        """The job, read once in a process; with true fluxes where the format needs them, whatever the file says.

        Raises
        ------
        ChangedInputError
            Where a file that it is made of is not what it was.
        """
        job = _jobs(self.planned, self.objects, self.seed)[self.index]
        return replace(job, options=job.options | {"true_flux": True}) if self.true_flux else job

    def inputs(self) -> dict[str, Any]:
        """The keys of the configuration that this job depends on, and the checksums of the files in them."""
        values = dict(checked(self.planned.section(), SIMULATION).values)
        # Where the work is done changes nothing of it.
        del values["slurm"]
        values["population"] = dict(values["population"][self.index])
        for table, key, value in ((values["population"], "objects", self.objects), (values, "seed", self.seed)):
            table[key] = table[key] if value is None else value
        return {"configuration": json_values(values), "files": self.planned.checksums(values)}


def plan_jobs(config: Path, objects: int | None = None, seed: int | None = None) -> tuple[JobSource, ...]:
    """The jobs of a configuration as it is now, one a population; parameters as for `read_simulation`.

    Raises
    ------
    ReadError
        As `read_simulation`.
    ChangedInputError
        Where a file changes while it is read.
    """
    planned = plan_config(config)
    n = len(_jobs(planned, objects, seed))
    return tuple(JobSource(planned=planned, index=i, objects=objects, seed=seed) for i in range(n))


# The jobs of one configuration share their surveys. Two: the next is read before the last is let go of.
@lru_cache(maxsize=2)
def _jobs(planned: PlannedConfig, objects: int | None, seed: int | None) -> tuple[Job, ...]:
    with unchanged(planned):
        return jobs_of(planned.section(), objects, seed)


def run_job(
    source: JobSource, out: Path, write: Writer, chunk: int, done: Callable[[int], object] = lambda n: None, *,
    kind: str = "fits", also: Mapping[str, Any] | None = None, executor: Executor | None = None, n_worker: int = 1,
) -> tuple[Tally, list[Path]]:  # fmt: skip
    """Simulate a population in shards and write the objects to be kept.

    Parameters
    ----------
    source : JobSource
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
    ChangedInputError
        Where this process or a worker finds other inputs than were planned; it makes nothing of them.
    """
    job = source.job()
    first = first_objects(job)
    most = min(chunk, job.n)
    require_memory(
        _COPIES * _estimate(replace(job, n=most, keep="all"), first),
        f"{job.name}: {most} objects at once",
        "make the chunks smaller (--chunk)",
    )
    plan = Plan(n=job.n, size=chunk, inputs=fingerprint(source, first) | {"format": kind, **(also or {})})
    work = partial(_simulate_shards, source=source, write=write, out=out, plan=plan)
    entries = run_shards(
        out, plan, work, executor=executor, n_worker=n_worker, n_byte=_estimate(job, first), done=done
    )  # fmt: skip
    # The first light curves that trigger are looked for among the first objects.
    begun = tally(job.name, first, job.population.redshift.support)
    made = reduce(add, (from_numbers(begun, entry["extra"]) for entry in entries))
    paths = [out / file["name"] for entry in entries for file in entry["files"]]
    return replace(made, examples=begun.examples), paths


def contents(job: Job) -> dict[str, str]:
    """Checksums of templates and surveys as they are in memory, whatever they were made from."""
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
    for survey in job.surveys if job.options.get("selection") is not None else ():
        digest.update(survey.field.tobytes() + repr(sorted(survey.field_names.items())).encode())
    return {"templates_sha256": templates, "surveys_sha256": digest.hexdigest()}


def fingerprint(source: JobSource, first: LightCurves) -> dict[str, Any]:
    """Everything that the light curves of a job depend on, as JSON values; ``first`` are some of them."""
    job, meta = source.job(), first.meta
    told = {name: meta[name] for name in meta if name not in ("n_generated", "surveys", "rejected")}
    return {
        "version": __version__, "population": job.name, "first_id": job.first_id, **source.inputs(),
        "derived": {
            **contents(job), "bands": [list(pair) for pair in zip(first.bands, first.surveys, strict=True)],
            "simulation": json_values(told),
        },
    }  # fmt: skip


def _require_planned(job: Job, plan: Plan) -> None:
    """Make sure that templates and surveys are the same here as where the run was planned.

    What is not in a file that the configuration names, such as a template of another package, may differ among hosts.
    """
    planned = plan.inputs["derived"]
    for name, found in contents(job).items():
        if found != planned[name]:
            what = name.partition("_")[0]
            raise ChangedInputError(
                f"{job.name}: the {what} of this worker are not those of the plan (SHA-256 {found[:12]}, planned "
                f"{planned[name][:12]}); install the same packages and data everywhere"
            )


def _simulate_shards(
    first: int, last: int, *, source: JobSource, write: Writer, out: Path, plan: Plan
) -> Iterator[tuple[int, Made]]:  # fmt: skip
    """Make shards; for `run_shards`."""
    job = source.job()
    _require_planned(job, plan)
    objects = plan.objects(first)[0], plan.objects(last - 1)[1]
    chunks = _chunks(job, objects, plan.size)
    for number, curves in zip(range(first, last), chunks, strict=True):
        chosen = _kept(curves, job.keep)
        written = write(chosen, out / f"shard-{number:05d}") if chosen.n_object else ()
        files = (written,) if isinstance(written, Path) else tuple(written)
        counts = counts_of(tally(job.name, curves, job.population.redshift.support))
        yield number, Made(files=files, objects=chosen.n_object, rows=chosen.n_obs, extra=counts)


def first_objects(job: Job) -> LightCurves:
    """The first block of a job's objects: what cannot be measured, selected or noticed fails here.

    Raises
    ------
    ValueError
        With the name of the population, such as for a cut on what its truth does not have.
    """
    try:
        return next(_chunks(job, (0, min(job.n, BLOCK)), BLOCK))
    except ValueError as error:
        raise ValueError(f"population {job.name!r}: {error}") from error


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
    # astropy takes a quote and a slash for the end of a card's value; within JSON a quote may be written otherwise.
    primary.header["METADATA"] = json.dumps(curves.meta).replace("'", "\\u0027")
    for name, value in curves.meta.get("cosmology", {}).items():
        if name in ("H0", "Om0"):
            primary.header[name] = value
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
