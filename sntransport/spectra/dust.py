"""Dust laws: how much each wavelength is dimmed, by law, E(B-V) and R(V); one table, one function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sntransport._objects.arguments import answers_mistakes

if TYPE_CHECKING:
    from collections.abc import Callable

    from sntransport._numerics.arrays import Array


@dataclass(frozen=True, kw_only=True)
class DustLaw:
    """One law of extinction.

    ``curve(wave, rv)`` is A(wave) / A(V), (n_wave,). ``low``, ``high`` [A] are the ends of its range and ``rv_low``,
    ``rv_high`` those of R(V). Outside the wavelengths the law is an error, or held at its end where ``held``.
    """

    curve: Callable[[Array, float], Array]
    low: float
    high: float
    rv_low: float
    rv_high: float
    source: str
    held: bool = False


def _f99(wave: Array, rv: float) -> Array:
    from extinction import fitzpatrick99

    return np.asarray(fitzpatrick99(wave, 1.0, rv))


def _o94(wave: Array, rv: float) -> Array:
    from extinction import odonnell94

    return np.asarray(odonnell94(wave, 1.0, rv))


def _ccm89(wave: Array, rv: float) -> Array:
    from extinction import ccm89

    return np.asarray(ccm89(wave, 1.0, rv))


def _g23(wave: Array, rv: float) -> Array:
    # Half a second to import, and only this law needs it.
    from dust_extinction.parameter_averages import G23

    low, high = G23.x_range
    return np.asarray(G23(Rv=rv).evaluate(np.clip(1e4 / wave, low, high), rv))


LAWS = {
    "F99": DustLaw(
        curve=_f99,
        low=912.0,
        high=60_000.0,
        rv_low=2.3,
        rv_high=5.6,
        source="Fitzpatrick 1999, PASP 111, 63",
        held=True,
    ),
    "O94": DustLaw(
        curve=_o94, low=1000.0, high=33_333.0, rv_low=2.0, rv_high=6.0, source="O'Donnell 1994, ApJ 422, 158"
    ),
    "CCM89": DustLaw(
        curve=_ccm89,
        low=1000.0,
        high=33_333.0,
        rv_low=2.0,
        rv_high=6.0,
        source="Cardelli, Clayton & Mathis 1989, ApJ 345, 245",
    ),
    "G23": DustLaw(
        curve=_g23, low=912.0, high=320_000.0, rv_low=2.3, rv_high=5.6, source="Gordon et al. 2023, ApJ 950, 86"
    ),
}
"""The laws by name. F99 is the one that the usual E(B-V) of the Milky Way are scaled for (Schlafly & Finkbeiner 2011,
ApJ 737, 103)."""


def dust_law(name: str) -> DustLaw:
    """The law of that name; a ValueError that lists them where there is none.

    Examples
    --------
    >>> from sntransport.spectra.dust import dust_law
    >>> dust_law("F99").rv_low, dust_law("F99").rv_high
    (2.3, 5.6)
    >>> dust_law("F2000")
    Traceback (most recent call last):
        ...
    ValueError: dust law 'F2000' is not known, expected one of F99, O94, CCM89, G23
    """
    if name not in LAWS:
        raise ValueError(f"dust law {name!r} is not known, expected one of {', '.join(LAWS)}")
    return LAWS[name]


def require_rv(rv: float, law: str, field: str) -> None:
    """Raise a ValueError that names ``field`` unless R(V) is in the range of the law."""
    known = dust_law(law)
    if not known.rv_low <= rv <= known.rv_high:
        wider = [name for name, other in LAWS.items() if other.rv_low <= rv <= other.rv_high]
        remedy = f"; {' and '.join(wider)} reach that far" if wider else ""
        raise ValueError(f"{field} is {rv:g}, expected {known.rv_low:g} to {known.rv_high:g} for {law}{remedy}")


@answers_mistakes
def extinction(wave: Array, ebv: float, rv: float, law: str) -> Array:
    """Extinction at each wavelength.

    Parameters
    ----------
    wave : ndarray, (n_wave,) [A]
        Wavelength in the frame of the dust, any order; NaN gives NaN.
    ebv : float [mag]
        Color excess E(B-V).
    rv : float
        Ratio of total to selective extinction, A(V) / E(B-V).
    law : str
        A name of `LAWS`.

    Returns
    -------
    ndarray, (n_wave,) [mag]

    Raises
    ------
    ValueError
        For an unknown law, R(V) outside its range, or wavelengths outside it, unless it is held there (F99 is held at
        its ends, 912 A and 6 micron).

    Examples
    --------
    >>> from sntransport.spectra import extinction
    >>> extinction(np.array([4400.0, 5500.0]), ebv=0.1, rv=3.1, law="F99").round(2)
    array([0.41, 0.3 ])
    """
    known = dust_law(law)
    require_rv(rv, law, "R(V)")
    # A grid that ends on the limit may miss it by rounding.
    margin = 1e-9 * wave
    if not known.held and np.any((wave < known.low - margin) | (wave > known.high + margin)):
        raise ValueError(
            f"the dust law {law} is defined from {known.low:g} to {known.high:g} A in the frame of the dust, got "
            f"{np.nanmin(wave):.6g} to {np.nanmax(wave):.6g} A; cut the spectrum, or choose a law that reaches there "
            f"(G23: {LAWS['G23'].low:g} to {LAWS['G23'].high:g} A)"
        )
    return np.asarray(rv * ebv * known.curve(np.clip(wave, known.low, known.high), rv))
