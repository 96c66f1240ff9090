"""At which redshifts templates can be used in a band: where SNANA finds all of the filter within their wavelengths.

The rule, and every constant of it, was read off SNANA's source (github.com/RickKessler/SNANA, August 2026) and tried in
it. Other simulators take what is not covered to be 0, or 1 % of it; none needs more than this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sntransport._objects.arguments import answers_mistakes
from sntransport.photometry.bands import Bandpass, load_bands

LOWEST_TRANSMISSION = 1e-6
"""A filter reaches as far as its transmission is above this (SNANA's sntools_calib.c, load_filterTrans_calib)."""

NODE_STEP = 0.03
"""Distance of two nodes of SNANA's table of fluxes [log10 z]: 0.02, and up to this where the range of a simulation is
short (genmag_SEDtools.c, snlc_sim.c: NZBIN = 50 log10(zmax / zmin), cut to a whole number, + 1)."""

FRAME_SHIFT = 370.0 / 299792.458
"""Most by which redshifts in the heliocentric frame and in that of the cosmic background differ: 370 km/s."""

LOWEST_REDSHIFT = 0.002
"""Where a simulation of SNANA may begin: it stops unless the redshift is above `FRAME_SHIFT` (init_genSEDMODEL)."""

_FILTER_BIN = 10.0
_LEAK, _FAR = 0.01, 100.0


@answers_mistakes
def filter_range(band: Bandpass, leakage_cut: float = 0.0) -> tuple[float, float]:
    """First and last wavelength that SNANA needs for a band [observer-frame A].

    Parameters
    ----------
    band : Bandpass
    leakage_cut : float
        ``LEAKAGE_CUT`` of the calibration file: transmission below this share of the highest is taken as 0.

    Returns
    -------
    tuple of float
        Where the transmission is above 1e-6, and a bin of 10 A more at either end: SNANA samples it on the wavelengths
        of the calibration file, often 10 A apart, and adds a bin.

    Raises
    ------
    ValueError
        Where ``leakage_cut`` is not from 0 to below 1.

    Examples
    --------
    >>> from sntransport.photometry import filter_range
    >>> (band,) = snt.load_bands(["bessellv"])
    >>> tuple(round(end) for end in filter_range(band))
    (4690, 7010)
    """
    if not 0 <= leakage_cut < 1:
        raise ValueError(f"leakage_cut is {leakage_cut:g}, expected a share of the highest transmission, 0 to below 1")
    lowest = max(LOWEST_TRANSMISSION, leakage_cut * float(band.throughput.max()))
    # Between two samples the transmission is a line: it crosses somewhere in the interval before the first above.
    above = np.flatnonzero(band.throughput > lowest)
    first, last = max(int(above[0]) - 1, 0), min(int(above[-1]) + 1, band.wave.size - 1)
    ends = [(first, int(above[0])), (last, int(above[-1]))]
    low, high = (_crossing(band, outside, inside, lowest) for outside, inside in ends)
    return low - _FILTER_BIN, high + _FILTER_BIN


@answers_mistakes
def usable_redshifts(
    wave_range: tuple[float, float], bands: Sequence[str | Bandpass], *, leakage_cut: float = 0.0
) -> dict[str, tuple[float, float] | None]:
    """Redshifts at which a simulator can use templates in each band: the one rule of this package.

    Parameters
    ----------
    wave_range : tuple of float [rest-frame A]
        First and last wavelength that all phases of all templates have.
    bands : sequence of str or Bandpass
    leakage_cut : float
        See `filter_range`.

    Returns
    -------
    dict
        For each band the lowest and the highest redshift, None where there is none.

    Raises
    ------
    ValueError
        Where a band is not known, or ``leakage_cut`` is out of range.

    Notes
    -----
    SNANA takes the flux in a band to be 0 unless all of its `filter_range` lies within the wavelengths of the template,
    at each node of a table in redshift, and interpolates between two nodes (genmag_SEDtools.c: init_flux_SEDMODEL,
    interp_flux_SEDMODEL). So the node beyond a redshift must be covered too. The redshift there is the heliocentric
    one, that of a simulation the other: they may differ by `FRAME_SHIFT`. Peculiar velocities of a simulation are not
    in it.

    Examples
    --------
    >>> from sntransport.photometry import usable_redshifts
    >>> for band, z in usable_redshifts((2000.0, 9000.0), ["lsstu", "lsstr", "lssty"]).items():
    ...     print(band, z and tuple(round(end, 2) for end in z))
    lsstu (0.2, 0.56)
    lsstr (0.0, 1.51)
    lssty (0.24, 0.63)
    """
    low, high = wave_range
    if not 0 < low < high:
        raise ValueError(f"wave_range is {wave_range}, expected two ascending wavelengths [A]")
    node, shift = 10.0**NODE_STEP, FRAME_SHIFT
    out: dict[str, tuple[float, float] | None] = {}
    for band in load_bands(bands):
        first, last = filter_range(band, leakage_cut)
        farthest, nearest = first / low - 1.0, max(last / high - 1.0, 0.0)
        z_high = (farthest / node - shift) / (1.0 + shift)
        z_low = (nearest * node + shift) / (1.0 - shift) if nearest > 0 else 0.0
        out[band.name] = (z_low, z_high) if z_high > z_low else None
    return out


def coverage_text(limits: Mapping[str, tuple[float, float] | None]) -> str:
    """Usable redshifts as lines, for people; rounded inward to three decimals."""
    return "\n".join(f"{band:12s} {range_text(limit)}" for band, limit in limits.items())


def leakage_note(bands: Sequence[str | Bandpass], leakage_cut: float = 0.0) -> str:
    """Which filters reach far beyond their band, and what SNANA has against it; "" where none does.

    Far is 100 A more than the filter reaches where it transmits 1 % of its highest.
    """
    leaking = []
    for band in load_bands(bands):
        whole, inner = filter_range(band, leakage_cut), filter_range(band, max(leakage_cut, _LEAK))
        if inner[0] - whole[0] > _FAR or whole[1] - inner[1] > _FAR:
            leaking.append(f"{band.name} ({whole[0]:.0f}-{whole[1]:.0f} A)")
    if not leaking:
        return ""
    return (
        f"SNANA wants templates to reach as far as the faintest leak of a filter: {', '.join(leaking)}; where its "
        "calibration file is made with LEAKAGE_CUT (kcor.exe), state the same cut here and more redshifts are usable"
    )


def range_text(limit: tuple[float, float] | None) -> str:
    """Usable redshifts of one band in words."""
    low, high = (0.0, 0.0) if limit is None else inward(limit, 3)
    return "at no redshift" if limit is None or low >= high else f"z = {low:.3f} to {high:.3f}"


def inward(limit: tuple[float, float], decimals: int) -> tuple[float, float]:
    """Round a range to decimals so that it never becomes wider."""
    scale = 10.0**decimals
    # Less than a billionth is rounding; and no negative zero.
    low, high = np.ceil(limit[0] * scale - 1e-9) + 0.0, np.floor(limit[1] * scale + 1e-9) + 0.0
    return float(low / scale), float(high / scale)


def _crossing(band: Bandpass, outside: int, inside: int, lowest: float) -> float:
    """Wavelength between two samples where the transmission is ``lowest``, or where the curve begins above it."""
    t_out, t_in = float(band.throughput[outside]), float(band.throughput[inside])
    share = 1.0 if t_out >= t_in else (t_in - lowest) / (t_in - t_out)
    return float(band.wave[inside] + min(share, 1.0) * (band.wave[outside] - band.wave[inside]))
