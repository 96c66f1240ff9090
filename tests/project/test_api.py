import importlib
import inspect
from types import GenericAlias

import pytest
import signatures

import sntransport
from tests.support.public_names import listed, page, public_callables, value_of


def test_public_names_are_pinned():
    assert sorted(sntransport.__all__) == [
        "Bandpass",
        "BuildResult",
        "KCorrection",
        "LightCurve",
        "ObservedSeries",
        "Population",
        "RestLightCurve",
        "Sightline",
        "SpectralSeries",
        "Spectrum",
        "Supernova",
        "Survey",
        "__version__",
        "band_flux",
        "band_flux_err",
        "bolometric",
        "bolometric_correction",
        "build",
        "evaluate_k_correction",
        "export",
        "interpolators",
        "k_correct",
        "k_correction",
        "load_bands",
        "load_survey",
        "observe",
        "read_light_curve",
        "read_series",
        "read_supernova",
        "s_correction",
        "simulate",
        "simulate_chunks",
        "transport",
        "unobserve",
        "weights",
        "write_series",
    ]


def test_every_public_name_is_there():
    for name in sntransport.__all__:
        assert getattr(sntransport, name) is not None
    assert set(sntransport.__all__) <= set(dir(sntransport))


def test_no_module_hides_a_public_function():
    # Importing the submodule must not replace the function of the same name on the package.
    from sntransport import pipeline  # noqa: F401

    assert callable(sntransport.build)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="attribute bild"):
        _ = sntransport.bild


CALLABLES = public_callables()


def test_the_page_of_the_api_lists_every_public_name_of_every_room():
    paths = listed()
    assert len(paths) == len(set(paths)), "a name is listed twice"
    values = {path: value_of(path) for path in paths}
    for path, value in values.items():
        assert signatures.home(value) in (None, path), f"{path} has its page elsewhere"
    held = {id(value) for value in values.values()}
    for path in signatures.faces():
        for name in importlib.import_module(path).__all__:
            value = value_of(f"{path}.{name}")
            if isinstance(value, GenericAlias) or value.__class__.__module__ == "collections.abc":
                assert f"| `{name}` |" in page(), f"{path}.{name} is none of the words of signatures"
            else:
                assert name == "__version__" or id(value) in held, f"{path}.{name} is not listed"


# Room for one line of parameters and types each; those of simulators, and of the largest exporter, have two dozen.
LONGEST = {
    "sntransport.calibration.Priors": 700,
    "sntransport.Population": 700,
    "sntransport.Survey": 700,
    "sntransport.export.to_snana": 900,
    "sntransport.read_supernova": 500,
    "sntransport.simulate": 800,
    "sntransport.simulate_chunks": 800,
}


@pytest.mark.parametrize("name", sorted(CALLABLES))
def test_signatures_of_the_api_are_readable(name):
    found = signatures.signature(CALLABLES[name])
    if found is None:
        return
    text = " -> ".join(part for part in found if part)
    assert len(text) < LONGEST.get(name, 400), text
    for unreadable in ("object at 0x", "<", "Union[", "Optional[", "*values", "**fields_", "numpy._typing"):
        assert unreadable not in text, text


@pytest.mark.parametrize("name", sorted(CALLABLES))
def test_annotations_are_kept_as_they_are_written(name):
    # What `help` shows comes from here: without lazy annotations, `ArrayLike` alone is 400 characters.
    try:
        given = inspect.signature(CALLABLES[name])
    except ValueError:
        return
    annotations = [one.annotation for one in given.parameters.values()] + [given.return_annotation]
    written = [one for one in annotations if isinstance(one, str)]
    assert not any("numpy." in str(one) or "Union[" in str(one) for one in annotations), annotations
    assert all(len(one) < 120 for one in written), written


@pytest.mark.parametrize("name", sorted(CALLABLES))
def test_defaults_read_as_what_they_are(name):
    # `help` shows them; a function is shown by Python itself, and has no other form there.
    try:
        parameters = inspect.signature(CALLABLES[name]).parameters
    except ValueError:
        return
    defaults = [one.default for one in parameters.values() if not inspect.isroutine(one.default)]
    assert not [one for one in defaults if " at 0x" in repr(one)]


def test_a_signature_is_that_of_the_source():
    text, returned = signatures.signature(sntransport.build)
    assert text.startswith("(sn: Supernova, *, cadence: float = 1.0, phases: ArrayLike | None = None, interpolate: ")
    assert "= class_transport," in text
    assert "max_gap: float = 40.0" in text
    assert returned == "BuildResult"
    assert signatures.signature(sntransport.SpectralSeries)[0].endswith("sn_type: str = '', mjd_ref: float = np.nan)")
    linked, _ = signatures.signature(sntransport.observe, linked=True)
    assert linked == "(series: ~sntransport.SpectralSeries, sightline: ~sntransport.Sightline)"
    # Not ours: imported for type checkers alone, and of the same name.
    assert signatures.signature(sntransport.Spectrum.to_specutils, linked=True)[1] == "~specutils.Spectrum"


def test_members_of_a_class_are_sorted_by_what_they_are_for():
    held = signatures.members(sntransport.SpectralSeries)
    assert held["attributes"] == ["n_phase", "n_wave", "covered"]
    assert held["methods"] == ["select", "at", "plot"]
    assert {"to_xarray", "from_xarray"} <= set(held["conversions"])
