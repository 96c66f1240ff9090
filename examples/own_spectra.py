"""From spectra and photometry in arrays to a spectral series and its light curve in another survey's bands.

Run with ``python examples/own_spectra.py``; it makes up its own supernova: a cooling blackbody, seen at five dates.
"""

import numpy as np

import sntransport as snt

Z, DISTANCE_MODULUS, EXPLOSION = 0.015, 34.1, 60310.0


def blackbody(wave, days):
    """Flux [erg s-1 cm-2 A-1] at 10 pc of a blackbody that cools from 13000 K while it expands at 7000 km/s."""
    temperature = 13000.0 * np.exp(-days / 60.0)
    planck = 1.1910e-5 * (wave * 1e-8) ** -5 / np.expm1(1.4388e8 / (wave * temperature)) * 1e-8
    radius = 7e8 * 86400.0 * (days + 3.0)
    return np.pi * planck * (radius / 3.0857e19) ** 2


sightline = snt.Sightline(z=Z, distance_modulus=DISTANCE_MODULUS, ebv_mw=0.03)
rng = np.random.default_rng(42)


def observed(wave, days):
    """What arrives: redshifted, dimmed by distance and dust."""
    from sntransport.spectra.sightline import to_observer

    return to_observer(wave / (1 + Z), blackbody(wave / (1 + Z), days), sightline)[1]


spectra = []
for days in (4.0, 12.0, 21.0, 33.0, 55.0):
    wave = np.arange(3500.0, 9500.0, 3.0)
    flux = observed(wave, days)
    noise = 0.02 * np.median(flux)
    slit_loss = rng.uniform(0.4, 1.0)
    seen = slit_loss * (flux + noise * rng.normal(size=wave.size))
    spectra.append(
        snt.Spectrum(
            mjd=EXPLOSION + days * (1 + Z), wave=wave, flux=seen, flux_err=np.full(wave.size, slit_loss * noise)
        )
    )

bands = ["bessellb", "bessellv", "bessellr"]
dates = np.arange(1.0, 60.0, 3.0)
fine = np.arange(3000.0, 10500.0, 10.0)
truth = snt.SpectralSeries(phase=dates, wave=fine, flux=np.stack([blackbody(fine, d) for d in dates]))
points = snt.band_flux(truth, bands, sightline) * rng.normal(1.0, 0.02, (dates.size, len(bands)))
light_curve = snt.LightCurve(
    mjd=np.repeat(EXPLOSION + dates * (1 + Z), len(bands)),
    band=np.tile(bands, dates.size),
    flux=points.ravel(),
    flux_err=0.02 * points.ravel(),
)

supernova = snt.Supernova(
    name="example",
    sn_type="II",
    sightline=sightline,
    mjd_ref=EXPLOSION,
    mjd_ref_meaning="explosion",
    spectra=tuple(spectra),
    light_curve=light_curve,
)
result = snt.build(supernova, cadence=1.0, interpolate=snt.interpolators.log_linear)

for note in result.notes:
    print("note:", note)
new = snt.band_flux(result.series, ["ztfg", "ztfr"], sightline)
expected = snt.band_flux(
    snt.SpectralSeries(
        phase=result.series.phase, wave=fine, flux=np.stack([blackbody(fine, d) for d in result.series.phase])
    ),
    ["ztfg", "ztfr"],
    sightline,
)
print("phase [d]  ztfg  ztfr [nJy]   error of each [%]")
for k in range(0, result.series.n_phase, 10):
    error = 100 * (new[k] / expected[k] - 1)
    print(f"{result.series.phase[k]:8.0f} {new[k, 0]:9.0f} {new[k, 1]:9.0f} {error[0]:8.1f} {error[1]:6.1f}")
