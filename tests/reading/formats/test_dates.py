"""Dates of observations: anchored at their key, the best of several, and nothing that is none."""

import math

import pytest

from sntransport.reading.formats.dates import of_comments, of_header


@pytest.mark.parametrize(
    ("lines", "mjd"),
    [
        (["mjd = 60001.5"], 60001.5), (["MJD 60000"], 60000.0), (["mjd-obs: 60002.25 (UT)"], 60002.25),
        (["MJD=60000.5, exptime 300"], 60000.5), (["mjd = 6.03702e4"], 60370.2), (["mjd = 60,370.2"], 60370.2),
        (["mjd = 6.03702D4"], 60370.2), (["MJD (UTC) = 60000.5"], 60000.5), (["OBSMJD 60000.5"], 60000.5),
        (["time [MJD]: 60000.5"], 60000.5), (["Date of observation (MJD): 60370.2"], 60370.2),
        (["MJD     =      60000.25 / middle"], 60000.25), (["JD = 2459000.5"], 59000.0),
        (["DATE-OBS= '2023-02-25T12:00:00' / UT"], 60000.5), (["date-obs: 2023-02-25.5"], 60000.5),
        (["DATE-OBS 2023-02-25 06:00:00"], 60000.25), (["UTC     = '06:00:00'", "DATE-OBS= '2023-02-25'"], 60000.25),
        (["B maximum: MJD 59990.0", "phase = 20.0 d", "MJD-OBS = 60010.0"], 60010.0),
        (["MJDREF = 51544.5", "MJD-OBS = 60010"], 60010.0), (["MJD-OBS = 60010.0", "MJD-AVG = 60010.1"], 60010.1),
    ],
)  # fmt: skip
def test_dates_of_comments(lines, mjd):
    date = of_comments(lines)
    assert (date.mjd, date.problem) == (pytest.approx(mjd, abs=1e-6), "")


@pytest.mark.parametrize(
    "lines",
    [["B maximum: MJD 59990.0"],
     ["peak MJD 59990"], ["MJD of maximum: 59990"], ["MJD max = 59990"], ["mjd_ref = 59990"],
     ["explosion epoch MJD = 59980"], ["MJD flux error"], ["a spectrum of 2023-02-25"], []],
)  # fmt: skip
def test_other_dates_are_none_of_the_observation(lines):
    date = of_comments(lines)
    assert (math.isnan(date.mjd), date.problem) == (True, "")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["MJD-OBS = 0"], "MJD-OBS is 0"), (["MJD: abc"], "'abc', not a number"),
        (["MJD = 60000.0", "MJD = 60010.0"], "two dates MJD"),
        (["MJD-OBS = 60010.0", "DATE-OBS= '2023-02-25'"], "MJD-OBS is MJD 60010 but DATE-OBS is MJD 60000"),
        (["DATE-OBS= '25/02/23'"], "not an ISO date"),
    ],
)  # fmt: skip
def test_dates_that_cannot_be_told(lines, problem):
    date = of_comments(lines)
    assert math.isnan(date.mjd)
    assert problem in date.problem


def test_dates_of_headers():
    assert of_header({"mjd-obs": 60000.5, "date-obs": "2023-02-25T12:00:00", "mjdref": 51544.5}).mjd == 60000.5
    assert of_header({"date-obs": "2023-02-25", "ut": "06:00:00"}).mjd == 60000.25
    assert of_header({"date-obs": "2023-02-25T12:00:00.5+01:00"}).mjd == pytest.approx(60000.5 - 1 / 24 + 0.5 / 86400)
    assert of_header({"jd": 2460000.75, "crval1": 4000.0}).mjd == 60000.25
    assert of_header({"mjd-obs": 0.0, "date-obs": "2023-02-25"}).problem == "MJD-OBS is 0, no date"
    # What is worse than the best that there is does not matter.
    assert of_header({"mjd-obs": 60000.5, "date-obs": "25/02/23"}).mjd == 60000.5
