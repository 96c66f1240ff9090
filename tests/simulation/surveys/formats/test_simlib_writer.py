"""Surveys as SIMLIB files: read back, and read by SNANA's own formulas."""

import dataclasses
import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sntransport._numerics.units import AB_ZERO_NJY
from sntransport.simulation.surveys.footprint import footprint_area, visits_of
from sntransport.simulation.surveys.formats.load import load_survey
from sntransport.simulation.surveys.formats.simlib_writer import band_letters, write_simlib
from sntransport.simulation.surveys.formats.snana_simlib import read_simlib
from sntransport.simulation.surveys.survey import Survey, select_visits


def in_order(survey):
    """The columns of a survey, in an order that rounding does not change."""
    order = np.lexsort((survey.band, np.round(survey.mjd, 4), np.round(survey.dec, 4), np.round(survey.ra, 4)))
    return {name: getattr(survey, name)[order] for name in ("mjd", "band", "ra", "dec", "background",
                                                            "photons_per_njy", "field")}  # fmt: skip


def require_same(survey, back, *, errors=True):
    one, other = in_order(survey), in_order(back)
    np.testing.assert_allclose(other["mjd"], one["mjd"], rtol=0, atol=1e-8)
    np.testing.assert_array_equal(other["band"], one["band"])
    for name in ("ra", "dec"):
        np.testing.assert_allclose(other[name], one[name], rtol=0, atol=1e-8)
    for name in ("background", "photons_per_njy"):
        np.testing.assert_allclose(other[name], one[name], rtol=1e-7)
    if errors:
        np.testing.assert_allclose(back.zero_point_error, survey.zero_point_error, rtol=1e-8)


@pytest.mark.parametrize(("name", "years"), [("ztf", 0.2), ("lsst_ddf", 0.3), ("atlas", 0.05)])
def test_built_in_surveys_come_back(tmp_path, name, years):
    survey = load_survey(name, years=years)
    back = read_simlib(write_simlib(survey, tmp_path / "s.simlib"), radius=survey.radius)
    assert back.bands == survey.bands
    assert back.name == survey.name
    require_same(survey, back)
    if name != "lsst_ddf":
        # Where each pointing is a field of its own.
        np.testing.assert_array_equal(in_order(back)["field"], in_order(survey)["field"])


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.floats(50000, 70000), st.integers(0, 2), st.floats(0, 359.999), st.floats(-90, 90),
            st.floats(1e-2, 1e7), st.floats(1e-5, 1e6) | st.just(np.inf),
        ),
        min_size=1, max_size=8, unique_by=lambda row: (round(row[2], 3), round(row[3], 3)),
    )
)  # fmt: skip
def test_any_visits_come_back(tmp_path_factory, rows):
    mjd, band, ra, dec, background, photons = map(np.array, zip(*rows, strict=True))
    survey = Survey(
        name="x", bands=("lsstr", "ztfr", "bessellr"), mjd=mjd, band=band, ra=ra, dec=dec, background=background,
        photons_per_njy=photons, radius=1.0, zero_point_error=[0.0, 0.01, 0.02],
    )  # fmt: skip
    path = write_simlib(survey, tmp_path_factory.mktemp("any") / "s.simlib")
    letters = band_letters(survey.bands)
    back = read_simlib(path, bands={letter: band for band, letter in letters.items()}, radius=1.0)
    one, other = in_order(survey), in_order(back)
    used = [letters[survey.bands[i]] for i in one["band"]]
    assert [letters[back.bands[i]] for i in other["band"]] == used
    np.testing.assert_allclose(other["background"], one["background"], rtol=1e-7)
    known = np.isfinite(one["photons_per_njy"])
    np.testing.assert_allclose(other["photons_per_njy"][known], one["photons_per_njy"][known], rtol=1e-7)
    # Of a source 1e8 times as bright as the background its noise would not be seen.
    bright = 1e8 * other["background"][~known]
    assert np.all(bright / other["photons_per_njy"][~known] < 1e-6 * other["background"][~known] ** 2)


def blocks_of(path):
    """Header, and keys and visits of each block, word by word and without the package."""
    found, header = [], {}
    for line in path.read_text().partition("DOCUMENTATION_END:")[2].splitlines():
        words = line.partition("#")[0].split()
        pairs = dict(zip(words[::2], words[1::2], strict=False))
        if words[:1] == ["LIBID:"]:
            found.append(({}, []))
        if words[:1] == ["S:"]:
            found[-1][1].append(words[1:])
        elif found:
            found[-1][0].update(pairs)
        else:
            header.update(pairs)
    return header, found


def test_errors_by_the_formulas_of_snana(tmp_path):
    """A source of 22.5 mag: counts from the zero point, sky of the noise-equivalent area, all in photo-electrons."""
    survey = load_survey("lsst_ddf", years=0.1)
    header, blocks = blocks_of(write_simlib(survey, tmp_path / "s.simlib", name="LSST"))
    assert (header["SURVEY:"], header["FILTERS:"]) == ("LSST", "ugrizy")
    assert float(header["SOLID_ANGLE:"]) == pytest.approx(np.radians(1) ** 2 * footprint_area(survey), rel=1e-5)
    assert int(header["NLIBID:"]) == len(blocks)
    flux, n = AB_ZERO_NJY * 10 ** (-0.4 * 22.5), 0
    for keys, visits in blocks:
        assert int(keys["NOBS:"]) == len(visits)
        assert keys["END_LIBID:"] == keys["LIBID:"]
        for mjd, number, letter, *rest in visits:
            gain, read_noise, sky, psf, psf_2, ratio, zero_point, zero_error, mag = map(float, rest)
            i = int(number)
            assert (psf_2, ratio, mag) == (0.0, 0.0, 99.0)
            assert survey.bands[survey.band[i]] == f"lsst{letter}"
            assert float(mjd) == pytest.approx(survey.mjd[i], abs=1e-8)
            assert (float(keys["RA:"]), float(keys["DEC:"])) == pytest.approx((survey.ra[i], survey.dec[i]), abs=1e-7)
            electrons = gain * 10 ** (0.4 * (zero_point - 22.5))
            variance = electrons + 4 * np.pi * psf**2 * ((gain * sky) ** 2 + read_noise**2)
            ours = np.sqrt(survey.background[i] ** 2 + flux / survey.photons_per_njy[i])
            assert np.sqrt(variance) / electrons == pytest.approx(ours / flux, rel=1e-7)
            assert zero_error == survey.zero_point_error[survey.band[i]]
            n += 1
    assert n == survey.n_visit


def test_cells_have_all_visits_that_see_them(tmp_path):
    survey = load_survey("lsst_ddf", years=0.3)
    _, blocks = blocks_of(write_simlib(survey, tmp_path / "s.simlib", cell=1.0))
    ra, dec = (np.array([float(keys[key]) for keys, _ in blocks]) for key in ("RA:", "DEC:"))
    offset, rows = visits_of(survey, ra, dec, survey.mjd[0], survey.mjd[-1])
    for i, (_, visits) in enumerate(blocks):
        assert [int(visit[1]) for visit in visits] == rows[offset[i] : offset[i + 1]].tolist()
    # A cell a square degree, and no place of the footprint far from one.
    assert len(blocks) == pytest.approx(footprint_area(survey), rel=0.15)
    with pytest.raises(ValueError, match="cell is 0, expected a distance above 0"):
        write_simlib(survey, tmp_path / "s.simlib", cell=0)


def test_psf_templates_and_errors_of_visits_come_back(tmp_path):
    survey = load_survey("ztf", years=0.1)
    rng = np.random.default_rng(1)
    more = {"psf": rng.uniform(0.6, 1.5, survey.n_visit), "zero_point_error": rng.uniform(0, 0.02, survey.n_visit)}
    names = {number: f"D{number}" for number in set(survey.field.tolist())}
    # One template for a field and band, seen through the PSF of each visit.
    noise = (1.0 + survey.band) * more["psf"]
    survey = dataclasses.replace(survey, more=more, template_noise=noise, field_names=names)
    path = write_simlib(survey, tmp_path / "s.simlib")
    back = read_simlib(path, radius=survey.radius)
    require_same(survey, back, errors=False)
    order = [np.lexsort((one.band, np.round(one.mjd, 4), np.round(one.ra, 4))) for one in (survey, back)]
    for want, got in (
        (survey.template_noise, back.template_noise), (more["psf"], back.more["psf"]),
        (more["zero_point_error"], back.more["zero_point_error"]),
    ):  # fmt: skip
        np.testing.assert_allclose(got[order[1]], want[order[0]], rtol=1e-7)
    assert set(back.field_names.values()) == set(names.values())
    # Where it is not one template, its noise is part of each visit's.
    other = dataclasses.replace(survey, template_noise=rng.uniform(1, 9, survey.n_visit))
    back = read_simlib(write_simlib(other, path), radius=survey.radius)
    assert not back.template_noise.any()
    np.testing.assert_allclose(
        np.sort(back.background), np.sort(np.hypot(other.background, other.template_noise)), rtol=1e-7
    )
    assert "noise of templates is part of SKYSIG" in path.read_text()


def test_the_same_survey_gives_the_same_bytes_and_gzip(tmp_path):
    survey = load_survey("lsst_ddf", years=0.1)
    plain = write_simlib(survey, tmp_path / "a.simlib").read_bytes()
    packed = [write_simlib(survey, tmp_path / f"{name}.simlib.gz").read_bytes() for name in ("b", "c")]
    assert packed[0] == packed[1]
    assert gzip.decompress(packed[0]) == plain
    assert b"saturation is left out" in plain


def test_bands_have_one_letter_each():
    assert band_letters(("lsstg", "ztfg", "sdssg", "csp1")) == {"lsstg": "g", "ztfg": "G", "sdssg": "a", "csp1": "1"}
    assert band_letters(("lsstg", "ztfg"), {"ztfg": "g"}) == {"lsstg": "G", "ztfg": "g"}
    for wrong, match in (
        ({"lssti": "i"}, "names 'lssti', expected bands of the survey"), ({"lsstg": "gg"}, "is 'gg', expected one"),
        ({"lsstg": "x", "ztfg": "x"}, "expected another one for each"), ({"lsstg": ":"}, "expected one letter or"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=match):
            band_letters(("lsstg", "ztfg"), wrong)


def test_what_cannot_be_written_is_named(tmp_path):
    survey = load_survey("lsst_ddf", years=0.1)
    path = tmp_path / "s.simlib"
    with pytest.raises(ValueError, match="name is 'my survey', expected one word"):
        write_simlib(survey, path, name="my survey")
    with pytest.raises(ValueError, match="has no visits to write"):
        write_simlib(select_visits(survey, []), path)
    dark = dataclasses.replace(survey, background=np.full(survey.n_visit, 1e-12))
    with pytest.raises(ValueError, match=r"visit 0 has .* and a background of 1e-12 nJy, which is no zero point"):
        write_simlib(dark, path)
    assert not path.exists()
