"""SNANA's pair as SNANA, DES, Foundation and PLAsTiCC have it: keys in either header, older names, what is absent."""

import gzip
import warnings

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

import sntransport as snt
from sntransport._numerics.units import mag_to_njy
from sntransport._storage.read_error import ReadError
from sntransport.datasets.snana_fits import read_snana_fits

MAGS = {"SN1": [20.0, 21.0, 22.0], "SN2": [19.0, 23.0]}


def write(
    folder, *, where="primary", zero_point=None, survey="DES", band="BAND", bands="gri", prefix="", flags=True,
    truth=False, stated=(),
):  # fmt: skip
    """Two supernovae by hand; ``where`` are the keys, ``stated`` the zero points of HEAD and PHOT."""
    zp = 27.5 if zero_point is None else zero_point
    head = Table({"SNID": [*MAGS], "REDSHIFT_HELIO": np.float32([0.1, 0.2]), "MWEBV": np.float32([0.02, 0.0]),
                  "PEAKMJD": np.float32([60001.0, -9.0])})  # fmt: skip
    rows, begin = [], []
    for mags in MAGS.values():
        begin.append(len(rows) + 1)
        rows += [(60000.0 + i, prefix + bands[i], 10 ** (-0.4 * (mag - zp)), 0.1, 0, mag) for i, mag in enumerate(mags)]
        rows.append((-777.0, "-", -777.0, -777.0, 0, 0.0))
    counts = [len(mags) for mags in MAGS.values()]
    head["NOBS"], head["PTROBS_MIN"] = np.int32(counts), np.int32(begin)
    head["PTROBS_MAX"] = np.int32(np.array(begin) + counts - 1)
    phot = Table(rows=rows, names=["MJD", band, "FLUXCAL", "FLUXCALERR", "PHOTFLAG", "SIM_MAGOBS"])
    phot["FLUXCAL"], phot["PHOTFLAG"] = phot["FLUXCAL"].astype(np.float32), phot["PHOTFLAG"].astype(np.int32)
    for name, absent in (("PHOTFLAG", not flags), ("SIM_MAGOBS", not truth)):
        if absent:
            phot.remove_column(name)
    paths = folder / "X_HEAD.FITS", folder / "X_PHOT.FITS"
    for path, table, own in zip(paths, (head, phot), stated or (zero_point, None), strict=True):
        hdus = fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU(table)])
        header = hdus[0 if where == "primary" else 1].header
        header["SURVEY"], header["FILTERS"], header["PHOTFILE"] = survey, bands, paths[1].name
        if own is not None:
            header["HIERARCH ZP_FLUXCAL"] = own
        hdus.writeto(path, overwrite=True)
    return paths[0]


def light_curve(path, name="SN1"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return snt.read_light_curve(path, name=name)


@pytest.mark.parametrize("where", ["primary", "table"])
@pytest.mark.parametrize("zero_point", [None, 27.5, 31.4])
def test_the_zero_point_stands_in_either_header(tmp_path, where, zero_point):
    """A missing one was taken for 27.5: a factor 36.3 in SNANA's sets since 2025."""
    path = write(tmp_path, where=where, zero_point=zero_point)
    header, objects = read_snana_fits(path)
    assert header == {"SURVEY": "DES", "FILTERS": "gri", "ZP_FLUXCAL": 27.5 if zero_point is None else zero_point}
    for one, mags in zip(objects, MAGS.values(), strict=True):
        np.testing.assert_allclose(one["flux"], mag_to_njy(mags), rtol=1e-6)
    curve = light_curve(path)
    np.testing.assert_allclose(curve.flux, mag_to_njy(MAGS["SN1"]), rtol=1e-6)
    assert curve.band.tolist() == ["desg", "desr", "desi"]


def test_the_zero_point_of_phot_counts_where_head_has_none(tmp_path):
    path = write(tmp_path, zero_point=31.4, stated=(None, 31.4))
    np.testing.assert_allclose(read_snana_fits(path)[1][0]["flux"], mag_to_njy(MAGS["SN1"]), rtol=1e-6)
    with pytest.raises(ValueError, match=r"X_HEAD\.FITS: ZP_FLUXCAL is 27\.5 and 31\.4 in the two files"):
        read_snana_fits(write(tmp_path, stated=(27.5, 31.4)))


@pytest.mark.parametrize(
    ("options", "bands"),
    [
        ({"survey": "DES", "band": "FLT"}, ["desg", "desr", "desi"]),
        ({"survey": "DES", "prefix": "DES-"}, ["desg", "desr", "desi"]),
        ({"survey": "FOUNDATION", "band": "FLT", "flags": False}, ["ps1::g", "ps1::r", "ps1::i"]),
        ({"survey": "LSST", "band": "FLT", "bands": "uzY", "truth": True}, ["lsstu", "lsstz", "lssty"]),
        ({"survey": "LSST", "prefix": "LSST-", "bands": "uzY"}, ["lsstu", "lsstz", "lssty"]),
    ],
)
def test_des_foundation_and_plasticc(tmp_path, options, bands):
    path = write(tmp_path, **options)
    curve = light_curve(path)
    assert curve.band.tolist() == bands
    np.testing.assert_allclose(curve.flux, mag_to_njy(MAGS["SN1"]), rtol=1e-6)
    one = read_snana_fits(path)[1][0]
    assert one["photflag"].tolist() == [0, 0, 0]
    assert ("true_flux" in one) == options.get("truth", False)
    if "true_flux" in one:
        np.testing.assert_allclose(one["true_flux"], mag_to_njy(MAGS["SN1"]))


def test_one_of_several_is_named(tmp_path):
    path = write(tmp_path)
    with pytest.raises(ReadError, match="holds 2 objects; say which with name=: SN1, SN2"):
        snt.read_light_curve(path)
    with pytest.raises(ReadError, match="no object 'SN3' among 2; give one of it, such as SN"):
        snt.read_light_curve(path, name="SN3")
    with pytest.raises(ReadError, match=r"X_PHOT\.FITS: a PHOT file of SNANA, the measurements alone; give the HEAD"):
        snt.read_light_curve(path.with_name("X_PHOT.FITS"))
    path.with_name("X_PHOT.FITS").unlink()
    with pytest.raises(ReadError, match=r"X_HEAD\.FITS: PHOTFILE is 'X_PHOT\.FITS', which is not in the same folder"):
        snt.read_light_curve(path, name="SN1")


def test_a_supernova_with_what_its_header_says(tmp_path):
    path = write(tmp_path, survey="DES")
    sn = snt.read_supernova(path, name="SN1")
    assert (sn.name, sn.sightline.z, sn.mjd_ref) == ("SN1", pytest.approx(0.1), 60001.0)
    assert sn.sightline.ebv_mw == pytest.approx(0.02)
    assert sn.mjd_ref_meaning == "peak (PEAKMJD of SNANA)"
    assert sn.spectra == ()
    # -9 is not known, and what the caller says wins.
    other = snt.read_supernova(path, name="SN2", z=0.3)
    assert (other.sightline.z, other.mjd_ref, other.mjd_ref_meaning) == (0.3, 60000.0, "first observation")


def test_gzip(tmp_path):
    path = write(tmp_path, zero_point=31.4)
    for one in (path, path.with_name("X_PHOT.FITS")):
        one.with_name(f"{one.name}.gz").write_bytes(gzip.compress(one.read_bytes()))
        one.unlink()
    packed = path.with_name("X_HEAD.FITS.gz")
    np.testing.assert_allclose(light_curve(packed, "SN2").flux, mag_to_njy(MAGS["SN2"]), rtol=1e-6)
    assert len(read_snana_fits(packed)[1]) == 2


TEXT = """\
SURVEY: FOUNDATION
SNID: 2016afk
FILTERS: griz
REDSHIFT_HELIO: 0.0460 +- 0.0010
REDSHIFT_FINAL: 0.0461 +- 0.0010 (CMB)
MWEBV: 0.0334 +- 0.0017
SEARCH_PEAKMJD: 57430.50
NOBS: 2
NVAR: 5
VARLIST: MJD FLT FIELD FLUXCAL FLUXCALERR
OBS: 57425.25 g NULL 1000.0 10.0
OBS: 57426.25 r NULL -50.0 20.0
END:
"""


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("column", ["FLT", "BAND"])
def test_text_without_flags(tmp_path, packed, column):
    path = tmp_path / ("Foundation_DR1.DAT.gz" if packed else "Foundation_DR1.DAT")
    raw = TEXT.replace("FLT", column).encode()
    path.write_bytes(gzip.compress(raw) if packed else raw)
    curve = light_curve(path, None)
    assert curve.band.tolist() == ["ps1::g", "ps1::r"]
    np.testing.assert_allclose(curve.flux, np.array([1000.0, -50.0]) * mag_to_njy(27.5))
    sn = snt.read_supernova(path)
    assert (sn.name, sn.sightline.z, sn.sightline.ebv_mw, sn.mjd_ref) == ("2016afk", 0.046, 0.0334, 57430.5)
    assert sn.mjd_ref_meaning == "peak (SEARCH_PEAKMJD of SNANA)"
