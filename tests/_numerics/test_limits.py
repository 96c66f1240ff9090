"""What would not fit is refused before it is made."""

import pytest

from sntransport._numerics.limits import MOST_BYTES, require_memory


def test_the_limit_is_stated_with_size_and_remedy():
    require_memory(MOST_BYTES, "this", "do that")
    with pytest.raises(ValueError, match=r"^a cube would take about 6\.0 GiB of memory, more than 4 GiB; take less$"):
        require_memory(1.5 * MOST_BYTES, "a cube", "take less")
