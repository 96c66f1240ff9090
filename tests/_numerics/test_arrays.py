"""The checks that value objects make of their arrays."""

import numpy as np
import pytest

from sntransport._numerics.arrays import readonly, require_finite, require_increasing, require_shape


def test_readonly_copies_converts_and_protects():
    mine = np.asfortranarray(np.ones((2, 3), dtype=np.float32))
    array = readonly(mine, "flux", ndim=2)
    mine[:] = 7
    assert array.dtype == np.float64
    assert array.flags.c_contiguous
    assert np.all(array == 1)
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 2


@pytest.mark.parametrize(
    ("value", "match"),
    [
        (["a"], "flux cannot be read as numbers"),
        ([[1], [2, 3]], "flux cannot be read as numbers"),
        ([1j], "flux cannot be read as numbers"),
        (1.0, r"flux has 0 dimensions \(\), expected 1"),
        ([[1.0]], r"flux has 2 dimensions \(1, 1\), expected 1"),
    ],
)
def test_readonly_refuses(value, match):
    with pytest.raises(ValueError, match=match):
        readonly(value, "flux")


def test_require_shape_states_got_and_expected():
    require_shape(np.ones((2, 3)), "flux", (2, 3), "(n_phase, n_wave)")
    with pytest.raises(ValueError, match=r"flux has shape \(3, 3\), expected \(n_phase, n_wave\) = \(2, 3\)"):
        require_shape(np.ones((3, 3)), "flux", (2, 3), "(n_phase, n_wave)")


@pytest.mark.parametrize(
    ("value", "match"),
    [
        ([1, 2, 2], r"wave is not strictly increasing: wave\[1\] = 2, wave\[2\] = 2"),
        ([1, np.nan, 3], r"wave\[1\] is not finite"),
        ([1, 2, np.inf], r"wave\[2\] is not finite"),
        ([0, 1], r"wave\[0\] is 0, expected positive values"),
    ],
)
def test_require_increasing_names_the_element(value, match):
    with pytest.raises(ValueError, match=match):
        require_increasing(np.array(value, float), "wave", positive=True)


def test_require_increasing_accepts():
    require_increasing(np.array([]), "wave", positive=True)
    require_increasing(np.array([-1.0, 0.0]), "phase")


def test_require_finite_counts():
    require_finite(np.ones((2, 2)), "flux")
    with pytest.raises(ValueError, match="flux has 2 values that are not finite, the first at index 1"):
        require_finite(np.array([[1, np.nan], [np.inf, 1]]), "flux")
