"""A bolometric light curve beside a published one: the mean type Ia, as bright as SN 2011fe, and SN 2011fe itself.

Run with ``python examples/bolometric_published.py``. Published are ten points of the bolometric light curve of Pereira
et al. (2013, A&A 554, A27), made from 32 spectra and corrections for the ultraviolet and the infrared, at
6.4 Mpc. Ours is the luminosity of the mean series of Hsiao et al. (2007), cut to the wavelengths of a ground-based
spectrograph and completed in two ways. It is scaled to the B maximum of SN 2011fe alone (9.93 mag on MJD 55814.30 and
E(B-V) = 0.009: Mazzali et al. 2014, MNRAS 439, 1959). So the light curve is not a fit, and one supernova is not the
mean of its class: some ten percent apart are to be expected.
"""

import dataclasses

import numpy as np

import sntransport as snt
from sntransport.corrections.extension_policies import from_template
from sntransport.corrections.luminosity import light_shape
from sntransport.transport.templates.sources import hsiao

# Days from explosion (MJD 55796.81), luminosity and its error [1e42 erg/s]
DAYS, PUBLISHED, ERROR = np.array([
    (5.79, 2.84, 0.12), (7.79, 5.44, 0.14), (10.79, 8.88, 0.28), (15.79, 11.75, 0.41), (17.79, 11.22, 0.39),
    (20.79, 9.65, 0.46), (25.79, 7.12, 0.28), (30.79, 4.98, 0.20), (35.79, 3.67, 0.14), (40.79, 3.14, 0.14),
]).T  # fmt: skip
PHASE = DAYS + 55796.81 - 55814.30  # from B maximum; the redshift of 0.0008 does not matter here
SIGHTLINE = snt.Sightline(z=0.0, distance_modulus=5.0 * np.log10(6.4e6 / 10.0), ebv_mw=0.009)

mean = hsiao()
(band,) = snt.load_bands(["bessellb"])
brightest = snt.band_flux(mean, [band], SIGHTLINE).max()  # nJy
wanted = 10.0 ** (-0.4 * (9.93 + band.ab_offset - 31.4))
series = dataclasses.replace(mean, flux=mean.flux * wanted / brightest)

seen = (series.wave > 3300.0) & (series.wave < 9700.0)
optical = dataclasses.replace(
    series, wave=series.wave[seen], flux=series.flux[:, seen], flux_err=None, origin=series.origin[:, seen]
)
made = {
    "optical only": snt.bolometric(optical, policy="none", wave_range=(3310.0, 9690.0)),
    "and blackbody": snt.bolometric(optical, policy="suppressed_blackbody"),
    "and template": snt.bolometric(optical, policy=from_template(series)),
}
print("phase [d]  published [1e42 erg/s]" + "".join(f"{name:>16s}" for name in made))
for phase, luminosity, error in zip(PHASE, PUBLISHED, ERROR, strict=True):
    ours = (float(np.interp(phase, light.phase, light.luminosity)) / 1e42 for light in made.values())
    print(f"{phase:9.1f}  {luminosity:15.2f} ± {error:.2f}  " + "".join(f"{one:16.2f}" for one in ours))
ratios = {name: np.interp(PHASE, light.phase, light.luminosity) / 1e42 / PUBLISHED for name, light in made.items()}
for name, ratio in ratios.items():
    shape = light_shape(made[name])
    print(
        f"{name}: {np.median(ratio):.2f} of the published (from {ratio.min():.2f} to {ratio.max():.2f}), "
        f"at most {shape.peak_luminosity:.3g} erg/s (published: 1.17e43) at {shape.peak_phase:.1f} d"
    )
