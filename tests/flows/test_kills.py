"""Commands that are killed at a random moment and started again; `tests.support.kills` does it as often as asked."""

import os

import pytest

from tests.support import kills

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="signals of posix")]


@pytest.mark.parametrize("name", kills.ATTACKS)
def test_nothing_is_lost_and_the_bytes_are_the_same(name, tmp_path):
    assert kills.attack(name, 3, 7, tmp_path).total() == 3
