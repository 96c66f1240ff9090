"""A two-dimensional Gaussian process over phase and ln wavelength, judged like every interpolator; not in the package.

python tests/benchmarks/gaussian_process.py SN.json.gz ... [--record]

Ln flux is a Gaussian process around the mean of the spectra used, in bins of 750 km/s, with a Matern-3/2 kernel in
phase times one in ln wavelength, as in PyCoCo (Vincenzi et al. 2019, MNRAS 489, 5802). Scales and noise are those of
highest likelihood on a grid, for every gap anew, from the visible spectra alone. On complete data the product of
kernels is diagonalized axis by axis (Saatci 2011, PhD thesis, Cambridge), which is exact.
"""

import sys
from functools import lru_cache
from itertools import product

import numpy as np
from recording import asked_to_record, record
from scipy.linalg import eigh

import sntransport as snt
from sntransport._numerics.smoothing import matern
from sntransport._storage.tables import text_table
from sntransport.spectra.grid import velocity_step
from sntransport.transport.features import feature_transport
from sntransport.validation.leave_out import judge
from sntransport.validation.leave_out_scores import score, score_rows

BIN = 3
WITHIN = 60.0
MOST = 12
DAYS = (10.0, 20.0, 40.0, 80.0, 160.0)
SPEEDS = (1000.0, 2000.0, 4000.0, 8000.0)
NOISES = (0.05, 0.15, 0.4)


@lru_cache(maxsize=64)
def modes(n_bin, step, speed):
    """Eigenvalues and eigenvectors of the correlation of bins [km/s]."""
    at = step * np.arange(n_bin)
    return eigh(matern(at[:, None] - at, speed))


def between(phase, values, targets, step):
    """Mean of the process at other phases, (n_t, n_bin), with the kernel of highest likelihood; values (n, n_bin)."""
    best = (-np.inf,)
    for speed, days, noise in product(SPEEDS, DAYS, NOISES):
        wide, basis = modes(values.shape[1], step, speed)
        long, turn = eigh(matern(phase[:, None] - phase, days))
        power = np.maximum(np.outer(long, wide), 0.0) + noise**2
        seen = turn.T @ values @ basis
        # The amplitude of highest likelihood is known in closed form; the noise is a share of it.
        amplitude = np.mean(seen**2 / power)
        fit = -0.5 * seen.size * np.log(amplitude) - 0.5 * np.log(power).sum()
        if fit > best[0]:
            best = (fit, turn @ (seen / power * wide) @ basis.T, days)
    return matern(np.asarray(targets)[:, None] - phase, best[2]) @ best[1]


class Process:
    """The process on the two spectra around a gap, or on all that are not inside it and cover what those two do."""

    def __init__(self, all_visible):
        self.all_visible = all_visible

    def for_supernova(self, sn, sparse):
        return Visible(sparse, self.all_visible)


class Visible:
    def __init__(self, sparse, all_visible):
        self.sparse, self.all_visible = sparse, all_visible

    def between(self, phase_a, phase_b):
        def interpolate(wave, flux_a, flux_b, t):
            phase, flux = self.used(wave, phase_a, phase_b) if self.all_visible else (np.empty(0), np.empty((0, 0)))
            phase = np.concatenate([[phase_a, phase_b], phase])
            logs = np.log(np.stack([flux_a, flux_b, *flux]))
            logs[2:] += logs[:2].mean() - logs[2:].mean(axis=1, keepdims=True)
            # Narrow features common to the two spectra are in the mean, so that bins blur only what changes.
            mean = logs[:2].mean(axis=0)
            step = BIN * velocity_step(wave)
            edges = np.arange(0, wave.size - BIN + 1, BIN)
            coarse = np.stack([np.add.reduceat(row, edges)[:-1] / BIN for row in logs - mean])
            centers = edges[:-1] + 0.5 * (BIN - 1)
            found = between(phase, coarse, phase_a + t * (phase_b - phase_a), step)
            return np.exp(mean + np.stack([np.interp(np.arange(wave.size), centers, row) for row in found]))

        return interpolate

    def used(self, wave, phase_a, phase_b):
        """Phases and fluxes of the other spectra, the nearest first; none of those inside the gap."""
        phase, columns = self.sparse.phase, np.searchsorted(self.sparse.wave, wave * (1.0 - 1e-9))
        beyond = np.where(phase < phase_a, phase_a - phase, np.where(phase > phase_b, phase - phase_b, np.inf))
        whole = self.sparse.covered[:, columns].all(axis=1)
        near = [k for k in np.argsort(beyond, kind="stable")[:MOST] if beyond[k] < WITHIN and whole[k]]
        return phase[near], self.sparse.flux[np.ix_(near, columns)]


FAMILY = {
    "GP of two spectra": Process(all_visible=False),
    "GP of all visible": Process(all_visible=True),
    "feature_transport": feature_transport,
}


def main(arguments):
    paths, recorded = asked_to_record(arguments)
    triplets = judge((snt.read_supernova(path) for path in paths), FAMILY)
    rows = []
    for metric in ("feature", "flux", "color"):
        print(f"\n{metric} residual over that of log_linear")
        found = score(triplets, metric=metric)
        print(text_table(score_rows(found)))
        cells = {}
        for one in found:
            cells.setdefault((metric, one.sn_class, one.gap), {})[one.interpolator] = (one.ratio, one.low, one.high)
        rows += [(*key, *(cell[name] for name in FAMILY)) for key, cell in cells.items()]
    if recorded:
        record(
            "gaussian_process",
            ("residual", "class", "gap [d]", *FAMILY),
            rows,
            about="A Gaussian process over phase and wavelength on the triplets of the leave-out test",
            command="python tests/benchmarks/gaussian_process.py *.json.gz --record",
            digits=dict.fromkeys(FAMILY, 2),
        )


if __name__ == "__main__":
    main(sys.argv[1:])
