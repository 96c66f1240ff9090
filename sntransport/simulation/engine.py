"""`simulate`: light curves of a population as surveys would measure them, in chunks of any size.

A light curve is the same to the byte for any size of a chunk and any number of workers; see `random_streams`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.mistakes import told, warn_caller, wrong_kind
from sntransport.photometry.common_coverage import CommonCoverage
from sntransport.simulation.events.hosts import band_column
from sntransport.simulation.events.population import Population
from sntransport.simulation.flux_lookup import peaks, places
from sntransport.simulation.light_curves import LARGEST_ID, LightCurves, Truth, concatenate
from sntransport.simulation.measurement import measure_block
from sntransport.simulation.noise.noise_model import NoiseModel
from sntransport.simulation.plan import How, Keep, SimulationPlan, Uncovered, is_always, plan_simulation
from sntransport.simulation.random_streams import BLOCK, Purpose, stream
from sntransport.simulation.selected import selected, with_selection
from sntransport.simulation.selection.detection import (
    DetectionEfficiency,
    Epochs,
    detect,
    step_efficiency,
)
from sntransport.simulation.selection.selection import Selection
from sntransport.simulation.surveys.footprint import Where, draw_positions
from sntransport.simulation.surveys.survey import Survey
from sntransport.simulation.surveys.survey_dates import draw_dates
from sntransport.spectra.phases import MAX_GAP
from sntransport.spectra.series import SpectralSeries


class SelectionWarning(UserWarning):
    """No object is left.

    Examples
    --------
    >>> import warnings
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.simulation import SelectionWarning
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> far = snt.Population(redshift=Constant(value=0.3))
    >>> survey = snt.load_survey("ztf", years=0.5)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     curves = snt.simulate([series], survey, far, n=5, keep="triggered", uncovered="nan")
    >>> curves.n_object, [one.category is SelectionWarning for one in caught]
    (0, [True])
    """


@answers_mistakes
def simulate(
    templates: Sequence[SpectralSeries], survey: Survey | Sequence[Survey], population: Population, *, n: int = 10_000,
    seed: int = 1, objects: tuple[int, int] | None = None, efficiency: DetectionEfficiency | None = None,
    detector: Callable[..., NDArray[np.bool_]] = detect, n_epochs: int = 2, epoch_window: float = 0.02,
    keep: Keep = "all", uncovered: Uncovered = "error", dates: tuple[float, float] | None = None,
    margin: tuple[float, float] = (0.0, 0.0), max_gap: float = MAX_GAP, noise: NoiseModel | None = None,
    epochs: Epochs = "detections", selection: Selection | None = None, coverage: CommonCoverage | None = None,
    true_flux: bool = False, first_id: int = 0, places: Where = "first",
) -> LightCurves:  # fmt: skip
    """Light curves of a population as one or more surveys would measure them.

    Parameters
    ----------
    templates : sequence of SpectralSeries
    survey : Survey or sequence of Survey
        Several see the same events; ``places`` says at which places and dates. Their spatial index, and tables
        of the templates' band fluxes, are kept while survey and templates are: the same again is faster.
    population : Population
    n : int
        Number of objects, seen or not.
    seed : int
        The same one gives the same bytes.
    objects, efficiency, detector, n_epochs, epoch_window, keep, uncovered, dates, margin, max_gap
        As for `simulate_chunks`.
    noise, epochs, selection, coverage, true_flux, first_id, places
        As for `simulate_chunks`.

    Returns
    -------
    LightCurves
        All in memory; `simulate_chunks` gives them in parts.

    Raises
    ------
    ValueError, TypeError
        As for `simulate_chunks`.

    Warns
    -----
    SelectionWarning
        Where ``keep`` leaves no object.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.simulation.events.distributions import Uniform
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> population = snt.Population(redshift=Uniform(low=0.01, high=0.1))
    >>> curves = snt.simulate([series], snt.load_survey("ztf", years=0.5), population, n=20, seed=1)
    >>> curves.n_object, curves.bands
    (20, ('ztfg', 'ztfr'))
    """
    _require_kinds(templates, survey, population, n=n, seed=seed)
    made = simulate_chunks(
        templates, survey, population, n=n, seed=seed, chunk=max(n, 1), objects=objects, efficiency=efficiency,
        detector=detector, n_epochs=n_epochs, epoch_window=epoch_window, keep=keep, uncovered=uncovered, dates=dates,
        margin=margin, max_gap=max_gap, noise=noise, epochs=epochs, selection=selection, coverage=coverage,
        true_flux=true_flux, first_id=first_id, places=places,
    )  # fmt: skip
    parts = list(made)
    if not sum(part.n_object for part in parts):
        counts = parts[0].meta.get("rejected", {})
        why = "".join(f"; {count} not {stage}" for stage, count in counts.items() if count) if counts else ""
        warn_caller(f"none of {n} objects is left by keep={keep!r}{why}", SelectionWarning)
    return parts[0]


@answers_mistakes
def simulate_chunks(
    templates: Sequence[SpectralSeries], survey: Survey | Sequence[Survey], population: Population, *, n: int = 10_000,
    seed: int = 1, chunk: int = 8 * BLOCK, objects: tuple[int, int] | None = None,
    efficiency: DetectionEfficiency | None = None, detector: Callable[..., NDArray[np.bool_]] = detect,
    n_epochs: int = 2, epoch_window: float = 0.02, keep: Keep = "all", uncovered: Uncovered = "error",
    dates: tuple[float, float] | None = None, margin: tuple[float, float] = (0.0, 0.0), max_gap: float = MAX_GAP,
    noise: NoiseModel | None = None, epochs: Epochs = "detections", selection: Selection | None = None,
    coverage: CommonCoverage | None = None, true_flux: bool = False, first_id: int = 0, places: Where = "first",
) -> Iterator[LightCurves]:  # fmt: skip
    """The same light curves as those of `simulate`, a part at a time, so that memory does not grow with their number.

    Parameters
    ----------
    templates, survey, population, n, seed
        As for `simulate`.
    chunk : int
        Most objects of one part.
    objects : tuple of int, optional
        First object and one past the last: only these, the same as they would be among all. Default: all ``n``.
    efficiency : DetectionEfficiency, optional
        Default: signal-to-noise ratio 5 and above.
    detector : callable
        In place of `sntransport.simulation.selection.detection.detect`, with its arguments. Saturated measurements are
        no detections whatever it says. Where the efficiency is of the true ratio it gets that ratio for fluxes, and
        errors of 1.
    n_epochs, epoch_window, epochs
        Of `sntransport.simulation.selection.detection.trigger`.
    keep : {"all", "observed", "triggered", "selected"}
        Which objects to return: also those without measurements, those with at least one, those that trigger, those
        that pass everything that ``selection`` asks.
    uncovered : {"error", "nan", "drop", "drop_for_all"}
        What to do with a measurement in a band that the template does not cover at that redshift and phase: refuse
        before the first object where a band is not covered at any phase at some redshift of the population, and NaN
        for single phases; always NaN; leave the measurement out; leave a band out at the redshifts where any of the
        templates that ``coverage`` was made of does not cover it at all its phases, so that the missing bands tell
        nothing of the class. A template that was exported with its wavelengths extrapolated covers them.
    dates : tuple of float, optional [d]
        Range of the date of phase 0, of which all are equally likely. Default: from the first to the last visit of the
        surveys, as ``places`` says.
    margin : tuple of float [d]
        Visits are kept up to this long before the first and after the last phase of a template, where its flux is 0.
    max_gap : float [rest-frame d]
        A template is not interpolated over wider steps of phase; visits there are not covered.
    selection : Selection, optional
        Another trigger, who gets a spectrum or a host redshift, cuts and prescales. The truth then has further columns;
        unless ``keep`` is ``selected``, among them ``rejected_by``, the first stage that an object does not pass.
    noise : NoiseModel, optional
        What is drawn together, what is reported, errors beyond photon statistics. Default: `NoiseModel()`.
    coverage : CommonCoverage, optional
        Of the templates of all classes, for ``uncovered="drop_for_all"``. Default: of ``templates``.
    true_flux : bool
        Whether to keep the true flux of each measurement, and in ``truth.more`` where each object is: ``field``, the
        name of the field of most of its measurements, and ``field_number``, that of its first visit (-1: not known).
    first_id : int
        Identifier of the first object; so that those of several populations differ. The numbers drawn do not depend
        on it.
    places : {"first", "all", "any"}
        Where and when events are, of several surveys: at places and dates of the first, whether or not the others look
        there; at those that all have in common; or at those that any of them has.

    Yields
    ------
    LightCurves
        At least one, which may be empty. With a selection, ``meta["rejected"]`` has the number of objects, of all of
        this part, that each stage rejects; see `sntransport.simulation.selected.rejection_rows`.

    Raises
    ------
    ValueError, TypeError
        At the call: for arguments out of range, a survey without visits or a band that is not known, templates that
        do not cover a band (with ``uncovered="error"``), surveys that have no place or date in common (with
        ``places="all"``).

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.simulation.events.distributions import Uniform
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> population = snt.Population(redshift=Uniform(low=0.01, high=0.1))
    >>> survey = snt.load_survey("ztf", years=0.5)
    >>> [part.n_object for part in snt.simulate_chunks([series], survey, population, n=20, chunk=8, seed=1)]
    [8, 8, 4]
    """
    _require_kinds(templates, survey, population, n=n, seed=seed)
    if n < 0 or chunk < 1 or seed < 0:
        raise ValueError(f"n is {n}, chunk {chunk}, seed {seed}: expected n and seed of 0 or more, chunk of 1 or more")
    first, last = (0, n) if objects is None else objects
    if not 0 <= first <= last <= n:
        raise ValueError(f"objects is {objects}, expected a range within 0 to {n}")
    if keep == "selected" and selection is None:
        raise ValueError("keep is 'selected', which needs a selection")
    if keep not in ("all", "observed", "triggered", "selected") or uncovered not in get_args(Uncovered):
        raise ValueError(f"keep is {keep!r} and uncovered {uncovered!r}, which are not known")
    if coverage is not None and uncovered != "drop_for_all":
        raise ValueError(f"coverage is for uncovered='drop_for_all', and uncovered is {uncovered!r}")
    if not 0 <= first_id <= LARGEST_ID + 1 - n:
        raise ValueError(f"first_id is {first_id} for {n} objects, expected identifiers from 0 to {LARGEST_ID}")
    _require_options(efficiency=efficiency, noise=noise, selection=selection, coverage=coverage)
    if min(margin) < 0 or not max_gap > 0:
        raise ValueError(f"margin is {margin} and max_gap {max_gap}, expected 0 or more and above 0")
    if epochs == "visits" and selection is not None and selection.trigger:
        raise ValueError("epochs='visits' goes with n_epochs, not with a trigger of a selection; leave one")
    how = How(
        efficiency=step_efficiency() if efficiency is None else efficiency, detector=detector, n_epochs=n_epochs,
        epoch_window=epoch_window, keep=keep, uncovered=uncovered, margin=margin, max_gap=max_gap, noise=noise,
        epochs=epochs, selection=selection, coverage=coverage, true_flux=true_flux,
    )  # fmt: skip
    surveys = (survey,) if isinstance(survey, Survey) else tuple(survey)
    plan = plan_simulation(tuple(templates), surveys, population, how, seed=seed, n=n, dates=dates, places=places)
    if first_id:
        plan = replace(plan, first_id=first_id, meta={**plan.meta, "first_id": first_id})
    edges = [*range(first, last, chunk), last] if last > first else [first, last]
    return (_chunk(plan, low, high) for low, high in pairwise(edges))


def _require_kinds(templates: object, survey: object, population: object, **counts: object) -> None:
    """Refuse what is no series, survey, population or count, with the call that works."""
    if not isinstance(templates, Iterable) or isinstance(templates, SpectralSeries | str):
        remedies = {"SpectralSeries": "write [series]", "text": "write [read_series({})]"}
        remedies |= {"BuildResult": "write [result.series]"}
        raise wrong_kind("simulate", "a sequence of SpectralSeries first", templates, remedies)
    many = survey if isinstance(survey, tuple | list) else (survey,)
    for one in many:
        if not isinstance(one, Survey):
            remedies = {"text": "write load_survey({})", "Population": "the population comes third"}
            raise wrong_kind("simulate", "a Survey, or several, second", one, remedies)
    if not isinstance(population, Population):
        remedies = {"Survey": "the survey comes second", "": "write Population(redshift=...)"}
        raise wrong_kind("simulate", "a Population third", population, remedies)
    for name, value in counts.items():
        if not isinstance(value, int | np.integer):
            raise TypeError(f"simulate: {name} is {told(value)}, expected a whole number")


_KINDS = {
    "efficiency": DetectionEfficiency, "noise": NoiseModel, "selection": Selection, "coverage": CommonCoverage,
}  # fmt: skip


def _require_options(**options: object) -> None:
    """Raise a TypeError for the first option that is given and of another type than its own."""
    for name, given in options.items():
        kind = _KINDS[name]
        if given is not None and not isinstance(given, kind):
            call = f"simulate(..., {name}={kind.__name__}(...))"
            raise TypeError(f"{name} is {given!r}, expected a {kind.__name__}: {call}")


def _chunk(plan: SimulationPlan, first: int, last: int) -> LightCurves:
    made = _numbered(plan, first, last)
    # Only here: what is drawn for an object is drawn by its number in the population.
    ids = made.truth.object_id + plan.first_id
    return replace(made, truth=replace(made.truth, object_id=ids)) if plan.first_id else made


def _numbered(plan: SimulationPlan, first: int, last: int) -> LightCurves:
    """Objects with their numbers in the population, from 0."""
    blocks = range(first // BLOCK, max((last - 1) // BLOCK, first // BLOCK) + 1)
    parts = [_block(plan, b, max(first - b * BLOCK, 0), min(last - b * BLOCK, BLOCK)) for b in blocks]
    if len(parts) == 1:
        return parts[0]
    return concatenate(parts)


def _block(plan: SimulationPlan, block: int, first: int, last: int) -> LightCurves:
    """Objects ``first`` to ``last`` of a block. All of it is simulated, so that its random numbers stay the same."""
    population = plan.population
    drawn = population.draw(stream(plan.seed, block, Purpose.OBJECTS), BLOCK, len(plan.templates))
    ra, dec = draw_positions(plan.surveys, BLOCK, stream(plan.seed, block, Purpose.POSITIONS), plan.places)
    mjd_ref = draw_dates(plan.dates, BLOCK, stream(plan.seed, block, Purpose.DATES))
    mag_offset, more, light = drawn.mag_offset, {}, None
    if not is_always(population.stretch, 1.0) or population.bounds("stretch") != (1.0, 1.0):
        more["stretch"] = drawn.stretch
    # Where events are in their galaxies, the place that the Sun's motion depends on is not known before the galaxy.
    late = population.hosts is not None and population.hosts.positions == "host"
    if population.solar_motion:
        # The redshift before the Sun's motion, peculiar velocity included, is that of the microwave background's frame.
        own = {"z_cmb": drawn.z, "peculiar_velocity": drawn.velocity}
        drawn = drawn if late else population.seen_from_sun(drawn, ra, dec)
    if population.hosts is not None:
        hosts = population.hosts.draw(stream(plan.seed, block, Purpose.HOSTS), drawn.z)
        ra, dec = hosts.event_positions(ra, dec, population.hosts.positions)
        if late:
            drawn = population.seen_from_sun(drawn, ra, dec)
            hosts = replace(hosts, z=drawn.z)
        mag_offset = mag_offset + hosts.mag_shift
        more |= hosts.truth(ra, dec)
        light = hosts.light_in(plan.bands) if population.hosts.noise else None
    more |= own if population.solar_motion else {}
    ebv_mw = population.milky_way(ra, dec)
    scale = 10.0 ** (-0.4 * (drawn.distance_modulus + mag_offset))
    if population.color_scatter is not None:
        rest = plan.wave / (1.0 + drawn.z)[:, None]
        random = population.color_scatter.draw(stream(plan.seed, block, Purpose.COLOR_SCATTER), BLOCK)
        shift = population.color_scatter.at(random, rest)
        scale = scale[:, None] * 10.0 ** (-0.4 * shift)
        more |= {band_column("color_scatter", band): shift[:, b] for b, band in enumerate(plan.bands)}
    seen = places(plan.tables, drawn.z, ebv_mw, drawn.ebv_host, scale, rv_host=drawn.rv_host)
    if plan.how.coverage is not None:
        seen.weights[~plan.how.coverage.counts(drawn.z, plan.bands)] = np.nan
    stretch = (1.0 + drawn.z) * drawn.stretch - 1.0 if "stretch" in more else drawn.z
    peak_mag, peak_mjd = peaks(plan.tables, drawn.template, seen, mjd_ref, stretch)
    truth = Truth(
        object_id=block * BLOCK + np.arange(BLOCK),
        template=drawn.template,
        z=drawn.z,
        z_cosmology=drawn.z_cosmology,
        distance_modulus=drawn.distance_modulus,
        mag_offset=mag_offset,
        ebv_mw=ebv_mw,
        ebv_host=drawn.ebv_host,
        rv_host=drawn.rv_host,
        ra=ra,
        dec=dec,
        mjd_ref=mjd_ref,
        weight=np.ones(BLOCK),
        peak_mag=peak_mag,
        peak_mjd=peak_mjd,
        more=more,
    )
    made, triggered = measure_block(plan, block, truth, seen, light)
    mine = np.zeros(BLOCK, dtype=bool)
    mine[first:last] = True
    if plan.how.selection is not None:
        return _selected_block(plan, made if mine.all() else made.take(mine), triggered[mine])
    counts = np.diff(made.offset)
    kept = {"all": mine, "observed": mine & (counts > 0), "triggered": mine & triggered}[plan.how.keep]
    return made if kept.all() else made.take(kept)


def _selected_block(plan: SimulationPlan, made: LightCurves, triggered: NDArray[np.bool_]) -> LightCurves:
    selection, keep = plan.how.selection, plan.how.keep
    assert selection is not None
    made = with_selection(made, triggered, selection, plan.seed)
    if keep == "selected":
        return selected(made)
    kept = {"all": np.ones(triggered.size, dtype=bool), "observed": np.diff(made.offset) > 0, "triggered": triggered}[
        keep
    ]
    return made if kept.all() else made.take(kept)
