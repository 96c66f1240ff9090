"""SNANA's tables of error models, written here after its manual, against sums by hand."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport._storage.read_error import ReadError
from sntransport.simulation.noise.error_model import SeenVisits
from sntransport.simulation.noise.snana_error_maps import missing_columns, read_error_maps
from sntransport.simulation.surveys.survey import Survey

TEXT = """DOCUMENTATION:
  PURPOSE: a test
  NOTES:
  - MAPNAME: is no map here
DOCUMENTATION_END:
DEFINE_FIELDGROUP:  DEEP   C3+X3   # two fields
REDCOV: g:0.3,r:0.5
REDCOV(DEEP): i:0.4
MAPNAME: SCALE
BAND: gr    FIELD: DEEP
SCALE_FLUXERR_DATA: 1.2
SCALE_FLUXERR_TRUE: 1.1
VARNAMES:  ZP  PSF  ERRSCALE
ROW:       29  0.5    1.0
ROW:       29  2.5    3.0
ROW:       33  0.5    2.0
ROW:       33  2.5    8.0
ENDMAP:
MAPNAME: ADD
VARNAMES: LOGSNR ERRADD
ROW: -1 10.0
ROW: 1 30.0
ENDMAP:
"""


def write(path, text):
    path.write_text(text)
    return path


def seen_of(n=6, **more):
    columns = {
        "zero_point": np.full(n, 31.0), "psf": np.full(n, 1.5), "sky_noise": np.full(n, 20.0),
        "field_name": np.array(["X3", "E1"] * (n // 2)),
    }  # fmt: skip
    survey = Survey(
        name="s", bands=("desg", "desr", "desi"), mjd=60000.0 + np.arange(n), band=np.arange(n) % 3, ra=np.zeros(n),
        dec=np.zeros(n), background=np.ones(n), photons_per_njy=None, radius=1.0, more=columns | more,
    )  # fmt: skip
    return SeenVisits(
        surveys=(survey,), bands=survey.bands, survey=np.zeros(n, int), visit=np.arange(n), band=survey.band,
        mjd=survey.mjd, snr=np.full(n, 10.0),
    )  # fmt: skip


def test_maps_by_band_field_and_variables(tmp_path):
    model = read_error_maps(write(tmp_path / "a.dat", TEXT))
    made = model(np.full(6, 100.0), seen_of())
    added = 30.0 * 10 ** (0.4 * (31.4 - 27.5))
    # Half way in both: the mean of the four corners. The bands are gri, the fields one deep, one not, in turns.
    scaled = np.array([True, False, False, False, True, False])
    np.testing.assert_allclose(made.drawn, np.hypot(np.where(scaled, 3.5 * 1.1, 1.0) * 100.0, added))
    np.testing.assert_allclose(made.reported, np.hypot(np.where(scaled, 3.5 * 1.2, 1.0) * 100.0, added))
    np.testing.assert_array_equal(made.group, [0, 1, 2, 0, 1, -1])
    np.testing.assert_array_equal(made.correlation[:5], [0.3, 0.5, 0.4, 0.3, 0.5])


def test_maps_that_are_not_reported(tmp_path):
    path = write(tmp_path / "a.dat", TEXT)
    made = read_error_maps(path, unreported=("SCALE",), zp_fluxcal=31.4)(np.full(6, 100.0), seen_of())
    np.testing.assert_allclose(made.reported, np.hypot(100.0, 30.0))
    assert made.drawn[0] == pytest.approx(np.hypot(385.0, 30.0))
    with pytest.raises(ReadError, match="no map 'OTHER' to leave unreported; name one of ADD, SCALE"):
        read_error_maps(path, unreported=("OTHER",))


@given(st.floats(25, 40), st.floats(0, 5))
def test_linear_between_and_constant_beyond(zero_point, psf):
    model = read_error_maps_once()
    seen = seen_of(zero_point=np.full(6, zero_point), psf=np.full(6, psf))
    u, v = np.clip((zero_point - 29) / 4, 0, 1), np.clip((psf - 0.5) / 2, 0, 1)
    expected = (1 - u) * ((1 - v) * 1.0 + v * 3.0) + u * ((1 - v) * 2.0 + v * 8.0)
    assert model.maps[0].name == "SCALE"
    only = type(model)(maps=model.maps[:1])
    assert only(np.full(6, 100.0), seen).drawn[0] == pytest.approx(110.0 * expected, rel=1e-9)


_ONCE = []


def read_error_maps_once():
    """The model, read once for all examples."""
    if not _ONCE:
        import tempfile
        from pathlib import Path

        with tempfile.TemporaryDirectory() as folder:
            _ONCE.append(read_error_maps(write(Path(folder) / "a.dat", TEXT)))
    return _ONCE[0]


def test_ratios_below_the_least_and_visits_without_a_flux(tmp_path):
    text = "MAPNAME: A\nVARNAMES: LOGSNR ERRSCALE\nROW: -1 1.0\nROW: 1 3.0\nENDMAP:\n"
    model = read_error_maps(write(tmp_path / "a.dat", text))
    seen = seen_of()
    ratios = np.array([-5.0, 0.0, 1e-9, 1.0, 1e9, np.nan])
    object.__setattr__(seen, "snr", ratios)
    np.testing.assert_allclose(model(np.ones(6), seen).drawn, [1.1, 1.1, 1.1, 2.0, 3.0, 1.0])


def test_two_maps_of_one_name(tmp_path):
    text = "MAPNAME: A\nBAND: r\nVARNAMES: PSF ERRSCALE\nROW: 1 2\nENDMAP:\n"
    model = read_error_maps(write(tmp_path / "a.dat", text + text))
    with pytest.raises(ValueError, match="two error maps 'A' apply to band desr; leave one"):
        model(np.ones(6), seen_of())
    other = read_error_maps(write(tmp_path / "b.dat", text + text.replace("MAPNAME: A", "MAPNAME: B")))
    np.testing.assert_array_equal(other(np.ones(6), seen_of()).drawn, [1, 4, 1, 1, 4, 1])


def test_maps_by_what_a_survey_does_not_have(tmp_path):
    model = read_error_maps(write(tmp_path / "a.dat", TEXT))
    with pytest.raises(ValueError, match="an error map is by PSF, which some visits do not have"):
        model(np.ones(6), seen_of(psf=np.full(6, np.nan)))


def test_only_visits_that_a_map_applies_to_need_its_columns(tmp_path):
    model = read_error_maps(
        write(tmp_path / "a.dat", "MAPNAME: A\nBAND: g\nVARNAMES: PSF ERRSCALE\nROW: 1 2\nENDMAP:\n")
    )
    seen = seen_of()
    bare = Survey(
        name="bare", bands=("sdssr",), mjd=[60000.0], band=[0], ra=[0.0], dec=[0.0], background=[1.0],
        photons_per_njy=None, radius=1.0,
    )  # fmt: skip
    both = SeenVisits(
        surveys=(*seen.surveys, bare), bands=(*seen.bands, "sdssr"), survey=np.array([0, 0, 1]),
        visit=np.array([0, 1, 0]), band=np.array([0, 1, 3]), mjd=np.full(3, 60000.0), snr=np.full(3, 10.0),
    )  # fmt: skip
    np.testing.assert_array_equal(model(np.ones(3), both).drawn, [2, 1, 1])
    assert missing_columns(model, bare) == ()
    of_red = read_error_maps(write(tmp_path / "b.dat", TEXT))
    # Its field is none of DEEP, so that the map by ZP and PSF never applies.
    assert missing_columns(of_red, bare) == ()
    assert missing_columns(of_red, dataclasses.replace(bare, field=[4], field_names={4: "X3"})) == ("zero_point", "psf")


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("ZP  PSF  ERRSCALE", "ZP  PSF", "line 13: VARNAMES: ends with 'PSF'; let ERRSCALE or ERRADD be the last"),
        ("ZP  PSF  ERRSCALE", "SBMAG PSF ERRSCALE", "line 13: SBMAG is of the host galaxy, which is not simulated"),
        ("ZP  PSF  ERRSCALE", "MOON PSF ERRSCALE", "line 13: variable 'MOON' is not known"),
        ("ZP  PSF  ERRSCALE", "PSF PSF ERRSCALE", "names a variable twice"),
        ("29  0.5    1.0", "29  0.5    low", "line 14: 'low' is not a number"),
        ("29  0.5    1.0", "29  0.5    nan", "line 14: 'nan' is not finite"),
        ("29  0.5    1.0", "29  0.5    0.0", "line 14: ERRSCALE is 0; give a positive number"),
        ("29  0.5    1.0", "29  0.5", "line 14: ROW: has 2 values for 3 VARNAMES"),
        ("29  0.5    1.0", "30  0.5    1.0", "line 18: map 'SCALE' has 4 rows, which are no grid of 6"),
        ("MAPNAME: SCALE\n", "", "BAND: before MAPNAME:"),
        ("SCALE_FLUXERR_TRUE: 1.1", "SCALE_FLUXERR_TRUE: -1", "scales errors by -1"),
        ("g:0.3,r:0.5", "g:1.3", "line 7: REDCOV: has the correlation 1.3; give 0 to 1"),
        ("g:0.3,r:0.5", "0.3", "expected bands:correlation"),
        ("ENDMAP:", "END:", "line 19: a map before the end of the one before; close it with ENDMAP:"),
        (TEXT, "MAPNAME: A\nVARNAMES: PSF ERRSCALE\nROW: 1 1\n", "line 3: a map before the end of the one before"),
        (TEXT, "OPT_EXTRAP: 1\n", "no map"),
    ],
)
def test_broken_files(tmp_path, old, new, match):
    assert old in TEXT
    with pytest.raises(ReadError, match=match):
        read_error_maps(write(tmp_path / "a.dat", TEXT.replace(old, new)))
