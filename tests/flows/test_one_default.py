"""One series through all doors, functions, commands, figures and page: the same defaults, so the same numbers."""

import inspect
import json

import numpy as np
import pytest
from astropy.table import Table
from click.testing import CliRunner

import sntransport as snt
from sntransport.cli.main import main
from sntransport.export.grid import exported_range, template_grid
from sntransport.export.snana_check import check_folder, coverage_table
from sntransport.photometry import find_maximum, usable_redshifts
from sntransport.photometry.redshift_range import range_text
from sntransport.report import from_series_file
from sntransport.report.contents import figures
from sntransport.report.figures.corrections import peak_phase
from sntransport.transport.templates import hsiao

BANDS = ("lsstu", "lsstg", "lsstr", "lssti", "lsstz", "lssty")


def run(*words):
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def series():
    # Phase 0 is none of the maxima, so that a door that leaves it where it is is noticed.
    found = hsiao().select(phase=(-15, 45), wave=(2500, 9500))
    return snt.SpectralSeries(phase=found.phase + 3.0, wave=found.wave, flux=found.flux, name="mean Ia", sn_type="Ia")


@pytest.fixture(scope="module")
def held(series, tmp_path_factory):
    path = tmp_path_factory.mktemp("series") / "ia.fits"
    snt.write_series(series, path, sightline=snt.Sightline(z=0.02, distance_modulus=34.7))
    return path


@pytest.fixture(scope="module")
def exported(held, tmp_path_factory):
    """What ``export --to snana`` writes and says, and what `to_snana` makes."""
    folder = tmp_path_factory.mktemp("models")
    (said,) = json.loads(run("export", held, "--to", "snana", "-o", folder / "BY_COMMAND", "--json"))["results"]
    return folder / "BY_COMMAND", said, snt.export.to_snana([snt.read_series(held)], folder / "BY_FUNCTION")


def test_phase_zero_of_models(series, held, exported, tmp_path):
    folder, _, model = exported
    bolometric, blue = find_maximum(series), find_maximum(series, "B maximum")
    assert bolometric.bracketed
    assert abs(bolometric.phase) > 1.0
    assert abs(bolometric.phase - blue.phase) > 0.1
    written = sorted(folder.glob("*.SED*"))
    assert len(written) == 1
    for path in written:
        assert path.read_bytes() == (model.folder / path.name).read_bytes()
    # SNANA takes the brightest phase that it reads as 0: the one next to the maximum between phases.
    grid = model.grids[0]
    assert grid.phase[np.argmax(grid.flux.sum(axis=1))] == 0.0
    assert grid.mjd_ref == pytest.approx(series.mjd_ref + 1.02 * round(bolometric.phase), nan_ok=True)
    np.testing.assert_array_equal(template_grid(series).phase, model.grids[0].phase)
    # For sncosmo it is the maximum in B, from Python and from the command.
    source = snt.export.to_sncosmo(series)
    assert source.peakphase("bessellb") == pytest.approx(0.0, abs=0.1)
    run("export", held, "--to", "sncosmo", "-o", tmp_path / "model")
    (written,) = [path for path in (tmp_path / "model").iterdir() if path.is_file()]
    phases = np.unique(np.loadtxt(written)[:, 0])
    # Two decimals are written.
    np.testing.assert_allclose(phases, source._phase, rtol=0, atol=0.00501)


def test_the_maximum_in_a_band_is_that_of_figures(series, held):
    for band in ("bessellb", "bessellv"):
        assert peak_phase(series, band) == find_maximum(series, snt.load_bands([band])[0]).phase
    drawn = figures(from_series_file(held))["k_correction"]()
    (heading,) = [
        axes.get_title(loc) for axes in drawn.axes for loc in ("left", "center") if "phase" in axes.get_title(loc)
    ]
    nearest = series.phase[np.argmin(np.abs(series.phase - find_maximum(series, "B maximum").phase))]
    assert heading.replace("\N{MINUS SIGN}", "-") == f"phase {nearest:+.1f} d"


def test_usable_redshifts(series, held, exported, tmp_path):
    folder, said, model = exported
    usable = usable_redshifts(exported_range(series), BANDS)
    assert sum(limits is not None for limits in usable.values()) >= 4
    as_json = {band: None if limits is None else list(limits) for band, limits in usable.items()}
    assert said["usable_redshifts"] == as_json
    assert dict(model.z_range) == dict(usable)
    table = coverage_table(check_folder(folder), BANDS)
    checked = run("export", "--check", folder)
    page = tmp_path / "page.html"
    run("report", held, "-o", page)
    text = page.read_text(encoding="utf-8")
    for band, limits in usable.items():
        (row,) = [line for line in table.splitlines() if band in line.split()[:2]]
        assert range_text(limits) in row
        assert row.strip() in checked
        assert range_text(limits) in text


def test_luminosity(series, held, tmp_path):
    light = snt.bolometric(series)
    assert light.policy == snt.bolometric(series, policy="none").policy
    run("bolometric", held, "-o", tmp_path)
    table = Table.read(tmp_path / "mean_Ia_bolometric.ecsv")
    assert table.meta["policy"] == light.policy
    np.testing.assert_allclose(table["luminosity"], light.luminosity, rtol=1e-12)
    top = figures(from_series_file(held))["bolometric"]().axes[0]
    known = np.isfinite(light.luminosity)
    np.testing.assert_array_equal(top.lines[0].get_ydata(), light.luminosity[known])
    np.testing.assert_array_equal(top.lines[0].get_xdata(), light.phase[known])


def test_options_of_commands_have_the_defaults_of_functions():
    """Where a command and its function have an argument of one name, both have one default."""
    pairs = {"build": (snt.build, {"cadence": "cadence", "max_gap": "max_gap"}),
             "bolometric": (snt.bolometric, {"policy": "policy", "most_extrapolated": "most_extrapolated"}),
             "export": (snt.export.to_snana, {"wave_step": "wave_step", "phase_step": "phase_step",
                                              "leakage_cut": "leakage_cut"})}  # fmt: skip
    for command, (function, names) in pairs.items():
        options = {one.name: one.default for one in main.commands[command].params}
        defaults = inspect.signature(function).parameters
        for option, argument in names.items():
            assert options[option] == defaults[argument].default, (command, option)
    options = {one.name: one.default for one in main.commands["export"].params}
    assert tuple(options["bands"].split(",")) == tuple(
        inspect.signature(snt.export.to_snana).parameters["bands"].default
    )
