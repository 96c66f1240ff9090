"""Kill a command at random moments and start it again: python -m tests.support.kills --kills 50 [--command build].

What must hold after every kill: each visible file is as in a run that nobody killed, or as it was before; and after the
same command once more all of them are, to the byte. A folder that is replaced as a whole (`export --overwrite`) is the
old one or the new one, never a part of either.
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

from tests.conftest import ROOT

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
    """A command on its material; ``earlier`` are the words that made what is in the folder before, if anything is."""

    words: tuple[str, ...]
    earlier: tuple[str, ...] = ()
    whole_folder: bool = False


ATTACKS = {
    "build": Attack(("build", "a.json", "b.json", "c.json", "-o", "{out}")),
    "simulate": Attack(("simulate", "simulation.toml", "--chunk", "100", "--workers", "1", "-o", "{out}")),
    "simulate with workers": Attack(("simulate", "simulation.toml", "--chunk", "100", "--workers", "2", "-o", "{out}")),
    "augment": Attack(("augment", "augment.toml", "--chunk", "20", "--workers", "1", "-o", "{out}")),
    "export": Attack(
        ("export", "bump.fits", "bump2.fits", "--to", "snana", "--overwrite", "-o", "{out}"),
        ("export", "bump.fits", "--to", "snana", "-o", "{out}"), whole_folder=True,
    ),
}  # fmt: skip


def material(folder: Path) -> None:
    """Input of all commands."""
    from sntransport.spectra.series_file import write_series
    from tests.export.test_exports import bump
    from tests.flows.test_faults import write_input

    for name in "abc":
        write_input(folder / f"{name}.json", f"SN2099z{name}")
    for i, name in enumerate(("bump", "bump2", "bump3", "bump4")):
        write_series(bump(name=name, sn_type="II", phase=np.arange(-10.0, 40.0 + i)), folder / f"{name}.fits")
    (folder / "simulation.toml").write_text(SIMULATE)
    (folder / "augment.toml").write_text(AUGMENT)


def start(words: tuple[str, ...], folder: Path, out: Path) -> "subprocess.Popen[bytes]":
    """The program as a process of its own."""
    told = [word.format(out=out) for word in words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "sntransport", *told], cwd=folder, env=environment, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(words: tuple[str, ...], folder: Path, out: Path) -> None:
    """Run to the end."""
    process = start(words, folder, out)
    said = process.communicate(timeout=300)[1]
    if process.returncode:
        raise AssertionError(f"{' '.join(words)} failed: {said.decode()}")


def content(folder: Path) -> dict[str, bytes]:
    """Bytes of all visible files that are output, not the notes of a run that goes on."""
    found = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith((".", "_parts", "_lock", "_work")) for part in parts):
            found["/".join(parts)] = path.read_bytes()
    return found


def attack(name: str, kills: int, seed: int, place: Path) -> Counter[str]:
    """Kill a command so often; how each kill found it. Raises an AssertionError where something is lost."""
    one, inputs = ATTACKS[name], place / "in"
    inputs.mkdir(parents=True)
    material(inputs)
    # Once to compile, once to take the time.
    finish(one.words, inputs, place / "warm")
    earlier, expected = place / "earlier", place / "expected"
    if one.earlier:
        finish(one.earlier, inputs, earlier)
        shutil.copytree(earlier, expected)
    begin = time.monotonic()
    finish(one.words, inputs, expected)
    whole, before, length = content(expected), content(earlier), time.monotonic() - begin
    rng, found = np.random.default_rng(seed), Counter[str]()
    for i in range(kills):
        # The folder's name is that of the model in it.
        out = place / f"kill-{i}" / "expected"
        if one.earlier:
            shutil.copytree(earlier, out)
        process = start(one.words, inputs, out)
        time.sleep(rng.uniform(0.2, 1.05) * length)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        left = content(out)
        found[
            "finished" if process.returncode == 0 else "as before" if left == before
            else "new" if left == whole else "some files"
        ] += 1  # fmt: skip
        if one.whole_folder and left not in (before, whole):
            # Between the two renames of a replacement the old one lies beside; the next look brings it back.
            raise AssertionError(f"{name}, kill {i}: the folder is neither the old one nor the new one: {sorted(left)}")
        broken = [key for key, value in left.items() if value not in (before.get(key), whole.get(key))]
        if broken:
            raise AssertionError(f"{name}, kill {i}: {broken} are not whole")
        finish(one.words, inputs, out)
        if content(out) != whole:
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
