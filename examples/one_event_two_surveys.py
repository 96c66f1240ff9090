"""One event as ZTF and ATLAS would see it: visits, noise, detections and the trigger of each.

Run with ``python examples/one_event_two_surveys.py``; the surveys are the built-in nominal ones, the light curve is
made up: 18th magnitude at its peak, a rise of 15 days and a decline of 40.
"""

import numpy as np

import sntransport as snt
from sntransport._numerics.units import mag_to_njy
from sntransport.simulation.selection.detection import detect, step_efficiency, trigger
from sntransport.simulation.surveys import footprint, noise

PEAK = 61200.0


def light_curve(mjd):
    """True flux [nJy], the same in all bands."""
    days = mjd - PEAK
    return mag_to_njy(18.0) * np.exp(np.where(days < 0, days / 15.0, -days / 40.0))


rng = np.random.default_rng(7)
for name in ("ztf", "atlas"):
    survey = snt.load_survey(name, years=1.0, mjd_first=PEAK - 180.0)
    offset, visit = footprint.visits_of(survey, [205.0], [30.0], PEAK - 50.0, PEAK + 150.0)
    flux, flux_err = noise.measure(survey, visit, light_curve(survey.mjd[visit]), rng)
    mjd, band = survey.mjd[visit], survey.band[visit]
    detected = detect(
        flux, flux_err, band=band, mjd=mjd, offset=offset, efficiency=step_efficiency(), random=rng, bands=survey.bands
    )
    found = trigger(detected, mjd, offset, n_epochs=2, epoch_window=0.1)
    per_band = ", ".join(f"{np.sum(band == i)} in {survey.bands[i]}" for i in range(survey.n_band))
    print(f"{name}: {visit.size} visits ({per_band}), {detected.sum()} detections at S/N 5,")
    print(f"  first {found.first_detection[0] - PEAK:+.1f} d, trigger {found.mjd[0] - PEAK:+.1f} d from the peak")
    print(f"  {survey.source}")
