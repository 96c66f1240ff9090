"""Tables of the pages made from the files in docs/measured, which the benchmarks write.

A page holds such a table between two marks,

    <!-- measured: NAME -->
    <!-- /measured -->

and the build of the documentation fills in what the files say (`filled`, called by conf.py). So that the pages can also
be read without a build, ``python docs/measured.py`` does the same in place; `tests/project/test_measured.py` fails
where a page was not filled in anew after a benchmark, or where a table stands outside the marks.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sntransport._storage.tables import text_table
from sntransport.validation.delivered_scores import (
    LargestStep,
    LevelScore,
    NightScore,
    hidden_rows,
    level_rows,
    night_rows,
    step_rows,
)
from sntransport.validation.leave_out_scores import Score, report_of_scores
from sntransport.validation.photometric_test import LETTERS, METHODS, PAPER

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "measured"
PAGES = (
    *(HERE / "records" / f"{name}.md" for name in ("interpolation", "delivered", "performance")),
    HERE.parent / "README.md",
)
MARKED = re.compile(r"(<!-- measured: (\S+) -->\n).*?(<!-- /measured -->)", flags=re.DOTALL)

Cell = Any
Row = Sequence[Cell]


def load(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """One file of results; the format is that of tests/benchmarks/recording.py."""
    return dict(json.loads((folder / f"{name}.json").read_text(encoding="utf-8")))


def filled(text: str, folder: Path = FOLDER) -> str:
    """A page with every marked table made anew."""
    return MARKED.sub(lambda found: f"{found[1]}{table(found[2], folder)}\n{found[3]}", text)


def table(name: str, folder: Path = FOLDER) -> str:
    """The table of one name, and where it comes from."""
    if name not in TABLES:
        raise KeyError(f"no table is called {name!r}; there are {', '.join(TABLES)}")
    source, make = TABLES[name]
    found = load(source, folder)
    return f"{make(found)}\n\n{origin(source, found)}"


def origin(source: str, found: dict[str, Any]) -> str:
    """One line: file, command, and when and on what it ran."""
    if found["source"] == "transcribed":
        told = f"written down from an earlier run, {found['date']}"
    else:
        on, numpy = found["machine"], found["versions"]["numpy"]
        told = f"{found['date']}, {on['cpu']}, {on['cores']} cores, Python {found['versions']['python']}, numpy {numpy}"
        told += f", load {on['load']}" if "load" in on else ""
    command = f"`{found['command']}`; " if found["command"] else ""
    return f"<small>measured/{source}.json: {command}{told}</small>"


def cell(value: Cell, digits: int | None) -> str:
    """A cell as text: nothing known, text, a number, [value, low, high], and perhaps another number after it."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list):
        known = [cell(one, digits) for one in value]
        if len(known) >= 3:
            interval = f" [{known[1]}, {known[2]}]" if value[1] is not None else ""
            known = [known[0] + interval, *known[3:]]
        return ", ".join(known)
    return str(value) if digits is None else f"{value:.{digits}f}"


def cells(found: dict[str, Any], rows: Iterable[Row] | None = None) -> list[dict[str, str]]:
    """All rows as text by column."""
    columns, digits = found["columns"], found["digits"]
    rows = found["rows"] if rows is None else rows
    return [{name: cell(one, digits.get(name)) for name, one in zip(columns, row, strict=True)} for row in rows]


def markdown(rows: Sequence[dict[str, str]]) -> str:
    """Rows with the same keys as a Markdown table."""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def fenced(text: str) -> str:
    """Text as it stands."""
    return f"```text\n{text}\n```"


def plain(found: dict[str, Any]) -> str:
    """A file as a Markdown table, column by column."""
    return markdown(cells(found))


def aligned(found: dict[str, Any]) -> str:
    """A file as aligned text, for tables too long to be drawn."""
    return fenced(text_table(cells(found)))


def objects(found: dict[str, Any], kind: Callable[..., Any]) -> list[Any]:
    """Rows as objects of a kind that has the columns as keywords."""
    return [
        kind(**{name: math.nan if one is None else one for name, one in zip(found["columns"], row, strict=True)})
        for row in found["rows"]
    ]


def scores(found: dict[str, Any]) -> list[Score]:
    """What `sntransport validate --json` found."""
    return objects(found, Score)


def delivered(
    found: dict[str, Any], *, kind: Callable[..., Any], rows: Callable[[list[Any]], list[dict[str, str]]]
) -> str:
    """A table of `sntransport validate --delivered`, as the command prints it."""
    return fenced(text_table(rows(objects(found, kind))))


def leave_out(found: dict[str, Any]) -> str:
    """All tables of the leave-out test, as the command prints them."""
    return fenced(report_of_scores(scores(found)))


def interpolators(found: dict[str, Any]) -> str:
    """The table of README: feature residual by class, in all gaps and beyond 20 d."""
    kept = [one for one in scores(found) if one.metric == "feature" and one.gap in ("all", "> 20")]
    ratio = {(one.interpolator, one.gap, one.sn_class): one.ratio for one in kept}
    classes = ("Ia", "II", "Ib/c", "all")
    names = sorted({one.interpolator for one in kept}, key=lambda name: (ratio[name, "all", "all"], name))
    head = ("", *classes, *(f"> 20 d: {name}" for name in classes))
    rows = []
    for name in names:
        label = f"`{name}`" + (" (default)" if name == "class_transport" else "")
        values = (ratio[name, gap, sn_class] for gap in ("all", "> 20") for sn_class in classes)
        number = "{:.0f}" if name == "log_linear" else "{:.2f}"
        rows.append(dict(zip(head, (label, *(number.format(one) for one in values)), strict=True)))
    return markdown(rows)


def band_shares(found: dict[str, Any], *, judged: str = "all") -> str:
    """Shares of all classes by band, beside the paper's."""
    titles = (
        "one day, not interpolated", "scaled in V", "calibrated on all bands", "without the judged letter",
        "one factor from these", "not calibrated",
    )  # fmt: skip
    rows: dict[str, dict[str, str]] = {}
    for values in found["rows"]:
        one = dict(zip(found["columns"], values, strict=True))
        if one["sn_class"] == "all" and one["at_least"] == 0.0 and one["judged"] == judged:
            row = rows.setdefault(one["letter"], {"band": one["letter"], "points": str(one["n_points"])})
            row[titles[METHODS.index(one["method"])]] = cell(one["share"] and 100 * one["share"], 0)
    for letter in [*LETTERS, "all"]:
        paper = {sn_class: PAPER[sn_class, letter] for sn_class in ("Ia", "II") if (sn_class, letter) in PAPER}
        same = len(paper) == 2 and len(set(paper.values())) == 1
        told = paper["Ia"] if same else ", ".join(f"{sn_class} {share}" for sn_class, share in paper.items())
        rows[letter]["paper, scaled in V"] = told
    return markdown(list(rows.values()))


def gaussian_process(found: dict[str, Any]) -> str:
    """By class all gaps and the wide ones, by gap all classes; the other residuals in all."""
    kept = [
        row
        for row in found["rows"]
        if (row[0] == "feature" and (row[1] == "all" or row[2] in ("all", "> 20"))) or row[1:3] == ["all", "all"]
    ]
    return markdown(cells(found, kept))


SPEED = (
    (
        "`displace` of one pair of spectra to one position, 2,000 bins",
        "{test_one_pair_at_one_position: microseconds: .0f} µs",
    ),
    (
        "... against two `np.cumsum` and one `np.interp` on the same arrays",
        "{test_one_pair_at_one_position: to two cumsum and one interp: .2f} x",
    ),
    (
        "... against POT's `emd_1d` and a histogram of the displaced points, or their cumulative mass interpolated",
        "{test_one_pair_at_one_position: faster than POT: .1f} x and "
        "{test_one_pair_at_one_position: faster than POT, interpolated: .1f} x faster",
    ),
    (
        "... to 100 positions at once",
        "{test_one_pair_at_many_positions: microseconds a position: .1f} µs each, "
        "{test_one_pair_at_many_positions: to a copy of the result: .0f} x a copy of the result; POT's plan made once: "
        "{test_one_pair_at_many_positions: faster than POT: .1f} x and "
        "{test_one_pair_at_many_positions: faster than POT, interpolated: .1f} x faster",
    ),
    (
        "`barycenter` of five spectra",
        "{test_barycenter_of_five: microseconds: .0f} µs, {test_barycenter_of_five: to numpy: .2f} x the same in numpy",
    ),
    (
        "`band_flux` of 10,000 spectra of 2,000 bins in twelve bands",
        "{test_ten_thousand_spectra_in_twelve_bands: milliseconds: .0f} ms, "
        "{test_ten_thousand_spectra_in_twelve_bands: to one product: .2f} x one product of matrices (BLAS)",
    ),
    (
        "`feature_transport` of one pair, 1,498 bins",
        "{test_feature_transport_at_many_positions: milliseconds at 100 positions: .1f} ms at 100 positions, "
        "{test_feature_transport_at_many_positions: milliseconds at one: .1f} ms at one",
    ),
    (
        "10,000 K-corrections (100 phases x 100 redshifts, 2,443 bins)",
        "{test_ten_thousand_k_corrections: milliseconds: .1f} ms; between the phases of the series "
        "{test_ten_thousand_k_corrections: milliseconds between phases: .1f} ms, with errors "
        "{test_ten_thousand_k_corrections: milliseconds with errors: .0f} ms "
        "(the first time ever 2 s more, to compile)",
    ),
    (
        "... against a loop over sncosmo's magnitudes",
        "{test_ten_thousand_k_corrections: faster than the sncosmo loop: .0f} x faster",
    ),
    (
        "... against sncosmo with all phases of a redshift in one call",
        "{test_ten_thousand_k_corrections: by redshift: .0f} x faster",
    ),
    (
        "`bolometric` of 300 spectra of 2,400 bins",
        "{test_bolometric: none [s CPU]: .2f} s; with a template {test_bolometric: template [s CPU]: .2f} s; with a "
        "blackbody {test_bolometric: blackbody [s CPU]: .2f} s, nearly all of it exponentials of the fit",
    ),
    (
        "`build` of SN2013am (31 spectra, {test_build_of_a_real_supernova: phases: .0f} phases x "
        "{test_build_of_a_real_supernova: bins: ,.0f} bins, 15 bands), warm",
        "{test_build_of_a_real_supernova: build [s CPU]: .2f} s of CPU",
    ),
    (
        "`build` of 10, 100 and 1,000 made-up spectra, one a night",
        "{test_cost_grows_with_the_spectra[default]: 10 spectra [s CPU]: .1f}, "
        "{test_cost_grows_with_the_spectra[default]: 100 spectra [s CPU]: .1f} and "
        "{test_cost_grows_with_the_spectra[default]: 1000 spectra [s CPU]: .0f} s of CPU, at most "
        "{test_cost_grows_with_the_spectra[default]: 1000 spectra [MB]: .0f} MB",
    ),
    (
        "... with all pairs within 40 d (`paper_recipe`)",
        "{test_cost_grows_with_the_spectra[paper]: 10 spectra [s CPU]: .1f}, "
        "{test_cost_grows_with_the_spectra[paper]: 100 spectra [s CPU]: .1f} and "
        "{test_cost_grows_with_the_spectra[paper]: 1000 spectra [s CPU]: .0f} s of CPU, at most "
        "{test_cost_grows_with_the_spectra[paper]: 1000 spectra [MB]: .0f} MB",
    ),
    (
        "reading its file (0.75 MB gzip, 63,000 pixels)",
        "{test_build_of_a_real_supernova: read [s CPU]: .2f} s of CPU",
    ),
    ("peak memory of both, with all imports", "{test_build_of_a_real_supernova: peak [MB]: .0f} MB"),
    (
        "`mix` of two series, 51 phases x {test_mix: bins: ,.0f} bins: features, Wasserstein, `mix_linear`",
        "{test_mix: features [s CPU]: .3f}, {test_mix: wasserstein [s CPU]: .3f}, {test_mix: linear [s CPU]: .3f} s "
        "of CPU",
    ),
    (
        "visits of 100,000 places within 200 d each, out of a million dithered ones (`footprint.visits_of`), one core",
        "{test_visits_of_objects: microseconds an object: .1f} µs a place, "
        "{test_visits_of_objects: faster than a tree of all visits: .0f} x faster than a tree of all visits, "
        "{test_visits_of_objects: faster than one object against all visits: ,.0f} x faster than testing every visit",
    ),
    (
        "a place drawn from that footprint (`footprint.draw_positions`)",
        "{test_places: microseconds a place: .2f} µs, "
        "{test_places: to drawing three uniform numbers each: .0f} x three uniform random numbers",
    ),
    (
        "10,000 simulated objects of about {test_against_others: measurements an object: .0f} measurements in six "
        "bands (`simulate`), one core, the survey's spatial index ready made as for the others",
        "{test_against_others: microseconds an object, index ready: .0f} µs an object with tables, "
        "{test_against_others: faster than sncosmo.realize_lcs, index ready: .0f} x `sncosmo.realize_lcs`, "
        "{test_against_lightcurvelynx: faster than LightCurveLynx, index ready: ,.0f} x LightCurveLynx",
    ),
    (
        "... with index and footprint made anew",
        "{test_against_others: microseconds an object: .0f} µs, "
        "{test_against_others: faster than sncosmo.realize_lcs: .0f} x and "
        "{test_against_lightcurvelynx: faster than LightCurveLynx: ,.0f} x",
    ),
    (
        "... simulated and written as nested Parquet",
        "{test_against_lightcurvelynx: light curves a second, written, index ready: ,.0f} light curves a second, "
        "{test_against_lightcurvelynx: microseconds an object to write nested Parquet: .0f} µs of each writing; "
        "{test_against_lightcurvelynx: faster than LightCurveLynx, both written, index ready: ,.0f} x faster than "
        "LightCurveLynx simulating and writing its own",
    ),
    (
        "the same for 1,000, 10,000 and 100,000 objects in chunks",
        "{test_cost_and_memory_do_not_grow: microseconds an object of 1000: .0f}, "
        "{test_cost_and_memory_do_not_grow: microseconds an object of 10000: .0f} and "
        "{test_cost_and_memory_do_not_grow: microseconds an object of 100000: .0f} µs an object",
    ),
    (
        "... of the same templates again, whose tables are kept",
        "{test_cost_and_memory_do_not_grow: microseconds an object of 1000, tables kept: .0f}, "
        "{test_cost_and_memory_do_not_grow: microseconds an object of 10000, tables kept: .0f} and "
        "{test_cost_and_memory_do_not_grow: microseconds an object of 100000, tables kept: .0f} µs an object",
    ),
    (
        "fluxes of visits from the tables",
        "{test_evaluation_kernel: nanoseconds a visit: .0f} ns each, "
        "{test_evaluation_kernel: to drawing its normal numbers: .2f} x drawing a normal number",
    ),
    (
        "ten templates of 150 phases x 1,800 bins to a SNANA folder",
        "{test_ten_templates[to_snana]: one call, least [s]: .2f} s; numpy writes the same numbers uncompressed in "
        "{test_ten_templates[savetxt]: one call, least [s]: .2f} s",
    ),
    (
        "simulated fluxes against direct integration by sncosmo, 1,000 objects in 11 bands, largest difference",
        "{test_fluxes_agree_with_sncosmo: brighter than 1 % of the peak [mag]: .4f} mag where brighter than 1 % of the "
        "peak, {test_fluxes_agree_with_sncosmo: brighter than 0.1 % of the peak [mag]: .4f} mag to 0.1 %",
    ),
    ("`sntransport --help`", "{test_start[arguments0]: CPU [s]: .3f} s of CPU"),
    (
        "`import sntransport`",
        "{test_start[arguments1]: CPU [s]: .3f} s of CPU ({test_start[arguments2]: CPU [s]: .3f} s is Python itself)",
    ),
)
"""Rows of the table of speed: what, and the figure, with {benchmark: quantity: format} for what was measured."""

_QUANTITY = re.compile(r"\{(\w+(?:\[\w+\])?): ([^{}]+): ([^:{} ]+)\}")


def speed(found: dict[str, Any]) -> str:
    """The table of speed."""
    values = {(one, quantity): value for one, quantity, value in found["rows"]}

    def number(match: re.Match[str]) -> str:
        return format(values[match[1], match[2]], match[3])

    rows = ([_QUANTITY.sub(number, text) for text in row] for row in SPEED)
    return markdown([{"what": what, "figure": figure} for what, figure in rows])


TABLES: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "leave_out": ("leave_out", leave_out),
    "interpolators": ("leave_out", interpolators),
    "error_intervals": ("error_intervals", aligned),
    "delivered_intervals": ("delivered_intervals", plain),
    "delivered_spectra": ("delivered_spectra", partial(delivered, kind=Score, rows=hidden_rows)),
    "delivered_level": ("delivered_level", partial(delivered, kind=LevelScore, rows=level_rows)),
    "delivered_nights": ("delivered_nights", partial(delivered, kind=NightScore, rows=night_rows)),
    "delivered_steps": ("delivered_steps", partial(delivered, kind=LargestStep, rows=step_rows)),
    "cross_validation": ("cross_validation", aligned),
    "gaussian_process": ("gaussian_process", gaussian_process),
    "bandtest": ("bandtest", band_shares),
    "bandtest_one_system": ("bandtest", partial(band_shares, judged="one system")),
    "bandtest_accepted": ("bandtest", partial(band_shares, judged="accepted")),
    "calibration_tried": ("calibration_tried", plain),
    "beyond_photometry": ("beyond_photometry", plain),
    "build_ways": ("build_ways", plain),
    "two_templates": ("two_templates", plain),
    "smooth_templates": ("smooth_templates", plain),
    "class_templates": ("class_templates", plain),
    "speed": ("speed", speed),
    "speed_by_hand": ("speed_by_hand", plain),
    "commands": ("commands", plain),
    "changes": ("changes", plain),
}
"""Name of a table: the file it comes from, and what makes it."""


def main() -> None:
    """Fill in all pages in place."""
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
