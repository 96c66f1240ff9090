"""Light curves of any series by one simulator, with the same draws for the same seed."""

import numpy as np

import sntransport as snt
from gain.features import features
from sntransport.simulation.events.distributions import Exponential, Normal, Uniform
from sntransport.simulation.events.population import Population
from sntransport.simulation.surveys.noise import background_from_depth

BANDS = ("lsstg", "lsstr", "lssti")
NIGHTS = (60000.0, 61200.0)


def survey(seed: int = 1, bands=BANDS):
    """Twelve fields, each with a cadence of 2 to 7 d in every band and a depth of 20.6 to 21.8 mag; a third is lost."""
    rng = np.random.default_rng(seed)
    columns = []
    for field in range(12):
        cadence, depth = rng.uniform(2.0, 7.0), rng.uniform(20.6, 21.8)
        for band in range(len(bands)):
            mjd = np.arange(*NIGHTS, cadence)
            mjd = (mjd + rng.uniform(-0.5, 0.5, mjd.size))[rng.random(mjd.size) > 0.33]
            deep = depth + rng.normal(0.0, 0.25, mjd.size)
            columns.append(np.stack([mjd, 0 * mjd + band, 0 * mjd + 30.0 * field, deep], axis=1))
    mjd, band, ra, depth = np.concatenate(columns).T
    return snt.Survey(
        name="twelve fields",
        bands=bands,
        mjd=mjd,
        band=band.astype(int),
        ra=ra,
        dec=np.zeros(mjd.size),
        background=background_from_depth(depth),
        photons_per_njy=np.full(mjd.size, np.inf),
        radius=1.0,
        calibration_floor=np.full(len(bands), 0.01),
    )


POPULATION = Population(
    redshift=Uniform(low=0.015, high=0.07),
    mag_offset=Normal(mean=0.0, sigma=0.15),
    ebv_host=Exponential(scale=0.06, high=0.5),
    ebv_mw=0.03,
)


def pool(series, n: int, seed: int, seen, population=POPULATION) -> np.ndarray:
    """Features of the first ``n`` of four times as many light curves that have enough detections, or of all that do."""
    rows = features(curves(series, 4 * n, seed, seen, population))
    return rows[np.isfinite(rows[:, -1])][:n]


def curves(series, n: int, seed: int, seen, population=POPULATION):
    """Light curves; the k-th has the same redshift, dust, luminosity, place and date for every series."""
    return snt.simulate([series], seen, population, n=n, seed=seed, uncovered="drop")


def noisier(made, n: int, seed: int):
    """``n`` copies of one light curve, its noise drawn once more on top of that which it has."""
    from dataclasses import replace

    rng = np.random.default_rng(seed)
    for _ in range(n):
        flux = made.flux + made.flux_err * rng.normal(size=made.flux.size)
        yield replace(made, flux=flux, flux_err=np.sqrt(2.0) * made.flux_err)
