"""A bolometric light curve beside the true one: what a policy adds, and how far off it is.

Run with ``python examples/bolometric_light_curve.py``. The source is a blackbody that cools as it expands, whose
luminosity is known, 4 pi R^2 sigma T^4; it is seen only from 3300 to 9300 A, as a ground-based spectrograph would.
"""

import numpy as np

import sntransport as snt

phase = np.arange(2.0, 61.0, 6.0)
wave = np.arange(3300.0, 9300.0, 5.0)
temperature = 5500.0 + 9000.0 * np.exp(-phase / 15.0)
radius = 7e8 * 86400.0 * (phase + 3.0)  # cm, at 7000 km/s
planck = 1.191043e-5 * (wave * 1e-8) ** -5 / np.expm1(1.438777e8 / (wave * temperature[:, None])) * 1e-8
series = snt.SpectralSeries(
    phase=phase, wave=wave, flux=np.pi * planck * (radius[:, None] / 3.0856776e19) ** 2, name="blackbody"
)
true = 4.0 * np.pi * radius**2 * 5.670374e-5 * temperature**4

seen = snt.bolometric(series, policy="none", wave_range=(3300.0, 9290.0))
filled = snt.bolometric(series, policy="blackbody")
print("phase [d]  T [K]  true [erg/s]  3300-9290 A  with blackbody  off [%]  added UV, NIR [%]")
for k in range(phase.size):
    print(
        f"{phase[k]:9.0f} {temperature[k]:6.0f} {true[k]:13.3e} {seen.luminosity[k]:12.3e} {filled.luminosity[k]:15.3e}"
        f" {100 * (filled.luminosity[k] / true[k] - 1):8.2f}"
        f" {100 * filled.share_uv[k]:9.1f} {100 * filled.share_nir[k]:7.1f}"
    )
