"""What the leave-out test found: scores by class and gap, as a table and a figure.

Every supernova counts the same, however many spectra it has: triplets are averaged within a supernova first, and
uncertainty is the scatter among supernovae.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.tables import text_table
from sntransport.validation.hidden_spectra import GAP_EDGES, LINE_NAMES, gap_bin
from sntransport.validation.leave_out import BASELINE, Triplets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from sntransport._numerics.arrays import Array


CLASSES = ("Ia", "II", "Ib/c", "other")
"""Broad classes in the order of tables, before "all"."""

WIDE = 20.0
"""Gaps from here on are summed up apart from the rest [rest-frame d]."""

GAPS = (*(f"{low:.0f}-{high:.0f}" for low, high in pairwise(GAP_EDGES)), "all", f"> {WIDE:.0f}")
"""Gap bins [d] in the order of tables and figures."""

# Of the tables and of the panels of the figure.
HEADINGS = {
    "feature": "Feature residual, after a polynomial in ln wavelength is taken out",
    "flux": "Relative residual at unit mean",
    "color": "Color residual of synthetic photometry, rms over bands after one gray factor",
}
_EXPLANATION = f"""\
Of each interpolator: its error over that of {BASELINE} on the same spectra, geometric mean over supernovae, and the
central 68 % of bootstrap samples of supernovae. The other errors are medians over supernovae of the median of each.
floor: two spectra of one supernova from neighboring nights; their noise and calibration, not a strict bound."""

_LEAST = {"flux": 1e-6, "feature": 1e-6, "velocity": 10.0, "color": 1e-3}
"""Errors below this count as this, so that a chance hit does not decide a geometric mean (1, 1, km/s, mag)."""

# A floor from fewer supernovae than this is an accident of their data; that of all classes is used instead.
_FEWEST = 3


@dataclass(frozen=True, kw_only=True)
class Score:
    """One interpolator in one cell.

    ``metric`` is "flux", "feature", "color" or the name of a line (its velocity); ``sn_class`` and ``gap`` say which
    triplets. ``ratio`` to the baseline, the interpolator ``over``, on the same triplets: geometric mean over supernovae
    of each one's geometric mean over triplets; ``low``, ``high`` its central 68 % in bootstrap samples of supernovae,
    NaN for fewer than two. ``value``, ``baseline``, ``floor``: median over supernovae of each one's median absolute
    error, of the interpolator, the baseline and two spectra of neighboring nights (those of the class if three
    supernovae have any, else all; NaN without any). Unit: 1 for "flux" and "feature", km/s, mag.

    Examples
    --------
    >>> from sntransport.transport.interpolators import linear
    >>> from sntransport.transport.templates import hsiao
    >>> from sntransport.validation import judge, score
    >>> series = hsiao().select(phase=(0.0, 30.0), wave=(4000.0, 8000.0))
    >>> one = score(judge([series[::5]], {"linear": linear}), samples=10)[0]
    >>> one.interpolator, one.sn_class, one.n_supernovae
    ('log_linear', 'Ia', 1)
    """

    metric: str
    interpolator: str
    sn_class: str
    gap: str
    ratio: float
    low: float
    high: float
    value: float
    baseline: float
    floor: float
    n_supernovae: int
    n_triplets: int
    over: str = BASELINE


def metric_names() -> tuple[str, ...]:
    """All metrics that can be scored: "feature", "flux", "color" and the lines."""
    return ("feature", "flux", "color", *LINE_NAMES)


@answers_mistakes
def score(
    triplets: Triplets,
    floor: Triplets | None = None,
    *,
    metric: str = "feature",
    over: str = BASELINE,
    samples: int = 2000,
    seed: int = 1,
) -> list[Score]:
    """Score every interpolator in every cell that has triplets.

    Parameters
    ----------
    triplets : Triplets
        From `sntransport.validation.leave_out.judge`.
    floor : Triplets, optional
        From `sntransport.validation.leave_out.noise_floor`.
    metric : str
        One of `metric_names`. "color" is the rms over bands.
    over : str
        Name of the interpolator whose error is the denominator.
    samples : int
        Bootstrap samples of supernovae.
    seed : int
        Of those; the interval of a cell does not depend on the other cells.

    Returns
    -------
    list of Score
        Classes in the order of `CLASSES`, then "all" if there is more than one; in each the gaps of `GAPS`.

    Examples
    --------
    >>> from sntransport.transport.interpolators import linear
    >>> from sntransport.transport.templates import hsiao
    >>> from sntransport.validation import judge, score
    >>> series = hsiao().select(phase=(0.0, 30.0), wave=(4000.0, 8000.0))
    >>> scores = score(judge([series[::5]], {"linear": linear}), metric="flux", samples=10)
    >>> sorted({one.interpolator for one in scores})
    ['linear', 'log_linear']
    """
    error, kind = _errors(triplets, metric)
    base = triplets.interpolators.index(over)
    scores = []
    for sn_class, of_class in _classes(triplets, np.isfinite(error[base])):
        limit = _floor(floor, metric, sn_class)
        for gap, in_gap in _gaps(triplets.gap):
            rows = of_class & in_gap
            for name, mine in zip(triplets.interpolators, error, strict=True):
                ok = rows & np.isfinite(mine) & np.isfinite(error[base])
                if ok.any():
                    mean, low, high, value, baseline, n_supernovae, n_triplets = _cell(
                        mine[ok],
                        error[base][ok],
                        triplets.supernova[ok],
                        least=_LEAST[kind],
                        samples=samples,
                        seed=seed,
                    )
                    scores.append(
                        Score(
                            metric=metric,
                            interpolator=name,
                            sn_class=sn_class,
                            gap=gap,
                            ratio=mean,
                            low=low,
                            high=high,
                            value=value,
                            baseline=baseline,
                            floor=limit,
                            n_supernovae=n_supernovae,
                            n_triplets=n_triplets,
                            over=over,
                        )
                    )
    return scores


def _errors(triplets: Triplets, metric: str) -> tuple[Array, str]:
    """Absolute errors (n_interp, n) and which kind of number they are."""
    if metric in ("flux", "feature"):
        return getattr(triplets, metric), metric
    if metric == "color":
        known = np.isfinite(triplets.color)
        square = np.where(known, triplets.color, 0.0) ** 2
        count = known.sum(axis=-1)
        return np.where(count > 0, np.sqrt(square.sum(axis=-1) / np.maximum(count, 1)), np.nan), "color"
    if metric in LINE_NAMES:
        return np.abs(triplets.velocity[:, :, LINE_NAMES.index(metric)]), "velocity"
    raise ValueError(f"metric {metric!r} is not known; choose one of {', '.join(metric_names())}")


def _classes(triplets: Triplets, known: NDArray[np.bool_]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Rows of every class that has any known, and of all if there is more than one."""
    present = [name for name in CLASSES if np.any(known & (triplets.sn_class == name))]
    yield from ((name, triplets.sn_class == name) for name in present)
    if len(present) > 1:
        yield "all", np.ones(triplets.n, dtype=bool)


def _gaps(gap: Array) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    bin_of = gap_bin(gap)
    masks = [*(bin_of == b for b in range(len(GAP_EDGES) - 1)), np.ones(gap.size, dtype=bool), gap >= WIDE]
    yield from zip(GAPS, masks, strict=True)


def _cell(
    mine: Array, base: Array, supernova: NDArray[np.str_], *, least: float, samples: int, seed: int
) -> tuple[float, float, float, float, float, int, int]:
    names, owner = np.unique(supernova, return_inverse=True)
    log_ratio = np.log(np.maximum(mine, least) / np.maximum(base, least))
    mean = np.bincount(owner, log_ratio) / np.bincount(owner)
    low = high = np.nan
    if names.size > 1:
        drawn = np.random.default_rng(seed).integers(names.size, size=(samples, names.size))
        low, high = np.exp(np.quantile(mean[drawn].mean(axis=1), [0.16, 0.84]))
    value, baseline = (_middle(column, owner) for column in (mine, base))
    return float(np.exp(mean.mean())), float(low), float(high), value, baseline, int(names.size), int(mine.size)


def _middle(values: Array, owner: NDArray[np.intp]) -> float:
    """Median over supernovae of the median of each."""
    return float(np.median([np.median(values[owner == one]) for one in np.unique(owner)]))


def _floor(floor: Triplets | None, metric: str, sn_class: str) -> float:
    if floor is None:
        return np.nan
    error = _errors(floor, metric)[0][0]
    rows = np.isfinite(error) & ((floor.sn_class == sn_class) | (sn_class == "all"))
    names, owner = np.unique(floor.supernova[rows], return_inverse=True)
    if sn_class != "all" and names.size < _FEWEST:
        return _floor(floor, metric, "all")
    return _middle(error[rows], owner) if rows.any() else np.nan


def score_rows(scores: Sequence[Score]) -> list[dict[str, str]]:
    """Rows of a table, one a class and gap bin, for `sntransport.report.build_tables.text_table`.

    Parameters
    ----------
    scores : sequence of Score
        Of one metric.

    Returns
    -------
    list of dict of str to str
        Number of supernovae and triplets, floor and baseline in the unit of the metric, then for every other
        interpolator the ratio of its error to the baseline's with the 68 % interval, and of lines the error itself.
    """
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for one in scores:
        row = rows.setdefault((one.sn_class, one.gap), {"class": one.sn_class, "gap [d]": one.gap})
        if one.interpolator == BASELINE:
            unit, text = _unit(one.metric)
            row |= {"SNe": str(one.n_supernovae), "triplets": str(one.n_triplets)}
            row |= {f"floor [{unit}]": text(one.floor), f"{BASELINE} [{unit}]": text(one.baseline)}
    for one in scores:
        if one.interpolator != BASELINE:
            unit, text = _unit(one.metric)
            value = {f"{one.interpolator} [{unit}]": text(one.value)} if one.metric in LINE_NAMES else {}
            rows[one.sn_class, one.gap] |= {one.interpolator: _ratio_text(one)} | value
    empty = dict.fromkeys((key for row in rows.values() for key in row), "-")
    return [empty | row for row in rows.values()]


def _unit(metric: str) -> tuple[str, Callable[[float], str]]:
    """Unit of a metric, and how a number of it is written."""
    if metric in ("flux", "feature"):
        return "%", lambda value: _number(100.0 * value, 1)
    if metric == "color":
        return "mag", lambda value: _number(value, 3)
    return "km/s", lambda value: _number(value, 0)


def _number(value: float, digits: int) -> str:
    return "-" if np.isnan(value) else f"{value:.{digits}f}"


def _ratio_text(cell: Score) -> str:
    interval = "" if np.isnan(cell.low) else f" [{cell.low:.2f}, {cell.high:.2f}]"
    return f"{cell.ratio:.2f}{interval}"


def score_report(triplets: Triplets, floor: Triplets | None = None) -> str:
    """The tables of all metrics, with headings, as text."""
    return report_of_scores([one for metric in metric_names() for one in score(triplets, floor, metric=metric)])


def report_of_scores(scores: Sequence[Score]) -> str:
    """The same from scores, of any number of metrics."""
    parts = []
    for metric in metric_names():
        mine = [one for one in scores if one.metric == metric]
        if mine:
            parts.append(f"{HEADINGS.get(metric, metric + ' blueshift error')}\n{text_table(score_rows(mine))}")
    return "\n\n".join([*parts, _EXPLANATION])
