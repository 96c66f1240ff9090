"""The numba functions of cuts and triggers: loops over the measurements of an object. Arrays in, arrays out."""

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array as _F
from sntransport._numerics.compiled import compiled

_I = NDArray[np.int64]

N_OBS, N_NIGHTS, N_DETECTIONS, N_SATURATED, SNR_MAX, FIRST_PHASE, LAST_PHASE, LARGEST_GAP = range(8)


@compiled
def counts(
    quantity: int, j: int, flux: _F, flux_err: _F, photflag: NDArray[np.int32], need: int, snr: float
) -> bool:  # fmt: skip
    """Whether measurement j counts by its flux and bits: a saturated one needs no flux to be counted as such."""
    if (photflag[j] & need) != need:
        return False
    if quantity == N_SATURATED:
        return True
    if not flux_err[j] > 0 or not np.isfinite(flux[j]):
        return False
    return snr == -np.inf or flux[j] >= snr * flux_err[j]


@compiled
def renewed(quantity: int, value: float, phase: float, ratio: float, flag: int, before: float, bits: _I) -> float:
    """A quantity with one more measurement; ``before`` is the phase of the one before, NaN for the first."""
    if quantity == N_DETECTIONS:
        return value + 1.0 if (flag & bits[0]) > 0 else value
    if quantity == N_SATURATED:
        return value + 1.0 if (flag & bits[1]) > 0 else value
    if quantity == LAST_PHASE:
        return phase
    if quantity == FIRST_PHASE:
        return phase if np.isnan(value) else value
    new = ratio if quantity == SNR_MAX else phase - before
    return new if np.isnan(value) or new > value else value


@compiled
def measured(
    quantity: int, offset: _I, mjd: _F, flux: _F, flux_err: _F, group: _I, photflag: NDArray[np.int32],
    band: NDArray[np.int16], mjd_ref: _F, z: _F, phases: _F, snr: float, wave: _F, waves: _F, bits: _I, need: int,
    night: float, among: NDArray[np.bool_], out: _F,
) -> None:  # fmt: skip
    """Into ``out`` (n_object, n_group): a quantity of the measurements in each group of bands.

    ``group`` (n_band,) is -1 for bands that do not count. A measurement counts where it has a flux (of saturated ones:
    always), its phase and the wavelength of its band (n_band,) [A] over 1 + z are within ``phases`` and ``waves`` (2,),
    its flux is ``snr`` errors or more, and it has the bits ``need``. ``bits`` are those of a detection and of
    saturation. Dates ascend within an object. NaN where the quantity is of none, and
    for objects that are not ``among`` those asked for.
    """
    n_group = out.shape[1]
    end, before = np.empty(n_group), np.empty(n_group)
    none = 0.0 if quantity <= N_SATURATED else np.nan
    for i in range(offset.size - 1):
        out[i], end[:], before[:] = none if among[i] else np.nan, -np.inf, np.nan
        if not among[i]:
            continue
        stretch = 1.0 / (1.0 + z[i])
        for j in range(offset[i], offset[i + 1]):
            g = group[band[j]]
            if g < 0 or not counts(quantity, j, flux, flux_err, photflag, need, snr):
                continue
            phase, at_rest = (mjd[j] - mjd_ref[i]) * stretch, wave[band[j]] * stretch
            if not (phases[0] <= phase <= phases[1] and waves[0] <= at_rest <= waves[1]):
                continue
            if quantity == N_OBS or (quantity == N_NIGHTS and mjd[j] > end[g]):
                out[i, g] += 1.0
                end[g] = mjd[j] + night
            elif quantity > N_NIGHTS:
                ratio = flux[j] / flux_err[j] if quantity == SNR_MAX else 0.0
                out[i, g] = renewed(quantity, out[i, g], phase, ratio, photflag[j], before[g], bits)
                before[g] = phase


@compiled
def dates_apart(
    begin: _I, date: _F, some: NDArray[np.bool_], newest: _F, n: int, days: float, out: _F
) -> None:  # fmt: skip
    """Into ``out`` (n_detection,): from ``newest`` the n-th date of ``some`` back, each more than ``days`` apart.

    Minus infinity where there are fewer. Detections are in the order of object and date, those of the object of each
    begin at ``begin``; ``newest`` is a date of ``some``, or minus infinity.
    """
    for j in range(date.size):
        at, k = newest[j], j
        for _ in range(n - 1):
            while k >= begin[j] and not (some[k] and date[k] + days < at):
                k -= 1
            at = date[k] if k >= begin[j] else -np.inf
        out[j] = at


@compiled
def last_until(begin: _I, date: _F, days: float, out: _I) -> None:
    """Into ``out`` (n_detection,): the last detection of the same object that is at most ``days`` after each."""
    end = 0
    for i in range(date.size):
        end = max(end, i)
        while end + 1 < date.size and begin[end + 1] == begin[i] and date[end + 1] <= date[i] + days:
            end += 1
        out[i] = end


@compiled
def most_common(offset: _I, code: _F, n_code: int, out: _I) -> None:
    """Into ``out`` (n_object,): the code, below ``n_code``, of most measurements of each object.

    Of equal ones the least; those below 0 do not count; ``n_code`` where there is none.
    """
    count = np.zeros(n_code, dtype=np.int64)
    for i in range(out.size):
        best, most = np.int64(n_code), np.int64(0)
        for j in range(offset[i], offset[i + 1]):
            c = np.int64(code[j])
            if c >= 0:
                count[c] += 1
                if count[c] > most or (count[c] == most and c < best):
                    best, most = c, count[c]
        for j in range(offset[i], offset[i + 1]):
            if code[j] >= 0:
                count[np.int64(code[j])] = 0
        out[i] = best


@compiled
def trigger_of_visits(
    detected: NDArray[np.bool_], mjd: _F, offset: _I, window: float, n_epochs: int, first: _F, found: _F
) -> None:  # fmt: skip
    """Fill the dates (n_object,) of the first detection and of the one that completes the trigger, where there are.

    The visits of object i are ``offset[i]`` to ``offset[i + 1]``, in any order of date. An epoch begins with the first
    visit more than ``window`` after the last one began, and counts at its first detection.
    """
    for i in range(offset.size - 1):
        begin, end = offset[i], offset[i + 1]
        ascending = True
        for j in range(begin + 1, end):
            ascending &= mjd[j - 1] <= mjd[j]
        order = np.empty(0, np.int64) if ascending else np.argsort(mjd[begin:end])
        start, counts, n = -np.inf, False, 0
        for place in range(end - begin):
            j = begin + (place if ascending else order[place])
            if mjd[j] - start > window:
                start, counts = mjd[j], False
            if not detected[j]:
                continue
            if np.isnan(first[i]):
                first[i] = mjd[j]
            if not counts:
                counts = True
                n += 1
                if n == n_epochs:
                    found[i] = mjd[j]
