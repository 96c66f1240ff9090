"""How wide a gap between two spectra can be: hide everything between, rebuild the middle, compare.

Run with ``python examples/gap_experiment.py``. The truth is the mean type Ia series of Hsiao et al. (2007), smoother
than any real supernova, which flatters pointwise interpolation; ``sntransport validate`` does this on real ones.
"""

import numpy as np

import sntransport as snt
from sntransport.cli.supernovae import demo

MIDDLE = 15.0
wave = np.geomspace(3500.0, 9000.0, 1130)  # 250 km/s a bin
methods = (snt.interpolators.feature_transport, snt.interpolators.log_linear, snt.interpolators.wasserstein)

print("median difference half way across the gap [%]")
print("gap [d]  " + "  ".join(f"{method.__name__:>17}" for method in methods))
for gap in (4.0, 8.0, 12.0, 16.0, 20.0, 24.0):
    before, truth, after = demo.template(np.array([MIDDLE - gap / 2, MIDDLE, MIDDLE + gap / 2]), wave).flux
    row = []
    for method in methods:
        ratio = method(wave, before, after, np.array([0.5]))[0] / truth
        row.append(100 * np.median(np.abs(ratio / np.median(ratio) - 1)))
    print(f"{gap:7.0f}  " + "  ".join(f"{value:17.2f}" for value in row))
