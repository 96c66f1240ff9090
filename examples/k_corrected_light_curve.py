"""K-corrections of a light curve: a type Ia seen by ZTF at z = 0.15, taken to rest-frame B and V.

Run with ``python examples/k_corrected_light_curve.py``; series and photometry are those of the mean series of Hsiao et
al. (2007), so the absolute magnitudes must come back.
"""

import numpy as np

import sntransport as snt
from sntransport._numerics.units import njy_to_mag
from sntransport.cli.supernovae import demo

Z, MJD_MAX = 0.15, 60000.0
sightline = snt.Sightline(z=Z, distance_modulus=39.2, ebv_mw=0.04)
phase = np.arange(-8.0, 33.0, 4.0)
series = demo.template(phase, np.arange(2200.0, 9000.0, 5.0))

bands = ["ztfg", "ztfr"]
flux = snt.band_flux(series, bands, sightline)
light_curve = snt.LightCurve(
    mjd=np.repeat(MJD_MAX + phase * (1 + Z), len(bands)),
    band=np.tile(bands, phase.size),
    flux=flux.ravel(),
    flux_err=0.02 * flux.ravel(),
)
rest = snt.k_correct(light_curve, series, sightline, bands={"ztfg": "bessellb", "ztfr": "bessellv"})
at_10_pc = snt.Sightline(z=0.0, distance_modulus=0.0)
true = njy_to_mag(snt.band_flux(series, ["bessellb", "bessellv"], at_10_pc)).ravel()

print("phase [d]  observed  rest       m_obs       K    A_mw  M_rest")
for i in range(0, rest.mjd.size, 4):
    print(
        f"{rest.phase[i]:9.1f}  {rest.band_obs[i]:8}  {rest.band_rest[i]:9}"
        f"{rest.mag_obs[i]:7.2f} {rest.k[i]:7.3f} {rest.dust_mw[i]:7.3f} {rest.mag[i]:7.2f}"
    )
print(f"largest difference from the truth: {1000 * np.max(np.abs(rest.mag - true)):.2g} mmag")
