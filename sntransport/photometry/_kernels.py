"""The numba functions of synthetic photometry."""

import numpy as np

from sntransport._numerics.arrays import Array as _F
from sntransport._numerics.compiled import compiled


@compiled
def band_weights(wave: _F, stretch: _F, band: _F, throughput: _F, photons: _F, norms: _F) -> None:
    """Weights (n_stretch, n_wave) of ``int f T x dx`` and ``int f T / x dx``, added to ``photons`` and ``norms``.

    f is linear between its values at ``wave * stretch``; ``throughput`` is T at ``band``, linear between. Two-point
    Gauss-Legendre is exact for the cubic T x f.
    """
    gauss = 1.0 / np.sqrt(3.0)
    for k in range(stretch.size):
        s = stretch[k]
        start, end = max(wave[0] * s, band[0]), min(wave[-1] * s, band[-1])
        i = min(max(np.searchsorted(wave, start / s) - 1, 0), wave.size - 2)
        j = min(max(np.searchsorted(band, start) - 1, 0), band.size - 2)
        while start < end:
            stop = min(wave[i + 1] * s, band[j + 1], end)
            half, middle = 0.5 * (stop - start), 0.5 * (stop + start)
            for side in (-gauss, gauss):
                x = middle + side * half
                share = (x - band[j]) / (band[j + 1] - band[j])
                weight = half * (throughput[j] * (1.0 - share) + throughput[j + 1] * share)
                up = (x - wave[i] * s) / ((wave[i + 1] - wave[i]) * s)
                photons[k, i] += weight * x * (1.0 - up)
                photons[k, i + 1] += weight * x * up
                norms[k, i] += weight / x * (1.0 - up)
                norms[k, i + 1] += weight / x * up
            start = max(start, stop)
            if stop >= wave[i + 1] * s:
                i = min(i + 1, wave.size - 2)
            if stop >= band[j + 1]:
                j = min(j + 1, band.size - 2)
