"""To objects of other packages and back: nothing is lost, and their own readers agree."""

import dataclasses
import sys

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable, Table
from astropy.timeseries import TimeSeries

from sntransport._storage.extras import MissingExtraError
from sntransport.photometry.bands import Bandpass, load_bands
from sntransport.photometry.synthetic import band_flux
from sntransport.simulation.light_curves import Truth
from sntransport.simulation.surveys.survey import select_visits
from sntransport.spectra.observations import LightCurve, Spectrum
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline
from sntransport.transport.templates.sources import hsiao
from tests.simulation.test_engine import survey_of
from tests.simulation.test_light_curves import curves, truth
from tests.support.synthetic import photometry, spectrum

# Of specutils and its packages, which are not ours to silence.
pytestmark = pytest.mark.filterwarnings("ignore")

RNG = np.random.default_rng(5)
WAVE = np.exp(np.linspace(8.2, 9.1, 40))
FLUX = RNG.normal(size=(6, 40))
FLUX[0, :5] = np.nan
ORIGIN = np.where(np.isnan(FLUX), 0, RNG.integers(1, 4, FLUX.shape))
SERIES = SpectralSeries(
    phase=np.array([-3.0, 0.0, 1.5, 7.0, 8.0, 30.25]), wave=WAVE, flux=FLUX, flux_err=np.abs(0.1 * FLUX),
    origin=ORIGIN, name="SN 2099a", sn_type="Ib/c", mjd_ref=59000.125,
)  # fmt: skip
LIGHT_CURVE = LightCurve(
    mjd=59000.0 + np.sort(RNG.random(20)) * 40, band=np.tile(["lsstg", "lsstr", "bessellv", "atlaso"], 5),
    flux=RNG.normal(1e3, 1e3, 20), flux_err=np.where(np.arange(20) == 3, np.nan, 10.0 + RNG.random(20)),
    instrument=np.repeat(["A", "", "B é", "A"], 5),
)  # fmt: skip
SPECTRUM = Spectrum(mjd=59000.5, wave=WAVE, flux=FLUX[0], flux_err=np.abs(FLUX[1]), calibrated=False, source="EFOSC")


def same(one, other, fields, rtol=0.0):
    for name in fields:
        first, second = getattr(one, name), getattr(other, name)
        if isinstance(first, np.ndarray) and first.dtype.kind == "f":
            np.testing.assert_allclose(second, first, rtol=rtol, err_msg=name)
        elif isinstance(first, float):
            assert second == pytest.approx(first, rel=max(rtol, 1e-15)), name
        else:
            np.testing.assert_array_equal(second, first, err_msg=name)


ALL_OF_A_SERIES = ("phase", "wave", "flux", "flux_err", "origin", "name", "sn_type", "mjd_ref")


def hdf_like(frame):
    """A frame whose rows were shuffled, as after a merge or a groupby."""
    shuffled = frame.sample(frac=1.0, random_state=1)
    shuffled.attrs = frame.attrs
    return shuffled


@pytest.mark.parametrize("way", ["table", "table in other units", "pandas", "xarray", "xarray, turned", "specutils"])
def test_a_series_comes_back(way):
    kind = way.split()[0].strip(",")
    if kind != "table":
        pytest.importorskip(kind)
    made = getattr(SERIES, f"to_{kind}")()
    if way == "table in other units":
        made["wave"] = made["wave"].to("nm")
        made["phase"] = made["phase"].to("hour")
        made["flux"] = made["flux"].to("W / (m2 um)")
    if way == "pandas":
        made = hdf_like(made)
    if way == "xarray, turned":
        made = made.transpose()
    again = getattr(SpectralSeries, f"from_{kind}")(made)
    same(SERIES, again, ALL_OF_A_SERIES, rtol=1e-14 if "units" in way else 0.0)


def test_a_table_of_a_series_goes_through_a_file(tmp_path):
    SERIES.to_table().write(tmp_path / "a.ecsv")
    same(SERIES, SpectralSeries.from_table(QTable.read(tmp_path / "a.ecsv")), ALL_OF_A_SERIES, rtol=1e-15)


def test_what_is_made_is_ones_own():
    pytest.importorskip("xarray")
    made = SERIES.to_xarray()
    made["flux"][:] = 0.0
    table = LIGHT_CURVE.to_table()
    table["flux"][:] = 0 * u.nJy
    assert np.nanmax(np.abs(SERIES.flux)) > 0 < np.max(LIGHT_CURVE.flux)


def test_bins_without_a_row_are_not_covered():
    table = SERIES.to_table()
    table = table[np.isfinite(table["flux"])]
    del table["origin"]
    again = SpectralSeries.from_table(table, name="mine")
    np.testing.assert_array_equal(again.flux, SERIES.flux)
    np.testing.assert_array_equal(again.covered, SERIES.covered)
    assert again.name == "mine"


def test_specutils_has_units_errors_masks_and_the_phase():
    pytest.importorskip("specutils")
    made = SERIES.to_specutils()
    assert type(made).__name__ == "SpectrumList"
    assert [one.meta["phase"] for one in made] == list(SERIES.phase)
    assert made[0].flux.unit == u.Unit("erg / (s cm2 Angstrom)")
    np.testing.assert_array_equal(made[0].mask, np.isnan(FLUX[0]))
    np.testing.assert_array_equal(made[1].uncertainty.array, SERIES.flux_err[1])


def test_spectra_of_specutils_in_any_units():
    specutils = pytest.importorskip("specutils")
    kind = getattr(specutils, "Spectrum", None) or specutils.Spectrum1D
    from astropy.nddata import InverseVariance

    frequency = (WAVE * u.AA).to("THz", u.spectral())
    flux_nu = (np.abs(FLUX[1]) * u.Unit("erg / (s cm2 Angstrom)")).to("Jy", u.spectral_density(WAVE * u.AA))
    one = kind(flux=flux_nu, spectral_axis=frequency, uncertainty=InverseVariance(1.0 / (0.1 * flux_nu) ** 2))
    read = Spectrum.from_specutils(one, mjd=59000.0)
    np.testing.assert_allclose(read.wave, WAVE, rtol=1e-13)
    np.testing.assert_allclose(read.flux, np.abs(FLUX[1]), rtol=1e-12)
    np.testing.assert_allclose(read.flux_err, 0.1 * np.abs(FLUX[1]), rtol=1e-12)


@pytest.mark.parametrize("way", ["table", "pandas", "specutils"])
def test_a_spectrum_comes_back(way):
    if way != "table":
        pytest.importorskip(way)
    again = getattr(Spectrum, f"from_{way}")(getattr(SPECTRUM, f"to_{way}")())
    same(SPECTRUM, again, ("wave", "flux", "flux_err", "mjd", "calibrated", "source"))


@pytest.mark.parametrize("way", ["table", "pandas"])
def test_a_light_curve_comes_back(way):
    if way != "table":
        pytest.importorskip(way)
    again = getattr(LightCurve, f"from_{way}")(getattr(LIGHT_CURVE, f"to_{way}")())
    # A Time is kept to less than a nanosecond.
    same(LIGHT_CURVE, again, ("band", "flux", "flux_err", "instrument"))
    np.testing.assert_allclose(again.mjd, LIGHT_CURVE.mjd, rtol=0, atol=1e-10)


def test_a_light_curve_table_goes_through_a_file(tmp_path):
    LIGHT_CURVE.to_table().write(tmp_path / "a.ecsv")
    again = LightCurve.from_table(QTable.read(tmp_path / "a.ecsv"))
    same(LIGHT_CURVE, again, ("band", "flux", "flux_err", "instrument"), rtol=1e-15)


@pytest.fixture
def own_data(monkeypatch, sncosmo_dir):
    """sncosmo with its data in place of the network."""
    import sncosmo

    monkeypatch.setattr(sncosmo.builtins, "DATADIR", sncosmo.builtins.DataMirror(lambda: str(sncosmo_dir), "/nowhere"))
    return sncosmo


def test_a_light_curve_comes_back_from_sncosmo():
    made = LIGHT_CURVE.to_sncosmo()
    assert made.colnames == ["time", "band", "flux", "fluxerr", "zp", "zpsys"]
    same(LIGHT_CURVE, LightCurve.from_sncosmo(made), ("mjd", "band", "flux", "flux_err"), rtol=1e-13)


def test_magnitudes_in_sncosmo_are_those_of_the_fluxes(own_data):
    # The judge converts with its own integrals: what has 3631 Jy has magnitude 0.
    found = own_data.photdata.PhotometricData(
        LightCurve(
            mjd=[59000.0] * 2, band=["bessellv", "sdssr"], flux=[3631e9, 3631e5], flux_err=[1.0, 1.0]
        ).to_sncosmo()
    )
    normal = found.normalized(zp=0.0, zpsys="ab")
    np.testing.assert_allclose(normal.flux, [1.0, 1e-4], rtol=1e-12)


def test_a_table_of_sncosmo_with_other_names_and_its_own_bands():
    import sncosmo

    band = sncosmo.Bandpass([4000.0, 5000.0, 6000.0], [0.0, 1.0, 0.0], name="bessellv")
    table = Table(
        {"MJD": [59000.0, 59001.0], "flux": [1.0, 2.0], "flux_error": [0.1, 0.2], "zp": [20.0, 25.0],
         "zpsys": ["AB", "ab"]}
    )  # fmt: skip
    table["filter"] = np.array([band, "bessellb"], dtype=object)
    read = LightCurve.from_sncosmo(table)
    np.testing.assert_allclose(read.flux, [3631e9 * 1e-8, 2 * 3631e9 * 1e-10], rtol=1e-12)
    assert list(read.band) == ["bessellv", "bessellb"]
    table["zpsys"] = ["vega", "ab"]
    with pytest.raises(ValueError, match=r"zpsys is vega, expected ab: sncosmo itself converts"):
        LightCurve.from_sncosmo(table)
    with pytest.raises(ValueError, match="no photometry table of sncosmo"):
        LightCurve.from_sncosmo(table["MJD", "flux"])


def test_colors_of_a_model_of_sncosmo_are_those_of_the_series(own_data):
    # The judge: sncosmo integrates the same template itself, and its table is read as ours.
    model = own_data.Model("hsiao")
    model.set(z=0.05, t0=59000.0, amplitude=1e-8)
    bands = ["sdssg", "sdssr", "sdssi"]
    flux = model.bandflux(bands, 59000.0, zp=25.0, zpsys="ab")
    read = LightCurve.from_sncosmo(
        Table({"time": [59000.0] * 3, "band": bands, "flux": flux, "fluxerr": 0.01 * flux, "zp": [25.0] * 3,
               "zpsys": ["ab"] * 3})
    )  # fmt: skip
    ours = band_flux(hsiao(), [own_data.get_bandpass(one) for one in bands], Sightline(z=0.05, distance_modulus=0.0))
    np.testing.assert_allclose(read.flux / read.flux[0], ours[18] / ours[18, 0], rtol=1e-3)


def test_a_time_series_comes_back_and_is_a_real_one():
    made = LIGHT_CURVE.to_time_series("lsstr")
    assert isinstance(made, TimeSeries)
    again = LightCurve.from_time_series(made)
    rows = LIGHT_CURVE.band == "lsstr"
    np.testing.assert_allclose(again.mjd, LIGHT_CURVE.mjd[rows], rtol=0, atol=1e-10)
    np.testing.assert_array_equal(again.flux, LIGHT_CURVE.flux[rows])
    assert again.bands == ("lsstr",)


def test_lightkurve_takes_the_time_series():
    lightkurve = pytest.importorskip("lightkurve")
    made = lightkurve.LightCurve(LIGHT_CURVE.to_time_series("lsstr"))
    np.testing.assert_array_equal(LightCurve.from_time_series(made, "lsstr").flux, made.flux.value)


def test_simulated_light_curves_as_tables():
    many = curves([3, 0, 2])
    table = many.to_table()
    assert len(table) == many.n_obs
    assert list(table["object_id"]) == [0, 0, 0, 2, 2]
    assert list(table["band"]) == ["ztfg", "lsstg", "ztfg", "lsstg", "ztfg"]
    pandas = pytest.importorskip("pandas")
    frame = many.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    # The same rows as the objects one by one.
    for k, one in enumerate(frame.groupby("object_id")):
        np.testing.assert_array_equal(one[1]["flux"], many.light_curve([0, 2][k]).flux)


def simulated(ways):
    """A survey and a truth with everything a table can lose: columns of their own, no date, a band without a visit."""
    survey = survey_of(["ztfg", "lsstg", "atlaso"], nights=6)
    visits = survey.n_visit
    more = {
        "psf": np.linspace(0.7, 1.4, visits),
        "zero_point_error": np.full(visits, 0.01),
        "field_name": np.array([f"field {k} é" for k in range(visits)]),
        "moon": np.arange(visits) % 2 == 0,
    }
    survey = dataclasses.replace(
        select_visits(survey, survey.band != 1), more={name: value[survey.band != 1] for name, value in more.items()},
        zero_point_error=[0.01, 0.0, 0.02], field_names={3: "COSMOS", 7: "XMM"}, notes=("one", "two"), source="made up",
    )  # fmt: skip
    true = truth(3, 2)
    peak_mjd = true.peak_mjd.copy()
    peak_mjd[1, 0] = np.nan
    more = {"host_ra": np.array([1.0, 2.0, 3.0]), "kind": np.array(["a", "bcd", ""]), "n": np.arange(3),
            "seen": np.array([True, False, True])}  # fmt: skip
    true = dataclasses.replace(true, mjd_ref=[59000.5, 60000.125, 59999.0], peak_mjd=peak_mjd, more=more)
    return [
        (one, getattr(type(one), f"from_{way}"), getattr(one, f"to_{way}")) for one in (survey, true) for way in ways
    ]


def same_to_a_nanosecond(one, again):
    """Everything is the same, but that a Time is kept to less than a nanosecond."""
    for item in dataclasses.fields(one):
        first, second = getattr(one, item.name), getattr(again, item.name)
        if item.name in ("mjd", "mjd_ref", "peak_mjd"):
            np.testing.assert_allclose(second, first, rtol=0, atol=1e-10)
        elif item.name == "more":
            assert list(second) == list(first)
            for key, column in first.items():
                np.testing.assert_array_equal(second[key], column)
                assert second[key].dtype.kind == column.dtype.kind, key
        else:
            np.testing.assert_array_equal(second, first, err_msg=item.name)
            assert type(second) is type(first), item.name


@pytest.mark.parametrize("way", ["table", "pandas"])
def test_a_survey_and_a_truth_come_back(way):
    if way != "table":
        pytest.importorskip(way)
    for one, back, made in simulated([way]):
        same_to_a_nanosecond(one, back(made()))


def test_tables_of_a_survey_and_a_truth_go_through_files(tmp_path):
    for one, back, made in simulated(["table"]):
        made().write(tmp_path / "a.ecsv", overwrite=True)
        same_to_a_nanosecond(one, back(QTable.read(tmp_path / "a.ecsv")))


def test_a_frame_of_a_truth_goes_through_a_file(tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    for one, back, made in simulated(["pandas"]):
        made().to_parquet(tmp_path / "a.parquet")
        same_to_a_nanosecond(one, back(pandas.read_parquet(tmp_path / "a.parquet")))


def test_units_dates_and_names_of_a_survey_and_a_truth():
    (survey, _, of_survey), (true, _, of_truth) = simulated(["table"])
    visits, objects = of_survey(), of_truth()
    assert list(visits["band"][:2]) == [survey.bands[k] for k in survey.band[:2]]
    assert (visits["background"].unit, visits["psf"].unit, visits["ra"].unit) == (u.nJy, u.arcsec, u.deg)
    assert (visits.meta["bands"], visits.meta["radius"]) == (list(survey.bands), survey.radius)
    assert (objects["peak_mag"].unit, objects["peak_mag"].shape) == (u.mag, (3, 2))
    assert objects["peak_mjd"].mask.tolist() == [[False, False], [True, False], [False, False]]
    np.testing.assert_allclose(objects["mjd_ref"].jd, true.mjd_ref + 2400000.5, rtol=0, atol=1e-8)


def test_a_table_of_visits_in_other_units_and_without_a_header():
    ((survey, back, made),) = simulated(["table"])[:1]
    table = made()
    table["ra"] = table["ra"].to("rad")
    table["background"] = table["background"].to("Jy")
    table.meta.clear()
    again = back(table, name="mine", radius=1.0)
    # Of the bands, those with a visit are known; they are in the order of the alphabet.
    assert (again.name, again.radius, again.bands) == ("mine", 1.0, ("atlaso", "ztfg"))
    np.testing.assert_allclose(again.ra, survey.ra, rtol=1e-14)
    np.testing.assert_allclose(again.background, survey.background, rtol=1e-14)
    assert [again.bands[k] for k in again.band] == [survey.bands[k] for k in survey.band]
    with pytest.raises(TypeError, match=r"Survey lacks name, radius: write Survey\(name="):
        back(table)
    with pytest.raises(ValueError, match=r"a visit of the table is in atlaso, which is none of bands = \['ztfg'\]"):
        back(table, name="mine", radius=1.0, bands=["ztfg"])
    table["exposure"] = 30.0 * u.s
    with pytest.raises(ValueError, match=r"Survey\.more: exposure has the unit s: give plain numbers"):
        back(table, name="mine", radius=1.0)


def test_a_name_that_tables_make_of_a_peak_is_taken():
    with pytest.raises(ValueError, match="'peak_mag_1', expected a name"):
        dataclasses.replace(truth(3, 2), more={"peak_mag_1": np.zeros(3)})


def test_a_band_comes_back():
    (band,) = load_bands(["lsstg"])
    (again,) = load_bands([band.to_sncosmo()])
    same(band, again, ("name", "wave", "throughput"))
    same(band, Bandpass.from_table(band.to_table()), ("name", "wave", "throughput", "vega_ab", "source"))
    pytest.importorskip("pandas")
    same(band, Bandpass.from_pandas(band.to_pandas()), ("name", "wave", "throughput", "vega_ab", "source"))


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda: LightCurve.from_table(Table({"mjd": [1.0]})), ValueError,
         r"LightCurve: the table has no column band, flux, flux_err \(it has mjd\): rename its columns to mjd, band,"),
        (lambda: SpectralSeries.from_table(Table({"phase": [1.0], "flux": [1.0]})), ValueError, "no column wave"),
        (lambda: SpectralSeries.from_table(Table({"phase": [1.0, 1.0], "wave": [5e3, 5e3], "flux": [1.0, 2.0]})),
         ValueError, "two rows are of phase 1 d and wavelength 5000 A"),
        (lambda: LIGHT_CURVE.to_time_series("lsstz"), ValueError, "no measurement in 'lsstz': the bands are atlaso"),
        (lambda: LightCurve.from_time_series(TimeSeries(time_start="2020-01-01", time_delta=1 * u.d, n_samples=2)),
         ValueError, r"does not say its band: give band="),
        (lambda: LightCurve.from_table(Table({"mjd": [59000.0], "band": ["V"], "flux": [1.0]})), ValueError,
         "no column flux_err"),
        (lambda: Truth.from_table(Table({"object_id": [1]})), ValueError, "Truth: the table has no column template, z"),
        (lambda: Spectrum.from_table(Table({"wave": [5e3, 6e3], "flux": [1.0, 2.0]})), TypeError,
         r"Spectrum lacks mjd: write Spectrum\(mjd=\.\.\., wave=\.\.\., flux=\.\.\.\)"),
        (lambda: SpectralSeries.from_specutils([]), ValueError, "one spectrum or more"),
        (lambda: SpectralSeries.from_specutils([1]), TypeError, "takes spectra of specutils, got int"),
    ],
)  # fmt: skip
def test_what_does_not_fit_says_what_would(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong()


def test_spectra_on_other_wavelengths_are_refused():
    pytest.importorskip("specutils")
    first, second = spectrum(3.0).to_specutils(), spectrum(5.0, low=3400.0).to_specutils()
    with pytest.raises(ValueError, match=r"spectrum 1 has other wavelengths .*FluxConservingResampler"):
        SpectralSeries.from_specutils([first, second], phase=[1.0, 2.0])
    with pytest.raises(ValueError, match=r"spectrum 0 has no phase in its meta: give phase="):
        SpectralSeries.from_specutils([first])


@pytest.mark.parametrize(
    ("package", "call"),
    [
        ("pandas", LIGHT_CURVE.to_pandas), ("pandas", SERIES.to_pandas), ("xarray", SERIES.to_xarray),
        ("specutils", SERIES.to_specutils), ("specutils", SPECTRUM.to_specutils),
    ],
)  # fmt: skip
def test_a_missing_package_is_named_with_its_extra(package, call, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"{package} is not installed: pip install 'sntransport\[interop\]'"):
        call()


def test_photometry_of_a_made_up_supernova_survives_all_ways():
    made = photometry([1.0, 5.0, 9.0], ["bessellb", "bessellv"])
    again = LightCurve.from_sncosmo(LightCurve.from_table(made.to_table()).to_sncosmo())
    same(made, again, ("band", "flux", "flux_err"), rtol=1e-12)
