"""The kernel of band weights against numpy; run a second time with the JIT off."""

import numpy as np
import pytest

from sntransport.photometry import _kernels
from sntransport.photometry.bands import Bandpass, load_bands
from sntransport.photometry.synthetic import hat_integrals
from tests.support.twins import readonly


@pytest.mark.parametrize("case", ["fine", "coarse", "own points", "two points"])
@pytest.mark.parametrize("name", ["sdssr", "ztfr", "bessellb", "rough"])
def test_band_weights_are_those_of_numpy(case, name):
    rng = np.random.default_rng(3)
    rough = Bandpass(name="rough", wave=np.sort(rng.uniform(3000, 7000, 40)), throughput=rng.random(40))
    band = rough if name == "rough" else load_bands([name])[0]
    wave = {
        "fine": np.exp(np.linspace(np.log(1500.0), np.log(12000.0), 300)),
        "coarse": np.linspace(3500.0, 6000.0, 7),
        "own points": band.wave[::2],
        "two points": np.array([2000.0, 20000.0]),
    }[case]
    stretch = np.array([0.95, 1.0, 1.013, 1.7, 3.5, 10.0])
    photons, norms = np.zeros((2, stretch.size, wave.size))
    _kernels.band_weights(readonly(wave), stretch, band.wave, band.throughput, photons, norms)
    for k, factor in enumerate(stretch):
        for got, expected in zip((photons[k], norms[k]), hat_integrals(wave * factor, band), strict=True):
            np.testing.assert_allclose(got, expected, atol=1e-11 * max(expected.max(), 1e-300))
