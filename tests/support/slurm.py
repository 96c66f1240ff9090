"""SLURM's commands stood in for by two scripts, which run jobs on this machine."""

import os

from tests.conftest import ROOT

# Submitting a job starts its script in a session of its own, whose number is the job's; cancelling ends the session.
SBATCH = """#!/bin/bash
cp "$1" "{folder}/job.sh"
setsid bash "{folder}/job.sh" > "{folder}/log" 2>&1 < /dev/null &
echo "$!" >> "{folder}/jobs"
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/bash
echo "$1" >> "{folder}/canceled"
kill -- "-$1"
"""
OPTIONS = {
    "jobs": 1, "cores": 2, "processes": 2, "memory": "4GiB", "queue": "short", "walltime": "00:10:00", "account": "sn",
    "interface": "lo",
}  # fmt: skip


def stand_in(folder, monkeypatch):
    """Put the scripts into a folder and the folder before all others."""
    folder.mkdir()
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        (folder / name).write_text(text.format(folder=folder))
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    # The keys of a run are kept at home.
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    return folder


def table():
    """The table of a configuration."""
    return "[slurm]\n" + "".join(f"{key} = {value!r}\n" for key, value in OPTIONS.items())
