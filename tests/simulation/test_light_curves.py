"""Many light curves in flat arrays: indexing, selection, joining, and what is refused."""

import dataclasses

import numpy as np
import pytest

from sntransport.simulation.light_curves import TRUTH_FIELDS, LightCurves, Truth, concatenate


def truth(n_object, n_band, first_id=0):
    columns = {item.name: np.full(n_object, 0.1) for item in TRUTH_FIELDS}
    columns |= {"object_id": np.arange(first_id, first_id + n_object), "template": np.zeros(n_object, int)}
    columns |= {"peak_mag": np.full((n_object, n_band), 20.0), "peak_mjd": np.full((n_object, n_band), 60000.0)}
    return Truth(**columns)


def curves(counts, first_id=0):
    n_obs = sum(counts)
    value = np.arange(n_obs, dtype=float)
    return LightCurves(
        bands=("ztfg", "lsstg"), surveys=("ztf", "lsst"), offset=np.concatenate([[0], np.cumsum(counts)]),
        mjd=60000 + value, band=np.arange(n_obs) % 2, flux=value - 2, flux_err=np.ones(n_obs),
        photflag=np.zeros(n_obs, int), truth=truth(len(counts), 2, first_id), template_names=("a",),
        template_types=("Ia",),
    )  # fmt: skip


def test_one_light_curve_has_names_and_no_measurement_without_flux():
    both = curves([3, 2])
    flux = both.flux.copy()
    flux[3] = np.nan
    one = dataclasses.replace(both, flux=flux).light_curve(1)
    assert (one.n_obs, list(one.band), list(one.instrument), one.flux[0]) == (1, ["ztfg"], ["ztf"], 2.0)


def test_selection_keeps_each_objects_rows_and_truth():
    some = curves([3, 0, 2, 4]).take([3, 0])
    np.testing.assert_array_equal(some.flux, [3, 4, 5, 6, -2, -1, 0])
    np.testing.assert_array_equal(some.offset, [0, 4, 7])
    np.testing.assert_array_equal(some.truth.object_id, [3, 0])
    empty = curves([3, 2]).take(np.zeros(2, bool))
    assert (empty.n_object, empty.n_obs) == (0, 0)


def test_joining_undoes_selection():
    whole = curves([3, 0, 2, 4])
    again = concatenate([whole.take([0, 1]), whole.take([2, 3])])
    for name in ("offset", "mjd", "band", "flux", "flux_err", "photflag"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))
    np.testing.assert_array_equal(again.truth.object_id, whole.truth.object_id)


def test_the_true_flux_goes_with_its_measurements():
    plain = curves([3, 0, 2, 4])
    whole = dataclasses.replace(plain, true_flux=plain.flux + 0.5)
    some = whole.take([3, 0])
    np.testing.assert_array_equal(some.true_flux, some.flux + 0.5)
    again = concatenate([whole.take([0, 1]), whole.take([2, 3])])
    np.testing.assert_array_equal(again.true_flux, whole.true_flux)
    assert not again.true_flux.flags.writeable
    assert plain.take([1]).true_flux is None
    assert concatenate([plain.take([0]), plain.take([2])]).true_flux is None
    with pytest.raises(ValueError, match="some of them have true_flux and others do not"):
        concatenate([whole.take([0]), plain.take([2])])
    with pytest.raises(ValueError, match=r"LightCurves\.true_flux has shape \(3,\)"):
        dataclasses.replace(plain, true_flux=np.ones(3))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"offset": [0, 4, 3]}, "offset does not ascend"),
        ({"offset": [0, 5]}, r"\(n_object \+ 1,\)"),
        ({"band": np.full(5, 2)}, "band has values outside 0 to 1"),
        ({"surveys": ("ztf",)}, "one entry for each"),
        ({"template_names": ()}, "different lengths"),
        ({"flux": [1.0]}, "flux has shape"),
        ({"truth": truth(2, 3)}, "truth.peak_mag"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(curves([3, 2]), **change)


def test_identifiers_are_unique_and_fit_in_31_bits():
    with pytest.raises(ValueError, match="occur twice"):
        concatenate([curves([1]), curves([1])])
    with pytest.raises(ValueError, match="outside 0 to 2147483647"):
        truth(1, 2, first_id=2**31)
    with pytest.raises(ValueError, match="bands differ"):
        concatenate([curves([1]), dataclasses.replace(curves([1], 5), bands=("a", "b"))])
    with pytest.raises(ValueError, match="at least one"):
        concatenate([])


def test_more_columns_go_with_their_objects():
    known = dataclasses.replace(truth(3, 2), more={"host_z": [0.1, 0.2, 0.3], "field": ["a", "b", "c"]})
    some = known.take([2, 0])
    assert some.more["host_z"].tolist() == [0.3, 0.1]
    assert some.more["field"].tolist() == ["c", "a"]
    assert set(some.columns()) == {item.name for item in TRUTH_FIELDS} | {"host_z", "field"}
    with pytest.raises(ValueError, match="read-only"):
        known.more["host_z"][0] = 1.0


@pytest.mark.parametrize("more", [{"z": [0.1]}, {"Host z": [0.1]}, {"host_z": [0.1, 0.2]}, {"host": [None]}])
def test_more_columns_are_columns_of_their_own(more):
    with pytest.raises(ValueError, match=r"Truth\.more"):
        dataclasses.replace(truth(1, 2), more=more)


def test_what_was_rejected_is_summed():
    parts = [dataclasses.replace(curves([1], i), meta={"seed": 1, "rejected": {"cut": 3 + i}}) for i in range(2)]
    assert concatenate(parts).meta == {"seed": 1, "rejected": {"cut": 7}}
    assert parts[0].meta["rejected"] == {"cut": 3}
