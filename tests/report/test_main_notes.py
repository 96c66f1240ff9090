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
    "8 photometric points below signal to noise 3 not used for band curves",
    "dust of the host galaxy: none assumed; pass ebv_host= if it is known",
    "distance 26.4 Mpc (field lumdist, which the catalog derived from the redshift)",
    "class 'Ia' taken, the first claimed; also claimed: 'I'",
)
TOLD = (
    "gap of 50.0 d between phases 10.0 and 60.0 is wider than 40 d: 49 phases not covered",
    "3 phases outside the observed span -1.0 to 60.0 d: not covered",
    "no photometry is used: the spectra are not calibrated to it",
    "files not used: lc.dat",
    "photometry.csv: columns not used: seeing",
    "photometry.csv: flux without unit or zp taken as nJy",
    "spectra/a.csv: columns not used: pixel, sky",
    "spectra/a.fits: flux converted from mJy to a density per Angstrom",
    "spectra: no flux unit stated, erg/s/cm2/A taken for spectra/a.csv and 3 more",
    "spectra: no wavelength unit stated, Angstrom taken for spectra/a.csv",
    "photometry: no system of the zero point named, AB taken for 2 rows: sdssr (2)",
    "photometry: no error given, 0.1 mag taken for 1 row: sdssr (1)",
    "wavelengths of 1 of 3 spectra are stated to be in air; where nothing is stated, vacuum taken",
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
        "photometry: 3 rows rejected, system is 'vega2': sdssr (3)",
        "spectrum of phase 3.0 left out: arbitrary flux units and no photometry at its date",
        "spectrum of phase -4.5 left out: arbitrary flux units and no photometry at its date",
        calm.format("observed spectra", 9.0),
        calm.format("series", 8.0),
    ]
    assert main_notes(notes) == (
        "3 spectra rejected: its wavelength column is not a wavelength in Angstrom (2), noise (1)",
        "2 spectra left out: arbitrary flux units and no photometry at its date (2)",
        "11 rows of photometry rejected: upper limit (6), system is 'vega2' (3), no single date (2)",
        calm.format("series", 8.0) + " (and 1 more of this kind)",
    )


def test_several_gaps_are_one_line():
    gap = "gap of {:.1f} d between phases {:.1f} and {:.1f} is wider than 40 d: {} not covered"
    gaps = [gap.format(*one) for one in ((50, 10, 60, "49 phases"), (70.5, 60, 130.5, "70 phases"))]
    assert main_notes([gaps[0], *ROUTINE, gaps[1]]) == (
        "2 gaps wider than 40 d: 119 phases not covered; the widest is 70.5 d between phases 60.0 and 130.5",
    )
    assert main_notes([gap.format(40.5, 0.2, 40.7, "1 phase")]) == (gap.format(40.5, 0.2, 40.7, "1 phase"),)


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
        "interpolated at the pace", "interpolated beside",
        "photometric points below signal to noise", "not used for band curves", "only its shape is used",
        "dust of the host galaxy: none assumed", "so near, a redshift", "phase 0 is the discovery",
        "taken, the first claimed", "nights left out as outliers", "instruments off the others",
        ": noise from the ", "wavelengths sorted or repeated", " left out: ",
    ],
)  # fmt: skip
def test_what_is_routine_is_still_written_so_somewhere(words):
    """A note whose words were changed would be shown again; this says so before the user does."""
    package = Path(__file__).parents[2] / "sntransport"
    sources = "".join(
        path.read_text(encoding="utf-8") for path in package.rglob("*.py") if path.name != "main_notes.py"
    )
    assert words in sources
