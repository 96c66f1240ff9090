"""Tables of band fluxes: the memory that making them takes. What they say is held against spectra in `test_engine`."""

import tracemalloc

import numpy as np

from sntransport.photometry.bands import load_bands
from sntransport.photometry.dust_polynomials import Dust
from sntransport.simulation.flux_tables import flux_tables
from sntransport.spectra.series import SpectralSeries

PHASE, WAVE = np.linspace(-15.0, 85.0, 50), np.arange(2000.0, 11000.0, 10.0)


def series(i):
    """One of many templates, none like another."""
    light = (1 + 0.01 * i) * np.exp(-((PHASE[:, None] / (20.0 + i)) ** 2))
    flux = light * (WAVE / 5000.0) ** (-1.5 + 0.002 * i) * (1 + 0.1 * np.sin(WAVE / (80.0 + i)))
    return SpectralSeries(phase=PHASE, wave=WAVE, flux=flux, name=f"t{i}")


def test_beside_the_tables_memory_does_not_grow_with_the_number_of_templates():
    bands, dust = load_bands(["lsstg", "lsstr", "lssti"]), Dust(ebv_mw=0.3, ebv_host=0.6)
    flux_tables([series(0)], bands, (0.01, 0.1), dust)

    def beside(n):
        """Most that is held beyond templates and tables [bytes]."""
        templates = [series(i) for i in range(n)]
        tracemalloc.start()
        made = flux_tables(templates, bands, (0.01, 0.1), dust)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak - made.table.nbytes

    few, many = beside(10), beside(50)
    # Less than half of the 40 templates themselves.
    assert many - few < 0.5 * 40 * 8 * PHASE.size * WAVE.size
