"""A training set of any size: three passes, each in shards, so that a killed run goes on and memory stays as it is.

First the templates are made. Then all light curves are simulated, a block at a time, of which only 20 bytes are kept of
each that may be chosen. What these say together is little; with it, the light curves of each shard are simulated once
more, chosen and written. The first two passes leave their files in a folder that goes when all is done.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.atomic_files import atomic_path
from sntransport._storage.config_schema import checked
from sntransport._storage.folder_lock import locked
from sntransport._storage.planned_config import (
    ChangedInputError,
    PlannedConfig,
    json_values,
    plan_config,
    unchanged,
)
from sntransport._storage.shards import Made, Plan, PlanError, run_shards
from sntransport._storage.tables import write_table
from sntransport._version import __version__
from sntransport.augmentation.config import AUGMENTATION, augmentation_of
from sntransport.augmentation.setup import Setup, events, mixing, set_up, templates
from sntransport.augmentation.training_set import CANDIDATE, Candidates, Settled, TrainingSet, settle
from sntransport.augmentation.training_set_file import template_columns, write_split
from sntransport.augmentation.training_templates import TrainingTemplate
from sntransport.simulation.events.class_codes import Codes
from sntransport.simulation.light_curves import LightCurves, concatenate
from sntransport.simulation.random_streams import BLOCK
from sntransport.simulation.run import OBJECT_BYTES, ROW_BYTES, Writer
from sntransport.spectra.series_file import read_series, write_series

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Executor

    from sntransport.simulation.events.population import Population
    from sntransport.simulation.surveys.survey import Survey

_WORK, _TEMPLATES, _LOOK = "_work", "templates", "candidates"
# The key whose texts may name folders.
_SERIES = "series"
# Shards of the second pass: blocks of each, and how many shards at most, as the manifest is in memory.
_LEAST_BLOCKS, _MOST_LOOKS = 8, 4096

Entries = list[dict[str, Any]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Needs:
    """What the files of a training set need besides its light curves.

    ``codes`` of classes and bands are kept in the manifest, and `write_split` uses those of the classes; ``true_flux``
    is whether the true fluxes are needed, whatever the configuration says; ``check(names, types)`` is called with all
    templates when they are made (None: it is not), and raises where the files cannot hold them.
    """

    codes: Codes = field(default_factory=Codes)
    true_flux: bool = False
    check: Callable[[Sequence[str], Sequence[str]], object] | None = None


@dataclass(frozen=True, kw_only=True)
class TrainingSource:
    """Where a training set comes from, so that a worker makes any part of the one that was planned.

    ``planned`` is the configuration, from `plan_augmentation`; ``work`` the folder of the first two passes; ``kind``
    the name of the format. ``true_flux``: whatever the configuration says, keep them; ``classes`` are the numbers of
    the classes.
    """

    planned: PlannedConfig
    work: Path
    kind: str
    true_flux: bool = False
    classes: tuple[tuple[str, int], ...] = ()

    @property
    def told(self) -> dict[str, str]:
        """What goes into files: the name of the configuration, a checksum of all inputs, version and format."""
        inputs = json.dumps(self.inputs(), sort_keys=True)
        return {
            "config": self.planned.path.name, "sha256": sha256(inputs.encode()).hexdigest(), "version": __version__,
            "format": self.kind,
        }  # fmt: skip

    def inputs(self) -> dict[str, Any]:
        """The configuration and the checksums of the files that it names."""
        values = dict(checked(self.planned.section(), AUGMENTATION).values)
        # Where the work is done changes nothing of it.
        del values["slurm"]
        return {"configuration": json_values(values), "files": self.planned.checksums()}

    def events(self) -> tuple[dict[str, dict[str, Any]], tuple[Survey, ...], Population]:
        """The configuration, its surveys and its population; read once in a process.

        Raises
        ------
        ChangedInputError
            Where a file that they are made of is not what it was.
        """
        return events_of(self.planned)

    def setup(self) -> Setup:
        """What makes and chooses light curves, with the templates of the first pass; read once in a process."""
        return _setup(self)


@answers_mistakes
def plan_augmentation(config: Path) -> PlannedConfig:
    """A configuration as it is now, with the files that it names, also those in folders of supernovae.

    Raises
    ------
    ReadError
        As `sntransport.augmentation.config.read_augmentation`.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from pathlib import Path
    >>> from sntransport.augmentation import plan_augmentation
    >>> from sntransport.cli.supernovae.demo import template
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> snt.write_series(replace(series, name="SN2030a"), "SN2030a.fits")
    >>> lines = ['series = ["SN2030a.fits"]', "[[survey]]", 'source = "ztf"', "years = 0.3", "[population]"]
    >>> lines += ["redshift = { uniform = [0.02, 0.05] }", "[simulation]", "n = 50", "[split]", "train = 1.0"]
    >>> np.savetxt("training.toml", [*lines, "[target.train]", "Ia = 5"], fmt="%s")
    >>> planned = plan_augmentation(Path("training.toml"))
    >>> type(planned).__name__
    'PlannedConfig'
    """
    planned = plan_config(config, folders=(_SERIES,))
    augmentation_of(planned.section())
    return planned


def _of_light_curves(planned: PlannedConfig) -> dict[str, Any]:
    """What is read for light curves once there are templates: all but the series."""
    return {key: value for key, value in planned.section().values.items() if key != _SERIES}


@lru_cache(maxsize=2)
def events_of(planned: PlannedConfig) -> tuple[dict[str, dict[str, Any]], tuple[Survey, ...], Population]:
    """A configuration, its surveys and its population.

    Raises
    ------
    ReadError, ValueError
        Where one cannot be read, or a value is wrong.
    ChangedInputError
        Where a file that they are made of is not what it was.
    """
    given = augmentation_of(planned.section())
    with unchanged(planned, _of_light_curves(planned)):
        return given, *events(given, planned.path)


@lru_cache(maxsize=2)
def _setup(source: TrainingSource) -> Setup:
    given, surveys, population = source.events()
    simulation = given["simulation"] | ({"true_flux": True} if source.true_flux else {})
    made = _read_templates(source.work / _TEMPLATES)
    with unchanged(source.planned, _of_light_curves(source.planned)):
        return set_up(given | {"simulation": simulation}, surveys, population, made, source.planned.path)


@answers_mistakes
def run_augmentation(
    planned: PlannedConfig, out: Path, write: Writer | None, chunk: int, *, kind: str = "fits",
    needs: Needs | None = None, executor: Executor | None = None, n_worker: int = 1,
    progress: Callable[[str, int], Callable[[int], object]],
) -> Entries:  # fmt: skip
    """Make a training set in shards.

    Parameters
    ----------
    planned : PlannedConfig
        From `plan_augmentation`; see `sntransport.augmentation.config` for what is in it.
    out : Path
        See `sntransport._storage.shards` for what is in it and how a run that was killed goes on.
    write : callable, optional
        Called with the objects of one split in each shard, and ``out / SPLIT-NNNNN``. Default: `write_split`.
    chunk : int
        Objects of a shard, of all splits together.
    needs : Needs, optional
        Of the files.
    kind : str
        Name of the format, which the manifest keeps.
    executor, n_worker
        See `sntransport._storage.shards.run_shards`.
    progress : callable
        ``f(what, n) -> done``: begins a pass of ``n`` objects; ``done`` is told how many more there are.

    Returns
    -------
    list of dict
        Entries of the manifest; ``extra`` has the objects of each split, that of the first shard the notes, and the
        bands with their surveys, too.

    Raises
    ------
    LeakError, ValueError
        Where a supernova would be in two splits, or there are fewer objects than asked for: nothing is written.
    ChangedInputError
        Where this process or a worker finds other inputs than were planned; it makes nothing of them.
    BusyError, PlanError, OSError
        As `sntransport._storage.shards.run_shards`.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from pathlib import Path
    >>> from sntransport.augmentation import plan_augmentation, run_augmentation
    >>> from sntransport.cli.supernovae.demo import template
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> snt.write_series(replace(series, name="SN2030a"), "SN2030a.fits")
    >>> lines = ['series = ["SN2030a.fits"]', "[[survey]]", 'source = "ztf"', "years = 0.3", "[population]"]
    >>> lines += ["redshift = { uniform = [0.02, 0.05] }", "[simulation]", "n = 50", "[split]", "train = 1.0"]
    >>> np.savetxt("training.toml", [*lines, "[target.train]", "Ia = 5"], fmt="%s")
    >>> planned = plan_augmentation(Path("training.toml"))
    >>> quiet = lambda what, n: lambda done: None
    >>> entries = run_augmentation(planned, Path("training"), None, 1000, progress=quiet)
    >>> sorted(path.name for path in Path("training").glob("*.fits"))
    ['train-00000.fits']
    """
    given = augmentation_of(planned.section())
    n = sum(max(count, 0) for classes in given["target"].values() for count in classes.values())
    if n < 1:
        raise ValueError(f"{planned.path}: [target] asks for no light curve; ask for one or more of a class")
    needs = Needs() if needs is None else needs
    source = TrainingSource(
        planned=planned, work=(out / _WORK).absolute(), kind=kind, true_flux=needs.true_flux,
        classes=tuple(needs.codes.classes.items()),
    )  # fmt: skip
    common = {"version": __version__, **source.inputs()}
    plan = Plan(n=n, size=chunk, inputs={**common, "format": kind, "codes": needs.codes.told()})
    if (out / "_SUCCESS").is_file():
        entries = run_shards(out, plan, _nothing)
        shutil.rmtree(out / _WORK, ignore_errors=True)
        return entries
    with _workplace(out) as work:
        if (out / "_SUCCESS").is_file():
            # Another run was faster.
            return run_shards(out, plan, _nothing)
        try:
            entries = _passes(
                source, out, write, plan=plan, common=common, check=needs.check, executor=executor,
                n_worker=n_worker, progress=progress,
            )  # fmt: skip
        except (PlanError, ChangedInputError):
            raise
        except ValueError:
            # The same input would fail again: there is nothing to go on with.
            shutil.rmtree(work, ignore_errors=True)
            raise
        # The lock in it is open still, which keeps the folder on NFS.
        shutil.rmtree(work, ignore_errors=True)
    return entries


def _passes(
    source: TrainingSource, out: Path, write: Writer | None, *, plan: Plan, common: Mapping[str, Any],
    check: Callable[[Sequence[str], Sequence[str]], object] | None, executor: Executor | None, n_worker: int,
    progress: Callable[[str, int], Callable[[int], object]],
) -> Entries:  # fmt: skip
    """All three; ``common`` is what the first two depend on, which is neither the format nor how the set is cut."""
    given, _, _ = source.events()
    n = given["simulation"]["n"]
    if n < 1:
        raise ValueError(f"{source.planned.path}: [simulation] n is {n}, expected 1 or more")
    run_shards(source.work / _TEMPLATES, Plan(n=1, size=1, inputs=common), partial(_make_templates, source))
    if check is not None:
        series = [one.series for one in _read_templates(source.work / _TEMPLATES)]
        check([one.name for one in series], [one.sn_type for one in series])
    size = BLOCK * max(_LEAST_BLOCKS, -(-n // (BLOCK * _MOST_LOOKS)))
    looks = run_shards(
        source.work / _LOOK, Plan(n=n, size=size, inputs=common), partial(_look, source, size, n), executor=executor,
        n_worker=n_worker, n_byte=CANDIDATE.itemsize * n, done=progress("simulating", n),
    )  # fmt: skip
    paths = [source.work / _LOOK / file["name"] for look in looks for file in look["files"]]
    setup = source.setup()
    settled = settle(lambda: map(_read_candidates, paths), setup.rule.quota, plan.size)
    counts = {name: _sums([look["extra"]["splits"][name] for look in looks]) for name in setup.rule.target}
    notes = (_kinds(setup.rule.templates), *setup.rule.notes(counts))
    rows = sum(look["rows"] for look in looks) / max(sum(look["objects"] for look in looks), 1)
    work = partial(_write_shards, source=source, out=out, write=write, plan=plan, settled=settled, notes=notes)
    return run_shards(
        out, plan, work, executor=executor, n_worker=n_worker,
        n_byte=int(plan.n * (OBJECT_BYTES + rows * ROW_BYTES)), done=progress("writing", plan.n),
    )  # fmt: skip


@contextmanager
def _workplace(out: Path) -> Iterator[Path]:
    """The folder of the first two passes, held by this run; folders that stay empty are not left behind."""
    work, new = out / _WORK, not out.exists()
    work.mkdir(parents=True, exist_ok=True)
    try:
        with locked(work):
            yield work
    finally:
        for folder in (work, out) if new else (work,):
            # Not where anything is in it, or another run has come or gone meanwhile.
            with suppress(OSError):
                folder.rmdir()


def _make_templates(source: TrainingSource, first: int, last: int) -> Iterator[tuple[int, Made]]:
    given, _, _ = source.events()
    with unchanged(source.planned, {_SERIES: given[""][_SERIES]}):
        made = templates(given, source.planned.path, mixing(given["templates"]["barycenter"]))
    folder, paths = source.work / _TEMPLATES, []
    for i, one in enumerate(made):
        paths.append(folder / f"template-{i:05d}.fits")
        write_series(one.series, paths[-1])
    rows = [{"parents": one.parents, "split": one.split, "kind": one.kind, "notes": one.notes} for one in made]
    with atomic_path(folder / "templates.json") as temporary:
        temporary.write_text(json.dumps(rows), encoding="utf-8")
    yield 0, Made(files=(*paths, folder / "templates.json"), objects=len(made), rows=0, extra={})


def _read_templates(folder: Path) -> tuple[TrainingTemplate, ...]:
    rows = json.loads((folder / "templates.json").read_text(encoding="utf-8"))
    return tuple(
        TrainingTemplate(
            series=read_series(folder / f"template-{i:05d}.fits"),
            parents=tuple(row["parents"]),
            split=row["split"],
            kind=row["kind"],
            notes=tuple(row["notes"]),
        )
        for i, row in enumerate(rows)
    )


def _look(source: TrainingSource, size: int, n: int, first: int, last: int) -> Iterator[tuple[int, Made]]:
    """Simulate and keep what may be chosen; for `run_shards`."""
    setup = source.setup()
    parts = setup.parts(first * size, min(last * size, n))
    per_shard = size // BLOCK
    for number in range(first, last):
        n_block = min(per_shard, -(-(n - number * size) // BLOCK))
        found, counts, n_object, rows = list[Candidates](), list[dict[str, tuple[int, int]]](), 0, 0
        for _ in range(n_block):
            curves = next(parts)
            candidates, count = setup.rule.look(curves)
            found.append(candidates)
            counts.append(count)
            n_object, rows = n_object + curves.n_object, rows + curves.n_obs
        path = source.work / _LOOK / f"candidates-{number:05d}.npy"
        with atomic_path(path) as temporary:
            np.save(temporary, np.concatenate(found))
        splits = {name: _sums([count[name] for count in counts]) for name in setup.rule.target}
        yield number, Made(files=(path,), objects=n_object, rows=rows, extra={"splits": splits})


def _read_candidates(path: Path) -> Candidates:
    return np.asarray(np.load(path))


def _sums(pairs: list[Any]) -> tuple[int, int]:
    """Sums of pairs of counts."""
    return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)


def _kinds(made: tuple[TrainingTemplate, ...]) -> str:
    kinds = [one.kind for one in made]
    return ", ".join(f"{kinds.count(one)} {one} templates" for one in ("source", "mixture", "draw"))


def _write_shards(
    first: int, last: int, *, source: TrainingSource, out: Path, write: Writer | None, plan: Plan, settled: Settled,
    notes: tuple[str, ...],
) -> Iterator[tuple[int, Made]]:  # fmt: skip
    """Simulate, choose and write; for `run_shards`."""
    setup = source.setup()
    parts = setup.parts(settled.first[first] // BLOCK * BLOCK, settled.last[last - 1] + 1)
    held: list[LightCurves] = []
    for number in range(first, last):
        low, high = plan.objects(number)
        while sum(one.n_object for one in held) < high - low:
            chosen = setup.rule.take(next(parts), settled)
            # How many objects of a part a selection rejected says nothing of those that are chosen for a shard.
            chosen = replace(chosen, meta={key: value for key, value in chosen.meta.items() if key != "rejected"})
            held.append(chosen.take(chosen.truth.object_id >= settled.first[first]))
        whole = concatenate(held)
        held = [whole.take(np.arange(high - low, whole.n_object))]
        yield (
            number,
            _write(
                source, out, write, setup=setup, curves=whole.take(np.arange(high - low)), notes=notes, number=number
            ),
        )


def _write(
    source: TrainingSource, out: Path, write: Writer | None, *, setup: Setup, curves: LightCurves,
    notes: tuple[str, ...], number: int,
) -> Made:  # fmt: skip
    """Write one shard, a file or more for each split; the templates go with the first."""
    from astropy.table import Table

    made, told = setup.rule.templates, source.told
    whole = TrainingSet(light_curves=curves, templates=made, notes=notes)
    files: list[Path] = []
    counts = {name: int((whole.split == name).sum()) for name in sorted(setup.rule.target)}
    for split in (name for name, count in counts.items() if count):
        stem = out / f"{split}-{number:05d}"
        if write is None:
            files.append(
                write_split(whole, split, stem.with_name(f"{stem.name}.fits"), told, class_codes=dict(source.classes))
            )
        else:
            written = write(curves.take(whole.split == split), stem)
            files += [written] if isinstance(written, Path) else list(written)
    extra: dict[str, Any] = {"splits": counts}
    if number == 0:
        files.append(write_table(Table(template_columns(made), meta=told), out / "templates.ecsv"))
        extra["notes"] = list(notes)
        extra["bands"] = [list(pair) for pair in zip(curves.bands, curves.surveys, strict=True)]
    return Made(files=tuple(files), objects=curves.n_object, rows=curves.n_obs, extra=extra)


def _nothing(first: int, last: int) -> Iterator[tuple[int, Made]]:
    """The work of a finished run."""
    yield from ()
