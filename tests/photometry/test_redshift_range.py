"""At which redshifts a simulator can use a template in a band: the rule, and SNANA's table done node by node."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sntransport.photometry.bands import Bandpass, load_bands
from sntransport.photometry.redshift_range import (
    coverage_text,
    filter_range,
    inward,
    leakage_note,
    usable_redshifts,
)

BANDS = ("lsstu", "lsstg", "lsstr", "lssty", "bessellb", "ztfi", "atlaso", "desg")
C = 299792.458


def sampled(band, step):
    """First and last wavelength of a filter as SNANA holds it: on a grid, above 1e-6, and a bin more at either end."""
    grid = np.arange(step * np.floor(band.wave[0] / step) - step, band.wave[-1] + 2 * step, step)
    above = np.flatnonzero(np.interp(grid, band.wave, band.throughput, left=0.0, right=0.0) > 1e-6)
    return grid[above[0] - 1], grid[above[-1] + 1]


@pytest.mark.parametrize("name", BANDS)
@pytest.mark.parametrize("step", [1.0, 5.0, 10.0])
def test_a_filter_reaches_as_far_as_it_is_sampled(name, step):
    band = load_bands([name])[0]
    low, high = filter_range(band)
    first, last = sampled(band, step)
    assert first - 10.0 - 1e-6 <= low <= first + 1e-6
    assert last - 1e-6 <= high <= last + 10.0 + 1e-6


def nodes(z_min, z_max):
    """Redshifts of SNANA's table for a simulation from z_min to z_max (init_genSEDMODEL, init_redshift_SEDMODEL)."""
    shift = 370.0 / C
    low, high = z_min - shift * (1 + z_min), z_max + shift * (1 + z_max)
    count = int(50.0 * (np.log10(high) - np.log10(low))) + 1
    return 10.0 ** np.linspace(np.log10(low), np.log10(high), count)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(BANDS), span=st.tuples(st.floats(1000.0, 3500.0), st.floats(5000.0, 20000.0)),
    at=st.floats(0.0, 1.0), z_range=st.tuples(st.floats(0.002, 0.05), st.floats(1.1, 3.0)), frame=st.floats(-1.0, 1.0),
)  # fmt: skip
def test_both_nodes_around_a_usable_redshift_are_covered(name, span, at, z_range, frame):
    """Whatever the range of the simulation, and whatever the frame: no flux is interpolated with one that is 0."""
    band, (low, wide), (z_min, beyond) = load_bands([name])[0], span, z_range
    limit = usable_redshifts((low, low + wide), [name])[name]
    if limit is None or limit[1] <= max(limit[0], z_min):
        return
    z = max(limit[0], z_min) + at * (limit[1] - max(limit[0], z_min))
    helio = z + frame * 370.0 / C * (1 + z)
    table = nodes(z_min, max(z, z_min) * beyond)
    k = int(np.clip(np.searchsorted(table, helio), 1, table.size - 1))
    first, last = sampled(band, 10.0)
    for node in table[k - 1 : k + 1]:
        assert first / (1 + node) >= low
        assert last / (1 + node) <= low + wide


def test_limits_by_hand():
    top = Bandpass(name="top", wave=[4000.0, 4001.0, 5999.0, 6000.0], throughput=[0.0, 1.0, 1.0, 0.0])
    limit = usable_redshifts((2000.0, 5000.0), [top])["top"]
    node, shift = 10**0.03, 370.0 / C
    assert limit[0] == pytest.approx((0.202 * node + shift) / (1 - shift), abs=1e-4)
    assert limit[1] == pytest.approx((0.995 / node - shift) / (1 + shift), abs=1e-4)
    assert usable_redshifts((2000.0, 7000.0), [top])["top"][0] == 0.0
    assert usable_redshifts((3900.0, 7000.0), [top])["top"] == (0.0, pytest.approx(0.0217 / node - shift, abs=2e-3))
    assert usable_redshifts((3990.0, 7000.0), [top])["top"] is None
    with pytest.raises(ValueError, match="expected two ascending"):
        usable_redshifts((7000.0, 2000.0), [top])


def test_a_leak_counts_unless_it_is_cut():
    wave = [3000.0, 3001.0, 4000.0, 5000.0, 6000.0, 8999.0, 9000.0]
    leaking = Bandpass(name="leaking", wave=wave, throughput=[0.0, 1e-5, 1e-5, 0.5, 1e-5, 1e-5, 0.0])
    assert filter_range(leaking) == (pytest.approx(2990.1), pytest.approx(9009.9))
    low, high = filter_range(leaking, 0.01)
    assert 3990.0 < low < 4001.0
    assert 5999.0 < high < 6010.0
    assert "leaking (2990-9010 A)" in leakage_note([leaking])
    assert leakage_note([leaking], 0.01) == ""
    for cut in (-0.1, 1.0):
        with pytest.raises(ValueError, match="leakage_cut is"):
            filter_range(leaking, cut)


def test_texts_never_say_more_than_is_true():
    assert inward((0.01234, 0.98765), 3) == (0.013, 0.987)
    assert inward((0.0, 0.1234), 4) == (0.0, 0.1234)
    assert str(inward((0.0, 1.0), 3)[0]) == "0.0"
    text = coverage_text({"a": (0.0, 0.12349), "b": None, "c": (0.1001, 0.1009)})
    assert text.splitlines()[0].endswith("z = 0.000 to 0.123")
    assert [line.endswith("at no redshift") for line in text.splitlines()] == [False, True, True]
