"""Draw ``overview.png``, the picture of the first page, from the demonstration's made-up observations."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from sntransport._objects.drawing import phase_colors
from sntransport.cli.supernovae.demo import OBSERVED_PHASES, demo_supernova
from sntransport.pipeline import build
from sntransport.report.figures.style import number_text

STEP = 0.11  # ln flux per day


def draw(target: Path) -> None:
    """Write the figure: ln flux against wavelength, one line every four days, later ones lower."""
    series = build(demo_supernova(), cadence=1.0, max_gap=40.0).series
    figure, axes = plt.subplots(figsize=(8.0, 5.0), layout="constrained")
    for k in range(0, series.n_phase, 4):
        axes.plot(series.wave, _row(series, k), color="0.6", lw=0.5)
    colors = phase_colors(np.array(OBSERVED_PHASES, dtype=float))
    for phase, color in zip(OBSERVED_PHASES, colors, strict=True):
        k = int(np.argmin(np.abs(series.phase - phase)))
        axes.plot(series.wave, _row(series, k), color=color, lw=1.2, label=f"{number_text(phase, '+.0f')} d")
    axes.set(
        xlabel="rest-frame wavelength [Å]", ylabel="ln flux + offset by phase", xlim=(3300, 9300), yticks=[],
        title="8 observed phases (color), rebuilt every 4 d (gray)",
    )  # fmt: skip
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, title="observed")
    figure.savefig(target, dpi=100)
    plt.close(figure)
    # 64 colors are enough for lines, and a third of the bytes.
    Image.open(target).convert("RGB").quantize(64).save(target, optimize=True)


def _row(series, k):
    flux = series.flux[k]
    return np.log(flux / np.nanmedian(flux)) - STEP * series.phase[k]


if __name__ == "__main__":
    draw(Path(__file__).with_name("overview.png"))
