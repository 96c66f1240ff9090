"""An independent reader after SNANA's rules: exports pass it, and where it stops the check finds an error."""

import re

import numpy as np
import pytest

from sntransport.export.snana import to_snana
from sntransport.export.snana_check import check_folder
from tests.export.test_exports import bump
from tests.export.test_snana_check import BROKEN, BROKEN_SIMSED, PHASE, copy, good, good_simsed  # noqa: F401
from tests.support.snana_rules import StopError, simulate


def stops(folder, **options):
    try:
        simulate(folder.parent, folder.name, **options)
    except StopError:
        return True
    return False


@pytest.mark.parametrize("case", [None, *BROKEN])
def test_the_check_is_as_strict_for_non1ased(good, tmp_path, case):  # noqa: F811
    folder = copy(good, tmp_path / "M")
    if case is not None:
        BROKEN[case][0](folder)
    if case == "no include":
        return
    if stops(folder):
        assert check_folder(folder).would_abort
    if case is None:
        assert not stops(folder)


@pytest.mark.parametrize("case", [None, *BROKEN_SIMSED])
def test_the_check_is_as_strict_for_simsed(good_simsed, tmp_path, case):  # noqa: F811
    folder = copy(good_simsed, tmp_path / "SIMSED.S")
    if case is not None:
        BROKEN_SIMSED[case][0](folder)
    if case == "no include":
        return
    if stops(folder):
        assert check_folder(folder).would_abort
    if case is None:
        assert not stops(folder)


def test_the_judge_stops_at_most_of_them(good, tmp_path):  # noqa: F811
    """It is a judge: of the folders that are called errors it stops at most."""
    count = [0, 0]
    for k, (case, (breaks, *_)) in enumerate(BROKEN.items()):
        if case != "no include":
            folder = copy(good, tmp_path / f"{k}" / "M")
            breaks(folder)
            count[0] += check_folder(folder).would_abort
            count[1] += stops(folder)
    assert count[1] > 0.6 * count[0]


@pytest.mark.parametrize("form", ["NON1ASED", "SIMSED"])
@pytest.mark.parametrize("names", [("a", "a", "a_3"), ("x\nNON1A: 1 II y", "é" * 100, "SED: z"), ("1 | 2", "#", "")])
def test_exports_pass(tmp_path, form, names):
    series = [bump(name, "II P\nNON1A: 5", PHASE) for name in names]
    series[1] = bump(names[1], "II", np.arange(0.0, 40.0, 4.0))
    folder = tmp_path / "SIMSED.M"
    model = to_snana(series, folder, form=form, wave_step=200.0, phase_step=4.0, notes=[["far " * 80], [], []])
    shown = re.search(r"# GENRANGE_REDSHIFT: (\S+) (\S+)", (folder / f"SIMGEN_INCLUDE_{folder.name}.INPUT").read_text())
    held = simulate(tmp_path, folder.name, redshifts=tuple(map(float, shown.groups())))
    assert len(held) == len(series)
    # Nothing of a template is cut when it is read.
    for (n_phase, n_wave, low, high), grid in zip(held.values(), model.grids, strict=True):
        assert (n_phase, n_wave) == grid.flux.shape
        np.testing.assert_allclose((low, high), grid.wave[[0, -1]], atol=0.006)
    assert not stops(folder)
    assert stops(folder, redshifts=(0.001, 0.1))
