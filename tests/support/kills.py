"""Kill a command at random moments and start it again: python -m tests.support.kills --kills 50 [--command build].

What must hold after every kill: each visible file is as in a run that nobody killed, or as it was before; and after a
few kills in a row the same command once more makes all of them, to the byte. A folder that is made or replaced as a
whole (`convert`, `export --overwrite`) is the old one or the new one, never a part of either.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sntransport._storage.atomic_folders import put_aside
from tests.conftest import ROOT
from tests.support.commands import visible

SIMULATE = """
keep = "observed"
[[survey]]
source = "ztf"
years = 0.2
[[population]]
name = "II"
templates = ["bump.fits"]
objects = 1200
redshift = { uniform = [0.005, 0.02] }
"""
AUGMENT = """
series = ["bump*.fits"]
[split]
train = 0.5
test = 0.5
[templates]
mixtures = 1
[[survey]]
source = "ztf"
years = 0.2
[population]
redshift = { uniform = [0.005, 0.02] }
[simulation]
n = 1200
keep = "observed"
[target.train]
II = 100
[target.test]
II = 20
"""


@dataclass(frozen=True)
class Attack:
    """A command on its material; ``earlier`` are the words that made what is in the folder before, if anything is.

    ``once``: it refuses a folder that it has finished.
    """

    words: tuple[str, ...]
    earlier: tuple[str, ...] = ()
    whole_folder: bool = False
    once: bool = False


PLACED = ("--bands", "bessellb,bessellv", "--z", "0.01", "--distance-modulus", "32.5")
ATTACKS = {
    "build": Attack(("build", "{given}/a.json", "{given}/b.json", "{given}/c.json", "-o", "{out}")),
    "simulate": Attack(("simulate", "{given}/simulation.toml", "--chunk", "100", "--workers", "1", "-o", "{out}")),
    "simulate with workers": Attack(
        ("simulate", "{given}/simulation.toml", "--chunk", "100", "--workers", "2", "-o", "{out}")
    ),
    "augment": Attack(("augment", "{given}/augment.toml", "--chunk", "20", "--workers", "1", "-o", "{out}")),
    "export": Attack(
        ("export", "{given}/bump.fits", "{given}/bump2.fits", "--to", "snana", "--overwrite", "-o", "{out}"),
        ("export", "{given}/bump.fits", "--to", "snana", "-o", "{out}"), whole_folder=True,
    ),
    "convert": Attack(
        ("convert", "{given}/curves.parquet", "--to", "snana", "--lossy", "-o", "{out}"), whole_folder=True, once=True
    ),
    "photometry": Attack(
        ("photometry", "{given}/bump.fits", "{given}/bump2.fits", "{given}/bump3.fits", *PLACED, "-o", "{out}"),
        ("photometry", "{given}/bump.fits", "{given}/bump2.fits", *PLACED, "--distance-modulus", "33", "-o", "{out}"),
    ),
    "report": Attack(
        ("report", "{given}/bump.fits", "--no-gap-test", "-o", "{out}/report.html"),
        ("report", "{given}/bump2.fits", "--no-gap-test", "-o", "{out}/report.html"),
    ),
}  # fmt: skip


def material(folder: Path) -> None:
    """Input of all commands."""
    from sntransport.datasets.nested_parquet import write_nested_parquet
    from sntransport.spectra.series_file import write_series
    from tests.datasets.test_formats import curves
    from tests.export.test_exports import bump
    from tests.flows.test_faults import write_input

    for name in "abc":
        write_input(folder / f"{name}.json", f"SN2099z{name}")
    for i, name in enumerate(("bump", "bump2", "bump3", "bump4")):
        write_series(bump(name=name, sn_type="II", phase=np.arange(-10.0, 40.0 + i)), folder / f"{name}.fits")
    write_nested_parquet(curves(), folder / "curves.parquet")
    (folder / "simulation.toml").write_text(SIMULATE)
    (folder / "augment.toml").write_text(AUGMENT)


def start(words: tuple[str, ...], given: Path, out: Path) -> "subprocess.Popen[bytes]":
    """The program as a process of its own, in the folder above its output: pages say what they were made by."""
    told = [word.format(given=given, out=out.name) for word in words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    out.parent.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "sntransport", *told], cwd=out.parent, env=environment, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )  # fmt: skip


def wait(process: "subprocess.Popen[bytes]", folder: Path, seconds: float, share: float, *, writing: bool) -> None:
    """Wait for that share of a run's time; or, ``writing``, until its first file is begun, and a little longer."""
    if not writing:
        time.sleep((0.2 + 0.85 * share) * seconds)
        return

    def names() -> list[Path]:
        return sorted(folder.rglob("*"))

    before, end = names(), time.monotonic() + 60.0
    while process.poll() is None and names() == before and time.monotonic() < end:
        time.sleep(0.001)
    time.sleep(0.1 * share**2 * seconds)


def finish(words: tuple[str, ...], given: Path, out: Path) -> None:
    """Run to the end."""
    process = start(words, given, out)
    said = process.communicate(timeout=300)[1]
    if process.returncode:
        raise AssertionError(f"{' '.join(words)} failed: {said.decode()}")


def attack(name: str, kills: int, seed: int, place: Path, in_a_row: int = 3) -> Counter[str]:
    """Kill a command so often, and let it finish after a few; how each kill found it.

    Raises an AssertionError where something is lost.
    """
    one, inputs = ATTACKS[name], place / "in"
    inputs.mkdir(parents=True)
    material(inputs)
    # Once to compile, once to take the time.
    finish(one.words, inputs, place / "warm" / "expected")
    # The folder's name is that of the model in it.
    earlier, expected = place / "earlier" / "expected", place / "whole" / "expected"
    if one.earlier:
        finish(one.earlier, inputs, earlier)
        shutil.copytree(earlier, expected)
    begin = time.monotonic()
    finish(one.words, inputs, expected)
    whole, before, length = visible(expected), visible(earlier), time.monotonic() - begin
    if not whole or whole == before:
        raise AssertionError(f"{name}: there is nothing to lose")
    rng, found = np.random.default_rng(seed), Counter[str]()
    for i in range(kills):
        out = place / f"kill-{i // in_a_row}" / "expected"
        if one.earlier and not i % in_a_row:
            shutil.copytree(earlier, out)
        process = start(one.words, inputs, out)
        # Every second one while it writes, which is a short part of most.
        wait(process, out.parent, length, rng.uniform(), writing=bool(i % 2))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        # Between the two renamings of a replacement the old one lies beside; the next look brings it back.
        left = visible(out if out.is_dir() or not one.whole_folder else put_aside(out))
        found[
            "finished" if process.returncode == 0 else "as before" if left == before
            else "new" if left == whole else "some files"
        ] += 1  # fmt: skip
        if one.whole_folder and left not in (before, whole):
            raise AssertionError(f"{name}, kill {i}: the folder is neither the old one nor the new one: {sorted(left)}")
        broken = [key for key, value in left.items() if value not in (before.get(key), whole.get(key))]
        if broken:
            raise AssertionError(f"{name}, kill {i}: {broken} are not whole")
        if (i + 1) % in_a_row and i + 1 < kills and not (one.once and left == whole):
            continue
        if not (one.once and left == whole):
            finish(one.words, inputs, out)
        if visible(out) != whole:
            raise AssertionError(f"{name}, kill {i}: other bytes after it was started again")
        shutil.rmtree(out.parent)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", choices=list(ATTACKS), action="append")
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    for name in given.command or ATTACKS:
        with tempfile.TemporaryDirectory() as place:
            begin = time.monotonic()
            found = attack(name, given.kills, given.seed, Path(place))
            told = ", ".join(f"{count} {what}" for what, count in found.most_common())
            print(f"{name}: {given.kills} kills ({told}), nothing lost, {time.monotonic() - begin:.0f} s", flush=True)


if __name__ == "__main__":
    main()
