"""From templates to a training set in nested Parquet, and back.

Run with ``python examples/training_set.py [FILE.parquet]``. Two made-up classes are observed by ZTF's public survey;
with series of your own, ``sntransport simulate`` and ``sntransport augment`` do this from a configuration file.
"""

import sys
from pathlib import Path

import numpy as np

import sntransport as snt
from sntransport.datasets.nested_parquet import read_nested_parquet, write_nested_parquet
from sntransport.simulation.events.distributions import Exponential, Normal
from sntransport.simulation.events.rates import frohmaier2019, rate_redshifts

path = Path(sys.argv[1] if len(sys.argv) > 1 else "training_set.parquet")
phase, wave = np.arange(-15.0, 81.0), np.arange(2500.0, 9600.0, 10.0)


def template(name, sn_type, rise, fall, color):
    """A series that brightens and fades, of one color."""
    light = np.exp(-0.5 * (phase / np.where(phase < 0, rise, fall)) ** 2)
    flux = 0.05 * light[:, None] * np.exp(-(((wave - color) / 2600.0) ** 2))
    return snt.SpectralSeries(phase=phase, wave=wave, flux=flux, name=name, sn_type=sn_type)


templates = [template("quick", "Ia", 8.0, 20.0, 4600.0), template("slow", "II", 6.0, 50.0, 5400.0)]
population = snt.Population(
    redshift=rate_redshifts(frohmaier2019, 0.01, 0.08),
    mag_offset=Normal(mean=0.0, sigma=0.3),
    ebv_host=Exponential(scale=0.1, high=0.5),
)
lcs = snt.simulate(templates, snt.load_survey("ztf", years=1), population, n=1000, seed=1, keep="triggered")
write_nested_parquet(lcs, path)

again = read_nested_parquet(path)
types = np.array(again.template_types)[again.truth.template]
for name in sorted(set(types)):
    print(f"{name}: {np.count_nonzero(types == name)} light curves that trigger")
print(f"{again.n_obs} measurements, {path.stat().st_size / again.n_object:.0f} bytes an object")
one = again.light_curve(0)
print(f"the first: {one.n_obs} measurements in {', '.join(one.bands)}, z = {again.truth.z[0]:.3f}")
