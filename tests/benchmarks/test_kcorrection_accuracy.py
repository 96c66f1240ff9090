"""K-corrections of rebuilt spectra against those of the observed ones that were hidden. Run with ``make bench``."""

import dataclasses
import warnings

import numpy as np

import sntransport as snt
from sntransport.photometry.synthetic import CoverageWarning

CASES = [
    ("bessellb", "bessellv", 0.1), ("bessellv", "sdssr", 0.1), ("bessellb", "sdssr", 0.3),
    ("bessellv", "bessellv", 0.05), ("bessellr", "sdssi", 0.2), ("sdssg", "sdssr", 0.2),
]  # fmt: skip


def compare(path):
    """K from every second spectrum minus K from the hidden ones, and the error that both state, (n, 2)."""
    sn = snt.read_supernova(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoverageWarning)
        every, half = snt.build(sn), snt.build(dataclasses.replace(sn, spectra=sn.spectra[::2]))
        away = np.abs(half.sparse.phase[:, None] - every.sparse.phase).min(axis=0) > 1.0
        rows = []
        for rest, obs, z in CASES:
            asked = (rest, obs, z, every.sparse.phase[away])
            truth = snt.evaluate_k_correction(every.sparse, *asked)
            rebuilt = snt.evaluate_k_correction(half.series, *asked)
            rows.append(np.stack([rebuilt.value - truth.value, np.hypot(rebuilt.sigma, truth.sigma)], axis=1))
    together = np.concatenate(rows)
    return together[np.isfinite(together).all(axis=1)]


def test_hidden_spectra(benchmark, osc_dir, capsys):
    paths = sorted(osc_dir.glob("*.json.gz"))
    difference, sigma = np.concatenate([compare(path) for path in paths]).T
    benchmark.pedantic(compare, args=(paths[0],), rounds=1)
    miss, share = np.abs(difference), np.mean(np.abs(difference) < sigma)
    benchmark.extra_info |= {"median [mag]": np.median(miss), "68 % within [mag]": np.quantile(miss, 0.683)}
    with capsys.disabled():
        print(
            f"\nK of rebuilt minus K of hidden spectra, {len(paths)} supernovae, n = {miss.size}: "
            f"median {np.median(miss):.3f} mag, 68 % within {np.quantile(miss, 0.683):.3f} mag; "
            f"median sigma {np.median(sigma):.3f} mag, {share:.0%} within one sigma"
        )
