"""The recipe of the method paper, Ramirez et al. 2024 (arXiv:2409.10701), as far as this package goes along with it."""

from __future__ import annotations

from functools import partial
from typing import TypedDict

from sntransport._objects.arguments import answers_mistakes
from sntransport.transport.interpolators import Interpolator, wasserstein
from sntransport.transport.weights import PAPER_POWER, Weight, paper_weight


class PaperRecipe(TypedDict):
    """Keywords of `sntransport.build`."""

    interpolate: Interpolator
    weight: Weight


@answers_mistakes
def paper_recipe() -> PaperRecipe:
    """Keywords with which `sntransport.build` follows the method paper, to compare with.

    Returns
    -------
    PaperRecipe
        ``interpolate`` and ``weight``.

    Notes
    -----
    As there: between every two spectra up to ``max_gap`` (40 d) apart around a phase the exact Wasserstein-2
    displacement, and of all these candidates the mean, weighted by inverse variances that grow with the days to the two
    spectra and with how badly the colors of the candidate miss the photometry.

    Not as there: spectra are cleaned and put on one wavelength grid as for every build. Transport is between spectra on
    one common continuum, and level and color of the series are those of the calibration, not of spectra scaled in V.
    The form of the variance and its two numbers (`paper_weight` with a power of 2, 0.1 mag) are this package's reading.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> recipe = snt.transport.paper_recipe()
    >>> sorted(recipe)
    ['interpolate', 'weight']
    >>> snt.build(demo_supernova(), phases=[0.0], **recipe).pairs.shape
    (10, 2)
    """
    return {"interpolate": wasserstein, "weight": partial(paper_weight, epoch_power=PAPER_POWER)}
