"""The commands as a user runs them: output, messages, exit codes, and what is left on disk."""

import gzip
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from click.testing import CliRunner
from matplotlib.image import imread

import sntransport as snt
from sntransport.cli.main import main
from sntransport.cli.supernovae.demo import BANDS
from sntransport.spectra.series_file import read_series_file
from tests._storage.test_extras import block
from tests.support.synthetic import MJD_REF, SIGHTLINE, flux_at, photometry, spectrum


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A supernova as users bring it: sn.toml, ASCII spectra, CSV photometry."""
    path = tmp_path_factory.mktemp("input") / "my supernova"
    (path / "spectra").mkdir(parents=True)
    (path / "sn.toml").write_text(
        f'name = "SN 2099a/b"\ntype = "II"\nz = {SIGHTLINE.z}\ndistance_modulus = {SIGHTLINE.distance_modulus}\n'
        f"ebv_mw = {SIGHTLINE.ebv_mw}\nebv_host = {SIGHTLINE.ebv_host}\n"
        f'mjd_ref = {MJD_REF}\nmjd_ref_meaning = "explosion"\n'
    )
    for phase in (2.0, 9.0, 17.0, 30.0):
        one = spectrum(phase)
        header = f"mjd = {one.mjd}"
        np.savetxt(path / "spectra" / f"{phase:04.0f}.txt", np.stack([one.wave, one.flux], axis=1), header=header)
    seen = photometry(np.arange(0.0, 33.0, 3.0), ("bessellb", "bessellv", "bessellr"))
    rows = [f"{m},{b},{f},{e}" for m, b, f, e in zip(seen.mjd, seen.band, seen.flux, seen.flux_err, strict=True)]
    (path / "photometry.csv").write_text("\n".join(["mjd,band,flux,flux_err", *rows]) + "\n")
    return path


@pytest.fixture(scope="module")
def built(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    result = run("build", folder, "-o", out, "--cadence", "2")
    assert result.exit_code == 0, result.output
    return out


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_build_writes_series_photometry_and_figures(built):
    assert sorted(path.name for path in built.iterdir()) == [
        "SN_2099a_b.fits",
        "SN_2099a_b_light_curves.png",
        "SN_2099a_b_photometry.ecsv",
        "SN_2099a_b_spectra.png",
    ]
    series = snt.read_series(built / "SN_2099a_b.fits")
    assert series.name == "SN 2099a/b"
    np.testing.assert_allclose(np.diff(series.phase), 2.0)


def test_build_ends_with_a_table(folder, tmp_path):
    result = run("build", folder, "-o", tmp_path, "--no-figures")
    lines = result.stdout.splitlines()
    assert lines[0].split()[:2] == ["name", "type"]
    assert lines[2].startswith("SN 2099a/b  II    4/0")
    assert lines[-1] == f"1 of 1 built, in {tmp_path}"


def test_build_says_what_changes_the_result(folder, tmp_path):
    result = run("build", folder, "-o", tmp_path, "--no-figures")
    told = result.stderr.splitlines()
    assert "SN 2099a/b: photometry.csv: flux without unit or zp taken as nJy" in told
    assert told[-1].startswith("(only what changes a result; every note: --notes")
    assert not any("pixels removed" in line or "raised to the floor" in line for line in told)
    every = run("build", folder, "-o", tmp_path, "--no-figures", "--notes").stderr.splitlines()
    assert set(told[:-1]) < set(every)
    assert any("interpolated at the pace" in line for line in set(every) - set(told))
    assert run("build", folder, "-o", tmp_path, "--no-figures", "--quiet").stderr == ""


def test_flux_in_microjansky_without_a_unit_cannot_be_missed(folder, tmp_path):
    import shutil

    shutil.copytree(folder, tmp_path / "sn")
    head, *rows = (folder / "photometry.csv").read_text().splitlines()
    small = [",".join([*row.split(",")[:2], *(f"{float(x) / 1e3}" for x in row.split(",")[2:])]) for row in rows]
    (tmp_path / "sn" / "photometry.csv").write_text("\n".join([head, *small]) + "\n")
    result = run("build", tmp_path / "sn", "-o", tmp_path / "out", "--no-figures")
    first = result.stderr.splitlines()[0]
    assert first.startswith("sntransport: warning: SN 2099a/b: calibrated spectra are 7.5")
    assert "a factor 10" in first
    assert "is `flux` of the photometry in microjansky" in first
    told = json.loads(run("build", tmp_path / "sn", "-o", tmp_path / "out", "--no-figures", "--json").stdout)
    assert "microjansky" in told["results"][0]["warnings"][0]
    assert (
        json.loads(run("build", folder, "-o", tmp_path / "b", "--no-figures", "--json").stdout)["results"][0][
            "warnings"
        ]
        == []
    )


def test_a_misnamed_photometry_file_stops_the_build(folder, tmp_path):
    import shutil

    shutil.copytree(folder, tmp_path / "sn")
    (tmp_path / "sn" / "photometry.csv").rename(tmp_path / "sn" / "Photometry.dat")
    result = run("build", tmp_path / "sn", "-o", tmp_path / "out", "--no-figures")
    assert result.exit_code == 1
    assert 'photometry = "Photometry.dat"' in result.stderr


def test_build_is_reproducible_to_the_byte(folder, tmp_path):
    for name in ("one", "two"):
        assert run("build", folder, "-o", tmp_path / name).exit_code == 0
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def broken(tmp_path):
    """Files that are not what they seem."""
    whole = gzip.compress(json.dumps({"SN1": {"name": "SN1"}}).encode() * 50)
    contents = {
        "truncated.json.gz": whole[: len(whole) // 2],
        "invalid.json": b'{"SN1": {"name": ',
        "page.json": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
        "empty.json": b"",
        "list.json": b"[1, 2]",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in contents] + [tmp_path / "missing.json", tmp_path]


def test_broken_input_is_one_line_each_and_exit_code_1(tmp_path):
    for path in broken(tmp_path):
        result = run("build", path, "-o", tmp_path / "out")
        assert result.exit_code == 1, path
        assert len(result.stderr.splitlines()) == 1, result.stderr
        assert result.stderr.startswith("sntransport: error: ")
        assert path.name in result.stderr
        assert "Traceback" not in result.output
        assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


def test_build_does_not_replace_the_series_of_another(folder, tmp_path):
    out = tmp_path / "out"
    for name, code in (("SN 2099a/b", 0), ("SN 2099a:b", 1), ("SN 2099a/b", 0), ("\u03b1 SN 2099a/b", 0)):
        other = tmp_path / f"input {len(list(tmp_path.iterdir()))}"
        shutil.copytree(folder, other)
        sheet = (other / "sn.toml").read_text().replace("SN 2099a/b", name)
        (other / "sn.toml").write_text(sheet, encoding="utf-8")
        result = run("build", other, "-o", out, "--no-figures", "--cadence", "5")
        assert result.exit_code == code, result.output
        if code:
            (line,) = [line for line in result.stderr.splitlines() if "error" in line]
            held = "SN_2099a_b.fits is of 'SN 2099a/b'"
            assert line.endswith(f"{held} and would be overwritten by that of 'SN 2099a:b': give another folder")
        assert snt.read_series(out / "SN_2099a_b.fits").name == "SN 2099a/b"
    assert len(list(out.glob("*.fits"))) == 2
    # What is no series may be replaced.
    (out / "SN_2099a_b.fits").write_bytes(b"cut off")
    assert run("build", folder, "-o", out, "--no-figures", "--cadence", "5").exit_code == 0
    assert snt.read_series(out / "SN_2099a_b.fits").name == "SN 2099a/b"


def test_build_goes_on_after_a_bad_one(folder, tmp_path):
    (tmp_path / "bad.json").write_text("{")
    out = tmp_path / "out"
    result = run("build", tmp_path / "bad.json", folder, "-o", out, "--no-figures")
    assert result.exit_code == 1
    assert "1 of 2 built" in result.stdout
    assert (out / "SN_2099a_b.fits").exists()


def test_two_inputs_of_one_name_do_not_overwrite_each_other(folder, tmp_path):
    result = run("build", folder, folder, "-o", tmp_path, "--no-figures")
    assert result.exit_code == 1
    assert "would be overwritten" in result.stderr


def test_no_photometry_at_all_builds_without_a_table(folder, tmp_path):
    import shutil

    bare = tmp_path / "bare"
    shutil.copytree(folder, bare)
    (bare / "photometry.csv").unlink()
    result = run("build", bare, "-o", tmp_path / "out", "--no-figures", "--notes")
    assert result.exit_code == 0, result.output
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["SN_2099a_b.fits"]
    assert "no photometry" in result.stderr


def test_known_values_override_the_input(folder, tmp_path):
    result = run(
        "build", folder, "-o", tmp_path, "--no-figures", "--type", "Ia", "--z", "0.03", "--mjd-ref", MJD_REF + 1
    )
    assert result.exit_code == 0
    series = snt.read_series(tmp_path / "SN_2099a_b.fits")
    assert (series.sn_type, series.mjd_ref) == ("Ia", MJD_REF + 1)


def test_validate_prints_and_writes_the_table(folder, tmp_path):
    result = run("validate", folder, "--interpolator", "linear", "-o", tmp_path)
    assert result.exit_code == 0, result.output
    assert "Feature residual" in result.stdout
    assert (tmp_path / "validation.txt").read_text().splitlines()[0] in result.stdout
    assert (tmp_path / "validation.png").stat().st_size > 10_000


def test_validate_judges_what_is_delivered(folder, built, tmp_path):
    result = run("validate", folder, "--delivered", "--interpolator", "linear", "-o", tmp_path)
    assert result.exit_code == 0, result.output
    written = (tmp_path / "delivered.txt").read_text()
    assert written in result.stdout
    for heading in ("Hidden spectra", "Level and color", "Hidden nights", "Bands left out", "Steps"):
        assert heading in written
    told = json.loads(run("validate", folder, "--delivered", "--interpolator", "linear", "--json").stdout)["results"]
    (found,) = told
    assert {one["judged"] for one in found["nights"]} == {one["judged"] for one in found["bands"]}
    assert {one["over"] for one in found["hidden"]} == {"log_linear", "bare"}
    assert found["steps"][0]["step"] < 0.05
    assert found["level"][0]["n_spectra"] == found["hidden"][0]["n_triplets"]
    # A wider gap than is asked for is neither judged nor bridged.
    narrow = run("validate", folder, "--delivered", "--interpolator", "linear", "--max-gap", "16", "--json")
    (fewer,) = json.loads(narrow.stdout)["results"]
    assert fewer["hidden"][0]["n_triplets"] < found["hidden"][0]["n_triplets"]
    two = run("validate", folder, "--delivered", "--interpolator", "linear", "--interpolator", "log_linear")
    assert two.exit_code == 2
    assert "one --interpolator" in two.stderr
    series = run("validate", built / "SN_2099a_b.fits", "--delivered")
    assert series.exit_code == 2
    assert "is a series, give the supernova" in series.stderr


def test_validate_of_what_is_delivered_without_photometry(folder, tmp_path):
    import shutil

    bare = tmp_path / "bare"
    shutil.copytree(folder, bare)
    (bare / "photometry.csv").unlink()
    result = run("validate", bare, "--delivered", "--interpolator", "linear")
    assert result.exit_code == 0, result.output
    assert "Hidden spectra" in result.stdout
    assert "Hidden nights" not in result.stdout


def test_paper_is_a_recipe_of_its_own(folder, tmp_path):
    result = run("build", folder, "-o", tmp_path, "--no-figures", "--paper")
    assert result.exit_code == 0, result.output
    held = read_series_file(tmp_path / "SN_2099a_b.fits")
    assert "interpolator=wasserstein" in held.provenance["options"]
    assert "weight=paper" in held.provenance["options"]
    sn = snt.read_supernova(folder)
    wanted = snt.build(sn, **snt.transport.paper_recipe()).series
    np.testing.assert_allclose(held.series.flux, wanted.flux, rtol=1e-6)


def test_validate_without_anything_to_hide_says_so(folder, tmp_path):
    import shutil

    few = tmp_path / "few"
    shutil.copytree(folder, few)
    for path in sorted((few / "spectra").iterdir())[2:]:
        path.unlink()
    result = run("validate", few)
    assert result.exit_code == 1
    assert "nothing to judge" in result.stderr


def family(folder):
    """Two dense series of one class: the made-up supernova as it is, and faster."""
    wave, phase = np.arange(3500.0, 9000.0, 8.0), np.arange(0.0, 40.0)
    paths = []
    for name, fast in (("SN 1", 1.0), ("SN 2", 1.004)):
        flux = np.stack([flux_at(p, fast * wave) for p in phase])
        paths.append(folder / f"{name[-1]}.fits")
        snt.write_series(snt.SpectralSeries(phase=phase, wave=wave, flux=flux, name=name, sn_type="II"), paths[-1])
    return paths


def test_template_is_built_and_supernovae_beside_it(folder, tmp_path):
    result = run("template", "build", *family(tmp_path), "--zero", "SN 2=1.5", "-o", tmp_path / "II.fits")
    assert result.exit_code == 0, result.output
    assert "SN 2: phase zero" in result.stdout
    held = read_series_file(tmp_path / "II.fits")
    assert held.series.sn_type == "II"
    assert np.all(np.isfinite(held.series.flux))
    assert held.notes[0] == "mean of SN 1, SN 2"
    for name, more in (("with", ("--template", tmp_path / "II.fits")), ("without", ())):
        result = run("build", folder, "-o", tmp_path / name, "--no-figures", *more)
        assert result.exit_code == 0, result.output
    beside, alone = (snt.read_series(tmp_path / name / "SN_2099a_b.fits") for name in ("with", "without"))
    assert np.nanmax(np.abs(beside.flux / alone.flux - 1.0)) > 1e-3
    options = read_series_file(tmp_path / "with" / "SN_2099a_b.fits").provenance["options"]
    assert "template=II.fits" in options


def test_template_commands_say_what_is_wrong(folder, tmp_path):
    one, two = family(tmp_path)
    whole = snt.read_series(one)
    holes = snt.SpectralSeries(
        phase=whole.phase, wave=whole.wave, flux=np.where(whole.wave > 6000.0, np.nan, whole.flux)
    )
    snt.write_series(holes, tmp_path / "holes.fits")
    for arguments, message in (
        (("template", "build", one, "-o", tmp_path / "x.fits"), "1 given"),
        (("template", "build", one, two, "--zero", "SN 3=1", "-o", tmp_path / "x.fits"), "none of the series"),
        (("build", folder, "-o", tmp_path, "--template", tmp_path / "holes.fits"), "template build"),
    ):
        result = run(*arguments)
        assert result.exit_code == 1, result.output
        assert message in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "x.fits").exists()


def test_validate_takes_a_series_for_truth(tmp_path):
    result = run("validate", family(tmp_path)[0], "--interpolator", "linear")
    assert result.exit_code == 0, result.output
    assert "Feature residual" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("build",),
        ("build", "x.json", "-o", "out", "--template", "missing.fits"),
        ("build", "x.json", "-o", "out", "--template", __file__, "--interpolator", "linear"),
        ("build", "x.json", "-o", "out", "--paper", "--interpolator", "linear"),
        ("build", "x.json", "-o", "out", "--paper", "--template", __file__),
        ("template",),
        ("template", "build", __file__, "-o", "x.fits", "--zero", "SN1"),
        ("template", "build", __file__, "-o", "x.fits", "--zero", "=1"),
        ("build", "x.json"),
        ("build", "x.json", "-o", "out", "--cadence", "0"),
        ("build", "x.json", "-o", "out", "--max-gap", "nan"),
        ("build", "x.json", "-o", "out", "--interpolator", "magic"),
        ("photometry",),
        ("photometry", "missing.fits"),
        ("plot", "missing.fits", "-o", "out"),
        ("unknown",),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_photometry_to_standard_output(built):
    result = run("photometry", built / "SN_2099a_b.fits", "--bands", "sdssg,sdssr")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("# %ECSV")
    rows = [line for line in result.stdout.splitlines() if line and not line.startswith("#")]
    assert rows[0] == "mjd phase band flux mag"
    assert len(rows) == 1 + 2 * 15


def test_photometry_elsewhere(built, tmp_path):
    from astropy.table import Table

    fits = built / "SN_2099a_b.fits"
    result = run("photometry", fits, "--bands", "sdssi", "--z", "0.1", "--distance-modulus", "38", "-o", tmp_path)
    assert result.exit_code == 0, result.output
    table = Table.read(tmp_path / "SN_2099a_b_photometry.ecsv")
    series = snt.read_series(fits)
    expected = snt.band_flux(
        series,
        ["sdssi"],
        snt.Sightline(z=0.1, distance_modulus=38.0, ebv_mw=SIGHTLINE.ebv_mw, ebv_host=SIGHTLINE.ebv_host),
    )
    np.testing.assert_allclose(table["flux"], expected[:, 0])


def test_moving_without_a_distance_is_an_error(built):
    result = run("photometry", built / "SN_2099a_b.fits", "--z", "0.5")
    assert result.exit_code == 1
    assert "--distance-modulus" in result.stderr


@pytest.mark.filterwarnings("default")
def test_uncovered_band_is_a_warning_in_one_line(built):
    result = run("photometry", built / "SN_2099a_b.fits", "--bands", "2massj")
    assert result.exit_code == 0
    assert result.stderr.startswith("sntransport: warning: bands covered less than 98%")
    assert len(result.stderr.splitlines()) == 1


def test_unknown_band_is_named(built):
    result = run("photometry", built / "SN_2099a_b.fits", "--bands", "lsstq")
    assert result.exit_code == 1
    assert "lsstq" in result.stderr


def test_kcorrect_writes_a_table_with_units_and_a_figure(built, tmp_path):
    from astropy.table import Table

    fits = built / "SN_2099a_b.fits"
    bands = ("--band-rest", "bessellb", "--band-obs", "sdssr")
    result = run("kcorrect", fits, *bands, "--z", "0,0.1:0.3:0.1", "--phases", "4:24:4", "-o", tmp_path)
    assert result.exit_code == 0, result.output
    stem = "SN_2099a_b_k_bessellb_sdssr"
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{stem}.ecsv", f"{stem}.png"]
    table = Table.read(tmp_path / f"{stem}.ecsv")
    assert [str(table[name].unit) for name in ("phase", "k", "sigma")] == ["d", "mag", "mag"]
    expected = snt.evaluate_k_correction(
        snt.read_series(fits), "bessellb", "sdssr", [0.0, 0.1, 0.2, 0.3], [4.0, 8.0, 12.0, 16.0, 20.0, 24.0]
    )
    np.testing.assert_allclose(table["k"], expected.value.ravel())
    np.testing.assert_allclose(table["sigma"], expected.sigma.ravel())
    assert (table.meta["band_rest"], table.meta["system_obs"]) == ("bessellb", "AB")
    assert "free of dust" in table.meta["dust"]
    assert table.meta["series_sightline"]["law_mw"] == "F99"
    assert table.meta["series_sightline"]["ebv_host"] == SIGHTLINE.ebv_host
    figure = (tmp_path / f"{stem}.png").read_bytes()
    run("kcorrect", fits, *bands, "--z", "0,0.1:0.3:0.1", "--phases", "4:24:4", "-o", tmp_path)
    assert (tmp_path / f"{stem}.png").read_bytes() == figure


def test_kcorrect_prints_at_the_files_own_redshift_and_phases(built):
    result = run("kcorrect", built / "SN_2099a_b.fits", "--band-rest", "bessellb", "--band-obs", "sdssr")
    assert result.exit_code == 0, result.output
    rows = [line for line in result.stdout.splitlines() if line and not line.startswith("#")]
    assert rows[0] == "z phase k sigma coverage filled"
    assert len(rows) == 1 + 15
    assert {row.split()[0] for row in rows[1:]} == {str(SIGHTLINE.z)}


@pytest.mark.filterwarnings("default")
def test_kcorrect_of_the_observed_light_curve(built, folder, tmp_path):
    from astropy.table import Table

    fits = built / "SN_2099a_b.fits"
    result = run("kcorrect", fits, "-o", tmp_path)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["SN_2099a_b_rest.ecsv", "SN_2099a_b_rest.png"]
    table = Table.read(tmp_path / "SN_2099a_b_rest.ecsv")
    assert [str(table[name].unit) for name in ("mjd", "mag", "k", "dust_mw", "flux")] == ["d", *["mag"] * 3, "nJy"]
    assert (table.meta["law_mw"], table.meta["ebv_mw"], table.meta["rv_host"]) == ("F99", SIGHTLINE.ebv_mw, 3.1)
    assert np.isfinite(table["mag"]).sum() > 20
    again = run("kcorrect", fits, "--photometry", folder / "photometry.csv", "-o", tmp_path / "file")
    assert again.exit_code == 0, again.output
    other = Table.read(tmp_path / "file" / "SN_2099a_b_rest.ecsv")
    np.testing.assert_allclose(other["mag"], table["mag"])
    assert other.meta["photometry"] == "photometry.csv"
    pairs = "bessellb=sdssg,bessellv=bessellv,bessellr=bessellv"
    mapped = run("kcorrect", fits, "--band-rest", pairs, "--system", "Vega")
    assert mapped.exit_code == 0, mapped.output
    assert "sdssg" in mapped.stdout


@pytest.mark.filterwarnings("default")
def test_kcorrect_off_the_series_is_a_warning_in_one_line(built):
    asked = ("--band-rest", "bessellb", "--band-obs", "sdssr", "--z", "0.1,1.5", "--phases", "10")
    result = run("kcorrect", built / "SN_2099a_b.fits", *asked)
    assert result.exit_code == 0
    assert "sdssr at z = 1.5 is covered less than 98%" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_kcorrect_says_what_is_missing(tmp_path):
    from sntransport.spectra.series import SpectralSeries

    wave = np.arange(3000.0, 8000.0, 5.0)
    mine = tmp_path / "m.fits"
    snt.write_series(SpectralSeries(phase=[0.0, 1.0], wave=wave, flux=np.ones((2, wave.size)), name="mine"), mine)
    table = ("--band-rest", "bessellb", "--band-obs", "sdssr")
    distant = ("--z", "0.1", "--distance-modulus", "38")
    (tmp_path / "p.csv").write_text("mjd,band,mag,mag_err,system\n60000,sdssr,18,0.1,AB\n")
    for arguments, remedy in [
        (table, "no redshift in the file; give --z"),
        (distant, "no observed photometry in the file; give --photometry, or --band-obs"),
        ((*distant, "--photometry", tmp_path / "p.csv"), "no mjd_ref"),
        ((), "--z and --distance-modulus"),
        ((*table, "--z", "0.1", "--phases", "0", "--band-obs", "sdssq"), "unknown band 'sdssq'"),
        ((*distant, "--photometry", tmp_path / "p.csv", "--band-rest", "a=b,c"), "not both"),
    ]:
        result = run("kcorrect", mine, *arguments)
        assert (result.exit_code, remedy in result.stderr) == (1, True), (arguments, result.output)
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--band-obs", "sdssr"),
        ("--z", "0.1,0.2"),
        ("--phases", "1,2"),
        ("--z", "much", "--band-obs", "sdssr", "--band-rest", "sdssr"),
        ("--z", "0:1:0", "--band-obs", "sdssr", "--band-rest", "sdssr"),
        ("--z", "1:0:0.1", "--band-obs", "sdssr", "--band-rest", "sdssr"),
        ("--z", "0:nan:1", "--band-obs", "sdssr", "--band-rest", "sdssr"),
        ("--z", "0:1:1e-9", "--band-obs", "sdssr", "--band-rest", "sdssr"),
        ("--max-gap", "0"),
        ("--system", "ST"),
        ("--band-obs", "sdssr", "--band-rest", "sdssr", "--distance-modulus", "30"),
    ],
)
def test_wrong_usage_of_kcorrect_is_exit_code_2(built, arguments):
    result = run("kcorrect", built / "SN_2099a_b.fits", *arguments)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output


def test_dust_law_can_be_chosen_and_is_in_the_file(folder, tmp_path):
    from astropy.io import fits

    law = ("--law-mw", "O94", "--law-host", "CCM89", "--ebv-host", "0.2")
    result = run("build", folder, "-o", tmp_path, "--no-figures", *law)
    assert result.exit_code == 0, result.output
    header = fits.getheader(tmp_path / "SN_2099a_b.fits")
    assert (header["LAWMW"], header["LAWHOST"], header["EBVHOST"]) == ("O94", "CCM89", 0.2)
    assert run("build", folder, "-o", tmp_path, "--law-mw", "F98").exit_code == 2


@pytest.mark.parametrize("kind", ["png", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("pdf", "svg"))])
def test_plot(built, tmp_path, kind):
    arguments = ("-o", tmp_path, "--format", kind, "--only", "spectra", "--only", "light_curves")
    result = run("plot", built / "SN_2099a_b.fits", *arguments)
    assert result.exit_code == 0, result.output
    names = [f"SN_2099a_b_light_curves.{kind}", f"SN_2099a_b_spectra.{kind}"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    first = [(tmp_path / name).read_bytes() for name in names]
    assert run("plot", built / "SN_2099a_b.fits", *arguments).exit_code == 0
    assert first == [(tmp_path / name).read_bytes() for name in names]


def test_plot_for_one_column_of_a_journal(built, tmp_path):
    arguments = ("-o", tmp_path, "--style", "column", "--only", "light_curves")
    assert run("plot", built / "SN_2099a_b.fits", *arguments).exit_code == 0
    width = imread(tmp_path / "SN_2099a_b_light_curves.png").shape[1]
    assert width == int(8.8 / 2.54 * 300)
    assert run("plot", built / "SN_2099a_b.fits", "-o", tmp_path, "--style", "poster").exit_code == 2


def test_commands_that_draw_have_a_style():
    have = {name for name, command in main.commands.items() if any(one.name == "style" for one in command.params)}
    drawing = {"build", "demo", "simulate", "bands", "plot", "kcorrect", "bolometric", "validate", "bandtest"}
    assert drawing <= have


@pytest.mark.parametrize(
    ("command", "drawn"),
    [
        (("build", "FOLDER", "-o", "OUT", "--cadence", "10"),
         ["SN_2099a_b_light_curves.png", "SN_2099a_b_spectra.png"]),
        (("demo", "-o", "OUT", "--interpolator", "log_linear"),
         ["demo_light_curves.png", "demo_spectra.png", "demo_truth.png"]),
        (("bands", "lsst*", "--plot", "OUT/bands.png"), ["bands.png"]),
    ],
)  # fmt: skip
def test_what_commands_draw_besides_for_one_column_of_a_journal(folder, tmp_path, command, drawn):
    words = [one.replace("FOLDER", str(folder)).replace("OUT", str(tmp_path)) for one in command]
    result = run(*words, "--style", "column")
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in tmp_path.glob("*.png")) == drawn
    for name in drawn:
        # At most a pixel, which matplotlib rounds away or not.
        assert imread(tmp_path / name).shape[1] == pytest.approx(8.8 / 2.54 * 300, abs=1), name


@pytest.mark.filterwarnings("default")  # the last night is without a spectrum
@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("kcorrect",), "SN_2099a_b_rest.pdf"),
        (("kcorrect", "--band-rest", "bessellb", "--band-obs", "sdssr"), "SN_2099a_b_k_bessellb_sdssr.pdf"),
        (("bolometric",), "SN_2099a_b_bolometric.pdf"),
    ],
)
def test_corrections_for_one_column_of_a_journal(built, tmp_path, command, name):
    result = run(*command, built / "SN_2099a_b.fits", "-o", tmp_path, "--style", "column", "--format", "pdf")
    assert result.exit_code == 0, result.output
    (width,) = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ", (tmp_path / name).read_bytes())
    assert float(width) / 72 * 2.54 == pytest.approx(8.8, abs=0.01)


def test_damaged_series_file_is_one_line(built, tmp_path):
    damaged = tmp_path / "damaged.fits"
    damaged.write_bytes((built / "SN_2099a_b.fits").read_bytes()[:20000])
    for command in (("photometry", damaged), ("plot", damaged, "-o", tmp_path / "out")):
        result = run(*command)
        assert result.exit_code == 1
        assert len(result.stderr.splitlines()) == 1
        assert "damaged.fits" in result.stderr


def test_series_without_photometry_asks_for_bands(tmp_path):
    from sntransport.spectra.series import SpectralSeries

    wave = np.arange(4000.0, 8000.0, 5.0)
    snt.write_series(
        SpectralSeries(phase=[0.0, 1.0], wave=wave, flux=np.ones((2, wave.size)), name="mine"), tmp_path / "m.fits"
    )
    result = run("photometry", tmp_path / "m.fits")
    assert result.exit_code == 1
    assert "--bands" in result.stderr
    result = run("photometry", tmp_path / "m.fits", "--bands", "sdssr")
    assert result.exit_code == 1
    assert "--z and --distance-modulus" in result.stderr


def test_output_folder_that_is_a_file(folder, tmp_path):
    (tmp_path / "out").write_text("in the way")
    assert run("build", folder, "-o", tmp_path / "out").exit_code == 2


def test_debug_shows_the_traceback(tmp_path):
    result = run("--debug", "photometry", __file__, "--bands", "lsstr")
    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("sntransport: error: ")


def test_demo_needs_no_extra_and_writes_what_it_says(tmp_path, monkeypatch):
    for package in ("pyarrow", "dask", "distributed", "dask_jobqueue", "lightcurvelynx"):
        block(monkeypatch, package)
    tmp_path = tmp_path / "new" / "folder"
    result = run("demo", "-o", tmp_path, "--interpolator", "log_linear")
    assert result.exit_code == 0, result.output
    assert "not a real supernova" in result.stdout
    assert "log_linear" in result.stdout
    assert {path.name for path in tmp_path.iterdir()} == {
        "demo.fits",
        "demo_light_curves.png",
        "demo_photometry.ecsv",
        "demo_report.html",
        "demo_spectra.png",
        "demo_truth.png",
    }
    phase = snt.read_series(tmp_path / "demo.fits").phase
    table = Table.read(tmp_path / "demo_photometry.ecsv", format="ascii.ecsv")
    np.testing.assert_allclose(np.unique(table["phase"]), phase)
    assert set(table["band"]) == set(BANDS)
    for path in tmp_path.glob("*.png"):
        picture = imread(path)
        # Lines in several colors on white, neither blank nor full.
        assert 0.02 < np.mean(np.any(picture[..., :3] < 0.95, axis=-1)) < 0.9, path
    page = (tmp_path / "demo_report.html").read_text(encoding="utf-8")
    assert all(name in page for name in (*BANDS, "log_linear"))


def test_python_m(capsys, monkeypatch):
    import runpy
    import signal
    import sys

    monkeypatch.setattr(sys, "argv", ["sntransport", "--version"])
    # It is a process of its own that it sets up.
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("sntransport", run_name="__main__")
    assert caught.value.code == 0
    assert snt.__version__ in capsys.readouterr().out


def test_no_file_is_left_by_a_failed_build(folder, tmp_path, monkeypatch):
    import sntransport.cli.supernovae.batch

    def fails(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(sntransport.cli.supernovae.batch, "write_series", fails)
    result = run("build", folder, "-o", tmp_path / "out", "--no-figures")
    assert result.exit_code == 1
    assert "disk full" in result.stderr
    assert not list(Path(tmp_path / "out").glob("*.fits"))
