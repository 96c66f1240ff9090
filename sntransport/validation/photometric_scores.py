"""Shares of the photometric test: how much of the photometry each way to a series meets, as tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport.validation.photometric_test import FAR, LARGEST_ERROR, LETTERS, METHODS, PAPER, WITHIN, BandPoints

JUDGED = ("all", "one system", "accepted")
"""Which points: as they were observed; as one instrument a band would have seen them, without nights that are outliers
of their band; and of these the ones that the calibration on all bands does not take for wrong."""


def judged_points(points: BandPoints, judged: str) -> BandPoints:
    """The points of one of `JUDGED`.

    Parameters
    ----------
    points : BandPoints
        As `sntransport.validation.photometric_test.judge_bands` gives them.
    judged : str

    Returns
    -------
    BandPoints

    Raises
    ------
    ValueError
        Where ``judged`` is none of `JUDGED`.
    """
    if judged not in JUDGED:
        raise ValueError(f"judged is {judged!r}, expected one of {', '.join(JUDGED)}")
    if judged == "all":
        return points
    kept = ~points.outlier if judged == "one system" else ~points.outlier & ~points.rejected
    names = [field.name for field in fields(points) if field.name not in ("ratio", "offset", "n_faint")]
    columns = {name: getattr(points, name)[kept] for name in names}
    ratio = points.ratio[:, kept] * 10.0 ** (-0.4 * points.offset[kept])
    return BandPoints(**columns, ratio=ratio, offset=np.zeros(int(kept.sum())), n_faint=points.n_faint)


@dataclass(frozen=True, kw_only=True)
class Share:
    """How much of the photometry one method meets within 10 %.

    Of a class and letter (or "all"), of points ``at_least`` [rest-frame d] from the nearest spectrum and ``judged``
    (one of `JUDGED`). ``n_points`` are those that all series cover, from
    ``n_supernovae``; the shares are of the ``n_known`` of them that the method gives: ``share`` of all, ``mean`` over
    supernovae of each one's share; NaN without any.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.validation import all_shares, judge_bands
    >>> sn = demo_supernova()
    >>> sn = replace(sn, spectra=sn.spectra[2:5])
    >>> one = all_shares(judge_bands([sn]))[0]
    >>> one.sn_class, one.letter, one.n_supernovae
    ('Ia', 'B', 1)
    """

    sn_class: str
    letter: str
    at_least: float
    judged: str
    n_supernovae: int
    n_points: int
    method: str
    n_known: int
    share: float
    mean: float


@answers_mistakes
def all_shares(points: BandPoints, *, at_least: float = 0.0, judged: str = "all") -> list[Share]:
    """Share of points within 10 %, of every class, letter and method.

    Parameters
    ----------
    points : BandPoints
    at_least : float [rest-frame d]
        Only points this far or further from the nearest spectrum.
    judged : str
        One of `JUDGED`.

    Returns
    -------
    list of Share
        Of each class and letter with any points, the methods in the order of `METHODS`. All series use the same points:
        those all of them cover.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.validation import all_shares, judge_bands
    >>> sn = demo_supernova()
    >>> sn = replace(sn, spectra=sn.spectra[2:5])
    >>> for one in all_shares(judge_bands([sn])):
    ...     if one.sn_class == "all" and one.letter == "V":
    ...         print(f"{one.method}: {one.share:.0%} of {one.n_known}")
    floor: 100% of 2
    V only: 100% of 6
    all bands: 100% of 6
    left out: 100% of 6
    one factor: 100% of 6
    as is: 17% of 6
    """
    found = []
    points = judged_points(points, judged)
    far = points.distance >= at_least
    classes = [name for name in ("Ia", "II", "Ib/c", "other") if np.any(points.sn_class == name)]
    for sn_class in [*classes, "all"]:
        for letter in [*LETTERS, "all"]:
            mine = (
                far & ((points.sn_class == sn_class) | (sn_class == "all")) & np.isfinite(points.ratio[1:]).all(axis=0)
            )
            mine &= (points.letter == letter) | (letter == "all")
            for method, ratio in zip(METHODS, points.ratio, strict=True):
                known = mine & np.isfinite(ratio) & (ratio > 0)
                met = shares(points.supernova[known], ratio[known]) if known.any() else (np.nan, np.nan)
                if mine.any():
                    found.append(
                        Share(
                            sn_class=sn_class,
                            letter=letter,
                            at_least=at_least,
                            judged=judged,
                            n_supernovae=np.unique(points.supernova[mine]).size,
                            n_points=int(mine.sum()),
                            method=method,
                            n_known=int(known.sum()),
                            share=met[0],
                            mean=met[1],
                        )
                    )
    return found


def share_rows(found: Iterable[Share]) -> list[dict[str, str]]:
    """Rows of a table, one a class and letter, for `sntransport.report.build_tables.text_table`.

    Parameters
    ----------
    found : iterable of Share

    Returns
    -------
    list of dict
        Of each method the share of points, the mean over supernovae in parentheses, and how many points if fewer than
        are judged in all.
    """
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for one in found:
        row = rows.setdefault((one.sn_class, one.letter), {"class": one.sn_class, "band": one.letter})
        row |= {"SNe": str(one.n_supernovae), "points": str(one.n_points)}
        row |= {"paper [%]": PAPER.get((one.sn_class, one.letter), "")}
        counted = "" if one.n_known == one.n_points else f" of {one.n_known}"
        text = f"{100 * one.share:.0f} ({100 * one.mean:.0f}){counted}" if one.n_known else ""
        row[f"{one.method} [%]"] = text
    return list(rows.values())


def shares(supernova: NDArray[np.str_], ratio: Array) -> tuple[float, float]:
    """Share of ratios within 10 % of 1: of all points, and the mean over supernovae of each one's share."""
    inside = np.abs(ratio - 1.0) <= WITHIN
    return float(inside.mean()), float(np.mean([inside[supernova == name].mean() for name in np.unique(supernova)]))


def _outliers(points: BandPoints) -> str:
    """Which points are outliers of their band, one line each."""
    rows = np.flatnonzero(points.outlier)
    named = [f"  {points.supernova[i]} {points.band[i]} MJD {points.mjd[i]:.2f}\n" for i in rows]
    return f"{rows.size} points are outliers of their band{':' if named else '.'}\n{''.join(named)}"


def rejected_photometry(points: BandPoints) -> list[tuple[str, str, int, int, float]]:
    """Photometry that the calibration on all bands takes for wrong.

    Parameters
    ----------
    points : BandPoints

    Returns
    -------
    list of tuple
        Supernova, band, points taken for wrong, points in all, and the median of synthetic over observed flux of the
        former where the series is calibrated on all bands (NaN where it covers none).
    """
    found = []
    ratio = points.ratio[METHODS.index("all bands")]
    for name in np.unique(points.supernova):
        for band in np.unique(points.band[(points.supernova == name) & points.rejected]):
            mine = (points.supernova == name) & (points.band == band)
            wrong = ratio[mine & points.rejected]
            known = wrong[np.isfinite(wrong)]
            median = float(np.median(known)) if known.size else np.nan
            found.append((str(name), str(band), wrong.size, int(mine.sum()), median))
    return found


def _rejected(points: BandPoints) -> str:
    """Which photometry is taken for wrong, a line for each supernova and band."""
    rows = rejected_photometry(points)
    named = [
        f"  {name} {band}: {wrong} of {all_} points, synthetic over observed flux {median:.2f}\n"
        for name, band, wrong, all_, median in rows
    ]
    count = int(points.rejected.sum())
    return (
        f"{count} points are photometry that the calibration on all bands takes for wrong"
        f"{':' if named else '.'}\n{''.join(named)}"
    )


def share_report(points: BandPoints) -> str:
    """The tables as text, with what they count."""
    from sntransport._storage.tables import text_table

    tables = {
        "All points": share_rows(all_shares(points)),
        f"Points {FAR:.0f} d or more from any spectrum": share_rows(all_shares(points, at_least=FAR)),
        "Instruments of a band on one system, without outliers": share_rows(all_shares(points, judged="one system")),
        "The same, without photometry that the calibration takes for wrong": share_rows(
            all_shares(points, judged="accepted")
        ),
    }
    text = "\n".join(f"{title}\n{text_table(rows)}\n" for title, rows in tables.items() if rows)
    return (
        f"Share of observed photometry within {WITHIN:.0%} of the synthetic photometry of the series\n\n{text}\n"
        "In parentheses the mean over supernovae. floor: nearest spectrum within a day, scaled in V; V only: spectra\n"
        "and series scaled in V; all bands: calibrated on all; left out: calibrated on all but those of the letter;\n"
        "one factor: scaled in these; as is: not calibrated.\n"
        f"paper: Ramirez et al. 2024, scaled in V, other supernovae. {points.n_faint} points with errors above "
        f"{LARGEST_ERROR:.0%} are not judged.\n{_outliers(points)}{_rejected(points)}"
    )
