"""A made-up supernova with smooth, evolving lines, for tests that need no data."""

import numpy as np

from sntransport.spectra.observations import LightCurve, Spectrum, Supernova
from sntransport.spectra.sightline import Sightline, to_observer

SIGHTLINE = Sightline(z=0.02, distance_modulus=34.0, ebv_mw=0.1, ebv_host=0.05)
MJD_REF = 59000.0


def flux_at(phase, wave):
    """Rest-frame flux at 10 pc [erg s-1 cm-2 A-1]: a cooling continuum with two moving, deepening lines."""
    wave = np.asarray(wave, dtype=float)
    temperature = 12000.0 - 60.0 * phase
    continuum = (wave / 5000.0) ** -5 / np.expm1(1.4388e8 / (wave * temperature))
    dips = 1.0
    for rest, depth, width in ((4861.0, 0.3, 60.0), (6563.0, 0.4, 90.0)):
        center = rest * (1.0 - (9000.0 - 60.0 * phase) / 299792.458)
        dips = dips - depth * (0.5 + phase / 100.0) * np.exp(-0.5 * ((wave - center) / width) ** 2)
    return 0.5 * np.exp(-phase / 40.0) * continuum * dips


def spectrum(phase, *, low=3300.0, high=9400.0, step=4.0, snr=50.0, seed=0, factor=1.0, sightline=SIGHTLINE, **more):
    rng = np.random.default_rng([seed, int(1000 * (phase + 100))])
    wave = np.arange(low, high, step)
    _, flux = to_observer(wave / (1 + sightline.z), flux_at(phase, wave / (1 + sightline.z)), sightline)
    noise = np.full(wave.size, np.median(flux) / snr)
    mjd = MJD_REF + phase * (1 + sightline.z)
    observed = factor * (flux + noise * rng.normal(size=wave.size))
    return Spectrum(**({"mjd": mjd, "wave": wave, "flux": observed} | more))


def supernova(phases=(2.0, 9.0, 17.0, 30.0, 52.0), *, light_curve=None, sightline=SIGHTLINE, **more):
    spectra = tuple(spectrum(phase, sightline=sightline, **more) for phase in phases)
    empty = LightCurve(mjd=[], band=np.empty(0, dtype=str), flux=[], flux_err=[])
    return Supernova(
        name="synthetic",
        sn_type="II",
        sightline=sightline,
        mjd_ref=MJD_REF,
        mjd_ref_meaning="explosion",
        spectra=spectra,
        light_curve=light_curve or empty,
    )


def photometry(phases, bands, *, error=0.02, seed=1, sightline=SIGHTLINE):
    """Photometry of the made-up supernova, noisy by its stated relative error."""
    from sntransport.photometry.synthetic import band_matrix, synthetic_flux

    wave = np.arange(2500.0, 11500.0, 5.0)
    phases = np.asarray(phases, dtype=float)
    flux, _ = synthetic_flux(np.stack([flux_at(p, wave) for p in phases]), band_matrix(wave, bands, sightline))
    seen = flux * np.exp(error * np.random.default_rng(seed).normal(size=flux.shape))
    mjd = np.repeat(MJD_REF + phases * (1 + sightline.z), len(bands))
    return LightCurve(
        mjd=mjd, band=np.tile(bands, phases.size), flux=seen.ravel(), flux_err=max(error, 1e-4) * seen.ravel()
    )
