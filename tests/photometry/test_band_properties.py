"""Widths of filters against an integral and a known shape; patterns."""

import numpy as np
import pytest

from sntransport.photometry.band_properties import band_rows, matching_bands, rectangular_width
from sntransport.photometry.bands import Bandpass, band_names, load_bands


def test_width_of_a_triangle_is_half_its_base():
    band = Bandpass(name="triangle", wave=[5000.0, 5300.0, 6000.0], throughput=[0.0, 0.4, 0.0])
    assert rectangular_width(band) == pytest.approx(500.0)


@pytest.mark.parametrize("name", ["lsstg", "ztfr", "bessellux"])
def test_width_is_the_integral_over_the_peak(name):
    (band,) = load_bands([name])
    fine = np.linspace(band.wave[0], band.wave[-1], 400_001)
    passed = np.interp(fine, band.wave, band.throughput)
    assert rectangular_width(band) == pytest.approx(passed.mean() * (fine[-1] - fine[0]) / passed.max(), rel=1e-4)


def test_svo_says_the_same_of_a_filter():
    # SVO filter profile service, Palomar/ZTF.g: lambda_pivot is 4783.50 A.
    (row,) = band_rows(["ztfg"])
    assert row["pivot"] == pytest.approx(4783.5, abs=1.0)


def test_patterns():
    assert matching_bands([]) == band_names()
    assert matching_bands(["ZTFr", "ztf?", "ztf[g]"]) == ("ztfg", "ztfi", "ztfr")
    with pytest.raises(ValueError, match=r"no band 'ztf'; did you mean ztf\*\?"):
        matching_bands(["ztfg", "ztf"])
