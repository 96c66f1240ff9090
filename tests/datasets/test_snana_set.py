"""Sets in the form of SNANA: every key and column of its own writer, its rules for reading, and what it means."""

import gzip
import warnings
from dataclasses import replace

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits

import sntransport as snt
from sntransport._numerics.units import mag_to_njy
from sntransport.datasets.snana_fits import read_snana_fits, write_snana_fits
from sntransport.datasets.snana_header import COLOR_LAWS, snana_letters
from sntransport.datasets.snana_version import write_snana_version
from sntransport.simulation.events.class_codes import default_codes
from sntransport.simulation.events.distributions import Uniform
from sntransport.spectra.dust import LAWS
from sntransport.transport.templates.sources import hsiao
from tests.datasets.test_formats import curves

# wr_snfitsio_create of SNANA's sntools_dataformat_fits.c (August 2026), for a simulation without spectra.
KEYS = """
CODE_IVERSION SNANA_PATH SNANA_VERSION SURVEY SUBSURVEY_FLAG ZP_FLUXCAL DETINFO_FLAG ATMOS_FLAG PHOTFLAG_DETECT
PHOTFLAG_TRIGGER FILTERS VERSION PHOTFILE NPRIVATE DATATYPE SIMLIB_FILE CALIB_FILE SIMLIB_MSKOPT HOSTLIB_FILE
SIM_MODEL_INDEX SIMOPT_MWCOLORLAW SIM_MWRV SIMOPT_MWEBV SIMOPT_FLUXERR SIM_NSUBSAMPLE_MARK SIM_VARNAME_SNRMON
SIM_SL_FLAG SIM_BIASCOR_MASK WRITE_MASK_HEAD WRITE_MASK_PHOT
"""

# wr_snfitsio_init_head and _host of the same; @ is each letter. Neither the second and third galaxy nor its photometric
# redshift and mass as functions (HOSTGAL2_, HOSTGAL3_, HOSTGALz_) are here, which a host library has.
HEAD = """
SNID FAKE RA DEC PIXSIZE NXPIX NYPIX SNTYPE NOBS PTROBS_MIN PTROBS_MAX MWEBV MWEBV_ERR REDSHIFT_HELIO
REDSHIFT_HELIO_ERR REDSHIFT_FINAL REDSHIFT_FINAL_ERR MASK_REDSHIFT_SOURCE VPEC VPEC_ERR LENSDMU LENSDMU_ERR
HOSTGAL_NMATCH HOSTGAL_NMATCH2 HOSTGAL_OBJID HOSTGAL_FLAG HOSTGAL_PHOTOZ HOSTGAL_PHOTOZ_ERR HOSTGAL_SPECZ
HOSTGAL_SPECZ_ERR HOSTGAL_RA HOSTGAL_DEC HOSTGAL_SNSEP HOSTGAL_DDLR HOSTGAL_CONFUSION HOSTGAL_LOGMASS
HOSTGAL_LOGMASS_ERR HOSTGAL_LOGSFR HOSTGAL_LOGSFR_ERR HOSTGAL_LOGsSFR HOSTGAL_LOGsSFR_ERR HOSTGAL_COLOR
HOSTGAL_COLOR_ERR HOSTGAL_ELLIPTICITY HOSTGAL_OBJID2 HOSTGAL_SQRADIUS HOSTGAL_OBJID_UNIQUE HOSTGAL_MAG_@
HOSTGAL_MAGERR_@ HOSTGAL_SB_FLUXCAL_@ PEAKMJD MJD_TRIGGER MJD_DETECT_FIRST MJD_DETECT_LAST SEARCH_TYPE SIM_MODEL_NAME
SIM_MODEL_INDEX SIM_GENTYPE SIM_TYPE_INDEX SIM_TYPE_NAME SIM_TEMPLATE_INDEX SIM_LIBID SIM_NGEN_LIBID
SIM_NOBS_UNDEFINED SIM_SEARCHEFF_MASK SIM_REDSHIFT_HELIO SIM_REDSHIFT_CMB SIM_REDSHIFT_HOST SIM_REDSHIFT_HOST_MATCH
SIM_REDSHIFT_FLAG SIM_VPEC SIM_HOSTLIB_GALID SIM_SNHOST_DDLR SIM_SNHOST_SEP SIM_DLMU SIM_LENSDMU SIM_MUSHIFT SIM_RA
SIM_DEC SIM_MWEBV SIM_PEAKMJD SIM_MJD_EXPLODE SIM_MAGSMEAR_COH SIM_WGT_POPULATION SIM_AV SIM_RV SIM_PEAKMAG_@
SIM_EXPOSURE_@ SIM_SUBSAMPLE_INDEX
"""

# wr_snfitsio_init_phot; the conditions of a visit (PSF_SIG1 to GAIN) are not kept with a light curve.
PHOT = ["MJD", "BAND", "FIELD", "PHOTFLAG", "PHOTPROB", "FLUXCAL", "FLUXCALERR", "SIM_MAGOBS"]


@pytest.fixture(scope="module")
def lcs():
    population = snt.Population(
        redshift=Uniform(low=0.01, high=0.08), ebv_mw=0.05, peculiar_velocity=300.0, mag_offset=0.1, ebv_host=0.02
    )
    return snt.simulate(
        [hsiao()], snt.load_survey("ztf", years=0.5), population, n=60, seed=1, keep="observed", true_flux=True
    )


@pytest.fixture(scope="module")
def pair(lcs, tmp_path_factory):
    head, phot = write_snana_fits(lcs, tmp_path_factory.mktemp("SET") / "SET")
    with fits.open(head, checksum=True) as hdus, fits.open(phot, checksum=True) as others:
        yield hdus, others, head


def test_all_keys_of_the_primary_header(pair):
    hdus, others, _ = pair
    for file in (hdus, others):
        assert [key for key in file[0].header if key in KEYS.split()] == KEYS.split()
    header = hdus[0].header
    assert header["FILTERS"] == "gr"
    assert (header["SURVEY"], header["DATATYPE"], header["VERSION"]) == ("ZTF", "SIM_SNANA", "SET")
    assert (header["SIMOPT_MWCOLORLAW"], header["SIM_MWRV"], header["SIMOPT_MWEBV"]) == (99, 3.1, 1)
    assert (header["BAND1"], header["BAND2"]) == ("g ztfg", "r ztfr")


def test_all_columns_in_their_order(pair):
    hdus, others, _ = pair
    letters = hdus[0].header["FILTERS"]
    expected = [name.replace("@", letter) for name in HEAD.split() for letter in (letters if "@" in name else "@")]
    names = hdus[1].columns.names
    assert [name for name in names if name in expected] == expected
    # Ours, beyond those.
    assert sorted(set(names) - set(expected)) == ["SIM_CLASS"]
    assert others[1].columns.names == PHOT


def test_every_law_of_dust_has_a_number():
    assert COLOR_LAWS.keys() == LAWS.keys()


def test_rules_of_snanas_reader(pair, lcs):
    """One character a filter, the last of BAND; pointers from 1, both included; -777 behind; SNID from 1, once each."""
    hdus, others, _ = pair
    head, phot = hdus[1].data, others[1].data
    assert set(phot["BAND"]) == {*hdus[0].header["FILTERS"], "-"}
    begin = 1
    for row in head:
        assert (row["PTROBS_MIN"], row["PTROBS_MAX"]) == (begin, begin + row["NOBS"] - 1)
        assert phot["MJD"][row["PTROBS_MAX"]] == -777.0
        begin += row["NOBS"] + 1
    assert begin - 1 == len(phot)
    ids = np.array([int(name) for name in head["SNID"]])
    np.testing.assert_array_equal(ids, lcs.truth.object_id + 1)
    assert not {" ", ","} & set("".join(map(str, [*head["SIM_TYPE_NAME"], *phot["FIELD"]])))


def test_redshifts_and_velocities(pair, lcs):
    head = pair[0][1].data
    apex = SkyCoord(l=264.021, b=48.253, unit="deg", frame="galactic")
    speed = 369.82 * np.cos(SkyCoord(lcs.truth.ra, lcs.truth.dec, unit="deg").separation(apex).rad)
    np.testing.assert_allclose(head["REDSHIFT_HELIO"], lcs.truth.z, rtol=1e-6)
    np.testing.assert_allclose(head["REDSHIFT_FINAL"], (1 + lcs.truth.z) / (1 - speed / 299792.458) - 1, atol=1e-7)
    np.testing.assert_array_equal(head["SIM_REDSHIFT_CMB"], lcs.truth.z_cosmology)
    expected = (1 + lcs.truth.z_cosmology) * (1 + head["SIM_VPEC"].astype(float) / 299792.458) - 1
    np.testing.assert_allclose(expected, lcs.truth.z, atol=1e-8)
    assert np.std(head["SIM_VPEC"]) == pytest.approx(300, rel=0.4)
    assert set(head["VPEC_ERR"]) == {300.0}
    given = replace(lcs, truth=replace(lcs.truth, more={**lcs.truth.more, "z_cmb": lcs.truth.z + 0.001}))
    again = fits.getdata(write_snana_fits(given, pair[2].parent / "given")[0], 1)
    np.testing.assert_allclose(again["REDSHIFT_FINAL"], lcs.truth.z + 0.001, rtol=1e-6)


def test_true_magnitudes_and_the_pull(pair, lcs):
    header, objects = read_snana_fits(pair[2])
    assert header == {"SURVEY": "ZTF", "FILTERS": "gr", "ZP_FLUXCAL": 27.5}
    true = np.concatenate([one["true_flux"] for one in objects])
    np.testing.assert_allclose(true, np.maximum(lcs.true_flux, 0.0), rtol=1e-5)
    assert (true == 0).sum() == (lcs.true_flux == 0).sum()
    flux, err = (np.concatenate([one[name] for one in objects]) for name in ("flux", "flux_err"))
    assert np.std((flux - true) / err) == pytest.approx(1.0, abs=0.03)
    with fits.open(pair[2].with_name("SET_PHOT.FITS")) as hdus:
        data = hdus[1].data[hdus[1].data["MJD"] > 0]
    bright = data["SIM_MAGOBS"] < 90
    np.testing.assert_allclose(mag_to_njy(data["SIM_MAGOBS"][bright]), lcs.true_flux[bright], rtol=1e-5)
    assert set(data["SIM_MAGOBS"][~bright]) <= {np.float32(99.0)}


def test_uncovered_bands_are_undefined(tmp_path, lcs):
    true = np.where(np.arange(lcs.n_obs) % 7, lcs.true_flux, np.nan)
    made = read_snana_fits(write_snana_fits(replace(lcs, true_flux=true), tmp_path / "U")[0])[1]
    np.testing.assert_array_equal(np.isnan(np.concatenate([one["true_flux"] for one in made])), np.isnan(true))
    with fits.open(tmp_path / "U_PHOT.FITS") as hdus:
        assert (hdus[1].data["SIM_MAGOBS"] == 666).sum() == np.isnan(true).sum()


def test_dates_of_detections(pair, lcs):
    head = pair[0][1].data
    for i in range(lcs.n_object):
        rows = slice(lcs.offset[i], lcs.offset[i + 1])
        found = lcs.mjd[rows][(lcs.photflag[rows] & 4096) > 0]
        fired = lcs.mjd[rows][(lcs.photflag[rows] & 2048) > 0]
        assert head["MJD_DETECT_FIRST"][i] == (found[0] if found.size else 1e6)
        assert head["MJD_DETECT_LAST"][i] == (found[-1] if found.size else 1e6)
        assert head["MJD_TRIGGER"][i] == (fired[0] if fired.size else 1e6)
        assert head["SIM_SEARCHEFF_MASK"][i] == fired.size


def test_fields_and_private_variables(tmp_path, lcs):
    number = lcs.truth.more["field_number"]
    assert number.min() >= 0
    head, phot = write_snana_fits(lcs, tmp_path / "F")
    np.testing.assert_array_equal(fits.getdata(head, 1)["SIM_LIBID"], number)
    assert [set(one["field"]) for one in read_snana_fits(head)[1]] == [{name} for name in lcs.truth.more["field"]]
    more = {"field": ["X 1"] * lcs.n_object, "host_z": lcs.truth.z + 1}
    named = replace(lcs, truth=replace(lcs.truth, more=more))
    head, phot = write_snana_fits(named, tmp_path / "F")
    assert set(fits.getdata(phot, 1)["FIELD"]) == {"X_1", "XXXX"}
    header, rows = fits.getheader(head), fits.getdata(head, 1)
    assert (header["NPRIVATE"], header["PRIVATE1"]) == (1, "PRIVATE(host_z)")
    np.testing.assert_array_equal(rows["PRIVATE(host_z)"], lcs.truth.z + 1)
    # Without a number nothing is claimed.
    bare = replace(lcs, truth=replace(lcs.truth, more={}))
    head, phot = write_snana_fits(bare, tmp_path / "F")
    assert set(fits.getdata(head, 1)["SIM_LIBID"]) == {-9}
    assert set(fits.getdata(phot, 1)["FIELD"]) == {"VOID", "XXXX"}


def test_hosts_of_the_truth(tmp_path, lcs):
    n = lcs.n_object
    some = np.arange(n) % 3 > 0
    known = {
        "host_z": np.where(some, 0.3, np.nan), "host_ra": np.where(some, 12.5, np.nan), "host_dec": np.full(n, -3.0),
        "host_separation": np.full(n, 0.7), "host_mag_ztfr": np.full(n, 19.5),
        "has_host_redshift": np.arange(n) % 2 > 0, "has_spectrum": some, "host_zphot": np.full(n, 0.31),
    }  # fmt: skip
    head, _ = write_snana_fits(replace(lcs, truth=replace(lcs.truth, more=known)), tmp_path / "H")
    rows = fits.getdata(head, 1)
    measured = some & known["has_host_redshift"]
    np.testing.assert_array_equal(rows["HOSTGAL_SPECZ"], np.where(measured, np.float32(0.3), np.float32(-9)))
    np.testing.assert_array_equal(rows["HOSTGAL_RA"], np.where(some, 12.5, -999.0))
    np.testing.assert_array_equal(rows["HOSTGAL_NMATCH"], some)
    assert set(rows["HOSTGAL_MAG_r"]) == {np.float32(19.5)}
    assert set(rows["HOSTGAL_MAG_g"]) == {np.float32(999.0)}
    assert set(rows["HOSTGAL_PHOTOZ"]) == {np.float32(0.31)}
    found = fits.getdata(head, 1)["MJD_TRIGGER"] < 1e6
    np.testing.assert_array_equal(rows["SIM_SEARCHEFF_MASK"], found + 2 * some)


def test_what_we_write_we_read_as_supernovae(pair, lcs):
    _, _, head = pair
    i = int(np.argmax(np.diff(lcs.offset)))
    name = str(lcs.truth.object_id[i] + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sn = snt.read_supernova(head, name=name)
        curve = snt.read_light_curve(head, name=name)
    expected = lcs.light_curve(i)
    assert curve.band.tolist() == expected.band.tolist()
    np.testing.assert_allclose(curve.flux, expected.flux, rtol=1e-6)
    np.testing.assert_array_equal(sn.light_curve.mjd, expected.mjd)
    assert sn.sightline.z == pytest.approx(lcs.truth.z[i], rel=1e-6)
    assert sn.sightline.ebv_mw == pytest.approx(0.05, rel=1e-6)
    assert sn.mjd_ref == lcs.truth.mjd_ref[i]


def test_letters():
    assert snana_letters(["lsstu", "lssty", "lsstz"]) == ["u", "Y", "z"]
    assert snana_letters(["ztfg", "ztfr", "atlasc", "atlaso"]) == ["g", "r", "c", "o"]
    # Those of LSST are taken first, and no two bands share one.
    assert snana_letters(["ztfg", "lsstg"]) == ["G", "g"]
    many = [f"{survey}::{band}" for survey in "abcdefghij" for band in "ugriz"]
    assert len(set(snana_letters(many))) == 50
    # The same band of two surveys is the same filter.
    assert snana_letters(["lsstg", "lsstr", "lsstg"]) == ["g", "r", "g"]
    assert snana_letters(["ztfg", "ztfr"], {"ztfg": 1, "ztfr": "x"}) == ["1", "x"]
    for given, message in (
        ({"ztfg": "gg", "ztfr": "r"}, "band 'ztfg' has the code 'gg', expected one letter or digit"),
        ({"ztfg": "g"}, "band 'ztfr' has no code"),
        ({"ztfg": "g", "ztfr": "g"}, "expected one for each"),
    ):
        with pytest.raises(ValueError, match=message):
            snana_letters(["ztfg", "ztfr"], given)
    with pytest.raises(ValueError, match="63 bands, more than SNANA has letters for"):
        snana_letters([f"band{i}" for i in range(63)])


def test_a_survey_is_one_word(tmp_path):
    for survey in ("A B", "Süd"):
        with pytest.raises(ValueError, match="expected one word"):
            write_snana_fits(curves(), tmp_path / "a", survey=survey)
    assert fits.getheader(write_snana_fits(curves(), tmp_path / "a", survey="MINE")[0])["SURVEY"] == "MINE"


def test_list_and_readme_of_a_version(tmp_path):
    folder = tmp_path / "VERSION"
    heads = ["a_HEAD.FITS", "b_HEAD.FITS"]
    told = {"SURVEY": "ZTF", "note": "two\nlines"}
    given = {"bands": {"ztfg": "g"}, "classes": {"Ia": 1}, "templates": ["t 1"], "told": told}
    listed, readme = write_snana_version(folder, heads, **given)
    assert (listed.name, readme.name) == ("VERSION.LIST", "VERSION.README")
    assert listed.read_text() == "a_HEAD.FITS\nb_HEAD.FITS\n"
    lines = readme.read_text().splitlines()
    assert (lines[0], lines[-1]) == ("DOCUMENTATION:", "DOCUMENTATION_END:")
    assert {"    SURVEY: ZTF", "    note: two lines", "    g: ztfg", "    1: Ia", "    1: t 1"} <= set(lines)
    before = [path.stat().st_mtime_ns for path in (listed, readme)]
    write_snana_version(folder, heads, **given)
    assert before == [path.stat().st_mtime_ns for path in (listed, readme)]
    with pytest.raises(ValueError, match=r"500 shards, but SNANA reads at most 499 files .*--chunk"):
        write_snana_version(folder, ["x"] * 500, **given)


def test_sncosmo_reads_ours(pair, lcs):
    import sncosmo

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tables = sncosmo.read_snana_fits(str(pair[2]), str(pair[2].with_name("SET_PHOT.FITS")))
    assert len(tables) == lcs.n_object
    for i, table in enumerate(tables):
        rows = slice(lcs.offset[i], lcs.offset[i + 1])
        np.testing.assert_array_equal(np.asarray(table["MJD"]), lcs.mjd[rows])
        true = np.asarray(table["SIM_MAGOBS"], dtype=float)
        seen = lcs.true_flux[rows] > 0
        np.testing.assert_allclose(mag_to_njy(true[seen]), lcs.true_flux[rows][seen], rtol=1e-5)


def test_codes_of_a_whole_run(tmp_path):
    held = curves()
    codes = default_codes([*held.template_types, "TDE"])
    rows = fits.getdata(write_snana_fits(held, tmp_path / "a", type_codes=codes)[0], 1)
    kinds = [held.template_types[i] for i in held.truth.template]
    assert rows["SNTYPE"].tolist() == [{"II P": 1, "Ia": 2, "Ic": 3}[one] for one in kinds]
    np.testing.assert_array_equal(rows["SIM_GENTYPE"], rows["SNTYPE"])
    np.testing.assert_array_equal(rows["SIM_TYPE_INDEX"], rows["SNTYPE"])
    assert rows["SIM_TYPE_NAME"].tolist() == [one.replace(" ", "") for one in kinds]
    assert rows["SIM_CLASS"].tolist() == [{"II P": "II", "Ia": "Ia", "Ic": "Ib/c"}[one] for one in kinds]


def test_gzip(tmp_path, lcs):
    head, phot = write_snana_fits(lcs, tmp_path / "Z")
    plain = read_snana_fits(head)
    for path in (head, phot):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    packed = read_snana_fits(tmp_path / "Z_HEAD.FITS.gz")
    assert packed[0] == plain[0]
    np.testing.assert_array_equal(packed[1][3]["flux"], plain[1][3]["flux"])


@pytest.mark.parametrize("number", [True, False])
def test_hosts_can_be_joined_and_their_photo_z_weighed(tmp_path, lcs, number):
    n = lcs.n_object
    names = np.arange(n) + 7
    more = {
        "host_id": names if number else names.astype(str), "host_zphot": np.full(n, 0.3),
        "host_zphot_err": np.linspace(0.01, 0.05, n), "host_separation": np.linspace(0.1, 2.0, n),
    }  # fmt: skip
    held = replace(lcs, truth=replace(lcs.truth, more={**lcs.truth.more, **more}))
    head = fits.getdata(write_snana_fits(held, tmp_path / "a")[0], 1)
    np.testing.assert_allclose(head["HOSTGAL_PHOTOZ_ERR"], more["host_zphot_err"], rtol=1e-6)
    np.testing.assert_allclose(head["SIM_SNHOST_SEP"], more["host_separation"], rtol=1e-6)
    np.testing.assert_array_equal(head["HOSTGAL_OBJID"], names if number else 0)
    np.testing.assert_array_equal(head["SIM_HOSTLIB_GALID"], names if number else -9)
