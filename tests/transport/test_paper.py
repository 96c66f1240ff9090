"""The recipe of the method paper, through the whole chain."""

import dataclasses

import numpy as np
import pytest

import sntransport as snt
from sntransport.transport.interpolators import wasserstein
from sntransport.transport.paper import paper_recipe
from sntransport.transport.weights import PAPER_POWER, epoch_weight, paper_weight
from tests.support.synthetic import photometry, supernova

PHASES = (2.0, 9.0, 17.0, 30.0, 41.0, 52.0)
BANDS = ("bessellb", "bessellv", "bessellr", "besselli")
SN = supernova(PHASES, light_curve=photometry(np.arange(0.0, 56.0, 3.0), BANDS, error=0.01), snr=200.0)


def test_the_recipe_is_transport_of_all_pairs_with_the_power_of_the_paper():
    recipe = paper_recipe()
    assert recipe["interpolate"] is wasserstein
    days = np.array([3.0, 5.0]), np.array([4.0, 9.0]), np.array([0.1, np.nan])
    np.testing.assert_array_equal(recipe["weight"](*days), paper_weight(*days, epoch_power=PAPER_POWER))
    result = snt.build(SN, phases=[13.0], **recipe)
    # Two before, four after, and none more than 40 d apart.
    assert result.pairs.tolist() == [[0, 2], [0, 3], [0, 4], [1, 2], [1, 3], [1, 4]]
    assert result.weight.sum() == pytest.approx(1.0)
    assert result.weight[0].argmax() == 3


def spoiled(change):
    """The supernova with the third spectrum changed by a function of wavelength."""
    spectra = [dataclasses.replace(one, flux=one.flux * change(one.wave)) if k == 2 else one
               for k, one in enumerate(SN.spectra)]  # fmt: skip
    return dataclasses.replace(SN, spectra=tuple(spectra))


def share_of_third(sn, weight):
    """Share of all pairs with the third spectrum beside it, (n_phase,)."""
    result = snt.build(sn, phases=[13.0, 24.0], interpolate=snt.interpolators.log_linear, weight=weight)
    return result.weight[:, (result.pairs == 2).any(axis=1)].sum(axis=1)


@pytest.mark.parametrize(
    "change",
    [
        lambda wave: (wave / 6000.0) ** 1.5,
        lambda wave: 1.0 + 0.5 * np.exp(-0.5 * ((wave - 6500.0) / 600.0) ** 2),
        lambda wave: 1.0 - 0.6 * np.exp(-0.5 * ((wave - 5500.0) / 300.0) ** 2),
    ],
    ids=["slope", "red excess", "hole in V"],
)
def test_a_pair_of_wrong_color_loses_weight_in_a_build(change):
    paper = paper_recipe()["weight"]
    for weight in (paper, paper_weight):
        right, wrong = share_of_third(SN, weight), share_of_third(spoiled(change), weight)
        assert np.all(wrong < right)
    right, wrong = share_of_third(SN, paper), share_of_third(spoiled(change), paper)
    assert np.all(wrong < 0.9 * right)
    # It is the color that does it: by dates alone the shares are what they were.
    np.testing.assert_allclose(share_of_third(spoiled(change), epoch_weight), share_of_third(SN, epoch_weight))


def test_a_factor_is_no_color():
    paper = paper_recipe()["weight"]
    np.testing.assert_allclose(share_of_third(spoiled(lambda wave: 3.0), paper), share_of_third(SN, paper), atol=1e-4)
