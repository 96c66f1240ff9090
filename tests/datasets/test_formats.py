"""Training sets in every format, read back by the clients they are for."""

import csv
import dataclasses
import warnings
from dataclasses import replace

import numpy as np
import pytest

from sntransport._numerics.units import mag_to_njy, njy_at_zero_point
from sntransport.datasets.atat_hdf5 import cube, write_atat
from sntransport.datasets.elasticc_parquet import write_elasticc
from sntransport.datasets.images import light_curve_image, series_image, spectrum_image
from sntransport.datasets.lcdata_hdf5 import write_lcdata
from sntransport.datasets.nested_parquet import read_nested_parquet, write_nested_parquet
from sntransport.datasets.plasticc_csv import write_plasticc
from sntransport.datasets.snana_fits import read_snana_fits, write_snana_fits
from sntransport.datasets.tokens import astromer_windows, write_astromer, write_tokens
from sntransport.simulation.light_curves import TRUTH_FIELDS, LightCurves, Truth
from sntransport.spectra.series import SpectralSeries

BANDS = ("lsstu", "lsstg", "lsstr", "lssti", "lsstz", "lssty")


def curves(n_object=7, n_each=30, *, seed=1, bands=BANDS):
    """Random light curves; object 2 has no measurements, object 3 one flux that is not known."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(n_each // 2, n_each, n_object)
    counts[2] = 0
    n_obs = int(counts.sum())
    offset = np.concatenate([[0], np.cumsum(counts)])
    mjd = np.concatenate([60000 + np.sort(rng.uniform(0, 90, count)) for count in counts])
    flux = rng.normal(3e3, 4e3, n_obs)
    flux[offset[3] + 1] = np.nan
    flux[offset[0]] = mag_to_njy(20.0)
    flag = np.where(rng.random(n_obs) < 0.5, 4096, 0)
    flag[offset[4] + 2] = 4096 + 2048
    numbers = {item.name: rng.uniform(0.01, 1.0, n_object) for item in TRUTH_FIELDS}
    ids = rng.permutation(np.array([5, 17, 100, 2**31 - 1, 9, 1000000, 42, *range(2000, 2000 + n_object)])[:n_object])
    numbers |= {"object_id": ids, "template": rng.integers(0, 3, n_object), "ra": rng.uniform(0, 360, n_object)}
    shape = (n_object, len(bands))
    numbers |= {"peak_mag": rng.uniform(18, 25, shape), "peak_mjd": rng.uniform(6e4, 6.1e4, shape)}
    return LightCurves(
        bands=bands,
        surveys=("lsst",) * len(bands),
        offset=offset,
        mjd=mjd,
        band=rng.integers(0, len(bands), n_obs),
        flux=flux,
        flux_err=rng.uniform(50, 500, n_obs),
        photflag=flag,
        truth=Truth(**numbers, more={"host_z": rng.uniform(0, 1, n_object), "host_kind": ["E"] * n_object}),
        template_names=("a", "b", "c"),
        template_types=("Ia", "II P", "Ic"),
        meta={"seed": 1},
    )


def by_id(held):
    """Measurements with a flux by identifier."""
    out = {}
    for i in range(held.n_object):
        rows = np.arange(held.offset[i], held.offset[i + 1])
        rows = rows[np.isfinite(held.flux[rows])]
        out[int(held.truth.object_id[i])] = (held.mjd[rows], held.band[rows], held.flux[rows], held.flux_err[rows])
    return out


def test_a_source_of_20_mag_in_each_system():
    flux = mag_to_njy(20.0)
    assert flux == pytest.approx(36307.8, abs=0.1)
    assert flux * njy_at_zero_point(27.5) == pytest.approx(1000.0, rel=1e-12)
    assert flux * njy_at_zero_point(25.0) == pytest.approx(100.0, rel=1e-12)
    assert flux * njy_at_zero_point(31.4) == pytest.approx(36307.8, abs=0.1)


def test_nested_parquet_loses_nothing(tmp_path):
    held = curves()
    again = read_nested_parquet(write_nested_parquet(held, tmp_path / "a.parquet"))
    for name in ("offset", "mjd", "band", "flux", "flux_err", "photflag"):
        np.testing.assert_array_equal(getattr(again, name), getattr(held, name))
    assert again.truth.columns().keys() == held.truth.columns().keys()
    for name, column in held.truth.columns().items():
        np.testing.assert_array_equal(again.truth.columns()[name], column)
    assert again.bands == held.bands
    assert again.meta == {"seed": 1}
    part = read_nested_parquet(write_nested_parquet(held.take([4, 1]), tmp_path / "b.parquet"))
    np.testing.assert_array_equal(part.flux, held.take([4, 1]).flux)
    with pytest.raises(ValueError, match="not a training set"):
        read_nested_parquet(write_tokens(held, tmp_path / "t.parquet"))


def test_nested_parquet_keeps_true_fluxes_and_which_survey_a_band_is_of(tmp_path):
    held = curves(bands=("lsstg", "lsstr", "lsstg"))
    held = replace(held, surveys=("wfd", "wfd", "ddf"), true_flux=held.flux + 1)
    again = read_nested_parquet(write_nested_parquet(held, tmp_path / "a.parquet"))
    np.testing.assert_array_equal(again.true_flux, held.true_flux)
    np.testing.assert_array_equal(again.band, held.band)
    assert (again.bands, again.surveys) == (held.bands, held.surveys)
    assert read_nested_parquet(write_nested_parquet(curves(), tmp_path / "b.parquet")).true_flux is None


def test_nested_parquet_in_nested_pandas(tmp_path):
    nested = pytest.importorskip("nested_pandas")
    held = curves()
    frame = nested.read_parquet(write_nested_parquet(held, tmp_path / "a.parquet"))
    assert "lightcurve" in frame.nested_columns
    assert list(frame["object_id"]) == list(held.truth.object_id)
    flat = frame["lightcurve"].iloc[0]
    np.testing.assert_array_equal(flat["flux"], held.flux[: held.offset[1]])
    assert flat["band"].iloc[0] == held.bands[held.band[0]]


def test_snana_pair_in_sncosmo_and_in_our_reader(tmp_path):
    import sncosmo

    held = curves()
    head, phot = write_snana_fits(held, tmp_path / "LSST")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tables = sncosmo.read_snana_fits(str(head), str(phot))
    expected = by_id(held)
    header, objects = read_snana_fits(head)
    assert header["ZP_FLUXCAL"] == 27.5
    for table, ours in zip(tables, objects, strict=True):
        mjd, band, flux, flux_err = expected[int(np.asarray(table.meta["SNID"]).astype(str).item()) - 1]
        np.testing.assert_array_equal(np.asarray(table["MJD"]), mjd)
        np.testing.assert_allclose(np.asarray(table["FLUXCAL"]) / njy_at_zero_point(27.5), flux, rtol=1e-6)
        letters = [value.decode().strip() for value in np.asarray(table["BAND"]).astype("S")]
        assert letters == ["ugrizY"[b] for b in band]
        np.testing.assert_allclose(ours["flux"], flux, rtol=1e-6)
        np.testing.assert_allclose(ours["flux_err"], flux_err, rtol=1e-6)
    # SNANA counts from 1.
    twenty = next(
        t for t in tables if int(np.asarray(t.meta["SNID"]).astype(str).item()) - 1 == held.truth.object_id[0]
    )
    assert twenty["FLUXCAL"][0] == pytest.approx(1000.0, rel=1e-6)
    new = write_snana_fits(held, tmp_path / "NEW", zero_point=31.4)[0]
    assert read_snana_fits(new)[0]["ZP_FLUXCAL"] == 31.4
    np.testing.assert_allclose(read_snana_fits(new)[1][0]["flux"], objects[0]["flux"], rtol=1e-6)


def test_snana_separators_flags_and_old_names(tmp_path):
    from astropy.io import fits

    held = curves()
    head, phot = write_snana_fits(held, tmp_path / "LSST")
    rows, table = fits.getdata(head, 1), fits.getdata(phot, 1)
    assert (table["MJD"] == -777).sum() == held.n_object
    np.testing.assert_array_equal(table["MJD"][rows["PTROBS_MAX"]], -777.0)
    assert rows["PTROBS_MIN"][0] == 1
    np.testing.assert_array_equal(rows["NOBS"], rows["PTROBS_MAX"] - rows["PTROBS_MIN"] + 1)
    assert rows["MJD_TRIGGER"][4] == held.mjd[held.offset[4] + 2]
    assert set(np.unique(table["PHOTFLAG"])) == {0, 4096, 6144}
    # The name that bands had before.
    with fits.open(phot) as file:
        columns = fits.ColDefs([
            fits.Column(name="FLT" if c.name == "BAND" else c.name, format=c.format, array=file[1].data[c.name])
            for c in file[1].columns
        ])  # fmt: skip
        fits.HDUList([file[0].copy(), fits.BinTableHDU.from_columns(columns)]).writeto(tmp_path / "x.FITS")
    (tmp_path / "x.FITS").replace(phot)
    assert list(read_snana_fits(head)[1][0]["band"]) == ["ugrizY"[b] for b in by_id(held)[held.truth.object_id[0]][1]]
    with pytest.raises(ValueError, match="expected one for each"):
        write_snana_fits(held, tmp_path / "B", band_codes=dict.fromkeys(BANDS, "g"))
    with pytest.raises(ValueError, match="type 'II P' has no code"):
        write_snana_fits(held, tmp_path / "B", type_codes={"Ia": 1, "Ic": 2})


def test_lcdata(tmp_path):
    lcdata = pytest.importorskip("lcdata")
    held = curves()
    path = write_lcdata(held, tmp_path / "a.h5")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = lcdata.read_hdf5(str(path))
    expected = by_id(held)
    seen = [str(name) for name in dataset.meta["object_id"]]
    assert seen == sorted(seen)
    assert set(map(int, seen)) == {key for key, value in expected.items() if value[0].size}
    for name, curve in zip(dataset.meta["object_id"], dataset.light_curves, strict=True):
        mjd, band, flux, flux_err = expected[int(name)]
        np.testing.assert_array_equal(curve["time"], mjd)
        np.testing.assert_allclose(curve["flux"], flux * njy_at_zero_point(25.0), rtol=1e-6)
        np.testing.assert_allclose(curve["fluxerr"], flux_err * njy_at_zero_point(25.0), rtol=1e-6)
        assert [str(b) for b in np.asarray(curve["band"]).astype(str)] == [held.bands[b] for b in band]
    at = int(np.flatnonzero(held.truth.object_id == int(seen[0]))[0])
    assert dataset.meta["redshift"][0] == held.truth.z[at]


def test_plasticc(tmp_path):
    held = curves()
    metadata, measured = write_plasticc(held, tmp_path / "train")
    with metadata.open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["object_id"]) for row in rows] == list(held.truth.object_id)
    assert {row["target"] for row in rows} <= {"90", "42", "62"}
    np.testing.assert_allclose([float(row["hostgal_specz"]) for row in rows], held.truth.z)
    with measured.open() as file:
        lines = list(csv.DictReader(file))
    for name, (mjd, band, flux, _) in by_id(held).items():
        own = [line for line in lines if int(line["object_id"]) == name]
        np.testing.assert_allclose([float(line["mjd"]) for line in own], mjd, rtol=1e-12)
        assert [int(line["passband"]) for line in own] == list(band)
        np.testing.assert_allclose([float(line["flux"]) for line in own], flux * njy_at_zero_point(27.5), rtol=1e-9)
    assert {line["detected"] for line in lines} == {"0", "1"}
    with pytest.raises(ValueError, match="band 'ztfg' has no code in this format"):
        write_plasticc(curves(bands=("ztfg",)), tmp_path / "z")
    with pytest.raises(ValueError, match="type 'Ic' has no class"):
        write_plasticc(held, tmp_path / "z", targets={"Ia": 1, "II": 2})


# Of elasticc.v0_9_1.*.avsc, without the columns of host galaxies; Avro's long, double and float.
ELASTICC = {
    "diaObject": "diaObjectId:int64 simVersion:string ra:double decl:double mwebv:float mwebv_err:float z_final:float "
    "z_final_err:float",
    "diaSource": "diaSourceId:int64 diaObjectId:int64 midPointTai:double filterName:string ra:double decl:double "
    "psFlux:float psFluxErr:float snr:float",
    "diaForcedSource": "diaForcedSourceId:int64 diaObjectId:int64 midPointTai:double filterName:string psFlux:float "
    "psFluxErr:float",
}


def test_elasticc(tmp_path):
    import pyarrow.parquet as pq

    held = curves()
    paths = write_elasticc(held, tmp_path / "e")
    names = [path.name for path in paths]
    assert names == [f"e_{name}.parquet" for name in (*ELASTICC, "truth")]
    for path, columns in zip(paths, ELASTICC.values(), strict=False):
        assert sorted(f"{one.name}:{one.type}" for one in pq.read_schema(path)) == sorted(columns.split())
    objects, found, forced, truth = (pq.read_table(path).to_pydict() for path in paths)
    assert objects["diaObjectId"] == truth["diaobject_id"] == list(held.truth.object_id)
    np.testing.assert_allclose(objects["z_final"], held.truth.z, rtol=1e-6)
    np.testing.assert_allclose(truth["zcmb"], held.truth.z_cosmology, rtol=1e-6)
    np.testing.assert_allclose(truth["av"], held.truth.rv_host * held.truth.ebv_host, rtol=1e-6)
    owner = np.array(forced["diaObjectId"])
    for name, (mjd, _, flux, _) in by_id(held).items():
        np.testing.assert_array_equal(np.array(forced["midPointTai"])[owner == name], mjd)
        np.testing.assert_allclose(np.array(forced["psFlux"])[owner == name], flux * njy_at_zero_point(27.5), rtol=1e-6)
    assert set(forced["filterName"]) <= set("ugrizY")
    known = np.isfinite(held.flux)
    detected = (held.photflag[known] & 4096) > 0
    assert 0 < detected.sum() < detected.size
    for name in ("psFlux", "midPointTai", "filterName", "diaObjectId"):
        np.testing.assert_array_equal(found[name], np.array(forced[name])[detected])
    np.testing.assert_array_equal(found["diaSourceId"], np.array(forced["diaForcedSourceId"])[detected])
    assert len(set(forced["diaForcedSourceId"])) == len(owner)
    np.testing.assert_array_equal(np.array(forced["diaForcedSourceId"]) // 1_000_000, owner)
    np.testing.assert_allclose(np.array(found["snr"]) * found["psFluxErr"], found["psFlux"], rtol=1e-6)


def atat_reader(path, rows):
    """Read as ATAT's data loader does: these names, these shapes, indexed by rows of a split."""
    import h5py

    with h5py.File(path) as file:
        keys = ("data", "data-var", "mask_alert", "time_phot", "time_alert", "mask_detection", "labels")
        out = {key: file.get(key)[:][file.get(rows)[:]] for key in keys}
        out["n_dropped"] = int(file.attrs["n_dropped"])
    for key in keys[:-1]:
        assert out[key].shape[1:] == (out["data"].shape[1], 6)
        assert out[key].dtype == np.float32
    return out


def test_atat_cube(tmp_path):
    held = curves()
    path = write_atat(held, tmp_path / "dataset.h5", splits={"test": [0, 3], "training_0": [1, 4, 5]})
    got = atat_reader(path, "test")
    assert got["data"].shape == (2, 65, 6)
    for k, i in enumerate((0, 3)):
        mjd, band, flux, flux_err = by_id(held)[int(held.truth.object_id[i])]
        for b in range(6):
            n = int((band == b).sum())
            np.testing.assert_allclose(got["data"][k, :n, b], flux[band == b] * njy_at_zero_point(27.5), rtol=1e-6)
            np.testing.assert_allclose(
                got["data-var"][k, :n, b], flux_err[band == b] * njy_at_zero_point(27.5), rtol=1e-6
            )
            np.testing.assert_allclose(got["time_phot"][k, :n, b], mjd[band == b] - mjd[0], atol=1e-5)
            assert got["mask_alert"][k, :, b].sum() == n
            assert not got["data"][k, n:, b].any()
    ranks = {"II P": 0, "Ia": 1, "Ic": 2}
    assert list(got["labels"]) == [ranks[held.template_types[held.truth.template[i]]] for i in (0, 3)]
    short = cube(held, 2)
    assert short.flux.shape[1] == 2
    assert short.n_dropped == np.isfinite(held.flux).sum() - short.mask.sum()
    assert atat_reader(write_atat(held, tmp_path / "s.h5", splits={"test": [0]}, length=2), "test")["n_dropped"] > 0
    with pytest.raises(ValueError, match="type 'II P' has no label"):
        write_atat(held, tmp_path / "x.h5", labels={"Ia": 0, "Ic": 1})


def test_astromer(tmp_path):
    import pyarrow.parquet as pq

    held = curves(n_each=60)
    table = pq.read_table(write_astromer(held, tmp_path / "shard_0.parquet", band="lsstr")).to_pydict()
    values, mask, owner = astromer_windows(held, band="lsstr", window=4)
    for i in range(held.n_object):
        mjd, band, flux, flux_err = by_id(held)[int(held.truth.object_id[i])]
        use = (band == 2) & (flux > 0)
        assert table["id"][i] == str(held.truth.object_id[i])
        np.testing.assert_array_equal(table["mjd"][i], mjd[use])
        np.testing.assert_allclose(table["mag"][i], 31.4 - 2.5 * np.log10(flux[use]), atol=1e-3)
        np.testing.assert_allclose(table["errmag"][i], 1.085736 * flux_err[use] / flux[use], rtol=1e-6)
        assert mask[owner == i].sum() == use.sum()
        first = values[owner == i][:1]
        if use.sum() >= 4:
            np.testing.assert_allclose(first[0, :, 0], mjd[use][:4] - mjd[use][:4].mean(), atol=1e-4)
    np.testing.assert_allclose((values[:, :, 1] * mask).sum(axis=1), 0.0, atol=1e-4)
    with pytest.raises(ValueError, match="no band 'ztfg'"):
        write_astromer(held, tmp_path / "x.parquet", band="ztfg")


@pytest.mark.parametrize("length", [None, 10])
def test_tokens(tmp_path, length):
    import pyarrow.parquet as pq

    held = curves()
    table = pq.read_table(write_tokens(held, tmp_path / "t.parquet", length=length))
    assert table.schema.metadata[b"bands"].decode().split(",") == list(BANDS)
    columns = {name: np.array(table[name]) for name in ("object_id", "time", "flux", "error", "band_id", "mask")}
    for name, (mjd, band, flux, flux_err) in by_id(held).items():
        own = {key: value[columns["object_id"] == name] for key, value in columns.items()}
        n = min(mjd.size, length or mjd.size)
        assert own["mask"].sum() == n
        assert own["mask"].size == (length or n)
        np.testing.assert_allclose(own["flux"][:n], flux[:n], rtol=1e-4)
        np.testing.assert_allclose(own["error"][:n], flux_err[:n], rtol=1e-4)
        np.testing.assert_array_equal(own["band_id"][:n], band[:n])
        np.testing.assert_allclose(own["time"][:n], mjd[:n] - mjd[0] if n else [], atol=1e-9)


@pytest.mark.parametrize("write", [
    lambda held, path: [write_nested_parquet(held, path)], lambda held, path: [write_lcdata(held, path)],
    write_snana_fits, write_plasticc, write_elasticc, lambda held, path: [write_atat(held, path)],
    lambda held, path: [write_tokens(held, path)], lambda held, path: [write_astromer(held, path, band="lsstr")],
])  # fmt: skip
def test_the_same_set_gives_the_same_bytes(tmp_path, write):
    held = curves()
    first = [path.read_bytes() for path in write(held, tmp_path / "a")]
    again = [path.read_bytes() for path in write(held, tmp_path / "a")]
    assert first == again
    assert all(first)


def test_the_survey_of_each_band_is_kept(tmp_path):
    h5py, pq = pytest.importorskip("h5py"), pytest.importorskip("pyarrow.parquet")
    held = dataclasses.replace(curves(bands=("ztfg", "atlasc", "atlaso")), surveys=("ztf", "atlas", "atlas"))
    with h5py.File(write_atat(held, tmp_path / "atat.h5")) as file:
        assert (file.attrs["bands"], file.attrs["surveys"]) == ("ztfg,atlasc,atlaso", "ztf,atlas,atlas")
    with h5py.File(write_lcdata(held, tmp_path / "lcdata.h5")) as file:
        told = file["observations"].attrs
        assert (told["bands"], told["surveys"]) == ("ztfg,atlasc,atlaso", "ztf,atlas,atlas")
    for path in (write_tokens(held, tmp_path / "tokens.parquet"), *write_elasticc(held, tmp_path / "elasticc")):
        told = pq.read_schema(path).metadata
        assert (told[b"bands"], told[b"surveys"]) == (b"ztfg,atlasc,atlaso", b"ztf,atlas,atlas")
    assert read_nested_parquet(write_nested_parquet(held, tmp_path / "nested.parquet")).surveys == held.surveys


def test_images_are_deterministic_and_show_the_data():
    held = curves()
    for style in ("overlay", "grid"):
        image = light_curve_image(held, 0, style=style)
        assert image.shape == (224, 224, 3)
        np.testing.assert_array_equal(image, light_curve_image(held, 0, style=style))
        assert (image.sum(axis=2) > 0).sum() > 100
        assert not light_curve_image(held, 2, style=style).any()
    # Brighter is higher: the 20 mag source of the first object is its brightest.
    one = LightCurves(
        bands=("lsstg",),
        surveys=("lsst",),
        offset=[0, 3],
        mjd=[0.0, 5.0, 10.0],
        band=[0, 0, 0],
        flux=[10.0, 30.0, 20.0],
        flux_err=[0.1] * 3,
        photflag=[0] * 3,
        truth=truth_of_one(),
        template_names=("a",),
        template_types=("Ia",),
    )
    image = light_curve_image(one, 0, dot=0).sum(axis=2) > 300
    columns = np.flatnonzero(image.any(axis=0))
    tops = [int(np.flatnonzero(image[:, c]).min()) for c in (columns[0], columns[columns.size // 2], columns[-1])]
    assert tops[1] < tops[2] < tops[0]
    with pytest.raises(ValueError, match="style is 'round'"):
        light_curve_image(held, 0, style="round")


def truth_of_one():
    numbers = {item.name: np.array([0.1]) for item in TRUTH_FIELDS}
    numbers |= {"object_id": [1], "template": [0], "peak_mag": [[20.0]], "peak_mjd": [[6e4]]}
    return Truth(**numbers)


def test_images_of_spectra():
    wave = np.linspace(3000.0, 9000.0, 500)
    line = spectrum_image(wave, 1.0 + (wave - 3000.0) / 6000.0, size=64)
    rows = [int(np.flatnonzero(line[:, c]).mean()) for c in (0, 32, 63)]
    assert rows[0] > rows[1] > rows[2]
    assert not spectrum_image(wave, np.full(500, np.nan)).any()
    flux = np.tile(1.0 + np.sin(wave / 500.0) ** 2, (5, 1))
    flux[:, wave < 4000] = np.nan
    image = series_image(SpectralSeries(phase=np.arange(5.0), wave=wave, flux=flux), size=48)
    assert (image[:, :7] == 0).all()
    assert (image[:, 9:] > 0).all()
    assert image.max() == 255


def test_lsdb_makes_a_catalog_of_nested_parquet(tmp_path):
    lsdb = pytest.importorskip("lsdb")
    nested_pandas = pytest.importorskip("nested_pandas")
    held = curves(200)
    frame = nested_pandas.read_parquet(write_nested_parquet(held, tmp_path / "a.parquet"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = lsdb.from_dataframe(frame, ra_column="ra", dec_column="dec")
        made.write_catalog(tmp_path / "hats", catalog_name="a")
        catalog = lsdb.open_catalog(tmp_path / "hats")
        back = catalog.compute().set_index("object_id", drop=False)
        place = (float(held.truth.ra[0]), float(held.truth.dec[0]))
        near = catalog.cone_search(*place, radius_arcsec=1).compute()
    assert list(near["object_id"]) == [held.truth.object_id[0]]
    assert len(back) == held.n_object
    for i in (0, 2, 3, 150):
        own, rows = back.loc[held.truth.object_id[i]], slice(held.offset[i], held.offset[i + 1])
        assert own["z"] == held.truth.z[i]
        for name in ("mjd", "flux", "photflag"):
            np.testing.assert_array_equal(
                own["lightcurve"][name] if rows.stop > rows.start else [], getattr(held, name)[rows]
            )
