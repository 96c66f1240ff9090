"""What is in files, decompressed: within limits, or one line that says which limit."""

import bz2
import gzip
import lzma
import zipfile

import numpy as np
import pytest

from sntransport._storage import contents
from sntransport._storage.contents import (
    bulk_content,
    content_of,
    opened_content,
    require_countable,
    require_parsable,
    text_of,
)
from sntransport._storage.read_error import ReadError, shallow


def test_plain_and_compressed_are_alike(tmp_path):
    (tmp_path / "a").write_bytes(b"1 2\n")
    (tmp_path / "b").write_bytes(gzip.compress(b"1 ") + gzip.compress(b"2\n"))
    assert content_of(tmp_path / "a", 4) == content_of(tmp_path / "b", 4) == b"1 2\n"
    assert text_of(tmp_path / "b", "give text") == "1 2\n"
    for name in ("a", "b"):
        with pytest.raises(ReadError, match=rf"{name}: larger than .* MiB; split it"):
            content_of(tmp_path / name, 3, "split it")


def test_only_what_is_compressed_has_a_limit_in_bulk(tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "MAX_BYTES", 1000)
    (tmp_path / "a").write_bytes(bytes(2000))
    (tmp_path / "b").write_bytes(gzip.compress(bytes(2000)))
    assert len(opened_content(tmp_path / "a", None, "decompress it")) == 2000
    assert bulk_content(tmp_path / "a", "give less") == (bytes(2000), False)
    with pytest.raises(ReadError, match="; decompress it, or give less"):
        bulk_content(tmp_path / "b", "give less")
    (tmp_path / "b").write_bytes(gzip.compress(bytes(1000)))
    assert bulk_content(tmp_path / "b", "give less") == (bytes(1000), True)


def test_other_compressions_are_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "zip", "w") as file:
        file.writestr("a", "1 2")
    (tmp_path / "bzip2").write_bytes(bz2.compress(b"1 2"))
    (tmp_path / "xz").write_bytes(lzma.compress(b"1 2"))
    for name in ("zip", "bzip2", "xz"):
        with pytest.raises(ReadError, match=f"compressed with {name}; decompress it, or compress it with gzip"):
            content_of(tmp_path / name)


def test_damaged_missing_and_no_text(tmp_path):
    (tmp_path / "a").write_bytes(gzip.compress(bytes(1000))[:-5])
    with pytest.raises(ReadError, match="not a valid gzip file"):
        content_of(tmp_path / "a")
    with pytest.raises(ReadError, match="cannot be read"):
        content_of(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        opened_content(tmp_path / "none", None, "")
    (tmp_path / "b").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ReadError, match="is not text; give a table"):
        text_of(tmp_path / "b", "give a table")


@pytest.mark.parametrize(
    ("limit", "content", "message"),
    [
        ("MAX_TEXT_BYTES", b"1 2\n" * 3, "MiB of text, more than"),
        ("MAX_LINES", b"1 2\n" * 11, "11 lines of text, more than 10"),
        ("MAX_LINES", b"\x0c" * 11, "11 lines of text, more than 10"),
        ("MAX_CELLS", b"1 2 3 4 5 6 7 8 9 0 1", "11 words of text, more than 10"),
        ("MAX_CELLS", b"1,2,3,4,5,6,7,8,9,0,1", "words of text, more than 10"),
        ("MAX_CELLS", b",,,,,,,,,,,", "words of text, more than 10"),
        ("MOST_MEMORY", b"1\n" * 10 + b"2" * 90, "a line of 90 letters among 10 lines"),
    ],
)
def test_texts_that_take_more_than_their_bytes(tmp_path, monkeypatch, limit, content, message):
    require_parsable(tmp_path, content)
    monkeypatch.setattr(contents, "_HARMLESS", 0)
    monkeypatch.setattr(contents, limit, 10)
    with pytest.raises(ReadError, match=message):
        require_parsable(tmp_path, content)


def test_a_long_comment_is_no_long_line(tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "MOST_MEMORY", 1000)
    require_parsable(tmp_path, b"#" + b"x" * 500 + b"\n1 2\n3 4\n")
    with pytest.raises(ReadError, match="a line of 500 letters"):
        require_parsable(tmp_path, b"x" * 500 + b"\n1 2\n3 4\n")


@pytest.mark.parametrize(
    "bad", [b"NAXIS1  = -1", b"naxis   = +1000", b"HIERARCH TFIELDS = 1000", b"NAXIS2  = 99999999"]
)
def test_headers_that_count_what_cannot_be(bad):
    good = b"SIMPLE  = T".ljust(80) + b"NAXIS1  = 10 / of 2000".ljust(80) + b"TFIELDS = 999".ljust(80)
    require_countable(good)
    # Not at the beginning of a card it is text.
    require_countable(good + b"COMMENT " + bad.ljust(72))
    with pytest.raises(ValueError, match="a FITS header counts"):
        require_countable(good + bad.ljust(80))


def test_entries_of_headers_are_shallow():
    deep = [[1], [2]]
    given = {"a": 1, "b": "x", "c": [1, "y"], "d": {"e": 2.0}, "f": deep, "g": {"h": [1]}, ("i", "j"): 1, "k": None}
    assert shallow(given) == {"a": 1, "b": "x", "c": [1, "y"], "d": {"e": 2.0}, "k": None}
    assert shallow({1: np.float64(2.0)}) == {"1": 2.0}
