"""Selection in whole simulations: chances that hold, weights that undo, rejections that add up."""

import dataclasses
import json
import warnings
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import binomtest

from sntransport.augmentation.selection import inverse_propensity_weights, select
from sntransport.simulation.engine import SelectionWarning, simulate, simulate_chunks
from sntransport.simulation.random_streams import Purpose, uniform_numbers
from sntransport.simulation.selected import rejection_rows
from sntransport.simulation.selection.cuts import Cut
from sntransport.simulation.selection.detection import (
    PHOTFLAG_DETECTION,
    PHOTFLAG_TRIGGER,
    DetectionEfficiency,
    step_efficiency,
)
from sntransport.simulation.selection.efficiencies import EfficiencyMap, EfficiencyMaps, PeakEfficiency
from sntransport.simulation.selection.selection import Prescale, Selection
from sntransport.simulation.selection.trigger_language import parse_trigger
from sntransport.simulation.selection.trigger_logic import logic_trigger
from sntransport.transport.templates.sources import hsiao
from tests.simulation.test_engine import POPULATION, survey_of

N = 2500
# Some explode long before the first visit.
GIVEN = {"n": N, "seed": 3, "dates": (59860.0, 60150.0)}
MAPS = EfficiencyMaps(
    maps=(EfficiencyMap(variables=("REDSHIFT",), nodes=[[0.0, 0.3, 0.5]], probability=[0.9, 0.2, 0.0]),)
)
SELECTION = Selection(
    trigger="2 of g, r within 10 d and 3 detections in any band on 2 nights",
    spectroscopy=MAPS,
    host_redshift=lambda truth: 1.0 - truth.z,
    cuts=(
        Cut(quantity="z", most=0.25),
        Cut(quantity="snr_max", least=20.0, bands=("g", "r"), n_bands=2),
        Cut(quantity="has_redshift", least=1.0),
    ),
    prescale=(Prescale(factor=4.0, z=(0.1, 0.2)), Prescale(factor=2.5, classes=("Ia",))),
)


@pytest.fixture(scope="module")
def template():
    series = hsiao()
    return dataclasses.replace(series, flux=0.3 * series.flux / series.flux.max(), flux_err=None, sn_type="Ia")


def sky():
    """Two bands every other night; the northern half of the sky is the field DEEP, the other WIDE."""
    nights = survey_of(("lsstg", "lsstr"), nights=120, background=np.full(480, 900.0))
    return dataclasses.replace(
        nights, field=(nights.dec > 0).astype(int), field_names={0: "WIDE", 1: "DEEP"}, radius=90.0
    )


@pytest.fixture(scope="module")
def everything(template):
    return simulate([template], sky(), POPULATION, **GIVEN, selection=SELECTION)


def test_measurements_are_the_same_whatever_is_selected(template, everything):
    plain = simulate([template], sky(), POPULATION, **GIVEN)
    for name in ("offset", "mjd", "band", "flux", "flux_err"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(everything, name))
    bits = ~np.int32(PHOTFLAG_TRIGGER)
    np.testing.assert_array_equal(plain.photflag & bits, everything.photflag & bits)
    assert plain.truth.more == {}
    assert "selection" not in plain.meta


def test_the_trigger_is_that_of_its_logic(everything):
    fired = logic_trigger(
        parse_trigger(SELECTION.trigger if isinstance(SELECTION.trigger, str) else str(SELECTION.trigger)),
        (everything.photflag & PHOTFLAG_DETECTION) > 0, everything.mjd, band=everything.band,
        offset=everything.offset, bands=everything.bands,
    )  # fmt: skip
    owner = np.repeat(np.arange(N), np.diff(everything.offset))
    has_bit = np.bincount(owner[(everything.photflag & PHOTFLAG_TRIGGER) > 0], minlength=N)
    np.testing.assert_array_equal(has_bit, fired.triggered)
    assert 0 < fired.triggered.sum() < N


def test_chances_are_those_of_the_table_and_draws_those_of_the_chances(everything):
    truth, more = everything.truth, everything.truth.more
    np.testing.assert_allclose(more["spectrum_probability"], np.interp(truth.z, [0.0, 0.3, 0.5], [0.9, 0.2, 0.0]))
    np.testing.assert_allclose(more["host_redshift_probability"], 1.0 - truth.z)
    triggered = ~np.isin(more["rejected_by"], ["measured", "triggered"])
    for name in ("spectrum", "host_redshift"):
        got, chance = more[f"has_{name}"], more[f"{name}_probability"]
        assert not got[~triggered].any()
        for low, high in ((0.0, 0.1), (0.1, 0.2), (0.2, 0.4)):
            rows = triggered & (truth.z >= low) & (truth.z < high)
            # In a bin so narrow the numbers are as good as one binomial with the mean chance.
            assert binomtest(int(got[rows].sum()), int(rows.sum()), float(chance[rows].mean())).pvalue > 1e-3
    both = (more["has_spectrum"] & more["has_host_redshift"])[triggered].mean()
    apart = (more["spectrum_probability"] * more["host_redshift_probability"])[triggered].mean()
    assert both == pytest.approx(apart, abs=0.03)


def test_spectra_are_those_that_augmentation_would_draw(everything):
    more = everything.truth.more
    triggered = ~np.isin(more["rejected_by"], ["measured", "triggered"])
    drawn = select(more["spectrum_probability"], seed=3, object_id=everything.truth.object_id)
    np.testing.assert_array_equal(more["has_spectrum"], triggered & drawn)


def test_weights_by_the_propensity_undo_the_selection(everything):
    truth, more = everything.truth, everything.truth.more
    triggered = ~np.isin(more["rejected_by"], ["measured", "triggered"])
    got = more["has_spectrum"]
    weights = inverse_propensity_weights(more["spectrum_probability"][got])
    assert np.average(truth.z[got], weights=weights) == pytest.approx(truth.z[triggered].mean(), abs=0.012)
    assert truth.z[got].mean() < truth.z[triggered].mean() - 0.012


def test_objects_are_rejected_by_the_first_stage_that_they_fail(everything):
    truth, more = everything.truth, everything.truth.more
    counts = np.diff(everything.offset)
    owner = np.repeat(np.arange(N), counts)
    fired = np.bincount(owner[(everything.photflag & PHOTFLAG_TRIGGER) > 0], minlength=N) > 0
    ratio = everything.flux / everything.flux_err
    best = [[np.max(ratio[(owner == i) & (everything.band == b)], initial=-np.inf)
             for b in (0, 1)] for i in range(200)]  # fmt: skip
    factor = np.where((truth.z >= 0.1) & (truth.z < 0.2), 4.0, 2.5)
    np.testing.assert_array_equal(more["prescale"], factor)
    number = uniform_numbers(truth.object_id, 3, Purpose.PRESCALE)
    for i in range(200):
        passed = {
            "measured": counts[i] > 0, "triggered": fired[i], "z <= 0.25": truth.z[i] <= 0.25,
            "20 <= snr_max; in 2 of g, r": min(best[i]) >= 20,
            "1 <= has_redshift": more["has_spectrum"][i] or more["has_host_redshift"][i],
            "prescaled": number[i] < 1 / factor[i],
        }  # fmt: skip
        assert more["rejected_by"][i] == next((name for name, good in passed.items() if not good), "")
    assert list(everything.meta["rejected"]) == list(SELECTION.stages) == list(passed)
    for name, count in everything.meta["rejected"].items():
        assert count == (more["rejected_by"] == name).sum() > 0


def test_what_is_kept_has_the_weight_of_what_its_prescale_leaves_out(template, everything):
    kept = simulate([template], sky(), POPULATION, **GIVEN, selection=SELECTION, keep="selected")
    passed = everything.truth.more["rejected_by"] == ""
    np.testing.assert_array_equal(kept.truth.object_id, everything.truth.object_id[passed])
    assert "rejected_by" not in kept.truth.more
    np.testing.assert_array_equal(kept.truth.weight, kept.truth.more["prescale"])
    before = passed | (everything.truth.more["rejected_by"] == "prescaled")
    # The sum of weights is that of the objects before, within what a draw of one in four allows.
    sigma = np.sqrt((everything.truth.more["prescale"][before] - 1).sum())
    assert abs(kept.truth.weight.sum() - before.sum()) < 4 * sigma
    assert kept.meta["rejected"] == everything.meta["rejected"]
    rows = rejection_rows(kept.meta["rejected"], N)
    assert (rows[0]["left"], rows[-1]["left"]) == (N, kept.n_object)
    assert all(one["left"] - other["left"] == other["rejected"] for one, other in pairwise(rows))


def test_chunks_of_any_size_are_the_same(template, everything):
    parts = list(simulate_chunks([template], sky(), POPULATION, **GIVEN, selection=SELECTION, chunk=700))
    for name, column in everything.truth.more.items():
        np.testing.assert_array_equal(np.concatenate([part.truth.more[name] for part in parts]), column)
    for name, count in everything.meta["rejected"].items():
        assert sum(part.meta["rejected"][name] for part in parts) == count


def test_what_selects_is_told_in_json(everything):
    told = json.loads(json.dumps(everything.meta["selection"]))
    assert told["trigger"] == "2 of g, r within 10.0 d and 3 detections in any band on 2 nights"
    assert list(told["cuts"].values())[1] == "20 <= snr_max; in 2 of g, r"
    assert told["prescale"] == [{"factor": 4.0, "z": [0.1, 0.2]}, {"factor": 2.5, "classes": ["Ia"]}]
    assert told["host_redshift"].endswith("<lambda>")
    other = dataclasses.replace(MAPS.maps[0], probability=[0.9, 0.3, 0.0])
    assert dataclasses.replace(MAPS, maps=(other,)).told()["sha256"] != told["spectroscopy"]["sha256"]


def test_fields_have_efficiencies_maps_and_prescales_of_their_own(template):
    never = DetectionEfficiency(bands=("*",), snr=[0.0], probability=[[0.0]])
    maps = EfficiencyMaps(
        maps=tuple(
            EfficiencyMap(variables=("REDSHIFT",), nodes=[[0.0, 9.0]], probability=[chance] * 2, fields=(name,))
            for name, chance in (("DEEP", 1.0), ("WIDE", 0.25))
        )
    )
    selection = Selection(
        field_efficiency={"WIDE": step_efficiency(8.0)},
        spectroscopy=maps,
        prescale=[Prescale(factor=2, fields=("DEEP",))],
    )
    given = {"n": 1024, "seed": 5}
    found = simulate([template], sky(), POPULATION, **given, selection=selection)
    more = found.truth.more
    measured = np.diff(found.offset) > 0
    expected = np.where(found.truth.dec > 0, "DEEP", "WIDE")
    np.testing.assert_array_equal(more["field"][measured], expected[measured])
    np.testing.assert_array_equal(
        more["spectrum_probability"][measured], np.where(expected == "DEEP", 1.0, 0.25)[measured]
    )
    np.testing.assert_array_equal(more["prescale"], np.where(more["field"] == "DEEP", 2.0, 1.0))
    owner = np.repeat(np.arange(found.n_object), np.diff(found.offset))
    threshold = np.where(more["field"] == "WIDE", 8.0, 5.0)[owner]
    np.testing.assert_array_equal((found.photflag & PHOTFLAG_DETECTION) > 0, found.flux / found.flux_err >= threshold)
    blind = simulate([template], sky(), POPULATION, **given, keep="triggered",
                     selection=Selection(field_efficiency={"DEEP": never}))  # fmt: skip
    assert set(blind.truth.more["field"]) == {"WIDE"}


def test_who_is_wanted_but_not_there(template):
    with pytest.raises(ValueError, match="keep is 'selected', which needs a selection"):
        simulate([template], sky(), POPULATION, n=3, keep="selected")
    none = Selection(cuts=[Cut(quantity="z", least=5)])
    with pytest.warns(SelectionWarning, match=r"none of 30 objects is left by keep='selected'.*; \d+ not 5 <= z"):
        simulate([template], sky(), POPULATION, n=30, keep="selected", selection=none)
    for given, message in (
        ({"spectroscopy": lambda truth: 2.0}, "efficiency of spectrum has values outside 0 to 1"),
        ({"prescale": lambda truth: 0.5}, "prescale has values below 1"),
        ({"trigger": "2 of u, g"}, "no band 'u' among lsstg, lsstr"),
        ({"cuts": [Cut(quantity="nothing")]}, "no quantity 'nothing'"),
    ):
        with pytest.raises(ValueError, match=message), warnings.catch_warnings():
            simulate([template], sky(), POPULATION, n=30, selection=Selection(**given))


def test_selections_that_cannot_be():
    with pytest.raises(ValueError, match="expected others than"):
        Selection(cuts=[Cut(quantity="z", name="triggered")])
    with pytest.raises(ValueError, match="each once"):
        Selection(cuts=[Cut(quantity="z", most=1), Cut(quantity="z", most=1)])
    with pytest.raises(ValueError, match=r"Prescale.factor is 0\.5, expected 1 or more"):
        Prescale(factor=0.5)
    with pytest.raises(ValueError, match="width = 0"):
        Selection(spectroscopy=PeakEfficiency(band="g", half=20.0, width=0.0))
