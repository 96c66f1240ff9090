"""Exporting templates, beside the same numbers written by numpy."""

import numpy as np
import pytest

from sntransport.export import to_snana
from sntransport.spectra.series import SpectralSeries

PHASE, N_SERIES = np.arange(-20.0, 130.0), 10


def series():
    rng = np.random.default_rng(1)
    wave = np.exp(np.linspace(np.log(3000.0), np.log(12000.0), 1700))
    light = np.exp(-0.5 * (PHASE / np.where(PHASE < 0, 10, 40)) ** 2)
    flux = 1e-2 * np.exp(-(((wave - 5000) / 2500) ** 2)) * light[:, None]
    noise = 1 + 0.02 * rng.normal(size=(N_SERIES, *flux.shape))
    return [
        SpectralSeries(phase=PHASE, wave=wave, flux=flux * one, name=f"t{i}", sn_type="Ia")
        for i, one in enumerate(noise)
    ]


@pytest.mark.parametrize("writer", ["to_snana", "savetxt"])
def test_ten_templates(benchmark, tmp_path, writer):
    """150 phases x 1,800 bins each; savetxt writes them without gridding or compressing."""
    made = series()
    phase, wave = (axis.ravel() for axis in np.meshgrid(PHASE, np.arange(3000.0, 12000.0, 5.0), indexing="ij"))
    table = np.stack([phase, wave, np.full(phase.size, 1.2345e-3)], axis=1)

    def ours():
        to_snana(made, tmp_path / "M", overwrite=True)

    def theirs():
        for i in range(N_SERIES):
            np.savetxt(tmp_path / f"{i}.txt", table, fmt="%9.2f %9.2f %12.5e")

    benchmark.pedantic(ours if writer == "to_snana" else theirs, rounds=2, warmup_rounds=1)
