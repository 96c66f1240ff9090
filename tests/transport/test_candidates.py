from functools import partial

import numpy as np
import pytest

from sntransport.transport import candidates
from sntransport.transport.candidates import Judged, PairSpectra, made_in_order
from sntransport.transport.interpolators import linear, wasserstein
from sntransport.transport.synthesis import _pairs, synthesize
from sntransport.transport.weights import PAPER_POWER, paper_weight
from tests.transport.test_synthesis import SPARSE, cut, patchy, photometry_for

PHASE = np.unique(np.concatenate([np.arange(0.0, 50.0, 0.7), SPARSE.phase]))


def counted(calls, wave, a, b, t):
    calls.append(t.size)
    return linear(wave, a, b, t)


def all_said(sparse, phase, interpolate=linear, photometry=None):
    spectra, pairs = PairSpectra(sparse), _pairs(sparse, phase, 40.0)
    judged = None if photometry is None else Judged(photometry.matrix, photometry.continua)
    return pairs, list(made_in_order(spectra, pairs, phase, interpolate, judged))


def test_every_pair_is_made_once_and_blocks_are_all_phases():
    calls = []
    pairs, found = all_said(SPARSE, PHASE, partial(counted, calls))
    between = [pair for pair in pairs if pair[0] != pair[1]]
    assert len(calls) == len(between)
    assert len(found) > 3
    np.testing.assert_array_equal(
        np.concatenate([np.arange(PHASE.size)[block] for block, _ in found]), range(PHASE.size)
    )
    assert sum(calls) == sum(one.row.size for _, said in found for one in said if one.pair.runs)


def test_candidates_are_those_of_all_pairs_at_all_phases_between_in_their_order():
    pairs, found = all_said(SPARSE, PHASE)
    got = [(block.start + k, tuple(pairs[one.number])) for block, said in found for one in said for k in one.row]
    expected = [
        (k, tuple(pair))
        for k, phase in enumerate(PHASE)
        for pair in pairs
        if (pair[0] == pair[1] and SPARSE.phase[pair[0]] == phase)
        or SPARSE.phase[pair[0]] < phase < SPARSE.phase[pair[1]]
    ]
    assert sorted(got) == sorted(expected)
    for block, said in found:
        assert [one.number for one in said] == sorted(one.number for one in said)
        for one in said:
            np.testing.assert_array_equal(one.t, one.pair.positions(PHASE[block][one.row]))


def test_spectra_that_do_not_overlap_say_nothing():
    apart = cut(cut(SPARSE, 0, 3000.0, 4500.0), 1, 6000.0, 9500.0)
    pairs, found = all_said(apart, np.array([5.0]))
    numbers = {one.number for _, said in found for one in said}
    assert [0, 1] in pairs.tolist()
    assert pairs.tolist().index([0, 1]) not in numbers


@pytest.mark.parametrize("seen", [False, True])
def test_made_again_for_each_block_or_kept_the_series_is_the_same(monkeypatch, seen):
    sparse = patchy()
    arguments = {
        "interpolate": wasserstein,
        "weight": partial(paper_weight, epoch_power=PAPER_POWER),
        "photometry": photometry_for(PHASE, sparse) if seen else None,
        "tie": False,
    }
    kept = synthesize(sparse, PHASE, **arguments)
    monkeypatch.setattr(candidates, "_MOST_WAITING", 0.0)
    monkeypatch.setattr(candidates, "_MADE_AGAIN", 16)
    calls = []
    again = synthesize(sparse, PHASE, **arguments)
    all_said(sparse, PHASE, partial(counted, calls))
    for name in ("flux", "flux_err"):
        np.testing.assert_allclose(getattr(again.series, name), getattr(kept.series, name), rtol=1e-12)
    np.testing.assert_array_equal(again.series.origin, kept.series.origin)
    np.testing.assert_array_equal(again.pairs, kept.pairs)
    np.testing.assert_allclose(again.weight, kept.weight, atol=1e-13)
    # It was indeed made again.
    assert len(calls) > sum(pair[0] != pair[1] for pair in _pairs(sparse, PHASE, 40.0))


def test_no_more_waits_than_is_foreseen():
    pairs = _pairs(SPARSE, PHASE, 40.0)
    first, stop = candidates._spans(SPARSE.phase[pairs], pairs[:, 0] == pairs[:, 1], PHASE)
    most = 0
    for start in range(0, PHASE.size, candidates._TOGETHER):
        begun = first < start + candidates._TOGETHER
        most = max(most, int(np.maximum(stop - np.maximum(first, start), 0)[begun].sum()))
    assert candidates._most_waiting(first, stop, PHASE.size) == most
