"""One augmentation from its configuration to the training set: the chain of calls that the command makes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from glob import glob
from pathlib import Path
from typing import Any

from sntransport.augmentation import TrainingSet, make_templates, select_training_set, template_weights
from sntransport.checks import Array
from sntransport.class_template import Barycenter
from sntransport.configkeys import Section
from sntransport.engine import simulate
from sntransport.lightcurves import LightCurves
from sntransport.mixing import Mixture, feature_mix, mix, mix_linear
from sntransport.pipeline import build
from sntransport.rates import Cosmology
from sntransport.read import read_supernova
from sntransport.reading import ReadError
from sntransport.selection import spectroscopic_propensity
from sntransport.series import SpectralSeries
from sntransport.seriesfile import read_series
from sntransport.simconfig import read_population, read_survey
from sntransport.splits import assign_splits

Make = Callable[..., Mixture]
POPULATION = (
    "redshift", "mag_offset", "ebv_host", "rv_host", "law_host", "ebv_mw", "law_mw", "peculiar_velocity",
)  # fmt: skip
"""Keys of [population], with the meaning that they have in a configuration of `sntransport simulate`."""

_SERIES = (".fits", ".fit")


def run(config: Mapping[str, Mapping[str, Any]], path: Path, make: Make = mix) -> TrainingSet:
    """Make the training set of a configuration.

    Parameters
    ----------
    config : mapping
        From `sntransport.augmentconfig.read_config`.
    path : Path
        Of its file: paths in it are relative to its folder.
    make : callable
        How series are mixed: ``f(series, weights) -> Mixture``.

    Returns
    -------
    TrainingSet

    Raises
    ------
    ReadError
        Where an input cannot be read.
    LeakError, ValueError
        As for `sntransport.augmentation`; where the survey has no visits in common with the events.
    """
    seed, templates = config[""]["seed"], config["templates"]
    series = read_all(config[""]["series"], path.parent)
    splits = assign_splits({one.name: one.sn_type for one in series}, config["split"], seed)
    options = {key: templates[key] for key in ("mixtures", "draws", "augmented", "parents", "concentration")}
    made = make_templates(series, splits, seed, make=make, **options)
    weight = template_weights(made, config["target"])
    survey = read_survey(Section(path, "survey", config["survey"]))
    chance = propensity(config["selection"], survey.bands)
    section = Section(path, "population", config["population"])
    section.only(*POPULATION)
    events = replace(read_population(section, Cosmology()), template_weight=weight)
    curves = simulate([one.series for one in made], survey, events, seed=seed, **config["simulation"])
    biased, undo = config["selection"]["biased"], config["selection"]["undo"]
    return select_training_set(
        curves, made, config["target"], seed, **config["balance"], propensity=chance, biased=biased, undo=undo
    )


def mixing(barycenter: str) -> Make:
    """The function that mixes by a barycenter of one of the names that a configuration may give.

    Raises
    ------
    ValueError
        Where it is none of them.
    """
    from sntransport import transport

    known: dict[str, Barycenter] = {"features": feature_mix, "wasserstein": transport.barycenter}
    if barycenter == "linear":
        return mix_linear
    if barycenter not in known:
        raise ValueError(f"[templates] barycenter is {barycenter!r}, expected features, wasserstein or linear")
    return lambda series, weights: mix(series, weights, barycenter=known[barycenter])


def read_all(patterns: list[str], folder: Path) -> list[SpectralSeries]:
    """Series from files, and supernovae built with their defaults.

    Parameters
    ----------
    patterns : list of str
        Paths relative to ``folder``, with wildcards. Each must find something. FITS files are series; others are what
        `sntransport.read_supernova` takes.
    folder : Path

    Raises
    ------
    ReadError
        Where one finds nothing, or a file cannot be used.
    """
    out = []
    for pattern in patterns:
        paths = [Path(name) for name in sorted(glob(str(folder / pattern)))]
        if not paths:
            raise ReadError(folder / pattern, "no such file", "name series files or supernovae under series")
        for path in paths:
            out.append(read_series(path) if path.suffix.lower() in _SERIES else build(read_supernova(path)).series)
    return out


def propensity(given: Mapping[str, Any], bands: Sequence[str]) -> Callable[[LightCurves], Array] | None:
    """Chance of a spectrum by the peak magnitude in a band, or None where no band is given.

    Raises
    ------
    ValueError
        Where there is no such band, or ``half`` is not given with it.
    """
    if given["band"] is None:
        return None
    if given["band"] not in bands or given["half"] is None:
        raise ValueError(f"[selection] needs half and a band among {', '.join(bands)}, got {given['band']!r}")
    column = list(bands).index(given["band"])
    return lambda them: spectroscopic_propensity(them.truth.peak_mag[:, column], given["half"], given["width"])
