"""What one pair of spectra says of the spectra between them: candidates for `sntransport.transport.synthesis`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from sntransport._numerics.arrays import Array, readonly
from sntransport.spectra.series import Origin, SpectralSeries
from sntransport.transport.completion import photon_variance
from sntransport.transport.interpolation_errors import ErrorModel, log_change
from sntransport.transport.interpolators import ForPair, Interpolator, for_pair, interpolated
from sntransport.transport.runs import MIN_OVERLAP, long_runs

_TAPER = 20
_NOBODY, _BOTH = -1, 2


class PairSpectra:
    """Sparse spectra, with what all pairs need of each: coverage, noise, and the weight of each bin.

    ``covered`` (n_spec, n_wave); ``noise`` (n_spec, n_wave), variance of ln flux that the stated errors are; ``taper``
    (n_spec, n_wave), which falls toward the ends of coverage so that no step shows there.
    """

    def __init__(self, series: SpectralSeries) -> None:
        self.series = series
        self.covered = series.covered
        self.noise = np.stack([photon_variance(series, row) for row in range(series.n_phase)])
        self.taper = np.stack(
            [np.clip(distance_transform_edt(np.pad(row, 1))[1:-1] / _TAPER, 0.01, 1.0) for row in self.covered]
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Candidates:
    """Spectra between two others: ``flux`` (n_t, n_wave), NaN where not covered, and ``origin`` (n_wave,).

    ``source`` (n_wave,) says which of the two a bin comes from: 0 or 1 alone, 2 both, -1 none.
    """

    flux: Array
    origin: NDArray[np.uint8]
    source: NDArray[np.int64]


class Pair:
    """Two spectra, or one as a pair with itself: what does not depend on the position between them is found once.

    ``exists`` says whether they overlap: if not there is no candidate.
    """

    def __init__(self, spectra: PairSpectra, i: int, j: int, interpolate: Interpolator | ForPair) -> None:
        series = spectra.series
        self.spectra, self.rows = spectra, (i, j)
        self.start, self.span = float(series.phase[i]), float(series.phase[j] - series.phase[i])
        self.runs = [] if i == j else long_runs(spectra.covered[i] & spectra.covered[j])
        self.exists = i == j or bool(self.runs)
        self.taper = np.minimum(spectra.taper[i], spectra.taper[j])
        self._between = for_pair(interpolate, self.start, float(series.phase[j])) if self.runs else None

    def positions(self, phase: Array) -> Array:
        """Positions of phases between the two, 0 to 1."""
        return readonly((phase - self.start) / self.span if self.span else np.zeros(phase.size), "t")

    def at(self, t: Array) -> Candidates:
        """Candidates at positions between, without errors.

        Interpolated where both spectra cover; one spectrum, scaled, where only it does; the spectrum itself where they
        are the same.
        """
        series, (i, j) = self.spectra.series, self.rows
        if self._between is None:
            flux, origin = np.repeat(series.flux[i][None], t.size, axis=0), series.origin[i]
            return Candidates(flux=flux, origin=origin, source=np.where(origin > 0, _BOTH, _NOBODY))
        a, b = series.flux[i], series.flux[j]
        flux, origin = np.full((t.size, a.size), np.nan), np.zeros(a.size, dtype=np.uint8)
        for run in self.runs:
            flux[:, run] = interpolated(self._between, series.wave[run], a[run], b[run], t)
        done = np.asarray(np.isfinite(flux).any(axis=0))
        origin[done] = np.maximum(series.origin[i], series.origin[j])[done]
        made = Candidates(flux=flux, origin=origin, source=np.where(done, _BOTH, _NOBODY))
        for side in (0, 1):
            self._extend(made, side, done)
        return made

    def _extend(self, made: Candidates, side: int, done: NDArray[np.bool_]) -> None:
        """Fill bins that only one spectrum covers with it, scaled to meet the candidate at the nearest end."""
        flux, row = made.flux, self.rows[side]
        only = self.spectra.covered[row] & ~np.isfinite(flux[0])
        if not only.any():
            return
        alone = self.spectra.series.flux[row]
        known, index = np.flatnonzero(done), np.arange(done.size)
        below, above = known[: 2 * MIN_OVERLAP], known[-2 * MIN_OVERLAP :]
        for bins, edge in ((only & (index < known[0]), below), (only & (index > known[-1]), above)):
            if bins.any() and alone[edge].sum() > 0:
                factor = flux[:, edge].sum(axis=1) / alone[edge].sum()
                flux[:, bins] = np.outer(factor, alone[bins])
                made.origin[bins], made.source[bins] = Origin.ONE_SIDED, side

    def flux_err(self, made: Candidates, t: Array, *, errors: ErrorModel, share: Array) -> Array:
        """Error of candidates, (n_t, n_wave); ``share`` (n_t,) of the error of interpolation is left."""
        series, noise, (i, j) = self.spectra.series, self.spectra.noise, self.rows
        if i == j:
            return np.repeat(series.flux_err[i][None], t.size, axis=0)
        change, variance = np.zeros(series.n_wave), np.full(made.flux.shape, np.nan)
        for run in self.runs:
            change[run] = log_change(series.wave[run], series.flux[i][run], series.flux[j][run])
        done = made.source == _BOTH
        model = errors(series.sn_type, series.wave[done], change[done], self.span, 4.0 * t * (1.0 - t))
        model = model * share[:, None]
        variance[:, done] = np.outer((1.0 - t) ** 2, noise[i][done]) + np.outer(t**2, noise[j][done]) + model**2
        change[~done] = np.sqrt(np.mean(change[done] ** 2))
        for side, away in enumerate((t, 1.0 - t)):
            only = made.source == side
            if only.any():
                # Seen from one side only a random walk drifts without end: 4 w in place of 4 w (1 - w).
                model = errors(series.sn_type, series.wave[only], change[only], self.span, 4.0 * away)
                variance[:, only] = noise[self.rows[side]][only] + (model * share[:, None]) ** 2
        return np.asarray(made.flux * np.sqrt(variance))
