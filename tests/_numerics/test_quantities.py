"""Units, dates and masks are converted or refused, never dropped."""

import datetime

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Column, MaskedColumn, QTable
from astropy.time import Time, TimeDelta
from astropy.utils.masked import Masked
from hypothesis import given
from hypothesis import strategies as st

from sntransport._numerics.arrays import readonly
from sntransport._numerics.quantities import ANGSTROM, DAY, F_LAMBDA, MAGNITUDE, MJD, NANOJANSKY, NUMBER, bare
from sntransport._numerics.quantities import bare_number as number


@given(st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=5), st.sampled_from(["nm", "micron", "m", "Angstrom"]))
def test_a_length_in_any_unit_is_the_same_length(values, unit):
    there = u.Quantity(values, ANGSTROM).to(unit)
    np.testing.assert_allclose(readonly(there, "wave", unit=ANGSTROM), values, rtol=1e-12)


@given(st.floats(-1e9, 1e9), st.sampled_from(["Jy", "mJy", "uJy", "nJy", "erg / (s cm2 Hz)", "W / (m2 Hz)"]))
def test_a_flux_density_in_any_unit_is_the_same(value, unit):
    there = u.Quantity(value, NANOJANSKY).to(unit)
    assert number(there, "flux", NANOJANSKY) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("value", "unit", "right"),
    [
        (300 * u.nm, ANGSTROM, 3000.0),
        (1 * u.mJy, NANOJANSKY, 1e6),
        (31.4 * u.ABmag, NANOJANSKY, 1.0),
        (1e-3 * u.W / u.m**2 / u.AA, F_LAMBDA, 1.0),
        (2 * u.hour, DAY, 1 / 12),
        (TimeDelta(36.0, format="jd"), DAY, 36.0),
        (np.timedelta64(36, "h"), DAY, 1.5),
        (Time(60000.25, format="mjd"), MJD, 60000.25),
        (Time(2460000.75, format="jd"), MJD, 60000.25),
        (Time("2023-02-25T06:00:00"), MJD, 60000.25),
        (np.datetime64("2023-02-25T06:00:00"), MJD, 60000.25),
        (30 * u.percent, NUMBER, 0.3),
        (0.3 * u.mag, MAGNITUDE, 0.3),
        (0.3 * u.dimensionless_unscaled, MAGNITUDE, 0.3),
        (300 * u.mmag, MAGNITUDE, 0.3),
    ],
)
def test_one_number_is_converted(value, unit, right):
    assert number(value, "x", unit) == pytest.approx(right, rel=1e-4 if unit == NANOJANSKY else 1e-12)


def test_dates_are_utc_whatever_their_scale():
    there = Time([60000.0, 60001.0], format="mjd").tdb
    np.testing.assert_allclose(readonly(there, "mjd", unit=MJD), [60000.0, 60001.0], atol=1e-9)


def test_flux_per_frequency_becomes_flux_per_wavelength_where_the_wavelengths_are_known():
    wave = np.array([3000.0, 6000.0])
    flux = np.array([1e-15, 2e-15])
    there = (flux * u.Unit(F_LAMBDA)).to("mJy", equivalencies=u.spectral_density(wave * u.AA))
    np.testing.assert_allclose(readonly(there, "flux", unit=F_LAMBDA, wave=wave), flux, rtol=1e-12)


@pytest.mark.parametrize(
    ("value", "unit", "match"),
    [
        ([1.0] * u.nm, None, "x has the unit nm: give plain numbers"),
        ([1.0] * u.s, ANGSTROM, "x has the unit s, expected Angstrom"),
        ([1.0] * u.nm, NANOJANSKY, "x has the unit nm, expected nJy"),
        ([1.0] * u.dimensionless_unscaled, NANOJANSKY, "expected nJy"),
        ([1.0] * u.day, MJD, "x has the unit d: give an MJD as a number or an astropy Time"),
        ([3.0] * u.km / u.s, NUMBER, "x has the unit km / s, expected numbers without a unit"),
        (Time([60000.0], format="mjd"), DAY, r"x is a date \(astropy Time\), expected d"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), None, "x is a date of numpy, expected numbers"),
        ([np.datetime64("2020-01-01")], DAY, "x is a date of numpy, expected d"),
        (np.array([1], dtype="timedelta64[D]"), MJD, "x is a duration of numpy, expected MJD"),
        (np.array([1.0 + 1j]), None, "they are complex"),
        ([1 * u.nm, 2 * u.nm], ANGSTROM, "cannot be read as numbers"),
        ([Time(60000.0, format="mjd")], MJD, "cannot be read as numbers"),
        ([datetime.datetime(2020, 1, 1)], MJD, "cannot be read as numbers"),
    ],
)
def test_what_cannot_be_converted_is_refused(value, unit, match):
    with pytest.raises(ValueError, match=match):
        readonly(value, "x", unit=unit)


def test_an_error_in_magnitudes_is_refused():
    with pytest.raises(ValueError, match="flux_err has the unit"):
        readonly([0.02] * u.ABmag, "flux_err", unit=NANOJANSKY)


def test_a_unit_of_another_package_is_refused():
    class Pint:
        units, magnitude = "nanometer", 300.0

    with pytest.raises(ValueError, match="unit nanometer of another package than astropy; give Angstrom"):
        bare(Pint(), "wave", ANGSTROM)


def test_columns_of_tables_keep_their_unit():
    np.testing.assert_allclose(readonly(Column([300.0, 400.0], unit="nm"), "wave", unit=ANGSTROM), [3000.0, 4000.0])
    np.testing.assert_allclose(readonly(QTable({"a": [300.0] * u.nm})["a"], "wave", unit=ANGSTROM), [3000.0])
    np.testing.assert_allclose(readonly(Column([300.0, 400.0]), "wave", unit=ANGSTROM), [300.0, 400.0])


@pytest.mark.parametrize(
    "value",
    [
        np.ma.array([300.0, -99.0], mask=[False, True]),
        np.ma.array([300, -99], mask=[False, True]),
        MaskedColumn([300.0, -99.0], mask=[False, True], unit="Angstrom"),
        MaskedColumn([30.0, -99.0], mask=[False, True], unit="nm"),
        Masked([300.0, -99.0], mask=[False, True]),
        Masked([30.0, -99.0] * u.nm, mask=[False, True]),
    ],
)
def test_masked_values_are_missing_values(value):
    np.testing.assert_allclose(readonly(value, "wave", unit=ANGSTROM), [300.0, np.nan])


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (np.ma.array(["r", "?"], mask=[False, True]), np.str_),
        (np.ma.array([1, 2], mask=[False, True]), np.uint8),
        (np.ma.array([True, False], mask=[False, True]), np.uint8),
    ],
)
def test_masked_values_that_cannot_be_missing_are_refused(value, dtype):
    with pytest.raises(ValueError, match=r"masked|whole numbers"):
        readonly(value, "band", dtype=dtype)


def test_a_mask_without_a_masked_value_is_nothing():
    assert readonly(np.ma.array(["r"], mask=[False]), "band", dtype=np.str_).tolist() == ["r"]
    assert readonly(np.ma.array([1.0]), "flux").tolist() == [1.0]


@pytest.mark.parametrize("value", [np.ma.masked, np.ma.array(3.0, mask=True), "text", None, [1.0, 2.0]])
def test_a_number_is_a_number(value):
    with pytest.raises(ValueError, match=r"x is .*expected a number"):
        number(value, "x", MJD)


def test_plain_values_stay_what_they_are():
    array = np.array([1.0, 2.0])
    assert bare(array, "x", ANGSTROM) is array
    assert readonly([1, 2.5], "x", unit=ANGSTROM).tolist() == [1.0, 2.5]


def test_dates_of_pandas_and_lists_of_numpy():
    pd = pytest.importorskip("pandas")
    days = ["2023-02-25T06:00", "2023-02-26T06:00"]
    for there in (pd.to_datetime(days), pd.Series(pd.to_datetime(days)), [np.datetime64(day) for day in days],
                  np.array(days, dtype="M8[m]")):  # fmt: skip
        np.testing.assert_allclose(readonly(there, "mjd", unit=MJD), [60000.25, 60001.25], rtol=1e-12)
        with pytest.raises(ValueError, match="flux is a date"):
            readonly(there, "flux", unit=NANOJANSKY)
    with pytest.raises(ValueError, match="mjd has dates with a time zone; give them in UTC"):
        readonly(pd.Series(pd.to_datetime(days, utc=True)), "mjd", unit=MJD)
    assert readonly(pd.Series([1.0, 2.0]), "flux", unit=NANOJANSKY).tolist() == [1.0, 2.0]
    assert np.isnan(readonly(np.array(["NaT"], dtype="M8[D]"), "mjd", unit=MJD)).all()
