"""A supernova's series as a SNANA model, checked as SNANA would read it.

Run with ``python examples/export_snana.py [FOLDER]``. The series is made up; with one of your own, read it with
``sntransport.read_series``. The folder has a copy of what a simulation includes in its input file.
"""

import sys
from pathlib import Path

import numpy as np

import sntransport as snt
from sntransport.corrections.extrapolation import extend_decline, extend_rise
from sntransport.photometry.redshift_range import coverage_text

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "EXAMPLE_MODEL")
phase, wave = np.arange(-8.0, 41.0), np.arange(3200.0, 9500.0, 5.0)
light = np.exp(-0.5 * (phase / np.where(phase < 0, 9.0, 22.0)) ** 2)
dip = 1.0 - 0.4 * np.exp(-0.5 * ((wave - 6150.0) / 80.0) ** 2)
flux = 0.05 * light[:, None] * np.exp(-(((wave - 4800.0) / 2600.0) ** 2)) * dip
series = snt.SpectralSeries(phase=phase, wave=wave, flux=flux, name="example", sn_type="Ia")

# What no spectrum shows is added only because it is asked for, and the model says so.
rise = extend_rise(series)
whole = extend_decline(rise.series, 80.0)
model = snt.export.to_snana(
    [whole.series],
    folder,
    bands=["lsstg", "lsstr", "lssti"],
    sntype=[1],
    notes=[rise.notes + whole.notes],
    overwrite=True,
)
print(coverage_text(model.z_range))
print(*model.notes, sep="\n")
print((folder / f"SIMGEN_INCLUDE_{folder.resolve().name}.INPUT").read_text())
found = snt.export.check_folder(folder)
print(f"{len(found.findings)} findings:", *found.findings, sep="\n")
