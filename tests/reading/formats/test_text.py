"""Bytes, words and separators as instruments, spreadsheets and people write them."""

import gzip
import math

import pytest

from sntransport._storage.contents import content_of
from sntransport._storage.read_error import ReadError
from sntransport.reading.formats.columns import (
    cells_of,
    is_comment,
    name_and_unit,
    names_of,
    separator_of,
    table_with_names,
)
from sntransport.reading.formats.text import is_backup, lines_of, to_number


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("1.5", 1.5), (" -2e-3 ", -2e-3), ("1.0D-15", 1e-15), ("1.0d+02", 100.0), ("1.234-101", 1.234e-101),
        ("60,370.2", 60370.2), ("1,234,567.5", 1234567.5), ("16,41", 16.41), ("1,2e-15", 1.2e-15), ("\u22121.5", -1.5),
    ],
)  # fmt: skip
def test_numbers(word, value):
    assert to_number(word) == value


@pytest.mark.parametrize(
    "word", ["", "x", "nan", "inf", "1_000", "0x10", "1e", "--", "\u0661", "1e999", "1.2.3", "1 2"]
)
def test_what_is_no_number(word):
    assert math.isnan(to_number(word))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings(tmp_path, encoding):
    content = "# 10 µm, é\n4000 1.0\n".encode(encoding)
    assert lines_of(tmp_path, content)[0].lstrip("\ufeff") == "# 10 µm, é"


def test_gzip_and_junk(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"1 2\n"))
    assert content_of(tmp_path / "a.gz") == b"1 2\n"
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"1 2\n")[:-4])
    with pytest.raises(ReadError, match=r"a\.gz: not a valid"):
        content_of(tmp_path / "a.gz")
    with pytest.raises(ReadError, match="neither text nor FITS"):
        lines_of(tmp_path, bytes(range(256)))


def test_backups():
    assert all(map(is_backup, ["x.flm~", "x.txt.bak", "#x#", ".x.swp", "x.orig"]))
    assert not any(map(is_backup, ["x.flm", "x.txt.gz", "photometry.csv"]))


@pytest.mark.parametrize(
    ("line", "separator", "cells"),
    [
        ("a,b, c", ",", ["a", "b", "c"]), ("a\tb c", "\t", ["a", "b c"]), ("1;2,5", ";", ["1", "2,5"]),
        ("1 2  3", "", ["1", "2", "3"]), ("3600,5 1,2e-15", "", ["3600,5", "1,2e-15"]), ('"a b" 2', "", ["a b", "2"]),
        ('"16,5",2', ",", ["16,5", "2"]),
    ],
)  # fmt: skip
def test_separators(line, separator, cells):
    assert separator_of(line) == separator
    assert cells_of(line, separator) == cells


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Flux (mJy)", ("Flux", "mJy")), ("wavelength [nm]", ("wavelength", "nm")), ("flux_uJy", ("flux", "uJy")),
        ("flux [erg/(s cm2 A)]", ("flux", "erg/(s cm2 A)")), ("mag_err", ("mag_err", "")),
        ("MJD[days]", ("MJD", "days")),
    ],
)  # fmt: skip
def test_units_in_names(header, expected):
    assert name_and_unit(header) == expected


@pytest.mark.parametrize(
    "line",
    ["wavelength [A]   flux [erg/s/cm2/A]", "wavelength [A], flux [erg/s/cm2/A]", "wavelength[A]\tflux[erg/s/cm2/A]",
     "wavelength (A) flux (erg/s/cm2/A)"],
)  # fmt: skip
def test_names_with_units(line):
    assert [name_and_unit(name)[1] for name in names_of(line, 2)] == ["A", "erg/s/cm2/A"]
    assert names_of(line, 3) is None


def test_comments():
    assert all(map(is_comment, ["# a", "  % a", "! a", "\\ a", "// a", "; a comment"]))
    assert not any(map(is_comment, ["1 2", "wave flux", "-1;2"]))


@pytest.mark.parametrize(
    "text",
    ["mjd,band,mag\n60000,sdssr,16\n", "# mjd band mag\n60000 sdssr 16\n", "###mjd band mag\n60000 sdssr 16\n",
     "mjd;band;mag\n60000;sdssr;16\n", "mjd\tband\tmag\n60000\tsdssr\t16\n", "mjd | band | mag\n60000 | sdssr | 16\n",
     "# a title\n# mjd, band, mag\n# more\n60000,sdssr,16\n", "mjd, band, mag\n 60000 sdssr 16\n"],
)  # fmt: skip
def test_a_table_by_its_names(tmp_path, text):
    table = table_with_names(tmp_path / "a", text.splitlines())
    assert {name: list(cells) for name, cells in table.columns.items()} == {
        "mjd": ["60000"], "band": ["sdssr"], "mag": ["16"]}  # fmt: skip
    assert table.where(0) == f"line {len(text.splitlines())}"


def test_a_table_without_names_is_refused(tmp_path):
    with pytest.raises(ReadError, match=r"line 1: no names of columns.*add a line such as mjd,band"):
        table_with_names(tmp_path / "a", ["60000 sdssr 16 0.1"])
