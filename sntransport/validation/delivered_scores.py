"""Scores of delivered series: what the tests of `build` found, as numbers and one table each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sntransport._numerics.units import MAG_PER_LN
from sntransport._storage.tables import text_table
from sntransport.validation.delivered import BARE, DELIVERED
from sntransport.validation.hidden_nights import PREDICTIONS
from sntransport.validation.hidden_spectra import LINE_NAMES
from sntransport.validation.leave_out import BASELINE
from sntransport.validation.leave_out_scores import CLASSES, Score, score
from sntransport.validation.photometric_scores import all_shares, share_rows
from sntransport.validation.photometric_test import WITHIN
from sntransport.validation.step_test import LARGE_STEP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from sntransport._numerics.arrays import Array
    from sntransport.validation.delivered import DeliveredTriplets
    from sntransport.validation.hidden_nights import NightPoints
    from sntransport.validation.photometric_scores import Share
    from sntransport.validation.photometric_test import BandPoints
    from sntransport.validation.step_test import StepPoints

_METRICS = ("feature", "flux", *LINE_NAMES)
# A prediction further off counts as this far off: one wild point must not decide an rms [mag].
_FARTHEST = 1.0
_ONE_SYSTEM = {"one system": "all bands", "accepted": "without bands that are off"}


@dataclass(frozen=True, kw_only=True)
class LevelScore:
    """Delivered spectra of a class against the hidden ones as they are calibrated when they are not hidden.

    ``within_one``, ``within_two``: share of bins within one and two errors, mean over supernovae of each one's mean;
    true errors have 0.68 and 0.95. ``level``, ``color`` [mag]: median over supernovae of each one's median size.
    """

    sn_class: str
    n_supernovae: int
    n_spectra: int
    within_one: float
    within_two: float
    level: float
    color: float


@dataclass(frozen=True, kw_only=True)
class NightScore:
    """How well one of `PREDICTIONS` meets the photometry of hidden nights, of a class and ``judged`` points.

    ``judged`` is "one system", without outliers of their band, or "accepted", without bands that are off for good too;
    ``left_out`` the share of points that this leaves out. ``share``: of ``n_points`` that both give within 10 %;
    ``rms`` [mag] of the difference, no more than 1 mag each.
    """

    sn_class: str
    judged: str
    method: str
    n_supernovae: int
    n_points: int
    left_out: float
    share: float
    rms: float


@dataclass(frozen=True, kw_only=True)
class LargestStep:
    """The largest step of one supernova, or of "all": ``step`` [mag] at ``phase`` [rest-frame d] in ``band``.

    ``large`` is the share of the ``n_phases`` phases and bands that are judged with a step beyond `LARGE_STEP`.
    """

    supernova: str
    sn_class: str
    step: float
    phase: float
    band: str
    n_phases: int
    large: float


def hidden_scores(delivered: DeliveredTriplets) -> list[Score]:
    """Scores of hidden spectra: bare and delivered over `BASELINE`, then delivered over bare.

    Parameters
    ----------
    delivered : DeliveredTriplets

    Returns
    -------
    list of Score
        Of features, flux and the velocity of every line; of all gaps together.
    """
    found = []
    for metric in _METRICS:
        over_baseline = score(delivered.triplets, metric=metric)
        over_bare = score(delivered.triplets, metric=metric, over=BARE)
        found += [one for one in over_baseline if one.gap == "all" and one.interpolator != BASELINE]
        found += [one for one in over_bare if one.gap == "all" and one.interpolator == DELIVERED]
    return found


def level_scores(delivered: DeliveredTriplets) -> list[LevelScore]:
    """Level and color of delivered spectra, and whether their errors are true, by class.

    Parameters
    ----------
    delivered : DeliveredTriplets

    Returns
    -------
    list of LevelScore
    """
    names, known = delivered.triplets.supernova, np.isfinite(delivered.within[0])
    found = []
    for sn_class, rows in _by_class(delivered.triplets.sn_class, known):
        owner = names[rows]
        colored = rows & np.isfinite(delivered.color)
        found.append(
            LevelScore(
                sn_class=sn_class,
                n_supernovae=np.unique(owner).size,
                n_spectra=int(rows.sum()),
                within_one=float(np.mean(_per_supernova(delivered.within[0][rows], owner, np.mean))),
                within_two=float(np.mean(_per_supernova(delivered.within[1][rows], owner, np.mean))),
                level=float(np.median(_per_supernova(np.abs(delivered.level[rows]), owner, np.median))),
                color=_middle_color(delivered.color[colored], names[colored]),
            )
        )
    return found


def night_scores(points: NightPoints) -> list[NightScore]:
    """Photometry of hidden nights by class, of all bands and without those that are off, of series and band curves.

    Parameters
    ----------
    points : NightPoints

    Returns
    -------
    list of NightScore
        Points that both of `PREDICTIONS` give.
    """
    known, found = np.asarray((np.isfinite(points.ratio) & (points.ratio > 0)).all(axis=0)), []
    for judged, out in (("one system", points.outlier), ("accepted", points.outlier | points.rejected)):
        for sn_class, rows in _by_class(points.sn_class, known):
            kept = rows & ~out
            for method, ratio in zip(PREDICTIONS, points.ratio, strict=True):
                if kept.any():
                    off = np.minimum(MAG_PER_LN * np.abs(np.log(ratio[kept])), _FARTHEST)
                    found.append(
                        NightScore(
                            sn_class=sn_class,
                            judged=judged,
                            method=method,
                            n_supernovae=np.unique(points.supernova[kept]).size,
                            n_points=int(kept.sum()),
                            left_out=float(np.mean(out[rows])),
                            share=float(np.mean(np.abs(ratio[kept] - 1.0) <= WITHIN)),
                            rms=float(np.sqrt(np.mean(off**2))),
                        )
                    )
    return found


def largest_steps(steps: StepPoints) -> list[LargestStep]:
    """The largest step of every supernova, from the largest down, and of all.

    Parameters
    ----------
    steps : StepPoints

    Returns
    -------
    list of LargestStep
        The last is of "all", where there is more than one supernova.
    """
    each = [(str(name), steps.supernova == name) for name in np.unique(steps.supernova)]
    found = sorted((_largest(steps, name, rows) for name, rows in each), key=lambda one: -one.step)
    everything = np.ones(steps.step.size, dtype=bool)
    return [*found, _largest(steps, "all", everything)] if len(found) > 1 else found


def _largest(steps: StepPoints, name: str, rows: NDArray[np.bool_]) -> LargestStep:
    mine = np.flatnonzero(rows)
    worst = mine[int(np.argmax(steps.step[mine]))]
    classes = np.unique(steps.sn_class[mine])
    return LargestStep(
        supernova=name,
        sn_class=str(classes[0]) if classes.size == 1 else "all",
        step=float(steps.step[worst]),
        phase=float(steps.phase[worst]),
        band=str(steps.band[worst]),
        n_phases=mine.size,
        large=float(np.mean(steps.step[mine] > LARGE_STEP)),
    )


def _by_class(sn_class: NDArray[np.str_], known: NDArray[np.bool_]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Known rows of every class that has any, and of all if there is more than one."""
    present = [name for name in CLASSES if np.any(known & (sn_class == name))]
    yield from ((name, known & (sn_class == name)) for name in present)
    if len(present) > 1:
        yield "all", known


def _per_supernova(values: Array, owner: NDArray[np.str_], of: Callable[[Array], np.floating]) -> list[float]:
    """One number of every supernova."""
    return [float(of(values[owner == name])) for name in np.unique(owner)]


def _middle_color(values: Array, owner: NDArray[np.str_]) -> float:
    return float(np.median(_per_supernova(values, owner, np.median))) if values.size else np.nan


def hidden_rows(scores: Sequence[Score]) -> list[dict[str, str]]:
    """Rows of the table of `hidden_scores`, one a metric and class."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for one in scores:
        unit, scale, digits = ("%", 100.0, 1) if one.metric not in LINE_NAMES else ("km/s", 1.0, 0)
        row = rows.setdefault((one.metric, one.sn_class), {"error": f"{one.metric} [{unit}]", "class": one.sn_class})
        ratio = f"{one.ratio:.2f}" + ("" if np.isnan(one.low) else f" [{one.low:.2f}, {one.high:.2f}]")
        if one.over == BASELINE:
            row |= {"SNe": str(one.n_supernovae), "hidden": str(one.n_triplets)}
            row |= {BASELINE: f"{scale * one.baseline:.{digits}f}", one.interpolator: f"{scale * one.value:.{digits}f}"}
            row |= {f"{one.interpolator} / {BASELINE}": ratio}
        else:
            row |= {f"{one.interpolator} / {one.over}": ratio}
    return _whole(list(rows.values()))


def level_rows(found: Sequence[LevelScore]) -> list[dict[str, str]]:
    """Rows of the table of `level_scores`, one a class."""
    return [
        {
            "class": one.sn_class,
            "SNe": str(one.n_supernovae),
            "hidden": str(one.n_spectra),
            "within 1 error [%]": f"{100 * one.within_one:.0f}",
            "within 2 errors [%]": f"{100 * one.within_two:.0f}",
            "level [mag]": f"{one.level:.3f}",
            "color [mag]": "-" if np.isnan(one.color) else f"{one.color:.3f}",
        }
        for one in found
    ]


def night_rows(scores: Sequence[NightScore]) -> list[dict[str, str]]:
    """Rows of the table of `night_scores`, one a class and choice of points."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for one in scores:
        first = {"bands": _ONE_SYSTEM[one.judged], "class": one.sn_class, "SNe": str(one.n_supernovae)}
        row = rows.setdefault((one.judged, one.sn_class), first)
        row |= {"points": str(one.n_points), "left out [%]": f"{100 * one.left_out:.1f}"}
        row |= {f"{one.method} within 10 % [%]": f"{100 * one.share:.1f}", f"{one.method} rms [mag]": f"{one.rms:.3f}"}
    return _whole(list(rows.values()))


def step_rows(found: Sequence[LargestStep]) -> list[dict[str, str]]:
    """Rows of the table of `largest_steps`, one a supernova."""
    return [
        {
            "supernova": one.supernova,
            "class": one.sn_class,
            "largest [mag]": f"{one.step:.3f}",
            "phase [d]": f"{one.phase:.1f}",
            "band": one.band,
            "phases x bands": str(one.n_phases),
            f"> {LARGE_STEP:g} mag [%]": f"{100 * one.large:.2f}",
        }
        for one in found
    ]


def _whole(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Rows with all columns in each."""
    empty = dict.fromkeys((key for row in rows for key in row), "-")
    return [empty | row for row in rows]


def left_out_shares(points: BandPoints) -> list[Share]:
    """Shares of the photometric test, in one system: of all bands, and without those that are off for good."""
    return [one for judged in _ONE_SYSTEM for one in all_shares(points, judged=judged)]


def _band_tables(points: BandPoints) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Heading and rows of the photometric test, with what is left out."""
    shares, n = left_out_shares(points), points.outlier.size
    for (judged, told), out in zip(
        _ONE_SYSTEM.items(), (points.outlier, points.outlier | points.rejected), strict=True
    ):
        counted = f"{told}; {int(out.sum())} of {n} points left out ({100 * np.mean(out):.1f} %)"
        yield f"{_BANDS}\n{counted}", share_rows([one for one in shares if one.judged == judged])


def delivered_report(
    hidden: Sequence[Score] = (),
    level: Sequence[LevelScore] = (),
    nights: Sequence[NightScore] = (),
    bands: BandPoints | None = None,
    steps: Sequence[LargestStep] = (),
) -> str:
    """One table a test, with headings, as text.

    Parameters
    ----------
    hidden : sequence of Score
        From `hidden_scores`.
    level : sequence of LevelScore
        From `level_scores`.
    nights : sequence of NightScore
        From `night_scores`.
    bands : BandPoints, optional
        From `sntransport.validation.photometric_test.judge_bands`.
    steps : sequence of LargestStep
        From `largest_steps`.

    Returns
    -------
    str
        Tests without a row are left out.
    """
    tables = [
        (_HIDDEN, hidden_rows(hidden)),
        (_LEVEL, level_rows(level)),
        (_NIGHTS, night_rows(nights)),
        *([] if bands is None else _band_tables(bands)),
        (_STEPS, step_rows(steps)),
    ]
    return "\n\n".join(f"{heading}\n{text_table(rows)}" for heading, rows in tables if rows)


_HIDDEN = f"""\
Hidden spectra: all between two spectra hidden, the series built from the others
Median errors; ratios on the same spectra, geometric mean over supernovae with the central 68 % of bootstrap samples.
{BARE}: the interpolator on the two alone; {DELIVERED}: the series."""

_LEVEL = """\
Level and color: the delivered spectrum against the hidden one as it is calibrated when it is not hidden
Share of bins within one and two errors (true errors: 68 and 95), mean over supernovae; median difference of level and
color."""

_NIGHTS = f"""\
Hidden nights: photometry of all bands of some nights hidden, in one system a band, without outliers of a band
{PREDICTIONS[0]}: built without these nights; {PREDICTIONS[1]}: a Gaussian process per band through its other nights."""

_BANDS = """\
Bands left out, and all bands in-sample: share of photometry within 10 %, in one system a band"""

_STEPS = """\
Steps: what light curves change within a day less what they change within the days before and after"""
