"""A newcomer's mistakes: each is answered in one line that says what was given and what works."""

import inspect
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import sntransport as snt
from sntransport.calibration import fit_band_curves, prepare
from sntransport.cli.main import main
from sntransport.photometry import pivot_wave, read_bandpass
from sntransport.report.figures import simulated_light_curve, waterfall
from sntransport.simulation import concatenate
from sntransport.simulation.surveys import select_visits
from tests._objects.examples import examples
from tests.project.test_value_objects import MODULES

# The night after the last spectrum has no K-correction; that is not what is looked at here.
pytestmark = pytest.mark.filterwarnings("ignore::sntransport.photometry.synthetic.CoverageWarning")


@pytest.fixture(scope="module")
def things():
    made = dict(examples())
    made["sn"], made["series"], made["result"] = made["Supernova"], made["SpectralSeries"], made["BuildResult"]
    return made


def supernova(things, **changed):
    sn = things["sn"]
    fields = {"name": "a", "sn_type": "II", "sightline": sn.sightline, "mjd_ref": 59000.0, "mjd_ref_meaning": "",
              "spectra": sn.spectra, "light_curve": sn.light_curve}  # fmt: skip
    return snt.Supernova(**(fields | changed))


def interpolating(value):
    return lambda things: snt.build(things["sn"], interpolate=value)


# What is written, the error, and what it says.
PYTHON = {
    "a path to build": (
        lambda t: snt.build("x.json.gz"),
        TypeError,
        r"build takes a Supernova, got the path 'x\.json\.gz': write build\(read_supernova\('x\.json\.gz'\)\)",
    ),
    "a Path to build": (
        lambda t: snt.build(Path("a/sn")),
        TypeError,
        r"got the path 'a/sn': write build\(read_supernova\('a/sn'\)\)",
    ),
    "a series to build": (
        lambda t: snt.build(t["series"]),
        TypeError,
        "build takes a Supernova, got a SpectralSeries: a series is what",
    ),
    "a result to build": (lambda t: snt.build(t["result"]), TypeError, r"built already: its series is result\.series"),
    "many supernovae to build": (
        lambda t: snt.build([t["sn"]] * 2),
        TypeError,
        "got a list of 2 Supernova: build them one by one",
    ),
    "photometry to build": (lambda t: snt.build(t["LightCurve"]), TypeError, "got a LightCurve: without spectra"),
    "an interpolator by name": (
        interpolating("log_linear"),
        TypeError,
        r"interpolate is the text 'log_linear', expected a function f\(wave, flux_a, flux_b, t\): write "
        r"interpolate=sntransport\.interpolators\.log_linear",
    ),
    "an interpolator by another name": (interpolating("Log-Linear"), TypeError, r"write interpolate=.*\.log_linear"),
    "the result of an interpolator": (
        interpolating(np.ones((3, 4))),
        TypeError,
        r"interpolate is an array of shape \(3, 4\), expected a function",
    ),
    "an interpolator of three arguments": (
        interpolating(lambda wave, flux_a, flux_b: flux_a),
        TypeError,
        r"interpolate is called as f\(wave, flux_a, flux_b, t\), but the function <lambda> is not: too many",
    ),
    "an interpolator that gives NaN": (
        interpolating(lambda wave, flux_a, flux_b, t: np.full((t.size, wave.size), np.nan)),
        ValueError,
        r"the interpolator <lambda> returned NaN or infinity in \d+ of \d+ values .*, expected finite fluxes",
    ),
    "an interpolator that gives one row": (
        interpolating(lambda wave, flux_a, flux_b, t: flux_a),
        ValueError,
        r"the interpolator <lambda> returned shape \(\d+,\), expected \(n_t, n_wave\) = \(1, \d+\): one row for each t",
    ),
    "an interpolator turned around": (
        interpolating(lambda wave, flux_a, flux_b, t: np.ones((wave.size, t.size))),
        ValueError,
        "one row for each t",
    ),
    "an interpolator without return": (
        interpolating(lambda wave, flux_a, flux_b, t: None),
        ValueError,
        "<lambda> returned None, expected",
    ),
    "a weight by name": (
        lambda t: snt.build(t["sn"], weight="paper"),
        TypeError,
        r"weight is the text 'paper', expected a function .*: write weight=sntransport\.weights\.paper_weight",
    ),
    "a weight of another shape": (
        lambda t: snt.build(t["sn"], weight=lambda before, after, mismatch: np.ones(7)),
        ValueError,
        r"the weight function returned shape \(7,\), expected \(n_pair,\) = \(\d,\): one weight for each pair",
    ),
    "a cadence as text": (
        lambda t: snt.build(t["sn"], cadence="1"),
        ValueError,
        "cadence is '1', expected a positive number of days",
    ),
    "one phase": (lambda t: snt.build(t["sn"], phases=5.0), ValueError, r"expected 1: write \[5\.0\]"),
    "a supernova to read": (
        lambda t: snt.read_supernova(t["sn"]),
        TypeError,
        "read_supernova takes a path, got a Supernova: it is read",
    ),
    "a series to read": (lambda t: snt.read_series(t["series"]), TypeError, "got a SpectralSeries: it is one already"),
    "a file that is not there": (
        lambda t: snt.read_supernova("nope.json"),
        ValueError,
        "no such file or folder; check the path",
    ),
    "one band": (lambda t: snt.band_flux(t["series"], "bessellv", t["Sightline"]), TypeError, r"write \['bessellv'\]"),
    "a letter for a band": (
        lambda t: snt.band_flux(t["series"], ["V"], t["Sightline"]),
        ValueError,
        "unknown band 'V'; did you mean bessellv",
    ),
    "a redshift for a sightline": (
        lambda t: snt.band_flux(t["series"], ["bessellv"], 0.02),
        TypeError,
        r"band_flux takes a Sightline, got the number 0\.02: write Sightline\(z=\.\.\., distance_modulus=\.\.\.\)",
    ),
    "a supernova for a sightline": (
        lambda t: snt.observe(t["series"], t["sn"]),
        TypeError,
        r"got a Supernova: write sn\.sightline",
    ),
    "a result for a series": (
        lambda t: snt.bolometric(t["result"]),
        TypeError,
        r"bolometric takes a SpectralSeries .*: write result\.series",
    ),
    "a path for a series": (
        lambda t: snt.bolometric("a.fits"),
        TypeError,
        r"got the path 'a\.fits': write read_series\('a\.fits'\)",
    ),
    "light with dust for a series": (
        lambda t: snt.bolometric(t["ObservedSeries"]),
        TypeError,
        r"got an ObservedSeries: sntransport\.unobserve",
    ),
    "a path before a series": (
        lambda t: snt.write_series("a.fits", t["series"]),
        TypeError,
        r"write write_series\(series, 'a\.fits'\)",
    ),
    "a series before a light curve": (
        lambda t: snt.k_correct(t["series"], t["LightCurve"], t["Sightline"]),
        TypeError,
        r"the light curve comes first: k_correct\(light_curve, series, sightline\)",
    ),
    "a supernova for a light curve": (
        lambda t: snt.k_correct(t["sn"], t["series"], t["Sightline"]),
        TypeError,
        r"write k_correct\(sn\.light_curve, ",
    ),
    "a sightline for a redshift": (
        lambda t: snt.k_correction(t["series"], "bessellb", "bessellv", t["Sightline"], [5.0]),
        TypeError,
        r"z takes redshifts, got a Sightline: write sightline\.z",
    ),
    "one template": (
        lambda t: snt.simulate(t["series"], t["Survey"], t["Population"], n=3),
        TypeError,
        r"write \[series\]",
    ),
    "a survey and a population turned around": (
        lambda t: snt.simulate([t["series"]], t["Population"], t["Survey"], n=3),
        TypeError,
        "the population comes third",
    ),
    "a survey by name": (
        lambda t: snt.simulate([t["series"]], "ztf", t["Population"], n=3),
        TypeError,
        r"write load_survey\('ztf'\)",
    ),
    "a number for a population": (
        lambda t: snt.simulate([t["series"]], t["Survey"], 0.1, n=3),
        TypeError,
        r"write Population\(redshift=\.\.\.\)",
    ),
    "a count as text": (
        lambda t: snt.simulate([t["series"]], t["Survey"], t["Population"], n="3"),
        TypeError,
        "n is the text '3', expected a whole number",
    ),
    "one series to export": (
        lambda t: snt.export.to_snana(t["series"], "x"),
        TypeError,
        r"^to_snana takes a sequence of SpectralSeries, got a SpectralSeries: write \[series\] for one$",
    ),
    "a phase of a series to export": (
        lambda t: snt.export.to_snana(list(t["series"]), "x"),
        TypeError,
        "takes a SpectralSeries, got a phase with its spectrum, which iteration over a series gives",
    ),
    "values without names": (
        lambda t: snt.Sightline(0.02, 34.0),
        TypeError,
        r"Sightline takes keywords alone, got the number 0\.02: write Sightline\(z=\.\.\., distance_modulus=\.\.\.",
    ),
    "a keyword that is near": (
        lambda t: snt.Sightline(z=0.1, distance_module=3.0),
        TypeError,
        "Sightline has no distance_module: did you mean distance_modulus",
    ),
    "one spectrum for many": (
        lambda t: supernova(t, spectra=t["Spectrum"]),
        TypeError,
        r"got a Spectrum: write spectra=\[spectrum\]",
    ),
    "no photometry": (
        lambda t: supernova(t, light_curve=None),
        TypeError,
        r"it is LightCurve\(mjd=\[\], band=\[\], flux=\[\], flux",
    ),
    "a file of photometry": (
        lambda t: supernova(t, light_curve="p.csv"),
        TypeError,
        r"write read_light_curve\('p\.csv'\)",
    ),
    "Julian dates": (
        lambda t: snt.LightCurve(mjd=[2459000.5], band=["V"], flux=[1.0], flux_err=[1.0]),
        ValueError,
        r"a Julian date: subtract 2400000\.5",
    ),
    "one band for many points": (
        lambda t: snt.LightCurve(mjd=[59000.0, 59001.0], band="bessellv", flux=[1.0, 1.0], flux_err=[1.0, 1.0]),
        ValueError,
        r"LightCurve\.band has 0 dimensions \(\), expected 1: write \['bessellv'\]",
    ),
    "axes turned around": (
        lambda t: snt.SpectralSeries(phase=[0.0, 1.0], wave=[4e3, 5e3, 6e3], flux=np.ones((3, 2))),
        ValueError,
        r"flux has shape \(3, 2\), expected \(n_phase, n_wave\) = \(2, 3\)",
    ),
}

# Those that Python itself would answer from inside of a function.
PYTHON |= {
    "a cadence without its name": (
        lambda t: snt.build(t["sn"], 2.0),
        TypeError,
        r"build takes 1 argument without a name, got the number 2 as one more: write build\(sn, cadence=\.\.\.\); nam",
    ),
    "a setting with a slip": (
        lambda t: snt.build(t["sn"], cadense=2.0),
        TypeError,
        "build has no argument cadense: did you mean cadence",
    ),
    "a setting of another function": (
        lambda t: snt.read_series("a.fits", hdu=1),
        TypeError,
        "read_series has no argument hdu: it has path",
    ),
    "nothing to build": (lambda t: snt.build(), TypeError, r"^build lacks sn: write build\(sn\)$"),
    "a series twice": (
        lambda t: snt.bolometric(t["series"], series=t["series"]),
        TypeError,
        r"bolometric got series twice, by its place and by its name: write bolometric\(series\)",
    ),
    "a folder before series": (
        lambda t: snt.export.to_snana("folder", t["series"]),
        TypeError,
        r"to_snana: series takes .*SpectralSeries.*, got the text 'folder': write to_snana\(series, folder\)",
    ),
    "a Path before series": (
        lambda t: snt.export.to_snana(Path("a/model"), [t["series"]]),
        TypeError,
        r"got the path 'a/model': write \[read_series\('a/model'\)\]",
    ),
    "a result to prepare": (
        lambda t: prepare(t["result"]),
        TypeError,
        r"prepare: sn takes a Supernova, got a BuildResult: write prepare\(sn\)",
    ),
    "a supernova for its light curve": (
        lambda t: fit_band_curves(t["sn"]),
        TypeError,
        r"takes a LightCurve, got a Supernova: write sn\.light_curve",
    ),
    "a path to a figure": (
        lambda t: waterfall("a.fits"),
        TypeError,
        r"waterfall: series takes a SpectralSeries, got the path 'a\.fits': write read_series\('a\.fits'\)",
    ),
    "visits of a survey by name": (
        lambda t: select_visits("ztf", [0]),
        TypeError,
        r"select_visits: survey takes a Survey, got the text 'ztf': write load_survey\('ztf'\)",
    ),
    "visits by name": (
        lambda t: select_visits(t["Survey"], "first"),
        TypeError,
        r"select_visits: keep takes numbers, got the text 'first': write select_visits\(survey, keep\)",
    ),
    "a band's name for a band": (
        lambda t: pivot_wave("lsstg"),
        TypeError,
        r"takes a Bandpass, got the text 'lsstg': write load_bands\(\['lsstg'\]\)\[0\]",
    ),
    "no path": (
        lambda t: read_bandpass(None),
        TypeError,
        r"read_bandpass: path takes a path, got None: write read_bandpass\(path\)",
    ),
    "a series for a band": (
        lambda t: snt.load_bands(t["series"]),
        TypeError,
        "is no band: expected a name",
    ),
    "half an index": (
        lambda t: simulated_light_curve(t["LightCurves"], 0.5),
        TypeError,
        r"index takes a whole number, got the number 0\.5: write simulated_light_curve\(curves, index\)",
    ),
    "one set for several": (
        lambda t: concatenate(t["LightCurves"]),
        TypeError,
        r"parts takes a sequence of LightCurves, got a LightCurves: write \[lightcurves\]",
    ),
    "a value object without a field": (
        lambda t: snt.Sightline(z=0.1),
        TypeError,
        r"Sightline lacks distance_modulus: write Sightline\(z=\.\.\., distance_modulus=\.\.\.\)",
    ),
}


class Wrong:
    """What no function takes."""


def public_functions():
    rooms = [one for one in MODULES if hasattr(one, "__path__") and getattr(one, "__all__", ())]
    named = (getattr(room, name) for room in (snt, *rooms) for name in room.__all__)
    functions = [one for one in named if inspect.isfunction(one) or hasattr(one, "__wrapped__")]
    found = {f"{one.__module__}.{one.__name__}": one for one in functions}
    return [found[name] for name in sorted(found)]


@pytest.mark.parametrize("function", public_functions(), ids=lambda one: f"{one.__module__}.{one.__name__}")
def test_every_public_function_says_what_it_takes(function):
    if function.__name__ == "to_lightcurvelynx":
        pytest.importorskip("lightcurvelynx")
    known = inspect.signature(function).parameters.values()
    many = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [one for one in known if one.default is one.empty and one.kind not in many]
    placed = [Wrong() for one in needed if one.kind != one.KEYWORD_ONLY]
    named = {one.name: Wrong() for one in needed if one.kind == one.KEYWORD_ONLY}
    calls = [(placed, named)] if needed else []
    if not any(one.kind == one.VAR_POSITIONAL for one in known):
        calls.append(([Wrong()] * 30, named))
    for args, kwargs in calls:
        with pytest.raises((TypeError, ValueError), match="Wrong") as answer:
            function(*args, **kwargs)
        assert len(str(answer.value).splitlines()) == 1
        assert "object has no attribute" not in str(answer.value)
        assert "positional" not in str(answer.value)
    with pytest.raises(TypeError, match=f"{function.__name__} (has no argument no_such|lacks )"):
        function(no_such=1)


def test_there_is_no_photometry_as_the_message_says(things):
    empty = snt.LightCurve(mjd=[], band=[], flux=[], flux_err=[])
    assert supernova(things, light_curve=empty).light_curve.n_obs == 0


@pytest.mark.parametrize("mistake", PYTHON)
def test_python_says_what_works(mistake, things):
    call, error, message = PYTHON[mistake]
    with pytest.raises(error, match=message) as found:
        call(things)
    assert len(str(found.value).splitlines()) == 1
    assert len(str(found.value)) < 300


@pytest.fixture(scope="module")
def files(tmp_path_factory, things):
    folder = tmp_path_factory.mktemp("files")
    snt.write_series(things["series"], folder / "s.fits")
    (folder / "p.csv").write_text("mjd,band,mag,mag_err\n59000,bessellv,15,0.1\n")
    (folder / "sn.json").write_text('{"SN1": {"name": "SN1"}}')
    (folder / "c.toml").write_text("x = 1\n")
    (folder / "empty").mkdir()
    return folder


# The words of a command, the exit code, and what it says.
COMMANDS = {
    "a series file to build": (
        "build s.fits -o out",
        1,
        r"s\.fits: a FITS file, no supernova; a series file is read by",
    ),
    "photometry to build": (
        "build p.csv -o out",
        1,
        r"p\.csv: a spectrum, a table or other text, .*; put photometry and spectra into a folder",
    ),
    "a folder without its card": ("build empty -o out", 1, r"empty: a folder without sn\.toml; add sn\.toml with"),
    "a file that is not there": ("build nope.json -o out", 1, r"nope\.json: no such file or folder; check the path"),
    "no place for the results": ("build sn.json", 2, "Missing option '-o'"),
    "a name with a slip": ("biuld sn.json -o out", 2, "Did you mean 'build'"),
    "an option with a slip": ("build sn.json -o out --interpolate linear", 2, "--interpolator"),
    "an unknown interpolator": ("build sn.json -o out --interpolator loglinear", 2, "'log_linear'"),
    "a negative cadence": ("build sn.json -o out --cadence -1", 2, "cadence"),
    "a folder to photometry": ("photometry empty --bands bessellv", 1, r"empty: a folder, expected a series file"),
    "a supernova to photometry": (
        "photometry sn.json --bands bessellv",
        1,
        "not a FITS file, so no series; one is made .* by sntransport build",
    ),
    "a letter for a band": (
        "photometry s.fits --bands V --z 0.1 --distance-modulus 38",
        1,
        "unknown band 'V'; did you mean bessellv",
    ),
    "no bands": ("photometry s.fits", 1, "name the bands with --bands"),
    "a redshift without distance": ("photometry s.fits --bands bessellv --z 0.1", 1, "--distance-modulus"),
    "a table to bolometric": ("bolometric p.csv", 1, "not a FITS file, so no series"),
    "a series to simulate": ("simulate s.fits -o out", 1, r"s\.fits: is not text; give a TOML file"),
    "a key that is none": ("simulate c.toml -o out", 1, "x: no such key; expected"),
    "a folder to augment": ("augment empty -o out", 1, r"cannot be read \(Is a directory\); give a TOML file"),
    "a report as PDF": ("report s.fits -o r.pdf", 2, r"the page is HTML, not \.pdf; choose a name that ends in \.html"),
    "a supernova to export": ("export sn.json --to snana -o out", 1, "not a FITS file, so no series"),
    "a format in capitals": ("export s.fits --to SNANA -o out", 2, "'snana'"),
}


@pytest.mark.parametrize("mistake", COMMANDS)
def test_the_command_line_says_what_works(mistake, files, monkeypatch):
    monkeypatch.chdir(files)
    words, code, message = COMMANDS[mistake]
    result = CliRunner().invoke(main, words.split())
    assert result.exit_code == code, result.output
    (line,) = [one for one in result.output.splitlines() if re.search("error:", one, flags=re.IGNORECASE)]
    assert re.search(message, line)
    assert "Traceback" not in result.output
    assert not (files / "r.pdf").exists()
