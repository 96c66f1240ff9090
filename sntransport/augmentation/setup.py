"""One augmentation from its configuration to templates, and to what makes and chooses any part of its light curves."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sntransport._objects.mistakes import warn_caller
from sntransport._storage.config_sections import Section, matching
from sntransport._storage.read_error import ReadError
from sntransport.augmentation.mixing import Mixture, feature_mix, mix, mix_linear
from sntransport.augmentation.splits import assign_splits, designation, identities, require_no_leak
from sntransport.augmentation.training_set import Rule, make_rule
from sntransport.augmentation.training_templates import TrainingTemplate, make_templates, template_weights
from sntransport.pipeline import build
from sntransport.reading.supernova import read_supernova
from sntransport.simulation.config import read_survey
from sntransport.simulation.engine import simulate_chunks
from sntransport.simulation.events.config import read_population
from sntransport.simulation.events.population import Population
from sntransport.simulation.events.rates import Cosmology
from sntransport.simulation.light_curves import LightCurves
from sntransport.simulation.random_streams import BLOCK
from sntransport.simulation.selection.efficiencies import EfficiencyMaps
from sntransport.simulation.selection.objects import numbers_of
from sntransport.simulation.selection.selection import Propensity, Selection
from sntransport.simulation.selection_config import read_cuts, read_propensity
from sntransport.simulation.surveys.survey import Survey
from sntransport.spectra.doubts import doubts_among
from sntransport.spectra.ranges import UnusualValueWarning
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.series_file import aliases_of, read_series_file

if TYPE_CHECKING:
    from sntransport.transport.templates.class_template import Barycenter

Make = Callable[..., Mixture]
_SERIES = (".fits", ".fit")
# Catalogs list the host galaxy among the names, and a galaxy may have several supernovae.
_HOST = re.compile(r"(2mas|ngc|ugc|ic ?\d|mcg|eso|leda|pgc|wise|sdss|galex|m ?\d)", re.IGNORECASE)


@dataclass(frozen=True, eq=False, kw_only=True)
class Setup:
    """All that is needed to make any part of the light curves and to choose from it."""

    rule: Rule
    surveys: tuple[Survey, ...]
    events: Population
    n: int
    options: Mapping[str, Any]

    def parts(self, first: int, last: int) -> Iterator[LightCurves]:
        """Light curves of some objects, a block at a time; ``first`` is a multiple of `random_streams.BLOCK`."""
        series = [one.series for one in self.rule.templates]
        return simulate_chunks(
            series, self.surveys, self.events, n=self.n, seed=self.rule.seed, chunk=BLOCK, objects=(first, last),
            **self.options,
        )  # fmt: skip


def templates(config: Mapping[str, Mapping[str, Any]], path: Path, make: Make = mix) -> tuple[TrainingTemplate, ...]:
    """Make the templates of a configuration.

    Parameters
    ----------
    config : mapping
        From `sntransport.augmentation.config.read_augmentation`.
    path : Path
        Of its file: paths in it are relative to its folder.
    make : callable
        How series are mixed: ``f(series, weights) -> Mixture``.

    Raises
    ------
    ReadError
        Where an input cannot be read.
    LeakError, ValueError
        As for `sntransport.augmentation.training_templates.make_templates`, and where a target has no templates.
    """
    seed, given = config[""]["seed"], config["templates"]
    sources = read_all(config[""]["series"], path.parent)
    series = [one.series for one in sources]
    identity = identities({one.series.name: one.marks for one in sources})
    splits = assign_splits({one.name: one.sn_type for one in series}, config["split"], seed, identity=identity)
    options = {key: given[key] for key in ("mixtures", "draws", "augmented", "parents", "concentration")}
    made = make_templates(series, splits, seed, make=make, **options)
    template_weights(made, config["target"])
    return made


def events(config: Mapping[str, Mapping[str, Any]], path: Path) -> tuple[tuple[Survey, ...], Population]:
    """The surveys and the population of a configuration, whatever the templates.

    Raises
    ------
    ReadError, ValueError
        Where one cannot be read, or a value is wrong.
    """
    given = Section(path=path, where="", values={"survey": config["survey"]}).sections("survey")
    surveys = tuple(read_survey(section) for section in given)
    selection_of(config, path, surveys)
    return surveys, read_population(Section(path=path, where="population", values=config["population"]), Cosmology())


def set_up(
    config: Mapping[str, Mapping[str, Any]],
    surveys: Sequence[Survey],
    population: Population,
    training_templates: Sequence[TrainingTemplate],
    path: Path = Path(),
) -> Setup:
    """What light curves of some templates are made and chosen by; survey and population are those of `events`.

    ``path`` is of the configuration, for the files that it names.

    Raises
    ------
    LeakError
        Where a supernova is in two splits.
    """
    require_no_leak([one.parents for one in training_templates], [one.split for one in training_templates])
    weighted = replace(population, template_weight=template_weights(training_templates, config["target"]))
    given, options = config["selection"], dict(config["simulation"])
    chance, selection = selection_of(config, path, surveys)
    if selection is not None:
        options |= {"selection": selection} | ({"keep": "selected"} if selection.cuts else {})
    rule = make_rule(
        training_templates, config["target"], config[""]["seed"], **config["balance"],
        propensity=None if chance is None else partial(numbers_of, chance, name="[selection]"), biased=given["biased"],
        undo=given["undo"],
    )  # fmt: skip
    return Setup(rule=rule, surveys=tuple(surveys), events=weighted, n=options.pop("n"), options=options)


def survey_bands(surveys: Sequence[Survey]) -> tuple[str, ...]:
    """Bands of surveys, in the order of their light curves."""
    return tuple(band for one in surveys for band in one.bands)


def selection_of(
    config: Mapping[str, Any], path: Path, surveys: Sequence[Survey]
) -> tuple[Propensity | None, Selection | None]:  # fmt: skip
    """The chance of a spectrum, and what light curves are kept by; None where nothing is asked.

    Raises
    ------
    ReadError
        For a value that cannot be.
    """
    chance = read_propensity(Section(path=path, where="selection", values=config["selection"]), survey_bands(surveys))
    cuts = read_cuts(Section(path=path, where="", values={"cuts": config["cuts"]}))
    by_field = isinstance(chance, EfficiencyMaps) and chance.by_field
    return chance, Selection(cuts=cuts, fields=by_field) if cuts or by_field else None


def mixing(barycenter: str) -> Make:
    """The function that mixes by a barycenter of one of the names that a configuration may give.

    Raises
    ------
    ValueError
        Where it is none of them.
    """
    from sntransport.transport.exact import barycenter as wasserstein

    known: dict[str, Barycenter] = {"features": feature_mix, "wasserstein": wasserstein}
    if barycenter == "linear":
        return mix_linear
    if barycenter not in known:
        raise ValueError(f"barycenter is {barycenter!r}, expected features, wasserstein or linear")
    return lambda series, weights: mix(series, weights, barycenter=known[barycenter])


@dataclass(frozen=True, eq=False, kw_only=True)
class Source:
    """A series to make templates of, and the other names of its supernova."""

    series: SpectralSeries
    aliases: tuple[str, ...] = ()

    @property
    def marks(self) -> tuple[str, ...]:
        """What tells that two series are of one supernova, besides their names; see `identities`."""
        digest = sha256(b"".join(getattr(self.series, name).tobytes() for name in ("phase", "wave", "flux")))
        own = [name for name in self.aliases if not _HOST.match(name)]
        return (*map(designation, own), f"data {digest.hexdigest()}")


def read_all(patterns: list[str], folder: Path) -> list[Source]:
    """Series from files, and supernovae built with their defaults, with their aliases.

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
        paths = matching(folder, pattern)
        if not paths:
            raise ReadError(folder / pattern, "no such file", "name series files or supernovae under series")
        out += [_source(path) for path in paths]
    return out


def _source(path: Path) -> Source:
    if path.suffix.lower() in _SERIES:
        held = read_series_file(path)
        return Source(series=held.series, aliases=aliases_of(held.provenance))
    sn = read_supernova(path)
    result = build(sn)
    for doubt in doubts_among(result.notes):
        warn_caller(f"{sn.name}: {doubt}", UnusualValueWarning)
    return Source(series=result.series, aliases=sn.aliases)
