"""A Dask cluster of one's own on SLURM, that nobody else can talk to.

Whoever can send a message to a Dask scheduler runs code as its owner. So the scheduler listens on the network that is
asked for, never on all, and takes only what is signed by certificates that are made for this run (`distributed`'s own
TLS) and read by this user alone; its page of status is on this computer only, or off.
"""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sntransport._storage.config_schema import Key, Table, checked
from sntransport._storage.config_sections import Section
from sntransport._storage.extras import of_extra

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PLAIN = {
    "queue": "partition",
    "account": "who pays",
    "walltime": "of a job, such as 02:00:00",
    "memory": "of a job, such as 8GiB",
    "interface": "network between this computer and those of the jobs, such as ib0; see `ip addr`",
    "local_directory": "where workers put what does not fit into memory",
    "log_directory": "for what the jobs print",
    "shared_temp_directory": "for the keys of this run, seen by all computers; ~/.cache/sntransport unless stated",
}
_CODE = {
    "job_extra_directives": Key(kind=list[str], words="further #SBATCH options, such as --exclusive", default=[]),
    "job_script_prologue": Key(kind=list[str], words="shell commands before the worker starts", default=[]),
    "python": Key(kind=str, words="program in place of this Python"),
    "worker_extra_args": Key(kind=list[str], words="further options of `dask worker`", default=[]),
}

SLURM = Table(
    keys={
        "jobs": Key(kind=int, words="how many", default=1, least=1),
        "cores": Key(kind=int, words="of a job", least=1),
        "processes": Key(kind=int, words="of a job: one a core is best", least=1),
        **{name: Key(kind=str, words=words) for name, words in _PLAIN.items()},
        "death_timeout": Key(kind=int, words="a worker without scheduler ends after this [s]", least=1),
        "tls": Key(
            kind=bool, words="encrypted, and closed to all others; off only on a network of your own", default=True
        ),
        "dashboard": Key(kind=bool, words="Dask's page of status, on this computer only", default=False),
        **_CODE,
    },
    words="a Dask cluster of its own on SLURM; the last four keys are code that runs as you",
)
"""The table ``[slurm]`` of a configuration."""

# These words go into a shell script as they are: one word each, of what paths and names are made of.
_WORD = re.compile(r"[\w./:,+=@%~-]+")
_HERE = "127.0.0.1:0"
_OURS = ("jobs", "tls", "dashboard", "shared_temp_directory", "worker_extra_args")
_PEM = (
    "tls_ca_file",
    *(f"tls_{role}_{part}" for role in ("scheduler", "worker", "client") for part in ("cert", "key")),
)


@contextmanager
def slurm_cluster(config: Path, table: Mapping[str, Any]) -> Iterator[tuple[Any, int]]:
    """A ``dask_jobqueue.SLURMCluster`` without jobs yet, for as long as the block runs.

    Parameters
    ----------
    config : Path
        For messages.
    table : mapping
        See `SLURM`. What is left out is as in Dask's own configuration (``jobqueue.slurm``).

    Yields
    ------
    cluster, jobs
        And how many jobs it is to have.

    Raises
    ------
    ReadError
        For a key that is not known or of a wrong value, text that would be more than one word of a shell, or where
        neither the table nor Dask's configuration says which network to listen on.
    MissingExtraError
        Where dask-jobqueue, or cryptography for the certificates, is not installed.
    """
    section = checked(Section(path=config, where="slurm", values=table), SLURM)
    _require_words(section)
    given = {name: value for name, value in section.values.items() if name not in _OURS and value not in (None, [])}
    if "interface" not in given and not _imported("dask").config.get("jobqueue.slurm.interface", None):
        remedy = "name the network between this computer and those of the jobs, such as ib0 (see: ip addr)"
        raise section.wrong("interface", "missing", remedy)
    # The pages of status of the workers listen on their own computers only.
    given["worker_extra_args"] = [*section.values["worker_extra_args"], "--dashboard-address", _HERE, "--no-dashboard"]
    given["scheduler_options"] = {"dashboard_address": _HERE, "dashboard": section.values["dashboard"]}
    with ExitStack() as stack:
        if section.values["tls"]:
            given["security"] = stack.enter_context(_certificates(section))
        try:
            made = _imported("dask_jobqueue").SLURMCluster(**given)
        except (TypeError, ValueError, RuntimeError) as error:
            # The last is of a scheduler that cannot start.
            what = str(error).splitlines()[0]
            raise section.wrong("", what, "correct it; docs/howto/scaling.md has the keys") from None
        yield stack.enter_context(made), section.values["jobs"]


def _require_words(section: Section) -> None:
    """Raise a ReadError unless every text is of the kind that a job script may hold."""
    for name in _PLAIN:
        if (value := section.values[name]) is not None and not _WORD.fullmatch(value):
            raise section.wrong(name, f"is {value!r}", "expected one word of letters, digits and ./:,+=@%~-")
    for name in ("job_extra_directives", "worker_extra_args"):
        if broken := [one for one in section.values[name] if len(one.splitlines()) != 1]:
            raise section.wrong(name, f"has {broken[0]!r}", "give one line each")


@contextmanager
def _certificates(section: Section) -> Iterator[Any]:
    """TLS of this run: its keys are files in a folder that only this user may enter, and go with the block."""
    _imported("cryptography")
    security = _imported("distributed").Security
    stated = section.values["shared_temp_directory"]
    place = Path.home() / ".cache" / "sntransport" if stated is None else Path(stated).expanduser()
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix="keys-", dir=place)
    except OSError as error:
        wrong = f"nothing can be written to {place} ({error.strerror})"
        raise section.wrong("shared_temp_directory", wrong, "name a folder that all computers see") from None
    with folder:
        made, files = security.temporary(), {}
        for name in _PEM:
            path = Path(folder.name) / f"{name}.pem"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(getattr(made, name))
            files[name] = str(path)
        yield security(require_encryption=True, **files)


def _imported(name: str) -> Any:
    with of_extra("distributed"):
        return import_module(name)
