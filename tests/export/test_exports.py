"""Exports: what simulators read back is what the series has."""

import dataclasses
import gzip
import hashlib

import numpy as np
import pytest
from click.testing import CliRunner

import sntransport as snt
from sntransport.cli.main import main
from sntransport.export.grid import template_grid
from sntransport.export.snana import as_series
from sntransport.export.snana_check import check_folder
from sntransport.export.text_files import sed_lines, series_table, to_ascii
from sntransport.photometry.bands import load_bands
from sntransport.photometry.reference_phase import MaximumError
from sntransport.spectra.sightline import Sightline
from tests.support.snana_rules import simulate
from tests.support.synthetic import flux_at

WAVE = np.exp(np.arange(np.log(2000.0), np.log(11500.0), 250 / 299792.458))
BANDS = (
    "lsstu", "lsstg", "lsstr", "lssti", "lsstz", "lssty", "ztfg", "ztfr", "ztfi", "bessellux", "bessellb", "bessellv",
    "bessellr", "besselli",
)  # fmt: skip
REDSHIFTS = (0.01, 0.1, 0.5, 1.0)
MU = 40.0


def bump(name="bump", sn_type="II", phase=None, wave=WAVE):
    """A series with moving lines and its maximum at phase 12."""
    phase = np.arange(0.0, 60.0) if phase is None else phase
    light = np.exp(-0.5 * ((phase - 12.0) / np.where(phase < 12.0, 6.0, 25.0)) ** 2)
    flux = light[:, None] * flux_at(20.0, wave) * (1.0 + 0.1 * np.sin(wave / 300.0 + phase[:, None] / 10.0))
    return snt.SpectralSeries(
        phase=phase, wave=wave, flux=3e-3 * flux, flux_err=1.5e-4 * flux, name=name, sn_type=sn_type, mjd_ref=59000.0
    )


def difference(flux, series, bands, z):
    """Largest difference [mag] from `band_flux`, where the band is covered and within 10 mag of the brightest."""
    truth = snt.band_flux(series, bands, Sightline(z=z, distance_modulus=MU))
    known = np.isfinite(truth) & (truth > 1e-4 * np.nanmax(truth))
    assert known.any()
    return np.abs(2.5 * np.log10(flux[known] / truth[known])).max()


def sncosmo_flux(source, bands, z, phase):
    import sncosmo

    model = sncosmo.Model(source)
    model.set(z=z, t0=0.0, amplitude=10 ** (-0.4 * MU))
    out = np.full((phase.size, len(bands)), np.nan)
    for j, band in enumerate(load_bands(bands)):
        theirs = sncosmo.Bandpass(band.wave, band.throughput, name=band.name)
        # sncosmo refuses a band that is not all covered; the series has NaN there anyway.
        if theirs.minwave() > model.minwave() and theirs.maxwave() < model.maxwave():
            out[:, j] = model.bandflux(theirs, phase * (1 + z), zp=31.4, zpsys="ab")
    return out


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A series that covers every band at every redshift, at the phases of its export; and both folders."""
    place = tmp_path_factory.mktemp("exported")
    wave = np.exp(np.arange(np.log(1200.0), np.log(12500.0), 250 / 299792.458))
    series = bump(phase=np.arange(0.0, 40.0, 2.0), wave=wave)
    model = snt.export.to_snana([series], place / "N", phase_step=2.0)
    snt.export.to_snana([series], place / "SIMSED.M", form="SIMSED", phase_step=2.0)
    phase = model.grids[0].phase[1:-1]
    own = series.phase - 12.0
    there = snt.SpectralSeries(phase=phase, wave=wave, flux=series.flux[np.searchsorted(own, phase)])
    return place, series, there


@pytest.mark.parametrize("z", REDSHIFTS)
def test_photometry_of_the_file_read_by_sncosmo(exported, tmp_path, z):
    import sncosmo

    place, _, there = exported
    (tmp_path / "bump.dat").write_bytes(gzip.decompress((place / "N" / "bump.SED.gz").read_bytes()))
    source = sncosmo.TimeSeriesSource(*sncosmo.read_griddata_ascii(str(tmp_path / "bump.dat")))
    flux = sncosmo_flux(source, BANDS, z, there.phase)
    assert np.isfinite(flux).all()
    for j, band in enumerate(BANDS):
        assert difference(flux[:, j : j + 1], there, [band], z) < 1e-3, band


@pytest.mark.parametrize("z", REDSHIFTS)
def test_photometry_by_lightcurvelynx(exported, z):
    sed = pytest.importorskip("lightcurvelynx.models.sed_template_model")
    from lightcurvelynx.astro_utils.passbands import Passband

    place, series, there = exported
    where = {"t0": 0.0, "redshift": z, "distance": 10.0 ** (1.0 + MU / 5.0)}
    models = [sed.SIMSEDModel.from_dir(place / "SIMSED.M", **where)]
    models += [snt.export.to_lightcurvelynx(series, phase_step=2.0, **where)] if z == 0.5 else []
    for model in models:
        state = model.sample_parameters(num_samples=1)
        for band in load_bands(BANDS):
            curve = np.stack([band.wave, band.throughput], axis=1)
            theirs = Passband(curve, "any", band.name, delta_wave=0.5, trim_quantile=None)
            flux = model.evaluate_bandfluxes(theirs, there.phase * (1 + z), None, state)
            assert difference(np.asarray(flux).reshape(-1, 1), there, [band.name], z) < 1e-3, band.name


def test_source_has_error_surface_and_can_be_registered():
    import sncosmo

    source = snt.export.to_sncosmo(bump(), register=True, zero="V maximum")
    assert sncosmo.get_source("bump").name == "bump"
    series = bump()
    at = np.searchsorted(series.wave, 5500.0)
    # The phases of the series, less that of its maximum, which is between two of them.
    assert -15.5 < source.minphase() < -11.5
    error, flux = source.flux_err(0.0, series.wave[at]), source.flux(0.0, series.wave[at])
    assert np.ravel(error)[0] / np.ravel(flux)[0] == pytest.approx(0.05, rel=0.02)
    assert np.isnan(source.flux_err(500.0, 5500.0)).all()
    assert np.all(source.flux(source.minphase() - 1.0, 5500.0) == 0)


def test_phase_zero_is_explicit():
    series = bump()
    assert template_grid(series).mjd_ref != template_grid(series, z=0.5).mjd_ref
    assert template_grid(series, z=0.5).mjd_ref == pytest.approx(59000.0 + 12.0 * 1.5, abs=1.0)
    for zero in ("bolometric maximum", "V maximum"):
        grid = template_grid(series, zero=zero)
        row = int(np.searchsorted(series.phase, grid.phase[20] + grid.shift - 1e-6))
        assert series.phase[row] == pytest.approx(grid.phase[20] + grid.shift)
        at = int(np.searchsorted(grid.wave, 6000.0))
        assert grid.flux[20, at] == pytest.approx(np.interp(grid.wave[at], series.wave, series.flux[row]), rel=1e-3)
    kept = template_grid(series, zero="explosion", given="explosion")
    assert (kept.phase[0], kept.zero, kept.mjd_ref) == (0.0, "explosion", 59000.0)
    with pytest.raises(ValueError, match="which no series shows; state that it does"):
        template_grid(series, zero="discovery")
    fading = bump(phase=np.arange(14.0, 60.0))
    with pytest.raises(MaximumError, match="not bracketed by data"):
        template_grid(fading)
    edge = template_grid(fading, unbracketed="edge")
    assert edge.phase[0] == 0
    assert any("do not bracket it" in note for note in edge.notes)


def test_holes_gaps_and_negative_flux():
    series = bump()
    flux, origin = series.flux.copy(), series.origin.copy()
    flux[50], origin[50] = np.nan, 0
    flux[:, series.wave < 2500], origin[:, series.wave < 2500] = np.nan, 0
    hole = (series.wave > 9000) & (series.wave < 9100)
    flux[:, hole], origin[:, hole] = np.nan, 0
    flux[3, 500], origin[10, 400:500] = -100.0 * np.nanmax(flux[3]), 3
    grid = template_grid(dataclasses.replace(series, flux=flux, flux_err=None, origin=origin))
    assert (grid.phase[0], grid.phase[-1]) == (-12.0, 37.0)
    assert 2500 <= grid.wave[0] < 2510
    assert 8990 < grid.wave[-1] < 9000
    assert np.all(grid.flux >= 0)
    assert any("negative flux set to 0" in note for note in grid.notes)
    assert any("9 phases left out" in note for note in grid.notes)
    assert 0 < grid.extrapolated < 0.01
    with pytest.raises(ValueError, match="does not cover 2100-9000 A"):
        template_grid(dataclasses.replace(series, flux=flux, flux_err=None, origin=origin), wave_range=(2100.0, 9000.0))
    with pytest.raises(ValueError, match="room for 399 and 4999"):
        template_grid(bump(), wave_step=1.0)
    with pytest.raises(ValueError, match="covers nothing"):
        template_grid(
            snt.SpectralSeries(phase=[0.0], wave=WAVE, flux=np.full((1, WAVE.size), np.nan)),
            given="explosion",
            zero="explosion",
        )


def test_flux_is_conserved_on_the_grid():
    series = bump()
    grid = template_grid(series, wave_range=(3000.0, 9000.0))
    fine = np.arange(3000.0, 9000.01, 0.5)
    row = series.flux[int(np.searchsorted(series.phase, 12.0))]
    total = np.trapezoid(np.interp(fine, series.wave, row), fine)
    zero = int(np.searchsorted(grid.phase, 0.0))
    assert np.sum(grid.flux[zero]) * 5.0 == pytest.approx(total, rel=2e-3)


@pytest.mark.parametrize("value", [1.0, 9.999995e-5, 9.9999949e-5, 1e-97, 0.0, 1.2345649e-3, 123456.5])
def test_numbers_as_text(value):
    text = sed_lines(np.array([-1.5]), np.array([5000.0]), np.array([[value]])).decode()
    phase, wave, flux = (float(word) for word in text.split())
    assert (phase, wave) == (-1.5, 5000.0)
    assert flux == pytest.approx(value, rel=5.1e-6)
    assert len(text) == 33
    with pytest.raises(ValueError, match="negative, too large or not finite"):
        sed_lines(np.array([0.0]), np.array([1.0]), np.array([[-1.0]]))


def digest(folder):
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.iterdir()))).hexdigest()


def test_the_same_series_give_the_same_bytes_and_weights_sum_to_one(tmp_path):
    series = [bump("a", "Ia"), bump("b", "II P"), bump("c", "IIb"), bump("a", "Ic BL")]
    for place in ("x", "y"):
        model = snt.export.to_snana(series, tmp_path / place / "M", bands=["lsstr"])
    assert digest(tmp_path / "x" / "M") == digest(tmp_path / "y" / "M")
    assert model.sntype == (1, 2, 4, 6)
    assert (tmp_path / "x" / "M" / "a_4.SED.gz").is_file()
    include = (tmp_path / "x" / "M" / "SIMGEN_INCLUDE_M.INPUT").read_text()
    weights = [line.split()[2] for line in include.splitlines() if line.startswith("NON1A:")]
    assert sum(int(weight.replace(".", "")) for weight in weights) == 1_000_000
    three = snt.export.to_snana(series[:3], tmp_path / "z", weights={"Ia": 0.5, "II": 0.2, "IIb": 0.1})
    np.testing.assert_allclose(three.weight, [0.625, 0.25, 0.125])
    assert str(tmp_path) not in include + (tmp_path / "x" / "M" / "README.md").read_text()


def test_what_is_refused_writes_nothing(tmp_path):
    series = [bump()]
    cases = [
        ({"redshifts": (0.0, 3.8), "bands": ["lsstg", "lsstr"]}, "go beyond what the templates cover"),
        ({"weights": [0.0]}, "weights has 1 numbers"),
        ({"weights": {"Ia": 1.0}}, "no weight for the class of 'bump'"),
        ({"sntype": {"Ia": 1}}, "no code for the class of 'bump'"),
        ({"form": "other"}, "form is 'other'"),
        ({"redshifts": (0.5, 0.1)}, "expected two ascending"),
        ({"sntype": [1200]}, "room for 0 to 1199"),
        ({"leakage_cut": 1.0}, "leakage_cut is 1"),
    ]
    for options, message in cases:
        with pytest.raises(ValueError, match=message):
            snt.export.to_snana(series, tmp_path / "M", **options)
    with pytest.raises(ValueError, match="at least one"):
        snt.export.to_snana([], tmp_path / "M")
    assert not (tmp_path / "M").exists()
    for name in ("two words", "a#b", "a\nb"):
        with pytest.raises(ValueError, match="which SNANA reads as a word"):
            snt.export.to_snana(series, tmp_path / name)
    allowed = snt.export.to_snana(
        series, tmp_path / "M", redshifts=(0.0, 3.8), bands=["lsstg", "uvot::uvw2"], beyond="allow"
    )
    assert allowed.z_range["uvot::uvw2"] is None or allowed.z_range["uvot::uvw2"][0] > 0
    # All of the filter, from 3400 A on where it leaks, and the next node of SNANA's table.
    assert 0.6 < allowed.z_range["lsstg"][1] < 0.7
    assert allowed.redshifts == (0.002, 3.8)
    with pytest.raises(FileExistsError, match="is not empty"):
        snt.export.to_snana(series, tmp_path / "M")


def test_tables_and_plain_text(tmp_path):
    import sncosmo

    series = bump()
    grid = template_grid(series)
    phase, wave, flux = sncosmo.read_griddata_ascii(str(to_ascii(grid, tmp_path / "a.dat")))
    np.testing.assert_allclose(flux, grid.flux, rtol=1e-5)
    np.testing.assert_allclose((phase[0], wave[0]), (grid.phase[0], grid.wave[0]))
    table = series_table(series)
    assert str(table["flux"].unit) == "erg / (Angstrom s cm2)"
    assert len(table) == series.flux.size
    assert as_series(grid).n_phase == grid.phase.size


@pytest.fixture(scope="module")
def built(osc_dir):
    """Series of the 15 real supernovae."""
    return [snt.build(snt.read_supernova(path)).series for path in sorted(osc_dir.glob("*.json.gz"))]


def require_whole(folder, names):
    assert len(simulate(folder.parent, folder.name)) == names
    found = check_folder(folder)
    assert [str(one) for one in found.findings if one.abort] == []
    assert len(found.templates) == names


@pytest.mark.slow
def test_real_supernovae_export_one_by_one_and_by_class(built, tmp_path):
    """15 models of one, and 6 of a class in either form: SNANA would stop at none."""
    assert len(built) == 15
    classes = {"Ia": ("Ia",), "II": ("II",), "Ibc": ("Ib", "Ic")}
    groups = {name: [one for one in built if one.sn_type.startswith(starts)] for name, starts in classes.items()}
    assert sum(map(len, groups.values())) == 15
    for one in built:
        snt.export.to_snana([one], tmp_path / one.name, unbracketed="edge", wave_step=25.0)
        require_whole(tmp_path / one.name, 1)
    for name, members in groups.items():
        for form, folder in (("NON1ASED", name), ("SIMSED", f"SIMSED.{name}")):
            snt.export.to_snana(members, tmp_path / folder, form=form, unbracketed="edge", wave_step=25.0)
            require_whole(tmp_path / folder, len(members))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["NON1ASED", "SIMSED"])
def test_published_series_export_and_pass(sncosmo_dir, tmp_path, form):
    series = []
    for path in sorted((sncosmo_dir / "models" / "vincenzi").glob("*.SED"))[: None if form == "NON1ASED" else 2]:
        phase, wave, flux = np.loadtxt(path).T
        phase, wave = np.unique(phase), np.unique(wave)
        flux = np.maximum(flux.reshape(phase.size, -1), 0.0)
        series.append(snt.SpectralSeries(phase=phase, wave=wave, flux=flux, name=path.stem, sn_type="II"))
    snt.export.to_snana(series, tmp_path / "SIMSED.M", form=form, unbracketed="edge", wave_step=10.0)
    require_whole(tmp_path / "SIMSED.M", len(series))


def test_command(tmp_path):
    snt.write_series(bump(), tmp_path / "a.fits")
    run = CliRunner().invoke(main, ["export", str(tmp_path / "a.fits"), "--to", "snana", "-o", str(tmp_path / "M")])
    assert run.exit_code == 0, run.output
    assert "lsstr" in run.output
    assert "sntransport export --check" in run.output
    check = CliRunner().invoke(main, ["export", "--check", str(tmp_path / "M")])
    assert check.exit_code == 0, check.output
    assert "1 templates, 0 errors" in check.output
    again = CliRunner().invoke(main, ["export", str(tmp_path / "a.fits"), "--to", "snana", "-o", str(tmp_path / "M")])
    assert again.exit_code == 1
    assert "is not empty" in again.output
    (tmp_path / "M" / "bump.SED.gz").unlink()
    assert CliRunner().invoke(main, ["export", "--check", str(tmp_path / "M")]).exit_code == 1
    for form, name in (("sncosmo", "bump.dat"), ("ecsv", "bump_series.ecsv")):
        made = CliRunner().invoke(main, ["export", str(tmp_path / "a.fits"), "--to", form, "-o", str(tmp_path / "T")])
        assert made.exit_code == 0, made.output
        assert (tmp_path / "T" / name).is_file()
    wider = ["--extrapolate", "suppressed_blackbody", "--wave-range", "1800", "12000", "--rise", "--decline", "80"]
    args = ["export", str(tmp_path / "a.fits"), "--to", "lightcurvelynx", "-o", str(tmp_path / "W"), *wider]
    made = CliRunner().invoke(main, args)
    assert made.exit_code == 0, made.output
    assert made.output.index("usable redshifts") < made.output.index("wrote")
    readme = (tmp_path / "W" / "README.md").read_text()
    for words in ("by suppressed_blackbody", "rise from explosion", "decline to 80 d", "begins with SIMSED"):
        assert words in readme
    assert (tmp_path / "W" / "SED.INFO").is_file()
    snana = ["export", str(tmp_path / "a.fits"), "--to", "snana", "-o", str(tmp_path / "W"), "--overwrite"]
    assert CliRunner().invoke(main, snana).exit_code == 0
    assert not (tmp_path / "W" / "SED.INFO").exists()
    with_template = [*snana, "--template", "hsiao", "--template-phases", "-5", "70", "--given", "bolometric maximum"]
    made = CliRunner().invoke(main, with_template)
    assert made.exit_code == 0, made.output
    assert "those of the template" in made.output
    assert CliRunner().invoke(main, [*snana, "--template-phases", "-5", "70"]).exit_code == 2
    assert CliRunner().invoke(main, ["export", str(tmp_path / "a.fits")]).exit_code == 2
    assert "--wave-range" in CliRunner().invoke(main, [*args[:6], "--overwrite", "--extrapolate", "blackbody"]).output


@pytest.mark.parametrize("steps", [{"phase_step": 1e-10}, {"wave_step": 1e-7}])
def test_a_grid_that_would_fill_the_memory_is_refused(steps):
    with pytest.raises(
        ValueError, match=r"a grid of \S+ steps of 1e-\d+ would take about .* GiB .*; take larger steps"
    ):
        template_grid(bump(), **steps)
