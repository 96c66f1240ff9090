"""What the command build says without being asked: gaps left open, photometry not read, errors not taken."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from sntransport.cli.main import main
from tests.support.synthetic import MJD_REF, SIGHTLINE, spectrum


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path):
    """Three spectra, 10.4 and 15 d apart, begun with the command init; no photometry."""
    path = tmp_path / "SN2030abc"
    assert run("init", path, "--z", SIGHTLINE.z, "--type", "II").exit_code == 0
    for phase in (2.3, 12.7, 27.7):
        one = spectrum(phase)
        name = path / "spectra" / f"{phase:.0f}.txt"
        np.savetxt(name, np.stack([one.wave, one.flux], axis=1), header=f"MJD = {one.mjd}")

    return path


def test_gaps_left_open_are_said_by_build_and_info(folder, tmp_path):
    out = tmp_path / "out"
    result = run("build", folder, "-o", out, "--max-gap", "11", "--no-figures")
    assert result.exit_code == 0, result.output
    assert "gap of 15.0 d between phases 10.4 and 25.4 is wider than 11 d: 15 phases not covered" in result.stderr
    assert "no phase of the series is covered" not in result.stderr
    assert "15 phases not covered" in run("info", out / "SN2030abc.fits").stdout


def test_a_series_without_a_covered_phase_is_a_warning(folder, tmp_path):
    out = tmp_path / "out"
    result = run("build", folder, "-o", out, "--max-gap", "5", "--mjd-ref", MJD_REF, "--cadence", "1.7", "--no-figures")
    assert (result.exit_code, "none" in result.stdout) == (0, True)
    assert "2 gaps wider than 5 d" in result.stderr
    assert "the widest is 15.0 d" in result.stderr
    (warning,) = [line for line in result.stderr.splitlines() if "no phase of the series is covered" in line]
    assert warning.startswith("sntransport: warning: SN2030abc: ")
    assert "WARNING: no phase of the series is covered" in run("info", out / "SN2030abc.fits").stdout


def test_a_table_left_empty_is_a_warning_and_beside_another_file_an_error(folder, tmp_path):
    out = tmp_path / "out"
    result = run("build", folder, "-o", out, "--no-figures")
    assert result.exit_code == 0
    (warning,) = [line for line in result.stderr.splitlines() if "no photometry is used" in line]
    assert warning.startswith("sntransport: warning: SN2030abc: photometry.csv has no row")
    (folder / "phot.csv").write_text(f"mjd,band,mag,mag_err,system\n{MJD_REF + 3},bessellv,16.1,0.05,Vega\n")
    result = run("build", folder, "-o", out, "--no-figures")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert 'photometry = "phot.csv"' in result.stderr
    assert "delete photometry.csv" in result.stderr
    # Named, it is read; said to be none, nobody asks again.
    toml = (folder / "sn.toml").read_text()
    (folder / "sn.toml").write_text(f'photometry = "phot.csv"\n{toml}')
    told = json.loads(run("info", folder, "--json").stdout)["results"][0]
    assert told["measurements"] == 1
    (folder / "sn.toml").write_text(f"photometry = []\n{toml}")
    result = run("build", folder, "-o", out, "--no-figures")
    assert (result.exit_code, "warning: " in result.stderr) == (0, False)


def test_a_spectrum_alone_is_answered_with_a_folder(folder, tmp_path):
    result = run("build", folder / "spectra" / "28.txt", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert (
        "a spectrum, a table or other text, no supernova; put photometry and spectra into a folder, " in result.stderr
    )


def test_notes_name_options_and_no_keywords(folder, tmp_path):
    result = run("build", folder, "-o", tmp_path / "out", "--no-figures", "--notes")
    assert "sn.toml has no ebv_mw; pass --ebv-mw" in result.stderr
    assert "none assumed; pass --ebv-host if it is known" in result.stderr
    told = run("info", folder).stdout
    assert "sn.toml has no ebv_mw; pass --ebv-mw to build" in told
    # Files keep what Python is told.
    assert "pass ebv_mw=" in " ".join(json.loads(run("info", folder, "--json").stdout)["results"][0]["notes"])
