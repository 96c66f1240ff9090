import numpy as np

from sntransport.cli.supernovae import demo
from sntransport.transport.interpolators import log_linear


def test_template_is_normalized_and_rest_frame():
    series = demo.template(np.array([0.0, 10.0]), np.arange(3500.0, 9000.0, 10.0))
    assert series.sn_type == "Ia"
    assert np.all(np.isfinite(series.flux))


def test_same_seed_same_observations():
    one, same, other = demo.demo_supernova(3), demo.demo_supernova(3), demo.demo_supernova(4)
    np.testing.assert_array_equal(one.spectra[0].flux, same.spectra[0].flux)
    np.testing.assert_array_equal(one.light_curve.flux, same.light_curve.flux)
    assert not np.array_equal(one.spectra[0].flux, other.spectra[0].flux)


def test_rebuilt_template_matches_the_truth_at_unseen_dates():
    compared = demo.compare(log_linear)
    assert compared.days.min() > 0.5
    assert np.nanmedian(compared.residual) < 0.06
    assert np.nanmedian(np.abs(compared.magnitude)) < 0.03
    table = demo.comparison_table({"log_linear": compared})
    assert "bessellv" in table
    assert len(table.splitlines()) == 5
