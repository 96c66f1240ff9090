"""Air and vacuum, against published pairs."""

import numpy as np
import pytest

from sntransport.reading.formats.medium import air_of, vacuum_of


@pytest.mark.parametrize(
    ("vacuum", "air"),
    [
        # Air and vacuum wavelengths of the table of the SDSS (classic.sdss.org/dr7/products/spectra/vacwavelength.html,
        # after Morton 1991), to their last digit.
        (4862.721, 4861.363), (4960.295, 4958.911), (5008.239, 5006.843), (6549.86, 6548.05), (6564.614, 6562.801),
        (6585.27, 6583.45), (6718.29, 6716.44), (6732.68, 6730.82),
    ],
)  # fmt: skip
def test_published_lines(vacuum, air):
    # Two digits or three, and the older formula of Edlen that the table was made with.
    assert float(vacuum_of(np.array([air]))[0]) == pytest.approx(vacuum, abs=0.02)
    assert float(air_of(np.array([vacuum]))[0]) == pytest.approx(air, abs=0.02)


def test_there_and_back():
    wave = np.linspace(2001.0, 30000.0, 500)
    np.testing.assert_allclose(air_of(vacuum_of(wave)), wave, rtol=1e-10)
    np.testing.assert_allclose(vacuum_of(air_of(wave))[1:], wave[1:], rtol=1e-10)


def test_the_ultraviolet_is_in_vacuum_anyway():
    wave = np.array([1200.0, 1999.0])
    assert vacuum_of(wave).tolist() == air_of(wave).tolist() == wave.tolist()
