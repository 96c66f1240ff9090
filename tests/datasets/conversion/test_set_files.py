"""Sets of light curves read back from every format that is read, and converted; the laws are those of going around."""

import dataclasses
import shutil

import numpy as np
import pytest

from sntransport.augmentation.training_set import TrainingSet
from sntransport.augmentation.training_set_file import write_split
from sntransport.augmentation.training_templates import TrainingTemplate
from sntransport.datasets.conversion.set_files import (
    LOST,
    files_of_set,
    numbered_alike,
    read_light_curves,
    shared_by,
    stem_of,
)
from sntransport.datasets.conversion.snana_light_curves import read_snana_light_curves
from sntransport.datasets.nested_parquet import write_nested_parquet
from sntransport.datasets.snana_fits import write_snana_fits
from sntransport.datasets.writers import WRITERS
from sntransport.simulation.light_curves import LightCurves
from sntransport.simulation.run import write_fits
from sntransport.spectra.series import SpectralSeries
from tests.datasets.test_formats import curves as curves_without_more

META = {"cosmology": {"H0": 70.0, "Om0": 0.3}, "seed": 4}


def curves():
    """A set with everything that a set may have, texts beyond ASCII and NaN among it."""
    held = curves_without_more()
    n = held.n_object
    more = {"host_mass": np.linspace(9, 11, n), "has_spectrum": np.arange(n) % 2 == 0,
            "label": np.array(["α", "b ", "", "c", "d", "e", "f"])[:n], "nights": np.arange(n)}  # fmt: skip
    return dataclasses.replace(held, truth=dataclasses.replace(held.truth, more=more), meta=META)


def require_same(one, other):
    assert type(one) is type(other)
    for item in dataclasses.fields(one):
        a, b = getattr(one, item.name), getattr(other, item.name)
        if dataclasses.is_dataclass(a):
            require_same(a, b)
        elif item.name == "more":
            assert a.keys() == b.keys()
            for name in a:
                np.testing.assert_array_equal(a[name], b[name])
        elif isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)
            assert a.dtype == b.dtype
        else:
            assert a == b, item.name


def test_every_format_says_what_it_loses():
    assert set(LOST) == set(WRITERS)


@pytest.mark.parametrize("kinds", [("fits",), ("parquet",), ("fits", "parquet", "fits"), ("parquet", "fits")])
def test_what_loses_nothing_comes_back_whole(tmp_path, kinds):
    held = made = curves()
    for i, kind in enumerate(kinds):
        assert LOST[kind] == ""
        stem = tmp_path / f"set-{i}"
        path = write_fits(made, stem) if kind == "fits" else write_nested_parquet(made, f"{stem}.parquet")
        made = read_light_curves(path)
    require_same(made, held)


def test_a_split_of_a_training_set_is_read(tmp_path):
    held = curves_without_more()
    series = [
        SpectralSeries(phase=[0.0, 1.0], wave=[4000.0, 5000.0], flux=np.ones((2, 2)), name=name, sn_type=kind)
        for name, kind in zip(held.template_names, held.template_types, strict=True)
    ]
    templates = tuple(
        TrainingTemplate(series=one, parents=(one.name, "x"), split="test" if one.name == "b" else "train", kind="s")
        for one in series
    )
    made = TrainingSet(light_curves=held, templates=templates, notes=())
    back = read_light_curves(write_split(made, "train", tmp_path / "train.fits", {}))
    wanted = held.take(held.truth.template != 1)
    np.testing.assert_array_equal(back.truth.more["parents"], [f"{n}+x" for n in
                                  np.array(held.template_names)[wanted.truth.template]])  # fmt: skip
    more = {name: value for name, value in back.truth.more.items() if name != "parents"}
    require_same(dataclasses.replace(back, truth=dataclasses.replace(back.truth, more=more)), wanted)


def test_a_snana_pair_gives_what_it_holds(tmp_path):
    held = curves_without_more()
    head, _ = write_snana_fits(held, tmp_path / "set")
    back = read_snana_light_curves(head)
    assert isinstance(back, LightCurves)
    # One object may be without measurements: bands are those that occur.
    assert set(back.bands) <= set(held.bands)
    known = np.isfinite(held.flux) & np.isfinite(held.flux_err)
    assert back.n_obs == np.count_nonzero(known)
    for name, digits in (("mjd", 1e-12), ("flux", 1e-6), ("flux_err", 1e-6)):
        np.testing.assert_allclose(getattr(back, name), getattr(held, name)[known], rtol=digits)
    np.testing.assert_array_equal(np.array(back.bands)[back.band], np.array(held.bands)[held.band[known]])
    np.testing.assert_array_equal(back.photflag, held.photflag[known])
    for name in ("z", "z_cosmology", "distance_modulus", "mag_offset", "ebv_mw", "ebv_host", "ra", "dec", "mjd_ref",
                 "weight"):  # fmt: skip
        np.testing.assert_allclose(getattr(back.truth, name), getattr(held.truth, name), rtol=1e-6, err_msg=name)
    assert back.true_flux is None or np.isnan(back.true_flux).all()
    types = [np.array(one.template_types)[one.truth.template].tolist() for one in (back, held)]
    # SNANA's names of types have no blanks.
    assert types[0] == [one.replace(" ", "") for one in types[1]]


def test_bands_of_other_surveys_have_to_be_named(tmp_path):
    held = curves_without_more()
    codes = {band: f"X{i}" for i, band in enumerate(held.bands)} if len(held.bands) > 9 else {
        band: "abcdefhjk"[i] for i, band in enumerate(held.bands)
    }  # fmt: skip
    head, _ = write_snana_fits(held, tmp_path / "set", band_codes=codes, survey="MINE")
    with pytest.raises(
        ValueError, match=r"set_HEAD.FITS: band '.' of survey 'MINE' has no name of ours; give it: .=NAME"
    ):
        read_light_curves(head)
    named = {code: band for band, code in codes.items()}
    assert set(read_light_curves(head, named).bands) <= set(held.bands)
    with pytest.raises(ValueError, match="two are the same"):
        read_light_curves(head, dict.fromkeys(named, "lsstg"))


def test_files_of_a_set_are_numbered_alike(tmp_path):
    held = curves()
    odd = held.take(np.arange(held.n_object) % 2 == 1)
    few = dataclasses.replace(
        odd.take(odd.truth.template == odd.truth.template[0]), template_names=("x", "b", "a"),
        template_types=("Ic", "II P", "Ia"),
    )  # fmt: skip
    paths = [write_nested_parquet(one, tmp_path / f"{i}.parquet") for i, one in enumerate((held, few))]
    shared = shared_by(paths)
    assert shared.templates == (("a", "Ia"), ("b", "II P"), ("c", "Ic"), ("x", "Ic"))
    for one in (held, few):
        made = numbered_alike(one, shared)
        assert (made.template_types, made.bands) == (("Ia", "II P", "Ic", "Ic"), held.bands)
        for names in ("template_names", "template_types"):
            found = [np.array(getattr(x, names))[x.truth.template].tolist() for x in (one, made)]
            assert found[0] == found[1]
        np.testing.assert_array_equal(np.array(made.bands)[made.band], np.array(one.bands)[one.band])
    # Bands that are numbered otherwise take their peaks with them.
    turned = dataclasses.replace(
        held, bands=held.bands[::-1], band=len(held.bands) - 1 - held.band,
        truth=dataclasses.replace(held.truth, peak_mag=held.truth.peak_mag[:, ::-1],
                                  peak_mjd=held.truth.peak_mjd[:, ::-1]),
    )  # fmt: skip
    require_same(numbered_alike(turned, shared_by(paths[:1])), held)


def test_damaged_files_are_one_line(tmp_path):
    path = write_fits(curves(), tmp_path / "a")
    raw = path.read_bytes()
    for content in (raw[:5000], raw[:9000] + b"x" + raw[9001:], b"", b"text"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"a\.fits: ") as caught:
            read_light_curves(path)
        assert "\n" not in str(caught.value)


def test_files_of_a_folder(tmp_path):
    held = curves()
    folder = tmp_path / "in [1]"
    folder.mkdir()
    for i in range(2):
        write_snana_fits(curves_without_more(), folder / f"shard-{i}")
    assert [path.name for path in files_of_set(folder)] == ["shard-0_HEAD.FITS", "shard-1_HEAD.FITS"]
    assert [stem_of(path) for path in files_of_set(folder)] == ["shard-0", "shard-1"]
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(ValueError, match="not finished"):
        files_of_set(folder)
    shutil.rmtree(folder)
    folder.mkdir()
    with pytest.raises(ValueError, match="no files of light curves that are read"):
        files_of_set(folder)
    assert files_of_set(write_fits(held, tmp_path / "b")) == [tmp_path / "b.fits"]


def test_true_fluxes_are_kept(tmp_path):
    held = curves()
    held = dataclasses.replace(held, true_flux=np.where(np.isfinite(held.flux), np.abs(held.flux) + 100.0, 5.0))
    for path in (write_fits(held, tmp_path / "a"), write_nested_parquet(held, tmp_path / "a.parquet")):
        require_same(read_light_curves(path), held)
    head, _ = write_snana_fits(held, tmp_path / "set")
    known = np.isfinite(held.flux) & np.isfinite(held.flux_err)
    # As magnitudes of 32 bits.
    np.testing.assert_allclose(read_light_curves(head).true_flux, held.true_flux[known], rtol=1e-5)
