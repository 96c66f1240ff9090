"""CPU time and memory of every command on one supernova.

    python tests/benchmarks/commands.py [FOLDER of OSC files] [--record]

Each command runs from a cold interpreter with one thread, twice; the lesser CPU time (user and system, with its
children) and the larger peak of memory count. What takes several supernovae takes SN2013am and two others of type II,
whose series are made first and not timed.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from recording import asked_to_record, record

ROOT = Path(__file__).resolve().parents[2]
OTHERS = ("SN2012ec", "SN2013fs")
AUGMENT = """\
seed = 1
series = ["{series}", "{others[0]}", "{others[1]}"]
[templates]
mixtures = 3
draws = 2
[[survey]]
source = "ztf"
years = 1.0
[population]
redshift = {{ uniform = [0.01, 0.05] }}
[simulation]
n = 5000
[target.train]
II = 200
[target.test]
II = 50
"""
ROUNDS = 2


def cases(sn, series, others, work):
    """What the table calls each command, and its words; in this order, each in a folder of its own."""
    out = work / "out"
    config = work / "augment.toml"
    config.write_text(AUGMENT.format(series=series, others=others), encoding="utf-8")
    model = work / "MODEL"
    rest = "--band-rest bessellb --band-obs sdssr --z 0:0.5:0.05"
    return (
        ("`sntransport --help`", "--help"),
        ("`completion bash`", "completion bash"),
        ("`build SN2013am.json.gz -o out` (4 files)", f"build {sn} -o {out}"),
        ("... `--no-figures`", f"build {sn} -o {out} --no-figures"),
        ("`report SN2013am.json.gz -o report.html` (built, tested, figures)", f"report {sn} -o {out}/report.html"),
        ("... `--no-gap-test`", f"report {sn} -o {out}/report.html --no-gap-test"),
        ("`report SERIES -o report.html`", f"report {series} -o {out}/report.html"),
        ("`plot SERIES -o figures`", f"plot {series} -o {out}"),
        ("`photometry SERIES --bands lsstg,lsstr -o out`", f"photometry {series} --bands lsstg,lsstr -o {out}"),
        (f"`kcorrect SERIES {rest} -o out`", f"kcorrect {series} {rest} -o {out}"),
        ("`kcorrect SERIES -o out` (its light curve to the rest frame)", f"kcorrect {series} -o {out}"),
        ("`bolometric SERIES -o out`", f"bolometric {series} -o {out}"),
        ("`validate SN2013am.json.gz -o out` (three interpolators)", f"validate {sn} -o {out}"),
        ("`bandtest SN2013am.json.gz -o out` (a build for each way and letter)", f"bandtest {sn} -o {out}"),
        ("`demo -o out` (its own data, three builds, with its report)", f"demo -o {out}/demo"),
        ("`export SERIES --to snana -o MODEL`", f"export {series} --to snana -o {model} --overwrite"),
        ("`export --check MODEL`", f"export --check {model}"),
        (
            "`template build` (its series and two others of type II)",
            f"template build {series} {others[0]} {others[1]} --type II -o {out}/template.fits",
        ),
        (
            "`simulate examples/simulation.toml -o out` (its own templates, 3,000 objects, figures)",
            f"simulate {ROOT}/examples/simulation.toml -o {out}/simulation",
        ),
        (
            "`augment CONFIG -o out` (the same three; 5,000 light curves, 250 chosen)",
            f"augment {config} -o {out}/training",
        ),
    )


def measured(words):
    """CPU seconds and peak memory [MB] of one run."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    child = subprocess.Popen(
        [sys.executable, "-m", "sntransport", *words.split()], env=environment, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"sntransport {words}: exit code {child.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main(arguments):
    given, recorded = asked_to_record(arguments)
    folder = Path(given[0] if given else "../shared/data/osc").resolve()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for one in ("SN2013am", *OTHERS):
            measured(f"build {folder}/{one}.json.gz -o {work}/series --no-figures")
        series, *others = (work / "series" / f"{one}.fits" for one in ("SN2013am", *OTHERS))
        for label, words in cases(folder / "SN2013am.json.gz", series, others, work):
            runs = [measured(words.replace(f"{work}/out", f"{work}/out{len(rows)}_{k}")) for k in range(ROUNDS)]
            rows.append((label, min(cpu for cpu, _ in runs), max(peak for _, peak in runs)))
            print(f"{rows[-1][1]:6.2f} s  {rows[-1][2]:4.0f} MB  {label}", flush=True)
    if recorded:
        head = ("command", "CPU [s]", "memory [MB]")
        record(
            "commands",
            head,
            rows,
            about="CPU time and peak memory of every command on SN2013am, from a cold interpreter with one thread",
            command="python tests/benchmarks/commands.py --record",
            digits={head[1]: 1, head[2]: 0},
        )


if __name__ == "__main__":
    main(sys.argv[1:])
