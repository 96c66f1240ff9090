"""What tests/fuzz/fuzz_readers.py found, each as the smallest case that shows it."""

import gzip
import json
import sqlite3

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from sntransport._numerics.arrays import readonly
from sntransport._storage.config_schema import Table as SchemaTable
from sntransport._storage.config_schema import checked
from sntransport._storage.config_sections import Section
from sntransport._storage.fits_tables import require_intact
from sntransport._storage.read_error import ReadError
from sntransport.datasets.nested_parquet import read_nested_parquet, write_nested_parquet
from sntransport.datasets.snana_fits import read_snana_fits, write_snana_fits
from sntransport.export import snana_spectra
from sntransport.export.snana_check import check_folder
from sntransport.photometry.bands import read_bandpass
from sntransport.reading import spectrum_files
from sntransport.reading.account import Account, distance_from_z
from sntransport.reading.spectrum_files import read_spectrum_file
from sntransport.simulation.config import read_simulation
from sntransport.simulation.events.config import read_population
from sntransport.simulation.events.config_keys import EVENTS
from sntransport.simulation.events.distributions import Tabulated
from sntransport.simulation.events.host_files import read_hosts
from sntransport.simulation.events.rates import Cosmology
from sntransport.simulation.noise.snana_error_maps import read_error_maps
from sntransport.simulation.selection.snana_searcheff import read_searcheff
from sntransport.simulation.surveys import noise
from sntransport.simulation.surveys.formats.rubin_opsim import read_opsim
from sntransport.simulation.surveys.formats.snana_simlib import read_simlib
from sntransport.simulation.surveys.formats.visit_tables import read_visits
from tests.datasets.test_formats import BANDS, curves
from tests.fuzz import fuzz_readers
from tests.simulation.events.test_host_files import HOSTLIB, WEIGHTS
from tests.simulation.surveys.formats.test_rubin_opsim import a_row
from tests.simulation.surveys.formats.test_rubin_opsim import write as write_opsim
from tests.simulation.surveys.formats.test_snana_simlib import block, visit
from tests.simulation.surveys.formats.test_snana_simlib import write as write_simlib

READERS = (
    "osc", "folder", "surveys", "simlib", "opsim", "visits_csv", "visits_ecsv", "visits_parquet", "fits_spectrum",
    "dust", "redshifts", "parameters", "hosts", "efficiencies", "searcheff", "config", "model", "parquet", "snana",
    "series", "augment", "filter_text", "filter_ecsv",
)  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_a_few_seeded_cases_of_every_reader(name, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert fuzz_readers.run(name, 12, 7) == 0, capsys.readouterr().out


def test_simlib_visit_without_fields_is_named_and_does_not_shift_the_others(tmp_path):
    path = write_simlib(tmp_path / "a.simlib", block([visit(), "S:", visit("z")]))
    with pytest.raises(ReadError, match=r"a\.simlib: line 18: 0 fields after S:, expected 11 or more"):
        read_simlib(path)


def test_simlib_with_huge_numbers(tmp_path):
    survey = read_simlib(write_simlib(tmp_path / "a.simlib", block(libid="9" * 30)))
    assert survey.field.tolist() == [-1]
    path = write_simlib(tmp_path / "b.simlib", block([visit(coadd="*" + "9" * 400)]))
    with pytest.raises(ReadError, match="expected ID or ID"):
        read_simlib(path)
    keys = "TEMPLATE_ZPT: 1e300 31 31 31\nTEMPLATE_SKYSIG: 5 5 5 5"
    path = write_simlib(tmp_path / "c.simlib", block(), keys=keys)
    with pytest.raises(ReadError, match=r"TEMPLATE_ZPT of its block is 1e\+300; give a zero point within 10 and 60"):
        read_simlib(path)


def test_simlib_with_a_damaged_gzip_stream(tmp_path):
    raw = bytearray(gzip.compress(write_simlib(tmp_path / "a.simlib", block()).read_bytes()))
    raw[30:60] = bytes(30)
    (tmp_path / "a.simlib.gz").write_bytes(raw)
    with pytest.raises(ReadError, match=r"a\.simlib\.gz: cannot be read as text"):
        read_simlib(tmp_path / "a.simlib.gz")


def test_opsim_with_a_damaged_page(tmp_path):
    path = write_opsim(tmp_path / "a.db", [a_row(i) for i in range(12)])
    raw = bytearray(path.read_bytes())
    with sqlite3.connect(path) as database:
        page = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'observations'").fetchone()[0]
        size = database.execute("PRAGMA page_size").fetchone()[0]
    database.close()
    raw[(page - 1) * size : (page - 1) * size + 100] = b"\xff" * 100
    path.write_bytes(raw)
    with pytest.raises(ReadError, match=r"a\.db: the database cannot be read"):
        read_opsim(path)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("60000.5,lsstg,11,-31,32.2,0.9,1e300,9,1.5,8", "sky is not a number, 0 or more"),
        ("60000.5,lsstg,11,-31,32.2,0.9,13,9,1e-320,8", "gain is not above 0"),
        ("60000.5,lsstg,11,-31,32.2,1e300,13,9,1.5,8", "fwhm is not above 0"),
    ],
)
def test_visits_with_absurd_numbers_are_left_out(tmp_path, row, message):
    head = "mjd,band,ra,dec,zero_point,fwhm,sky_noise,read_noise,gain,field\n"
    good = "60001.5,lsstr,10,-30,32.1,0.8,12,9,1.5,1e300\n"
    (tmp_path / "a.csv").write_text(head + good + row + "\n")
    survey = read_visits(tmp_path / "a.csv", radius=1.0, pixel_scale=0.2)
    assert (survey.n_visit, survey.field.tolist()) == (1, [-1])
    assert any(message in note for note in survey.notes), survey.notes


@pytest.mark.parametrize("value", [np.nan, -0.1, 10**400, {1: 0.1, "lsstg": 0.1}])
def test_visits_with_a_senseless_calibration_error(tmp_path, value):
    (tmp_path / "a.csv").write_text("mjd,band,ra,dec,depth\n60001.5,lsstr,10,-30,24\n")
    with pytest.raises(ReadError, match=r"a\.csv: zero_point_error "):
        read_visits(tmp_path / "a.csv", radius=1.0, zero_point_error=value)


def test_opsim_with_absurd_numbers(tmp_path):
    odd = [{"visitExposureTime": 1e300}, {"airmass": 1e300}, {"seeingFwhmEff": 1e-300}, {"fieldId": 1e300}]
    path = write_opsim(tmp_path / "a.db", [a_row(i, **one) for i, one in enumerate(odd)])
    survey = read_opsim(path)
    assert survey.n_visit == 2
    assert survey.saturation[0] == np.inf
    assert survey.field[1] == -1


POPULATION = '[[population]]\nname = "a"\ntemplates = ["{templates}"]\nredshift = {redshift}\nobjects = 3\n'

PLAIN = POPULATION.format(templates="hsiao", redshift=0.1)


def test_a_redshift_beyond_all_supernovae(tmp_path):
    with pytest.raises(ReadError, match=r"sn\.toml: z is 1e\+12, no redshift"):
        distance_from_z(tmp_path / "sn.toml", 1e12, Account())


def test_efficiencies_of_two_filters_that_are_one_band(tmp_path):
    path = tmp_path / "eff.dat"
    rows = "SNR: 1 0.1\nSNR: 10 0.9\n"
    path.write_text("".join(f"FILTER: {letter}\n{rows}" for letter in "gyY"))
    with pytest.raises(ReadError, match=r"filters 'y' and 'Y' are both band 'lssty'; leave one"):
        read_searcheff(path, prefix="lsst")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'{PLAIN}[[survey]]\nsource = "{"a" * 300}"', "survey[0].source: aaaa"),
        (f'{PLAIN}[[survey]]\nsource = "["', "survey[0].source: [: no survey of that name and no such file"),
        ('[[survey]]\nsource = "ztf"\nyears = "a"', "survey[0].years: is 'a'; expected a finite number"),
        (f'{PLAIN}[[survey]]\nsource = "ztf"\nseed = -1', "survey[0].source: ztf with {'seed': -1} cannot be made"),
        (f"[cosmology]\nh0 = 1{'0' * 400}", "cosmology.h0: is a number of 401 digits"),
        (f"dates = [1{'0' * 400}, 2]", "dates: is a number of 401 digits"),
        (POPULATION.format(templates="", redshift=0.1), "population[0].templates: '' is no pattern of files"),
        (POPULATION.format(templates="x**y", redshift=0.1), "population[0].templates: "),
        (POPULATION.format(templates="a" * 300, redshift=0.1), "population[0].templates: "),
        (POPULATION.format(templates=".", redshift=0.1), "population[0].templates: "),
        (
            POPULATION.format(templates="hsiao", redshift=0.1) + 'peak_mag = -1e4\npeak_band = "bessellb"\n',
            "population[0].peak_mag: is -10000",
        ),
        (
            POPULATION.format(templates="hsiao", redshift='{rate = "dilday2008", range = [0.1, 1e200]}'),
            "population[0].redshift.rate: z_min is 0.1 and z_max 1e+200",
        ),
        ("[cosmology]\nh0 = 1e-200", "cosmology.h0: is 1e-200; expected 1 to 1000"),
        ("[cosmology]\nom0 = 1e-300", "cosmology.om0: is 1e-300; expected 0.001 to 1"),
        ("a = " + "[" * 10000 + "]" * 10000, "nested too deeply"),
    ],
)  # fmt: skip
def test_configuration_that_makes_no_sense(tmp_path, text, message):
    survey = "" if "survey" in text else '\n[[survey]]\nsource = "visits.csv"\nradius = 1.0\n'
    (tmp_path / "visits.csv").write_text("mjd,band,ra,dec,depth\n60001.5,ztfr,10,-30,20\n")
    (tmp_path / "c.toml").write_text(text + "\n" + survey)
    with pytest.raises(ReadError) as caught:
        read_simulation(tmp_path / "c.toml")
    assert str(caught.value).startswith(str(tmp_path / "c.toml"))
    assert message in str(caught.value)


@pytest.mark.parametrize("detector", ["photon", "energy"])
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("4000 0\n5000 1\n1e300 0", "wave from 4000 to 1e+300 A"),
        ("5e-324 0\n5000 1\n6000 0", "wave from 4.94066e-324 to 6000 A"),
        ("4000 0\n5000 1e307\n6000 0", "A and throughput up to "),
        ("4000 0\n5000 1e-300\n6000 0", "expected wave from 0.001 to 1e+12 A and throughput of 1e-100 to 1e+100"),
        ("0 0\n5000 1\n6000 0", "wave[0] is 0"),
        ("nan 1\n5000 1\n6000 0", "wave[0] is not finite"),
    ],
)
def test_filter_curve_of_absurd_numbers(tmp_path, rows, message, detector):
    path = tmp_path / "a.dat"
    path.write_text(rows)
    with pytest.raises(ValueError, match=r"a\.dat: ") as caught:
        read_bandpass(path, detector=detector)
    assert message in str(caught.value)


ECSV = "# %ECSV 1.0\n# ---\n# datatype:\n# - {{name: wavelength}}\n# - {{name: {column}}}\n# meta: {meta}\n"


@pytest.mark.parametrize(
    ("column", "meta", "message"),
    [
        ("5", "{}", "has the columns wavelength, 5, expected wavelength and throughput"),
        ("throughput", "[" * 2000 + "]" * 2000, "the ECSV header cannot be read"),
        ("throughput", f"{{vega_ab: 1{'0' * 400}}}", "int too large to convert to float"),
        ("throughput", "{vega_ab: .inf}", "vega_ab is inf and vega_mag 0.0, expected finite magnitudes"),
        ("throughput", "{vega_mag: .nan}", "vega_ab is nan and vega_mag nan, expected finite magnitudes"),
    ],
)
def test_filter_curve_with_an_odd_header(tmp_path, column, meta, message):
    path = tmp_path / "a.ecsv"
    path.write_text(ECSV.format(column=column, meta=meta) + f"wavelength {column}\n4000 0\n5000 1\n6000 0\n")
    with pytest.raises(ValueError, match=r"a\.ecsv: ") as caught:
        read_bandpass(path)
    assert message in str(caught.value)


def test_an_image_of_absurd_width_never_saturates():
    assert noise.saturation_flux(1.0, 1e300, 1e5) == np.inf


@pytest.mark.parametrize("value", [[1.5], [np.nan], [np.inf], [300], [-1], [300.0], [10**30]])
def test_what_is_no_small_whole_number_is_refused_as_one(value):
    with pytest.raises(ValueError, match="index cannot be read as numbers"):
        readonly(value, "index", dtype=np.uint8)


def test_model_folder_with_a_name_that_is_too_long(tmp_path):
    (tmp_path / "NON1A.LIST").write_text(f"NON1A: 1 II {'a' * 300}\n")
    assert any("no file 'aaa" in one.text for one in check_folder(tmp_path).findings)


def test_model_folder_with_digits_that_are_none(tmp_path):
    (tmp_path / "NON1A.LIST").write_text("NON1A: 1 II a\n")
    (tmp_path / "M.INPUT").write_text("GENMODEL: M\nNON1A_KEYS: ² INDEX WGT\nNON1A: 1 1\n", encoding="utf-8")
    assert any("NON1A_KEYS: '² INDEX WGT'" in one.text for one in check_folder(tmp_path).findings)


def test_model_folder_with_a_decompression_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(snana_spectra, "_LARGEST", 2**20)
    (tmp_path / "NON1A.LIST").write_text("NON1A: 1 II a\n")
    (tmp_path / "a.SED.gz").write_bytes(gzip.compress(b"0" * 2**21))
    assert any("cannot be decompressed: more than 1 MiB" in one.text for one in check_folder(tmp_path).findings)


def spoiled_parquet(path, change):
    """The file with its table changed."""
    import pyarrow.parquet as pq

    write_nested_parquet(curves(), path)
    table = pq.read_table(path)
    pq.write_table(change(table), path)
    return path


def metadata(key, value):
    def change(table):
        held = json.loads(table.schema.metadata[b"sntransport"])
        return table.replace_schema_metadata({"sntransport": json.dumps(held | {key: value})})

    return change


def with_null(name):
    def change(table):
        import pyarrow as pa

        at = table.column_names.index(name)
        column = table.column(at)
        return table.set_column(at, name, pa.array([None, *column.to_pylist()[1:]], column.type))

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop_columns(["weight"]), "no column weight, or two"),
        (lambda table: table.append_column("weight", table["z"]), "no column weight, or two"),
        (lambda table: table.slice(0, 0), "no objects in it"),
        (lambda table: table.replace_schema_metadata({"sntransport": "{"}), "Expecting property name"),
        (lambda table: table.replace_schema_metadata({"sntransport": "[]"}), "its metadata are another program's"),
        (metadata("template_names", "abc"), "template_names in the metadata is no list of names"),
        (metadata("bands", ["lsstu"]), "band 'lsstg' is not in the metadata"),
        (metadata("bands", [*BANDS, "ztfg"]), "peak_mag needs 7 values an object"),
        (with_null("z"), "z has nulls"),
        (with_null("lightcurve"), "lightcurve has nulls"),
    ],
)
def test_nested_parquet_with_a_part_missing(tmp_path, change, message):
    path = spoiled_parquet(tmp_path / "a.parquet", change)
    with pytest.raises(ValueError, match=r"a\.parquet: not a training set of sntransport") as caught:
        read_nested_parquet(path)
    assert message in str(caught.value)


def test_nested_parquet_that_is_damaged_or_none(tmp_path):
    path = write_nested_parquet(curves(), tmp_path / "a.parquet")
    for raw in (b"", b"PAR1", path.read_bytes()[:-9], b"x" * 300):
        path.write_bytes(raw)
        with pytest.raises(ValueError, match=r"a\.parquet: not a training set of sntransport"):
            read_nested_parquet(path)
    with pytest.raises(FileNotFoundError):
        read_nested_parquet(tmp_path / "b.parquet")


@pytest.mark.parametrize("name", ["../secret.FITS", "/etc/passwd", "", ".."])
def test_snana_pair_does_not_lead_out_of_its_folder(tmp_path, name):
    head, _ = write_snana_fits(curves(), tmp_path / "a")
    with fits.open(head, mode="update") as hdus:
        hdus[1].header["PHOTFILE"] = name
    with pytest.raises(ValueError, match=r"a_HEAD\.FITS: PHOTFILE is .*, not the name of a file in the same folder"):
        read_snana_fits(head)


def test_snana_pair_without_its_photometry(tmp_path):
    head, phot = write_snana_fits(curves(), tmp_path / "a")
    whole = head.read_bytes()
    head.write_bytes(whole.replace(b"a_PHOT.FITS", b"a_PHOT\x00FITS"))
    with pytest.raises(ValueError, match=r"a_HEAD\.FITS: .*PHOTFILE"):
        read_snana_fits(head)
    head.write_bytes(whole)
    phot.rename(tmp_path / "b.FITS")
    with pytest.raises(ValueError, match=r"a_HEAD\.FITS: PHOTFILE is 'a_PHOT\.FITS', which is not in the same folder"):
        read_snana_fits(head)


def test_snana_fluxes_beyond_all_numbers(tmp_path):
    head, phot = write_snana_fits(curves(), tmp_path / "a")
    for value, refused in ((np.nan, False), (np.inf, True)):
        with fits.open(phot, mode="update") as hdus:
            hdus[1].data["FLUXCALERR"][0] = value
        if refused:
            with pytest.raises(ValueError, match=r"row 1: a FLUXCAL or FLUXCALERR of PHOT is infinite"):
                read_snana_fits(head)
        else:
            assert np.isnan(read_snana_fits(head)[1][0]["flux_err"][0])


def test_snana_flux_that_is_a_signaling_nan(tmp_path):
    """It raises a warning of numpy's when it is touched."""
    head, phot = write_snana_fits(curves(), tmp_path / "a")
    flux = read_snana_fits(head)[1][0]["flux"]
    with fits.open(phot) as hdus:
        stored = np.array(hdus[1].data["FLUXCAL"][:1], dtype=">f4").tobytes()
    raw = phot.read_bytes()
    at = raw.index(stored, raw.index(b"BINTABLE"))
    phot.write_bytes(raw[:at] + b"\x7f\x80\x00\x01" + raw[at + 4 :])
    got = read_snana_fits(head)[1][0]["flux"]
    assert np.isnan(got[0])
    np.testing.assert_array_equal(got[1:], flux[1:])


def test_snana_pair_with_parts_missing(tmp_path):
    head, phot = write_snana_fits(curves(), tmp_path / "a")
    whole = phot.read_bytes()
    for raw in (b"", whole[:2880], b"x" * 2880):
        phot.write_bytes(raw)
        with pytest.raises(ValueError, match=r"a_PHOT\.FITS: not a FITS file with a table"):
            read_snana_fits(head)
    Table({"MJD": [1.0], "BAND": ["g"]}).write(phot, format="fits", overwrite=True)
    with pytest.raises(ValueError, match=r"a_PHOT\.FITS: no column FLUXCAL"):
        read_snana_fits(head)
    with fits.open(head, mode="update") as hdus:
        hdus[1].header["HIERARCH ZP_FLUXCAL"] = "none"
    phot.write_bytes(whole)
    with pytest.raises(ValueError, match=r"a_HEAD\.FITS: ZP_FLUXCAL is 'none'"):
        read_snana_fits(head)


@pytest.mark.parametrize("key", ["GCOUNT", "PCOUNT", "NAXIS2"])
def test_fits_that_counts_below_zero_is_not_read_for_ever(tmp_path, key):
    """astropy goes back by the negative size of an HDU, and reads it again."""
    head, phot = write_snana_fits(curves(), tmp_path / "a")
    raw = phot.read_bytes()
    at = raw.index(key.encode().ljust(8) + b"=", raw.index(b"BINTABLE"))
    phot.write_bytes(raw[: at + 10] + b"-1".rjust(20) + raw[at + 30 :])
    with pytest.raises(ValueError, match=rf"a_PHOT\.FITS: .*a FITS header counts below zero \({key}"):
        read_snana_fits(head)
    for name, content in (("s.fits", phot.read_bytes()), ("s.fits.gz", gzip.compress(phot.read_bytes()))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ReadError, match=rf"{name}: not a valid FITS file \(a FITS header counts below zero"):
            read_spectrum_file(tmp_path / name)
    with pytest.raises(ValueError, match="a FITS header counts below zero"):
        require_intact(phot.read_bytes())


def test_spectrum_that_is_a_decompression_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(spectrum_files, "MAX_SINGLE_BYTES", 2**20)
    (tmp_path / "s.fits.gz").write_bytes(gzip.compress(bytes(2**21)))
    with pytest.raises(ReadError, match=r"s\.fits\.gz: larger than 1 MiB"):
        read_spectrum_file(tmp_path / "s.fits.gz")


@pytest.mark.parametrize("card", ["NAXIS   = 99999999999999999999", "naxis   =                 1000", "TFIELDS =  5000",
                                  "HIERARCH NAXIS = 4000", "NAXIS1  =  99999999999"])  # fmt: skip
def test_fits_that_counts_beyond_what_there_is_is_not_read_for_ever(tmp_path, card):
    """astropy asks for each axis and column that a header announces."""
    Table({"wave": [4000.0, 5000.0], "flux": [1.0, 2.0]}).write(tmp_path / "s.fits")
    raw = (tmp_path / "s.fits").read_bytes()
    at = raw.index(b"NAXIS   =", raw.index(b"BINTABLE"))
    (tmp_path / "s.fits").write_bytes(raw[:at] + card.ljust(80).encode() + raw[at + 80 :])
    with pytest.raises(
        ReadError, match=r"s\.fits: not a valid FITS file \(a FITS header counts more than there can be"
    ):
        read_spectrum_file(tmp_path / "s.fits")


def population(tmp_path, **values):
    section = Section(path=tmp_path / "c.toml", where="population[0]", values={"redshift": 0.05, **values})
    return read_population(checked(section, SchemaTable(keys=EVENTS)), Cosmology())


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"ra": [1.0, 2.0], "dec": [0.0, 0.0], "ebv": [0.1, -0.5]}, "ebv, row 2: -0.5, below 0"),
        ({"ra": np.zeros(0), "dec": np.zeros(0), "ebv": np.zeros(0)}, "need the same length, one or more"),
    ],
)
def test_dust_that_makes_no_sense(tmp_path, rows, message):
    Table(rows).write(tmp_path / "dust.fits")
    with pytest.raises(ReadError, match=r"c\.toml: population\[0\]\.ebv_mw\.table: ") as caught:
        population(tmp_path, ebv_mw={"table": "dust.fits"})
    assert message in str(caught.value)


def test_a_scatter_of_color_beyond_all_numbers(tmp_path):
    Table({"wave": [4000.0, 5000.0], "sigma": [0.1, 1e300]}).write(tmp_path / "s.csv")
    with pytest.raises(ReadError, match=r"color_scatter: sigma has values that are not within 0 and 100 mag"):
        population(tmp_path, color_scatter={"sigma_table": "s.csv", "length": 0.3})


def test_a_unit_that_is_infinite(tmp_path):
    """astropy reads 1E999 as a unit, and divides by it."""
    Table({"ra": [1.0], "dec": [0.0], "ebv": [0.1]}, units={"ebv": "mag"}).write(tmp_path / "dust.fits")
    raw = (tmp_path / "dust.fits").read_bytes()
    at = raw.index(b"TUNIT3")
    (tmp_path / "dust.fits").write_bytes(raw[: at + 10] + b"1E999".ljust(70) + raw[at + 80 :])
    with pytest.raises(ReadError, match=r"dust\.fits: "):
        population(tmp_path, ebv_mw={"table": "dust.fits"})


def test_a_column_of_text_with_a_unit(tmp_path):
    Table({"ra": [1.0], "dec": [0.0], "ebv": ["x"]}, units={"ebv": "mag"}).write(tmp_path / "dust.ecsv")
    with pytest.raises(ReadError, match="ebv has the unit mag, but is no column of numbers"):
        population(tmp_path, ebv_mw={"table": "dust.ecsv"})


@pytest.mark.parametrize("scale", [1e300, 1e-300])
def test_densities_of_any_scale_are_drawn_alike(scale):
    value, density = [0.01, 0.05, 0.1], np.array([0.0, 1.0, 3.0])
    expected = Tabulated(value=value, density=density).draw(np.random.default_rng(1), 1000)
    drawn = Tabulated(value=value, density=scale * density).draw(np.random.default_rng(1), 1000)
    np.testing.assert_allclose(drawn, expected, rtol=1e-12)


def test_error_maps_with_two_lists_of_variables(tmp_path):
    path = tmp_path / "a.dat"
    for text in ("MAPNAME: A\nVARNAMES: PSF ERRSCALE\nROW: 1 2\nVARNAMES: ERRSCALE\nROW: 1\nENDMAP:\n",
                 "VARNAMES: PSF ERRSCALE\nMAPNAME: A\nROW: 1 2\nENDMAP:\n"):  # fmt: skip
        path.write_text(text)
        with pytest.raises(ReadError, match=r"a\.dat: line \d: VARNAMES: before MAPNAME:, or a second one"):
            read_error_maps(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("22.5 21.0", "x 21.0"), "mag_lsstg holds texts"),
        (("10.0 10.5", "x 10.5"), "angle holds texts"),
        (("0.32 0.05", "x 0.05"), "zphot holds texts"),
        ((" 10.5 DEEP", " x DEEP"), "logmass holds texts"),
        (("101 52.1", "x 52.1"), "GALID has values that are no whole numbers"),
        ((" DEEP\n", f" {'D' * 300}\n"), "SURVEY has a text of 300 letters; use 200 at most"),
    ],
)
def test_galaxies_with_text_in_place_of_numbers(tmp_path, change, message):
    path = tmp_path / "a.HOSTLIB"
    path.write_text(HOSTLIB.replace(*change))
    with pytest.raises(ReadError, match=r"a\.HOSTLIB: ") as caught:
        read_hosts(path, bands={"g": "lsstg"})
    assert message in str(caught.value)


def test_a_weight_map_with_a_value_that_is_none(tmp_path):
    path = tmp_path / "a.HOSTLIB"
    path.write_text(WEIGHTS.replace("WGT: 10.0", "WGT: nan") + HOSTLIB)
    with pytest.raises(ReadError, match="have not all 3 finite numbers"):
        read_hosts(path)


def test_galaxies_whose_texts_are_no_text(tmp_path):
    Table({"z": [0.1, 0.2], "kind": ["red", "blue"]}).write(tmp_path / "a.fits")
    raw = (tmp_path / "a.fits").read_bytes().replace(b"blue", b"\xf0lue")
    (tmp_path / "a.fits").write_bytes(raw)
    with pytest.raises(ReadError, match=r"a\.fits: column kind holds neither numbers nor text"):
        read_hosts(tmp_path / "a.fits")


def test_headers_of_lists_of_lists(tmp_path):
    """Ten lines of YAML that are more than all memory once they are written out."""
    lists = "".join(f"#   a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12))
    head = "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: wave, datatype: float64}\n# - {name: flux, datatype: float64}\n"
    meta = f"# meta:\n#   a0: &a0 [x, x]\n{lists}#   mjd: *a11\n#   instrument: *a11\n#   MEDIUM: air\n"
    (tmp_path / "a.ecsv").write_text(f"{head}{meta}wave flux\n4000 1\n5000 2\n")
    assert read_spectrum_file(tmp_path / "a.ecsv").medium == "air"


def test_a_message_about_a_long_line_is_short(tmp_path):
    (tmp_path / "a.txt").write_text(f"4000 {'x' * 100_000}\n5000 1\n")
    with pytest.raises(ReadError) as caught:
        read_spectrum_file(tmp_path / "a.txt")
    assert len(str(caught.value)) < 5000
