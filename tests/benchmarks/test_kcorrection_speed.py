"""Ten thousand K-corrections against sncosmo's magnitudes of the same template, side by side in one run.

Run with ``make bench``. Nothing here asserts on time.
"""

import timeit

import numpy as np
import pytest

from sntransport.corrections.k_corrections import evaluate_k_correction, k_correction
from sntransport.photometry.bands import load_bands
from sntransport.spectra.series import SpectralSeries

Z, PHASES = np.linspace(0.0, 0.6, 100), np.linspace(-10.0, 50.0, 100)


def seconds(work, repeat):
    """Least of several repeats: what the work costs when nothing disturbs it."""
    return min(timeit.repeat(work, number=1, repeat=repeat))


def test_ten_thousand_k_corrections(benchmark, capsys):
    sncosmo = pytest.importorskip("sncosmo")
    source = sncosmo.get_source("hsiao-subsampled")
    wave = np.exp(np.arange(np.log(1500.0), np.log(11500.0), 250.0 / 299792.458))
    flux = source.flux(PHASES, wave)
    series = SpectralSeries(phase=PHASES, wave=wave, flux=flux, flux_err=0.03 * flux)
    holed = SpectralSeries(phase=PHASES, wave=wave, flux=np.where(np.abs(wave - 4500.0) < 6.0, np.nan, flux))
    rest, obs = (sncosmo.Bandpass(b.wave, b.throughput, name=b.name) for b in load_bands(["bessellb", "lsstr"]))
    at_rest, moved = sncosmo.Model(source), sncosmo.Model(source)

    def each(count):
        """K one by one, as one writes it with sncosmo: two magnitudes for each redshift and phase."""
        out = np.empty((count, PHASES.size))
        for i in range(count):
            moved.set(z=Z[i])
            for j, phase in enumerate(PHASES):
                out[i, j] = moved.bandmag(obs, "ab", phase * (1 + Z[i])) - at_rest.bandmag(rest, "ab", phase)
        return out

    def by_redshift():
        """The same with all phases of a redshift in one call."""
        absolute, out = at_rest.bandmag(rest, "ab", PHASES), np.empty((Z.size, PHASES.size))
        for i, z in enumerate(Z):
            moved.set(z=z)
            out[i] = moved.bandmag(obs, "ab", PHASES * (1 + z)) - absolute
        return out

    def ours():
        return k_correction(series, "bessellb", "lsstr", Z, PHASES)

    difference = np.abs(ours() - by_redshift()).max()
    mine, theirs, faster = seconds(ours, 20), 10.0 * seconds(lambda: each(10), 3), seconds(by_redshift, 5)
    gaps = seconds(lambda: k_correction(holed, "bessellb", "lsstr", Z, PHASES), 20)
    between = seconds(lambda: k_correction(series, "bessellb", "lsstr", Z, PHASES[:-1] + 0.3), 20)
    errors = seconds(lambda: evaluate_k_correction(series, "bessellb", "lsstr", Z, PHASES), 10)
    benchmark.pedantic(ours, rounds=20, warmup_rounds=2)
    benchmark.extra_info |= {"faster than the sncosmo loop": theirs / mine, "by redshift": faster / mine}
    times = {"milliseconds": mine, "milliseconds between phases": between, "milliseconds with errors": errors}
    benchmark.extra_info |= {name: 1e3 * spent for name, spent in times.items()}
    with capsys.disabled():
        print(
            f"\n10,000 K-corrections (100 phases x 100 redshifts, {wave.size} bins): {1e3 * mine:.1f} ms, "
            f"between the phases of the series {1e3 * between:.1f} ms, where bins are missing {1e3 * gaps:.1f} ms, "
            f"with errors {1e3 * errors:.0f} ms\n"
            f"  {theirs / mine:.0f} x faster than a loop over sncosmo magnitudes ({theirs:.2f} s, from a tenth of it)\n"
            f"  {faster / mine:.0f} x faster than sncosmo with all phases of a redshift in one call "
            f"({1e3 * faster:.0f} ms)\n  largest difference {1e3 * difference:.2f} mmag (sncosmo in its 5 A steps)"
        )
