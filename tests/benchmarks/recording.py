"""Results of benchmarks as files in docs/measured, of which the documentation makes its tables (docs/measured.py).

    sntransport validate ... --json > validate.json
    python tests/benchmarks/recording.py validate.json

does it for what `sntransport validate --json`, with or without ``--delivered``, `sntransport bandtest --json` and
pytest-benchmark (``make bench``) wrote; the scripts beside this one do it themselves when called with ``--record``.
"""

import datetime
import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from sntransport._storage.atomic_files import atomic_path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "measured"
PACKAGES = ("sntransport", "numpy", "scipy", "numba", "astropy", "sncosmo", "POT", "matplotlib", "lightcurvelynx")
DIGITS = 5
"""Significant digits kept, more than any page prints."""


def asked_to_record(arguments):
    """The arguments without ``--record``, and whether it was there."""
    return [word for word in arguments if word != "--record"], "--record" in arguments


def record(name, columns, rows, *, about, command, digits=None, source="run", folder=FOLDER):
    """Write one result; ``digits`` says for a column how many decimals a page prints.

    Cells are numbers, text, None (nothing known) or lists: [ratio, low, high] with an interval, or two numbers.
    """
    head = {"about": about, "command": command, "source": source, "date": datetime.date.today().isoformat()}
    if source == "run":
        head |= {"machine": machine(), "versions": versions()}
    head |= {"columns": list(columns), "digits": digits or {}}
    lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    cells = [json.dumps([_short(cell) for cell in row], ensure_ascii=False, allow_nan=False) for row in rows]
    lines.append('  "rows": [\n    ' + ",\n    ".join(cells) + "\n  ]")
    with atomic_path(folder / f"{name}.json") as path:
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"wrote docs/measured/{name}.json")


def machine():
    """What kind of computer this is, and how many processes wanted to run in the last five minutes, with this one."""
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    cpu = names[0].split(":", 1)[1].strip() if names else platform.processor()
    found = {"cpu": cpu, "cores": os.cpu_count(), "system": f"{platform.system()} {platform.machine()}"}
    return found | {"load": round(os.getloadavg()[1], 1)}


def versions():
    """Of Python and the packages that matter to the numbers."""
    from importlib.metadata import PackageNotFoundError

    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _short(cell):
    if isinstance(cell, (list, tuple)):
        return [_short(one) for one in cell]
    if hasattr(cell, "item"):
        cell = cell.item()
    if isinstance(cell, float):
        return float(f"{cell:.{DIGITS}g}") if abs(cell) < float("inf") else None
    return cell


def of_validate(summary):
    """Scores of `sntransport validate --json`."""
    (result,) = summary["results"]
    if "scores" not in result:
        of_delivered(result)
        return
    columns = list(result["scores"][0])
    names = " ".join(f"--interpolator {n}" for n in dict.fromkeys(s["interpolator"] for s in result["scores"]))
    record(
        "leave_out",
        columns,
        [list(one.values()) for one in result["scores"]],
        about="The leave-out test on the 15 supernovae",
        command=f"sntransport validate *.json.gz {names.replace('--interpolator log_linear ', '')} --json",
    )


def of_delivered(result):
    """Scores of `sntransport validate --delivered --json`, but for the bands, which are those of `bandtest`."""
    for key, name, about in (
        ("hidden", "spectra", "Hidden spectra delivered by build, 15 supernovae"),
        ("level", "level", "Level, color and errors of hidden spectra delivered by build, 15 supernovae"),
        ("nights", "nights", "Photometry of hidden nights predicted by the series of build, 15 supernovae"),
        ("steps", "steps", "Steps of light curves of the series of build, 15 supernovae"),
    ):
        record(
            f"delivered_{name}",
            list(result[key][0]),
            [list(one.values()) for one in result[key]],
            about=about,
            command="sntransport validate *.json.gz --delivered --json",
        )


def of_bandtest(summary):
    """Shares of `sntransport bandtest --json`."""
    (result,) = summary["results"]
    record(
        "bandtest",
        list(result["shares"][0]),
        [list(one.values()) for one in result["shares"]],
        about="Observed photometry within 10 % of the synthetic photometry of series, 15 supernovae",
        command="sntransport bandtest *.json.gz --json",
    )


def of_benchmarks(summary):
    """Figures of pytest-benchmark's file: the extra information of every benchmark, and the least time of one call."""
    rows = []
    for one in summary["benchmarks"]:
        rows += [[one["name"], "one call, least [s]", one["stats"]["min"]]]
        rows += [[one["name"], *pair] for pair in one["extra_info"].items()]
    record(
        "speed",
        ("benchmark", "quantity", "value"),
        rows,
        about="Benchmarks of the package; ratios are measured side by side in one run",
        command="make bench",
    )


def main(paths):
    for path in paths:
        summary = json.loads(Path(path).read_text(encoding="utf-8"))
        kind = "benchmarks" if "benchmarks" in summary else summary["command"]
        {"validate": of_validate, "bandtest": of_bandtest, "benchmarks": of_benchmarks}[kind](summary)


if __name__ == "__main__":
    main(sys.argv[1:])
