"""Filters of other packages as curves: sncosmo, speclite and synphot, each per photon and linear between points."""

from typing import Any, NamedTuple

import numpy as np

from sntransport._numerics.arrays import Array

# Where a filter is a product of curves, or a formula, it is sampled so finely [A]: sncosmo integrates in steps of 5.
_STEP = 1.0


class Curve(NamedTuple):
    """A photon response: ``wave`` [A] and ``throughput``, (n,), with its name and where it is from."""

    name: str
    wave: Array
    throughput: Array
    source: str


def foreign_curve(item: Any) -> Curve | None:
    """The curve of a filter of another package; None for anything else.

    Parameters
    ----------
    item : sncosmo.Bandpass, sncosmo.AggregateBandpass, speclite.filters.FilterResponse or synphot.SpectralElement
        Told by the package that its class is from, so that none is imported.

    Returns
    -------
    Curve or None
        Point by point where the filter has points; a product of several curves (``AggregateBandpass``) and a formula
        (synphot's ``Box1D``, ``Gaussian1D``) are sampled in steps of 1 A, or finer where their own points are.
    """
    for kind in type(item).__mro__:
        package = kind.__module__.partition(".")[0]
        if package in _READERS and kind.__name__ in _READERS[package][0]:
            return _READERS[package][1](item)
    return None


def _of_sncosmo(band: Any) -> Curve:
    name = str(band.name or "unnamed")
    if hasattr(band, "transmissions"):
        points = np.concatenate([part.x for part in band.transmissions])
        wave = _finer(points, band.minwave(), band.maxwave())
        return Curve(name, wave, np.asarray(band(wave), dtype=np.float64), "sncosmo, product of its curves")
    return Curve(name, np.asarray(band.wave), np.asarray(band.trans), "sncosmo")


def _of_speclite(band: Any) -> Curve:
    # Its wavelengths [A] and responses are public by way of its interpolator only; a shift is in them, and in its name.
    curve = band.interpolator
    return Curve(band.name, curve.x, curve.y, f"speclite: {band.meta.get('description', band.name)}")


def _of_synphot(band: Any) -> Curve:
    points = band.waveset
    if points is None:
        raise ValueError("the SpectralElement of synphot has no wavelengths of its own: give one with a waveset")
    wave = np.unique(np.asarray(points.to_value("Angstrom"), dtype=np.float64))
    if type(band.model).__name__ != "Empirical1D":
        wave = _finer(wave, wave[0], wave[-1])
    name = str(band.meta.get("expr") or band.meta.get("header", {}).get("descrip") or "synphot")
    return Curve(name, wave, np.asarray(band(wave).value, dtype=np.float64), "synphot")


def _finer(points: Array, low: float, high: float) -> Array:
    """Points within bounds, with steps of `_STEP` at most."""
    even = np.linspace(low, high, int(np.ceil((high - low) / _STEP)) + 1)
    return np.unique(np.concatenate([even, points[(points > low) & (points < high)]]))


_READERS = {
    "sncosmo": ({"Bandpass", "AggregateBandpass"}, _of_sncosmo),
    "speclite": ({"FilterResponse"}, _of_speclite),
    "synphot": ({"SpectralElement"}, _of_synphot),
}
