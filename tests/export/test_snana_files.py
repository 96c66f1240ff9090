"""The files of a model: names, lines and ranges that SNANA takes, whatever series are called."""

import dataclasses
import gzip
import inspect
import re
import resource
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import sntransport as snt
from sntransport._storage.atomic_folders import put_aside
from sntransport._storage.read_error import one_line
from sntransport.cli.main import main
from sntransport.cli.supernovae import export as command
from sntransport.export.grid import exported_range, template_grid
from sntransport.export.lightcurvelynx_model import to_lightcurvelynx
from sntransport.export.snana import SURVEY_BANDS, to_snana
from sntransport.export.snana_check import check_folder
from sntransport.export.snana_files import belongs, file_names
from sntransport.export.sncosmo_source import to_sncosmo
from sntransport.export.text_files import comment_lines
from tests.export.test_exports import bump

PHASE = np.arange(-16.0, 92.0, 4.0)
EVIL = "x\nNON1A: 9 Ia y.SED\r\nSED: z.SED\x85\u2028NON1A: 8 II # é" + "long " * 60


def small(name="a", sn_type="II", wave=None):
    return bump(name, sn_type, PHASE, np.arange(2000.0, 11500.0, 50.0) if wave is None else wave)


def export(series, folder, **options):
    return to_snana(series, folder, wave_step=200.0, phase_step=4.0, **options)


def rows(path):
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_text_becomes_short_lines_of_one_line_each(text):
    flat = one_line(text)
    assert len(flat.splitlines()) <= 1
    assert one_line(flat) == flat
    lines = comment_lines(text)
    assert all(len(f"# {line}".encode()) <= 119 and len(line.splitlines()) <= 1 for line in lines)
    # Nothing is lost but blanks.
    assert "".join("".join(lines).split()) == "".join(flat.split())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["a", "A", "a_2", "a_3", "a 3", "", "é", "x" * 90, "x" * 50]), max_size=9))
def test_no_two_files_have_one_name(names):
    grid = template_grid(small(), wave_step=200.0, phase_step=4.0)
    made = file_names([dataclasses.replace(grid, name=name) for name in names])
    assert len({name.lower() for name in made}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9+_-]{1,55}", name) for name in made)


@pytest.mark.parametrize("form", ["NON1ASED", "SIMSED"])
def test_names_and_types_cannot_make_rows(tmp_path, form):
    series = [small(EVIL, f"II {EVIL}"), small("b | c"), small("a_3"), small("a"), small("a")]
    folder = tmp_path / "SIMSED.E"
    model = export(series, folder, form=form, notes=[[EVIL], [], [], [], []])
    assert [str(one) for one in check_folder(folder).findings if one.abort] == []
    listed = rows(folder / ("NON1A.LIST" if form == "NON1ASED" else "SED.INFO"))
    assert sum(line.startswith(("NON1A:", "SED:")) for line in listed) == 5
    assert len([*folder.glob("*.SED.gz")]) == 5
    for path in folder.glob("*.SED.gz"):
        text = gzip.decompress(path.read_bytes())
        assert max(map(len, text.split(b"\n"))) <= 119
        assert all(re.fullmatch(rb"#.*|[ 0-9.e+-]{32}|", line) for line in text.split(b"\n"))
    readme = (folder / "README.md").read_text(encoding="utf-8")
    table = [line for line in readme.splitlines() if line.startswith("|")]
    assert len(table) == 2 + 5
    assert all(line.count("|") == 11 for line in table)
    assert len(model.grids) == len(check_folder(folder).templates)


def test_range_is_that_of_all_templates_and_the_last_day_is_left_out(tmp_path):
    blue, red = small("blue", wave=np.arange(2000.0, 9000.0, 50.0)), small("red", wave=np.arange(3000.0, 11500.0, 50.0))
    model = export([blue, red], tmp_path / "M", bands=["lsstr"])
    low, high = (float(word) for word in rows(tmp_path / "M" / "NON1A.LIST")[1].split()[1:])
    assert low <= min(grid.wave[0] for grid in model.grids)
    assert high >= max(grid.wave[-1] for grid in model.grids)
    include = (tmp_path / "M" / "SIMGEN_INCLUDE_M.INPUT").read_text()
    assert f"# GENRANGE_TREST: {model.grids[0].phase[0]:.2f} {model.grids[0].phase[-1] - 1.0:.2f}" in include
    assert not re.search(r"^GENRANGE", include, re.MULTILINE)
    # What all have in common is what can be used.
    alone = [export([one], tmp_path / "N", bands=["lsstr"], overwrite=True).z_range["lsstr"] for one in (blue, red)]
    assert model.z_range["lsstr"] == (max(one[0] for one in alone), min(one[1] for one in alone))
    assert exported_range(blue)[0] < 2010.0


@pytest.mark.parametrize(
    ("options", "line", "note"),
    [
        ({"bands": ["lsstr"]}, r"# GENRANGE_REDSHIFT: 0\.0020 1\.\d{4}", None),
        ({"bands": ["desg", "bessellux"]}, r"# GENRANGE_REDSHIFT: 0\.0020 0\.\d{4}", None),
        ({"bands": ["lsstr", "uvot::uvw2"]}, r"# GENRANGE_REDSHIFT: 0\.0020 1\.\d{4}", "it leaves the band out"),
        ({"bands": ["bessellux", "2massks"]}, "# GENRANGE_REDSHIFT: the bands have none in", "use fewer bands"),
        ({"bands": ["uvot::uvw2"]}, "# GENRANGE_REDSHIFT: the bands have none in", "it leaves the band out"),
        ({"bands": []}, "# GENRANGE_REDSHIFT: from 0.002; how far", None),
        ({"bands": ["lsstr"], "redshifts": (0.0, 0.1)}, "# GENRANGE_REDSHIFT: 0.0020 0.1000", "begin at 0.002"),
        ({"bands": ["lsstr"], "redshifts": (0.1, 0.1)}, "# GENRANGE_REDSHIFT: 0.1000 0.1000", None),
    ],
)
def test_redshifts_of_the_include_file(tmp_path, options, line, note):
    model = export([small()], tmp_path / "M", **options)
    text = (tmp_path / "M" / "SIMGEN_INCLUDE_M.INPUT").read_text()
    assert re.search(line, text.splitlines()[-1]), text
    assert (model.redshifts is None) == ("0.0020" not in text and "0.1000" not in text)
    assert note is None or any(note in one for one in model.notes), model.notes
    assert not check_folder(tmp_path / "M").would_abort


def test_weights_and_one_class_of_simsed(tmp_path):
    mixed = export([small("a", "II"), small("b", "Ia")], tmp_path / "SIMSED.M", form="SIMSED", weights=[3.0, 1.0])
    info = rows(tmp_path / "SIMSED.M" / "SED.INFO")
    assert "PARNAMES: TEMPLATE_INDEX WGT" in info
    assert [line.split()[-1] for line in info if line.startswith("SED:")] == ["0.750000", "0.250000"]
    include = rows(tmp_path / "SIMSED.M" / "SIMGEN_INCLUDE_SIMSED.M.INPUT")
    assert include == ["GENMODEL: ./SIMSED.M", "SIMSED_GRIDONLY: WGT"]
    assert any("export one class a folder" in note for note in mixed.notes)
    one = export([small("a", "II"), small("b", "II")], tmp_path / "SIMSED.O", form="SIMSED")
    assert not any("one class a folder" in note for note in one.notes)
    assert "GENTYPE: 2" in rows(tmp_path / "SIMSED.O" / "SIMGEN_INCLUDE_SIMSED.O.INPUT")


def test_bright_ends_are_told(tmp_path):
    notes = export([bump("a", "II", np.arange(4.0, 40.0))], tmp_path / "M").notes
    assert any("at its first phase, -8.0 d, it has 4" in note for note in notes)
    assert any("at its last phase" in note and "extrapolates the decline" in note for note in notes)
    assert not any("at its" in note for note in export([small()], tmp_path / "N").notes)


def test_command_and_python_do_the_same(tmp_path):
    """The same bytes where nothing is asked, and the same defaults by name."""
    series = snt.SpectralSeries(**{**vars(small()), "name": "a"})
    snt.write_series(series, tmp_path / "a.fits")
    for form, to, name in (("NON1ASED", "snana", "M"), ("SIMSED", "simsed", "SIMSED.M")):
        to_snana([snt.read_series(tmp_path / "a.fits")], tmp_path / "py" / name, form=form)
        out = str(tmp_path / "cli" / name)
        assert CliRunner().invoke(main, ["export", str(tmp_path / "a.fits"), "--to", to, "-o", out]).exit_code == 0
        held = [{path.name: path.read_bytes() for path in (tmp_path / who / name).iterdir()} for who in ("py", "cli")]
        assert held[0] == held[1]
    usual = {one.name: one.default if isinstance(one.default, (str, float)) else None for one in command.export.params}
    assert usual["zero"] is None
    assert tuple(usual["bands"].split(",")) == SURVEY_BANDS
    for function, zero in (
        (to_snana, "bolometric maximum"), (template_grid, "bolometric maximum"),
        (to_lightcurvelynx, "bolometric maximum"), (to_sncosmo, "B maximum"),
    ):  # fmt: skip
        own = {name: one.default for name, one in inspect.signature(function).parameters.items()}
        assert own["zero"] == zero
        for name in ("wave_step", "phase_step", "given", "leakage_cut"):
            assert own.get(name, usual[name]) == usual[name]
        assert own["wave_range"] is None
        assert own["unbracketed"] == "error"
    text = str(tmp_path / "text")
    run = CliRunner().invoke(main, ["export", str(tmp_path / "a.fits"), "--to", "sncosmo", "-o", text])
    assert run.exit_code == 0
    phase = np.unique(np.loadtxt(tmp_path / "text" / "a.dat")[:, 0])
    assert phase[0] == pytest.approx(to_sncosmo(series).minphase(), abs=0.006)


def test_other_files_stay_and_a_model_of_the_other_form_goes(tmp_path):
    folder = tmp_path / "SIMSED.M"
    export([small("a"), small("b")], folder, form="SIMSED")
    (folder / "mine.txt").write_text("mine")
    (folder / "SED.BINARY").write_text("of SNANA")
    export([small("c")], folder, overwrite=True)
    assert sorted(path.name for path in folder.iterdir()) == [
        "NON1A.LIST", "README.md", "SIMGEN_INCLUDE_SIMSED.M.INPUT", "c.SED.gz", "mine.txt",
    ]  # fmt: skip
    assert belongs("x.SED")
    assert not belongs("x.SED.txt")


CODE = """
import sys
import numpy as np
from sntransport.export.snana import to_snana
from tests.export.test_snana_files import small
to_snana([small("new")], sys.argv[1], overwrite=True)
"""


def test_a_full_disk_leaves_the_earlier_model(tmp_path):
    export([small("old")], tmp_path / "M")
    before = {path.name: path.read_bytes() for path in (tmp_path / "M").iterdir()}
    done = subprocess.run(
        [sys.executable, "-c", CODE, tmp_path / "M"], capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )  # fmt: skip
    assert "File too large" in done.stderr
    assert {path.name: path.read_bytes() for path in (tmp_path / "M").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["M"]


def test_an_export_that_was_killed_in_the_middle_is_named_and_repaired(tmp_path):
    export([small("old")], tmp_path / "M")
    (tmp_path / "M").rename(put_aside(tmp_path / "M"))
    with pytest.raises(
        NotADirectoryError, match=r"an export that was killed has put the earlier one aside, as .*earlier"
    ):
        check_folder(tmp_path / "M")
    with pytest.raises(FileExistsError, match="is not empty"):
        export([small("new")], tmp_path / "M")
    assert (tmp_path / "M" / "old.SED.gz").is_file()
    assert not check_folder(tmp_path / "M").would_abort
