"""Dust laws against their published polynomials, and how far two of them are apart."""

import numpy as np
import pytest

from sntransport.photometry.bands import load_bands
from sntransport.spectra.dust import extinction
from sntransport.transport.templates.sources import hsiao

# O'Donnell 1994, ApJ 422, 158, eqs. 4 and 5: powers of x - 1.82 with x in 1 / micron, from 1.1 to 3.3.
A_94 = [1.0, 0.104, -0.609, 0.701, 1.137, -1.718, -0.827, 1.647, -0.505]
B_94 = [0.0, 1.952, 2.908, -3.989, -7.985, 11.102, 5.491, -10.805, 3.347]
# Cardelli, Clayton & Mathis 1989, ApJ 345, 245, eqs. 3a and 3b.
A_89 = [1.0, 0.17699, -0.50447, -0.02427, 0.72085, 0.01979, -0.77530, 0.32999]
B_89 = [0.0, 1.41338, 2.28305, 1.07233, -5.38434, -0.62251, 5.30260, -2.09002]


@pytest.mark.parametrize(("law", "a", "b"), [("O94", A_94, B_94), ("CCM89", A_89, B_89)])
@pytest.mark.parametrize("rv", [2.2, 3.1, 5.0])
def test_optical_laws_are_their_polynomials(law, a, b, rv):
    wave = np.linspace(3050.0, 9050.0, 400)
    y = 1e4 / wave - 1.82
    expected = 0.3 * (rv * np.polynomial.polynomial.polyval(y, a) + np.polynomial.polynomial.polyval(y, b))
    np.testing.assert_allclose(extinction(wave, 0.3, rv, law), expected, rtol=1e-9)


def test_the_two_usual_laws_are_up_to_sixty_millimagnitudes_apart():
    """The numbers of docs/howto/simulation.md: a type Ia supernova at maximum, z = 0.1, E(B-V) = 0.3."""
    series, found = hsiao(), []
    spectrum = series.flux[np.argmin(np.abs(series.phase))]
    for band in load_bands([f"lsst{letter}" for letter in "ugrizy"]):
        photons = np.interp(band.wave, 1.1 * series.wave, spectrum) * band.throughput * band.wave
        used = photons > 0
        seen = {
            law: np.sum(photons[used] * 10 ** (-0.4 * extinction(band.wave[used], 0.3, 3.1, law)))
            for law in ("F99", "O94")
        }
        found.append(-2.5e3 * np.log10(seen["O94"] / seen["F99"]))
    np.testing.assert_allclose(found, [7, 14, 36, 59, 32, 25], atol=0.6)
