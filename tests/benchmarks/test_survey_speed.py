"""Speed of finding visits and drawing places, as ratios to familiar ways of doing the same in the same run.

Run with ``make bench``. Nothing here asserts on time; that the answers agree is asserted.
"""

import timeit

import numpy as np
import pytest
from scipy.spatial import cKDTree

from sntransport.simulation.surveys import footprint
from sntransport.simulation.surveys.survey import Survey


def seconds(work, repeat=3):
    """Least of several repeats: what the work costs when nothing disturbs it."""
    return min(timeit.repeat(work, number=1, repeat=repeat))


@pytest.fixture(scope="module")
def survey():
    """A million dithered visits over ten years on the southern sky."""
    rng = np.random.default_rng(1)
    n = 1_000_000
    dec = np.degrees(np.arcsin(rng.uniform(-0.95, 0.05, n)))
    mjd, ra, ones = rng.uniform(60000, 63650, n), rng.uniform(0, 360, n), np.ones(n)
    return Survey(
        name="dithered",
        bands=("lsstr",),
        mjd=mjd,
        band=np.zeros(n, dtype=int),
        ra=ra,
        dec=dec,
        background=ones,
        photons_per_njy=ones,
        radius=1.75,
    )


@pytest.fixture(scope="module")
def objects(survey):
    rng = np.random.default_rng(2)
    ra, dec = footprint.draw_positions(survey, 100_000, rng)
    first = rng.uniform(60000, 63450, ra.size)
    return ra, dec, first, first + 200.0


def test_visits_of_objects(benchmark, survey, objects):
    ra, dec, first, last = objects
    n = 2000

    def plain_tree():
        """A tree of all visits, then the dates of each object."""
        chord = 2 * np.sin(np.radians(survey.radius) / 2)
        found = tree.query_ball_point(footprint.unit_vectors(ra[:n], dec[:n]), chord, return_sorted=True)
        rows = []
        for i, near in enumerate(found):
            near = np.array(near, dtype=np.int64)
            rows.append(near[(survey.mjd[near] >= first[i]) & (survey.mjd[near] <= last[i])])
        return np.concatenate(rows)

    def every_visit(i):
        """One object against all visits."""
        near = np.sum((pointing - footprint.unit_vectors(ra[i], dec[i])) ** 2, axis=1) <= limit
        return np.flatnonzero(near & (survey.mjd >= first[i]) & (survey.mjd <= last[i]))

    pointing = footprint.unit_vectors(survey.ra, survey.dec)
    limit = (2 * np.sin(np.radians(survey.radius) / 2)) ** 2
    tree = cKDTree(pointing)
    offset, index = footprint.visits_of(survey, ra, dec, first, last)
    np.testing.assert_array_equal(index[: offset[n]], plain_tree())
    np.testing.assert_array_equal(index[: offset[1]], every_visit(0))
    ours = seconds(lambda: footprint.visits_of(survey, ra, dec, first, last)) / ra.size
    benchmark.pedantic(footprint.visits_of, (survey, ra, dec, first, last), rounds=1)
    benchmark.extra_info |= {
        "microseconds an object": ours * 1e6,
        "visits an object": index.size / ra.size,
        "faster than a tree of all visits": seconds(plain_tree) / n / ours,
        "faster than one object against all visits": seconds(lambda: every_visit(0)) / ours,
    }


def test_places(benchmark, survey):
    rng = np.random.default_rng(3)
    benchmark.pedantic(footprint.draw_positions, (survey, 1_000_000, rng), rounds=3)
    ours = seconds(lambda: footprint.draw_positions(survey, 1_000_000, rng))
    numbers = seconds(lambda: rng.random((1_000_000, 3)))
    benchmark.extra_info |= {"microseconds a place": ours, "to drawing three uniform numbers each": ours / numbers}
