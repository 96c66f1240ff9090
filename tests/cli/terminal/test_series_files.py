"""Many series files at once: of two of one name the second is an error, in every command that writes to a folder."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import sntransport as snt
from sntransport.cli.main import main
from sntransport.cli.terminal.series_files import free_stem
from sntransport.spectra.series import SpectralSeries
from tests.support.synthetic import MJD_REF, SIGHTLINE, flux_at


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """Two series of one name and one of another, in a folder whose name is a pattern."""
    folder = tmp_path_factory.mktemp("series") / "in [1]"
    folder.mkdir()
    wave, phase = np.arange(3300.0, 9400.0, 10.0), np.arange(0.0, 30.0, 1.0)
    for file, name, factor in (("a.fits", "SN 2099x", 1.0), ("b.fits", "SN_2099x", 2.0), ("c.fits", "SN 2099y", 1.0)):
        flux = factor * np.stack([flux_at(p, wave) for p in phase])
        made = SpectralSeries(phase=phase, wave=wave, flux=flux, flux_err=0.01 * flux, name=name, sn_type="II",
                              mjd_ref=MJD_REF)  # fmt: skip
        snt.write_series(made, folder / file, sightline=SIGHTLINE)
    return folder


COMMANDS = {
    "photometry": ("photometry", "--bands", "bessellv"),
    "bolometric": ("bolometric",),
    "kcorrect": ("kcorrect", "--band-rest", "bessellv", "--band-obs", "bessellv", "--phases", "10"),
    "plot": ("plot", "--only", "spectra"),
    "ecsv": ("export", "--to", "ecsv"),
    "sncosmo": ("export", "--to", "sncosmo", "--brightest"),
}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("command", COMMANDS)
def test_the_second_of_one_name_is_an_error_and_overwrites_nothing(twins, tmp_path, command):
    words = [*COMMANDS[command], *(str(twins / f"{name}.fits") for name in "abc"), "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 1
    (line,) = [line for line in result.stderr.splitlines() if "error" in line]
    assert "b.fits: same file name as" in line
    assert "a.fits" in line
    alone = CliRunner().invoke(main, [*COMMANDS[command], str(twins / "a.fits"), "-o", str(tmp_path / "alone")])
    assert alone.exit_code == 0, alone.output
    made = {path.name: path.read_bytes() for path in (tmp_path / "out").glob("*")}
    if command in ("ecsv", "sncosmo"):
        # An export is all or nothing.
        assert made == {}
    else:
        assert {path.name: path.read_bytes() for path in (tmp_path / "alone").iterdir()}.items() <= made.items()
        assert any("2099y" in name for name in made)


def test_on_standard_output_names_may_be_the_same(twins):
    words = ["photometry", "--bands", "bessellv", *(str(twins / f"{name}.fits") for name in "ab"), "--json"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    first, second = json.loads(result.stdout)["results"]
    np.testing.assert_allclose(second["columns"]["flux"], 2 * np.array(first["columns"]["flux"]), rtol=1e-9)


def test_free_stem(tmp_path):
    taken = {}
    assert free_stem("a b", tmp_path / "1", taken) == "a_b"
    assert free_stem("a c", tmp_path / "2", taken) == "a_c"
    with pytest.raises(ValueError, match=r"3: same file name as .*1 \(a_b\)"):
        free_stem("a:b", tmp_path / "3", taken)
