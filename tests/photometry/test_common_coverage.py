"""Bands that count for all classes or for none."""

import numpy as np
import pytest

from sntransport.photometry.bands import load_bands
from sntransport.photometry.common_coverage import common_coverage
from sntransport.photometry.synthetic import band_matrix, synthetic_flux
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline

BANDS = ["lsstu", "lsstg", "lssti"]


def flat(low, high, name="flat", flux=None):
    wave = np.arange(low, high + 1.0, 10.0)
    values = np.ones((3, wave.size)) if flux is None else flux(wave)
    return SpectralSeries(phase=[0.0, 5.0, 9.0], wave=wave, flux=values, name=name)


def covers(series, z):
    """Whether a series covers each band at all its phases, by its photometry."""
    made = synthetic_flux(
        series.flux, band_matrix(series.wave, load_bands(BANDS), Sightline(z=z, distance_modulus=0.0))
    )
    return np.isfinite(made[0]).all(axis=0)


def test_a_band_counts_where_all_templates_cover_it_at_all_phases():
    def holes(wave):
        flux = np.ones((3, wave.size))
        flux[1, wave < 3300.0] = np.nan
        return flux

    templates = [flat(1500.0, 9000.0), flat(2600.0, 8000.0, "short"), flat(1800.0, 9000.0, "holes", holes)]
    found = common_coverage(templates, load_bands(BANDS), 0.6)
    z = np.linspace(0.01, 0.6, 90)
    counts = found.counts(z, BANDS)
    by_hand = np.array([np.all([covers(one, at) for one in templates], axis=0) for at in z])
    assert not np.any(counts & ~by_hand)
    # It counts wherever all cover it up to the margin around, 1.6 % in 1 + z.
    inside = np.array([by_hand[np.abs(np.log1p(z) - np.log1p(at)) < 0.018].all(axis=0) for at in z])
    assert not np.any((inside & ~counts)[(z > 0.03) & (z < 0.57)])
    assert 0 < counts[:, 1].sum() < z.size
    # Order and subsets of bands.
    np.testing.assert_array_equal(found.counts(z, ["lssti", "lsstg"]), counts[:, [2, 1]])


def test_what_it_was_not_made_for_is_an_error():
    found = common_coverage([flat(1500.0, 9000.0)], load_bands(BANDS), 0.3)
    with pytest.raises(ValueError, match=r"known to z = 0\.30\d, got 0\.400"):
        found.counts(np.array([0.1, 0.4]), BANDS)
    with pytest.raises(ValueError, match="has no band 'ztfr'"):
        found.counts(np.array([0.1]), ["ztfr"])
    with pytest.raises(ValueError, match="at least one template"):
        common_coverage([], load_bands(BANDS), 0.3)
    assert found.counts(np.array([0.3]), BANDS).shape == (1, 3)


def test_what_it_is_made_of_is_in_its_name():
    one, other = (common_coverage([flat(low, 9000.0)], load_bands(BANDS), 0.3) for low in (1500.0, 3000.0))
    assert repr(one) != repr(other)
    assert "\n" not in repr(one)
