"""A series comes back from its file to the last bit, and a damaged file says so."""

import dataclasses

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sntransport.spectra import series_file
from sntransport.spectra.observations import LightCurve
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.series_file import SeriesFile, read_series, read_series_file, write_series
from sntransport.spectra.sightline import Sightline

# A value that a FITS header cannot hold: it needs more than 20 characters.
LONG = 56372.12345678901


def a_series(n_phase=3, n_wave=4, **fields):
    flux = np.random.default_rng(1).random((n_phase, n_wave))
    flux[0, 0] = np.nan
    phase, wave = np.arange(n_phase) / 3, 3000.0 + np.arange(n_wave) * 0.1
    return SpectralSeries(
        phase=phase, wave=wave, flux=flux, flux_err=flux * 0.1, **{"name": "SN 2013am", "sn_type": "II P", **fields}
    )


def everything():
    return {
        "sightline": Sightline(
            z=0.1 + 0.2,
            distance_modulus=31.123456789012345,
            ebv_mw=1.2345678901234567e-5,
            ebv_host=0.2,
            rv_mw=3.2,
            rv_host=2.9,
            law_mw="G23",
            law_host="CCM89",
        ),
        "sparse": a_series(2, 5, mjd_ref=LONG),
        "light_curve": LightCurve(
            mjd=[3, 1, 2],
            band=["lsstg", "ztfr", "b"],
            flux=[1, -2, 3],
            flux_err=[1, np.nan, 2],
            instrument=["a", "", "β"],
        ),
        "pairs": [[0, 1], [0, 1]],
        "weight": np.random.default_rng(2).random((3, 2)),
        "notes": ("1 spectrum rejected: 5 σ", "", " two\nlines ", "back\\slash"),
        "provenance": {"input": "/long path's/" + "ü&" * 99, "input_sha256": "0123456789abcdef" * 4, "options": ""},
        "mjd_ref_meaning": "B maximum",
    }


@pytest.fixture
def path(tmp_path):
    """A file with all parts."""
    write_series(a_series(mjd_ref=LONG), tmp_path / "series.fits", **everything())
    return tmp_path / "series.fits"


def same(a, b):
    """Equality to the last bit, also of NaN."""
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and a.dtype.kind == b.dtype.kind and a.tolist().__repr__() == b.tolist().__repr__()
    return repr(a) == repr(b) if isinstance(a, float) else a == b


def rewrite(path, change):
    """Change an intact file, as another program would, with its checksums brought up to date."""
    with fits.open(path) as hdus:
        change(hdus)
        hdus.writeto(path, overwrite=True, checksum=True)


def message(path):
    """What the reader says, without the name of the file that it begins with."""
    with pytest.raises(ValueError, match=": ") as caught:
        read_series(path)
    start, text = str(caught.value).split(": ", 1)
    assert start == str(path)
    assert "\n" not in text
    return text


def test_everything_comes_back(path):
    written = {**everything(), "pairs": np.array(everything()["pairs"])}
    assert same(read_series_file(path), SeriesFile(series=a_series(mjd_ref=LONG), **written))


def test_series_alone_comes_back(tmp_path):
    write_series(a_series(), tmp_path / "s.fits")
    assert same(read_series_file(tmp_path / "s.fits"), SeriesFile(series=a_series()))


@pytest.mark.parametrize(("n_phase", "n_pair"), [(1, 0), (1, 1), (1, 3), (3, 0), (3, 1)])
def test_pairs_of_any_number_come_back(tmp_path, n_phase, n_pair):
    pairs, weight = np.zeros((n_pair, 2), int), np.random.default_rng(3).random((n_phase, n_pair))
    write_series(a_series(n_phase), tmp_path / "s.fits", pairs=pairs, weight=weight)
    back = read_series_file(tmp_path / "s.fits")
    assert same(back.pairs, pairs)
    assert same(back.weight, weight)


def test_pairs_without_weights_come_back(tmp_path):
    write_series(a_series(), tmp_path / "s.fits", pairs=[[0, 1]])
    back = read_series_file(tmp_path / "s.fits")
    assert back.weight is None
    np.testing.assert_array_equal(back.pairs, [[0, 1]])


numbers = st.floats(allow_nan=True, allow_infinity=False)
shapes = st.tuples(st.integers(1, 4), st.integers(1, 4))


@settings(max_examples=30)
@given(shapes.flatmap(lambda shape: arrays(np.float64, shape, elements=numbers)), st.text(), numbers)
def test_any_values_and_any_text_come_back(tmp_path_factory, flux, text, number):
    phase, wave = np.sort(np.arange(len(flux)) * np.pi), np.exp(np.arange(flux.shape[1]))
    series = SpectralSeries(
        phase=phase, wave=wave, flux=flux, flux_err=np.abs(flux), name=text, sn_type=text, mjd_ref=number
    )
    path = tmp_path_factory.mktemp("any") / "s.fits"
    write_series(series, path, notes=[text, text[::-1]], provenance={text: text, "input": text}, mjd_ref_meaning=text)
    written = SeriesFile(
        series=series,
        sightline=None,
        sparse=None,
        light_curve=None,
        pairs=None,
        weight=None,
        notes=(text, text[::-1]),
        provenance={text: text, "input": text},
        mjd_ref_meaning=text,
    )
    assert same(read_series_file(path), written)


def test_same_input_gives_same_bytes(path, tmp_path):
    again = tmp_path / "other name.fits"
    write_series(a_series(mjd_ref=LONG), again, **everything())
    assert again.read_bytes() == path.read_bytes()


def test_other_programs_can_read_it(path):
    with fits.open(path, checksum=True) as hdus:
        header = hdus[0].header
        assert [hdu.name for hdu in hdus[1:4]] == ["FLUX", "FLUX_ERR", "ORIGIN"]
        assert header["OBJECT"] == "SN 2013am"
        assert header["FRAME"] == "rest"
        assert header["MJDPHAS0"] == pytest.approx(LONG)
        assert header["INSHA256"] == "0123456789abcdef" * 4
        assert (header["LAWMW"], header["LAWHOST"]) == ("G23", "CCM89")
        assert (header["EBVHOST"], header["RVMW"], header["RVHOST"]) == (0.2, 3.2, 2.9)
        assert header["DISTMOD"] == pytest.approx(31.123456789012345)
    assert Table.read(path, hdu="WAVE")["WAVE"].unit == "Angstrom"


def test_any_flipped_byte_is_noticed(path):
    raw = path.read_bytes()
    for position in np.random.default_rng(4).integers(0, len(raw), 200):
        damaged = bytearray(raw)
        damaged[position] ^= 1 << int(position) % 8
        path.write_bytes(damaged)
        assert "damaged" in message(path) or "not a FITS file" in message(path)


def test_truncation_at_any_place_is_noticed(path):
    raw = path.read_bytes()
    for length in (1, 2000, 2880, len(raw) // 2, len(raw) - 1):
        path.write_bytes(raw[:length])
        assert any(word in message(path) for word in ("truncated", "damaged", "not a FITS file"))
    path.write_bytes(b"")
    assert message(path) == "the file is empty"


def test_file_cut_between_two_parts_is_noticed(path):
    with fits.open(path) as hdus:
        end = hdus["SIGHTLINE"].fileinfo()["hdrLoc"]
    path.write_bytes(path.read_bytes()[:end])
    assert "truncated: 13 of 18" in message(path)


def test_other_files_are_refused(tmp_path):
    page, image = tmp_path / "page.fits", tmp_path / "image.fits"
    page.write_text("<html>not found</html>")
    assert message(page).startswith("not a FITS file, so no series")
    fits.PrimaryHDU(np.zeros(3)).writeto(image, checksum=True)
    assert "not a series file" in message(image)
    with pytest.raises(FileNotFoundError):
        read_series(tmp_path / "missing.fits")


@pytest.mark.parametrize("part", ["FLUX", "ORIGIN", "WAVE", "TARGET", "SPARSE_PHASE", "NOTES"])
def test_missing_part_is_named(path, part):
    def remove(hdus):
        del hdus[part]
        hdus[0].header["NHDU"] -= 1

    rewrite(path, remove)
    assert message(path) == f"the part {part} is missing"


def test_wrong_unit_is_named(path):
    def set_unit(hdus):
        hdus["FLUX"].header["BUNIT"] = "Jy"

    def set_column_unit(hdus):
        hdus["FLUX"].header["BUNIT"] = "erg s-1 cm-2 Angstrom-1"
        hdus["WAVE"].columns["WAVE"].unit = "nm"

    rewrite(path, set_unit)
    assert message(path) == "FLUX has the unit 'Jy', expected 'erg s-1 cm-2 Angstrom-1'"
    rewrite(path, set_column_unit)
    assert message(path) == "WAVE.WAVE has the unit 'nm', expected 'Angstrom'"


def test_missing_column_and_keyword_are_named(path):
    def rename(hdus):
        hdus["WAVE"].columns["WAVE"].name = "LAMBDA"

    def forget(hdus):
        del hdus[0].header["NHDU"]

    rewrite(path, rename)
    assert message(path) == "the table WAVE has no column WAVE"
    rewrite(path, forget)
    assert "NHDU" in message(path)


def test_values_that_make_no_series_are_refused(path):
    def reverse(hdus):
        hdus["PHASE"].data["PHASE"][:] = hdus["PHASE"].data["PHASE"][::-1].copy()

    rewrite(path, reverse)
    assert "phase is not strictly increasing" in message(path)


def test_sightline_of_a_file_without_laws_has_the_default(path):
    def forget(hdus):
        hdus["SIGHTLINE"].columns.del_col("LAW_MW")
        hdus["SIGHTLINE"].columns.del_col("LAW_HOST")

    rewrite(path, forget)
    sightline = read_series_file(path).sightline
    assert (sightline.law_mw, sightline.law_host, sightline.rv_host) == ("F99", "F99", 2.9)


def test_file_that_says_it_has_dust_on_it_is_refused(path):
    def redden(hdus):
        hdus[0].header["DUSTFREE"] = False

    rewrite(path, redden)
    assert "not free of dust" in message(path)


def test_newer_format_is_refused(path, monkeypatch):
    monkeypatch.setattr(series_file, "FORMAT_VERSION", 2)
    write_series(a_series(), path)
    monkeypatch.undo()
    assert "newer version" in message(path)


def test_failed_write_leaves_the_old_file(path, monkeypatch):
    before = path.read_bytes()
    with pytest.raises(ValueError, match="0 phases"):
        write_series(SpectralSeries(phase=[], wave=[1.0], flux=np.zeros((0, 1))), path)
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk gone")))
    with pytest.raises(OSError, match="disk gone"):
        write_series(a_series(), path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"weight": np.ones((3, 1))}, "weight without pairs"),
        ({"pairs": [[0, 1]], "weight": np.ones((2, 1))}, r"weight has shape \(2, 1\), expected .* = \(3, 1\)"),
        ({"pairs": [[0, 1, 2]]}, r"pairs has shape \(1, 3\)"),
        ({"pairs": [[0, 2]], "sparse": a_series(2)}, "pairs has indices outside 0 to 1"),
        ({"sparse": SpectralSeries(phase=[], wave=[1.0], flux=np.zeros((0, 1)))}, "the sparse series has 0 phases"),
    ],
)
def test_parts_must_fit_together(tmp_path, fields, match):
    with pytest.raises(ValueError, match=match):
        write_series(a_series(), tmp_path / "s.fits", **fields)
    assert not list(tmp_path.iterdir())


def test_compression_is_refused(tmp_path):
    with pytest.raises(ValueError, match="not compressed"):
        write_series(a_series(), tmp_path / "s.fits.gz")


def test_content_is_read_only(path):
    content = read_series_file(path)
    with pytest.raises(ValueError, match="read-only"):
        content.weight[0, 0] = 1
    with pytest.raises(TypeError):
        content.provenance["input"] = "other"


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^\S+nope.fits: no such file; check the path$"):
        read_series(tmp_path / "nope.fits")
