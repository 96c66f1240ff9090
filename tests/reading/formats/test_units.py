"""Units as people write them."""

import numpy as np
import pytest

from sntransport.reading.formats.units import (
    factor,
    is_magnitude,
    is_percent,
    to_angstrom,
    to_njy,
    to_per_angstrom,
    unit_of,
)

WAVE = np.array([5000.0])
ONE = np.ones(1)
C_AA = 2.99792458e18


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("erg/s/cm2/A", 1.0), ("ergs/cm^2/s/Ang", 1.0), ("ERG/S/CM2/A", 1.0), ("erg s^-1 cm^-2 Å^-1", 1.0),
        ("erg s⁻¹ cm⁻² Å⁻¹", 1.0), ("erg cm(-2) s(-1) A(-1)", 1.0), ("ergs/sec/cm**2/Angstrom", 1.0), ("FLAM", 1.0),
        ("erg/(s cm2 Angstrom)", 1.0), ("erg.cm-2.s-1.A-1", 1.0), ("[erg/s/cm2/A]", 1.0),
        ("1e-17 erg/s/cm2/A", 1e-17), ("10^-17 ergs/cm^2/s/Ang", 1e-17), ("1E-17 erg/cm^2/s/Ang", 1e-17),
        ("10**(-20)*erg/s/cm**2/Angstrom", 1e-20), ("10-15 erg/s/cm2/A", 1e-15), ("10(-15)erg/cm2/s/A", 1e-15),
        ("1.0D-15 erg/s/cm2/A", 1e-15), ("erg/s/cm2/nm", 0.1), ("erg/cm2/s/um", 1e-4), ("W m-2 um-1", 0.1),
        ("W/m2/nm", 100.0), ("erg/s/cm2/Hz", C_AA / 5000.0**2), ("fnu", C_AA / 5000.0**2),
        ("Jy", 1e-23 * C_AA / 5000.0**2), ("mJy", 1e-26 * C_AA / 5000.0**2), ("µJy", 1e-29 * C_AA / 5000.0**2),
        ("microjansky", 1e-29 * C_AA / 5000.0**2), ("nJy", 1e-32 * C_AA / 5000.0**2), ("MJy", 1e-17 * C_AA / 5000.0**2),
    ],
)  # fmt: skip
def test_flux_densities(text, value):
    np.testing.assert_allclose(to_per_angstrom(ONE, text, WAVE), value, rtol=1e-12)


@pytest.mark.parametrize(
    "text", ["adu", "counts", "1", "", "erg", "erg/s/cm2", "mag", "AB", "x y z", "km/s", "0x10", "("]
)
def test_what_is_no_flux_density_is_none(text):
    assert to_per_angstrom(ONE, text, WAVE) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A", 1.0), ("Å", 1.0), ("ANGSTROM", 1.0), ("angstroms", 1.0), ("nm", 10.0), ("NM", 10.0), ("0.1 nm", 1.0),
        ("nanometers", 10.0), ("micron", 1e4), ("microns", 1e4), ("um", 1e4), ("µm", 1e4), ("m", 1e10),
        ("Hz", C_AA), ("THz", C_AA / 1e12), ("eV", 12398.41984332),
    ],
)  # fmt: skip
def test_wavelengths(text, value):
    np.testing.assert_allclose(to_angstrom(ONE, text), value, rtol=1e-9)


@pytest.mark.parametrize("text", ["km/s", "pixel", "parsec", "s", "adu", "?", ""])
def test_what_is_no_wavelength_is_none(text):
    assert to_angstrom(ONE, text) is None


def test_flux_of_photometry():
    assert to_njy(2.0, "uJy", 5000.0) == pytest.approx(2000.0)
    assert to_njy(1e-15, "erg/s/cm2/A", 5000.0) == pytest.approx(1e-15 * 5000.0**2 / C_AA / 1e-32)
    assert to_njy(1.0, "adu", 5000.0) is None


def test_factors_magnitudes_and_percent():
    assert factor("mmag", "mag") == pytest.approx(1e-3)
    assert factor("s", "d") == pytest.approx(1 / 86400)
    assert factor("km", "d") is None
    assert is_magnitude("mag(AB)")
    assert not is_magnitude("mmag")
    assert [text for text in ("%", "percent", "10**-2", "1", "mag") if is_percent(text)] == ["%", "percent", "10**-2"]
    assert unit_of("mag(AB)") is None
