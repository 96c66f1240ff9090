"""Spectra that a configuration asks for, written with the light curves."""

import numpy as np
import pytest
from astropy.table import Table
from click.testing import CliRunner

from sntransport._storage.config_sections import read_toml
from sntransport._storage.read_error import ReadError
from sntransport.cli.main import main
from sntransport.simulation.spectroscopy.run import read_observing
from sntransport.simulation.spectroscopy.spectrum_files import read_simulated_spectra

CONFIG = """
keep = "triggered"
[[survey]]
source = "ztf"
years = 0.3
[[population]]
name = "a"
templates = ["hsiao"]
objects = 200
peak_band = "bessellb"
peak_mag = -19.3
redshift = { uniform = [0.02, 0.05] }
[spectrograph]
wave_range = [4000, 9000]
step = 20.0
resolution = 300.0
snr = 10.0
mag = 18.0
phases = [0.0, 10.0]
"""


def write(tmp_path, text):
    (tmp_path / "c.toml").write_text(text)
    return tmp_path / "c.toml"


def test_the_command_writes_spectra_of_what_it_keeps(tmp_path):
    ending = ["-o", str(tmp_path / "out"), "--workers", "1"]
    done = CliRunner().invoke(main, ["simulate", str(write(tmp_path, CONFIG)), *ending])
    assert done.exit_code == 0, done.output
    spectra = read_simulated_spectra(tmp_path / "out" / "a" / "shard-00000_spectra.fits")
    truth = Table.read(tmp_path / "out" / "a" / "shard-00000.fits", hdu="TRUTH")
    assert set(spectra.object_id) == set(truth["OBJECT_ID"])
    assert np.unique(spectra.phase).tolist() == [0.0, 10.0]
    assert all(one.wave.size == 250 for one in spectra.spectra)
    other = write(tmp_path, CONFIG.replace("snr = 10.0", "snr = 11.0"))
    again = CliRunner().invoke(main, ["simulate", str(other), *ending])
    assert again.exit_code == 1
    assert "spectrograph" in again.output


def test_curves_of_a_table_and_dates(tmp_path):
    Table({"wave": [400.0, 900.0], "snr": [5.0, 10.0]}, units={"wave": "nm"}).write(tmp_path / "snr.ecsv")
    text = CONFIG.replace("snr = 10.0", 'snr_table = "snr.ecsv"').replace("phases = [0.0, 10.0]", "dates = [61000.0]")
    observing = read_observing(read_toml(write(tmp_path, text)))
    np.testing.assert_allclose(observing.spectrograph.snr[0], [4000.0, 9000.0])
    assert observing.dates == (61000.0,)
    none = tmp_path / "none.toml"
    none.write_text(CONFIG.partition("[spectrograph]")[0])
    assert read_observing(read_toml(none)) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("snr = 10.0", "", "spectrograph.snr: missing"),
        ("snr = 10.0", 'snr = 10.0\nsnr_table = "x"', "snr_table: stands beside snr"),
        ("snr = 10.0", 'snr_table = "x"', "snr_table: no file"),
        ("resolution = 300.0", "", "spectrograph: give either resolution or fwhm"),
        ("step = 20.0", "step = -1.0", "spectrograph: .*make no pixels"),
        ("step = 20.0", "", "step: missing"),
        ("step = 20.0", "stepp = 20.0", "no such key"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, old, new, message):
    path = tmp_path / "wrong.toml"
    path.write_text(CONFIG.replace(old, new))
    with pytest.raises(ReadError, match=message):
        read_observing(read_toml(path))
