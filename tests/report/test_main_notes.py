"""What changes a result is shown in a few short lines; what is done to every supernova is not."""

from pathlib import Path

import pytest

from sntransport.report.main_notes import main_notes
from sntransport.spectra.doubts import doubts_among

ROUTINE = (
    "spectrum 3 (MJD 56400.10, spectra[3] Kast): pixels removed: 2 spikes, 30 noisy edges",
    "spectrum 1 (MJD 1.00, a) joined to spectrum 2 (MJD 1.00, b) (scaled by 1.02)",
    "12 bins of masked pixels bridged by straight lines (origin 3)",
    "12 bins (0.1%) raised to the floor of 3% of the level over 5000 km/s",
    "interpolated at the pace of the class: half of the time is 60% of the way",
    "gap of 50.0 d between phases 10.0 and 60.0 is wider than 40 d: 49 phases not covered",
    "8 photometric points below signal to noise 3 not used for band curves",
    "dust of the host galaxy: none assumed; pass ebv_host= if it is known",
    "distance 26.4 Mpc (field lumdist, which the catalog derived from the redshift)",
    "class 'Ia' taken, the first claimed; also claimed: 'I'",
)
TOLD = (
    "no photometry is used: the spectra are not calibrated to it",
    "files not used: lc.dat",
    "photometry.csv: columns not used: seeing",
    "photometry.csv: flux without unit or zp taken as nJy",
    "Milky Way dust: E(B-V) = 0 assumed, sn.toml has no ebv_mw; pass ebv_mw=",
    "distance modulus 34.60 mag from z = 0.02 (Planck 2018 cosmology)",
    "something that nobody has thought of yet",
)


def test_routine_is_not_shown_and_all_else_is():
    assert main_notes(ROUTINE) == ()
    assert main_notes([*ROUTINE, *TOLD]) == TOLD


def test_notes_of_one_kind_are_one_line():
    calm = (
        "calibration of the {}: 3 phases between 1.0 and {} d have no photometry in a band they cover: their flux is as"
    )
    notes = [
        "spectra[3] (MJD 56400, Kast) rejected: its wavelength column is not a wavelength in Angstrom (0 to 3)",
        "spectra[4] (MJD 56401, Kast) rejected: its wavelength column is not a wavelength in Angstrom (-1 to 3)",
        "spectrum 3 (MJD 56400.10, b) rejected: noise (signal to noise 1.2 at 1000 km/s, needed 3)",
        "photometry: 5 rows rejected, upper limit: R PTF (5)",
        "photometry: 1 row rejected, upper limit: uvot::u Swift (1)",
        "photometry: 2 rows rejected, no single date: FNLP HST/WFC3 (2)",
        "spectrum of phase 3.0 left out: arbitrary flux units and no photometry at its date",
        "spectrum of phase -4.5 left out: arbitrary flux units and no photometry at its date",
        calm.format("observed spectra", 9.0),
        calm.format("series", 8.0),
    ]
    assert main_notes(notes) == (
        "3 spectra rejected: its wavelength column is not a wavelength in Angstrom (2), noise (1)",
        "2 spectra left out: arbitrary flux units and no photometry at its date (2)",
        "8 rows of photometry rejected: upper limit (6), no single date (2)",
        calm.format("series", 8.0) + " (and 1 more of this kind)",
    )


def test_lines_are_short():
    (line,) = main_notes(
        ["photometry: no magnitude system named, Vega taken for 900 rows: " + "bessellv KAIT (3), " * 50]
    )
    assert len(line) <= 180
    assert line.endswith(" ...")


def test_doubts_are_whole_and_apart():
    notes = ["WARNING: z is odd: " + "x" * 300, *ROUTINE, "WARNING: phase 0 is far"]
    assert doubts_among(notes) == ("z is odd: " + "x" * 300, "phase 0 is far")
    assert main_notes(notes) == ()


@pytest.mark.parametrize(
    "words",
    [
        ": pixels removed: ", " joined to ", "bridged by straight lines", "raised to the floor of",
        "interpolated at the pace", "interpolated beside", "is wider than ", "outside the observed span",
        "photometric points below signal to noise", "not used for band curves", "only its shape is used",
        "dust of the host galaxy: none assumed", "so near, a redshift", "phase 0 is the discovery",
        "taken, the first claimed", "nights left out as outliers", "instruments off the others",
        "left out of the calibration at", ": noise from the ", "wavelengths sorted or repeated", " left out: ",
    ],
)  # fmt: skip
def test_what_is_routine_is_still_written_so_somewhere(words):
    """A note whose words were changed would be shown again; this says so before the user does."""
    package = Path(__file__).parents[2] / "sntransport"
    sources = "".join(
        path.read_text(encoding="utf-8") for path in package.rglob("*.py") if path.name != "main_notes.py"
    )
    assert words in sources
