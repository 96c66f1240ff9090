"""The oracle for values, a few cases of it; `fuzz_readers.py --reader values` runs more."""

import numpy as np
import pytest

from tests.fuzz.values import value_case


@pytest.mark.parametrize("seed", range(60))
def test_what_is_read_is_what_was_written(tmp_path, seed):
    assert value_case(np.random.default_rng([18, seed]), tmp_path / "SN") == ""
