"""From photometry rows to a `LightCurve`: one magnitude system, errors for all, no row twice."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sntransport._numerics.units import mag_err_to_relative, mag_to_njy
from sntransport.photometry.bands import load_bands
from sntransport.reading import Account
from sntransport.spectra.observations import LightCurve

MISSING_ERROR = 0.1
"""Error of a magnitude that has none, unless other rows of its band and instrument tell [mag]."""

_SAME_TIME = 0.01
_LEAST_FOR_ESTIMATE = 3


@dataclass(frozen=True)
class Measurement:
    """One magnitude.

    ``mjd`` [d]; ``band`` a name of `sntransport.load_bands`; ``mag``, ``err`` AB [mag], ``err`` NaN where unknown;
    ``decimals`` as written; ``instrument`` is empty where unknown.
    """

    mjd: float
    band: str
    mag: float
    err: float = math.nan
    instrument: str = ""
    decimals: int = 3

    @property
    def label(self) -> str:
        """Band and instrument, for notes."""
        return " ".join(part for part in (self.band, self.instrument) if part)


def make_light_curve(rows: Sequence[Measurement], account: Account) -> LightCurve:
    """Light curve of all rows, after leaving out repeated ones and filling in missing errors.

    Parameters
    ----------
    rows : sequence of Measurement
    account : Account
        Receives what was rejected and assumed.

    Returns
    -------
    LightCurve
        Its errors are to first order: 0.4 ln(10) times flux times the error of the magnitude.
    """
    kept = fill_errors(drop_repeated(rows, account), account)
    flux = mag_to_njy([row.mag for row in kept])
    return LightCurve(
        np.array([row.mjd for row in kept], dtype=np.float64),
        np.array([row.band for row in kept], dtype=np.str_),
        flux,
        flux * mag_err_to_relative([row.err for row in kept]),
        np.array([row.instrument for row in kept], dtype=np.str_),
    )


def drop_repeated(rows: Sequence[Measurement], account: Account) -> list[Measurement]:
    """Leave out rows that repeat another.

    A row repeats another of its band when it is less than 0.01 d apart, the instrument is the same or one has none,
    and the magnitudes agree within the rounding of the coarser. The one with an error, then the one with an
    instrument, then the one with more decimals is kept.
    """
    by_band: dict[str, list[Measurement]] = defaultdict(list)
    for row in sorted(rows, key=_worth):
        by_band[row.band].append(row)
    kept: list[Measurement] = []
    for group in by_band.values():
        mine: list[Measurement] = []
        cells: dict[int, list[Measurement]] = defaultdict(list)
        for row in group:
            cell = math.floor(row.mjd / _SAME_TIME)
            near = (other for k in (cell - 1, cell, cell + 1) for other in cells.get(k, ()))
            if any(_repeats(row, other) for other in near):
                account.reject_row("repeats another row", row.label)
                continue
            cells[cell].append(row)
            mine.append(row)
        kept += mine
    return sorted(kept, key=lambda row: (row.mjd, row.band, row.instrument))


def fill_errors(rows: Sequence[Measurement], account: Account) -> list[Measurement]:
    """Give each row without an error the median error of its band and instrument if three are known, else 0.1 mag."""
    known: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows:
        if math.isfinite(row.err):
            known[row.band, row.instrument].append(row.err)
    filled = []
    for row in rows:
        if not math.isfinite(row.err):
            errors = known[row.band, row.instrument]
            if len(errors) >= _LEAST_FOR_ESTIMATE:
                row = replace(row, err=float(np.median(errors)))
                account.assume("no error given, the median of the same band and instrument taken", row.label)
            else:
                row = replace(row, err=MISSING_ERROR)
                account.assume(f"no error given, {MISSING_ERROR:g} mag taken", row.label)
        filled.append(row)
    return filled


def to_ab(mag: float, band: str, system: str) -> float:
    """AB magnitude of a magnitude in ``system`` ("AB" or "Vega") through a named curve."""
    return mag + load_bands([band])[0].ab_offset if system == "Vega" else mag


def decimals(value: object) -> int:
    """Digits after the decimal point as written, 1 to 3: what bounds the rounding error."""
    digits = str(value).strip().partition(".")[2]
    return min(max(len(digits), 1), 3)


def _worth(row: Measurement) -> tuple[bool, bool, int, float]:
    return (not math.isfinite(row.err), not row.instrument, -row.decimals, row.mjd)


def _repeats(row: Measurement, other: Measurement) -> bool:
    if abs(row.mjd - other.mjd) >= _SAME_TIME:
        return False
    if row.instrument and other.instrument and row.instrument.casefold() != other.instrument.casefold():
        return False
    return abs(row.mag - other.mag) <= 0.5 * 10.0 ** -min(row.decimals, other.decimals) + 1e-6
