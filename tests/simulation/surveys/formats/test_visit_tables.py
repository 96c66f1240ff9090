"""Plain tables of visits, and the door to all surveys."""

import sys

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable, Table

from sntransport._numerics.units import mag_to_njy
from sntransport._storage.extras import MissingExtraError
from sntransport._storage.read_error import ReadError
from sntransport.simulation.surveys import noise
from sntransport.simulation.surveys.formats.load import load_survey
from sntransport.simulation.surveys.formats.visit_tables import read_visits
from sntransport.simulation.surveys.survey import Survey
from tests.simulation.surveys.formats.test_rubin_opsim import a_row
from tests.simulation.surveys.formats.test_rubin_opsim import write as write_opsim
from tests.simulation.surveys.formats.test_snana_simlib import block
from tests.simulation.surveys.formats.test_snana_simlib import write as write_simlib

CSV = """# a survey
mjd,band,ra,dec,depth,zero_point,field
60001.5,lsstr,10,-30,24.5,32.1,7
60000.5,lsstg,11,-31,24.9,32.2,8
"""


def a_table(**columns):
    values = {"mjd": [60000.0, 60001.0], "band": ["lsstg", "lsstr"], "ra": [10.0, 11.0], "dec": [-30.0, -31.0]}
    return {**values, **columns}


def write(path, columns, **meta):
    table = Table(columns, meta=meta)
    table.write(path, format="ascii.ecsv" if path.suffix == ".ecsv" else "ascii.csv", overwrite=True)
    return path


def five(survey):
    flux = mag_to_njy(noise.depth_of(survey.background, survey.photons_per_njy))
    return flux / noise.flux_error(survey, np.arange(survey.n_visit), flux)


def test_table_with_depths(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(CSV)
    survey = read_visits(path, radius=1.5, zero_point_error=0.01, calibration_floor={"lsstg": 0.002})
    assert (survey.name, survey.bands, survey.radius) == ("mine", ("lsstg", "lsstr"), 1.5)
    np.testing.assert_array_equal(survey.mjd, [60000.5, 60001.5])
    np.testing.assert_array_equal(survey.field, [8, 7])
    np.testing.assert_array_equal([survey.bands[i] for i in survey.band], ["lsstg", "lsstr"])
    np.testing.assert_allclose(noise.depth_of(survey.background, survey.photons_per_njy), [24.9, 24.5])
    np.testing.assert_allclose(survey.photons_per_njy, noise.photons_per_njy([32.2, 32.1]))
    np.testing.assert_array_equal(survey.zero_point_error, [0.01, 0.01])
    np.testing.assert_array_equal(survey.calibration_floor, [0.002, 0.0])
    np.testing.assert_allclose(five(survey), 5.0, rtol=0.01)


def test_depth_alone_has_no_poisson_noise_of_the_source(tmp_path):
    survey = read_visits(write(tmp_path / "a.csv", a_table(depth=[24.0, 23.0])), radius=1.0)
    np.testing.assert_array_equal(survey.photons_per_njy, [np.inf, np.inf])
    np.testing.assert_allclose(survey.background, mag_to_njy([24.0, 23.0]) / 5)


def test_table_with_photons_and_pixels_and_its_header(tmp_path):
    columns = a_table(zero_point=[30.0, 30.0], gain=[1.5, 1.5], fwhm=[0.9, 1.2], sky_noise=[20.0, 25.0],
                      read_noise=[9.0, 9.0], saturation=[1e8, np.nan])  # fmt: skip
    path = write(tmp_path / "a.ecsv", columns, name="mine", radius=2.0, pixel_scale=0.26, zero_point_error=0.004)
    survey = read_visits(path)
    assert (survey.name, survey.radius) == ("mine", 2.0)
    photons = 1.5 * noise.photons_per_njy(30.0)
    np.testing.assert_allclose(survey.photons_per_njy, photons)
    area = noise.noise_area(np.array([0.9, 1.2]) / 0.26)
    expected = np.sqrt(area * ((1.5 * np.array([20.0, 25.0])) ** 2 + 81.0)) / photons
    np.testing.assert_allclose(survey.background, expected)
    np.testing.assert_array_equal(survey.saturation, [1e8, np.inf])
    np.testing.assert_array_equal(survey.zero_point_error, [0.004, 0.004])
    np.testing.assert_allclose(five(survey), 5.0, rtol=0.01)


def test_sky_brightness_and_background(tmp_path):
    columns = a_table(zp=[30.0, 30.0], seeing=[0.9, 1.2], skyBrightness=[21.0, 20.0])
    survey = read_visits(write(tmp_path / "a.csv", columns), radius=1.0, pixel_scale=0.2)
    photons = noise.photons_per_njy(30.0)
    sky = np.sqrt(noise.sky_electrons(photons, np.array([21.0, 20.0]), 0.2))
    expected = noise.sky_background(photons, sky, noise.noise_area(np.array([0.9, 1.2]) / 0.2))
    np.testing.assert_allclose(survey.background, expected)
    np.testing.assert_allclose(five(survey), 5.0, rtol=0.01)
    plain = read_visits(write(tmp_path / "b.csv", a_table(background=[3.0, 4.0], photons_per_njy=[1, 2])), radius=1.0)
    np.testing.assert_array_equal(plain.background, [3, 4])
    np.testing.assert_array_equal(plain.photons_per_njy, [1, 2])


def test_units_of_an_ecsv_file(tmp_path):
    table = QTable({"mjd": [60000.0], "band": ["lsstg"], "ra": [1.0] * u.rad, "dec": [30.0] * u.arcmin,
                    "background": [2.0] * u.uJy})  # fmt: skip
    table.write(tmp_path / "a.ecsv", format="ascii.ecsv")
    survey = read_visits(tmp_path / "a.ecsv", radius=1.0)
    assert survey.ra[0] == pytest.approx(np.degrees(1.0))
    assert survey.dec[0] == pytest.approx(0.5)
    assert survey.background[0] == pytest.approx(2000.0)


def test_other_names_of_bands(tmp_path):
    path = write(tmp_path / "a.csv", a_table(band=["g", "r"], m5=[21, 20]))
    assert read_visits(path, radius=1, bands={"g": "ztfg", "r": "ztfr"}).bands == ("ztfg", "ztfr")
    with pytest.raises(ReadError, match="no filter is known"):
        read_visits(path, radius=1)


def test_unusable_rows_are_counted(tmp_path):
    path = tmp_path / "a.csv"
    rows = ["60002,lsstr,10,-30,,32,1", "60003,lsstx,10,-30,24,32,1", "60004,lsstr,nan,-30,24,32,1"]
    path.write_text(CSV + "\n".join([*rows, "60005,lsstr,1,-30,24,1e9,1"]) + "\n")
    survey = read_visits(path, radius=1.0)
    assert survey.n_visit == 2
    notes = "\n".join(survey.notes)
    assert "1 visit of 6 rejected: depth is not within 0 and 40 (first: line 5)" in notes
    assert "1 visit of 6 rejected: zero_point is not within 10 and 60 (first: line 8)" in notes
    assert "1 visit of 6 rejected: band is not known (lsstx) (first: line 6)" in notes
    assert "1 visit of 6 rejected: ra is not within -360 and 360 (first: line 7)" in notes


@pytest.mark.parametrize(
    ("text", "options", "match"),
    [
        (CSV, {}, "radius of the field of view is None; pass radius="),
        (CSV, {"radius": -1}, "radius of the field of view is -1"),
        (
            CSV,
            {"radius": 1, "zero_point_error": {"desg": 0.1}},
            "zero_point_error names 'desg'; use bands of the table",
        ),
        (CSV, {"radius": 1, "calibration_floor": "small"}, "calibration_floor is 'small'"),
        (CSV.replace("-31,24.9", "-31,deep"), {"radius": 1}, "line 4: depth is 'deep', not a number"),
        (CSV.replace("depth", "mag"), {"radius": 1}, "nothing tells the noise"),
        (CSV.replace("mjd", "mdj"), {"radius": 1}, "no column 'mjd' .*; rename 'mdj' to 'mjd'"),
        (CSV.replace("field", "m5"), {"radius": 1}, "two columns for 'depth'"),
        (CSV + "60002,lsstr\n", {"radius": 1}, "line 5: 2 fields, expected 7"),
        (CSV.split("60001")[0], {"radius": 1}, "no visits; give a table"),
        ("", {"radius": 1}, "the file is empty"),
        (CSV.replace("24.5", "39").replace("24.9", "39"), {"radius": 1}, "depth is fainter than the photons"),
    ],
)
def test_broken_tables(tmp_path, text, options, match):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(ReadError, match=match):
        read_visits(path, **options)


def test_pixels_need_their_scale(tmp_path):
    path = write(tmp_path / "a.csv", a_table(zero_point=[30, 30], fwhm=[1, 1], sky_noise=[5, 5]))
    with pytest.raises(ReadError, match="pixel_scale is None; pass pixel_scale="):
        read_visits(path, radius=1)


def test_broken_ecsv(tmp_path):
    path = tmp_path / "a.ecsv"
    path.write_text("# %ECSV 1.0\n# ---\n# nonsense\n")
    with pytest.raises(ReadError, match="not a valid ECSV file"):
        read_visits(path, radius=1)


def test_parquet_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 and more")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtraError, match=r"pyarrow is not installed: pip install 'sntransport\[parquet\]'"):
        read_visits(path, radius=1)


def test_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = a_table(depth=[24.0, 23.0])
    parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")
    survey = read_visits(tmp_path / "a.parquet", radius=1.0)
    np.testing.assert_array_equal(survey.mjd, columns["mjd"])
    np.testing.assert_allclose(survey.background, mag_to_njy([24.0, 23.0]) / 5)
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and more")
    with pytest.raises(ReadError, match="not a valid Parquet file"):
        read_visits(tmp_path / "a.parquet", radius=1)


def test_the_door_tells_files_apart_by_content(tmp_path):
    opsim = write_opsim(tmp_path / "a.file", [a_row(1)])
    simlib = write_simlib(tmp_path / "b.file", block())
    table = tmp_path / "c.file"
    table.write_text(CSV)
    assert load_survey(opsim, part="all").bands == ("lsstg",)
    assert load_survey(str(simlib)).bands == ("desg",)
    assert load_survey(table, radius=1.0).n_visit == 2
    assert load_survey("ztf", years=0.1).name == "ztf"


def test_the_door_offers_names():
    with pytest.raises(ReadError, match="lsst_wdf: no survey of that name and no such file; use lsst_wfd or lsst_ddf"):
        load_survey("lsst_wdf")
    with pytest.raises(ReadError, match="ztf: no option 'radius' for this kind of survey; use years, mjd_first, seed"):
        load_survey("ztf", radius=1.0)


@pytest.mark.parametrize(("column", "unit", "words"), [("mjd", "s", "column mjd has the unit 's'"), ("ra", "s", "'s'")])
def test_units_of_visits_that_measure_something_else(tmp_path, column, unit, words):
    table = Table(a_table(depth=[24.0, 25.0]))
    table[column].unit = unit
    with pytest.raises(ReadError, match=rf"visits\.ecsv: .*{words}"):
        read_visits(write(tmp_path / "visits.ecsv", table), radius=1.0)


@pytest.mark.parametrize("column", ["ra", "mjd", "depth"])
@pytest.mark.parametrize("kind", ["bool", "datetime64[ns]", "timedelta64[s]"])
def test_parquet_columns_that_are_no_numbers_are_refused(tmp_path, column, kind):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {"mjd": [6e4, 6e4 + 1], "band": ["g", "r"], "ra": [1.0, 2.0], "dec": [3.0, 4.0], "depth": [22.0, 22.5]}
    columns[column] = np.array([0, 1]).astype(kind)
    parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")
    with pytest.raises(ReadError, match=rf"column {column} has the type .*; write numbers"):
        read_visits(tmp_path / "a.parquet", radius=1.0)


def test_damaged_parquet_is_one_line_with_the_file(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    n = 500
    columns = {"mjd": 6e4 + np.arange(n), "band": ["g"] * n, "ra": np.full(n, 1.0), "dec": np.full(n, 1.0)}
    parquet.write_table(pyarrow.table(columns | {"depth": np.full(n, 22.0)}), tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    rng = np.random.default_rng(1)
    said = []
    for _ in range(60):
        damaged = bytearray(content)
        for place in rng.integers(4, len(content), 8):
            damaged[place] = rng.integers(256)
        (tmp_path / "b.parquet").write_bytes(bytes(damaged))
        try:
            read_visits(tmp_path / "b.parquet", radius=1.0)
        except ReadError as error:
            said.append(str(error))
    assert len(said) > 5
    assert all(text.startswith(str(tmp_path / "b.parquet")) and "\n" not in text for text in said)


@pytest.mark.parametrize("suffix", [".ecsv", ".parquet"])
@pytest.mark.parametrize(
    "depth", [[24.0, 23.0] * u.mag, [24.0, 23.0] * u.ABmag, [24e3, 23e3] * u.mmag, mag_to_njy([24.0, 23.0]) * u.nJy]
)
def test_magnitudes_of_any_unit_that_says_the_same(tmp_path, suffix, depth):
    path = tmp_path / f"a{suffix}"
    Table(a_table(depth=depth)).write(path)
    np.testing.assert_allclose(read_visits(path, radius=1.0).background, mag_to_njy([24.0, 23.0]) / 5)


@pytest.mark.parametrize("suffix", [".ecsv", ".parquet"])
@pytest.mark.parametrize(
    ("column", "unit"),
    [
        *[("depth", unit) for unit in (u.K, u.m, u.STmag)],
        *[("zero_point", unit) for unit in (u.K, u.STmag)],
        *[("photons_per_njy", u.mag), ("template_noise", u.mag), ("sky_noise", u.nJy), ("read_noise", u.s)],
        *[("gain", u.kg), ("fwhm", u.pix), ("field", u.m)],
    ],
)
def test_units_that_a_column_cannot_have(tmp_path, suffix, column, unit):
    path = tmp_path / f"a{suffix}"
    Table(a_table(depth=[24.0, 23.0]) | {column: [1.0, 1.0] * u.Unit(unit)}).write(path)
    with pytest.raises(ReadError, match=f"column {column} has the unit .* expected"):
        read_visits(path, radius=1.0)


@pytest.mark.parametrize(
    ("sky", "good"), [(u.mag / u.arcsec**2, True), (u.mag, True), (u.mag(u.AB / u.arcsec**2), True),
                      (u.mag / u.arcmin**2, False)],
)  # fmt: skip
def test_units_of_the_sky(tmp_path, sky, good):
    camera = {"zero_point": [30.0, 30.0], "fwhm": [1.0, 1.0] * u.arcsec}
    plain = write(tmp_path / "plain.ecsv", a_table(**camera, sky_mag=[20.0, 20.0]), radius=1.0, pixel_scale=0.2)
    path = tmp_path / "a.ecsv"
    Table(a_table(**camera, sky_mag=[20.0, 20.0] * sky), meta={"radius": 1.0, "pixel_scale": 0.2}).write(path)
    if good:
        np.testing.assert_allclose(read_visits(path).background, read_visits(plain).background)
    else:
        with pytest.raises(ReadError, match="sky_mag has the unit"):
            read_visits(path)


def test_electrons_of_the_sky_where_there_is_no_gain(tmp_path):
    camera = {"zero_point": [30.0, 30.0], "fwhm": [1.0, 1.0], "sky_noise": [20.0, 20.0] * u.electron / u.pix}
    path = write(tmp_path / "a.ecsv", a_table(**camera), radius=1.0, pixel_scale=0.2)
    assert np.all(read_visits(path).background > 0)
    with_gain = write(tmp_path / "b.ecsv", a_table(**camera, gain=[2.0, 2.0]), radius=1.0, pixel_scale=0.2)
    with pytest.raises(ReadError, match="sky_noise has the unit 'electron / pix', expected 'ct / pix'"):
        read_visits(with_gain)


def own(**columns):
    visit = {"mjd": [60000.0, 60001.0, 60002.0], "band": [0, 2, 2], "ra": [1.0, 2.0, 3.0], "dec": [4.0, 5.0, 6.0]}
    noises = {"background": [30.0, 31.0, 32.0], "photons_per_njy": [0.05, np.inf, 0.06]}
    per_band = {"zero_point_error": [0.01, 0.02, 0.03], "calibration_floor": [0.001, 0.0, 0.002]}
    return Survey(name="mine", bands=["lsstg", "lsstr", "lssti"], radius=1.5, **(visit | noises | per_band | columns))


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"photons_per_njy": [np.inf] * 3},
        {"template_noise": [0.0, 3.0, 4.0], "saturation": [1e6, np.inf, -5.0]},
        {"field": [3, -1, 4], "field_names": {3: "deep", 4: "wide"}},
        # SNANA's: the zero point of a count, of which the gain is not told.
        {"more": {"zero_point": [28.0, 28.1, 28.2], "sky_noise": [30.0, 31.0, 32.0], "psf": [1.0, 1.1, 1.2]}},
    ],
)
def test_the_table_of_a_survey_is_the_survey_again(tmp_path, columns):
    survey = own(**columns)
    survey.to_table().write(tmp_path / "back.ecsv")
    again = load_survey(tmp_path / "back.ecsv")
    assert (again.name, again.radius, again.field_names) == (survey.name, survey.radius, survey.field_names)
    for name in ("mjd", "ra", "dec", "background", "photons_per_njy", "saturation", "template_noise", "field"):
        np.testing.assert_allclose(getattr(again, name), getattr(survey, name), rtol=1e-12, err_msg=name)
    for one in (survey, again):
        assert [one.bands[k] for k in one.band] == ["lsstg", "lssti", "lssti"]
    for name in ("zero_point_error", "calibration_floor"):
        np.testing.assert_array_equal(getattr(again, name)[again.band], getattr(survey, name)[survey.band])


@pytest.mark.parametrize("photons", [0.0, -1.0, np.nan, -np.inf, 1e12])
def test_photons_that_no_camera_has(tmp_path, photons):
    columns = a_table(background=[3.0, 4.0], photons_per_njy=[photons, 1.0])
    survey = read_visits(write(tmp_path / "a.csv", columns), radius=1.0)
    assert survey.n_visit == 1
    assert "photons_per_njy is not above 0" in " ".join(survey.notes)


def test_units_are_refused_whatever_equivalencies_a_user_has_enabled(tmp_path):
    path = write(tmp_path / "a.ecsv", a_table(depth=[24.0, 23.0] * u.K))
    with (
        u.set_enabled_equivalencies(u.dimensionless_angles()),
        pytest.raises(ReadError, match="depth has the unit 'K'"),
    ):
        read_visits(path, radius=1.0)
