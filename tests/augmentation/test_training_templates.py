"""Training sets: templates know their parents, splits hold, targets are met, selection is applied and undone."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sntransport.augmentation.mixing import mix_linear
from sntransport.augmentation.splits import LeakError
from sntransport.augmentation.training_set import select_training_set
from sntransport.augmentation.training_templates import TrainingTemplate, make_templates, template_weights
from sntransport.simulation.light_curves import TRUTH_FIELDS, LightCurves, Truth
from sntransport.simulation.selection.efficiencies import spectroscopic_propensity
from sntransport.spectra.grid import grid_wave
from sntransport.spectra.series import SpectralSeries

WAVE = grid_wave(9850, 300)
PHASE = np.arange(-10.0, 31.0)


def series(name, sn_type, err=0.1):
    flux = (1.0 + len(name)) * np.exp(-((PHASE[:, None] / 25.0) ** 2)) * (WAVE / 5000.0) ** -1
    flux_err = None if err is None else err * flux
    return SpectralSeries(phase=PHASE, wave=WAVE, flux=flux, flux_err=flux_err, name=name, sn_type=sn_type)


FAMILY = [series(f"SN2001{c}", "Ia") for c in "abc"] + [series(f"SN2002{c}", "II P") for c in "abc"]
SPLITS = {one.name: "test" if one.name.endswith("c") else "train" for one in FAMILY}


def templates(**options):
    return make_templates(FAMILY, SPLITS, 5, make=lambda s, w: mix_linear(s, w, phases=[0.0, 3.0, 6.0]), **options)


def simulated(made, counts, seed=0):
    """Objects of each template with redshift and peak magnitude, no measurements needed."""
    template = np.repeat(np.arange(len(made)), counts)
    rng = np.random.default_rng(seed)
    n = template.size
    z = rng.uniform(0.0, 0.4, n)
    columns = {item.name: np.full(n, 0.1) for item in TRUTH_FIELDS}
    columns |= {"object_id": np.arange(n), "template": template, "z": z, "weight": np.full(n, 2.0)}
    columns |= {"peak_mag": 18.0 + 10.0 * z[:, None], "peak_mjd": np.full((n, 1), 60000.0)}
    return LightCurves(
        bands=("ztfr",),
        surveys=("ztf",),
        offset=np.zeros(n + 1, int),
        mjd=[],
        band=np.empty(0, int),
        flux=[],
        flux_err=[],
        photflag=np.empty(0, int),
        truth=Truth(**columns),
        template_names=tuple(one.series.name for one in made),
        template_types=tuple(one.series.sn_type for one in made),
    )


def test_templates_know_their_parents_and_only_the_training_split_is_augmented():
    made = templates(mixtures=3, draws=2)
    assert {(one.split, one.kind) for one in made} == {
        ("test", "source"), ("train", "source"), ("train", "mixture"), ("train", "draw"),
    }  # fmt: skip
    for one in made:
        assert {SPLITS[name] for name in one.parents} == {one.split}
        assert one.series.name.split("#")[0].split("~")[0] == "+".join(one.parents)
    kinds = [one.kind for one in made if one.split == "train"]
    # Two sources and three mixtures in each of two classes, each drawn twice.
    assert [kinds.count(kind) for kind in ("source", "mixture", "draw")] == [4, 6, 20]
    names = [one.series.name for one in made]
    assert len(set(names)) == len(names)
    again = templates(mixtures=3, draws=2)
    assert all(np.array_equal(a.series.flux, b.series.flux) for a, b in zip(made, again, strict=True))
    other = make_templates(FAMILY, SPLITS, 6, draws=1)
    assert not np.array_equal(other[-1].series.flux, [one for one in made if one.kind == "draw"][-1].series.flux)


def test_a_series_without_errors_is_not_drawn_and_a_class_of_one_is_not_mixed():
    few = [series("SN2001a", "Ia", err=None), series("SN2002a", "II"), series("SN2002b", "II")]
    made = make_templates(
        few, dict.fromkeys((one.name for one in few), "train"), 1, mixtures=1, draws=1, make=mix_linear
    )
    assert [one.kind for one in made if one.sn_class == "Ia"] == ["source"]
    assert [one.kind for one in made if one.sn_class == "II"] == ["source", "source", "mixture", "draw", "draw", "draw"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"splits": {**SPLITS, "SN 2001a": "test"}}, "in another under another name"),
        ({"splits": {"SN2001a": "train"}}, "is in no split"),
        ({"series": [FAMILY[0], FAMILY[0]]}, "given more than once"),
        ({"mixtures": -1}, "not negative"),
        ({"augmented": ("trian",)}, "split 'trian' is to be augmented"),
    ],
)
def test_templates_that_cannot_be_made_are_refused(change, message):
    arguments = {"series": FAMILY, "splits": SPLITS, "seed": 1} | change
    with pytest.raises(ValueError, match=message):
        make_templates(**arguments)


def test_template_weights_share_the_target_among_templates():
    made = templates(mixtures=2)
    target = {"train": {"Ia": 30, "II": 10}, "test": {"Ia": 5}}
    weight = template_weights(made, target)
    for split, classes in target.items():
        for sn_class in ("Ia", "II"):
            own = [w for w, one in zip(weight, made, strict=True) if (one.split, one.sn_class) == (split, sn_class)]
            assert sum(own) == pytest.approx(classes.get(sn_class, 0))
            assert len(set(own)) == 1
    with pytest.raises(ValueError, match="1 objects of class Ib/c in the split 'train'"):
        template_weights(made, {"train": {"Ib/c": 1}})


def test_a_split_without_a_class_says_which_supernovae_there_are():
    """Series whose names hold one designation are one supernova; nobody would guess that from "no template"."""
    named = [dataclasses.replace(FAMILY[0], name=f"SN 2031ia{k}") for k in range(3)]
    made = make_templates(named, dict.fromkeys([one.name for one in named], "train"), 1)
    message = "no template: the 3 series of class Ia are one supernova by its name, 2031ia in 'train'$"
    with pytest.raises(ValueError, match=message):
        template_weights(made, {"test": {"Ia": 5}})


@settings(max_examples=20)
@given(n_ia=st.integers(0, 40), n_ii=st.integers(0, 40), seed=st.integers(0, 99))
def test_the_target_is_met_whatever_it_is(n_ia, n_ii, seed):
    made = templates()
    curves = simulated(made, 60)
    target = {"train": {"Ia": n_ia, "II": n_ii}, "test": {"Ia": 7}}
    got = select_training_set(curves, made, target, seed)
    pairs = list(zip(got.split, got.sn_class, strict=True))
    assert [pairs.count(pair) for pair in (("train", "Ia"), ("train", "II"), ("test", "Ia"), ("test", "II"))] == [
        n_ia, n_ii, 7, 0,
    ]  # fmt: skip
    assert np.unique(got.light_curves.truth.object_id).size == len(pairs)


def test_redshifts_are_balanced_and_what_is_missing_is_named():
    made = templates()
    curves = simulated(made, 200)
    target = {"train": {"Ia": 40, "II": 40}}
    got = select_training_set(curves, made, target, 1, z_edges=[0.0, 0.2, 0.4], z_shares=[1.0, 3.0])
    for sn_class in ("Ia", "II"):
        z = got.light_curves.truth.z[got.sn_class == sn_class]
        assert np.histogram(z, [0.0, 0.2, 0.4])[0].tolist() == [10, 30]
    with pytest.raises(ValueError, match="split 'train': class Ia: 400 objects, 401 asked for"):
        select_training_set(curves, made, {"train": {"Ia": 401}}, 1)


def propensity(curves):
    return spectroscopic_propensity(curves.truth.peak_mag[:, 0], half=20.0, width=0.5)


def test_selection_is_applied_to_the_training_split_alone_and_undone_by_weights():
    made = templates()
    curves = simulated(made, 4000)
    target = {"train": {"Ia": 3000}, "test": {"Ia": 2000}}
    got = select_training_set(curves, made, target, 1, propensity=propensity)
    z, train = got.light_curves.truth.z, got.split == "train"
    assert z[train].mean() < 0.14
    assert z[~train].mean() == pytest.approx(0.2, abs=0.01)
    assert np.all(got.light_curves.truth.weight == 2.0)
    undone = select_training_set(curves, made, target, 1, propensity=propensity, undo=True).light_curves.truth
    np.testing.assert_array_equal(undone.z, z)
    assert np.all(undone.weight[~train] == 2.0)
    assert undone.weight[train].mean() == pytest.approx(2.0)
    assert np.average(z[train], weights=undone.weight[train]) == pytest.approx(0.2, abs=0.03)


def test_a_leak_fails_the_set():
    made = templates(mixtures=1)
    mixture = next(one for one in made if one.kind == "mixture")
    leaking = TrainingTemplate(series=mixture.series, parents=mixture.parents, split="test", kind="mixture")
    bad = (*made, leaking)
    with pytest.raises(LeakError, match=r"^2002a and 1 more in the splits test and train"):
        select_training_set(simulated(bad, 3), bad, {"train": {"Ia": 1}}, 1)
    # A template that no light curve is of does no harm.
    counts = [3] * len(made) + [0]
    assert select_training_set(simulated(bad, counts), bad, {"train": {"Ia": 1}}, 1).split.tolist() == ["train"]


def test_templates_must_be_those_of_the_light_curves():
    made = templates()
    with pytest.raises(ValueError, match="5 templates for light curves of 6"):
        select_training_set(simulated(made, 2), made[:-1], {}, 1)
    assert select_training_set(simulated(made, 2), made, {}, 1).light_curves.n_object == 0
