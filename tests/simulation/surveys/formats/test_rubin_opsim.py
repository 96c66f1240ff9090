"""Rubin's databases, old and new, made here as small copies of their schema."""

import os
import signal
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from sntransport._numerics.units import mag_to_njy
from sntransport._storage.read_error import ReadError
from sntransport.simulation.surveys import noise
from sntransport.simulation.surveys.cameras import LSST
from sntransport.simulation.surveys.formats import rubin_opsim
from sntransport.simulation.surveys.formats.rubin_opsim import read_opsim

OLD = """observationId INTEGER, fieldRA REAL, fieldDec REAL, observationStartMJD REAL, flush_by_mjd REAL,
visitExposureTime REAL, filter TEXT, rotSkyPos REAL, numExposures INTEGER, airmass REAL, seeingFwhm500 REAL,
seeingFwhmEff REAL, seeingFwhmGeom REAL, skyBrightness REAL, night INTEGER, slewTime REAL, visitTime REAL,
slewDistance REAL, fiveSigmaDepth REAL, altitude REAL, azimuth REAL, fieldId INTEGER, note TEXT"""
NEW = OLD.replace("filter TEXT", "band TEXT").replace(
    "note TEXT", "scheduler_note TEXT, target_name TEXT, observation_reason TEXT, science_program TEXT"
)


def a_row(i, **fields):
    values = {
        "observationId": i, "fieldRA": 10.0 + i, "fieldDec": -30.0, "observationStartMJD": 60800.0 + i,
        "visitExposureTime": 30.0, "filter": "ugrizy"[i % 6], "numExposures": 2, "airmass": 1.1, "seeingFwhmEff": 0.9,
        "skyBrightness": 21.0, "visitTime": 34.0, "fiveSigmaDepth": 24.0 + 0.01 * i, "fieldId": 100 + i, "note": "pair",
    }  # fmt: skip
    return values | fields


def write(path, rows, schema=OLD, table="observations"):
    names = [part.split()[0] for part in schema.split(",")]
    if "band TEXT" in schema:
        rows = [{**row, "band": row["filter"], "scheduler_note": row["note"]} for row in rows]
    with sqlite3.connect(path) as database:
        database.execute(f"CREATE TABLE {table} ({schema})")
        marks = ", ".join("?" * len(names))
        database.executemany(
            f"INSERT INTO {table} VALUES ({marks})", [[row.get(name) for name in names] for row in rows]
        )
    database.close()
    return path


@pytest.mark.parametrize("schema", [OLD, NEW], ids=["old", "new"])
def test_visits_of_both_schemas(tmp_path, schema):
    survey = read_opsim(write(tmp_path / "baseline.db", [a_row(i) for i in range(12)], schema))
    assert survey.bands == LSST.bands
    assert survey.n_visit == 12
    np.testing.assert_allclose(survey.mjd, 60800 + np.arange(12) + 15 / 86400, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(survey.band, np.arange(12) % 6)
    np.testing.assert_array_equal(survey.ra, 10.0 + np.arange(12))
    np.testing.assert_array_equal(survey.field, 100 + np.arange(12))
    np.testing.assert_allclose(noise.depth_of(survey.background, survey.photons_per_njy), 24 + 0.01 * np.arange(12))
    assert survey.radius == 1.75
    assert "baseline.db (SHA-256 " in survey.source
    assert survey.notes == ("12 visits read",)


def test_ratio_at_the_stated_depth_is_five(tmp_path):
    depths = {"u": 23.7, "g": 24.9, "r": 24.5, "i": 24.0, "z": 23.3, "y": 22.4}
    rows = [a_row(i, fiveSigmaDepth=depths["ugrizy"[i % 6]]) for i in range(6)]
    survey = read_opsim(write(tmp_path / "a.db", rows))
    flux = mag_to_njy([depths[band.removeprefix("lsst")] for band in survey.bands])
    np.testing.assert_allclose(flux / noise.flux_error(survey, np.arange(6), flux), 5.0, rtol=0.01)


def test_photons_follow_zero_point_exposure_and_airmass(tmp_path):
    rows = [a_row(1, airmass=1.0), a_row(1, airmass=1.5, visitExposureTime=15.0, observationStartMJD=60900.0)]
    survey = read_opsim(write(tmp_path / "a.db", rows))
    first = 10 ** (0.4 * (28.508 + 2.5 * np.log10(30) - 24.0)) / mag_to_njy(24.0)
    assert survey.photons_per_njy[0] == pytest.approx(first)
    assert survey.photons_per_njy[1] / first == pytest.approx(0.5 * 10 ** (-0.4 * 0.208 * 0.5))
    # 15.7 mag is the published saturation of one 15 s exposure in 0.7 arcsec seeing.
    assert 15.0 < -2.5 * np.log10(survey.saturation[0]) + 31.4 < 16.3


LABELS = ["DD:COSMOS", "twilight, r", "DDF ELAIS", "pair_33, ri, b", None, "blob DDF:x"]


def test_deep_drilling_fields_by_note(tmp_path):
    path = write(tmp_path / "a.db", [a_row(i, note=label) for i, label in enumerate(LABELS)])
    np.testing.assert_array_equal(read_opsim(path, part="ddf").field, [100, 102, 105])
    np.testing.assert_array_equal(read_opsim(path, part="wfd").field, [101, 103, 104])
    assert read_opsim(path).n_visit == 6
    with pytest.raises(ValueError, match="part is 'deep', expected 'all', 'wfd' or 'ddf'"):
        read_opsim(path, part="deep")


def test_deep_drilling_fields_by_target(tmp_path):
    rows = [a_row(i, target_name=label, note="") for i, label in enumerate(["ddf_cosmos", "", None, "lowdust"])]
    path = write(tmp_path / "a.db", rows, NEW)
    np.testing.assert_array_equal(read_opsim(path, part="ddf").field, [100])
    np.testing.assert_array_equal(read_opsim(path, part="wfd").field, [101, 102, 103])


def test_range_of_dates(tmp_path):
    path = write(tmp_path / "a.db", [a_row(i) for i in range(12)])
    np.testing.assert_array_equal(read_opsim(path, mjd_first=60802, mjd_last=60804).field, [102, 103, 104])
    with pytest.raises(ReadError, match="no visits with part='all' between the dates"):
        read_opsim(path, mjd_first=70000)


def test_unusable_visits_are_counted_and_the_first_named(tmp_path):
    wrong = [
        {"visitExposureTime": -1.0}, {"fiveSigmaDepth": None}, {"fiveSigmaDepth": None}, {"filter": "none"},
        {"fieldDec": -91.0}, {"observationStartMJD": None}, {"airmass": 0.5}, {"fiveSigmaDepth": 33.0},
        {"fieldRA": 1e9}, {"fiveSigmaDepth": -999.0},
    ]  # fmt: skip
    rows = [a_row(0), *(a_row(i, **fields) for i, fields in enumerate(wrong, start=1))]
    survey = read_opsim(write(tmp_path / "a.db", rows))
    np.testing.assert_array_equal(survey.field, [100])
    notes = "\n".join(survey.notes)
    for expected in (
        "1 visit of 11 rejected: visitExposureTime is not within 0 and 1e+06 (first: observationId 1)",
        "3 visits of 11 rejected: fiveSigmaDepth is not within 0 and 40 (first: observationId 2)",
        "filter is no known filter (first: observationId 4)",
        "fieldDec is not within -90 and 90 (first: observationId 5)",
        "observationStartMJD is not a Modified Julian date (first: observationId 6)",
        "airmass is not within 1 and 100 (first: observationId 7)",
        "fiveSigmaDepth is fainter than the photons of the exposure allow (first: observationId 8)",
        "fieldRA is not within -360 and 360 (first: observationId 9)",
    ):
        assert expected in notes


def test_missing_optional_columns(tmp_path):
    schema = "observationStartMJD REAL, fieldRA REAL, fieldDec REAL, filter TEXT, fiveSigmaDepth REAL, visitTime REAL"
    survey = read_opsim(write(tmp_path / "a.db", [a_row(0), a_row(1)], schema))
    assert "no column airmass: 1.2 taken" in survey.notes
    np.testing.assert_array_equal(survey.field, [-1, -1])
    np.testing.assert_array_equal(survey.saturation, [np.inf, np.inf])


def test_other_bands_have_no_photons_of_lsst(tmp_path):
    survey = read_opsim(write(tmp_path / "a.db", [a_row(1), a_row(2)]), bands={"g": "desg"})
    assert survey.bands == ("lsstr", "desg")
    np.testing.assert_array_equal(np.isinf(survey.photons_per_njy), [True, False])
    np.testing.assert_array_equal(np.isinf(survey.saturation), [True, False])
    assert any("bands that are not LSST's" in note for note in survey.notes)


def test_not_a_database(tmp_path):
    path = tmp_path / "a.db"
    path.write_text("mjd,band\n")
    with pytest.raises(ReadError, match="not a SQLite database"):
        read_opsim(path)
    with pytest.raises(ReadError, match="there is no such file"):
        read_opsim(tmp_path / "missing.db")
    path.write_bytes(b"SQLite format 3\0" + b"x" * 2000)
    with pytest.raises(ReadError, match="the database cannot be read"):
        read_opsim(path)


@pytest.mark.parametrize(
    ("rows", "schema", "table", "match"),
    [
        ([], OLD, "observations", "table 'observations' is empty"),
        ([a_row(0)], OLD, "Summary", r"no table 'observations' \(it has Summary\)"),
        ([a_row(0)], OLD.replace("fiveSigmaDepth", "depth"), "observations", "has no column fiveSigmaDepth"),
        ([a_row(0, filter="clear")], OLD, "observations", r"no filter is known \(it has 'clear'\)"),
        ([a_row(0), a_row(1, airmass="high")], OLD, "observations", "row 2: airmass is 'high', not a number"),
        ([a_row(0, fiveSigmaDepth=None)], OLD, "observations", "none of 1 visit is usable; .*fiveSigmaDepth is not"),
    ],
)
def test_unusable_databases(tmp_path, rows, schema, table, match):
    with pytest.raises(ReadError, match=match):
        read_opsim(write(tmp_path / "a.db", rows, schema, table))


def test_unknown_band_in_the_callers_mapping(tmp_path):
    with pytest.raises(ReadError, match="bands maps 'g' to 'lsstgg', which is not known; use lsstg"):
        read_opsim(write(tmp_path / "a.db", [a_row(1)]), bands={"g": "lsstgg"})


def shut_out(path, statements):
    """A database in which the table of visits is something else."""
    write(path, [a_row(0)], table="visits")
    with sqlite3.connect(path) as database:
        for statement in statements:
            database.execute(statement)
    database.close()
    return path


def test_a_view_is_refused_before_it_is_asked(tmp_path):
    # The names of its columns cost nothing; its rows would never end.
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    path = shut_out(tmp_path / "a.db", [f"CREATE VIEW observations AS {endless} SELECT v.* FROM n, visits v"])
    with pytest.raises(ReadError, match="'observations' is a view, no table; write its rows to a table"):
        read_opsim(path)


def test_a_virtual_table_is_refused(tmp_path):
    try:
        path = shut_out(tmp_path / "a.db", ["CREATE VIRTUAL TABLE observations USING fts5(band, filter)"])
    except sqlite3.OperationalError:
        pytest.skip("SQLite without full-text search")
    with pytest.raises(ReadError, match="'observations' is a virtual table, no table"):
        read_opsim(path)


def test_text_among_numbers_of_a_table_without_row_numbers(tmp_path):
    schema = OLD.replace("observationId INTEGER", "observationId INTEGER PRIMARY KEY")
    path = tmp_path / "a.db"
    names = [part.split()[0] for part in OLD.split(",")]
    rows = [a_row(0), a_row(1, fiveSigmaDepth="deep")]
    with sqlite3.connect(path) as database:
        database.execute(f"CREATE TABLE observations ({schema}) WITHOUT ROWID")
        values = [[row.get(name) for name in names] for row in rows]
        database.executemany(f"INSERT INTO observations VALUES ({', '.join('?' * len(names))})", values)
    database.close()
    with pytest.raises(ReadError, match="row 2: fiveSigmaDepth is 'deep', not a number"):
        read_opsim(path)


@pytest.mark.parametrize("seed", range(8))
def test_damaged_pages_are_one_error(tmp_path, seed):
    path = write(tmp_path / "a.db", [a_row(i) for i in range(400)])
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    # All but the page of the schema.
    for place in rng.integers(4096, len(content), 60):
        content[place] = rng.integers(256)
    path.write_bytes(bytes(content))
    said = str(path)
    try:
        assert read_opsim(path).n_visit <= 400
    except ReadError as error:
        said = str(error)
    assert str(path) in said


def test_more_visits_than_any_survey_has_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("sntransport.simulation.surveys.formats.rubin_opsim.MOST_VISITS", 5)
    path = write(tmp_path / "a.db", [a_row(i) for i in range(6)])
    with pytest.raises(ReadError, match="more than 5 visits; ask for a part of the dates"):
        read_opsim(path)
    assert read_opsim(path, mjd_last=60804.5).n_visit == 5


@pytest.mark.skipif(os.name != "posix", reason="signals of posix")
def test_a_long_query_hears_a_signal(tmp_path):
    path = write(tmp_path / "a.db", [a_row(i) for i in range(2000)])

    def stop(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, stop)
    try:
        with closing(rubin_opsim.connect(path)) as database:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            # Eight billion rows in one step of the cursor: without a say of Python's it would take minutes.
            with pytest.raises((sqlite3.OperationalError, KeyboardInterrupt)):
                database.execute("SELECT count(*) FROM observations a, observations b, observations c").fetchone()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
