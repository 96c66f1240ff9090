"""Light curves made of the observed photometry of real supernovae, moved to the distances of the simulated ones."""

import warnings
from pathlib import Path

import numpy as np

import sntransport as snt
from gain import features
from sntransport.simulation.events.distributions import Exponential, Normal, Uniform
from sntransport.simulation.events.population import Population
from sntransport.simulation.surveys.noise import background_from_depth
from sntransport.spectra.observations import broad_class

BANDS = ("bessellb", "bessellv", "bessellr")

NEARBY = Population(
    redshift=Uniform(low=0.015, high=0.03),
    mag_offset=Normal(mean=0.0, sigma=0.15),
    ebv_host=Exponential(scale=0.06, high=0.5),
    ebv_mw=0.03,
)
"""So near that light curves may be moved without a K-correction."""

# What stands for a band where it was not used: to 0.1 or 0.2 mag the same.
_STANDS_FOR = (("bessellb", "cspb"), ("bessellv", "cspv9844"), ("bessellr", "sdssr", "cspr"))
_FEWEST = 8
_DAYS = (-15.0, 45.0)


def real_features(data: Path, n: int, seed: int, names: str = "*") -> dict[str, tuple[str, np.ndarray]]:
    """Class and features of ``n`` light curves of each real supernova with enough photometry, by its name."""
    found = {}
    for path in sorted((data / "osc").glob(f"{names}.json.gz")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sn = snt.read_supernova(path)
        points = _points(sn.light_curve)
        if points is not None:
            rng = np.random.default_rng([seed, *sn.name.encode()])
            rows = np.stack([_moved(points, sn.sightline.distance_modulus, rng) for _ in range(n)])
            found[sn.name] = broad_class(sn.sn_type), rows[np.isfinite(rows[:, -1])]
    return {name: (sn_class, rows) for name, (sn_class, rows) in found.items() if len(rows)}


def _points(curve):
    """Date from the brightest V point, band, flux; None where a band has too few points."""
    good = np.isfinite(curve.flux_err) & (curve.flux > 5.0 * curve.flux_err)
    parts = []
    for index, names in enumerate(_STANDS_FOR):
        counts = [np.sum(good & (curve.band == name)) for name in names]
        if max(counts) < _FEWEST:
            return None
        rows = good & (curve.band == names[int(np.argmax(counts))])
        parts.append(np.stack([curve.mjd[rows], np.full(rows.sum(), index), curve.flux[rows]]))
    mjd, band, flux = np.concatenate(parts, axis=1)
    mjd = mjd - mjd[band == 1][np.argmax(flux[band == 1])]
    inside = (mjd > _DAYS[0]) & (mjd < _DAYS[1])
    return mjd[inside], band[inside].astype(int), flux[inside]


def _moved(points, distance_modulus: float, rng: np.random.Generator) -> np.ndarray:
    """Features of the points, thinned to a cadence, at a drawn distance with the noise of a drawn depth."""
    mjd, band, flux = points
    drawn = NEARBY.draw(rng, 1, 1)
    flux = flux * 10 ** (-0.4 * (drawn.distance_modulus[0] + drawn.mag_offset[0] - distance_modulus))
    night = rng.uniform(0.0, 1.0) + mjd / rng.uniform(2.0, 7.0)
    order = rng.permutation(mjd.size)
    _, first = np.unique(np.stack([np.floor(night[order]), band[order]]), axis=1, return_index=True)
    kept = np.sort(order[first])
    kept = kept[rng.random(kept.size) > 0.33]
    depth = background_from_depth(rng.uniform(20.6, 21.8) + rng.normal(0.0, 0.25, kept.size))
    error = np.hypot(depth, 0.01 * flux[kept])
    return features.row(mjd[kept], band[kept], flux[kept] + depth * rng.normal(size=kept.size), error, len(BANDS))
