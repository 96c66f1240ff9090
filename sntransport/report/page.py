"""A report: one HTML file that needs no network, with all that went in, what came of it, and how good it is."""

from __future__ import annotations

import base64
import io
import platform
import re
from dataclasses import dataclass
from importlib import metadata, resources
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.atomic_files import atomic_path, sha256
from sntransport._storage.read_error import one_line
from sntransport._version import __version__
from sntransport.export.grid import exported_range
from sntransport.photometry.coverage import BANDS, band_coverage
from sntransport.photometry.redshift_range import range_text, usable_redshifts
from sntransport.report.build_tables import residual_text
from sntransport.report.contents import Material, figures
from sntransport.report.page_data import light_curve_panels, spectra
from sntransport.validation.leave_out_scores import score, score_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from matplotlib.figure import Figure

LARGEST = 5_000_000
"""A report is smaller than this [bytes]: it can be sent by mail and opens at once."""

CITATION = (
    "M. Ramirez, G. Pignata, F. Förster, S. González-Gaitán et al. (2024), A novel optimal transport-based approach "
    "for interpolating spectral time series, arXiv:2409.10701"
)

_PACKAGES = ("numpy", "scipy", "astropy", "numba", "sncosmo", "extinction", "matplotlib")
_REJECTED = re.compile(
    r"reject|left out|skipped|ignored|dropped|discard|not used|duplicate|unusable|removed", re.IGNORECASE
)
_COLORS = 96
_DPI = 95

_CAPTIONS = {
    "spectra": (
        "Spectra",
        "Observed spectra bold and black, rebuilt ones thin, each scaled to one height. The strip behind a spectrum "
        "says what its bins rest on.",
    ),
    "light_curves": (
        "Light curves",
        "Points: observed photometry. Curves: synthetic photometry of the series, redshift and dust on, their error "
        "shaded. Right: the difference, band by band.",
    ),
    "colors": ("Colors", "The same as colors of neighboring bands; points are measurements of one night."),
    "weights": ("Weights", "Which pair of observed spectra made which phase, and how many spectra share the work."),
    "transport": ("Transport map", "How far features move from one observed spectrum to the next."),
    "warp": ("Calibration", "What tying spectra to photometry did to each: a smooth change of color, a gray offset."),
    "gap_test": ("Leave-out test", "Observed spectra hidden, rebuilt from their neighbors, and compared."),
    "bolometric": ("Bolometric light curve", "Luminosity at rest, free of dust, and the share that was not observed."),
    "k_correction": ("K-corrections", "From the spectra of the series, as if it were seen at these redshifts."),
}  # fmt: skip


_PARTS = (
    ("in", "What went in"),
    ("rejected", "What was rejected, and why"),
    ("phases", "Through the phases"),
    ("figures", "Figures"),
    ("coverage", "Coverage by band"),
    ("source", "Where it comes from"),
)
"""Parts of a section in their order: what their addresses end with, and their headings."""


@dataclass(frozen=True, eq=False, kw_only=True)
class _Section:
    """One supernova in the report, as the template wants it: text, tables and pictures."""

    key: str
    title: str
    parts: list[tuple[str, str]]
    facts: list[tuple[str, str]]
    rejected: list[str]
    notes: list[str]
    figures: list[dict[str, Any]]
    missing: list[str]
    gap_test: list[dict[str, str]]
    coverage: list[dict[str, str]]
    provenance: list[tuple[str, str]]
    data: dict[str, Any]


@answers_mistakes
def render(materials: Iterable[Material], command: str = "") -> str:
    """Report on supernovae as the text of an HTML page.

    Parameters
    ----------
    materials : iterable of Material
        One section each, in this order; drawn one by one.
    command : str
        What made it, to be printed.

    Returns
    -------
    str
        The same for the same input. Names and notes are untrusted: the template escapes them.

    Raises
    ------
    ValueError
        Where the page would not be smaller than 5 MB, or there is no material.

    Examples
    --------
    >>> from pathlib import Path
    >>> from sntransport.report import from_series_file, render
    >>> from sntransport.transport.templates import hsiao
    >>> snt.write_series(hsiao().select(phase=(0.0, 20.0), wave=(4000.0, 8000.0)), "hsiao.fits")
    >>> page = render([from_series_file(Path("hsiao.fits"))])
    >>> page[:15], "Hsiao et al." in page
    ('<!DOCTYPE html>', True)
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    sections = [_section(one, f"sn{k}") for k, one in enumerate(materials)]
    if not sections:
        raise ValueError("no supernova to report on")
    # Our own style and scripts are the only text that is not escaped (the filter `safe`, on these alone).
    environment = Environment(
        loader=FunctionLoader(_asset), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        finalize=_shown,
    )  # fmt: skip
    page = environment.get_template("report.html").render(
        sections=sections,
        assets={
            name: _asset(name)
            for name in ("report.css", "report.js", "uPlot.iife.min.js", "uPlot.min.css", "uPlot.LICENSE.txt")
        },
        command=command,
        versions=_versions(),
        citation=CITATION,
        version=__version__,
    )
    size = len(page.encode())
    if size >= LARGEST:
        raise ValueError(
            f"the report on {len(sections)} supernovae would have {size / 1e6:.1f} MB, more than "
            f"{LARGEST / 1e6:g}: write several reports, of fewer each"
        )
    return page


@answers_mistakes
def write_report(materials: Iterable[Material], path: Path, command: str = "") -> Path:
    """Write a report, whole or not at all; return its path. Raises as `render`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from sntransport.report import from_series_file, write_report
    >>> from sntransport.transport.templates import hsiao
    >>> snt.write_series(hsiao().select(phase=(0.0, 20.0), wave=(4000.0, 8000.0)), "hsiao.fits")
    >>> write_report([from_series_file(Path("hsiao.fits"))], Path("report.html")).name
    'report.html'
    """
    page = render(materials, command)
    with atomic_path(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return path


def _shown(value: Any) -> Any:
    """Text of somebody else's without what HTML cannot hold, or what turns the direction of writing."""
    return value if type(value) is not str or value.isprintable() else one_line(value)


def _asset(name: str) -> str:
    return resources.files("sntransport").joinpath("report", "assets", name).read_text(encoding="utf-8")


def _versions() -> list[tuple[str, str]]:
    own = [("sntransport", __version__), ("Python", platform.python_version())]
    return [*own, *((name, metadata.version(name)) for name in _PACKAGES)]


def _section(material: Material, key: str) -> _Section:
    held = material.held
    drawn, missing = _pictures(material)
    seen, sightline = held.light_curve, held.sightline
    data: dict[str, Any] = {"spectra": spectra(held.series, held.sparse)}
    if seen is not None and sightline is not None and np.isfinite(held.series.mjd_ref):
        data["light_curves"] = light_curve_panels(held.series, sightline, seen)
    return _Section(
        key=key,
        title=material.name,
        parts=[(part, text) for part, text in _PARTS if part != "phases" or _has_data(data)],
        facts=_facts(material),
        rejected=[note for note in held.notes if _REJECTED.search(note)],
        notes=[note for note in held.notes if not _REJECTED.search(note)],
        figures=drawn,
        missing=missing,
        gap_test=_gap_test(material),
        coverage=_coverage(material),
        provenance=_provenance(material),
        data=data,
    )


def _has_data(data: Mapping[str, Any]) -> bool:
    """Whether the plots of a section have anything to show."""
    return bool(data["spectra"]["phase"] or data.get("light_curves", {}).get("bands"))


def _facts(material: Material) -> list[tuple[str, str]]:
    held, sn, result = material.held, material.supernova, material.result
    series, sightline, sparse, seen = held.series, held.sightline, held.sparse, held.light_curve
    facts = [("Class", series.sn_type or "not known")]
    if sightline is not None:
        facts += [
            ("Redshift", f"{sightline.z:.5g}"),
            ("Distance modulus", f"{sightline.distance_modulus:.3f} mag"),
            ("Dust of the Milky Way", f"E(B−V) = {sightline.ebv_mw:.3f} mag ({sightline.law_mw})"),
            ("Dust of the host", f"E(B−V) = {sightline.ebv_host:.3f} mag ({sightline.law_host})"),
        ]  # fmt: skip
    if np.isfinite(series.mjd_ref):
        facts.append(
            ("Phase 0", f"MJD {series.mjd_ref:.2f}" + (f" ({held.mjd_ref_meaning})" if held.mjd_ref_meaning else ""))
        )
    if sn is not None and result is not None:
        used = sum(len(rows) for rows in result.members)
        lost = len(sn.spectra) + sn.n_spectra_rejected - used
        facts.append(("Spectra", f"{used} used, {lost} rejected"))
        facts.append(("Photometry", f"{sn.light_curve.mjd.size} points used, {sn.n_photometry_rejected} rejected"))
    elif seen is not None:
        facts.append(("Photometry", f"{seen.mjd.size} points"))
    if sparse is not None:
        facts.append(("Observed nights", f"{sparse.n_phase}, {sparse.phase[0]:.1f} to {sparse.phase[-1]:.1f} d"))
    covered = series.covered
    days, waves = series.phase[covered.any(axis=1)], series.wave[covered.any(axis=0)]
    if days.size:
        facts.append(("Series", f"{days.size} of {series.n_phase} phases covered, {days[0]:.1f} to {days[-1]:.1f} d"))
        facts.append(("Wavelengths at rest", f"{waves[0]:.0f} to {waves[-1]:.0f} Å"))
    if result is not None and residual_text(result):
        facts.append(("Median |series − photometry|", f"{residual_text(result)} mag".replace("  ", " ")))
    return facts


def _pictures(material: Material) -> tuple[list[dict[str, Any]], list[str]]:
    """Figures as pictures inside the page, and for those that could not be drawn the reason."""
    drawn, missing = [], []
    for name, draw in figures(material).items():
        title, caption = _CAPTIONS[name]
        try:
            picture, width, height = _png(draw())
        except ValueError as error:
            missing.append(f"{title}: {error}")
        else:
            drawn.append(
                {"name": name, "title": title, "caption": caption, "png": picture, "width": width, "height": height}
            )
    if material.observed is None:
        missing.append(
            "Calibration: a series file does not hold the spectra before it; make the report from the observations"
        )
    return drawn, missing


def _png(figure: Figure) -> tuple[str, int, int]:
    """A figure as a data URI and its size in pixels; few colors, so that it is small."""
    from PIL import Image

    raw, small = io.BytesIO(), io.BytesIO()
    figure.savefig(raw, format="png", dpi=_DPI, metadata={"Software": None})
    image = Image.open(raw).convert("RGB").quantize(_COLORS, dither=Image.Dither.NONE)
    image.save(small, format="png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(small.getvalue()).decode()}", *image.size


def _gap_test(material: Material) -> list[dict[str, str]]:
    if material.triplets is None or not material.triplets.n:
        return []
    rows = score_rows(score(material.triplets, material.floor))
    return [{key: value for key, value in row.items() if key not in ("class", "SNe")} for row in rows]


def _coverage(material: Material) -> list[dict[str, str]]:
    held = material.held
    z = 0.0 if held.sightline is None else held.sightline.z
    template = exported_range(held.series)
    usable = {} if template is None else usable_redshifts(template, BANDS)
    return [
        {
            "band": one.band,
            "phases": _span(one.phase, "{:.1f}", " d"),
            "number": str(one.n_phase),
            "z_usable": range_text(usable.get(one.band)),
        }
        for one in band_coverage(held.series, z)
    ]


def _span(limits: tuple[float, float] | None, form: str, unit: str = "") -> str:
    return "–" if limits is None else f"{form.format(limits[0])} to {form.format(limits[1])}{unit}"


def _provenance(material: Material) -> list[tuple[str, str]]:
    held: Mapping[str, str] = material.held.provenance
    rows = [("file", material.source.name)]
    if material.source.is_file():
        rows.append(("file_sha256", sha256(material.source)))
    # Of a supernova the input is the file itself.
    known = {value for _, value in rows}
    return [*rows, *((key, value) for key, value in held.items() if value not in known)]
