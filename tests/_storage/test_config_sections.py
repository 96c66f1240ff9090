"""Files that a configuration names by patterns, in folders of any name."""

import pytest

from sntransport._storage.config_sections import matching


@pytest.mark.parametrize("folder", ["plain", "in [1]", "a*b", "what?"])
def test_only_the_pattern_has_wildcards(tmp_path, folder):
    place = tmp_path / folder
    (place / "sub").mkdir(parents=True)
    (tmp_path / "in 1").mkdir()
    for name in ("b.fits", "a.fits", "sub/c.fits", ".hidden.fits", "x[1].fits"):
        (place / name).write_text("")
    (tmp_path / "in 1" / "other.fits").write_text("")
    assert matching(place, "*.fits") == [place / "a.fits", place / "b.fits", place / "x[1].fits"]
    assert matching(place, "*/*.fits") == [place / "sub" / "c.fits"]
    assert matching(place, "a.fits") == [place / "a.fits"]
    # A file of that very name goes before a pattern.
    assert matching(place, "x[1].fits") == [place / "x[1].fits"]
    assert matching(place, "[ab].fits") == [place / "a.fits", place / "b.fits"]
    assert matching(place, str(place / "a.fits")) == [place / "a.fits"]
    assert matching(place, "none*") == []
    assert matching(place, "\0") == []
