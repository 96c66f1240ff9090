"""Kernels of draws against slow twins; run a second time with the JIT off."""

import numpy as np

from sntransport.spectra import _kernels
from tests.support import twins


def test_residual_field_and_chain_of_rows():
    rng = np.random.default_rng(5)
    noise, nodes, step = rng.normal(size=(4, 30)), rng.normal(size=(4, 6)), rng.uniform(0.0, 1.0, 30)
    mix, join, left = rng.normal(size=(2, 30)), rng.normal(size=(2, 30)), np.sort(rng.integers(0, 5, 30))
    field = np.empty(noise.shape)
    _kernels.residual_field(noise, step, mix, nodes, left, join, field)
    np.testing.assert_allclose(
        field, twins.residual_field(noise, step, mix, nodes=nodes, left=left, join=join), rtol=1e-12, atol=1e-12
    )
    expected = twins.chain_rows(field.copy(), step[:3])
    _kernels.chain_rows(field, step[:3])
    np.testing.assert_allclose(field, expected, rtol=1e-12, atol=1e-12)
