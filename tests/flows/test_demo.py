import numpy as np
from astropy.table import Table
from matplotlib.image import imread

from sntransport.cli import demo
from sntransport.spectra.series_file import read_series
from sntransport.transport.interpolators import log_linear


def test_template_is_normalized_and_rest_frame():
    series = demo.template(np.array([0.0, 10.0]), np.arange(3500.0, 9000.0, 10.0))
    assert series.sn_type == "Ia"
    assert np.all(np.isfinite(series.flux))


def test_same_seed_same_observations():
    one, same, other = demo.observe(3), demo.observe(3), demo.observe(4)
    np.testing.assert_array_equal(one.spectra[0].flux, same.spectra[0].flux)
    np.testing.assert_array_equal(one.light_curve.flux, same.light_curve.flux)
    assert not np.array_equal(one.spectra[0].flux, other.spectra[0].flux)


def test_rebuilt_template_matches_the_truth_at_unseen_dates():
    compared = demo.compare(log_linear)
    assert compared.days.min() > 0.5
    assert np.nanmedian(compared.residual) < 0.06
    assert np.nanmedian(np.abs(compared.magnitude)) < 0.03
    table = demo.table({"log_linear": compared})
    assert "bessellv" in table
    assert len(table.splitlines()) == 5


def test_written_files(tmp_path):
    compared, out = demo.compare(log_linear), tmp_path / "new" / "folder"
    paths = demo.write(compared, "log_linear", out)
    assert {path.name for path in paths} == {
        "demo.fits",
        "demo_light_curves.png",
        "demo_photometry.ecsv",
        "demo_report.html",
        "demo_spectra.png",
        "demo_truth.png",
    }
    np.testing.assert_array_equal(read_series(out / "demo.fits").flux, compared.result.series.flux)
    table = Table.read(out / "demo_photometry.ecsv", format="ascii.ecsv")
    np.testing.assert_allclose(np.unique(table["phase"]), compared.result.series.phase)
    assert set(table["band"]) == set(demo.BANDS)
    for path in out.glob("*.png"):
        picture = imread(path)
        # Lines in several colors on white, neither blank nor full.
        assert 0.02 < np.mean(np.any(picture[..., :3] < 0.95, axis=-1)) < 0.9, path
    page = (out / "demo_report.html").read_text(encoding="utf-8")
    assert all(name in page for name in (*demo.BANDS, "log_linear"))
