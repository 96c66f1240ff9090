"""What is possible but hardly meant: values and dates of a supernova that contradict what else is known of it."""

import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import C_KMS, JD_MINUS_MJD
from sntransport.spectra.observations import Supernova
from sntransport.spectra.ranges import unusual_date, unusual_ebv, unusual_redshift
from sntransport.spectra.sightline import Sightline

DOUBT = "WARNING: "
"""What a note begins with that nobody may miss: the result is probably wrong. `build` of the command line prints it."""

FARTHEST = 1000.0
"""Observations of one supernova that are further than this from all others [d] are asked about."""

_HUBBLE = 70.0
# Peculiar velocities below this say nothing of the distance [km/s].
_LEAST_VELOCITY = 1500.0
_MOST_OFF_HUBBLE = 2.0
# Differences of time axes that one or the other is written in [d].
_AXES = ((JD_MINUS_MJD, "JD"), (2400000.0, "JD"), (49999.5, "JD - 2450000"), (50000.0, "MJD - 50000"))


def doubts_of_facts(sn: Supernova) -> tuple[str, ...]:
    """Doubts about redshift, distance, dust and dates; each a note that begins with `DOUBT`, with a probable cause.

    Parameters
    ----------
    sn : Supernova

    Returns
    -------
    tuple of str
        Empty where nothing is doubtful.
    """
    return tuple(f"{DOUBT}{text}" for text in (*_of_sightline(sn.sightline), *_of_dates(sn)))


def doubts_among(notes: Iterable[str]) -> tuple[str, ...]:
    """The doubts among notes, whole, without what they begin with."""
    return tuple(note.removeprefix(DOUBT) for note in notes if note.startswith(DOUBT))


def _of_sightline(sightline: Sightline) -> Iterator[str]:
    if remark := unusual_redshift(sightline.z):
        yield f"z {remark}"
    for name in ("ebv_mw", "ebv_host"):
        if remark := unusual_ebv(getattr(sightline, name)):
            yield f"{name} {remark}"
    if sightline.z * C_KMS > _LEAST_VELOCITY and sightline.distance_modulus != 0.0:
        expected = rough_modulus(sightline.z)
        if abs(sightline.distance_modulus - expected) > _MOST_OFF_HUBBLE:
            yield (
                f"distance modulus {sightline.distance_modulus:.2f} mag, but z = {sightline.z:g} makes about "
                f"{expected:.1f} by Hubble's law; is the distance in Mpc, and is z a redshift?"
            )


def rough_modulus(z: float) -> float:
    """Distance modulus [mag] of a redshift above 0, within 0.2 mag of Planck 2018 at all redshifts, without astropy."""
    mpc = z * C_KMS / _HUBBLE * (1.0 + z) / (1.0 + 0.33 * z)
    return 5.0 * math.log10(mpc) + 25.0


def _of_dates(sn: Supernova) -> Iterator[str]:
    spectra, photometry = np.array([spectrum.mjd for spectrum in sn.spectra]), sn.light_curve.mjd
    every = np.concatenate([spectra, photometry])
    if not every.size:
        return
    for what, dates in (("spectra", spectra), ("photometry", photometry)):
        if remark := unusual_date(float(np.median(dates))) if dates.size else "":
            yield f"dates of the {what} are about MJD {np.median(dates):.10g}, {remark}"
    if spectra.size and photometry.size:
        distance = nearest(spectra, photometry)
        if distance.min() > FARTHEST:
            middle = [float(np.median(dates)) for dates in (spectra, photometry)]
            yield (
                f"spectra and photometry are {distance.min():.0f} d apart or more (medians MJD {middle[0]:.10g} and "
                f"{middle[1]:.10g}), so nothing is calibrated; {_axis(middle[0] - middle[1])}"
            )
            return
    for mjd in spectra:
        others = every[every != mjd]
        if others.size and (gap := nearest(mjd, others)[0]) > FARTHEST:
            yield f"the spectrum of MJD {mjd:.10g} is {gap:.0f} d from all other data; is its date right?"
    apart = nearest(sn.mjd_ref, every)[0]
    if apart > FARTHEST:
        yield f"phase 0, MJD {sn.mjd_ref:.10g}, is {apart:.0f} d from all data; is mjd_ref right?"


def nearest(mjd: ArrayLike, others: Array) -> Array:
    """How far each date is from the nearest of the others, both [d]."""
    return np.asarray(np.abs(np.atleast_1d(mjd)[:, None] - others[None, :]).min(axis=1))


def _axis(difference: float) -> str:
    """Which time axes differ by about so much."""
    named = [name for days, name in _AXES if abs(abs(difference) - days) < FARTHEST]
    behind = "photometry" if difference > 0 else "spectra"
    return f"are the dates of the {behind} {named[0]} instead of MJD?" if named else "is one of them no MJD?"
