"""SNANA's observation libraries, written here after its conventions."""

import gzip

import numpy as np
import pytest

from sntransport._numerics.units import AB_ZERO_NJY, mag_to_njy
from sntransport._storage.read_error import ReadError
from sntransport.simulation.surveys import noise
from sntransport.simulation.surveys.formats.simlib_lines import is_simlib
from sntransport.simulation.surveys.formats.snana_simlib import read_simlib

HEADER = """DOCUMENTATION:
  PURPOSE: a test   # S: not a visit
  LIBID: not a block
DOCUMENTATION_END:

SURVEY: DES   FILTERS: griz   TELESCOPE: CTIO
USER: nobody  HOST: nowhere
PIXSIZE: 0.25
{keys}
BEGIN LIBGEN
"""
BLOCK = """#--------------------------------------------
LIBID: {libid}
RA: {ra}   DEC: {dec}  NOBS: 2   MWEBV: 0.02   # a comment
FIELD: X3
{keys}
#     MJD      IDEXPT  BAND GAIN NOISE SKYSIG PSF1 PSF2 PSFRATIO ZPTAVG ZPTERR MAG
{visits}
END_LIBID: {libid}
"""
VISIT = "S: 56500.125 12345{coadd} {band} 4.2 {noise} {sky} {psf} 31.5 0.006 99"


def visit(band="g", psf="2.0 0.0 0.0", noise=8.0, sky=15.0, coadd=""):
    return VISIT.format(band=band, psf=psf, noise=noise, sky=sky, coadd=coadd)


def block(visits=None, libid=1, ra=34.5, dec=-5.5, keys=""):
    return BLOCK.format(libid=libid, ra=ra, dec=dec, keys=keys, visits="\n".join(visits or [visit()]))


def write(path, *blocks, keys=""):
    path.write_text(HEADER.format(keys=keys) + "".join(blocks) + "END_OF_SIMLIB:\n")
    return path


def test_conventions_against_hand_calculation(tmp_path):
    survey = read_simlib(write(tmp_path / "a.simlib", block([visit(), visit("z")])))
    assert (survey.name, survey.bands, survey.n_visit) == ("DES", ("desg", "desz"), 2)
    photons = 4.2 * 10 ** (0.4 * 31.5) / AB_ZERO_NJY
    np.testing.assert_allclose(survey.photons_per_njy, photons)
    electrons = np.sqrt(4 * np.pi * 2.0**2 * ((15.0 * 4.2) ** 2 + 8.0**2))
    np.testing.assert_allclose(survey.background, electrons / photons)
    np.testing.assert_array_equal(survey.mjd, [56500.125] * 2)
    np.testing.assert_array_equal(survey.ra, [34.5] * 2)
    np.testing.assert_array_equal(survey.dec, [-5.5] * 2)
    np.testing.assert_array_equal(survey.field, [1, 1])
    np.testing.assert_allclose(survey.zero_point_error, [0.006, 0.006])
    np.testing.assert_array_equal(survey.saturation, [np.inf] * 2)
    flux = mag_to_njy(noise.depth_of(survey.background, survey.photons_per_njy))
    np.testing.assert_allclose(flux / noise.flux_error(survey, np.arange(2), flux), 5.0, rtol=0.01)


def test_columns_of_a_coadded_visit_are_those_of_the_sum(tmp_path):
    keys = "NPE_PIXEL_SATURATE: 100000"
    one = read_simlib(write(tmp_path / "a.simlib", block(), keys=keys))
    many = read_simlib(write(tmp_path / "b.simlib", block([visit(coadd="*9")]), keys=keys))
    np.testing.assert_array_equal(many.photons_per_njy, one.photons_per_njy)
    np.testing.assert_array_equal(many.background, one.background)
    # Of nine exposures each fills its own pixel; the sky is that of all.
    sky = (15.0 * 4.2) ** 2
    assert many.saturation[0] / one.saturation[0] == pytest.approx((9e5 - sky) / (1e5 - sky))
    assert "1 visit coadded (ID*N), whose columns are those of the sum" in many.notes


def background_of(tmp_path, psf, keys="", sky=15.0):
    return read_simlib(write(tmp_path / "a.simlib", block([visit(psf=psf, noise=0.0, sky=sky)]), keys=keys)).background


def test_units_of_psf_and_sky(tmp_path):
    sigma = background_of(tmp_path, "2.0 0 0")
    area = 4 * np.pi * 4
    fwhm = 2.0 * np.sqrt(8 * np.log(2)) * 0.25
    assert background_of(tmp_path, f"{fwhm} 0 0", "PSF_UNIT: ARCSEC_FWHM") == pytest.approx(sigma)
    assert background_of(tmp_path, f"{area} 0 0", "PSF_UNIT: NEA_PIXEL") == pytest.approx(sigma)
    assert background_of(tmp_path, f"{area}", "PSF_UNIT: NEA_PIXEL") == pytest.approx(sigma)
    assert background_of(tmp_path, f"{area / 16}", "PSF_UNIT: NEA_ARCSECSQ") == pytest.approx(sigma)
    # A quarter of an arcsec a pixel: 15 a pixel are 60 a square arcsec, as a standard deviation.
    assert background_of(tmp_path, "2.0 0 0", "SKYSIG_UNIT: ADU_PER_SQARCSEC", sky=60.0) == pytest.approx(sigma)
    two = background_of(tmp_path, "2.0 4.0 0.1")
    assert two / sigma == pytest.approx(np.sqrt(noise.double_gaussian_area(2, 4, 0.1) / area))


def test_noise_of_the_template_adds_at_its_own_zero_point(tmp_path):
    plain = read_simlib(write(tmp_path / "a.simlib", block([visit(noise=0.0)])))
    # A template 2.5 mag deeper in zero point with ten times the counts of sky noise is as noisy as the visit.
    keys = "TEMPLATE_ZPT: 34.0 34.0 34.0 34.0\nTEMPLATE_SKYSIG: 150 150 150 0"
    with_template = read_simlib(
        write(tmp_path / "b.simlib", block([visit(noise=0.0), visit("z", noise=0.0)], keys=keys))
    )
    np.testing.assert_array_equal(with_template.background, np.full(2, plain.background[0]))
    np.testing.assert_allclose(with_template.template_noise / plain.background, [1.0, 0.0])


def test_read_noise_of_the_template_is_in_electrons_and_its_keys_may_be_of_all_blocks(tmp_path):
    keys = "TEMPLATE_ZPT: 34.0 33.0 34.0 34.0\nTEMPLATE_CCDSIG: 30 40 50 0"
    survey = read_simlib(write(tmp_path / "a.simlib", block([visit(), visit("r"), visit("z")]), keys=keys))
    # In electrons of the visit: 2.5 mag in zero point are a factor of ten.
    electrons = np.sqrt(4 * np.pi * 2.0**2) * np.array([30 / 10, 40 / 10**0.6, 0])
    assert [survey.bands[index] for index in survey.band] == ["desg", "desr", "desz"]
    np.testing.assert_allclose(survey.template_noise * survey.photons_per_njy, electrons)


def test_sky_of_the_template_is_of_a_pixel_in_every_unit(tmp_path):
    keys = "TEMPLATE_ZPT: 34 34 34 34\nTEMPLATE_SKYSIG: 150 150 150 150"
    pixel = read_simlib(write(tmp_path / "a.simlib", block(keys=keys)))
    other = read_simlib(write(tmp_path / "b.simlib", block(keys=keys), keys="SKYSIG_UNIT: ADU_PER_SQARCSEC"))
    np.testing.assert_array_equal(other.template_noise, pixel.template_noise)
    np.testing.assert_allclose(other.more["sky_noise"], 0.25 * pixel.more["sky_noise"])


def test_keys_may_change_between_the_visits_of_a_block(tmp_path):
    lines = [visit(), "FIELD: V8  PIXSIZE: 0.34 asec", "TEMPLATE_ZPT: 34 34 34 34  TEMPLATE_SKYSIG: 1 1 1 1", visit()]
    survey = read_simlib(write(tmp_path / "a.simlib", block(lines), block(libid=2, ra=40.0)))
    assert survey.more["field_name"].tolist() == ["X3", "V8", "X3"]
    np.testing.assert_allclose(survey.more["psf"], 2.0 * np.sqrt(8 * np.log(2)) * np.array([0.25, 0.34, 0.25]))
    np.testing.assert_array_equal(survey.template_noise > 0, [False, True, False])
    np.testing.assert_array_equal(survey.more["zero_point"], [31.5] * 3)
    np.testing.assert_array_equal(survey.more["zero_point_error"], [0.006] * 3)


def test_saturation_counts_the_sky(tmp_path):
    survey = read_simlib(write(tmp_path / "a.simlib", block(), keys="NPE_PIXEL_SATURATE: 100000"))
    share = 1 / (2 * np.pi * 4) * (1 - 1 / (4 * np.pi * 4))
    filled = survey.saturation[0] * survey.photons_per_njy[0] * share + (15.0 * 4.2) ** 2
    assert filled == pytest.approx(1e5, rel=1e-12)
    # A bright sky alone fills the pixel, and then every source saturates.
    bright = read_simlib(write(tmp_path / "b.simlib", block([visit(sky=80.0)]), keys="NPE_PIXEL_SATURATE: 100000"))
    assert bright.saturation[0] < 0
    # Where a pixel is wider than the image the expansion is left for the Gaussian itself.
    sharp = read_simlib(write(tmp_path / "c.simlib", block([visit(psf="0.4 0 0")]), keys="NPE_PIXEL_SATURATE: 1e5"))
    own = noise.saturation_flux(sharp.photons_per_njy[0], 0.4 * np.sqrt(8 * np.log(2)), 1e5, (15.0 * 4.2) ** 2)
    assert sharp.saturation[0] == pytest.approx(own)


def test_keys_that_are_not_used_are_noted(tmp_path):
    keys = "PHOTFLAG_SATURATE: 2048\nFLUXERR_COR: g -1 1.1"
    notes = read_simlib(write(tmp_path / "a.simlib", block(), keys=keys)).notes
    assert any("PHOTFLAG_SATURATE 2048 not used" in note for note in notes)
    assert any("FLUXERR_COR not used" in note for note in notes)


def test_blocks_are_fields_that_do_not_overlap(tmp_path):
    far = write(tmp_path / "a.simlib", block(), block(libid=2, ra=40.0))
    assert read_simlib(far).radius == 0.1
    np.testing.assert_array_equal(read_simlib(far).field, [1, 2])
    near = read_simlib(write(tmp_path / "b.simlib", block(), block(libid=2, dec=-5.4), block(libid=3, dec=-5.4)))
    assert near.radius == pytest.approx(0.0499)
    assert any("so that no two overlap" in note for note in near.notes)
    assert read_simlib(far, radius=1.1, name="mine").radius == 1.1


def test_filters_of_an_unknown_survey_need_a_mapping(tmp_path):
    path = write(tmp_path / "a.simlib", block([visit("g"), visit("z")]))
    path.write_text(path.read_text().replace("SURVEY: DES", "SURVEY: OTHER"))
    with pytest.raises(ReadError, match=r"no filter is known \(it has 'g', 'z'\); pass bands="):
        read_simlib(path)
    survey = read_simlib(path, bands={"g": "sdssg"})
    assert survey.bands == ("sdssg",)
    assert "1 visit of 2 rejected: its filter is not known (first: line 18)" in survey.notes


def test_lsst_y_is_upper_case_in_snana(tmp_path):
    path = write(tmp_path / "a.simlib", block([visit("Y")]))
    path.write_text(path.read_text().replace("SURVEY: DES", "SURVEY: LSST"))
    assert read_simlib(path).bands == ("lssty",)


def test_compressed_file(tmp_path):
    path = tmp_path / "a.simlib.gz"
    path.write_bytes(gzip.compress(write(tmp_path / "a.simlib", block()).read_bytes()))
    assert read_simlib(path).n_visit == 1
    assert is_simlib(path)
    path.write_bytes(path.read_bytes()[:50])
    assert not is_simlib(path)
    with pytest.raises(ReadError, match="cannot be read as text"):
        read_simlib(path)


def test_old_lines_are_counted(tmp_path):
    survey = read_simlib(write(tmp_path / "a.simlib", block([visit(), "T: 56500 1 g 1 1 1 1 0 0 30 0 99"])))
    assert survey.n_visit == 1
    assert "lines not used: T (1)" in survey.notes


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (("4.2 8.0", "4.2 x"), r"line 17: NOISE is 'x', not a number"),
        (("12345 g", "12345*0 g"), r"line 17: IDEXPT is '12345\*0', expected ID or ID\*N"),
        (("12345 g", "12345*many g"), "line 17: IDEXPT is"),
        ((" 0.006 99", ""), "line 17: 10 fields after S:, expected 11 or more"),
        (("RA: 34.5", "RA: here"), "line 12: LIBID 1 has RA here"),
        (("RA: 34.5", "R: 34.5"), "line 12: LIBID 1 has RA missing"),
        (("BEGIN LIBGEN", "PSF_UNIT: FEET\nBEGIN LIBGEN"), "PSF_UNIT is 'FEET'; use one of PIXEL_SIGMA"),
        (("BEGIN LIBGEN", "SKYSIG_UNIT: FEET\nBEGIN LIBGEN"), "SKYSIG_UNIT is 'FEET'"),
        (("BEGIN LIBGEN", "NPE_PIXEL_SATURATE: lots\nBEGIN LIBGEN"), "NPE_PIXEL_SATURATE is 'lots'"),
        (("FIELD: X3", "TEMPLATE_ZPT: 30 30"), "line 12: LIBID 1 has TEMPLATE_ZPT with 2 values; give one number for"),
        (("LIBID: 1\nRA", "RA"), "line 16: a visit before the first LIBID"),
        (("S: ", "X: "), "no visits"),
        ((" 4.2 ", " 0 "), "none of 1 visit is usable; .*GAIN is not above 0 .first: line 17"),
        ((" 2.0 0.0", " -2.0 0.0"), "the PSF is not above 0"),
        ((" 31.5 ", " nan "), "ZPTAVG is not within 10 and 60"),
        (("8.0 15.0", "0 0"), "SKYSIG and NOISE give no noise"),
        (("56500.125", "2456500.5"), "MJD is not a Modified Julian date"),
    ],
)
def test_broken_files(tmp_path, change, match):
    path = write(tmp_path / "a.simlib", block())
    text = path.read_text()
    assert change[0] in text
    path.write_text(text.replace(*change))
    with pytest.raises(ReadError, match=match):
        read_simlib(path)
