"""Work in shards that survives anything: a shard is a few files, there as a whole and entered with their checksums.

A folder of output holds the files of all shards, ``manifest.json`` with one entry a shard, and, when all is done,
``_SUCCESS``. While it is made, a folder ``_parts`` has one entry for each finished shard; a run that was killed begins
again with the shards that have none, and ends in the same bytes. Only one run at a time may write to a folder: a worker
that has outlived its run enters nothing.
"""

import json
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, as_completed, wait
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sntransport._storage.atomic_files import atomic_path, sha256
from sntransport._storage.folder_lock import BusyError, locked
from sntransport._storage.planned_config import differences

_PARTS, _MANIFEST, _SUCCESS = "_parts", "manifest.json", "_SUCCESS"
# In the folder of entries: what is made, and which run makes it.
_PLAN, _RUN = "plan.json", "run"
# What `sntransport._storage.atomic_files.atomic_path` leaves behind when it is killed.
_UNFINISHED = re.compile(r"\.[0-9a-f]{16}-.+")
_RUNS_PER_WORKER = 4


class PlanError(ValueError):
    """The folder holds the output of something else."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be made: ``n`` objects in shards of ``size``, from ``inputs`` that say all the result depends on.

    ``inputs`` (JSON values: seed, format, checksums of files, version) are compared with those of an earlier run.
    """

    n: int
    size: int
    inputs: Mapping[str, Any]

    def __post_init__(self) -> None:
        if self.n < 1 or self.size < 1:
            raise ValueError(f"Plan: n is {self.n} and size {self.size}, expected 1 or more")

    @property
    def n_shard(self) -> int:
        """Number of shards."""
        return -(-self.n // self.size)

    def objects(self, number: int) -> tuple[int, int]:
        """First object of a shard, and one past its last."""
        return number * self.size, min((number + 1) * self.size, self.n)


@dataclass(frozen=True, kw_only=True)
class Made:
    """What one shard is: its ``files`` (none where it is empty), counts of ``objects`` and ``rows``, and ``extra``.

    ``extra`` (JSON values) is kept with it, such as counts for a summary.
    """

    files: tuple[Path, ...]
    objects: int
    rows: int
    extra: Mapping[str, Any]


Work = Callable[[int, int], Iterator[tuple[int, Made]]]
"""``work(first, last)`` makes the shards from ``first`` to one before ``last`` and yields each, with its number, as its
files are complete; it must be picklable where an executor is used."""


def run_shards(
    folder: Path, plan: Plan, work: Work, *, executor: Executor | None = None, n_worker: int = 1, n_byte: int = 0,
    done: Callable[[int], object] = lambda n: None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Make all shards that are not there yet.

    Parameters
    ----------
    folder : Path
        Made when it is missing. Workers must see it under the same name.
    plan : Plan
    work : callable
    executor : concurrent.futures.Executor, optional
        Such as a process pool or ``distributed.Client(...).get_executor()``; none: here, one after the other.
    n_worker : int
        How many of its workers there are.
    n_byte : int
        Estimate of the bytes of all shards; there must be as much free space as is still to be written.
    done : callable
        Told the number of objects of each finished shard, those of an earlier run too.

    Returns
    -------
    list of dict
        The entries of the manifest: number, first, last, objects, rows, extra, and name, bytes and sha256 of each file.
        A finished folder is not touched; its files are compared by size, not by checksum.

    Raises
    ------
    BusyError
        Where another run holds the folder.
    PlanError
        Where the folder holds the output of another plan, or of a finished one a file is missing or has changed.
    OSError
        Where there is not enough space, or a file cannot be written; what is finished stays for the next run. Whatever
        the error, it is raised when all workers have stopped.
    """
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with locked(folder):
            try:
                return _run(folder, plan, work, executor=executor, n_worker=n_worker, n_byte=n_byte, done=done)
            except BaseException:
                _forget(folder)
                raise
    finally:
        if new:
            # Not where anything is in it, or another run has come or gone meanwhile.
            with suppress(OSError):
                folder.rmdir()


def _run(
    folder: Path, plan: Plan, work: Work, *, executor: Executor | None, n_worker: int, n_byte: int,
    done: Callable[[int], object],
) -> list[dict[str, Any]]:  # fmt: skip
    if (folder / _SUCCESS).is_file():
        entries = _finished(folder, plan)
        for entry in entries:
            done(entry["last"] - entry["first"])
        return entries
    token = _prepare(folder, plan)
    looked = {number: _entry(folder, number) for number in range(plan.n_shard)}
    missing = [number for number, entry in looked.items() if entry is None]
    _require_space(folder, n_byte * len(missing) // plan.n_shard)
    for number in sorted(set(looked) - set(missing)):
        done(plan.objects(number)[1] - plan.objects(number)[0])
    runs = _runs(missing, 1 if executor is None else _RUNS_PER_WORKER * n_worker)
    make = partial(_make_run, folder, token, plan, work)
    if executor is None:
        for run in runs:
            make(run, done=done)
    else:
        _share(folder, executor, make, runs, done)
    return _conclude(folder, plan)


def _share(
    folder: Path, executor: Executor, make: Callable[[tuple[int, int]], int], runs: Sequence[tuple[int, int]],
    done: Callable[[int], object],
) -> None:  # fmt: skip
    futures = [executor.submit(make, run) for run in runs]
    try:
        for future in as_completed(futures):
            done(future.result())
    except BaseException:
        # Nobody may write any more once the folder is let go of.
        (folder / _PARTS / _RUN).unlink(missing_ok=True)
        wait([future for future in futures if not future.cancel()])
        raise


def _forget(folder: Path) -> None:
    """Leave nothing behind where not one shard was finished."""
    parts = folder / _PARTS
    if parts.is_dir() and {path.name for path in parts.iterdir()} <= {_PLAN, _RUN}:
        shutil.rmtree(parts)


def _make_run(
    folder: Path, token: str, plan: Plan, work: Work, run: tuple[int, int], *, done: Callable[[int], object] = int
) -> int:
    """Make neighboring shards and enter each; the number of their objects."""
    total = 0
    _require_current(folder, token)
    for number, made in work(*run):
        _require_current(folder, token)
        first, last = plan.objects(number)
        files = [{"name": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)} for path in made.files]
        entry = {"number": number, "first": first, "last": last, "objects": made.objects, "rows": made.rows,
                 "files": files, "extra": dict(made.extra)}  # fmt: skip
        _write_json(_part(folder, number), entry)
        total += last - first
        done(last - first)
    return total


def _require_current(folder: Path, token: str) -> None:
    try:
        current = (folder / _PARTS / _RUN).read_text(encoding="utf-8")
    except FileNotFoundError:
        current = ""
    if current != token:
        raise BusyError(f"{folder}: the run that this worker belongs to has ended; start it again to go on")


def _runs(missing: Sequence[int], at_least: int) -> list[tuple[int, int]]:
    """Runs of neighboring shards, cut so that there are enough of them."""
    longest = max(-(-len(missing) // at_least), 1)
    out: list[tuple[int, int]] = []
    for number in missing:
        if out and out[-1][1] == number and number - out[-1][0] < longest:
            out[-1] = (out[-1][0], number + 1)
        else:
            out.append((number, number + 1))
    return out


def _prepare(folder: Path, plan: Plan) -> str:
    """Make the folder of entries, or make sure that it is of the same plan; remove what a killed run left.

    Returns what tells this run from those before it, whose workers may still be alive.
    """
    head = {"n": plan.n, "size": plan.size, "inputs": dict(plan.inputs)}
    path = folder / _PARTS / _PLAN
    if path.is_file():
        _require_same(folder, json.loads(path.read_text(encoding="utf-8")), head)
    else:
        (folder / _PARTS).mkdir(exist_ok=True)
        _write_json(path, head)
    token = secrets.token_hex(16)
    _write_text(folder / _PARTS / _RUN, token)
    for place in (folder, folder / _PARTS):
        for left in place.iterdir():
            if _UNFINISHED.fullmatch(left.name) and left.is_file():
                left.unlink()
    return token


def _require_same(folder: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    now = json.loads(json.dumps(now))
    if before == now:
        return
    flat = [{**{key: plan[key] for key in ("n", "size")}, **plan["inputs"]} for plan in (before, now)]
    raise PlanError(
        f"{folder} holds the output of something else: {differences(*flat)}; choose another folder, or remove this one"
    )


def _entry(folder: Path, number: int) -> dict[str, Any] | None:
    """What was entered for a shard, if its files are as they were."""
    path = _part(folder, number)
    if not path.is_file():
        return None
    entry: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return entry if _intact(folder, entry, checksums=True) else None


def _intact(folder: Path, entry: Mapping[str, Any], *, checksums: bool) -> bool:
    for file in entry["files"]:
        path = folder / file["name"]
        if not path.is_file() or path.stat().st_size != file["bytes"]:
            return False
        if checksums and sha256(path) != file["sha256"]:
            return False
    return True


def _finished(folder: Path, plan: Plan) -> list[dict[str, Any]]:
    held = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    head = {"n": plan.n, "size": plan.size, "inputs": dict(plan.inputs)}
    _require_same(folder, {key: held[key] for key in head}, head)
    for entry in held["shards"]:
        if not _intact(folder, entry, checksums=False):
            raise PlanError(
                f"{folder}: shard {entry['number']} of a finished run is missing or has changed; "
                f"remove {_SUCCESS} to make it again"
            )
    shutil.rmtree(folder / _PARTS, ignore_errors=True)
    entries: list[dict[str, Any]] = held["shards"]
    return entries


def _conclude(folder: Path, plan: Plan) -> list[dict[str, Any]]:
    """Write the manifest and, last, the mark of success."""
    entries = [json.loads(_part(folder, number).read_text(encoding="utf-8")) for number in range(plan.n_shard)]
    totals = {name: sum(entry[name] for entry in entries) for name in ("objects", "rows")}
    head = {"n": plan.n, "size": plan.size, "inputs": dict(plan.inputs)}
    outcome = "complete" if totals["objects"] else "empty"
    _write_json(folder / _MANIFEST, {**head, "outcome": outcome, **totals, "shards": entries})
    _write_text(folder / _SUCCESS, f"{outcome}\n")
    shutil.rmtree(folder / _PARTS, ignore_errors=True)
    return entries


def _part(folder: Path, number: int) -> Path:
    return folder / _PARTS / f"{number:07d}.json"


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    _write_text(path, json.dumps(value, sort_keys=True, indent=1) + "\n")


def _write_text(path: Path, text: str) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _require_space(folder: Path, n_byte: int) -> None:
    free = shutil.disk_usage(folder).free
    if n_byte > free:
        raise OSError(
            f"{folder}: about {n_byte / 1e9:.2f} GB are still to be written and {free / 1e9:.2f} GB are free; "
            "make room, or ask for fewer objects"
        )
