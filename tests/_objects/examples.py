"""One of every value object, small."""

import dataclasses
from functools import cache

import numpy as np

import sntransport as snt
from sntransport.augmentation.mixing import mix
from sntransport.augmentation.training_set import TrainingSet
from sntransport.augmentation.training_templates import TrainingTemplate
from sntransport.corrections.luminosity import bolometric
from sntransport.photometry.bands import load_bands
from sntransport.simulation.engine import simulate
from sntransport.simulation.events.class_codes import Codes
from sntransport.simulation.events.distributions import Uniform
from sntransport.simulation.events.population import Population
from sntransport.simulation.noise.noise_model import NoiseModel
from sntransport.simulation.selection.selection import Selection
from sntransport.simulation.spectroscopy.simulated_spectra import simulate_spectra
from sntransport.simulation.spectroscopy.spectrograph import Spectrograph
from sntransport.spectra.series_file import SeriesFile
from tests.simulation.test_engine import survey_of
from tests.support.synthetic import photometry, supernova

BANDS = ("bessellb", "bessellv", "bessellr")


@cache
def examples():
    """Objects by the name of their class."""
    # The last night is a day after the last spectrum.
    light_curve = photometry(np.arange(1.0, 55.0, 3.0), BANDS)
    sn = dataclasses.replace(supernova(light_curve=light_curve), name="SN <b>2099a</b>", notes=("a & b",))
    result = snt.build(sn, cadence=2.0)
    series = result.series
    survey, population = survey_of(["bessellv"], nights=40), Population(redshift=Uniform(low=0.01, high=0.02))
    curves = simulate([series], survey, population, n=5, seed=1, uncovered="nan")
    spectrograph = Spectrograph(wave_range=(4000.0, 7000.0), step=10.0, resolution=500.0, snr=10.0)
    template = TrainingTemplate(series=series, parents=(series.name,), split="train", kind="source")
    mixture = mix((series, dataclasses.replace(series, name="other")), np.array([0.5, 0.5]))
    made = [
        sn, sn.sightline, sn.spectra[0], light_curve, result, series, series.at(5.0), series.at([5.0, 7.5]),
        result.curves, result.curves.curves[0], snt.observe(series, sn.sightline), load_bands(["lsstg"])[0],
        survey, population, curves, curves.truth, template, mixture, bolometric(series, policy="none"),
        TrainingSet(light_curves=curves, templates=(template,), notes=("all of them",)),
        Codes(classes={"Ia": 1}), Selection(fields=True), NoiseModel(), spectrograph,
        simulate_spectra(curves, [series], population, spectrograph, phases=[5.0]),
        SeriesFile(series=series, sparse=result.sparse, sightline=sn.sightline, provenance={"input": "a"}),
        snt.evaluate_k_correction(series, "bessellb", "bessellv", 0.02, [5.0, 10.0]),
        snt.k_correct(photometry(np.arange(4.0, 50.0, 5.0), BANDS), series, sn.sightline),
    ]  # fmt: skip
    found = {}
    for one in made:
        found.setdefault(type(one).__name__, one)
    return found
