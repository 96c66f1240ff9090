"""The arms: from what was observed of a supernova to the series that new light curves are made from."""

import numpy as np

import sntransport as snt
from sntransport.augmentation.mixing import mix, mix_linear
from sntransport.photometry.bands import effective_wave, load_bands
from sntransport.photometry.synthetic import band_matrix, synthetic_flux
from sntransport.spectra.observations import LightCurve, Spectrum, Supernova
from sntransport.spectra.phases import MAX_GAP, neighbors
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline, to_observer, to_rest
from sntransport.transport.features import feature_transport
from sntransport.transport.interpolators import linear, log_linear, wasserstein
from sntransport.transport.templates.class_template import on_grid

NEAR = Sightline(z=0.01, distance_modulus=33.2)
"""Where the supernovae with spectra are."""

BANDS = ("bessellb", "lsstg", "lsstr", "lssti")
MJD = 60000.0
REGIMES = {"dense": ((5, 9), (4.0, 12.0)), "sparse": ((2, 4), (20.0, 40.0))}
"""How many spectra, and the gaps between them [d]."""


def nearest(wave, flux_a, flux_b, t):
    """The spectrum nearer in time, as it is."""
    return np.where(np.asarray(t)[:, None] < 0.5, flux_a, flux_b)


INTERPOLATORS = {
    "nearest": nearest,
    "linear": linear,
    "log linear": log_linear,
    "wasserstein": wasserstein,
    "feature transport": feature_transport,
}
MIXING = {
    "linear mixing": mix_linear,
    "transport mixing": mix,
    "wasserstein mixing": lambda series, weights: mix(series, weights, barycenter=snt.transport.barycenter),
}
ALIKE = "transport mixing, one subtype"
"""The same mixtures, but only those of two IIb, two Ib and so on."""

ARMS = ("none", "noise only", "gaussian process", *INTERPOLATORS, *MIXING, ALIKE, "true SED")


def observed(truth: SpectralSeries, regime: str, rng: np.random.Generator) -> Supernova:
    """Spectra of the regime and photometry every 3 d, with noise of 5 % in 10 A and of 3 %."""
    first, last = truth.phase[0], truth.phase[-1]
    (fewest, most), gaps = REGIMES[regime]
    chosen = [first + rng.uniform(0.0, max(min(12.0, last - first - gaps[0]), 0.0))]
    count = rng.integers(fewest, most + 1)
    while len(chosen) < count and chosen[-1] + gaps[0] <= last:
        chosen.append(min(chosen[-1] + rng.uniform(*gaps), last))
    rows = np.unique(np.abs(truth.phase[:, None] - chosen).argmin(axis=0))
    spectra = [_spectrum(truth, row, truth.phase[row], rng) for row in rows]
    # Before the first and after the last spectrum an observer has none but these, which photometry will warp.
    ends = [(rows[0], first), (rows[-1], last)]
    spectra += [_spectrum(truth, row, phase, rng) for row, phase in ends if truth.phase[row] != phase]
    seen = _photometry(truth, rng)
    return Supernova(
        name=truth.name,
        sn_type=truth.sn_type,
        sightline=NEAR,
        mjd_ref=MJD,
        mjd_ref_meaning="maximum",
        spectra=tuple(spectra),
        light_curve=seen,
    )


def _spectrum(truth, row, phase, rng):
    wave, flux = to_observer(truth.wave, truth.flux[row], NEAR)
    # Bins of 250 km/s are 3 to 7 A.
    noise = 0.05 * np.sqrt(10.0 / np.gradient(wave)) * flux
    mjd = MJD + phase * (1.0 + NEAR.z)
    return Spectrum(mjd=mjd, wave=wave, flux=np.maximum(flux + noise * rng.normal(size=wave.size), 0.0))


def _photometry(truth, rng):
    flux = synthetic_flux(truth.flux[::3], band_matrix(truth.wave, BANDS, NEAR))[0]
    error = 0.03 * flux
    seen = flux + error * rng.normal(size=flux.shape)
    mjd = np.repeat(MJD + truth.phase[::3] * (1.0 + NEAR.z), len(BANDS))
    known = np.isfinite(flux.ravel())
    band = np.tile(BANDS, len(flux))
    return LightCurve(mjd=mjd[known], band=band[known], flux=seen.ravel()[known], flux_err=error.ravel()[known])


def rebuilt(sn: Supernova, arm: str, truth: SpectralSeries) -> SpectralSeries:
    """The series of an arm that needs one supernova only."""
    if arm == "gaussian process":
        return gaussian_process(sn, truth)
    made = snt.build(sn, phases=truth.phase, interpolate=INTERPOLATORS[arm], max_gap=61.0).series
    return _whole(made, truth)


def _whole(made, truth):
    """On the wavelengths of the truth; the few bins at the ends that noise or rounding left out are the nearest."""
    logs = neighbors(made.phase, truth.phase, MAX_GAP).mean(on_grid(made, truth.wave))
    bins = np.arange(truth.wave.size)
    rows = np.isfinite(logs).sum(axis=1) > 0.9 * bins.size
    logs = [np.interp(bins, bins[np.isfinite(row)], row[np.isfinite(row)]) for row in logs[rows]]
    return SpectralSeries(
        phase=truth.phase[rows], wave=truth.wave, flux=np.exp(logs), name=truth.name, sn_type=truth.sn_type
    )


def gaussian_process(sn: Supernova, truth: SpectralSeries) -> SpectralSeries:
    """A smooth surface through the photometry alone, over time and wavelength.

    As in avocado (Boone 2019, AJ 158, 257): Matern 3/2 kernel, the length in wavelength fixed to 6000 A, the one in
    time and the amplitude fitted.
    """
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern

    curve = sn.light_curve
    center = {band.name: effective_wave(band) for band in load_bands(curve.bands)}
    wave = np.array([center[name] for name in curve.band]) / (1.0 + NEAR.z)
    phase = (curve.mjd - MJD) / (1.0 + NEAR.z)
    scale = curve.flux.max()
    shape = ConstantKernel(0.5, (0.01, 100.0)) * Matern([20.0, 6.0], [(3.0, 100.0), (6.0, 6.00001)], nu=1.5)
    alpha = (curve.flux_err / scale) ** 2 + 1e-4
    fit = GaussianProcessRegressor(shape, alpha=alpha, normalize_y=False, random_state=0)
    fit.fit(np.stack([phase, wave / 1000.0], axis=1), curve.flux / scale)
    coarse = np.linspace(truth.wave[0], truth.wave[-1], 60)
    places = np.stack(np.meshgrid(truth.phase, coarse / 1000.0, indexing="ij"), axis=-1).reshape(-1, 2)
    nu = fit.predict(places).reshape(truth.n_phase, -1) * scale
    nu = np.maximum(nu, 1e-3 * scale)
    flux = np.stack([to_rest(coarse * (1.0 + NEAR.z), row / (coarse * (1.0 + NEAR.z)) ** 2, NEAR)[1] for row in nu])
    fine = np.stack([np.interp(truth.wave, coarse, row) for row in flux])
    # nJy to erg s-1 cm-2 A-1, once.
    return SpectralSeries(
        phase=truth.phase, wave=truth.wave, flux=fine * 2.99792458e18 * 1e-32, name=truth.name, sn_type=truth.sn_type
    )
